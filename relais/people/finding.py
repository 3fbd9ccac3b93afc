"""The search: whom and what a person may see, found by any of its words, accents or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from relais.lib.text import french_key

from .models import Company, Person, Site

if TYPE_CHECKING:
    from .access import Access

LONGEST_QUESTION = 100
MOST_WORDS = 6


@dataclass(frozen=True)
class Hit:
    """One thing found, as the list draws it."""

    title: str
    note: str
    url: str
    person: Person | None = None


@dataclass(frozen=True)
class Group:
    """Things of one kind; `more` says that not all are shown."""

    key: str
    label: str | Promise
    icon: str
    hits: list[Hit]
    more: bool


@dataclass(frozen=True)
class Finder:
    """How one kind of thing is found: `find(access, words)` returns rows, the best first."""

    key: str
    label: str | Promise
    icon: str
    find: Callable[[Access, list[str]], Iterable[Any]]
    show: Callable[[Any], Hit]


FINDERS: list[Finder] = []


def words_of(question: str) -> list[str]:
    """Return the words to look for, as keys: at most six, of what can be typed in one line."""
    return french_key(question[:LONGEST_QUESTION].replace("\x00", "")).split()[:MOST_WORDS]


def search_for(access: Access, question: str, *, at_most: int) -> list[Group]:
    """Return what was found, kind by kind, kinds without a hit left out."""
    words = words_of(question)
    if not words:
        return []
    groups = []
    for finder in FINDERS:
        rows = list(finder.find(access, words)[: at_most + 1])
        if rows:
            hits = [finder.show(row) for row in rows[:at_most]]
            groups.append(
                Group(finder.key, finder.label, finder.icon, hits, more=len(rows) > at_most)
            )
    return groups


def by_words(rows: QuerySet[Any], words: list[str], field: str = "name_key") -> QuerySet[Any]:
    """Return the rows that contain every word; first those that begin with the first one."""
    every = Q()
    for word in words:
        every &= Q(**{f"{field}__contains": word})
    rank = Case(
        When(**{f"{field}__startswith": words[0]}, then=Value(0)),
        When(**{f"{field}__contains": f" {words[0]}"}, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return rows.filter(every).order_by(rank, field, "pk")


def address_of(name: str, *args: Any) -> str:
    """Return the page of a thing, or nothing as long as there is no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def _persons(access: Access, words: list[str]) -> QuerySet[Person]:
    seen = access.see(Person).filter(archived_at=None).select_related("company", "site")
    return by_words(seen, words)


def _show_person(person: Person) -> Hit:
    where = [str(part) for part in (person.job, person.site, person.company) if part]
    return Hit(person.name, " · ".join(where), address_of("person", person.pk), person=person)


def _sites(access: Access, words: list[str]) -> QuerySet[Site]:
    return by_words(access.see(Site).filter(archived_at=None).select_related("company"), words)


def _show_site(site: Site) -> Hit:
    city = site.city if site.city != site.name else ""
    where = [part for part in (site.code, city, site.company.name) if part]
    return Hit(site.name, " · ".join(where), address_of("site", site.pk))


def _companies(access: Access, words: list[str]) -> QuerySet[Company]:
    return by_words(access.see(Company).filter(archived_at=None), words)


def _show_company(company: Company) -> Hit:
    return Hit(company.name, "", address_of("company", company.pk))


FINDERS += [
    Finder("persons", _("Persons"), "users", _persons, _show_person),
    Finder("sites", _("Sites"), "map-pin", _sites, _show_site),
    Finder("companies", _("Companies"), "building", _companies, _show_company),
]

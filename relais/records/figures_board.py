"""What a page of figures shows, to whom: the month, one cut of it, one figure with what is behind.

Those who run the pool read every client's; who steers a client its own, never what is the
provider's affair; the manager of a site that site's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Min
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from relais.desk.models import Ticket
from relais.engine.measures import Figure, Tally
from relais.engine.measures_alike import Alike, alike
from relais.engine.measures_compared import Change, compared
from relais.engine.measures_facts import Period
from relais.engine.measures_words import DEFINITIONS
from relais.offer.models import Priority, Service
from relais.people.access import Access
from relais.people.models import Company, LegalEntity, Person, Site

from . import figures, figures_kept
from .figures_kept import Told

FIRST = "on_time"
BETWEEN = ("alike_gap", "alike_deviation", "alike_index")
# The most months that can be chosen, and that a course shows.
MONTHS, COURSE = 36, 12
LINES = 50
LONGEST_KEY = 18
# A month is read with former ones, which must be dates still.
OLDEST = "2000-01"


def may_read(access: Access) -> bool:
    """Return whether somebody reads figures at all."""
    if access.is_client:
        return bool(access.steered_company_ids or access.led_site_ids)
    return access.runs_pool


@dataclass(frozen=True)
class Look:
    """What is looked at. `company` None: all clients; `sites`: those of a site's manager alone."""

    access: Access
    company: Company | None
    sites: frozenset[int] | None
    month: str
    cut: str = ""
    figure: str = ""
    only: tuple[str, str] | None = None

    @property
    def cuts(self) -> tuple[str, ...]:
        """Return by what this person may cut what she looks at."""
        if self.company is None:
            return tuple(each for each in figures_kept.CUTS_OF_ALL if each)
        found = [each for each in figures_kept.CUTS if each]
        if self.access.is_client:
            found.remove("assistant")
        if self.sites is not None:
            found.remove("entity")
        return tuple(found)

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the figures that this person may read."""
        internal = self.access.is_client
        return tuple(key for key, each in DEFINITIONS.items() if not (internal and each.internal))

    @property
    def period(self) -> Period:
        """Return the month by its bounds."""
        return figures_kept.period_of(self.company, self.month)

    @property
    def parameters(self) -> dict[str, str]:
        """Return the address's parameters that show this, without the month."""
        found = {
            "company": str(self.company.pk) if self.company and not self.access.is_client else "",
            "cut": self.cut,
            "figure": self.figure,
            "only": ":".join(self.only) if self.only else "",
        }
        return {name: value for name, value in found.items() if value}


def look(access: Access, asked: Mapping[str, str]) -> Look:
    """Return what somebody may look at of what she asked for; Http404 where she reads none."""
    if not may_read(access):
        raise Http404
    company, sites = _whose(access, asked.get("company", ""))
    month = _month(company, asked.get("month", ""))
    bare = Look(access, company, sites, month)
    cut, figure = asked.get("cut", ""), asked.get("figure", "")
    by, _sep, value = asked.get("only", "").partition(":")
    known = by in bare.cuts and value and len(value) <= 40 and value.replace("_", "").isalnum()
    return Look(
        access, company, sites, month,
        cut if cut in bare.cuts and not (known and cut == by) else "",
        figure if figure in bare.keys else "",
        (by, value) if known else None,
    )  # fmt: skip


def _whose(access: Access, asked: str) -> tuple[Company | None, frozenset[int] | None]:
    seen = access.see(Company)
    if access.is_client:
        own = seen.filter(pk=access.person.company_id or 0).select_related("calendar").first()
        if own is None:
            raise Http404
        return own, None if own.pk in access.steered_company_ids else access.led_site_ids
    if asked.isdecimal() and len(asked) <= LONGEST_KEY:
        return seen.filter(pk=asked).select_related("calendar").first(), None
    return None, None


def _month(company: Company | None, asked: str) -> str:
    now = timezone.now()
    try:
        period = figures_kept.period_of(company, asked)
    except ValueError:
        period = None
    if period is not None and period.name >= OLDEST and period.begin <= now:
        return period.name
    zone = figures.zone_of(company) if company is not None else figures.zone_of_all()
    return f"{now.astimezone(zone):%Y-%m}"


def before(month: str, months: int) -> str:
    """Return the month so many before."""
    index = int(month[:4]) * 12 + int(month[5:]) - 1 - months
    return f"{index // 12:04}-{index % 12 + 1:02}"


@dataclass(frozen=True)
class Line:
    """A figure with what it is beside: the month before, and the same month of the year before."""

    figure: Figure
    former: Change | None = None
    year: Change | None = None


@dataclass(frozen=True)
class Row:
    """One place, service… of a cut, and its figure."""

    value: str
    name: str
    figure: Figure


@dataclass
class Board:
    """Everything that a page of figures shows. `as_of` None: it is being counted."""

    look: Look
    as_of: datetime | None
    lines: list[Line] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    alike: Alike | None = None
    names: dict[str, str] = field(default_factory=dict)

    @property
    def chosen(self) -> Line | None:
        """Return the figure that is looked at closely."""
        key = self.look.figure
        return next((each for each in self.lines if each.figure.key == key), None)

    @cached_property
    def tickets(self) -> list[Ticket]:
        """Return the first requests behind the chosen figure that this person sees."""
        return list(behind(self.look)[:LINES]) if self.chosen is not None else []


def board(at: Look) -> Board:
    """Return the board of a month: its figures, a cut of the chosen one, sites side by side."""
    months = [at.month, before(at.month, 1), before(at.month, 12)]
    found = _told(at, months)
    now = found.get(at.month)
    if now is None:
        return Board(at, None)
    former, year = (_lived(found.get(each)) for each in months[1:])
    lines = [
        Line(each, _change(each, former), _change(each, year))
        for each in now.figures
        if each.key in at.keys
    ]
    made = Board(at, now.as_of, lines)
    if len(now.sites) > 1:
        made.alike = alike(now.sites, smallest=DEFINITIONS[FIRST].smallest)
        made.names = names_of(at.access, "site", now.sites)
    if at.cut:
        made.rows = _rows(at)
    return made


def _lived(told: Told | None) -> dict[str, Figure]:
    """Return the figures of a former month; none where nothing happened, before all began."""
    found = told.whole() if told is not None else {}
    return found if any(each.n for each in found.values()) else {}


def _change(figure: Figure, others: Mapping[str, Figure]) -> Change | None:
    return compared(figure, others[figure.key]) if figure.key in others else None


def _rows(at: Look) -> list[Row]:
    key = at.figure or FIRST
    told = _cut(at, key)
    names = names_of(at.access, at.cut, {each.cut[0][1] for each in told})
    rows = [Row(each.cut[0][1], names.get(each.cut[0][1], "—"), each) for each in told]
    # By name: an order by value would be a league table.
    return sorted(rows, key=lambda row: (row.name == "—", row.name.casefold(), row.value))


def _cut(at: Look, key: str) -> tuple[Figure, ...]:
    if at.only is not None:
        # Two cuts of few answers could be subtracted from one another; and all clients are too
        # many to be counted while the page waits.
        if DEFINITIONS[key].withheld or at.company is None:
            return ()
        return _narrowed(at, at.month).cut(at.cut, keys=[key])
    if at.sites is not None:
        return _of_sites(at, at.month).cut(at.cut, keys=[key])
    found = figures_kept.of(at.access, at.company, [at.month], at.cut)
    told = found.get(at.month)
    return tuple(each for each in told.figures if each.key == key) if told else ()


def _told(at: Look, months: list[str]) -> dict[str, Told]:
    """Return the figures of some months, of everything or of the one place that is looked at."""
    if at.sites is not None:
        now = timezone.now()
        found = {
            month: figures_kept.told_now(_of_sites(at, month), at.only[0] if at.only else "", now)
            for month in months
        }
    else:
        cut = at.only[0] if at.only else ""
        found = figures_kept.of(at.access, at.company, months, cut)
    if at.only is None:
        return found
    # Taken out of the whole cut, where what must not be found by subtraction is left out already.
    cell = (at.only,)
    return {
        month: Told(told.as_of, tuple(each for each in told.figures if each.cut == cell), {})
        for month, told in found.items()
    }


def _of_sites(at: Look, month: str) -> Tally:
    assert at.company is not None
    period = figures_kept.period_of(at.company, month)
    return figures.tally_of(at.company, period, as_of=timezone.now(), sites=at.sites)


def _narrowed(at: Look, month: str) -> Tally:
    """Return the tally of the one place, service… that is looked at."""
    period, now = figures_kept.period_of(at.company, month), timezone.now()
    if at.company is None:
        told = figures.tally_of_all(period, as_of=now)
    else:
        told = figures.tally_of(at.company, period, as_of=now, sites=at.sites)
    return figures.narrowed(told, at.only, now) if at.only else told


def course(at: Look) -> list[tuple[str, Figure]]:
    """Return the chosen figure over the last months that are counted, the oldest first."""
    months = [before(at.month, back) for back in range(COURSE - 1, -1, -1)]
    if at.sites is not None:
        months = months[-4:]  # counted for this page alone
    found = _told(at, months)
    whole = [(month, found[month].whole().get(at.figure)) for month in months if month in found]
    return [(month, figure) for month, figure in whole if figure is not None]


def behind(at: Look) -> Any:
    """Return the requests behind the chosen figure that this person sees, the newest first."""
    key = "on_time" if at.figure in BETWEEN else at.figure
    if at.company is None or not key or DEFINITIONS[key].withheld:
        return at.access.see(Ticket).none()
    told = _narrowed(at, at.month)
    (figure,) = told.cut(keys=[key])
    return at.access.see(Ticket).filter(pk__in=figure.ids).order_by("-received_at", "-pk")


def months(at: Look) -> list[str]:
    """Return the months that can be chosen, the latest first."""
    rows = at.access.see(Ticket)
    if at.company is not None:
        rows = rows.filter(company=at.company)
    first = rows.order_by().aggregate(first=Min("received_at"))["first"]
    last = _month(at.company, "")
    zone = figures_kept.period_of(at.company, last).begin.tzinfo
    begun = f"{first.astimezone(zone):%Y-%m}" if first else last
    listed = [before(last, back) for back in range(MONTHS)]
    found = [each for each in listed if each >= begun] or [last]
    return found if at.month in found else sorted({*found, at.month}, reverse=True)


def names_of(access: Access, cut: str, values: Any) -> dict[str, str]:
    """Return the names of a cut's values, of those that this person sees."""
    if cut == "family":
        labels = dict(Service.Family.choices)
        return {each: str(labels.get(each, each)) for each in values}
    if cut == "priority":
        return {str(key): str(label) for key, label in Priority.choices}
    tables: dict[str, Any] = {
        "client": Company, "entity": LegalEntity, "site": Site, "service": Service,
        "assistant": Person,
    }  # fmt: skip
    keys = [int(each) for each in values if each.isdecimal() and len(each) <= LONGEST_KEY]
    found = {str(row.pk): row.name for row in access.see(tables[cut]).filter(pk__in=keys)}
    return found | ({"": _("none")} if "" in values else {})


def cut_names() -> dict[str, str]:
    """Return what each cut is called."""
    return {
        "client": _("Client"),
        "entity": _("Legal entity"),
        "site": _("Site"),
        "family": _("Family"),
        "service": _("Service"),
        "priority": _("Priority"),
        "assistant": _("Assistant"),
    }

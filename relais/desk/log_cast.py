"""The company, sites, persons, services and assistants whom a log names, made as they come in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import time
from decimal import Decimal

from django.utils.text import slugify

from relais.lib.tenancy import tenant
from relais.lib.text import french_key
from relais.offer.models import Service
from relais.people.models import Calendar, Company, OpeningInterval, Person, Provider, Role, Site

from .log_rows import Row

NOBODY = "Non renseigné"
NO_CATEGORY = "Sans catégorie"
OFFICE = ((time(9), time(12, 30)), (time(13, 30), time(18)))
# Promised business hours of what a log names: it says no promises of its own.
RESPONSE_HOURS, DELIVERY_HOURS = Decimal("4"), Decimal("16")


class Cast:
    """Everybody and every place of one log. A site's code is one whatever its case."""

    def __init__(self, provider: Provider, name: str, zone: str) -> None:
        self.provider, self.zone = provider, zone
        with tenant(provider.pk):
            self.company = self._company(name)
            self.sites: dict[str, Site] = {}
            for site in Site.objects.filter(company=self.company, archived_at=None):
                for name in (site.name, site.code):
                    if name:
                        self.sites.setdefault(name.casefold(), site)
            self.requesters = _by_name(Person.objects.filter(company=self.company))
            self.assistants = _by_name(
                Person.objects.filter(company=None, roles__kind=Role.Kind.ASSISTANT).distinct()
            )
            self.services = {service.code: service for service in Service.objects.all()}
        for site in self.sites.values():
            site.company = self.company

    @property
    def name(self) -> str:
        """Return the name of the company."""
        return self.company.name

    def site(self, row: Row) -> Site:
        """Return the site of a row."""
        return self.sites[row.site.casefold()]

    def requester(self, row: Row) -> Person:
        """Return who asked."""
        return self.requesters[row.requester.casefold()]

    def service(self, row: Row) -> Service:
        """Return the service that stands for the row's category."""
        return self.services[self._code(row)]

    def assistant(self, name: str) -> Person:
        """Return who worked under this name; a team stands for nobody in particular."""
        return self.assistants[name.casefold()]

    def come_in(self, rows: Iterable[Row], handlers: Iterable[str]) -> None:
        """Make the sites, persons and services that are named and not there yet."""
        rows = list(rows)
        self._make(self.sites, ((row.site.casefold(), row) for row in rows), self._new_site)
        self._make(self.services, ((self._code(row), row) for row in rows), self._new_service)
        asking = ((row.requester.casefold(), row) for row in rows)
        made = self._make(self.requesters, asking, self._new_requester)
        self._give_roles(made, Role.Kind.REQUESTER)
        working = {name.casefold(): name for name in handlers if name}
        made = self._make(self.assistants, working.items(), self._new_assistant)
        self._give_roles(made, Role.Kind.ASSISTANT)

    def _make(self, known: dict, wanted: Iterable[tuple], new: Callable) -> list:  # type: ignore[type-arg]
        fresh: dict = {}  # type: ignore[type-arg]
        for key, source in wanted:
            if key not in known and key not in fresh:
                fresh[key] = new(key, source)
        made = list(fresh.values())
        if made:
            type(made[0])._default_manager.bulk_create(made, batch_size=1000)
            known.update(fresh)
        return made

    def _new_site(self, key: str, row: Row) -> Site:
        return Site(
            provider=self.provider,
            company=self.company,
            name=row.site.upper() if len(row.site) <= 3 else row.site,
            code=row.site,
            time_zone=self.zone,
            holiday_zone="",
        )

    def _new_service(self, key: str, row: Row) -> Service:
        name = row.category or NO_CATEGORY
        return Service(
            provider=self.provider,
            code=key,
            name_fr=name,
            name_en=name,
            response_hours=RESPONSE_HOURS,
            delivery_hours=DELIVERY_HOURS,
            active=False,  # past categories are not offered in forms
        )

    def _new_requester(self, key: str, row: Row) -> Person:
        return Person(
            provider=self.provider,
            company=self.company,
            site=self.site(row),
            last_name=row.requester,
        )

    def _new_assistant(self, key: str, name: str) -> Person:
        return Person(provider=self.provider, last_name=name)

    def _give_roles(self, people: list[Person], kind: str) -> None:
        client = kind == Role.Kind.REQUESTER
        Role.objects.bulk_create(
            Role(
                provider=self.provider,
                person=person,
                kind=kind,
                company=self.company if client else None,
                site=person.site if client else None,
            )
            for person in people
        )

    def _code(self, row: Row) -> str:
        return slugify(f"{self.company.name} {row.category or NO_CATEGORY}")[:60]

    def _company(self, name: str) -> Company:
        found = Company.objects.select_related("calendar").filter(name_key=french_key(name)).first()
        if found is not None and found.calendar is not None:
            return found
        calendar = Calendar.objects.create(
            provider=self.provider,
            company=found,
            name=f"Bureau ({name})"[:200],
            time_zone=self.zone,
            holiday_zone="",
        )
        OpeningInterval.objects.bulk_create(
            OpeningInterval(
                provider=self.provider, calendar=calendar, weekday=day, opens=opens, closes=closes
            )
            for day in range(1, 6)
            for opens, closes in OFFICE
        )
        company = found or Company(provider=self.provider, name=name)
        company.calendar = calendar
        company.save()
        Calendar.objects.filter(pk=calendar.pk).update(company=company)
        calendar.company = company
        return company


def _by_name(people: Iterable[Person]) -> dict[str, Person]:
    """Return the people under each name that a log may give them; a name of two is nobody's."""
    found: dict[str, Person] = {}
    twice: set[str] = set()
    for person in people:
        first, last = person.first_name, person.last_name
        names = {last, f"{first} {last}".strip(), f"{last} {first}".strip(), person.email}
        for name in {each.casefold() for each in names if each}:
            if name in found:
                twice.add(name)
            found[name] = person
    return {name: person for name, person in found.items() if name not in twice}

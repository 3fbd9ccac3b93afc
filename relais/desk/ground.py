"""What requests come in on: catalogue, lesson, places and promises, each read when first needed.

One ground serves one request, or many that come in one go; it lives within one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from relais.engine import triage
from relais.lib.compiled import Compiled
from relais.lib.later import errand, job_manager, later
from relais.offer import variants
from relais.offer.models import Service
from relais.offer.promises import Book
from relais.people.models import Site

from . import learning

if TYPE_CHECKING:
    from relais.engine.learned import Model
    from relais.offer.models import ServiceVariant

    from .models import Letter, Ticket

DISPATCH = "relais.desk.tasks.dispatch"
DISPATCH_THESE = "relais.desk.tasks.dispatch_these"
SEND_THESE = "relais.desk.tasks.send_letters"


class Offered(NamedTuple):
    """A service as triage compares it: by its own words."""

    pk: int
    family: str
    name_fr: str
    name_en: str
    words: str


_OFFERED = Compiled(lambda: Service.objects.filter(active=True).values_list(*Offered._fields))
_SERVICE = Compiled(lambda service: Service.objects.order_by().filter(pk=service), service=int)
_PLACES = Compiled(
    lambda company: Site.objects.filter(company_id=company, archived_at=None).values_list(
        "pk", "name", "city"
    ),
    company=int,
)
# A job's work is done in one transaction, or through one connection to a mail server.
MOST_A_JOB = 25


@dataclass
class Ground:
    """The rows that requests share. `gathers` has what follows from them deferred in one go."""

    gathers: bool = False
    tickets: list[Ticket] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    _services: dict[int, Service] = field(default_factory=dict)
    _places: dict[int, list[triage.Place]] = field(default_factory=dict)
    _varied: dict[int, dict[int, list[ServiceVariant]]] = field(default_factory=dict)
    _books: dict[int, Book] = field(default_factory=dict)

    @cached_property
    def services(self) -> list[Offered]:
        """Return the services that can be asked for."""
        return [Offered(*row) for row in _OFFERED.rows()]

    @cached_property
    def offers(self) -> list[triage.Offer]:
        """Return the services as triage compares them."""
        return learning.offers(self.services)

    def service(self, key: int) -> Service:
        """Return one of the services."""
        if key not in self._services:
            self._services[key] = _SERVICE(service=key)[0]
        return self._services[key]

    @cached_property
    def lesson(self) -> tuple[Model | None, int | None]:
        """Return the model of triage and its version; None before the first lesson."""
        return learning.in_use()

    def places(self, company: int) -> list[triage.Place]:
        """Return the company's sites, by the names that a message may give them."""
        if company not in self._places:
            named = _PLACES.rows(company=company)
            found = [triage.Place(pk, tuple({name, city} - {""})) for pk, name, city in named]
            self._places[company] = found
        return self._places[company]

    def at_site(self, service: Service, site: Site) -> Service:
        """Return the service as it is done for a site."""
        if site.pk not in self._varied:
            self._varied[site.pk] = variants.of_services(site)
        return variants.varied(service, self._varied[site.pk].get(service.pk, ()))

    def book(self, company: int) -> Book:
        """Return what is promised to a company."""
        if company not in self._books:
            self._books[company] = Book.of(company)
        return self._books[company]

    def follow_up(self, ticket: Ticket, letter: Letter | None) -> None:
        """Have somebody found for the ticket and its letter sent, unless all are gathered.

        The jobs commit with the ticket or not at all.
        """
        if self.gathers:
            self.tickets.append(ticket)
            self.letters += [letter] if letter is not None else []
            return
        # One after the other, so that loads are counted right.
        search = errand(DISPATCH, lock=f"dispatch:{ticket.provider_id}")
        told: dict[str, Any] = {"provider_id": ticket.provider_id}
        jobs = [search.make_new_job(**told, ticket_id=ticket.pk)]
        jobs += [letter.errand.make_new_job(**told, letter_id=letter.pk)] if letter else []
        job_manager().batch_defer_jobs(jobs)

    def hand_out(self, provider_id: int) -> None:
        """Defer what was gathered, a few requests and letters a job."""
        lock = f"dispatch:{provider_id}"
        keys = [ticket.pk for ticket in self.tickets]
        for some in portions(keys):
            later(DISPATCH_THESE, lock=lock, provider_id=provider_id, ticket_ids=some)
        for some in portions([letter.pk for letter in self.letters]):
            later(SEND_THESE, provider_id=provider_id, letter_ids=some)
        self.tickets.clear()
        self.letters.clear()


def portions(keys: list[int]) -> list[list[int]]:
    """Return the keys, a few a job."""
    return [keys[at : at + MOST_A_JOB] for at in range(0, len(keys), MOST_A_JOB)]

"""Who may know what stands beside the requests: amounts, words given, wishes, feedback, letters."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal

from django.utils import timezone

from relais.desk import attempts
from relais.desk.models import (
    Approval,
    Arbitration,
    ClarityMark,
    Commitment,
    Foresight,
    Letter,
    Pairing,
    Rating,
    Recurrence,
    Replay,
    Ticket,
    TimeEntry,
)
from relais.lib.tenancy import tenant
from relais.offer.models import Service
from relais.people.models import Person, Site
from tests.world import World

READ_AIX = {"maud", "paul", "quentin", "alice", "basile"}
STEER_CALANQUES = {"claire", "sylvie"}
# (what, text, who may read it): the texts lie where `add` put them.
READERS: list[tuple[str, str, set[str]]] = [
    ("amount", "Motif-montant", READ_AIX | STEER_CALANQUES | {"marc"}),
    ("amount", "Motif-dirigeant", {"claire", "alice"}),
    ("commitment", "Promesse-marc", READ_AIX | STEER_CALANQUES | {"marc"}),
    ("commitment", "Promesse-dirigeant", {"claire", "alice"}),
    ("recurrence", "Retour-marc", READ_AIX | STEER_CALANQUES | {"marc"}),
    ("recurrence", "Retour-erwan", {"maud", "paul", "quentin", "chloe", "fanny", "erwan"}),
    ("recurrence", "Retour-yann", {"zoe", "yann"}),
    ("time", "Motif-temps", READ_AIX),
    # Never who did the work.
    ("satisfaction", "Mot-noté", {"marc", "maud", "paul"} | STEER_CALANQUES),
    ("clarity", "Note-clarté", READ_AIX),
    # The pool lead's alone; of class C3 not even hers.
    ("chance of being late", "0.8713", {"maud", "paul"}),
    ("chance of being late", "0.9127", set()),
    ("attempt", "Mots-tentative", {"maud", "paul"} | STEER_CALANQUES),
    ("attempt", "Mots-dirigeant", set()),
    # Alice does not read the other request.
    ("arbitration", "Question-arbitrage", (READ_AIX - {"alice"}) | STEER_CALANQUES),
    # How the pool is run: whose requests are kept for whom, what another rule would have changed.
    ("reservation", "Motif-reserve", {"maud", "paul"}),
    ("replay", "Panne-rejeu", {"maud", "paul"}),
    ("letter", "Erreur-lettre", {"maud", "paul"}),
    ("letter", "Erreur-dirigeant", set()),
]


def add(world: World, other: World) -> None:
    """Put beside the requests of `oracle.add_tickets` what hangs on them, in texts of their own."""
    people = world.people
    soon = timezone.now() + timedelta(days=1)
    with tenant(world.provider.pk):
        marc, nadia, secret = (_ticket(name) for name in ("marc", "nadia", "dirigeant"))
        for ticket, name in ((marc, "marc"), (secret, "dirigeant")):
            kind = Commitment.Kind.OTHER
            Commitment.promise(ticket, kind, soon, f"Promesse-{name}", by=people.alice)
        attempts.keep("reprioritise", people.marc, ticket=marc, asked={"words": "Mots-tentative"})
        attempts.keep("rescope", people.alice, ticket=secret, asked={"words": "Mots-dirigeant"})
        Arbitration.ask(marc, nadia, "Question-arbitrage", by=people.basile)
        spent = TimeEntry.add(marc, 12, by=people.alice)
        spent.correct(15, "Motif-temps", by=people.alice)
        ClarityMark.mark(marc, [], "Note-clarté", by=people.alice)
        Letter.objects.filter(ticket=marc).update(error="Erreur-lettre")
        Letter.objects.filter(ticket=secret).update(error="Erreur-dirigeant")
        for name, site in (("marc", world.sites.aix), ("erwan", world.sites.brest)):
            _comes_back(name, getattr(people, name), site)
        _rated(world)
        for ticket, chance in ((nadia, 0.8713), (secret, 0.9127)):
            Foresight.objects.create(
                provider=world.provider, ticket=ticket, at=timezone.now(), chance=chance,
                person=people.basile, remedy={"kind": "give", "person": people.basile.pk},
            )  # fmt: skip
        Pairing.objects.create(
            provider=world.provider, person=people.basile, requester=people.nadia,
            why="Motif-reserve", by=people.paul, at=timezone.now(),
        )  # fmt: skip
        Replay.objects.create(
            provider=world.provider, state="failed", problem="Panne-rejeu", asked_by=people.paul
        )
        for ticket, why in ((marc, "Motif-montant"), (secret, "Motif-dirigeant")):
            Approval.ask(_again(ticket), Decimal(7411), why, by=people.alice)
    with tenant(other.provider.pk):
        _comes_back("yann", other.people.yann, other.sites.nantes)


def _comes_back(name: str, asks: Person, site: Site) -> None:
    Recurrence.start(
        site=site, requester=asks, service=Service.objects.get(code="other"),
        subject=f"Retour-{name}", rule="FREQ=MONTHLY;BYMONTHDAY=1", by=asks,
        first_on=date(2027, 1, 1), hour=time(9), shift="next",
    )  # fmt: skip


def _rated(world: World) -> None:
    people = world.people
    done = Ticket.receive(
        site=world.sites.aix, requester=people.marc, subject="Livrée et notée", channel="form",
        service=Service.objects.get(code="other"),
    )  # fmt: skip
    done.assign(people.alice)
    done.take(by=people.alice)
    done.deliver("Voilà", by=people.alice)
    Rating.rate(done, 4, None, "Mot-noté", by=people.marc)


def _ticket(name: str) -> Ticket:
    return Ticket.objects.get(subject=f"Objet-{name}")


def _again(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)

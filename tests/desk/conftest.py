"""The desk's own props: a catalogue, a ticket of Marc's at Aix, and times of a working week."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from relais.desk.errors import Overtaken
from relais.desk.models import Event, Ticket
from relais.offer import catalogue
from relais.offer.models import Service

PARIS = ZoneInfo("Europe/Paris")
# A Tuesday without a holiday near; Aix opens 9:00-12:30 and 13:30-18:00.
TUESDAY = datetime(2026, 3, 3, 9, 0, tzinfo=PARIS)


def at(hour: int, minute: int = 0, days: int = 0) -> datetime:
    """Return that time of the Tuesday, or of a day so many days later."""
    return TUESDAY.replace(hour=hour, minute=minute) + timedelta(days=days)


@pytest.fixture
def services(world) -> dict[str, Service]:
    """Return the first catalogue, by code."""
    catalogue.preload(world.provider)
    return {service.code: service for service in Service.objects.all()}


@pytest.fixture
def new_ticket(world, services) -> Callable[..., Ticket]:
    """Return a function that receives a ticket of Marc's at Aix, and leads it to a state."""

    def make(state: str = "open", **fields: Any) -> Ticket:
        people = world.people
        given = {
            "site": world.sites.aix,
            "requester": people.marc,
            "service": services["appointment"],
            "subject": "Déplacer le point du jeudi",
            "channel": "form",
            "at": at(9),
        }
        ticket = Ticket.receive(**given | fields)
        path = {
            "open": [],
            "assigned": ["assigned"],
            "taken": ["assigned", "taken"],
            "waiting": ["assigned", "taken", "waiting"],
            "third": ["assigned", "taken", "third"],
            "delivered": ["assigned", "taken", "delivered"],
            "accepted": ["assigned", "taken", "delivered", "accepted"],
            "cancelled": ["cancelled"],
        }[state]
        steps = {
            "assigned": lambda: ticket.assign(people.alice, at=at(9, 10)),
            "taken": lambda: ticket.take(by=people.alice, at=at(9, 20)),
            "waiting": lambda: ticket.ask("Quel jour ?", by=people.alice, at=at(10)),
            "third": lambda: ticket.wait_third("Le traiteur", by=people.alice, at=at(10)),
            "delivered": lambda: ticket.deliver("C’est fait.", by=people.alice, at=at(11)),
            "accepted": lambda: ticket.accept(by=people.marc, at=at(14)),
            "cancelled": lambda: ticket.cancel("Plus besoin", by=people.marc, at=at(9, 30)),
        }
        for step in path:
            steps[step]()
        assert ticket.state == state
        return ticket

    return make


def kinds(ticket: Ticket) -> list[str]:
    """Return what happened to the ticket, in order."""
    return list(Event.objects.filter(ticket=ticket).values_list("kind", flat=True))


def clock(ticket: Ticket, kind: str) -> Any:
    """Return the ticket's clock of that kind."""
    return ticket.clocks.filter(kind=kind).latest("id")


def two_at_once(ticket: Ticket, verb: Callable[[Ticket], None], event: str) -> None:
    """Have two do the same to the same version: one wins, the other is told, one event more."""
    first, second = (Ticket.objects.get(pk=ticket.pk) for _ in range(2))
    before = kinds(ticket)
    verb(first)
    with pytest.raises(Overtaken):
        verb(second)
    assert kinds(ticket) == [*before, event]

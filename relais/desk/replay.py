"""A ticket's clocks from its events alone: what anybody can check who holds the record."""

from __future__ import annotations

from datetime import datetime

from relais.engine import sla

from .models import Clock, Event, Ticket


def events_of(ticket: Ticket) -> list[sla.Event]:
    """Return the events of a ticket as the rules read them, in the order they were written."""
    found, before = [], ""
    for event in ticket.events.select_related("by").order_by("pk"):
        state = event.facts.get("state", "")
        found.append(
            sla.Event(
                at=event.at,
                kind=event.kind,
                side=_side(event),
                # Only what was entered counts: staying in a wait is no new wait.
                state="" if state == before else state,
                by=event.by.name if event.by else "",
            )
        )
        before = state
    return found


def replayed(clock: Clock, until: datetime | None = None) -> list[sla.Clock]:
    """Return the runs of the promise that a clock holds, from the events up to `until`."""
    from .explaining import target_of

    return list(sla.clocks(target_of(clock), events_of(clock.ticket), until=until))


def _side(event: Event) -> str:
    if event.by is None:
        return sla.MACHINE
    return sla.CLIENT if event.by.is_client else sla.SERVICE

"""How the verbs of a ticket start, stop and pause its clocks, in the database or in a batch."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from relais.people import calendars

from .clock import Clock

if TYPE_CHECKING:
    from .ticket import Ticket

FIRST, DELIVERY, CORRECTION = Clock.Kind.FIRST_RESPONSE, Clock.Kind.DELIVERY, Clock.Kind.CORRECTION


def start(ticket: Ticket, kind: str, seconds: int, at: datetime) -> Clock:
    """Return the clock that was started. Raises `NoCalendar`."""
    found = calendars.of_site(ticket.site)
    clock = Clock(
        provider_id=ticket.provider_id,
        ticket=ticket,
        kind=kind,
        started_at=at,
        target=seconds,
        calendar=found.calendar,
        calendar_source=found.level,
    )
    clock.due_at = clock.due()
    if ticket.batch is None:
        clock.save(force_insert=True)
    else:
        ticket.batch.clocks.append(clock)
        ticket.batch.running.setdefault(id(ticket), []).append(clock)
    return clock


def move(
    ticket: Ticket, at: datetime, stop: set[str], pause: bool, resume: bool, void: bool
) -> list[Clock]:
    """Return the clocks that were stopped, paused, resumed or voided."""
    moved = []
    for clock in running(ticket):
        if void:
            clock.void(at)
        elif clock.kind in stop:
            clock.stop(at)
        elif clock.kind == FIRST:
            continue  # waiting for the requester is an answer already
        elif pause and not clock.is_paused:
            clock.pause(at)
        elif resume and clock.is_paused:
            clock.resume(at)
        else:
            continue
        moved.append(clock)
        if ticket.batch is None:
            clock.save(update_fields=["pauses", "due_at", "stopped_at", "verdict"])
    return moved


def running(ticket: Ticket) -> list[Clock]:
    """Return the clocks that run or wait."""
    if ticket.batch is not None:
        return ticket.batch.of(ticket)
    return list(ticket.clocks.filter(stopped_at=None).select_related("calendar"))


def told(clocks: list[Clock]) -> list[dict[str, Any]]:
    """Return what an event keeps of clocks: enough to measure without reading their rows."""
    return [
        {
            "kind": clock.kind,
            "target": clock.target,
            "calendar": clock.calendar_id,
            "source": clock.calendar_source,
            "due_at": clock.due_at.isoformat() if clock.due_at else None,
            **({"verdict": clock.verdict} if clock.verdict else {}),
            **({"paused": True} if clock.is_paused else {}),
        }
        for clock in clocks
    ]

"""How the verbs of a ticket start, stop and pause its clocks, in the database or in a batch."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet, prefetch_related_objects

from relais.lib.compiled import Compiled
from relais.lib.written import insert
from relais.offer.models import HandTarget
from relais.offer.promises import Book, Promise
from relais.people import calendars

from .clock import Clock
from .event import Event

if TYPE_CHECKING:
    from relais.people.models import Person

    from .ticket import Ticket

FIRST, NEXT = Clock.Kind.FIRST_RESPONSE, Clock.Kind.NEXT_REPLY
DELIVERY, CORRECTION = Clock.Kind.DELIVERY, Clock.Kind.CORRECTION
ACCEPTANCE, HAND = Clock.Kind.ACCEPTANCE, Clock.Kind.HAND
# Any human answer of the service stops these.
ANSWERS = (FIRST, NEXT)
HANDS = (
    Event.Kind.ASSIGNED,
    Event.Kind.UNASSIGNED,
    Event.Kind.HANDED_OVER,
    Event.Kind.TAKEN,
)


def _ask(*kinds: str) -> Compiled[Clock]:
    def ask(ticket: int) -> QuerySet[Clock]:
        rows = Clock.objects.filter(ticket=ticket, stopped_at=None)
        rows = rows.filter(kind__in=kinds) if kinds else rows
        return rows.select_for_update(of=("self",)).order_by("pk")

    return Compiled(ask, ticket=int)


_RUNNING: dict[tuple[str, ...], Compiled[Clock]] = {each: _ask(*each) for each in ((), (HAND,))}
MOVED = ("pauses", "due_at", "warn_at", "stopped_at", "verdict")


def promises_at_birth(ticket: Ticket, book: Book | None = None) -> dict[str, Promise]:
    """Return what is promised about a ticket that comes in."""
    at, place = ticket.received_at, ticket.site
    if ticket.batch is not None:
        book = ticket.batch.book(ticket.company_id)
    book = book or Book.of(ticket.company_id)
    return book.promised(place, ticket.service, ticket.priority, at)


def promises_kept(ticket: Ticket) -> dict[str, Promise]:
    """Return what the version says under which the ticket was born, whatever is in force now."""
    if ticket.batch is not None:
        return promises_at_birth(ticket)
    born = ticket.clocks.order_by("pk").first()
    version = born.agreement_version_id if born else None
    return Book(ticket.company_id, []).of_version(version, ticket.service, ticket.priority)


def begin(ticket: Ticket, kinds: dict[str, str], at: datetime) -> list[Clock]:
    """Return the clocks started: by kind of clock, the promise it holds the service to.

    An answer that is awaited already is not awaited anew, nor one that nobody promised.
    """
    promised = promises_kept(ticket)
    awaited = {clock.kind for clock in running(ticket)}
    return [
        start(ticket, kind, promised[promise], at)
        for kind, promise in kinds.items()
        if promise in promised and not (kind == NEXT and kind in awaited)
    ]


def start(
    ticket: Ticket, kind: str, promise: Promise, at: datetime, hand: Person | None = None
) -> Clock:
    """Return the clock that was started. Raises `NoCalendar`."""
    clock = _made(ticket, kind, promise, at, hand)
    if ticket.batch is None:
        insert(clock)
    return clock


def all_made(ticket: Ticket, promised: dict[str, Promise]) -> list[Clock]:
    """Return the clocks with which a ticket is born, to be written. Raises `NoCalendar`."""
    return [_made(ticket, kind, promised[kind], ticket.received_at) for kind in promised]


def _made(
    ticket: Ticket, kind: str, promise: Promise, at: datetime, hand: Person | None = None
) -> Clock:
    """Return a clock that is dated; a batch keeps it, else it is to be written."""
    found = calendars.of_site(ticket.site)
    clock = Clock(
        provider_id=ticket.provider_id,
        ticket=ticket,
        kind=kind,
        started_at=at,
        target=promise.seconds or 0,
        days=promise.days,
        agreement_version_id=promise.version,
        calendar=found.calendar,
        calendar_source=found.level,
        hand=hand,
    )
    clock.due_at = clock.due()
    if ticket.batch is None:
        clock.warn_at = clock.next_warning()
    else:
        ticket.batch.clocks.append(clock)
        ticket.batch.running.setdefault(id(ticket), []).append(clock)
    return clock


def move(
    ticket: Ticket, at: datetime, stop: set[str], pause: bool, resume: bool, void: bool
) -> list[Clock]:
    """Return the clocks that were stopped, paused, resumed or voided."""
    if resume and ticket.batch is None and ticket.approvals.filter(state="asked").exists():
        resume = False  # the client has still to approve
    moved = []
    for clock in running(ticket):
        clock.keep()
        if void:
            clock.void(at)
        elif clock.kind in stop:
            clock.stop(at)
        elif clock.kind in ANSWERS:
            continue  # waiting for the requester is an answer already
        elif pause and not clock.is_paused:
            clock.pause(at)
        elif resume and clock.is_paused:
            clock.resume(at)
        else:
            continue
        moved.append(clock)
        if ticket.batch is None:
            clock.save(update_fields=MOVED)
    return moved


def between_hands(ticket: Ticket, kind: str, at: datetime) -> list[Clock]:
    """Return the internal clocks that a verb started or ended: from being given to being taken.

    They run only where the provider has set itself a time; a log that is imported has none.
    """
    if ticket.batch is not None or kind not in HANDS:
        return []
    moved = []
    for clock in running(ticket, HAND):
        if kind == Event.Kind.TAKEN and clock.hand_id == ticket.holder_id:
            clock.stop(at)
        else:
            clock.void(at)  # it was taken out of that hand
        clock.save(update_fields=MOVED)
        moved.append(clock)
    if ticket.state == ticket.State.ASSIGNED:
        minutes = HandTarget.minutes_for(ticket.provider_id, ticket.priority)
        if minutes is not None:
            allowed = Promise(HAND, seconds=60 * minutes)
            moved.append(start(ticket, HAND, allowed, at, hand=ticket.holder))
    return moved


def redate(ticket: Ticket, at: datetime) -> list[Clock]:
    """Return the clocks that run, dated by what is promised for the ticket's priority of now.

    They start when they started: an urgent matter was urgent from its first hour. The text under
    which the ticket was born goes on speaking.
    """
    promised = promises_kept(ticket)
    moved = []
    for clock in running(ticket):
        promise = promised.get(DELIVERY if clock.kind == CORRECTION else clock.kind)
        if promise is None:
            continue
        clock.target, clock.days = promise.seconds or 0, promise.days
        clock.due_at = clock.due()
        if clock.due_at is None or clock.due_at >= at:
            clock.breached_at = None  # it lies ahead again and may be missed anew
        clock.warn_at = clock.next_warning()
        clock.save(update_fields=["target", "days", "due_at", "warn_at", "breached_at"])
        moved.append(clock)
    return moved


def running(ticket: Ticket, *kinds: str) -> list[Clock]:
    """Return the clocks that run or wait, all of them or those of these kinds."""
    if ticket.batch is not None:
        return ticket.batch.of(ticket)
    # Locked, or a recalculation could move a deadline between reading and writing; the calendars
    # are read after the lock, as they stand then.
    clocks = _RUNNING[kinds](ticket=ticket.pk)
    for clock in clocks:
        clock.ticket = ticket
    prefetch_related_objects(clocks, "calendar")
    return clocks


def told(clocks: list[Clock]) -> list[dict[str, Any]]:
    """Return what an event keeps of clocks: enough to measure without reading their rows."""
    return [
        {
            "kind": clock.kind,
            "target": clock.target,
            **({"days": clock.days} if clock.days is not None else {}),
            **({"agreement": clock.agreement_version_id} if clock.agreement_version_id else {}),
            "calendar": clock.calendar_id,
            "source": clock.calendar_source,
            "due_at": clock.due_at.isoformat() if clock.due_at else None,
            **({"verdict": clock.verdict} if clock.verdict else {}),
            **({"paused": True} if clock.is_paused else {}),
        }
        for clock in clocks
    ]

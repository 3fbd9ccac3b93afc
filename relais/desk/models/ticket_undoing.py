"""A slip is undone: state, clocks to the second, letters that wait. One event, nothing erased."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from relais.desk.errors import CannotUndo, NotYours

from . import silence, ticket_clocks
from .clock import Clock
from .event import Event
from .letter import Letter
from .message import Message

if TYPE_CHECKING:
    from relais.people.models import Person

    from .ticket import Ticket

Kind = Event.Kind
UNDOABLE = (
    Kind.ASSIGNED,
    Kind.TAKEN,
    Kind.REPLIED,
    Kind.ASKED,
    Kind.RESUMED,
    Kind.WAITED_THIRD,
    Kind.DELIVERED,
    Kind.ACCEPTED,
    Kind.REOPENED,
    Kind.HANDED_OVER,
    Kind.CANCELLED,
    Kind.REFUSED,
    Kind.NOTED,
    Kind.MERGED,
    Kind.ABSORBED,
)


class Undoing:
    """The verb that takes the last one back."""

    if TYPE_CHECKING:
        _update: Callable[..., None]
        _tell: Callable[..., Event]

    def undo(self, *, by: Person, at: datetime | None = None) -> Event:
        """Return the event that was undone: the last one, one's own, and a moment ago.

        The facts of `undone` say how many letters were withheld, and how many had left.
        """
        ticket, at = cast("Ticket", self), at or timezone.now()
        event = undoable(ticket, by)
        if event is None:
            last = ticket.events.filter(kind__in=UNDOABLE).order_by("-id").first()
            if last is None or last.by_id != by.pk:
                raise NotYours(reference=ticket.reference, person=str(by))
            raise CannotUndo(reference=ticket.reference)
        if event.kind == Kind.MERGED:
            ticket.part(by=by, at=at, undone=event)
        elif event.kind == Kind.ABSORBED:
            _part_again(event, by, at)
        else:
            with transaction.atomic():
                was = event.facts["was"]
                self._update(fields_of(was, ticket))
                silence.settle(ticket, at)
                clocks = restore_clocks(ticket, was, at)
                facts = {"undone": event.kind, "event": event.pk, **withhold(event), **told(clocks)}
                self._tell(Kind.UNDONE, by, at, facts, internal=event.internal)
        return event


def undoable(ticket: Ticket, person: Person | None, now: datetime | None = None) -> Event | None:
    """Return the event that this person may still undo on the ticket, or None."""
    if person is None or not settings.UNDO_SECONDS or ticket.born is not None:
        return None
    since = (now or timezone.now()) - timedelta(seconds=settings.UNDO_SECONDS)
    own = Event.objects.filter(ticket=ticket, by=person, recorded_at__gte=since)
    event = own.filter(kind__in=UNDOABLE).order_by("-id").first()
    if event is None or "via" in event.facts:
        return None
    fits = "was" in event.facts and event.facts.get("version") == ticket.version
    return event if fits else None


def until(event: Event) -> datetime:
    """Return until when an event can be undone."""
    return event.recorded_at + timedelta(seconds=settings.UNDO_SECONDS)


def before(ticket: Ticket, fields: Iterable[str]) -> dict[str, Any]:
    """Return what these fields of a ticket hold, as an event keeps it."""
    found = {}
    for name in fields:
        field = ticket._meta.get_field(name)
        value = getattr(ticket, field.attname)  # type: ignore[union-attr]
        found[field.attname] = value.isoformat() if isinstance(value, datetime) else value  # type: ignore[union-attr]
    return found


def fields_of(was: dict[str, Any], ticket: Ticket) -> dict[str, Any]:
    """Return the fields of a ticket as they were."""
    meta = ticket._meta
    return {
        name: meta.get_field(name).to_python(value)  # type: ignore[union-attr]
        if value is not None and not name.endswith("_id")
        else value
        for name, value in was.get("fields", {}).items()
    }


def clocks_before(clocks: Iterable[Clock]) -> dict[str, Any]:
    """Return what an event keeps of the clocks that a verb moves: as they were, or newly begun."""
    clocks = list(clocks)
    moved = [clock.was for clock in clocks if clock.was]
    begun = [clock.pk for clock in clocks if not clock.was]
    return ({"clocks": moved} if moved else {}) | ({"begun": begun} if begun else {})


def restore_clocks(ticket: Ticket, was: dict[str, Any], at: datetime) -> list[Clock]:
    """Return the clocks, each as it was before the verb; one that the verb began counts no more."""
    kept = {row["pk"]: row for row in was.get("clocks", ())}
    begun = set(was.get("begun", ()))
    rows = Clock.objects.select_for_update(of=("self",)).filter(pk__in=[*kept, *begun])
    found = list(rows.order_by("pk").prefetch_related("calendar"))
    for clock in found:
        if clock.pk in begun:
            if clock.stopped_at is None:
                clock.void(at)
        else:
            clock.put_back(kept[clock.pk])
        clock.warn_at = clock.next_warning()
        clock.save(update_fields=[*ticket_clocks.MOVED, "breached_at"])
    return found


def told(clocks: list[Clock]) -> dict[str, Any]:
    """Return what the event tells of the clocks."""
    return {"clocks": ticket_clocks.told(clocks)} if clocks else {}


def withhold(event: Event) -> dict[str, Any]:
    """Return how many letters of an event were kept back and how many had left; its word with them.

    A letter that is being sent at this moment is waited for.
    """
    written = event.facts.get("message")
    if not written:
        return {}
    messages = Message.objects.filter(pk=written) | Message.objects.filter(copy_of=written)
    keys = list(messages.values_list("pk", flat=True))
    Message.objects.filter(pk__in=keys, withdrawn_at=None).update(withdrawn_at=timezone.now())
    letters = list(Letter.objects.select_for_update().filter(message__in=keys).order_by("pk"))
    kept = [one.pk for one in letters if one.state in (Letter.State.WAITING, Letter.State.FAILED)]
    # One whose sending began and was never ended may have left: said so rather than hoped.
    gone = [one for one in letters if one.pk not in kept]
    Letter.objects.filter(pk__in=kept).update(state=Letter.State.WITHHELD)
    return {"withdrawn": written, "withheld": len(kept), "sent": len(gone)}


def _part_again(event: Event, by: Person, at: datetime) -> None:
    from .link import Merge

    merge = Merge.objects.select_related("ticket").get(pk=event.facts["merge"])
    first = merge.ticket.events.filter(kind=Kind.MERGED, facts__merge=merge.pk).latest("id")
    merge.ticket.part(by=by, at=at, undone=first)

"""My day in the order that the rules give it, and why each stands where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from relais.engine import day, worktime
from relais.engine.candidates import Queued, State
from relais.people import calendars
from relais.people.access import Access
from relais.people.models import Calendar

from . import telling
from .models import Clock, DayOrder, Ticket

ANSWERS = (Clock.Kind.FIRST_RESPONSE, Clock.Kind.NEXT_REPLY)
WEIGHTLESS = 1.0


def arrange(access: Access, tickets: Sequence[Ticket], now: datetime) -> list[Ticket]:
    """Return the tickets in the order of her day, each with `why`: at most three queries.

    What she has begun comes first, then what leaves the least room; the order she was shown last
    moves only for what is worth it. `tickets` have `due`, `due_kind` and `due_calendar`.
    """
    if not tickets:
        return []
    hours = _hours(access.see(Calendar), tickets)
    shown = access.see(DayOrder).filter(person=access.person).values_list("tickets", flat=True)
    before: list[int] = next(iter(shown), [])
    begun = [one.pk for one in tickets if one.state == Ticket.State.TAKEN]
    place = {key: index for index, key in enumerate(before)}
    begun.sort(key=lambda key: place.get(key, len(place)))
    state = State(calendars=hours)
    turns = day.order(
        [_queued(one, hours) for one in tickets], state, now, begun=begun, before=before
    )
    by_key = {one.pk: one for one in tickets}
    found = []
    for turn in turns:
        ticket = by_key[turn.key]
        ticket.why = why(ticket, hours, now)
        found.append(ticket)
    return found


def why(ticket: Ticket, hours: dict[int, worktime.Calendar], now: datetime) -> str:
    """Return why it stands where it stands: begun, or how much working time is left."""
    due = getattr(ticket, "due", None)
    if due is None:
        left = _("no deadline runs")
    else:
        kept = hours.get(getattr(ticket, "due_calendar", None) or 0)
        slack = kept.between(now, due) if kept is not None else due - now
        length = telling.duration(abs(slack))
        if slack < timedelta():
            left = _("late by %(length)s of working time") % {"length": length}
        else:
            left = _("due in %(length)s of working time") % {"length": length}
    if ticket.state == Ticket.State.TAKEN:
        return _("begun; %(left)s") % {"left": left}
    return left


def _hours(rows: QuerySet[Calendar], tickets: Sequence[Ticket]) -> dict[int, worktime.Calendar]:
    keys = {getattr(one, "due_calendar", None) for one in tickets} - {None}
    return {one.pk: calendars.timetable(one) for one in rows.filter(pk__in=keys)}


def _queued(ticket: Ticket, hours: dict[int, worktime.Calendar]) -> Queued:
    """Return it as the rules want it; an answer is given when work begins, not when it ends."""
    due, calendar = getattr(ticket, "due", None), getattr(ticket, "due_calendar", None)
    minutes = float(ticket.service.standard_minutes)
    if due is not None and calendar in hours and getattr(ticket, "due_kind", "") in ANSWERS:
        due = hours[calendar].add(due, timedelta(minutes=minutes))
    return Queued(ticket.pk, minutes, due, WEIGHTLESS, calendar if calendar in hours else None)

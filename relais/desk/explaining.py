"""A clock as the rules see it, and why its deadline is what it is, segment by segment."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import get_language, gettext

from relais.engine import explain, sla
from relais.people import calendars

from .models import Clock


def status_of(clock: Clock, now: datetime) -> sla.Status | None:
    """Return where the clock stands by the rules, or None for one without a calendar."""
    if clock.calendar is None:
        return None
    return sla.status(_of_rules(clock), calendars.timetable(clock.calendar), now)


def sentences(clock: Clock, now: datetime) -> list[str]:
    """Return the promise, each segment and the outcome, in the reader's language."""
    status = status_of(clock, now)
    if status is None or clock.calendar is None:
        return []
    hours = calendars.timetable(clock.calendar)
    language = "en" if (get_language() or "fr").startswith("en") else "fr"
    return explain.sentences(explain.explain(status, hours), language)


def target_of(clock: Clock) -> sla.Target:
    """Return the promise that a clock holds, as the rules know it."""
    promised = timedelta(seconds=clock.target) if clock.days is None else None
    if clock.hand_id and clock.hand is not None:
        return sla.between_hands(clock.hand.name, duration=promised, days=clock.days)
    return sla.promise(clock.kind, duration=promised, days=clock.days)


def _of_rules(clock: Clock) -> sla.Clock:
    reason = gettext("waiting for the requester")
    held = clock.paused_at
    return sla.Clock(
        target=target_of(clock),
        started=clock.started_at,
        ended=clock.stopped_at,
        void=clock.verdict == Clock.Verdict.VOID,
        pauses=tuple(sla.Pause(start, end, reason) for start, end in clock.spans()),
        waiting=sla.Event(held, "asked", state="waiting", reason=reason) if held else None,
    )

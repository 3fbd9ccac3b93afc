"""Free and busy drawn: half-hours of a day, a row a person, with the times that are proposed.

Never what a time is taken for: only that it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import pgettext_lazy

from relais.engine import slots
from relais.people.models import Person

from . import coverage, free_busy
from .models import Meeting, MeetingTime

HALF = timedelta(minutes=30)
# Shown at least, in the request's own zone; more where somebody is open or a time is proposed.
FIRST, LAST = 8, 19
FREE, PROPOSED = "free", "proposed"
WORDS = {
    FREE: pgettext_lazy("of a person", "free"),
    PROPOSED: pgettext_lazy("of a person", "proposed"),
    "closed": pgettext_lazy("of a person", "outside of her hours"),
    "busy": pgettext_lazy("of a person", "taken"),
    "protected": pgettext_lazy("of a person", "protected"),
    "notice": pgettext_lazy("of a person", "too short a notice"),
}


@dataclass(frozen=True)
class Stretch:
    """Half-hours in a row that stand alike."""

    state: str
    starts: datetime
    ends: datetime

    @property
    def halves(self) -> int:
        """Return how many half-hours it is."""
        return (self.ends - self.starts) // HALF

    @property
    def said(self) -> Any:
        """Return it in words."""
        return WORDS[self.state]


@dataclass(frozen=True)
class Grid:
    """A day: the hours above, and each person's stretches."""

    day: date
    hours: list[tuple[datetime, int]]
    rows: list[tuple[Person, list[Stretch]]]

    @property
    def halves(self) -> int:
        """Return how many half-hours are drawn."""
        return sum(span for _hour, span in self.hours)


def days_of(meeting: Meeting, times: Sequence[datetime], asked: date | None) -> list[date]:
    """Return the days to choose from: those with a proposed time, and the one asked for."""
    zone = ZoneInfo(meeting.ticket.site.time_zone)
    known = [meeting.starts_at] if meeting.starts_at else list(times)
    found = {one.astimezone(zone).date() for one in known}
    return sorted(found | ({asked} if asked else set()))


def week_of(meeting: Meeting, day: date, now: datetime) -> list[Grid]:
    """Return the days of a week, Monday first, those on which nobody is open left out."""
    monday = day - timedelta(days=day.weekday())
    return drawn(meeting, [monday + timedelta(days=n) for n in range(7)], now)


def drawn(meeting: Meeting, days: Sequence[date], now: datetime) -> list[Grid]:
    """Return each of these days in a row as it is drawn: as many queries whatever their number."""
    zone = ZoneInfo(meeting.ticket.site.time_zone)
    guests = [one.person for one in meeting.guests.select_related(
        "person__provider", "person__site__company", "person__site__entity",
        "person__site__calendar",
    )]  # fmt: skip
    people = free_busy.attendees(guests, days[0], days[-1], now, meeting.pk)
    mine = MeetingTime.objects.filter(meeting=meeting)
    proposed = {
        (one.period.lower, one.period.upper) for one in mine if one.until is None or one.until > now
    }
    names = {one.pk: one for one in guests}
    found = []
    for day in days:
        first, last = _span(day, zone, people, proposed)
        rows = [
            (names[one.key], list(_stretches(one, first, last, proposed, now))) for one in people
        ]
        if len(days) == 1 or any(each.state != "closed" for _one, row in rows for each in row):
            found.append(Grid(day, _hours(first, last), rows))
    return found


def _span(
    day: date, zone: ZoneInfo, people: Sequence[slots.Attendee], proposed: set[slots.Span]
) -> tuple[datetime, datetime]:
    """Return from when to when a day is drawn, on whole hours."""
    midnight = coverage.moment_of(day, zone)
    after = coverage.moment_of(day + timedelta(1), zone)
    first, last = midnight.replace(hour=FIRST), midnight.replace(hour=LAST)
    for begin, end in [*(span for one in people for span in one.open), *proposed]:
        if begin < after and end > midnight:
            first, last = min(first, begin.astimezone(zone)), max(last, end.astimezone(zone))
    first = max(first, midnight).replace(minute=0, second=0, microsecond=0)
    if last >= after:
        return first, after
    whole = last.replace(minute=0, second=0, microsecond=0)
    return first, whole if whole == last else whole + timedelta(hours=1)


def _hours(first: datetime, last: datetime) -> list[tuple[datetime, int]]:
    found, hour = [], first
    while hour < last:
        found.append((hour, min(2, (last - hour) // HALF)))
        hour += timedelta(hours=1)
    return found


def _stretches(
    one: slots.Attendee,
    first: datetime,
    last: datetime,
    proposed: set[slots.Span],
    now: datetime,
) -> Iterator[Stretch]:
    codes = slots.drawn(one, (first, last), now, HALF)
    states = []
    for n, code in enumerate(codes):
        begin = first + n * HALF
        is_proposed = any(a < begin + HALF and b > begin for a, b in proposed)
        states.append((n, PROPOSED if is_proposed else code or FREE))
    for state, group in groupby(states, key=lambda each: each[1]):
        places = [n for n, _state in group]
        yield Stretch(state, first + places[0] * HALF, first + (places[-1] + 1) * HALF)

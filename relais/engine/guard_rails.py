"""Hours of work within the law: what goes beyond a day's or a week's most is no working time.

Rest and work are counted as they pass, not on the wall: in UTC. Days and weeks are those of a zone.

Sources: Code du travail L3121-18 (ten hours a day), L3121-20 and -22 (forty-eight hours a week,
forty-four on average over twelve), L3131-1 (eleven hours of rest a day), L3132-1 (six days a
week), L3132-2 (thirty-five hours of rest a week), L3121-16 (twenty minutes after six hours). The
numbers are parameters: an agreement may ask for more rest and less work.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from relais.engine.candidates import Span
from relais.engine.stretches import union

MINUTE = timedelta(minutes=1)
DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True)
class Limits:
    """What a person's hours may come to, in minutes; `weeks`: over which the average is taken."""

    day: float = 600
    week: float = 2880
    average: float = 2640
    weeks: int = 12
    daily_rest: float = 660
    weekly_rest: float = 2100
    stretch: float = 360
    pause: float = 20
    days: float = 6


@dataclass(frozen=True)
class Breach:
    """A rule that somebody's hours break: its code, from which day on, what was seen.

    In minutes; days where days are counted.
    """

    code: str
    day: date
    seen: float
    limit: float

    @property
    def excess(self) -> float:
        """Return by how many minutes it is broken."""
        return abs(self.seen - self.limit)


def lawful(
    spans: Iterable[Span], zone: ZoneInfo, day_minutes: float, week_minutes: float
) -> tuple[Span, ...]:
    """Return the spans cut where a day or a week is full; days and weeks are those of `zone`.

    `spans` are in order and begin with a week: what was worked before counts too.
    """
    days: dict[date, float] = defaultdict(float)
    weeks: dict[tuple[int, int], float] = defaultdict(float)
    kept = []
    for begin, end in spans:
        day = begin.astimezone(zone).date()
        week = day.isocalendar()[:2]
        left = min(day_minutes - days[day], week_minutes - weeks[week])
        minutes = min((end - begin) / MINUTE, max(left, 0.0))
        days[day] += minutes
        weeks[week] += minutes
        if minutes > 0:
            kept.append((begin, begin + minutes * MINUTE))
    return tuple(kept)


def left_today(
    usual: Iterable[Span], allowed: Iterable[Span], now: datetime, zone: ZoneInfo
) -> float | None:
    """Return the minutes that the law leaves of today's hours; None where it takes none away."""
    today = now.astimezone(zone).date()

    def still(spans: Iterable[Span]) -> float:
        rest = [
            (max(begin, now), end)
            for begin, end in spans
            if end > now and begin.astimezone(zone).date() == today
        ]
        return sum((end - begin) / MINUTE for begin, end in rest)

    law = still(allowed)
    return law if law < still(usual) else None


def breaches(
    spans: Iterable[Span], zone: ZoneInfo, limits: Limits, leave: Collection[date] = ()
) -> list[Breach]:
    """Return every rule that these hours break; days and weeks are those of `zone`.

    `spans` may touch or overlap: they count once. What begins on a day counts as that day's.
    `leave`: Mondays of weeks of leave, which no average counts.
    """
    worked = _joined(spans)
    if not worked:
        return []
    days: dict[date, float] = defaultdict(float)
    weeks: dict[date, float] = defaultdict(float)
    for begin, end in worked:
        day = begin.astimezone(zone).date()
        days[day] += (end - begin) / MINUTE
        weeks[day - timedelta(day.weekday())] += (end - begin) / MINUTE
    found = [Breach("day", day, n, limits.day) for day, n in days.items() if n > limits.day]
    found += [Breach("week", day, n, limits.week) for day, n in weeks.items() if n > limits.week]
    found += _average(weeks, limits, leave)
    found += _days(worked, zone, limits)
    found += _pauses(worked, zone, limits)
    found += _daily_rest(worked, zone, limits)
    found += _weekly_rest(worked, sorted(weeks), zone, limits)
    return sorted(found, key=lambda one: (one.day, one.code))


def worse(before: Iterable[Breach], after: Iterable[Breach]) -> list[Breach]:
    """Return what is broken after a change and was not before, or was less."""
    known = {(one.code, one.day): one.excess for one in before}
    return [one for one in after if one.excess > known.get((one.code, one.day), 0.0) + 1e-9]


def _joined(spans: Iterable[Span]) -> list[Span]:
    return union((a.astimezone(UTC), b.astimezone(UTC)) for a, b in spans)


def _average(weeks: dict[date, float], limits: Limits, leave: Collection[date]) -> list[Breach]:
    """Return the stretches of weeks whose average is too long, each by its last week."""
    found, last = [], max(weeks)
    monday = min(weeks)
    while monday <= last:
        every = [monday - n * WEEK for n in range(limits.weeks)]
        those = [day for day in every if day in weeks or day not in leave]
        mean = sum(weeks.get(day, 0.0) for day in those) / max(1, len(those))
        if mean > limits.average:
            found.append(Breach("average", monday, mean, limits.average))
        monday += WEEK
    return found


def _pauses(worked: Sequence[Span], zone: ZoneInfo, limits: Limits) -> list[Breach]:
    """Return the stretches of work without a real pause that are too long."""
    found: list[Breach] = []
    first, minutes = worked[0][0], 0.0

    def close() -> None:
        if minutes > limits.stretch:
            day = first.astimezone(zone).date()
            found.append(Breach("pause", day, minutes, limits.stretch))

    for before, (begin, end) in zip([None, *worked], worked, strict=False):
        if before is not None and (begin - before[1]) / MINUTE >= limits.pause:
            close()
            first, minutes = begin, 0.0
        minutes += (end - begin) / MINUTE
    close()
    return found


def _days(worked: Sequence[Span], zone: ZoneInfo, limits: Limits) -> list[Breach]:
    """Return the weeks with work on too many days; what ends after midnight is of both."""
    weeks: dict[date, set[date]] = defaultdict(set)
    for begin, end in worked:
        day, last = (at.astimezone(zone).date() for at in (begin, end - MINUTE))
        while day <= last:
            weeks[day - timedelta(day.weekday())].add(day)
            day += DAY
    return [
        Breach("days", monday, len(days), limits.days)
        for monday, days in weeks.items()
        if len(days) > limits.days
    ]


def _daily_rest(worked: Sequence[Span], zone: ZoneInfo, limits: Limits) -> list[Breach]:
    """Return where a rest is too short: spans with less between them are one period of work.

    With what is left of twenty-four hours after it a period of work makes the day's rest.
    """
    groups: list[list[Span]] = []
    for span in worked:
        if groups and (span[0] - groups[-1][-1][1]) / MINUTE < limits.daily_rest:
            groups[-1].append(span)
        else:
            groups.append([span])
    found = []
    for group in groups:
        left = (DAY - (group[-1][1] - group[0][0])) / MINUTE
        if left >= limits.daily_rest:
            continue
        rests = [
            (end.astimezone(zone).date(), begin.astimezone(zone).date(), (begin - end) / MINUTE)
            for (_a, end), (begin, _b) in pairwise(group)
        ]
        nights = [(ended, rest) for ended, begun, rest in rests if ended != begun]
        if not nights:
            rest = max(0.0, left, *(rest for _ended, _begun, rest in rests))
            nights = [(group[0][0].astimezone(zone).date(), rest)]
        found += [Breach("daily_rest", day, rest, limits.daily_rest) for day, rest in nights]
    return found


def _weekly_rest(
    worked: Sequence[Span], mondays: Sequence[date], zone: ZoneInfo, limits: Limits
) -> list[Breach]:
    """Return the weeks without a long rest: one that begins in the week, or lies within it."""
    found = []
    for monday in mondays:
        start, end = (
            datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
            for day in (monday, monday + WEEK)
        )
        ends = [start - WEEK, *(b for _a, b in worked)]
        begins = [*(a for a, _b in worked), end + WEEK]
        longest = 0.0
        for free, busy in zip(ends, begins, strict=True):
            inside = (min(busy, end) - max(free, start)) / MINUTE
            longest = max(longest, inside)
            if start <= free < end:
                longest = max(longest, (busy - free) / MINUTE)
        if longest < limits.weekly_rest:
            found.append(Breach("weekly_rest", monday, longest, limits.weekly_rest))
    return found

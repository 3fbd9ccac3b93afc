"""Hours of work within the law: what goes beyond a day's or a week's most is no working time.

Sources: Code du travail L3121-18 (ten hours a day), L3121-20 and -22 (forty-eight hours a week,
forty-four on average over twelve), L3131-1 (eleven hours of rest a day), L3132-2 (thirty-five a
week), L3121-16 (twenty minutes after six hours). The numbers are parameters: an agreement may ask
for more rest and less work.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from relais.engine.candidates import Span

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


@dataclass(frozen=True)
class Breach:
    """A rule that somebody's hours break: its code, from which day on, what was seen (minutes)."""

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


def breaches(spans: Iterable[Span], zone: ZoneInfo, limits: Limits) -> list[Breach]:
    """Return every rule that these hours break; days and weeks are those of `zone`.

    `spans` may touch or overlap: they count once. What begins on a day counts as that day's.
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
    found += _average(weeks, limits)
    found += _pauses(worked, zone, limits)
    found += _daily_rest(worked, zone, limits)
    found += _weekly_rest(worked, sorted(weeks), zone, limits)
    return sorted(found, key=lambda one: (one.day, one.code))


def worse(before: Iterable[Breach], after: Iterable[Breach]) -> list[Breach]:
    """Return what is broken after a change and was not before, or was less."""
    known = {(one.code, one.day): one.excess for one in before}
    return [one for one in after if one.excess > known.get((one.code, one.day), 0.0) + 1e-9]


def _joined(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif begin < end:
            found.append((begin, end))
    return found


def _average(weeks: dict[date, float], limits: Limits) -> list[Breach]:
    """Return the stretches of weeks whose average is too long, each by its last week."""
    found, last = [], max(weeks)
    monday = min(weeks)
    while monday <= last:
        those = [monday - n * WEEK for n in range(limits.weeks)]
        mean = sum(weeks.get(day, 0.0) for day in those) / limits.weeks
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


def _daily_rest(worked: Sequence[Span], zone: ZoneInfo, limits: Limits) -> list[Breach]:
    found = []
    for (_a, end), (begin, _b) in pairwise(worked):
        rest = (begin - end) / MINUTE
        ended, begun = end.astimezone(zone).date(), begin.astimezone(zone).date()
        if ended != begun and rest < limits.daily_rest:
            found.append(Breach("daily_rest", ended, rest, limits.daily_rest))
    return found


def _weekly_rest(
    worked: Sequence[Span], mondays: Sequence[date], zone: ZoneInfo, limits: Limits
) -> list[Breach]:
    """Return the weeks without a long rest: one that begins in the week, or lies within it."""
    found = []
    for monday in mondays:
        start = datetime(monday.year, monday.month, monday.day, tzinfo=zone)
        end = start + WEEK
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

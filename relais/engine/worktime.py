"""Business time: when a promise falls due, and how much open time has passed.

A calendar is compiled to the sorted open spans of some years and, before each, the open seconds
so far. Adding and counting are bisections, whatever the span. A question outside the compiled
years extends the table first; nothing is guessed.

Instants go in as aware datetimes and come out in UTC: two datetimes of one zone compare by their
wall clock in Python, which is wrong in the hour that is repeated. Parts of a second are dropped.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from relais.engine.bulk import Many
from relais.engine.hours import (
    DAY,
    BadCalendar,
    Day,
    Interval,
    Problem,
    Rule,
    Weekly,
    closure,
    problems,
    week_of,
    zone_named,
)
from relais.engine.pauses import NaiveInstant, Pause, Pauses, ReversedPause, instant, merged, moment
from relais.engine.segments import Kind, Segment, label
from relais.engine.spans import among, joined
from relais.engine.tables import Table, count, count_many
from relais.engine.zones import Seconds, Wall, day_number

__all__ = [
    "BadCalendar",
    "Calendar",
    "Day",
    "Interval",
    "Kind",
    "NaiveInstant",
    "NeverOpens",
    "OutOfReach",
    "Pause",
    "Problem",
    "ReversedPause",
    "Segment",
    "closure",
    "compile",
    "intersect",
    "problems",
]

FIRST_YEAR, LAST_YEAR = 1900, 2199
# A rule may close any year, so whether it ever opens again cannot be known, only looked for.
PATIENCE = 5


class NeverOpens(ValueError):
    """This calendar has no opening left; give it hours, or end the closure."""


class OutOfReach(ValueError):
    """That lies outside the years 1900 to 2199; check the date or the duration."""


def compile(
    *,
    zone: str | ZoneInfo,
    weekly: Weekly,
    exceptions: Iterable[Day | Rule] | Rule = (),
    years: tuple[int, int] | None = None,
) -> Calendar:
    """Return the calendar of these hours, or raise BadCalendar naming every fault.

    `weekly` maps 0 (Monday) to 6 (Sunday) to intervals of wall time; a day left out is closed.
    Overlaps count once. `exceptions` are dated days, and rules that answer the days of a year
    (holidays); where several speak of one date the last one is kept. `years`, first and last,
    are compiled at once; others are when first needed.
    """
    listed: tuple[Day | Rule, ...] = (exceptions,) if callable(exceptions) else tuple(exceptions)
    calendar = _Site(zone_named(zone), week_of(weekly), listed)
    if years is not None:
        if not FIRST_YEAR <= years[0] <= years[1] <= LAST_YEAR:
            raise OutOfReach(f"{OutOfReach.__doc__} {years}")
        calendar._reach(*years)
    return calendar


def intersect(*calendars: Calendar) -> Calendar:
    """Return the calendar open when all of these are (a site's hours and an assistant's).

    Dates are those of the first one's zone; a closed time takes its reason from the first closed.
    """
    if not calendars:
        raise ValueError("intersect needs at least one calendar")
    sites = tuple(site for calendar in calendars for site in calendar._sites())
    return calendars[0] if len(calendars) == 1 else _Common(sites)


class Calendar(Many):
    """Open time of one place. Immutable to callers and safe to share between threads."""

    __slots__ = ("_lock", "_table", "zone")

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._lock = threading.RLock()
        self._table: Table | None = None

    # Adding and counting

    def add(self, start: datetime, duration: timedelta, pauses: Pauses = ()) -> datetime:
        """Return the first moment by which `duration` of open, unpaused time has passed.

        A duration that runs out exactly at closing falls at closing. No duration at all is
        `start` itself, open or not.
        """
        return moment(self._add(instant(start), _length(duration), merged(pauses)))

    def subtract(self, end: datetime, duration: timedelta, pauses: Pauses = ()) -> datetime:
        """Return the last moment to start so that `duration` of open time is left until `end`."""
        return moment(self._subtract(instant(end), _length(duration), merged(pauses)))

    def between(self, a: datetime, b: datetime, pauses: Pauses = ()) -> timedelta:
        """Return the open, unpaused time from `a` to `b`; negative if `b` comes first, as b - a."""
        low, high = instant(a), instant(b)
        stops = merged(pauses)
        if high < low:
            return -timedelta(0, self._unpaused(high, low, stops))
        return timedelta(0, self._unpaused(low, high, stops))

    def is_open(self, at: datetime) -> bool:
        """Return whether the place is open then; at closing time it no longer is."""
        when = instant(at)
        table = self._covering(when)
        span = bisect_right(table.starts, when) - 1
        return span >= 0 and when < table.ends[span]

    def next_open(self, at: datetime) -> datetime:
        """Return the first open moment from `at` on; `at` itself if open then."""
        return moment(self._add(instant(at), 1, ()) - 1)

    def add_days(self, start: datetime, days: int, pauses: Pauses = ()) -> datetime:
        """Return the closing of the `days`-th working day after the one on which the clock starts.

        The clock starts at the first open, unpaused moment, so what comes in on a Saturday
        counts as come in on Monday. A working day is a date with open time; one that is paused
        from end to end does not count, and nothing falls due at a closing that is paused.
        """
        stops = merged(pauses)
        left = _whole(days)
        begun = self._add(instant(start), 1, stops) - 1
        table = self._covering(begun)
        day = bisect_right(table.day_starts, begun) - 1
        while True:
            closing = table.day_closings[day]
            if not left and self._unpaused(closing - 1, closing, stops):
                return moment(closing)
            while day + 1 >= len(table.day_starts):
                midnight = table.day_starts[day]
                table = self._grow(table, later=True)
                day = bisect_right(table.day_starts, midnight) - 1
            day += 1
            ran = self._unpaused(table.day_starts[day], table.day_closings[day], stops)
            left -= bool(left and ran)

    def subtract_days(self, end: datetime, days: int, pauses: Pauses = ()) -> datetime:
        """Return the opening of the `days`-th working day before the one on which `end` falls."""
        stops = merged(pauses)
        left = _whole(days)
        finished = self._subtract(instant(end), 1, stops)
        table = self._covering(finished)
        day = bisect_right(table.day_starts, finished) - 1
        while left:
            while day < 1:
                midnight = table.day_starts[day]
                table = self._grow(table, later=False)
                day = bisect_right(table.day_starts, midnight) - 1
            day -= 1
            if self._unpaused(table.day_starts[day], table.day_closings[day], stops):
                left -= 1
        return moment(self._add(table.day_starts[day], 1, ()) - 1)

    def days_between(self, a: datetime, b: datetime) -> int:
        """Return how many working days after `a` it is at `b`: 0 on the same one, or before.

        What comes in on a Saturday counts as come in on Monday, as in `add_days`.
        """
        low, high = instant(a), instant(b)
        if high <= low:
            return 0
        begun = self._add(low, 1, ()) - 1
        self._covering(high)
        starts = self._covering(begun).day_starts
        return max(0, bisect_right(starts, high) - bisect_right(starts, begun))

    # Explaining

    def segments(self, a: datetime, b: datetime, pauses: Pauses = ()) -> list[Segment]:
        """Return what each moment from `a` to `b` was: open, closed, holiday or paused, and why.

        They touch, and cover the whole; the open ones add up to `between(a, b, pauses)`.
        """
        low, high = instant(a), instant(b)
        if high < low:
            raise ValueError(f"segments end before they begin: {a.isoformat()}, {b.isoformat()}")
        return label(
            low,
            high,
            [(site._cut(low, high), site._dated(low, high)) for site in self._sites()],
            pauses,
        )

    def day(self, day: date) -> Day:
        """Return the hours of that date, with the reason and the source if it is an exception."""
        return self._sites()[0]._day(day)

    # On Unix seconds

    def _add(self, at: int, rest: int, stops: Sequence[tuple[int, int]]) -> int:
        if not rest:
            return at
        for begin, end in stops:
            if end <= at:
                continue
            if begin > at:
                ran = self._counted(at, begin)
                if ran >= rest:
                    break
                rest -= ran
            at = end
        table = self._covering(at)
        while (target := count(table, at) + rest) > table.total:
            _reachable(at + rest)
            table = self._grow(table, later=True)
        span = bisect_left(table.before, target) - 1
        return table.starts[span] + target - table.before[span]

    def _subtract(self, at: int, rest: int, stops: Sequence[tuple[int, int]]) -> int:
        if not rest:
            return at
        for begin, end in reversed(stops):
            if begin >= at:
                continue
            if end < at:
                ran = self._counted(end, at)
                if ran >= rest:
                    break
                rest -= ran
            at = begin
        table = self._covering(at)
        while (target := count(table, at) - rest) < 0:
            _reachable(at - rest)
            table = self._grow(table, later=False)
        span = bisect_right(table.before, target) - 1
        return table.starts[span] + target - table.before[span]

    def _counted(self, a: int, b: int) -> int:
        self._covering(a)
        table = self._covering(b)
        return count(table, b) - count(table, a)

    def _unpaused(self, a: int, b: int, stops: Sequence[tuple[int, int]]) -> int:
        counted = self._counted(a, b)
        for begin, end in stops:
            if begin < b and end > a:
                counted -= self._counted(max(a, begin), min(b, end))
        return counted

    # The table

    def _covering(self, when: int) -> Table:
        table = self._table
        if table is not None and table.lo <= when < table.hi:
            return table
        year = _reachable(when)
        return self._reach(year - 1, year + 1)

    def _reach(self, first: int, last: int) -> Table:
        """Return a table that covers these years beside those already compiled."""
        with self._lock:
            table = self._table
            if table is not None:
                first, last = min(first, table.first), max(last, table.last)
                if (first, last) == (table.first, table.last):
                    return table
            self._table = table = self._tabulate(first, last)
            return table

    def _grow(self, table: Table, *, later: bool) -> Table:
        """Return a wider table: twice the years, so that any distance costs a few steps."""
        step = max(PATIENCE, table.last - table.first + 1)
        with self._lock:
            now = self._table
            if now is not None and (now.first, now.last) != (table.first, table.last):
                return now
            if not self._hopeful(table, later=later):
                raise NeverOpens(NeverOpens.__doc__)
            if (table.last if later else -table.first) >= (LAST_YEAR if later else -FIRST_YEAR):
                raise OutOfReach(OutOfReach.__doc__)
            if later:
                return self._reach(table.first, min(table.last + step, LAST_YEAR + 1))
            return self._reach(max(table.first - step, FIRST_YEAR - 1), table.last)

    def _hopeful(self, table: Table, *, later: bool) -> bool:
        """Return whether an opening may come beyond this table, on the side looked at."""
        edge = table.last if later else table.first
        for site in self._sites():
            if site.never_beyond(edge, later=later):
                return False
        if any(site.known_beyond(edge, later=later) for site in self._sites()):
            return True
        if len(self._sites()) == 1 and self._sites()[0].regular:
            return True
        if not table.starts:
            return table.last - table.first < PATIENCE
        silence = table.hi - table.ends[-1] if later else table.starts[0] - table.lo
        return silence < PATIENCE * 365 * DAY

    def _tabulate(self, first: int, last: int) -> Table:
        wall = Wall(self.zone, first - 1, last + 1)
        dates = np.arange(day_number(date(first, 1, 1)), day_number(date(last + 1, 1, 1)) + 1)
        midnights = wall.instants(dates.astype(np.int64) * DAY)
        lo, hi = int(midnights[0]), int(midnights[-1])
        opens, closes = self._spans(first, last, lo, hi)
        length = closes - opens
        before: Seconds = np.cumsum(length) - length
        table = Table(
            lo,
            hi,
            opens.tolist(),
            closes.tolist(),
            before.tolist(),
            int(length.sum()),
            first,
            last,
            (opens, closes, before),
            [],
            [],
        )
        counts = count_many(table, midnights)
        worked = np.flatnonzero(np.diff(counts) > 0)
        if not len(worked):
            return table
        target = counts[worked + 1]
        span = np.searchsorted(before, target, side="left") - 1
        return table._replace(
            day_starts=midnights[worked].tolist(),
            day_closings=(opens[span] + target - before[span]).tolist(),
        )

    def _spans(self, first: int, last: int, lo: int, hi: int) -> tuple[Seconds, Seconds]:
        raise NotImplementedError

    def _sites(self) -> tuple[_Site, ...]:
        raise NotImplementedError


class _Site(Calendar):
    """A calendar made of a week and its exceptions."""

    __slots__ = ("_listed", "_rules", "_week", "_years", "regular")

    def __init__(
        self,
        zone: ZoneInfo,
        week: tuple[tuple[Interval, ...], ...],
        listed: tuple[Day | Rule, ...],
    ) -> None:
        super().__init__(zone)
        self._week = week
        self._listed = listed
        self._rules = any(not isinstance(each, Day) for each in listed)
        self._years: dict[int, dict[date, Day]] = {}
        self.regular = any(week) and not self._rules

    def _sites(self) -> tuple[_Site, ...]:
        return (self,)

    def never_beyond(self, edge: int, *, later: bool) -> bool:
        """Return whether no opening can come beyond that year."""
        return not (
            any(self._week) or self._rules or self.known_beyond(edge, later=later, opening=True)
        )

    def known_beyond(self, edge: int, *, later: bool, opening: bool = False) -> bool:
        """Return whether a dated exception (an opening one) lies beyond that year."""
        return any(
            (day.date.year > edge if later else day.date.year < edge)
            for day in self._listed
            if isinstance(day, Day) and not (opening and day.closed)
        )

    def _day(self, day: date) -> Day:
        known = self._exceptions(day.year).get(day)
        return known or Day(day, tuple(sorted(self._week[day.weekday()])))

    def _exceptions(self, year: int) -> dict[date, Day]:
        """Return the exceptions of that year; each rule is asked once for it."""
        known = self._years.get(year)
        if known is None:
            known = {}
            for each in self._listed:
                for day in (each,) if isinstance(each, Day) else each(year):
                    if day.date.year == year:
                        known[day.date] = day
            self._years[year] = known
        return known

    def _spans(self, first: int, last: int, lo: int, hi: int) -> tuple[Seconds, Seconds]:
        # A night of 31 December reaches into the first year, so begin one day early.
        dates = np.arange(day_number(date(first, 1, 1)) - 1, day_number(date(last + 1, 1, 1)))
        exceptions = {
            day_number(day.date): day
            for year in range(first - 1, last + 2)
            for day in self._exceptions(year).values()
        }
        usual = dates[~among(dates, exceptions)]
        opens, closes = [], []
        for weekday, hours in enumerate(self._week):
            midnights = usual[(usual + 3) % 7 == weekday] * DAY
            for start, end in hours:
                opens.append(midnights + start)
                closes.append(midnights + end)
        special = [
            (number * DAY + start, number * DAY + end)
            for number, day in exceptions.items()
            if dates[0] <= number <= dates[-1]
            for start, end in day.hours
        ]
        opens.append(np.array([start for start, _ in special], dtype=np.int64))
        closes.append(np.array([end for _, end in special], dtype=np.int64))
        begin, finish = np.concatenate(opens), np.concatenate(closes)
        closed = [number for number, day in exceptions.items() if day.closed]
        morrow = (begin // DAY + 1) * DAY
        cut = (finish > morrow) & among(morrow // DAY, closed)
        wall = Wall(self.zone, first - 1, last + 1)
        return joined(
            np.clip(wall.instants(begin), lo, hi),
            np.clip(wall.instants(np.where(cut, morrow, finish)), lo, hi),
        )

    def _cut(self, low: int, high: int) -> list[tuple[int, int]]:
        """Return the open spans between two instants."""
        self._covering(low)
        table = self._covering(high)
        first = bisect_right(table.ends, low)
        last = bisect_left(table.starts, high)
        return [(max(low, table.starts[i]), min(high, table.ends[i])) for i in range(first, last)]

    def _dated(self, low: int, high: int) -> list[tuple[int, int, Day]]:
        """Return (midnight, next midnight, day) of the exceptions that touch these instants."""
        years = range(moment(low).year - 1, moment(high).year + 2)
        days = sorted(
            (day for year in years for day in self._exceptions(year).values()),
            key=lambda day: day.date,
        )
        midnights = np.array([day_number(day.date) * DAY for day in days], dtype=np.int64)
        wall = Wall(self.zone, years[0], years[-1])
        begins, ends = wall.instants(midnights), wall.instants(midnights + DAY)
        return [
            (begin, end, day)
            for begin, end, day in zip(begins.tolist(), ends.tolist(), days, strict=True)
            if begin < high and end > low and end > begin
        ]


class _Common(Calendar):
    """The time when several calendars are open at once."""

    __slots__ = ("_parts",)

    def __init__(self, parts: tuple[_Site, ...]) -> None:
        super().__init__(parts[0].zone)
        self._parts = parts

    def _sites(self) -> tuple[_Site, ...]:
        return self._parts

    def _spans(self, first: int, last: int, lo: int, hi: int) -> tuple[Seconds, Seconds]:
        edges, steps = [], []
        for part in self._parts:
            opens, closes, _before = part._reach(first - 1, last + 1).spans
            edges += [opens, closes]
            steps += [np.ones(len(opens), np.int64), -np.ones(len(closes), np.int64)]
        when, step = np.concatenate(edges), np.concatenate(steps)
        order = np.argsort(when, kind="stable")
        when, depth = when[order], np.cumsum(step[order])
        full = np.flatnonzero(depth == len(self._parts))
        return joined(np.clip(when[full], lo, hi), np.clip(when[full + 1], lo, hi))


def _reachable(when: int) -> int:
    """Return the year of an instant, give or take a day; open time is never faster than time."""
    year = 1970 + when // 31_556_952
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise OutOfReach(f"{OutOfReach.__doc__} ({_shown(when)})")
    return year


def _length(duration: timedelta) -> int:
    seconds = duration.days * DAY + duration.seconds
    if seconds < 0:
        raise ValueError(f"a duration is negative ({duration}): use subtract to go back")
    return seconds


def _whole(days: int) -> int:
    if days < 0:
        raise ValueError(f"a number of days is negative ({days}): use subtract_days to go back")
    return days


def _shown(when: int) -> str:
    try:
        return moment(when).astimezone(UTC).isoformat()
    except OverflowError:
        return f"{when} s"

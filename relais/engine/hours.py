"""Opening hours as people write them: intervals of a day, dated exceptions, and what is wrong.

Hours belong to the day on which they begin, so 22:00-06:00 on Monday ends on Tuesday morning.
An exception replaces the hours that begin on its day. A day closed by an exception stays closed
from midnight to midnight, also for a night that began on its eve.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY = 86_400
WEEK = 7 * DAY

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")


class Interval(NamedTuple):
    """Wall-clock seconds since the midnight of the day; an end above 86 400 is on the next day."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{_clock(self.start)}-{_clock(self.end)}"


Hours = Interval | Sequence[time | str]
Weekly = Mapping[int, Iterable[Hours]]


@dataclass(frozen=True, slots=True)
class Day:
    """One date that does not follow the week: special hours, or closed when there are none.

    `reason` is the name shown to people ("Noël", "Inventaire"); `source` says where the day comes
    from (an official list, a feed, the person who typed it).
    """

    date: date
    intervals: Iterable[Hours] = ()
    reason: str = ""
    source: str = ""
    hours: tuple[Interval, ...] = field(default=(), init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if isinstance(self.date, datetime) or not isinstance(self.date, date):
            raise BadCalendar([Problem("not_a_date", value=str(self.date))])
        if self.intervals == ():
            return
        given = tuple(self.intervals)
        object.__setattr__(self, "intervals", given)
        try:
            hours = tuple(interval(pair) for pair in given)
        except Unreadable as error:
            raise BadCalendar([Problem(error.code, self.date, value=error.value)]) from None
        object.__setattr__(self, "hours", hours)

    @property
    def closed(self) -> bool:
        return not self.hours


Rule = Callable[[int], Iterable[Day]]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with hours as typed, where, and the intervals that would be right.

    `code` is one of overlap, reversed, empty, too_long, not_a_time, not_a_weekday, not_a_date,
    unknown_zone, never_open. `where` is a weekday (0 is Monday), a date, or None.
    """

    code: str
    where: int | date | None = None
    intervals: tuple[Interval, ...] = ()
    mend: tuple[Interval, ...] = ()
    value: str = ""

    def __str__(self) -> str:
        what = " and ".join(str(each) for each in self.intervals) or self.value
        place = f" ({_place(self.where)})" if self.where is not None else ""
        hint = _MENDS[self.code].format(mend=" or ".join(str(each) for each in self.mend))
        return f"{_FAULTS[self.code]}: {what}{place}. {hint}"


_FAULTS = {
    "overlap": "these hours overlap",
    "reversed": "these hours end before they begin",
    "empty": "these hours have no length",
    "too_long": "these hours are longer than a day",
    "not_a_time": "not a time of day",
    "not_a_weekday": "not a day of the week",
    "not_a_date": "not a date",
    "unknown_zone": "unknown time zone",
    "never_open": "this calendar never opens",
}
_MENDS = {
    "overlap": "Write them as {mend}.",
    "reversed": "Write {mend}, the second one if they run into the next day.",
    "empty": "Give an end after the beginning, or 00:00-24:00 for the whole day.",
    "too_long": "Split them over the days they cover.",
    "not_a_time": "Write hours and minutes as 09:00.",
    "not_a_weekday": "Use 0 for Monday to 6 for Sunday.",
    "not_a_date": "Give a date without a time.",
    "unknown_zone": "Give an IANA name such as Europe/Paris.",
    "never_open": "Give at least one interval in the week, or one dated opening.",
}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class BadCalendar(ValueError):
    """The hours cannot be compiled; `problems` names each fault and its mend."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class Unreadable(ValueError):
    """One interval cannot be read; `code` is that of the Problem to show."""

    def __init__(self, code: str, value: str) -> None:
        super().__init__(f"{_FAULTS[code]}: {value}")
        self.code, self.value = code, value


def interval(pair: Hours) -> Interval:
    """Return the interval between two times of day, given as `time`s or as "09:00" texts.

    An end at or before the start is on the next day; so is an hour from 24 to 47 ("30:00").
    """
    if isinstance(pair, Interval):
        start, end = pair
    else:
        if isinstance(pair, str) or len(pair) != 2:
            raise Unreadable("not_a_time", str(pair))
        start, end = _seconds(pair[0]), _seconds(pair[1])
        if end == start and start:
            raise Unreadable("empty", f"{_clock(start)}-{_clock(end)}")
        if end <= start:
            end += DAY
    if not 0 <= start < DAY:
        raise Unreadable("not_a_time", _clock(start))
    if not start < end <= start + DAY:
        raise Unreadable("too_long" if end > start else "empty", f"{_clock(start)}-{_clock(end)}")
    return Interval(start, end)


def closure(first: date, last: date, reason: str = "", source: str = "") -> tuple[Day, ...]:
    """Return the closed days from `first` to `last`, both included, over the year's end too."""
    length = (last - first).days + 1
    return tuple(Day(first + timedelta(n), (), reason, source) for n in range(length))


def zone_named(name: str | ZoneInfo) -> ZoneInfo:
    """Return the IANA zone of that name, or raise BadCalendar."""
    if isinstance(name, ZoneInfo):
        return name
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        raise BadCalendar([Problem("unknown_zone", value=repr(name))]) from None


def week_of(weekly: Weekly) -> tuple[tuple[Interval, ...], ...]:
    """Return the intervals of Monday to Sunday, or raise BadCalendar naming every fault."""
    days: list[tuple[Interval, ...]] = [()] * 7
    faults: list[Problem] = []
    for weekday, pairs in weekly.items():
        if weekday not in range(7):
            faults.append(Problem("not_a_weekday", value=repr(weekday)))
            continue
        read: list[Interval] = []
        for pair in pairs:
            try:
                read.append(interval(pair))
            except Unreadable as error:
                faults.append(Problem(error.code, weekday, value=error.value))
        days[weekday] = tuple(read)
    if faults:
        raise BadCalendar(faults)
    return tuple(days)


def problems(
    zone: str | ZoneInfo,
    weekly: Weekly,
    exceptions: Iterable[Day] = (),
    *,
    overnight: bool = False,
) -> list[Problem]:
    """Return what a form should refuse, with the mend; nothing when all is well.

    `compile` counts overlaps once and takes 22:00-06:00 as a night. A person who types them may
    have slipped, so here an overlap is named, and so is an end before its beginning unless
    `overnight` says that nights are meant. "22:00" to "30:00" is a night in any case.
    """
    found: list[Problem] = []
    try:
        zone_named(zone)
    except BadCalendar as error:
        found += error.problems
    try:
        week = week_of(weekly)
    except BadCalendar as error:
        return [*found, *error.problems]
    days = list(exceptions)
    if not overnight:
        for weekday, pairs in weekly.items():
            found += _reversed(weekday, pairs)
        for day in days:
            found += _reversed(day.date, day.intervals)
    found += _overlaps_of_week(week)
    for day in days:
        found += _overlaps([(each, day.date) for each in sorted(day.hours)])
    if not any(week) and all(day.closed for day in days):
        found.append(Problem("never_open"))
    return found


def _reversed(where: int | date, pairs: Iterable[Hours]) -> Iterable[Problem]:
    for pair in pairs:
        if isinstance(pair, Interval):
            continue
        start, end = _seconds(pair[0]), _seconds(pair[1])
        if 0 < end < start:
            slip = Interval(start, end)
            yield Problem("reversed", where, (slip,), (Interval(end, start), interval(pair)))


def _overlaps_of_week(week: Sequence[Sequence[Interval]]) -> Iterable[Problem]:
    """A night of Sunday may run into Monday, so the week is looked at as a ring."""
    ring = [
        (Interval(weekday * DAY + start, weekday * DAY + end), weekday)
        for weekday, hours in enumerate(week)
        for start, end in sorted(hours)
    ]
    first_day = [
        (Interval(each.start + WEEK, each.end + WEEK), weekday)
        for each, weekday in ring
        if weekday == 0
    ]
    tail = [pair for pair in ring if pair[0].end > WEEK]
    seen = list(_overlaps(ring))
    for night in tail:
        for morning in first_day:
            seen += _overlaps([night, morning])
    return seen


def _overlaps(ring: Sequence[tuple[Interval, int | date]]) -> Iterable[Problem]:
    last: tuple[Interval, int | date] | None = None
    for each, where in ring:
        if last is not None and each.start < last[0].end:
            both = (_of_day(last[0]), _of_day(each))
            whole = Interval(last[0].start, max(last[0].end, each.end))
            yield Problem("overlap", where, both, (_of_day(whole),))
        if last is None or each.end > last[0].end:
            last = (each, where)


def _of_day(each: Interval) -> Interval:
    shift = each.start // DAY * DAY
    return Interval(each.start - shift, each.end - shift)


def _seconds(moment: time | str) -> int:
    if isinstance(moment, time):
        if moment.tzinfo is not None:
            raise Unreadable("not_a_time", str(moment))
        return moment.hour * 3600 + moment.minute * 60 + moment.second
    match = _CLOCK.fullmatch(moment.strip()) if isinstance(moment, str) else None
    if match is None:
        raise Unreadable("not_a_time", repr(moment))
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if hour > 48 or minute > 59 or second > 59:
        raise Unreadable("not_a_time", repr(moment))
    return hour * 3600 + minute * 60 + second


def _clock(seconds: int) -> str:
    minutes, second = divmod(seconds, 60)
    text = f"{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{text}:{second:02d}" if second else text


def _place(where: int | date) -> str:
    return where.isoformat() if isinstance(where, date) else _WEEKDAYS[where]

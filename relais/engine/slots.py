"""Times at which several people can meet, by their own rules, the least trouble first.

Hard rules are the hours of each, what they have already with a gap around it, what they protect,
the notice they ask and how many meetings a day they bear. Among what is left, trouble is counted in
points, each with its reason, and three proposals are spread over days. When there is none, it is
said who is in the way and by which rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Span = tuple[datetime, datetime]
Seconds = NDArray[np.int64]
Flags = NDArray[np.bool_]
Reals = NDArray[np.float64]

STEP = timedelta(minutes=15)
# Points. A day later costs as much as three people's lunches.
PER_DAY, LUNCH, EDGE, LEFTOVER, ABSENT, SAME_DAY = 9.0, 3.0, 2.0, 1.0, 6.0, 30.0
# Wall-clock minutes of the noon break, and how near the ends of a day is "early" or "late".
NOON, NEAR_END = (12 * 60, 14 * 60), 30
# A stretch shorter than this is of no use to anybody.
USELESS = 30 * 60


class BadSearch(ValueError):
    """What is asked has no meaning; the text says what."""


@dataclass(frozen=True)
class Attendee:
    """Somebody who should be there.

    `open`: her hours in the period; `busy`: what she has already (absences too), kept `gap` apart;
    `meetings`: those of `busy` that count for `most_meetings` a day; `protected`: hours that she
    keeps for herself. `optional`: better with her, possible without.
    """

    key: int
    name: str
    zone: str
    open: Sequence[Span]
    busy: Sequence[Span] = ()
    protected: Sequence[Span] = ()
    meetings: Sequence[Span] = ()
    notice: timedelta = timedelta(0)
    gap: timedelta = timedelta(0)
    most_meetings: int | None = None
    optional: bool = False


# Why somebody cannot, in the order in which it is said.
CODES = ("closed", "busy", "protected", "notice", "too_many")


@dataclass(frozen=True)
class Trouble:
    """A reason against a proposal: its code, its points, and whose it is (None: everybody's)."""

    code: str
    points: float
    person: int | None = None


@dataclass(frozen=True)
class Proposal:
    """A time that respects every hard rule, with what speaks against it."""

    start: datetime
    end: datetime
    troubles: tuple[Trouble, ...]
    without: tuple[int, ...] = ()

    @property
    def points(self) -> float:
        """Return the sum of the troubles: the least is proposed first."""
        return sum(trouble.points for trouble in self.troubles)


@dataclass(frozen=True)
class InTheWay:
    """Somebody whose rules close times: how many each does, and what there would be without her."""

    person: int
    closes: dict[str, int]
    free_without: int


@dataclass(frozen=True)
class Found:
    """The proposals, best first; who is in the way when there are fewer than were asked."""

    proposals: tuple[Proposal, ...]
    tried: int
    in_the_way: tuple[InTheWay, ...] = ()


def find(
    people: Sequence[Attendee],
    length: timedelta,
    period: Span,
    now: datetime,
    *,
    count: int = 3,
    step: timedelta = STEP,
) -> Found:
    """Return the times at which all who must can meet. Raises `BadSearch`."""
    if not any(not one.optional for one in people):
        raise BadSearch("people: at least one has to be there")
    if length <= timedelta(0) or step <= timedelta(0):
        raise BadSearch("length: more than nothing")
    if period[0] >= period[1]:
        raise BadSearch("period: it ends before it begins")
    starts = _grid(period, length, step)
    ends = starts + int(length.total_seconds())
    closed = {one.key: _closed(one, starts, ends, now) for one in people}
    shut = {key: np.any([*codes.values()], axis=0) for key, codes in closed.items()}
    must = [one for one in people if not one.optional]
    free = ~np.any([shut[one.key] for one in must], axis=0)
    points = _points(people, starts, ends, shut, now)
    chosen = _spread(points, free, starts, ends, ZoneInfo(must[0].zone), count)
    proposals = tuple(
        _proposal(people, starts[n], ends[n], [one.key for one in people if shut[one.key][n]], now)
        for n in chosen
    )
    ways = _in_the_way(must, closed, shut, len(starts)) if len(proposals) < count else ()
    return Found(proposals, len(starts), ways)


def drawn(one: Attendee, period: Span, now: datetime, step: timedelta) -> list[str]:
    """Return how each step of a period stands for somebody: "" where she is free, else why not.

    The first of `CODES` that closes it. The gap that she keeps around is not drawn: nothing is
    there; nor is how many meetings she bears.
    """
    starts = _grid(period, step, step)
    bare = replace(one, gap=timedelta(0), most_meetings=None)
    closed = _closed(bare, starts, starts + int(step.total_seconds()), now)
    return [next((code for code in CODES if closed[code][n]), "") for n in range(len(starts))]


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _grid(period: Span, length: timedelta, step: timedelta) -> Seconds:
    """Return the starts that are tried: on the quarters of the clock."""
    pace = int(step.total_seconds())
    first = -(-_seconds(period[0]) // pace) * pace
    return np.arange(first, _seconds(period[1]) - int(length.total_seconds()) + 1, pace)


def _within(spans: Iterable[Span], starts: Seconds, ends: Seconds) -> Flags:
    """Return which times lie wholly within one of the spans; those that touch are one."""
    joined: list[list[int]] = []
    for begin, end in sorted((_seconds(a), _seconds(b)) for a, b in spans):
        if joined and begin <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([begin, end])
    found = np.zeros(len(starts), dtype=bool)
    for begin, end in joined:
        found |= (starts >= begin) & (ends <= end)
    return found


def _touches(spans: Iterable[Span], starts: Seconds, ends: Seconds, gap: int = 0) -> Flags:
    found = np.zeros(len(starts), dtype=bool)
    for begin, end in spans:
        found |= (starts < _seconds(end) + gap) & (ends > _seconds(begin) - gap)
    return found


def _closed(one: Attendee, starts: Seconds, ends: Seconds, now: datetime) -> dict[str, Flags]:
    """Return, for each rule, the times that it closes to her."""
    gap = int(one.gap.total_seconds())
    too_many = np.zeros(len(starts), dtype=bool)
    if one.most_meetings is not None:
        zone = ZoneInfo(one.zone)
        held: dict[int, int] = {}
        for begin, _end in one.meetings:
            day = begin.astimezone(zone).toordinal()
            held[day] = held.get(day, 0) + 1
        full = [day for day, number in held.items() if number >= one.most_meetings]
        days = _days(starts, zone)
        too_many = np.isin(days, full) if one.most_meetings else np.ones_like(too_many)
    return {
        "closed": ~_within(one.open, starts, ends),
        "busy": _touches(one.busy, starts, ends, gap),
        "protected": _touches(one.protected, starts, ends),
        "notice": starts < _seconds(now + one.notice),
        "too_many": too_many,
    }


def _days(starts: Seconds, zone: ZoneInfo) -> Seconds:
    """Return the day, as an ordinal, on which each falls in a zone."""
    return np.array(
        [datetime.fromtimestamp(int(at), zone).toordinal() for at in starts], dtype=np.int64
    )


def _troubles(one: Attendee, start: int, end: int) -> list[Trouble]:
    """Return what speaks against a time for one person, who could be there."""
    zone = ZoneInfo(one.zone)
    local = datetime.fromtimestamp(start, zone)
    begins = local.hour * 60 + local.minute
    ends = begins + (end - start) // 60
    found = []
    if begins < NOON[1] and ends > NOON[0]:
        found.append(Trouble("lunch", LUNCH, one.key))
    around = [(_seconds(a), _seconds(b)) for a, b in one.open]
    inside = next(((a, b) for a, b in around if a <= start and end <= b), None)
    today = [
        (a, b)
        for a, b in around
        if datetime.fromtimestamp(a, zone).toordinal() == local.toordinal()
    ]
    if inside is not None and today:
        first, last = min(a for a, _b in today), max(b for _a, b in today)
        if start - first < NEAR_END * 60 or last - end < NEAR_END * 60:
            found.append(Trouble("edge", EDGE, one.key))
        taken = [(_seconds(a), _seconds(b)) for a, b in one.busy]
        before = start - max([b for _a, b in taken if b <= start] + [inside[0]])
        after = min([a for a, _b in taken if a >= end] + [inside[1]]) - end
        if 0 < before < USELESS or 0 < after < USELESS:
            found.append(Trouble("leftover", LEFTOVER, one.key))
    return found


def _waits(start: int, now: datetime) -> float:
    return max(start - _seconds(now), 0) / 86_400 * PER_DAY


def _points(
    people: Sequence[Attendee],
    starts: Seconds,
    ends: Seconds,
    shut: dict[int, Flags],
    now: datetime,
) -> Reals:
    """Return the points of each time, of those at which all who must can be there."""
    found = np.full(len(starts), np.inf)
    free = ~np.any([shut[one.key] for one in people if not one.optional], axis=0)
    for n in np.flatnonzero(free):
        start, end = int(starts[n]), int(ends[n])
        total = _waits(start, now)
        for one in people:
            if shut[one.key][n]:
                total += ABSENT
            else:
                total += sum(trouble.points for trouble in _troubles(one, start, end))
        found[n] = total
    return found


def _spread(
    points: Reals, free: Flags, starts: Seconds, ends: Seconds, zone: ZoneInfo, count: int
) -> list[int]:
    """Return the places of the best times, apart from one another, rather on other days."""
    left, chosen = np.where(free, points, np.inf), list[int]()
    days = _days(starts, zone)
    while len(chosen) < count and np.isfinite(left).any():
        best = int(left.argmin())
        chosen.append(best)
        left[(starts < ends[best]) & (ends > starts[best])] = np.inf
        left[days == days[best]] += SAME_DAY
    return sorted(chosen, key=lambda n: (points[n], n))


def _proposal(
    people: Sequence[Attendee], start: np.int64, end: np.int64, missing: list[int], now: datetime
) -> Proposal:
    zone = ZoneInfo(next(one.zone for one in people if not one.optional))
    troubles = [Trouble("waits", round(_waits(int(start), now), 2))]
    for one in people:
        if one.key in missing:
            troubles.append(Trouble("absent", ABSENT, one.key))
        else:
            troubles += _troubles(one, int(start), int(end))
    return Proposal(
        datetime.fromtimestamp(int(start), zone),
        datetime.fromtimestamp(int(end), zone),
        tuple(troubles),
        tuple(missing),
    )


def _in_the_way(
    must: Sequence[Attendee],
    closed: dict[int, dict[str, Flags]],
    shut: dict[int, Flags],
    tried: int,
) -> tuple[InTheWay, ...]:
    """Return who closes times that the others have, the one in the way most first."""
    found = []
    for one in must:
        others = [shut[each.key] for each in must if each.key != one.key]
        without = ~np.any(others, axis=0) if others else np.ones(tried, dtype=bool)
        hers = {code: int((closed[one.key][code] & without).sum()) for code in CODES}
        hers = {code: number for code, number in hers.items() if number}
        if hers:
            found.append(InTheWay(one.key, hers, int(without.sum())))
    return tuple(sorted(found, key=lambda way: (-way.free_without, way.person)))

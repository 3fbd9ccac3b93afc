"""Who works when: duties of each person over some weeks, by named rules, with a proven gap.

A problem is values: duties (shifts), people with their rules and wishes, needs to be met. A plan
says what each does on each day, what it costs and why, and a bound below which no plan can cost.
Days are counted from 0; minutes are minutes; costs are points that the caller weighs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

OFF = ""
# A day is free, or has one duty.
Row = tuple[str, ...]


class BadProblem(ValueError):
    """The problem contradicts itself; the text names the person or the day."""


@dataclass(frozen=True)
class Duty:
    """A kind of shift. `never_next`: duties that may not follow it on the next day (rest)."""

    key: str
    minutes: int
    never_next: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Worker:
    """A person and her rules.

    `most`: how often at most each duty (one not named: as often as days; 0: never). `minutes`:
    the least and the most of each period of the problem. `run`: the least and the most days worked
    in a row; `rest`: the least days free in a row; both count as kept beyond the ends of the
    horizon. `weekends`: how many at most with work on one of their days. `away`: days not worked.
    `pinned`: what a person decided, by day. `never`: duties, by day, that what she did before the
    first day leaves too little rest for. `cost`: points of a duty (or `OFF`) on a day.
    """

    key: int
    most: Mapping[str, int] = field(default_factory=dict)
    minutes: Sequence[tuple[int, int]] = ()
    run: tuple[int, int] = (1, 7)
    rest: int = 1
    weekends: int | None = None
    away: frozenset[int] = frozenset()
    pinned: Mapping[int, str] = field(default_factory=dict)
    cost: Mapping[tuple[int, str], float] = field(default_factory=dict)
    never: Mapping[int, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Need:
    """How many are wanted on a day for any of some duties, of some people (None: of all).

    `under` and `over`: points for each one missing, and each one too many.
    """

    day: int
    duties: frozenset[str]
    wanted: int
    under: float
    over: float = 0.0
    people: frozenset[int] | None = None
    name: str = ""


@dataclass(frozen=True)
class Problem:
    """Everything a roster is made of.

    `periods`: the first day of each stretch over which minutes are counted; the first is 0.
    `weekends`: the days of each weekend.
    """

    days: int
    duties: Sequence[Duty]
    people: Sequence[Worker]
    needs: Sequence[Need]
    periods: Sequence[int] = (0,)
    weekends: Sequence[tuple[int, ...]] = ()

    def __post_init__(self) -> None:
        """Raise `BadProblem`, naming what contradicts itself."""
        known = {duty.key for duty in self.duties}
        if len(known) != len(self.duties) or OFF in known:
            raise BadProblem("duties: each has a key of its own, and none is empty")
        if list(self.periods[:1]) != [0] or any(a >= b for a, b in pairwise(self.periods)):
            raise BadProblem("periods: the first begins on day 0, each later than the one before")
        keys = [person.key for person in self.people]
        if len(set(keys)) != len(keys):
            raise BadProblem("people: each has a key of his own")
        for person in self.people:
            _check_worker(person, self, known)
        for need in self.needs:
            if not 0 <= need.day < self.days or not need.duties <= known:
                raise BadProblem(f"need {need.name or need.day}: its day or duty is not there")
            if need.wanted < 0 or need.under < 0 or need.over < 0:
                raise BadProblem(f"need {need.name or need.day}: figures are from 0 on")


def _check_worker(person: Worker, problem: Problem, known: set[str]) -> None:
    who = f"person {person.key}"
    if len(person.minutes) not in (0, len(problem.periods)):
        raise BadProblem(f"{who}: minutes of each of {len(problem.periods)} periods, or none")
    if any(least > most for least, most in [*person.minutes, person.run]):
        raise BadProblem(f"{who}: a least that is more than the most")
    if person.rest < 1 or person.run[0] < 1:
        raise BadProblem(f"{who}: days in a row are counted from 1 on")
    for day, duty in person.pinned.items():
        if not 0 <= day < problem.days or (duty != OFF and duty not in known):
            raise BadProblem(f"{who}: day {day} is pinned to what is not there")
        if duty != OFF and (day in person.away or person.most.get(duty, 1) == 0):
            raise BadProblem(f"{who}: day {day} is pinned to a duty that she may not have")


# The rules ----------------------------------------------------------------------------------------

SENTENCES = {
    "most": "has the duty “%(duty)s” %(seen)s times, more than %(limit)s",
    "minutes_under": "works %(seen)s minutes from day %(day)s on, less than %(limit)s",
    "minutes_over": "works %(seen)s minutes from day %(day)s on, more than %(limit)s",
    "run_over": "works %(seen)s days in a row from day %(day)s on, more than %(limit)s",
    "run_under": "works only %(seen)s days in a row from day %(day)s on, less than %(limit)s",
    "rest_under": "is free only %(seen)s days in a row from day %(day)s on, less than %(limit)s",
    "weekends": "works on %(seen)s weekends, more than %(limit)s",
    "away": "works on day %(day)s, on which she is away",
    "pinned": "does not have on day %(day)s what was decided",
    "rest": "has too little rest after day %(day)s",
}


@dataclass(frozen=True)
class Broken:
    """A hard rule that a row breaks: its code, the person, and the facts of its sentence."""

    code: str
    person: int
    facts: Mapping[str, object]

    def __str__(self) -> str:
        return f"person {self.person} " + SENTENCES[self.code] % self.facts


def broken(problem: Problem, person: Worker, row: Row) -> list[Broken]:
    """Return every hard rule that a person's row breaks."""
    duties = {duty.key: duty for duty in problem.duties}
    found: list[Broken] = []

    def say(code: str, **facts: object) -> None:
        found.append(Broken(code, person.key, facts))

    for key, limit in person.most.items():
        if (seen := row.count(key)) > limit:
            say("most", duty=key, seen=seen, limit=limit)
    ends = [*problem.periods[1:], problem.days]
    for (least, most), first, end in zip(person.minutes, problem.periods, ends, strict=False):
        worked = sum(duties[key].minutes for key in row[first:end] if key != OFF)
        if worked < least:
            say("minutes_under", day=first, seen=worked, limit=least)
        if worked > most:
            say("minutes_over", day=first, seen=worked, limit=most)
    _broken_runs(person, row, say)
    if person.weekends is not None:
        seen = sum(any(row[day] != OFF for day in days) for days in problem.weekends)
        if seen > person.weekends:
            say("weekends", seen=seen, limit=person.weekends)
    for day, key in enumerate(row):
        if key != OFF and day in person.away:
            say("away", day=day)
        if person.pinned.get(day, key) != key:
            say("pinned", day=day)
        if key in person.never.get(day, ()):
            say("rest", day=day - 1)
        if day and row[day - 1] != OFF and key in duties[row[day - 1]].never_next:
            say("rest", day=day - 1)
    return found


def _broken_runs(person: Worker, row: Row, say: Callable[..., None]) -> None:
    first = 0
    while first < len(row):
        last = first
        while last + 1 < len(row) and (row[last + 1] == OFF) == (row[first] == OFF):
            last += 1
        length, inside = last - first + 1, first > 0 and last < len(row) - 1
        if row[first] == OFF:
            if inside and length < person.rest:
                say("rest_under", day=first, seen=length, limit=person.rest)
        else:
            if length > person.run[1]:
                say("run_over", day=first, seen=length, limit=person.run[1])
            if inside and length < person.run[0]:
                say("run_under", day=first, seen=length, limit=person.run[0])
        first = last + 1


@dataclass(frozen=True)
class Shortfall:
    """A need that is not met exactly: how many are there, and what it costs."""

    need: Need
    there: int
    cost: float


@dataclass(frozen=True)
class Plan:
    """What everybody does: a row of duties a person (`OFF` is free).

    `bound`: no roster that keeps the rules costs less. `gap`: how much dearer this one may be than
    the best, as a share of its cost.
    """

    rows: Mapping[int, Row]
    cost: float
    bound: float
    shortfalls: tuple[Shortfall, ...] = ()

    @property
    def gap(self) -> float:
        """Return the part of the cost that is not proven to be needed: 0 is the best there is."""
        open_ = self.cost - self.bound
        return open_ / max(abs(self.cost), 1.0) if open_ > 0 else 0.0


def priced(problem: Problem, rows: Mapping[int, Row], bound: float = 0.0) -> Plan:
    """Return the rows as a plan: their cost, and the needs that are not met exactly."""
    wishes = sum(
        person.cost.get((day, key), 0.0)
        for person in problem.people
        for day, key in enumerate(rows[person.key])
    )
    short = []
    for need in problem.needs:
        there = sum(
            row[need.day] in need.duties
            for key, row in rows.items()
            if need.people is None or key in need.people
        )
        off = need.wanted - there
        cost = need.under * off if off > 0 else need.over * -off
        if cost:
            short.append(Shortfall(need, there, cost))
    return Plan(rows, wishes + sum(each.cost for each in short), bound, tuple(short))


def pinning(
    problem: Problem, plan: Mapping[int, Row], change: float, absent: Mapping[int, Iterable[int]]
) -> Problem:
    """Return the problem of mending a published plan when some are absent on some days.

    Each day of anybody else that becomes another than published costs `change` points.
    """
    people = []
    for person in problem.people:
        gone = frozenset(absent.get(person.key, ()))
        cost = dict(person.cost)
        for day, was in enumerate(plan[person.key]):
            if day in gone:
                continue
            for key in (OFF, *(duty.key for duty in problem.duties)):
                if key != was:
                    cost[day, key] = cost.get((day, key), 0.0) + change
        pinned = {day: key for day, key in person.pinned.items() if day not in gone}
        least = [(0, most) for _least, most in person.minutes] if gone else person.minutes
        people.append(
            replace(person, away=person.away | gone, cost=cost, pinned=pinned, minutes=least)
        )
    return replace(problem, people=people)


def changes(before: Mapping[int, Row], after: Mapping[int, Row]) -> dict[int, list[int]]:
    """Return, by person, the days that became others."""
    found = {
        key: [day for day, (was, now) in enumerate(zip(row, after[key], strict=True)) if was != now]
        for key, row in before.items()
    }
    return {key: days for key, days in found.items() if days}

"""A pool that lives through a stretch of time under one rule of dispatch. Work is never taken back.

Time is counted in open minutes: a day is `day` of them, nights and closed days are left out. The
same world is lived under every rule (common random numbers), so that what differs is the rule.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from relais.engine.matching import Flags, Places, Reals

AT_HOME = 20.0  # works remembered by which a site is wholly known
HALF_LIFE = 20  # working days
AHEAD_DAYS = 4
TICK = 15.0
EVER = 1e7
FADING = 0.5 ** (1 / 5)
# What a day of work is after the last day that is told, and between two that are (open minutes).
USUAL_DAY = 420.0
FAR_GAP = 1200.0
Whole = NDArray[np.int_]


@dataclass
class Day:
    """Spans of work of one person: starts and ends, in open minutes, at most two a day."""

    starts: Reals
    ends: Reals


@dataclass
class World:
    """What happens whatever the rule is. J requests sorted by arrival, n people."""

    arrival: Reals
    site: Whole
    service: Whole
    true: Reals  # minutes of work, for one of usual skill who knows the site
    estimate: Reals  # the same, as the dispatcher believes
    due: Reals
    kind: Whole  # a class of promises, 0 the most urgent
    weight: Reals
    able: Flags  # (n, J)
    factor: Reals  # (n, J): of skill
    known: Reals  # (n, sites): what she did there, decayed
    spans: list[Day]  # real ones
    planned: list[Day]  # as the dispatcher believes until the day begins
    sites: int = 12
    counted: Flags = field(default_factory=lambda: np.zeros(0, bool))
    day: int = 600
    days: int = 25
    strangers_need: float = 0.2
    # Minutes that the pool works in a day; None: everybody's usual day.
    daily: float | None = None


@dataclass
class Figures:
    """What the counted requests got."""

    in_time: float
    urgent: float
    worst_class: float
    worst_site: float
    tardiness: float
    familiar: float
    spread: float  # coefficient of variation of utilisation
    illegal: int
    open_at_end: int
    effort: float  # minutes done per minute of work content


class Policy(Protocol):
    """A rule of dispatch."""

    def begin(self, sim: Sim) -> None:
        """Take note of the world."""

    def arrived(self, sim: Sim, j: int) -> None:
        """Take note of a request that has come."""

    def starts(self, sim: Sim, idle: Flags) -> Iterable[tuple[int, int]]:
        """Return who begins which request now, of those who are there and idle."""


class Sim:
    """The pool at one moment."""

    def __init__(self, world: World, policy: Policy) -> None:
        self.world, self.policy = world, policy
        n = len(world.spans)
        self.n, self.now = n, 0.0
        self.starts, self.ends, self.ghost = _tables(world)
        worked = np.where(self.ghost, self.starts, self.ends)
        self.before = _prefix(self.starts, worked, world.days)
        self.known = world.known.copy()
        self.busy: Flags = np.zeros(n, bool)
        self.expected = np.zeros(n)  # minutes of the work in hand, as believed
        self.begun = np.zeros(n)  # her minutes at work when she began it
        self.idle_since = np.zeros(n)
        self.begun_at = np.full(len(world.arrival), np.inf)
        self.done_at = np.full(len(world.arrival), np.inf)
        self.by: Places = np.full(len(world.arrival), -1, dtype=np.intp)
        self.stranger: Flags = np.zeros(len(world.arrival), bool)
        self.spent = np.zeros(n)
        self.recent = np.full(n, 300.0)  # minutes done, the older ones fading
        self.paid = np.full(n, 330.0)  # minutes at work, fading alike
        self.waiting: list[int] = []
        self.illegal = 0
        self.familiar = np.minimum(self.known / AT_HOME, 1.0)
        policy.begin(self)

    # The clock

    def run(self) -> Figures:
        """Return what came of it, once all the days are lived."""
        self.live()
        return self.figures()

    def live(self) -> None:
        """Live all the days."""
        world = self.world
        end = world.days * world.day
        ready = np.unique(self.starts[(self.ends > self.starts) & ~self.ghost])
        events: list[tuple[float, int, int]] = [(float(t), 1, -1) for t in ready]
        events += [(float(day * world.day), 0, -1) for day in range(world.days)]
        heapq.heapify(events)
        next_arrival, count = 0, len(world.arrival)
        tick = np.inf
        while True:
            t = events[0][0] if events else np.inf
            a = world.arrival[next_arrival] if next_arrival < count else np.inf
            now = min(t, a, tick)
            if now >= end:
                break
            tick = np.inf
            self.now = now
            if a <= now:
                self.waiting.append(next_arrival)
                self.policy.arrived(self, next_arrival)
                next_arrival += 1
            while events and events[0][0] <= now:
                _when, what, who = heapq.heappop(events)
                if what == 0:
                    self._next_day()
                elif what == 2:
                    self.busy[who] = False
                    self.idle_since[who] = now
            if not self.waiting:
                continue
            idle = self.there(now) & ~self.busy
            if not idle.any():
                continue
            for i, j in self.policy.starts(self, idle):
                heapq.heappush(events, (self._start(i, j, idle), 2, i))
                idle[i] = False
            if self.waiting and idle.any():
                tick = now + TICK

    def _next_day(self) -> None:
        self.known *= 0.5 ** (1 / HALF_LIFE)
        self.familiar = np.minimum(self.known / AT_HOME, 1.0)
        self.recent *= FADING
        self.paid *= FADING
        self.paid += self.day_long(self.now)

    def _start(self, i: int, j: int, idle: Flags) -> float:
        world = self.world
        if not (idle[i] and world.able[i, j] and j in self.waiting):
            self.illegal += 1
        self.waiting.remove(j)
        site = world.site[j]
        known = self.familiar[i, site]
        factor = world.factor[i, j] * (1 + world.strangers_need * (1 - known))
        minutes = world.true[j] * factor
        self.stranger[j] = known < 0.5
        self.known[i, site] += 1
        self.familiar[i, site] = min(self.known[i, site] / AT_HOME, 1.0)
        self.busy[i] = True
        self.expected[i] = world.estimate[j] * factor
        self.begun[i] = self.worked(self.now)[i]
        self.spent[i] += minutes
        self.recent[i] += minutes
        self.by[j] = i
        self.begun_at[j] = self.now
        self.done_at[j] = self.true_end(i, minutes)
        return float(self.done_at[j])

    # What a rule may look at

    def there(self, now: float) -> Flags:
        """Return who is at work."""
        first = 2 * int(now // self.world.day)
        today = slice(first, first + 2)
        inside = (self.starts[:, today] <= now) & (now < self.ends[:, today])
        found: Flags = np.logical_or.reduce(inside & ~self.ghost[:, today], axis=1)
        return found

    def day_long(self, now: float) -> Reals:
        """Return everybody's minutes of work of this day."""
        first = 2 * int(now // self.world.day)
        found: Reals = self.before[:, first + 2] - self.before[:, first]
        return found

    def worked(self, now: float) -> Reals:
        """Return everybody's minutes at work so far."""
        first = 2 * int(now // self.world.day)
        today = slice(first, first + 2)
        part = np.minimum(self.ends[:, today], now) - self.starts[:, today]
        part = np.where(self.ghost[:, today], 0, np.maximum(part, 0))
        found: Reals = self.before[:, first] + part.sum(1)
        return found

    def true_end(self, i: int, minutes: float) -> float:
        """Return when she has really done so much work from now on."""
        left, span = minutes, 2 * int(self.now // self.world.day)
        while span < self.starts.shape[1]:
            if not self.ghost[i, span]:
                start = max(self.starts[i, span], self.now)
                length = self.ends[i, span] - start
                if length > 0:
                    if left <= length:
                        return float(start + left)
                    left -= length
            span += 1
        return EVER

    def ahead(self) -> Reals:
        """Return the minutes left of what everybody has begun, as believed."""
        left = self.expected - (self.worked(self.now) - self.begun)
        found: Reals = np.where(self.busy, np.maximum(left, 0.15 * self.expected + 2), 0.0)
        return found

    def coming(self) -> tuple[Reals, Reals, Reals]:
        """Return first, cuts and gaps from now on (see `matching.Scene`), as believed."""
        a = 2 * int(self.now // self.world.day)
        part = slice(a, a + 2 * AHEAD_DAYS)
        raw, ends = self.starts[:, part], self.ends[:, part]
        starts = np.maximum(raw, self.now)
        dead = self.ghost[:, part] & (raw <= self.now)
        length = np.where(dead, 0.0, np.maximum(ends - starts, 0.0))
        gaps = np.empty_like(starts)
        gaps[:, :-1] = starts[:, 1:] - starts[:, :-1] - length[:, :-1]
        gaps[:, -1] = FAR_GAP
        return starts[:, 0] - self.now, np.cumsum(length, 1), gaps

    # The outcome

    def late(self) -> Reals:
        """Return by how many open minutes each request is late; what is still open, at the end."""
        world, end = self.world, self.world.days * self.world.day
        done = np.minimum(self.done_at, end + world.day)
        found: Reals = np.maximum(done - world.due, 0)
        return found

    def utilisation(self) -> Reals:
        """Return the share of their time that those who are there five days or more worked."""
        there = np.maximum(self.before[:, -1], 1)
        found: Reals = (self.spent / there)[there > 10 * self.world.day / 2]
        return found

    def figures(self) -> Figures:
        """Return what the counted requests got."""
        world, end = self.world, self.world.days * self.world.day
        counted = world.counted & (world.due <= end)
        late = self.late()
        kept = late <= 1e-9
        sites = [kept[counted & (world.site == s)].mean() for s in range(world.sites)]
        kinds = [kept[counted & (world.kind == k)].mean() for k in range(3)]
        done = counted & (self.by >= 0)
        use = self.utilisation()
        return Figures(
            in_time=kept[counted].mean(),
            urgent=kinds[0],
            worst_class=min(kinds),
            worst_site=min(sites),
            tardiness=late[counted].mean(),
            familiar=1 - self.stranger[done].mean(),
            spread=use.std() / use.mean(),
            illegal=self.illegal,
            open_at_end=len(self.waiting),
            effort=self.spent.sum() / max(world.true[self.by >= 0].sum(), 1),
        )


def _tables(world: World) -> tuple[Reals, Reals, Flags]:
    """Return starts, ends and ghosts, two spans a day: a ghost is planned and does not come."""
    n, days = len(world.spans), world.days
    starts = np.repeat(np.arange(days + AHEAD_DAYS) * world.day, 2)[None, :] * np.ones((n, 1))
    ends, ghost = starts.copy(), np.zeros(starts.shape, bool)
    for i in range(n):
        real = set(world.spans[i].starts)
        for start, end in zip(world.planned[i].starts, world.planned[i].ends, strict=True):
            day = int(start // world.day)
            place = 2 * day + (ends[i, 2 * day] > starts[i, 2 * day])
            starts[i, place], ends[i, place] = start, end
            ghost[i, place] = start not in real
    for day in range(days, days + AHEAD_DAYS):  # after the last week everybody is there
        ends[:, 2 * day] = starts[:, 2 * day] + USUAL_DAY
        starts[:, 2 * day + 1] = ends[:, 2 * day + 1] = starts[:, 2 * day] + USUAL_DAY
    return starts, ends, ghost


def _prefix(starts: Reals, ends: Reals, days: int) -> Reals:
    length = np.maximum(ends - starts, 0)[:, : 2 * days]
    return np.concatenate([np.zeros((len(starts), 1)), np.cumsum(length, 1)], 1)

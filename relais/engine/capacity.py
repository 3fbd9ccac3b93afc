"""How many people do the work in time: by a fluid formula and by living it, with intervals.

Office work can wait and has deadlines. By formula: the least rate at which one fluid server, who
always works on what is due first, keeps enough deadlines (`fluid`). By simulation: whole people
under the rule of dispatch itself (`simulated`). Both are told side by side; the simulation decides.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import special

from relais.engine.matching import Flags, Reals
from relais.engine.policies import Central, Ours
from relais.engine.simulation import Policy, Sim, World

ENOUGH = 0.95
# How much too few the fluid server says, by its own heads: people cannot share one request.
# Measured on seeds that no bench uses.
BIAS_AT, BIAS = (3.0, 6.0, 12.0, 24.0), (1.15, 1.07, 1.05, 1.02)
# Below so many people nobody may trust the fluid server: a team is lived instead.
SMALL = 5.0
MOST = 400
BISECTIONS = 14

Make = Callable[[int, int], World]  # of a seed and a number of people


@dataclass(frozen=True)
class Heads:
    """People needed: with decimals, ± half a 95 % interval; `whole` is who must be hired."""

    value: float
    half: float
    whole: int
    share: float  # asked for
    curve: tuple[tuple[float, float], ...] = ()  # people, share in time
    each: tuple[float, ...] = ()  # how far each replication pulls `value`

    @property
    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval."""
        return self.value - self.half, self.value + self.half


@dataclass(frozen=True, slots=True)
class Peak:
    """The window that asks for most: no dispatcher keeps all its deadlines with fewer heads."""

    heads: float
    start: float  # open minutes
    end: float


# By formula


def present(world: World) -> tuple[Reals, Reals]:
    """Return the average calendar of a head: moments, and the minutes worked up to each."""
    starts = np.concatenate([span.starts for span in world.spans])
    ends = np.concatenate([span.ends for span in world.spans])
    moments = np.unique(np.concatenate([[0.0], starts, ends, [world.days * world.day]]))
    change = np.zeros(len(moments))
    np.add.at(change, np.searchsorted(moments, starts), 1.0)
    np.add.at(change, np.searchsorted(moments, ends), -1.0)
    rate = np.cumsum(change)[:-1] / len(world.spans)
    worked = np.concatenate([[0.0], np.cumsum(rate * np.diff(moments))])
    return moments, worked


def fluid(
    worlds: Sequence[World], effort: float, share: float = ENOUGH, corrected: bool = True
) -> Heads:
    """Return the heads of a fluid server that keeps this share of the deadlines, over the worlds.

    `effort`: minutes spent a minute of work content (skill, sites not known). Corrected: times what
    the fluid server is known to be too low by. The interval is that of the demand drawn.
    """
    _check(share)
    cases = [_case(world, effort) for world in worlds]
    low, high = 0.05, max(2 * _mean_load(case) for case in cases) + 2
    while _mean_in_time(cases, high) < share:
        low, high = high, 2 * high
        if high > 10 * MOST:
            raise ValueError("promises that nobody could keep, however many there were")
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if _mean_in_time(cases, middle) >= share else (middle, high)
    step = max(0.04 * high, 0.1)
    above, below = _in_times(cases, high + step), _in_times(cases, max(high - step, 0.01))
    slope = max(float((above - below).mean()) / (2 * step), 1e-6)
    times = bias(high) if corrected else 1.0
    each = -(_in_times(cases, high) - share) / slope * times
    value = high * times
    return Heads(value, _half(each), math.ceil(value - 1e-9), share, (), tuple(each))


def bias(heads: float) -> float:
    """Return by what the fluid server's heads are to be multiplied."""
    return float(np.interp(heads, BIAS_AT, BIAS))


@dataclass
class _Case:
    arrival: Reals  # in minutes that a head has worked
    due: Reals
    work: Reals
    counted: Flags
    last: float


def _case(world: World, effort: float) -> _Case:
    moments, worked = present(world)
    end = world.days * world.day
    arrival, due = (np.interp(when, moments, worked) for when in (world.arrival, world.due))
    counted = world.counted & (world.due <= end)
    return _Case(arrival, due, world.true * effort, counted, float(worked[-1]))


def _mean_load(case: _Case) -> float:
    return float(case.work.sum() / max(case.last, 1.0))


def _mean_in_time(cases: Sequence[_Case], rate: float) -> float:
    return float(_in_times(cases, rate).mean())


def _in_times(cases: Sequence[_Case], rate: float) -> Reals:
    return np.array([_in_time(case, rate) for case in cases])


def _in_time(case: _Case, rate: float) -> float:
    """Return the share in time of a server that works on what is due first and may be called off.

    Whatever is still waiting at the end is worked off after it, at the same rate.
    """
    due, work, counted = case.due.tolist(), (case.work / rate).tolist(), case.counted
    done = np.empty(len(due))
    waiting: list[tuple[float, int]] = []
    now = 0.0
    for new, when in enumerate(case.arrival.tolist()):
        while waiting and now < when:
            _due, first = waiting[0]
            if now + work[first] > when:
                work[first] -= when - now
                now = when
            else:
                now += work[first]
                done[first] = now
                heapq.heappop(waiting)
        now = max(now, when)
        heapq.heappush(waiting, (due[new], new))
    while waiting:
        _due, first = heapq.heappop(waiting)
        now += work[first]
        done[first] = now
    kept = done <= case.due + 1e-6
    return float(kept[counted].mean()) if counted.any() else 1.0


def peak(world: World, effort: float, grain: float = 60.0, longest: float = 6000.0) -> Peak:
    """Return the heads without which some deadline must be missed, and the window that says so.

    The most, over windows, of what comes after their start and is due before their end, divided by
    the minutes that a head works in between. Windows begin and end on the grain: never too high.
    """
    moments, worked = present(world)
    edges = np.arange(0.0, world.days * world.day + grain, grain)
    hours = np.interp(edges, moments, worked)
    first = np.floor(world.arrival / grain).astype(int)
    last = np.ceil(world.due / grain - 1e-9).astype(int)
    inside = last < len(edges)
    table = np.zeros((len(edges), len(edges)))
    np.add.at(table, (first[inside], last[inside]), world.true[inside] * effort)
    # Work that comes at or after edge s and is due at or before edge t.
    table = np.cumsum(np.cumsum(table[::-1], 0)[::-1], 1)
    span = hours[None, :] - hours[:, None]
    length = edges[None, :] - edges[:, None]
    open_ = (length > 0) & (length <= longest) & (span > 1.0)
    ratio = np.where(open_, table / np.where(open_, span, 1.0), 0.0)
    s, t = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    return Peak(float(ratio[s, t]), float(edges[s]), float(edges[t]))


# By simulation


def shares(
    make: Make, people: int, seeds: Sequence[int], policy: Callable[[], Policy] = Ours
) -> tuple[Reals, Reals]:
    """Return the share in time, and the effort, of each replication with so many people."""
    rows = []
    for seed in seeds:
        sim = Sim(make(seed, people), policy())
        sim.live()
        world = sim.world
        counted = world.counted & (world.due <= world.days * world.day)
        kept = (sim.late() <= 1e-9)[counted]
        done = sim.by >= 0
        content = float(world.true[done].sum())
        rows.append(
            (float(kept.mean()) if len(kept) else 1.0, sim.spent.sum() / content if content else 1)
        )
    table = np.array(rows)
    return table[:, 0], table[:, 1]


Look = Callable[[Make, int, Sequence[int], Callable[[], Policy]], tuple[Reals, Reals]]


def simulated(
    make: Make,
    seeds: Sequence[int],
    guess: float,
    share: float = ENOUGH,
    policy: Callable[[], Policy] = Ours,
    look: Look = shares,
    most: int = MOST,
) -> Heads:
    """Return the heads that a simulated pool needs: the same seeds with every number of people.

    `look` is how shares are asked for: `shares`, or something that remembers them.
    """
    _check(share)
    n = max(1, round(guess))
    found = {n: look(make, n, seeds, policy)[0]}
    down = found[n].mean() >= share
    while True:
        n = n - 1 if down else n + 1
        if n == 0:
            break
        if n > most:
            raise ValueError(f"promises that {most} people would not keep")
        found[n] = look(make, n, seeds, policy)[0]
        if (found[n].mean() >= share) != down:
            break
    return between(found, share)


def between(found: Mapping[int, Reals], share: float = ENOUGH) -> Heads:
    """Return the heads read off shares in time by number of people (the same seeds for all).

    Between two numbers of people the mean share is taken as a straight line. The interval is that
    of the share there, turned into heads by the line's slope.
    """
    sizes = sorted(found)
    means = {n: float(found[n].mean()) for n in sizes}
    curve = tuple((float(n), means[n]) for n in sizes)
    enough = [n for n in sizes if means[n] >= share]
    if not enough:
        raise ValueError("no number of people that was tried keeps enough promises")
    high = min(enough)
    if high - 1 not in found:
        # One person, or nobody tried below: not less than who is there.
        each = np.zeros(len(found[high]))
        return Heads(float(high), 0.0, high, share, curve, tuple(each))
    slope = max(means[high] - means[high - 1], 1e-6)
    part = (share - means[high - 1]) / slope
    there = (1 - part) * found[high - 1] + part * found[high]
    each = -(there - share) / slope
    return Heads(high - 1 + part, _half(each), high, share, curve, tuple(each))


def team(make: Make, seeds: Sequence[int], guess: float, share: float = ENOUGH) -> Heads:
    """Return the heads of a small team: whole people, earliest due date, nothing called off."""
    return simulated(make, seeds, guess, share, lambda: Central(lambda world: world.due))


@dataclass(frozen=True, slots=True)
class Estimate:
    """Both answers, and why they are apart when they are by more than one head."""

    formula: Heads
    simulation: Heads
    effort: float
    why: tuple[Gap, ...] = ()

    @property
    def heads(self) -> Heads:
        """Return the answer: the simulation's."""
        return self.simulation


class Gap(StrEnum):
    """Why formula and simulation differ by more than one head."""

    SMALL_TEAM = "small_team"
    WHOLE_PEOPLE = "whole_people"
    WHO_MAY = "who_may"
    CHANCE = "chance"


def estimate(
    make: Make,
    seeds: Sequence[int],
    share: float = ENOUGH,
    policy: Callable[[], Policy] = Ours,
    pilots: int = 1,
) -> Estimate:
    """Return the heads by formula and by simulation; the effort is told by a first look at it."""
    by_formula, effort = predicted(make, seeds, share, policy, pilots)
    lived = simulated(make, seeds, by_formula.value, share, policy)
    return Estimate(by_formula, lived, effort, gaps(by_formula, lived, make, seeds))


def predicted(
    make: Make,
    seeds: Sequence[int],
    share: float = ENOUGH,
    policy: Callable[[], Policy] = Ours,
    pilots: int = 1,
) -> tuple[Heads, float]:
    """Return the heads by formula, and the effort that it took from `pilots` simulated runs."""
    rough = fluid([make(seed, 20) for seed in seeds[:1]], 1.0, share)
    people = max(1, rough.whole)
    effort = float(shares(make, people, seeds[:pilots], policy)[1].mean())
    return fluid([make(seed, people) for seed in seeds], effort, share), effort


def gaps(formula: Heads, lived: Heads, make: Make, seeds: Sequence[int]) -> tuple[Gap, ...]:
    """Return why the two are apart; nothing where they are by no more than one head."""
    apart = abs(formula.value - lived.value)
    if apart <= 1:
        return ()
    found = []
    if lived.value < SMALL:
        found.append(Gap.SMALL_TEAM)
    if not make(seeds[0], lived.whole).able.all():
        found.append(Gap.WHO_MAY)
    if lived.value > formula.value and not found:
        found.append(Gap.WHOLE_PEOPLE)
    if apart <= math.hypot(formula.half, lived.half):
        found.append(Gap.CHANCE)
    return tuple(found)


# Side by side


@dataclass(frozen=True, slots=True)
class Difference:
    """How many heads fewer the second needs, ± half a 95 % interval, on the same seeds."""

    heads: float
    half: float
    # "gains", "loses", or "unsure" when the interval holds 0.
    verdict: str


def difference(apart: Heads, shared: Heads, extra: float = 0.0) -> Difference:
    """Return apart less shared; `extra` heads are what shared knowledge costs beside the work."""
    pulls = np.array(apart.each) - np.array(shared.each)
    value, half = apart.value - shared.value - extra, _half(pulls)
    verdict = "gains" if value > half else "loses" if value < -half else "unsure"
    return Difference(value, half, verdict)


def summed(teams: Sequence[Heads]) -> Heads:
    """Return teams apart as one figure: hired one by one, so in whole people."""
    each = np.sum([team.each for team in teams], axis=0)
    whole = sum(team.whole for team in teams)
    return Heads(float(whole), _half(each), whole, teams[0].share, (), tuple(each))


def _half(values: Reals) -> float:
    """Return half a 95 % interval of the mean of these (Student)."""
    count = len(values)
    if count < 2:
        return math.inf
    spread = float(np.std(values, ddof=1)) / math.sqrt(count)
    return float(special.stdtrit(count - 1, 0.975)) * spread


def _check(share: float) -> None:
    if not 0 < share < 1:
        raise ValueError("share in time: between 0 and 1, both excluded")

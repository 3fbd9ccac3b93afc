"""Who does what next, over arrays: what each pairing costs, and the cheapest set of pairings.

Rows are people, columns are requests; times are minutes from now. The index of urgency is the
apparent tardiness cost (Vepsalainen and Morton, 1987); the pairings are a linear assignment of
the most urgent requests to the next places of everybody, so that a request may wait for somebody
better while somebody free does another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.intp]
# Minutes from now → minutes of open time of each request's own calendar, for (people, requests).
Passed = Callable[[Reals], Reals]

# What an impossible pairing costs: more than any sum of possible ones that one can meet.
NEVER = 1e9
NO_ONE = -1
# Places that can be paired in good time.
MANY = 400
# Of a large pool: requests that are paired at least, of those that wait.
FEWEST = 40


@dataclass(frozen=True, slots=True)
class Weights:
    """What each thing is worth, in points; a request of weight 1 late by a minute costs 1.

    A provider may set them; a decision keeps the version that it was taken with.
    """

    # Requests looked at together, and places offered, per person.
    slots: int = 3
    # Being late at all, beside its minutes, for a request of weight 1.
    late: float = 300.0
    # Late minutes count up to here: who is late by days already would else stop everything.
    horizon: float = 600.0
    # Doubt about the end of a work, as a share of its minutes and of what is ahead of it.
    doubt: float = 0.35
    # Somebody who does not know the site at all (familiarity 0).
    stranger: float = 40.0
    # A minute of work: what the pool could do elsewhere.
    minute: float = 8.0
    # How much dearer a minute is when two days of work wait, and cheaper when none does.
    pressure: float = 0.5
    # Starting now what is urgent for its size, and how soon urgency fades (minutes).
    urgency: float = 400.0
    fading: float = 120.0
    # The site's usual lead is preferred to a backup (half of it) and to a float (all of it).
    lead: float = 6.0
    # She did the last work of the same file.
    file: float = 12.0
    # An hour of work in her own hands, begun or waiting.
    load: float = 12.0
    # A level of readiness that the site wants her to gain.
    learning: float = 4.0
    # Her share of work, of difficult sites and of late hours above the others', as a ratio.
    fairness: float = 250.0
    # It was announced to somebody else, or stands elsewhere in the plan already.
    change: float = 10.0
    version: int = 1

    def told(self) -> dict[str, float]:
        """Return the weights by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What is known now. `n` people, `m` requests.

    `ahead`: minutes of work that she must do first. Her days: she is there after `first` minutes,
    and after `cuts` minutes of work comes a gap of `gaps` minutes; the last gap may be endless.
    """

    able: Flags  # (n, m)
    minutes: Reals  # (n, m): what it takes her
    slack: Reals  # (m): open minutes left until due; negative when late
    weight: Reals  # (m)
    familiar: Reals  # (n, m): 0 a stranger to the site, 1 at home
    ahead: Reals  # (n)
    first: Reals  # (n)
    cuts: Reals  # (n, s)
    gaps: Reals  # (n, s)
    other: tuple[Reals, ...] = ()  # (n, m) each: further points, added in their order
    # What a minute is worth now beside its usual price: more when much waits, see `pressure`.
    dear: float = 1.0
    usual: Reals | None = None  # (n): her minutes for a request of the usual size
    passed: Passed | None = None

    def of(self, which: Places, passed: Passed | None = None) -> Scene:
        """Return the scene with these requests only; `passed` counts theirs."""
        return replace(
            self,
            able=self.able[:, which],
            minutes=self.minutes[:, which],
            slack=self.slack[which],
            weight=self.weight[which],
            familiar=self.familiar[:, which],
            other=tuple(each[:, which] for each in self.other),
            passed=passed,
        )


def index(minutes: Reals, slack: Reals, weight: Reals, weights: Weights) -> Reals:
    """Return how urgent each request is for its size: the higher, the sooner."""
    size = np.maximum(minutes, 1.0)
    found: Reals = weight / size * np.exp(-np.maximum(slack - size, 0) / (2 * weights.fading))
    return found


def pressure(waiting: float, at_work: float, weights: Weights) -> float:
    """Return what a minute of work is worth beside its usual price.

    `waiting`: minutes of work that wait; `at_work`: minutes that the pool works in a day. When
    much waits, speed is worth more than knowing the site; when little does, less.
    """
    ratio = waiting / max(at_work, 1.0)
    return 1.0 + weights.pressure * (min(ratio, 2.0) - 1.0)


def places(people: int, weights: Weights) -> int:
    """Return how many places each is offered: at most MANY in all, and one at least.

    The pairing takes the cube of all places; a large pool gains little by a second one each.
    """
    return max(1, min(weights.slots, MANY // max(people, 1)))


def most_urgent(urgency: Reals, count: int) -> Places:
    """Return the places of the `count` most urgent, in their own order; the first among equals."""
    if len(urgency) <= count:
        return np.arange(len(urgency))
    return np.sort(np.argsort(-urgency, kind="stable")[:count])


def finish(work: Reals, first: Reals, cuts: Reals, gaps: Reals, *, after: bool = False) -> Reals:
    """Return when each has done so much work by her own days: (n, m) minutes from now.

    The work that ends exactly at a gap ends before it; `after`: and the next begins after it.
    """
    done = work + first[:, None]
    most = work.max(initial=0.0)
    for cut, gap in zip(cuts.T, gaps.T, strict=True):
        if cut.min(initial=np.inf) > most:
            break
        past = work >= cut[:, None] if after else work > cut[:, None]
        done = done + np.where(past, gap[:, None], 0.0)
    return done


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """The terms of each pairing (n, m) for her next place, and for each place their sum."""

    starts: Reals  # (n)
    ends: Reals
    lateness: Reals
    risk: Reals
    stranger: Reals
    time: Reals
    start: Reals
    chance: Reals
    total: Reals
    later: tuple[Reals, ...]


def costs(scene: Scene, weights: Weights) -> Costs:
    """Return what every pairing costs; impossible ones cost NEVER.

    The terms are added in the order of their names above, then the others in theirs, so that they
    give the sum to the bit.
    """
    stranger = weights.stranger * (1.0 - scene.familiar)
    time = weights.minute * scene.dear * scene.minutes
    size = np.maximum(scene.minutes, 1.0)
    urge = scene.weight / size * np.exp(-np.maximum(scene.slack - size, 0) / weights.fading)
    # A place further is reached after a work of the usual length.
    usual = np.zeros((len(scene.ahead), 1)) if scene.usual is None else scene.usual[:, None]
    sums = []
    for place in range(weights.slots):
        work = scene.ahead[:, None] + scene.minutes + place * usual
        ends = finish(work, scene.first, scene.cuts, scene.gaps)
        lateness, chance = _late(scene, weights, ends, work)
        risk = weights.late * scene.weight * chance
        start = -weights.urgency * (weights.slots - place) * urge
        total = lateness + risk + stranger + time + start
        for each in scene.other:
            total = total + each
        if not place:
            kept = (ends, lateness, risk, stranger, time, start, chance)
        sums.append(np.where(scene.able & (total < NEVER), total, NEVER))
    starts = finish(scene.ahead[:, None], scene.first, scene.cuts, scene.gaps, after=True)
    return Costs(starts[:, 0], *kept, total=sums[0], later=tuple(sums[1:]))


def _late(scene: Scene, weights: Weights, ends: Reals, work: Reals) -> tuple[Reals, Reals]:
    """Return the points for the minutes late to be feared, and the chance to be late."""
    over = (ends if scene.passed is None else scene.passed(ends)) - scene.slack
    scale = np.maximum(weights.doubt * work, 1.0)
    ratio = np.clip(over / scale, -30.0, 30.0)
    small = np.exp(-np.abs(ratio))
    chance = np.where(ratio > 0, 1.0, small) / (1.0 + small)
    feared = np.maximum(over, 0.0) + scale * np.log1p(small)
    return scene.weight * np.minimum(feared, weights.horizon), chance


@dataclass(frozen=True, slots=True, eq=False)
class Pairing:
    """For each request of the scene who has it (NO_ONE: nobody can), and in which place.

    `slot` is the place that it was priced at; one that stayed empty before it brings it nearer.
    """

    who: Places
    place: Places
    slot: Places
    priced: Costs


def pair(scene: Scene, weights: Weights) -> Pairing:
    """Return the cheapest set of pairings: each request once, each place of each person once."""
    from scipy.optimize import linear_sum_assignment

    priced = costs(scene, weights)
    n, m = scene.able.shape
    who, place = np.full(m, NO_ONE, dtype=np.intp), np.zeros(m, dtype=np.intp)
    if n and m:
        table = np.concatenate([priced.total, *priced.later])
        rows, columns = linear_sum_assignment(table)
        kept = table[rows, columns] < NEVER
        rows, columns = rows[kept], columns[kept]
        who[columns], place[columns] = rows % n, rows // n
    slot = place.copy()
    _closer(who, place)
    return Pairing(who, place, slot, priced)


def _closer(who: Places, place: Places) -> None:
    """Move everybody's requests to the first places: nobody waits for a place left empty."""
    order = np.lexsort((place, who))
    before, seat = NO_ONE, 0
    for each in order[who[order] != NO_ONE]:
        seat = seat + 1 if who[each] == before else 0
        before, place[each] = who[each], seat

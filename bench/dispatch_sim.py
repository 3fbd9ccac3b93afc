"""Five weeks lived under one policy of dispatch. Time in open minutes; work is never taken back."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from bench.dispatch_scene import DAY, DAYS, UNFAMILIAR, WARM_UP, World
from relais.engine import matching

AT_HOME = 20.0  # works remembered by which a site is wholly known
HALF_LIFE = 20  # working days
AHEAD_DAYS = 4
TICK = 15.0
EVER = 1e7
FADING = 0.5 ** (1 / 5)


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


class Sim:
    """The pool at one moment."""

    def __init__(self, world: World, policy) -> None:
        self.world, self.policy = world, policy
        n = len(world.spans)
        self.n = n
        self.starts, self.ends, self.ghost = _tables(world)
        self.before = _prefix(self.starts, np.where(self.ghost, self.starts, self.ends))
        self.known = world.known.copy()
        self.busy = np.zeros(n, bool)
        self.expected = np.zeros(n)  # minutes of the work in hand, as believed
        self.begun = np.zeros(n)  # her minutes at work when she began it
        self.idle_since = np.zeros(n)
        self.done_at = np.full(len(world.arrival), np.inf)
        self.by = np.full(len(world.arrival), -1)
        self.stranger = np.zeros(len(world.arrival), bool)
        self.spent = np.zeros(n)
        self.recent = np.full(n, 300.0)  # minutes done, the older ones fading
        self.paid = np.full(n, 330.0)  # minutes at work, fading alike
        self.waiting: list[int] = []
        self.illegal = 0
        self.familiar = np.minimum(self.known / AT_HOME, 1.0)
        policy.begin(self)

    # The clock

    def run(self) -> Figures:
        world = self.world
        end = DAYS * DAY
        ready = np.unique(self.starts[(self.ends > self.starts) & ~self.ghost])
        events = [(t, 1, -1) for t in ready]
        events += [(float(day * DAY), 0, -1) for day in range(DAYS)]
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
                    self.known *= 0.5 ** (1 / HALF_LIFE)
                    self.familiar = np.minimum(self.known / AT_HOME, 1.0)
                    self.recent *= FADING
                    self.paid *= FADING
                    self.paid += self.today(now)
                elif what == 2:
                    self.busy[who] = False
                    self.idle_since[who] = now
            if not self.waiting:
                continue
            idle = self.there(now) & ~self.busy
            if not idle.any():
                continue
            for i, j in self.policy.starts(self, idle):
                finished = self.start(i, j, idle)
                heapq.heappush(events, (finished, 2, i))
                idle[i] = False
            if self.waiting and idle.any():
                tick = now + TICK
        return self.figures()

    def there(self, now: float) -> np.ndarray:
        today = slice(2 * int(now // DAY), 2 * int(now // DAY) + 2)
        inside = (self.starts[:, today] <= now) & (now < self.ends[:, today])
        return (inside & ~self.ghost[:, today]).any(1)

    def start(self, i: int, j: int, idle: np.ndarray) -> float:
        world = self.world
        if not (idle[i] and world.able[i, j] and j in self.waiting):
            self.illegal += 1
        self.waiting.remove(j)
        site = world.site[j]
        known = self.familiar[i, site]
        factor = world.factor[i, j] * (1 + UNFAMILIAR * (1 - known))
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
        self.done_at[j] = self.true_end(i, minutes)
        return self.done_at[j]

    def today(self, now: float) -> np.ndarray:
        first = 2 * int(now // DAY)
        return self.before[:, first + 2] - self.before[:, first]

    def worked(self, now: float) -> np.ndarray:
        first = 2 * int(now // DAY)
        today = slice(first, first + 2)
        part = np.minimum(self.ends[:, today], now) - self.starts[:, today]
        part = np.where(self.ghost[:, today], 0, np.maximum(part, 0))
        return self.before[:, first] + part.sum(1)

    def true_end(self, i: int, minutes: float) -> float:
        left, span = minutes, 2 * int(self.now // DAY)
        while span < self.starts.shape[1]:
            if not self.ghost[i, span]:
                start = max(self.starts[i, span], self.now)
                length = self.ends[i, span] - start
                if length > 0:
                    if left <= length:
                        return start + left
                    left -= length
            span += 1
        return EVER

    def ahead(self) -> np.ndarray:
        left = self.expected - (self.worked(self.now) - self.begun)
        return np.where(self.busy, np.maximum(left, 0.15 * self.expected + 2), 0.0)

    def days(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return first, cuts and gaps from now on, as the dispatcher believes."""
        a = 2 * int(self.now // DAY)
        part = slice(a, a + 2 * AHEAD_DAYS)
        raw, ends = self.starts[:, part], self.ends[:, part]
        starts = np.maximum(raw, self.now)
        dead = self.ghost[:, part] & (raw <= self.now)
        length = np.where(dead, 0.0, np.maximum(ends - starts, 0.0))
        gaps = np.empty_like(starts)
        gaps[:, :-1] = starts[:, 1:] - starts[:, :-1] - length[:, :-1]
        gaps[:, -1] = 1200.0
        return starts[:, 0] - self.now, np.cumsum(length, 1), gaps

    def figures(self) -> Figures:
        world, end = self.world, DAYS * DAY
        counted = world.counted & (world.due <= end)
        late = np.maximum(np.minimum(self.done_at, end + DAY) - world.due, 0)
        kept = late <= 1e-9
        sites = [kept[counted & (world.site == s)].mean() for s in range(world.sites)]
        kinds = [kept[counted & (world.kind == k)].mean() for k in range(3)]
        done = counted & (self.by >= 0)
        there = np.maximum(self.before[:, -1], 1)
        use = (self.spent / there)[there > 10 * DAY / 2]
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


def _tables(world: World) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return starts, ends and ghosts, two spans a day: a ghost is planned and does not come."""
    n = len(world.spans)
    starts = np.repeat(np.arange(DAYS + AHEAD_DAYS) * DAY, 2)[None, :] * np.ones((n, 1))
    ends, ghost = starts.copy(), np.zeros(starts.shape, bool)
    for i in range(n):
        real = set(world.spans[i].starts)
        for start, end in zip(world.planned[i].starts, world.planned[i].ends, strict=True):
            day = int(start // DAY)
            place = 2 * day + (ends[i, 2 * day] > starts[i, 2 * day])
            starts[i, place], ends[i, place] = start, end
            ghost[i, place] = start not in real
    for i in range(n):  # after the last week everybody is there from eight to five
        for day in range(DAYS, DAYS + AHEAD_DAYS):
            ends[i, 2 * day] = starts[i, 2 * day] + 420
            starts[i, 2 * day + 1] = ends[i, 2 * day + 1] = starts[i, 2 * day] + 420
    return starts, ends, ghost


def _prefix(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    length = np.maximum(ends - starts, 0)[:, : 2 * DAYS]
    return np.concatenate([np.zeros((len(starts), 1)), np.cumsum(length, 1)], 1)


class Ours:
    """The engine: the cheapest pairings, of which those start that are first for somebody free."""

    def __init__(self, weights: matching.Weights | None = None) -> None:
        self.weights = weights or matching.Weights()

    def begin(self, sim: Sim) -> None:
        world = sim.world
        self.usual = np.median(world.estimate) * world.factor.mean(1)

    def arrived(self, sim: Sim, j: int) -> None: ...

    def starts(self, sim: Sim, idle: np.ndarray):
        world, weights = sim.world, self.weights
        waiting = np.array(sim.waiting)
        slack = world.due[waiting] - sim.now
        top = matching.most_urgent(
            matching.index(world.estimate[waiting], slack, world.weight[waiting], weights),
            sim.n * weights.slots,
        )
        window = waiting[top]
        familiar = sim.familiar[:, world.site[window]]
        minutes = world.estimate[window] * world.factor[:, window]
        minutes = minutes * (1 + UNFAMILIAR * (1 - familiar))
        first, cuts, gaps = sim.days()
        zero = np.zeros_like(minutes)
        scene = matching.Scene(
            world.able[:, window], minutes, slack[top], world.weight[window], familiar,
            sim.ahead(), first, cuts, gaps, other=(self.fairness(sim)[:, None] + zero,),
            usual=self.usual,
            dear=matching.pressure(
                world.estimate[waiting].sum(), sim.n * 420.0, weights
            ),
        )  # fmt: skip
        found = matching.pair(scene, weights)
        now = (found.place == 0) & (found.who >= 0) & idle[found.who]
        return list(zip(found.who[now].tolist(), window[now].tolist(), strict=True))

    def fairness(self, sim: Sim) -> np.ndarray:
        ratio = sim.recent / np.maximum(sim.paid, 60.0)
        return self.weights.fairness * (ratio / ratio.mean() - 1)


class Central:
    """One queue in an order; whoever has been free longest takes the first that she may do."""

    def __init__(self, key) -> None:
        self.key = key

    def begin(self, sim: Sim) -> None:
        self.keys = self.key(sim.world)

    def arrived(self, sim: Sim, j: int) -> None: ...

    def starts(self, sim: Sim, idle: np.ndarray):
        waiting = np.array(sim.waiting)
        order = waiting[np.argsort(self.keys[waiting], kind="stable")]
        free = sorted(np.flatnonzero(idle), key=lambda i: sim.idle_since[i])
        able = sim.world.able[np.ix_(free, order)]
        found, used = [], set()
        for column in np.flatnonzero(able.any(0)):
            row = next((r for r in np.flatnonzero(able[:, column]) if r not in used), None)
            if row is not None:
                used.add(row)
                found.append((int(free[row]), int(order[column])))
                if len(used) == len(free):
                    break
        return found


class CMu:
    """The pair of the largest weight for its time; generalised: the cost of delay grows."""

    def __init__(self, generalised: bool) -> None:
        self.generalised = generalised

    def begin(self, sim: Sim) -> None: ...
    def arrived(self, sim: Sim, j: int) -> None: ...

    def starts(self, sim: Sim, idle: np.ndarray):
        world = sim.world
        waiting = np.array(sim.waiting)
        free = np.flatnonzero(idle)
        value = world.weight[waiting].astype(float)
        if self.generalised:
            promised = world.due[waiting] - world.arrival[waiting]
            passed = np.maximum(1 - (world.due[waiting] - sim.now) / promised, 0)
            value = value * np.maximum(passed, 1e-6) ** 2
        familiar = sim.familiar[np.ix_(free, world.site[waiting])]
        time = world.estimate[waiting] * world.factor[np.ix_(free, waiting)]
        time = time * (1 + UNFAMILIAR * (1 - familiar))
        table = np.where(world.able[np.ix_(free, waiting)], value / time, -1.0)
        found = []
        for _ in range(min(table.shape)):
            row, column = np.unravel_index(np.argmax(table), table.shape)
            if table[row, column] < 0:
                break
            found.append((int(free[row]), int(waiting[column])))
            table[row, :] = -1
            table[:, column] = -1
        return found


class Pushed:
    """Each request is given on arrival, in turn or to the least loaded; each does hers in order."""

    def __init__(self, least: bool) -> None:
        self.least = least

    def begin(self, sim: Sim) -> None:
        self.queues: list[list[int]] = [[] for _ in range(sim.n)]
        self.load = np.zeros(sim.n)
        self.turn = 0

    def arrived(self, sim: Sim, j: int) -> None:
        able = sim.world.able[:, j]
        if self.least:
            load = np.where(able, self.load + sim.ahead(), np.inf)
            i = int(np.argmin(load))
        else:
            order = (np.arange(sim.n) + self.turn) % sim.n
            i = int(order[np.flatnonzero(able[order])[0]])
            self.turn = i + 1
        self.queues[i].append(j)
        self.load[i] += sim.world.estimate[j]

    def starts(self, sim: Sim, idle: np.ndarray):
        found = []
        for i in np.flatnonzero(idle):
            if self.queues[i]:
                j = self.queues[i].pop(0)
                self.load[i] -= sim.world.estimate[j]
                found.append((int(i), j))
        return found


POLICIES = {
    "round robin": lambda: Pushed(least=False),
    "least expected load": lambda: Pushed(least=True),
    "first come first served": lambda: Central(lambda w: w.arrival),
    "earliest due date": lambda: Central(lambda w: w.due),
    "cµ (weight / time)": lambda: CMu(generalised=False),
    "generalised cµ": lambda: CMu(generalised=True),
    "Relais": Ours,
}


def live(world: World, policy) -> Figures:
    """Return what came of these weeks."""
    assert WARM_UP * DAY < DAYS * DAY
    return Sim(world, policy).run()

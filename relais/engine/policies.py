"""Rules of dispatch that a pool can live under: ours, and the usual ones that it is measured by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from relais.engine import matching
from relais.engine.matching import FEWEST, MANY, Flags, Places, Reals, places
from relais.engine.simulation import Policy, Sim, World

Starts = list[tuple[int, int]]


class Ours:
    """The engine: the cheapest pairings, of which those start that are first for somebody free."""

    def __init__(self, weights: matching.Weights | None = None) -> None:
        self.weights = weights or matching.Weights()

    def begin(self, sim: Sim) -> None:
        """Take note of what a request of the usual size takes everybody."""
        world = sim.world
        self.usual: Reals = np.median(world.estimate) * world.factor.mean(1)

    def arrived(self, sim: Sim, j: int) -> None:
        """Nothing: the whole queue is looked at each time."""

    def starts(self, sim: Sim, idle: Flags) -> Starts:
        """Return who begins what now."""
        world, weights = sim.world, self.weights
        waiting = np.array(sim.waiting)
        if not world.able[np.ix_(idle, waiting)].any():
            return []
        first, cuts, gaps = sim.coming()
        large = sim.n * weights.slots > MANY
        rows: Places = np.flatnonzero(idle) if large else np.arange(sim.n)
        weights = replace(weights, slots=places(len(rows), weights))
        dear = matching.pressure(
            world.estimate[waiting].sum(),
            sim.n * 420.0 if world.daily is None else world.daily,
            weights,
        )
        count = len(rows) * weights.slots
        if large:
            # Of a large pool only who is idle, and what they could begin: somebody suits as well,
            # and waiting for the best of so many would leave them with nothing.
            waiting = waiting[world.able[np.ix_(idle, waiting)].any(0)]
            count = min(count, max(3 * len(rows), FEWEST))
        slack = world.due[waiting] - sim.now
        top = matching.most_urgent(
            matching.index(world.estimate[waiting], slack, world.weight[waiting], weights), count
        )
        window = waiting[top]
        pairs = np.ix_(rows, window)
        familiar = sim.familiar[np.ix_(rows, world.site[window])]
        minutes = world.estimate[window] * world.factor[pairs]
        minutes = minutes * (1 + world.strangers_need * (1 - familiar))
        zero = np.zeros_like(minutes)
        scene = matching.Scene(
            world.able[pairs], minutes, slack[top], world.weight[window], familiar,
            sim.ahead()[rows], first[rows], cuts[rows], gaps[rows],
            other=(self._fairness(sim)[rows, None] + zero,), usual=self.usual[rows],
            dear=dear,
        )  # fmt: skip
        found = matching.pair(scene, weights)
        who = np.where(found.who >= 0, rows[found.who], -1)
        now = (found.place == 0) & (who >= 0) & idle[who]
        return list(zip(who[now].tolist(), window[now].tolist(), strict=True))

    def _fairness(self, sim: Sim) -> Reals:
        ratio = sim.recent / np.maximum(sim.paid, 60.0)
        found: Reals = self.weights.fairness * (ratio / ratio.mean() - 1)
        return found


class Central:
    """One queue in an order; whoever has been free longest takes the first that she may do."""

    def __init__(self, key: Callable[[World], Reals]) -> None:
        self.key = key

    def begin(self, sim: Sim) -> None:
        """Take note of the order."""
        self.keys = self.key(sim.world)

    def arrived(self, sim: Sim, j: int) -> None:
        """Nothing: the order is that of the keys."""

    def starts(self, sim: Sim, idle: Flags) -> Starts:
        """Return who begins what now."""
        waiting = np.array(sim.waiting)
        order = waiting[np.argsort(self.keys[waiting], kind="stable")]
        free = sorted(np.flatnonzero(idle), key=lambda i: float(sim.idle_since[i]))
        able = sim.world.able[np.ix_(free, order)]
        found: Starts = []
        used: set[int] = set()
        for column in np.flatnonzero(able.any(0)):
            rows = np.flatnonzero(able[:, column]).tolist()
            row = next((r for r in rows if r not in used), None)
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

    def begin(self, sim: Sim) -> None:
        """Nothing to take note of."""

    def arrived(self, sim: Sim, j: int) -> None:
        """Nothing: the whole queue is looked at each time."""

    def starts(self, sim: Sim, idle: Flags) -> Starts:
        """Return who begins what now."""
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
        time = time * (1 + world.strangers_need * (1 - familiar))
        table = np.where(world.able[np.ix_(free, waiting)], value / time, -1.0)
        found: Starts = []
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
        """Begin with empty hands."""
        self.queues: list[list[int]] = [[] for _ in range(sim.n)]
        self.load = np.zeros(sim.n)
        self.turn = 0

    def arrived(self, sim: Sim, j: int) -> None:
        """Give it to somebody, for good."""
        able = sim.world.able[:, j]
        if not able.any():
            return
        self._give(self._whom(sim, able), j, sim)

    def _whom(self, sim: Sim, able: Flags) -> int:
        if self.least:
            load = np.where(able, self.load + sim.ahead(), np.inf)
            return int(np.argmin(load))
        order = (np.arange(sim.n) + self.turn) % sim.n
        i = int(order[np.flatnonzero(able[order])[0]])
        self.turn = i + 1
        return i

    def _give(self, i: int, j: int, sim: Sim) -> None:
        self.queues[i].append(j)
        self.load[i] += sim.world.estimate[j]

    def starts(self, sim: Sim, idle: Flags) -> Starts:
        """Return who begins what now."""
        found: Starts = []
        for i in np.flatnonzero(idle):
            if self.queues[i]:
                j = self.queues[i].pop(0)
                self.load[i] -= sim.world.estimate[j]
                found.append((int(i), j))
        return found


class AsGiven(Pushed):
    """Each request goes to who really did most of it; each does hers in the order of arrival."""

    def __init__(self, holders: Places) -> None:
        super().__init__(least=False)
        self.holders = holders

    def arrived(self, sim: Sim, j: int) -> None:
        """Give it to who had it; to the least loaded if nobody of the pool had."""
        i = int(self.holders[j])
        if i < 0:
            self.least = True
            super().arrived(sim, j)
        else:
            self._give(i, j, sim)


def _by_arrival(world: World) -> Reals:
    return world.arrival


def _by_deadline(world: World) -> Reals:
    return world.due


USUAL: dict[str, Callable[[], Policy]] = {
    "round robin": lambda: Pushed(least=False),
    "least expected load": lambda: Pushed(least=True),
    "first come first served": lambda: Central(_by_arrival),
    "earliest due date": lambda: Central(_by_deadline),
    "cµ (weight / time)": lambda: CMu(generalised=False),
    "generalised cµ": lambda: CMu(generalised=True),
    "Relais": Ours,
}

"""How true the chance of being late is: on the reference scenario, against what has elapsed.

    python bench/dispatch_forecast.py [REPLICATIONS]

Twice a day every waiting request is given its chance by the engine, then the weeks go on and show
whether it was late. The share of time that requests yet to come will take is chosen on two weeks
of other seeds. Brier scores (less is better) and a reliability table.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.dispatch_scene import DAY, WARM_UP, Setting, world
from relais.engine.breach import chances
from relais.engine.candidates import Assistant, State, Ticket
from relais.engine.policies import Ours
from relais.engine.simulation import AHEAD_DAYS, Sim

ZERO = datetime(2027, 1, 4, tzinfo=UTC)
PEOPLE, TUNING, FIRST_SEED = 23, (1, 2), 1001
ARRIVING = (0.0, 0.2, 0.4, 0.6)


class Watching(Ours):
    """Ours, which writes down twice a day what it fears."""

    def begin(self, sim: Sim) -> None:
        super().begin(sim)
        self.next = float(WARM_UP * DAY + 180)
        self.seen: list[tuple[int, float, dict[float, float]]] = []

    def arrived(self, sim: Sim, j: int) -> None:
        if sim.now < self.next:
            return
        self.next += DAY / 2
        said = {share: chances(*values(sim), arriving=share) for share in self.shares}
        world = sim.world
        for each in sim.waiting:
            passed = (sim.now - world.arrival[each]) / (world.due[each] - world.arrival[each])
            told = {share: said[share][each] for share in self.shares}
            if world.due[each] > sim.now:
                self.seen.append((each, min(passed, 1.0), told))


class Moments(Ours):
    """Ours, which keeps a few moments a day, with somebody free, as the engine would be told."""

    def begin(self, sim: Sim) -> None:
        super().begin(sim)
        self.next = float(WARM_UP * DAY + 200)
        self.seen: list[tuple[list[Ticket], list[Assistant], State, datetime]] = []

    def starts(self, sim: Sim, idle: np.ndarray) -> list[tuple[int, int]]:
        if sim.now >= self.next:
            self.next += DAY / 3
            self.seen.append(values(sim))
        return super().starts(sim, idle)


def values(sim: Sim) -> tuple[list[Ticket], list[Assistant], State, datetime]:
    """Return the moment as the engine is told it; open minutes stand for the clock's."""
    world = sim.world
    now = ZERO + timedelta(minutes=sim.now)
    tickets = [
        Ticket(
            key=j,
            site=int(world.site[j]),
            service=int(world.service[j]),
            minutes=float(world.estimate[j]),
            due=ZERO + timedelta(minutes=float(world.due[j])),
            weight=float(world.weight[j]),
            named=frozenset(np.flatnonzero(world.able[:, j]).tolist()),
        )
        for j in sim.waiting
    ]
    first = 2 * int(sim.now // DAY)
    ahead = sim.ahead()
    people = []
    for i in range(sim.n):
        spans = []
        for k in range(first, first + 2 * AHEAD_DAYS):
            begin, end = sim.starts[i, k], sim.ends[i, k]
            if end > max(begin, sim.now) and not (sim.ghost[i, k] and begin <= sim.now):
                spans.append((ZERO + timedelta(minutes=begin), ZERO + timedelta(minutes=end)))
        pace = {s: float(world.factor[i, world.service == s][0]) for s in range(8)}
        people.append(
            Assistant(
                key=i,
                name=str(i),
                covers=dict.fromkeys(range(world.sites), "float"),
                familiarity=dict(enumerate(sim.familiar[i].tolist())),
                pace=pace,
                shifts=tuple(spans),
                in_hand=float(ahead[i]),
            )
        )
    return tickets, people, State(), now


def watch(seeds: range | tuple[int, ...], shares: tuple[float, ...]) -> np.ndarray:
    """Return (late or not, share of the target elapsed, the chance by each share arriving)."""
    rows = []
    for seed in seeds:
        policy = Watching()
        policy.shares = shares
        sim = Sim(world(seed, Setting(people=PEOPLE)), policy)
        sim.run()
        for j, passed, told in policy.seen:
            if sim.world.due[j] < 25 * DAY:
                late = float(sim.done_at[j] > sim.world.due[j])
                rows.append([late, passed, *(told[share] for share in shares)])
    return np.array(rows)


def brier(chance: np.ndarray, late: np.ndarray) -> float:
    return float(((chance - late) ** 2).mean())


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    tuned = watch(TUNING, ARRIVING)
    scores = [brier(tuned[:, 2 + k], tuned[:, 0]) for k in range(len(ARRIVING))]
    best = int(np.argmin(scores))
    print("arriving:", ", ".join(f"{a:g}: {s:.4f}" for a, s in zip(ARRIVING, scores, strict=True)))
    # What elapsed says, as well as it can: the share late in each tenth of it, of other seeds.
    tenth = np.minimum((tuned[:, 1] * 10).astype(int), 9)
    usual = [tuned[tenth == k, 0].mean() if (tenth == k).any() else 0 for k in range(10)]
    held = watch(range(FIRST_SEED, FIRST_SEED + count), (ARRIVING[best],))
    late, passed, chance = held[:, 0], held[:, 1], held[:, 2]
    learned = np.array(usual)[np.minimum((passed * 10).astype(int), 9)]
    ours = brier(chance, late)
    print(f"\n{len(held)} forecasts on {count} seeds held back, {late.mean():.1%} late")
    print(f"Brier: ours {ours:.4f}; the fraction elapsed itself {brier(passed, late):.4f}; the")
    print(f"  fraction elapsed, calibrated, {brier(learned, late):.4f}; ", end="")
    print(f"always the mean {brier(np.full(len(late), late.mean()), late):.4f}")
    print("\nsaid         n    late")
    for low, high in ((0, 0.02), (0.02, 0.1), (0.1, 0.3), (0.3, 0.5), (0.5, 0.8), (0.8, 1.01)):
        part = (chance >= low) & (chance < high)
        if part.any():
            said = f"{chance[part].mean():.2f}"
            print(f"{said:<8}{part.sum():>6}{late[part].mean():>8.2f}")
    return 0 if ours < brier(learned, late) else 1


if __name__ == "__main__":
    sys.exit(main())

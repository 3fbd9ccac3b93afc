"""A study's lines turned into the people they take: what is asked, then lived in rounds.

Each round draws more weeks than the one before and remembers those that it lived: the first
answer comes soon, with a wide interval, and whoever waits may stop at the best so far.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from relais.engine import capacity
from relais.engine.capacity_formula import (
    USUAL_CORRELATION,
    Correlation,
    Load,
    Reals,
    Way,
    correlation,
    pairs_beyond,
    steady,
)
from relais.engine.capacity_scene import (
    OPEN_DAYS,
    Asked,
    Chance,
    Demand,
    Team,
    alone,
    asked,
    pool,
)
from relais.engine.inventory import Counted, a_year, mean_minutes, spread_minutes, weeks
from relais.engine.policies import Ours
from relais.engine.simulation import Policy, World

WEEKS = 52
# Work is handed over in pieces: nobody sits two days at one request without a break.
LONGEST = 90.0
# Nobody is hired beyond so many times what seems enough: the promise itself is at fault.
TIMES, SPARE = 3, 6
KNOWN: dict[Way, int | None] = {Way.CHAIN_2: 2, Way.CHAIN_3: 3, Way.TOGETHER: None}


@dataclass(frozen=True)
class Basis:
    """What a sizing starts from: requests a week by site and family, and how weeks stray."""

    sites: tuple[str, ...]
    families: tuple[str, ...]
    weekly: tuple[tuple[float, ...], ...]  # requests, sites x families
    minutes: tuple[float, ...]  # mean work of a request, by family
    spread: tuple[float, ...]  # coefficient of variation of it, by family
    loads: tuple[Load, ...]
    correlation: Correlation


def basis(
    rows: Sequence[Counted],
    working_days: int = 254,
    lived: Mapping[str, Sequence[float]] | None = None,
    assumed: float = USUAL_CORRELATION,
) -> Basis:
    """Return what a sizing starts from; work done twice elsewhere is left out.

    `lived`: hours a week of each site as they came, the same weeks for all. They tell how far weeks
    stray, and how far sites have their heavy weeks together; not how much there is. Only weeks of
    one regime are read (`capacity_formula.steady`).
    """
    kept = [row for row in rows if not row.double]
    loads = [Load(week.site, week.mean, week.sd) for week in weeks(kept, working_days)]
    sites = tuple(load.site for load in loads)
    told = {site: np.array(hours) for site, hours in (lived or {}).items() if site in sites}
    table = np.array([told[site] for site in sites if site in told], dtype=np.float64)
    usual = steady(table)
    rho = correlation(table[:, usual] if len(told) else np.zeros((0, 0)), assumed)
    if not rho.assumed:
        kept_weeks = {site: told[site][usual] for site in told}
        loads = [_as_lived(load, kept_weeks.get(load.site)) for load in loads]
    families = tuple(sorted({row.line.family for row in kept}))
    weekly, minutes, spread = _requests(kept, sites, families, working_days)
    return Basis(sites, families, weekly, minutes, spread, tuple(loads), rho)


def _as_lived(load: Load, hours: Reals | None) -> Load:
    if hours is None or not hours.mean():
        return load
    return Load(load.site, load.mean, load.mean * float(hours.std(ddof=1) / hours.mean()))


def _requests(
    rows: Sequence[Counted],
    sites: Sequence[str],
    families: Sequence[str],
    working_days: int,
) -> tuple[tuple[tuple[float, ...], ...], tuple[float, ...], tuple[float, ...]]:
    """Return requests a week by site and family, and a family's minutes and their spread."""
    count: dict[str, float] = defaultdict(float)
    first: dict[str, float] = defaultdict(float)
    second: dict[str, float] = defaultdict(float)
    hours: dict[tuple[str, str], float] = defaultdict(float)
    for row in rows:
        line = row.line
        mean = mean_minutes(line.minutes)
        if not row.minutes or not mean:
            continue
        pieces = math.ceil(mean / LONGEST)
        times = pieces * a_year(line, working_days)
        mean, spread = mean / pieces, spread_minutes(line.minutes) / pieces
        count[line.family] += times
        first[line.family] += times * mean
        second[line.family] += times * (mean**2 + spread**2)
        hours[line.site, line.family] += times * mean
    minutes = tuple(first[each] / count[each] if count[each] else 0.0 for each in families)
    square = [second[each] / count[each] if count[each] else 0.0 for each in families]
    cv = tuple(
        math.sqrt(max(s / m**2 - 1, 0.0)) if m else 0.0
        for s, m in zip(square, minutes, strict=True)
    )
    weekly = tuple(
        tuple(
            hours[site, each] / m / WEEKS if m else 0.0
            for each, m in zip(families, minutes, strict=True)
        )
        for site in sites
    )
    return weekly, minutes, cv


def demand(start: Basis, **terms: object) -> Demand:
    """Return what is asked in drawn weeks that stray as the basis says (`terms`: see `Demand`).

    What the sites' weeks have in common is a factor of the week; the rest beyond chance itself
    (Poisson) is one of the day, by site.
    """
    weekly, minutes = np.array(start.weekly), np.array(start.minutes)
    spread = np.array(start.spread)
    means = np.array([max(load.mean, 1e-9) for load in start.loads])
    cv = np.array([load.sd for load in start.loads]) / means
    rho = max(start.correlation.mean, 0.0) if len(means) > 1 else 0.0
    shared = math.sqrt(rho) * float((cv @ means) / means.sum())
    chance = (weekly @ (minutes**2 * (1 + spread**2))) / 3600 / means**2
    left = np.maximum(cv**2 - chance - shared**2, 0.0)
    daily = math.sqrt(OPEN_DAYS * float((left @ means) / means.sum()))
    fixed = {"common": shared, "dispersion": daily, **terms}
    return Demand(weekly=weekly, minutes=minutes, spread=spread, **fixed)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Served:
    """One way of serving as it was lived: heads, beside the formula's, and against teams apart."""

    way: Way
    lived: capacity.Heads
    formula: capacity.Heads | None = None
    difference: capacity.Difference | None = None
    gaps: tuple[capacity.Gap, ...] = ()


@dataclass(frozen=True)
class Round:
    """What is known after so many replications."""

    replications: int
    ways: tuple[Served, ...]
    teams: tuple[capacity.Heads, ...]  # apart, by site


class Unkeepable(ValueError):
    """No number of people keeps such promises: longer deadlines, or a lower share in time."""


@dataclass
class Scene:
    """What is lived: the demand, the team, the share asked for, chance, and the rule."""

    demand: Demand
    team: Team
    share: float
    chance: Chance
    policy: Callable[[], Policy] = Ours
    # Heads that keeping up one pair of person and site costs.
    a_pair: float = 0.0
    told: Callable[[int], None] = lambda _done: None
    ways: tuple[Way, ...] = (Way.TOGETHER, Way.CHAIN_2, Way.CHAIN_3)
    _asked: dict[int, Asked] = field(default_factory=dict)
    _lived: dict[tuple[str, int, int], tuple[float, float]] = field(default_factory=dict)

    def rounds(self, seeds: Sequence[int], sizes: Sequence[int] = (4, 10, 20)) -> Iterator[Round]:
        """Yield what is known after each round; `told` hears of each replication lived.

        Raises `Unkeepable`. Whatever `told` raises goes through: the last round stands.
        """
        formula: dict[Way, capacity.Heads | None] = {}
        for size in sorted({min(size, len(seeds)) for size in sizes}):
            yield self._round(list(seeds[:size]), formula)

    def _round(self, seeds: list[int], formula: dict[Way, capacity.Heads | None]) -> Round:
        count, work = self.demand.sites, self.demand.site_hours
        guess = float(work.sum()) / 25 + 1
        teams = [
            self._heads(f"site {s}", self._alone(s), seeds, float(work[s]) / 25 + 1 / count)
            for s in range(count)
        ]
        apart = capacity.summed(teams)
        found = [Served(Way.APART, apart)]
        for way in self.ways:
            known = KNOWN[way]
            if count < 2 or (known is not None and known >= count):
                continue
            make = self._pool(known)
            if way not in formula:
                formula[way] = self._predicted(make, seeds)
            told = formula[way]
            lived = self._heads(way.value, make, seeds, told.value if told else guess)
            pairs = pairs_beyond(count, lived.whole, known or count)
            found.append(
                Served(
                    way, lived, told,
                    capacity.difference(apart, lived, pairs * self.a_pair),
                    capacity.gaps(told, lived, make, seeds) if told else (),
                )
            )  # fmt: skip
        return Round(len(seeds), tuple(found), tuple(teams))

    def _predicted(self, make: capacity.Make, seeds: list[int]) -> capacity.Heads | None:
        """Return the formula's heads; None where its few people are all away on some day."""
        try:
            return capacity.predicted(make, seeds, self.share, self.policy)[0]
        except ValueError:
            return None

    def _heads(
        self, name: str, make: capacity.Make, seeds: list[int], guess: float
    ) -> capacity.Heads:
        def look(
            make: capacity.Make, n: int, seeds: Sequence[int], policy: Callable[[], Policy]
        ) -> tuple[Reals, Reals]:
            for seed in seeds:
                if (name, n, seed) not in self._lived:
                    one = capacity.shares(make, n, [seed], policy)
                    self._lived[name, n, seed] = float(one[0][0]), float(one[1][0])
                    self.told(len(self._lived))
            table = np.array([self._lived[name, n, seed] for seed in seeds])
            return table[:, 0], table[:, 1]

        most = math.ceil(TIMES * guess) + SPARE
        try:
            return capacity.simulated(make, seeds, guess, self.share, self.policy, look, most)
        except ValueError as fault:
            raise Unkeepable(str(fault)) from fault

    def _ask(self, seed: int) -> Asked:
        if seed not in self._asked:
            self._asked[seed] = asked(self.demand, self.chance, seed)
        return self._asked[seed]

    def _alone(self, site: int) -> capacity.Make:
        def make(seed: int, people: int) -> World:
            return alone(self._ask(seed), self.demand, self.team, site, people, self.chance)

        return make

    def _pool(self, known: int | None) -> capacity.Make:
        def make(seed: int, people: int) -> World:
            told = self._ask(seed)
            return pool(told, self.demand, self.team, people, self.chance, known)

        return make

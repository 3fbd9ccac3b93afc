"""A roster by column generation: legal rows are priced, chosen, and mended a few people at a time.

The relaxed choice over all legal rows gives a bound that is nearly the cost of the best roster, so
that the gap which is shown is an honest one. Then a first roster among the rows found, and better
ones: the rows of a few people at a time are made anew while the others keep theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from math import ceil

import numpy as np

from .roster import OFF, Plan, Problem, Row, broken, priced
from .roster_master import Cells, Column, Master, Prices, Reals
from .roster_rows import NEVER, Pricer, limited

# Called after each step with the best plan so far and the bound; True ends the search.
Stop = Callable[[Plan | None, float], bool]
ROWS_A_CALL = 3
TURNS = 2
ROUNDS_NEAR = 12
# How many people's rows are made anew together; more after so many vain tries.
FEWEST, MOST, PATIENCE = 6, 16, 6
WHERE_IT_HURTS = 0.7
# Half of the smallest step between two lots.
EVEN = 2.0**-54
# Rows are priced in single precision.
BLUR = 1e-3
NODES_NEAR = 60
# While people are settled one after the other.
ROUNDS_DIVING, KEPT_DIVING, SURE = 6, 60, 0.9
# Rows that cost so much more than nothing at the final prices are no part of a better roster.
KEPT = 200
FAR_FROM_DONE = 1e-6


class NoRoster(ValueError):
    """Somebody's rules contradict one another; the text names her."""


@dataclass
class _Search:
    """What is known while a roster is looked for."""

    problem: Problem
    cells: Cells
    master: Master
    pricer: Pricer
    stop: Stop
    # Whether every cost is in whole points: the bound then is too.
    whole: bool
    bound: float = 0.0
    best: dict[int, Column] | None = None
    prices: Prices | None = None

    def plan(self) -> Plan | None:
        if self.best is None:
            return None
        rows = {person.key: self.best[p].row for p, person in enumerate(self.problem.people)}
        return priced(self.problem, rows, self.bound)

    def cost(self, chosen: Mapping[int, Column]) -> float:
        rows = {person.key: chosen[p].row for p, person in enumerate(self.problem.people)}
        return priced(self.problem, rows).cost

    def ended(self) -> bool:
        plan = self.plan()
        if plan is not None and plan.cost <= self.bound + FAR_FROM_DONE:
            return True
        return self.stop(plan, self.bound)


def solve(
    problem: Problem,
    stop: Stop,
    seed: int = 0,
    wishes: Mapping[tuple[int, int, str], float] | None = None,
    initial: Mapping[int, Row] | None = None,
) -> Plan:
    """Return the best roster found until `stop` says so, or it is proven to be the best.

    `wishes`: points of a person's duty (or a day free) on a day, beside those of the problem.
    `initial`: rows to begin from, by person. Same problem, seed and stops: same roster. Raises
    `NoRoster`, naming who cannot have any row.
    """
    problem = _with(problem, wishes)
    if not problem.people:
        return priced(problem, {}, priced(problem, {}).cost)
    cells = Cells(problem)
    everybody = range(len(problem.people))
    search = _Search(
        problem, cells, Master(cells, everybody), Pricer(problem, everybody), stop, _whole(problem)
    )
    _begin(search, initial or {})
    _relax(search)
    if search.prices is not None:
        pool = _pool(search)
        _first(search, pool)
        _improve(search, seed, pool)
    plan = search.plan()
    assert plan is not None
    return plan


def _with(problem: Problem, wishes: Mapping[tuple[int, int, str], float] | None) -> Problem:
    if not wishes:
        return problem
    people = []
    for person in problem.people:
        cost = dict(person.cost)
        for (key, day, duty), points in wishes.items():
            if key == person.key:
                cost[day, duty] = cost.get((day, duty), 0.0) + points
        people.append(replace(person, cost=cost))
    return replace(problem, people=people)


def _begin(search: _Search, initial: Mapping[int, Row]) -> None:
    """Give everybody a row: the given one if it is legal, else what fits best to the others'.

    Everybody is asked twice, in turn: the others' rows say what is still missing.
    """
    cells, problem = search.cells, search.problem
    wanted = np.array([float(need.wanted) for need in problem.needs])
    under = np.array([need.under for need in problem.needs])
    over = np.array([need.over for need in problem.needs])
    there = np.zeros(len(wanted))
    chosen: dict[int, Column] = {}
    # Each one's cheapest row, were nothing needed: no roster costs less.
    for person, rows in zip(
        problem.people, search.pricer.best(cells.cost, cells.rest), strict=True
    ):
        if not rows:
            raise NoRoster(f"person {person.key}: no row keeps all her rules")
        search.bound += rows[0][0] - BLUR
    pricers = [Pricer(problem, [p]) for p in range(len(problem.people))]
    for turn in range(TURNS):
        for p, person in enumerate(problem.people):
            given = initial.get(person.key)
            if given is not None and not broken(problem, person, given):
                column = cells.column(p, given)
            else:
                if turn:
                    needs, counts = cells.served(chosen[p])
                    there[needs] -= counts
                worth = np.where(there < wanted, under, -over)
                work = cells.cost[[p]] - cells.worth(worth, p)
                row = _kept(problem, pricers[p], work, cells.rest[[p]])
                if row is None:
                    raise NoRoster(f"person {person.key}: no row keeps all her rules")
                column = cells.column(p, row)
            if not turn or given is None or column.row != given:
                needs, counts = cells.served(column)
                there[needs] += counts
            chosen[p] = column
            search.master.add([column])
    search.best = chosen


def _kept(problem: Problem, pricer: Pricer, work: Reals, rest: Reals) -> Row | None:
    """Return a row of one person that keeps all her limits of duties; None if there is none.

    The pricer keeps the tightest. Where its row has another duty too often, one of those days must
    have it no more: each is tried, the last first.
    """
    (place,) = pricer.people
    open_ = [work]
    while open_:
        work = open_.pop()
        rows = pricer.best(work, rest)[0]
        if not rows:
            continue
        row = rows[0][1]
        over = _too_often(problem, place, row)
        if over is None:
            return row
        limit, duty = over
        those = [day for day, key in enumerate(row) if key == problem.duties[duty].key]
        for day in those[-limit - 1 :]:
            without = work.copy()
            without[0, day, duty] = NEVER
            open_.append(without)
    return None


def _too_often(problem: Problem, place: int, row: Row) -> tuple[int, int] | None:
    """Return the limit and the place of a duty that the row has more often; None if none is."""
    for limit, s in limited(problem, problem.people[place]):
        if row.count(problem.duties[s].key) > limit:
            return limit, s
    return None


def _relax(search: _Search) -> None:
    """Price rows until none is worth adding: the bound is then that of all legal rows."""
    master, held = search.master, 0.5
    prices = master.relaxed()
    centre, highest = prices, -np.inf
    while not search.ended():
        asked = _between(centre, prices, held)
        added, bound = _price(search, master, search.pricer, asked, prices)
        if bound > highest:
            highest, centre = bound, asked
            search.bound = max(search.bound, bound)
        if not added:
            if held == 0:
                break
            held = 0.0 if held < 0.1 else held / 2
            continue
        held = min(0.8, held + 0.05) if held else 0.0
        prices = master.relaxed()
        if prices.cost - search.bound < 1e-4 * max(prices.cost, 1.0):
            break
    search.prices = prices
    # Costs in whole points make a bound in whole points.
    if search.whole:
        search.bound = float(ceil(search.bound - 1e-3))


def _between(centre: Prices, prices: Prices, held: float) -> Prices:
    """Return prices between the steadiest and the latest: less swinging, fewer rounds."""
    if held == 0:
        return prices
    return replace(
        prices,
        needs=held * centre.needs + (1 - held) * prices.needs,
        limits=held * centre.limits + (1 - held) * prices.limits,
    )


def _price(
    search: _Search, master: Master, pricer: Pricer, asked: Prices, latest: Prices
) -> tuple[int, float]:
    """Return how many rows were added at the prices asked, and the bound that they prove."""
    work, rest = master.reduced(asked)
    found = pricer.best(work, rest, ROWS_A_CALL)
    fresh, least = [], 0.0
    for n, rows in enumerate(found):
        if not rows:
            continue
        least += rows[0][0]
        for value, row in rows:
            if value < latest.people[n] - FAR_FROM_DONE or asked is not latest:
                fresh.append(search.cells.column(master.people[n], row))
    limits = sum(
        min(price, 0.0) * limit
        for (_p, _s, limit), price in zip(master.limits, asked.limits, strict=True)
    )
    needs = search.problem.needs
    wanted = np.array([float(need.wanted) for need in needs])
    # What is missing or too many costs no less than its price: prices are kept within.
    low = np.array([-need.over for need in needs])
    high = np.array([need.under for need in needs])
    within = bool(((asked.needs >= low - 1e-6) & (asked.needs <= high + 1e-6)).all())
    bound = float(asked.needs @ wanted) + limits + least if within else -np.inf
    blur = len(found) * search.problem.days * 1e-7 * max(float(np.abs(work).max()), 1.0)
    return master.add(fresh), bound - blur


def _whole(problem: Problem) -> bool:
    """Return whether every cost is a whole number of points."""
    points = [points for person in problem.people for points in person.cost.values()]
    points += [need.under for need in problem.needs] + [need.over for need in problem.needs]
    return all(float(each).is_integer() for each in points)


def _first(search: _Search, pool: Mapping[int, list[Column]]) -> None:
    """Settle person after person where the relaxed choice is surest, pricing anew in between."""
    settled: dict[int, Column] = {}
    left = list(range(len(search.problem.people)))
    while left and not search.ended():
        master = Master(search.cells, left, settled.values())
        for p in left:
            master.add(pool[p][:KEPT_DIVING])
            master.add([search.best[p]] if search.best else [])
        prices = _near_prices(search, master, ROUNDS_DIVING)
        # A row may break a limit that the relaxed choice keeps on the whole: it settles nobody.
        legal = [
            (share, n)
            for n, (share, column) in enumerate(zip(prices.shares, master.columns, strict=False))
            if _too_often(search.problem, column.place, column.row) is None
        ]
        shares = sorted(legal, key=lambda x: (-x[0], x[1]))
        sure = [n for share, n in shares if share > SURE] or [shares[0][1]]
        for n in sure:
            column = master.columns[n]
            if column.place not in settled:
                settled[column.place] = column
        left = [p for p in left if p not in settled]
    if not left:
        _keep(search, settled)


def _near_prices(search: _Search, master: Master, rounds: int) -> Prices:
    """Return the prices of a choice for some people, after some rounds of new rows."""
    pricer, prices = Pricer(search.problem, master.people), master.relaxed()
    for _round in range(rounds):
        work, rest = master.reduced(prices)
        fresh = [
            search.cells.column(master.people[n], row)
            for n, rows in enumerate(pricer.best(work, rest, ROWS_A_CALL))
            for value, row in rows
            if value < prices.people[n] - FAR_FROM_DONE
        ]
        if not master.add(fresh):
            break
        prices = master.relaxed()
    return prices


def _pool(search: _Search) -> dict[int, list[Column]]:
    """Return the rows of each person that cost least at the final prices, the best first."""
    pool: dict[int, list[Column]] = {p: [] for p in range(len(search.problem.people))}
    assert search.prices is not None
    reduced = _reduced(search, search.master.columns, search.prices)
    for n in np.argsort(reduced, kind="stable"):
        column = search.master.columns[n]
        if len(pool[column.place]) < KEPT:
            pool[column.place].append(column)
    return pool


def _reduced(search: _Search, columns: list[Column], prices: Prices) -> list[float]:
    limits = {
        (p, s): price for (p, s, _l), price in zip(search.master.limits, prices.limits, strict=True)
    }
    found = []
    for column in columns:
        needs, counts = search.cells.served(column)
        value = column.cost - float(prices.needs[needs] @ counts) - prices.people[column.place]
        for (p, s), price in limits.items():
            if p == column.place and price:
                value -= price * column.row.count(search.problem.duties[s].key)
        found.append(value)
    return found


def _keep(search: _Search, chosen: Mapping[int, Column] | None) -> bool:
    """Keep a choice if it is better; say whether it is."""
    if chosen is None:
        return False
    whole = dict(search.best or {}) | dict(chosen)
    if search.best is not None and search.cost(whole) >= search.cost(search.best) - 1e-9:
        return False
    search.best = whole
    return True


def _improve(search: _Search, seed: int, pool: Mapping[int, list[Column]]) -> None:
    """Make anew the rows of a few people at a time, where it hurts or where it falls by lot."""
    size = len(search.problem.people)
    many, failed, step = min(FEWEST, size), 0, 0
    while not search.ended():
        those = _near(search, _lots(seed, step, size + 2), many)
        better = _keep(search, _anew(search, those, pool))
        failed, step = 0 if better else failed + 1, step + 1
        if failed >= PATIENCE:
            many, failed = min(many + 2, size, MOST), 0
        elif better:
            many = min(max(FEWEST, many - 1), size)


def _lots(seed: int, step: int, size: int) -> Reals:
    """Return numbers between 0 and 1, both left out, by lot: the same for the same step."""
    drawn = blake2b(f"{seed} {step}".encode(), digest_size=64).digest()
    more = b"".join(
        blake2b(drawn + bytes([n % 256, n // 256]), digest_size=64).digest()
        for n in range(size // 8 + 1)
    )
    return (np.frombuffer(more, dtype="<u8")[:size] >> np.uint64(11)).astype(float) / 2.0**53 + EVEN


def _near(search: _Search, lots: Reals, many: int) -> list[int]:
    """Return the places of people whose rows are made anew together: by lot, weighted."""
    problem, best, plan = search.problem, search.best, search.plan()
    assert best is not None and plan is not None
    weight = np.array([1 + min(best[p].cost, 50.0) / 10 for p in range(len(best))])
    if plan.shortfalls and lots[-1] < WHERE_IT_HURTS:
        costs = np.cumsum([short.cost for short in plan.shortfalls])
        need = plan.shortfalls[int(np.searchsorted(costs, lots[-2] * costs[-1]))].need
        days = [day for day in range(need.day - 1, need.day + 2) if 0 <= day < problem.days]
        for p, person in enumerate(problem.people):
            able = need.people is None or person.key in need.people
            if able and any(person.most.get(key, 1) > 0 for key in need.duties):
                weight[p] += 4
            weight[p] += sum(best[p].row[day] != OFF for day in days)
    # Efraimidis & Spirakis 2006: the largest of u^(1/w) are a weighted sample.
    order = np.argsort(-np.log(lots[: len(best)]) / weight, kind="stable")
    return sorted(int(p) for p in order[:many])


def _anew(
    search: _Search, those: list[int], pool: Mapping[int, list[Column]]
) -> dict[int, Column] | None:
    """Return new rows for these people, the others keeping theirs; None if none can be better."""
    best = search.best
    assert best is not None
    settled = [column for p, column in best.items() if p not in set(those)]
    master = Master(search.cells, those, settled)
    master.add(best[p] for p in those)
    for p in those:
        master.add(pool[p])
    prices = _near_prices(search, master, ROUNDS_NEAR)
    now = sum(best[p].cost for p in those) + _missing(search, best)
    least = 1.0 if search.whole else 1e-6
    if prices.cost > now - least + FAR_FROM_DONE:
        return None
    return master.whole({p: best[p].row for p in those}, NODES_NEAR)


def _missing(search: _Search, chosen: Mapping[int, Column]) -> float:
    rows = {person.key: chosen[p].row for p, person in enumerate(search.problem.people)}
    return sum(short.cost for short in priced(search.problem, rows).shortfalls)

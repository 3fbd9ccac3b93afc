"""The same past under several rules of dispatch, beside what really happened, with intervals.

Every rule lives the same requests and the same shifts (common random numbers). The intervals come
from drawing the weeks of arrival anew with replacement, the same draws for all rules, so that a
difference is told as exactly as the weeks allow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from relais.engine.matching import Flags, Reals, Weights
from relais.engine.past import Change, Past, world
from relais.engine.policies import AsGiven, Central, CMu, Ours, Pushed
from relais.engine.simulation import AT_HOME, HALF_LIFE, Policy, Sim, Whole

HAPPENED = "happened"
# Late minutes beyond so many days count as so many: what was forgotten says nothing of dispatch.
MOST_LATE_DAYS = 20
WEEK = 5
# A week with less than this part of the busiest one's requests is lived, but not counted.
FEWEST = 0.05
DRAWS = 1000


class Dice(Protocol):
    """Chance, given by who asks: a generator of numpy."""

    def choice(self, a: Any, size: Any) -> Any:
        """Return as many of these, drawn with replacement."""


@dataclass
class Outcome:
    """What each request got under one rule; NaN where nobody can know."""

    code: str
    late: Reals  # open minutes, 0 in time
    familiar: Reals  # 1 by somebody who knows the site, 0 by a stranger
    hand_offs: Reals
    load: Reals  # share of her time that each worked
    open_at_end: int = 0


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure, and half a 95 % interval of it; `than` the same of its difference to ours."""

    value: float
    half: float
    gain: float = 0.0
    gain_half: float = 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """One rule in the comparison."""

    code: str
    in_time: Measure
    urgent: Measure
    late: Measure
    familiar: Measure
    hand_offs: Measure
    spread: float  # coefficient of variation of the load
    used: float  # mean load
    open_at_end: int
    weeks: tuple[float | None, ...] = ()  # share in time, week by week


@dataclass
class Comparison:
    """All rules over one past."""

    rows: list[Row]
    requests: int
    counted: int
    people: int
    weeks: int
    hours: float  # of work that the requests took
    facts: dict[str, Any] = field(default_factory=dict)


def policies(past: Past, weights: Mapping[str, Weights]) -> dict[str, Callable[[], Policy]]:
    """Return the rules to compare: the usual ones, ours, and ours by other weights."""
    found: dict[str, Callable[[], Policy]] = {
        "as_given": lambda: AsGiven(past.holder),
        "round_robin": lambda: Pushed(least=False),
        "least_loaded": lambda: Pushed(least=True),
        "earliest_due": lambda: Central(lambda w: w.due),
        "generalised_cmu": lambda: CMu(generalised=True),
        "ours": Ours,
    }
    return found | {code: _ours(each) for code, each in weights.items()}


def _ours(weights: Weights) -> Callable[[], Policy]:
    return lambda: Ours(weights)


def happened(past: Past) -> Outcome:
    """Return what really came of each request, by the same measure."""
    spent, target = past.spent(), np.array([each.target for each in past.lived])
    end = past.open_at(np.array([each.arrival for each in past.lived]))
    open_now = np.isnan(spent)
    last = len(past.open_days) * past.day
    late = np.where(open_now, np.maximum(last - end - target, 0.0), spent - target)
    worked = np.zeros(len(past.people))
    for row, effort in zip(past.holder, past.effort, strict=True):
        if row >= 0:
            worked[row] += effort
    return Outcome(
        HAPPENED, _capped(late, past), _familiar(past), past.hand_offs(),
        worked / np.maximum(_there(past), 60.0), int(open_now.sum()),
    )  # fmt: skip


def relived(past: Past, policy: Policy, code: str, change: Change | None = None) -> Outcome:
    """Return what would have come of each request under this rule."""
    sim = Sim(world(past, change), policy)
    sim.live()
    late = sim.done_at - sim.world.due
    last = sim.world.days * sim.world.day
    late = np.where(np.isfinite(sim.done_at), late, last - sim.world.due)
    done = sim.by >= 0
    return Outcome(
        code, _capped(late, past), np.where(done, 1.0 - sim.stranger, np.nan),
        np.zeros(len(late)), sim.spent / np.maximum(sim.before[:, -1], 60.0), len(sim.waiting),
    )  # fmt: skip


def compare(
    past: Past,
    rules: Mapping[str, Callable[[], Policy]],
    dice: Dice,
    *,
    change: Change | None = None,
    told: Callable[[str], None] = lambda code: None,
) -> Comparison:
    """Return all rules side by side; `dice` draws the weeks, `told` is told of each rule done."""
    outcomes = [happened(past)]
    for code, make in rules.items():
        # Who had a request is known of the pool that was, not of another.
        if change is not None and change.people < 0 and code == "as_given":
            continue
        outcomes.append(relived(past, make(), code, change))
        told(code)
    arrival = past.open_at(np.array([each.arrival for each in past.lived]))
    target = np.array([each.target for each in past.lived])
    day, days = past.day, len(past.open_days)
    counted: Flags = (arrival >= past.assumed.warm_up * day) & (arrival + target <= days * day)
    counted &= _busy(np.floor(arrival / (WEEK * day)).astype(int), counted)
    urgent: Flags = counted & (target <= np.quantile(target, 0.2))
    week = np.floor(arrival / (WEEK * day)).astype(int)
    draws = _draws(week[counted], dice)
    mine = next((each for each in outcomes if each.code == "ours"), outcomes[0])
    rows = [_row(each, mine, counted, urgent, week, draws) for each in outcomes]
    return Comparison(
        rows, len(arrival), int(counted.sum()), len(past.people) + (change.people if change else 0),
        len(np.unique(week[counted])), float(past.effort.sum() / 60),
    )  # fmt: skip


def _row(
    one: Outcome, mine: Outcome, counted: Flags, urgent: Flags, week: Whole, draws: Reals
) -> Row:
    def measure(of: Callable[[Outcome], Reals], part: Flags) -> Measure:
        return _measured(of(one), of(mine), part, week, draws)

    kept = _in_time(one)
    weeks = [kept[counted & (week == each)] for each in range(int(week.max()) + 1)]
    return Row(
        one.code,
        in_time=measure(_in_time, counted),
        urgent=measure(_in_time, urgent),
        late=measure(lambda o: o.late, counted),
        familiar=measure(lambda o: o.familiar, counted),
        hand_offs=measure(lambda o: o.hand_offs, counted),
        spread=float(one.load.std() / one.load.mean()) if one.load.mean() > 0 else 0.0,
        used=float(one.load.mean()),
        open_at_end=one.open_at_end,
        weeks=tuple(float(each.mean()) if len(each) else None for each in weeks),
    )


def _in_time(one: Outcome) -> Reals:
    found: Reals = (one.late <= 1e-9).astype(np.float64)
    return found


def _busy(week: Whole, counted: Flags) -> Flags:
    """Return which requests came in a week that holds enough of them to be drawn as one."""
    count = np.bincount(week[counted], minlength=int(week.max()) + 1)
    found: Flags = (count >= FEWEST * count.max())[week]
    return found


def _draws(week: Whole, dice: Dice) -> Reals:
    """Return how often each week is drawn (draws, weeks)."""
    weeks = np.unique(week)
    found = np.zeros((DRAWS, int(week.max()) + 1 if len(week) else 1))
    drawn = dice.choice(weeks, (DRAWS, len(weeks))) if len(weeks) else np.zeros((DRAWS, 0), int)
    for row in range(DRAWS):
        found[row] += np.bincount(drawn[row], minlength=found.shape[1])[: found.shape[1]]
    return found


def _measured(hers: Reals, ours: Reals, part: Flags, week: Whole, draws: Reals) -> Measure:
    value, each = _mean(hers, part, week, draws)
    base, base_each = _mean(ours, part, week, draws)
    return Measure(value, _half(each), base - value, _half(base_each - each))


def _mean(figure: Reals, part: Flags, week: Whole, draws: Reals) -> tuple[float, Reals]:
    known = part & ~np.isnan(figure)
    size = draws.shape[1]
    sums = np.bincount(week[known], figure[known], size)[:size]
    count = np.bincount(week[known], minlength=size)[:size]
    value = float(sums.sum() / max(count.sum(), 1))
    found: Reals = (draws @ sums) / np.maximum(draws @ count, 1)
    return value, found


def _half(each: Reals) -> float:
    low, high = np.quantile(each, [0.025, 0.975])
    return float(high - low) / 2


def _capped(late: Reals, past: Past) -> Reals:
    found: Reals = np.clip(late, 0.0, MOST_LATE_DAYS * past.day)
    return found


def _there(past: Past) -> Reals:
    return np.array([sum(end - begin for begin, end in spans) for spans in past.spans], float)


def _familiar(past: Past) -> Reals:
    """Return whether who did most of each knew its site, by the count that fades day by day."""
    sites = max(each.site for each in past.lived) + 1
    known = np.zeros((len(past.people), sites))
    last = np.zeros((len(past.people), sites))
    days = past.open_at(np.array([each.arrival for each in past.lived])) / past.day
    found = np.full(len(past.lived), np.nan)
    for j, each in enumerate(past.lived):
        row = past.holder[j]
        if row < 0:
            continue
        faded = known[row, each.site] * 0.5 ** ((days[j] - last[row, each.site]) / HALF_LIFE)
        found[j] = float(faded / AT_HOME >= 0.5)
        known[row, each.site], last[row, each.site] = faded + 1, days[j]
    return found


def by_code(rows: Sequence[Row]) -> dict[str, Row]:
    """Return the rows by the code of their rule."""
    return {each.code: each for each in rows}

"""Verdict on a target over a window, and the service credits of a contract that puts fees at risk.

The rules are those of a pool at risk: a multiplier from the distance to the expected level, a
weight for each metric, more for a miss that repeats, never above a cap, and given back after some
good months. Every number of them is agreed on, and given as `Rules`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from itertools import pairwise
from statistics import fmean, median

from .measures_stats import rank

CENT = Decimal("0.01")
HALF = Decimal("0.5")


class Level(StrEnum):
    """How good a measured value is against the levels agreed on."""

    TARGET = "target"
    EXPECTED = "expected"
    BELOW = "below"
    CRITICAL = "critical"
    TOO_FEW = "too_few"


class Statistic(StrEnum):
    """What is measured of the clocks of a window."""

    PCT_WITHIN = "pct_within"
    MEAN = "mean"
    MEDIAN = "median"
    P90 = "p90"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one clock ended. `excluded` is the agreed reason for not counting it, or empty.

    `counted_at` is the stop if in time and the deadline if late, so that a ticket still open
    counts in the month of its breach, and once. `hours` is the open time it took.
    """

    counted_at: datetime
    kept: bool
    hours: float = 0.0
    excluded: str = ""


@dataclass(frozen=True, slots=True)
class Levels:
    """Expected, target and critical levels. Percentages are 0 to 100; hours count downwards."""

    statistic: Statistic
    expected: Decimal
    target: Decimal
    critical: Decimal
    smallest_sample: int = 20

    def __post_init__(self) -> None:
        ordered = [self.critical, self.expected, self.target]
        if ordered != sorted(ordered, reverse=not self.rising):
            raise ValueError("levels: put expected between critical and target")

    @property
    def rising(self) -> bool:
        """Return whether more is better."""
        return self.statistic is Statistic.PCT_WITHIN


@dataclass(frozen=True, slots=True)
class Verdict:
    """The level reached in a window. `value` is None when nothing was counted."""

    level: Level
    value: Decimal | None
    counted: int
    excluded: int


def verdict(outcomes: Iterable[Outcome], levels: Levels, begin: datetime, end: datetime) -> Verdict:
    """Return the verdict of [begin, end); below the smallest sample nothing is declared."""
    within = [each for each in outcomes if begin <= each.counted_at < end]
    counted = [each for each in within if not each.excluded]
    value = _value(counted, levels.statistic)
    few = len(counted) < levels.smallest_sample and levels.statistic is not Statistic.COUNT
    level = Level.TOO_FEW if few or value is None else reached(value, levels)
    return Verdict(level, value, len(counted), len(within) - len(counted))


def monthly(
    outcomes: Sequence[Outcome], levels: Levels, months: Sequence[tuple[datetime, datetime]]
) -> Verdict:
    """Return the verdict of the last month; of the last three together if it has too few."""
    begin, end = months[-1]
    alone = verdict(outcomes, levels, begin, end)
    if alone.level is not Level.TOO_FEW:
        return alone
    return verdict(outcomes, levels, months[-3:][0][0], end)


def reached(value: Decimal, levels: Levels) -> Level:
    """Return the level of a value; at a limit it is the better one, but critical is at or under."""
    sign = 1 if levels.rising else -1
    if sign * value >= sign * levels.target:
        return Level.TARGET
    if sign * value >= sign * levels.expected:
        return Level.EXPECTED
    return Level.CRITICAL if sign * value <= sign * levels.critical else Level.BELOW


def _value(counted: Sequence[Outcome], statistic: Statistic) -> Decimal | None:
    if statistic is Statistic.COUNT:
        return Decimal(sum(not each.kept for each in counted))
    if not counted:
        return None
    if statistic is Statistic.PCT_WITHIN:
        return 100 * Decimal(sum(each.kept for each in counted)) / len(counted)
    hours = sorted(each.hours for each in counted)
    if statistic is Statistic.P90:
        return Decimal(str(hours[rank(len(hours), 90)]))
    return Decimal(str(median(hours) if statistic is Statistic.MEDIAN else fmean(hours)))


class Multiplier(StrEnum):
    """How the share of a weight that is credited grows with the distance to the expected level."""

    LINEAR = "linear"
    STEP = "step"


@dataclass(frozen=True, slots=True)
class Rules:
    """What two parties agreed on credits. Shares are 0 to 1; `cap` is a share of the pool.

    A miss counts `repeat_by` times from its `repeat_from`-th month in a row on. A credit is given
    back after `earn_back_months` months at the target; with none it never is.
    """

    at_risk: Decimal
    multiplier: Multiplier
    cap: Decimal
    repeat_from: int
    repeat_by: Decimal
    earn_back_months: int

    def __post_init__(self) -> None:
        if not (0 <= self.at_risk <= 1 and 0 <= self.cap <= 1):
            raise ValueError("credits: give shares from 0 to 1")
        if self.repeat_from < 2 or self.repeat_by < 1 or self.earn_back_months < 0:
            raise ValueError("credits: repeats count from the second month on, and never less")


def multiplier(
    actual: Decimal, expected: Decimal, critical: Decimal, rule: Multiplier = Multiplier.LINEAR
) -> Decimal:
    """Return 0 at the expected level or better, 1 at critical or worse, 0.5 to 1 between.

    Between, `linear` goes by the distance and `step` stays at 0.5.
    """
    better = 1 if expected >= critical else -1
    if better * actual >= better * expected:
        return Decimal(0)
    if better * actual <= better * critical:
        return Decimal(1)
    if rule is Multiplier.STEP:
        return HALF
    return HALF + HALF * (expected - actual) / (expected - critical)


@dataclass(frozen=True, slots=True)
class Miss:
    """One metric of a month, missed for `months` months in a row, this one included."""

    metric: str
    weight: Decimal
    actual: Decimal
    expected: Decimal
    critical: Decimal
    months: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """What one metric of a month puts on the statement, in euros.

    `credited` is its part of what is credited: less than `amount` when the cap was reached.
    """

    metric: str
    multiplier: Decimal
    repeat: Decimal
    amount: Decimal
    credited: Decimal


@dataclass(frozen=True, slots=True)
class Statement:
    """The lines of a month, the pool in euros, and what is credited: never more than the cap."""

    lines: tuple[Line, ...]
    pool: Decimal
    credit: Decimal

    @property
    def capped(self) -> bool:
        return sum((line.amount for line in self.lines), Decimal(0)) > self.credit


def credits(fee: Decimal, rules: Rules, misses: Iterable[Miss]) -> Statement:
    """Return the credits of a month: fee x share at risk x weight x multiplier, in euros."""
    if fee < 0:
        raise ValueError("credits: give a fee of zero or more")
    pool = (fee * rules.at_risk).quantize(CENT, ROUND_HALF_UP)
    lines = []
    for miss in misses:
        share = multiplier(miss.actual, miss.expected, miss.critical, rules.multiplier)
        repeat = rules.repeat_by if share and miss.months >= rules.repeat_from else Decimal(1)
        amount = (fee * rules.at_risk * miss.weight * share * repeat).quantize(CENT, ROUND_HALF_UP)
        lines.append(Line(miss.metric, share, repeat, amount, amount))
    most = (fee * rules.at_risk * rules.cap).quantize(CENT, ROUND_HALF_UP)
    kept = _under_cap(lines, most)
    return Statement(kept, pool, sum((line.credited for line in kept), Decimal(0)))


def _under_cap(lines: list[Line], most: Decimal) -> tuple[Line, ...]:
    """Return the lines, each cut by the same share so that together they are `most` at the most."""
    whole = sum((line.amount for line in lines), Decimal(0))
    if whole <= most:
        return tuple(lines)
    found, amounts, given = [], Decimal(0), Decimal(0)
    for line in lines:
        # Rounding the running total and not each part: the parts add up to the cent.
        amounts += line.amount
        upto = (most * amounts / whole).quantize(CENT, ROUND_HALF_UP)
        found.append(replace(line, credited=upto - given))
        given = upto
    return tuple(found)


# The account of a contract, month by month


@dataclass(frozen=True, slots=True)
class Measured:
    """One metric of a month: what it weighs, what was agreed on it and what was reached."""

    metric: str
    weight: Decimal
    levels: Levels
    verdict: Verdict

    @property
    def missed(self) -> bool:
        """Return whether it is declared below the expected level."""
        return self.verdict.level in (Level.BELOW, Level.CRITICAL)


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a contract, by its first day: the fee in euros, the rules of its agreement."""

    begin: date
    fee: Decimal
    rules: Rules
    metrics: tuple[Measured, ...]

    def level(self, metric: str) -> Level | None:
        """Return the level that a metric reached; None if it was not measured."""
        return next((x.verdict.level for x in self.metrics if x.metric == metric), None)


class Standing(StrEnum):
    """Whether a credit can still be earned back."""

    OPEN = "open"
    EARNED_BACK = "earned_back"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Entry:
    """A credit in the books, in euros, and what became of it.

    `good` is the months at the target since; `settled` the month that decided, None while open.
    """

    metric: str
    month: date
    amount: Decimal
    standing: Standing
    good: int
    settled: date | None


@dataclass(frozen=True, slots=True)
class Account:
    """The statements, month by month, and every credit of them with what became of it."""

    statements: tuple[tuple[date, Statement], ...]
    entries: tuple[Entry, ...]

    def given_back(self, month: date) -> Decimal:
        """Return what the provider earned back in a month, in euros."""
        return sum(
            (
                each.amount
                for each in self.entries
                if each.standing is Standing.EARNED_BACK and each.settled == month
            ),
            Decimal(0),
        )


def account(months: Sequence[Month]) -> Account:
    """Return the account of the months, which follow each other without a gap.

    Each month is judged by its own rules, so that a new version changes no month before it; the
    months to earn a credit back are those of the month that gave it.
    """
    for one, following in pairwise(months):
        if following.begin != _next(one.begin):
            raise ValueError(f"credits: no month follows {one.begin} but {_next(one.begin)}")
    statements, entries = [], []
    for number, month in enumerate(months):
        before = months[: number + 1]
        misses = [
            Miss(
                each.metric,
                each.weight,
                each.verdict.value or Decimal(0),
                each.levels.expected,
                each.levels.critical,
                _in_a_row(before, each.metric),
            )
            for each in month.metrics
            if each.missed
        ]
        made = credits(month.fee, month.rules, misses)
        statements.append((month.begin, made))
        after = months[number + 1 :]
        entries += [_entry(month, after, line) for line in made.lines if line.credited]
    return Account(tuple(statements), tuple(entries))


def _in_a_row(months: Sequence[Month], metric: str) -> int:
    """Return for how many months, up to the last of these, the metric was missed."""
    count = 0
    for month in reversed(months):
        if month.level(metric) not in (Level.BELOW, Level.CRITICAL):
            break
        count += 1
    return count


def _entry(month: Month, after: Sequence[Month], line: Line) -> Entry:
    needed = month.rules.earn_back_months
    good = 0
    for each in after[:needed]:
        if each.level(line.metric) is not Level.TARGET:
            final = Standing.FINAL
            return Entry(line.metric, month.begin, line.credited, final, good, each.begin)
        good += 1
    if not needed:
        return Entry(line.metric, month.begin, line.credited, Standing.FINAL, 0, month.begin)
    if good < needed:
        return Entry(line.metric, month.begin, line.credited, Standing.OPEN, good, None)
    settled = after[needed - 1].begin
    return Entry(line.metric, month.begin, line.credited, Standing.EARNED_BACK, good, settled)


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)

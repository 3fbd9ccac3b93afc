"""Verdict on a target over a window, and the service credits of a contract that puts fees at risk.

The rules are those of a pool at risk: a multiplier from the distance to the expected level, a
weight for each metric, more for a miss that repeats, never above the pool, and given back after
three good months.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from math import ceil
from statistics import fmean, median

CENT = Decimal("0.01")
HALF = Decimal("0.5")
REPEAT_FROM = 3
REPEAT_BY = Decimal("1.5")
EARN_BACK_MONTHS = 3


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
        return Decimal(str(hours[ceil(0.9 * len(hours)) - 1]))
    return Decimal(str(median(hours) if statistic is Statistic.MEDIAN else fmean(hours)))


def multiplier(actual: Decimal, expected: Decimal, critical: Decimal) -> Decimal:
    """Return 0 at the expected level or better, 1 at critical or worse, 0.5 to 1 between."""
    better = 1 if expected >= critical else -1
    if better * actual >= better * expected:
        return Decimal(0)
    if better * actual <= better * critical:
        return Decimal(1)
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
    """What one metric of a month puts on the statement; `amount` is in euros."""

    metric: str
    multiplier: Decimal
    repeat: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Statement:
    """The lines of a month, the pool in euros, and what is credited: never more than the pool."""

    lines: tuple[Line, ...]
    pool: Decimal
    credit: Decimal

    @property
    def capped(self) -> bool:
        return sum((line.amount for line in self.lines), Decimal(0)) > self.credit


def credits(fee: Decimal, at_risk: Decimal, misses: Iterable[Miss]) -> Statement:
    """Return the credits of a month: fee x share at risk x weight x multiplier, in euros."""
    if fee < 0 or not 0 <= at_risk <= 1:
        raise ValueError("credits: give a fee of zero or more and a share at risk from 0 to 1")
    pool = (fee * at_risk).quantize(CENT, ROUND_HALF_UP)
    lines = []
    for miss in misses:
        share = multiplier(miss.actual, miss.expected, miss.critical)
        repeat = REPEAT_BY if share and miss.months >= REPEAT_FROM else Decimal(1)
        amount = (fee * at_risk * miss.weight * share * repeat).quantize(CENT, ROUND_HALF_UP)
        lines.append(Line(miss.metric, share, repeat, amount))
    return Statement(tuple(lines), pool, min(pool, sum((x.amount for x in lines), Decimal(0))))


def earned_back(following: Sequence[Level]) -> bool:
    """Return whether a credit is refunded: the three months that follow all at the target."""
    months = list(following[:EARN_BACK_MONTHS])
    return len(months) == EARN_BACK_MONTHS and all(each is Level.TARGET for each in months)

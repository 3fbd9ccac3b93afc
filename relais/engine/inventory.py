"""What work there is: lines of an inventory turned into hours a year, month by month, each once.

A line is one task at one site: how often, how long at least, usually and at most, how much of it is
waiting or rework, and whether it is the same work as lines elsewhere. Hours are kept in minutes:
what is exported adds up to the minute. Sources: domain C.2, C.3 and C.4.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

MONTHS = 12
# Inventoried hours for each paid hour: outside, somebody is to be asked again.
COVERED = (0.85, 1.05)
# Of hours lost, what is treated first.
MOST_OF_IT = 0.80
# A brake answered so high needs an action of the change plan.
STRONG = 4.0
# Means of a site are shown from so many answers on: nobody is to be recognised.
FEWEST_ANSWERS = 2


class BadLine(ValueError):
    """A line that cannot be counted: says which field, and what it should hold."""

    def __init__(self, key: str, field: str, mend: str) -> None:
        super().__init__(f"{key}: {field}: {mend}")
        self.key, self.field, self.mend = key, field, mend


class Period(StrEnum):
    """How often a line's count is meant."""

    DAY = "day"
    WEEK = "week"
    FORTNIGHT = "fortnight"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    EVENT = "event"  # the count is that of the events expected in a year


class Value(StrEnum):
    """What a task is worth: to be done, to be done though it adds nothing, or waste."""

    ADDED = "VA"
    NEEDED = "ENVA"
    NONE = "NVA"


class Evidence(StrEnum):
    """How the figures of a line are known."""

    DECLARED = "declared"
    OBSERVED = "observed"
    MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class Line:
    """One task at one site. Minutes: at least, usually, at most. Shares are from 0 to 1."""

    key: str
    site: str
    family: str
    count: float
    period: Period
    minutes: tuple[float, float, float]
    entity: str = ""
    role: str = ""
    months: tuple[float, ...] = ()  # twelve coefficients with a mean of 1; none: all alike
    rework: float = 0.0
    waiting: float = 0.0
    value: Value = Value.ADDED
    secrecy: int = 0  # C0 to C3
    standard: int = 3  # 1 to 5: how far it can be made standard
    relation: int = 3  # 1 to 5: how much hangs on knowing the person
    knowledge: int = 3  # 1 to 5: how much hangs on knowing the site
    same_as: str = ""  # lines of the same work elsewhere bear the same word, once confirmed
    evidence: Evidence = Evidence.DECLARED
    confidence: int = 1

    def __post_init__(self) -> None:
        low, usual, high = self.minutes
        if not 0 <= low <= usual <= high or not math.isfinite(high):
            raise BadLine(self.key, "minutes", "at least ≤ usually ≤ at most, from 0")
        if self.count < 0 or not math.isfinite(self.count):
            raise BadLine(self.key, "count", "0 or more")
        if self.months and (len(self.months) != MONTHS or min(self.months) < 0):
            raise BadLine(self.key, "months", "twelve coefficients, 0 or more")
        if self.months and abs(sum(self.months) / MONTHS - 1) > 0.01:
            raise BadLine(self.key, "months", "their mean is 1")
        for name, share in (("rework", self.rework), ("waiting", self.waiting)):
            if not 0 <= share <= 1:
                raise BadLine(self.key, name, "from 0 to 100 %")
        if self.rework + self.waiting > 1:
            raise BadLine(self.key, "rework", "rework and waiting together: at most 100 %")
        for name in ("standard", "relation", "knowledge"):
            if not 1 <= getattr(self, name) <= 5:
                raise BadLine(self.key, name, "from 1 to 5")
        if not 0 <= self.secrecy <= 3:
            raise BadLine(self.key, "secrecy", "from 0 to 3 (C0 to C3)")


def mean_minutes(minutes: tuple[float, float, float]) -> float:
    """Return the expected time of three points (PERT): (a + 4 m + b) / 6."""
    low, usual, high = minutes
    return (low + 4 * usual + high) / 6


def spread_minutes(minutes: tuple[float, float, float]) -> float:
    """Return the standard deviation of three points (PERT): (b - a) / 6."""
    return (minutes[2] - minutes[0]) / 6


def a_year(line: Line, working_days: int = 254) -> float:
    """Return how often a year: a line by day counts working days, by week 52."""
    times = {
        Period.DAY: working_days,
        Period.WEEK: 52,
        Period.FORTNIGHT: 26,
        Period.MONTH: 12,
        Period.QUARTER: 4,
        Period.YEAR: 1,
        Period.EVENT: 1,
    }
    return line.count * times[line.period]


def months_of(coefficients: Sequence[float]) -> tuple[float, ...]:
    """Return twelve coefficients with a mean of 1, from twelve figures of any size."""
    if len(coefficients) != MONTHS or min(coefficients) < 0 or not sum(coefficients):
        raise ValueError("months: twelve figures, 0 or more, not all 0")
    mean = sum(coefficients) / MONTHS
    return tuple(each / mean for each in coefficients)


@dataclass(frozen=True, slots=True)
class Counted:
    """A line in whole minutes a year. What is done elsewhere already is `double`, and only that."""

    line: Line
    minutes: int
    spread: float  # standard deviation of the year's minutes, from the three points
    by_month: tuple[float, ...]
    waiting: int
    rework: int
    double: int

    @property
    def once(self) -> int:
        """Return the minutes that would be left if each work were done in one place."""
        return self.minutes - self.double

    @property
    def friction(self) -> int:
        """Return the minutes lost: waiting, rework, work done twice. None is counted twice."""
        return self.waiting + self.rework + self.double


def counted(lines: Sequence[Line], working_days: int = 254) -> list[Counted]:
    """Return the lines in minutes a year, in their order; of lines of the same work at two
    entities or more, the cheapest counts, the others are done twice.

    Without entities the sites are taken for them.
    """
    minutes = [round(a_year(line, working_days) * mean_minutes(line.minutes)) for line in lines]
    twice = _twice(lines, minutes)
    found = []
    for place, line in enumerate(lines):
        total = minutes[place]
        waiting, rework = round(total * line.waiting), round(total * line.rework)
        if place in twice:
            waiting = rework = 0  # they go with the line itself
        times = a_year(line, working_days)
        season = line.months or (1.0,) * MONTHS
        found.append(
            Counted(
                line, total, math.sqrt(times) * spread_minutes(line.minutes),
                tuple(total * each / MONTHS for each in season),
                waiting, min(rework, total - waiting), total if place in twice else 0,
            )
        )  # fmt: skip
    return found


def _twice(lines: Sequence[Line], minutes: Sequence[int]) -> set[int]:
    groups: dict[str, list[int]] = defaultdict(list)
    for place, line in enumerate(lines):
        if line.same_as:
            groups[line.same_as].append(place)
    found: set[int] = set()
    for places in groups.values():
        if len({lines[place].entity or lines[place].site for place in places}) < 2:
            continue
        cheapest = min(places, key=lambda place: (minutes[place], lines[place].key))
        # An entity that does the work in two lines keeps both if it is the cheapest one's.
        home = lines[cheapest].entity or lines[cheapest].site
        found |= {place for place in places if (lines[place].entity or lines[place].site) != home}
    return found


@dataclass(frozen=True, slots=True)
class Total:
    """Minutes a year of some lines; every figure is the sum of the lines'."""

    lines: int
    minutes: int
    once: int
    waiting: int
    rework: int
    double: int
    by_month: tuple[float, ...]
    by_value: Mapping[Value, int]
    measured: float  # share of minutes observed or measured, not only declared

    @property
    def friction(self) -> int:
        """Return the minutes lost."""
        return self.waiting + self.rework + self.double

    @property
    def hours(self) -> float:
        """Return the hours a year."""
        return self.minutes / 60

    @property
    def busiest(self) -> int:
        """Return the month that asks for most, 1 to 12."""
        return max(range(MONTHS), key=lambda month: self.by_month[month]) + 1


def total(rows: Sequence[Counted]) -> Total:
    """Return the sums of these lines."""
    values = {value: sum(r.minutes for r in rows if r.line.value is value) for value in Value}
    minutes = sum(row.minutes for row in rows)
    known = sum(row.minutes for row in rows if row.line.evidence is not Evidence.DECLARED)
    return Total(
        len(rows), minutes, sum(row.once for row in rows), sum(row.waiting for row in rows),
        sum(row.rework for row in rows), sum(row.double for row in rows),
        tuple(sum(row.by_month[month] for row in rows) for month in range(MONTHS)),
        values, known / minutes if minutes else 0.0,
    )  # fmt: skip


def by(rows: Sequence[Counted], *fields: str) -> dict[tuple[str, ...], Total]:
    """Return the sums by these fields of the line (site, family, role, entity), in order."""
    groups: dict[tuple[str, ...], list[Counted]] = defaultdict(list)
    for row in rows:
        groups[tuple(str(getattr(row.line, field)) for field in fields)].append(row)
    return {key: total(groups[key]) for key in sorted(groups)}


@dataclass(frozen=True, slots=True)
class Coverage:
    """Inventoried hours beside paid hours of a site or a role."""

    inventoried: float
    paid: float
    ratio: float | None  # None: nobody is paid, or nobody said how much
    verdict: str  # "good", "low", "high", "unknown"


def coverage(inventoried: float, paid: float) -> Coverage:
    """Return whether the inventory holds what people do: from 85 to 105 % of the paid hours."""
    if paid <= 0:
        return Coverage(inventoried, paid, None, "unknown")
    ratio = inventoried / paid
    low, high = COVERED
    verdict = "low" if ratio < low - 1e-9 else "high" if ratio > high + 1e-9 else "good"
    return Coverage(inventoried, paid, ratio, verdict)


# What the choice of a model asks of lines


@dataclass(frozen=True, slots=True)
class Shape:
    """What a site's family is made of, by hours: shares from 0 to 1, levels from 1 to 5."""

    hours: float
    standard_share: float  # of hours that can be made standard: 4 or more
    relation_share: float  # of hours that hang on knowing the person: 4 or more
    secret_share: float  # C3
    standard: float
    relation: float
    secrecy: float  # C0 to C3 as 1 to 5
    swing: float  # busiest month / mean month


def shape(rows: Sequence[Counted]) -> Shape:
    """Return what these lines are made of, weighed by their minutes counted once."""
    weights = [row.once for row in rows]
    whole = sum(weights) or 1

    def mean(values: Sequence[float]) -> float:
        return sum(w * v for w, v in zip(weights, values, strict=True)) / whole

    sums = total(rows)
    usual = sums.minutes / MONTHS
    return Shape(
        sum(weights) / 60,
        mean([float(row.line.standard >= 4) for row in rows]),
        mean([float(row.line.relation >= 4) for row in rows]),
        mean([float(row.line.secrecy >= 3) for row in rows]),
        mean([row.line.standard for row in rows]),
        mean([row.line.relation for row in rows]),
        mean([1 + 4 * row.line.secrecy / 3 for row in rows]),
        max(sums.by_month) / usual if usual else 1.0,
    )


# What capacity and the roll-out ask of lines


@dataclass(frozen=True, slots=True)
class Week:
    """The hours of a usual week of one site, and how far weeks stray from it."""

    site: str
    mean: float
    sd: float


def weeks(rows: Sequence[Counted], working_days: int = 254, once: bool = True) -> list[Week]:
    """Return the hours a week of each site, for `capacity_formula.Load` when no log tells them.

    How many come in a week strays as chance does (Poisson), how long each takes by its three
    points, and months by their coefficients, those of all lines of a site moving together.
    """
    sites: dict[str, list[Counted]] = defaultdict(list)
    for row in rows:
        if not (once and row.double):
            sites[row.line.site].append(row)
    found = []
    for site in sorted(sites):
        mean = sum(row.minutes for row in sites[site]) / 52
        variance = sum(
            a_year(row.line, working_days)
            / 52
            * (mean_minutes(row.line.minutes) ** 2 + spread_minutes(row.line.minutes) ** 2)
            for row in sites[site]
        )
        months = [sum(row.by_month[month] for row in sites[site]) for month in range(MONTHS)]
        variance += sum((month * MONTHS / 52 - mean) ** 2 for month in months) / MONTHS
        found.append(Week(site, mean / 60, math.sqrt(variance) / 60))
    return found


def in_order(rows: Sequence[Counted], pain: Mapping[str, float]) -> list[Counted]:
    """Return the lines in the order in which to take them over: hours x pain, the most first.

    `pain`: the hours lost a month, weighed, of the irritants linked to a line, by the line's key.
    """

    return sorted(rows, key=lambda row: (-worth(row, pain), row.line.site, row.line.key))


def worth(row: Counted, pain: Mapping[str, float]) -> float:
    """Return what taking a line over is worth: its minutes, more where it hurts."""
    return row.once * (1 + pain.get(row.line.key, 0.0))


# What hurts


@dataclass(frozen=True, slots=True)
class Irritant:
    """Something that costs time again and again: events a month, persons and minutes each."""

    key: str
    a_month: float
    persons: float
    minutes: float
    severity: int  # 1 to 5

    def __post_init__(self) -> None:
        if min(self.a_month, self.persons, self.minutes) < 0:
            raise BadLine(self.key, "minutes", "times, persons and minutes: 0 or more")
        if not 1 <= self.severity <= 5:
            raise BadLine(self.key, "severity", "from 1 to 5")

    @property
    def hours(self) -> float:
        """Return the hours lost a month."""
        return self.a_month * self.persons * self.minutes / 60

    @property
    def score(self) -> float:
        """Return the hours lost a month x (1 + 0.25 x (severity - 1))."""
        return self.hours * (1 + 0.25 * (self.severity - 1))


@dataclass(frozen=True, slots=True)
class Ranked:
    """An irritant in its place: what it and those before it make of the whole."""

    irritant: Irritant
    score: float
    reached: float
    treat: bool


def pareto(irritants: Sequence[Irritant]) -> list[Ranked]:
    """Return the irritants, the worst first; those to treat together make 80 % of the score."""
    order = sorted(irritants, key=lambda each: (-each.score, each.key))
    whole = sum(each.score for each in order)
    found, so_far = [], 0.0
    for each in order:
        treat = each.score > 0 and so_far < MOST_OF_IT * whole - 1e-9
        so_far += each.score
        found.append(Ranked(each, each.score, so_far / whole if whole else 0.0, treat))
    return found


def lifted(before: Irritant, after: Irritant) -> float | None:
    """Return the share of the score that is gone, less than 0 when it got worse; None if none."""
    return 1 - after.score / before.score if before.score else None


# What holds people back, and how far the tools have come


@dataclass(frozen=True, slots=True)
class Brake:
    """A brake at a site: the mean of its answers (1 to 5), and whether it asks for an action."""

    site: str
    brake: str
    answers: int
    mean: float | None  # None: too few answers to be shown
    act: bool


def brakes(answers: Sequence[tuple[str, str, int]], fewest: int = FEWEST_ANSWERS) -> list[Brake]:
    """Return the heat map of answers (site, brake, 1 to 5), site by site.

    The action stands however few answered; what they answered does not.
    """
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for site, brake, level in answers:
        if not 1 <= level <= 5:
            raise BadLine(f"{site}, {brake}", "answer", "from 1 to 5")
        groups[site, brake].append(level)
    found = []
    for (site, brake), levels in sorted(groups.items()):
        mean = sum(levels) / len(levels)
        shown = mean if len(levels) >= fewest else None
        found.append(Brake(site, brake, len(levels), shown, mean >= STRONG))
    return found


MATURITY = (
    "calendars", "signature", "documents", "sign_on", "tickets",
    "e_invoicing", "data", "meetings", "support", "security",
)  # fmt: skip


def maturity(answers: Mapping[str, int]) -> float:
    """Return the digital maturity from 1 to 5: ten answers from 0 to 4, their mean plus 1."""
    missing = [item for item in MATURITY if item not in answers]
    if missing:
        raise BadLine("maturity", missing[0], "answer all ten, from 0 to 4")
    levels = [answers[item] for item in MATURITY]
    for item, level in zip(MATURITY, levels, strict=True):
        if not 0 <= level <= 4:
            raise BadLine("maturity", item, "from 0 to 4")
    return 1 + sum(levels) / len(levels)

"""What a client used of its package, month by month: included, carried over, over, lost.

Every number of the rules is agreed on, and given as `Plan`. Units are fractions, so that ten
entries of ten minutes are exactly an hour and two thirds; money is in cents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

NONE = Fraction(0)
ALERTS = (50, 75, 90, 100)
# Earlier in a month its pace says nothing of its end.
EARLIEST = Fraction(1, 5)


class Unit(StrEnum):
    """What a package is sold by. A flat one is counted, and can never be exceeded."""

    HOURS = "hours"
    TASKS = "tasks"
    CALLS = "calls"
    SHARE = "share"
    FLAT = "flat"


class Overage(StrEnum):
    """What happens beyond the package."""

    NOTICE = "notice"  # told, and nothing charged: a larger package is proposed
    RATE = "rate"  # charged with the month
    NEXT = "next"  # charged with the next month
    STOP = "stop"  # no new work begins


class BadPlan(ValueError):
    """A package cannot be applied as written; the message names the mend."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The rules of a package. `included` units and `cents` are those of a whole month.

    What is not used is carried over for `carried_months` months (0: never; None: for ever), at
    most `carried_share` of the package and `carried_units` together. `over_cents` is the price of
    a unit beyond. An urgent line counts `urgent_times`.
    """

    unit: Unit
    included: Fraction
    cents: int = 0
    rounding_minutes: int = 1
    carried_months: int | None = 0
    carried_share: Fraction | None = None
    carried_units: Fraction | None = None
    overage: Overage = Overage.NOTICE
    over_cents: Fraction = NONE
    urgent_times: Fraction = Fraction(1)
    alerts: tuple[int, ...] = ALERTS
    most_held: int = 2

    def __post_init__(self) -> None:
        if self.included < 0 or self.cents < 0 or self.over_cents < 0:
            raise BadPlan("package: give units and prices of nought or more")
        if self.rounding_minutes < 1:
            raise BadPlan("package: round to a minute or more")
        if self.carried_months is not None and self.carried_months < 0:
            raise BadPlan("package: carry over for nought months or more, or for ever")
        if any(cap is not None and cap < 0 for cap in (self.carried_share, self.carried_units)):
            raise BadPlan("package: give limits of nought or more to what is carried over")
        if self.urgent_times < 1:
            raise BadPlan("package: an urgent line counts once or more")
        if list(self.alerts) != sorted(set(self.alerts)) or any(each < 1 for each in self.alerts):
            raise BadPlan("package: give the alerts as rising percentages, each once")

    def units(self, line: Line) -> Fraction:
        """Return what a line counts: minutes rounded up, each line by itself; more if urgent."""
        counted = line.amount
        if self.unit is Unit.HOURS:
            steps = -(-counted // self.rounding_minutes)
            counted = Fraction(steps * self.rounding_minutes, 60)
        return counted * self.urgent_times if line.urgent else counted

    def most_carried(self) -> Fraction | None:
        """Return the most that may be carried into a month; None if there is no limit."""
        if self.carried_months == 0:
            return NONE
        caps = [] if self.carried_share is None else [self.included * self.carried_share]
        caps += [] if self.carried_units is None else [self.carried_units]
        return min(caps, default=None)


class Dispute(StrEnum):
    """What the client said of a line, and what became of it."""

    NONE = ""
    OPEN = "open"  # counted, but not charged beyond the package until it is settled
    UPHELD = "upheld"  # the client was right: not counted
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Line:
    """One use: minutes if the package is in hours, else units. `key` leads to the request."""

    key: str
    at: datetime
    amount: Fraction
    site: str = ""
    entity: str = ""
    urgent: bool = False
    dispute: Dispute = Dispute.NONE


@dataclass(frozen=True, slots=True)
class Lot:
    """Units carried over from a month; `months` is how many more they live, None for ever."""

    month: date
    left: Fraction
    months: int | None


@dataclass(frozen=True, slots=True)
class Charge:
    """What one line used, and of what."""

    line: Line
    units: Fraction
    carried: Fraction
    included: Fraction
    over: Fraction


@dataclass(frozen=True, slots=True)
class Alert:
    """A percentage of what was available, and the line that reached it."""

    percent: int
    at: datetime
    line: str


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a package, by its first day. `share` of it in force; `held`: suspended."""

    begin: date
    plan: Plan
    lines: tuple[Line, ...] = ()
    share: Fraction = Fraction(1)
    held: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise BadPlan(f"{self.begin}: give the share of the month in force, from 0 to 1")

    @property
    def included(self) -> Fraction:
        return NONE if self.held else self.plan.included * self.share


@dataclass(frozen=True, slots=True)
class Statement:
    """What a month used and what became of the rest, in units; money in cents.

    `included + brought - lapsed - carried = used - over` but for a flat package, which is never
    exceeded. `over_cents` is charged now,
    `later_cents` with the next month, `disputed_cents` once its lines are settled.
    """

    begin: date
    included: Fraction
    brought: tuple[Lot, ...]
    used: Fraction
    disputed: Fraction
    over: Fraction
    lapsed: Fraction
    carried: tuple[Lot, ...]
    charges: tuple[Charge, ...] = field(repr=False)
    alerts: tuple[Alert, ...] = ()
    fee_cents: int = 0
    over_cents: int = 0
    later_cents: int = 0
    disputed_cents: int = 0

    @property
    def available(self) -> Fraction:
        """Return what could be used: the package and what was brought into the month."""
        return self.included + total(self.brought)

    def by(self, name: str) -> dict[str, Fraction]:
        """Return the units used by `site` or `entity`."""
        found: dict[str, Fraction] = {}
        for charge in self.charges:
            key = str(getattr(charge.line, name))
            found[key] = found.get(key, NONE) + charge.units
        return dict(sorted(found.items()))


def total(lots: Iterable[Lot]) -> Fraction:
    """Return the units of these together."""
    return sum((lot.left for lot in lots), NONE)


def account(months: Sequence[Month]) -> tuple[Statement, ...]:
    """Return the statements of months that follow each other, each with what the last carried."""
    for one, following in pairwise(months):
        if following.begin != _next(one.begin):
            raise BadPlan(f"package: no month follows {one.begin} but {_next(one.begin)}")
    statements: list[Statement] = []
    brought: tuple[Lot, ...] = ()
    held, later = 0, 0
    for month in months:
        held = held + 1 if month.held else 0
        if held > month.plan.most_held:
            raise BadPlan(f"{month.begin}: suspended for {month.plan.most_held} months at most")
        made = statement(month, brought)
        statements.append(replace(made, over_cents=made.over_cents + later))
        brought, later = made.carried, made.later_cents
    return tuple(statements)


def statement(month: Month, brought: Sequence[Lot] = ()) -> Statement:
    """Return the statement of a month into which these were carried.

    What dies soonest is used first, so nothing lapses that could have been used.
    """
    plan = month.plan
    lots = tuple(sorted(brought, key=_death))
    ordered = sorted(month.lines, key=lambda each: (each.at, each.key))
    for one, following in pairwise(sorted(each.key for each in ordered)):
        if one == following:
            raise BadPlan(f"{one}: give each line once")
    counted = [each for each in ordered if each.dispute is not Dispute.UPHELD]
    charges = _charges(plan, counted, total(lots), month.included)
    used = sum((each.units for each in charges), NONE)
    over, carried, lapsed = _closed(month, lots, used)
    open_ = [each for each in charges if each.line.dispute is Dispute.OPEN]
    held_back = _cents(plan.over_cents * sum((each.over for each in open_), NONE))
    charged = plan.overage in (Overage.RATE, Overage.NEXT)
    cents = _cents(plan.over_cents * over) - held_back if charged else 0
    return Statement(
        month.begin, month.included, lots, used, sum((each.units for each in open_), NONE),
        over, lapsed, carried, charges,
        _alerts(plan, charges, month.included + total(lots)),
        0 if month.held else _cents(plan.cents * month.share),
        cents if plan.overage is Overage.RATE else 0,
        cents if plan.overage is Overage.NEXT else 0,
        held_back if charged else 0,
    )  # fmt: skip


def _charges(
    plan: Plan, lines: Iterable[Line], carried: Fraction, included: Fraction
) -> tuple[Charge, ...]:
    found = []
    for line in lines:
        units = plan.units(line)
        old = min(units, carried)
        new = min(units - old, included)
        over = NONE if plan.unit is Unit.FLAT else units - old - new
        found.append(Charge(line, units, old, new, over))
        carried, included = carried - old, included - new
    return tuple(found)


def _closed(
    month: Month, lots: Sequence[Lot], used: Fraction
) -> tuple[Fraction, tuple[Lot, ...], Fraction]:
    """Return what is over, what is carried on and what lapses, if so much is used."""
    plan = month.plan
    flat = plan.unit is Unit.FLAT
    available = month.included + total(lots)
    over = NONE if flat else max(NONE, used - available)
    rest, left = min(used, available), []
    for lot in lots:
        taken = min(rest, lot.left)
        rest -= taken
        # A month in which the package is suspended ages nothing.
        months = lot.months if lot.months is None or month.held else lot.months - 1
        if lot.left > taken and (months is None or months > 0):
            left.append(Lot(lot.month, lot.left - taken, months))
    if month.included > rest and plan.carried_months != 0:
        left.append(Lot(month.begin, month.included - rest, plan.carried_months))
    kept = _under_cap(left, plan.most_carried())
    return over, kept, max(NONE, available - used) - total(kept)


def _under_cap(lots: Sequence[Lot], most: Fraction | None) -> tuple[Lot, ...]:
    """Return the lots within the limit: what would die soonest goes first."""
    kept, room = [], most
    for lot in sorted(lots, key=_death, reverse=True):
        left = lot.left if room is None else min(lot.left, room)
        room = None if room is None else room - left
        if left:
            kept.append(replace(lot, left=left))
    return tuple(sorted(kept, key=_death))


def _death(lot: Lot) -> tuple[bool, int, date]:
    return lot.months is None, lot.months or 0, lot.month


def _alerts(plan: Plan, charges: Iterable[Charge], available: Fraction) -> tuple[Alert, ...]:
    found, used = [], NONE
    waiting = list(plan.alerts)
    for charge in charges:
        used += charge.units
        while waiting and used and 100 * used >= waiting[0] * available:
            found.append(Alert(waiting.pop(0), charge.line.at, charge.line.key))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where a month ends at the pace so far, in units: used, over, carried on and lost."""

    used: Fraction
    over: Fraction
    carried: Fraction
    lost: Fraction


def forecast(month: Month, brought: Sequence[Lot], passed: Fraction) -> Forecast | None:
    """Return where the month ends if the rest of it is as what has passed; None if too early.

    `passed` is the share of the month's working days that are over, from 0 to 1.
    """
    if not 0 <= passed <= 1:
        raise BadPlan("forecast: give the share of the month that has passed, from 0 to 1")
    if passed < EARLIEST:
        return None
    used = statement(month, brought).used / passed
    over, carried, lapsed = _closed(month, sorted(brought, key=_death), used)
    return Forecast(used, over, total(carried), lapsed)


def allocated(cents: int, units: Mapping[str, Fraction]) -> dict[str, int]:
    """Return an amount shared by use, to the cent: the parts add up to it.

    Cents left over go to the largest remainders, and among equals by name. Without any use the
    parts are equal.
    """
    if not units:
        raise BadPlan("allocation: give at least one place to bear the amount")
    whole = sum(units.values(), NONE)
    weights = units if whole else dict.fromkeys(units, Fraction(1))
    exact = {key: cents * each / sum(weights.values(), NONE) for key, each in weights.items()}
    found = {key: int(each // 1) for key, each in exact.items()}
    order = sorted(exact, key=lambda key: (found[key] - exact[key], key))
    for key in order[: cents - sum(found.values())]:
        found[key] += 1
    return dict(sorted(found.items()))


def in_force(begin: date, first: date | None = None, last: date | None = None) -> Fraction:
    """Return the share of a month between two days, both in it: for a package that changes."""
    end = _next(begin)
    start, stop = max(first or begin, begin), end
    if last is not None:
        stop = min(last + timedelta(days=1), end)
    return Fraction(max((stop - start).days, 0), (end - begin).days)


def may_begin(made: Statement, plan: Plan) -> bool:
    """Return whether new work may begin: always, but where the package says to stop."""
    if plan.overage is not Overage.STOP or plan.unit is Unit.FLAT:
        return True
    return made.used < made.available


def _cents(amount: Fraction) -> int:
    """Return an amount in whole cents, halves up."""
    return int((amount + Fraction(1, 2)) // 1)


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)

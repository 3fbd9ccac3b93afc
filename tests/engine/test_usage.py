"""What a client used of its package: rounding, carrying over, beyond, alerts, what is lost."""

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relais.engine import usage
from relais.engine.usage import BadPlan, Dispute, Line, Lot, Month, Overage, Plan, Unit

JAN, FEB, MAR = (date(2027, month, 1) for month in (1, 2, 3))
TASKS = Plan(Unit.TASKS, Fraction(10), cents=100_000, over_cents=Fraction(5_000))
HOURS = replace(TASKS, unit=Unit.HOURS)


def line(key, amount=1, day=5, month=1, **facts):
    return Line(key, datetime(2027, month, day, 9, tzinfo=UTC), Fraction(amount), **facts)


def used(n, begin=JAN, plan=TASKS, **facts):
    lines = tuple(line(f"{begin.month}-{each:03}", month=begin.month) for each in range(n))
    return Month(begin, plan, lines, **facts)


@pytest.mark.parametrize(
    ("minutes", "rounding", "hours"),
    [
        (50, 1, Fraction(5, 6)),
        (50, 15, Fraction(1)),
        (60, 15, Fraction(1)),
        (61, 15, Fraction(5, 4)),
        (1, 15, Fraction(1, 4)),
        (0, 15, Fraction(0)),
    ],
)
def test_minutes_are_rounded_up_line_by_line(minutes, rounding, hours):
    plan = replace(HOURS, rounding_minutes=rounding)
    month = Month(JAN, plan, (line("a", minutes), line("b", minutes)))
    assert usage.statement(month).used == 2 * hours


def test_an_urgent_line_counts_more():
    plan = replace(TASKS, urgent_times=Fraction(3, 2))
    month = Month(JAN, plan, (line("a", 2, urgent=True), line("b", 2)))
    assert usage.statement(month).used == 5


def left(months, **rules):
    """Return what each month had available, carried on and lost."""
    plan = replace(TASKS, **rules)
    made = usage.account([replace(each, plan=plan) for each in months])
    return [tuple(map(int, (m.available, usage.total(m.carried), m.lapsed))) for m in made]


YEAR = [used(4, JAN), used(0, FEB), used(12, MAR)]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({}, [(10, 0, 6), (10, 0, 10), (10, 0, 0)]),
        ({"carried_months": 1}, [(10, 6, 0), (16, 10, 6), (20, 8, 0)]),
        ({"carried_months": 2}, [(10, 6, 0), (16, 16, 0), (26, 14, 0)]),
        ({"carried_months": None}, [(10, 6, 0), (16, 16, 0), (26, 14, 0)]),
        ({"carried_months": 1, "carried_share": Fraction(1, 10)},
         [(10, 1, 5), (11, 1, 10), (11, 0, 0)]),
        ({"carried_months": 3, "carried_units": Fraction(8)},
         [(10, 6, 0), (16, 8, 8), (18, 6, 0)]),
        ({"carried_months": 1, "carried_share": Fraction(2, 10), "carried_units": Fraction(9)},
         [(10, 2, 4), (12, 2, 10), (12, 0, 0)]),
        ({"carried_months": 0, "carried_units": Fraction(9)},
         [(10, 0, 6), (10, 0, 10), (10, 0, 0)]),
    ],
)  # fmt: skip
def test_what_is_not_used_is_carried_over_or_lost(rules, expected):
    assert left(YEAR, **rules) == expected


def test_what_dies_soonest_is_used_first_and_cut_first():
    plan = replace(TASKS, carried_months=3, carried_units=Fraction(12))
    old, young = Lot(date(2026, 11, 1), Fraction(3), 1), Lot(date(2026, 12, 1), Fraction(4), 2)
    made = usage.statement(Month(JAN, plan, (line("a", 4),)), [young, old])
    # Three of the oldest and one of the next: three of December and January's ten remain, one
    # more than may be carried.
    assert made.carried == (Lot(young.month, Fraction(2), 1), Lot(JAN, Fraction(10), 3))
    assert (made.lapsed, made.charges[0].carried, made.charges[0].included) == (1, 4, 0)


def test_what_is_carried_dies_after_its_months():
    months = [used(0, date(2027, month, 1)) for month in range(1, 6)]
    carried = [usage.total(m.carried) for m in usage.account(
        [replace(each, plan=replace(TASKS, carried_months=2)) for each in months]
    )]  # fmt: skip
    assert carried == [10, 20, 20, 20, 20]


def test_a_suspended_month_costs_and_ages_nothing():
    plan = replace(TASKS, carried_months=1)
    months = [used(4, JAN, plan), used(0, FEB, plan, held=True), used(0, MAR, plan)]
    made = usage.account(months)
    assert (made[1].included, made[1].fee_cents, made[1].lapsed) == (0, 0, 0)
    assert made[2].available == 16
    held = [used(0, date(2027, month, 1), plan, held=True) for month in (1, 2, 3)]
    with pytest.raises(BadPlan, match="2027-03-01: suspended for 2 months"):
        usage.account(held)
    assert len(usage.account(held[:2])) == 2


@pytest.mark.parametrize(
    ("overage", "january", "february", "begins"),
    [
        (Overage.NOTICE, 0, 0, True),
        (Overage.RATE, 15_000, 0, True),
        (Overage.NEXT, 0, 15_000, True),
        (Overage.STOP, 0, 0, False),
    ],
)
def test_beyond_the_package(overage, january, february, begins):
    plan = replace(TASKS, overage=overage)
    one, two = usage.account([used(13, JAN, plan), used(1, FEB, plan)])
    assert (one.over, one.over_cents, two.over_cents) == (3, january, february)
    assert usage.may_begin(one, plan) is begins
    assert usage.may_begin(two, plan)
    assert [each.over for each in one.charges][-4:] == [0, 1, 1, 1]


def test_a_flat_package_is_counted_and_never_exceeded():
    plan = replace(TASKS, unit=Unit.FLAT, overage=Overage.RATE)
    made = usage.statement(used(30, JAN, plan))
    assert (made.used, made.over, made.over_cents) == (30, 0, 0)
    assert usage.may_begin(made, replace(plan, overage=Overage.STOP))


def test_alerts_name_the_line_that_reached_them():
    made = usage.statement(used(10))
    assert [(each.percent, each.line) for each in made.alerts] == [
        (50, "1-004"), (75, "1-007"), (90, "1-008"), (100, "1-009"),
    ]  # fmt: skip
    assert usage.statement(used(4)).alerts == ()
    brought = [Lot(date(2026, 12, 1), Fraction(10), 1)]
    assert [a.percent for a in usage.statement(used(10), brought).alerts] == [50]
    empty = replace(TASKS, included=Fraction(0))
    assert len(usage.statement(used(1, JAN, empty)).alerts) == 4


@pytest.mark.parametrize(
    ("dispute", "counted", "over", "cents", "held"),
    [
        (Dispute.NONE, 12, 2, 10_000, 0),
        (Dispute.OPEN, 12, 2, 5_000, 5_000),
        (Dispute.UPHELD, 11, 1, 5_000, 0),
        (Dispute.REJECTED, 12, 2, 10_000, 0),
    ],
)
def test_a_line_may_be_disputed(dispute, counted, over, cents, held):
    month = used(12, JAN, replace(TASKS, overage=Overage.RATE))
    lines = (*month.lines[:-1], replace(month.lines[-1], dispute=dispute))
    made = usage.statement(replace(month, lines=lines))
    assert (made.used, made.over, made.over_cents, made.disputed_cents) == (
        counted, over, cents, held,
    )  # fmt: skip
    assert made.disputed == (1 if dispute is Dispute.OPEN else 0)


def test_what_would_be_lost_is_told_in_mid_month():
    brought = [Lot(date(2026, 12, 1), Fraction(4), 1)]
    plan = replace(TASKS, carried_months=1, carried_share=Fraction(1, 2))
    month = used(3, JAN, plan)
    found = usage.forecast(month, brought, Fraction(1, 2))
    # Six by the end: the four of December, two of ten; five of the eight left may be carried.
    assert (found.used, found.over, found.carried, found.lost) == (6, 0, 5, 3)
    assert usage.forecast(month, (), Fraction(1, 5)).over == 5
    assert usage.forecast(month, (), Fraction(1, 6)) is None
    with pytest.raises(BadPlan, match="share of the month"):
        usage.forecast(month, (), Fraction(2))
    done = usage.forecast(month, brought, Fraction(1))
    made = usage.statement(month, brought)
    assert (done.used, done.lost) == (made.used, made.lapsed)


def test_use_is_shared_by_site_and_entity_to_the_cent():
    lines = (line("a", 1, site="Lyon"), line("b", 1, site="Aix"), line("c", 1, site="Lille"))
    made = usage.statement(Month(JAN, TASKS, lines))
    assert made.by("site") == {"Aix": 1, "Lille": 1, "Lyon": 1}
    assert made.by("entity") == {"": 3}
    assert usage.allocated(100_000, made.by("site")) == {
        "Aix": 33_334, "Lille": 33_333, "Lyon": 33_333,
    }  # fmt: skip
    assert usage.allocated(5, {"a": Fraction(0), "b": Fraction(0)}) == {"a": 3, "b": 2}
    with pytest.raises(BadPlan, match="at least one place"):
        usage.allocated(5, {})


@pytest.mark.parametrize(
    ("first", "last", "share"),
    [
        (None, None, Fraction(1)),
        (date(2027, 1, 17), None, Fraction(15, 31)),
        (None, date(2027, 1, 16), Fraction(16, 31)),
        (date(2027, 2, 1), None, Fraction(0)),
        (date(2026, 12, 5), date(2027, 2, 5), Fraction(1)),
    ],
)
def test_a_package_that_changes_within_a_month(first, last, share):
    assert usage.in_force(JAN, first, last) == share
    made = usage.statement(used(0, share=share))
    assert (made.included, made.fee_cents) == (10 * share, round(100_000 * share))


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"included": Fraction(-1)}, "nought or more"),
        ({"rounding_minutes": 0}, "a minute or more"),
        ({"carried_months": -1}, "for ever"),
        ({"carried_units": Fraction(-1)}, "limits of nought"),
        ({"urgent_times": Fraction(1, 2)}, "once or more"),
        ({"alerts": (90, 50)}, "rising percentages"),
        ({"alerts": (0, 50)}, "rising percentages"),
    ],
)
def test_a_package_that_cannot_be_applied_is_refused(rules, said):
    with pytest.raises(BadPlan, match=said):
        replace(TASKS, **rules)


def test_months_and_lines_come_once():
    with pytest.raises(BadPlan, match="no month follows 2027-01-01 but 2027-02-01"):
        usage.account([used(1, JAN), used(1, MAR)])
    with pytest.raises(BadPlan, match="a: give each line once"):
        usage.statement(Month(JAN, TASKS, (line("a"), line("a"))))
    with pytest.raises(BadPlan, match="from 0 to 1"):
        used(1, share=Fraction(2))


plans = st.builds(
    Plan,
    st.sampled_from([Unit.TASKS, Unit.HOURS, Unit.CALLS]),
    st.fractions(0, 20, max_denominator=4),
    carried_months=st.none() | st.integers(0, 3),
    carried_share=st.none() | st.fractions(0, 1, max_denominator=5),
    carried_units=st.none() | st.fractions(0, 10, max_denominator=2),
    rounding_minutes=st.sampled_from([1, 15]),
    overage=st.sampled_from(Overage),
    over_cents=st.fractions(0, 900, max_denominator=1),
)
uses = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 28), st.booleans()), max_size=8).map(
    lambda found: tuple(
        line(f"L{n}", amount, day, urgent=urgent) for n, (amount, day, urgent) in enumerate(found)
    )
)


@settings(max_examples=20, deadline=None)
@given(plans, st.lists(uses, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_every_unit_is_used_carried_or_lost_once(plan, months, dice):
    months = [Month(date(2027, n, 1), plan, lines) for n, lines in enumerate(months, 1)]
    brought = Fraction(0)
    most = plan.most_carried()
    for made in usage.account(months):
        carried = usage.total(made.carried)
        assert usage.total(made.brought) == brought
        assert made.available - made.lapsed - carried == made.used - made.over
        assert min(made.lapsed, made.over, carried) >= 0
        assert most is None or carried <= most
        assert sum(each.over for each in made.charges) == made.over
        assert sum(made.by("site").values()) == made.used
        shared = usage.allocated(made.over_cents, {"a": made.used, "b": Fraction(1, 3)})
        assert sum(shared.values()) == made.over_cents
        brought = carried
    shuffled = [replace(each, lines=tuple(dice.sample(each.lines, len(each.lines))))
                for each in months]  # fmt: skip
    assert usage.account(shuffled) == usage.account(months)

"""The verdict of a window, and what a month puts on the statement: by the rules agreed on."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relais.engine import credits
from relais.engine.credits import (
    Level,
    Levels,
    Measured,
    Month,
    Multiplier,
    Outcome,
    Rules,
    Standing,
    Statistic,
    Verdict,
)


def d(text):
    return Decimal(text)


ON_TIME = Levels(Statistic.PCT_WITHIN, d("92"), d("96"), d("85"))
MARCH = (datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 4, 1, tzinfo=UTC))


def outcomes(kept, missed, month=3):
    at = datetime(2027, month, 10, tzinfo=UTC)
    return [Outcome(at, True)] * kept + [Outcome(at, False)] * missed


@pytest.mark.parametrize(
    ("kept", "missed", "level"),
    [
        (96, 4, Level.TARGET),
        (92, 8, Level.EXPECTED),
        (91, 9, Level.BELOW),
        (85, 15, Level.CRITICAL),
        (10, 9, Level.TOO_FEW),
        (0, 0, Level.TOO_FEW),
    ],
)
def test_the_verdict_of_a_month(kept, missed, level):
    found = credits.verdict(outcomes(kept, missed), ON_TIME, *MARCH)
    assert (found.level, found.counted) == (level, kept + missed)


def test_what_is_excluded_by_agreement_or_of_another_month_is_not_counted():
    client = Outcome(MARCH[0], False, excluded="client late with its input")
    other = Outcome(MARCH[1], False)
    found = credits.verdict([*outcomes(25, 0), client, other], ON_TIME, *MARCH)
    assert (found.level, found.value, found.counted, found.excluded) == (Level.TARGET, 100, 25, 1)


def test_a_month_with_too_few_is_judged_with_the_two_before():
    months = [
        (datetime(2027, m, 1, tzinfo=UTC), datetime(2027, m + 1, 1, tzinfo=UTC)) for m in (1, 2, 3)
    ]
    past = outcomes(10, 0, 1) + outcomes(5, 0, 2) + outcomes(3, 2, 3)
    found = credits.monthly(past, ON_TIME, months)
    assert (found.level, found.value, found.counted) == (Level.BELOW, 90, 20)
    assert credits.monthly(outcomes(20, 0), ON_TIME, months).counted == 20


def test_hours_count_downwards():
    levels = Levels(Statistic.P90, d("8"), d("6"), d("12"), smallest_sample=1)
    at = MARCH[0]
    taken = [Outcome(at, True, float(hours)) for hours in range(1, 11)]
    assert credits.verdict(taken, levels, *MARCH).value == 9
    assert credits.verdict(taken, levels, *MARCH).level is Level.BELOW
    for statistic in (Statistic.MEAN, Statistic.MEDIAN):
        levels = Levels(statistic, d("8"), d("6"), d("12"), smallest_sample=1)
        assert credits.verdict(taken, levels, *MARCH).value == d("5.5")
    with pytest.raises(ValueError, match="between critical and target"):
        Levels(Statistic.MEAN, d("8"), d("9"), d("12"))


def test_nine_in_ten_are_counted_upwards():
    levels = Levels(Statistic.P90, d("8"), d("6"), d("12"), smallest_sample=1)
    taken = [Outcome(MARCH[0], True, float(hours)) for hours in range(1, 12)]
    assert credits.verdict(taken, levels, *MARCH).value == 10


def test_a_count_needs_no_sample():
    levels = Levels(Statistic.COUNT, d("2"), d("0"), d("5"), smallest_sample=20)
    found = credits.verdict(outcomes(0, 3), levels, *MARCH)
    assert (found.level, found.value) == (Level.BELOW, 3)
    assert credits.verdict([], levels, *MARCH).level is Level.TARGET


# One month

RULES = Rules(
    at_risk=d("0.10"),
    multiplier=Multiplier.LINEAR,
    cap=d("1"),
    repeat_from=3,
    repeat_by=d("1.5"),
    earn_back_months=3,
)
FEE = d("12000")


def miss(actual="88", weight="0.4", months=1, metric="delivery"):
    return credits.Miss(metric, d(weight), d(actual), d("92"), d("85"), months)


def test_the_credit_of_the_contract():
    found = credits.credits(FEE, RULES, [miss()])
    assert found.lines[0].multiplier.quantize(d("0.001")) == d("0.786")
    assert found.credit == d("377.14")


@pytest.mark.parametrize(
    ("rule", "amounts"),
    [
        (Multiplier.LINEAR, ["0", "240.34", "377.14", "480.00", "480.00"]),
        (Multiplier.STEP, ["0", "240.00", "240.00", "480.00", "480.00"]),
    ],
)
def test_no_credit_at_the_expected_level_and_all_of_it_at_the_critical_one(rule, amounts):
    rules = replace(RULES, multiplier=rule)
    found = [
        credits.credits(FEE, rules, [miss(actual)]).credit
        for actual in ("92", "91.99", "88", "85", "70")
    ]
    assert found == [d(each) for each in amounts]


def test_where_less_is_better_the_distance_counts_the_other_way():
    assert credits.multiplier(d("8"), d("8"), d("12")) == 0
    assert credits.multiplier(d("10"), d("8"), d("12")) == d("0.75")
    assert credits.multiplier(d("12"), d("8"), d("12")) == 1


def test_a_miss_that_repeats_costs_more_from_the_month_agreed_on():
    assert credits.credits(FEE, RULES, [miss(months=2)]).credit == d("377.14")
    assert credits.credits(FEE, RULES, [miss(months=3)]).credit == d("565.71")
    sooner = replace(RULES, repeat_from=2, repeat_by=d("2"))
    assert credits.credits(FEE, sooner, [miss(months=1)]).credit == d("377.14")
    assert credits.credits(FEE, sooner, [miss(months=2)]).credit == d("754.29")
    assert credits.credits(FEE, sooner, [miss("92", months=9)]).lines[0].repeat == 1


def test_never_more_than_the_cap_and_each_metric_bears_its_part():
    bad = [miss("70", "0.4", 3, "first_response"), miss("70", "0.6")]
    found = credits.credits(FEE, RULES, bad)
    assert (found.pool, found.credit, found.capped) == (d("1200.00"), d("1200.00"), True)
    assert [line.amount for line in found.lines] == [d("720.00"), d("720.00")]
    half = credits.credits(FEE, replace(RULES, cap=d("0.5")), bad)
    assert (half.credit, half.capped) == (d("600.00"), True)
    assert [line.credited for line in half.lines] == [d("300.00"), d("300.00")]
    assert not credits.credits(FEE, RULES, [miss()]).capped


@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100), st.integers(1, 5)), max_size=6),
    st.integers(0, 100),
    st.sampled_from(Multiplier),
)
def test_the_parts_add_up_to_the_cent(misses, cap, rule):
    rules = replace(RULES, cap=Decimal(cap) / 100, multiplier=rule)
    found = credits.credits(FEE, rules, [
        credits.Miss(str(n), Decimal(weight) / 100, Decimal(actual), d("92"), d("85"), months)
        for n, (actual, weight, months) in enumerate(misses)
    ])  # fmt: skip
    assert sum((line.credited for line in found.lines), Decimal(0)) == found.credit
    assert 0 <= found.credit <= found.pool * rules.cap
    assert all(0 <= line.credited <= line.amount for line in found.lines)
    assert found.capped == (sum(line.amount for line in found.lines) > found.credit)


def test_a_cap_is_given_whole_to_the_cent():
    thirds = [miss("70", "1", metric=name) for name in ("a", "b", "c")]
    found = credits.credits(d("1000"), RULES, thirds)
    assert found.credit == found.pool == d("100.00")
    assert [line.credited for line in found.lines] == [d("33.33"), d("33.34"), d("33.33")]


def test_a_miss_that_weighs_nothing_is_in_no_book():
    weightless = replace(month(0, "88").metrics[0], weight=d("0"))
    found = credits.account([replace(month(0, "88"), metrics=(weightless,))])
    assert found.entries == ()
    assert found.statements[0][1].credit == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"at_risk": d("10")},
        {"cap": d("1.01")},
        {"repeat_from": 1},
        {"repeat_by": d("0.5")},
        {"earn_back_months": -1},
    ],
)
def test_rules_that_nobody_could_agree_on_are_refused(wrong):
    with pytest.raises(ValueError, match="credits:"):
        replace(RULES, **wrong)
    with pytest.raises(ValueError, match="fee"):
        credits.credits(d("-1"), RULES, [])


# Month by month


def month(number, value, rules=RULES, metric="delivery"):
    """Return the n-th month since January 2027, in which a metric reached a value (None: few)."""
    level = Level.TOO_FEW if value is None else credits.reached(d(value), ON_TIME)
    measured = Measured(
        metric, d("0.4"), ON_TIME, Verdict(level, None if value is None else d(value), 30, 0)
    )
    return Month(date(2027 + number // 12, number % 12 + 1, 1), FEE, rules, (measured,))


def booked(*values, rules=RULES):
    return credits.account([month(n, value, rules) for n, value in enumerate(values)])


@pytest.mark.parametrize(
    ("after", "standing", "good", "settled"),
    [
        ((), Standing.OPEN, 0, None),
        (("97", "96"), Standing.OPEN, 2, None),
        (("97", "96", "99"), Standing.EARNED_BACK, 3, date(2027, 4, 1)),
        (("97", "96", "99", "70"), Standing.EARNED_BACK, 3, date(2027, 4, 1)),
        (("97", "95", "99", "99", "99"), Standing.FINAL, 1, date(2027, 3, 1)),
        (("97", None, "99", "99"), Standing.FINAL, 1, date(2027, 3, 1)),
    ],
)
def test_a_credit_is_earned_back_by_months_at_the_target(after, standing, good, settled):
    found = booked("88", *after)
    entry = found.entries[0]
    assert (entry.amount, entry.standing, entry.good) == (d("377.14"), standing, good)
    assert entry.settled == settled
    if standing is Standing.EARNED_BACK:
        assert found.given_back(settled) == d("377.14")
    assert found.given_back(date(2027, 1, 1)) == 0


def test_how_many_months_earn_back_is_agreed_on():
    one = booked("88", "97", rules=replace(RULES, earn_back_months=1))
    assert one.entries[0].standing is Standing.EARNED_BACK
    never = booked("88", "97", "97", "97", "97", rules=replace(RULES, earn_back_months=0))
    assert (never.entries[0].standing, never.given_back(date(2027, 1, 1))) == (Standing.FINAL, 0)


def test_misses_in_a_row_are_counted_month_by_month():
    found = booked("88", "88", "88", "92", "88", "88", None, "88")
    amounts = [statement.credit for _month, statement in found.statements]
    once, more = d("377.14"), d("565.71")
    assert amounts == [once, once, more, 0, once, once, 0, once]
    assert [entry.month.month for entry in found.entries] == [1, 2, 3, 5, 6, 8]


def test_a_metric_is_judged_by_its_own_months():
    later = [month(0, "88"), replace(month(1, "97"), metrics=()), month(2, "97")]
    assert credits.account(later).entries[0].standing is Standing.FINAL
    other = [month(0, "88"), month(1, "97", metric="first_response")]
    assert credits.account(other).entries[0].standing is Standing.FINAL


def test_each_month_is_judged_by_its_own_rules():
    softer = replace(RULES, multiplier=Multiplier.STEP, earn_back_months=1)
    found = credits.account([month(0, "88"), month(1, "88", softer), month(2, "97")])
    assert [s.credit for _m, s in found.statements] == [d("377.14"), d("240.00"), 0]
    assert [e.standing for e in found.entries] == [Standing.FINAL, Standing.EARNED_BACK]


def test_a_month_that_is_missing_is_named():
    with pytest.raises(ValueError, match="2027-02-01"):
        credits.account([month(0, "88"), month(2, "97")])
    over_new_year = credits.account([month(n, "97") for n in range(10, 14)])
    months = [begin for begin, _statement in over_new_year.statements]
    assert all(one < following for one, following in pairwise(months))


@given(st.lists(st.sampled_from(["97", "93", "88", "70", None]), max_size=12), st.integers(0, 12))
def test_what_is_settled_stays_settled(values, known):
    """A month more opens no book again."""
    before, after = booked(*values[:known]), booked(*values)
    for entry in before.entries:
        if entry.standing is not Standing.OPEN:
            assert entry in after.entries
    assert before.statements == after.statements[: len(before.statements)]

"""Shares with their uncertainty, held against another library's; middles; sites side by side."""

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from relais.engine import measures_stats as stats
from relais.engine import satisfaction
from relais.engine.measures_alike import Standing, alike, funnel

SITES = {"Lyon": (118, 124), "Lille": (61, 66), "Aix": (40, 44), "Strasbourg": (25, 31)}
samples = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("good", "n", "low", "high"),
    [
        (9, 10, "0.596", "0.982"),
        (18, 20, "0.699", "0.972"),
        (45, 50, "0.786", "0.957"),
        (90, 100, "0.826", "0.945"),
    ],
)
def test_the_interval_of_a_share(good, n, low, high):
    found = [str(each.quantize(Decimal("0.001"))) for each in stats.wilson(good, n)]
    assert found == [low, high]
    assert satisfaction.wilson(good, n) == pytest.approx((float(low), float(high)), abs=5e-4)


@settings(max_examples=30, deadline=None)
@given(samples)
def test_the_interval_is_that_of_another_library(sample):
    good, n = sample
    low, high = stats.wilson(good, n)
    other = binomtest(good, n).proportion_ci(method="wilson")
    assert (float(low), float(high)) == pytest.approx((other.low, other.high), abs=2e-6)
    assert low <= Fraction(good, n) <= high


def test_an_interval_written_is_never_narrower_than_the_true_one():
    assert stats.wilson(0, 5)[0] == 0
    assert stats.wilson(5, 5)[1] == 1
    low, high = stats.wilson(9, 10)
    assert (str(low), str(high)) == ("0.595849", "0.982124")
    for bad in ((1, 0), (3, 2), (-1, 2)):
        with pytest.raises(ValueError, match="size of the sample"):
            stats.wilson(*bad)


def test_the_arithmetic_is_ours_whatever_the_callers_is():
    usual = stats.wilson(90, 100), stats.binomial(31, Fraction(244, 265)).limits(stats.LIMITS_95)
    with localcontext() as context:
        context.prec = 3
        assert stats.wilson(90, 100) == usual[0]
        assert stats.binomial(31, Fraction(244, 265)).limits(stats.LIMITS_95) == usual[1]


@pytest.mark.parametrize(
    ("n", "inner", "outer"),
    [(20, "0.80", "0.70"), (50, "0.84", "0.78"), (100, "0.86", "0.83"), (200, "0.88", "0.855")],
)
def test_the_limits_of_the_funnel(n, inner, outer):
    rate = Fraction(92, 100)
    assert stats.binomial(n, rate).limits(stats.LIMITS_95)[0] == Fraction(inner)
    assert stats.binomial(n, rate).limits(stats.LIMITS_998)[0] == Fraction(outer)
    (step,) = funnel(rate, range(n, n + 1))
    assert (step.inner[0], step.outer[0]) == (Fraction(inner), Fraction(outer))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 300), st.fractions(0, 1, max_denominator=50))
def test_limits_are_nested_and_those_of_another_library(n, rate):
    law = stats.binomial(n, rate)
    inner, outer = law.limits(stats.LIMITS_95), law.limits(stats.LIMITS_998)
    assert 0 <= outer[0] <= inner[0] <= inner[1] <= outer[1] <= 1
    count = int(n * rate)
    assert float(law.at_most(count)) == pytest.approx(binom.cdf(count, n, float(rate)), abs=1e-9)
    assert float(law.at_least(count)) == pytest.approx(
        binom.sf(count - 1, n, float(rate)), abs=1e-9
    )
    # A float may fall on the other side of a chance that is met exactly; ours is exact.
    theirs = binom.ppf(0.025, n, float(rate))
    assert abs(inner[0] * n - theirs) <= (abs(binom.cdf(theirs, n, float(rate)) - 0.025) < 1e-9)


def test_a_law_at_its_ends():
    assert stats.binomial(9, Fraction(0)).at_most(0) == 1
    assert stats.binomial(9, Fraction(1)).at_most(8) == 0
    assert stats.binomial(9, Fraction(1)).limits(stats.LIMITS_95) == (1, 1)
    assert stats.binomial(1_000_000, Fraction(1, 2)).quantile(Decimal("0.5")) == 500_000


@pytest.mark.parametrize(
    ("values", "middle", "nine"),
    [([7], 7, 7), ([2, 1], Fraction(3, 2), 2), ([3, 1, 2], 2, 3), (range(1, 11), 5.5, 9),
     (range(1, 12), 6, 10), (range(1, 21), 10.5, 18)],
)  # fmt: skip
def test_middles(values, middle, nine):
    assert (stats.median(list(values)), stats.percentile(list(values), 90)) == (middle, nine)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60))
def test_middles_are_those_of_another_library(values):
    assert stats.median(values) == pytest.approx(np.median(values))
    nine = np.quantile(values, 0.9, method="inverted_cdf")
    assert stats.percentile(values, 90) in (nine, sorted(values)[stats.rank(len(values), 90)])
    assert sum(each <= stats.percentile(values, 90) for each in values) * 10 >= 9 * len(values)
    assert sum(each < stats.percentile(values, 90) for each in values) * 10 < 9 * len(values)


def test_a_move_has_an_interval():
    # Newcombe 1998, table II (a): 56/70 and 48/80.
    difference, low, high = stats.moved((56, 70), (48, 80))
    assert difference == Fraction(1, 5)
    assert (round(low, 4), round(high, 4)) == (Decimal("0.0524"), Decimal("0.3339"))


# Sites side by side


def test_sites_side_by_side():
    found = alike(SITES)
    assert round(float(found.rate), 4) == 0.9208
    assert round(float(found.gap), 3) == 0.145
    assert round(found.deviation, 4) == Decimal("0.0447")
    assert round(found.index, 3) == Decimal("0.951")
    assert (round(float(found.square), 2), round(found.chance, 3)) == (7.26, 0.064)


def test_a_site_to_watch_is_not_in_default():
    points = {each.site: each for each in alike(SITES).points}
    watched = points.pop("Strasbourg")
    assert round(watched.chance, 3) == Decimal("0.033")
    assert watched.share >= watched.outer[0]
    assert watched.standing is Standing.WATCH
    assert {each.standing for each in points.values()} == {Standing.ALIKE}


@pytest.mark.parametrize(
    ("good", "n", "standing"),
    [
        (10, 20, Standing.BELOW),
        (19, 19, Standing.TOO_FEW),
        (0, 19, Standing.TOO_FEW),
        (19, 20, Standing.ALIKE),
    ],
)
def test_where_a_site_stands(good, n, standing):
    found = alike({"here": (good, n), "others": (9200, 10000)})
    assert next(each for each in found.points if each.site == "here").standing is standing


def test_a_site_above_chance_is_told_as_well():
    found = alike({"best": (1000, 1000), "others": (8000, 10000)})
    assert next(each for each in found.points if each.site == "best").standing is Standing.ABOVE


def test_one_site_alone_is_like_nobody():
    found = alike({"Lyon": (9, 10), "Lille": (0, 0)})
    assert (found.rate, found.gap, found.deviation, found.index) == (Fraction(9, 10),) + (None,) * 3
    assert alike({}) is None
    assert alike({"Lyon": (0, 0)}) is None


def test_the_gap_looks_at_sites_large_enough_only():
    found = alike({"a": (20, 20), "b": (18, 20), "c": (0, 19)})
    assert found.gap == Fraction(1, 10)
    assert alike({"a": (20, 20), "c": (0, 19)}).gap is None
    assert alike({"a": (20, 20), "c": (0, 19)}).index is not None


def test_nothing_kept_anywhere_has_no_index_and_the_worst_is_nought():
    assert alike({"a": (0, 20), "b": (0, 20)}).index is None
    assert alike({"a": (0, 90), "b": (10, 10)}).index == 0
    assert alike({"a": (20, 20), "b": (20, 20)}).square is None


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.sampled_from("abcdefg"), samples, min_size=2))
def test_the_index_lies_between_nought_and_one(sites):
    found = alike(sites)
    assert found.index is None or 0 <= found.index <= 1
    assert alike(dict(reversed(sites.items()))) == found
    shares = {each.share for each in found.points}
    assert (len(shares) == 1) == (found.deviation == 0)

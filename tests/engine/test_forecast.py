"""What is expected of each half-day: what a site and a family show, what is borrowed, how sure."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from relais.engine.forecast import (
    AFTER_CLOSING,
    MONTH_END,
    BadVolumes,
    Volumes,
    between,
    deviance,
    dispersion,
    grouped,
    kinds_of,
    learn,
    quantile,
    scale,
    slot_means,
)

MONDAY = date(2026, 1, 5)


def hours(series, weeks, a_half=4.0):
    """Return Monday to Friday open, mornings and afternoons."""
    week = np.array([a_half] * 5 + [0, 0])
    return np.broadcast_to(np.tile(week, weeks)[None, :, None], (series, 7 * weeks, 2)).copy()


def volumes(counts, opened=None, sites=None, families=None, **more):
    counts = np.asarray(counts, dtype=float)
    opened = hours(len(counts), counts.shape[1] // 7) if opened is None else opened
    places = list(range(len(counts)))
    return Volumes(MONDAY, counts, opened, sites or places, families or [0] * len(counts), **more)


def even(a_half, weeks=20, series=1):
    return hours(series, weeks, 1.0) * a_half


def next_week(made, model, **more):
    there = MONDAY + timedelta(made.counts.shape[1])
    return model.expect(there, hours(len(made.counts), 1), before=made.open[:, -7:], **more)


def test_what_is_always_the_same_is_expected_again():
    made = volumes(even(6.0, series=3), sites=[1, 1, 2], families=[1, 2, 1])
    found = next_week(made, learn(made))
    assert found.mean[:, :5] == pytest.approx(np.full((3, 5, 2), 6.0), rel=1e-6)
    assert not found.mean[:, 5:].any()
    assert found.summed("site")[:, 0, 0] == pytest.approx([12.0, 6.0])
    assert found.dispersion["total"] == 0


def test_the_week_has_a_profile_and_a_closed_half_day_has_nothing():
    counts = even(10.0)
    counts[0, ::7] *= 3  # Mondays
    counts[0, :, 1] *= 0.5  # afternoons
    made = volumes(counts)
    model = learn(made)
    found = next_week(made, model).mean[0]
    assert found[0, 0] / found[1, 0] == pytest.approx(3.0, rel=0.02)
    assert found[1, 0] / found[1, 1] == pytest.approx(2.0, rel=0.02)
    shut = hours(1, 1)
    shut[0, 2] = 0
    closed = model.expect(MONDAY + timedelta(140), shut)
    assert not closed.mean[0, 2].any()
    assert closed.quantile(0.8)[0, 2].tolist() == [0, 0]


def test_what_came_while_closed_teaches_nothing():
    counts = even(10.0)
    counts[0, 5::7] = 9.0
    assert next_week(volumes(counts), learn(volumes(counts))).mean[0, 0, 0] == pytest.approx(10.0)


def test_a_young_series_borrows_from_its_site_and_its_family():
    counts = even(10.0, series=4)
    counts[1] *= 0.1  # the second family is ten times rarer,
    counts[2:] *= 2.0  # the second site twice as large,
    opened = hours(4, 20)
    opened[3], counts[3] = 0, 0  # and its second family was not offered yet
    made = volumes(counts, opened, sites=[1, 1, 2, 2], families=[1, 2, 1, 2])
    model = learn(made)
    young = model.expect(MONDAY + timedelta(140), hours(4, 1)).mean[:, 0, 0]
    assert young[2] == pytest.approx(20.0, rel=0.05)
    assert 1.0 < young[3] < 4.0, "twice as large, and a tenth of it"


def test_the_latest_weeks_weigh_more():
    counts = even(10.0, weeks=30)
    counts[0, 140:] *= 2
    made = volumes(counts)
    assert next_week(made, learn(made)).mean[0, 0, 0] > 15.5
    slow = learn(made, half_life=1000.0)
    assert next_week(made, slow).mean[0, 0, 0] == pytest.approx(13.4, abs=0.5)


def test_a_known_event_comes_again_and_an_unknown_one_changes_nothing():
    fair = frozenset(MONDAY + timedelta(7 * n + 2) for n in (3, 8, 13, 18))
    counts = even(10.0)
    for day in fair:
        counts[0, (day - MONDAY).days] *= 2
    made = volumes(counts, events={"fair": fair})
    model = learn(made)
    # Four such days are believed by half, and their weekday has a part in them.
    assert model.factors["fair"] == pytest.approx(1.4, abs=0.05)
    there = MONDAY + timedelta(140 + 2)
    usual = next_week(made, model).mean[0, 2, 0]
    busy = next_week(made, model, events={"fair": frozenset({there})}).mean[0, 2, 0]
    assert busy / usual == pytest.approx(model.factors["fair"])
    assert next_week(made, model, events={"x": frozenset({there})}).mean[0, 2, 0] == usual


def test_month_ends_and_days_after_a_closing_are_told_by_the_days_open():
    opened = hours(1, 5)
    opened[0, 3] = 0  # Thursday 8 January
    days = [MONDAY + timedelta(n) for n in range(35)]
    kinds = kinds_of(days, opened, {})
    after = [day for day, flag in zip(days, kinds[AFTER_CLOSING][0], strict=True) if flag]
    assert after == [date(2026, 1, 9)]
    ends = [day for day, flag in zip(days, kinds[MONTH_END][0], strict=True) if flag]
    assert ends == [date(2026, 1, 28), date(2026, 1, 29), date(2026, 1, 30)]
    shut = np.zeros((1, 7, 2))
    first = kinds_of(days[:7], hours(1, 1), {}, before=shut)[AFTER_CLOSING][0]
    assert first.tolist() == [True] + [False] * 6


def test_a_season_is_told_from_what_was_seen_twice():
    def season(weeks):
        counts = even(10.0, weeks=weeks)
        days = [MONDAY + timedelta(n) for n in range(7 * weeks)]
        counts[0, [day.month == 8 for day in days]] *= 0.4
        return learn(volumes(counts))

    assert season(60).months == pytest.approx(np.ones(12))
    months = season(112).months
    assert months[7] == months.min()
    assert months[7] < 0.6 * months[4]


def test_what_was_declared_fades_as_weeks_are_counted():
    said = np.array([100.0])  # a week; ten half-days of 10
    for weeks, expected in [(13, 15.0), (26, 20.0), (40, 20.0)]:
        made = volumes(even(20.0, weeks=weeks))
        found = next_week(made, learn(made, declared=said)).mean[0, 0, 0]
        assert found == pytest.approx(expected, rel=0.02), weeks
    nothing = volumes(np.zeros((1, 0, 2)), np.zeros((1, 0, 2)))
    assert next_week(nothing, learn(nothing, declared=said)).mean[0, :5].sum() == pytest.approx(100)
    assert not next_week(nothing, learn(nothing)).mean.any()


def test_intervals_are_those_of_gamma_poisson_counts():
    mean = np.array([20.0])
    draw = np.random.default_rng(3)
    seen = draw.poisson(20.0 * draw.gamma(1 / 0.09, 0.09, 20_000))
    low, high = between(mean, 0.09, 0.8)
    assert 0.79 <= ((low <= seen) & (seen <= high)).mean() <= 0.85
    narrow = between(mean, 0.0, 0.8)
    assert low[0] < narrow[0][0] < narrow[1][0] < high[0]
    assert quantile(np.array([0.0]), 0.3, 0.9).tolist() == [0.0]


def test_over_dispersion_is_measured():
    draw = np.random.default_rng(5)
    mean = np.full((1, 2000, 2), 30.0)
    weight = np.ones(2000)
    plain = dispersion(draw.poisson(mean).astype(float), mean, [0], weight, "series")
    assert plain < 0.005
    wild = draw.poisson(mean * draw.gamma(1 / 0.2, 0.2, mean.shape)).astype(float)
    assert dispersion(wild, mean, [0], weight, "series") == pytest.approx(0.2, abs=0.02)


def test_the_naive_forecasts_and_the_measures():
    counts = even(10.0, weeks=4)
    counts[0, :, 0] = np.repeat([1.0, 2, 3, 4], 7) * (hours(1, 4)[0, :, 0] > 0)
    made = volumes(counts)
    day, opened = MONDAY + timedelta(28), hours(1, 1)
    assert slot_means(made, day, opened, 1)[0, 0].tolist() == [4.0, 10.0]
    assert slot_means(made, day, opened, 16)[0, 0].tolist() == [2.5, 10.0]
    assert scale(made.counts, made.open).tolist() == [0.5]
    assert deviance(np.array([2.0, 0.0]), np.array([1.0, 1.0])) == pytest.approx(
        (2 * (2 * np.log(2) - 1) + 2) / 2
    )


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"counts": np.zeros((1, 7))}, "counts"),
        ({"open": np.zeros((1, 6, 2))}, "open"),
        ({"sites": [1, 2]}, "sites"),
        ({"families": []}, "families"),
        ({"counts": np.full((1, 7, 2), np.nan)}, "counts"),
        ({"counts": np.full((1, 7, 2), -1.0)}, "counts"),
        ({"open": np.full((1, 7, 2), -1.0)}, "open"),
    ],
)
def test_what_does_not_hang_together_is_named(change, named):
    facts = {"counts": np.zeros((1, 7, 2)), "open": np.zeros((1, 7, 2)), "sites": [1]}
    facts |= {"families": [1]} | change
    with pytest.raises(BadVolumes, match=f"^{named}"):
        Volumes(MONDAY, **facts)


def test_hours_of_another_shape_and_figures_too_few_are_refused():
    made = volumes(even(1.0))
    with pytest.raises(BadVolumes, match="opened"):
        learn(made).expect(MONDAY, np.zeros((2, 7, 2)))
    with pytest.raises(BadVolumes, match="declared"):
        learn(made, declared=np.zeros(2))


COUNTS = arrays.arrays(float, (4, 21, 2), elements=st.integers(0, 40).map(float), fill=st.just(0.0))


@settings(max_examples=30, deadline=None)
@given(counts=COUNTS)
def test_nothing_is_invented_and_the_order_of_series_says_nothing(counts):
    sites, families = [1, 1, 2, 2], [1, 2, 1, 2]
    made = volumes(counts, sites=sites, families=families)
    model = learn(made)
    fitted = model.expect(made.start, made.open).mean
    assert np.isfinite(fitted).all() and (fitted >= 0).all()
    age = 0.5 ** (np.arange(21, 0, -1) / 56)
    came = (np.where(made.open > 0, counts, 0) * age[None, :, None]).sum()
    told = (fitted * age[None, :, None]).sum()
    # What is lent to the small ones is taken from all: the sum stays near what came.
    assert told == pytest.approx(came, rel=0.05, abs=2.0)
    turned = [3, 1, 0, 2]
    other = volumes(counts[turned], sites=[2, 1, 1, 2], families=[2, 2, 1, 1])
    again = learn(other).expect(made.start, made.open).mean
    assert again == pytest.approx(fitted[turned], rel=1e-9)
    assert grouped(again, [0] * 4, "site") == pytest.approx(grouped(fitted, [0] * 4, "total"))

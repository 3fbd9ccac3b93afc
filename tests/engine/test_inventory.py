"""Lines into hours: three points, seasons, work done twice counted once, irritants, brakes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relais.engine import inventory
from relais.engine.inventory import (
    MATURITY,
    BadLine,
    Evidence,
    Irritant,
    Line,
    Period,
    Value,
    counted,
    total,
)

REPORT = Line("report", "Aix", "reporting", 1, Period.MONTH, (60, 90, 180))


def minutes(line, **more):
    return counted([line], **more)[0].minutes


def test_three_points_and_how_far_they_spread():
    assert inventory.mean_minutes((60, 90, 180)) == 100
    assert inventory.spread_minutes((60, 90, 180)) == 20
    assert minutes(REPORT) == 1200
    assert counted([REPORT])[0].spread == pytest.approx(20 * 12**0.5)


@pytest.mark.parametrize(
    ("period", "times"),
    [
        ("day", 254),
        ("week", 52),
        ("fortnight", 26),
        ("month", 12),
        ("quarter", 4),
        ("year", 1),
        ("event", 1),
    ],
)
def test_how_often_a_year(period, times):
    line = replace(REPORT, count=2, period=Period(period), minutes=(10, 10, 10))
    assert minutes(line) == 20 * times


def test_the_working_days_are_those_of_the_calendar():
    line = replace(REPORT, period=Period.DAY, minutes=(10, 10, 10))
    assert minutes(line, working_days=251) == 2510


def test_a_season_moves_hours_and_makes_none():
    months = inventory.months_of([1] * 11 + [13])
    row = counted([replace(REPORT, months=months)])[0]
    assert row.minutes == 1200
    assert sum(row.by_month) == pytest.approx(1200)
    assert row.by_month[11] == pytest.approx(13 * row.by_month[0])
    assert total([row]).busiest == 12


def test_the_same_table_at_two_sites_is_counted_once():
    lille = replace(REPORT, key="lille", site="Lille", minutes=(100, 100, 250), same_as="table")
    aix = replace(REPORT, same_as="table", waiting=0.25, rework=0.1)
    first, second = counted([aix, lille])
    assert (first.double, second.double) == (0, second.minutes)
    found = total([first, second])
    assert found.once == first.minutes
    assert first.friction == 300 + 120
    assert found.friction == first.friction + second.friction == 420 + 1500


def test_work_done_twice_takes_its_waiting_along():
    lille = replace(REPORT, key="lille", site="Lille", minutes=(200, 200, 200), same_as="table")
    rows = counted([replace(REPORT, same_as="table"), replace(lille, waiting=0.5)])
    assert rows[1].friction == rows[1].minutes


def test_two_steps_of_one_entity_are_not_done_twice():
    here = [replace(REPORT, key=key, same_as="table") for key in "ab"]
    assert total(counted(here)).double == 0
    same = [replace(line, site=line.key, entity="SAS") for line in here]
    assert total(counted(same)).double == 0


def test_value_classes_and_how_well_it_is_known():
    waste = replace(REPORT, key="b", value=Value.NONE, evidence=Evidence.MEASURED)
    found = total(counted([REPORT, waste]))
    assert found.by_value == {Value.ADDED: 1200, Value.NEEDED: 0, Value.NONE: 1200}
    assert found.measured == 0.5


def test_sums_by_site_and_family():
    lyon = replace(REPORT, key="b", site="Lyon", family="agenda")
    rows = counted([REPORT, lyon])
    found = inventory.by(rows, "site", "family")
    assert list(found) == [("Aix", "reporting"), ("Lyon", "agenda")]
    assert sum(each.minutes for each in found.values()) == total(rows).minutes


@pytest.mark.parametrize(
    ("hours", "verdict"),
    [(84.9, "low"), (85, "good"), (100, "good"), (105, "good"), (105.1, "high")],
)
def test_how_much_of_the_paid_hours_was_found(hours, verdict):
    assert inventory.coverage(hours, 100).verdict == verdict


def test_without_paid_hours_nothing_is_said():
    assert inventory.coverage(10, 0).verdict == "unknown"


def test_what_a_family_is_made_of():
    plain = replace(REPORT, standard=5, relation=1)
    close = replace(REPORT, key="b", standard=1, relation=5, secrecy=3)
    found = inventory.shape(counted([plain, close]))
    assert (found.standard_share, found.relation_share, found.secret_share) == (0.5, 0.5, 0.5)
    assert (found.standard, found.relation, found.secrecy) == (3, 3, 3)
    assert found.hours == 40
    assert found.swing == pytest.approx(1)


def test_the_week_of_a_site_and_how_far_it_strays():
    daily = replace(REPORT, count=260 / 254, period=Period.DAY, minutes=(60, 60, 60))
    (week,) = inventory.weeks(counted([daily]))
    assert week.mean == pytest.approx(5, rel=1e-3)
    assert week.sd == pytest.approx(5**0.5, rel=1e-3)
    season = inventory.months_of([1] * 6 + [3] * 6)
    (swings,) = inventory.weeks(counted([replace(daily, months=season)]))
    assert swings.mean == pytest.approx(5, rel=1e-3)
    assert swings.sd == pytest.approx((5 + 2.5**2) ** 0.5, rel=1e-3)


def test_what_is_done_twice_is_no_load_twice():
    lille = replace(REPORT, key="b", site="Lille", minutes=(200, 200, 200), same_as="table")
    rows = counted([replace(REPORT, same_as="table"), lille])
    assert [week.site for week in inventory.weeks(rows)] == ["Aix"]
    assert [week.site for week in inventory.weeks(rows, once=False)] == ["Aix", "Lille"]


def test_what_hurts_most_is_taken_over_first():
    rows = counted([REPORT, replace(REPORT, key="agenda", count=0.5)])
    assert [row.line.key for row in inventory.in_order(rows, {})] == ["report", "agenda"]
    hurt = inventory.in_order(rows, {"agenda": 4})
    assert [row.line.key for row in hurt] == ["agenda", "report"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"minutes": (60, 30, 90)}, "minutes"),
        ({"minutes": (-1, 30, 90)}, "minutes"),
        ({"count": -1}, "count"),
        ({"months": (1.0,) * 11}, "months"),
        ({"months": (2.0,) * 12}, "months"),
        ({"rework": 1.5}, "rework"),
        ({"rework": 0.6, "waiting": 0.6}, "rework"),
        ({"standard": 6}, "standard"),
        ({"relation": 0}, "relation"),
        ({"secrecy": 4}, "secrecy"),
    ],
)
def test_a_wrong_line_names_its_field(change, field):
    with pytest.raises(BadLine) as told:
        replace(REPORT, **change)
    assert told.value.field == field
    assert told.value.key == "report"


def test_irritants_that_make_four_fifths():
    one = Irritant("search", 20, 3, 15, 3)
    assert one.hours == 15
    assert one.score == pytest.approx(22.5)
    others = [Irritant("wait", 10, 1, 30, 1), Irritant("retype", 10, 1, 15, 1)]
    ranked = inventory.pareto([*others, one])
    assert [each.irritant.key for each in ranked] == ["search", "wait", "retype"]
    assert [each.treat for each in ranked] == [True, True, False]
    assert ranked[-1].reached == pytest.approx(1)
    assert inventory.lifted(one, replace(one, a_month=5)) == pytest.approx(0.75)
    assert inventory.pareto([]) == []


@pytest.mark.parametrize("wrong", [{"severity": 0}, {"severity": 6}, {"minutes": -1}])
def test_a_wrong_irritant_is_refused(wrong):
    with pytest.raises(BadLine):
        Irritant(**({"key": "x", "a_month": 1, "persons": 1, "minutes": 1, "severity": 1} | wrong))


def test_a_strong_brake_needs_an_action_and_one_answer_is_not_shown():
    found = inventory.brakes([("Aix", "trust", 4), ("Aix", "trust", 5), ("Lyon", "trust", 5)])
    assert [(each.mean, each.act) for each in found] == [(4.5, True), (None, True)]
    with pytest.raises(BadLine):
        inventory.brakes([("Aix", "trust", 0)])


def test_ten_answers_make_the_maturity():
    assert inventory.maturity(dict.fromkeys(MATURITY, 0)) == 1
    assert inventory.maturity(dict.fromkeys(MATURITY, 4)) == 5
    with pytest.raises(BadLine, match="security"):
        inventory.maturity(dict.fromkeys(MATURITY[:-1], 2))
    with pytest.raises(BadLine):
        inventory.maturity(dict.fromkeys(MATURITY, 5))


some_lines = st.lists(
    st.builds(
        lambda key, site, same, count, low, more, waiting: Line(
            str(key), site, "f", count, Period.MONTH, (low, low + more, low + 3 * more),
            same_as=same, waiting=waiting, rework=(1 - waiting) / 2,
        ),
        st.integers(0, 99), st.sampled_from("ABC"), st.sampled_from(["", "x", "y"]),
        st.floats(0, 50), st.floats(0, 60), st.floats(0, 60), st.floats(0, 1),
    ),
    max_size=8,
)  # fmt: skip


@given(some_lines)
def test_nothing_is_lost_twice_and_all_adds_up(lines):
    rows = counted(lines)
    found = total(rows)
    assert all(0 <= row.friction <= row.minutes for row in rows)
    assert found.friction == sum(row.friction for row in rows)
    assert found.once + found.double == found.minutes
    assert found.once == 0 or found.minutes > 0
    assert sum(found.by_month) == pytest.approx(found.minutes, abs=1e-6)

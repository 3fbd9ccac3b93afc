"""Load against capacity: thresholds, shares, and the levers in their order."""

from itertools import pairwise

import pytest

from relais.engine.load import (
    AMBER,
    BACKUP,
    DATES,
    DEFER,
    ENOUGH,
    FLOAT,
    GREEN,
    OVERTIME,
    PRODUCTIVE,
    RED,
    TEMP,
    Worker,
    allotted,
    coverage,
    levers,
    load,
    present,
    tone,
)


def test_thresholds_are_those_of_the_domain():
    assert [tone(n) for n in (1.10, 1.0999, 0.95, 0.9499, None)] == [
        GREEN,
        AMBER,
        AMBER,
        RED,
        GREEN,
    ]
    assert coverage(10, 0) is None and coverage(11, 10) == 1.1


def test_the_load_of_the_week_in_hours():
    middle, high = load([4.0] * 10, 0.0, 30)
    assert middle == 20
    assert high == pytest.approx(20 + 0.8416 * 40**0.5 / 2)
    assert load([4.0] * 10, 0.5, 30)[1] > high
    assert load([], 0.2, 30) == (0, 0)


def test_somebody_may_be_ill_and_more_so_in_a_small_pool():
    assert present(0) == 1 and present(2) < present(20) < 1 - 0.058


def test_hours_are_shared_by_the_load_of_the_sites():
    one = Worker(1, 40, 44, {10: "lead", 20: "backup"})
    hours = allotted([one], {10: 30.0, 20: 10.0})
    there = 40 * PRODUCTIVE * present(1)
    assert hours[10][1] == pytest.approx(0.75 * there)
    assert hours[20][1] == pytest.approx(0.25 * there)
    assert allotted([one], {10: 0.0, 20: 0.0})[10][1] == pytest.approx(there / 2)


LEAD = Worker(1, 35, 44, {10: "lead"})
BACK = Worker(2, 35, 35, {20: "lead", 10: "backup"})
RESERVE = Worker(3, 35, 35, {10: "float"})
BESIDE = Worker(4, 35, 35, {20: "backup"})
POOL = [LEAD, BACK, RESERVE, BESIDE]


def found(wanted, deferrable=0.0, room=0.0, pool=POOL):
    return levers(10, pool, {10: wanted, 20: 10.0}, deferrable, room)


def test_levers_come_in_their_order_until_it_is_enough():
    every = found(150.0, 10.0, 10.0)
    assert [one.code for one in every] == [DEFER, BACKUP, FLOAT, OVERTIME, TEMP, DATES]
    assert every[0].hours == 10.0
    assert every[2].hours == pytest.approx(35 * PRODUCTIVE * present(4))
    assert every[3].hours == pytest.approx(9 * PRODUCTIVE)
    assert all(a.coverage <= b.coverage + 1e-9 for a, b in pairwise(every))
    assert every[-1].coverage == pytest.approx(ENOUGH) == every[-2].coverage


def test_no_lever_is_pulled_beyond_what_is_missing():
    there = sum(allotted(POOL, {10: 60.0, 20: 10.0})[10].values())
    some = found(60.0)
    assert sum(one.hours for one in some) == pytest.approx(ENOUGH * 60 - there)
    assert some[-1].code == FLOAT and some[-1].coverage == pytest.approx(ENOUGH)
    assert found(1.0, 10.0, 10.0) == []


def test_what_may_wait_needs_room_in_the_week_after():
    assert found(60.0, 10.0, 0.0)[0].code == BACKUP
    assert found(60.0, 10.0, 2.0)[0].hours == 2.0

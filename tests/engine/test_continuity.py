"""Who could stand in, what hangs on one person, and what would be left undone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relais.engine.continuity import (
    Coverage,
    Horizon,
    Item,
    Person,
    Standing,
    Training,
    WhatIf,
    alarming,
    concentration,
    coverage,
    critical,
    deliver,
    dependency,
    fully,
    gate,
    imagine,
    ring,
    served,
    standing,
    tolerable,
)


@pytest.mark.parametrize(
    ("impacts", "longest", "is_critical"),
    [
        ((0, 1, 2, 2, 2), None, False),
        ((0, 1, 2, 3, 4), Horizon.WEEK, False),
        ((0, 3, 3, 4, 4), Horizon.DAY, True),
        ((4, 4, 4, 4, 4), Horizon.HALF_DAY, True),
        ((0, 0, 3, 4, 4), Horizon.THREE_DAYS, False),
    ],
)
def test_how_long_a_service_may_be_missing(impacts, longest, is_critical):
    by_horizon = dict(zip(Horizon, impacts, strict=True))
    assert tolerable(by_horizon) == longest
    assert critical(by_horizon) is is_critical


ITEMS = [
    Item(1, 10, 100, weight=3, critical=True),
    Item(2, 10, 50),
    Item(3, 20, 50),
    Item(4, 20, 100, weight=1),
]
PEOPLE = [
    Person(1, 100, frozenset({1, 2})),
    Person(2, 100, frozenset({1, 3})),
]


def test_two_who_are_ready_cover_one_is_fragile():
    assert [standing(item, PEOPLE) for item in ITEMS] == [
        Standing.COVERED,
        Standing.FRAGILE,
        Standing.FRAGILE,
        Standing.UNCOVERED,
    ]
    assert coverage(ITEMS, PEOPLE) == Coverage(0.6, 0.2, 0.2)
    assert coverage([], PEOPLE) == Coverage(1.0, 0.0, 0.0)


def test_what_hangs_on_one_person():
    assert dependency(ITEMS, PEOPLE) == {1: 0.1, 2: 0.1}
    assert dependency(ITEMS, [Person(9, 10, frozenset({1, 4}))]) == {9: 0.8}
    assert dependency([], PEOPLE) == {1: 0.0, 2: 0.0}


@pytest.mark.parametrize(
    ("shares", "index", "among"),
    [
        ((0.92, 0.08), 0.853, 1.17),
        ((0.6, 0.3, 0.1), 0.46, 2.17),
        ((0.4, 0.35, 0.25), 0.345, 2.90),
        ((7,), 1.0, 1.0),
        ((0, 0), 0.0, 0.0),
    ],
)
def test_how_concentrated_a_flow_is(shares, index, among):
    found = concentration(shares)
    assert found == pytest.approx((index, among), abs=0.005)


def test_a_concentrated_flow_alarms_unless_a_backup_is_ready():
    assert alarming(0.85, 2)
    assert not alarming(0.85, 3)
    assert not alarming(0.8, 0)


def test_a_leave_is_weighed_by_what_it_would_leave_alone():
    assert gate(ITEMS, PEOPLE, {1}) == []
    assert gate(ITEMS, PEOPLE, {1, 2}) == [ITEMS[0]]
    alone = [Person(1, 100, frozenset({1}))]
    assert gate(ITEMS, alone, {1}) == [ITEMS[0]]
    assert gate(ITEMS, alone, {2}) == [], "somebody else's leave changes nothing"
    assert gate(ITEMS, [Person(1, 1, frozenset({2}))], {1}) == [], "not critical"


def test_the_urgent_is_served_first():
    items = [Item(1, 1, 30, priority=4), Item(2, 1, 30, priority=1)]
    found = deliver(items, [Person(7, 40, frozenset({1, 2}))])
    assert found.given == pytest.approx({(7, 2): 30.0, (7, 1): 10.0})
    assert found.missing == pytest.approx({1: 20.0})
    assert found.by_priority == pytest.approx({1: 1.0, 4: 1 / 3})
    assert found.load == {7: 1.0}
    assert found.undelivered == pytest.approx(20.0)


def test_nobody_able_leaves_it_all():
    assert deliver(ITEMS, []).undelivered == 300
    assert deliver([], PEOPLE).load == {1: 0.0, 2: 0.0}


TEAM = [
    Person(1, 35, frozenset({1})),
    Person(2, 35, frozenset({2})),
    Person(3, 35, frozenset({3})),
]
WORK = [Item(1, 10, 20, 1, systems=frozenset({5})), Item(2, 20, 20, 2), Item(3, 30, 20, 3)]


def test_an_absence_tells_what_is_left_where_and_whom_to_train():
    found = imagine(WORK, TEAM, WhatIf(without_people=frozenset({1})))
    assert found.usual.undelivered == 0
    assert found.case.missing == {1: 20.0}
    assert found.sites == (10,)
    assert found.training[0] == Training(2, 1, pytest.approx(15.0))
    # The urgent is served now: what is left is of the next priority.
    assert found.training[1] == Training(3, 2, pytest.approx(5.0))
    assert len(found.training) == 2, "with both nothing is left"


def test_a_system_a_site_and_more_work():
    down = imagine(WORK, TEAM, WhatIf(without_systems=frozenset({5})))
    assert down.case.missing == {1: 20.0}
    assert down.training == (), "no lesson mends a system"
    shut = imagine(WORK, TEAM, WhatIf(without_sites=frozenset({10})))
    assert shut.case.undelivered == 0
    assert shut.case.load[1] == 0
    more = imagine(WORK, TEAM, WhatIf(more=1.0))
    assert more.case.undelivered == pytest.approx(15.0)
    assert more.overloaded == (1, 2, 3)
    assert more.training == (), "everybody is full: a lesson would save nothing"


@st.composite
def teams(draw):
    size = draw(st.integers(1, 5))
    items = [Item(key, 1, draw(st.integers(0, 30)), draw(st.integers(1, 4))) for key in range(size)]
    people = [
        Person(key, draw(st.integers(0, 40)), draw(st.frozensets(st.integers(0, size - 1))))
        for key in range(draw(st.integers(1, 4)))
    ]
    return items, people


@settings(max_examples=40, deadline=None)
@given(made=teams())
def test_flows_and_sets_agree_and_nothing_is_given_that_is_not_there(made):
    items, people = made
    found = deliver(items, people)
    knows = np.array([[item.key in one.able for item in items] for one in people])
    demand = np.array([[item.hours for item in items]], dtype=float)
    hours = np.array([[one.hours for one in people]], dtype=float)
    there = served(demand, hours, knows)[0]
    assert demand.sum() - found.undelivered == pytest.approx(there, abs=1e-6)
    able = {one.key: one.able for one in people}
    assert all(item in able[person] for person, item in found.given)
    assert all(load <= 1 + 1e-9 for load in found.load.values())
    # The highest priority gets what it would have alone.
    first = min(item.priority for item in items)
    alone = deliver([item for item in items if item.priority == first], people)
    assert found.by_priority[first] == pytest.approx(alone.by_priority[first], abs=1e-6)


# domain E.7: six sites, N(22, 0.35 x 22) hours a week, correlated by 0.2; each figure in per cent.
PRESENT = {1: (90.0, 10.7), 2: (95.7, 67.9), 3: (95.7, 68.0), 6: (95.7, 68.0)}
ABSENT = {1: (81.7, 8.6), 2: (90.9, 51.1), 3: (91.4, 57.7), 6: (91.4, 57.7)}


def weeks(count, seed):
    draw = np.random.default_rng(seed)
    common, own = draw.normal(size=(count, 1)), draw.normal(size=(count, 6))
    demand = 22 + 0.35 * 22 * (np.sqrt(0.2) * common + np.sqrt(0.8) * own)
    return np.maximum(demand, 0), draw.random((count, 6)) >= 0.12


@pytest.mark.parametrize("known", PRESENT)
def test_a_ring_of_sites_serves_what_was_published(known):
    demand, there = weeks(20_000, seed=11)
    usual = fully(demand, served(demand, np.full((20_000, 6), 24.0), ring(6, known)))
    some = fully(demand, served(demand, 26.0 * there, ring(6, known)))
    # The published figures have an error of their own, of about a point.
    assert np.multiply(usual, 100) == pytest.approx(PRESENT[known], abs=1.3)
    assert np.multiply(some, 100) == pytest.approx(ABSENT[known], abs=1.3)


def test_a_ring_knows_its_neighbours_and_sets_have_a_bound():
    assert ring(4, 2).astype(int).tolist() == [
        [1, 1, 0, 0],
        [0, 1, 1, 0],
        [0, 0, 1, 1],
        [1, 0, 0, 1],
    ]
    with pytest.raises(ValueError, match="13 items"):
        served(np.zeros((1, 13)), np.zeros((1, 1)), np.zeros((1, 13), dtype=bool))

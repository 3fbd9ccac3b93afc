"""Heads by a fluid server and by whole people who live the weeks: small scenes, known answers."""

from dataclasses import replace

import numpy as np
import pytest

from relais.engine import capacity
from relais.engine.capacity import Heads
from relais.engine.capacity_scene import Demand, Team, alone, asked, homes, pool
from relais.engine.policies import Central
from relais.engine.simulation import Day, World

DEMAND = Demand(
    weekly=np.array([[20.0, 8.0], [12.0, 6.0], [6.0, 4.0]]),
    minutes=np.array([30.0, 60.0]),
    spread=np.array([0.7, 0.9]),
    weeks=2,
)
TEAM = Team()
SEEDS = range(1, 4)


def chance(key):
    return np.random.default_rng(key)


def by_deadline():
    return Central(lambda world: world.due)


def pooled(seed, people, known=None, demand=DEMAND):
    return pool(asked(demand, chance, seed), demand, TEAM, people, chance, known)


def one_server(arrival, due, work, days=2):
    """Return a world whose one person works all ten hours of each day."""
    count, zero = len(arrival), np.zeros(len(arrival), dtype=int)
    starts = np.arange(days) * 600.0
    return World(
        np.array(arrival, float), zero, zero, np.array(work, float), np.array(work, float),
        np.array(due, float), zero, np.ones(count), np.ones((1, count), bool),
        np.ones((1, count)), np.zeros((1, 1)), [Day(starts, starts + 600)],
        [Day(starts, starts + 600)], sites=1, counted=np.ones(count, bool), day=600, days=days,
    )  # fmt: skip


def test_the_fluid_server_needs_what_the_tightest_window_asks():
    # 300 minutes of work within 120, on top of which 60 may wait.
    world = one_server([0, 0], [120, 900], [300, 60])
    found = capacity.fluid([world], 1.0, 0.999, corrected=False)
    assert found.value == pytest.approx(2.5, rel=1e-3)
    assert capacity.fluid([world], 0.8, 0.999, corrected=False).value == pytest.approx(2, rel=1e-3)
    top = capacity.peak(world, 1.0)
    assert (top.heads, top.start, top.end) == (2.5, 0, 120)


def test_half_of_the_deadlines_may_need_far_fewer():
    world = one_server([0, 0], [120, 900], [300, 60])
    assert capacity.fluid([world], 1.0, 0.5, corrected=False).value < 0.6


def test_the_average_calendar_leaves_out_who_is_away():
    world = replace(one_server([0], [1200], [10]), spans=[Day(np.zeros(1), np.full(1, 300.0))])
    moments, worked = capacity.present(world)
    assert worked[-1] == 300
    assert np.interp(600, moments, worked) == 300


def test_a_small_fluid_server_is_known_to_be_too_low():
    assert capacity.bias(6) > capacity.bias(24) > 1


def test_the_weeks_are_the_same_for_every_pool():
    few, many = pooled(1, 3), pooled(1, 4)
    assert np.array_equal(few.arrival, many.arrival)
    assert np.array_equal(few.factor, many.factor[:3])
    assert not np.array_equal(pooled(2, 3).arrival[:5], few.arrival[:5])
    site = alone(asked(DEMAND, chance, 1), DEMAND, TEAM, 1, 2, chance)
    assert len(site.arrival) == (few.site == 1).sum()


def test_volumes_and_hours_are_those_asked_for():
    long = replace(DEMAND, weeks=40, week_factors=(2.0,), common=0.1)
    told = asked(long, chance, 3)
    assert len(told.arrival) / 40 == pytest.approx(56 * 41 / 40, rel=0.06)
    assert told.true.sum() / 60 / 40 == pytest.approx(long.site_hours.sum() * 41 / 40, rel=0.08)
    first = (told.arrival < 3000).sum()
    assert 80 < first < 140


def test_a_chain_lets_each_serve_her_own_and_the_next():
    assert homes(np.array([3.0, 2.0, 1.0]), 4) == [0, 1, 0, 0] or homes(
        np.array([3.0, 2.0, 1.0]), 4
    ) == [0, 0, 1, 2]
    world = pooled(1, 3, known=2)
    for person, home in enumerate(homes(DEMAND.site_hours, 3)):
        may = set(world.site[world.able[person]].tolist())
        assert may >= {home, (home + 1) % 3}
    assert pooled(1, 3).able.all()


@pytest.mark.parametrize(("people", "known"), [(2, 2), (3, 2), (4, 2), (6, 2), (3, 3), (1, 2)])
def test_in_a_chain_no_site_is_nobodys(people, known):
    wide = Demand(np.full((6, 1), 8.0) + np.arange(6)[:, None], np.array([30.0]), np.array([0.5]))
    world = pool(asked(wide, chance, 1), wide, TEAM, people, chance, known)
    for site in range(6):
        knowers = world.able[:, np.flatnonzero(world.site == site)[0]].sum()
        assert min(people, known) <= knowers <= known + 1


def test_formula_and_simulation_stand_side_by_side():
    found = capacity.estimate(pooled, SEEDS, policy=by_deadline)
    assert found.simulation.curve
    assert abs(found.formula.value - found.simulation.value) <= 1 or found.why
    assert found.heads is found.simulation
    assert found.simulation.value <= found.simulation.whole < found.simulation.value + 1
    assert found.effort > 0.9


def test_apart_needs_more_than_together_on_the_same_weeks():
    teams = [
        capacity.team(
            lambda seed, n, site=site: alone(
                asked(DEMAND, chance, seed), DEMAND, TEAM, site, n, chance
            ),
            SEEDS,
            1,
        )
        for site in range(3)
    ]
    apart = capacity.summed(teams)
    together = capacity.simulated(pooled, SEEDS, 2, policy=by_deadline)
    assert apart.value == sum(team.whole for team in teams) >= 3
    found = capacity.difference(apart, together)
    assert found.verdict in ("gains", "unsure")
    assert found.heads == pytest.approx(apart.value - together.value)
    # Knowledge that costs more heads than there are to gain: sharing loses, and it is said.
    assert capacity.difference(apart, together, extra=100).verdict == "loses"


def test_heads_are_read_between_two_numbers_of_people():
    table = {4: np.array([0.90, 0.94]), 5: np.array([0.97, 0.99])}
    found = capacity.between(table)
    assert found.value == pytest.approx(4 + 0.03 / 0.06)
    assert found.whole == 5
    assert found.interval[0] < found.value < found.interval[1]
    # The pulls are those of the share at 4.5 people: 0.935 and 0.965, over a slope of 0.06.
    assert found.each == pytest.approx((0.25, -0.25))


def test_one_figure_is_no_interval():
    assert capacity.between({1: np.array([0.9]), 2: np.array([1.0])}).half == float("inf")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: capacity.fluid([], 1, 1.2),
        lambda: capacity.simulated(pooled, SEEDS, 2, 0),
        lambda: capacity.between({3: np.array([0.5])}),
    ],
)
def test_promises_out_of_reach_are_said(wrong):
    with pytest.raises(ValueError):
        wrong()


def test_a_pool_that_is_sure_of_nothing_says_so():
    sure = Heads(5, 0.1, 5, 0.95, (), (0.1, -0.1, 0.0))
    assert capacity.difference(sure, sure).verdict == "unsure"

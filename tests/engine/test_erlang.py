"""Erlang's formulas against closed forms and published tables (Tijms; domain C.5 and bar P3)."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relais.engine import erlang


def test_fourteen_agents_for_ten_erlangs():
    # The closed form of Erlang C, summed with whole factorials.
    top = 10**14 / math.factorial(14) * 14 / 4
    rest = sum(10**k / math.factorial(k) for k in range(14))
    assert erlang.waits(14, 10) == pytest.approx(top / (top + rest), abs=1e-12)
    assert erlang.waits(14, 10) == pytest.approx(0.1741, abs=5e-5)


def test_one_agent_waits_as_the_load_and_two_by_hand():
    assert erlang.waits(1, 0.6) == pytest.approx(0.6, abs=1e-12)
    assert erlang.waits(2, 1) == pytest.approx(1 / 3, abs=1e-12)
    assert erlang.waits(3, 4) == 1


def test_callers_who_hang_up():
    # 12 calls an hour, 30 minutes, 7 agents: 0.6138 wait if nobody leaves. With a patience of 120
    # minutes fewer do: the chain of states, written out here, says how many.
    assert erlang.waits(7, 6) == pytest.approx(0.6138, abs=5e-5)
    states = [1.0]
    for n in range(1, 300):
        states.append(states[-1] * 0.2 / (min(n, 7) / 30 + max(n - 7, 0) / 120))
    assert erlang.waits_or_leaves(7, 12, 30, 120) == pytest.approx(
        sum(states[7:]) / sum(states), abs=1e-9
    )
    # Patience without end is Erlang C; with patience as long as a call it is Poisson.
    assert erlang.waits_or_leaves(14, 20, 30, 1e12) == pytest.approx(erlang.waits(14, 10), abs=1e-6)
    few = sum(math.exp(-6) * 6**k / math.factorial(k) for k in range(7))
    assert erlang.waits_or_leaves(7, 12, 30, 30) == pytest.approx(1 - few, abs=1e-9)


@pytest.mark.parametrize(
    ("share", "beta"), [(0.5, 0.506), (0.2, 1.062), (0.1, 1.420), (0.05, 1.740)]
)
def test_the_square_root_rule(share, beta):
    assert erlang.safety(share) == pytest.approx(beta, abs=6e-4)
    assert erlang.by_square_root(25, share) == pytest.approx(25 + 5 * erlang.safety(share))
    two, one = 2 * erlang.by_square_root(9, share), erlang.by_square_root(18, share)
    assert erlang.saved_by_joining(9, share) == pytest.approx(two - one)


@pytest.mark.parametrize(("load", "expected"), [(1, (2, 3, 3)), (5, (7, 8, 9)), (10, (12, 14, 16))])
def test_the_table_of_tijms(load, expected):
    found = tuple(erlang.agents_so_few_wait(load, share) for share in (0.5, 0.2, 0.1))
    assert found == expected


@pytest.mark.parametrize(("sites", "together"), [(1, 2), (4, 5), (6, 7)])
def test_six_calls_an_hour_at_each_site(sites, together):
    assert erlang.agents_to_answer(6, 8, 2, 0.8) == 2
    assert erlang.agents_to_answer(6 * sites, 8, 2, 0.8) == together


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: erlang.waits(-1, 1),
        lambda: erlang.waits(1, math.inf),
        lambda: erlang.agents_so_few_wait(1, 0),
        lambda: erlang.safety(1),
        lambda: erlang.waits_or_leaves(1, 1, 1, 0),
        lambda: erlang.agents_to_answer(1e9, 8, 2, 0.8),
    ],
)
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"agents|share|patience"):
        wrong()


@settings(max_examples=40, deadline=None)
@given(st.floats(0.1, 40), st.floats(0.1, 10), st.floats(0.05, 0.9))
def test_more_calls_never_need_fewer(load, more, share):
    before = erlang.agents_so_few_wait(load, share)
    assert erlang.agents_so_few_wait(load + more, share) >= before
    assert erlang.waits(before, load) <= share
    apart = before + erlang.agents_so_few_wait(more, share)
    assert erlang.agents_so_few_wait(load + more, share) <= apart

"""Who stands in: by facts first, by the order on paper after them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relais.engine.standing_in import Presence, StandIn, chosen, in_order


def who(key, position="backup", hours=35.0, usual=35.0, ready=1, works=1, held=0):
    return StandIn(key, position, hours, usual, ready, works, held)


@pytest.mark.parametrize(
    ("hours", "usual", "presence"),
    [(0, 0, "unknown"), (5, 0, "unknown"), (0, 35, "away"), (20, 35, "partly"), (34, 35, "there")],
)
def test_how_much_she_is_there(hours, usual, presence):
    one = who(1, hours=hours, usual=usual)
    assert one.presence == Presence(presence)
    assert one.is_able == (presence in ("partly", "there"))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (who(2, "float"), who(1, "lead", hours=0)),  # away: not before anybody who is there
        (who(2, "float"), who(1, "lead", hours=20)),  # all the time before partly
        (who(2, "float"), who(1, "lead", ready=1, works=3)),  # ready by proof before the order
        (who(2, "lead"), who(1, "backup")),
        (who(2, "backup"), who(1, "float")),
        (who(2, held=1), who(1, held=2)),
        (who(1), who(2)),  # the same: always in the same order
    ],
)
def test_facts_come_before_the_order(first, second):
    assert in_order([second, first]) == [first, second]
    assert chosen([second, first]) == first


people = st.builds(
    who, st.integers(1, 9), st.sampled_from(["lead", "backup", "float", "none"]),
    st.sampled_from([0.0, 20.0, 35.0]), st.sampled_from([0.0, 35.0]), st.integers(0, 3),
    st.integers(0, 3), st.integers(0, 5),
)  # fmt: skip


@given(st.lists(people, max_size=6))
def test_nobody_who_is_away_is_ever_chosen(those):
    one = chosen(those)
    assert (one is None) == (not any(each.is_able for each in those))
    assert one is None or one.is_able

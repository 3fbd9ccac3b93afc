"""Who takes this ticket now: of those who can, the fewest open tickets; everybody's reason."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from relais.engine.fewest import Candidate, choose, excluded

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def one(key, **facts):
    given = {
        "name": f"A{key}", "position": "backup", "on_duty": True, "absent": False,
        "cleared": True, "skilled": True, "load": 0,
    }  # fmt: skip
    return Candidate(key, **given | facts)


def test_the_fewest_open_tickets_win():
    decision = choose([one(1, load=3), one(2, load=1), one(3, load=2)])
    assert decision.chosen == 2
    assert [(line.key, line.outcome, line.reasons) for line in decision.lines] == [
        (2, "chosen", ("fewest_open",)),
        (3, "runner_up", ("more_open",)),
        (1, "runner_up", ("more_open",)),
    ]


def test_among_equals_the_sites_own_assistant_then_the_lowest_key():
    assert choose([one(1), one(2, position="lead")]).chosen == 2
    assert choose([one(3), one(2), one(4, position="float")]).chosen == 2


def test_who_cannot_is_excluded_with_every_reason():
    decision = choose([one(1, absent=True, on_duty=False), one(2, cleared=False), one(3, load=9)])
    assert decision.chosen == 3
    reasons = {line.key: line.reasons for line in decision.lines}
    assert reasons[1] == ("absent", "off_duty")
    assert reasons[2] == ("not_cleared",)


def test_nobody_is_an_answer_and_says_what_is_missing():
    assert choose([]).missing == "nobody_covers"
    night = choose([one(1, on_duty=False, next_at=NOON), one(2, cleared=False, on_duty=False)])
    assert (night.chosen, night.missing, night.next_at) == (None, "off_duty", NOON)
    assert choose([one(1, cleared=False)]).missing == "not_cleared"
    assert choose([one(1, skilled=False)]).missing == "not_skilled"


candidates = st.lists(
    st.builds(
        Candidate,
        key=st.integers(1, 50),
        name=st.just("A"),
        position=st.sampled_from(["lead", "backup", "float", "?"]),
        on_duty=st.booleans(),
        absent=st.booleans(),
        cleared=st.booleans(),
        skilled=st.booleans(),
        load=st.integers(0, 9),
    ),
    unique_by=lambda c: c.key,
    max_size=12,
)


@given(candidates, st.randoms())
def test_the_order_given_is_no_matter_and_everybody_gets_a_line(people, chance):
    decision = choose(people)
    shuffled = list(people)
    chance.shuffle(shuffled)
    assert choose(shuffled) == decision
    assert {line.key for line in decision.lines} == {person.key for person in people}
    assert all(line.reasons for line in decision.lines)
    able = [person for person in people if not excluded(person)]
    if able:
        chosen = next(person for person in people if person.key == decision.chosen)
        assert chosen in able
        assert chosen.load == min(person.load for person in able)
    else:
        assert decision.chosen is None
        assert decision.missing

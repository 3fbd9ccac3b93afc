"""The whole queue at once: what starts, what waits, the order of a day, and what must hold."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relais.engine import matching
from relais.engine.candidates import Assistant, Queued, State, Ticket, excluded, full, unfit
from relais.engine.dispatch import choose, score
from relais.engine.dispatch_plan import plan

from .test_dispatch import HOUR, NOW, SITE, STATE, day, moments, one, people, states


def asked(key, **facts):
    usual = {"site": 7, "service": 3, "minutes": 30.0, "due": NOW + 5 * HOUR, "calendar": 1}
    return Ticket(key, **usual | facts)


def test_the_most_urgent_starts_with_who_is_free_and_the_rest_is_dated():
    made = plan(
        [asked(1), asked(2, due=NOW + HOUR, weight=4.0), asked(3, due=NOW + 30 * HOUR)],
        [one(1), one(2, in_hand=20.0)],
        STATE,
        NOW,
    )
    assert [each.ticket for each in made.starts] == [2]
    assert made.starts[0].person == 1
    assert {each.ticket for each in made.placements} == {1, 2, 3}
    assert all(each.finish > each.start >= NOW for each in made.placements)
    assert not made.late and not made.unplaced


def test_nobody_starts_who_is_away_or_has_something_in_hand():
    made = plan([asked(1), asked(2)], [one(1, shifts=(day(1),)), one(2, in_hand=9.0)], STATE, NOW)
    assert not made.starts
    assert {each.person for each in made.placements} <= {1, 2}


def test_what_nobody_can_do_is_said():
    made = plan([asked(1, skills={5: 1}), asked(2)], [one(1)], STATE, NOW)
    assert made.unplaced == (1,)
    assert made.measure[0] == 1
    assert plan([asked(1)], [], STATE, NOW).unplaced == (1,)
    assert plan([], [one(1)], STATE, NOW).placements == ()


def test_what_will_be_late_is_said_with_its_open_minutes():
    queue = [asked(key, minutes=60.0, due=NOW + HOUR) for key in (1, 2, 3)]
    made = plan(queue, [one(1)], STATE, NOW)
    assert sorted(each.late for each in made.placements) == [0.0, 60.0, 120.0]


def test_a_request_is_kept_for_who_suits_it_and_the_decision_says_so():
    """Only the first speaks English: she is kept for it, though she suits the other better."""
    people = [one(1, languages={"fr": "C2", "en": "C2"}, covers={7: "lead"}), one(2)]
    english = asked(2, language="en", due=NOW + HOUR, weight=4.0)
    queue = [asked(1, due=NOW + HOUR, weight=4.0), english]
    made = plan(queue, people, STATE, NOW)
    assert {each.ticket: each.person for each in made.starts} == {1: 2, 2: 1}
    decisions = {each.ticket: each for each in made.decisions}
    assert decisions[1].chosen == 2
    assert decisions[1].kept == ((1, 2),)
    assert decisions[2].kept == ()
    assert decisions[2].counted() == (("language", 1),)
    # Alone, each would have had her: the lines of both ways of asking are the same.
    alone = choose(queue[0], people, STATE, NOW)
    assert alone.chosen == 1


@pytest.mark.parametrize("count, begins", [(20, []), (150, [1])])
def test_in_a_large_pool_nothing_waits_for_somebody_busy(count, begins):
    """In a small one it is worth waiting a moment for who knows the site."""
    busy = [one(n, in_hand=10.0, familiarity={7: 1.0}, covers={7: "lead"}) for n in range(2, count)]
    slow = one(1, covers={7: "float"}, pace={3: 2.0})
    queue = [asked(1, due=NOW + 5 * HOUR), asked(2, due=NOW + 6 * HOUR)]
    made = plan(queue, [slow, *busy], STATE, NOW)
    assert [each.person for each in made.starts] == begins
    assert {each.ticket for each in made.placements} == {1, 2}


def test_a_plan_in_force_is_not_reshuffled_for_little():
    people = [one(1), one(2)]
    queue = [asked(1), asked(2, minutes=31.0)]
    first = {each.ticket: each.person for each in plan(queue, people, STATE, NOW).placements}
    other = {ticket: 3 - person for ticket, person in first.items()}
    again = plan(queue, people, replace(STATE, planned=other), NOW)
    assert {each.ticket: each.person for each in again.placements} == other
    # But it is when it earns more: the one who was planned is busy for long.
    busy = [one(1, in_hand=280.0), one(2)]
    moved = plan([asked(1)], busy, replace(STATE, planned={1: 1}), NOW)
    assert moved.placements[0].person == 2


def test_the_places_are_counted_from_what_is_nearest():
    scene_places = plan([asked(key) for key in range(9)], [one(1), one(2)], STATE, NOW).days()
    assert sorted(len(keys) for keys in scene_places.values()) == [4, 5]
    made = plan([asked(key) for key in range(9)], [one(1)], STATE, NOW)
    assert [each.place for each in made.placements] == list(range(9))
    starts = [each.start for each in made.placements]
    assert starts == sorted(starts)
    assert starts[1] == made.placements[0].finish


def test_who_is_free_does_what_comes_after_when_the_most_urgent_is_not_for_her():
    """Six urgent requests ask for a skill; the other one can only do the patient one."""
    urgent = [asked(key, skills={5: 1}, due=NOW + HOUR, weight=4.0) for key in range(1, 7)]
    patient = asked(9, due=NOW + 50 * HOUR)
    people = [one(1, skills={5: 1}, languages={"de": "C2"}), one(2)]
    made = plan([*urgent, replace(patient, language="fr")], people, STATE, NOW)
    assert {each.person: each.ticket for each in made.starts}[2] == 9
    assert {each.ticket: each.chosen for each in made.decisions}[9] == 2


# Each: why the first of two may not have it now, whom the pairing alone would prefer.
BARRED = {
    "her hands are full": {"capacity": 1, "queue": (Queued(9, 1.0),)},
    "she is away within her hours": {"absences": ((NOW - HOUR, NOW + 7 * HOUR),)},
    "her shift ends too soon": {"shifts": (day(0, 7, 10), day(1))},
    "the rules of working time": {"legal_minutes": 60.0},
}


@pytest.mark.parametrize("name", BARRED)
def test_a_hard_reason_holds_within_the_pairing_not_after_it(name):
    """Else the request is given to her, does not start, and the other stands idle."""
    better = one(1, covers={7: "lead"}, pace={3: 0.9}, **BARRED[name])
    other = one(2, covers={7: "float"}, familiarity={7: 0.5})
    made = plan([asked(1, minutes=110.0, due=NOW + 4 * HOUR)], [better, other], STATE, NOW)
    assert [(each.ticket, each.person) for each in made.starts] == [(1, 2)]


def test_an_end_beyond_the_known_shifts_is_no_date():
    made = plan([asked(1, minutes=500.0, due=None)], [one(1, shifts=(day(),))], STATE, NOW)
    assert (made.placements[0].start, made.placements[0].finish) == (NOW, None)


queues = st.lists(
    st.builds(
        Ticket,
        key=st.integers(1, 99),
        site=st.integers(1, 2),
        service=st.integers(1, 2),
        minutes=st.floats(1, 300),
        due=st.none() | moments,
        weight=st.sampled_from([1.0, 2.0, 4.0]),
        confidentiality=st.integers(0, 3),
        named=st.frozensets(st.integers(1, 9), max_size=2),
        language=st.sampled_from(["", "fr"]),
        readiness=st.integers(0, 1),
        held=st.sampled_from([False, False, False, True]),
        calendar=st.sampled_from([None, 1]),
    ),
    max_size=12,
    unique_by=lambda each: each.key,
)


@given(queues, people, states, st.randoms())
def test_what_must_hold_of_any_plan(queue, pool, state, chance):
    made = plan(queue, pool, state, NOW)
    tickets, persons = {t.key: t for t in queue}, {her.key: her for her in pool}
    placed = [each.ticket for each in made.placements]
    assert sorted([*placed, *made.unplaced]) == sorted(tickets)
    for each in made.placements:
        assert not unfit(tickets[each.ticket], persons[each.person])
    for each in made.starts:
        assert not excluded(tickets[each.ticket], persons[each.person], state, NOW)
        assert not persons[each.person].in_hand
        assert each.start == NOW
    assert len({each.person for each in made.starts}) == len(made.starts)
    assert {each.ticket for each in made.decisions} == {each.ticket for each in made.starts}
    for said in made.decisions:
        assert said.chosen == made.of(said.ticket).person
        for line in said.lines:
            assert line.score == score(line.terms)
            assert not unfit(tickets[said.ticket], persons[line.key])
        assert not full(persons[said.chosen])
    shuffled, others = list(queue), list(pool)
    chance.shuffle(shuffled)
    chance.shuffle(others)
    assert plan(shuffled, others, state, NOW) == made


@given(queues, people)
def test_somebody_able_and_idle_never_makes_the_plan_worse(queue, pool):
    """By its own measure: first how many found a place, then what the pairings cost."""
    state = State(calendars={1: SITE})
    more = Assistant(
        50, "B", covers={1: "backup", 2: "backup"}, clearance=2, languages={"fr": "C2"},
        readiness={(s, v): 3 for s in (1, 2) for v in (1, 2)}, shifts=(day(), day(1)),
    )  # fmt: skip
    before = plan(queue, pool, state, NOW).measure
    after = plan(queue, [*pool, more], state, NOW).measure
    assert after[0] < before[0] or (after[0] == before[0] and after[1] <= before[1] + 1e-6)


def test_the_terms_of_a_pairing_add_up_to_its_cost():
    """To the bit, over arrays as for one."""
    import numpy as np

    dice = np.random.default_rng(7)
    scene = matching.Scene(
        able=dice.uniform(size=(5, 8)) > 0.2,
        minutes=dice.uniform(5, 90, (5, 8)),
        slack=dice.uniform(-60, 900, 8),
        weight=dice.choice([1.0, 2.0, 4.0], 8),
        familiar=dice.uniform(size=(5, 8)),
        ahead=dice.uniform(0, 60, 5),
        first=np.zeros(5),
        cuts=np.full((5, 1), 420.0),
        gaps=np.full((5, 1), 900.0),
        other=(dice.uniform(size=(5, 8)), dice.uniform(size=(5, 8))),
    )
    priced = matching.costs(scene, matching.Weights())
    total = priced.lateness + priced.risk + priced.stranger + priced.time + priced.start
    for each in scene.other:
        total = total + each
    assert (priced.total[scene.able] == total[scene.able]).all()
    assert (priced.total[~scene.able] == matching.NEVER).all()


def test_work_that_ends_with_a_span_ends_before_the_gap():
    import numpy as np

    ends = matching.finish(
        np.array([[60.0, 61.0]]),
        np.array([0.0]),
        np.array([[60.0, 120.0]]),
        np.array([[30.0, 9.0]]),
    )
    assert ends.tolist() == [[60.0, 91.0]]
    assert NOW + timedelta(0) == NOW

"""How likely each request is to be late; what an override would do; the cheapest remedy."""

from datetime import timedelta

from hypothesis import given

from relais.engine.breach import Remedy, chances, override, remedy
from relais.engine.dispatch_plan import plan

from .test_dispatch import HOUR, NOW, STATE, day, one, people, states
from .test_dispatch_plan import asked, queues

MINUTES = timedelta(minutes=1)


def test_the_nearer_the_deadline_the_likelier_it_is_late():
    queue = [asked(1, minutes=60.0, due=NOW + minutes * MINUTES) for minutes in (20, 60, 90, 400)]
    found = [chances([each], [one(1)], STATE, NOW)[1] for each in queue]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.9
    assert 0.2 < found[1] < 0.7  # the expected end, to the minute: about one in two
    assert found[-1] == 0


def test_what_waits_before_it_and_who_is_there_count():
    queue = [asked(key, minutes=60.0, due=NOW + 150 * MINUTES) for key in range(1, 5)]
    alone, helped = (chances(queue, pool, STATE, NOW) for pool in ([one(1)], [one(1), one(2)]))
    assert sum(helped.values()) < sum(alone.values())
    pressed = chances(queue, [one(1), one(2)], STATE, NOW, arriving=0.5)
    assert sum(pressed.values()) > sum(helped.values())


def test_the_certain_cases():
    queue = [asked(1, due=NOW - HOUR), asked(2, due=None), asked(3, skills={5: 1})]
    assert chances(queue, [one(1)], STATE, NOW) == {1: 1.0, 2: 0.0, 3: 1.0}
    assert chances(queue, [], STATE, NOW) == {1: 1.0, 2: 0.0, 3: 1.0}
    assert chances([], [one(1)], STATE, NOW) == {}


def test_her_shift_ends_before_it_is_done():
    short, long = one(1, shifts=(day(0, 7, 10), day(1))), one(1)
    queue = [asked(1, minutes=90.0, due=NOW + 4 * HOUR)]
    assert chances(queue, [short], STATE, NOW)[1] > chances(queue, [long], STATE, NOW)[1]


@given(queues, people, states)
def test_the_same_question_has_the_same_answer(queue, pool, state):
    found = chances(queue, pool, state, NOW, draws=20)
    assert chances(list(reversed(queue)), list(reversed(pool)), state, NOW, draws=20) == found
    assert all(0 <= chance <= 1 for chance in found.values())
    assert found.keys() == {each.key for each in queue}


def test_an_override_tells_beforehand_who_becomes_late():
    # Five hours of work wait for her, all in time; an hour put first makes each late by half one.
    queue = [
        asked(key, minutes=60.0, due=NOW + (key + 0.5) * HOUR, weight=2.0) for key in range(1, 5)
    ]
    extra = asked(9, minutes=60.0, due=NOW + 30 * HOUR)
    assert not plan([*queue, extra], [one(1)], STATE, NOW).late
    effect = override(9, 1, [*queue, extra], [one(1)], STATE, NOW)
    assert effect.finish == NOW + HOUR
    assert effect.late == 0
    assert len(effect.become_late) >= 1
    assert effect.saved == ()
    assert override(9, 2, [*queue, extra], [one(1)], STATE, NOW).finish is None


def test_the_cheapest_remedy_makes_fewest_others_late():
    busy = [asked(key, minutes=60.0, due=NOW + 70 * MINUTES, weight=9.0) for key in (1, 2)]
    risky = asked(3, minutes=60.0, due=NOW + 65 * MINUTES)
    two = [one(1), one(2)]
    assert len(remedy(3, [*busy, risky], two, STATE, NOW).become_late) == 1
    assert remedy(3, [risky], two, STATE, NOW) == Remedy("first", 1)
    hopeless = asked(3, minutes=60.0, due=NOW + 30 * MINUTES)
    assert remedy(3, [hopeless], two, STATE, NOW).kind == "none"
    english = asked(3, due=NOW + 65 * MINUTES, language="en")
    away = {7: one(7, languages={"en": "C1"})}
    assert remedy(3, [english], two, STATE, NOW, away=away) == Remedy("call", 7)

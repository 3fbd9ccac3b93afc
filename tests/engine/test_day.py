"""The order of a day: by room, what is begun first, and no reshuffling for little."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from relais.engine.candidates import Queued
from relais.engine.day import order, room

from .test_dispatch import HOUR, NOW, STATE, queues


def waits(key, minutes, *, work=30.0):
    """One whose room is `minutes`."""
    return Queued(key, work, NOW + timedelta(minutes=minutes + work), 1.0, 1)


def keys(turns):
    return [turn.key for turn in turns]


def test_what_leaves_the_least_room_comes_first_and_without_deadline_last():
    day = [waits(1, 200), waits(2, 10), Queued(3, 5.0), waits(4, -20), waits(5, 100, work=120)]
    assert keys(order(day, STATE, NOW)) == [4, 2, 5, 1, 3]


def test_room_counts_open_time():
    tomorrow = Queued(1, 30.0, NOW + 23 * HOUR, 1.0, 1)  # at nine in Paris; closed from 18 to 8
    assert room(tomorrow, STATE, NOW) == 8 * 60 + 60 - 30


def test_what_she_has_begun_is_hers_and_first():
    day = [waits(1, 200), waits(2, -60), waits(3, 500)]
    turns = order(day, STATE, NOW, begun=[3, 1])
    assert keys(turns) == [3, 1, 2]
    assert [turn.begun for turn in turns] == [True, True, False]


def test_a_change_must_earn_more_than_the_threshold():
    day = [waits(1, 100), waits(2, 80), waits(3, 40)]
    assert keys(order(day, STATE, NOW, before=[1, 2, 3])) == [3, 1, 2]  # 40 and 60, not 20
    assert keys(order(day, STATE, NOW, before=[1, 2, 3], worth=90)) == [1, 2, 3]


def test_what_is_new_finds_its_place_and_what_is_gone_leaves_no_hole():
    day = [waits(1, 100), waits(2, 110), waits(9, 105)]
    assert keys(order(day, STATE, NOW, before=[2, 7, 1])) == [9, 2, 1]
    assert keys(order([waits(1, 90), waits(9, 100), waits(2, 110)], STATE, NOW, before=[1, 2])) == [
        1,
        9,
        2,
    ]


@given(queues, st.randoms())
def test_asked_again_the_order_stays(waiting, chance):
    waiting = list({each.key: each for each in waiting}.values())
    shown = [each.key for each in waiting]
    chance.shuffle(shown)
    first = order(waiting, STATE, NOW, before=shown)
    assert sorted(keys(first)) == sorted(shown)
    assert order(list(reversed(waiting)), STATE, NOW, before=keys(first)) == first
    # Nobody stands right behind one with so much more room.
    for ahead, behind in pairwise(first):
        assert ahead.room - behind.room < 30

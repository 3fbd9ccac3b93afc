"""Asking the requester: the promise waits for the answer."""

import pytest

from relais.desk.errors import NotNow, NotYours

from .conftest import at, clock, kinds, two_at_once


def test_it_pauses_the_delivery(new_ticket, world):
    ticket = new_ticket("taken")
    ticket.ask("Quel jour ?", by=world.people.alice, at=at(10))
    assert ticket.state == "waiting"
    delivery = clock(ticket, "delivery")
    assert delivery.is_paused
    assert delivery.due_at is None
    assert kinds(ticket)[-1] == "asked"
    assert ticket.events.last().facts["clocks"][0]["paused"]


def test_a_question_is_a_first_answer(new_ticket, world):
    assert clock(new_ticket("waiting"), "first_response").verdict == "met"


@pytest.mark.parametrize("state", ["open", "assigned", "waiting", "delivered", "accepted"])
def test_it_is_refused_out_of_work(new_ticket, world, state):
    ticket = new_ticket(state)
    with pytest.raises((NotNow, NotYours)):
        ticket.ask("Quel jour ?", by=world.people.alice)


@pytest.mark.parametrize("who", ["basile", "marc", "claire", "chloe"])
def test_it_is_refused_to_the_wrong_person(new_ticket, world, who):
    with pytest.raises(NotYours):
        new_ticket("taken").ask("Quel jour ?", by=getattr(world.people, who))


def test_two_at_once_leave_one_winner(new_ticket, world):
    two_at_once(new_ticket("taken"), lambda t: t.ask("Quand ?", by=world.people.alice), "asked")

"""Beginning to work on a ticket."""

import pytest

from relais.desk.errors import NotNow, NotYours
from relais.people.models import AssistantProfile, Confidentiality

from .conftest import at, clock, kinds, two_at_once


def test_the_holder_takes_it_and_that_is_a_first_answer(new_ticket, world):
    ticket = new_ticket("assigned")
    ticket.take(by=world.people.alice, at=at(10))
    ticket.refresh_from_db()
    assert ticket.state == "taken"
    assert kinds(ticket) == ["received", "assigned", "taken"]
    answer = clock(ticket, "first_response")
    assert (answer.stopped_at, answer.verdict) == (at(10), "met")
    assert clock(ticket, "delivery").stopped_at is None


def test_a_promise_kept_to_the_second_is_kept_and_one_later_is_not(new_ticket, world):
    in_time, late = new_ticket(), new_ticket()
    in_time.take(by=world.people.alice, at=at(11))
    late.take(by=world.people.alice, at=at(11, 1))
    assert clock(in_time, "first_response").verdict == "met"
    assert clock(late, "first_response").verdict == "missed"


def test_who_covers_the_site_takes_from_the_queue(new_ticket, world):
    ticket = new_ticket()
    ticket.take(by=world.people.basile)
    assert ticket.holder == world.people.basile


@pytest.mark.parametrize("who", ["basile", "chloe", "marc", "claire", "erwan", "maud"])
def test_it_is_refused_to_who_does_not_hold_it(new_ticket, world, who):
    ticket = new_ticket("assigned")
    with pytest.raises((NotYours, Exception), match=r"R-|cannot"):
        ticket.take(by=getattr(world.people, who))
    ticket.refresh_from_db()
    assert ticket.state == "assigned"
    assert ticket.holder == world.people.alice


def test_who_serves_another_client_does_not_take_from_the_queue(new_ticket, world):
    with pytest.raises(NotYours):
        new_ticket().take(by=world.people.chloe)


def test_who_is_not_cleared_does_not_take(new_ticket, world):
    AssistantProfile.objects.update(clearance=Confidentiality.INTERNAL)
    with pytest.raises(NotYours):
        new_ticket(confidentiality=2).take(by=world.people.alice)


@pytest.mark.parametrize("state", ["taken", "waiting", "delivered", "accepted"])
def test_it_is_refused_later(new_ticket, world, state):
    with pytest.raises(NotNow):
        new_ticket(state).take(by=world.people.alice)


def test_two_at_once_leave_one_winner(new_ticket, world):
    two_at_once(new_ticket(), lambda t: t.take(by=world.people.alice), "taken")

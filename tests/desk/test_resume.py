"""Going on after a wait."""

import pytest

from relais.desk.errors import NotNow, NotYours

from .conftest import at, clock, kinds, two_at_once


@pytest.mark.parametrize("who", ["alice", "marc", "paul"])
def test_the_time_waited_is_given_back(new_ticket, world, who):
    ticket = new_ticket("waiting")
    before = at(18)  # 8 hours from 9:00
    ticket.resume(by=getattr(world.people, who), at=at(11))
    assert ticket.state == "taken"
    delivery = clock(ticket, "delivery")
    assert delivery.due_at == at(10, days=1)
    assert delivery.due_at > before
    assert kinds(ticket)[-1] == "resumed"


def test_waiting_out_of_hours_costs_nothing(new_ticket, world):
    ticket = new_ticket("taken")
    ticket.ask("Quand ?", by=world.people.alice, at=at(18))
    ticket.resume(by=world.people.alice, at=at(9, days=1))
    assert clock(ticket, "delivery").due_at == at(18)


def test_a_third_party_is_no_excuse(new_ticket, world):
    ticket = new_ticket("third")
    ticket.resume(by=world.people.alice, at=at(17))
    assert clock(ticket, "delivery").due_at == at(18)


@pytest.mark.parametrize("state", ["open", "taken", "delivered", "accepted"])
def test_it_is_refused_when_nothing_waits(new_ticket, world, state):
    with pytest.raises(NotNow):
        new_ticket(state).resume(by=world.people.paul)


@pytest.mark.parametrize("who", ["basile", "claire", "nadia", "erwan"])
def test_it_is_refused_to_the_wrong_person(new_ticket, world, who):
    with pytest.raises(NotYours):
        new_ticket("waiting").resume(by=getattr(world.people, who))


def test_two_at_once_leave_one_winner(new_ticket, world):
    two_at_once(new_ticket("waiting"), lambda t: t.resume(by=world.people.alice), "resumed")

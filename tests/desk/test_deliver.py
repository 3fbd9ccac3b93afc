"""Handing over the result."""

import pytest

from relais.desk.errors import NotNow, NotYours
from relais.desk.models import Letter

from .conftest import at, clock, kinds, two_at_once


@pytest.mark.parametrize("state", ["taken", "waiting", "third"])
def test_the_promise_gets_its_verdict(new_ticket, world, state):
    ticket = new_ticket(state)
    ticket.deliver("C’est fait.", by=world.people.alice, at=at(18))
    delivery = clock(ticket, "delivery")
    assert (ticket.state, delivery.stopped_at, delivery.verdict) == ("delivered", at(18), "met")
    assert ticket.delivered_at == at(18)
    assert kinds(ticket)[-1] == "delivered"
    assert Letter.objects.filter(body="C’est fait.").exists()
    assert [c["verdict"] for c in ticket.events.last().facts["clocks"]] == ["met"]


def test_a_second_after_the_promise_is_late(new_ticket, world):
    from datetime import timedelta

    ticket = new_ticket("taken")
    ticket.deliver("C’est fait.", by=world.people.alice, at=at(18) + timedelta(seconds=1))
    assert clock(ticket, "delivery").verdict == "missed"


@pytest.mark.parametrize("state", ["assigned", "delivered", "accepted"])
def test_it_is_refused_before_and_after_work(new_ticket, world, state):
    with pytest.raises(NotNow):
        new_ticket(state).deliver("C’est fait.", by=world.people.alice)


@pytest.mark.parametrize("who", ["basile", "marc", "claire", "chloe"])
def test_it_is_refused_to_the_wrong_person(new_ticket, world, who):
    with pytest.raises(NotYours):
        new_ticket("taken").deliver("C’est fait.", by=getattr(world.people, who))


def test_two_at_once_leave_one_winner(new_ticket, world):
    two_at_once(
        new_ticket("taken"), lambda t: t.deliver("Voilà", by=world.people.alice), "delivered"
    )

"""Taking the result as good."""

import pytest

from relais.desk.errors import NotNow, NotYours

from .conftest import at, kinds, two_at_once


@pytest.mark.parametrize("who", ["marc", "claire", None])
def test_the_requester_or_who_steers_accepts_or_time_does(new_ticket, world, who):
    ticket = new_ticket("delivered")
    by = getattr(world.people, who) if who else None
    ticket.accept(by=by, at=at(15))
    ticket.refresh_from_db()
    assert (ticket.state, ticket.closed_at) == ("accepted", at(15))
    event = ticket.events.last()
    assert (event.kind, event.by) == ("accepted", by)


@pytest.mark.parametrize("state", ["open", "taken", "waiting", "accepted", "cancelled"])
def test_it_is_refused_before_the_delivery_and_twice(new_ticket, world, state):
    ticket = new_ticket(state)
    before = kinds(ticket)
    with pytest.raises(NotNow):
        ticket.accept(by=world.people.marc)
    assert kinds(ticket) == before


@pytest.mark.parametrize("who", ["alice", "paul", "nadia", "erwan", "fanny"])
def test_nobody_accepts_his_own_work_or_anothers_request(new_ticket, world, who):
    with pytest.raises(NotYours):
        new_ticket("delivered").accept(by=getattr(world.people, who))


def test_two_at_once_leave_one_winner(new_ticket, world):
    two_at_once(new_ticket("delivered"), lambda t: t.accept(by=world.people.marc), "accepted")

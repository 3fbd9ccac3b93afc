"""Asking for a correction: nothing is reset, a second clock measures it."""

import pytest

from relais.desk.errors import NotNow, NotYours

from .conftest import at, clock, kinds, two_at_once


@pytest.mark.parametrize("state", ["delivered", "accepted"])
def test_the_first_clock_keeps_its_verdict_and_a_second_starts(new_ticket, world, state):
    ticket = new_ticket(state)
    first = clock(ticket, "delivery")
    ticket.reopen("Le montant est faux", by=world.people.marc, at=at(9, days=1))
    ticket.refresh_from_db()
    again = clock(ticket, "delivery")
    assert (again.verdict, again.stopped_at) == (first.verdict, first.stopped_at)
    assert clock(ticket, "correction").due_at == at(18, days=1)
    assert (ticket.state, ticket.reopened, ticket.closed_at) == ("assigned", 1, None)
    assert ticket.holder == world.people.alice
    assert kinds(ticket)[-1] == "reopened"


def test_the_correction_gets_a_verdict_of_its_own(new_ticket, world):
    ticket = new_ticket("delivered")
    ticket.reopen("Faux", by=world.people.marc, at=at(9, days=1))
    ticket.take(by=world.people.alice, at=at(10, days=1))
    ticket.deliver("Corrigé", by=world.people.alice, at=at(9, days=2))
    assert clock(ticket, "correction").verdict == "missed"
    assert clock(ticket, "delivery").verdict == "met"


@pytest.mark.parametrize("state", ["open", "taken", "waiting", "cancelled"])
def test_it_is_refused_when_nothing_was_delivered(new_ticket, world, state):
    with pytest.raises(NotNow):
        new_ticket(state).reopen("Faux", by=world.people.marc)


@pytest.mark.parametrize("who", ["alice", "nadia", "erwan"])
def test_it_is_refused_to_the_wrong_person(new_ticket, world, who):
    with pytest.raises(NotYours):
        new_ticket("delivered").reopen("Faux", by=getattr(world.people, who))


def test_two_at_once_leave_one_winner(new_ticket, world):
    ticket = new_ticket("delivered")
    two_at_once(ticket, lambda t: t.reopen("Faux", by=world.people.marc), "reopened")
    assert ticket.clocks.filter(kind="correction").count() == 1

"""Waiting for a third party: the promise runs on."""

import pytest

from relais.desk.errors import Missing, NotNow, NotYours

from .conftest import at, clock, kinds, two_at_once


def test_the_clock_runs_on(new_ticket, world):
    ticket = new_ticket("taken")
    ticket.wait_third("Le traiteur", by=world.people.alice, at=at(10))
    assert ticket.state == "third"
    assert clock(ticket, "delivery").due_at == at(18)
    event = ticket.events.last()
    assert (event.kind, event.facts["reason"]) == ("waited_third", "Le traiteur")


def test_whom_one_waits_for_is_said(new_ticket, world):
    with pytest.raises(Missing):
        new_ticket("taken").wait_third("", by=world.people.alice)


def test_it_is_refused_out_of_work(new_ticket, world):
    with pytest.raises(NotNow):
        new_ticket("waiting").wait_third("Le traiteur", by=world.people.alice)


@pytest.mark.parametrize("who", ["basile", "marc", "claire"])
def test_it_is_refused_to_the_wrong_person(new_ticket, world, who):
    ticket = new_ticket("taken")
    with pytest.raises(NotYours):
        ticket.wait_third("Le traiteur", by=getattr(world.people, who))
    assert kinds(ticket)[-1] == "taken"


def test_two_at_once_leave_one_winner(new_ticket, world):
    two_at_once(
        new_ticket("taken"), lambda t: t.wait_third("X", by=world.people.alice), "waited_third"
    )

"""Giving a ticket to a colleague."""

import pytest

from relais.desk.errors import NotNow, NotYours, Unfit
from relais.desk.models import Event, Message
from relais.people.access import Access

from .conftest import kinds, two_at_once


def test_the_colleague_holds_it_and_has_a_word_that_no_client_reads(new_ticket, world):
    ticket = new_ticket("taken")
    ticket.hand_over(world.people.basile, "Le client préfère le jeudi", by=world.people.alice)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.holder) == ("assigned", world.people.basile)
    event = ticket.events.last()
    assert (event.kind, event.facts["from"], event.facts["to"]) == (
        "handed_over",
        world.people.alice.pk,
        world.people.basile.pk,
    )
    marc = Access(world.people.marc)
    assert not marc.see(Message).filter(body__contains="jeudi").exists()
    assert not marc.see(Event).filter(kind="handed_over").exists()


@pytest.mark.parametrize("state", ["waiting", "third"])
def test_what_waits_goes_on_waiting(new_ticket, world, state):
    ticket = new_ticket(state)
    ticket.hand_over(world.people.basile, "", by=world.people.alice)
    assert ticket.state == state
    ticket.resume(by=world.people.basile)


def test_only_an_assistant_can_be_given_it(new_ticket, world):
    with pytest.raises(Unfit):
        new_ticket("taken").hand_over(world.people.claire, "", by=world.people.alice)


@pytest.mark.parametrize("state", ["open", "delivered", "accepted"])
def test_it_is_refused_when_nobody_works_on_it(new_ticket, world, state):
    with pytest.raises(NotNow):
        new_ticket(state).hand_over(world.people.basile, "", by=world.people.paul)


@pytest.mark.parametrize("who", ["basile", "marc", "claire", "chloe"])
def test_it_is_refused_to_the_wrong_person(new_ticket, world, who):
    with pytest.raises(NotYours):
        new_ticket("taken").hand_over(world.people.basile, "", by=getattr(world.people, who))


def test_two_at_once_leave_one_winner(new_ticket, world):
    ticket, people = new_ticket("taken"), world.people
    two_at_once(ticket, lambda t: t.hand_over(people.basile, "", by=people.alice), "handed_over")
    assert kinds(ticket).count("handed_over") == 1

"""Writing publicly on a ticket."""

import pytest

from relais.desk.errors import Missing, NotNow, NotYours
from relais.desk.models import Letter

from .conftest import at, clock, kinds, two_at_once


def test_an_assistants_word_is_the_first_answer_and_goes_out_by_mail(new_ticket, world):
    ticket = new_ticket("assigned")
    ticket.reply("Je regarde.", by=world.people.alice, at=at(9, 30))
    assert clock(ticket, "first_response").stopped_at == at(9, 30)
    assert ticket.state == "assigned"
    letter = Letter.objects.get()
    assert (letter.to, letter.body) == (world.people.marc.email, "Je regarde.")
    assert letter.subject.startswith(f"[{ticket.reference}]")
    assert kinds(ticket)[-1] == "replied"


def test_the_requesters_word_answers_no_clock_and_is_not_sent_back(new_ticket, world):
    ticket = new_ticket()
    ticket.reply("C’est pressé.", by=world.people.marc)
    assert clock(ticket, "first_response").stopped_at is None
    assert ticket.messages.get().direction == "in"
    assert not Letter.objects.exists()


def test_the_requesters_word_ends_a_wait_and_gives_the_time_back(new_ticket, world):
    ticket = new_ticket("waiting")  # since 10:00; 8 hours were promised from 9:00 on
    ticket.reply("Jeudi.", by=world.people.marc, at=at(15))
    assert ticket.state == "taken"
    # 4 open hours were waited: 10:00-12:30 and 13:30-15:00.
    assert clock(ticket, "delivery").due_at == at(14, days=1)


@pytest.mark.parametrize("who", ["nadia", "erwan", "chloe", "claire", "bruno"])
def test_it_is_refused_to_the_wrong_person(new_ticket, world, who):
    with pytest.raises(NotYours):
        new_ticket("taken").reply("Bonjour", by=getattr(world.people, who))


@pytest.mark.parametrize("state", ["accepted", "cancelled"])
def test_it_is_refused_when_all_is_over(new_ticket, world, state):
    with pytest.raises(NotNow):
        new_ticket(state).reply("Encore", by=world.people.marc)


def test_saying_nothing_is_refused(new_ticket, world):
    ticket = new_ticket()
    with pytest.raises(Missing):
        ticket.reply("  ", by=world.people.marc)
    assert kinds(ticket) == ["received"]


def test_two_at_once_leave_one_winner(new_ticket, world):
    ticket = new_ticket("taken")
    two_at_once(ticket, lambda t: t.reply("Bonjour", by=world.people.alice), "replied")
    assert ticket.messages.count() == 1

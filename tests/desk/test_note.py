"""Writing for colleagues only."""

import pytest

from relais.desk.errors import NotYours
from relais.desk.models import Event, Letter, Message
from relais.people.access import Access

from .conftest import kinds, two_at_once


def test_colleagues_read_it_and_no_client_does(new_ticket, world):
    ticket = new_ticket("accepted")
    letters = Letter.objects.count()
    ticket.note("Penser au badge", by=world.people.basile)
    assert kinds(ticket)[-1] == "noted"
    seen = {
        who: Access(getattr(world.people, who)).see(Message).filter(internal=True).count()
        for who in ("alice", "paul", "marc", "claire", "erwan", "chloe")
    }
    assert seen == {"alice": 1, "paul": 1, "marc": 0, "claire": 0, "erwan": 0, "chloe": 0}
    assert not Access(world.people.marc).see(Event).filter(kind="noted").exists()
    assert Letter.objects.count() == letters


@pytest.mark.parametrize("who", ["marc", "claire", "chloe", "erwan"])
def test_it_is_refused_to_the_wrong_person(new_ticket, world, who):
    with pytest.raises(NotYours):
        new_ticket("taken").note("x", by=getattr(world.people, who))


def test_two_at_once_leave_one_winner(new_ticket, world):
    two_at_once(new_ticket("taken"), lambda t: t.note("x", by=world.people.alice), "noted")

"""Wanting it no more, and declining it: the clocks count no more."""

import pytest

from relais.desk.errors import Missing, NotNow, NotYours
from relais.desk.models import Clock, Letter

from .conftest import kinds, two_at_once

AT_WORK = ["open", "assigned", "taken", "waiting", "third"]


@pytest.mark.parametrize("state", AT_WORK)
def test_the_requester_cancels(new_ticket, world, state):
    ticket = new_ticket(state)
    ticket.cancel("Plus besoin", by=world.people.marc)
    ticket.refresh_from_db()
    assert ticket.state == "cancelled"
    assert ticket.closed_at is not None
    running = Clock.objects.filter(ticket=ticket, stopped_at=None)
    assert not running.exists()
    assert ticket.clocks.get(kind="delivery").verdict == "void"
    assert kinds(ticket)[-1] == "cancelled"


@pytest.mark.parametrize("state", ["delivered", "accepted", "cancelled"])
def test_it_is_refused_after_the_delivery(new_ticket, world, state):
    for verb in ("cancel", "refuse"):
        with pytest.raises((NotNow, NotYours)):
            getattr(new_ticket(state), verb)("Trop tard", by=world.people.paul)


@pytest.mark.parametrize("who", ["alice", "nadia", "erwan"])
def test_it_is_refused_to_the_wrong_person(new_ticket, world, who):
    with pytest.raises(NotYours):
        new_ticket("taken").cancel("Non", by=getattr(world.people, who))


def test_the_lead_declines_and_says_why_by_mail(new_ticket, world):
    ticket = new_ticket()
    ticket.refuse("Hors du contrat", by=world.people.paul)
    assert ticket.state == "refused"
    assert kinds(ticket) == ["received", "refused"]
    assert Letter.objects.get().body == "Hors du contrat"


def test_declining_without_a_reason_is_refused(new_ticket, world):
    with pytest.raises(Missing):
        new_ticket().refuse("", by=world.people.paul)


@pytest.mark.parametrize("who", ["alice", "marc", "claire"])
def test_declining_is_the_leads(new_ticket, world, who):
    with pytest.raises(NotYours):
        new_ticket("taken").refuse("Non", by=getattr(world.people, who))


def test_two_at_once_leave_one_winner(new_ticket, world):
    two_at_once(new_ticket(), lambda t: t.cancel("Non", by=world.people.marc), "cancelled")
    two_at_once(new_ticket(), lambda t: t.refuse("Non", by=world.people.paul), "refused")

"""Giving a ticket to an assistant."""

import pytest

from relais.desk.errors import NotNow, NotYours, Unfit
from relais.desk.models import Ticket
from relais.people.models import Clearance, Engagement

from .conftest import at, kinds, two_at_once


def test_dispatch_gives_it_and_keeps_its_reasons(new_ticket, world):
    ticket = new_ticket()
    ticket.assign(world.people.alice, at=at(9, 5), reasons={"rule": "fewest_open"})
    ticket.refresh_from_db()
    assert (ticket.state, ticket.holder) == ("assigned", world.people.alice)
    event = ticket.events.last()
    assert event.kind == "assigned"
    assert event.internal
    assert event.facts["decision"] == {"rule": "fewest_open"}


def test_the_lead_gives_it_to_somebody_else(new_ticket, world):
    ticket = new_ticket("assigned")
    ticket.assign(world.people.basile, by=world.people.paul)
    assert ticket.holder == world.people.basile


def test_the_leads_reason_is_kept_and_only_she_reads_it(new_ticket, world, client_of):
    ticket = new_ticket("assigned")
    sent = {"to": world.people.basile.pk, "text": " Connaît le dossier ", "version": ticket.version}
    answer = client_of(world.people.paul).post(f"/tickets/{ticket.pk}/assign/", sent)
    assert answer.status_code == 302
    event = ticket.events.last()
    assert (event.facts["why"], event.internal) == ("Connaît le dossier", True)
    page = client_of(world.people.paul).get("/dispatches/").content.decode()
    assert "Connaît le dossier" in page
    for person in (world.people.marc, world.people.claire):
        page = client_of(person).get(f"/tickets/{ticket.pk}/").content.decode()
        assert "Connaît le dossier" not in page


@pytest.mark.parametrize("state", ["taken", "waiting", "delivered", "accepted", "cancelled"])
def test_it_is_refused_once_work_began(new_ticket, world, state):
    ticket = new_ticket(state)
    before = kinds(ticket)
    with pytest.raises(NotNow):
        ticket.assign(world.people.basile, by=world.people.paul)
    assert kinds(ticket) == before


@pytest.mark.parametrize("who", ["alice", "marc", "claire", "sylvie", "erwan", "quentin"])
def test_it_is_refused_to_everybody_else(new_ticket, world, who):
    with pytest.raises(NotYours):
        new_ticket().assign(world.people.basile, by=getattr(world.people, who))


def test_a_client_assigns_only_where_the_mode_lets_her(new_ticket, world):
    ticket, claire = new_ticket(), world.people.claire
    Engagement.objects.filter(company=ticket.company).update(mode=Engagement.Mode.TIME_SHARE)
    ticket.assign(world.people.basile, by=claire)
    assert ticket.holder == world.people.basile
    Engagement.objects.filter(company=ticket.company).update(mode=Engagement.Mode.PROVIDER)
    with pytest.raises(NotYours):
        new_ticket().assign(world.people.alice, by=claire)


@pytest.mark.parametrize("who", ["marc", "paul", "quentin"])
def test_only_an_assistant_of_the_pool_can_hold_it(new_ticket, world, who):
    with pytest.raises(Unfit):
        new_ticket().assign(getattr(world.people, who), by=world.people.paul)


def test_class_c3_needs_her_name_on_it(new_ticket, world):
    ticket, alice = new_ticket(confidentiality=3), world.people.alice
    with pytest.raises(Unfit):
        ticket.assign(alice)
    alice.__dict__.pop("_access")
    Clearance.objects.create(
        provider=world.provider,
        person=alice,
        company=ticket.company,
        reason="Comité de direction",
        starts_on=at(9).date(),
    )
    ticket.assign(alice)
    assert ticket.holder == alice


def test_two_at_once_leave_one_winner(new_ticket, world):
    two_at_once(new_ticket(), lambda t: t.assign(world.people.alice), "assigned")


def test_a_held_ticket_has_a_holder_whatever_writes_it(new_ticket):
    from django.db import IntegrityError, transaction

    ticket = new_ticket()
    with pytest.raises(IntegrityError, match="desk_ticket_held"), transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(state="taken")

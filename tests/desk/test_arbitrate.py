"""Wishes that contradict each other: the client's lead decides, and says why."""

import pytest

from relais.desk.errors import CannotArbitrate, Missing, NotNow, NotSteering, NotYours, Overtaken
from relais.desk.models import Arbitration, Letter
from relais.people.models import Role

from .conftest import kinds


@pytest.fixture
def asked(new_ticket, world):
    """Return a question about a request of Marc's and one of Nadia's."""
    first = new_ticket("taken")
    other = new_ticket(requester=world.people.nadia, site=world.sites.lyon)
    return Arbitration.ask(first, other, "Tous deux d’abord", by=world.people.basile)


def test_it_goes_to_the_client_lead_by_mail_without_the_matter(asked):
    letter = Letter.objects.get(key=f"arbitration:{asked.pk}")
    assert letter.to == "claire@calanques.example"
    assert f"/arbitrations/{asked.pk}/" in letter.body
    assert kinds(asked.ticket)[-1] == kinds(asked.other)[-1] == "arbitration_asked"


def test_asked_twice_it_is_one_question(asked, world):
    again = Arbitration.ask(asked.other, asked.ticket, "Encore", by=world.people.paul)
    assert again == asked
    assert kinds(asked.ticket).count("arbitration_asked") == 1


def test_the_client_lead_decides_with_a_reason_and_may_set_priorities(asked, world):
    asked.decide(
        "other", "La clôture d’abord", by=world.people.claire, priorities={asked.other.pk: 2}
    )
    asked.refresh_from_db()
    assert (asked.state, asked.choice, asked.decided_by) == (
        "decided",
        "other",
        world.people.claire,
    )
    asked.other.refresh_from_db()
    assert asked.other.priority == 2
    assert kinds(asked.other)[-2:] == ["arbitrated", "reprioritised"]
    assert kinds(asked.ticket)[-1] == "arbitrated"


@pytest.mark.parametrize("who", ["paul", "maud", "alice", "marc", "nadia", "luc", "erwan", "fanny"])
def test_nobody_else_decides(asked, world, who):
    with pytest.raises(NotYours):
        asked.decide("first", "Moi", by=getattr(world.people, who))


def test_what_is_missing_is_named_and_it_is_decided_once(asked, world):
    claire = world.people.claire
    with pytest.raises(Missing):
        asked.decide("first", " ", by=claire)
    with pytest.raises(Missing):
        asked.decide("perhaps", "x", by=claire)
    one, two = (Arbitration.objects.get(pk=asked.pk) for _ in range(2))
    one.decide("neither", "Chacun attend", by=claire)
    with pytest.raises(Overtaken):
        two.decide("first", "x", by=world.people.sylvie)
    with pytest.raises(NotNow):
        one.decide("first", "x", by=claire)
    assert kinds(asked.ticket).count("arbitrated") == 1


def test_two_managers_who_want_to_be_first_are_put_before_the_lead(new_ticket, world):
    first, other = new_ticket("taken"), new_ticket(requester=world.people.luc)
    for ticket, who in ((first, "marc"), (other, "luc")):
        with pytest.raises(NotSteering):
            ticket.reprioritise(1, "Moi d’abord", by=getattr(world.people, who))
    found = Arbitration.objects.get()
    assert {found.ticket, found.other} == {first, other}
    assert "Marc Morel" in found.question and "Luc Lefèvre" in found.question
    assert found.asked_by is None


def test_two_opposite_wishes_on_one_request_are_put_before_the_lead(new_ticket, world):
    ticket = new_ticket(site=world.sites.lyon, requester=world.people.nadia)
    for who, wish in (("nadia", 1), ("luc", 4)):
        with pytest.raises(NotSteering):
            ticket.reprioritise(wish, "x", by=getattr(world.people, who))
    assert (Arbitration.objects.get().ticket, Arbitration.objects.get().other) == (ticket, None)


def test_what_no_lead_may_read_is_not_asked(new_ticket, world):
    secret = new_ticket(confidentiality=3, requester=world.people.luc, site=world.sites.lyon)
    with pytest.raises(NotYours):
        Arbitration.ask(secret, None, "x", by=world.people.basile)
    with pytest.raises(CannotArbitrate):
        Arbitration.ask(secret, None, "x", by=None)
    with pytest.raises(CannotArbitrate):
        Arbitration.ask(
            new_ticket("taken"),
            new_ticket(requester=world.people.erwan, site=world.sites.brest),
            "x",
            by=world.people.paul,
        )


def test_a_lead_of_yesterday_decides_no_more(asked, world):
    Role.objects.filter(person=world.people.claire).delete()
    world.people.claire.__dict__.pop("_access", None)
    with pytest.raises(NotYours):
        asked.decide("first", "x", by=world.people.claire)

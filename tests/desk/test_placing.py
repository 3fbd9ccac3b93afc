"""The quarantine: one touch decides of a mail, and one takes the decision back."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from relais.desk import mailbox, placing
from relais.desk.errors import NotNow, NotYours
from relais.desk.models import KnownAddress, Letter, Message, Ticket
from relais.people.models import Person
from tests.desk.test_mailbox import eml

from .conftest import at


@pytest.fixture
def held(world, services):
    """Return a function that has a stranger's mail wait."""

    def held(number=1, sender="Léa Petit <lea@calanques.example>", **headers):
        raw = eml(sender, Message_ID=f"<q{number}@x>", **headers)
        outcome = mailbox.receive_bytes(raw, world.provider.pk)
        return Message.objects.get(pk=outcome.message.pk)

    return held


@pytest.fixture
def paul(world, client_of):
    return client_of(world.people.paul)


def test_the_sender_becomes_a_person_of_the_site_where_her_colleagues_are(paul, held, world):
    mail = held()
    page = paul.get("/quarantine/").content.decode()
    assert "Nouvelle personne à Aix" in page
    given = {"site": world.sites.aix.pk, "first_name": "Léa", "last_name": "Petit"}
    answer = paul.post(f"/quarantine/{mail.pk}/create/", given)
    assert answer.url == f"/quarantine/?done={mail.pk}"
    ticket = Ticket.objects.get()
    assert (ticket.requester.name, ticket.site) == ("Léa Petit", world.sites.aix)
    assert held(2).ticket.requester == ticket.requester
    paul.post(f"/quarantine/{mail.pk}/create/", given)
    assert Person.objects.filter(email="lea@calanques.example").count() == 1


def test_an_address_attached_once_is_known_from_then_on_until_taken_back(paul, held, world):
    mail = held(sender="marc@perso.example")
    assert "Marc Morel" in paul.get("/quarantine/").content.decode()
    paul.post(f"/quarantine/{mail.pk}/attach/", {"person": world.people.marc.pk})
    assert held(2, sender="marc@perso.example").ticket.requester == world.people.marc
    page = paul.get(f"/quarantine/?done={mail.pk}").content.decode()
    assert "take_back" in page
    paul.post(f"/quarantine/{mail.pk}/take_back/")
    mail.refresh_from_db()
    assert (mail.ticket, mail.quarantine) == (None, "unknown_sender")
    assert not KnownAddress.objects.exists()
    assert Ticket.objects.order_by("pk").first().state == "cancelled"
    assert not Letter.objects.filter(ticket__state="cancelled", state="waiting").exists()
    assert held(3, sender="marc@perso.example").quarantine == "unknown_sender"
    paul.post(f"/quarantine/{mail.pk}/attach/", {"person": world.people.marc.pk})
    mail.refresh_from_db()
    assert mail.ticket.state == "open"


@pytest.mark.parametrize("verdict", ["refuse", "spam"])
def test_what_is_refused_is_heard_no_more_until_taken_back(paul, held, verdict):
    mail = held(sender="pub@annonces.example")
    paul.post(f"/quarantine/{mail.pk}/{verdict}/")
    later = held(2, sender="pub@annonces.example")
    assert later.quarantine in Message.DECIDED
    assert "annonces" not in paul.get("/quarantine/").content.decode()
    assert "annonces" in paul.get("/quarantine/?aside=1").content.decode()
    paul.post(f"/quarantine/{mail.pk}/take_back/")
    assert held(3, sender="pub@annonces.example").quarantine == "unknown_sender"


def test_once_work_has_begun_a_decision_stands(held, world):
    mail = held()
    ticket = placing.admit(mail, world.people.marc, by=world.people.paul)
    ticket.assign(world.people.alice, at=at(9, 10))
    ticket.take(by=world.people.alice, at=at(9, 20))
    with pytest.raises(NotNow):
        placing.take_back(mail, by=world.people.paul)
    assert Ticket.objects.get().state == "taken"


def test_two_at_once_leave_one_decision(held, world):
    mail = held()
    placing.refuse(mail, by=world.people.paul)
    placing.admit(mail, world.people.marc, by=world.people.maud)
    for decision in (placing.set_aside, placing.mark_spam):
        with pytest.raises(NotNow):
            decision(mail, by=world.people.paul)


def test_decisions_are_the_leads_alone(held, world, client_of):
    mail = held()
    decisions = ("attach", "create", "refuse", "spam", "set_aside", "take_back")
    for who in ("alice", "claire", "marc", "quentin"):
        client = client_of(getattr(world.people, who))
        for decision in decisions:
            assert client.post(f"/quarantine/{mail.pk}/{decision}/").status_code == 404
        assert client.post("/quarantine/clear/").status_code == 404
    for decision in (placing.set_aside, placing.refuse, placing.mark_spam, placing.take_back):
        with pytest.raises(NotYours):
            decision(mail, by=world.people.alice)


def test_what_programs_wrote_is_cleared_in_one_touch_and_can_be_found(paul, held):
    for number in range(3):
        held(number, Auto_Submitted="auto-generated")
    stranger = held(9)
    paul.post("/quarantine/clear/")
    assert (
        list(Message.objects.filter(quarantine="set_aside").values_list("held_as", flat=True))
        == ["automatic"] * 3
    )
    stranger.refresh_from_db()
    assert stranger.quarantine == "unknown_sender"


def test_the_page_asks_the_same_number_of_questions_however_long(paul, held):
    asked = []
    for number in range(12):
        held(number, sender=f"Qui {number} <qui{number}@calanques.example>")
        if number in (2, 11):
            paul.get("/quarantine/")
            with CaptureQueriesContext(connection) as questions:
                paul.get("/quarantine/")
            asked.append(len(questions))
    assert asked[0] == asked[1]

"""The manager's screens: asking in three touches, where it stands, what the service promises."""

from __future__ import annotations

import uuid

import pytest

from relais.desk.models import Ticket
from relais.people.models import Absence, Role

from .conftest import at


def form(**more):
    return {"token": str(uuid.uuid4()), "subject": "Un rendez-vous avec Lyon", **more}


def test_three_touches_make_a_dated_request(world, services, client_of):
    marc = client_of(world.people.marc)
    assert "Organiser un rendez-vous" in marc.get("/requests/new/").content.decode()
    assert "promise pour le" in marc.get("/requests/new/appointment/").content.decode()
    answer = marc.post("/requests/new/appointment/", form(site=world.sites.aix.pk))
    assert (answer.status_code, answer.url) == (302, "/requests/")
    ticket = Ticket.objects.get()
    assert (ticket.requester, ticket.site) == (world.people.marc, world.sites.aix)
    assert ticket.clocks.count() == 2
    html = marc.get("/requests/").content.decode()
    assert "Un rendez-vous avec Lyon" in html
    assert "Promise pour le" in html


def test_the_same_form_sent_twice_is_one_request(world, services, client_of):
    marc = client_of(world.people.marc)
    same = form(site=world.sites.aix.pk)
    for _ in range(2):
        assert marc.post("/requests/new/appointment/", same).status_code == 302
    assert Ticket.objects.count() == 1


def test_a_form_that_is_wrong_says_so_and_keeps_what_was_typed(world, services, client_of):
    marc = client_of(world.people.marc)
    answer = marc.post(
        "/requests/new/appointment/",
        form(subject="", body="Mes précisions", site=world.sites.aix.pk),
    )
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "À corriger" in html
    assert "Mes précisions" in html
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"site": "999999"},
        {"token": "not-a-token"},
        {"subject": "x" * 400},
        {"wanted_by": "demain"},
        {"subject": "\x00"},
        {"body": "x" * 30_000},
    ],
)
def test_garbage_is_refused_in_words(world, services, client_of, wrong):
    good = form(site=world.sites.aix.pk)
    answer = client_of(world.people.marc).post("/requests/new/appointment/", good | wrong)
    assert answer.status_code == 422
    assert not Ticket.objects.exists()


def test_nobody_asks_for_a_site_of_others(world, services, client_of):
    for site in (world.sites.lyon, world.sites.brest):
        answer = client_of(world.people.marc).post("/requests/new/appointment/", form(site=site.pk))
        assert answer.status_code == 422
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("person", ["denis", "aude"])
def test_who_may_not_ask_finds_no_form(world, services, client_of, person):
    browser = client_of(getattr(world.people, person))
    assert browser.get("/requests/new/").status_code == 404
    assert browser.post("/requests/new/appointment/", form()).status_code == 404


def test_staff_writes_down_what_somebody_said(world, services, client_of):
    alice = client_of(world.people.alice)
    answer = alice.post("/requests/new/appointment/", form(asked_by="marc@calanques.example"))
    assert answer.status_code == 302
    ticket = Ticket.objects.get()
    assert (ticket.requester, ticket.channel) == (world.people.marc, "phone")
    answer = alice.post("/requests/new/appointment/", form(asked_by="erwan@froid.example"))
    assert answer.status_code == 422, "Alice does not serve Brest: she knows nobody there"


def test_my_requests_are_sorted_by_whose_turn_it_is(world, new_ticket, client_of):
    new_ticket("waiting", subject="On attend Marc")
    new_ticket("taken", subject="On y travaille")
    new_ticket("accepted", subject="C’est fini")
    html = client_of(world.people.marc).get("/requests/").content.decode()
    order = [html.index(text) for text in ("On attend Marc", "On y travaille", "C’est fini")]
    assert order == sorted(order)
    assert "L’échéance attend votre réponse." in html


def test_my_requests_are_mine(world, new_ticket, client_of):
    new_ticket("taken", subject="Affaire de Marc")
    for person in ("nadia", "claire", "erwan"):
        html = client_of(getattr(world.people, person)).get("/requests/").content.decode()
        assert "Affaire de Marc" not in html, person


def test_my_service_tells_hours_and_promises_but_no_assistant_s_hours(
    world, services, client_of, monkeypatch
):
    from relais.desk.views import manager

    monkeypatch.setattr(manager.timezone, "now", lambda: at(10))
    html = client_of(world.people.marc).get("/my-service/").content.decode()
    assert "09:00–12:30, 13:30–18:00" in html
    assert "Ouvert en ce moment" in html
    assert "Alice Arnaud" in html
    assert "Chloé" not in html
    assert "Organiser un rendez-vous" in html
    assert "le prestataire décide qui fait le travail" in html


def test_who_is_away_is_not_named_and_nothing_says_why(world, services, client_of, monkeypatch):
    from relais.desk.views import manager

    monkeypatch.setattr(manager.timezone, "now", lambda: at(10))
    Absence.objects.create(
        provider=world.provider,
        person=world.people.alice,
        period=(at(0), at(23)),
        kind=Absence.Kind.LEAVE,
    )
    html = client_of(world.people.marc).get("/my-service/").content.decode()
    assert "Alice" not in html
    assert "Basile Bœuf" in html
    assert "Congé" not in html


def test_my_service_is_for_clients(world, client_of):
    assert client_of(world.people.paul).get("/my-service/").status_code == 404


def test_each_role_lands_on_its_first_screen(world, client_of):
    first = {
        "paul": "/tower/",
        "maud": "/tower/",
        "alice": "/day/",
        "marc": "/requests/",
        "claire": "/requests/",
        "quentin": "/tickets/",
        "denis": "/my-service/",
    }
    for name, url in first.items():
        assert client_of(getattr(world.people, name)).get("/").url == url, name
    Role.objects.filter(person=world.people.marc).delete()
    assert client_of(world.people.marc).get("/").status_code == 403

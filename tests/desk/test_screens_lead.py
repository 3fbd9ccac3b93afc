"""The assistant's and the lead's screens: what is next, the pool now, mails to place, a year."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from relais.desk.models import Message, Ticket

from .conftest import at

LEAD = ("/tower/", "/dispatches/", "/quarantine/", "/volumes/")


@pytest.mark.parametrize("url", LEAD)
@pytest.mark.parametrize("person", ["alice", "marc", "claire", "sylvie", "luc", "bruno", "aude"])
def test_the_lead_s_screens_are_hers(world, client_of, url, person):
    assert client_of(getattr(world.people, person)).get(url).status_code == 404


@pytest.mark.parametrize("url", LEAD)
def test_they_say_what_to_do_when_they_are_empty(world, client_of, url):
    assert client_of(world.people.paul).get(url).status_code == 200


def test_my_day_puts_the_nearest_deadline_first(world, new_ticket, client_of):
    new_ticket("taken", subject="Plus tard", at=at(11, days=1))
    new_ticket("taken", subject="D’abord")
    html = client_of(world.people.alice).get("/day/").content.decode()
    assert html.index("D’abord") < html.index("Plus tard")
    assert client_of(world.people.marc).get("/day/").status_code == 404


def test_my_day_holds_mine_and_the_queue_of_my_sites(world, new_ticket, client_of):
    new_ticket("open", subject="Dans la file d’Aix")
    new_ticket("taken", subject="Chez Alice")
    alice = client_of(world.people.alice).get("/day/").content.decode()
    assert "Dans la file d’Aix" in alice
    assert "Chez Alice" in alice
    chloe = client_of(world.people.chloe).get("/day/").content.decode()
    assert "Dans la file d’Aix" not in chloe
    assert "Chez Alice" not in chloe


def test_the_tower_shows_why_nobody_has_it_and_who_has_how_much(world, new_ticket, client_of):
    waiting = new_ticket("open", subject="Sans personne")
    waiting.unassigned(missing={"missing": "off_duty", "candidates": []}, at=at(9, 1))
    new_ticket("taken", subject="En retard")
    html = client_of(world.people.paul).get("/tower/").content.decode()
    assert "personne de ceux qui couvrent le site n’est en service" in html
    assert "En retard" in html
    assert "Alice Arnaud" in html


@pytest.mark.parametrize("url", ["/tower/", "/tickets/", "/dispatches/", "/volumes/", "/day/"])
def test_the_number_of_queries_does_not_grow(world, new_ticket, client_of, url):
    browser = client_of(world.people.alice if url == "/day/" else world.people.paul)

    def count():
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(url, {"year": "2026"}).status_code == 200
        return len(queries)

    new_ticket("open")
    new_ticket("taken")
    browser.get(url)
    few = count()
    for _ in range(4):
        new_ticket("open")
        new_ticket("taken")
    assert count() == few


def test_every_request_is_listed_filtered_and_exported(world, new_ticket, client_of):
    new_ticket("taken", subject="Réunion d’été")
    new_ticket("accepted", subject="Bilan")
    paul = client_of(world.people.paul)
    html = paul.get("/tickets/", {"q": "reunion ETE"}).content.decode()
    assert "Réunion d’été" in html
    assert "Bilan" not in html
    assert "Bilan" not in paul.get("/tickets/", {"state": "live"}).content.decode()
    assert paul.get("/tickets/", {"state": "late", "sort": "zz", "page": "x"}).status_code == 200
    exported = b"".join(paul.get("/tickets/", {"export": "csv"}))
    assert "Réunion d’été".encode() in exported


def test_a_client_s_list_holds_her_scope(world, new_ticket, client_of):
    new_ticket("taken", subject="Affaire d’Aix")
    seen = {
        name: "Affaire d’Aix"
        in client_of(getattr(world.people, name)).get("/tickets/").content.decode()
        for name in ("marc", "claire", "sylvie", "luc", "nadia", "erwan", "fanny")
    }
    assert [name for name, sees in seen.items() if sees] == ["marc", "claire", "sylvie"]


def test_the_year_counts_by_month_and_site(world, new_ticket, client_of):
    new_ticket("accepted")
    new_ticket("delivered")
    new_ticket("delivered", site=world.sites.lyon, requester=world.people.luc)
    from relais.desk import year

    report = year.report(world.access("paul"), 2026)
    assert report.total.came == 3
    assert report.months[2][1].came == 3
    assert {row.name: row.came for row in report.sites} == {"Aix": 2, "Lyon": 1}
    assert report.total.judged == 3
    assert year.report(world.access("paul"), 2026, world.sites.lyon.pk).total.came == 1
    html = client_of(world.people.paul).get("/volumes/", {"year": "abc"}).content.decode()
    assert "mars" in html


def quarantined(world, **more):
    given = {
        "provider": world.provider,
        "direction": "in",
        "at": at(9),
        "sender_address": "marc@ailleurs.example",
        "subject": "Un rendez-vous",
        "body": "Bonjour, un créneau jeudi ?",
        "mail_id": "<1@ailleurs.example>",
        "quarantine": "unknown_sender",
    }
    return Message.objects.create(**given | more)


def test_one_touch_attaches_a_mail_to_whom_it_may_be_from(world, services, client_of):
    mail = quarantined(world)
    paul = client_of(world.people.paul)
    assert "C’est de Marc Morel" in paul.get("/quarantine/").content.decode()
    answer = paul.post(f"/quarantine/{mail.pk}/attach/", {"person": world.people.marc.pk})
    assert answer.status_code == 302
    assert Ticket.objects.get().requester == world.people.marc
    again = paul.post(f"/quarantine/{mail.pk}/attach/", {"person": world.people.marc.pk})
    assert again.status_code == 404
    assert Ticket.objects.count() == 1


def test_an_unknown_address_is_refused_and_kept_typed(world, services, client_of):
    mail = quarantined(world)
    answer = client_of(world.people.paul).post(
        f"/quarantine/{mail.pk}/attach/", {"email": "personne@nulle-part.example"}
    )
    assert answer.status_code == 422
    assert "personne@nulle-part.example" in answer.content.decode()


def test_setting_aside_loses_nothing(world, services, client_of):
    mail = quarantined(world)
    paul = client_of(world.people.paul)
    paul.post(f"/quarantine/{mail.pk}/refuse/")
    assert "Un rendez-vous" not in paul.get("/quarantine/").content.decode()
    assert "Un rendez-vous" in paul.get("/quarantine/", {"aside": "1"}).content.decode()


@pytest.mark.parametrize("person", ["alice", "marc", "quentin"])
def test_only_the_lead_places_mails(world, services, client_of, person):
    mail = quarantined(world)
    browser = client_of(getattr(world.people, person))
    for verb in ("attach", "refuse"):
        answer = browser.post(f"/quarantine/{mail.pk}/{verb}/", {"person": world.people.marc.pk})
        assert answer.status_code == 404
    assert not Ticket.objects.exists()

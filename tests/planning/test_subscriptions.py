"""Calendars by secret addresses: what each says, to whom, and what is not said to anybody."""

from __future__ import annotations

from datetime import timedelta

import icalendar
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from relais.desk.models import Clock, Commitment, Ticket
from relais.people.models import CalendarDay, Role, Site
from relais.planning import subscribing
from relais.planning.models import CalendarLink
from tests.desk.conftest import new_ticket, services  # noqa: F401 (fixtures)

from .conftest import away, on_site, shift


def address(person, site=None):
    _link, secret = CalendarLink.make(person, site)
    return reverse("calendar_feed", args=[secret])


def events(url, **headers):
    answer = Client().get(url, headers=headers)
    assert answer.status_code == 200
    return icalendar.Calendar.from_ical(answer.content).walk("VEVENT")


def titles(url):
    return {str(event["SUMMARY"]) for event in events(url)}


def owed(new_ticket, **fields):  # noqa: F811
    ticket = new_ticket("taken", **fields)
    due = timezone.now() + timedelta(days=2)
    Clock.objects.filter(ticket=ticket, kind="delivery").update(due_at=due)
    return ticket


def test_an_assistant_finds_her_shifts_on_site_days_and_promises(world, new_ticket):  # noqa: F811
    ticket, alice, now = owed(new_ticket), world.people.alice, timezone.now()
    shift(world, "alice", now, now + timedelta(hours=4))
    shift(world, "basile", now, now + timedelta(hours=5))
    away(world, "alice", now + timedelta(1), now + timedelta(2))
    on_site(world, "alice", "aix", now.date() + timedelta(3))
    Commitment.objects.create(
        provider=world.provider, ticket=ticket, kind="call", by=alice, made_at=now,
        due_at=now + timedelta(1), text="Rappeler Marc",
    )  # fmt: skip
    assert titles(address(alice)) == {
        "Vacation",
        "Sur site : Aix",
        f"Échéance · {ticket.reference} · Déplacer le point du jeudi",
        f"Rappeler · {ticket.reference} · Déplacer le point du jeudi",
    }


@pytest.mark.parametrize("confidentiality", [2, 3])
def test_what_is_confidential_is_busy_for_everybody(world, new_ticket, confidentiality):  # noqa: F811
    ticket = owed(new_ticket)
    Ticket.objects.filter(pk=ticket.pk).update(confidentiality=confidentiality)
    for person in (world.people.alice, world.people.marc):
        [event] = events(address(person))
        assert event["SUMMARY"] == "Occupé" and "DESCRIPTION" not in event and "URL" not in event
        assert event["CLASS"] == "CONFIDENTIAL"


def test_a_sites_calendar_holds_service_visits_and_closures_only(world):
    now, aix = timezone.now(), world.sites.aix
    away(world, "alice", now - timedelta(1), now + timedelta(40), "training")
    away(world, "basile", now + timedelta(6), now + timedelta(40))
    shift(world, "basile", now, now + timedelta(minutes=7))
    day = now.date() + timedelta((7 - now.weekday()) % 7 or 7)  # a Monday
    CalendarDay.objects.create(
        provider=world.provider, calendar=aix.calendar, first_day=day, last_day=day,
        kind="closed", label="Inventaire",
    )  # fmt: skip
    on_site(world, "alice", "aix", day + timedelta(1))
    said = {who: titles(address(getattr(world.people, who), aix)) for who in ("claire", "paul")}
    assert said["claire"] == said["paul"]
    words = " ".join(said["claire"])
    assert "Service assuré" in words or "Service réduit" in words
    assert "Le service est présent sur site" in said["claire"]
    assert any("Inventaire" in title for title in said["claire"])
    for secret in ("Alice", "Basile", "Formation", "Congé", "Vacation"):
        assert secret not in words


def test_a_program_is_told_that_nothing_has_changed(world):
    url = address(world.people.alice)
    first = Client().get(url)
    for name, value in (
        ("If-None-Match", first["ETag"]),
        ("If-Modified-Since", first["Last-Modified"]),
    ):
        again = Client().get(url, headers={name: value})
        assert (again.status_code, again.content) == (304, b"")
    assert not first.cookies and "relais" in first["Content-Disposition"]
    now = timezone.now()
    shift(world, "alice", now, now + timedelta(hours=4))
    changed = Client().get(url, headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200 and changed["ETag"] != first["ETag"]
    assert CalendarLink.objects.get().seen_at is not None


def test_another_secret_or_a_revoked_one_opens_nothing(world):
    url = address(world.people.alice)
    spoilt = url.replace(".ics", "")[:-1]
    for tried in (
        f"{spoilt}{'A' if url[-5] != 'A' else 'B'}.ics",
        "/feeds/x.ics",
        "/feeds/1-x.ics",
    ):
        assert Client().get(tried).status_code == 404
    anew = address(world.people.alice)
    assert Client().get(url).status_code == 404  # making it anew revokes the former one
    assert CalendarLink.objects.filter(revoked_at=None).get().revoke()
    assert Client().get(anew).status_code == 404


def test_an_address_shows_no_more_than_its_owner_may_see_today(world):
    brest = address(world.people.claire, world.sites.brest)
    own, aix = address(world.people.claire), address(world.people.claire, world.sites.aix)
    assert Client().get(brest).status_code == 404
    Site.objects.filter(pk=world.sites.aix.pk).update(archived_at=timezone.now())
    assert Client().get(aix).status_code == 404
    Role.objects.filter(person=world.people.claire).delete()
    assert Client().get(own).status_code == 404


def test_who_asks_too_often_waits(world, monkeypatch):
    monkeypatch.setattr(subscribing, "MOST_READINGS", 2)
    url = address(world.people.alice)
    assert [Client().get(url).status_code for _ in range(3)] == [200, 200, 429]
    monkeypatch.setattr(subscribing, "MOST_TRIES", 1)
    assert [Client().get("/feeds/x.ics").status_code for _ in range(2)] == [404, 429]


def test_the_page_makes_an_address_shown_once_and_revokes_it(world, client_of):
    claire, aix = client_of(world.people.claire), world.sites.aix
    made = claire.post(reverse("calendar_link_make"), {"site": aix.pk})
    assert f"/feeds/{world.provider.pk}-" in made.content.decode()
    link = CalendarLink.objects.get()
    page = claire.get(reverse("calendar_links")).content.decode()
    assert "/feeds/" not in page and "jamais lue" in page and "Brest" not in page
    assert (
        claire.post(reverse("calendar_link_make"), {"site": world.sites.brest.pk}).status_code
        == 404
    )
    assert claire.post(reverse("calendar_link_make"), {"site": "9" * 30}).status_code == 404
    revoke = reverse("calendar_link_revoke", args=[link.pk])
    assert client_of(world.people.alice).post(revoke).status_code == 404
    assert (
        "Claire Castel"
        in client_of(world.people.paul).get(reverse("calendar_links")).content.decode()
    )
    assert claire.post(revoke).status_code == claire.post(revoke).status_code == 302
    assert CalendarLink.objects.get().revoked_at is not None


def test_the_api_does_the_same(world, client_of):
    claire = client_of(world.people.claire)

    def post(url, data=None):
        return claire.post(f"/api/{url}", data or {}, content_type="application/json")

    made = post("calendar_links", {"site": world.sites.aix.pk})
    assert made.status_code == 201 and titles(made.json()["address"].split("8000")[-1])
    assert post("calendar_links", {"site": world.sites.brest.pk}).status_code == 404
    [link] = claire.get("/api/calendar_links").json()["items"]
    assert link["site"]["name"] == "Aix" and "address" not in link
    assert post(f"calendar_links/{link['id']}/revoke").status_code == 200
    assert claire.get("/api/calendar_links").json()["items"] == []
    assert post(f"calendar_links/{link['id']}/revoke").status_code == 200
    assert post("calendar_links/999999/revoke").status_code == 404


def test_of_two_made_at_once_one_stands(world):
    for _ in range(2):
        CalendarLink.make(world.people.alice)
    assert CalendarLink.objects.filter(revoked_at=None).count() == 1

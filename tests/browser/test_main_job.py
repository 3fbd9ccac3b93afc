"""The main job, seen by those who do it: asked, taken, answered, delivered, accepted, live."""

from __future__ import annotations

import re
from datetime import time

from django.utils import timezone
from playwright.sync_api import expect

from relais.desk import dispatching
from relais.desk.models import DispatchSetting, Event, Ticket
from relais.lib.tenancy import tenant
from relais.people.models import OpeningInterval


def always_open(world):
    """Have everybody on duty at any hour, so that the test does not ask what time it is."""
    for calendar in {i.calendar_id for i in OpeningInterval.objects.all()}:
        OpeningInterval.objects.filter(calendar=calendar).delete()
        OpeningInterval.objects.bulk_create(
            OpeningInterval(
                provider=world.provider,
                calendar_id=calendar,
                weekday=day,
                opens=time(0),
                closes=time(0),
            )
            for day in range(1, 8)
        )
    # Ten hours a day would be worked by the morning.
    DispatchSetting.objects.create(
        provider=world.provider,
        number=1,
        values={"day_minutes": 1440, "week_minutes": 10080},
        at=timezone.now(),
        by=world.people.paul,
    )


def test_a_request_from_the_manager_s_phone_to_the_lead_s_tower(live, page_as):
    people = live.world.people
    with tenant(live.world.provider.pk):
        always_open(live.world)
    lead = page_as(people.paul)
    lead.goto("/tower/")
    expect(lead.get_by_text("La file est vide")).to_be_visible()

    # Three touches: the service, the words, send.
    marc = page_as(people.marc, phone=True)
    marc.goto("/")
    marc.get_by_role("link", name="Nouvelle demande").first.click()
    marc.get_by_role("link", name="Organiser un rendez-vous").click()
    marc.get_by_label("Que vous faut-il").fill("Déjeuner avec la banque")
    marc.get_by_role("button", name="Envoyer").click()
    expect(marc.get_by_text("Déjeuner avec la banque")).to_be_visible()
    expect(marc.get_by_text("Promise pour le")).to_be_visible()

    # The lead's page learns of it by itself, long before its polling.
    queue = lead.locator("#queue")
    expect(queue.get_by_text("Déjeuner avec la banque")).to_be_visible(timeout=20_000)

    with tenant(live.world.provider.pk):
        ticket = Ticket.objects.get()
        dispatching.dispatch_one(ticket.pk)
        ticket.refresh_from_db()
        assert ticket.holder == people.alice
    expect(lead.get_by_text("La file est vide")).to_be_visible(timeout=20_000)

    alice = page_as(people.alice)
    alice.goto("/")
    alice.get_by_role("link", name=re.compile("Déjeuner avec la banque")).click()
    alice.get_by_role("button", name="Prendre en charge").click()
    alice.locator("#write textarea").fill("Bonjour, je m’en occupe.")
    alice.get_by_role("button", name="Envoyer").click()
    expect(alice.get_by_text("Votre message est envoyé.")).to_be_visible()

    marc.get_by_role("link", name=re.compile("Déjeuner avec la banque")).click()
    expect(marc.get_by_text("Bonjour, je m’en occupe.")).to_be_visible()
    alice.locator(".mode-deliver").click()
    alice.locator("#write textarea").fill("Mardi 12 h 30, chez Lucas.")
    alice.get_by_role("button", name="Envoyer").click()

    # His open page shows the result and the button without a touch.
    expect(marc.get_by_text("Mardi 12 h 30, chez Lucas.")).to_be_visible(timeout=20_000)
    marc.get_by_role("button", name="Valider").click()
    expect(marc.get_by_text("Validée, merci.")).to_be_visible()

    with tenant(live.world.provider.pk):
        kinds = list(Event.objects.values_list("kind", flat=True))
    assert kinds == ["received", "assigned", "taken", "replied", "delivered", "accepted"]

    lead.goto(f"/tickets/{ticket.pk}/")
    expect(lead.get_by_text("plus proche du site").first).to_be_visible()


def test_what_one_is_typing_outlives_the_news_and_the_loser_keeps_it(live, page_as):
    people = live.world.people
    with tenant(live.world.provider.pk):
        always_open(live.world)
        ticket = _taken(live.world)
    alice = page_as(people.alice)
    alice.goto(f"/tickets/{ticket.pk}/")
    alice.locator(".mode-note").click()
    alice.locator("#write textarea").fill("Un long texte que je ne veux pas perdre")
    with tenant(live.world.provider.pk):
        Ticket.objects.get(pk=ticket.pk).reply("Entre-temps, Paul répond.", by=people.paul)
    expect(alice.get_by_text("Entre-temps, Paul répond.")).to_be_visible(timeout=20_000)
    text = alice.locator("#write textarea")
    expect(text).to_have_value("Un long texte que je ne veux pas perdre")
    expect(alice.locator(".mode-note input")).to_be_checked()

    alice.locator(".mode-reply").click()
    alice.get_by_role("button", name="Envoyer").click()
    expect(alice.get_by_role("alert").first).to_be_visible()
    expect(alice.locator("#write textarea")).to_have_value(
        "Un long texte que je ne veux pas perdre"
    )


def test_nobody_hears_of_what_is_not_hers(live, page_as):
    people = live.world.people
    nadia = page_as(people.nadia)
    asked = []
    nadia.goto("/requests/")
    nadia.wait_for_timeout(800)
    nadia.on("request", lambda request: asked.append(request.url))
    with tenant(live.world.provider.pk):
        always_open(live.world)
        _taken(live.world)
    nadia.wait_for_timeout(1500)
    assert not [url for url in asked if "/live/" not in url]


def _taken(world):
    from relais.offer.models import Service

    ticket = Ticket.receive(
        site=world.sites.aix,
        requester=world.people.marc,
        service=Service.objects.first(),
        subject="Affaire d’Aix",
        channel="form",
    )
    ticket.assign(world.people.alice)
    ticket.take(by=world.people.alice)
    return ticket

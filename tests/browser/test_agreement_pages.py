"""An agreement from draft to force, hours that change: seen by who does it, heard by axe."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone
from playwright.sync_api import expect

from relais.desk import recalculation
from relais.desk.models import Clock, Recalculation, Ticket
from relais.lib.tenancy import tenant
from relais.offer.models import Agreement, AgreementVersion, Service
from relais.offer.terms import TargetTerms
from relais.people.models import CalendarChange

FIRST = TargetTerms("first_response", hours=Decimal(4))
DELIVERY = TargetTerms("delivery", hours=Decimal(16))


def concluded(world):
    """Return the agreement of Calanques, in force for a month."""
    people, at = world.people, timezone.now() - timedelta(days=30)
    version = Agreement.open(world.companies.calanques, "Contrat", by=people.paul, at=at)
    day = timezone.localdate(at)
    version.edit(by=people.paul, at=at, effective_from=day, targets=(FIRST, DELIVERY))
    version.sign(by=people.claire, side="client", at=at)
    version.sign(by=people.paul, side="provider", at=at)
    return version.agreement


def asked(world):
    """Return a request that waits for its answer since the last opening hour."""
    return Ticket.receive(
        site=world.sites.aix,
        requester=world.people.marc,
        service=Service.objects.get(code="appointment"),
        subject="Point du jeudi",
        channel="form",
    )


def test_an_agreement_is_written_compared_previewed_signed_and_in_force(live, page_as, accessible):
    people, heard = live.world.people, []
    with tenant(live.world.provider.pk):
        agreement = concluded(live.world)
        asked(live.world)
    paul, claire = page_as(people.paul), page_as(people.claire)
    paul.goto(f"/agreements/{agreement.pk}/")
    heard += accessible(paul)
    paul.get_by_role("button", name="Nouvelle version").click()

    # Lines come and go by the keyboard, which stays where one types.
    paul.get_by_role("button", name="Ajouter un engagement").focus()
    paul.keyboard.press("Enter")
    expect(paul.locator("#id_targets-2-kind")).to_be_focused()
    paul.get_by_role("button", name="Retirer l’engagement 3").focus()
    paul.keyboard.press("Enter")
    expect(paul.locator("#id_targets-2-kind")).to_have_count(0)
    expect(paul.get_by_role("button", name="Retirer l’engagement 2")).to_be_focused()

    hours = paul.locator("#id_targets-1-hours")
    hours.fill("-1")
    paul.get_by_role("button", name="Enregistrer").click()
    expect(paul.locator(".form-summary")).to_be_focused()
    expect(hours).to_have_value("-1")
    heard += accessible(paul)
    hours.fill("8")
    paul.locator("#id_effective_from").fill(timezone.localdate().isoformat())
    paul.get_by_role("button", name="Enregistrer").click()
    expect(paul.get_by_text("Le projet est enregistré.")).to_be_visible()

    paul.get_by_role("link", name=re.compile("Ce qui change depuis la version 1")).click()
    expect(paul.locator("ins", has_text="8")).to_be_visible()
    heard += accessible(paul)
    paul.goto(f"/agreements/{agreement.pk}/versions/2/preview/")
    expect(paul.get_by_text("Point du jeudi")).to_be_visible()
    heard += accessible(paul)

    paul.goto(f"/agreements/{agreement.pk}/versions/2/sign/")
    heard += accessible(paul)
    paul.get_by_label(re.compile("J’ai lu")).check()
    paul.get_by_role("button", name="Signer").click()
    expect(paul.get_by_text("Signé. La version")).to_be_visible()
    claire.goto(f"/agreements/{agreement.pk}/versions/2/sign/")
    claire.get_by_label(re.compile("J’ai lu")).check()
    claire.get_by_role("button", name="Signer").click()
    expect(claire.get_by_text("En vigueur").first).to_be_visible()
    expect(claire.get_by_text("sous 8 heures ouvrées")).to_be_visible()
    heard += accessible(claire)
    paul.goto(f"/agreements/{agreement.pk}/history/")
    heard += accessible(paul)
    with tenant(live.world.provider.pk):
        version = AgreementVersion.objects.get(agreement=agreement, number=2)
        assert version.standing().value == "in_force"
    assert not heard


def test_a_closed_day_is_previewed_applied_and_the_deadlines_follow(live, page_as, accessible):
    people, heard = live.world.people, []
    with tenant(live.world.provider.pk):
        asked(live.world)
        clock = Clock.objects.get(kind="delivery")
        zone = timezone.get_default_timezone()
        due = clock.due_at.astimezone(zone)
        calendar = clock.calendar_id
    paul = page_as(people.paul)
    paul.goto(f"/calendars/{calendar}/days/add/")
    paul.get_by_label("Du", exact=True).fill(due.date().isoformat())
    paul.get_by_label(re.compile("^Motif")).fill("Inventaire")
    paul.get_by_role("button", name="Enregistrer").click()
    expect(paul.get_by_role("heading", name="Échéances qui bougeraient")).to_be_visible()
    expect(paul.get_by_text("Point du jeudi").first).to_be_visible()
    heard += accessible(paul)
    with tenant(live.world.provider.pk):
        assert not CalendarChange.objects.filter(kind="days_added").exists()
    paul.get_by_role("button", name="Appliquer le changement").click()
    expect(paul.get_by_text("Inventaire").first).to_be_visible()

    with tenant(live.world.provider.pk):
        change = CalendarChange.objects.get(kind="days_added")
        run = recalculation.begin_for_change(change.pk)
    paul.goto("/recalculations/")
    heard += accessible(paul)
    paul.get_by_role("link", name=re.compile("Inventaire")).click()
    expect(paul.get_by_text("Attend de commencer")).to_be_visible()
    recalculation.run(live.world.provider.pk, run.pk)
    # The page learns by itself that it is over.
    expect(paul.get_by_text("Terminé", exact=True)).to_be_visible(timeout=20_000)
    heard += accessible(paul)
    with tenant(live.world.provider.pk):
        assert Recalculation.objects.get().state == "done"
        clock.refresh_from_db()
        assert clock.due_at > due
        assert clock.due_at.astimezone(zone).date() != due.date()

    marc = page_as(people.marc, phone=True)
    marc.goto(f"/tickets/{clock.ticket_id}/")
    expect(
        marc.get_by_text(re.compile("L’échéance est passée du .*Inventaire")).first
    ).to_be_visible()
    heard += accessible(marc)
    assert not heard

"""Preference sheets: who reads which field, read back by the executive; limits of authority."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from relais.offer import sheets
from relais.offer.errors import MayNotWrite, SheetOvertaken, Unsound
from relais.offer.models import OfferEvent, PreferenceSheet, SheetVersion
from relais.people.access import Access
from relais.people.models import AssistantProfile, Clearance

CONTENT = {
    "tone": "tu",
    "min_notice_hours": "24",
    "vip_contacts": "Maître Fabre",
    "confidential_topics": "Projet Garrigue",
    "hotel_ceiling": "140",
}
LIMITS = {
    "travel": {"level": "alone", "ceiling": "500", "expires_on": "2027-01-31"},
    "invoicing": {"level": "never"},
}


def write(executive, by, content=CONTENT, authority=LIMITS, reserved=(), **more):
    return PreferenceSheet.write(
        executive, by=by, content=content, authority=authority, reserved=list(reserved), **more
    )


def keys(access, sheet):
    shown = sheets.shown(access, sheet)
    return {one.key for _title, answers in shown.groups for one in answers}


def test_the_provider_writes_and_the_executive_confirms(world):
    people = world.people
    version = write(people.marc, people.alice)
    assert version.confirmed_by_exec_at is None
    assert sheets.limit_for(people.marc, "travel") is None
    with pytest.raises(MayNotWrite):
        version.confirm(by=people.alice)
    for _twice in range(2):
        version.confirm(by=people.marc)
    limit = sheets.limit_for(people.marc, "travel", date(2027, 1, 31))
    assert (limit.level, limit.ceiling) == ("alone", Decimal(500))
    kinds = list(OfferEvent.objects.filter(sheet=version.sheet).values_list("kind", flat=True))
    assert kinds == ["edited", "confirmed"]


def test_a_newer_version_is_confirmed_not_an_older_one(world):
    people = world.people
    first = write(people.marc, people.alice)
    write(people.marc, people.alice, content={"tone": "vous"})
    with pytest.raises(SheetOvertaken):
        first.confirm(by=people.marc)


def test_what_she_writes_herself_is_confirmed_and_the_same_is_written_once(world):
    people = world.people
    first = write(people.marc, people.marc)
    assert first.confirmed_by_exec_at
    assert write(people.marc, people.marc) == first
    with pytest.raises(SheetOvertaken):
        write(people.marc, people.marc, content={"tone": "vous"}, seen=0)


def test_limits_end_and_ceilings_hold(world):
    people = world.people
    write(people.marc, people.marc)
    travel = sheets.limit_for(people.marc, "travel", date(2027, 1, 31))
    assert [travel.allows(Decimal(n)) for n in (500, 501)] == [True, False]
    assert travel.allows(None)
    assert sheets.limit_for(people.marc, "travel", date(2027, 2, 1)).level == "proposes"
    assert not sheets.limit_for(people.marc, "invoicing").allows(None)
    assert sheets.limit_for(people.marc, "agenda").level == "proposes"


def test_each_field_is_for_its_readers(world):
    people = world.people
    sheet = write(people.marc, people.marc).sheet
    AssistantProfile.objects.filter(person=people.basile).update(clearance=1)
    ordinary = {"tone", "min_notice_hours", "hotel_ceiling"}
    expected = {
        "marc": ordinary | {"vip_contacts", "confidential_topics"},
        "alice": ordinary | {"vip_contacts"},
        "basile": ordinary,
        "claire": ordinary | {"vip_contacts"},
        "paul": ordinary | {"vip_contacts"},
    }
    assert {who: keys(world.access(who), sheet) for who in expected} == expected
    Clearance.objects.create(
        provider=world.provider, person=people.alice, company=world.companies.calanques,
        granted_by=people.maud, reason="x", starts_on="2026-01-05",
    )  # fmt: skip
    assert "confidential_topics" in keys(Access(people.alice), sheet)
    write(people.marc, people.marc, reserved=["tone"])
    assert "tone" not in keys(world.access("claire"), sheet)


@pytest.mark.parametrize("who", ["chloe", "quentin", "bruno", "luc", "nadia", "erwan", "fanny"])
def test_nobody_else_reads_a_sheet(world, client_of, who):
    sheet = write(world.people.marc, world.people.marc).sheet
    access = world.access(who)
    assert not access.see(PreferenceSheet).filter(pk=sheet.pk).exists()
    assert not access.see(SheetVersion).exists()
    browser = client_of(getattr(world.people, who))
    assert browser.get(f"/executives/{world.people.marc.pk}/").status_code == 404
    assert browser.get(f"/api/preference_sheets/{world.people.marc.pk}").status_code == 404


def test_who_may_not_read_a_field_does_not_lose_it(world):
    people = world.people
    write(people.marc, people.marc)
    version = write(people.marc, people.alice, content={"tone": "vous", "confidential_topics": ""})
    assert version.content["confidential_topics"] == "Projet Garrigue"
    assert version.content["tone"] == "vous"
    assert "vip_contacts" not in version.content


@pytest.mark.parametrize("who", ["claire", "chloe", "luc", "quentin"])
def test_who_does_not_serve_her_does_not_write(world, who):
    with pytest.raises(MayNotWrite):
        write(world.people.marc, getattr(world.people, who))


@pytest.mark.parametrize(
    "given",
    [
        {"content": {"tone": "ils"}},
        {"content": {"x": "y"}},
        {"authority": {"travel": {"level": "maybe"}}},
        {"authority": {"travel": {"level": "alone", "ceiling": "beaucoup"}}},
        {"authority": {"voyages": {"level": "alone"}}},
        {"reserved": ["x"]},
    ],
)
def test_what_cannot_be_is_named(world, given):
    with pytest.raises(Unsound):
        write(world.people.marc, world.people.marc, **given)


def test_the_pages(world, client_of):
    people = world.people
    marc, alice = client_of(people.marc), client_of(people.alice)
    assert marc.get("/my-preferences/").status_code == 200
    page = alice.get(f"/executives/{people.marc.pk}/edit/")
    form, limits = page.context["form"], page.context["limits"]
    sent = {"q_tone": "tu", "q_hotel_ceiling": "150", "seen": form["seen"].value()}
    sent |= {"limits-TOTAL_FORMS": len(limits.forms), "limits-INITIAL_FORMS": len(limits.forms)}
    for n, row in enumerate(limits):
        sent[f"limits-{n}-family"] = row["family"].value()
    sent["limits-6-level"] = "alone"
    url = f"/executives/{people.marc.pk}/edit/"
    assert alice.post(url, sent | {"q_hotel_ceiling": "cher"}).status_code == 422
    assert alice.post(url, sent).status_code == 302
    assert "Arnaud" in marc.get("/my-preferences/").content.decode()
    marc.post(f"/executives/{people.marc.pk}/confirm/", {"number": 1})
    assert SheetVersion.objects.get(sheet__person=people.marc).confirmed_by_exec_at
    assert alice.get("/executives/").status_code == 200
    assert sheets.limit_for(people.marc, "travel").level == "alone"


def test_the_lower_of_service_and_executive_asks_for_approval(world):
    from relais.desk import rules
    from relais.desk.models import Ticket
    from relais.offer import catalogue
    from relais.offer.models import Service

    catalogue.preload(world.provider)
    ticket = Ticket.receive(
        site=world.sites.aix,
        requester=world.people.marc,
        service=Service.objects.get(code="travel"),
        subject="Lyon",
        channel="form",
    )
    assert rules.approval_above(ticket) == Decimal(800)
    write(world.people.marc, world.people.alice)
    assert rules.approval_above(ticket) == Decimal(800)
    write(world.people.marc, world.people.marc, content={"tone": "vous"})
    assert rules.approval_above(ticket) == Decimal(500)

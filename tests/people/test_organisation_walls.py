"""Who sees and who changes the organisation: the client wall, and the provider's own affairs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from relais.people.models import Absence, AssistantProfile, LegalEntity, SkillLevel

CLIENTS = ["sylvie", "claire", "luc", "marc", "nadia", "denis", "aude", "erwan", "fanny"]
CALANQUES = ["sylvie", "claire", "luc", "marc", "nadia", "denis", "aude"]
NOT_ORGANISERS = ["alice", "quentin", "bruno", *CLIENTS]
LISTS = ["companies", "entities", "establishments", "sites", "persons"]


def body(client, url: str) -> str:
    response = client.get(url)
    return response.getvalue().decode() if response.status_code == 200 else ""


def pages_of(world) -> list[str]:
    """Return every page that shows something, of every thing there is."""
    return [
        *(reverse(name) + mark for name in LISTS for mark in ("", "?state=all", "?export=csv")),
        *(reverse("company", args=[c.pk]) for c in vars(world.companies).values()),
        *(reverse("site", args=[s.pk]) for s in vars(world.sites).values()),
        *(reverse("person", args=[p.pk]) for p in vars(world.people).values()),
        *(reverse("entity", args=[e.pk]) for e in LegalEntity.objects.all()),
    ]


def typing_pages(world) -> list[str]:
    company, site = world.companies.calanques.pk, world.sites.aix.pk
    marc, alice = world.people.marc, world.people.alice
    skill = SkillLevel.objects.get(profile__person=alice)
    return [
        reverse("company_new"),
        reverse("company_edit", args=[company]),
        reverse("company_archive", args=[company]),
        reverse("entity_new", args=[company]),
        reverse("entity_edit", args=[LegalEntity.objects.get().pk]),
        reverse("entity_archive", args=[LegalEntity.objects.get().pk]),
        reverse("site_new", args=[company]),
        reverse("site_edit", args=[site]),
        reverse("site_archive", args=[site]),
        reverse("site_cover", args=[site]),
        reverse("engagement_start", args=[company]),
        reverse("engagement_edit", args=[world.companies.calanques.engagement.pk]),
        reverse("engagement_end", args=[world.companies.calanques.engagement.pk]),
        reverse("person_new"),
        reverse("person_suggest") + "?q=a",
        reverse("person_edit", args=[marc.pk]),
        reverse("person_archive", args=[marc.pk]),
        reverse("role_add", args=[marc.pk]),
        reverse("role_end", args=[marc.roles.get().pk]),
        reverse("assistants"),
        reverse("cover"),
        reverse("profile_edit", args=[alice.pk]),
        reverse("skill_add", args=[alice.pk]),
        reverse("language_add", args=[alice.pk]),
        reverse("clearance_add", args=[alice.pk]),
        reverse("absence_add", args=[alice.pk]),
        reverse("skill_remove", args=[skill.pk]),
    ]


@pytest.mark.parametrize("name", NOT_ORGANISERS)
def test_only_the_pool_leads_change_the_organisation(world, client_of, name):
    client = client_of(getattr(world.people, name))
    for url in typing_pages(world):
        assert client.get(url).status_code in (404, 405), url
        assert client.post(url).status_code == 404, url
    assert SkillLevel.objects.count() == 3


@pytest.mark.parametrize("name", ["paul", "maud"])
def test_the_pool_leads_may(world, client_of, name):
    client = client_of(getattr(world.people, name))
    for url in typing_pages(world):
        assert client.get(url).status_code in (200, 405), url


@pytest.mark.parametrize("name", CALANQUES)
def test_a_client_never_learns_of_another_client(world, client_of, name):
    client = client_of(getattr(world.people, name))
    for url in pages_of(world):
        page = body(client, url)
        for secret in ("Froid", "Brest", "Erwan", "Fanny", "Chloé", "froid.example"):
            assert secret not in page, (url, secret)
    assert client.get(reverse("company", args=[world.companies.froid.pk])).status_code == 404
    assert client.get(reverse("site", args=[world.sites.brest.pk])).status_code == 404
    assert client.get(reverse("person", args=[world.people.erwan.pk])).status_code == 404
    linked = body(client, reverse("persons") + f"?site={world.sites.brest.pk}")
    assert "Brest" not in linked


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_sees_nothing_of_the_providers_own_affairs(world, client_of, name):
    profile = AssistantProfile.objects.get(person=world.people.alice)
    now = timezone.now()
    Absence.objects.create(
        provider=world.provider,
        person=world.people.basile,
        kind="training",
        period=(now - timedelta(hours=1), now + timedelta(days=2)),
    )
    client = client_of(getattr(world.people, name))
    for url in pages_of(world):
        page = body(client, url)
        for secret in ("Excel", "Formation", "Training", "Horaires du pôle", "35,00"):
            assert secret not in page, (url, secret)
        assert "alice@" not in page
        assert "/cover/" not in page
    assert client.get(reverse("person", args=[profile.person_id])).status_code == 404


def test_a_client_is_told_who_answers_and_no_more(world, client_of):
    page = body(client_of(world.people.marc), reverse("site", args=[world.sites.aix.pk]))
    assert "Alice Arnaud" in page
    assert "Basile" not in page
    now = timezone.now()
    Absence.objects.create(
        provider=world.provider,
        person=world.people.alice,
        kind="leave",
        period=(now - timedelta(hours=1), now + timedelta(days=2)),
    )
    page = body(client_of(world.people.marc), reverse("site", args=[world.sites.aix.pk]))
    assert "Basile Bœuf" in page
    assert "Alice" not in page


def test_an_assistant_sees_her_own_profile_and_nobody_elses(world, client_of):
    client = client_of(world.people.alice)
    assert "Excel" in body(client, reverse("person", args=[world.people.alice.pk]))
    other = body(client, reverse("person", args=[world.people.basile.pk]))
    assert "Basile" in other
    assert "Excel" not in other


def test_an_assistant_sees_the_sites_that_she_serves(world, client_of):
    client = client_of(world.people.alice)
    assert client.get(reverse("site", args=[world.sites.aix.pk])).status_code == 200
    assert client.get(reverse("site", args=[world.sites.brest.pk])).status_code == 404


def test_another_provider_sees_nothing(worlds, client_of):
    ours, theirs = worlds
    client = client_of(theirs.people.zoe)
    for name, things in [
        ("company", ours.companies),
        ("site", ours.sites),
        ("person", ours.people),
    ]:
        for thing in vars(things).values():
            assert client.get(reverse(name, args=[thing.pk])).status_code == 404
            assert client.post(reverse(f"{name}_archive", args=[thing.pk])).status_code == 404
    for name in LISTS:
        page = body(client, reverse(name))
        assert "Calanques" not in page
        assert "Aix" not in page


@pytest.mark.parametrize("pk", [0, 99, 10**18, 10**30])
def test_what_is_not_there_is_not_found(world, client_of, pk):
    client = client_of(world.people.maud)
    for name in ("company", "site", "person", "entity", "role_end", "site_cover", "absence_remove"):
        found = client.post if name == "absence_remove" else client.get
        assert found(reverse(name, args=[pk])).status_code == 404, name


def test_nobody_comes_in_unasked(world, client):
    for url in (reverse(name) for name in (*LISTS, "assistants", "cover", "company_new")):
        assert client.get(url).status_code == 302

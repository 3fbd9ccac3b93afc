"""Every list asks the database as often for fifty rows as for five."""

from __future__ import annotations

import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from relais.people.models import (
    AssistantProfile,
    Company,
    Cover,
    Engagement,
    Establishment,
    LegalEntity,
    Person,
    Role,
    Site,
    SkillLevel,
)

LISTS = ["companies", "entities", "establishments", "sites", "persons", "assistants", "cover"]


def grow(world, start: int, stop: int) -> None:
    """Add companies with an entity, a site, an establishment, two persons and an assistant each."""
    provider, skill = world.provider, SkillLevel.objects.first().skill
    for n in range(start, stop):
        company = Company.objects.create(provider=provider, name=f"Firme {n:03}")
        entity = LegalEntity.objects.create(provider=provider, company=company, name=f"SAS {n}")
        site = Site.objects.create(
            provider=provider,
            company=company,
            entity=entity,
            name=f"Site {n}",
            calendar=world.sites.brest.calendar if n % 2 else None,
        )
        Establishment.objects.create(provider=provider, entity=entity, site=site, siret=f"{n:014}")
        boss, clerk = (
            Person.objects.create(
                provider=provider, company=company, site=site, last_name=f"{word} {n}"
            )
            for word in ("Chef", "Commis")
        )
        Person.objects.filter(pk=clerk.pk).update(reports_to=boss)
        Role.objects.create(provider=provider, person=boss, kind="client_lead", company=company)
        Engagement.objects.create(
            provider=provider,
            company=company,
            started_on="2026-01-05",
            client_lead=boss,
            provider_lead=world.people.paul,
        )
        assistant = Person.objects.create(provider=provider, last_name=f"Aide {n}")
        Role.objects.create(provider=provider, person=assistant, kind="assistant")
        profile = AssistantProfile.objects.create(provider=provider, person=assistant)
        SkillLevel.objects.create(provider=provider, profile=profile, skill=skill)
        Cover.objects.create(provider=provider, site=site, person=assistant, position="lead")


def queries(client, url: str) -> tuple[int, int]:
    """Return the number of queries of a page, and of rows on it."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = client.get(url)
    assert response.status_code == 200
    return len(captured), len(response.context["listed"].rows)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("mark", ["", "?q=e&sort=-name"])
def test_fifty_rows_cost_no_more_queries_than_five(world, client_of, name, mark):
    if mark and name == "establishments":
        mark = "?q=0&sort=-siret"
    client = client_of(world.people.maud)
    grow(world, 0, 5)
    client.get(reverse(name))  # signs the session in
    few, rows_before = queries(client, reverse(name) + mark)
    grow(world, 5, 55)
    many, rows_after = queries(client, reverse(name) + mark)
    assert rows_before < rows_after == 50
    assert many == few


def test_a_clients_lists_are_as_constant(world, client_of):
    client = client_of(world.people.claire)
    company = world.companies.calanques

    def add(start: int, stop: int) -> None:
        for n in range(start, stop):
            site = Site.objects.create(provider=world.provider, company=company, name=f"S{n}")
            Person.objects.create(
                provider=world.provider, company=company, site=site, last_name=f"P{n}"
            )

    urls = [reverse("sites"), reverse("persons"), reverse("company", args=[company.pk])]
    add(0, 5)
    client.get(urls[0])
    few = [queries(client, url)[0] for url in urls]
    add(5, 60)
    assert [queries(client, url) for url in urls] == [(number, 50) for number in few]


@pytest.mark.parametrize("name", LISTS)
def test_every_list_exports_what_it_shows(world, client_of, name):
    grow(world, 0, 3)
    client = client_of(world.people.maud)
    page = client.get(reverse(name)).context["listed"]
    text = b"".join(client.get(reverse(name) + "?export=csv")).decode("utf-8-sig")
    assert len(text.splitlines()) == page.count + 1
    assert ";" in text.splitlines()[0]
    book = io.BytesIO(b"".join(client.get(reverse(name) + "?export=xlsx")))
    assert load_workbook(book).active.max_row == page.count + 1


def test_an_exported_name_is_never_a_formula(world, client_of):
    Person.objects.filter(pk=world.people.marc.pk).update(last_name="Morel", first_name="=1+1")
    client = client_of(world.people.maud)
    text = b"".join(client.get(reverse("persons") + "?export=csv&q=morel")).decode("utf-8-sig")
    assert "\n'=1+1 Morel;" in text

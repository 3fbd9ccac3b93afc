"""Companies, their legal entities and establishments: typing, refusing, archiving."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.urls import reverse

from relais.lib.tenancy import tenant
from relais.people.models import (
    Company,
    Engagement,
    Establishment,
    LegalEntity,
    OrganisationChange,
    Site,
)
from tests import world as cast

SIREN = "404 833 048"
SIRET = "404 833 048 00022"


@pytest.fixture
def maud(world, client_of):
    return client_of(world.people.maud)


def errors(response) -> dict[str, list[str]]:
    assert response.status_code == 422, response.status_code
    return {name: list(found) for name, found in response.context["form"].errors.items()}


def test_a_company_is_entered_and_recorded(world, maud):
    response = maud.post(reverse("company_new"), {"name": "Garrigue & Fils"})
    company = Company.objects.get(name="Garrigue & Fils")
    assert response["Location"] == reverse("company", args=[company.pk])
    change = OrganisationChange.objects.get(subject="people.Company", subject_id=company.pk)
    assert (change.kind, change.by) == ("created", world.people.maud)


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "a\0b"])
def test_a_spoilt_name_is_refused_at_its_field(world, maud, name):
    assert "name" in errors(maud.post(reverse("company_new"), {"name": name}))


@pytest.mark.parametrize("name", ["Calanques Services", "CALANQUES services", "Câlanques Services"])
def test_a_name_that_reads_the_same_is_refused_at_its_field(world, maud, name):
    assert "name" in errors(maud.post(reverse("company_new"), {"name": name}))
    assert Company.objects.count() == 2


def test_a_change_is_recorded_with_old_and_new(world, maud):
    company = world.companies.froid
    page = maud.get(reverse("company_edit", args=[company.pk]))
    seen = page.context["form"]["seen"].value()
    maud.post(reverse("company_edit", args=[company.pk]), {"name": "Froid SA", "seen": seen})
    change = OrganisationChange.objects.get(subject_id=company.pk, kind="changed")
    assert change.facts == {"changes": {"name": ["Bretagne Froid", "Froid SA"]}}
    assert (
        "Bretagne Froid → Froid SA"
        in maud.get(reverse("company", args=[company.pk])).content.decode()
    )


def test_the_record_cannot_be_rewritten(world, maud):
    maud.post(reverse("company_new"), {"name": "Garrigue"})
    from django.db import ProgrammingError, transaction

    for attempt in (
        lambda: OrganisationChange.objects.update(kind="nothing"),
        lambda: OrganisationChange.objects.all().delete(),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            attempt()


def test_somebody_elses_change_is_not_overwritten_unseen(world, maud):
    company = world.companies.froid
    url = reverse("company_edit", args=[company.pk])
    seen = maud.get(url).context["form"]["seen"].value()
    Company.objects.filter(pk=company.pk).update(name="Froid de Bretagne")
    refused = maud.post(url, {"name": "Mine", "seen": seen})
    assert "__all__" in errors(refused)
    assert Company.objects.get(pk=company.pk).name == "Froid de Bretagne"
    again = refused.context["form"]["seen"].value()
    assert maud.post(url, {"name": "Mine", "seen": again}).status_code == 302


def test_a_company_with_open_things_is_not_archived(world, maud):
    company = world.companies.froid
    page = maud.get(reverse("company_archive", args=[company.pk])).content.decode()
    assert "1" in page
    maud.post(reverse("company_archive", args=[company.pk]))
    company.refresh_from_db()
    assert company.archived_at is None


def test_archiving_is_undone(world, maud):
    company = Company.objects.create(provider=world.provider, name="Vide")
    maud.post(reverse("company_archive", args=[company.pk]))
    company.refresh_from_db()
    assert company.archived_at is not None
    assert ">Vide</a>" not in maud.get(reverse("companies")).content.decode()
    assert ">Vide</a>" in maud.get(reverse("companies") + "?state=archived").content.decode()
    maud.post(reverse("company_restore", args=[company.pk]))
    company.refresh_from_db()
    assert company.archived_at is None
    kinds = OrganisationChange.objects.filter(subject_id=company.pk).values_list("kind", flat=True)
    assert list(kinds) == ["restored", "archived"]


def test_restoring_asks_for_a_post(world, maud):
    assert maud.get(reverse("company_restore", args=[world.companies.froid.pk])).status_code == 405


def test_an_entity_takes_a_siren_with_spaces(world, maud):
    url = reverse("entity_new", args=[world.companies.calanques.pk])
    maud.post(url, {"name": "Calanques Lyon", "siren": SIREN.replace(" ", "\u00a0")})
    assert LegalEntity.objects.get(name="Calanques Lyon").siren == "404833048"


@pytest.mark.parametrize("siren", ["123", "404833049", "ABCDEFGHI", "4048330480"])
def test_a_wrong_siren_is_refused_at_its_field(world, maud, siren):
    url = reverse("entity_new", args=[world.companies.calanques.pk])
    assert "siren" in errors(maud.post(url, {"name": "X", "siren": siren}))


def test_the_same_siren_twice_is_refused_at_its_field(world, maud):
    url = reverse("entity_new", args=[world.companies.calanques.pk])
    assert "siren" in errors(maud.post(url, {"name": "X", "siren": "552 100 554"}))


def test_an_establishment_belongs_to_its_entity(world, maud):
    entity = LegalEntity.objects.create(
        provider=world.provider, company=world.companies.calanques, name="B", siren="404833048"
    )
    url = reverse("establishment_new", args=[entity.pk])
    assert "siret" in errors(maud.post(url, {"siret": "552 100 554 00013"}))
    maud.post(url, {"siret": SIRET, "site": world.sites.aix.pk})
    assert Establishment.objects.get().siret == "40483304800022"
    assert "siret" in errors(maud.post(url, {"siret": SIRET}))


def test_an_establishment_stands_on_a_site_of_its_own_company(world, maud):
    entity = LegalEntity.objects.get()
    url = reverse("establishment_new", args=[entity.pk])
    siret = "55210055400013"
    assert "site" in errors(maud.post(url, {"siret": siret, "site": world.sites.brest.pk}))


def test_an_entity_in_use_is_not_archived(world, maud):
    entity = LegalEntity.objects.get()
    maud.post(reverse("entity_archive", args=[entity.pk]))
    entity.refresh_from_db()
    assert entity.archived_at is None
    Site.objects.update(entity=None)
    maud.post(reverse("entity_archive", args=[entity.pk]))
    entity.refresh_from_db()
    assert entity.archived_at is not None


def test_an_engagement_gives_the_client_lead_what_steering_needs(world, maud):
    people, company = world.people, Company.objects.create(provider=world.provider, name="Neuf")
    person = people.erwan
    type(person).objects.filter(pk=person.pk).update(company=company, site=None)
    response = maud.post(
        reverse("engagement_start", args=[company.pk]),
        {
            "mode": "prestataire",
            "started_on": "2026-11-23",
            "client_lead": f"Erwan Even <{person.email}>",
            "provider_lead": people.paul.pk,
        },
    )
    assert response.status_code == 302
    assert company.engagement.client_lead == person
    assert person.roles.filter(kind="client_lead", company=company).exists()
    page = maud.get(reverse("company", args=[company.pk])).content.decode()
    assert reverse("engagement_edit", args=[company.engagement.pk]) in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("client_lead", "erwan@froid.example"),  # of another client
        ("client_lead", "paul@atout.example"),  # of the staff
        ("client_lead", "nobody at all"),
        ("client_deputy", "claire@calanques.example"),  # the lead herself
        ("provider_lead", "{marc}"),  # a client
        ("provider_lead", "99999999999999999999999"),
        ("provider_deputy", "{paul}"),
        ("mode", "rent-a-clerk"),
        ("started_on", "soon"),
    ],
)
def test_an_engagement_with_the_wrong_persons_is_refused(world, maud, field, value):
    engagement = world.companies.calanques.engagement
    url = reverse("engagement_edit", args=[engagement.pk])
    data = {
        "seen": maud.get(url).context["form"]["seen"].value(),
        "mode": "prestataire",
        "started_on": "2026-01-05",
        "client_lead": "claire@calanques.example",
        "client_deputy": "Sylvie Sarrazin",
        "provider_lead": world.people.paul.pk,
        "provider_deputy": world.people.maud.pk,
    }
    if value.startswith("{"):
        value = getattr(world.people, value.strip("{}")).pk
    assert maud.post(url, {**data, field: value}).context["form"].errors.keys() == {field}
    assert maud.post(url, data).status_code == 302


def test_an_engagement_ends_once_it_is_over(world, maud):
    engagement = world.companies.froid.engagement
    url = reverse("engagement_end", args=[engagement.pk])
    assert "on" in errors(maud.post(url, {"on": "2026-01-01"}))
    assert "on" in errors(maud.post(url, {"on": "2999-01-01"}))
    assert maud.post(url, {"on": "2026-11-20"}).status_code == 302
    assert world.companies.froid.engagement is None
    assert maud.get(url).status_code == 404


def test_one_engagement_in_force_a_company(world, maud):
    url = reverse("engagement_start", args=[world.companies.froid.pk])
    data = {
        "mode": "prestataire",
        "started_on": "2026-11-23",
        "client_lead": "fanny@froid.example",
        "provider_lead": world.people.paul.pk,
    }
    assert "company" in str(errors(maud.post(url, data))) or Engagement.objects.count() == 2
    assert Engagement.objects.count() == 2


def test_two_who_enter_the_same_company_at_once_leave_one(committed, client_of):
    made = cast.build_world()
    browsers = [client_of(made.people.maud), client_of(made.people.paul)]
    start, answers = threading.Barrier(2), []

    def enter(browser):
        start.wait()
        answers.append(browser.post(reverse("company_new"), {"name": "Jumeaux"}).status_code)
        connection.close()

    threads = [threading.Thread(target=enter, args=[one]) for one in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [302, 422]
    with tenant(made.provider.pk):
        assert Company.objects.filter(name="Jumeaux").count() == 1

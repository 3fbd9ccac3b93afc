"""The organisation through the API: the same checks, words and walls as on the pages."""

from __future__ import annotations

import json

import pytest

from relais.desk import places_api
from relais.people import (
    engagements_api,
    person_forms,
    persons_api,
    place_forms,
    pool_api,
    pool_forms,
)
from relais.people.models import Absence, Company, OrganisationChange, Person, Role, Site

BODIES = [
    (places_api.CompanyIn, place_forms.CompanyForm),
    (places_api.EntityIn, place_forms.EntityForm),
    (places_api.EstablishmentIn, place_forms.EstablishmentForm),
    (places_api.SiteIn, place_forms.SiteForm),
    (persons_api.PersonEdit, person_forms.PersonForm),
    (persons_api.RoleIn, person_forms.RoleForm),
    (persons_api.EndIn, person_forms.EndForm),
    (engagements_api.EngagementIn, person_forms.EngagementForm),
    (pool_api.ProfileIn, pool_forms.ProfileForm),
    (pool_api.SkillIn, pool_forms.SkillForm),
    (pool_api.LanguageIn, pool_forms.LanguageForm),
    (pool_api.ClearanceIn, pool_forms.ClearanceForm),
    (pool_api.AbsenceIn, pool_forms.AbsenceForm),
    (pool_api.CoverIn, pool_forms.CoverForm),
]


@pytest.fixture
def call(client_of, world):
    browsers = {}

    def call(who, path, **sent):
        browser = browsers.setdefault(who, client_of(getattr(world.people, who)))
        answer = browser.post(f"/api/{path}", json.dumps(sent), "application/json")
        assert "json" in answer.headers["Content-Type"], (path, answer.status_code)
        return answer.status_code, answer.json()

    def read(who, path):
        browser = browsers.setdefault(who, client_of(getattr(world.people, who)))
        answer = browser.get(f"/api/{path}")
        return answer.status_code, answer.json()

    call.read = read
    return call


@pytest.mark.parametrize(("body", "form"), BODIES, ids=lambda each: each.__name__)
def test_a_body_names_every_field_of_its_form(body, form):
    """A field that a form gains is a field that its body gains."""
    assert set(body.model_fields) | {"seen"} == set(form.base_fields) | {"seen"}


def test_a_company_from_the_first_call_to_the_last(call, world):
    status, made = call("paul", "companies", name="Verrerie du Rhin")
    assert (status, made["name"]) == (201, "Verrerie du Rhin")
    company = made["id"]
    status, entity = call(
        "paul", f"companies/{company}/entities", name="Verrerie SAS", siren="404 833 048"
    )
    assert (status, entity["siren"]) == (201, "404833048")
    status, site = call(
        "paul", f"companies/{company}/sites", name="Colmar", city="Colmar", entity=entity["id"]
    )
    assert (status, site["entity"]["name"], site["time_zone"]) == (
        201, "Verrerie SAS", "Europe/Paris",
    )  # fmt: skip
    status, place = call(
        "paul", f"entities/{entity['id']}/establishments", siret="40483304800022", site=site["id"]
    )
    assert (status, place["site"]["name"]) == (201, "Colmar")
    status, rosa = call(
        "paul", "persons", company=company, last_name="Roth", first_name="Rosa",
        email="Rosa@verrerie.example", site=site["id"],
    )  # fmt: skip
    assert (status, rosa["email"], rosa["language"]) == (201, "rosa@verrerie.example", "fr")
    status, role = call("paul", f"persons/{rosa['id']}/roles", kind="site_lead", site=site["id"])
    assert (status, role["kind"], role["site"]["name"]) == (201, "site_lead", "Colmar")
    status, engaged = call(
        "paul", f"companies/{company}/engagements", mode="prestataire",
        client_lead=rosa["id"], provider_lead=world.people.paul.pk,
    )  # fmt: skip
    assert (status, engaged["client_lead"]["name"]) == (201, "Rosa Roth")
    kinds = {role["kind"] for role in call.read("paul", f"persons/{rosa['id']}/roles")[1]}
    assert kinds == {"site_lead", "client_lead"}, "who leads for the client can steer"
    status, covers = call(
        "paul", f"sites/{site['id']}/cover", person=world.people.alice.pk, position="lead"
    )
    assert (status, covers[0]["position"]) == (200, "lead")
    # What hangs on it keeps it in use.
    status, told = call("paul", f"companies/{company}/archive")
    assert status == 409 and "Verrerie du Rhin" in told["detail"]
    status, ended = call("paul", f"engagements/{engaged['id']}/end", on=engaged["started_on"])
    assert (status, ended["ended_on"]) == (200, engaged["started_on"])
    for path in (f"persons/{rosa['id']}", f"establishments/{place['id']}", f"sites/{site['id']}",
                 f"entities/{entity['id']}", f"companies/{company}"):  # fmt: skip
        status, told = call("paul", f"{path}/archive")
        assert status == 200 and told["archived_at"], path
    assert call("paul", f"companies/{company}/restore")[1]["archived_at"] is None
    kinds = OrganisationChange.objects.filter(subject="people.Company", subject_id=company)
    assert list(kinds.order_by("pk").values_list("kind", flat=True)) == [
        "created", "engagement_ended", "archived", "restored",
    ]  # fmt: skip


def test_fields_left_out_stay_and_a_stale_mark_is_refused(call, world):
    aix = f"sites/{world.sites.aix.pk}"
    seen = call.read("paul", aix)[1]["seen"]
    status, told = call("paul", f"{aix}/edit", street="3 cours Mirabeau", seen=seen)
    assert (status, told["street"], told["city"]) == (200, "3 cours Mirabeau", "Aix")
    assert told["calendar"]["name"] == "Bureaux Calanques"
    status, fault = call("paul", f"{aix}/edit", street="4 cours Mirabeau", seen=seen)
    assert status == 409 and fault["detail"]
    assert Site.objects.get(pk=world.sites.aix.pk).street == "3 cours Mirabeau"
    assert call("paul", f"{aix}/edit", street="5 cours Mirabeau")[0] == 200


def test_it_refuses_in_the_words_of_the_page(call, client_of, world):
    sent = {"name": "Aix", "city": "", "country": "FR", "time_zone": "Mars/Olympus"}
    status, fault = call("paul", f"companies/{world.companies.calanques.pk}/sites", **sent)
    assert status == 422
    told = {each["field"]: each["message"] for each in fault["errors"]}
    page = client_of(world.people.paul).post(
        f"/companies/{world.companies.calanques.pk}/sites/new/", sent | {"holiday_zone": "FR"}
    )
    assert told == {name: texts[0] for name, texts in page.context["form"].errors.items()}
    status, fault = call("paul", "companies", name="Calanques Services")
    assert status == 422 and fault["errors"][0]["message"]
    status, fault = call("paul", "persons", last_name="Neuf", site=world.sites.aix.pk)
    assert [each["field"] for each in fault["errors"]] == ["site"], "our staff sits at no site"


def test_a_preview_of_a_place_changes_nothing(call, world):
    aix = f"sites/{world.sites.aix.pk}"
    status, told = call("paul", f"{aix}/edit", calendar=None, preview=True)
    assert (status, told["preview"]["moved"]) == (200, 0)
    assert told["calendar"]["name"] == "Bureaux Calanques"


def test_an_assistant_s_profile(call, world):
    alice = f"persons/{world.people.alice.pk}"
    status, told = call("paul", f"{alice}/profile", contract_hours="28.5", clearance=3)
    assert (status, told["contract_hours"], told["clearance"]) == (200, "28.5", 3)
    assert told["calendar"]["name"] == "Horaires du pôle"
    status, told = call("paul", f"{alice}/skills", new_name="Sage Paie", level=3)
    assert (status, len(told["skills"])) == (201, 2)
    status, told = call("paul", f"skills/{told['skills'][1]['id']}/remove")
    assert [each["skill"]["name"] for each in told["skills"]] == ["Excel"]
    status, told = call("paul", f"{alice}/languages", language="de", level="B1")
    status, told = call("paul", f"languages/{told['languages'][0]['id']}/remove")
    assert [each["language"] for each in told["languages"]] == ["de"]
    company = world.companies.calanques.pk
    status, given = call("paul", f"{alice}/clearances", company=company, reason="Conseil")
    assert status == 201
    status, given = call("paul", f"clearances/{given['id']}/end", on=given["starts_on"])
    assert (status, given["ends_on"]) == (200, given["starts_on"])
    away = {"starts": "2026-12-21T07:00:00Z", "ends": "2026-12-24T17:00:00Z", "kind": "leave"}
    status, absence = call("paul", f"{alice}/absences", **away)
    assert (status, absence["starts"]) == (201, "2026-12-21T07:00:00Z")
    assert call("paul", f"{alice}/absences", **away)[0] == 422, "she is away then already"
    assert call("paul", f"absences/{absence['id']}/remove")[0] == 200
    assert not Absence.objects.exists()
    # Half past two comes twice that night in Paris.
    away = {"starts": "2027-10-31T00:30:00Z", "ends": "2027-10-31T01:15:00Z", "kind": "leave"}
    status, absence = call("paul", f"{alice}/absences", **away)
    assert (status, absence["starts"], absence["ends"]) == (201, away["starts"], away["ends"])
    # She reads her own; nobody else of the pool does.
    assert call.read("alice", f"{alice}/profile")[1]["skills"]
    assert call.read("basile", f"{alice}/profile")[0] == 404


def test_invitations(call, world):
    nadia = world.people.nadia
    Person.objects.filter(pk=nadia.pk).update(user=None)
    status, sent = call("paul", f"persons/{nadia.pk}/invite")
    assert (status, sent["state"]) == (200, "waiting")
    status, again = call("paul", f"invitations/{sent['id']}/send_again")
    assert status == 200 and again["id"] != sent["id"]
    assert call("paul", f"invitations/{again['id']}/revoke")[1]["state"] == "revoked"
    assert call("paul", f"invitations/{again['id']}/revoke")[0] == 409
    assert len(call.read("paul", "invitations")[1]["items"]) == 2


def test_the_last_manager_keeps_the_role(call, world):
    role = Role.objects.get(person=world.people.maud)
    assert call("paul", f"roles/{role.pk}/end", on="2026-11-23")[0] == 404
    assert call("maud", f"roles/{role.pk}/end", on="2026-11-23")[0] == 409


def test_only_who_organises_finds_the_calls(call, world):
    calanques, aix = world.companies.calanques.pk, world.sites.aix.pk
    alice, marc = world.people.alice.pk, world.people.marc.pk
    typed = [
        ("companies", {"name": "Neuve"}),
        (f"companies/{calanques}/edit", {"name": "Autre"}),
        (f"companies/{calanques}/sites", {"name": "Autre"}),
        (f"companies/{calanques}/entities", {"name": "Autre"}),
        (f"companies/{calanques}/engagements", {}),
        (f"sites/{aix}/edit", {"name": "Autre"}),
        (f"sites/{aix}/archive", {}),
        (f"sites/{aix}/cover", {"person": alice, "position": "lead"}),
        ("persons", {"last_name": "Neuf"}),
        (f"persons/{marc}/edit", {"last_name": "Autre"}),
        (f"persons/{marc}/roles", {"kind": "sponsor"}),
        (f"persons/{marc}/invite", {}),
        (f"persons/{alice}/profile", {}),
        (f"persons/{alice}/skills", {"new_name": "Autre"}),
        (f"persons/{alice}/absences", {"starts": "2026-12-21T07:00:00Z",
                                       "ends": "2026-12-22T07:00:00Z"}),
    ]  # fmt: skip
    for who in ("alice", "quentin", "claire", "erwan"):
        for path, sent in typed:
            assert call(who, path, **sent)[0] == 404, (who, path)
    for path in ("assistants", "skills", "invitations", f"sites/{aix}/cover",
                 f"persons/{alice}/profile"):  # fmt: skip
        assert call.read("claire", path)[0] == 404, path
    assert not OrganisationChange.objects.exists()
    assert [each["name"] for each in call.read("claire", "companies")[1]["items"]] == [
        "Calanques Services"
    ]
    assert call.read("erwan", f"companies/{calanques}")[0] == 404
    assert call.read("erwan", f"sites/{aix}")[0] == 404
    assert Company.objects.count() == 2

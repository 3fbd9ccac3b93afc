"""Sites and persons: typing, refusing, archiving; roles given and ended."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse

from relais.people.models import OrganisationChange, Person, Role, Site

SITE = {"name": "Lille", "country": "FR", "time_zone": "Europe/Paris", "holiday_zone": "FR"}


@pytest.fixture
def paul(world, client_of):
    return client_of(world.people.paul)


def errors(response) -> set[str]:
    assert response.status_code == 422, response.status_code
    return set(response.context["form"].errors)


def edited(browser, name: str, pk: int, **changes):
    """Post the form of a page as it is filled, with some changes."""
    url = reverse(name, args=[pk])
    form = browser.get(url).context["form"]
    data = {field.name: field.value() for field in form if field.value() is not None}
    return browser.post(url, {**data, **changes})


def test_a_site_is_entered(world, paul):
    url = reverse("site_new", args=[world.companies.calanques.pk])
    assert paul.post(url, {**SITE, "city": "Lille", "code": "LIL"}).status_code == 302
    site = Site.objects.get(name="Lille")
    assert (site.company, site.provider) == (world.companies.calanques, world.provider)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "Aix"),  # there is one already
        ("time_zone", "Europe/Provence"),
        ("time_zone", "../../etc/passwd"),
        ("country", "Provence"),
        ("holiday_zone", "FR-99"),
        ("entity", "99999999999999999999999"),
        ("entity", "x"),
        ("calendar", "-1"),
        ("postcode", "x" * 13),
    ],
)
def test_a_spoilt_site_is_refused_at_the_field(world, paul, field, value):
    url = reverse("site_new", args=[world.companies.calanques.pk])
    assert errors(paul.post(url, {**SITE, field: value})) == {field}


def test_a_site_follows_its_own_companys_calendars_only(world, paul):
    url = reverse("site_new", args=[world.companies.calanques.pk])
    theirs = world.sites.brest.calendar_id
    assert errors(paul.post(url, {**SITE, "calendar": theirs})) == {"calendar"}


def test_a_site_is_changed(world, paul):
    assert (
        edited(paul, "site_edit", world.sites.aix.pk, street="1 cours Mirabeau").status_code == 302
    )
    assert Site.objects.get(name="Aix").street == "1 cours Mirabeau"


def test_a_site_with_people_is_not_archived(world, paul):
    paul.post(reverse("site_archive", args=[world.sites.aix.pk]))
    assert Site.objects.get(name="Aix").archived_at is None
    Person.objects.filter(site=world.sites.aix).update(site=None)
    paul.post(reverse("site_archive", args=[world.sites.aix.pk]))
    assert Site.objects.get(name="Aix").archived_at is not None
    assert ">Aix<" not in paul.get(reverse("sites")).content.decode()
    paul.post(reverse("site_restore", args=[world.sites.aix.pk]))
    assert Site.objects.get(name="Aix").archived_at is None


def test_a_site_says_what_it_lacks_and_where_to_mend_it(world, paul):
    lyon = paul.get(reverse("site", args=[world.sites.lyon.pk]))
    assert [gap.at for gap in lyon.context["gaps"]] == ["cover"]  # a lead, no backup
    assert reverse("site_cover", args=[world.sites.lyon.pk]) in lyon.content.decode()
    assert not paul.get(reverse("site", args=[world.sites.aix.pk])).context["gaps"]
    brest = paul.get(reverse("site", args=[world.sites.brest.pk]))
    assert [gap.at for gap in brest.context["gaps"]] == ["cover", "engagement", "engagement"]


def test_sites_without_a_backup_are_found(world, paul):
    listed = paul.get(reverse("sites") + "?without=backup").context["listed"]
    assert [site.name for site in listed.rows] == ["Brest", "Lyon"]


def test_a_person_of_a_client_is_entered(world, paul):
    company = world.companies.calanques
    url = reverse("person_new") + f"?company={company.pk}"
    data = {
        "first_name": "Inès",
        "last_name": "Igor",
        "email": "Ines@Calanques.Example",
        "site": world.sites.aix.pk,
        "reports_to": "sarrazin",
        "language": "fr",
    }
    assert paul.post(url, data).status_code == 302
    ines = Person.objects.get(last_name="Igor")
    assert (ines.company, ines.site) == (company, world.sites.aix)
    assert (ines.email, ines.reports_to) == ("ines@calanques.example", world.people.sylvie)
    page = paul.get(reverse("person", args=[ines.pk])).content.decode()
    assert "Sylvie Sarrazin" in page


def test_a_person_of_the_staff_has_no_site(world, paul):
    form = paul.get(reverse("person_new") + "?company=").context["form"]
    assert "site" not in form.fields


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("last_name", ""),
        ("email", "not an address"),
        ("email", "MARC@calanques.example"),  # somebody has it
        ("site", "{brest}"),  # of another company
        ("reports_to", "erwan@froid.example"),  # of another company
        ("reports_to", "nobody"),
        ("language", "xx"),
        ("phone", "0" * 41),
    ],
)
def test_a_spoilt_person_is_refused_at_the_field(world, paul, field, value):
    value = world.sites.brest.pk if value == "{brest}" else value
    url = reverse("person_new") + f"?company={world.companies.calanques.pk}"
    assert errors(paul.post(url, {"last_name": "X", "language": "fr", field: value})) == {field}


@pytest.mark.parametrize("company", ["99999999999999999999", "x", "-1", "\0"])
def test_a_company_that_is_not_is_refused(world, paul, company):
    assert errors(paul.get(reverse("person_new"), {"company": company})) == {"company"}


def test_two_of_one_name_are_told_apart_by_address(world, paul):
    for number in (1, 2):
        Person.objects.create(
            provider=world.provider,
            company=world.companies.calanques,
            first_name="Jean",
            last_name="Martin",
            email=f"martin{number}@calanques.example",
        )
    refused = edited(paul, "person_edit", world.people.marc.pk, reports_to="Jean Martin")
    assert errors(refused) == {"reports_to"}
    told = "Jean Martin <martin2@calanques.example>"
    assert edited(paul, "person_edit", world.people.marc.pk, reports_to=told).status_code == 302
    assert Person.objects.get(pk=world.people.marc.pk).reports_to.email.startswith("martin2")


def test_nobody_stands_above_herself(world, paul):
    people = world.people
    Person.objects.filter(pk=people.claire.pk).update(reports_to=people.sylvie)
    refused = edited(paul, "person_edit", people.sylvie.pk, reports_to="claire@calanques.example")
    assert errors(refused) == {"reports_to"}
    own = edited(paul, "person_edit", people.sylvie.pk, reports_to="sylvie@calanques.example")
    assert errors(own) == {"reports_to"}


def test_suggestions_stay_inside_the_company(world, paul):
    url = reverse("person_suggest")
    company = world.companies.calanques.pk
    asked = {"company": company, "field": "reports_to", "reports_to": "e"}
    page = paul.get(url, asked).content.decode()
    assert "claire@calanques.example" in page
    assert "froid" not in page
    assert "paul@" not in page
    assert "paul@atout.example" in paul.get(url, {"field": "x", "x": "PICHON"}).content.decode()


def test_whoever_leads_or_serves_is_not_archived(world, paul):
    for person in (world.people.claire, world.people.alice):
        paul.post(reverse("person_archive", args=[person.pk]))
        person.refresh_from_db()
        assert person.archived_at is None


def test_an_archived_person_is_out_and_comes_back(world, paul, client_of):
    marc = world.people.marc
    paul.post(reverse("person_archive", args=[marc.pk]))
    assert client_of(marc).get(reverse("persons")).status_code in (403, 404)
    assert "Marc Morel" not in paul.get(reverse("person_suggest"), {"q": "marc"}).content.decode()
    paul.post(reverse("person_restore", args=[marc.pk]))
    assert client_of(marc).get(reverse("persons")).status_code == 200


def test_a_role_is_given_on_a_place_for_a_time(world, paul):
    marc = world.people.marc
    url = reverse("role_add", args=[marc.pk])
    data = {"kind": "site_lead", "site": world.sites.aix.pk, "starts_on": "2026-12-01"}
    assert paul.post(url, data).status_code == 302
    role = Role.objects.get(person=marc, kind="site_lead")
    assert (role.company, role.starts_on) == (world.companies.calanques, date(2026, 12, 1))
    change = OrganisationChange.objects.get(subject_id=marc.pk, kind="role_given")
    assert change.facts == {"role": "site_lead", "scope": "Aix"}
    assert errors(paul.post(url, data))  # the same again


@pytest.mark.parametrize(
    ("person", "field", "data"),
    [
        ("marc", "kind", {"kind": "pool_lead"}),  # a client leads no pool
        ("alice", "kind", {"kind": "sponsor"}),
        ("alice", "kind", {"kind": "emperor"}),
        ("marc", "site", {"kind": "site_lead"}),  # of which site?
        ("marc", "site", {"kind": "requester", "site": "{brest}"}),
        (
            "alice",
            "ends_on",
            {"kind": "quality", "starts_on": "2026-12-02", "ends_on": "2026-12-01"},
        ),
        ("alice", "starts_on", {"kind": "quality", "starts_on": "yesterday"}),
    ],
)
def test_a_role_that_does_not_fit_is_refused(world, paul, person, field, data):
    data = {k: world.sites.brest.pk if v == "{brest}" else v for k, v in data.items()}
    url = reverse("role_add", args=[getattr(world.people, person).pk])
    assert errors(paul.post(url, data)) == {field}


def test_management_is_given_and_taken_by_management_alone(world, paul, client_of):
    alice = world.people.alice
    url = reverse("role_add", args=[alice.pk])
    assert errors(paul.post(url, {"kind": "management"})) == {"kind"}
    own = Role.objects.get(kind="management")
    assert paul.post(reverse("role_end", args=[own.pk]), {"on": "2026-11-22"}).status_code == 404
    assert client_of(world.people.maud).post(url, {"kind": "management"}).status_code == 302


def test_the_last_manager_stays(world, client_of):
    maud = client_of(world.people.maud)
    role = Role.objects.get(kind="management")
    assert errors(maud.post(reverse("role_end", args=[role.pk]), {"on": "2026-11-22"}))
    maud.post(reverse("person_archive", args=[world.people.maud.pk]))
    world.people.maud.refresh_from_db()
    assert world.people.maud.archived_at is None


def test_a_role_ends(world, paul, client_of):
    marc = world.people.marc
    role = marc.roles.get()
    assert paul.post(reverse("role_end", args=[role.pk]), {"on": "2026-11-22"}).status_code == 302
    assert not marc.roles.in_force().exists()
    assert client_of(marc).get(reverse("site", args=[world.sites.aix.pk])).status_code in (403, 404)


def test_a_role_that_never_began_is_taken_away(world, paul):
    marc = world.people.marc
    role = Role.objects.create(
        provider=world.provider,
        person=marc,
        kind="sponsor",
        company=marc.company,
        starts_on=date(2027, 1, 1),
    )
    paul.post(reverse("role_end", args=[role.pk]), {"on": "2026-11-23"})
    assert not Role.objects.filter(pk=role.pk).exists()

"""The pool: profiles, skills, absences, and who serves which site."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from relais.lib.tenancy import tenant
from relais.people.cover import service_at
from relais.people.models import (
    Absence,
    AssistantProfile,
    Clearance,
    Cover,
    LanguageLevel,
    OrganisationChange,
    Skill,
    SkillLevel,
)
from tests import world as cast


@pytest.fixture
def paul(world, client_of):
    return client_of(world.people.paul)


def errors(response) -> set[str]:
    assert response.status_code == 422, response.status_code
    return set(response.context["form"].errors)


def away(world, name: str, first: datetime, last: datetime) -> Absence:
    return Absence.objects.create(
        provider=world.provider, person=getattr(world.people, name), period=(first, last)
    )


def test_the_pool_shows_what_each_can_do(world, paul):
    page = paul.get(reverse("assistants")).content.decode()
    for text in ("Alice Arnaud", "Excel", "C2", "Aix"):
        assert text in page


def test_assistants_are_found_by_skill(world, paul):
    skill = Skill.objects.create(provider=world.provider, code="sap", name_fr="SAP", name_en="SAP")
    profile = AssistantProfile.objects.get(person=world.people.chloe)
    SkillLevel.objects.create(provider=world.provider, profile=profile, skill=skill)
    listed = paul.get(reverse("assistants") + f"?skill={skill.pk}").context["listed"]
    assert [row.person for row in listed.rows] == [world.people.chloe]


def test_an_assistant_without_a_profile_is_pointed_out(world, paul):
    AssistantProfile.objects.get(person=world.people.chloe).delete()
    url = reverse("profile_edit", args=[world.people.chloe.pk])
    assert url in paul.get(reverse("assistants")).content.decode()
    assert paul.post(url, {"contract_hours": "28", "clearance": "2"}).status_code == 302
    assert AssistantProfile.objects.get(person=world.people.chloe).contract_hours == 28


@pytest.mark.parametrize(
    ("field", "value"), [("contract_hours", "200"), ("contract_hours", "x"), ("clearance", "9")]
)
def test_a_spoilt_profile_is_refused(world, paul, field, value):
    url = reverse("profile_edit", args=[world.people.quentin.pk])
    data = {"contract_hours": "35", "clearance": "2", field: value}
    assert errors(paul.post(url, data)) == {field}


def test_a_client_is_no_assistant(world, paul):
    assert paul.get(reverse("profile_edit", args=[world.people.marc.pk])).status_code == 404


def test_a_skill_is_noted_new_or_known_and_removed(world, paul):
    url = reverse("skill_add", args=[world.people.alice.pk])
    paul.post(url, {"new_name": "Sténographie", "level": "3"})
    level = SkillLevel.objects.get(skill__code="stenographie")
    assert (level.level, level.profile.person) == (3, world.people.alice)
    assert errors(paul.post(url, {"new_name": "STENOGRAPHIE", "level": "1"})) == {"skill"}
    assert errors(paul.post(url, {"level": "1"})) == {"skill"}
    assert errors(paul.post(url, {"new_name": "x", "level": "7"})) == {"level"}
    paul.post(reverse("skill_remove", args=[level.pk]))
    assert not SkillLevel.objects.filter(pk=level.pk).exists()


def test_a_language_is_noted_once(world, paul):
    url = reverse("language_add", args=[world.people.alice.pk])
    paul.post(url, {"language": "en", "level": "B2"})
    language = LanguageLevel.objects.get(language="en")
    assert errors(paul.post(url, {"language": "en", "level": "C1"})) == {"language"}
    assert errors(paul.post(url, {"language": "klingon", "level": "C1"})) == {"language"}
    assert paul.post(reverse("language_remove", args=[language.pk])).status_code == 302


def test_a_clearance_says_why_and_ends(world, paul):
    url = reverse("clearance_add", args=[world.people.alice.pk])
    data = {"company": world.companies.calanques.pk, "starts_on": "2026-11-01"}
    assert errors(paul.post(url, data)) == {"reason"}
    paul.post(url, {**data, "reason": "Fusion"})
    clearance = Clearance.objects.get()
    assert clearance.granted_by == world.people.paul
    paul.post(reverse("clearance_end", args=[clearance.pk]), {"on": "2026-11-20"})
    clearance.refresh_from_db()
    assert clearance.ends_on.isoformat() == "2026-11-20"


def test_an_absence_is_noted_in_the_persons_own_time(world, paul):
    url = reverse("absence_add", args=[world.people.alice.pk])
    data = {"starts": "2026-12-21T09:00", "ends": "2026-12-24T18:00", "kind": "leave"}
    assert paul.post(url, data).status_code == 302
    absence = Absence.objects.get()
    assert absence.period.lower == datetime(2026, 12, 21, 8, tzinfo=UTC)
    record = OrganisationChange.objects.get(kind="absence_added")
    assert "leave" not in str(record.facts)


@pytest.mark.parametrize(
    ("starts", "ends", "field"),
    [
        ("2026-12-22T09:00", "2026-12-23T18:00", "__all__"),  # overlaps
        ("2026-12-24T17:00", "2026-12-26T18:00", "__all__"),
        ("2026-12-02T09:00", "2026-12-01T09:00", "ends"),
        ("2026-12-02T09:00", "2026-12-02T09:00", "ends"),
        ("2026-12-02T09:00", "2999-12-02T09:00", "ends"),
        ("tomorrow", "2026-12-02T09:00", "starts"),
        ("", "2026-12-02T09:00", "starts"),
    ],
)
def test_an_absence_that_cannot_be_is_refused(world, paul, starts, ends, field):
    away(
        world,
        "alice",
        datetime(2026, 12, 21, 8, tzinfo=UTC),
        datetime(2026, 12, 24, 17, tzinfo=UTC),
    )
    url = reverse("absence_add", args=[world.people.alice.pk])
    data = {"starts": starts, "ends": ends, "kind": "other"}
    assert errors(paul.post(url, data)) == {field}


def test_an_absence_is_taken_back(world, paul):
    absence = away(world, "alice", timezone.now(), timezone.now() + timedelta(days=1))
    paul.post(reverse("absence_remove", args=[absence.pk]))
    assert not Absence.objects.exists()


def test_who_answers_is_never_somebody_away(world):
    now = timezone.now()
    assert service_at(world.sites.aix, now).answering == world.people.alice
    away(world, "alice", now - timedelta(hours=1), now + timedelta(hours=1))
    assert service_at(world.sites.aix, now).answering == world.people.basile
    away(world, "basile", now - timedelta(hours=1), now + timedelta(hours=1))
    assert service_at(world.sites.aix, now).answering is None


def positions(site) -> dict[str, str]:
    return {c.person.first_name: c.position for c in Cover.objects.filter(site=site)}


def test_a_new_lead_makes_the_former_one_a_backup(world, paul):
    url = reverse("site_cover", args=[world.sites.aix.pk])
    paul.post(url, {"person": world.people.chloe.pk, "position": "lead"})
    assert positions(world.sites.aix) == {"Alice": "backup", "Basile": "backup", "Chloé": "lead"}
    change = OrganisationChange.objects.get(kind="cover_changed")
    assert change.facts["former_lead"] == "Alice Arnaud"


def test_somebody_is_taken_off(world, paul):
    url = reverse("site_cover", args=[world.sites.aix.pk])
    paul.post(url, {"person": world.people.basile.pk, "position": ""})
    assert positions(world.sites.aix) == {"Alice": "lead"}


@pytest.mark.parametrize("who", ["marc", "maud", "erwan"])
def test_only_assistants_serve(world, paul, who):
    url = reverse("site_cover", args=[world.sites.aix.pk])
    person = getattr(world.people, who).pk
    assert errors(paul.post(url, {"person": person, "position": "backup"})) == {"person"}


def test_the_matrix_keeps_a_choice_and_shows_the_rows_again(world, paul):
    url = reverse("cover")
    page = paul.get(url).content.decode()
    assert f"cover-{world.sites.lyon.pk}-{world.people.alice.pk}" in page
    answer = paul.post(
        url + "?q=lyon",
        {"site": world.sites.lyon.pk, "person": world.people.alice.pk, "position": "lead"},
        headers={"HX-Request": "true", "HX-Target": "div#cover-rows"},
    )
    assert positions(world.sites.lyon) == {"Alice": "lead", "Basile": "backup"}
    rows = answer.content.decode()
    assert "<html" not in rows
    assert "Lyon" in rows
    assert ">Aix<" not in rows


def test_the_matrix_sends_the_token_that_its_choices_need(world, paul):
    """A cell stands in no form: it must name the token, else every choice is refused."""
    page = paul.get(reverse("cover")).content.decode()
    assert page.count('hx-include="#cover-token"') == page.count('hx-post="') > 0
    token = page[page.index('id="cover-token"') :][:200]
    assert "csrfmiddlewaretoken" in token


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"site": "x", "person": "1", "position": "lead"},
        {"site": "9" * 30, "person": "1", "position": "lead"},
        {"site": "{aix}", "person": "{alice}", "position": "queen"},
        {"site": "{aix}", "person": "{marc}", "position": "lead"},
    ],
)
def test_the_matrix_refuses_garbage(world, paul, data):
    keys = {"{aix}": world.sites.aix, "{alice}": world.people.alice, "{marc}": world.people.marc}
    data = {name: keys[value].pk if value in keys else value for name, value in data.items()}
    assert paul.post(reverse("cover"), data).status_code == 404
    assert positions(world.sites.aix) == {"Alice": "lead", "Basile": "backup"}


def test_two_leads_named_at_once_leave_one(committed, client_of):
    made = cast.build_world()
    browser, other = client_of(made.people.paul), client_of(made.people.maud)
    start = threading.Barrier(2)
    answers = []

    def name_lead(client, person):
        start.wait()
        data = {"person": person.pk, "position": "lead"}
        url = reverse("site_cover", args=[made.sites.aix.pk])
        answers.append(client.post(url, data).status_code)
        connection.close()

    threads = [
        threading.Thread(target=name_lead, args=[browser, made.people.chloe]),
        threading.Thread(target=name_lead, args=[other, made.people.basile]),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302, 302]
    with tenant(made.provider.pk):
        leads = Cover.objects.filter(site=made.sites.aix, position="lead")
        assert leads.count() == 1

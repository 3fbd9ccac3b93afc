"""Brakes are told by site, never by person; a strong one has its action in the change plan."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from relais.desk.errors import BadValue, Missing
from relais.people.access import Access
from relais.study import change_plan, surveys
from relais.study.errors import ChangedMeanwhile, NotPiloting
from relais.study.models import BrakeAnswer, ChangeAction, Participant
from relais.study.models.brake import Brake

from .test_interviews import asked

MILD = {brake.value: 2 for brake in Brake}
STRONG = MILD | {"loss": 5}


def manager(study, name, site):
    return Participant.objects.create(
        provider_id=study.provider_id, study=study, name=name, role="Directeur", site=site
    )


def answers(world, study, *levels, site="aix"):
    """Let managers of a site answer, one for each set of levels."""
    place = getattr(world.sites, site)
    for n, each in enumerate(levels):
        surveys.keep_brakes(manager(study, f"{site}{n}", place), each, site=place)


def test_the_map_shows_means_by_site_and_hides_too_few(world, study):
    answers(world, study, MILD, STRONG)
    answers(world, study, STRONG, site="lyon")
    aix, lyon = surveys.heat(study)
    cells = {brake: (mean, act) for brake, mean, act in aix.cells}
    assert cells["loss"] == (3.5, False) and cells["past"] == (2, False) and aix.answers == 2
    assert {mean for _b, mean, _a in lyon.cells} == {None}
    assert not any(act for _b, _m, act in lyon.cells)
    with override("fr"):
        assert "trop peu de réponses" in surveys.heat_text(lyon)


def test_a_strong_brake_has_one_action_however_often_it_is_answered(world, study):
    with override("fr"):
        answers(world, study, STRONG, STRONG)
    action = ChangeAction.objects.get()
    assert (action.brake, action.site, action.state) == ("loss", world.sites.aix, "open")
    assert action.due_on == timezone.localdate() + timedelta(days=30)
    assert "créneaux prioritaires" in action.what


def test_answered_again_the_last_answers_count(world, study):
    who = manager(study, "Gil", world.sites.aix)
    for levels in (STRONG, MILD):
        surveys.keep_brakes(who, levels, site=world.sites.aix)
    assert BrakeAnswer.objects.get().levels == MILD


@pytest.mark.parametrize("wrong", [{}, MILD | {"past": 6}, MILD | {"past": "2"}, {"past": 1}])
def test_eight_answers_from_1_to_5_are_needed(world, study, wrong):
    with pytest.raises(BadValue):
        surveys.keep_brakes(manager(study, "Gil", world.sites.aix), wrong, site=world.sites.aix)
    assert not BrakeAnswer.objects.exists()


def test_nobody_reads_what_one_person_answered(world, study):
    marc = Participant.objects.get(study=study)
    surveys.keep_brakes(marc, STRONG, site=world.sites.aix)
    seen = [key for key, who in vars(world.people).items() if Access(who).see(BrakeAnswer).exists()]
    assert seen == ["marc"]


def test_by_the_link_she_answers_and_may_answer_again(world, study):
    path, who = asked(world, study, "brakes")
    assert Client().post(f"{path}brakes/", MILD | {"past": "7"}).status_code == 422
    for levels in (MILD, STRONG):
        assert Client().post(f"{path}brakes/", levels).status_code == 302
    assert BrakeAnswer.objects.get(participant=who).levels == STRONG
    assert "checked" in Client().get(f"{path}brakes/").content.decode()


def test_by_telephone_the_pilot_writes_it_down_and_reads_it_no_more(world, study, client_of, call):
    marc = Participant.objects.get(study=study)
    page, basile = reverse("brakes_by_phone", args=[marc.pk]), client_of(world.people.basile)
    assert basile.post(page, {"past": "1"}).status_code == 422
    assert client_of(world.people.claire).get(page).status_code == 404
    assert basile.post(page, STRONG).status_code == 302
    assert "checked" not in basile.get(page).content.decode()
    url = f"study_participants/{marc.pk}/brakes"
    assert call(world.people.basile, "POST", url, **MILD) == (200, {"kept": True})
    assert call(world.people.claire, "POST", url, **MILD)[0] == 404
    assert call(world.people.basile, "POST", url, **(MILD | {"past": 0}))[0] == 422
    answers(world, study, STRONG)
    board = reverse("brakes", args=[study.pk])
    for name, status in (("basile", 200), ("sylvie", 200), ("luc", 404), ("marc", 404)):
        assert client_of(getattr(world.people, name)).get(board).status_code == status
    [row] = call(world.people.claire, "GET", f"studies/{study.pk}/brakes")[1]
    assert row["answers"] == 2 and len(row["cells"]) == 8
    type(study).objects.update(phase="decided")
    assert basile.post(page, STRONG).status_code == 404


# The change plan ----------------------------------------------------------------------------------


def an_action(world, study, **more):
    fields = {"what": "Point de dix minutes", "due_on": date(2026, 1, 5)} | more
    return change_plan.plan(study, fields, by=world.people.basile)


def test_an_action_is_done_by_its_owner_and_dropped_with_a_reason(world, study):
    row = an_action(world, study, owner=world.people.claire)
    other = ChangeAction.objects.get(pk=row.pk)
    assert row.is_late
    with pytest.raises(NotPiloting):
        row.done(by=world.people.luc)
    with pytest.raises(NotPiloting):
        row.drop("Non", by=world.people.claire)
    with pytest.raises(Missing):
        row.drop(" ", by=world.people.basile)
    row.done(by=world.people.claire)
    with pytest.raises(ChangedMeanwhile):
        other.done(by=world.people.basile)
    with pytest.raises(ChangedMeanwhile):
        row.done(by=world.people.basile)
    row.reopen(by=world.people.basile)
    row.drop("Sans objet", by=world.people.basile)
    assert (row.state, row.done_on) == ("dropped", None) and not row.is_late


def test_the_plan_is_kept_by_its_pages(world, study, client_of):
    basile, claire = client_of(world.people.basile), client_of(world.people.claire)
    page = reverse("change_actions", args=[study.pk])
    typed = {"what": "Nommer la référente", "owner": world.people.claire.pk, "due_on": "2026-12-01"}
    assert basile.post(page, {"what": ""}).status_code == 422
    assert (
        basile.post(page, typed).status_code == 302 and claire.post(page, typed).status_code == 404
    )
    row = ChangeAction.objects.get()
    assert "Nommer la référente" in claire.get(page).content.decode()
    one = reverse("change_action", args=[row.pk])
    assert claire.get(one).status_code == 404
    basile.post(one, typed | {"what": "Nommer les deux référentes"})
    assert claire.post(reverse("change_action_done", args=[row.pk])).status_code == 302
    assert claire.post(reverse("change_action_reopen", args=[row.pk])).status_code == 404
    basile.post(reverse("change_action_reopen", args=[row.pk]))
    basile.post(reverse("change_action_drop", args=[row.pk]), {"why": "Sans objet"})
    row.refresh_from_db()
    assert (row.what, row.state) == ("Nommer les deux référentes", "dropped")


def test_the_plan_is_kept_by_the_api(world, study, call):
    basile, claire = world.people.basile, world.people.claire
    url = f"studies/{study.pk}/change_actions"
    status, made = call(basile, "POST", url, what="Nommer", owner=claire.pk, due_on="2026-01-05")
    assert status == 201 and made["late"] and call(claire, "POST", url, what="x")[0] == 404
    assert call(basile, "POST", url, what="x", owner=world.people.fanny.pk)[0] == 422
    one = f"change_actions/{made['id']}"
    assert call(basile, "POST", f"{one}/edit", due_on="2027-01-05")[1]["what"] == "Nommer"
    assert call(basile, "POST", f"{one}/edit", what="y", version=1)[0] == 409
    assert call(claire, "POST", f"{one}/done")[1]["state"] == "done"
    assert call(claire, "POST", f"{one}/reopen")[0] == 404
    assert call(basile, "POST", f"{one}/reopen")[1]["state"] == "open"
    assert call(basile, "POST", f"{one}/drop", why="Sans objet")[1]["why"] == "Sans objet"
    assert len(call(claire, "GET", url)[1]) == 1 and call(world.people.luc, "GET", url)[0] == 404

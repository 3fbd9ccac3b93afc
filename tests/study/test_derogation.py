"""Derogations: asked by the pilot, answered by the study's sponsor and nobody else."""

import pytest

from relais.desk.errors import BadValue, Missing
from relais.people.models import OrganisationChange
from relais.study import choosing
from relais.study.choosing_errors import (
    DerogationNotNow,
    DerogationOvertaken,
    DerogationStands,
    NotTheSponsor,
)
from relais.study.errors import NotPiloting
from relais.study.models import Derogation

from .test_choice import by_place, line, table

__all__ = ["line", "table"]


@pytest.fixture
def asked(world, study):
    return Derogation.ask(study, "G8", "Pilote de six semaines", by=world.people.paul)


def kinds():
    return list(OrganisationChange.objects.order_by("id").values_list("kind", flat=True))


def test_the_sponsor_signs_and_the_guardrail_is_lifted_by_name(world, study, line, table, asked):
    people = world.people
    line()
    table["provider"].edit(by=people.paul, reversibility=False)
    (before,) = by_place(study, people.paul).values()
    assert ("Provider", "G8") in {(name, breach.code) for name, breach in before.blocking}
    asked.sign(by=people.sylvie)
    (after,) = by_place(study, people.paul).values()
    assert "Provider" not in {name for name, _breach in after.blocking}
    assert any("Sylvie Sarrazin" in one and "six semaines" in one for one in after.sentences)
    asked.revoke("Le pilote est fini", by=people.sylvie)
    (again,) = by_place(study, people.paul).values()
    assert ("Provider", "G8") in {(name, breach.code) for name, breach in again.blocking}
    assert kinds()[-2:] == ["derogation_revoked", "models_chosen"]
    assert study.choices.count() == 3


@pytest.mark.parametrize("verb", ["sign", "refuse", "revoke"])
@pytest.mark.parametrize("name", ["paul", "maud", "claire", "marc", "alice"])
def test_nobody_but_the_sponsor_answers(world, asked, verb, name):
    word = () if verb == "sign" else ("Non",)
    with pytest.raises(NotTheSponsor):
        getattr(asked, verb)(*word, by=getattr(world.people, name))
    assert kinds() == ["derogation_asked"]


def test_refused_with_a_reason_it_is_over_and_may_be_asked_anew(world, study, asked):
    people = world.people
    with pytest.raises(DerogationStands):
        Derogation.ask(study, "G8", "Encore", by=people.paul)
    with pytest.raises(Missing):
        asked.refuse(" ", by=people.sylvie)
    other = Derogation.objects.get(pk=asked.pk)
    asked.refuse("Trop risqué", by=people.sylvie)
    with pytest.raises(DerogationOvertaken):
        other.sign(by=people.sylvie)
    with pytest.raises(DerogationNotNow):
        asked.sign(by=people.sylvie)
    assert Derogation.ask(study, "G8", "Avec un plan", by=people.paul).state == "asked"
    assert kinds() == ["derogation_asked", "derogation_refused", "derogation_asked"]


def test_it_is_asked_by_the_pilot_for_a_place_of_the_study(world, study):
    people = world.people
    with pytest.raises(NotPiloting):
        Derogation.ask(study, "G3", "Pour voir", by=people.sylvie)
    with pytest.raises(BadValue):
        Derogation.ask(study, "G3", "Ailleurs", by=people.paul, site=world.sites.brest)
    with pytest.raises(BadValue):
        Derogation.ask(study, "G9", "Rien", by=people.paul)
    with pytest.raises(Missing):
        Derogation.ask(study, "G3", " ", by=people.paul)


def test_pages_and_calls(world, study, asked, client_of):
    people = world.people
    for name in ("paul", "claire", "marc"):
        client = client_of(getattr(people, name))
        assert client.post(f"/studies/{study.pk}/derogations/{asked.pk}/sign/").status_code == 404
    sponsor = client_of(people.sylvie)
    assert "six semaines" in sponsor.get(f"/studies/{study.pk}/derogations/").content.decode()
    sponsor.post(f"/studies/{study.pk}/derogations/{asked.pk}/sign/", {"word": "Soit"})
    (told,) = sponsor.get(f"/api/studies/{study.pk}/derogations").json()
    assert (told["state"], told["answer"], told["answered_by"]["name"]) == (
        "signed", "Soit", "Sylvie Sarrazin",
    )  # fmt: skip
    assert choosing.ground(study).case.derogations[0].reason == "Pilote de six semaines"

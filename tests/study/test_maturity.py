"""How far the tools have come, of a site or the company, and what it means for the choice."""

import pytest
from django.urls import reverse

from relais.desk.errors import BadValue
from relais.study import surveys
from relais.study.errors import NotPiloting
from relais.study.models import MaturityAnswer
from relais.study.models.maturity import Item

ALL = {item.value: 2 for item in Item}


def test_ten_answers_make_a_score_and_the_last_ones_count(world, study):
    basile, aix = world.people.basile, world.sites.aix
    MaturityAnswer.keep(study, None, ALL, by=basile)
    MaturityAnswer.keep(study, aix, ALL, by=basile)
    kept = MaturityAnswer.keep(study, aix, ALL | {"data": 0, "support": 1}, by=basile)
    assert kept.score == pytest.approx(2.7) and len(surveys.weakest(kept)) == 2
    assert surveys.maturity_scores(study) == {None: 3.0, aix.pk: pytest.approx(2.7)}
    with pytest.raises(BadValue):
        MaturityAnswer.keep(study, aix, ALL | {"data": 5}, by=basile)
    with pytest.raises(NotPiloting):
        MaturityAnswer.keep(study, aix, ALL, by=world.people.claire)


def test_a_low_score_refuses_a_platform_alone():
    said = [surveys.means_for_choice(score) for score in (1.9, 2.0, 3.5)]
    assert ["G7" in text for text in said] == [True, False, False] and len(set(said)) == 3


def test_the_page_and_the_api_take_the_answers(world, study, client_of, call):
    basile, page = client_of(world.people.basile), reverse("maturity", args=[study.pk])
    assert basile.post(page, {"data": "2"}).status_code == 422
    assert client_of(world.people.claire).post(page, ALL).status_code == 404
    assert basile.post(page, ALL | {"site": world.sites.lyon.pk}).status_code == 302
    row = MaturityAnswer.objects.get()
    assert "checked" in basile.get(f"{page}?again={row.pk}").content.decode()
    assert basile.get(f"{page}?again=x").status_code == 200
    assert client_of(world.people.claire).get(page).status_code == 200
    assert client_of(world.people.luc).get(page).status_code == 404
    url = f"studies/{study.pk}/maturity"
    status, kept = call(world.people.basile, "POST", url, **dict.fromkeys(ALL, 0))
    assert status == 200 and kept["score"] == 1 and "G7" in kept["means"]
    assert call(world.people.basile, "POST", url, **(ALL | {"data": 5}))[0] == 422
    assert call(world.people.claire, "POST", url, **ALL)[0] == 404
    assert len(call(world.people.claire, "GET", url)[1]) == 2

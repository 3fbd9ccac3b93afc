"""The pool's own time to take a request: set by those who run it, unknown to everybody else."""

import json

import pytest

from relais.offer.errors import HandsOvertaken, MayNotKeep, Unsound
from relais.offer.models import HandTarget
from relais.offer.models.hand_target import mark
from relais.people.models import OrganisationChange

URL = "/hand-targets/"


def stands(world):
    return HandTarget.minutes_of(HandTarget.objects.filter(provider=world.provider))


def told():
    return list(OrganisationChange.objects.filter(kind="hands_put").order_by("pk"))


def post(client, **body):
    return client.post("/api/hand_targets/put", json.dumps(body), content_type="application/json")


def test_it_is_put_by_the_page_and_by_the_api(world, client_of):
    paul = client_of(world.people.paul)
    page = paul.post(URL, {"all": "30", "p1": "10", "seen": "none"})
    assert page.status_code == 302
    assert stands(world) == {None: 30, 1: 10}
    shown = paul.get(URL).content.decode()
    assert 'value="30"' in shown
    assert "Paul" in shown
    read = paul.get("/api/hand_targets").json()
    assert (read["all"], read["p1"], read["p2"]) == (30, 10, None)
    sent = post(paul, p1=None, p2=45, seen=read["seen"])
    assert sent.json() | {"seen": ""} == read | {"p1": None, "p2": 45, "seen": ""}
    assert [change.facts["changes"] for change in told()] == [
        {"all": [None, 30], "p1": [None, 10]},
        {"p1": [10, None], "p2": [None, 45]},
    ]


def test_what_changes_nothing_tells_nothing(world):
    for _ in range(2):
        HandTarget.put({None: 30}, by=world.people.paul)
    assert len(told()) == 1


@pytest.mark.parametrize("wrong", ["0", "-5", "6001", "9" * 30])
def test_what_cannot_be_kept_is_refused_alike(world, client_of, wrong):
    paul = client_of(world.people.paul)
    page = paul.post(URL, {"p3": wrong, "seen": "none"})
    sent = post(paul, p3=int(wrong))
    assert (page.status_code, sent.status_code) == (422, 422)
    (fault,) = sent.json()["errors"]
    assert fault["field"] == "p3"
    assert fault["message"] in page.content.decode()
    assert f'value="{wrong}"' in page.content.decode()
    assert stands(world) == {}
    with pytest.raises(Unsound):
        HandTarget.put({3: int(wrong)}, by=world.people.paul)


@pytest.mark.parametrize("wrong", ["soon", "1.5"])
def test_what_is_no_number_is_refused_alike(world, client_of, wrong):
    paul = client_of(world.people.paul)
    assert paul.post(URL, {"all": wrong, "seen": "none"}).status_code == 422
    assert post(paul, all=wrong).status_code == 422


@pytest.mark.parametrize("who", ["alice", "quentin", "bruno", "marc", "claire", "sylvie"])
def test_nobody_else_knows_it(world, client_of, who):
    HandTarget.put({None: 30}, by=world.people.paul)
    person = getattr(world.people, who)
    client = client_of(person)
    assert client.get(URL).status_code == 404
    assert client.post(URL, {"all": "5"}).status_code == 404
    assert client.get("/api/hand_targets").status_code == 404
    assert post(client, all=5).status_code == 404
    with pytest.raises(MayNotKeep):
        HandTarget.put({None: 5}, by=person)
    assert stands(world) == {None: 30}


def test_two_at_once_leave_one_winner(world, client_of):
    seen = mark({})
    HandTarget.put({None: 30}, by=world.people.maud, seen=seen)
    with pytest.raises(HandsOvertaken):
        HandTarget.put({None: 60}, by=world.people.paul, seen=seen)
    paul = client_of(world.people.paul)
    assert post(paul, all=60, seen=seen).status_code == 409
    page = paul.post(URL, {"all": "60", "seen": seen})
    assert page.status_code == 422
    assert 'value="60"' in page.content.decode()
    assert mark({None: 30}) in page.content.decode()
    assert stands(world) == {None: 30}
    assert len(told()) == 1

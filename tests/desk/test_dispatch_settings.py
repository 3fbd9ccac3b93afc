"""Setting what dispatch weighs: a new version, with a reason; read, undone, never changed."""

import json

import pytest

from relais.desk import dispatching, weighing
from relais.desk.errors import BadValue, MayNotSet, Missing, SettingOvertaken, SettingUnchanged
from relais.desk.models import DispatchSetting

from .conftest import at

SET = {"lead": 30.0, "capacity": 3}


def test_a_version_holds_and_the_decision_keeps_its_number(world, new_ticket):
    assert DispatchSetting.in_force() is None
    made = DispatchSetting.set({"load": 0.0}, " Essai ", by=world.people.paul, seen=0)
    assert (made.number, made.values, made.why) == (1, {"load": 0.0}, "Essai")
    ticket = new_ticket()
    decision = dispatching.dispatch_one(ticket.pk, at(10))
    told = ticket.events.last().facts["decision"]["weights"]
    assert (told["version"], told["load"]) == (1, 0.0) == (decision.weights["version"], 0.0)


def test_what_is_left_out_stays_and_an_older_version_is_put_back_as_a_new_one(world):
    maud = world.people.maud
    DispatchSetting.set({"lead": 30.0}, "Un", by=maud)
    second = DispatchSetting.set({"capacity": 3}, "Deux", by=maud)
    assert weighing.complete(second.values) | SET == weighing.complete(second.values)
    third = DispatchSetting.put_back(1, "Retour", by=maud, seen=2)
    assert (third.number, third.values, third.again) == (3, {"lead": 30.0}, 1)
    assert DispatchSetting.put_back(0, "Tout", by=maud).values == {}
    assert DispatchSetting.objects.count() == 4


REFUSED = {
    "an unknown number": ({"luck": 1}, "Pourquoi", BadValue),
    "out of bounds": ({"day_minutes": 800}, "Pourquoi", BadValue),
    "no whole number": ({"capacity": 2.5}, "Pourquoi", BadValue),
    "no number": ({"late": "beaucoup"}, "Pourquoi", BadValue),
    "not a number": ({"late": float("nan")}, "Pourquoi", BadValue),
    "nothing new": ({"late": 300}, "Pourquoi", SettingUnchanged),
    "no reason": ({"late": 301}, "  ", Missing),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_and_nothing_is_kept(case, world):
    values, why, error = REFUSED[case]
    with pytest.raises(error):
        DispatchSetting.set(values, why, by=world.people.paul)
    assert not DispatchSetting.objects.exists()


def test_two_at_once_leave_one_version_and_the_other_is_told(world):
    DispatchSetting.set({"late": 310}, "Une", by=world.people.paul, seen=0)
    with pytest.raises(SettingOvertaken):
        DispatchSetting.set({"late": 320}, "Autre", by=world.people.maud, seen=0)
    assert DispatchSetting.objects.count() == 1


@pytest.mark.parametrize("who", ["alice", "claire", "quentin"])
def test_nobody_else_sets_or_sees_it(who, world, client_of):
    person = getattr(world.people, who)
    with pytest.raises(MayNotSet):
        DispatchSetting.set({"late": 310}, "Moi", by=person)
    browser = client_of(person)
    for path in ("/dispatch/", "/api/dispatch_settings", "/api/dispatch_settings/in_force"):
        assert browser.get(path).status_code == 404
    assert browser.post("/dispatch/put_back/0/").status_code == 404


def test_the_page_says_what_each_means_and_keeps_what_was_typed(world, client_of):
    paul = client_of(world.people.paul)
    page = paul.get("/dispatch/").content.decode()
    assert str(weighing.BY_NAME["stranger"].meaning) in page
    typed = {**weighing.complete({}), "late": 250, "why": "Moins dur", "seen": 0}
    assert paul.post("/dispatch/", typed | {"late": -1}).status_code == 422
    assert paul.post("/dispatch/", typed).status_code == 302
    late = paul.post("/dispatch/", typed | {"late": 260})
    assert late.status_code == 409
    assert 'value="260' in late.content.decode()
    assert "Moins dur" in paul.get("/dispatch/").content.decode()
    assert paul.post("/dispatch/put_back/0/").status_code == 302
    assert DispatchSetting.in_force().values == {}


def test_the_api_does_the_same(world, client_of):
    paul = client_of(world.people.paul)

    def post(path, body):
        answer = paul.post(f"/api/{path}", json.dumps(body), content_type="application/json")
        return answer.status_code, answer.json()

    status, told = post("dispatch_settings", {"values": {"late": 250}, "why": "Moins", "seen": 0})
    assert (status, told["number"]) == (201, 1)
    assert post("dispatch_settings", {"values": {"late": 9}, "why": "x", "seen": 0})[0] == 409
    assert post("dispatch_settings", {"values": {"late": -9}, "why": "x"})[0] == 422
    assert post("dispatch_settings/0/put_back", {"why": "Retour"})[0] == 201
    assert [each["number"] for each in paul.get("/api/dispatch_settings").json()["items"]] == [2, 1]
    now = paul.get("/api/dispatch_settings/in_force").json()
    assert {each["name"]: each["value"] for each in now["numbers"]}["late"] == 300

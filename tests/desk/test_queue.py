"""The lead's list: views that are kept and shared, one thing done to several requests."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import OperationalError
from psycopg.errors import DeadlockDetected

from relais.desk import bulk
from relais.desk.errors import BadValue, NotYours, Overtaken
from relais.desk.models import SavedView, SteeringAttempt, Ticket, saved_view

from .conftest import kinds


@pytest.fixture
def api(client_of, world):
    def call(who, path, method="post", **sent):
        browser = client_of(getattr(world.people, who))
        if method == "get":
            answer = browser.get(f"/api/{path}", sent)
        else:
            answer = browser.post(f"/api/{path}", sent, "application/json")
        return answer.status_code, answer.json()

    return call


def text(answer):
    return answer.content.decode()


def keep(person, name="En retard", **more):
    return SavedView.keep(person=person, name=name, **{"query": {"state": "late"}} | more)


# Views -------------------------------------------------------------------------------------------


def test_a_view_keeps_the_filters_and_the_order_that_are_shown(world, client_of):
    paul = client_of(world.people.paul)
    sent = {"name": "  Mes  urgences ", "here": "?state=late&sort=-subject&q=visite&zz=1&page=2"}
    answer = paul.post("/views/keep/", sent | {"first": "on"})
    view = SavedView.objects.get()
    assert (view.name, view.is_default, view.shared) == ("Mes urgences", True, False)
    assert view.query == {"state": "late", "sort": "-subject", "q": "visite"}
    assert answer.headers["Location"] == "/tickets/?q=visite&sort=-subject&state=late"
    assert paul.get("/tickets/").headers["Location"] == answer.headers["Location"]
    assert paul.get("/tickets/?view=all").status_code == 200
    paul.post("/views/keep/", sent)
    assert SavedView.objects.count() == 1, "sent twice it is one"
    refused = paul.post("/views/keep/", sent | {"here": ""}, follow=True)
    assert "vous avez déjà une vue de ce nom" in text(refused)
    refused = paul.post("/views/keep/", {"name": " \x00"}, follow=True)
    assert "Nom" in text(refused)
    assert SavedView.objects.count() == 1


def test_only_one_opens_first_and_the_whole_list_stays_at_hand(world):
    paul = world.people.paul
    first, second = keep(paul, "Une"), keep(paul, "Deux")
    first.open_first(by=paul)
    second.open_first(by=paul)
    assert list(SavedView.objects.filter(is_default=True)) == [second]
    second.open_first(by=paul, first=False)
    assert not SavedView.objects.filter(is_default=True)


def test_a_deleted_view_comes_back_unless_its_name_was_taken(world, client_of):
    paul = world.people.paul
    view = keep(paul)
    view.open_first(by=paul)
    browser = client_of(paul)
    answer = browser.post(f"/views/{view.pk}/drop/", {"version": view.version}, follow=True)
    assert "La vue « En retard » est supprimée." in text(answer)
    assert browser.get("/tickets/").status_code == 200, "it opened first, and is gone"
    again = keep(paul)
    back = browser.post(f"/views/{view.pk}/restore/", follow=True)
    assert "vous avez déjà une vue de ce nom" in text(back)
    again.drop(by=paul)
    browser.post(f"/views/{view.pk}/restore/")
    assert list(SavedView.objects.filter(dropped_at=None)) == [view]


def test_shared_views_are_read_by_who_runs_the_pool_and_changed_by_their_owner(world, client_of):
    people = world.people
    keep(people.paul, "À moi seul")
    shared = keep(people.paul, "Pour nous", shared=True)
    keep(people.alice, "D’Alice", shared=True)
    seen = {
        name: [one for one in ("À moi seul", "Pour nous", "D’Alice") if one in page]
        for name in ("paul", "maud", "alice", "quentin", "marc")
        for page in [text(client_of(getattr(people, name)).get("/tickets/"))]
    }
    assert seen == {
        "paul": ["À moi seul", "Pour nous", "D’Alice"],
        "maud": ["Pour nous", "D’Alice"],
        "alice": ["D’Alice"],
        "quentin": [],
        "marc": [],
    }
    assert client_of(people.marc).post(f"/views/{shared.pk}/drop/").status_code == 404
    client_of(people.maud).post(f"/views/{shared.pk}/drop/")
    shared.refresh_from_db()
    assert shared.dropped_at is None
    with pytest.raises(NotYours):
        shared.change(by=people.maud, name="À Maud")


def test_a_client_shares_nothing(world, client_of, api):
    client_of(world.people.marc).post("/views/keep/", {"name": "Marc", "shared": "on"})
    api("marc", "saved_views", name="Marc bis", shared=True)
    assert [view.shared for view in SavedView.objects.all()] == [False, False]


def test_two_at_once_on_a_view_leave_one_winner(world):
    paul = world.people.paul
    view = keep(paul)
    first, second = (SavedView.objects.get(pk=view.pk) for _ in range(2))
    first.change(by=paul, name="Renommée")
    with pytest.raises(Overtaken):
        second.change(by=paul, name="Autre")
    assert SavedView.objects.get().name == "Renommée"


def test_there_is_an_end_to_views(world, monkeypatch):
    from relais.desk.models import saved_view

    monkeypatch.setattr(saved_view, "MOST", 1)
    keep(world.people.paul)
    with pytest.raises(BadValue):
        keep(world.people.paul, "Une de trop")


def test_views_by_the_api(world, api):
    status, made = api("paul", "saved_views", name="Tard", query={"state": "late"}, shared=True)
    assert (status, made["query"], made["shared"]) == (201, {"state": "late"}, True)
    assert [one["name"] for one in api("maud", "saved_views", "get")[1]] == ["Tard"]
    key = made["id"]
    status, fault = api("paul", "saved_views", name="X", query={"state": "nowhere"})
    assert status == 422
    assert "state" in fault["detail"]
    changed = api("paul", f"saved_views/{key}/change", opens_first=True, version=1)[1]
    assert changed["opens_first"] is True
    assert api("paul", f"saved_views/{key}/change", name="Y", version=1)[0] == 409
    assert api("maud", f"saved_views/{key}/change", name="Y")[0] == 403
    assert api("marc", f"saved_views/{key}/drop")[0] == 404
    assert api("paul", f"saved_views/{key}/drop")[1]["dropped_at"]
    assert api("paul", f"saved_views/{key}/drop")[0] == 409
    assert api("paul", f"saved_views/{key}/restore")[0] == 200
    assert api("paul", f"saved_views/{key}/restore")[0] == 409


def test_a_restored_view_counts_among_those_one_may_have(world, monkeypatch):
    paul = world.people.paul
    dropped = keep(paul)
    dropped.drop(by=paul)
    monkeypatch.setattr(saved_view, "MOST", 2)
    for name in ("a", "b"):
        keep(paul, name)
    with pytest.raises(BadValue, match="2"):
        dropped.restore(by=paul)
    SavedView.objects.get(name="a").drop(by=paul)
    dropped.refresh_from_db()
    dropped.restore(by=paul)
    assert set(SavedView.objects.filter(dropped_at=None).values_list("name", flat=True)) == {
        "b", "En retard",
    }  # fmt: skip


# Several at once ---------------------------------------------------------------------------------


def boxes(*tickets):
    return [f"{ticket.pk}:{ticket.version}" for ticket in tickets]


def test_each_is_done_by_its_own_verb_or_refused_by_name(world, new_ticket, client_of):
    people = world.people
    ready, held = new_ticket("open", subject="Prête"), new_ticket("taken", subject="En main")
    ended = new_ticket("cancelled", subject="Finie")
    raced = new_ticket("open", subject="Devancée")
    chosen = boxes(ready, held, ended, raced)
    raced.assign(people.alice)
    sent = {"verb": "assign", "person": people.basile.pk, "ticket": chosen, "here": "?state=live"}
    paul = client_of(people.paul)
    answer = paul.post("/tickets/bulk/", sent)
    assert answer.headers["Location"] == "/tickets/?state=live"
    page = text(paul.get(answer.headers["Location"]))
    assert "2 demandes traitées" in page
    assert "est « Annulée »" in page
    assert f"{raced.reference} a été modifiée entre-temps" in page
    assert "2 demandes sont restées telles quelles" in page
    assert "traitées" not in text(paul.get("/tickets/?state=live")), "told once"
    for ticket, last, holder in [
        (ready, "assigned", people.basile),
        (held, "handed_over", people.basile),
        (ended, "cancelled", None),
        (raced, "assigned", people.alice),
    ]:
        ticket.refresh_from_db()
        assert (kinds(ticket)[-1], ticket.holder) == (last, holder), ticket.subject
    assert kinds(ready) == ["received", "assigned"], "one event each"
    paul.post("/tickets/bulk/", sent)
    assert kinds(ready) == ["received", "assigned"], "sent twice it is done once"


def test_what_is_missing_is_said_before_anything_is_touched(world, new_ticket, client_of):
    ticket = new_ticket("taken")
    paul = client_of(world.people.paul)
    for sent, told in [
        ({"verb": "assign", "ticket": boxes(ticket)}, "Assistant"),
        ({"verb": "wait_third", "ticket": boxes(ticket), "text": " "}, "quelques mots"),
        ({"verb": "reprioritise", "ticket": boxes(ticket), "text": "x"}, "Priorité"),
        ({"verb": "rescope", "ticket": boxes(ticket), "text": "x"}, "Prestation"),
        ({"verb": "deliver", "ticket": boxes(ticket), "text": "x"}, "faire"),
        ({"verb": "resume", "ticket": ["x", "9" * 30]}, "sélectionnez-en au moins une"),
    ]:
        page = text(paul.post("/tickets/bulk/", sent, follow=True))
        assert told in page, sent
    assert kinds(ticket) == ["received", "assigned", "taken"]


def test_two_in_each_others_way_stop_one_and_no_other(
    world, new_ticket, client_of, api, monkeypatch
):
    first, second, third = (new_ticket("open", subject=f"N° {n}") for n in range(3))
    real = bulk._assign

    def waits(ticket, wish, by):
        real(ticket, wish, by)
        if ticket.pk == second.pk:
            raise OperationalError("deadlock detected") from DeadlockDetected()

    assign = replace(bulk.ACTIONS["assign"], act=waits)
    monkeypatch.setitem(bulk.ACTIONS, "assign", assign)
    chosen = [{"id": one.pk, "version": one.version} for one in (first, second, third)]
    status, told = api("paul", "bulk", verb="assign", person=world.people.alice.pk, tickets=chosen)
    assert (status, [one["id"] for one in told["done"]]) == (200, [first.pk, third.pk])
    assert "recommencez" in told["refused"][0]["why"]
    assert kinds(second) == ["received"], "nothing of it stays"


def test_the_steering_wall_stands_for_several_too(world, new_ticket, client_of, api, services):
    people = world.people
    own, froid = (
        new_ticket("taken"),
        new_ticket("open", site=world.sites.brest, requester=people.erwan),
    )
    chosen = [{"id": one.pk, "version": one.version} for one in (own, froid)]
    wish = {"verb": "reprioritise", "priority": 4, "text": "Conseil demain", "tickets": chosen}
    # Maud is deputy with the one company alone.
    status, outcome = api("maud", "bulk", **wish)
    assert status == 200
    assert [one["id"] for one in outcome["done"]] == [own.pk]
    assert [one["reference"] for one in outcome["refused"]] == [froid.reference]
    assert "référent" in outcome["refused"][0]["why"]
    assert SteeringAttempt.objects.filter(ticket=froid, by=people.maud).count() == 1
    moved = {"verb": "rescope", "service": services["travel"].pk, "text": "Mal classée"}
    assert api("paul", "bulk", **moved, tickets=[{"id": own.pk}])[1]["done"]
    assert Ticket.objects.get(pk=own.pk).service == services["travel"]


@pytest.mark.parametrize("who", ["alice", "marc", "claire", "quentin"])
def test_several_at_once_is_for_who_runs_the_pool(world, new_ticket, client_of, api, who):
    ticket = new_ticket("open")
    browser = client_of(getattr(world.people, who))
    sent = {"verb": "assign", "person": world.people.alice.pk, "ticket": boxes(ticket)}
    assert browser.post("/tickets/bulk/", sent).status_code == 404
    assert api(who, "bulk", verb="resume", tickets=[{"id": ticket.pk}])[0] == 404
    assert 'form="bulk"' not in text(browser.get("/tickets/"))


def test_what_is_not_seen_is_counted_not_named(world, new_ticket, api):
    secret = new_ticket("open", confidentiality=3, subject="Très secret")
    _, outcome = api("paul", "bulk", verb="resume", tickets=[{"id": secret.pk}, {"id": 2**40}])
    assert outcome == {"done": [], "refused": [], "unseen": 2}


def test_a_slip_with_several_is_undone_at_once(world, new_ticket, client_of, settings):
    settings.UNDO_SECONDS = 60
    tickets = [new_ticket("open"), new_ticket("open")]
    paul = client_of(world.people.paul)
    sent = {"verb": "assign", "person": world.people.basile.pk, "ticket": boxes(*tickets)}
    page = text(paul.post("/tickets/bulk/", sent, follow=True))
    assert 'value="undo"' in page
    for ticket in tickets:
        ticket.refresh_from_db()
    paul.post("/tickets/bulk/", {"verb": "undo", "ticket": boxes(*tickets)})
    for ticket in tickets:
        ticket.refresh_from_db()
        assert (ticket.state, kinds(ticket)[-1]) == ("open", "undone")


def test_the_list_is_read_again_when_something_changes(world, new_ticket, client_of):
    new_ticket("open")
    page = text(client_of(world.people.paul).get("/tickets/?state=live&sort=subject"))
    assert 'hx-trigger="changed from:#live, every 60s"' in page
    assert 'hx-get="/tickets/?state=live&amp;sort=subject"' in page

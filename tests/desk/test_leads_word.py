"""What the lead says to dispatch: hold, release, confirm, reserve, call in; modes and pairings."""

import json
import threading

import pytest
from django.db import connections
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from relais.desk import bulk, calling, dispatching
from relais.desk.errors import BadValue, MayNotSet, Missing, NotNow, NotYours, SettingUnchanged
from relais.desk.models import DispatchCase, DispatchMode, DispatchSetting, Event, Pairing, Ticket
from relais.lib.tenancy import tenant
from relais.offer import catalogue
from relais.people import cover
from relais.people.models import Absence, Cover
from tests import world as cast

from .conftest import at, kinds, two_at_once


def away(world, person, start=8, end=20):
    return Absence.objects.create(
        provider=world.provider, person=person, period=DateTimeTZRange(at(start), at(end))
    )


def assisted(world, mode="assisted", **of):
    return DispatchMode.set(mode, by=world.people.paul, **of)


# Each: how the ticket stands before, the verb as the lead does it, the event.
VERBS = {
    "hold": ({}, lambda t, w, by: t.hold("Attend le devis", by=by), "held"),
    "unhold": ({"held_why": "x"}, lambda t, w, by: t.unhold(by=by), "unheld"),
    "confirm": ({"proposed": "alice"}, lambda t, w, by: t.confirm(by=by), "assigned"),
    "pin": ({}, lambda t, w, by: t.pin(w.people.basile, "Connaît", by=by), "pinned"),
    "unpin": ({"pinned": "basile"}, lambda t, w, by: t.unpin(by=by), "unpinned"),
    "call_in": ({}, lambda t, w, by: calling.call_in(t, w.people.chloe, by=by), "assigned"),
}


@pytest.fixture
def standing(world, new_ticket):
    def make(name):
        before = {
            key: getattr(world.people, value) if key in ("proposed", "pinned") else value
            for key, value in VERBS[name][0].items()
        }
        ticket = new_ticket()
        Ticket.objects.filter(pk=ticket.pk).update(**before)
        return Ticket.objects.get(pk=ticket.pk)

    return make


@pytest.mark.parametrize("name", VERBS)
def test_the_lead_does_it_once_and_nobody_else(name, world, standing):
    _before, verb, event = VERBS[name]
    ticket = standing(name)
    for who in ("alice", "marc", "claire"):
        with pytest.raises(NotYours):
            verb(ticket, world, getattr(world.people, who))
    assert kinds(ticket) == ["received"]
    two_at_once(ticket, lambda each: verb(each, world, world.people.paul), event)
    assert Event.objects.filter(ticket=ticket).latest("id").internal
    ticket.refresh_from_db()
    cancelled = standing(name)
    Ticket.objects.filter(pk=cancelled.pk).update(state="cancelled")
    with pytest.raises(NotNow):
        verb(Ticket.objects.get(pk=cancelled.pk), world, world.people.paul)


def test_what_is_held_stays_in_the_queue_until_its_date_and_its_clocks_go_on(world, new_ticket):
    ticket, paul = new_ticket(), world.people.paul
    due = ticket.clocks.get(kind="delivery").due_at
    with pytest.raises(BadValue):
        ticket.hold("Trop tard", by=paul, at=at(10), until=at(9))
    with pytest.raises(Missing):
        ticket.hold("  ", by=paul)
    ticket.hold("Attend le devis", by=paul, at=at(9, 30), until=at(11))
    assert dispatching.dispatch_one(ticket.pk, at(10)) is None
    assert dispatching.dispatch_queue(at(10)) == 0
    assert ticket.clocks.get(kind="delivery").due_at == due
    assert dispatching.dispatch_queue(at(11)) == 1
    ticket.refresh_from_db()
    assert kinds(ticket) == ["received", "held", "unheld", "assigned"]
    assert (ticket.held_why, ticket.held_until) == ("", None)


def test_several_are_held_at_once(world, new_ticket):
    tickets = [new_ticket() for _ in range(2)]
    wish = bulk.Wish("hold", text="Inventaire")
    done = bulk.do(wish, [(one.pk, one.version) for one in tickets], world.access("paul"))
    assert len(done.done) == 2
    assert Ticket.objects.filter(held_why="Inventaire").count() == 2


def test_assisted_proposes_and_the_lead_confirms_or_takes_another(world, new_ticket, services):
    assisted(world, service=services["appointment"])
    ticket, people = new_ticket(), world.people
    assert dispatching.dispatch_one(ticket.pk, at(10)).chosen == people.alice.pk
    ticket.refresh_from_db()
    assert (ticket.state, ticket.holder, ticket.proposed) == ("open", None, people.alice)
    assert dispatching.dispatch_queue(at(10, 5)) == 0  # it waits for a word, told once
    assert kinds(ticket) == ["received", "proposed"]
    with pytest.raises(Missing):
        ticket.confirm(people.basile, by=people.paul)
    ticket.confirm(people.basile, "Alice part tôt", by=people.paul)
    assert (ticket.state, ticket.holder, ticket.proposed) == ("assigned", people.basile, None)
    facts = ticket.events.last().facts
    assert (facts["proposed"], facts["why"]) == (people.alice.pk, "Alice part tôt")


def test_a_proposal_expires_when_its_person_is_away(world, new_ticket):
    assisted(world)
    ticket = new_ticket()
    dispatching.dispatch_one(ticket.pk, at(10))
    away(world, world.people.alice)
    dispatching.dispatch_queue(at(10, 1))
    ticket.refresh_from_db()
    assert ticket.proposed == world.people.basile
    assert kinds(ticket) == ["received", "proposed", "proposal_expired", "proposed"]


def test_manual_is_left_to_the_lead_and_says_so_once(world, new_ticket, client_of):
    assisted(world, "manual", confidentiality=2)
    ticket = new_ticket(confidentiality=2)
    for minute in (0, 1):
        dispatching.dispatch_one(ticket.pk, at(10, minute))
    assert kinds(ticket) == ["received", "unassigned"]
    assert ticket.events.last().facts["missing"] == "manual"
    assert dispatching.dispatch_one(new_ticket().pk, at(10)).chosen


def test_the_most_precise_mode_speaks_and_is_taken_away_again(world, services, new_ticket):
    paul, service = world.people.paul, services["appointment"]
    assisted(world, "manual")
    assisted(world, "assisted", confidentiality=1)
    line = assisted(world, "automatic", service=service)
    with pytest.raises(SettingUnchanged):
        assisted(world, "automatic", service=service)
    assert dispatching.dispatch_one(new_ticket().pk, at(10)).chosen
    assert Ticket.objects.latest("id").state == "assigned"
    line.drop(by=paul)
    dispatching.dispatch_one(new_ticket().pk, at(10))
    assert Ticket.objects.latest("id").proposed is not None
    for who in ("alice", "claire"):
        with pytest.raises(MayNotSet):
            DispatchMode.set("manual", by=getattr(world.people, who), service=service)


def test_who_is_reserved_gets_it_or_nobody_and_the_queue_says_so(world, new_ticket):
    people = world.people
    Pairing.lock(people.basile, "Dossier délicat", by=people.paul, requester=people.marc)
    ticket = new_ticket()
    assert dispatching.dispatch_one(ticket.pk, at(10)).chosen == people.basile.pk
    away(world, people.basile)
    late = new_ticket()
    assert dispatching.dispatch_one(late.pk, at(10)).chosen is None
    assert late.events.last().facts["missing"] == "pinned_away"
    # The request's own word is stronger than the requester's.
    late.refresh_from_db()
    late.pin(people.alice, "Elle seule", by=people.paul)
    assert dispatching.dispatch_one(late.pk, at(10)).chosen == people.alice.pk


def test_a_pairing_ends_when_another_takes_its_place_or_when_unlocked(world):
    people, site = world.people, world.sites.aix
    first = Pairing.lock(people.alice, "Un", by=people.paul, site=site)
    with pytest.raises(SettingUnchanged):
        Pairing.lock(people.alice, "Un", by=people.paul, site=site)
    with pytest.raises(Missing):
        Pairing.lock(people.alice, "Deux", by=people.paul)
    second = Pairing.lock(people.basile, "Deux", by=people.paul, site=site)
    first.refresh_from_db()
    assert first.ended_at is not None
    second.unlock(by=people.paul)
    second.unlock(by=people.paul)
    assert not Pairing.objects.filter(ended_at=None).exists()
    with pytest.raises(MayNotSet):
        Pairing.lock(people.alice, "Moi", by=people.alice, site=site)


def test_nobody_names_who_of_other_sites_is_free_and_never_who_is_on_leave(world, new_ticket):
    people = world.people
    for person in (people.alice, people.basile):
        away(world, person)
    ticket = new_ticket()
    dispatching.dispatch_one(ticket.pk, at(10))
    found = ticket.events.last().facts["elsewhere"]
    assert [one["person"] for one in found] == [people.chloe.pk]
    ticket.refresh_from_db()
    calling.call_in(ticket, people.chloe, by=people.paul)
    assert ticket.holder == people.chloe
    assert Cover.objects.get(site=world.sites.aix, person=people.chloe).position == "float"
    away(world, people.chloe)
    Cover.objects.filter(site=world.sites.aix, person=people.chloe).delete()
    other = new_ticket()
    dispatching.dispatch_one(other.pk, at(10))
    assert other.events.last().facts["elsewhere"] == []


def test_a_stored_decision_is_given_again_whatever_changed_since(world, new_ticket):
    DispatchSetting.set({"late": 250, "fairness": 100}, "Essai", by=world.people.paul)
    for number in range(6):
        ticket = new_ticket(priority=1 + number % 4, confidentiality=number % 3)
        decision = dispatching.dispatch_one(ticket.pk, at(10, 7 * number))
        case = DispatchCase.objects.get(event=ticket.events.last())
        assert case.replay() == decision
        assert case.told["weights"]["version"] == 1
    away(world, world.people.alice)
    DispatchSetting.set({"late": 0}, "Autre", by=world.people.paul)
    cases = list(DispatchCase.objects.all())
    assert len(cases) == 6
    for each in cases:
        assert each.replay().chosen == each.event.facts["holder"]


def test_pages_and_api_do_it_for_the_lead_alone(world, new_ticket, client_of, services):
    paul, alice = client_of(world.people.paul), client_of(world.people.alice)
    ticket = new_ticket()
    sent = {"reason": "Devis", "until": "", "version": ticket.version}
    assert alice.post(f"/tickets/{ticket.pk}/hold/", sent).status_code == 409
    assert paul.post(f"/tickets/{ticket.pk}/hold/", sent).status_code == 302
    page = paul.get(f"/tickets/{ticket.pk}/").content.decode()
    assert "Devis" in page and "dispatch-card" in page
    assert (
        "Devis" not in client_of(world.people.marc).get(f"/tickets/{ticket.pk}/").content.decode()
    )

    def post(path, **body):
        answer = paul.post(f"/api/{path}", json.dumps(body), content_type="application/json")
        return answer.status_code, answer.json()

    assert post(f"tickets/{ticket.pk}/unhold")[0] == 200
    assert post(f"tickets/{ticket.pk}/unhold")[0] == 409
    status, told = post(f"tickets/{ticket.pk}/pin", to=world.people.basile.pk, why="Lui")
    assert (status, told["pinned"]["name"]) == (200, "Basile Bœuf")
    assert post(f"tickets/{ticket.pk}/unpin")[0] == 200
    assert post(f"tickets/{ticket.pk}/confirm")[0] == 409
    assert post("dispatch_modes", mode="assisted")[0] == 200
    assert (
        post("pairings", person=world.people.alice.pk, why="Site", site=world.sites.aix.pk)[0]
        == 200
    )
    assert post("pairings", person=world.people.alice.pk, why="Site")[0] == 422
    for path in ("/dispatch/modes/", "/dispatch/pairings/"):
        assert paul.get(path).status_code == 200
        assert alice.get(path).status_code == 404
    mode, pairing = DispatchMode.objects.get(), Pairing.objects.get()
    assert (
        paul.post("/dispatch/modes/", {"mode": "manual", "confidentiality": 3}).status_code == 302
    )
    typed = {"person": world.people.alice.pk, "why": "x"}
    assert paul.post("/dispatch/pairings/", typed).status_code == 422
    assert paul.post(f"/dispatch/modes/{mode.pk}/drop/").status_code == 302
    assert paul.post(f"/dispatch/pairings/{pairing.pk}/unlock/").status_code == 302
    dispatching.dispatch_one(ticket.pk, at(10))


def test_whoever_is_marked_absent_meanwhile_is_given_nothing(committed):
    """The absence is written and not yet committed: the one who gives waits, then passes her by."""
    made = cast.build_world()
    with tenant(made.provider.pk):
        catalogue.preload(made.provider)
        ticket = Ticket.receive(
            site=made.sites.aix, requester=made.people.marc, subject="Une fois", channel="form",
            service=catalogue.Service.objects.get(code="other"), at=at(9),
        )  # fmt: skip
    ready, answers = threading.Event(), []

    def work():
        try:
            with tenant(made.provider.pk):
                ready.wait(30)
                answers.append(dispatching.dispatch_one(ticket.pk, at(10)))
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    with tenant(made.provider.pk):
        absence = away(made, made.people.alice)
        cover.took_absence(absence, by=made.people.paul)
        ready.set()
        thread.join(0.5)  # it is at her row by now, or will find the absence anyway
    thread.join(30)
    assert [answer.chosen for answer in answers] == [made.people.basile.pk]

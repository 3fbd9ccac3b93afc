"""Approvals, commitments, time and feedback: each verb works, is refused, happens once."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from relais.desk import keeping_word, rules
from relais.desk.beside import hint
from relais.desk.errors import (
    AwaitsApproval,
    BadDelegate,
    BadValue,
    Covered,
    LaterThanPromised,
    Missing,
    NotNow,
    NotYours,
    Overtaken,
    TooLate,
)
from relais.desk.models import (
    Approval,
    ClarityMark,
    Commitment,
    Delegation,
    Letter,
    Rating,
    StandingEvent,
    TimeEntry,
)
from relais.desk.models.time_entry import total
from relais.offer.models import PreferenceSheet, Service, SheetVersion

from .conftest import at, clock, kinds


@pytest.fixture
def costly(new_ticket, services):
    """Return a function to a ticket whose service is approved by the client lead above 500 €."""

    def make(**fields):
        Service.objects.update(approval_by="referent", approval_above=500)
        return new_ticket(**{"state": "taken", "service": Service.objects.get(code="appointment")}
                          | fields)  # fmt: skip

    return make


def ask(ticket, world, amount=1200, when=None):
    return Approval.ask(
        ticket, Decimal(amount), "Fauteuils", by=world.people.alice, at=when or at(10)
    )


def test_an_amount_above_the_ceiling_stops_the_clock_and_the_delivery(costly, world):
    ticket = costly()
    with pytest.raises(AwaitsApproval, match=r"500"):
        ticket.deliver("Voilà", by=world.people.alice)
    asked = ask(ticket, world)
    assert (asked.state, asked.approver) == ("asked", world.people.claire)
    letter = Letter.objects.get(key=f"approval:{asked.pk}")
    assert letter.to == "claire@calanques.example" and "/approvals/" in letter.body
    assert clock(ticket, "delivery").is_paused
    ticket.refresh_from_db()
    with pytest.raises(AwaitsApproval, match="Claire"):
        ticket.deliver("Voilà", by=world.people.alice)
    asked.approve("D’accord", by=world.people.claire, at=at(11))
    assert not clock(ticket, "delivery").is_paused
    assert kinds(ticket)[-2:] == ["approval_asked", "approved"]
    ticket.refresh_from_db()
    ticket.deliver("Voilà", by=world.people.alice, at=at(12))


def test_within_the_ceiling_nobody_need_approve(costly, world):
    ticket = costly()
    assert ask(ticket, world, 500).state == "free"
    assert kinds(ticket)[-1] == "amount_stated"
    ticket.deliver("Voilà", by=world.people.alice)


@pytest.mark.parametrize("level", ["never", "proposes"])
def test_what_the_executive_lets_nobody_do_alone_waits_for_her_word(
    new_ticket, world, services, client_of, level
):
    people = world.people
    ticket = new_ticket("taken", service=services["appointment"])
    limits = {ticket.service.family: {"level": level}}
    given = {"content": {}, "authority": limits, "reserved": []}
    PreferenceSheet.write(people.marc, by=people.alice, **given)
    assert rules.approval_above(ticket) is None, "not before she has confirmed it"
    version = SheetVersion.objects.get()
    version.confirm(by=people.marc)
    with pytest.raises(AwaitsApproval, match="Marc"):
        ticket.deliver("Voilà", by=people.alice)
    alice = client_of(people.alice)
    sent = {"text": "Voilà", "version": ticket.version}
    assert alice.post(f"/tickets/{ticket.pk}/deliver/", sent).status_code == 409
    refusal = alice.post(f"/api/tickets/{ticket.pk}/deliver", sent, "application/json")
    assert refusal.status_code == 422 and "Marc" in refusal.json()["detail"]
    asked = Approval.ask(ticket, None, "Déplacer", by=people.alice)
    assert asked.approver == people.marc
    assert client_of(people.marc).get("/approvals/").status_code == 200
    asked.approve("Oui", by=people.marc)
    ticket.refresh_from_db()
    ticket.deliver("Voilà", by=people.alice)
    assert kinds(ticket)[-1] == "delivered"


def test_another_amount_asks_again_the_same_does_not(costly, world):
    ticket = costly()
    first = ask(ticket, world)
    assert ask(ticket, world) == first
    second = ask(ticket, world, 1500)
    first.refresh_from_db()
    assert (first.state, second.state) == ("lapsed", "asked")
    second.approve("", by=world.people.claire)
    ticket.refresh_from_db()
    with pytest.raises(Covered):
        ask(ticket, world, 1400)
    assert ask(ticket, world, 1600).state == "asked"
    assert kinds(ticket).count("approval_asked") == 3


def test_a_refusal_needs_a_reason_and_holds_the_delivery(costly, world):
    ticket = costly()
    asked = ask(ticket, world)
    with pytest.raises(Missing):
        asked.refuse(" ", by=world.people.claire)
    asked.refuse("Trop cher", by=world.people.claire)
    ticket.refresh_from_db()
    with pytest.raises(AwaitsApproval):
        ticket.deliver("Voilà", by=world.people.alice)


@pytest.mark.parametrize("who", ["paul", "alice", "marc", "sylvie", "luc", "erwan"])
def test_nobody_else_approves(costly, world, who):
    with pytest.raises(NotYours):
        ask(costly(), world).approve("", by=getattr(world.people, who))


def test_two_decisions_at_once_leave_one(costly, world):
    asked = ask(costly(), world)
    one, two = (Approval.objects.get(pk=asked.pk) for _ in range(2))
    one.approve("", by=world.people.claire)
    with pytest.raises(Overtaken):
        two.refuse("Non", by=world.people.claire)
    with pytest.raises(NotNow):
        one.approve("", by=world.people.claire)
    assert kinds(asked.ticket).count("approved") == 1


def test_a_delegate_approves_within_days_and_ceiling(costly, world):
    people = world.people
    day = at(9).date()
    given = Delegation.give(
        people.marc, by=people.claire, starts_on=day, ends_on=day + timedelta(days=5),
        ceiling=Decimal(1000), reason="Congés", at=at(9),
    )  # fmt: skip
    assert StandingEvent.objects.get(delegation=given).kind == "delegated"
    with pytest.raises(NotYours):
        ask(costly(), world).approve("", by=people.marc, at=at(11))
    fits = ask(costly(), world, 900)
    with pytest.raises(NotYours):
        fits.approve("", by=people.marc, at=at(11, days=9))
    fits.approve("", by=people.marc, at=at(11))
    assert fits.delegation == given
    with pytest.raises(NotYours):
        given.end(by=people.marc)
    given.end(by=people.claire)
    with pytest.raises(NotYours):
        ask(costly(), world, 800).approve("", by=people.marc, at=at(11))
    for to, fault in ((people.erwan, BadDelegate), (people.claire, BadDelegate)):
        with pytest.raises(fault):
            Delegation.give(
                to, by=people.claire, starts_on=day, ends_on=day, ceiling=None, reason="x",
                at=at(9),
            )  # fmt: skip


def test_one_approval_is_passed_on_with_a_reason(costly, world):
    asked = ask(costly(), world)
    with pytest.raises(Missing):
        asked.delegate(world.people.sylvie, "", by=world.people.claire)
    with pytest.raises(BadDelegate):
        asked.delegate(world.people.nadia, "x", by=world.people.claire)
    asked.delegate(world.people.sylvie, "Son budget", by=world.people.claire)
    asked.approve("", by=world.people.sylvie)
    assert kinds(asked.ticket)[-2:] == ["approval_delegated", "approved"]


def test_an_answer_of_the_requester_does_not_start_the_clock_while_the_amount_waits(costly, world):
    ticket = costly()
    ask(ticket, world)
    ticket.refresh_from_db()
    ticket.ask("Quelle couleur ?", by=world.people.alice, at=at(10, 30))
    ticket.reply("Bleu", by=world.people.marc, at=at(10, 40))
    assert clock(ticket, "delivery").is_paused


def test_who_may_read_pages_of_amounts_and_get_approves_nothing(costly, world, client_of):
    asked = ask(costly(), world)
    url = f"/approvals/{asked.pk}/"
    for who, status in [("claire", 200), ("marc", 200), ("alice", 200), ("nadia", 404),
                        ("erwan", 404)]:  # fmt: skip
        assert client_of(getattr(world.people, who)).get(url).status_code == status, who
    claire = client_of(world.people.claire)
    assert claire.get(url + "approve/").status_code == 405
    asked.refresh_from_db()
    assert asked.state == "asked"
    assert claire.post(url + "approve/", {"version": asked.version}).status_code == 302
    asked.refresh_from_db()
    assert asked.state == "approved"


# Commitments --------------------------------------------------------------------------------------


def promise(ticket, world, kind="call", due=None, **more):
    return Commitment.promise(ticket, kind, due or at(15), by=world.people.alice, at=at(10), **more)


def test_a_commitment_is_made_once_and_kept_or_broken(new_ticket, world):
    ticket = new_ticket("taken")
    made = promise(ticket, world, text="Je rappelle")
    assert promise(ticket, world, text="Je rappelle") == made
    made.keep(by=world.people.alice, at=at(14))
    assert made.state == "kept"
    with pytest.raises(NotNow):
        made.keep(by=world.people.alice, at=at(14))
    assert kinds(ticket)[-2:] == ["promised", "promise_kept"]


def test_later_than_promised_is_said(new_ticket, world):
    ticket = new_ticket("taken")
    late = clock(ticket, "delivery").due_at + timedelta(hours=1)
    with pytest.raises(LaterThanPromised):
        promise(ticket, world, "delivery", late)
    made = promise(ticket, world, "delivery", late, beyond="Le fournisseur est fermé")
    assert made.beyond
    with pytest.raises(BadValue):
        promise(ticket, world, due=at(9))
    for who in ("marc", "chloe", "nadia"):
        with pytest.raises(NotYours):
            Commitment.promise(ticket, "call", at(15), by=getattr(world.people, who), at=at(10))


def test_the_sweep_tells_each_commitment_once(new_ticket, world):
    broken, kept = new_ticket("taken"), new_ticket("taken")
    promise(broken, world)
    promise(kept, world, "delivery")
    assert keeping_word._to_settle(at(12)).count() == 0
    kept.deliver("Voilà", by=world.people.alice, at=at(14))
    for _time in range(2):
        for when in (at(14, 30), at(15, 30)):
            keys = list(keeping_word._to_settle(when).values_list("pk", flat=True))
            keeping_word._settle(keys, when)
    assert kinds(broken).count("promise_broken") == 1
    assert kinds(kept).count("promise_kept") == 1
    assert "promise_broken" not in kinds(kept)


def test_the_sweep_asks_for_an_approval_again_twice_at_most(costly, world):
    asked = ask(costly(), world)
    for days in range(1, 12):
        keys = list(keeping_word._to_recall(at(17, days=days)).values_list("pk", flat=True))
        keeping_word._recall(keys, at(17, days=days))
    assert kinds(asked.ticket).count("approval_reminded") == 2
    assert Letter.objects.filter(key__startswith=f"approval:{asked.pk}").count() == 3


# Time ---------------------------------------------------------------------------------------------


def test_time_is_noted_once_by_staff_alone(new_ticket, world):
    ticket, token = new_ticket("taken"), uuid4()
    for _time in range(2):
        TimeEntry.add(ticket, 15, by=world.people.alice, token=token)
    assert (total(ticket), kinds(ticket).count("time_added")) == (15, 1)
    entry = TimeEntry.objects.get()
    entry.correct(20, "Oublié un appel", by=world.people.alice)
    with pytest.raises(NotYours):
        entry.correct(1, "x", by=world.people.basile)
    assert total(ticket) == 20
    for who in ("marc", "claire", "chloe"):
        with pytest.raises(NotYours):
            TimeEntry.add(ticket, 5, by=getattr(world.people, who))
    with pytest.raises(BadValue):
        TimeEntry.add(ticket, 0, by=world.people.alice)


def test_one_timer_runs_for_each_assistant(new_ticket, world):
    one, two = new_ticket("taken"), new_ticket("taken")
    alice = world.people.alice
    timer = TimeEntry.start(one, by=alice, at=at(10))
    assert TimeEntry.start(one, by=alice, at=at(10, 1)) == timer
    other = TimeEntry.start(two, by=alice, at=at(10, 20))
    assert (total(one), kinds(one)[-1]) == (20, "timer_stopped")
    stale = TimeEntry.objects.get(pk=other.pk)
    other.stop(by=alice, at=at(10, 30))
    with pytest.raises(Overtaken):
        stale.stop(by=alice, at=at(10, 31))
    assert total(two) == 10


def test_no_client_reads_time_or_clarity(new_ticket, world, client_of):
    ticket = new_ticket("taken")
    TimeEntry.add(ticket, 37, by=world.people.alice)
    ClarityMark.mark(ticket, ["date"], "Note-clarté", by=world.people.alice)
    for who in ("marc", "claire"):
        browser = client_of(getattr(world.people, who))
        page = browser.get(f"/tickets/{ticket.pk}/").content.decode()
        assert "37 min" not in page and "Note-clarté" not in page and "add_time" not in page
        detail = browser.get(f"/api/tickets/{ticket.pk}").json()
        told = {event["kind"] for event in detail["events"]}
        assert not told & {"time_added", "clarity_marked"}
        assert browser.get(f"/api/tickets/{ticket.pk}/times").status_code == 404
    assert "37 min" in client_of(world.people.alice).get(f"/tickets/{ticket.pk}/").content.decode()


# Feedback -----------------------------------------------------------------------------------------


def test_satisfaction_is_given_once_and_changed_for_a_while(new_ticket, world):
    ticket = new_ticket("accepted")
    marc = world.people.marc
    first = Rating.rate(ticket, 5, by=marc, at=at(15))
    assert Rating.rate(ticket, 5, by=marc, at=at(15, 1)) == first
    assert Rating.rate(ticket, 4, 3, by=marc, at=at(15, days=13)).score == 4
    with pytest.raises(TooLate):
        Rating.rate(ticket, 1, by=marc, at=at(15, days=15))
    assert kinds(ticket).count("rated") == 2
    for who in ("alice", "claire", "paul", "nadia"):
        with pytest.raises(NotYours):
            Rating.rate(ticket, 1, by=getattr(world.people, who))
    with pytest.raises(NotNow):
        Rating.rate(new_ticket("taken"), 5, by=marc)
    assert not world.access("alice").see(Rating).exists()


def test_small_numbers_are_shown_of_nobody(new_ticket, world, client_of):
    for score in (5, 4, 2, 5):
        Rating.rate(new_ticket("accepted"), score, by=world.people.marc)
    paul = client_of(world.people.paul)
    assert "75" not in paul.get("/satisfaction/").content.decode()
    Rating.rate(new_ticket("accepted"), 5, by=world.people.marc)
    page = paul.get("/satisfaction/").content.decode()
    assert "80\u202f%" in page and "Alice Arnaud" in page
    assert "Alice Arnaud" not in (
        client_of(world.people.claire).get("/satisfaction/").content.decode()
    )
    assert client_of(world.people.alice).get("/satisfaction/").status_code == 404


def test_the_requester_gets_a_kind_hint_next_time_for_that_service(
    new_ticket, world, services, client_of
):
    ticket = new_ticket("taken")
    ClarityMark.mark(ticket, ["date", "people"], "Toujours pareil", by=world.people.alice)
    ClarityMark.mark(ticket, ["date"], "Toujours pareil", by=world.people.alice)
    ClarityMark.mark(ticket, ["date"], "Toujours pareil", by=world.people.alice)
    assert kinds(ticket).count("clarity_marked") == 2
    assert len(hint(world.access("marc"), ticket.service_id)) == 1
    assert hint(world.access("nadia"), ticket.service_id) == []
    for who, told in (("marc", True), ("nadia", False)):
        page = client_of(getattr(world.people, who)).get(f"/requests/new/{ticket.service.code}/")
        assert ("donnez d’emblée" in page.content.decode()) == told
        assert "Toujours pareil" not in page.content.decode()
    with pytest.raises(NotYours):
        ClarityMark.mark(ticket, [], by=world.people.marc)
    assert rules.may("mark_clarity", ticket, world.people.basile)

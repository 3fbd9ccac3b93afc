"""Merging a ticket into another, answering through it, and parting them again."""

import pytest

from relais.desk import mailbox
from relais.desk.errors import CannotJoin, NotNow, NotYours, Overtaken
from relais.desk.models import Clock, Letter, Merge, Message, Ticket
from relais.people.models import Clearance, Confidentiality

from .conftest import at, clock, kinds, two_at_once
from .test_mailbox import eml

C3 = Confidentiality.EXECUTIVE


@pytest.fixture
def pair(new_ticket, world):
    """Return a ticket of Nadia's at Lyon and the live one of Marc's, both in Basile's care."""
    ticket = new_ticket("open", site=world.sites.lyon, requester=world.people.nadia)
    live = new_ticket("open")
    for one in (ticket, live):
        one.assign(world.people.basile, at=at(9, 10))
        one.take(by=world.people.basile, at=at(9, 20))
    return ticket, live


def fresh(ticket):
    return Ticket.objects.get(pk=ticket.pk)


def merged(pair, world, **more):
    ticket, live = pair
    ticket.merge(live, by=world.people.basile, at=at(10), **more)
    return fresh(ticket), fresh(live)


def test_its_clocks_stop_without_a_verdict_and_its_requester_is_told(pair, world):
    ticket, live = merged(pair, world)
    assert (ticket.state, live.state) == ("merged", "taken")
    assert clock(ticket, "delivery").verdict == Clock.Verdict.VOID
    assert clock(live, "delivery").stopped_at is None
    assert (kinds(ticket)[-1], kinds(live)[-1]) == ("merged", "absorbed")
    letter = Letter.objects.get(ticket=ticket)
    assert letter.to == world.people.nadia.email
    assert live.reference not in letter.body
    assert not ticket.events.get(kind="merged").internal
    assert live.events.get(kind="absorbed").internal


def test_an_answer_reaches_both_requesters_each_in_her_own_thread(pair, world):
    ticket, live = merged(pair, world)
    live.reply("C’est réservé.", by=world.people.basile, at=at(11))
    copy = ticket.messages.get(copy_of__isnull=False)
    assert copy.body == "C’est réservé."
    to = set(Letter.objects.filter(body="C’est réservé.").values_list("to", flat=True))
    assert to == {world.people.marc.email, world.people.nadia.email}
    live = fresh(live)
    live.note("Entre nous", by=world.people.basile)
    live.reply("Merci", by=world.people.marc)
    assert ticket.messages.filter(copy_of__isnull=False).count() == 1
    assert not world.access("nadia").see(Message).filter(ticket=live).exists()
    assert not world.access("marc").see(Message).filter(ticket=ticket).exists()


def test_the_same_requester_gets_one_letter(new_ticket, world):
    ticket, live = new_ticket("taken"), new_ticket("taken")
    ticket.merge(live, by=world.people.alice)
    assert live.reference in Letter.objects.get(ticket=ticket).body
    fresh(live).reply("Fait.", by=world.people.alice)
    assert Letter.objects.filter(body="Fait.").count() == 1
    assert ticket.messages.filter(body="Fait.").count() == 1


def test_a_reply_finds_the_live_one_through_a_chain(pair, world, new_ticket):
    ticket, middle = merged(pair, world)
    last = new_ticket("taken")
    middle.merge(last, by=world.people.basile, at=at(10, 30))
    live = fresh(last)
    live.ask("Quel jour ?", by=world.people.alice, at=at(11))
    letter = Letter.objects.get(ticket=ticket, body="Quel jour ?")
    raw = eml("nadia@calanques.example", "Re: x", "Jeudi.", Message_ID="<r@x>",
              In_Reply_To=letter.mail_id)  # fmt: skip
    outcome = mailbox.receive_bytes(raw, world.provider.pk)
    assert outcome.kind == "replied"
    live = fresh(live)
    assert live.state == "taken"
    assert kinds(live)[-1] == "replied"
    assert live.events.last().internal
    assert outcome.message.ticket == ticket
    raw = eml("nadia@calanques.example", f"[{ticket.reference}] y", "Encore.", Message_ID="<s@x>")
    assert mailbox.receive_bytes(raw, world.provider.pk).kind == "replied"
    live = fresh(live)
    live.deliver("Voilà", by=world.people.alice)
    assert set(Message.objects.filter(body="Voilà").values_list("ticket", flat=True)) == {
        ticket.pk, middle.pk, live.pk,
    }  # fmt: skip


def test_merging_into_a_merged_one_leads_to_its_live_end(pair, world, new_ticket):
    ticket, live = merged(pair, world)
    third = new_ticket("taken")
    third.merge(ticket, by=world.people.basile)
    assert Merge.objects.get(ticket=third).into == live


def test_parted_it_goes_on_as_if_never_merged(pair, world):
    ticket, _ = pair
    due = clock(ticket, "delivery").due_at
    ticket, live = merged(pair, world)
    live.reply("Pour les deux", by=world.people.basile, at=at(11))
    ticket.reply("De Nadia", by=world.people.nadia, at=at(11, 30))
    ticket = fresh(ticket)
    ticket.part(by=world.people.basile, at=at(15))
    again = clock(ticket, "delivery")
    assert (again.due_at, again.stopped_at, again.verdict) == (due, None, "")
    assert fresh(ticket).state == "taken"
    assert fresh(ticket).holder == world.people.basile
    assert (kinds(ticket)[-1], kinds(live)[-1]) == ("parted", "released")
    words = list(ticket.messages.values_list("body", flat=True))
    assert "Pour les deux" in words
    assert "De Nadia" in words
    fresh(live).reply("À Marc seul", by=world.people.basile)
    assert not ticket.messages.filter(body="À Marc seul").exists()


def test_an_answer_that_came_meanwhile_is_an_answer(new_ticket, world):
    ticket, live = new_ticket("open"), new_ticket("taken")
    ticket.merge(live, by=world.people.alice, at=at(9, 30))
    fresh(live).reply("Je regarde", by=world.people.alice, at=at(10))
    fresh(ticket).part(by=world.people.alice, at=at(16))
    first = clock(ticket, "first_response")
    assert (first.stopped_at, first.verdict) == (at(10), "met")


def test_a_pause_goes_on_where_it_stood(new_ticket, world):
    ticket, live = new_ticket("waiting"), new_ticket("taken")
    pauses = clock(ticket, "delivery").pauses
    ticket.merge(live, by=world.people.alice, at=at(11))
    fresh(ticket).part(by=world.people.alice, at=at(12))
    again = clock(ticket, "delivery")
    assert (again.pauses, again.due_at, again.is_paused) == (pauses, None, True)


def test_never_across_companies(new_ticket, world, services):
    ticket = new_ticket("taken")
    other = new_ticket("open", site=world.sites.brest, requester=world.people.erwan)
    with pytest.raises(CannotJoin, match="entreprises"):
        ticket.merge(other, by=world.people.paul)
    with pytest.raises(CannotJoin):
        ticket.link(other, "relates", by=world.people.paul)


@pytest.mark.parametrize(
    ("first", "second", "named"), [(C3, 1, True), (2, 1, True), (1, C3, True), (C3, C3, False)]
)
def test_walls_of_confidentiality_hold(pair, world, first, second, named):
    ticket, live = pair
    for person in (world.people.basile, *([world.people.nadia] if named else [])):
        Clearance.objects.create(
            provider=world.provider, person=person, company=world.companies.calanques,
            granted_by=world.people.maud, reason="x", starts_on="2026-01-05",
        )  # fmt: skip
    Ticket.objects.filter(pk=ticket.pk).update(confidentiality=first)
    Ticket.objects.filter(pk=live.pk).update(confidentiality=second)
    with pytest.raises(CannotJoin):
        fresh(ticket).merge(fresh(live), by=world.people.basile)
    if not named:
        Ticket.objects.filter(pk=ticket.pk).update(requester=live.requester)
        fresh(ticket).merge(fresh(live), by=world.people.basile)


@pytest.mark.parametrize("who", ["marc", "claire", "chloe", "bruno", "quentin"])
def test_it_is_refused_to_the_wrong_person(pair, world, who):
    person = getattr(world.people, who)
    ticket, live = pair
    with pytest.raises(NotYours):
        ticket.merge(live, by=person)
    ticket, live = merged(pair, world)
    with pytest.raises(NotYours):
        ticket.part(by=person)


def test_it_is_refused_when_it_makes_no_sense(pair, world, new_ticket):
    ticket, live = pair
    basile = world.people.basile
    with pytest.raises(CannotJoin):
        ticket.merge(ticket, by=basile)
    with pytest.raises(NotNow):
        ticket.part(by=basile)
    with pytest.raises(NotNow):
        ticket.merge(new_ticket("accepted"), by=basile)
    with pytest.raises(NotNow):
        new_ticket("cancelled").merge(live, by=basile)
    ticket, live = merged(pair, world)
    with pytest.raises(CannotJoin):
        live.merge(ticket, by=basile)  # no circle
    with pytest.raises(NotNow):
        ticket.take(by=basile)


def test_two_at_once_leave_one_winner(pair, world):
    ticket, live = pair
    two_at_once(ticket, lambda t: t.merge(fresh(live), by=world.people.basile), "merged")
    assert kinds(live).count("absorbed") == 1
    two_at_once(fresh(ticket), lambda t: t.part(by=world.people.basile), "parted")
    assert Merge.objects.count() == 1


def test_crosswise_at_once_makes_no_circle(pair, world):
    ticket, live = (fresh(one) for one in pair)
    ticket.merge(fresh(live), by=world.people.basile)
    with pytest.raises((CannotJoin, Overtaken, NotNow)):
        live.merge(fresh(ticket), by=world.people.basile)

"""Undoing a slip: all as before, letters withheld, one event more; by who did it, and soon."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from relais.desk import letters
from relais.desk.errors import CannotUndo, NotYours, Overtaken
from relais.desk.models import Clock, Letter, Message, Ticket

from .conftest import at, kinds, two_at_once

CLOCKS = ("kind", "pauses", "due_at", "stopped_at", "verdict", "breached_at")


@pytest.fixture(autouse=True)
def _a_minute(settings):
    settings.UNDO_SECONDS = 60


def standing(ticket):
    row = Ticket.objects.values(
        "state", "holder", "delivered_at", "closed_at", "reopened", "priority"
    ).get(pk=ticket.pk)
    live = Clock.objects.filter(ticket=ticket).exclude(verdict="void")
    return row, list(live.order_by("pk").values_list(*CLOCKS))


VERBS = {
    "assign": ("open", "paul", lambda t, p: t.assign(p.alice, by=p.paul)),
    "take": ("assigned", "alice", lambda t, p: t.take(by=p.alice)),
    "reply": ("taken", "alice", lambda t, p: t.reply("x", by=p.alice)),
    "answer": ("waiting", "marc", lambda t, p: t.reply("Jeudi", by=p.marc)),
    "ask": ("taken", "alice", lambda t, p: t.ask("x", by=p.alice)),
    "resume": ("waiting", "alice", lambda t, p: t.resume(by=p.alice)),
    "wait_third": ("taken", "alice", lambda t, p: t.wait_third("x", by=p.alice)),
    "deliver": ("taken", "alice", lambda t, p: t.deliver("x", by=p.alice)),
    "accept": ("delivered", "marc", lambda t, p: t.accept(by=p.marc)),
    "reopen": ("accepted", "marc", lambda t, p: t.reopen("x", by=p.marc)),
    "hand_over": ("taken", "alice", lambda t, p: t.hand_over(p.basile, "x", by=p.alice)),
    "cancel": ("waiting", "marc", lambda t, p: t.cancel("x", by=p.marc)),
    "refuse": ("taken", "paul", lambda t, p: t.refuse("x", by=p.paul)),
    "note": ("taken", "alice", lambda t, p: t.note("x", by=p.alice)),
}


@pytest.mark.parametrize("verb", VERBS)
def test_all_is_as_before_to_the_second(new_ticket, world, verb):
    state, who, act = VERBS[verb]
    ticket = new_ticket(state)
    before, sent = standing(ticket), Letter.objects.count()
    act(ticket, world.people)
    done = kinds(ticket)
    event = ticket.undo(by=getattr(world.people, who))
    assert standing(ticket) == before
    assert kinds(ticket) == [*done, "undone"]
    assert event.kind == done[-1]
    last = ticket.events.last()
    assert last.internal == event.internal
    new = Letter.objects.order_by("pk")[sent:]
    assert all(letter.state == "withheld" for letter in new)
    with pytest.raises((CannotUndo, NotYours)):
        ticket.undo(by=getattr(world.people, who))


def leave():
    """Return how the one letter stands after the job for it has run."""
    letter = Letter.objects.get()
    letters.send(letter.provider_id, letter.pk)
    letter.refresh_from_db()
    return letter.state


def test_a_held_letter_leaves_when_its_time_has_come(new_ticket, world):
    new_ticket("taken").reply("Bonjour", by=world.people.alice)
    assert leave() == "waiting"
    past = timezone.now() - timedelta(seconds=1)
    Letter.objects.update(hold_until=past, next_try_at=past)
    assert leave() == "sent"


def test_what_left_already_is_said(new_ticket, world):
    ticket = new_ticket("taken")
    ticket.deliver("Voilà", by=world.people.alice)
    Letter.objects.update(hold_until=None, next_try_at=None)
    assert leave() == "sent"
    ticket.undo(by=world.people.alice)
    facts = ticket.events.last().facts
    assert (facts["withheld"], facts["sent"]) == (0, 1)
    assert leave() == "sent"


def test_a_withheld_letter_never_leaves(new_ticket, world, mailoutbox):
    ticket = new_ticket("taken")
    ticket.reply("Bonjour", by=world.people.alice)
    ticket.undo(by=world.people.alice)
    Letter.objects.update(hold_until=None, next_try_at=None)
    assert leave() == "withheld"
    assert not mailoutbox


def test_the_word_is_taken_from_the_client(new_ticket, world):
    ticket = new_ticket("taken")
    ticket.reply("Erreur", by=world.people.alice)
    ticket.undo(by=world.people.alice)
    assert not world.access("marc").see(Message).filter(body="Erreur").exists()
    assert world.access("alice").see(Message).filter(body="Erreur").exists()


@pytest.mark.parametrize("who", ["paul", "basile", "marc", "bruno"])
def test_it_is_refused_to_the_wrong_person(new_ticket, world, who):
    ticket = new_ticket("taken")
    ticket.deliver("Voilà", by=world.people.alice)
    with pytest.raises(NotYours):
        ticket.undo(by=getattr(world.people, who))


def test_it_is_refused_when_time_or_the_world_has_gone_on(new_ticket, world, settings):
    alice = world.people.alice
    ticket = new_ticket("taken")
    ticket.deliver("Voilà", by=alice)
    ticket.reply("Merci", by=world.people.marc)
    with pytest.raises((CannotUndo, NotYours)):
        ticket.undo(by=alice)
    other = new_ticket("taken")
    other.deliver("Voilà", by=alice)
    settings.UNDO_SECONDS = 0
    with pytest.raises(CannotUndo):
        other.undo(by=alice)


def test_two_at_once_leave_one_winner(new_ticket, world):
    ticket = new_ticket("taken")
    ticket.deliver("Voilà", by=world.people.alice)
    two_at_once(ticket, lambda t: _undo(t, world), "undone")


def _undo(ticket, world):
    """Undo as it was read, although another one was faster."""
    try:
        ticket.undo(by=world.people.alice)
    except (CannotUndo, NotYours) as late:
        raise Overtaken(reference=ticket.reference) from late


def test_a_merge_is_undone_from_either_side(new_ticket, world):
    for side in (0, 1):
        pair = [new_ticket("taken"), new_ticket("taken")]
        before = standing(pair[0])
        pair[0].merge(pair[1], by=world.people.alice, at=at(12))
        fresh = Ticket.objects.get(pk=pair[side].pk)
        fresh.undo(by=world.people.alice)
        assert standing(pair[0]) == before
        assert kinds(pair[0])[-1] == "undone"
        assert kinds(pair[1])[-1] == "released"
        assert Letter.objects.filter(ticket=pair[0]).latest("id").state == "withheld"

"""A delivery that nobody answers: reminded after three working days, accepted after five."""

from datetime import timedelta

import pytest

from relais.desk import sweep
from relais.desk.models import Event, Letter, Silence, Ticket
from relais.offer.terms import TargetTerms

from .conftest import at, clock, kinds
from .test_promises import DELIVERY, FIRST, agreed  # noqa: F401

# Delivered on Tuesday 3 March at 11:00: closings of Friday 6 and Tuesday 10.
REMINDED, CLOSED = at(18, days=3), at(18, days=7)


def told(ticket):
    return [kind for kind in kinds(ticket) if kind in ("reminded", "accepted", "breached")]


def test_it_is_reminded_then_accepted_once_each(new_ticket):
    ticket = new_ticket("delivered")
    (wait,) = Silence.objects.all()
    assert (wait.remind_at, wait.close_at) == (REMINDED, CLOSED)
    early = timedelta(seconds=1)
    for when, expected in (
        (REMINDED - early, []),
        (REMINDED, ["reminded"]),
        (REMINDED, ["reminded"]),
        (CLOSED - early, ["reminded"]),
        (CLOSED, ["reminded", "accepted"]),
        (CLOSED + early, ["reminded", "accepted"]),
    ):
        sweep.run(when)
        assert told(ticket) == expected, when
    ticket = Ticket.objects.get(pk=ticket.pk)
    assert (ticket.state, ticket.closed_at) == ("accepted", CLOSED)
    assert Event.objects.get(ticket=ticket, kind="accepted").by is None
    letter = Letter.objects.get(key=f"reminded:{wait.pk}")
    assert letter.to == ticket.requester.email
    assert "10 mars 2026" in letter.body


@pytest.mark.parametrize("word", ["accept", "reopen"])
def test_the_clients_word_ends_the_wait(world, new_ticket, word):
    ticket = new_ticket("delivered")
    if word == "accept":
        ticket.accept(by=world.people.marc, at=at(14))
    else:
        ticket.reopen("Il manque la pièce", by=world.people.marc, at=at(14))
    assert Silence.objects.get().ended_at == at(14)
    before = kinds(ticket)
    for each in (sweep.unanswered, sweep.silent):
        assert not each(at(9, days=30)).exists()
    assert kinds(ticket) == before


def test_another_word_of_the_client_begins_it_anew(world, new_ticket):
    ticket = new_ticket("delivered")
    ticket.reply("Je regarde.", by=world.people.alice, at=at(12))
    assert Silence.objects.get().close_at == CLOSED
    ticket.reply("Je regarde demain.", by=world.people.marc, at=at(14, days=1))
    first, second = Silence.objects.order_by("pk")
    assert (first.ended_at, second.ended_at) == (at(14, days=1), None)
    assert second.close_at == CLOSED + timedelta(days=1)


def test_the_agreement_says_after_how_many_days(world, agreed, new_ticket):  # noqa: F811
    agreed(remind_after_days=None, close_after_days=2)
    new_ticket("delivered")
    wait = Silence.objects.get()
    assert (wait.remind_at, wait.close_at) == (None, at(18, days=2))


def test_an_agreement_may_wait_for_ever(world, agreed, new_ticket):  # noqa: F811
    agreed(remind_after_days=None, close_after_days=None)
    new_ticket("delivered")
    assert not Silence.objects.exists()


def test_the_calendar_is_asked_again(world, new_ticket):
    ticket = new_ticket("delivered")
    Silence.objects.update(remind_at=at(12), close_at=at(12))
    sweep.run(at(13))
    assert told(ticket) == []
    assert Silence.objects.get().close_at == CLOSED


def test_who_was_first_wins(world, new_ticket):
    ticket = new_ticket("delivered")
    found = list(sweep.silent(CLOSED).values_list("pk", flat=True))
    Ticket.objects.get(pk=ticket.pk).accept(by=world.people.marc, at=CLOSED)
    assert sweep.close(found, CLOSED) == 0
    assert told(ticket) == ["accepted"]


def test_the_questions_are_answered_by_indexes(world):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
    assert "desk_silence_remind" in sweep.unanswered(at(9)).explain()
    assert "desk_silence_close" in sweep.silent(at(9)).explain()
    assert "desk_clock_warn" in sweep.near(at(9)).explain()


# What the client owes --------------------------------------------------------------------------


ACCEPTANCE = TargetTerms(kind="acceptance", days=2)


def test_the_client_owes_an_answer_within_the_time_agreed_on(world, agreed, new_ticket):  # noqa: F811
    agreed(targets=(FIRST, DELIVERY, ACCEPTANCE))
    ticket = new_ticket("delivered")
    owed = clock(ticket, "acceptance")
    assert (owed.started_at, owed.due_at, owed.owed_by) == (at(11), at(18, days=2), "client")
    ticket.accept(by=world.people.marc, at=at(14))
    assert clock(ticket, "acceptance").verdict == "met"


def test_asking_for_a_correction_is_an_answer_too(world, agreed, new_ticket):  # noqa: F811
    agreed(targets=(FIRST, DELIVERY, ACCEPTANCE))
    ticket = new_ticket("delivered")
    ticket.reopen("Il manque la pièce", by=world.people.marc, at=at(10, days=3))
    assert clock(ticket, "acceptance").verdict == "missed"
    assert clock(ticket, "delivery").verdict == "met"
    ticket.take(by=world.people.alice, at=at(11, days=3))
    ticket.deliver("Voilà.", by=world.people.alice, at=at(12, days=3))
    assert ticket.clocks.filter(kind="acceptance").count() == 2


def test_nobody_owes_what_was_not_agreed_on(new_ticket):
    assert not new_ticket("delivered").clocks.filter(kind="acceptance").exists()


def test_a_client_who_is_late_makes_nobody_of_the_service_late(world, agreed, new_ticket):  # noqa: F811
    from relais.desk import board, year
    from relais.people.access import Access

    agreed(targets=(FIRST, DELIVERY, ACCEPTANCE), close_after_days=None, remind_after_days=None)
    ticket = new_ticket("delivered")
    late = at(10, days=5)
    assert sweep.run(late) == 1
    facts = Event.objects.get(ticket=ticket, kind="breached").facts
    assert (facts["clock"], facts["owed_by"]) == ("acceptance", "client")
    paul = Access(world.people.paul)
    tower = board.tower(paul, late)
    assert (tower.late, tower.figures["late"]) == ([], 0)
    assert not board.late(Ticket.objects.all(), late).exists()
    report = year.report(paul, 2026)
    assert (report.total.judged, report.total.late) == (1, 0)
    assert "warned" not in kinds(ticket)


def test_it_is_told_on_the_page_and_by_the_api(world, agreed, new_ticket, client_of):  # noqa: F811
    agreed(targets=(FIRST, DELIVERY, ACCEPTANCE))
    ticket = new_ticket("delivered")
    browser = client_of(world.people.marc)
    page = browser.get(f"/tickets/{ticket.pk}/").content.decode()
    assert "réputée acceptée" in page
    assert "2 jours ouvrés" in page
    told = browser.get(f"/api/tickets/{ticket.pk}").json()
    assert told["closes_at"].startswith("2026-03-10T17:00")
    owed = [each["kind"] for each in told["clocks"] if each["owed_by"] == "client"]
    assert owed == ["acceptance"]
    why = browser.get(f"/api/tickets/{ticket.pk}/clocks").json()
    assert "J+2" in next(each for each in why if each["kind"] == "acceptance")["why"][0]

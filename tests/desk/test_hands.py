"""From being given a request to taking it: the pool's own clocks, which no client ever sees."""

import pytest

from relais.desk import sweep
from relais.desk.models import Clock, Event
from relais.offer.models import HandTarget

from .conftest import at, clock, kinds


@pytest.fixture
def quick(world):
    """The pool wants to take what it is given within 30 minutes, what is critical within 10."""
    HandTarget.put({None: 30, 1: 10}, by=world.people.paul)


def hands(ticket):
    found = ticket.clocks.filter(kind="hand").order_by("pk")
    return [(each.hand.first_name, each.verdict) for each in found]


def test_it_runs_from_assigned_to_taken(world, quick, new_ticket):
    ticket = new_ticket("assigned")  # 9:10
    running = clock(ticket, "hand")
    assert (running.started_at, running.due_at) == (at(9, 10), at(9, 40))
    assert running.hand == world.people.alice
    ticket.take(by=world.people.alice, at=at(9, 40))
    assert hands(ticket) == [("Alice", "met")]


def test_a_priority_has_its_own_time(quick, new_ticket):
    ticket = new_ticket("assigned", priority=1)
    assert clock(ticket, "hand").due_at == at(9, 20)


def test_another_hand_has_another_clock(world, quick, new_ticket):
    people = world.people
    ticket = new_ticket("assigned")
    ticket.hand_over(people.basile, "", by=people.alice, at=at(9, 15))
    ticket.take(by=people.basile, at=at(10, 30))
    assert hands(ticket) == [("Alice", "void"), ("Basile", "missed")]
    ticket.hand_over(people.alice, "", by=people.basile, at=at(11))
    ticket.cancel("Plus besoin", by=people.marc, at=at(11, 5))
    assert hands(ticket)[2:] == [("Alice", "void")]


def test_who_takes_it_out_of_a_hand_ends_its_clock(world, quick, new_ticket):
    ticket = new_ticket("assigned")
    world.people.paul.roles.create(
        provider=world.provider, person=world.people.paul, kind="assistant"
    )
    ticket.assign(world.people.basile, by=world.people.paul, at=at(9, 20))
    assert hands(ticket) == [("Alice", "void"), ("Basile", "")]


def test_nothing_runs_where_the_pool_set_itself_no_time(new_ticket):
    assert hands(new_ticket("taken")) == []


def test_what_waits_starts_no_clock_in_the_next_hand(world, quick, new_ticket):
    ticket = new_ticket("waiting")
    ticket.hand_over(world.people.basile, "", by=world.people.alice, at=at(11))
    assert hands(ticket) == [("Alice", "met")]


def test_clients_never_see_it(world, quick, new_ticket, client_of):
    ticket = new_ticket("assigned")
    sweep.run(at(9, 50))
    event = Event.objects.get(ticket=ticket, kind="breached", facts__clock="hand")
    assert event.internal
    for who, tells in (("marc", False), ("claire", False), ("paul", True), ("alice", True)):
        browser = client_of(getattr(world.people, who))
        told = browser.get(f"/api/tickets/{ticket.pk}").json()
        assert ("hand" in [each["kind"] for each in told["clocks"]]) is tells, who
        why = browser.get(f"/api/tickets/{ticket.pk}/clocks").json()
        assert ("hand" in [each["kind"] for each in why]) is tells, who
        page = browser.get(f"/tickets/{ticket.pk}/").content.decode()
        assert ("(interne)" in page) is tells, who
        page = browser.get("/requests/").content.decode()
        assert "(interne)" not in page


def test_it_counts_in_no_promise(world, quick, new_ticket):
    from relais.desk import board
    from relais.people.access import Access

    ticket = new_ticket("assigned")
    tower = board.tower(Access(world.people.paul), at(9, 50))
    assert (tower.late, tower.figures["late"]) == ([], 0)
    assert "hand" not in [each.kind for each in tower.soon]
    assert Clock.objects.filter(ticket=ticket, kind="hand").exists()
    assert kinds(ticket) == ["received", "assigned"]

"""Half, three quarters, nine tenths of the time used up: told to the pool, once each."""

from datetime import timedelta

from relais.desk import sweep
from relais.desk.models import Clock, Event

from .conftest import at, clock, kinds


def warned(ticket, kind="first_response"):
    events = Event.objects.filter(ticket=ticket, kind="warned", facts__clock=kind)
    return [event.facts["percent"] for event in events]


def test_each_percentage_is_told_once(new_ticket):
    ticket = new_ticket()  # answer within 2 h, due 11:00
    assert clock(ticket, "first_response").warn_at == at(10)
    second = timedelta(seconds=1)
    for when, told in (
        (at(10) - second, []),
        (at(10), [50]),
        (at(10) + second, [50]),
        (at(10, 30), [50, 75]),
        (at(10, 48), [50, 75, 90]),
        (at(10, 59), [50, 75, 90]),
    ):
        sweep.run(when)
        assert warned(ticket) == told, when
    assert clock(ticket, "first_response").warn_at is None


def test_of_several_at_once_the_highest_is_told(new_ticket):
    ticket = new_ticket()
    sweep.run(at(10, 40))
    assert warned(ticket) == [75]
    sweep.run(at(10, 50))
    assert warned(ticket) == [75, 90]


def test_what_is_late_is_warned_of_no_more(new_ticket):
    ticket = new_ticket()
    sweep.run(at(11, 1))
    assert warned(ticket) == []
    assert kinds(ticket) == ["received", "breached"]
    assert clock(ticket, "first_response").warn_at is None


def test_a_pause_puts_the_warning_off(world, new_ticket):
    ticket = new_ticket("taken")  # delivery within 8 h, due 18:00: half of it is used up by 14:00
    assert clock(ticket, "delivery").warn_at == at(14)
    ticket.ask("Quel jour ?", by=world.people.alice, at=at(10))
    assert clock(ticket, "delivery").warn_at is None
    sweep.run(at(17))
    ticket.resume(by=world.people.alice, at=at(9, days=1))
    assert clock(ticket, "delivery").warn_at == at(12, days=1)
    sweep.run(at(12, days=1))
    assert warned(ticket, "delivery") == [50]


def test_the_engine_is_asked_again(new_ticket):
    ticket = new_ticket()
    Clock.objects.filter(ticket=ticket).update(warn_at=at(9, 30))
    sweep.run(at(9, 31))
    assert warned(ticket) == []
    assert clock(ticket, "first_response").warn_at == at(10)


def test_what_is_over_is_not_warned_of(world, new_ticket):
    ticket = new_ticket("accepted")
    sweep.run(at(9, days=9))
    assert "warned" not in kinds(ticket)


def test_working_days_have_their_percentages_too(world, new_ticket):
    ticket = new_ticket()
    promise = Clock.objects.filter(ticket=ticket, kind="delivery")
    promise.update(target=0, days=1)  # to Wednesday's closing: 16 h of opening
    running = promise.select_related("calendar").get()
    running.date()
    assert (running.due_at, running.warn_at) == (at(18, days=1), at(18))


def test_clients_hear_nothing_of_it(world, new_ticket, client_of):
    ticket = new_ticket()
    sweep.run(at(10))
    assert Event.objects.get(ticket=ticket, kind="warned").internal
    for who, tells in (("marc", False), ("claire", False), ("paul", True), ("alice", True)):
        browser = client_of(getattr(world.people, who))
        events = browser.get(f"/api/tickets/{ticket.pk}").json()["events"]
        assert ("warned" in [event["kind"] for event in events]) is tells, who
        page = browser.get(f"/tickets/{ticket.pk}/").content.decode()
        assert ("50 % " in page.replace("\xa0", " ")) is tells, who

"""Deadlines follow their calendar and agreement: previewed, applied once, kept with the reason."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from relais.desk import recalculation
from relais.desk.errors import NotNow, NotYours
from relais.desk.models import Clock, DeadlineChange, Recalculation
from relais.people import calendar_changes
from relais.people.access import Access
from relais.people.calendars import of_site
from relais.people.models import Calendar, CalendarChange

from .conftest import at, clock
from .test_promises import DELIVERY, FIRST, MARCH, agreed  # noqa: F401

WEDNESDAY = at(9, days=1).date()


@pytest.fixture
def aix(world):
    return of_site(world.sites.aix).calendar


def close(calendar, day=WEDNESDAY, by=None, **fields):
    fresh = Calendar.objects.get(pk=calendar.pk)
    return calendar_changes.add_days(fresh, day, by=by, seen=fresh.version, **fields)


def begun(calendar):
    change = CalendarChange.objects.filter(calendar=calendar).order_by("pk").last()
    return recalculation.begin_for_change(change.pk)


def done(run, size=2000):
    while recalculation.step(run.pk, size):
        pass
    run.refresh_from_db()
    return run


def deadlines():
    return dict(Clock.objects.values_list("pk", "due_at"))


def test_a_closed_day_moves_what_falls_on_it(world, new_ticket, aix):
    ticket = new_ticket(at=at(17))  # two hours for an answer: Wednesday 10:00
    other = new_ticket(site=world.sites.brest, requester=world.people.erwan, at=at(17))
    over = new_ticket("delivered")
    before = deadlines()
    close(aix)
    run = done(begun(aix))
    assert clock(ticket, "first_response").due_at == at(10, days=2)
    assert (run.state, run.total, run.moved) == ("done", 2, 2)
    for untouched in (other, over):
        for each in untouched.clocks.all():
            assert each.due_at == before[each.pk]
    change = DeadlineChange.objects.get(clock=clock(ticket, "first_response"))
    assert (change.was, change.now) == (at(10, days=1), at(10, days=2))
    assert aix.name in change.recalculation.reason


def test_a_change_of_calendar_calls_the_job(world, new_ticket, aix):
    new_ticket()
    close(aix)
    job = ProcrastinateJob.objects.filter(task_name=calendar_changes.RECALCULATE).get()
    change = CalendarChange.objects.latest("pk")
    assert job.args == {"provider_id": world.provider.pk, "change_id": change.pk}
    from relais.desk import tasks

    assert tasks.recalculate_calendar.name == calendar_changes.RECALCULATE
    from relais.offer.models import agreement_version

    assert tasks.recalculate_version.name == agreement_version.RECALCULATE


def test_a_calendar_that_no_open_clock_follows_asks_for_nothing(world, new_ticket, aix):
    new_ticket("accepted")
    close(aix)
    assert begun(aix) is None


def test_the_preview_tells_and_changes_nothing(world, new_ticket, aix):
    ticket = new_ticket(at=at(17))
    before, version = deadlines(), Calendar.objects.get(pk=aix.pk).version

    def closing(calendar):
        calendar_changes.add_days(calendar, WEDNESDAY, by=world.people.paul, seen=calendar.version)

    told = recalculation.preview_calendar(Access(world.people.paul), aix, closing, at(12, days=1))
    assert (told.moved, told.became_late, told.ceased_late) == (2, 0, 1)
    assert "2" in told.sentence and "1" in told.sentence
    move = next(m for m in told.moves if m.clock.pk == clock(ticket, "first_response").pk)
    assert (move.clock.due_at, move.now) == (at(10, days=1), at(10, days=2))
    assert deadlines() == before
    assert Calendar.objects.get(pk=aix.pk).version == version
    assert not ProcrastinateJob.objects.filter(task_name=calendar_changes.RECALCULATE).exists()


def test_hours_added_make_late_what_was_in_time(world, new_ticket, aix):
    new_ticket(at=at(17))

    def longer(calendar):
        calendar_changes.add_days(
            calendar,
            at(9).date(),
            by=world.people.paul,
            seen=calendar.version,
            kind="hours",
            hours=[("09:00", "22:00")],
        )

    told = recalculation.preview_calendar(Access(world.people.paul), aix, longer, at(20))
    assert (told.became_late, told.ceased_late) == (1, 0)


def test_a_second_run_changes_nothing(world, new_ticket, aix):
    new_ticket(at=at(17))
    close(aix)
    first = done(begun(aix))
    after = deadlines()
    assert begun(aix).pk == first.pk
    assert not recalculation.step(first.pk)
    Recalculation.objects.filter(pk=first.pk).update(state="waiting", cursor=0)
    again = done(first)
    assert deadlines() == after
    assert (again.moved, DeadlineChange.objects.count()) == (2, 2)


def test_stopped_it_goes_on_where_it_was(world, new_ticket, aix):
    for minute in range(5):
        new_ticket(at=at(17, minute))
    close(aix)
    run = begun(aix)
    recalculation.step(run.pk, 3)
    run.refresh_from_db()
    assert (run.state, run.seen, run.total, run.percent) == ("running", 3, 10, 30)
    run.stop(by=world.people.paul)
    assert not recalculation.step(run.pk, 3)
    assert DeadlineChange.objects.count() == 3
    with pytest.raises(NotNow):
        run.stop(by=world.people.paul)
    run.resume(by=world.people.paul)
    assert ProcrastinateJob.objects.filter(task_name="relais.desk.tasks.recalculate").exists()
    run = done(run, 3)
    assert (run.state, run.seen, run.moved, run.percent) == ("done", 10, 10, 100)


@pytest.mark.parametrize("who", ["alice", "claire", "marc", "quentin"])
def test_only_those_who_run_the_pool_stop_it(world, new_ticket, aix, who):
    new_ticket()
    close(aix)
    run = begun(aix)
    with pytest.raises(NotYours):
        run.stop(by=getattr(world.people, who))
    assert not Access(getattr(world.people, who)).see(Recalculation).exists()


def test_a_to_b_to_a_gives_the_first_deadline(world, new_ticket, aix):
    new_ticket(at=at(17))
    new_ticket("waiting")
    first = deadlines()
    day = close(aix)
    done(begun(aix))
    assert deadlines() != first
    fresh = Calendar.objects.get(pk=aix.pk)
    calendar_changes.remove_days(fresh, [day], by=None, seen=fresh.version)
    done(begun(aix))
    assert deadlines() == first


def test_a_breach_that_moved_ahead_can_be_told_again(world, new_ticket, aix):
    ticket = new_ticket(at=at(17))
    far = at(9, days=4000).date()
    Clock.objects.filter(ticket=ticket, kind="first_response").update(breached_at=at(11, days=1))
    fresh = Calendar.objects.get(pk=aix.pk)
    calendar_changes.add_days(
        fresh, WEDNESDAY, WEDNESDAY + timedelta(days=365), by=None, seen=fresh.version
    )
    done(begun(aix))
    answer = clock(ticket, "first_response")
    assert answer.due_at.date() < far
    assert answer.breached_at is None


def test_a_calendar_that_never_opens_breaks_off_and_guesses_nothing(world, new_ticket, aix):
    new_ticket(at=at(17))
    before = deadlines()
    aix.openings.all().delete()
    Calendar.objects.filter(pk=aix.pk).update(version=10**6)
    CalendarChange.objects.create(
        provider=world.provider, calendar=aix, at=at(9), kind="weekly_changed"
    )
    run = done(begun(aix))
    assert run.state == "failed"
    assert run.fault
    assert deadlines() == before


def test_the_record_is_append_only(world, new_ticket, aix):
    new_ticket(at=at(17))
    close(aix)
    done(begun(aix))
    for change in (lambda rows: rows.update(was=None), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(DeadlineChange.objects.all())


def test_a_version_signed_on_its_first_day_takes_that_days_tickets_in(world, agreed, new_ticket):  # noqa: F811
    new_ticket(at=at(9, days=-4))
    ticket = new_ticket("taken")
    version = agreed()
    run = done(recalculation.begin_for_version(version.pk))
    assert (run.state, run.total, run.moved) == ("done", 1, 1)
    delivery = clock(ticket, "delivery")
    assert (delivery.due_at, delivery.agreement_version) == (at(14), version)
    change = DeadlineChange.objects.get()
    assert change.facts == {"target": 8 * 3600, "days": None, "agreement": None}
    assert recalculation.begin_for_version(version.pk).pk == run.pk
    assert done(run).moved == 1


def test_an_unsigned_version_moves_nothing_but_a_preview(world, agreed, new_ticket):  # noqa: F811
    from relais.offer.models import AgreementVersion

    version = agreed()
    ticket = new_ticket("taken")
    draft = AgreementVersion.draft_from(version.agreement, by=world.people.paul)
    draft.edit(
        by=world.people.paul,
        effective_from=date(2030, 1, 1),
        targets=(FIRST, replace(DELIVERY, hours=Decimal(2))),
    )
    assert recalculation.begin_for_version(draft.pk) is None
    told = recalculation.preview_version(Access(world.people.paul), draft, at(12))
    assert (told.seen, told.moved, told.became_late) == (1, 1, 1)
    assert told.moves[0].now == at(11)
    assert clock(ticket, "delivery").due_at == at(14)


def test_clients_read_why_their_deadline_moved_and_no_other(world, new_ticket, aix):
    new_ticket(at=at(17))
    close(aix)
    done(begun(aix))
    assert Access(world.people.marc).see(DeadlineChange).count() == 2
    assert not Access(world.people.fanny).see(DeadlineChange).exists()
    assert not Access(world.people.nadia).see(DeadlineChange).exists()

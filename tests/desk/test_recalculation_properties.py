"""What holds for every change of a calendar: there and back, twice, and for no other clock."""

from datetime import date

import pytest

from relais.desk.models import Clock, DeadlineChange, Recalculation
from relais.people import calendar_changes as changes
from relais.people.models import Calendar

from .conftest import at
from .test_recalculation import aix, begun, close, deadlines, done  # noqa: F401

WEDNESDAY = at(9, days=1).date()


def days_back(calendar, seen, made):
    changes.remove_days(calendar, [made], by=None, seen=seen)


def weekly(week):
    def change(calendar, seen, _made=None):
        changes.change_weekly(calendar, week(calendar), by=None, seen=seen)

    return change


def settings(**given):
    def change(calendar, seen, _made=None):
        changes.change_settings(calendar, by=None, seen=seen, **given)

    return change


def usual(_calendar):
    return {day: [["09:00", "12:30"], ["13:30", "18:00"]] for day in range(1, 6)}


def mornings(_calendar):
    return {day: [["10:00", "12:00"]] for day in range(1, 6)}


def longer(_calendar):
    return {day: [["07:00", "20:00"]] for day in range(1, 7)}


def nights(_calendar):
    return {day: [["22:00", "30:00"]] for day in range(1, 6)}


def closed(calendar, seen, _made=None):
    return changes.add_days(calendar, WEDNESDAY, by=None, seen=seen)


def closed_for_weeks(calendar, seen, _made=None):
    return changes.add_days(calendar, WEDNESDAY, date(2026, 3, 31), by=None, seen=seen, yearly=True)


def fewer_hours(calendar, seen, _made=None):
    hours = [["11:00", "11:30"]]
    return changes.add_days(calendar, WEDNESDAY, by=None, seen=seen, kind="hours", hours=hours)


# From A to B, and back to A.
CHANGES = {
    "a closed day": (closed, days_back),
    "a closure of weeks, every year": (closed_for_weeks, days_back),
    "other hours of a day": (fewer_hours, days_back),
    "mornings only": (weekly(mornings), weekly(usual)),
    "longer hours": (weekly(longer), weekly(usual)),
    "nights": (weekly(nights), weekly(usual)),
    "another zone": (settings(time_zone="Asia/Kathmandu"), settings(time_zone="Europe/Paris")),
}


def changed(calendar, change, made=None):
    """Make one change, and the run that follows it."""
    fresh = Calendar.objects.get(pk=calendar.pk)
    made = change(fresh, fresh.version, made)
    return made, done(begun(calendar))


@pytest.mark.parametrize("case", CHANGES)
def test_there_and_back_and_twice_and_no_other_clock(world, new_ticket, aix, case):  # noqa: F811
    there, back = CHANGES[case]
    concerned = [new_ticket(at=at(17)), new_ticket("waiting"), new_ticket("taken")]
    new_ticket(site=world.sites.brest, requester=world.people.erwan, at=at(17))
    new_ticket("delivered")
    open_here = set(
        Clock.objects.filter(ticket__in=concerned, stopped_at=None).values_list("pk", flat=True)
    )
    first = deadlines()

    made, run = changed(aix, there)
    second = deadlines()
    moved = {key for key in first if first[key] != second[key]}
    assert moved
    assert moved <= open_here
    told = DeadlineChange.objects.filter(recalculation=run)
    assert set(told.values_list("clock", flat=True)) == moved

    Recalculation.objects.filter(pk=run.pk).update(state="waiting", cursor=0)
    done(run)
    assert deadlines() == second
    assert told.count() == len(moved)

    changed(aix, back, made)
    assert deadlines() == first

"""Changing a calendar: whole or not at all, kept with before and after, and one of two is told."""

import threading
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import connections
from django.utils import translation

from relais.lib.tenancy import tenant
from relais.people import calendar_changes as changes
from relais.people import calendars
from relais.people.calendar_changes import ChangedMeanwhile, FedDays
from relais.people.calendars import Origin, State
from relais.people.models import Calendar, CalendarDay
from tests.world import build_world

CHRISTMAS = date(2026, 12, 25)
MONDAY = date(2026, 11, 23)
NINE_TO_FIVE = {day: [["09:00", "17:00"]] for day in range(1, 6)}
Kind = CalendarDay.Kind


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def office(world):
    """Return the calendar of Aix and Lyon."""
    return world.sites.aix.calendar


@pytest.fixture
def paul(world):
    return world.people.paul


def last(calendar):
    return calendar.changes.first()


def test_new_weekly_hours_hold_at_once_and_keep_the_old_ones(office, paul):
    assert calendars.day(office, MONDAY).hours_text == "09:00–12:30, 13:30–18:00"
    changes.change_weekly(office, NINE_TO_FIVE, by=paul, seen=1)
    assert calendars.day(office, MONDAY).hours_text == "09:00–17:00"
    change = last(office)
    assert (change.kind, change.by) == ("weekly_changed", paul)
    assert change.facts["before"]["week"]["1"] == "09:00–12:30, 13:30–18:00"
    assert change.facts["after"]["week"]["1"] == "09:00–17:00"
    assert Calendar.objects.get(pk=office.pk).version == office.version > 1


@pytest.mark.parametrize(
    ("monday", "said"),
    [
        ([["09:00", "12:00"], ["11:00", "18:00"]], "Monday: 09:00–12:00 and 11:00–18:00 overlap"),
        ([["18:00", "09:00"]], "Monday: 18:00–09:00 ends before it begins: write 09:00–18:00"),
        ([["09:00", "09:00"]], "09:00–09:00 has no length"),
        ([["9 o'clock", "18:00"]], "is no time of day"),
        ([], "never opens"),
    ],
)
def test_wrong_hours_are_refused_with_the_mend(office, paul, monday, said):
    with pytest.raises(ValidationError, match=said):
        changes.change_weekly(office, {1: monday}, by=paul, seen=1)
    assert calendars.day(office, MONDAY).hours_text == "09:00–12:30, 13:30–18:00"
    assert not office.changes.exists()


def test_a_night_is_taken_when_it_is_meant(office, paul):
    week = {1: [["22:00", "06:00"]], 2: [["00:00", "24:00"]]}
    with pytest.raises(ValidationError, match="overlap"):
        changes.change_weekly(office, week, by=paul, seen=1, overnight=True)
    week = {1: [["22:00", "06:00"]], 3: [["00:00", "24:00"]]}
    changes.change_weekly(office, week, by=paul, seen=1, overnight=True)
    assert calendars.day(office, MONDAY).hours_text == "22:00–06:00"
    assert calendars.day(office, date(2026, 11, 25)).hours_text == "00:00–24:00"
    assert changes.week_of(office)[3] == [["00:00", "24:00"]]


def test_settings_tell_only_what_changed(office, paul):
    changes.change_settings(office, by=paul, seen=1, holiday_zone="FR-974", whit_monday_worked=True)
    assert calendars.day(office, date(2026, 12, 20)).reason == "Abolition of slavery"
    assert last(office).facts == {
        "before": {"holiday_zone": "FR", "whit_monday_worked": False},
        "after": {"holiday_zone": "FR-974", "whit_monday_worked": True},
    }


@pytest.mark.parametrize(
    ("setting", "value"),
    [("time_zone", "Europe/Aix"), ("holiday_zone", "FR-XX"), ("name", ""), ("name", "Doublon")],
)
def test_wrong_settings_are_refused(world, office, paul, setting, value):
    Calendar.objects.create(provider=world.provider, company=office.company, name="Doublon")
    with pytest.raises(ValidationError):
        changes.change_settings(office, by=paul, seen=1, **{setting: value})
    assert getattr(Calendar.objects.get(pk=office.pk), setting) != value


def test_a_day_is_closed_then_freed_again_and_the_removal_undone(office, paul):
    row = changes.add_days(office, MONDAY, by=paul, seen=1, label=" Inventaire ")
    state = calendars.day(office, MONDAY)
    assert (state.state, state.origin, state.reason) == (State.CLOSED, Origin.MANUAL, "Inventaire")
    assert (state.by, state.entry) == (paul.name, row.pk)
    removal = changes.remove_days(office, [row], by=paul, seen=office.version)
    assert calendars.day(office, MONDAY).state is State.OPEN
    changes.restore_days(office, removal, by=paul, seen=office.version)
    assert calendars.day(office, MONDAY).reason == "Inventaire"
    with pytest.raises(ValidationError, match="undone already"):
        changes.restore_days(office, removal, by=paul, seen=office.version)
    assert [c.kind for c in office.changes.all()] == ["days_restored", "days_removed", "days_added"]


def test_other_hours_on_a_holiday(office, paul):
    changes.add_days(
        office, CHRISTMAS, by=paul, seen=1, kind=Kind.HOURS, hours=[["10:00", "12:00"]]
    )
    state = calendars.day(office, CHRISTMAS)
    assert (state.state, state.hours_text) == (State.OTHER, "10:00–12:00")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"last": date(2026, 12, 24)}, "before the first"),
        ({"last": date(2028, 1, 1)}, "longer than a year"),
        ({"kind": Kind.HOURS}, "at least one opening"),
        ({"kind": Kind.HOURS, "hours": [["10:00", "25:99"]]}, "no time of day"),
        ({"kind": Kind.HOURS, "hours": [["18:00", "10:00"]]}, "ends before it begins"),
        ({"kind": "nonsense"}, "nonsense"),
        ({"label": "x" * 201}, "200"),
    ],
)
def test_wrong_days_are_refused_with_the_mend(office, paul, given, said):
    with pytest.raises(ValidationError, match=said):
        changes.add_days(office, CHRISTMAS, **given, by=paul, seen=1)
    assert not office.days.exists()


def days(*numbers, label="Pont"):
    return [FedDays(date(2026, 5, n), date(2026, 5, n), label) for n in numbers]


def test_a_feed_comes_again_without_touching_what_persons_entered(office, paul):
    changes.import_feed(office, "Ponts", days(14, 15, 16), digest="a", by=paul, seen=1)
    typed = changes.add_days(office, date(2026, 5, 15), by=paul, seen=office.version, kind="normal")
    preview = changes.preview_feed(office, "Ponts", days(15, 16, 22))
    assert (preview.new, preview.gone) == (days(22), days(14))
    assert (preview.same, preview.overridden) == (2, [date(2026, 5, 15)])
    kept = office.days.get(first_day=date(2026, 5, 16)).pk
    changes.import_feed(office, "Ponts", days(15, 16, 22), digest="b", by=paul, seen=office.version)
    book = calendars.book_of(office)
    assert book.day(date(2026, 5, 13)).origin is Origin.WEEK
    assert (book.day(date(2026, 5, 15)).entry, book.day(date(2026, 5, 16)).entry) == (
        typed.pk,
        kept,
    )
    assert book.day(date(2026, 5, 22)).origin is Origin.FEED
    feed = office.feeds.get()
    assert (feed.days, feed.digest, feed.imported_by) == (3, "b", paul)


def test_two_feeds_stand_side_by_side_and_one_may_go(office, paul):
    changes.import_feed(office, "Ponts", days(15), digest="a", by=paul, seen=1)
    changes.import_feed(office, "Fêtes", days(20), digest="b", by=paul, seen=office.version)
    changes.remove_feed(office, office.feeds.get(name="Ponts"), by=paul, seen=office.version)
    assert [row.first_day.day for row in office.days.all()] == [20]
    assert last(office).facts["before"]["days"][0]["label"] == "Pont"


def test_a_day_of_a_feed_is_not_removed_by_hand(office, paul):
    changes.import_feed(office, "Ponts", days(15), digest="a", by=paul, seen=1)
    with pytest.raises(ValidationError, match="belongs to a feed"):
        changes.remove_days(office, [office.days.get()], by=paul, seen=office.version)
    assert office.days.count() == 1


def test_an_empty_feed_is_refused(office, paul):
    with pytest.raises(ValidationError, match="no day off"):
        changes.import_feed(office, "Ponts", [], digest="a", by=paul, seen=1)


def test_the_one_who_saw_an_older_calendar_is_told_who_was_first(world, office):
    changes.change_weekly(office, NINE_TO_FIVE, by=world.people.paul, seen=1)
    stale = Calendar.objects.get(pk=office.pk)
    with pytest.raises(ChangedMeanwhile, match="Paul Pichon changed this calendar"):
        changes.add_days(stale, CHRISTMAS, by=world.people.maud, seen=1)
    assert not office.days.exists()
    assert office.changes.count() == 1


def test_a_change_rolled_back_never_lends_its_version_to_another(world, office, paul):
    """Else a book read inside the lost transaction would answer for the next change."""
    from django.db import transaction

    with transaction.atomic():
        changes.change_weekly(office, NINE_TO_FIVE, by=paul, seen=1)
        lost = office.version
        assert calendars.day(office, MONDAY).hours_text == "09:00–17:00"
        transaction.set_rollback(True)
    again = Calendar.objects.get(pk=office.pk)
    changes.change_weekly(again, {1: [["10:00", "11:00"]]}, by=paul, seen=1)
    assert again.version != lost
    assert calendars.day(again, MONDAY).hours_text == "10:00–11:00"


def test_of_two_at_once_one_wins_and_the_other_is_told(committed):
    world = build_world()
    office = world.sites.aix.calendar
    start, outcomes = threading.Barrier(2), []

    def edit(person, hours):
        try:
            with tenant(world.provider.pk):
                mine = Calendar.objects.get(pk=office.pk)
                start.wait(10)
                changes.change_weekly(mine, {1: [hours]}, by=person, seen=mine.version)
            outcomes.append("saved")
        except ChangedMeanwhile as error:
            outcomes.append(str(error))
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=edit, args=(world.people.paul, ["08:00", "12:00"])),
        threading.Thread(target=edit, args=(world.people.maud, ["10:00", "18:00"])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(word == "saved" for word in outcomes) == [False, True]
    told = next(word for word in outcomes if word != "saved")
    assert "Paul Pichon" in told or "Maud Maréchal" in told
    with tenant(world.provider.pk):
        assert Calendar.objects.get(pk=office.pk).changes.count() == 1
        assert office.openings.count() == 1


def test_a_new_calendar_has_its_hours_and_its_beginning(world, paul):
    made = changes.create(
        world.provider, by=paul, name="Nuit", company=None, week=NINE_TO_FIVE, holiday_zone="BE"
    )
    assert calendars.day(made, MONDAY).is_open
    assert last(made).kind == "created"
    with pytest.raises(ValidationError):
        changes.create(world.provider, by=paul, name="NUIT", company=None, week=NINE_TO_FIVE)

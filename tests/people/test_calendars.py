"""What a day is, and why: exceptions before feeds, feeds before holidays, then the week."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.utils import timezone, translation
from hypothesis import given, settings
from hypothesis import strategies as st

from relais.engine.hours import DAY, Interval
from relais.people import calendars, holidays
from relais.people.calendars import Book, Entry, NoCalendar, Origin, State
from relais.people.models import Calendar, CalendarDay, HolidayFeed, OpeningInterval, Site

HOUR = 3600
MORNING, AFTERNOON = Interval(9 * HOUR, 45_000), Interval(48_600, 18 * HOUR)
OFFICE = ((MORNING, AFTERNOON),) * 5 + ((), ())
CHRISTMAS = date(2026, 12, 25)
Kind = CalendarDay.Kind


def entry(first, last=None, kind=Kind.CLOSED, **more):
    given = {
        "pk": 1,
        "yearly": False,
        "hours": (),
        "label": "",
        "feed": "",
        "by_pk": None,
        "by": "",
        "at": None,
    }
    return Entry(first=first, last=last or first, kind=kind, **(given | more))


def book(*entries, week=OFFICE, zone="FR", half_eves=False, whit_monday_worked=False):
    return Book("Europe/Paris", zone, half_eves, whit_monday_worked, week, entries)


def said(book, day):
    state = book.day(day)
    return state.state, state.origin, state.hours_text


def test_an_ordinary_day_follows_the_week():
    monday, saturday = date(2026, 11, 23), date(2026, 11, 28)
    assert said(book(), monday) == (State.OPEN, Origin.WEEK, "09:00–12:30, 13:30–18:00")
    assert said(book(), saturday) == (State.REST, Origin.WEEK, "")


def test_a_public_holiday_closes_and_tells_its_name_and_zone():
    with translation.override("en"):
        state = book(zone="FR-57").day(date(2026, 12, 26))
        assert (state.state, state.origin, state.intervals) == (State.HOLIDAY, Origin.HOLIDAY, ())
        assert state.reason == "Second day of Christmas"
        assert state.origin_text == "Public holiday (Alsace-Moselle)"
    assert book(zone="").day(CHRISTMAS).state is State.OPEN


def test_a_feed_beats_the_holiday_and_a_person_beats_the_feed():
    eight = (Interval(8 * HOUR, 12 * HOUR),)
    fed = entry(CHRISTMAS, kind=Kind.CLOSED, feed="Officiel", label="Noël (feed)", pk=9)
    typed = entry(CHRISTMAS, kind=Kind.HOURS, hours=eight, label="Permanence", pk=2)
    assert book(fed).day(CHRISTMAS).origin is Origin.FEED
    state = book(fed, typed).day(CHRISTMAS)
    assert (state.state, state.origin, state.reason) == (State.OTHER, Origin.MANUAL, "Permanence")
    assert state.hours_text == "08:00–12:00"


def test_a_persons_yearly_word_beats_a_feeds_single_day():
    typed = entry(date(2025, 8, 14), yearly=True, kind=Kind.NORMAL, pk=1)
    fed = entry(date(2026, 8, 14), feed="Officiel", pk=2)
    assert book(typed, fed).day(date(2026, 8, 14)).origin is Origin.MANUAL


def test_a_worked_holiday_has_the_hours_of_its_weekday():
    state = book(entry(CHRISTMAS, kind=Kind.NORMAL)).day(CHRISTMAS)
    assert state.intervals == (MORNING, AFTERNOON)
    assert state.reason == holidays.of_year("FR", 2026)[CHRISTMAS].name


def test_among_exceptions_the_single_year_beats_the_yearly_and_the_later_the_earlier():
    yearly = entry(date(2025, 12, 24), date(2026, 1, 2), yearly=True, pk=5, label="yearly")
    once = entry(date(2026, 12, 28), kind=Kind.NORMAL, pk=3, label="once")
    later = entry(date(2026, 12, 28), kind=Kind.CLOSED, pk=7, label="later")
    assert book(yearly, once).day(date(2026, 12, 28)).reason == "once"
    assert book(yearly, once, later).day(date(2026, 12, 28)).reason == "later"
    assert book(yearly, once).day(date(2026, 12, 29)).reason == "yearly"


def test_a_yearly_closure_runs_over_the_years_end_and_never_before_its_first_year():
    closed = book(entry(date(2026, 12, 24), date(2027, 1, 2), yearly=True), zone="")
    open_on = [
        day
        for day in (date(2025, 12, 29), date(2026, 1, 2), date(2026, 12, 23), date(2027, 1, 4))
        if closed.day(day).is_open
    ]
    assert len(open_on) == 4
    for day in (date(2026, 12, 24), date(2027, 1, 1), date(2031, 12, 31), date(2032, 1, 2)):
        assert closed.day(day).origin is Origin.MANUAL


def test_a_yearly_29_february_is_the_28th_in_other_years():
    leap = entry(date(2024, 2, 29), yearly=True)
    assert leap.covers(date(2028, 2, 29))
    assert not leap.covers(date(2028, 2, 28))
    assert not leap.covers(date(2027, 2, 28)), "there is no such day in 2027"


def test_the_day_before_a_holiday_ends_at_noon():
    halved = book(half_eves=True)
    eve = halved.day(date(2026, 12, 24))
    assert (eve.state, eve.origin, eve.intervals) == (State.HALF, Origin.EVE, (MORNING,))
    with translation.override("en"):
        assert halved.day(date(2026, 12, 24)).reason == "Before Christmas Day"
    assert book().day(date(2026, 12, 24)).state is State.OPEN


def test_hours_through_noon_are_cut_at_13():
    through = book(week=((Interval(9 * HOUR, 18 * HOUR),),) * 7, half_eves=True)
    assert through.day(date(2026, 12, 24)).hours_text == "09:00–13:00"


def test_a_day_before_a_worked_holiday_is_whole():
    worked = book(entry(CHRISTMAS, kind=Kind.NORMAL), half_eves=True)
    assert worked.day(date(2026, 12, 24)).state is State.OPEN


def test_new_years_eve_is_halved_for_a_holiday_of_the_next_year():
    assert book(half_eves=True).day(date(2026, 12, 31)).state is State.HALF
    assert date(2026, 12, 31) in [s.day for s in book(half_eves=True).exceptional(2026)]


def test_whit_monday_may_be_worked_and_says_so():
    whit_monday = date(2026, 5, 25)
    assert book().day(whit_monday).state is State.HOLIDAY
    state = book(whit_monday_worked=True).day(whit_monday)
    assert (state.state, state.origin) == (State.OPEN, Origin.WHIT_MONDAY)
    assert book(whit_monday_worked=True, half_eves=True).day(date(2026, 5, 24)).state is State.REST


NIGHTS = ((Interval(22 * HOUR, 30 * HOUR),),) * 7


def test_a_night_before_a_closed_day_ends_at_midnight_as_the_clock_counts_it():
    nights = book(week=NIGHTS)
    assert nights.day(date(2026, 12, 23)).hours_text == "22:00–06:00"
    assert nights.day(date(2026, 12, 24)).hours_text == "22:00–24:00"
    table = calendars.compiled(nights)
    evening = datetime(2026, 12, 24, 12, tzinfo=UTC)
    assert table.between(evening, evening + timedelta(hours=24)) == timedelta(hours=2)


days = st.dates(date(2024, 1, 1), date(2030, 12, 31))
spans = st.tuples(days, st.integers(0, 40))
hours = st.lists(
    st.tuples(st.integers(0, 23), st.integers(1, 10)).map(
        lambda pair: Interval(pair[0] * HOUR, (pair[0] + pair[1]) * HOUR)
    ),
    max_size=2,
)


@st.composite
def books(draw):
    entries = []
    for pk, (first, length) in enumerate(draw(st.lists(spans, max_size=5)), 1):
        kind = draw(st.sampled_from(list(Kind)))
        entries.append(
            entry(
                first,
                first + timedelta(length),
                kind=kind,
                pk=pk,
                yearly=draw(st.booleans()),
                feed=draw(st.sampled_from(["", "Officiel"])),
                hours=tuple(draw(hours)) if kind == Kind.HOURS else (),
            )
        )
    return book(
        *entries,
        week=tuple(tuple(draw(hours)) for _ in range(7)),
        zone=draw(st.sampled_from(["", "FR", "FR-57", "FR-974", "CH-GE"])),
        half_eves=draw(st.booleans()),
        whit_monday_worked=draw(st.booleans()),
    )


@settings(deadline=None)
@given(books(), days)
def test_the_days_of_a_year_agree_with_each_day_asked_alone(book, day):
    """`exceptional` looks only where something may differ: it must never miss a day."""
    listed = {state.day: state for state in book.exceptional(day.year)}
    alone = book.day(day)
    if alone.origin is Origin.WEEK:
        assert day not in listed
    else:
        assert listed[day] == alone


@settings(deadline=None)
@given(books(), days)
def test_the_clock_counts_what_the_page_shows(book, day):
    """Open seconds of the compiled calendar equal the openings shown, day by day (in UTC)."""
    plain = Book("UTC", book.holiday_zone, book.half_eves, book.whit_monday_worked, *_rest(book))
    table = calendars.compiled(plain)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    shown = set()
    state = plain.day(day)
    # Closed by an exception, it is closed also to a night that began on its eve.
    closed = state.origin is not Origin.WEEK and not state.intervals
    for back in (0,) if closed else (0, 1):
        state = plain.day(day - timedelta(back))
        for start, end in state.intervals:
            shown.update(range(max(start - back * DAY, 0), min(end - back * DAY, DAY), 1800))
    counted = table.between(midnight, midnight + timedelta(days=1))
    assert counted == timedelta(seconds=1800 * len(shown))


def _rest(book):
    return book.week, book.entries


# With a database --------------------------------------------------------------------------------


def test_of_site_prefers_the_site_then_the_entity_then_the_company(world):
    aix = world.sites.aix
    own, entitys, companys = (
        Calendar.objects.create(provider=world.provider, company=aix.company, name=name)
        for name in ("own", "entity's", "company's")
    )
    aix.company.calendar, aix.entity.calendar, aix.calendar = companys, entitys, own
    with translation.override("en"):
        found = calendars.of_site(aix)
        assert (found.calendar, found.source) == (own, "Calendar of the site Aix")
        aix.calendar = None
        assert calendars.of_site(aix).source == "Calendar of the legal entity Calanques SAS"
        aix.entity.calendar = None
        assert calendars.of_site(aix).source == "Calendar of the company Calanques Services"
    aix.company.calendar = None
    with pytest.raises(NoCalendar, match="Aix"):
        calendars.of_site(aix)


def test_a_whole_list_of_sites_is_resolved_in_one_query(world, django_assert_num_queries):
    with django_assert_num_queries(1):
        for site in Site.objects.select_related(*calendars.PLACES):
            calendars.of_site(site)


def test_a_day_is_answered_without_a_query_once_the_calendar_is_known(
    world, django_assert_num_queries
):
    calendar = world.sites.aix.calendar
    calendars.day(calendar, CHRISTMAS)
    with django_assert_num_queries(0):
        assert calendars.day(calendar, date(2031, 12, 25)).state is State.HOLIDAY
        assert calendars.timetable(calendar).zone.key == "Europe/Paris"


def test_rows_become_days(world):
    calendar, paul = world.sites.aix.calendar, world.people.paul
    feed = HolidayFeed.objects.create(
        provider=world.provider, calendar=calendar, name="Ponts", imported_at=timezone.now()
    )
    for day, more in [
        (date(2026, 5, 15), {"feed": feed, "source": "feed", "label": "Pont"}),
        (date(2026, 12, 5), {"kind": "hours", "hours": [["10:00", "16:00"]], "changed_by": paul}),
    ]:
        CalendarDay.objects.create(
            provider=world.provider, calendar=calendar, first_day=day, last_day=day, **more
        )
    OpeningInterval.objects.create(
        provider=world.provider, calendar=calendar, weekday=6, opens=time(22), closes=time(6)
    )
    read = calendars.read(calendar)
    assert read.day(date(2026, 5, 15)).feed == "Ponts"
    opened = read.day(date(2026, 12, 5))
    assert (opened.hours_text, opened.by, opened.at is None) == ("10:00–16:00", paul.name, False)
    assert read.day(date(2026, 12, 12)).hours_text == "22:00–06:00"

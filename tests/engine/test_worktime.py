"""Deadlines of the people who know them by heart, and every edge a calendar can have."""

import json
import threading
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from relais.engine import worktime
from relais.engine.worktime import Day, Kind, Pause

CASES = Path(__file__).parents[2] / ".." / "shared" / "data" / "businesstime" / "paris_lunch.json"
DAY_HOURS = [("09:00", "12:30"), ("13:30", "18:00")]
WEEK = dict.fromkeys(range(5), DAY_HOURS)
PARIS = ZoneInfo("Europe/Paris")
HOUR = timedelta(hours=1)

EASTER_2027 = date(2027, 3, 29)
GOOD_FRIDAY_2027 = date(2027, 3, 26)


def paris(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=PARIS, fold=fold)


def lyon(**more) -> worktime.Calendar:
    monday = [Day(EASTER_2027, reason="Lundi de Pâques", source="official")]
    return worktime.compile(zone="Europe/Paris", weekly=WEEK, exceptions=monday, **more)


def strasbourg() -> worktime.Calendar:
    days = [
        Day(GOOD_FRIDAY_2027, reason="Vendredi saint", source="official"),
        Day(EASTER_2027, reason="Lundi de Pâques", source="official"),
    ]
    return worktime.compile(zone="Europe/Paris", weekly=WEEK, exceptions=days)


def hours(*pairs, zone="Europe/Paris", exceptions=(), days=range(7)) -> worktime.Calendar:
    return worktime.compile(zone=zone, weekly=dict.fromkeys(days, pairs), exceptions=exceptions)


# The vectors of the trade


def test_four_hours_asked_on_maundy_thursday_in_lyon():
    assert lyon().add(paris(2027, 3, 25, 16, 30), 4 * HOUR) == paris(2027, 3, 26, 11, 30)


def test_the_same_in_strasbourg_where_good_friday_is_a_holiday_and_the_clock_changes():
    assert strasbourg().add(paris(2027, 3, 25, 16, 30), 4 * HOUR) == paris(2027, 3, 30, 11, 30)


def test_a_pause_over_lunch_costs_only_its_open_hours():
    pause = Pause(paris(2027, 3, 26, 10), paris(2027, 3, 26, 15), "pièces attendues", "Claire")
    due = lyon().add(paris(2027, 3, 25, 16, 30), 4 * HOUR, [pause])
    assert due == paris(2027, 3, 26, 16, 30)


def test_what_comes_in_on_saturday_starts_on_monday():
    saturday = paris(2027, 3, 20, 10)
    assert lyon().next_open(saturday) == paris(2027, 3, 22, 9)
    assert lyon().add(saturday, 4 * HOUR) == paris(2027, 3, 22, 14)


def test_reunion_opens_three_hours_before_paris_in_winter():
    calendar = worktime.compile(zone="Indian/Reunion", weekly=WEEK)
    assert calendar.next_open(paris(2027, 1, 11, 0)) == paris(2027, 1, 11, 6)
    mainland = lyon()
    uncovered = [
        each
        for each in mainland.segments(paris(2027, 1, 11, 6), paris(2027, 1, 11, 9))
        if each.kind is Kind.OPEN
    ]
    assert uncovered == []
    assert calendar.between(paris(2027, 1, 11, 6), paris(2027, 1, 11, 9)) == 3 * HOUR


def shared_cases():
    if not CASES.exists():
        pytest.skip("the shared reference cases are not beside the project")
    data = json.loads(CASES.read_text())
    names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    calendars = {
        each["name"]: worktime.compile(
            zone=each["tz"],
            weekly={names.index(name): pairs for name, pairs in each["hours"].items()},
            exceptions=[Day(date.fromisoformat(day)) for day in each["holidays"]],
        )
        for each in data["calendars"]
    }
    return calendars, data["cases"]


def test_the_reference_cases_to_the_second():
    calendars, cases = shared_cases()
    assert len(cases) == 220
    for case in cases:
        calendar = calendars[case["calendar"]]
        start, end = (datetime.fromtimestamp(case[key], UTC) for key in ("start", "end"))
        assert calendar.between(start, end).total_seconds() == case["within"], case
        due = calendar.add(start, timedelta(seconds=case["seconds"]))
        if case["deadline_close"] is None:
            assert case["seconds"] == 0
            assert due == start
        else:
            assert due.timestamp() == case["deadline_close"], case


def test_the_reference_cases_all_at_once():
    calendars, cases = shared_cases()
    (calendar,) = calendars.values()
    timed = [case for case in cases if case["deadline_close"] is not None]
    due = calendar.add_many([c["start"] for c in timed], [c["seconds"] for c in timed])
    assert due.tolist() == [case["deadline_close"] for case in timed]
    within = calendar.between_many([c["start"] for c in cases], [c["end"] for c in cases])
    assert within.tolist() == [case["within"] for case in cases]


# Where a deadline falls


def test_a_target_that_runs_out_at_closing_falls_at_closing():
    assert lyon().add(paris(2027, 3, 22, 17), HOUR) == paris(2027, 3, 22, 18)
    assert lyon().add(paris(2027, 3, 22, 9), 3.5 * HOUR) == paris(2027, 3, 22, 12, 30)


def test_no_time_at_all_is_the_start_itself_open_or_not():
    for start in (paris(2027, 3, 22, 10), paris(2027, 3, 20, 10)):
        assert lyon().add(start, timedelta(0)) == start
        assert lyon().subtract(start, timedelta(0)) == start


def test_when_must_i_start():
    assert lyon().subtract(paris(2027, 3, 30, 11, 30), 4 * HOUR) == paris(2027, 3, 26, 16, 30)
    assert lyon().subtract(paris(2027, 3, 22, 12, 30), 3.5 * HOUR) == paris(2027, 3, 22, 9)
    pause = (paris(2027, 3, 22, 10), paris(2027, 3, 22, 11))
    assert lyon().subtract(paris(2027, 3, 22, 12), 2 * HOUR, [pause]) == paris(2027, 3, 22, 9)


def test_the_answer_is_in_utc_so_that_it_compares_rightly():
    due = lyon().add(paris(2027, 3, 22, 9), HOUR)
    assert due.tzinfo is UTC


def test_working_days_count_from_the_day_the_clock_starts():
    calendar = lyon()
    assert calendar.add_days(paris(2027, 3, 22, 10), 1) == paris(2027, 3, 23, 18)
    assert calendar.add_days(paris(2027, 3, 22, 10), 0) == paris(2027, 3, 22, 18)
    assert calendar.add_days(paris(2027, 3, 20, 10), 1) == paris(2027, 3, 23, 18)
    assert calendar.add_days(paris(2027, 3, 19, 18), 1) == paris(2027, 3, 23, 18)
    assert calendar.add_days(paris(2027, 3, 25, 17), 2) == paris(2027, 3, 30, 18)
    assert calendar.add_days(paris(2027, 3, 22, 10), 2000) > paris(2034, 6, 1)


def test_a_day_paused_from_end_to_end_does_not_count_as_a_working_day():
    wednesday = Pause(paris(2027, 3, 23, 18), paris(2027, 3, 25, 9))
    assert lyon().add_days(paris(2027, 3, 22, 10), 2, [wednesday]) == paris(2027, 3, 25, 18)
    morning = Pause(paris(2027, 3, 23, 18), paris(2027, 3, 24, 11))
    assert lyon().add_days(paris(2027, 3, 22, 10), 2, [morning]) == paris(2027, 3, 24, 18)


def test_nothing_falls_due_at_a_closing_that_is_paused():
    over_night = Pause(paris(2027, 3, 23, 15), paris(2027, 3, 24, 10))
    assert lyon().add_days(paris(2027, 3, 22, 10), 1, [over_night]) == paris(2027, 3, 24, 18)
    assert lyon().add_days(paris(2027, 3, 22, 10), 2, [over_night]) == paris(2027, 3, 24, 18)


def test_working_days_backward():
    assert lyon().subtract_days(paris(2027, 3, 30, 11), 1) == paris(2027, 3, 26, 9)
    assert lyon().subtract_days(paris(2027, 3, 28, 11), 0) == paris(2027, 3, 26, 9)
    assert lyon().subtract_days(paris(2027, 3, 30, 11), 2000) < paris(2020, 1, 1)


# Hours of every shape


def test_overlapping_hours_count_once():
    assert (
        hours(("09:00", "13:00"), ("12:00", "18:00")).between(
            paris(2027, 3, 22), paris(2027, 3, 23)
        )
        == 9 * HOUR
    )


def test_a_night_runs_into_the_next_day():
    night = hours(("22:00", "06:00"))
    assert night.add(paris(2027, 3, 22, 23), 8 * HOUR) == paris(2027, 3, 23, 23)
    assert (
        hours(("22:00", "30:00")).between(paris(2027, 3, 22, 12), paris(2027, 3, 23, 12))
        == 8 * HOUR
    )


def test_the_night_of_sunday_and_that_of_new_years_eve():
    sunday = hours(("22:00", "06:00"), days=[6])
    assert sunday.between(paris(2027, 3, 22), paris(2027, 3, 23)) == 6 * HOUR
    night = hours((time(22), time(6)))
    assert night.between(paris(2026, 12, 31, 22), paris(2027, 1, 1, 6)) == 8 * HOUR
    fresh = hours((time(22), time(6)))
    assert fresh.between(paris(2026, 1, 1), paris(2026, 1, 1, 6)) == 6 * HOUR


def test_a_closed_day_is_closed_from_midnight_to_midnight():
    night = hours(("22:00", "06:00"), exceptions=[Day(date(2027, 12, 25), reason="Noël")])
    assert night.between(paris(2027, 12, 25), paris(2027, 12, 26)) == timedelta(0)
    assert night.between(paris(2027, 12, 24, 12), paris(2027, 12, 25)) == 2 * HOUR
    assert night.between(paris(2027, 12, 26), paris(2027, 12, 26, 12)) == timedelta(0)


def test_a_half_day_a_working_saturday_and_a_closure_over_new_year():
    calendar = worktime.compile(
        zone="Europe/Paris",
        weekly=WEEK,
        exceptions=[
            *worktime.closure(date(2026, 12, 28), date(2027, 1, 3), "Fermeture", "Nadia"),
            Day(date(2026, 12, 24), [("09:00", "12:00")], "Veille de Noël", "Nadia"),
            Day(date(2027, 1, 9), [("09:00", "12:00")], "Inventaire", "Nadia"),
        ],
    )
    assert calendar.between(paris(2026, 12, 24), paris(2026, 12, 25)) == 3 * HOUR
    assert calendar.add(paris(2026, 12, 25, 17), 2 * HOUR) == paris(2027, 1, 4, 10)
    assert calendar.between(paris(2027, 1, 9), paris(2027, 1, 10)) == 3 * HOUR
    assert calendar.day(date(2026, 12, 31)).reason == "Fermeture"
    assert calendar.day(date(2026, 12, 31)).closed
    assert [str(each) for each in calendar.day(date(2026, 12, 24)).hours] == ["09:00-12:00"]
    usual = calendar.day(date(2027, 1, 5))
    assert ([str(each) for each in usual.hours], usual.reason, usual.source) == (
        ["09:00-12:30", "13:30-18:00"],
        "",
        "",
    )


def test_the_last_word_on_a_date_is_kept():
    def holidays(year):
        return [Day(date(year, 5, 1), reason="Fête du travail", source="official")]

    override = Day(date(2027, 5, 1), [("09:00", "12:00")], "Ouverture", "Nadia")
    calendar = hours(*DAY_HOURS, exceptions=[holidays, override])
    assert calendar.day(date(2027, 5, 1)).source == "Nadia"
    assert calendar.day(date(2028, 5, 1)).source == "official"
    assert calendar.between(paris(2027, 5, 1), paris(2027, 5, 2)) == 3 * HOUR


def test_a_rule_may_stand_alone_and_is_asked_once_a_year():
    asked = []

    def closed_in_august(year):
        asked.append(year)
        return worktime.closure(date(year, 8, 1), date(year, 8, 31), "Août")

    calendar = hours(*DAY_HOURS, exceptions=closed_in_august)
    assert calendar.next_open(paris(2031, 8, 2)) == paris(2031, 9, 1, 9)
    calendar.add(paris(2027, 1, 1), 9999 * HOUR)
    assert len(asked) == len(set(asked))


# The clock changes


def test_the_short_and_the_long_day_of_a_place_that_never_closes():
    always = hours(("00:00", "24:00"))
    assert always.between(paris(2027, 3, 28), paris(2027, 3, 29)) == 23 * HOUR
    assert always.between(paris(2026, 10, 25), paris(2026, 10, 26)) == 25 * HOUR
    assert always.between(paris(2026, 10, 25, 0, 15), paris(2026, 10, 26, 0, 15)) == 25 * HOUR


def test_hours_open_once_when_the_clock_is_put_back():
    early = hours(("02:30", "02:45"))
    assert early.between(paris(2026, 10, 25), paris(2026, 10, 26)) == HOUR / 4
    over = hours(("02:30", "05:00"))
    assert over.between(paris(2026, 10, 25), paris(2026, 10, 26)) == 3.5 * HOUR


def test_hours_that_are_skipped_open_when_the_clock_jumps():
    over = hours(("02:30", "05:00"))
    assert over.next_open(paris(2027, 3, 28)) == paris(2027, 3, 28, 3)
    skipped = hours(("02:15", "02:45"), days=[6])
    assert skipped.next_open(paris(2027, 3, 27, 12)) == paris(2027, 4, 4, 2, 15)


def test_a_pause_inside_the_repeated_hour_is_never_negative():
    always = hours(("00:00", "24:00"))
    start = paris(2026, 10, 25, 1)
    pause = (paris(2026, 10, 25, 2, 50, fold=0), paris(2026, 10, 25, 2, 10, fold=1))
    assert always.between(start, paris(2026, 10, 25, 5), [pause]) == 5 * HOUR - 20 * HOUR / 60
    due = always.add(start, 3 * HOUR, [pause])
    assert due - start.astimezone(UTC) == 3 * HOUR + 20 * HOUR / 60


def test_a_zone_that_skipped_a_whole_day():
    apia = hours(("09:00", "17:00"), zone="Pacific/Apia")
    friday = datetime(2011, 12, 29, 17, tzinfo=ZoneInfo("Pacific/Apia"))
    assert apia.add(friday, HOUR) == datetime(2011, 12, 31, 10, tzinfo=ZoneInfo("Pacific/Apia"))


# Pauses


def test_pauses_that_overlap_count_once_and_cost_nothing_when_closed():
    calendar = lyon()
    monday, evening = paris(2027, 3, 22, 9), paris(2027, 3, 22, 18)
    twice = [
        (paris(2027, 3, 22, 10), paris(2027, 3, 22, 11)),
        (paris(2027, 3, 22, 10, 30), paris(2027, 3, 22, 12)),
    ]
    assert calendar.between(monday, evening, twice) == 6 * HOUR
    night = (paris(2027, 3, 22, 18), paris(2027, 3, 23, 9))
    lunch = (paris(2027, 3, 23, 12, 30), paris(2027, 3, 23, 13, 30))
    assert calendar.add(monday, 10 * HOUR, [night, lunch]) == calendar.add(monday, 10 * HOUR)


def test_a_pause_that_ends_before_it_begins_is_refused():
    pause = (paris(2027, 3, 22, 11), paris(2027, 3, 22, 10))
    with pytest.raises(worktime.ReversedPause, match="exchange"):
        lyon().add(paris(2027, 3, 22, 9), HOUR, [pause])


# Segments


def test_every_stretch_says_what_it_was_and_why():
    pause = Pause(paris(2027, 3, 25, 17), paris(2027, 3, 30, 10), "pièces attendues", "Claire")
    start, end = paris(2027, 3, 25, 16, 30), paris(2027, 3, 30, 13)
    found = strasbourg().segments(start, end, [pause])
    assert [(each.kind.value, each.reason, each.source, each.by) for each in found] == [
        ("open", "", "", ""),
        ("paused", "pièces attendues", "", "Claire"),
        ("closed", "", "", ""),
        ("holiday", "Vendredi saint", "official", ""),
        ("closed", "", "", ""),
        ("holiday", "Lundi de Pâques", "official", ""),
        ("closed", "", "", ""),
        ("paused", "pièces attendues", "", "Claire"),
        ("open", "", "", ""),
        ("closed", "", "", ""),
    ]
    assert found[3].start == paris(2027, 3, 26)
    assert found[3].end == paris(2027, 3, 27)


def test_special_hours_carry_their_name_while_open():
    day = Day(date(2027, 1, 9), [("09:00", "12:00")], "Inventaire", "Nadia")
    calendar = worktime.compile(zone="Europe/Paris", weekly=WEEK, exceptions=[day])
    found = calendar.segments(paris(2027, 1, 9), paris(2027, 1, 10))
    assert [(each.kind, each.reason) for each in found] == [
        (Kind.CLOSED, "Inventaire"),
        (Kind.OPEN, "Inventaire"),
        (Kind.CLOSED, "Inventaire"),
    ]


def test_no_stretch_has_no_segments():
    assert lyon().segments(paris(2027, 1, 9), paris(2027, 1, 9)) == []
    with pytest.raises(ValueError, match="end before they begin"):
        lyon().segments(paris(2027, 1, 10), paris(2027, 1, 9))


# Several calendars


def test_site_hours_and_assistant_hours_together():
    part_time = worktime.compile(
        zone="Europe/Paris",
        weekly={0: [("08:00", "12:00")], 1: [("14:00", "20:00")]},
        exceptions=[Day(date(2027, 3, 23), reason="Congé", source="planning")],
    )
    both = worktime.intersect(lyon(), part_time)
    assert both.between(paris(2027, 3, 15), paris(2027, 3, 17)) == 7 * HOUR
    assert both.next_open(paris(2027, 3, 22, 13)) == paris(2027, 3, 30, 14)
    kinds = {(each.kind, each.reason) for each in both.segments(paris(2027, 3, 22, 13), EASTER)}
    assert (Kind.HOLIDAY, "Congé") in kinds
    assert (Kind.HOLIDAY, "Lundi de Pâques") in kinds


EASTER = paris(2027, 3, 30)


def test_calendars_of_two_zones_meet_where_both_are_open():
    both = worktime.intersect(lyon(), worktime.compile(zone="Indian/Reunion", weekly=WEEK))
    # Winter: Réunion closes at 18:00, which is 15:00 in Paris, and lunches from 9:30 to 10:30.
    assert both.between(paris(2027, 1, 11), paris(2027, 1, 12)) == 4 * HOUR
    assert (
        worktime.intersect(both, lyon()).between(paris(2027, 1, 11), paris(2027, 1, 12)) == 4 * HOUR
    )


def test_calendars_that_never_meet_say_so():
    both = worktime.intersect(hours(("09:00", "12:00")), hours(("12:00", "18:00")))
    with pytest.raises(worktime.NeverOpens):
        both.next_open(paris(2027, 3, 22))
    assert both.between(paris(2027, 3, 22), paris(2030, 3, 22)) == timedelta(0)


# Hopeless, far and wrong


def closed_for_ever(year):
    return worktime.closure(date(year, 1, 1), date(year, 12, 31), "Fermé")


@pytest.mark.parametrize("weekly", [{}, {0: []}])
def test_an_empty_week_is_answered(weekly):
    calendar = worktime.compile(zone="Europe/Paris", weekly=weekly)
    for question in (calendar.next_open, lambda at: calendar.add(at, HOUR)):
        with pytest.raises(worktime.NeverOpens, match="give it hours"):
            question(paris(2027, 3, 22))
    with pytest.raises(worktime.NeverOpens):
        calendar.subtract(paris(2027, 3, 22), HOUR)
    with pytest.raises(worktime.NeverOpens):
        calendar.add_days(paris(2027, 3, 22), 1)
    with pytest.raises(worktime.NeverOpens):
        calendar.add_many([0], [1])
    assert calendar.add_many([0], [0]).tolist() == [0]
    assert calendar.between(paris(2027, 3, 22), paris(2027, 4, 22)) == timedelta(0)


def test_endless_holidays_are_answered():
    calendar = hours(*DAY_HOURS, exceptions=closed_for_ever)
    with pytest.raises(worktime.NeverOpens):
        calendar.add(paris(2027, 3, 22), HOUR)
    with pytest.raises(worktime.NeverOpens):
        calendar.subtract(paris(2027, 3, 22), HOUR)


def test_a_long_closure_that_ends_is_not_hopeless():
    days = worktime.closure(date(2027, 1, 1), date(2041, 12, 31), "Travaux")
    assert hours(*DAY_HOURS, exceptions=days).next_open(paris(2027, 1, 1)) == paris(2042, 1, 1, 9)
    once = Day(date(2050, 6, 1), [("09:00", "10:00")])
    calendar = worktime.compile(zone="Europe/Paris", weekly={}, exceptions=[once])
    assert calendar.next_open(paris(2027, 1, 1)) == paris(2050, 6, 1, 9)
    assert calendar.add(paris(2027, 1, 1), HOUR) == paris(2050, 6, 1, 10)
    with pytest.raises(worktime.NeverOpens):
        calendar.add(paris(2027, 1, 1), HOUR + timedelta(seconds=1))


def test_a_date_beyond_reach_is_refused_not_guessed():
    with pytest.raises(worktime.OutOfReach, match="1900 to 2199"):
        lyon().add(datetime(9000, 1, 1, tzinfo=UTC), HOUR)
    with pytest.raises(worktime.OutOfReach):
        lyon().between(datetime(2, 1, 1, tzinfo=UTC), paris(2027, 1, 1))
    with pytest.raises(worktime.OutOfReach):
        lyon().add(paris(2027, 1, 1), timedelta(days=999_999))
    with pytest.raises(worktime.OutOfReach):
        lyon(years=(2027, 9000))


def test_an_instant_without_a_zone_is_refused():
    naive = datetime(2027, 1, 1)  # noqa: DTZ001
    with pytest.raises(worktime.NaiveInstant, match="time zone"):
        lyon().add(naive, HOUR)
    with pytest.raises(worktime.NaiveInstant):
        lyon().between(paris(2027, 1, 1), naive)


def test_going_back_is_asked_for_by_name():
    for question in (lyon().add, lyon().subtract):
        with pytest.raises(ValueError, match="negative"):
            question(paris(2027, 1, 1), -HOUR)
    with pytest.raises(ValueError, match="negative"):
        lyon().add_many([0], [-1])
    with pytest.raises(ValueError, match="negative"):
        lyon().add_days(paris(2027, 1, 1), -1)
    assert lyon().between(paris(2027, 3, 22, 11), paris(2027, 3, 22, 9)) == -2 * HOUR


def test_parts_of_a_second_are_dropped():
    start = paris(2027, 3, 22, 10) + timedelta(milliseconds=900)
    assert lyon().add(start, HOUR + timedelta(milliseconds=200)) == paris(2027, 3, 22, 11)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "Europe", None])
def test_an_unknown_zone_is_named(zone):
    with pytest.raises(worktime.BadCalendar, match="IANA name such as Europe/Paris"):
        worktime.compile(zone=zone, weekly=WEEK)


@pytest.mark.parametrize(
    ("weekly", "code", "where"),
    [
        ({7: DAY_HOURS}, "not_a_weekday", None),
        ({0: [("9h", "12:00")]}, "not_a_time", 0),
        ({0: [("09:60", "12:00")]}, "not_a_time", 0),
        ({0: ["09:00-12:00"]}, "not_a_time", 0),
        ({2: [("09:00", "09:00")]}, "empty", 2),
        ({2: [("09:00", "47:00")]}, "too_long", 2),
    ],
)
def test_unreadable_hours_are_named_with_their_day(weekly, code, where):
    with pytest.raises(worktime.BadCalendar) as refused:
        worktime.compile(zone="Europe/Paris", weekly=weekly)
    assert [(each.code, each.where) for each in refused.value.problems] == [(code, where)]


def test_a_day_with_unreadable_hours_is_refused_by_its_date():
    with pytest.raises(worktime.BadCalendar, match="2027-01-09"):
        Day(date(2027, 1, 9), [("9", "12")])
    with pytest.raises(worktime.BadCalendar, match="without a time"):
        Day(datetime(2027, 1, 9, tzinfo=UTC))


# What a form refuses


def codes(weekly, exceptions=(), **more):
    found = worktime.problems("Europe/Paris", weekly, exceptions, **more)
    return [(each.code, each.where, tuple(str(i) for i in each.mend)) for each in found]


def test_a_form_hears_nothing_about_good_hours():
    assert codes(WEEK) == []
    assert codes({0: [("09:00", "12:00"), ("12:00", "13:00"), ("22:00", "30:00")]}) == []


def test_a_form_hears_of_overlaps_with_the_mend():
    week = {0: [("13:00", "18:00"), ("09:00", "14:00")]}
    assert codes(week) == [("overlap", 0, ("09:00-18:00",))]
    assert "13:00-18:00" in str(worktime.problems("Europe/Paris", week)[0])
    assert "Monday" in str(worktime.problems("Europe/Paris", week)[0])


def test_a_form_hears_of_every_interval_inside_a_long_one():
    week = {0: [("08:00", "18:00"), ("09:00", "10:00"), ("11:00", "12:00")]}
    assert codes(week) == [("overlap", 0, ("08:00-18:00",))] * 2


def test_a_form_hears_of_overlaps_over_midnight_and_over_the_weeks_end():
    assert codes({0: [("22:00", "30:00")], 1: [("05:00", "12:00")]}) == [
        ("overlap", 1, ("22:00-36:00",))
    ]
    assert codes({6: [("22:00", "30:00")], 0: [("05:00", "12:00")]}) == [
        ("overlap", 0, ("22:00-36:00",))
    ]


def test_a_form_hears_of_reversed_hours_unless_a_night_is_meant():
    week = {4: [("18:00", "09:00")]}
    assert codes(week) == [("reversed", 4, ("09:00-18:00", "18:00-33:00"))]
    assert codes(week, overnight=True) == []
    assert codes({0: [("00:00", "24:00")], 1: [("18:00", "00:00")]}) == []


def test_a_form_hears_of_everything_at_once():
    day = Day(date(2027, 1, 9), [("09:00", "12:00"), ("11:00", "13:00")])
    found = worktime.problems("Nowhere", {0: [("9", "10")], 8: []}, [day])
    assert [each.code for each in found] == ["unknown_zone", "not_a_time", "not_a_weekday"]
    assert [c for c, _, _ in codes(WEEK, [day])] == ["overlap"]
    assert [c for c, _, _ in codes({}, [Day(date(2027, 1, 9))])] == ["never_open"]


# Many at once, and by many


def test_many_are_the_same_as_one_by_one():
    calendar = strasbourg()
    starts = np.arange(1_800_000_000, 1_830_000_000, 40_009)
    seconds = np.arange(len(starts)) * 1_777 % 500_000
    due = calendar.add_many(starts, seconds)
    for start, length, found in zip(starts.tolist(), seconds.tolist(), due.tolist(), strict=True):
        one = calendar.add(datetime.fromtimestamp(start, UTC), timedelta(seconds=length))
        assert one.timestamp() == found
    back = calendar.between_many(starts, due)
    assert back.tolist() == seconds.tolist()
    assert calendar.between_many(due, starts).tolist() == (-seconds).tolist()


def test_many_of_none_is_none():
    assert lyon().add_many([], []).tolist() == []
    assert lyon().between_many([], []).tolist() == []


def test_pauses_of_many_belong_to_somebody_and_end_after_they_begin():
    with pytest.raises(ValueError, match="none of the 1"):
        lyon().add_many([0], [60], ([1], [0], [60]))
    with pytest.raises(worktime.ReversedPause):
        lyon().between_many([0], [60], ([0], [60], [0]))
    assert lyon().add_many([[1_800_000_000]], [[0]], ([0], [0], [2_000_000_000])).tolist() == [
        [1_800_000_000]
    ]


def test_threads_that_extend_the_calendar_together_agree():
    calendar = lyon()
    starts = [paris(1950 + 2 * n, 5, 3, 10) for n in range(100)]
    alone = {start: lyon().add(start, 5000 * HOUR) for start in starts}
    found, wrong = {}, []

    def ask(mine):
        for start in mine:
            found[start] = calendar.add(start, 5000 * HOUR)
            if calendar.between(start, found[start]) != 5000 * HOUR:
                wrong.append(start)

    threads = [threading.Thread(target=ask, args=(starts[n::4],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == alone
    assert wrong == []

"""What the law says of hours: each rule seen, and seen to be kept."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from relais.engine.guard_rails import Breach, Limits, breaches, worse
from relais.engine.rota import worked

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2027, 3, 1)


def span(day, starts, ends):
    midnight = datetime(MONDAY.year, MONDAY.month, MONDAY.day, tzinfo=PARIS)
    begin = midnight + timedelta(days=day)
    return begin + timedelta(hours=starts), begin + timedelta(hours=ends)


def days(spans, which):
    return [span(day, *hours) for day in which for hours in spans]


USUAL = [(9, 12.5), (13.5, 18)]
LONG = [(8, 13), (14, 19)]
CASES = {
    "day": (days([(8, 13), (14, 19.5)], [0]), Breach("day", MONDAY, 630, 600)),
    "week": (days(LONG, range(5)), Breach("week", MONDAY, 3000, 2880)),
    "pause": (days([(9, 12), (12.25, 15.5)], [0]), Breach("pause", MONDAY, 375, 360)),
    "daily_rest": (
        [span(0, 14, 20), span(1, 6, 10)],
        Breach("daily_rest", MONDAY, 600, 660),
    ),
    "split_day": (
        [span(0, 5, 9), span(0, 16, 21)],
        Breach("daily_rest", MONDAY, 480, 660),
    ),
    "weekly_rest": (
        [*days([(9, 14)], range(6)), span(5, 18, 22), span(7, 6, 10)],
        Breach("weekly_rest", MONDAY, 32 * 60, 2100),
    ),
    "days": (
        [*days([(8, 12)], range(6)), span(6, 23, 24.5)],
        Breach("days", MONDAY, 7, 6),
    ),
}


@pytest.mark.parametrize("code", CASES)
def test_each_rule_is_seen_once_and_alone(code):
    spans, expected = CASES[code]
    assert breaches(spans, PARIS, Limits()) == [expected]


def test_rest_is_counted_as_it_passes_when_the_clocks_change():
    # In the night to Sunday 28 March 2027 the hour from two to three is left out.
    assert breaches([span(26, 14, 20), span(27, 7, 11)], PARIS, Limits()) == [
        Breach("daily_rest", MONDAY + timedelta(days=26), 600, 660)
    ]
    # From Friday 21:00 to Sunday 8:00 it is 34 hours, and Sunday's work ends the week.
    short = breaches([*days([(15, 21)], range(21, 26)), span(27, 8, 12), span(28, 8, 12)],
                     PARIS, Limits())  # fmt: skip
    assert [(b.code, b.seen) for b in short] == [("weekly_rest", 34 * 60)]
    # In autumn the night is an hour longer.
    assert not breaches([span(243, 15, 21), span(244, 7, 11)], PARIS, Limits())


def test_a_night_with_a_short_break_is_one_period_of_work():
    assert not breaches([span(0, 20, 23.5), span(1, 0.5, 5)], PARIS, Limits())


def test_weeks_of_leave_are_left_out_of_the_average():
    weeks = [span(7 * week + day, *h) for week in range(10) for day in range(5) for h in LONG]
    weeks = [one for one in weeks if one[0].weekday() or one[0].hour < 14]  # 45 hours
    away = {MONDAY + timedelta(weeks=week) for week in (-1, -2)}
    at = MONDAY + timedelta(weeks=9)
    assert not breaches(weeks, PARIS, Limits())
    found = breaches(weeks, PARIS, Limits(), away)
    assert found == [Breach("average", at, 2700, 2640)]


def test_forty_four_hours_over_twelve_weeks():
    weeks = [span(7 * week + day, *h) for week in range(12) for day in range(5) for h in LONG[:2]]
    found = breaches(weeks, PARIS, Limits(week=3001))
    assert [(b.code, b.day, b.seen) for b in found] == [
        ("average", MONDAY + timedelta(weeks=week), 3000 * (week + 1) / 12)
        for week in range(10, 12)
    ]


def test_an_ordinary_fortnight_breaks_nothing():
    spans = days(USUAL, [0, 1, 2, 3, 4, 7, 8, 9, 10, 11])
    assert not breaches(spans, PARIS, Limits())
    # The Saturday too: 35 hours are left until Monday, were it not for the Sunday.
    assert not breaches([*spans, span(5, 9, 12)], PARIS, Limits())
    assert not breaches([], PARIS, Limits())


def test_what_was_broken_before_stops_nothing_but_getting_worse():
    before = [Breach("day", MONDAY, 630, 600)]
    assert worse(before, before) == []
    longer = [Breach("day", MONDAY, 640, 600)]
    assert worse(before, longer) == longer
    assert worse(before, [Breach("day", MONDAY, 610, 600)]) == []
    assert worse([], before) == before


def test_shifts_take_the_place_of_usual_hours_of_their_days_and_of_settled_stretches():
    usual = days([(9, 17)], range(4))
    shift = span(1, 8, 12)
    free = [(span(2, 0, 0)[0], span(3, 0, 0)[0])]
    assert worked(usual, [shift], free, PARIS) == (usual[0], shift, usual[3])
    assert worked((), [shift], (), PARIS) == (shift,)

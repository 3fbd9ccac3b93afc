"""The edges of the rules of time: where one second, one pause or one year more would tell."""

from datetime import date, timedelta

import pytest

from relais.engine import sla, worktime
from relais.engine.sla import CLIENT, Event, On, State, Target
from relais.engine.worktime import NeverOpens, Pause

from .test_sla import ASKED, FOUR_HOURS, HOUR, LYON, WEEK, only, paris, received, resumes, waits

SECOND = timedelta(seconds=1)
MONDAY = paris(2027, 3, 22, 10)
DUE = paris(2027, 3, 26, 11, 30)


def nights(**more):
    weekly = {day: [("22:00", "06:00")] for day in range(7)}
    return worktime.compile(zone="Europe/Paris", weekly=weekly, **more)


# Pauses


def test_what_runs_out_as_a_pause_begins_falls_due_there():
    pause = Pause(paris(2027, 3, 22, 11), paris(2027, 3, 22, 15))
    assert LYON.add(MONDAY, HOUR, [pause]) == pause.start
    assert LYON.add(MONDAY, HOUR + SECOND, [pause]) == pause.end + SECOND


def test_what_must_start_as_a_pause_ends_starts_there():
    pause = Pause(paris(2027, 3, 22, 10), paris(2027, 3, 22, 15))
    end = paris(2027, 3, 22, 16)
    assert LYON.subtract(end, HOUR, [pause]) == pause.end
    assert LYON.subtract(end, HOUR + SECOND, [pause]) == pause.start - SECOND


def test_a_day_paused_from_end_to_end_is_skipped_on_the_way_too():
    wednesday = Pause(paris(2027, 3, 23, 18), paris(2027, 3, 25, 9))
    assert LYON.add_days(MONDAY, 3, [wednesday]) == paris(2027, 3, 26, 18)
    friday = paris(2027, 3, 26, 15)
    assert LYON.subtract_days(friday, 2, [wednesday]) == paris(2027, 3, 23, 9)


# Days and years


def test_at_closing_it_is_no_longer_open():
    assert LYON.is_open(paris(2027, 3, 22, 18) - SECOND)
    assert not LYON.is_open(paris(2027, 3, 22, 18))
    assert LYON.is_open(paris(2027, 3, 22, 9))
    assert LYON.next_open(paris(2027, 3, 22, 18)) == paris(2027, 3, 23, 9)


def test_the_first_morning_compiled_belongs_to_the_night_before():
    calendar = nights(years=(2027, 2027))
    assert calendar.is_open(paris(2027, 1, 1, 2))
    assert calendar.between(paris(2027, 1, 1), paris(2027, 1, 1, 12)) == 6 * HOUR


@pytest.mark.parametrize("closed", [(), (date(2027, 12, 25),)])
def test_a_rule_for_holidays_ends_no_calendar(closed):
    def holidays(year):
        return [worktime.Day(day.replace(year=year), reason="Fête") for day in closed]

    calendar = worktime.compile(zone="Europe/Paris", weekly=WEEK, exceptions=holidays)
    due = calendar.add(MONDAY, 20_000 * HOUR)
    assert due > paris(2036, 1, 1)
    assert calendar.between(MONDAY, due) == 20_000 * HOUR
    assert calendar.subtract(due, 20_000 * HOUR) <= MONDAY


def test_two_calendars_that_never_meet_are_given_up():
    weeks = ({0: [("09:00", "12:00")]}, {1: [("09:00", "12:00")]})
    both = worktime.intersect(*(worktime.compile(zone="UTC", weekly=week) for week in weeks))
    with pytest.raises(NeverOpens):
        both.add(MONDAY, SECOND)


# Clocks


def test_at_its_very_deadline_a_clock_is_not_late():
    assert only(FOUR_HOURS, [received()], DUE).state is State.RUNNING
    assert only(FOUR_HOURS, [received()], DUE + SECOND).state is State.LATE


def test_of_a_wait_and_work_at_one_instant_work_runs():
    both = [waits(ASKED + HOUR), resumes(ASKED + HOUR)]
    for events in (both, both[::-1]):
        (clock,) = sla.clocks(FOUR_HOURS, [received(), *events])
        assert clock.waiting is None
        assert clock.pauses_until(DUE) == ()


def test_a_target_set_before_it_starts_counts_from_its_start():
    target = Target(
        "delivery", 4 * HOUR, starts=(On("received"),), stops=(On("delivered"),), retroactive=False
    )
    (clock,) = sla.clocks(target, [received()], applied=ASKED - HOUR)
    assert clock.started == ASKED


def test_acceptance_is_what_the_client_owes_so_no_wait_stops_it():
    target = sla.promise("acceptance", days=5)
    events = [
        Event(ASKED, "delivered", state="delivered"),
        waits(ASKED + HOUR / 2),
        Event(ASKED + HOUR, "accepted", CLIENT, state="accepted"),
    ]
    assert only(target, events, ASKED + 0.75 * HOUR).state is State.RUNNING
    assert only(target, events, ASKED + 2 * HOUR).elapsed == HOUR


def test_a_hand_that_is_given_it_again_has_a_clock_again():
    target = sla.between_hands("Lille", duration=HOUR)
    events = [
        Event(ASKED, "assigned", hand="Lille"),
        Event(ASKED + HOUR, "given_back", hand="Lille"),
        Event(ASKED + 2 * HOUR, "assigned", hand="Lille"),
    ]
    assert [each.started for each in sla.clocks(target, events)] == [ASKED, ASKED + 2 * HOUR]


def test_who_accepts_awaits_no_answer():
    target = sla.promise("next_reply", duration=HOUR)
    events = [
        Event(ASKED, "replied", CLIENT),
        Event(ASKED + HOUR, "accepted", CLIENT, state="accepted"),
    ]
    assert sla.clocks(target, events)[0].ended == ASKED + HOUR


def test_the_next_warning_comes_later_by_what_was_paused():
    events = [received(), waits(paris(2027, 3, 26, 9)), resumes(paris(2027, 3, 26, 10))]
    status = only(FOUR_HOURS, events, paris(2027, 3, 26, 10))
    assert status.warning == (50, paris(2027, 3, 26, 10, 30))


def test_the_same_day_is_a_promise():
    target = sla.promise("delivery", days=0)
    assert only(target, [received()], ASKED).due == paris(2027, 3, 25, 18)


def test_delivered_and_cancelled_at_one_instant_it_was_delivered():
    at = ASKED + HOUR
    both = [Event(at, "delivered", state="delivered"), Event(at, "cancelled", CLIENT)]
    for events in (both, both[::-1]):
        assert only(FOUR_HOURS, [received(), *events], at).state is State.MET


def test_warnings_come_in_order_however_they_are_written():
    target = Target(
        "x", 4 * HOUR, starts=(On("received"),), stops=(On("delivered"),), warnings=(90, 50)
    )
    status = only(target, [received()], ASKED)
    assert status.warning == (50, paris(2027, 3, 26, 9, 30))

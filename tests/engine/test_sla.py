"""A promise through the life of a ticket: when it falls due, whether it was kept, and why."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relais.engine import explain, sla, worktime
from relais.engine.sla import CLIENT, MACHINE, Event, On, State, Target, Wait
from relais.engine.worktime import Day, Kind

PARIS = ZoneInfo("Europe/Paris")
HOUR = timedelta(hours=1)
WEEK = {day: [("09:00", "12:30"), ("13:30", "18:00")] for day in range(5)}
GOOD_FRIDAY = Day(date(2027, 3, 26), reason="Vendredi saint", source="official")
EASTER = Day(date(2027, 3, 29), reason="Lundi de Pâques", source="official")
LYON = worktime.compile(zone="Europe/Paris", weekly=WEEK, exceptions=[EASTER])
STRASBOURG = worktime.compile(zone="Europe/Paris", weekly=WEEK, exceptions=[GOOD_FRIDAY, EASTER])
ASKED = datetime(2027, 3, 25, 16, 30, tzinfo=PARIS)


def paris(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=PARIS)


def received(at=ASKED):
    return Event(at, "received", CLIENT, state="open")


def waits(at, reason="pièces attendues", state="waiting"):
    return Event(at, "asked", state=state, reason=reason, by="Claire")


def resumes(at):
    return Event(at, "resumed", state="taken")


FOUR_HOURS = sla.promise("delivery", duration=4 * HOUR)


def only(target, events, now, calendar=LYON):
    (clock,) = sla.clocks(target, events, until=now)
    return sla.status(clock, calendar, now)


# When it falls due


def test_a_delivery_in_lyon_and_in_strasbourg():
    for calendar, due in (
        (LYON, paris(2027, 3, 26, 11, 30)),
        (STRASBOURG, paris(2027, 3, 30, 11, 30)),
    ):
        status = only(FOUR_HOURS, [received()], ASKED + HOUR, calendar)
        assert status.due == status.if_resumed == due
        assert status.state is State.RUNNING
        assert (status.elapsed, status.remaining, status.percent) == (HOUR, 3 * HOUR, 25)


def test_while_it_waits_for_the_requester_nothing_is_due():
    events = [received(), waits(paris(2027, 3, 26, 10)), resumes(paris(2027, 3, 26, 15))]
    waiting = only(FOUR_HOURS, events, paris(2027, 3, 26, 14, 30))
    assert waiting.state is State.PAUSED
    assert waiting.due is None
    assert waiting.if_resumed == paris(2027, 3, 26, 16)
    assert waiting.warning is None
    assert only(FOUR_HOURS, events, paris(2027, 3, 26, 15)).due == paris(2027, 3, 26, 16, 30)


def test_waiting_for_a_third_party_pauses_nothing_unless_agreed():
    events = [received(), waits(paris(2027, 3, 26, 10), state="third")]
    assert only(FOUR_HOURS, events, paris(2027, 3, 26, 11)).state is State.RUNNING
    agreed = sla.promise(
        "delivery", duration=4 * HOUR, waits=(Wait("third", frozenset({"greffe"})),)
    )
    assert only(agreed, events, paris(2027, 3, 26, 11)).state is State.RUNNING
    for_the_court = [received(), waits(paris(2027, 3, 26, 10), "greffe", "third")]
    assert only(agreed, for_the_court, paris(2027, 3, 26, 11)).state is State.PAUSED


def test_a_pause_after_the_deadline_hides_no_lateness():
    late = paris(2027, 3, 26, 14)
    status = only(FOUR_HOURS, [received(), waits(late)], late + HOUR)
    assert status.state is State.LATE
    assert status.due == paris(2027, 3, 26, 11, 30)
    assert status.remaining == -1.5 * HOUR


def test_working_days_are_a_target_too():
    target = sla.promise("delivery", days=2)
    status = only(target, [received()], ASKED + HOUR)
    assert status.due == paris(2027, 3, 30, 18)
    assert status.allowed == 1.5 * HOUR + 16 * HOUR


def test_warnings_come_at_their_percentages():
    fresh = only(FOUR_HOURS, [received()], ASKED)
    assert (fresh.passed, fresh.warning) == ((), (50, paris(2027, 3, 26, 9, 30)))
    near = only(FOUR_HOURS, [received()], paris(2027, 3, 26, 10, 30))
    assert (near.passed, near.warning) == ((50, 75), (90, paris(2027, 3, 26, 11, 6)))
    over = only(FOUR_HOURS, [received()], paris(2027, 3, 26, 11, 31))
    assert (over.passed, over.warning, over.state) == ((50, 75, 90), None, State.LATE)


# Whether it was kept


def test_done_at_the_deadline_is_in_time_and_a_second_later_is_not():
    due = paris(2027, 3, 26, 11, 30)
    for at, state in ((due, State.MET), (due + timedelta(seconds=1), State.MISSED)):
        events = [received(), Event(at, "delivered", state="delivered")]
        status = only(FOUR_HOURS, events, paris(2027, 6, 1))
        assert status.state is state
        assert status.due == due


def test_an_automatic_acknowledgement_is_no_answer():
    target = sla.promise("first_response", duration=2 * HOUR)
    machine = Event(ASKED + timedelta(minutes=1), "replied", MACHINE)
    requester = Event(ASKED + timedelta(minutes=2), "replied", CLIENT)
    human = Event(ASKED + timedelta(minutes=30), "taken", state="taken")
    running = sla.clocks(target, [received(), machine, requester])[0]
    assert running.ended is None
    assert sla.clocks(target, [received(), machine, requester, human])[0].ended == human.at


def test_each_word_of_the_requester_asks_for_the_next_reply():
    target = sla.promise("next_reply", duration=2 * HOUR)
    word, answer = (
        lambda m, side=side: Event(ASKED + m * HOUR / 60, "replied", side)
        for side in (CLIENT, sla.SERVICE)
    )
    found = sla.clocks(target, [received(), word(10), word(20), answer(30), answer(40), word(50)])
    assert [(each.started, each.ended) for each in found] == [
        (word(10).at, answer(30).at),
        (word(50).at, None),
    ]


def test_reopening_resets_nothing():
    done = paris(2027, 3, 26, 10)
    events = [
        received(),
        Event(done, "delivered", state="delivered"),
        Event(done + HOUR, "reopened", CLIENT, state="taken"),
        Event(done + 2 * HOUR, "delivered", state="delivered"),
    ]
    assert only(FOUR_HOURS, events, paris(2027, 4, 1)).state is State.MET
    merged_in = [*events, received(done + 3 * HOUR)]
    assert only(FOUR_HOURS, merged_in, paris(2027, 4, 1)).state is State.MET
    correction = sla.promise("correction", duration=2 * HOUR)
    assert only(correction, events, paris(2027, 4, 1)).elapsed == HOUR


def test_a_cancelled_ticket_counts_no_longer():
    events = [received(), Event(ASKED + HOUR, "cancelled", CLIENT, state="cancelled")]
    assert only(FOUR_HOURS, events, paris(2027, 6, 1)).state is State.VOID


def test_each_hand_has_its_own_clock():
    target = sla.between_hands("Lille", duration=HOUR)
    events = [
        received(),
        Event(ASKED, "assigned", hand="Lyon"),
        Event(ASKED + HOUR, "handed_over", hand="Lille"),
        Event(ASKED + 2 * HOUR, "taken", hand="Lille"),
    ]
    (clock,) = sla.clocks(target, events)
    assert (clock.started, clock.ended) == (ASKED + HOUR, ASKED + 2 * HOUR)


def test_a_target_set_later_counts_from_the_start_or_not():
    events = [received(), waits(ASKED + HOUR), resumes(ASKED + 2 * HOUR)]
    later = ASKED + 1.5 * HOUR
    assert sla.clocks(FOUR_HOURS, events, applied=later)[0].started == ASKED
    fresh = Target(
        "delivery", 4 * HOUR, starts=(On("received"),), stops=(On("delivered"),), retroactive=False
    )
    (clock,) = sla.clocks(fresh, events, applied=later)
    assert clock.started == later
    done = Event(ASKED + HOUR / 2, "delivered")
    assert sla.clocks(fresh, [received(), done], applied=later) == ()


def test_a_correction_reopened_into_a_wait_starts_paused():
    target = sla.promise("correction", duration=2 * HOUR)
    done = paris(2027, 3, 26, 10)
    events = [received(), waits(done - HOUR), Event(done, "reopened", CLIENT)]
    status = only(target, events, done + HOUR)
    assert (status.state, status.elapsed) == (State.PAUSED, timedelta(0))
    assert status.pauses[0].start == done


@pytest.mark.parametrize(
    ("wrong", "mend"),
    [
        ({}, "either hours or working days"),
        ({"duration": HOUR, "days": 1}, "either hours or working days"),
        ({"duration": timedelta(0)}, "more than zero"),
        ({"days": -1}, "zero working days"),
    ],
)
def test_a_target_without_hours_is_refused(wrong, mend):
    with pytest.raises(sla.BadTarget, match=mend):
        sla.promise("delivery", **wrong)


def test_other_targets_that_cannot_be_kept_are_refused():
    with pytest.raises(sla.BadTarget, match="choose one of"):
        sla.promise("perfection", duration=HOUR)
    with pytest.raises(sla.BadTarget, match="start and stop"):
        Target("x", HOUR)
    with pytest.raises(sla.BadTarget, match="percentages"):
        Target("x", HOUR, starts=(On("a"),), stops=(On("b"),), warnings=(50, 100))


# Replay


KINDS = st.sampled_from(
    [
        ("asked", sla.SERVICE, "waiting", "pièces attendues", "Claire"),
        ("asked", sla.SERVICE, "waiting", "signature", "Nadia"),
        ("resumed", sla.SERVICE, "taken"),
        ("replied", CLIENT, "taken"),
        ("replied", CLIENT, ""),
        ("replied", sla.SERVICE, ""),
        ("waited_third", sla.SERVICE, "third"),
        ("delivered", sla.SERVICE, "delivered"),
        ("reopened", CLIENT, "taken"),
    ]
)
MINUTES = st.integers(0, 4 * 24 * 60)
EVENTS = st.lists(
    st.builds(lambda m, kind: Event(ASKED + timedelta(minutes=m), *kind), MINUTES, KINDS),
    max_size=9,
)
TARGETS = st.sampled_from(
    [
        FOUR_HOURS,
        sla.promise("first_response", duration=HOUR),
        sla.promise("next_reply", duration=HOUR),
        sla.promise("correction", duration=HOUR),
        sla.promise("delivery", days=1, waits=(Wait("waiting"), Wait("third"))),
    ]
)


@given(TARGETS, EVENTS, st.data())
def test_the_order_of_simultaneous_events_does_not_matter(target, events, data):
    # Pushed together in hours, so that many fall on one instant.
    hours = [replace(each, at=ASKED + (each.at - ASKED) // HOUR * HOUR) for each in events]
    events = [received(), *hours, *hours[:3]]
    assert sla.clocks(target, events) == sla.clocks(target, data.draw(st.permutations(events)))


def test_of_two_questions_at_one_instant_the_same_one_is_always_named():
    both = [waits(ASKED + HOUR, "signature"), waits(ASKED + HOUR, "pièces attendues")]
    one, other = (sla.clocks(FOUR_HOURS, [received(), *each]) for each in (both, both[::-1]))
    assert one == other
    assert one[0].waiting.reason == "pièces attendues"


@given(TARGETS, EVENTS, MINUTES)
def test_a_clock_at_an_instant_knows_nothing_of_what_comes_later(target, events, minutes):
    now = ASKED + timedelta(minutes=minutes)
    events = [received(), *events]
    then = [event for event in events if event.at <= now]
    assert sla.clocks(target, events, until=now) == sla.clocks(target, then)


@given(TARGETS, EVENTS)
def test_replay_equals_a_stopwatch_that_is_pressed_event_by_event(target, events):
    """The stopwatch adds up what ran between one event and the next, and forgets the rest."""
    events = sorted([received(), *events], key=lambda each: each.at)
    now = ASKED + timedelta(days=5)
    for clock in sla.clocks(target, events):
        end = clock.ended or now
        marks = sorted({clock.started, end, *(each.at for each in events if each.at < end)})
        ran = timedelta(0)
        for begin, finish in pairwise(marks):
            if begin < clock.started:
                continue
            states = [each for each in events if each.state and each.at <= begin]
            last = [each for each in states if each.at == states[-1].at]
            paused = all(any(w.covers(each) for w in target.waits) for each in last)
            if not paused:
                ran += LYON.between(begin, finish)
        assert sla.status(clock, LYON, end).elapsed == ran


@given(TARGETS, EVENTS, MINUTES)
def test_the_calendar_changed_and_changed_back_gives_the_first_deadline(target, events, minutes):
    now = ASKED + timedelta(minutes=minutes)
    # Compiled anew, for other years at first: what it was asked before leaves no trace.
    back = worktime.compile(
        zone="Europe/Paris", weekly=WEEK, exceptions=[EASTER], years=(1990, 1991)
    )
    for clock in sla.clocks(target, [received(), *events], until=now):
        first, other, again = (
            sla.status(clock, calendar, now) for calendar in (LYON, STRASBOURG, back)
        )
        assert first == again
        assert first.if_resumed <= other.if_resumed


@given(TARGETS, EVENTS, MINUTES)
def test_the_explanation_adds_up_to_what_was_allowed(target, events, minutes):
    now = ASKED + timedelta(minutes=minutes)
    for clock in sla.clocks(target, [received(), *events], until=now):
        status = sla.status(clock, STRASBOURG, now)
        told = explain.explain(status, STRASBOURG)
        ran = sum((x.length for x in told.segments if x.kind is Kind.OPEN), timedelta(0))
        assert ran == status.allowed
        for language in ("fr", "en"):
            assert len(explain.sentences(told, language)) == len(told.segments) + 3


# Why this due date?


def test_the_explanation_in_french():
    events = [received(), waits(paris(2027, 3, 26, 10)), resumes(paris(2027, 3, 26, 15))]
    status = only(FOUR_HOURS, events, paris(2027, 3, 26, 15))
    assert explain.sentences(explain.explain(status, LYON)) == [
        "Livraison promise en 4 h de temps ouvert, à compter du jeu. 25 mars 2027 16:30.",
        "Du jeu. 25 mars 2027 16:30 au jeu. 25 mars 2027 18:00 : ouvert, compté 1 h 30 min.",
        "Du jeu. 25 mars 2027 18:00 au ven. 26 mars 2027 09:00 : fermé.",
        "Du ven. 26 mars 2027 09:00 au ven. 26 mars 2027 10:00 : ouvert, compté 1 h.",
        "Du ven. 26 mars 2027 10:00 au ven. 26 mars 2027 12:30 : en pause, pièces attendues, "
        "par Claire.",
        "Du ven. 26 mars 2027 12:30 au ven. 26 mars 2027 13:30 : fermé.",
        "Du ven. 26 mars 2027 13:30 au ven. 26 mars 2027 15:00 : en pause, pièces attendues, "
        "par Claire.",
        "Du ven. 26 mars 2027 15:00 au ven. 26 mars 2027 16:30 : ouvert, compté 1 h 30 min.",
        "Temps ouvert compté jusqu’à l’échéance : 4 h.",
        "Échéance : ven. 26 mars 2027 16:30. Il reste 1 h 30 min de temps ouvert.",
    ]


def test_the_explanation_in_english_names_the_holidays():
    told = explain.explain(only(FOUR_HOURS, [received()], ASKED, STRASBOURG), STRASBOURG)
    lines = explain.sentences(told, "en")
    assert (
        "Fri 26 March 2027 00:00 to Sat 27 March 2027 00:00: closed day, Vendredi saint." in lines
    )
    assert lines[-1] == "Due Tue 30 March 2027 11:30. 4 h of open time left."
    hand = sla.between_hands("Lille", days=1)
    given = Event(ASKED, "assigned", hand="Lille")
    told = explain.explain(only(hand, [given], ASKED), LYON)
    assert explain.sentences(told, "fr")[0] == (
        "Prise en charge par Lille promise à J+1 (jours ouvrés), "
        "à compter du jeu. 25 mars 2027 16:30."
    )
    with pytest.raises(ValueError, match="choose one of"):
        explain.sentences(told, "de")


def test_a_time_in_the_repeated_hour_shows_which_one():
    always = worktime.compile(
        zone="Europe/Paris", weekly={d: [("00:00", "24:00")] for d in range(7)}
    )
    status = only(
        FOUR_HOURS,
        [received(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))],
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        always,
    )
    assert "02:30 (+0200)" in explain.sentences(explain.explain(status, always))[0]

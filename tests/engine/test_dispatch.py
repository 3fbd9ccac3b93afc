"""Who takes this request now, and who could not: every filter, every term, and what must hold."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relais.engine import decision as decisions
from relais.engine import dispatch_case, dispatch_words, worktime
from relais.engine.candidates import Assistant, Queued, State, Ticket, excluded
from relais.engine.decision import TERMS
from relais.engine.dispatch import choose, score
from relais.engine.matching import Weights

WEEK = {day: [("08:00", "18:00")] for day in range(5)}
SITE = worktime.compile(zone="Europe/Paris", weekly=WEEK)
NOW = datetime(2027, 3, 2, 9, tzinfo=UTC)  # a Tuesday, ten in Paris
STATE = State(calendars={1: SITE})
HOUR = timedelta(hours=1)
PARIS = ZoneInfo("Europe/Paris")


def day(number=0, begin=7, end=15):
    start = datetime(2027, 3, 2, tzinfo=UTC) + timedelta(days=number)
    return start + begin * HOUR, start + end * HOUR


def one(key, **facts):
    usual = {
        "name": f"A{key}",
        "covers": {7: "backup"},
        "languages": {"fr": "C2"},
        "familiarity": {7: 1.0},
        "shifts": tuple(day(number) for number in range(3)),
    }
    return Assistant(key, **usual | facts)


def ticket(**facts):
    usual = {"site": 7, "service": 3, "minutes": 30.0, "due": NOW + 5 * HOUR, "calendar": 1}
    return Ticket(100, **usual | facts)


# Each: the request, the one candidate, the code that excludes her.
EXCLUDED = {
    "she does not cover the site": (ticket(), one(1, covers={8: "lead"}), "wall"),
    "the class is above hers": (ticket(confidentiality=2), one(1, clearance=1), "clearance"),
    "C3 without being named": (
        ticket(confidentiality=3, named=frozenset({2})),
        one(1, clearance=3),
        "clearance",
    ),
    "C3 whose list is empty": (ticket(confidentiality=3), one(1, clearance=3), "clearance"),
    "named, but the class is above hers": (
        ticket(confidentiality=2, named=frozenset({1, 2})),
        one(1, clearance=1),
        "clearance",
    ),
    "cleared, but not among the named": (
        ticket(confidentiality=1, named=frozenset({2})),
        one(1),
        "clearance",
    ),
    "an access not tested": (
        ticket(accesses=frozenset({"erp", "mail"})),
        one(1, accesses=frozenset({"mail"})),
        "access",
    ),
    "a skill that she lacks": (ticket(skills={5: 1}), one(1), "skill"),
    "a skill below the level": (ticket(skills={5: 2}), one(1, skills={5: 1}), "skill"),
    "a language that she lacks": (ticket(language="en"), one(1), "language"),
    "a language below the level": (
        ticket(language="en", language_level="C1"),
        one(1, languages={"en": "B2"}),
        "language",
    ),
    "not ready for this work": (
        ticket(readiness=3),
        one(1, readiness={(7, 3): 2, (7, 4): 5}),
        "readiness",
    ),
    "absent": (ticket(), one(1, absences=(day(),), shifts=(day(1),)), "absent"),
    "her day has not begun": (ticket(), one(1, shifts=(day(0, 10, 18),)), "off_duty"),
    "nobody knows her hours": (ticket(), one(1, shifts=()), "off_duty"),
    "her shift ends too soon": (
        ticket(minutes=120.0),
        one(1, shifts=(day(0, 7, 10), day(1))),
        "shift",
    ),
    "the rules of working time": (ticket(), one(1, legal_minutes=29.0), "working_time"),
    "her hands are full": (
        ticket(),
        one(1, capacity=1, queue=(Queued(9, 10.0),)),
        "capacity",
    ),
    "pinned to another": (ticket(pinned=2), one(1), "pinned"),
    "held by the lead": (ticket(held=True), one(1), "held"),
}


@pytest.mark.parametrize("name", EXCLUDED)
def test_a_hard_reason_excludes_whatever_the_score(name):
    asked, her, code = EXCLUDED[name]
    decision = choose(asked, [her], STATE, NOW)
    assert decision.chosen is None
    assert [hard.code for hard in decision.lines[0].hard] == [code]
    assert decision.missing == (code,)
    # Somebody a hundred times worse, whom nothing excludes, is chosen instead.
    if code not in ("held", "pinned"):
        fit = one(
            2,
            covers={7: "float"},
            clearance=2,
            accesses=frozenset({"erp", "mail"}),
            skills={5: 3},
            languages={"fr": "C2", "en": "C2"},
            readiness={(7, 3): 3},
            familiarity={},
            in_hand=150.0,
            share=5.0,
        )
        assert choose(asked, [her, fit], STATE, NOW).chosen == (
            2 if asked.confidentiality < 3 or asked.named else None
        )


def test_the_edges_of_the_filters():
    assert choose(ticket(), [one(1)], STATE, NOW).chosen == 1
    exact = one(1, legal_minutes=30.0, capacity=1, clearance=1)
    assert not excluded(ticket(confidentiality=1), exact, STATE, NOW)
    # Work that ends with the shift is in time; a shift too short is no matter once it is late.
    assert not excluded(ticket(minutes=60.0), one(1, shifts=(day(0, 7, 10), day(1))), STATE, NOW)
    late = ticket(minutes=120.0, due=NOW - HOUR)
    assert not excluded(late, one(1, shifts=(day(0, 7, 10), day(1))), STATE, NOW)
    # Nor is it where she can end it the next morning in time.
    patient = ticket(minutes=120.0, due=NOW + 26 * HOUR)
    assert not excluded(patient, one(1, shifts=(day(0, 7, 10), day(1))), STATE, NOW)


def test_nobody_is_an_answer_and_says_what_is_missing_and_whom_to_call():
    assert choose(ticket(), [], STATE, NOW).missing == ("nobody_covers",)
    back = day(1)[0]
    people = [
        one(1, shifts=(day(1),)),
        one(2, absences=((NOW - HOUR, NOW + 3 * HOUR),), shifts=(day(1),)),
        one(3, covers={}, shifts=(day(1),)),
    ]
    decision = choose(ticket(), people, STATE, NOW)
    assert decision.chosen is decision.start is None
    assert set(decision.missing) == {"off_duty", "absent"}
    # Who is on leave is back some time, but nobody calls her.
    assert [(call.key, call.code, call.until) for call in decision.calls] == [
        (1, "off_duty", back),
    ]
    assert decision.next_at == NOW + 3 * HOUR
    assert decision.counted() == (("off_duty", 2), ("absent", 1), ("wall", 1))


# Each: what makes the second worse than the first, and the term that says so.
TERM_CASES = {
    "she would be late": (ticket(), {}, {"in_hand": 280.0}, "risk"),
    "the minutes by which she would be late": (ticket(), {}, {"in_hand": 320.0}, "lateness"),
    "a stranger to the site": (ticket(), {}, {"familiarity": {}}, "stranger"),
    "she is slower at this": (ticket(), {}, {"pace": {3: 1.25}}, "time"),
    "not the site's usual lead": (ticket(), {"covers": {7: "lead"}}, {}, "lead"),
    "a float, not a backup": (ticket(), {}, {"covers": {7: "float"}}, "lead"),
    "she does not know the file": (ticket(file=4), {"files": frozenset({4})}, {}, "file"),
    "more waits in her hands": (
        ticket(),
        {},
        {"queue": (Queued(9, 60.0, NOW + 40 * HOUR),)},
        "load",
    ),
    "the other has it to learn": (ticket(), {"to_learn": {(7, 3): 2}}, {}, "learning"),
    "she has had more than her share": (ticket(), {}, {"share": 0.2}, "fairness"),
}


@pytest.mark.parametrize("name", TERM_CASES)
def test_a_term_prefers_one_to_the_other_and_says_why(name):
    asked, better, worse, term = TERM_CASES[name]
    people = [one(1, **worse), one(2, **better)]
    decision = choose(asked, people, STATE, NOW)
    assert decision.chosen == 2
    good, bad = ({each.code: each.points for each in decision.line(key).terms} for key in (2, 1))
    assert bad[term] > good[term]
    assert [line.key for line in decision.runners_up] == [1]


def test_what_was_announced_to_somebody_stays_with_her_unless_another_earns_more():
    state = replace(STATE, announced={100: 1})
    assert choose(ticket(), [one(1), one(2, covers={7: "lead"})], state, NOW).chosen == 1
    far = [one(1, in_hand=290.0), one(2)]
    assert choose(ticket(), far, state, NOW).chosen == 2


def test_start_and_finish_are_read_from_her_own_day():
    lunch = (day(0, 7, 10), day(0, 11, 15))
    decision = choose(ticket(minutes=90.0), [one(1, shifts=lunch)], STATE, NOW)
    assert (decision.start, decision.finish) == (NOW, NOW + 2.5 * HOUR)
    busy = choose(ticket(), [one(1, in_hand=45.0)], STATE, NOW)
    assert busy.start == NOW + 0.75 * HOUR
    assert not busy.waits  # nobody else is free


def test_an_unfamiliar_request_may_wait_for_somebody_better_and_it_is_said():
    people = [one(1, in_hand=5.0, covers={7: "lead"}), one(2, familiarity={}, pace={3: 1.5})]
    decision = choose(ticket(due=NOW + 8 * HOUR), people, STATE, NOW)
    assert (decision.chosen, decision.waits) == (1, True)


def test_what_is_more_urgent_in_her_hands_comes_first_and_the_rest_after():
    urgent, patient = Queued(8, 40.0, NOW + HOUR, 4.0, 1), Queued(9, 40.0, NOW + 60 * HOUR, 1.0, 1)
    decision = choose(ticket(), [one(1, queue=(urgent, patient))], STATE, NOW)
    assert decision.start == NOW + timedelta(minutes=40)


def test_a_night_costs_no_open_time():
    """Due tomorrow at nine: one who begins tonight's work tomorrow at eight is in time."""
    due = datetime(2027, 3, 3, 8, tzinfo=UTC)
    her = one(1, in_hand=355.0)
    decision = choose(ticket(due=due, minutes=30.0), [her], STATE, NOW)
    assert decision.finish == datetime(2027, 3, 3, 7, 25, tzinfo=UTC)
    assert decision.lines[0].chance < 0.5
    # An hour earlier the end of her shift alone would make it late.
    late = choose(ticket(due=due - HOUR), [her], STATE, NOW)
    assert late.missing == ("shift",)


def test_what_lies_beyond_the_known_shifts_is_no_date_and_is_said():
    """Two hours are known of her: a work of three ends nobody knows when."""
    her = one(1, shifts=(day(0, 7, 11),), name="Ana")
    decision = choose(ticket(due=None, minutes=180.0), [her], STATE, NOW)
    assert (decision.chosen, decision.start, decision.finish) == (1, NOW, None)
    assert "fin prévue au-delà des horaires connus" in dispatch_words.sentences(decision, PARIS)[0]
    assert decisions.read(json.loads(json.dumps(decision.told()))) == decision
    full = choose(ticket(due=None), [replace(her, in_hand=120.0)], STATE, NOW)
    assert (full.chosen, full.start, full.finish, full.waits) == (1, None, None, False)


def test_who_has_worked_as_long_as_one_may_is_not_called():
    tired = one(1, legal_minutes=5.0)
    assert choose(ticket(), [tired], STATE, NOW).calls == ()


def test_an_absence_within_her_hours_is_no_time_to_work():
    """She leaves at eleven for two hours: the work of ninety minutes ends after them."""
    gone = (NOW + HOUR, NOW + 3 * HOUR)
    decision = choose(ticket(minutes=90.0), [one(1, absences=(gone,))], STATE, NOW)
    assert decision.finish == NOW + 3.5 * HOUR


moments = st.integers(-600, 3000).map(lambda minutes: NOW + timedelta(minutes=minutes))
levels = st.dictionaries(st.integers(1, 3), st.integers(1, 3), max_size=2)
tickets = st.builds(
    Ticket,
    key=st.just(100),
    site=st.integers(1, 2),
    service=st.integers(1, 2),
    minutes=st.floats(1, 300),
    due=st.none() | moments,
    weight=st.sampled_from([1.0, 2.0, 4.0]),
    confidentiality=st.integers(0, 3),
    named=st.frozensets(st.integers(1, 9), max_size=3),
    skills=levels,
    language=st.sampled_from(["", "fr", "en"]),
    language_level=st.sampled_from(["B1", "C1"]),
    readiness=st.integers(0, 3),
    accesses=st.frozensets(st.sampled_from(["erp", "mail"])),
    file=st.none() | st.integers(1, 2),
    pinned=st.none() | st.none() | st.integers(1, 9),
    held=st.sampled_from([False, False, False, True]),
    calendar=st.sampled_from([None, 1]),
)
queues = st.lists(
    st.builds(
        Queued,
        key=st.integers(200, 999),
        minutes=st.floats(1, 90),
        due=st.none() | moments,
        weight=st.sampled_from([1.0, 4.0]),
        calendar=st.sampled_from([None, 1]),
    ),
    max_size=3,
).map(tuple)
days = st.sampled_from(
    [(), (day(),), (day(), day(1)), (day(0, 7, 10), day(0, 11, 15), day(1)), (day(1),)]
)
people = st.lists(
    st.builds(
        Assistant,
        key=st.integers(1, 9),
        name=st.just("A"),
        covers=st.dictionaries(st.integers(1, 2), st.sampled_from(["lead", "backup", "float"])),
        clearance=st.integers(0, 3),
        skills=levels,
        languages=st.dictionaries(
            st.sampled_from(["fr", "en"]), st.sampled_from(["A2", "B1", "C1"])
        ),
        accesses=st.frozensets(st.sampled_from(["erp", "mail"])),
        readiness=st.dictionaries(
            st.tuples(st.integers(1, 2), st.integers(1, 2)), st.integers(0, 5)
        ),
        to_learn=st.dictionaries(
            st.tuples(st.integers(1, 2), st.integers(1, 2)), st.integers(0, 3)
        ),
        familiarity=st.dictionaries(st.integers(1, 2), st.floats(0, 1)),
        files=st.frozensets(st.integers(1, 2)),
        shifts=days,
        absences=st.sampled_from([(), (), (), (day(),)]),
        in_hand=st.floats(0, 200),
        queue=queues,
        capacity=st.none() | st.integers(0, 3),
        legal_minutes=st.none() | st.floats(0, 400),
        share=st.floats(-1, 1),
    ),
    max_size=6,
    unique_by=lambda her: her.key,
)
states = st.builds(
    State,
    calendars=st.just({1: SITE}),
    planned=st.dictionaries(st.just(100), st.integers(1, 9)),
    announced=st.dictionaries(st.just(100), st.integers(1, 9)),
)


@given(tickets, people, states, st.randoms())
def test_what_must_hold_of_any_decision(asked, pool, state, chance):
    decision = choose(asked, pool, state, NOW)
    assert {line.key for line in decision.lines} == {her.key for her in pool}
    able = [her for her in pool if not excluded(asked, her, state, NOW)]
    # One whom something excludes is never chosen; somebody is if anybody can be.
    assert (decision.chosen in {her.key for her in able}) if able else decision.chosen is None
    for line in decision.lines:
        assert bool(line.hard) != bool(line.terms)
        if line.terms:
            assert tuple(term.code for term in line.terms) == TERMS
            assert score(line.terms) == line.score
            assert line.score >= decision.lines[0].score
    if not able:
        assert decision.missing
    # The order given is no matter, and what is kept as JSON is the same decision.
    shuffled = list(pool)
    chance.shuffle(shuffled)
    assert choose(asked, shuffled, state, NOW) == decision
    assert decisions.read(json.loads(json.dumps(decision.told()))) == decision
    short = decisions.spelled(json.loads(json.dumps(decisions.in_short(decision.lines))))
    by_key = {each.key: each for each in short}
    assert len(short) == len(decision.lines)
    for line in decision.lines:
        said = by_key[line.key]
        assert (said.key, said.name, said.hard) == (line.key, line.name, line.hard)
        assert [each.code for each in said.terms] == [each.code for each in line.terms]
        for mine, hers in zip(said.terms, line.terms, strict=True):
            assert abs(mine.points - hers.points) <= 0.051


def test_weights_are_told_with_the_decision_and_change_it():
    people = [one(1, familiarity={}), one(2, in_hand=30.0)]
    asked = ticket(due=NOW + 2 * HOUR, minutes=60.0)
    free, fond = Weights(stranger=0.0, minute=0.0, version=2), Weights(stranger=5000.0, version=3)
    assert choose(asked, people, STATE, NOW, free).chosen == 1
    decision = choose(asked, people, STATE, NOW, fond)
    assert decision.chosen == 2
    assert decision.weights["version"] == 3


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_reason_has_its_sentence(language):
    for asked, her, code in EXCLUDED.values():
        decision = choose(asked, [her], STATE, NOW)
        told = dispatch_words.sentences(decision, PARIS, language)
        assert told and not any("{" in text for text in told)
        assert dispatch_words.hard(decision.lines[0].hard[0], PARIS, language)
        assert f"count_{code}" in dispatch_words._TEXTS[language]
    for asked, better, worse, _term in TERM_CASES.values():
        decision = choose(asked, [one(1, **worse), one(2, **better)], STATE, NOW)
        told = dispatch_words.sentences(decision, PARIS, language)
        assert len(told) == 3 and not any("{" in text for text in told)
        assert all(dispatch_words.term(part, language) for part in decision.lines[0].terms)
    with pytest.raises(ValueError, match="choose one of fr, en"):
        dispatch_words.sentences(decision, PARIS, "de")


def test_a_decision_reads_as_a_person_would_say_it():
    people = [
        one(1, familiarity={}, name="Zoé"),
        one(2, name="Claire"),
        one(3, covers={}, name="Ana"),
        one(4, absences=((NOW - HOUR, NOW + HOUR),), shifts=(), name="Lou"),
    ]
    decision = choose(ticket(), people, STATE, NOW)
    french = dispatch_words.sentences(decision, PARIS, "fr")
    assert french[0].startswith("Claire : début mar. 02/03 à 10:00, fin prévue mar. 02/03 à 10:30")
    assert french[1].startswith("Pourquoi : plus rapide sur ce travail ; ")
    assert french[2].startswith("Zoé vient après (")
    assert french[3] == "Hors de question pour 2 : 1 absent·e, 1 hors du site."
    night = choose(ticket(), people[3:], STATE, NOW)
    assert dispatch_words.sentences(night, PARIS, "en") == [
        "Nobody can take it now: those who could are absent.",
        "The first to be back: Tue 02/03 at 11:00.",
    ]


def test_the_same_words_in_both_languages():
    assert dispatch_words._TEXTS["fr"].keys() == dispatch_words._TEXTS["en"].keys()


@given(tickets, people, states)
def test_a_decision_is_given_again_by_the_case_kept_beside_it(asked, pool, state):
    decision = choose(asked, pool, state, NOW)
    kept = json.loads(json.dumps(dispatch_case.told(asked, pool, state, NOW)))
    assert dispatch_case.replay(kept) == decision


def test_a_case_of_before_queues_were_texts_is_replayed():
    busy = one(1, queue=(Queued(5, 60.0, NOW + 3 * HOUR, 2.0, 1), Queued(6, 30.0)))
    kept = json.loads(json.dumps(dispatch_case.told(ticket(), [busy, one(2)], STATE, NOW)))
    for each in kept["people"]:
        each["queue"] = json.loads(each.get("queue", "[]"))
    assert dispatch_case.replay(kept) == choose(ticket(), [busy, one(2)], STATE, NOW)


def test_a_case_is_replayed_by_the_weights_of_then():
    people = [one(1, familiarity={}), one(2, in_hand=30.0)]
    fond = Weights(stranger=5000.0, version=3)
    kept = json.loads(json.dumps(dispatch_case.told(ticket(), people, STATE, NOW, fond)))
    assert dispatch_case.replay(kept) == choose(ticket(), people, STATE, NOW, fond)
    assert dispatch_case.replay(kept).weights["version"] == 3

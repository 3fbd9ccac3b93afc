"""Each figure of a month: what it counts of a request's life, at its edges; samples and cuts."""

from dataclasses import replace
from datetime import timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relais.engine import credits
from relais.engine.measures import CUTS, Alert, Why, ages, alert, concentration, tally
from relais.engine.measures_compared import Move, against, compared
from relais.engine.measures_facts import (
    Audit,
    Given,
    Life,
    Means,
    Period,
    Promise,
    Rating,
    Reopening,
)
from relais.engine.measures_words import DEFINITIONS, Sum
from tests.engine.lives import (
    APRIL,
    CAST,
    FEBRUARY,
    GIVEN,
    JANUARY,
    MARCH,
    MONTHS,
    at,
    figure,
    figures,
    life,
    promised,
    tickets,
)

DONE = {"deliveries": (at(3, 5),)}
ONE = (MARCH,)
YES, NO, OUT = (1, 1), (0, 1), (0, 0)


def counted(key, one, **options):
    found = figure(key, one, **{"months": ONE} | options)
    return found.over, found.n


# Requests once delivered


@pytest.mark.parametrize(
    ("facts", "right"),
    [
        ({}, YES),
        ({"asked_by_fault": (at(3, 4),)}, NO),
        ({"corrected": (at(3, 8),)}, NO),
        ({"reopenings": (Reopening(at(3, 6), 1),)}, NO),
        ({"reopenings": (Reopening(at(3, 30), 18),)}, NO),
        ({"reopenings": (Reopening(at(4, 2), 20),)}, YES),  # not yet known
        ({"deliveries": (at(4, 1, 0),)}, OUT),
        ({"deliveries": (at(3, 1, 0),)}, YES),
        ({"deliveries": ()}, OUT),
        ({"void_at": at(3, 20)}, OUT),
    ],
)
def test_right_first_time(facts, right):
    assert counted("right_first_time", life(**DONE | facts)) == right


@pytest.mark.parametrize(
    ("reopened_at", "days", "as_of", "expected"),
    [
        (at(3, 19), 10, MARCH.end, YES),
        (at(3, 22), 11, MARCH.end, NO),
        (at(4, 2), 4, MARCH.end, NO),  # after the month's end, and not known when it was reported
        (at(4, 2), 4, at(4, 6), YES),  # known by the time of the report
    ],
)
def test_reopened(reopened_at, days, as_of, expected):
    one = life(deliveries=(at(3, 5), at(4, 5)), reopenings=(Reopening(reopened_at, days),))
    assert counted("reopened", one, as_of=as_of) == expected
    assert counted("reopened", one, as_of=as_of, months=(APRIL,)) == OUT  # closed once


def test_turnaround():
    lives = [life(f"T{n}", worked=n * 3600, **DONE) for n in range(1, 21)]
    late = life("T99", worked=10**6, deliveries=(at(4, 2),))
    found = figures([*lives, late])
    assert found["turnaround_p50"].value == Fraction(21, 2) * 3600
    assert found["turnaround_p90"].value == 18 * 3600
    assert found["turnaround_p90"].shown
    assert figure("turnaround_p90", *lives[:19]).why is Why.FEW
    assert figure("turnaround_p90", life(**DONE)).why is Why.NOTHING


def test_waiting_for_the_client():
    found = figure(
        "client_waiting", life(worked=3600, waited=7200, **DONE), life("T2", worked=3600, **DONE)
    )
    assert found.value == Fraction(1, 2)
    assert figure("client_waiting", life(worked=0, **DONE)).n == 0


def test_received_and_delivered():
    lives = [life(), life("T2", received=at(2, 3), **DONE), life("T3", void_at=at(3, 4))]
    found = figures(lives)
    assert (found["received"].value, found["delivered"].value) == (1, 1)
    assert found["received"].ids == ("T1",)
    assert figures([])["received"].value == 0


@pytest.mark.parametrize(
    ("fact", "key"),
    [
        ("off_catalogue", "off_catalogue"),
        ("anticipated", "anticipation"),
        ("bypassed", "bypass"),
        ("documented", "documentation"),
    ],
)
def test_habits_are_counted_of_requests_received(fact, key):
    assert counted(key, life(**{fact: True})) == YES
    assert counted(key, life()) == NO
    assert counted(key, life(received=at(2, 28), **{fact: True})) == OUT
    assert counted(key, life(void_at=at(3, 3), **{fact: True})) == OUT


# What people and checks say


def rated(scores, month=3, effort=5, first=0):
    return [
        life(f"R{month}-{n}", rating=Rating(at(month, 10), score, effort), invited=at(month, 6))
        for n, score in enumerate(scores, first)
    ]


def test_satisfaction_with_its_sample_and_interval():
    found = figures([*rated([5, 4, 4, 3, 1]), life("T2", invited=at(3, 7))], ONE)
    share = found["satisfaction"]
    assert (share.value, share.n, share.shown) == (Fraction(3, 5), 5, True)
    assert (str(share.low), str(share.high)) == ("0.230724", "0.882380")
    assert found["satisfaction_mean"].value == Fraction(17, 5)
    assert found["effort"].value == 5
    assert found["response_rate"].value == Fraction(5, 6)


def test_under_five_answers_nothing_is_told():
    for key in ("satisfaction", "satisfaction_mean", "effort"):
        found = figure(key, *rated([5, 4, 4, 3]), months=ONE)
        assert (found.why, found.value, found.low, found.over) == (Why.WITHHELD, None, None, 0)
        assert (found.lines, found.ids, found.n) == ((), (), 4)
        assert figure(key, months=ONE).why is Why.NOTHING


def test_few_answers_are_read_over_three_months_unless_that_tells_them():
    few = [*rated([5, 5], 3), *rated([4, 1], 2), *rated([3, 5], 1)]
    found = figure("satisfaction", *few)
    assert (found.value, found.n, found.own_n, found.pooled) == (Fraction(4, 6), 6, 2, True)
    # February alone was told: five answers less than these together are March's two.
    told = [*rated([5, 5], 3), *rated([4, 1, 1, 1, 1], 2)]
    assert figure("satisfaction", *told).why is Why.WITHHELD


def test_few_answers_of_a_site_are_not_found_by_subtraction():
    def at_site(site, scores, first):
        return [replace(each, site=site) for each in rated(scores, first=first)]

    lives = [*at_site("Aix", [1, 1, 1], 0), *at_site("Lyon", [5] * 6, 10),
             *at_site("Lille", [4] * 9, 20)]  # fmt: skip
    found = tally(lives, ONE, MARCH.end, GIVEN).cut("site", keys=["satisfaction"])
    told = {dict(each.cut)["site"]: each.why for each in found}
    assert told == {"Aix": Why.WITHHELD, "Lyon": Why.WITHHELD, "Lille": Why.SHOWN}


def test_ratings_count_when_given_and_only_once_known():
    (one,) = rated([5])
    assert figure("satisfaction", one, months=ONE).n == 1
    assert figure("satisfaction", one, months=(FEBRUARY,)).n == 0
    assert counted("response_rate", one, as_of=at(3, 9)) == NO


def test_critical_errors_are_counted_by_request():
    one = life(audits=(Audit(at(3, 8), 0, 2), Audit(at(3, 9), 2)))
    assert counted("critical_errors", one) == YES
    assert counted("critical_errors", life(audits=(Audit(at(3, 8), 0, 5),))) == NO
    assert counted("critical_errors", life(audits=(Audit(at(4, 8), 1),))) == OUT
    assert counted("critical_errors", one, as_of=at(3, 8)) == NO


# The backlog


@pytest.mark.parametrize(
    ("facts", "still"),
    [
        ({}, 1),
        ({"received": at(3, 31, 23)}, 1),
        ({"received": at(4, 1, 0)}, 0),
        (DONE, 0),
        ({"deliveries": (at(4, 1, 1),)}, 1),
        (DONE | {"reopenings": (Reopening(at(3, 9), 2),)}, 1),
        ({"deliveries": (at(3, 5), at(3, 12)), "reopenings": (Reopening(at(3, 9), 2),)}, 0),
        (DONE | {"reopenings": (Reopening(at(4, 9), 20),)}, 0),
        # At one instant they take turns; what was delivered twice is open once it is reopened.
        ({"deliveries": (at(3, 5),), "reopenings": (Reopening(at(3, 5), 0),)}, 1),
        ({"deliveries": (at(3, 5),) * 2, "reopenings": (Reopening(at(3, 5), 0),)}, 0),
        ({"deliveries": (at(3, 5), at(3, 6)), "reopenings": (Reopening(at(3, 9), 2),)}, 1),
        ({"void_at": at(3, 9)}, 0),
        ({"void_at": at(4, 9)}, 1),
    ],
)
def test_the_backlog_is_what_was_open_at_the_end(facts, still):
    one = life(**facts)
    assert figure("backlog", one, as_of=APRIL.end).value == still


def test_the_backlog_of_a_running_month_is_that_of_now():
    assert figure("backlog", life(), as_of=at(3, 3)).value == 1
    assert figure("backlog", life(received=at(2, 3)), as_of=at(2, 27)).value == 0


def test_the_age_of_the_backlog():
    lives = [
        life(f"T{days}", received=MARCH.end - timedelta(days=days), left_minutes=210)
        for days in (1, 2, 3, 5, 6, 10, 11, 40)
    ]
    found = figures(lives)
    assert ages(found["backlog_age_p50"]) == (2, 2, 2, 2)
    assert found["backlog_age_p50"].value == Fraction(11, 2)
    assert found["backlog_age_p90"].value == 40
    assert found["backlog_days"].value == 4
    with pytest.raises(ValueError, match="give `age`"):
        figures(lives, given=Given())


# Means, time returned, concentration


def test_cost_and_occupation():
    means = [Means("m1", "2027-03", 150_000, 6_000, 8_000, site="Lyon"),
             Means("m2", "2027-02", 999_999, 9, 9, site="Lyon")]  # fmt: skip
    lives = [life(units=Fraction(3, 2), **DONE), life("T2", site="Lille", **DONE)]
    table = tally(lives, MONTHS, MARCH.end, replace(GIVEN, means=means))
    found = table.whole()
    assert found["cost_per_unit"].value == 60_000
    assert found["cost_per_unit"].n == 2
    assert found["occupation"].value == Fraction(3, 4)
    by_site = {dict(each.cut)["site"]: each for each in table.cut("site", keys=["cost_per_unit"])}
    assert by_site["Lyon"].value == 100_000
    assert by_site["Lille"].value is None  # no cost known is no cost of nought
    assert {key for key, each in DEFINITIONS.items() if each.internal} == {
        "cost_per_unit", "occupation", "concentration", "effective_people",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("percent", "said"),
    [(86, Alert.HIGH), (85, Alert.NONE), (60, Alert.NONE), (59, Alert.LOW)],
)
def test_an_occupation_alerts(percent, said):
    assert alert(Fraction(percent, 100)) is said


def test_time_returned_is_never_told_without_its_assumption():
    lives = [life(standard=40, written=3, validation=5, **DONE), life("T2", **DONE)]
    given = replace(GIVEN, standards="diagnostic 2026")
    found = figure("time_returned", *lives, given=given)
    assert (found.value, found.n, found.excluded) == (26, 1, 1)
    for words in found.assumption:
        assert "diagnostic 2026" in words
        assert "3 min" in words
        assert "1 " in words
    without = figure("time_returned", *lives)
    assert (without.value, without.shown, without.why) == (None, False, Why.NO_STANDARD)


@pytest.mark.parametrize(
    ("counts", "index", "people"),
    [((92, 8), 0.853, 1.17), ((60, 30, 10), 0.46, 2.17), ((40, 35, 25), 0.345, 2.90)],
)
def test_on_how_many_people_it_rests(counts, index, people):
    spread = dict(enumerate(counts))
    lives = [
        life(f"T{who}-{n}", assistant=f"A{who}") for who, of in spread.items() for n in range(of)
    ]
    found = figures(lives)
    assert round(float(found["concentration"].value), 3) == index
    assert round(float(found["effective_people"].value), 2) == people
    assert concentration({"one": 7}) == 1


# Samples, cuts, months


def test_a_small_month_is_read_with_the_two_before():
    past = [
        replace(each, key=f"{month}{each.key}", promises=(promised(due=at(month, 9)),))
        for month, n in ((1, 6), (2, 6))
        for each in tickets("Lyon", 0, n)
    ]
    found = figure("on_time", *past, *tickets("Lyon", 8, 8))
    assert (found.over, found.n, found.own_n, found.pooled) == (8, 20, 8, True)
    assert found.periods == ("2027-01", "2027-02", "2027-03")
    assert found.shown
    enough = figure("on_time", *past, *tickets("Lyon", 20, 20))
    assert (enough.n, enough.pooled) == (20, False)
    fewer = figure("on_time", *past[1:], *tickets("Lyon", 8, 8))
    assert (fewer.why, fewer.value) == (Why.FEW, Fraction(8, 19))


def test_a_sample_may_be_agreed_on():
    given = replace(GIVEN, smallest={"on_time": 3})
    assert figure("on_time", *tickets("Lyon", 2, 3), given=given).shown


def test_one_site_alone_is_not_compared():
    found = figures(tickets("Lyon", 20, 30))
    for key in ("alike_gap", "alike_deviation", "alike_index"):
        assert (found[key].value, found[key].why) == (None, Why.ONE_SITE)
    assert figures([])["alike_index"].why is Why.NOTHING


def test_a_cut_is_by_what_is_known():
    table = tally(CAST, MONTHS, MARCH.end, GIVEN)
    found = table.cut("site", "client", keys=["on_time"])
    assert [dict(each.cut)["site"] for each in found] == ["Aix", "Lille", "Lyon", "Strasbourg"]
    assert [each.n for each in found] == [44, 66, 124, 31]
    with pytest.raises(ValueError, match="cut by one of client"):
        table.cut("colour")
    with pytest.raises(ValueError, match="give each request once"):
        tally([life(), life()], ONE, MARCH.end)
    with pytest.raises(ValueError, match="at least the one"):
        tally([], [], MARCH.end)


def test_a_month_has_its_bounds():
    with pytest.raises(ValueError, match="time zone"):
        Period("2027-03", at(3, 1).replace(tzinfo=None), at(4, 1))
    with pytest.raises(ValueError, match="ends after"):
        Period("2027-03", at(4, 1), at(3, 1))


# Beside another


@pytest.mark.parametrize(
    ("now", "before", "key", "move"),
    [
        ((95, 100), (60, 100), "on_time", Move.BETTER),
        ((60, 100), (95, 100), "on_time", Move.WORSE),
        ((90, 100), (88, 100), "on_time", Move.UNCLEAR),
        ((90, 100), (90, 100), "on_time", Move.SAME),
    ],
)
def test_a_month_beside_another(now, before, key, move):
    found = compared(figure(key, *tickets("Lyon", *now)), figure(key, *tickets("Lyon", *before)))
    assert found.move is move
    assert found.difference == Fraction(now[0] - before[0], 100)
    assert found.low < found.difference < found.high


def test_fewer_reopened_is_better():
    again = {"reopenings": (Reopening(at(3, 8), 1),)}
    lives = [life(f"T{n}", **DONE | (again if n < 30 else {})) for n in range(60)]
    before, now = figure("reopened", *lives), figure("reopened", *lives[20:])
    assert compared(now, before).move is Move.BETTER


def test_what_cannot_be_compared():
    found, nothing = figure("on_time", *tickets("Lyon", 9, 20)), figure("on_time")
    assert compared(found, nothing) is None
    with pytest.raises(ValueError, match="its own kind"):
        compared(found, figure("reopened"))
    one, two = (figure("received", *CAST[:n]) for n in (4, 6))
    assert (compared(two, one).difference, compared(two, one).move) == (2, Move.UNCLEAR)
    assert compared(one, one).move is Move.SAME


def test_hours_against_the_agreement():
    lives = [life(f"T{n}", worked=9 * 3600, **DONE) for n in range(20)]
    levels = credits.Levels(credits.Statistic.P90, Decimal(8), Decimal(6), Decimal(12))
    assert against(figure("turnaround_p90", *lives), levels) is credits.Level.BELOW
    few = figure("turnaround_p90", *lives[:19])
    assert against(few, levels) is credits.Level.TOO_FEW


# What holds of any requests


instants = st.integers(0, 5 * 30 * 24).map(lambda hours: JANUARY.begin + timedelta(hours=hours))
lived = st.builds(
    life,
    received=instants,
    site=st.sampled_from(["Lyon", "Lille", "Aix"]),
    family=st.sampled_from(["agenda", "travel"]),
    assistant=st.sampled_from(["", "Ana", "Bea"]),
    void_at=st.none() | instants,
    deliveries=st.lists(instants, max_size=2).map(tuple),
    promises=st.lists(
        st.builds(Promise, st.sampled_from(["delivery", "first_response"]), instants,
                  st.none() | instants), max_size=1).map(tuple),
    worked=st.none() | st.integers(0, 10**5),
    reopenings=st.lists(st.builds(Reopening, instants, st.integers(0, 20)), max_size=1).map(tuple),
    rating=st.none() | st.builds(Rating, instants, st.integers(1, 5)),
    documented=st.booleans(),
    standard=st.none() | st.integers(0, 90),
)  # fmt: skip
many = st.lists(lived, max_size=25).map(
    lambda lives: [replace(each, key=f"T{n:02}") for n, each in enumerate(lives)]
)
SOME = settings(max_examples=12, deadline=None)


@SOME
@given(many, st.randoms(use_true_random=False), st.integers(-12, 14))
def test_neither_order_nor_time_zone_changes_a_figure(lives, dice, hours):
    zone = timezone(timedelta(hours=hours))
    moved = [replace(each, received=each.received.astimezone(zone)) for each in lives]
    dice.shuffle(moved)
    months = [Period(m.name, m.begin.astimezone(zone), m.end.astimezone(zone)) for m in MONTHS]
    dice.shuffle(months)
    assert figures(moved, months, MARCH.end) == figures(lives)


ADDED = [
    key for key, each in DEFINITIONS.items()
    if each.sum in (Sum.SHARE, Sum.RATIO, Sum.TOTAL) and not each.withheld
]  # fmt: skip


@SOME
@given(many, st.sampled_from(CUTS))
def test_the_parts_of_a_cut_make_the_whole(lives, by):
    table = tally(lives, ONE, MARCH.end, replace(GIVEN, standards="diagnostic"))
    whole = table.whole()
    for key in ADDED:
        parts = table.cut(by, keys=[key])
        assert sum(each.over for each in parts) == whole[key].over
        assert sum(each.n for each in parts) == whole[key].n
        assert sorted(i for each in parts for i in each.ids) == sorted(whole[key].ids)


@SOME
@given(many)
def test_each_promise_counts_in_one_month_at_most(lives):
    whole = Period("all", JANUARY.begin, APRIL.end)
    months = [JANUARY, FEBRUARY, MARCH, APRIL]
    for key in ("on_time", "first_response"):
        by_month = [figure(key, *lives, months=(each,), as_of=APRIL.end).n for each in months]
        assert sum(by_month) == figure(key, *lives, months=(whole,), as_of=APRIL.end).n


@SOME
@given(many)
def test_what_becomes_known_later_changes_no_report(lives):
    known = [
        replace(
            each,
            deliveries=tuple(d for d in each.deliveries if d <= MARCH.end),
            reopenings=tuple(r for r in each.reopenings if r.at <= MARCH.end),
            void_at=each.void_at if each.void_at and each.void_at <= MARCH.end else None,
            rating=each.rating if each.rating and each.rating.at <= MARCH.end else None,
        )
        for each in lives
        if each.received <= MARCH.end
    ]
    now, then = figures(lives, as_of=MARCH.end), figures(known, as_of=MARCH.end)
    assert now == then


def test_every_figure_is_told_in_both_tongues():
    assert set(figures([])) == set(DEFINITIONS)
    for definition in DEFINITIONS.values():
        for words in (definition.name, definition.what, definition.population, definition.excluded):
            assert all(words)
        assert definition.what.fr != definition.what.en
    assert isinstance(life(), Life)

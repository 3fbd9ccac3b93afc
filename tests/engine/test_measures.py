"""What is promised, counted from the lives of requests: in which month, and what is left out."""

from decimal import Decimal

import pytest

from relais.engine import credits
from relais.engine.measures import sites
from relais.engine.measures_compared import against
from relais.engine.measures_facts import Exclusion, Promise
from tests.engine.lives import (
    APRIL,
    CAST,
    MARCH,
    MONTHS,
    at,
    figure,
    figures,
    life,
    promised,
    tickets,
)

# The vectors, from requests


def test_is_every_site_served_alike():
    found = figures(CAST)
    assert (found["on_time"].over, found["on_time"].n) == (244, 265)
    assert round(float(found["on_time"].value), 4) == 0.9208
    assert round(float(found["alike_gap"].value), 3) == 0.145
    assert round(float(found["alike_deviation"].value), 4) == 0.0447
    assert round(float(found["alike_index"].value), 3) == 0.951
    assert found["alike_index"].shown
    side_by_side = sites(found["on_time"])
    watched = next(each for each in side_by_side.points if each.site == "Strasbourg")
    assert (watched.standing, round(watched.chance, 3)) == ("watch", Decimal("0.033"))


def test_the_credit_of_a_month_from_its_requests():
    found = figures(tickets("Lyon", 88, 100))["on_time"]
    levels = credits.Levels(credits.Statistic.PCT_WITHIN, Decimal(92), Decimal(96), Decimal(85))
    assert against(found, levels) is credits.Level.BELOW
    rules = credits.Rules(
        Decimal("0.1"), credits.Multiplier.LINEAR, Decimal(1), 3, Decimal("1.5"), 3
    )
    actual = Decimal(found.over.numerator * 100) / found.n
    miss = credits.Miss("on_time", Decimal("0.4"), actual, levels.expected, levels.critical)
    assert credits.credits(Decimal(12000), rules, [miss]).credit == Decimal("377.14")


def test_a_figure_and_the_agreements_verdict_count_the_same():
    levels = credits.Levels(credits.Statistic.PCT_WITHIN, Decimal(92), Decimal(96), Decimal(85))
    outcomes = [each.promises[0].outcome(MARCH.end) for each in CAST]
    verdict = credits.verdict(outcomes, levels, MARCH.begin, MARCH.end)
    found = figures(CAST)["on_time"]
    assert verdict.counted == found.n
    assert verdict.value == 100 * Decimal(found.over.numerator) / found.n
    assert verdict.level is against(found, levels)


# When a promise counts


KEPT, LATE = (1, 1), (0, 1)
NOT = (0, 0)


@pytest.mark.parametrize(
    ("due", "met", "facts", "counted"),
    [
        (at(3, 10), at(3, 9), {}, KEPT),
        (at(3, 10), at(3, 10), {}, KEPT),  # at the very moment
        (at(3, 10), at(3, 11), {}, LATE),
        (at(3, 10), None, {}, LATE),  # late and open
        (at(3, 10), at(4, 9), {}, LATE),  # late, and met in another month
        (at(4, 9), at(3, 9), {}, KEPT),  # met before its month
        (at(4, 9), None, {}, NOT),
        (at(2, 27), at(3, 2), {}, NOT),  # it counted in February
        (at(3, 1, 0), None, {}, LATE),  # the first moment of the month
        (at(4, 1, 0), None, {}, NOT),  # its end belongs to the next
        (at(4, 2), at(4, 1, 0), {}, NOT),
        (None, None, {}, NOT),  # it waits for the requester
        (at(3, 10), at(3, 11), {"void_at": at(3, 8)}, NOT),
        (at(3, 10), None, {"void_at": at(4, 8)}, LATE),  # not known when it was counted
    ],
)
@pytest.mark.parametrize(
    ("kind", "key"),
    [("delivery", "on_time"), ("first_response", "first_response"), ("commitment", "words_kept")],
)
def test_the_month_in_which_a_promise_counts(due, met, facts, counted, kind, key):
    one = life(promises=(Promise(kind, due, met, **facts),))
    found = figure(key, one, months=(MARCH,))
    assert (found.over, found.n) == counted
    assert found.ids == (("T1",) if counted != NOT else ())


def test_late_and_open_counts_in_the_month_of_breach_and_never_again():
    one = life(promises=(Promise("delivery", at(3, 31), at(4, 2)),), deliveries=(at(4, 2),))
    counted = [
        figure("on_time", one, months=(month,), as_of=APRIL.end).n for month in (*MONTHS, APRIL)
    ]
    assert counted == [0, 0, 1, 0]
    assert figure("delivered", one, months=(APRIL,)).value == 1


def test_what_runs_in_time_is_not_counted_yet():
    one = life(promises=(promised(due=at(3, 20)),))
    for now, n in ((at(3, 19), 0), (at(3, 20), 0), (at(3, 21), 1)):
        assert figure("on_time", one, months=(MARCH,), as_of=now).n == n


def test_what_is_cancelled_promises_nothing_from_when_that_is_known():
    one = life(promises=(promised(),), void_at=at(4, 3))
    assert figure("on_time", one, months=(MARCH,)).n == 1
    assert figure("on_time", one, months=(MARCH,), as_of=APRIL.end).n == 0


def test_what_both_referents_excluded_is_told_and_not_counted():
    excluded = Exclusion("inputs came late", at(3, 20))
    one = life(promises=(promised(met=at(3, 11), excluded=excluded),))
    other = life("T2", promises=(promised(met=at(3, 9)),))
    found = figure("on_time", one, other, months=(MARCH,))
    assert (found.over, found.n, found.excluded, found.value) == (1, 1, 1, 1)
    assert figure("on_time", one, other, months=(MARCH,), as_of=at(3, 19)).n == 2


def test_two_commitments_of_one_request_count_twice():
    words = (promised("commitment", met=at(3, 9), key="1"), promised("commitment", key="2"))
    found = figure("words_kept", life(promises=words), months=(MARCH,))
    assert (found.over, found.n, found.ids) == (1, 2, ("T1",))

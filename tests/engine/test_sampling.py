"""Which requests are checked, and what a check says."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relais.engine import worktime
from relais.engine.sampling import (
    GRID,
    MEND_WITHIN,
    REASONS,
    Done,
    Reason,
    Rule,
    judged,
    mend_by,
    sample,
    spread,
)

RIGHT = {each.key: True for each in GRID}
WEEK = {day: [("09:00", "12:30"), ("13:30", "18:00")] for day in range(5)}
LYON = worktime.compile(zone="Europe/Paris", weekly=WEEK)


def done(n, assistant="Ana", site="Lyon", begin=0, **facts):
    """Return what she delivered at a site that she knows well."""
    facts = {"rank": 50} | facts
    return [Done(f"{assistant}-{site}-{each:03}", assistant, site, **facts)
            for each in range(begin, begin + n)]  # fmt: skip


def keys(picks, reason):
    return [each.key for each in picks if reason in each.reasons]


@pytest.mark.parametrize(
    ("n", "quota"),
    [(0, 0), (3, 3), (5, 5), (99, 5), (100, 5), (101, 6), (120, 6), (121, 7), (400, 20)],
)
def test_how_many_are_drawn_of_an_assistants_month(n, quota):
    assert Rule().quota(n) == quota
    assert len(keys(sample(done(n), "2027-03"), Reason.DRAWN)) == quota


def test_each_assistant_has_her_own_sample_spread_over_her_sites():
    mine = [*done(80), *done(40, site="Lille"), *done(3, site="Aix")]
    picks = sample([*mine, *done(20, "Bea")], "2027-03")
    assert Counter((each.assistant, each.site) for each in picks) == {
        ("Ana", "Lyon"): 4, ("Ana", "Lille"): 2, ("Ana", "Aix"): 1, ("Bea", "Lyon"): 5,
    }  # fmt: skip


def test_the_first_ten_at_a_new_site_are_all_checked():
    new = [replace(each, rank=n) for n, each in enumerate(done(14), 1)]
    assert len(keys(sample(new, "a"), Reason.NEW_PAIR)) == 10
    assert keys(sample(done(14), "a"), Reason.NEW_PAIR) == []


def test_all_that_is_confidential_to_the_management_is_checked():
    secret = done(9, begin=100, confidential=True)
    picks = sample([*done(40), *secret], "a")
    assert keys(picks, Reason.CONFIDENTIAL) == [each.key for each in secret]
    # Drawn from all her work: what must be checked anyway takes no place and gives none.
    usual = [replace(each, confidential=False) for each in secret]
    assert keys(picks, Reason.DRAWN) == keys(sample([*done(40), *usual], "a"), Reason.DRAWN)


def test_the_seed_decides_and_nothing_else():
    one, other = (keys(sample(done(200), seed), Reason.DRAWN) for seed in ("2027-03", "2027-04"))
    assert len(one) == len(other) == 10
    assert one != other
    assert one == keys(sample(done(200)[::-1], "2027-03"), Reason.DRAWN)
    # Written down once: an auditor who has the seed and the keys draws these.
    assert one[:3] == ["Ana-Lyon-007", "Ana-Lyon-017", "Ana-Lyon-035"]


def test_chance_prefers_nobody():
    drawn = Counter(key for n in range(200) for key in keys(sample(done(20), f"{n}"), "drawn"))
    assert len(drawn) == 20
    assert 25 <= min(drawn.values()) <= max(drawn.values()) <= 80  # 50 each on average


def test_a_sample_that_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="give each request once"):
        sample([*done(2), *done(2)], "a")
    for bad in ({"fewest": -1}, {"share": Fraction(2)}, {"first": -1}):
        with pytest.raises(ValueError, match="counts of nought"):
            Rule(**bad)
    assert sample([], "a") == ()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 60), st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 30)))
def test_a_sample_is_spread_by_volume(n, sizes):
    found = spread(n, sizes)
    assert sum(found.values()) == min(n, sum(sizes.values()))
    assert all(0 <= found[site] <= sizes[site] for site in sizes)
    assert n < len(sizes) or all(found.values())
    assert spread(n, dict(reversed(sizes.items()))) == found
    larger = {site: each for site, each in found.items() if sizes[site] == max(sizes.values())}
    assert all(each >= max(found.values()) - 1 for each in larger.values())


# What a check says


@pytest.mark.parametrize("question", GRID, ids=lambda each: each.key)
def test_one_critical_error_fails_a_check(question):
    found = judged(RIGHT | {question.key: False})
    assert found.passed is not question.critical
    assert (found.critical if question.critical else found.minor) == (question.key,)


def test_what_does_not_apply_is_no_error():
    found = judged(RIGHT | {"legal": None})
    assert (found.passed, found.critical, found.minor) == (True, (), ())
    assert found.answered == len(GRID) - 1


def test_nothing_is_passed_by_leaving_it_out():
    with pytest.raises(ValueError, match="answer recipient, or say"):
        judged({key: True for key in RIGHT if key != "recipient"})
    with pytest.raises(ValueError, match="colour is no question"):
        judged(RIGHT | {"colour": True})


def test_the_critical_errors_are_those_of_the_agreement():
    assert [each.key for each in GRID if each.critical] == [
        "recipient", "amount", "secrecy", "legal",
    ]  # fmt: skip
    assert set(REASONS) == set(Reason)


def test_a_critical_error_mends_the_procedure_within_ten_working_days():
    found_at = datetime(2027, 3, 1, 9, tzinfo=UTC)
    assert mend_by(judged(RIGHT), found_at, LYON) is None
    wrong = judged(RIGHT | {"amount": False})
    assert mend_by(wrong, found_at, LYON) == datetime(2027, 3, 15, 17, tzinfo=UTC)
    assert MEND_WITHIN == 10

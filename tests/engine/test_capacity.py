"""How many people: by formula and by simulation, apart and together, and when sharing loses."""

import holidays
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relais.engine import capacity_formula as formula
from relais.engine.capacity_costs import Behaviour, Line, Scenario, compared, quality_cost
from relais.engine.capacity_formula import Load, Loss, Terms, Year

SIX = [Load(f"site {n}", 22.0, 0.35 * 22) for n in range(6)]


def test_a_french_year_is_1211_hours_and_not_1820():
    found = formula.person_year(Year())
    assert found.days == pytest.approx(212.7, abs=0.05)
    assert round(found.hours) == 1489
    assert round(found.after_rituals) == 1425
    assert round(found.productive) == 1211
    assert found.a_week == pytest.approx(23.3, abs=0.05)


def test_a_year_with_the_absence_of_call_centres():
    found = formula.person_year(Year(absence=0.098))
    assert round(found.productive) == 1159
    assert found.a_week == pytest.approx(22.3, abs=0.05)
    assert formula.person_year(Year(extra_leave=10)).productive < 1160


@pytest.mark.parametrize(
    ("year", "mainland", "alsace"), [(2026, 252, 251), (2027, 254, 253), (2028, 251, 249)]
)
def test_working_days(year, mainland, alsace):
    assert formula.working_days(year, holidays.France(years=year)) == mainland
    alsatian = holidays.France(subdiv="57", years=year)
    assert formula.working_days(year, alsatian) == alsace


@pytest.mark.parametrize(
    ("rho", "hours", "percent"), [(0, 156, 18.3), (0.2, 166, 13.1), (0.5, 177, 7.3)]
)
def test_six_sites_share_their_peaks(rho, hours, percent):
    alone, shared = formula.apart(SIX, 1.2816), formula.together(SIX, rho, 1.2816)
    assert round(alone) == 191
    assert round(shared) == hours
    assert 100 * (1 - shared / alone) == pytest.approx(percent, abs=0.06)


def test_ten_sites_share_their_peaks():
    ten = [Load(str(n), 18, 7.2) for n in range(10)]
    alone, shared = formula.apart(ten, 1.645), formula.together(ten, 0.2, 1.645)
    assert (round(alone), round(shared)) == (298, 243)
    assert 100 * (1 - shared / alone) == pytest.approx(18.7, abs=0.06)


def test_nine_posts_become_six():
    each = formula.apart(SIX[:1], 1.2816)
    assert 6 * formula.posts(each) == 9
    assert 6 * formula.posts(each, step=1) == 12
    assert formula.posts(formula.together(SIX, 0.2, 1.2816)) == 6
    apart, *_, together = formula.staffings(SIX, 0.2, Terms())
    assert (apart.posts, together.posts) == (9, 6)


@pytest.mark.parametrize(("need", "people"), [(1, 2), (2, 4), (3, 5), (5, 8), (8, 12)])
def test_people_for_those_needed_to_be_there(need, people):
    assert formula.there(1, 1, 0.15) == pytest.approx(0.85)
    assert formula.present(need, 0.15) == people


def test_a_chain_gives_most_of_what_a_pool_gives():
    z = formula.quantile(0.9)
    assert formula.known_by(SIX, 0.2, z, 1) == pytest.approx(formula.apart(SIX, z))
    assert formula.known_by(SIX, 0.2, z, 6) == pytest.approx(formula.together(SIX, 0.2, z))
    gained = formula.apart(SIX, z) - formula.known_by(SIX, 0.2, z, 2)
    assert gained > 0.7 * (formula.apart(SIX, z) - formula.together(SIX, 0.2, z))


def test_the_parts_of_the_gain_add_up():
    terms = Terms()
    apart, *others = formula.staffings(SIX, 0.2, terms)
    for other in others:
        found = formula.gain(apart, other, 0.2, terms, 6)
        parts = found.variance + found.rounding + found.absence + found.knowledge
        assert found.net == pytest.approx(parts)
        assert not found.loses


def test_sharing_loses_where_knowing_each_site_costs_more_than_it_saves():
    terms = Terms()
    apart, chain, *_ = formula.staffings(SIX, 0.2, terms)
    limit = formula.gain(apart, chain, 0.2, terms, 6).upkeep_limit
    dear = Terms(upkeep_hours=limit + 1)
    apart, chain, *_ = formula.staffings(SIX, 0.2, dear)
    lost = formula.gain(apart, chain, 0.2, dear, 6)
    assert lost.loses
    assert lost.why == (Loss.KNOWLEDGE,)


def test_sharing_brings_nothing_to_one_site():
    terms = Terms()
    apart, chain, *_ = formula.staffings(SIX[:1], 0.2, terms)
    found = formula.gain(apart, chain, 0.2, terms, 1)
    assert found.loses
    assert found.why == (Loss.ONE_SITE,)


def test_sharing_loses_when_all_peaks_fall_together_and_posts_fit():
    # Whole posts at each site, nobody away, the same peaks: nothing is left to share.
    full = [Load(str(n), 56, 0.0) for n in range(3)]
    terms = Terms(absence=0)
    apart, *_, together = formula.staffings(full, 1.0, terms)
    found = formula.gain(apart, together, 1.0, terms, 3)
    assert found.loses
    assert set(found.why) == {Loss.SAME_PEAKS, Loss.NOTHING_TO_ROUND}


def test_a_pool_may_always_work_as_teams_would():
    # Each alone is there 96 days of a hundred; both at once only 92: a third is not asked for.
    two = [Load("Aix", 28, 0), Load("Lyon", 28, 0)]
    apart, *_, together = formula.staffings(two, 0.2, Terms(absence=0.04))
    assert formula.present(2, 0.04) == 3
    assert apart.people == together.people == 2


def test_correlation_is_estimated_and_says_when_it_is_not():
    dice = np.random.default_rng(4)
    shared = dice.standard_normal(104)
    weeks = 22 + 7 * (0.5**0.5 * shared + 0.5**0.5 * dice.standard_normal((6, 104)))
    found = formula.correlation(weeks)
    assert found.low < 0.5 < found.high
    assert found.high - found.low < 0.5
    assert not found.assumed
    few = formula.correlation(weeks[:, :6])
    assert few.assumed
    assert few.mean == formula.USUAL_CORRELATION
    assert formula.correlation(np.ones((3, 20))).assumed


loads = st.lists(
    st.tuples(st.floats(0, 200), st.floats(0, 1.5)).map(lambda p: Load("x", p[0], p[0] * p[1])),
    min_size=1,
    max_size=7,
)


@settings(max_examples=25)
@given(loads, st.floats(0, 1), st.floats(0.5, 0.99), st.floats(0, 0.4))
def test_sharing_never_needs_more_when_knowledge_costs_nothing(loads, rho, service, absence):
    terms = Terms(service=service, absence=absence, first_hours=0, upkeep_hours=0)
    apart, chain, three, together = formula.staffings(loads, rho, terms)
    for more, less in ((apart, chain), (chain, three), (three, together)):
        assert less.hours <= more.hours + 1e-6
        assert less.posts <= more.posts
        assert less.people <= more.people
        assert less.knowledge_hours == 0


@settings(max_examples=25)
@given(loads, st.floats(0, 1), st.floats(1, 3))
def test_more_work_never_needs_fewer(loads, rho, factor):
    more = [Load(load.site, load.mean * factor, load.sd * factor) for load in loads]
    for before, after in zip(
        formula.staffings(loads, rho, Terms()), formula.staffings(more, rho, Terms()), strict=True
    ):
        assert after.posts >= before.posts
        assert after.people >= before.people


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Load("Lyon", -1, 0),
        lambda: formula.together(SIX, -0.5, 1),
        lambda: formula.known_by(SIX, 0, 1, 0),
        lambda: formula.posts(10, 0),
        lambda: formula.present(1, 1.0),
        lambda: formula.person_year(Year(leave=300)),
        lambda: formula.person_year(Year(absence=1)),
        lambda: formula.quantile(1),
        lambda: Line("salaires", -1, Behaviour.FIXED),
        lambda: Line("salaires", 1, Behaviour.POSTS),
    ],
)
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValueError):
        wrong()


def test_three_scenarios_at_three_volumes():
    apart = Scenario("dédié", (Line("salaires", 450_000, Behaviour.POSTS, posts=9),), hours=8000)
    shared = Scenario(
        "mutualisé",
        (
            Line("salaires", 300_000, Behaviour.POSTS, posts=6),
            Line("outils", 12_000, Behaviour.FIXED),
            Line("transition", 20_000, Behaviour.ONCE),
        ),
    )
    outside = Scenario(
        "externalisé",
        (
            Line("forfait", 200_000, Behaviour.VARIABLE),
            Line("référent", 50_000, Behaviour.FIXED),
        ),
        hours=8000,
        hours_returned=400,
        hour_returned_worth=60,
    )
    dedicated, pooled, external = compared((apart, shared, outside))
    # 9 posts at 130 % are 11.7, so 12 by halves; 6 are 7.8, so 8. None is dismissed at 70 %.
    assert dedicated.yearly == pytest.approx((450_000, 450_000, 600_000))
    assert pooled.yearly == pytest.approx((312_000, 312_000, 412_000))
    assert external.yearly == pytest.approx((190_000, 250_000, 310_000))
    assert (dedicated.fixed_share, external.fixed_share) == (1, pytest.approx(0.2))
    assert pooled.once == 20_000
    assert external.per_hour == pytest.approx(31.25)
    assert external.net == pytest.approx(226_000)
    assert external.follows == pytest.approx(0.8)
    assert quality_cost(100, 40) == 4000


def test_only_weeks_of_one_regime_tell_how_sites_move_together():
    dice = np.random.default_rng(5)
    apart = 20 + 4 * dice.standard_normal((5, 40))
    assert formula.steady(apart) == slice(0, 40)
    dying = np.hstack([apart[:, :20], np.full((5, 60), 0.2)])
    assert formula.steady(dying).stop <= 22
    assert formula.correlation(dying).mean > 0.9
    assert abs(formula.correlation(dying[:, formula.steady(dying)]).mean) < 0.3
    swelling = 1.7 ** np.arange(24) * np.ones((3, 1))
    assert formula.correlation(swelling[:, formula.steady(swelling)]).assumed
    holidays = apart.copy()
    holidays[:, [10, 30]] = 0
    assert formula.steady(holidays) == slice(0, 40)
    late = apart.copy()
    late[2, :12] = 0
    assert formula.steady(late) == slice(12, 40)
    assert formula.steady(np.zeros((0, 0))) == formula.steady(np.zeros((2, 30))) == slice(0, 0)

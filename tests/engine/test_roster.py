"""Rosters: every rule holds, what is proven is true, what was decided stays."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relais.engine.roster import (
    OFF,
    BadProblem,
    Duty,
    Need,
    Problem,
    Worker,
    broken,
    changes,
    pinning,
    priced,
)
from relais.engine.roster_solve import NoRoster, solve

EARLY, LATE = Duty("E", 420), Duty("L", 480, frozenset({"E"}))
WEEK = 7


def steps(most):
    """Return a stop that lets so many steps be taken: no clock, the same every time."""
    left = iter(range(most))
    return lambda _plan, _bound: next(left, None) is None


def problem(people, needs, days=WEEK, **more):
    return Problem(days, (EARLY, LATE), tuple(people), tuple(needs), **more)


def need(day, duty, wanted=1, under=10.0, over=1.0, **more):
    return Need(day, frozenset({duty}), wanted, under, over, **more)


def every(duty, wanted=1, days=WEEK, **more):
    return [need(day, duty, wanted, **more) for day in range(days)]


def codes(made, plan):
    return {b.code for one in made.people for b in broken(made, one, plan.rows[one.key])}


# For each rule: the person who has it, and a demand for which breaking it would pay.
WEEKEND = ((5, 6),)
RULES = {
    "most": (Worker(1, most={"E": 2}), every("E")),
    "minutes_over": (Worker(1, minutes=((0, 1260),)), every("E")),
    "minutes_under": (Worker(1, minutes=((1260, 9999),)), every("E", 0)),
    "run_over": (Worker(1, run=(1, 3)), every("E")),
    "run_under": (Worker(1, run=(3, 7)), [need(3, "E"), *every("E", 0, over=1.0)]),
    "rest_under": (Worker(1, rest=3), [*every("E"), need(3, "E", 0, over=50.0)]),
    "weekends": (Worker(1, weekends=0), every("E")),
    "away": (Worker(1, away=frozenset({2})), every("E")),
    "pinned": (Worker(1, pinned={2: OFF, 3: "L"}), every("E")),
    "rest": (Worker(1), [need(2, "L"), need(3, "E")]),
}


def without(made, code):
    """Return the problem without the rule."""
    bare = Worker(1)
    field = {"minutes_over": "minutes", "minutes_under": "minutes", "rest_under": "rest"}
    field |= {"run_over": "run", "run_under": "run"}
    if code == "rest":
        return replace(made, duties=tuple(replace(d, never_next=frozenset()) for d in made.duties))
    name = field.get(code, code)
    person = replace(made.people[0], **{name: getattr(bare, name)})
    return replace(made, people=(person,))


@pytest.mark.parametrize("code", RULES)
def test_a_rule_holds_and_is_broken_when_it_is_taken_out(code):
    worker, needs = RULES[code]
    made = problem([worker], needs, weekends=WEEKEND)
    assert codes(made, solve(made, steps(50))) == set()
    freed = solve(without(made, code), steps(50))
    assert code in codes(made, freed)
    sentence = str(broken(made, worker, freed.rows[1])[0])
    assert sentence.startswith("person 1 ") and "%" not in sentence


def rows_of(made, person):
    keys = (OFF, *(duty.key for duty in made.duties))
    rows = product(keys, repeat=made.days)
    return [row for row in rows if not broken(made, person, row)]


def cheapest(made):
    """Return the cost of the best roster, by trying all."""
    everybody = [rows_of(made, person) for person in made.people]
    keys = [person.key for person in made.people]
    return min(
        (priced(made, dict(zip(keys, rows, strict=True))).cost for rows in product(*everybody)),
        default=None,
    )


@st.composite
def small(draw):
    days = draw(st.integers(3, 4))
    people = [
        Worker(
            key,
            most=draw(st.dictionaries(st.sampled_from("EL"), st.integers(0, 3))),
            minutes=draw(st.sampled_from([(), ((0, 900),), ((420, 1800),)])),
            run=draw(st.sampled_from([(1, 4), (2, 3), (1, 2)])),
            rest=draw(st.integers(1, 2)),
            weekends=draw(st.sampled_from([None, 0, 1])),
            away=draw(st.frozensets(st.integers(0, days - 1), max_size=1)),
            cost=draw(
                st.dictionaries(
                    st.tuples(st.integers(0, days - 1), st.sampled_from(["", "E", "L"])),
                    st.integers(-3, 6).map(float),
                    max_size=3,
                )
            ),
        )
        for key in (7, 8)
    ]
    needs = [
        Need(
            draw(st.integers(0, days - 1)),
            draw(st.sampled_from([frozenset("E"), frozenset("L"), frozenset("EL")])),
            draw(st.integers(0, 2)),
            float(draw(st.integers(0, 9))),
            float(draw(st.integers(0, 4))),
            draw(st.sampled_from([None, frozenset({7})])),
        )
        for _ in range(draw(st.integers(0, 4)))
    ]
    return problem(people, needs, days, weekends=((1, 2),))


@settings(max_examples=30, deadline=None)
@given(made=small())
def test_what_is_found_is_legal_and_what_is_proven_is_true(made):
    best = cheapest(made)
    if best is None:
        with pytest.raises(NoRoster, match=r"person [78]"):
            solve(made, steps(40))
        return
    plan = solve(made, steps(40))
    assert codes(made, plan) == set()
    assert plan.cost == pytest.approx(priced(made, plan.rows).cost)
    assert plan.bound <= best + 1e-6 <= plan.cost + 2e-6
    assert plan.cost <= best + 1e-6, "so small that nothing but the best will do"
    assert plan.gap >= 0


@pytest.mark.parametrize("most", [{"E": 1, "L": 1}, {"E": 2, "L": 1}, {"E": 1, "L": 2}], ids=str)
def test_the_limits_of_two_duties_hold_together(most):
    """Only the tighter is kept as the days go by: the other is asked of each row."""
    made = problem(
        [Worker(1, most=most), Worker(2, most=most)], every("E", days=4) + every("L", days=4), 4
    )
    plan = solve(made, steps(40))
    assert codes(made, plan) == set()
    assert plan.bound <= cheapest(made) + 1e-6
    assert plan.cost == pytest.approx(cheapest(made))


def team(size=6):
    return [Worker(key, minutes=((0, 2100),), run=(1, 5), rest=2) for key in range(size)]


def test_a_week_is_covered_and_proven():
    made = problem(team(), every("E", 2) + every("L", 1))
    plan = solve(made, steps(60))
    assert plan.cost == plan.bound == 0
    assert plan.shortfalls == ()
    assert plan.gap == 0


def test_what_is_missing_is_told():
    made = problem(team(1), every("E", 2, name="reception"))
    plan = solve(made, steps(60))
    assert {short.need.name for short in plan.shortfalls} == {"reception"}
    assert {short.there for short in plan.shortfalls} == {0, 1}
    assert plan.cost == sum(short.cost for short in plan.shortfalls)


def test_people_named_by_a_need_alone_serve_it():
    made = problem(team(2), [need(0, "E", people=frozenset({1}))])
    assert solve(made, steps(30)).rows[1][0] == "E"


def test_what_she_did_before_the_first_day_leaves_her_rest():
    worker = Worker(1, never={0: frozenset({"E"})})
    made = problem([worker], every("E"))
    row = solve(made, steps(30)).rows[1]
    assert row[0] == OFF and "E" in row[1:]
    early = ("E", *[OFF] * 6)
    assert [(b.code, b.facts["day"]) for b in broken(made, worker, early)] == [("rest", -1)]


def test_wishes_are_kept_where_they_cost_nothing():
    made = problem(team(2), [need(0, "E"), need(0, "L")])
    for early, late in [(0, 1), (1, 0)]:
        wishes = {(early, 0, "L"): 3.0, (late, 0, "E"): 3.0}
        plan = solve(made, steps(30), wishes=wishes)
        assert (plan.rows[early][0], plan.rows[late][0]) == ("E", "L")
        assert plan.cost == 0


def test_the_same_seed_gives_the_same_roster():
    made = problem(team(5), every("E", 2) + every("L", 2))
    found = [solve(made, steps(25), seed=3) for _ in range(2)]
    assert found[0] == found[1]


def test_each_period_counts_its_own_minutes():
    worker = Worker(1, minutes=((420, 840), (0, 420)), run=(1, 7))
    made = problem([worker], every("E", days=14), 14, periods=(0, 7))
    row = solve(made, steps(40)).rows[1]
    assert (row[:7].count("E"), row[7:].count("E")) == (2, 1)


def test_a_published_roster_is_mended_with_few_changes():
    made = problem(team(), every("E", 2) + every("L", 1))
    plan = solve(made, steps(60))
    ill = next(key for key, row in plan.rows.items() if row[2] == "E")
    mended = pinning(made, plan.rows, 3.0, {ill: [2, 3]})
    after = solve(mended, steps(60), initial=plan.rows)
    assert after.rows[ill][2:4] == (OFF, OFF)
    others = {key: days for key, days in changes(plan.rows, after.rows).items() if key != ill}
    assert sum(map(len, others.values())) <= 4
    assert priced(made, after.rows).cost == 0, "nobody is missing"


def test_nothing_to_do_and_nobody_to_do_it():
    assert solve(problem([], []), steps(5)).rows == {}
    alone = solve(problem([], every("E")), steps(5))
    assert alone.cost == alone.bound == 70
    assert solve(problem(team(1), []), steps(5)).cost == 0


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"people": [Worker(4, minutes=((9, 1),))]}, "person 4"),
        ({"people": [Worker(4, minutes=((0, 1), (0, 1)))]}, "person 4"),
        ({"people": [Worker(4, rest=0)]}, "person 4"),
        ({"people": [Worker(4, pinned={9: "E"})]}, "person 4: day 9"),
        ({"people": [Worker(4, pinned={1: "X"})]}, "person 4: day 1"),
        ({"people": [Worker(4, pinned={1: "E"}, away=frozenset({1}))]}, "person 4: day 1"),
        ({"people": [Worker(4), Worker(4)]}, "people"),
        ({"needs": [need(9, "E")]}, "need 9"),
        ({"needs": [need(1, "X")]}, "need 1"),
        ({"needs": [need(1, "E", -1)]}, "need 1"),
        ({"duties": [EARLY, EARLY]}, "duties"),
        ({"periods": (1,)}, "periods"),
    ],
)
def test_what_contradicts_itself_is_named(change, named):
    facts = {"days": WEEK, "duties": [EARLY], "people": [], "needs": []} | change
    with pytest.raises(BadProblem, match=named):
        Problem(**facts)


def test_who_can_have_no_row_is_named():
    worker = Worker(5, minutes=((2000, 9999),), run=(1, 2), rest=3)
    with pytest.raises(NoRoster, match="person 5"):
        solve(problem([worker], []), steps(5))

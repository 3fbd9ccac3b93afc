"""A past lived again: what is read of touches, rules side by side, chances on held-back days."""

import dataclasses

import numpy as np
import pytest

from relais.engine import calibration, comparison, lateness, past
from relais.engine.matching import Weights
from relais.engine.past import MIDNIGHT, Assumed, Change, Lived
from relais.engine.policies import USUAL
from relais.engine.simulation import Sim

FEW = Assumed(regular=3, warm_up=2)


def at(day, hour, minute=0):
    return day * MIDNIGHT + hour * 60 + minute


def lived(key=1, **facts):
    """A request that came on the first Monday at nine and was done at eleven."""
    usual = {"arrival": at(0, 9), "site": 0, "kind": 0, "target": 240.0, "done": at(0, 11)}
    return Lived(key, **usual | facts)


def days(people=(0,), count=20, extra=()):
    """Each works on something at nine, noon and five of every weekday, so that hours are known."""
    found = []
    for day in range(count):
        for who in people if day % 7 < 5 else ():
            touches = tuple((at(day, h, m), who) for h, m in ((9, 0), (12, 0), (16, 50)))
            key = 1000 + day * 10 + who
            found.append(lived(key, arrival=at(day, 8, 50), done=at(day, 16, 50), touches=touches))
    return [*found, *extra]


def test_a_touch_took_what_passed_since_her_last_one_at_most_half_an_hour():
    touched = lived(1, touches=((at(0, 9, 10), 0), (at(0, 9, 30), 0), (at(0, 10, 20), 0)))
    read = past.read(days(extra=[touched]), FEW)
    place = [each.key for each in read.lived].index(1)
    # Ten minutes since nine, twenty, and fifty that count as thirty.
    assert read.effort[place] == 60
    assert read.holder[place] == 0
    assert read.hand_offs()[place] == 0


def test_nights_weekends_and_waits_for_the_requester_cost_nothing():
    friday = lived(
        1, arrival=at(4, 16), done=at(7, 10), waits=((at(7, 9), at(7, 9, 30)),),
        touches=((at(7, 10), 0),),
    )  # fmt: skip
    read = past.read(days(extra=[friday]), FEW)
    place = [each.key for each in read.lived].index(1)
    assert (read.opens, read.closes) == (at(0, 9), at(0, 17))
    assert read.day == 480
    # An hour of Friday and one of Monday, less the half hour of waiting.
    assert read.spent()[place] == 90
    never = dataclasses.replace(friday, done=None)
    assert np.isnan(past.read(days(extra=[never]), FEW).spent()[place])


def test_the_pool_is_who_acted_regularly_where_and_on_what_she_did():
    rare = lived(1, site=1, kind=1, touches=((at(3, 10), 7),))
    one_site = lived(2, site=1, touches=((at(2, 10), 1),))
    untouched = lived(3, site=4, kind=5, done=None)
    read = past.read(days(people=(0, 1), extra=[rare, one_site, untouched]), FEW)
    assert read.people == [0, 1]  # not the one of a single day
    assert read.sites[1].tolist() == [True, True, False, False, False] and not read.sites[0, 1]
    seen = past.world(read)
    key = [each.key for each in read.lived].index
    assert seen.able[:, key(2)].tolist() == [False, True]
    assert seen.able[:, key(1)].any()  # nobody knows the kind: open to all rather than lost
    assert past.world(read, Change(people=1)).able.shape[0] == 3
    assert past.world(read, Change(people=-1)).able.shape[0] == 1
    assert past.world(read, Change(all_sites=True)).able[:, key(2)].all()
    for spans in read.spans:
        begun = [begin for begin, _end in spans]
        assert begun == sorted(begun) and all(end > begin for begin, end in spans)


@pytest.mark.parametrize(
    ("given", "word"), [([lived()], "touched"), ([lived(touches=((at(0, 10), 0),))], "10 days")]
)
def test_a_past_without_a_pool_is_refused(given, word):
    with pytest.raises(ValueError, match=word):
        past.read(given)


def busy():
    """Three weeks of three people with more than they can do at once; one kind is urgent."""
    dice, found = np.random.default_rng(3), days(people=(0, 1, 2), count=21)
    for key in range(160):
        day = int(dice.integers(0, 20))
        who, hour = int(dice.integers(3)), int(dice.integers(9, 15))
        urgent = key % 4 == 0
        start = at(day, hour, int(dice.integers(60)))
        end = start + float(dice.integers(20, 400))
        found.append(
            lived(
                key, arrival=start, done=end, site=who, kind=int(urgent), weight=1 + 3.0 * urgent,
                target=60.0 if urgent else 300.0, touches=((end - 9, who), (end, (who + 1) % 3)),
            )
        )  # fmt: skip
    return past.read(found, Assumed(regular=5, warm_up=2))


@pytest.fixture(scope="module")
def made():
    read = busy()
    rules = comparison.policies(read, {"fond": Weights(stranger=500.0)})
    return read, comparison.compare(read, rules, np.random.default_rng(1))


def test_the_rules_stand_side_by_side_over_the_same_requests(made):
    read, found = made
    rows = comparison.by_code(found.rows)
    assert list(rows) == [
        "happened", "as_given", "round_robin", "least_loaded", "earliest_due", "generalised_cmu",
        "ours", "fond",
    ]  # fmt: skip
    assert found.requests == len(read.lived) and 0 < found.counted < found.requests
    for row in found.rows:
        assert 0 <= row.in_time.value <= 1 and row.in_time.half >= 0
        assert row.late.value >= 0
        assert len(row.weeks) >= 3
    assert rows["ours"].in_time.gain == rows["ours"].in_time.gain_half == 0
    assert rows["happened"].hand_offs.value > rows["ours"].hand_offs.value == 0
    assert rows["ours"].urgent.value >= rows["earliest_due"].urgent.value - 0.02
    # Who has no choice has no illegal start either.
    for make in USUAL.values():
        sim = Sim(past.world(read), make())
        sim.live()
        assert sim.illegal == 0


def test_the_same_dice_give_the_same_table(made):
    read, found = made
    rules = {"ours": comparison.policies(read, {})["ours"]}
    again, twice = (
        comparison.compare(read, rules, np.random.default_rng(9)).rows[1] for _ in range(2)
    )
    assert again == twice
    assert again.in_time.value == comparison.by_code(found.rows)["ours"].in_time.value


def test_with_more_people_more_is_in_time():
    read = busy()
    rules = {"earliest_due": comparison.policies(read, {})["earliest_due"]}
    shares = [
        comparison.compare(read, rules, np.random.default_rng(1), change=change).rows[1].late.value
        for change in (Change(people=-1), None, Change(people=3))
    ]
    assert shares[0] > shares[2] and shares[1] >= shares[2]


def test_a_calibrated_chance_means_what_it_says():
    dice = np.random.default_rng(2)
    features = dice.normal(size=(4000, 2))
    true = 1 / (1 + np.exp(-(features[:, 0] - 1)))
    came = (dice.uniform(size=4000) < true).astype(float)
    said = calibration.fit(features[:2000], came[:2000]).chances(features[2000:])
    assert np.abs(said - true[2000:]).max() < 0.1
    assert calibration.brier(said, came[2000:]) < calibration.brier(np.full(2000, 0.3), came[2000:])
    for step in calibration.reliability(said, came[2000:], 5):
        assert abs(step.said - step.came) < 0.12 or step.count < 60
    assert calibration.brier(np.array([1.0, 0.0]), np.array([1.0, 1.0])) == 0.5


def test_chances_are_judged_on_days_held_back():
    judged = lateness.judge(busy(), every=1, lives=5)
    assert judged is not None
    assert judged.fitted > judged.tried > 0
    assert 0 < judged.ours < 0.5
    assert sum(step.count for step in judged.steps) == judged.tried
    assert lateness.judge(past.read(days(count=5), Assumed(regular=3, warm_up=4))) is None

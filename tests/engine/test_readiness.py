"""How well somebody knows a site and how ready she is: by facts, the least of five, fading."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relais.engine.readiness import (
    Deed,
    Level,
    Memory,
    Proof,
    Result,
    faded,
    familiarity,
    readiness,
    remembered,
)

NOW = datetime(2027, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def ago(days):
    return NOW - days * DAY


def deeds(count, days=5, result=Result.ACCEPTED):
    return tuple(Deed(ago(days), result) for _ in range(count))


WHOLE = Proof(
    acknowledged=ago(20),
    procedure_changed=ago(200),
    sheet_read=ago(30),
    trained=ago(60),
    deeds=deeds(20),
    met=True,
    exchanges=2,
    asks_access=True,
    access_tested=ago(10),
    taught=True,
)

# Each: what is on record, the level, and what keeps it down.
LEVELS = {
    "nothing on record": (Proof(), 0, ("site", "procedure")),
    "the sheet alone": (Proof(sheet_read=ago(1)), 0, ("procedure",)),
    "informed": (Proof(sheet_read=ago(1), acknowledged=ago(1)), 1, ("practice",)),
    "the sheet read too long ago": (Proof(sheet_read=ago(91), acknowledged=ago(1)), 0, ("site",)),
    "trained": (replace(WHOLE, deeds=()), 2, ("practice",)),
    "one work is no practice": (replace(WHOLE, deeds=deeds(1)), 2, ("practice",)),
    "practised": (replace(WHOLE, deeds=deeds(2)), 3, ("practice",)),
    "reworked work is no practice": (
        replace(WHOLE, deeds=(*deeds(1), *deeds(5, result=Result.REWORKED))),
        2,
        ("practice",),
    ),
    "nine accepted are not ten": (replace(WHOLE, deeds=deeds(9)), 3, ("practice",)),
    "autonomous": (replace(WHOLE, deeds=deeds(10), taught=False), 4, ("practice",)),
    "one in ten reworked": (
        replace(WHOLE, deeds=(*deeds(10), *deeds(1, result=Result.REWORKED))),
        3,
        ("practice",),
    ),
    "one in twenty reworked": (
        replace(WHOLE, deeds=(*deeds(19), *deeds(1, result=Result.REWORKED))),
        5,
        (),
    ),
    "does not know the executive": (replace(WHOLE, met=False), 3, ("executive",)),
    "one exchange is none": (replace(WHOLE, exchanges=1), 3, ("executive",)),
    "no executive to know": (replace(WHOLE, met=False, asks_executive=False), 5, ()),
    "an access not tried lately": (replace(WHOLE, access_tested=ago(31)), 2, ("access",)),
    "no access asked for": (replace(WHOLE, access_tested=None, asks_access=False), 5, ()),
    "a new major version": (replace(WHOLE, procedure_changed=ago(3)), 1, ("procedure",)),
    "teaches": (WHOLE, 5, ()),
    "120 days without practice": (replace(WHOLE, deeds=deeds(20, 120)), 5, ()),
    "121 days": (replace(WHOLE, deeds=deeds(20, 121)), 3, ("practice",)),
    "180 days": (replace(WHOLE, deeds=deeds(20, 180)), 3, ("practice",)),
    "181 days": (replace(WHOLE, deeds=deeds(20, 181)), 2, ("practice",)),
    "181 days, never trained": (
        replace(WHOLE, deeds=deeds(20, 181), trained=None),
        2,
        ("practice",),
    ),
}


@pytest.mark.parametrize("name", LEVELS)
def test_the_level_is_the_least_of_its_dimensions(name):
    proof, level, lacking = LEVELS[name]
    found = readiness(proof, NOW)
    assert (found.level, found.lacking) == (Level(level), lacking)


def test_it_is_said_when_the_level_falls():
    found = readiness(replace(WHOLE, deeds=deeds(20, 30)), NOW)
    assert found.falls_at == ago(30) + 120 * DAY
    after = readiness(replace(WHOLE, deeds=deeds(20, 30)), found.falls_at + DAY)
    assert after.practice == Level.PRACTISED
    assert after.falls_at == ago(30) + 180 * DAY
    assert readiness(Proof(), NOW).falls_at is None


def test_familiarity_is_whole_at_enough_deeds_and_fades_by_half():
    memory = Memory(half_life=28 * DAY, enough=10)
    assert remembered(deeds(10, 0), NOW, memory) == 10
    assert familiarity(5, memory) == 0.5
    assert familiarity(10, memory) == familiarity(99, memory) == 1
    assert familiarity(0, memory) == 0
    assert remembered(deeds(10, 28), NOW, memory) == pytest.approx(5)
    assert faded(10, ago(56), NOW, memory) == pytest.approx(2.5)
    assert remembered([Deed(NOW + DAY)], NOW) == 0
    good, bad = (remembered(deeds(1, 3, result), NOW) for result in Result if result != "open")
    assert good > bad > 0


work = st.lists(
    st.builds(Deed, st.integers(0, 400).map(ago), st.sampled_from(Result)), max_size=15
).map(tuple)


@given(work, st.integers(0, 400), st.randoms())
def test_without_work_nothing_grows_and_the_order_is_no_matter(done, later, chance):
    proof = replace(WHOLE, deeds=done)
    now, then = readiness(proof, NOW), readiness(proof, NOW + later * DAY)
    assert then.level <= now.level
    assert remembered(done, NOW + later * DAY) <= remembered(done, NOW) + 1e-9
    count = remembered(done, NOW)
    assert faded(count, NOW, NOW + later * DAY) == pytest.approx(
        remembered(done, NOW + later * DAY)
    )
    shuffled = list(done)
    chance.shuffle(shuffled)
    assert readiness(replace(WHOLE, deeds=tuple(shuffled)), NOW) == now
    assert remembered(shuffled, NOW) == count

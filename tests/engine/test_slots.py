"""Times for several people: each one's rules hold, the least trouble first, who is in the way."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relais.engine.slots import Attendee, BadSearch, find

PARIS = ZoneInfo("Europe/Paris")
HOUR = timedelta(hours=1)
MONDAY = datetime(2026, 11, 30, tzinfo=PARIS)
NOW = MONDAY - timedelta(days=3)


def at(day, clock):
    hour, minute = clock.split(":")
    return MONDAY + timedelta(days=day, hours=int(hour), minutes=int(minute))


def span(day, start, end):
    return at(day, start), at(day, end)


def week(start="9:00", end="18:00", days=5):
    return [span(day, start, end) for day in range(days)]


def attendee(key=1, **more):
    facts = {"name": f"P{key}", "zone": "Europe/Paris", "open": week()} | more
    return Attendee(key, **facts)


def proposed(*people, length=HOUR, period=None, now=NOW, **more):
    return find(people, length, period or (MONDAY, MONDAY + timedelta(days=5)), now, **more)


def starts(found):
    return [proposal.start.strftime("%a %H:%M") for proposal in found.proposals]


def test_three_times_are_spread_over_days_and_avoid_noon_and_the_ends_of_a_day():
    found = proposed(attendee(1), attendee(2))
    assert starts(found) == ["Mon 09:30", "Tue 09:30", "Wed 09:30"]
    assert [trouble.code for trouble in found.proposals[0].troubles] == ["waits"]
    assert found.in_the_way == ()


@pytest.mark.parametrize(
    ("more", "first"),
    [
        ({"busy": [span(0, "9:00", "11:00")]}, "Mon 11:00"),
        ({"busy": [span(0, "9:00", "11:00")], "gap": timedelta(minutes=30)}, "Mon 14:00"),
        ({"protected": [span(0, "9:00", "16:00")]}, "Mon 16:00"),
        ({"open": week()[1:]}, "Tue 09:30"),
        ({"notice": timedelta(days=4)}, "Tue 09:30"),
        ({"busy": [span(0, "9:00", "9:30")], "meetings": [span(0, "9:00", "9:30")],
          "most_meetings": 1}, "Tue 09:30"),
    ],
)  # fmt: skip
def test_each_rule_of_each_holds(more, first):
    assert starts(proposed(attendee(1), attendee(2, **more)))[0] == first


def test_what_speaks_against_a_time_is_said():
    only = proposed(attendee(open=[span(0, "12:00", "13:15")]), count=1).proposals[0]
    assert {trouble.code for trouble in only.troubles} == {"waits", "lunch", "edge", "leftover"}
    assert only.points == pytest.approx(sum(trouble.points for trouble in only.troubles))


def test_who_may_be_missing_is_missed_only_when_it_pays():
    guest = attendee(2, optional=True, open=week()[1:])
    found = proposed(attendee(1), guest, count=1)
    assert (starts(found), found.proposals[0].without) == (["Mon 09:30"], (2,))
    near = attendee(2, optional=True, busy=[span(0, "9:00", "12:00")])
    assert starts(proposed(attendee(1), near, count=1)) == ["Mon 14:00"]


def test_who_is_in_the_way_is_named_with_the_rule():
    away = attendee(2, busy=[(MONDAY, MONDAY + timedelta(days=5))])
    found = proposed(attendee(1), away)
    assert found.proposals == ()
    first = found.in_the_way[0]
    assert (first.person, set(first.closes)) == (2, {"busy"})
    assert first.free_without > 100
    assert [way.person for way in found.in_the_way] == [2]


def test_people_of_two_zones_meet_within_the_hours_of_both():
    reunion = ZoneInfo("Indian/Reunion")
    there = [
        (datetime(2026, 11, 30, 8, tzinfo=reunion), datetime(2026, 11, 30, 16, tzinfo=reunion))
    ]
    far = Attendee(2, "Maud", "Indian/Reunion", there)
    found = proposed(attendee(1), far, count=1).proposals[0]
    # Half past nine in Paris is the noon break in Saint-Denis.
    assert found.start == at(0, "11:00")
    assert found.end <= there[0][1]


def test_over_a_change_of_the_clock_an_hour_is_an_hour():
    sunday = datetime(2026, 10, 25, tzinfo=PARIS)
    night = Attendee(1, "x", "Europe/Paris", [(sunday, sunday + timedelta(hours=6))])
    found = find([night], timedelta(hours=2), (sunday, sunday + timedelta(hours=6)), sunday)
    for proposal in found.proposals:
        assert proposal.end.timestamp() - proposal.start.timestamp() == 7200


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"people": [attendee(optional=True)]}, "people"),
        ({"people": []}, "people"),
        ({"length": timedelta(0)}, "length"),
        ({"period": (MONDAY, MONDAY)}, "period"),
    ],
)
def test_what_has_no_meaning_is_refused(change, named):
    facts = {"people": [attendee()], "length": HOUR, "period": (MONDAY, MONDAY + HOUR)} | change
    with pytest.raises(BadSearch, match=named):
        find(facts["people"], facts["length"], facts["period"], NOW)


SPANS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(8, 18), st.integers(1, 5)).map(
        lambda drawn: (
            at(drawn[0], f"{drawn[1]}:00"),
            at(drawn[0], f"{drawn[1]}:00") + drawn[2] * HOUR,
        )
    ),
    max_size=4,
)


@settings(max_examples=40, deadline=None)
@given(busy=SPANS, protected=SPANS, gap=st.integers(0, 4), length=st.integers(1, 8))
def test_no_proposal_breaks_a_rule_and_none_is_missed(busy, protected, gap, length):
    pause, lasts = gap * timedelta(minutes=15), length * timedelta(minutes=30)
    one = attendee(busy=busy, protected=protected, gap=pause)
    found = proposed(one, length=lasts)
    for proposal in found.proposals:
        assert any(a <= proposal.start and proposal.end <= b for a, b in one.open)
        assert all(proposal.end + pause <= a or proposal.start >= b + pause for a, b in busy)
        assert all(proposal.end <= a or proposal.start >= b for a, b in protected)
    begins = [p.start for p in found.proposals]
    assert all(abs(a - b) >= lasts for n, a in enumerate(begins) for b in begins[:n])
    some = any(
        all(start + lasts + pause <= a or start >= b + pause for a, b in busy)
        and all(start + lasts <= a or start >= b for a, b in protected)
        and start + lasts <= end
        for begin, end in one.open
        for start in (begin + n * timedelta(minutes=15) for n in range(36))
    )
    assert bool(found.proposals) is some

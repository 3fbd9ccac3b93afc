"""What must hold for any calendar: random weeks, exceptions, zones and pauses.

`Walk` is another way to the same answers: it goes minute by minute, and looks at the wall clock.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from relais.engine import worktime
from relais.engine.worktime import Day, Kind

MINUTE = timedelta(minutes=1)
NOTHING = timedelta(0)

# Noon of a day near a change of the clock there: Lord Howe moves half an hour, Cairo and Santiago
# change at midnight, Casablanca in Ramadan; Kathmandu (+5:45) and Réunion never do.
CHANGES = {
    "Asia/Kathmandu": [(2026, 3, 29)],
    "Australia/Lord_Howe": [(2026, 4, 5), (2026, 10, 4)],
    "Africa/Cairo": [(2026, 4, 24), (2026, 10, 30)],
    "Africa/Casablanca": [(2026, 2, 15), (2026, 3, 22), (2027, 2, 7)],
    "America/Santiago": [(2026, 4, 5), (2026, 9, 6)],
    "Europe/Paris": [(2026, 3, 29), (2026, 10, 25), (2026, 12, 31)],
    "Indian/Reunion": [(2026, 10, 25)],
    "Pacific/Apia": [(2011, 12, 30)],
}


REACH = timedelta(days=12)


@lru_cache(maxsize=32)
def wall_times(zone, around):
    """The wall clock at each minute of the days around; put back, it is held."""
    held, found = datetime(1, 1, 1), []  # noqa: DTZ001
    for n in range(2 * REACH // MINUTE):
        now = (around - REACH + n * MINUTE).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        held = max(held, now)
        found.append(held)
    return found


class Walk:
    """Open time minute by minute."""

    def __init__(self, zone, weekly, exceptions, around):
        self.special = {day.date: day for day in exceptions}
        self.weekly = weekly
        self.begin = around - REACH
        self.walls = wall_times(zone, around)
        self.known = {}

    def open(self, wall):
        today = wall.date()
        if today not in self.known:
            special = self.special.get(today)
            eve = [(a - 1440, b - 1440) for a, b in self.hours(today - timedelta(days=1))]
            shut = special is not None and not special.intervals
            self.known[today] = [] if shut else eve + self.hours(today)
        minute = wall.hour * 60 + wall.minute
        return any(start <= minute < end for start, end in self.known[today])

    def hours(self, day):
        special = self.special.get(day)
        pairs = special.intervals if special else self.weekly.get(day.weekday(), [])
        minutes = [[int(t[:2]) * 60 + int(t[3:]) for t in pair] for pair in pairs]
        return [(start, end if end > start else end + 1440) for start, end in minutes]

    def ran(self, at, pauses):
        minute = self.begin + at * MINUTE
        return self.open(self.walls[at]) and not any(start <= minute < end for start, end in pauses)

    def between(self, a, b, pauses=()):
        first, last = ((each - self.begin) // MINUTE for each in (a, b))
        return sum(self.ran(n, pauses) for n in range(first, last)) * MINUTE

    def add(self, start, duration, pauses=()):
        left = duration // MINUTE
        at = (start - self.begin) // MINUTE
        while left:
            if at >= len(self.walls):
                return None
            left -= self.ran(at, pauses)
            at += 1
        return self.begin + at * MINUTE

    def subtract(self, end, duration, pauses=()):
        left = duration // MINUTE
        at = (end - self.begin) // MINUTE
        while left:
            at -= 1
            if at < 0:
                return None
            left -= self.ran(at, pauses)
        return self.begin + at * MINUTE


def clock(minutes):
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@st.composite
def intervals(draw):
    """Up to three of a day, often in the small hours, perhaps over midnight or overlapping."""
    found = []
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.one_of(st.integers(0, 1439), st.integers(0, 240)))
        end = draw(st.one_of(st.integers(0, 1440), st.integers(0, 240)))
        if start != end or not start:
            found.append((clock(start), clock(end)))
    return found


@st.composite
def worlds(draw):
    """(keywords of compile, noon near a change of the clock)."""
    zone = draw(st.sampled_from(sorted(CHANGES)))
    around = datetime(*draw(st.sampled_from(CHANGES[zone])), 12, tzinfo=UTC)
    weekly = {day: draw(intervals()) for day in range(7)}
    near = st.integers(-6, 6).map(lambda n: around.date() + timedelta(days=n))
    dates = draw(st.lists(near, max_size=4, unique=True))
    exceptions = [
        Day(each, draw(st.one_of(st.just([]), intervals())), reason=f"Fête {n}", source="test")
        for n, each in enumerate(dates)
    ]
    return {"zone": zone, "weekly": weekly, "exceptions": exceptions}, around


def moments(around, days=3):
    """Instants around the change, half of them within three hours of it, on the minute."""
    return st.one_of(st.integers(-days * 1440, days * 1440), st.integers(-15 * 60, 15 * 60)).map(
        lambda n: around + n * MINUTE
    )


def stops(around):
    """Pauses, also inside the repeated hour, overlapping or without length."""
    pair = st.tuples(moments(around), moments(around)).map(sorted).map(tuple)
    return st.lists(pair, max_size=4)


durations = st.integers(0, 3 * 1440).map(lambda n: n * MINUTE)
spans = st.integers(0, 400 * 3600).map(lambda n: timedelta(seconds=n))
seconds = st.integers(-4 * 86_400, 4 * 86_400).map(lambda n: timedelta(seconds=n))


def added(calendar, *question):
    """The deadline, or None when a random calendar has no opening at all."""
    try:
        return calendar.add(*question)
    except worktime.NeverOpens:
        return None


def later_or_same(before, after):
    return after is None or (before is not None and before <= after)


# Against the walk


@given(worlds(), st.data())
def test_counting_is_the_same_as_walking(world, data):
    keywords, around = world
    walk = Walk(**keywords, around=around)
    a, b = sorted([data.draw(moments(around)), data.draw(moments(around))])
    pauses = data.draw(stops(around))
    calendar = worktime.compile(**keywords)
    assert calendar.between(a, b, pauses) == walk.between(a, b, pauses)
    assert calendar.is_open(a) == walk.ran((a - walk.begin) // MINUTE, ())


@given(worlds(), st.data())
def test_adding_and_subtracting_are_the_same_as_walking(world, data):
    keywords, around = world
    walk = Walk(**keywords, around=around)
    start, duration = data.draw(moments(around)), data.draw(durations)
    pauses = data.draw(stops(around))
    calendar = worktime.compile(**keywords)
    due = walk.add(start, duration, pauses)
    if due is not None:
        assert calendar.add(start, duration, pauses) == due
    begun = walk.subtract(start, duration, pauses)
    if begun is not None:
        assert calendar.subtract(start, duration, pauses) == begun


@given(worlds(), worlds(), st.data())
def test_an_intersection_is_the_same_as_walking_both(world, other, data):
    keywords, around = world
    second = {**other[0], "exceptions": []}
    walks = [Walk(**each, around=around) for each in (keywords, second)]
    a, b = sorted([data.draw(moments(around)), data.draw(moments(around))])
    both = worktime.intersect(worktime.compile(**keywords), worktime.compile(**second))
    first, last = ((each - walks[0].begin) // MINUTE for each in (a, b))
    together = sum(all(walk.ran(n, ()) for walk in walks) for n in range(first, last))
    assert both.between(a, b) == together * MINUTE


@given(worlds(), st.data())
def test_many_with_pauses_are_the_same_as_one_by_one(world, data):
    keywords, around = world
    calendar = worktime.compile(**keywords)
    some = st.lists(st.tuples(moments(around), spans, stops(around)), min_size=1, max_size=5)
    asked = data.draw(some)
    each_end = [around + data.draw(seconds) for _ in asked]
    starts = [start.timestamp() for start, _duration, _pauses in asked]
    lengths = [duration.total_seconds() for _start, duration, _pauses in asked]
    owned = [(n, a, b) for n, (_s, _d, pauses) in enumerate(asked) for a, b in pauses]
    owned = data.draw(st.permutations(owned))
    arrays = (
        [n for n, _a, _b in owned],
        [a.timestamp() for _n, a, _b in owned],
        [b.timestamp() for _n, _a, b in owned],
    )
    ends = [end.timestamp() for end in each_end]
    ran = calendar.between_many(starts, ends, arrays)
    assert ran.tolist() == [
        calendar.between(start, end, pauses).total_seconds()
        for (start, _duration, pauses), end in zip(asked, each_end, strict=True)
    ]
    due = [added(calendar, *question) for question in asked]
    if None not in due:
        found = calendar.add_many(starts, lengths, arrays)
        assert found.tolist() == [each.timestamp() for each in due]


# The properties


@given(worlds(), st.data(), spans)
def test_what_is_added_is_between(world, data, duration):
    keywords, around = world
    start = around + data.draw(seconds)
    pauses = data.draw(stops(around))
    calendar = worktime.compile(**keywords)
    due = added(calendar, start, duration, pauses)
    if due is not None:
        assert calendar.between(start, due, pauses) == duration
        assert calendar.between(due, start, pauses) == -duration
        if duration:
            last = due - timedelta(seconds=1)
            assert calendar.between(start, last, pauses) == duration - timedelta(seconds=1)
            assert calendar.between(calendar.subtract(due, duration, pauses), due, pauses) == (
                duration
            )


@given(worlds(), st.data(), spans, spans)
def test_adding_twice_is_adding_the_sum(world, data, one, two):
    keywords, around = world
    start = around + data.draw(seconds)
    pauses = data.draw(stops(around))
    calendar = worktime.compile(**keywords)
    halfway = added(calendar, start, one, pauses)
    assume(halfway is not None)
    assert added(calendar, halfway, two, pauses) == added(calendar, start, one + two, pauses)


@given(worlds(), st.data())
def test_counting_in_two_parts_is_counting_the_whole(world, data):
    keywords, around = world
    a, b, c = (around + data.draw(seconds) for _ in range(3))
    pauses = data.draw(stops(around))
    calendar = worktime.compile(**keywords)
    assert calendar.between(a, b, pauses) + calendar.between(b, c, pauses) == (
        calendar.between(a, c, pauses)
    )


@given(worlds(), st.data(), spans)
def test_a_pause_never_brings_a_deadline_forward(world, data, duration):
    keywords, around = world
    start = around + data.draw(seconds)
    pauses, more = data.draw(stops(around)), data.draw(stops(around))
    calendar = worktime.compile(**keywords)
    without, paused = (added(calendar, start, duration, p) for p in (pauses, pauses + more))
    assert later_or_same(without, paused)


@given(worlds(), st.data(), spans)
def test_a_holiday_never_brings_a_deadline_forward(world, data, duration):
    keywords, around = world
    start = around + data.draw(seconds)
    day = Day(around.date() + timedelta(days=data.draw(st.integers(-4, 10))), reason="Férié")
    closed = {**keywords, "exceptions": [*keywords["exceptions"], day]}
    without, with_it = (
        added(worktime.compile(**each), start, duration) for each in (keywords, closed)
    )
    assert later_or_same(without, with_it)


@given(worlds(), st.data(), spans)
def test_more_hours_never_put_a_deadline_back(world, data, duration):
    keywords, around = world
    start = around + data.draw(seconds)
    day = data.draw(st.integers(0, 6))
    longer = [*keywords["weekly"][day], *data.draw(intervals())]
    wider = {**keywords, "weekly": {**keywords["weekly"], day: longer}}
    with_more, without = (
        added(worktime.compile(**each), start, duration) for each in (wider, keywords)
    )
    assert later_or_same(with_more, without)


@given(worlds(), st.data(), spans)
def test_the_order_of_what_is_given_does_not_matter(world, data, duration):
    keywords, around = world
    start = around + data.draw(seconds)
    pauses = data.draw(stops(around))
    turned = {
        **keywords,
        "weekly": {day: pairs[::-1] for day, pairs in reversed(keywords["weekly"].items())},
        "exceptions": keywords["exceptions"][::-1],
    }
    shuffled = data.draw(st.permutations(pauses))
    assert added(worktime.compile(**keywords), start, duration, pauses) == (
        added(worktime.compile(**turned), start, duration, shuffled)
    )


@given(worlds(), st.data())
def test_hours_and_pauses_given_twice_count_once(world, data):
    keywords, around = world
    a, b = around + data.draw(seconds), around + data.draw(seconds)
    pauses = data.draw(stops(around))
    twice = {**keywords, "weekly": {day: pairs * 2 for day, pairs in keywords["weekly"].items()}}
    assert worktime.compile(**keywords).between(a, b, pauses) == (
        worktime.compile(**twice).between(a, b, pauses * 2)
    )


@given(worlds(), st.data(), spans, st.integers(1900, 2198))
def test_a_date_outside_the_compiled_years_is_never_wrong(world, data, duration, year):
    keywords, around = world
    start = around + data.draw(seconds)
    elsewhere = worktime.compile(**keywords, years=(year, year + 1))
    fresh = worktime.compile(**keywords)
    assert added(elsewhere, start, duration) == added(fresh, start, duration)
    assert elsewhere.between(start, around) == fresh.between(start, around)
    far = datetime(year, 7, 1, tzinfo=UTC)
    assert elsewhere.between(start, far) == -fresh.between(far, start)


@given(worlds(), st.data())
def test_segments_cover_everything_and_add_up(world, data):
    keywords, around = world
    a, b = sorted([around + data.draw(seconds), around + data.draw(seconds)])
    pauses = data.draw(stops(around))
    calendar = worktime.compile(**keywords)
    found = calendar.segments(a, b, pauses)
    assert sum((each.length for each in found), NOTHING) == b - a
    assert [each.end for each in found[:-1]] == [each.start for each in found[1:]]
    assert all(each.length > NOTHING for each in found)
    ran = sum((each.length for each in found if each.kind is Kind.OPEN), NOTHING)
    assert ran == calendar.between(a, b, pauses)
    paused = sum((each.length for each in found if each.kind is Kind.PAUSED), NOTHING)
    assert paused == calendar.between(a, b) - ran
    closed_dates = {day.date for day in keywords["exceptions"] if not day.intervals}
    zone = ZoneInfo(keywords["zone"])
    for each in found:
        if each.kind is Kind.HOLIDAY:
            assert each.start.astimezone(zone).date() in closed_dates


@given(worlds(), st.data())
def test_open_is_where_time_runs(world, data):
    keywords, around = world
    at = around + data.draw(seconds)
    calendar = worktime.compile(**keywords)
    second = timedelta(seconds=1)
    assert calendar.is_open(at) == (calendar.between(at, at + second) == second)
    try:
        opening = calendar.next_open(at)
    except worktime.NeverOpens:
        return
    assert opening >= at
    assert calendar.is_open(opening)
    assert calendar.between(at, opening) == NOTHING


@given(worlds(), st.data(), st.integers(0, 40))
def test_working_days_are_dates_with_open_time(world, data, days):
    keywords, around = world
    start = around + data.draw(seconds)
    calendar = worktime.compile(**keywords)
    try:
        due = calendar.add_days(start, days)
    except worktime.NeverOpens:
        return
    assert calendar.between(start, due) > NOTHING
    assert calendar.is_open(due - timedelta(seconds=1))
    if days:
        assert calendar.add_days(start, days - 1) < due
    # No date is counted twice or left out: going back as many days meets the first opening.
    opening = calendar.subtract_days(due, days)
    assert calendar.add_days(opening, days) == due


@given(worlds(), st.data(), st.integers(0, 10))
def test_a_pause_never_brings_a_working_day_forward(world, data, days):
    keywords, around = world
    start = around + data.draw(seconds)
    pauses, more = data.draw(stops(around)), data.draw(stops(around))
    calendar = worktime.compile(**keywords)
    try:
        assert calendar.add_days(start, days, pauses) <= (
            calendar.add_days(start, days, pauses + more)
        )
    except worktime.NeverOpens:
        return


@given(st.sampled_from(sorted(CHANGES)), st.integers(1900, 2190), st.booleans())
def test_hopeless_calendars_are_answered(zone, year, ruled):
    def for_ever(asked):
        return worktime.closure(date(asked, 1, 1), date(asked, 12, 31))

    every_day = {day: [("09:00", "17:00")] for day in range(7)}
    calendar = worktime.compile(
        zone=zone, weekly=every_day if ruled else {}, exceptions=[for_ever] if ruled else []
    )
    at = datetime(year, 6, 1, tzinfo=UTC)
    assert calendar.between(at, at + timedelta(days=90)) == NOTHING
    for question in (calendar.add, calendar.subtract):
        with pytest.raises((worktime.NeverOpens, worktime.OutOfReach)):
            question(at, MINUTE)

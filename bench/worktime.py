"""Deadlines: how long ours take, and two libraries of PyPI on the same questions, in one run.

    uv pip install --group bench
    python -m bench.worktime

Prints medians, the ratio to each library, and how often each is wrong against the reference cases
(when they are beside the project). Fails if one of our bars is missed.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter, perf_counter_ns
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from relais.engine import worktime
from relais.engine.worktime import Day

CASES = Path(__file__).parents[1] / ".." / "shared" / "data" / "businesstime" / "paris_lunch.json"
PARIS = ZoneInfo("Europe/Paris")
MORNING, AFTERNOON = (time(9), time(12, 30)), (time(13, 30), time(18))
WEEK = {day: [MORNING, AFTERNOON] for day in range(5)}
FIXED = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)]
HOLIDAYS = [date(year, *day) for year in range(2024, 2030) for day in FIXED]
HOUR = timedelta(hours=1)
Shift = tuple[time, time]
NIGHT, OVERLAP = ((time(22), time(6)),), ((time(9), time(13)), (time(12), time(18)))
HARD = (NIGHT, OVERLAP)
Question = Callable[[], object]
missed: list[str] = []


def ours(**more: Any) -> worktime.Calendar:
    days = [Day(day) for day in HOLIDAYS]
    return worktime.compile(zone="Europe/Paris", weekly=WEEK, exceptions=days, **more)


def median_us(questions: Iterable[Question], rounds: int = 1) -> float:
    """Return the median microseconds of one question; each is timed alone."""
    times = []
    for question in list(questions) * rounds:
        begin = perf_counter_ns()
        question()
        times.append(perf_counter_ns() - begin)
    return statistics.median(times) / 1000


def seconds_of(question: Question) -> float:
    begin = perf_counter()
    question()
    return perf_counter() - begin


def bar(name: str, value: float, limit: float, unit: str) -> None:
    if value > limit:
        missed.append(name)
    verdict = "ok" if value <= limit else "MISSED"
    print(f"  {name:<46}{value:>10.3f} {unit:<3} bar {limit:g} {unit}: {verdict}")


def at(instant: int) -> datetime:
    return datetime.fromtimestamp(instant, UTC)


def starts(count: int) -> list[datetime]:
    dice = random.Random(20261123)
    return [at(1_735_689_600 + dice.randrange(2 * 365 * 86_400)) for _ in range(count)]


def own_bars() -> None:
    print("Relais")
    compiling = [seconds_of(lambda: ours(years=(2024, 2028))) * 1000 for _ in range(9)]
    bar("compile five years, the very first", compiling[0], 50, "ms")
    bar("compile five years, median", statistics.median(compiling), 50, "ms")
    calendar, some = ours(), starts(2000)
    calendar.add(some[0], 8000 * HOUR)
    for hours in (8, 80, 800, 8000):
        asks = [lambda when=when, d=hours * HOUR: calendar.add(when, d) for when in some]
        bar(f"one deadline of {hours} h, median", median_us(asks, 5), 20, "us")
    year = timedelta(days=365)
    asks = [lambda when=when: calendar.add(when, 8 * HOUR, [(when, when + year)]) for when in some]
    bar("one of 8 h with a pause of a year, median", median_us(asks, 5), 20, "us")
    asks = [lambda when=when: calendar.between(when, when + year) for when in some]
    bar("open time of a year, median", median_us(asks, 5), 20, "us")
    dice = np.random.default_rng(20261123)
    begun = dice.integers(1_740_000_000, 1_830_000_000, 1_000_000)
    length = dice.integers(0, 800 * 3600, 1_000_000)
    due = calendar.add_many(begun, length)
    assert (calendar.between_many(begun, due) == length).all()
    many = seconds_of(lambda: calendar.add_many(begun, length))
    bar("1 000 000 deadlines at once", many, 1, "s")
    many = seconds_of(lambda: calendar.between_many(begun, due))
    bar("1 000 000 open times at once", many, 1, "s")
    bar("a hopeless calendar answered, worst of 9", hopeless(), 50, "ms")


def hopeless() -> float:
    def closed(year: int) -> tuple[Day, ...]:
        return worktime.closure(date(year, 1, 1), date(year, 12, 31))

    def ask(calendar: worktime.Calendar) -> None:
        try:
            calendar.add(datetime(2026, 3, 5, 10, tzinfo=UTC), HOUR)
        except worktime.NeverOpens:
            return
        raise AssertionError("it opened")

    return 1000 * max(
        seconds_of(partial(ask, worktime.compile(zone=zone, weekly=week, exceptions=days)))
        for zone in ("Europe/Paris", "Asia/Kathmandu", "Africa/Casablanca")
        for week, days in (({}, ()), (WEEK, closed), ({}, closed))
    )


def business_time_delta(*shifts: Shift) -> tuple[Callable[..., datetime], Callable[..., float]]:
    import businesstimedelta as other
    import pytz

    zone, days = pytz.timezone("Europe/Paris"), list(range(7 if shifts in HARD else 5))
    holidays = other.HolidayRule(dict.fromkeys(HOLIDAYS, "closed"), tz=zone)
    rules = other.Rules([*(other.WorkDayRule(*each, days, tz=zone) for each in shifts), holidays])

    def add(when: datetime, duration: timedelta) -> datetime:
        seconds = int(duration.total_seconds())
        return when + other.BusinessTimeDelta(rules, seconds=seconds)

    def between(a: datetime, b: datetime) -> float:
        return rules.difference(a, b).timedelta.total_seconds()

    return add, between


def business_duration(*shifts: Shift) -> Callable[..., float]:
    from business_duration import businessDuration

    rest = [] if shifts in HARD else [5, 6]

    def between(a: datetime, b: datetime) -> float:
        """It knows no zones and one interval a day: ask it on the wall clock, for each shift."""
        low, high = (each.astimezone(PARIS).replace(tzinfo=None) for each in (a, b))
        return sum(
            float(businessDuration(low, high, *shift, rest, HOLIDAYS, "sec")) for shift in shifts
        )

    return between


def hard_questions() -> None:
    """Shifts of every day, two instants, and the hours that a person counts on her fingers."""
    print("\nHard questions (hours)")
    for name, shifts, a, b, right in (
        ("the night when the clock goes forward", NIGHT, (2027, 3, 27), (2027, 3, 28), 7),
        ("the night when the clock goes back", NIGHT, (2026, 10, 24), (2026, 10, 25), 9),
        ("09-13 and 12-18, which overlap", OVERLAP, (2027, 3, 22), (2027, 3, 23), 9),
    ):
        low, high = (datetime(*day, 12 if shifts == NIGHT else 0, tzinfo=PARIS) for day in (a, b))
        week = dict.fromkeys(range(7), shifts)
        mine = worktime.compile(zone="Europe/Paris", weekly=week).between(low, high)
        answers = (
            mine.total_seconds(),
            business_time_delta(*shifts)[1](low, high),
            business_duration(*shifts)(low, high),
        )
        ours_, delta, duration = (f"{each / 3600:g}" for each in answers)
        print(
            f"  {name:<46}right {right}, Relais {ours_}, "
            f"businesstimedelta {delta}, business-duration {duration}"
        )


def compare(
    name: str, theirs: Callable[..., object], mine: Callable[..., object], asks: list[Any]
) -> None:
    us = median_us([lambda ask=ask: mine(*ask) for ask in asks], 50)
    them = median_us([lambda ask=ask: theirs(*ask) for ask in asks])
    print(f"  {name:<46}{them:>10.1f} us, ours {us:.2f} us: {them / us:,.0f} times")


def others() -> None:
    try:
        their_add, their_between = business_time_delta(MORNING, AFTERNOON)
        duration = business_duration(MORNING, AFTERNOON)
    except ImportError as error:
        print(f"\nNot compared, {error.name} is missing: uv pip install --group bench")
        return
    calendar, some = ours(), starts(25)
    print("\nThe same questions to two libraries (medians)")
    for hours in (8, 80, 800):
        asks = [(when, hours * HOUR) for when in some]
        compare(f"businesstimedelta, deadline of {hours} h", their_add, calendar.add, asks)
    for days in (7, 365):
        asks = [(when, when + timedelta(days=days)) for when in some]
        name = f"open time of {days} days"
        compare(f"businesstimedelta, {name}", their_between, calendar.between, asks)
        compare(f"business-duration, {name}", duration, calendar.between, asks)
    hard_questions()
    if not CASES.exists():
        print("\nThe reference cases are not beside the project: nobody is marked.")
        return
    cases = json.loads(CASES.read_text())["cases"]
    print(f"\nWrong among {len(cases)} reference cases")
    for name, add in (("Relais", calendar.add), ("businesstimedelta", their_add)):
        mark(f"{name}, deadlines", add_case(add), "deadline_close", cases)
    for name, between in (
        ("Relais", lambda a, b: calendar.between(a, b).total_seconds()),
        ("businesstimedelta", their_between),
        ("business-duration", duration),
    ):
        mark(f"{name}, open time", between_case(between), "within", cases)


def add_case(add: Callable[..., datetime]) -> Callable[[dict[str, int]], float]:
    return lambda case: add(at(case["start"]), timedelta(seconds=case["seconds"])).timestamp()


def between_case(between: Callable[..., float]) -> Callable[[dict[str, int]], float]:
    return lambda case: between(at(case["start"]), at(case["end"]))


def mark(name: str, answer: Callable[..., float], key: str, cases: list[dict[str, int]]) -> None:
    asked = [case for case in cases if case[key] is not None]
    off = []
    for case in asked:
        try:
            off.append(abs(answer(case) - case[key]))
        except Exception:
            off.append(float("inf"))
    bad = sum(each != 0 for each in off)
    print(f"  {name:<46}{bad:>4} of {len(asked)}, the worst by {max(off) / 3600:.1f} h")


if __name__ == "__main__":
    own_bars()
    others()
    sys.exit(f"Missed: {', '.join(missed)}" if missed else 0)

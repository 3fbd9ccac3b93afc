"""Dates that repeat by an RFC 5545 rule, as whole days of a place's own calendar.

Days, not instants: the hour is put on afterwards in the place's zone, so that no change of clocks
makes them drift.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice

from dateutil.rrule import rrule, rrulestr

ONE_DAY = timedelta(days=1)
LONGEST_RULE = 300
MOST = 9999
# A place that is shut for longer than this has no working day near.
FARTHEST = 31
SEARCHED_YEARS = 12
LEFT_YEARS = 200
PREVIOUS, NEXT, NONE = "previous", "next", "none"
_A_YEAR = {"DAILY": 366, "WEEKLY": 53, "MONTHLY": 12, "YEARLY": 1}
_KNOWN = {
    "FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS",
    "BYYEARDAY", "BYWEEKNO",
}  # fmt: skip


class BadRule(ValueError):
    """The rule cannot be followed; the text says why."""


class TooFar(BadRule):
    """Two dates lie further apart than is looked for; the text names the part that says so."""


class NoDay(LookupError):
    """No open day lies near enough to move to."""


def parts(rule: str) -> dict[str, str]:
    """Return the rule's parts by name: {"FREQ": "MONTHLY", "BYMONTHDAY": "-1"}."""
    text = rule.strip().upper().removeprefix("RRULE:")
    if len(text) > LONGEST_RULE or "\n" in text:
        raise BadRule("length")
    found: dict[str, str] = {}
    for part in filter(None, text.split(";")):
        name, equals, value = part.partition("=")
        if not equals or not value or name in found or name not in _KNOWN:
            raise BadRule(name)
        found[name] = value
    if found.get("FREQ") not in _A_YEAR:
        raise BadRule("FREQ")
    if "T" in found.get("UNTIL", ""):
        raise BadRule("UNTIL")
    for name in ("INTERVAL", "COUNT"):
        # An interval of nothing is a day that comes again for ever.
        if name in found and not (found[name].isdecimal() and 1 <= int(found[name]) <= MOST):
            raise BadRule(name)
    if "COUNT" in found and "UNTIL" in found:
        raise BadRule("COUNT")
    return found


def written(rule: str) -> str:
    """Return the rule in its one written form. Raises `BadRule`."""
    return ";".join(f"{name}={value}" for name, value in parts(rule).items())


def followed(rule: str, first: date) -> str:
    """Return the rule as `written`, once its first dates were found. Raises `BadRule`, `TooFar`.

    Whoever keeps a rule asks this first: `days` would end after one date without a word.
    """
    found = parts(rule)
    every = found.get("INTERVAL", "1")
    if int(every) > SEARCHED_YEARS * _A_YEAR[found["FREQ"]]:
        raise TooFar(f"INTERVAL={every}")
    two = list(islice(_all_days(rule, first), 2))
    if len(two) == 2 and two[1].year - two[0].year > SEARCHED_YEARS:
        raise TooFar(f"INTERVAL={every}" if "INTERVAL" in found else f"FREQ={found['FREQ']}")
    return written(rule)


def days(rule: str, first: date) -> Iterator[date]:
    """Yield the dates of the rule that lie on `first` or after, in order. Raises `BadRule`.

    Ends by itself where nothing follows for `SEARCHED_YEARS` years (30 February), and after
    `LEFT_YEARS` years at the soonest.
    """
    last = first
    for day in _all_days(rule, first):
        if day.year - last.year > SEARCHED_YEARS:
            return
        last = day
        yield day


def _all_days(rule: str, first: date) -> Iterator[date]:
    # The calendar is the same again every 400 years, and a rule without any date is searched until
    # the year 9999: asked there, it is given up soon.
    later = (9999 - LEFT_YEARS - first.year) // 400 * 400
    begin = datetime.combine(first.replace(year=first.year + later), time())
    try:
        found = rrulestr(written(rule), dtstart=begin)
        if not isinstance(found, rrule):
            raise BadRule("FREQ")
        if (until := found._until) is not None:
            found = found.replace(until=until.replace(year=min(9999, until.year + later)))
        for moment in found:
            yield moment.date().replace(year=moment.year - later)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as fault:
        raise BadRule(str(fault)) from None


def moved(day: date, how: str, is_open: Callable[[date], bool]) -> date:
    """Return the day, or the nearest open one before or after it. Raises `NoDay`."""
    step = {PREVIOUS: -ONE_DAY, NEXT: ONE_DAY}.get(how)
    if step is None:
        return day
    for away in range(FARTHEST + 1):
        if is_open(day + away * step):
            return day + away * step
    raise NoDay(day.isoformat())


def monthly(day: int) -> str:
    """Return the part that names a day of the month: the last one where the month is shorter."""
    if day <= 28:
        return f"BYMONTHDAY={day}"
    return f"BYMONTHDAY={','.join(str(each) for each in range(28, day + 1))};BYSETPOS=-1"

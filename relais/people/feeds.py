"""Holiday feeds (iCalendar files): which whole days they close, and what was left out and why.

Official French files write each day with DTEND equal to DTSTART. Strictly read such an event has
no length; here it is that one day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from relais.lib.problem import Problem

from .calendar_changes import LONGEST, MOST_FEED_DAYS, FedDays

if TYPE_CHECKING:
    import icalendar

BIGGEST = 2**20
YEARS_BACK, YEARS_AHEAD = 2, 10
FIRST, LAST = date(1901, 1, 1), date(2199, 12, 31)
# Finer ones belong to meetings, and would be expanded by the million.
REPEATS = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
# A rule that is never true is looked for until the year 9999, day by day when it is a daily one.
PLAIN = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST"}
MOST_REPEATED = 100


class FeedRefused(Problem):
    """The file is no feed of days off; the text says why and what to do."""

    message = gettext_lazy(
        "The file was not taken: %(why)s Choose an iCalendar file (.ics) of days off."
    )


@dataclass(frozen=True)
class LeftOut:
    """An event that closes no whole day, and why."""

    label: str
    why: str


@dataclass
class Reading:
    """What a file says: the name it gives itself, the days off, and the events left out."""

    name: str
    digest: str
    days: list[FedDays] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


class _Unusable(Exception):
    """One event closes no day; the text says why."""


def read(data: bytes, today: date) -> Reading:
    """Return the days off of an iCalendar file; raise `FeedRefused` when it is none.

    Events that repeat for ever on the same date stay yearly; other repeated ones are written out
    from two years before `today` to ten years after.
    """
    if len(data) > BIGGEST:
        raise FeedRefused(why=_("it is larger than %(most)s kB.") % {"most": BIGGEST // 1024})
    if b"BEGIN:VCALENDAR" not in data[:4096].upper():
        raise FeedRefused(why=_("it does not begin as an iCalendar file does."))
    from icalendar.error import BrokenCalendarProperty

    calendars = _parsed(data)
    reading = Reading(_name(calendars[0]), hashlib.sha256(data).hexdigest())
    events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    if not events:
        raise FeedRefused(why=_("it holds no event."))
    if sum("RRULE" in event or "RDATE" in event for event in events) > MOST_REPEATED:
        raise FeedRefused(
            why=_("it holds more than %(most)s repeated events.") % {"most": MOST_REPEATED}
        )
    found: set[FedDays] = set()
    for series in _series(events):
        try:
            found.update(_days(series, today))
        except _Unusable as error:
            reading.left_out.append(LeftOut(_label(series[0]), str(error)))
        except BrokenCalendarProperty:
            reading.left_out.append(LeftOut(_label(series[0]), _("its dates cannot be read")))
        if len(found) > MOST_FEED_DAYS:
            raise FeedRefused(
                why=_("it holds more than %(most)s days off.") % {"most": MOST_FEED_DAYS}
            )
    reading.days = sorted(found)
    if not reading.days:
        first = reading.left_out[0]
        raise FeedRefused(
            why=_("none of its %(events)s events closes a whole day (“%(label)s”: %(why)s).")
            % {"events": len(events), "label": first.label, "why": first.why}
        )
    return reading


def name_for(reading: Reading, file_name: str, typed: str) -> str:
    """Return the name of a feed: as typed, else as the file says, else the file's own."""
    stem = file_name.rpartition(".")[0] or file_name
    return (typed or reading.name or stem).strip()[:200]


def _parsed(data: bytes) -> list[icalendar.Calendar]:
    import icalendar  # here and not above: it takes long to load

    try:
        calendars = icalendar.Calendar.from_ical(data, multiple=True)
    except Exception as error:
        # Spoilt files make the parser raise whatever was at hand: any of it is the file's fault.
        why = str(error).strip().splitlines()
        raise FeedRefused(
            why=_("it is broken (%(detail)s).") % {"detail": (why or ["?"])[0][:200]}
        ) from error
    if not calendars:
        raise FeedRefused(why=_("it holds no calendar."))
    return calendars


def _name(calendar: icalendar.Calendar) -> str:
    return str(calendar.get("X-WR-CALNAME") or calendar.get("NAME") or "").strip()[:200]


def _label(event: icalendar.Event) -> str:
    return " ".join(str(event.get("SUMMARY", "")).split())[:200]


def _series(events: list[icalendar.Event]) -> Iterator[list[icalendar.Event]]:
    """Yield each event alone, and a repeated one together with its changed occurrences."""
    repeated: dict[str, list[icalendar.Event]] = {}
    for event in events:
        if "RRULE" in event or "RDATE" in event:
            repeated.setdefault(str(event.get("UID", id(event))), []).append(event)
    for event in events:
        uid = str(event.get("UID", id(event)))
        if "RECURRENCE-ID" in event and uid in repeated:
            repeated[uid].append(event)
        elif uid not in repeated or event not in repeated[uid]:
            yield [event]
    yield from repeated.values()


def _days(series: list[icalendar.Event], today: date) -> list[FedDays]:
    event = series[0]
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        raise _Unusable(_("it is cancelled"))
    first, last = _span(event)
    if "RRULE" not in event and "RDATE" not in event:
        return [FedDays(first, last, _label(event))]
    if len(series) == 1 and _is_plainly_yearly(event, first):
        return [FedDays(first, last, _label(event), yearly=True)]
    return list(_written_out(series, today))


def _span(event: icalendar.Event) -> tuple[date, date]:
    """Return the first and last whole day of an event; raise `_Unusable` when it has none."""
    start, end = _moment(event, "DTSTART"), _moment(event, "DTEND")
    if start is None:
        raise _Unusable(_("it has no readable beginning"))
    if end is None:
        duration = getattr(event.get("DURATION"), "dt", None)
        length = duration if isinstance(duration, timedelta) else timedelta(0)
        end = start + length
    if isinstance(start, datetime) or isinstance(end, datetime):
        start, end = _whole_days(start, end)
    if end < start:
        raise _Unusable(_("it ends before it begins"))
    last = max(start, end - timedelta(1))
    if not FIRST <= start <= last <= LAST:
        raise _Unusable(_("it lies outside the years 1901 to 2199"))
    if (last - start).days >= LONGEST:
        raise _Unusable(_("it lasts longer than a year"))
    return start, last


def _moment(event: icalendar.Event, name: str) -> date | None:
    value = getattr(event.get(name), "dt", None)
    return value if isinstance(value, date) else None


def _whole_days(start: date, end: date) -> tuple[date, date]:
    """Return the days of an event written from midnight to midnight, as some programs do."""
    both = isinstance(start, datetime) and isinstance(end, datetime)
    if not both or start.time() != time(0) or end.time() != time(0) or end.date() <= start.date():
        raise _Unusable(_("it has hours: only whole days are days off"))
    return start.date(), end.date()


def _is_plainly_yearly(event: icalendar.Event, first: date) -> bool:
    import icalendar

    rule = event.get("RRULE")
    if not isinstance(rule, icalendar.vRecur) or "RDATE" in event or "EXDATE" in event:
        return False
    plain = {"FREQ": ["YEARLY"], "INTERVAL": [1], "BYMONTH": [first.month]}
    plain["BYMONTHDAY"] = [first.day]
    return rule.get("FREQ") == ["YEARLY"] and all(
        name == "WKST" or value == plain.get(name) for name, value in rule.items()
    )


def _written_out(series: list[icalendar.Event], today: date) -> Iterator[FedDays]:
    import icalendar
    import recurring_ical_events

    calendar = icalendar.Calendar()
    for event in series:
        rule: Any = event.get("RRULE")
        for each in rule if isinstance(rule, list) else [rule] if rule else []:
            _check_repetition(each)
        first, last = _span(event)
        # Written anew with its true length: one without any would be lost once more.
        event.pop("DTEND", None), event.pop("DURATION", None)
        event.add("DTEND", _same_kind(event, last + timedelta(1)))
        calendar.add_component(event)
    start, stop = date(today.year - YEARS_BACK, 1, 1), date(today.year + YEARS_AHEAD, 12, 31)
    try:
        found = recurring_ical_events.of(calendar).between(start, stop)
    except Exception as error:
        raise _Unusable(_("its repetition cannot be read")) from error
    if not found:
        raise _Unusable(
            _("it has no day between %(start)s and %(stop)s")
            % {"start": start.year, "stop": stop.year}
        )
    for each in found:
        first, last = _span(each)
        yield FedDays(first, last, _label(each))


def _check_repetition(rule: icalendar.vRecur) -> None:
    often = set(rule.get("FREQ", []))
    if often - REPEATS:
        raise _Unusable(_("it repeats within the day"))
    if often & {"DAILY", "WEEKLY"} and set(rule) - PLAIN:
        raise _Unusable(_("it repeats too oddly: write the days one by one"))


def _same_kind(event: icalendar.Event, day: date) -> date:
    start = event.get("DTSTART").dt
    if isinstance(start, datetime):
        return datetime.combine(day, time(0), tzinfo=start.tzinfo)
    return day

"""Calendars of other programs (iCalendar, RFC 5545): which times they take, without their words.

What is kept of an event is written again as it was: rules, exceptions, changed occurrences, zones.
Files that people have are spoilt in every way: each event is read by itself, and what cannot be
read is left out with its reason.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .problem import Problem

if TYPE_CHECKING:
    import icalendar

BIGGEST = 5 * 2**20
MOST_EVENTS, MOST_REPEATED, MOST_TIMES = 10_000, 1_000, 20_000
LONGEST = timedelta(days=400)
FIRST, LAST = date(2000, 1, 1), date(2038, 1, 1)
TIMES = (
    "UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE",
    "RECURRENCE-ID", "TRANSP", "STATUS", "CLASS",
)  # fmt: skip
# Finer ones would be expanded by the million; a rule that is never true is sought until 9999.
REPEATS = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
PLAIN = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTH", "WKST", "BYSETPOS"}


class Unreadable(Problem):
    """The file is no calendar that can be read; the text says why and what to do."""

    message = gettext_lazy("The calendar was not taken: %(why)s Export it anew as .ics.")


@dataclass(frozen=True)
class LeftOut:
    """An event that is not taken, and why."""

    label: str
    why: str


@dataclass(frozen=True)
class Taken:
    """A time that an event takes."""

    start: datetime
    end: datetime
    title: str = ""


@dataclass
class Reading:
    """What a file says: `text`, its events with their times alone, written as a calendar."""

    text: bytes
    digest: str
    events: int
    left_out: list[LeftOut] = field(default_factory=list)


class _Unusable(Exception):
    """One event takes no time that can be told."""


def read(data: bytes, *, titles: bool = False) -> Reading:
    """Return the events of a file without their words; `titles`: with what they are called.

    Raises `Unreadable` when it is no calendar at all. One without any event is an empty one.
    """
    import icalendar  # here and not above: it takes long to load

    calendars = _parsed(data)
    made = icalendar.Calendar()
    made.add("prodid", "-//Relais//Relais 1//FR")
    made.add("version", "2.0")
    found, zones = 0, set()
    reading = Reading(b"", hashlib.sha256(data).hexdigest(), 0)
    events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    if len(events) > MOST_EVENTS:
        raise Unreadable(why=_("it holds more than %(most)s events.") % {"most": MOST_EVENTS})
    for zone in [zone for calendar in calendars for zone in calendar.walk("VTIMEZONE")]:
        if (name := str(zone.get("TZID", ""))) not in zones:
            zones.add(name)
            made.add_component(zone)
    for event in events:
        try:
            made.add_component(_times_of(event, titles=titles, number=found))
            found += 1
        except _Unusable as fault:
            reading.left_out.append(LeftOut(_label(event), str(fault)))
    try:
        # A zone that the file names without describing it: strict readers ask for it.
        made.add_missing_timezones(first_date=FIRST, last_date=LAST)
        reading.text = made.to_ical()
    except Exception as fault:
        raise Unreadable(why=_("it cannot be written again.")) from fault
    reading.events = found
    return reading


def _parsed(data: bytes) -> list[icalendar.Calendar]:
    import icalendar

    if len(data) > BIGGEST:
        raise Unreadable(why=_("it is larger than %(most)s MB.") % {"most": BIGGEST // 2**20})
    if b"BEGIN:VCALENDAR" not in data[:4096].upper():
        raise Unreadable(why=_("it does not begin as an iCalendar file does."))
    try:
        calendars = icalendar.Calendar.from_ical(data, multiple=True)
    except Exception as fault:
        # Spoilt files make the parser raise whatever was at hand: any of it is the file's fault.
        why = (str(fault).strip().splitlines() or ["?"])[0][:200]
        raise Unreadable(why=_("it is broken (%(detail)s).") % {"detail": why}) from fault
    if not calendars:
        raise Unreadable(why=_("it holds no calendar."))
    return list(calendars)


def _label(event: Any) -> str:
    try:
        return " ".join(str(event.get("SUMMARY", "")).split())[:200]
    except Exception:
        return ""


def _times_of(event: Any, *, titles: bool, number: int) -> icalendar.Event:
    """Return the event with its times alone. Raises `_Unusable`."""
    import icalendar

    made = icalendar.Event()
    try:
        _check(event)
        for name in (*TIMES, "SUMMARY") if titles else TIMES:
            if name in event:
                made[name] = event[name]
        if "UID" not in made:
            made.add("uid", f"without-{number}@relais")
        if "DTSTAMP" not in made:
            made.add("dtstamp", datetime(2000, 1, 1, tzinfo=UTC))
        made.to_ical()
    except _Unusable:
        raise
    except Exception as fault:
        raise _Unusable(_("its dates cannot be read")) from fault
    return made


def _check(event: Any) -> None:
    start = getattr(event.get("DTSTART"), "dt", None)
    if not isinstance(start, date):
        raise _Unusable(_("it has no readable beginning"))
    end = getattr(event.get("DTEND"), "dt", None)
    if isinstance(end, date) and isinstance(start, datetime) == isinstance(end, datetime):
        if isinstance(start, datetime) and (start.tzinfo is None) != (end.tzinfo is None):
            raise _Unusable(_("its beginning and end are in different kinds of time"))
        if end < start:
            raise _Unusable(_("it ends before it begins"))
        if end - start > LONGEST:
            raise _Unusable(_("it lasts longer than a year"))
    rule = event.get("RRULE")
    for each in rule if isinstance(rule, list) else [rule] if rule else []:
        often = set(each.get("FREQ", []))
        if not often or often - REPEATS:
            raise _Unusable(_("it repeats within the day"))
        if often & {"DAILY", "WEEKLY"} and set(each) - PLAIN:
            raise _Unusable(_("it repeats too oddly: write the days one by one"))


def times(
    text: bytes, start: datetime, end: datetime, zone: ZoneInfo
) -> tuple[list[Taken], list[LeftOut]]:
    """Return the times that the events take between two moments, and what could not be reckoned.

    `zone` is whose days and clock are meant where an event names none.
    """
    import icalendar

    found: list[Taken] = []
    left: list[LeftOut] = []
    calendar = icalendar.Calendar.from_ical(text)
    zones, repeated = calendar.walk("VTIMEZONE"), 0
    for series in _series(calendar.walk("VEVENT")):
        repeated += len(series) > 1 or "RRULE" in series[0]
        try:
            if repeated > MOST_REPEATED:
                raise _Unusable(_("there are too many repeated events"))
            found += _of_series(series, zones, start, end, zone)
        except _Unusable as fault:
            left.append(LeftOut(_label(series[0]), str(fault)))
        except Exception:
            left.append(LeftOut(_label(series[0]), _("its repetition cannot be read")))
        if len(found) > MOST_TIMES:
            raise Unreadable(why=_("it takes more than %(most)s times.") % {"most": MOST_TIMES})
    return sorted(found, key=lambda one: (one.start, one.end)), left


def _series(events: list[Any]) -> Iterator[list[Any]]:
    """Yield events by the name that they share: a repeated one with its changed occurrences."""
    named: dict[str, list[Any]] = {}
    for event in events:
        named.setdefault(str(event.get("UID", id(event))), []).append(event)
    yield from named.values()


def _of_series(
    series: list[Any], zones: list[Any], start: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[Taken]:
    import icalendar
    import recurring_ical_events

    calendar = icalendar.Calendar()
    for each in [*zones, *series]:
        calendar.add_component(each)
    # A day on either side: whole days and times without a zone are moved by whose they are.
    around = timedelta(days=1)
    for each in recurring_ical_events.of(calendar).between(start - around, end + around):
        free = str(each.get("TRANSP", "")).upper() == "TRANSPARENT"
        if free or str(each.get("STATUS", "")).upper() == "CANCELLED":
            continue
        begin = _moment(getattr(each.get("DTSTART"), "dt", None), zone)
        over = _moment(getattr(each.get("DTEND"), "dt", None), zone)
        if begin is None or over is None or not begin < over:
            continue
        if begin < end and over > start:
            yield Taken(begin, over, _label(each))


def _moment(value: Any, zone: ZoneInfo) -> datetime | None:
    """Return the instant in UTC."""
    if isinstance(value, datetime):
        local = value if value.tzinfo else value.replace(tzinfo=zone)
        return local.astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), tzinfo=zone).astimezone(UTC)
    return None

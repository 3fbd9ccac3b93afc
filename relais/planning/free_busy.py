"""When people can meet: their hours, what they have already, and what their sheets ask for."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from relais.engine import slots, stretches
from relais.offer.models import SheetVersion
from relais.people import calendars
from relais.people.models import Absence, Person

from . import coverage
from .models import BusyTime, MeetingTime

Span = tuple[datetime, datetime]
_DAYS = ("lun", "mar", "mer", "jeu", "ven", "sam", "dim")
_ENGLISH = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"(\d{1,2})\s*[h:]\s*(\d{2})?\s*(?:-|–|—|à|to)\s*(\d{1,2})\s*[h:]\s*(\d{2})?")
_WORD = re.compile(r"[a-zéûà]+|[-–]")


def attendees(
    people: Sequence[Person], first: date, last: date, now: datetime, without: int | None = None
) -> list[slots.Attendee]:
    """Return everybody with her rules: as many queries whatever their number.

    Holds that have run out count for nothing; what a time is taken for is not asked. `without`: a
    meeting whose own times are left out.
    """
    zone = ZoneInfo("UTC")
    start = coverage.moment_of(first - timedelta(1), zone)
    end = coverage.moment_of(last + timedelta(2), zone)
    overlap = {"person__in": people, "period__overlap": (start, end)}
    taken: dict[int, list[Span]] = defaultdict(list)
    meetings: dict[int, list[Span]] = defaultdict(list)
    held = MeetingTime.objects.filter(Q(until=None) | Q(until__gt=now), **overlap)
    held = held.exclude(meeting=without) if without else held
    for rows in (BusyTime.objects.filter(**overlap), held):
        for person, period in rows.values_list("person", "period"):
            taken[person].append((period.lower, period.upper))
            meetings[person].append((period.lower, period.upper))
    for person, period in Absence.objects.filter(**overlap).values_list("person", "period"):
        taken[person].append((period.lower or start, period.upper or end))
    sheets: dict[int, dict[str, str]] = {}
    versions = SheetVersion.objects.filter(sheet__person__in=people).order_by("number")
    for person, content in versions.values_list("sheet__person", "content"):
        sheets[person] = content
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    opening: dict[int, list[Span]] = {}  # of a site, once for all who are there
    for person in people:
        if person.site and person.site.pk not in opening:
            found = coverage.site_open(person.site, days).values()
            opening[person.site.pk] = [span for spans in found for span in spans]
    return [
        _attendee(
            one, sheets.get(one.pk, {}), taken[one.pk], meetings[one.pk], days,
            opening.get(one.site_id or 0, []),
        )
        for one in people
    ]  # fmt: skip


def _attendee(
    person: Person, sheet: dict[str, str], taken: list[Span], meetings: list[Span],
    days: Sequence[date], opening: list[Span],
) -> slots.Attendee:  # fmt: skip
    zone = person.site.time_zone if person.site else person.provider.time_zone
    most = _number(sheet.get("max_meetings"))
    return slots.Attendee(
        person.pk,
        person.name,
        zone,
        open=_hers(
            opening,
            str(sheet.get("working_hours", "")),
            days,
            ZoneInfo(zone),
        ),
        busy=taken,
        protected=protected(str(sheet.get("protected_slots", "")), days, ZoneInfo(zone)),
        meetings=meetings,
        notice=timedelta(hours=_number(sheet.get("min_notice_hours")) or 0),
        gap=timedelta(minutes=_number(sheet.get("buffer_minutes")) or 0),
        most_meetings=most,
    )


def _hers(opening: list[Span], text: str, days: Sequence[date], zone: ZoneInfo) -> Sequence[Span]:
    """Return the site's openings within the hours that her sheet says, where it says any."""
    hours = protected(text, days, zone)
    return stretches.common(opening, hours) if hours else opening


def _number(text: object) -> int | None:
    try:
        return int(float(str(text)))
    except ValueError:
        return None


def protected(text: str, days: Sequence[date], zone: ZoneInfo) -> list[Span]:
    """Return the hours that a sheet protects, line by line: "mardi et jeudi 9h-11h30".

    A line without a weekday holds every day; one without hours is for people to read.
    """
    found = []
    for line in re.split(r"[\n;]", text.lower()):
        hours = [tuple(int(part or 0) for part in match) for match in _HOURS.findall(line)]
        named = _weekdays(line)
        for hour, minute, hour_end, minute_end in hours:
            if hour > 23 or hour_end > 23 or minute > 59 or minute_end > 59:
                continue
            for day in days:
                if not named or day.weekday() in named:
                    midnight = coverage.moment_of(day, zone)
                    begin = midnight.replace(hour=hour, minute=minute)
                    end = midnight.replace(hour=hour_end, minute=minute_end)
                    if begin < end:
                        found.append((begin, end))
    return found


def _weekdays(line: str) -> set[int]:
    """Return the weekdays that a line names, "du lundi au jeudi" with those between."""
    found: set[int] = set()
    last, through = -1, False
    for word in _WORD.findall(line):
        day = next((n for n in range(7) if word[:3] in (_DAYS[n], _ENGLISH[n])), None)
        if day is None:
            last = -1 if word == "h" else last  # hours end what was begun
            through = last >= 0 and word in ("au", "à", "to", "through", "-", "–")
            continue
        if through:
            found |= {n % 7 for n in range(last, day + 1 if day >= last else day + 8)}
        found.add(day)
        last, through = day, False
    return found


def closed_text(person: Person) -> bool:
    """Return whether nothing says when somebody can be met: she has no calendar."""
    try:
        return person.site is None or calendars.of_site(person.site) is None
    except calendars.NoCalendar:
        return True

"""When each of the pool works: her published shifts; where a day has none, her calendar."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from relais.engine import rota, stretches, worktime
from relais.engine.candidates import without
from relais.people import calendars
from relais.people.models import Absence, AssistantProfile, Rostered, Shift

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Worked:
    """A day of somebody: when she is there, which absences take from it, and which shifts it is.

    `away`: classes of absence; empty `spans` with `away`: she is absent, without: it is no day of
    hers.
    """

    spans: tuple[Span, ...] = ()
    away: tuple[str, ...] = ()
    shifts: tuple[Shift, ...] = ()

    @property
    def minutes(self) -> float:
        """Return how long she is there."""
        return stretches.minutes(self.spans)


NOTHING = Worked()


def of_pool(
    profiles: Iterable[AssistantProfile], first: date, last: date
) -> dict[tuple[int, date], Worked]:
    """Return the days that are worked, or would be, by person and day: three queries.

    `profiles` have their calendar. It holds hours and leave: whoever asks answers for who reads.
    """
    profiles = list(profiles)
    keys = [profile.person_id for profile in profiles]
    start, end = _around(first, last)
    absences: dict[int, list[tuple[Span, str]]] = defaultdict(list)
    for absence in Absence.objects.filter(person__in=keys, period__overlap=(start, end)):
        span = (absence.period.lower or start, absence.period.upper or end)
        absences[absence.person_id].append((span, absence.kind))
    shifts: dict[int, list[Shift]] = defaultdict(list)
    for shift in Shift.objects.filter(person__in=keys, period__overlap=(start, end)):
        shifts[shift.person_id].append(shift)
    settled: dict[int, list[Span]] = defaultdict(list)
    for row in Rostered.objects.filter(person__in=keys, period__overlap=(start, end)):
        settled[row.person_id].append((row.period.lower, row.period.upper))
    found: dict[tuple[int, date], Worked] = {}
    for profile in profiles:
        key = profile.person_id
        found |= _of_one(profile, shifts[key], settled[key], absences[key], first, last)
    return found


def _of_one(
    profile: AssistantProfile,
    shifts: list[Shift],
    settled: list[Span],
    absences: list[tuple[Span, str]],
    first: date,
    last: date,
) -> dict[tuple[int, date], Worked]:
    zone = ZoneInfo(profile.calendar.time_zone if profile.calendar else "UTC")
    planned: dict[date, list[Span]] = defaultdict(list)
    hers: dict[date, list[Shift]] = defaultdict(list)
    for shift in shifts:
        hers[shift.period.lower.astimezone(zone).date()].append(shift)
    usual = _by_calendar(profile, zone, first, last)
    published = [(shift.period.lower, shift.period.upper) for shift in shifts]
    for begin, end in rota.worked(usual, published, settled, zone):
        planned[begin.astimezone(zone).date()].append((begin, end))
    found = {}
    for day, spans in planned.items():
        if not first <= day <= last:
            continue
        met = [(span, kind) for span, kind in absences if _meet(spans, span)]
        left = without(tuple(sorted(spans)), tuple(span for span, _kind in met))
        kinds = tuple(dict.fromkeys(kind for _span, kind in met))
        found[profile.person_id, day] = Worked(left, kinds, tuple(hers.get(day, ())))
    return found


def _around(first: date, last: date) -> Span:
    """Return the days and one on either side: zones differ by up to fourteen hours."""
    zone = ZoneInfo("UTC")
    start = datetime.combine(first - timedelta(1), time(), tzinfo=zone)
    return start, datetime.combine(last + timedelta(2), time(), tzinfo=zone)


def _by_calendar(profile: AssistantProfile, zone: ZoneInfo, first: date, last: date) -> list[Span]:
    if profile.calendar is None:
        return []
    return open_spans(calendars.timetable(profile.calendar), zone, first, last)


def open_spans(hours: worktime.Calendar, zone: ZoneInfo, first: date, last: date) -> list[Span]:
    """Return the open stretches of these days."""
    start = datetime.combine(first, time(), tzinfo=zone)
    end = datetime.combine(last + timedelta(1), time(), tzinfo=zone)
    found = hours.segments(start, end)
    return [(s.start, s.end) for s in found if s.kind == worktime.Kind.OPEN]


# Spans -------------------------------------------------------------------------------------------


def _meet(spans: Iterable[Span], other: Span) -> bool:
    return any(begin < other[1] and other[0] < end for begin, end in spans)


def local(span: Span, zone: ZoneInfo) -> Span:
    """Return the span as the clocks of a zone tell it."""
    return span[0].astimezone(zone), span[1].astimezone(zone)

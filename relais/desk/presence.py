"""Who is at work now, for how much longer today, and who serves each site. For the pool lead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from relais.engine import worktime
from relais.engine.candidates import without
from relais.people import calendars, working
from relais.people.access import Access
from relais.people.models import AssistantProfile, Calendar, Cover, Person, Site
from relais.people.templatetags.ui import absolute_text

Span = tuple[datetime, datetime]
AHEAD = timedelta(days=7)
# What says when a site is open: its own calendar, else its entity's, else its company's.
CALENDARS = ("calendar", "entity__calendar", "company__calendar")
HOURS = (
    "provider", "name", "time_zone", "holiday_zone", "country", "entity__name", "company__name",
    *CALENDARS,
)  # fmt: skip
ORDER = (Cover.Position.LEAD, Cover.Position.BACKUP, Cover.Position.FLOAT)


@dataclass(frozen=True)
class Presence:
    """Where somebody is in her day: "here", "absent", "off" or "unknown" (no hours were given).

    `until`: when she leaves, or is back, if that is known; `left`: minutes of work left today.
    """

    state: str
    until: datetime | None = None
    left: float = 0.0

    def text(self, zone: ZoneInfo) -> str:
        """Return it in words."""
        when = absolute_text(self.until, zone) if self.until else ""
        if self.state == "absent":
            return _("absent until %(when)s") % {"when": when} if when else _("absent")
        if self.state == "off":
            return _("back %(when)s") % {"when": when} if when else _("not on duty")
        return _("no working hours given") if self.state == "unknown" else _("on duty")


UNKNOWN = Presence("unknown")


@dataclass
class Service:
    """A site as it is served at this moment."""

    site: Site
    covers: list[tuple[str, Person]] = field(default_factory=list)
    is_open: bool = False
    answering: Person | None = None
    position: str = ""
    left: float = 0.0
    gap: str = ""


def of_pool(people: Iterable[Person], access: Access, now: datetime) -> dict[int, Presence]:
    """Return where each of these assistants is in her day: three queries."""
    keys = [person.pk for person in people]
    profiles = access.see(AssistantProfile).filter(person__in=keys, calendar__isnull=False)
    kept = dict(profiles.values_list("person", "calendar"))
    rows = access.see(Calendar).filter(pk__in=set(kept.values()))
    hours = {calendar.pk: calendar for calendar in rows}
    # From a day before: what a shift of this morning says holds for the whole day.
    # Who runs the pool sees everybody's, which is a question that is kept prepared.
    whose = (None, None) if access.runs_pool else (keys, access)
    written = working.read(now - timedelta(days=1), now + AHEAD, *whose)
    return {key: _presence(hours.get(kept.get(key, 0)), written, key, now) for key in keys}


def of_sites(
    access: Access, people: dict[int, Person], there: dict[int, Presence], now: datetime
) -> list[Service]:
    """Return each site with who serves it now; the gap, said in words, when nobody does."""
    covered = access.see(Cover).order_by().values("site")
    sites = access.see(Site).filter(archived_at=None, pk__in=covered)
    found = {site.pk: Service(site) for site in sites.select_related(*CALENDARS).only(*HOURS)}
    rows = access.see(Cover).filter(site__in=found).order_by("pk")
    for site, person, position in rows.values_list("site", "person", "position"):
        if person in people:
            found[site].covers.append((position, people[person]))
    for service in found.values():
        service.covers.sort(key=lambda pair: ORDER.index(pair[0]))
        _serve(service, there, now)
    return sorted(found.values(), key=lambda one: (not one.gap, one.site.name, one.site.pk))


def _serve(service: Service, there: dict[int, Presence], now: datetime) -> None:
    try:
        resolved = calendars.of_site(service.site)
        service.is_open = resolved.timetable.is_open(now)
    except (calendars.NoCalendar, ValueError):
        service.is_open = False
    here = [
        (position, person)
        for position, person in service.covers
        if there.get(person.pk, UNKNOWN).state == "here"
    ]
    service.left = sum(there[person.pk].left for _position, person in here)
    if here:
        service.position, service.answering = here[0]
    elif service.is_open:
        service.gap = _gap(service, there)


def _gap(service: Service, there: dict[int, Presence]) -> str:
    if not service.covers:
        return _("Nobody covers this site.")
    zone = ZoneInfo(service.site.time_zone)
    told = [
        f"{person.name} ({there.get(person.pk, UNKNOWN).text(zone)})"
        for _position, person in service.covers[:3]
    ]
    return _("Nobody is there: %(why)s.") % {"why": ", ".join(told)}


def _presence(
    calendar: Calendar | None, written: working.Written, person: int, now: datetime
) -> Presence:
    if calendar is None and not written.decides(person):
        return UNKNOWN
    zone = working.zone_of(calendar)
    today = now.astimezone(zone).date()
    usual = _spans(calendar, today) if calendar is not None else ()
    gone = written.absences.get(person, ())
    away = tuple((begin, end) for begin, end in gone if end > now)
    spans = [
        piece
        for begin, end in written.hours(person, usual, zone)
        if end > now and begin < now + AHEAD
        for piece in without(((max(begin, now), end),), away)
    ]
    midnight = datetime.combine(today + timedelta(days=1), time(), tzinfo=zone)
    left = sum(
        (min(end, midnight) - begin).total_seconds() / 60
        for begin, end in spans
        if begin < midnight
    )
    back = next((begin for begin, _end in spans), None)
    if any(begin <= now < end for begin, end in away):
        return Presence("absent", back, left)
    if spans and spans[0][0] <= now:
        return Presence("here", spans[0][1], left)
    return Presence("off", back, left)


def _spans(calendar: Calendar, today: date) -> tuple[Span, ...]:
    return _compiled(calendars.timetable(calendar), calendar.time_zone, today)


# The timetable is the same object as long as the calendar is the same.
@lru_cache(maxsize=2048)
def _compiled(hours: worktime.Calendar, zone: str, today: date) -> tuple[Span, ...]:
    start = datetime.combine(today, time(), tzinfo=ZoneInfo(zone))
    stretches = hours.segments(start, start + AHEAD)
    return tuple((s.start, s.end) for s in stretches if s.kind == worktime.Kind.OPEN)

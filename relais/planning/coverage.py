"""Who covers which site when, what there is to do then, and where nobody is: for who runs the pool.

What a client is told of it is in `service.py`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from relais.desk.models import Clock, Pairing, Ticket
from relais.engine import stretches
from relais.engine.candidates import without
from relais.offer.models import PreferenceSheet, ServiceSkill
from relais.people import calendars
from relais.people.access import Access
from relais.people.cover import ORDER
from relais.people.models import (
    Absence,
    AssistantProfile,
    Clearance,
    Confidentiality,
    Cover,
    OnSiteDay,
    Person,
    Site,
    SkillLevel,
)

from . import worked
from .worked import Span, Worked

DONE_BY = (Clock.Kind.DELIVERY, Clock.Kind.CORRECTION)
KINDS = dict(Absence.Kind.choices)
MOST_DAYS = 42


@dataclass(frozen=True)
class Here:
    """Somebody who covers a site, as what, and when she is there that day."""

    person: Person
    position: str
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Work:
    """A request that is due on a day, by what it asks of whoever does it."""

    site: int
    holder: int | None
    minutes: float
    confidentiality: int
    company: int
    skills: frozenset[int]


@dataclass
class SiteDay:
    """A site on a day: when it is open, who is there, when nobody is, and what is due."""

    day: date
    open: list[Span] = field(default_factory=list)
    here: list[Here] = field(default_factory=list)
    bare: list[Span] = field(default_factory=list)
    on_site: list[OnSiteDay] = field(default_factory=list)
    minutes: float = 0.0
    unfit: int = 0

    @property
    def present(self) -> float:
        """Return the minutes that those who cover the site are there; they serve others too."""
        return sum(stretches.minutes(one.spans) for one in self.here)

    @property
    def gap(self) -> str:
        """Return what is missing, in words; "" when nothing is."""
        told = []
        if self.bare and stretches.minutes(self.bare) == stretches.minutes(self.open):
            told.append(_("nobody who covers it is there"))
        elif self.bare:
            told.append(_("nobody from %(when)s") % {"when": written(self.bare)})
        if self.unfit:
            told.append(
                ngettext(
                    "%(n)d request due finds nobody cleared or skilled",
                    "%(n)d requests due find nobody cleared or skilled",
                    self.unfit,
                )
                % {"n": self.unfit}
            )
        return "; ".join(told)


@dataclass
class PersonDay:
    """A day of somebody: her hours, why she is away, where she is, and what she has to do."""

    day: date
    work: Worked
    on_site: OnSiteDay | None = None
    minutes: float = 0.0

    @property
    def away(self) -> list[str]:
        """Return the classes of her absences that day: never a reason."""
        return [str(KINDS[kind]) for kind in self.work.away]

    @property
    def hours(self) -> str:
        """Return when she is there."""
        return written(self.work.spans)

    @property
    def is_full(self) -> bool:
        """Return whether more is due than she has hours."""
        return self.minutes > self.work.minutes


@dataclass
class SiteRow:
    """A site with who covers it, day by day."""

    site: Site
    covers: list[Cover]
    days: list[SiteDay]


@dataclass
class PersonRow:
    """One of the pool with what she covers, day by day."""

    person: Person
    covers: list[Cover]
    days: list[PersonDay]

    @property
    def minutes(self) -> float:
        """Return how long she works in these days."""
        return sum(each.work.minutes for each in self.days)


@dataclass
class ExecutiveRow:
    """An executive, who covers her by her site, and who is reserved for her."""

    person: Person
    covers: list[Cover]
    reserved: Person | None
    here: list[Here]


@dataclass
class Gap:
    """What a site lacks, and on which days."""

    site: Site
    text: str
    days: list[date] = field(default_factory=list)


@dataclass
class Board:
    """The coverage of some days."""

    days: list[date]
    sites: list[SiteRow]
    people: list[PersonRow]
    executives: list[ExecutiveRow]

    @property
    def gaps(self) -> list[Gap]:
        """Return what sites lack, the days that lack the same told together."""
        found: dict[tuple[int, str], Gap] = {}
        for row in self.sites:
            for day in row.days:
                if day.gap:
                    key = (row.site.pk, day.gap)
                    found.setdefault(key, Gap(row.site, day.gap)).days.append(day.day)
        return list(found.values())

    @property
    def gap_days(self) -> int:
        """Return on how many days a site lacks somebody."""
        return sum(len(gap.days) for gap in self.gaps)


def written(spans: list[Span] | tuple[Span, ...], zone: ZoneInfo | None = None) -> str:
    """Return the hours as one reads them: "09:00–12:30, 13:30–18:00"."""
    if zone is not None:  # without one they are in the zone in which they are read already
        spans = [(begin.astimezone(zone), end.astimezone(zone)) for begin, end in spans]
    return ", ".join(f"{begin:%H:%M}–{end:%H:%M}" for begin, end in spans)


def look(access: Access, first: date, last: date) -> Board:
    """Return the coverage of these days as this person may see it: as many queries whatever."""
    days = [first + timedelta(n) for n in range((last - first).days + 1)][:MOST_DAYS]
    last = days[-1]
    profiles = list(
        access.see(AssistantProfile)
        .filter(person__archived_at=None)
        .select_related("person", "calendar")
        .order_by("person__name_key", "person")
    )
    hours = worked.of_pool(profiles, first, last)
    pool = {profile.person_id: profile for profile in profiles}
    covers = [
        cover
        for cover in access.see(Cover).select_related("person").order_by("pk")
        if cover.person_id in pool
    ]
    covers.sort(key=lambda cover: (ORDER[Cover.Position(cover.position)], cover.pk))
    places = access.see(Site).filter(archived_at=None, covers__isnull=False).distinct()
    sites = list(places.select_related(*calendars.PLACES, "company").order_by("name_key", "pk"))
    named = {site.pk: site for site in sites}
    for cover in covers:
        if cover.site_id in named:
            cover.site = named[cover.site_id]
    on_site: dict[date, list[OnSiteDay]] = defaultdict(list)
    for one in access.see(OnSiteDay).filter(day__range=(first, last)).select_related("person"):
        one.site = named.get(one.site_id) or one.site
        on_site[one.day].append(one)
    due = _due(access, first, last, {site.pk: ZoneInfo(site.time_zone) for site in sites})
    fits = _fits(access, profiles)
    site_rows = [
        SiteRow(
            site,
            mine := [cover for cover in covers if cover.site_id == site.pk],
            _site_days(site, mine, days, hours, on_site, due, fits),
        )
        for site in sites
    ]
    person_rows = [
        PersonRow(
            profile.person,
            [cover for cover in covers if cover.person_id == profile.person_id],
            _person_days(profile, days, hours, on_site, due),
        )
        for profile in profiles
    ]
    return Board(days, site_rows, person_rows, _executives(access, site_rows, pool))


def _due(
    access: Access, first: date, last: date, zones: dict[int, ZoneInfo]
) -> dict[date, list[Work]]:
    """Return what is due, by the day at its site: two queries. What is late is due on no day."""
    start, end = worked._around(first, last)
    rows = access.see(Clock).filter(
        kind__in=DONE_BY, stopped_at=None, due_at__range=(start, end),
        ticket__state__in=Ticket.AT_WORK,
    )  # fmt: skip
    names = (
        "due_at", "ticket__site", "ticket__holder", "ticket__service",
        "ticket__service__standard_minutes", "ticket__confidentiality", "ticket__company",
    )  # fmt: skip
    found = list(rows.values_list(*names))
    skills: dict[int, set[int]] = defaultdict(set)
    asked = access.see(ServiceSkill).filter(service__in={row[3] for row in found})
    for service, skill in asked.values_list("service", "skill"):
        skills[service].add(skill)
    due: dict[date, list[Work]] = defaultdict(list)
    for at, site, holder, service, minutes, confidentiality, company in found:
        if site in zones:
            day = at.astimezone(zones[site]).date()
            needs = frozenset(skills[service])
            due[day].append(
                Work(site, holder, float(minutes or 0), confidentiality, company, needs)
            )
    return due


Fit = tuple[int, frozenset[int], frozenset[int]]


def _fits(access: Access, profiles: list[AssistantProfile]) -> dict[int, Fit]:
    """Return what each may read, for which companies even C3, and what she can do: two queries."""
    skills: dict[int, set[int]] = defaultdict(set)
    for profile, skill in access.see(SkillLevel).values_list("profile", "skill"):
        skills[profile].add(skill)
    named: dict[int, set[int]] = defaultdict(set)
    rows = access.see(Clearance).filter(starts_on__lte=access.day)
    for person, company, ends in rows.values_list("person", "company", "ends_on"):
        if ends is None or ends >= access.day:
            named[person].add(company)
    return {
        one.person_id: (
            one.clearance, frozenset(named[one.person_id]), frozenset(skills[one.pk]),
        )
        for one in profiles
    }  # fmt: skip


def _can(fit: Fit, work: Work) -> bool:
    level, companies, skills = fit
    if work.confidentiality >= Confidentiality.EXECUTIVE:
        cleared = work.company in companies
    else:
        cleared = level >= work.confidentiality or work.confidentiality <= Confidentiality.INTERNAL
    return cleared and work.skills <= skills


def site_open(site: Site, days: list[date]) -> dict[date, list[Span]]:
    """Return when the site is open, by its own day; nothing where it has no calendar."""
    try:
        resolved = calendars.of_site(site)
    except calendars.NoCalendar:
        return {}
    zone = ZoneInfo(resolved.calendar.time_zone)
    found: dict[date, list[Span]] = defaultdict(list)
    for begin, end in worked.open_spans(resolved.timetable, zone, days[0], days[-1]):
        found[begin.astimezone(zone).date()].append((begin, end))
    return found


def there(
    person: int, day: date, hours: dict[tuple[int, date], Worked], opening: list[Span]
) -> list[Span]:
    """Return when somebody is there during these openings: her day may begin on the eve."""
    around = (day - timedelta(1), day, day + timedelta(1))
    spans = [span for each in around for span in hours.get((person, each), worked.NOTHING).spans]
    return stretches.common(opening, spans)


def _site_days(
    site: Site,
    covers: list[Cover],
    days: list[date],
    hours: dict[tuple[int, date], Worked],
    on_site: dict[date, list[OnSiteDay]],
    due: dict[date, list[Work]],
    fits: dict[int, Fit],
) -> list[SiteDay]:
    opening, found = site_open(site, days), []
    zone = ZoneInfo(site.time_zone)
    for day in days:
        one = SiteDay(day, [worked.local(span, zone) for span in opening.get(day, [])])
        for cover in covers:
            if spans := there(cover.person_id, day, hours, one.open):
                local = tuple(worked.local(span, zone) for span in spans)
                one.here.append(Here(cover.person, cover.position, local))
        bare = without(tuple(one.open), tuple(span for here in one.here for span in here.spans))
        one.bare = [worked.local(span, zone) for span in bare]
        one.on_site = [each for each in on_site[day] if each.site_id == site.pk]
        works = [work for work in due[day] if work.site == site.pk]
        one.minutes = sum(work.minutes for work in works)
        present = [fits[here.person.pk] for here in one.here]
        one.unfit = sum(not any(_can(fit, work) for fit in present) for work in works)
        found.append(one)
    return found


def _person_days(
    profile: AssistantProfile,
    days: list[date],
    hours: dict[tuple[int, date], Worked],
    on_site: dict[date, list[OnSiteDay]],
    due: dict[date, list[Work]],
) -> list[PersonDay]:
    zone = ZoneInfo(profile.calendar.time_zone if profile.calendar else "UTC")
    found = []
    for day in days:
        work = hours.get((profile.person_id, day), worked.NOTHING)
        local = tuple(worked.local(span, zone) for span in work.spans)
        where = next((o for o in on_site[day] if o.person_id == profile.person_id), None)
        held = sum(each.minutes for each in due[day] if each.holder == profile.person_id)
        found.append(PersonDay(day, Worked(local, work.away, work.shifts), where, held))
    return found


def _executives(
    access: Access, sites: list[SiteRow], pool: dict[int, AssistantProfile]
) -> list[ExecutiveRow]:
    """Return the executives: who wrote a sheet, or has people under her."""
    rows = {row.site.pk: row for row in sites}
    sheets = access.see(PreferenceSheet).order_by().values("person")
    people = access.see(Person).filter(archived_at=None, company__isnull=False, site__in=rows)
    led = people.filter(pk__in=sheets) | people.filter(reports__isnull=False)
    pairs = access.see(Pairing).filter(ended_at=None, requester__isnull=False)
    reserved = dict(pairs.values_list("requester", "person"))
    found = []
    for person in led.distinct().order_by("name_key", "pk")[:200]:
        row = rows[person.site_id or 0]
        hers = pool.get(reserved.get(person.pk, 0))
        today = next((day for day in row.days if day.day == access.day), None)
        found.append(
            ExecutiveRow(person, row.covers, hers.person if hers else None,
                         today.here if today else [])
        )  # fmt: skip
    return found


def week_of(day: date) -> tuple[date, date]:
    """Return Monday and Sunday of the week of a day."""
    monday = day - timedelta(day.weekday())
    return monday, monday + timedelta(6)


def month_of(day: date) -> tuple[date, date]:
    """Return the first and the last day of a month."""
    first = day.replace(day=1)
    following = (first + timedelta(31)).replace(day=1)
    return first, following - timedelta(1)


def next_of(day: date, span: str, steps: int) -> date:
    """Return a day so many weeks or months further."""
    if span == "month":
        months = day.year * 12 + day.month - 1 + steps
        return date(months // 12, months % 12 + 1, 1)
    return day + timedelta(7 * steps)


def moment_of(day: date, zone: ZoneInfo) -> datetime:
    """Return midnight at the beginning of a day."""
    return datetime(day.year, day.month, day.day, tzinfo=zone)

"""What a client is told of the coverage of a site: when the service is assured, who answers today.

Never leave, the hours of a person, her workload, nor why the service is reduced. Names come out
where the engagement's mode allows it: today's always by the same rule as on "my service"; that of a
day to come only where the client is told who works for it at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from relais.engine import stretches
from relais.people import calendars
from relais.people.access import Access
from relais.people.cover import ORDER
from relais.people.models import AssistantProfile, Cover, Engagement, OnSiteDay, Person, Site

from . import coverage, worked
from .worked import Span

FORTNIGHT = 14


@dataclass(frozen=True)
class ServiceDay:
    """A day of a site: "closed", "assured" or "reduced", and when."""

    day: date
    state: str
    open: tuple[Span, ...]
    assured: tuple[Span, ...]
    on_site: bool
    who: str = ""

    @property
    def hours(self) -> str:
        """Return when the service is assured, in the site's time."""
        return coverage.written(self.assured)


@dataclass(frozen=True)
class SiteService:
    """A site as its people may know it."""

    site: Site
    days: tuple[ServiceDay, ...]
    answering: tuple[str, ...]

    @property
    def next_on_site(self) -> ServiceDay | None:
        """Return the next day on which somebody of the pool is there."""
        return next((day for day in self.days if day.on_site), None)


def of_sites(access: Access, now: datetime, days: int = FORTNIGHT) -> list[SiteService]:
    """Return the coming days of each site that this person sees."""
    sites = access.see(Site).filter(archived_at=None)
    return of(
        sites.select_related(*calendars.PLACES, "company").order_by("name_key", "pk"), now, days
    )


def of(sites: Iterable[Site], now: datetime, count: int = FORTNIGHT) -> list[SiteService]:
    """Return the coming days of these sites: as many queries whatever their number.

    The rows it reads are the provider's own; what comes out holds none of them.
    """
    sites = list(sites)
    if not sites:
        return []
    covers: dict[int, list[Person]] = defaultdict(list)
    rows = list(Cover.objects.filter(site__in=sites, person__archived_at=None))
    people = Person.objects.in_bulk({cover.person_id for cover in rows})
    for cover in sorted(rows, key=lambda one: (ORDER[Cover.Position(one.position)], one.pk)):
        covers[cover.site_id].append(people[cover.person_id])
    keys = set(people)
    profiles = AssistantProfile.objects.filter(person__in=keys).select_related("calendar")
    first = min(now.astimezone(ZoneInfo(site.time_zone)).date() for site in sites)
    hours = worked.of_pool(profiles, first - timedelta(1), first + timedelta(count + 1))
    engagements = {
        one.company_id: one
        for one in Engagement.objects.filter(
            company__in={site.company_id for site in sites}, ended_on=None
        )
    }
    on_site: dict[tuple[int, date], list[OnSiteDay]] = defaultdict(list)
    last = first + timedelta(count + 1)
    there = OnSiteDay.objects.filter(site__in=sites, day__range=(first, last))
    for one in there.select_related("person"):
        on_site[one.site_id, one.day].append(one)
    return [
        _of_site(
            site, covers[site.pk], hours, on_site, engagements.get(site.company_id), now, count
        )
        for site in sites
    ]


def _of_site(
    site: Site,
    covering: list[Person],
    hours: dict[tuple[int, date], worked.Worked],
    on_site: dict[tuple[int, date], list[OnSiteDay]],
    engagement: Engagement | None,
    now: datetime,
    count: int,
) -> SiteService:
    zone = ZoneInfo(site.time_zone)
    today = now.astimezone(zone).date()
    dates = [today + timedelta(n) for n in range(count)]
    opening = coverage.site_open(site, dates)
    told = engagement is not None and engagement.client_learns_holder
    found = []
    for day in dates:
        open_then = [worked.local(span, zone) for span in opening.get(day, [])]
        present = [s for p in covering for s in coverage.there(p.pk, day, hours, open_then)]
        assured = tuple(worked.local(span, zone) for span in stretches.union(present))
        state = "closed"
        if open_then:
            whole = stretches.minutes(assured) >= stretches.minutes(open_then)
            state = "assured" if whole else "reduced"
        visits = on_site[site.pk, day]
        who = ", ".join(one.person.name for one in visits) if told else ""
        found.append(ServiceDay(day, state, tuple(open_then), assured, bool(visits), who))
    names: tuple[str, ...] = ()
    if engagement is not None and engagement.client_sees_names:
        names = tuple(one.name for one in covering if _is_there(one.pk, today, hours, now))
    return SiteService(site, tuple(found), names)


def _is_there(
    person: int, today: date, hours: dict[tuple[int, date], worked.Worked], now: datetime
) -> bool:
    around = (today - timedelta(1), today, today + timedelta(1))
    spans = [span for day in around for span in hours.get((person, day), worked.NOTHING).spans]
    return any(begin <= now < end for begin, end in spans)

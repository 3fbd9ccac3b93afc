"""What comes in: counted by site, family and half-day, and what is foreseen of it.

Class C3 is left out: its figures are for named persons only. Before 26 weeks were counted, the
mean of the same half-days is told, and that it is no forecast yet; a site that has a profile from a
diagnostic is foreseen by it until it has told so many weeks of its own (domain E.7).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import Count, Min
from django.db.models.functions import ExtractHour, TruncDate
from numpy.typing import NDArray

from relais.desk.models import Ticket
from relais.engine import worktime
from relais.offer.models import Service
from relais.people import calendars
from relais.people.models import Confidentiality, Site

from .models import VolumeProfile
from .working_time import midnight

if TYPE_CHECKING:
    from relais.engine.forecast import Volumes

Reals = NDArray[np.float64]
# So far back is counted; so many weeks make a forecast; of so many a mean is taken.
WEEKS, ENOUGH, MEAN_OF = 52, 26, 16
NOON, HALVES = 13, 2
FORECAST, MEAN, PROFILE, NOTHING = "forecast", "mean", "profile", "nothing"


@dataclass(frozen=True)
class Series:
    """A family at a site, and the minutes that one of its requests takes."""

    site: int
    family: str
    minutes: float


@dataclass(frozen=True)
class Expected:
    """What is foreseen half-day by half-day from `start` on: requests, shape (series, days, 2)."""

    start: date
    series: Sequence[Series]
    mean: Reals
    dispersion: Mapping[str, float]
    method: str
    weeks: float
    opened: Reals = field(default_factory=lambda: np.zeros((0, 0, HALVES)))
    # Sites that are foreseen by a profile, not by what came there.
    profiled: frozenset[int] = frozenset()

    @property
    def minutes(self) -> Reals:
        """Return the minutes of work of the mean: shape (series, days, 2)."""
        each = np.array([one.minutes for one in self.series]).reshape(-1, 1, 1)
        work: Reals = self.mean * each
        return work

    def at_sites(self, sites: Sequence[int]) -> Reals:
        """Return the minutes of work at each site: shape (sites, days, 2)."""
        found = np.zeros((len(sites), *self.mean.shape[1:]))
        place = {site: n for n, site in enumerate(sites)}
        for one, work in zip(self.series, self.minutes, strict=True):
            if one.site in place:
                found[place[one.site]] += work
        return found


def expected(
    sites: Sequence[Site], first: date, days: int, today: date, zone: ZoneInfo
) -> Expected:
    """Return what is foreseen at these sites for some days from `first` on."""
    told = _counted_on(sites, first, days, today, zone)
    young = _young(sites, today, zone)
    return _by_profile(told, young, {site.pk: site for site in sites}) if young else told


def _young(sites: Sequence[Site], today: date, zone: ZoneInfo) -> dict[int, list[VolumeProfile]]:
    """Return the profiles of the sites that have told less than half a year: two queries."""
    found: dict[int, list[VolumeProfile]] = {}
    for row in VolumeProfile.objects.filter(site__in=[site.pk for site in sites]):
        found.setdefault(row.site_id, []).append(row)
    enough = midnight(today - timedelta(weeks=ENOUGH), zone)
    old = Ticket.objects.filter(
        site__in=found, received_at__lt=enough, confidentiality__lt=Confidentiality.EXECUTIVE
    )
    for site in old.order_by().values_list("site", flat=True).distinct() if found else ():
        del found[site]
    return found


def _by_profile(
    told: Expected, young: Mapping[int, list[VolumeProfile]], sites: Mapping[int, Site]
) -> Expected:
    """Return the same with these sites foreseen by their profiles.

    A week brings a 52nd of the year by the coefficient of its month, shared by opening hours.
    """
    days = told.mean.shape[1]
    kept = [n for n, one in enumerate(told.series) if one.site not in young]
    series, means = [told.series[n] for n in kept], [told.mean[n] for n in kept]
    opened = [told.opened[n] for n in kept]
    dates = [told.start + timedelta(days=n) for n in range(days)]
    for key, rows in young.items():
        hours = opening(sites[key], told.start, told.start + timedelta(days=days))
        usual = max((hours[n : n + 7].sum() for n in range(0, days, 7)), default=0.0)
        for row in rows:
            month = np.array([row.months[day.month - 1] for day in dates]).reshape(-1, 1)
            share = hours / usual if usual else np.zeros_like(hours)
            series.append(Series(key, row.family, row.minutes))
            means.append(row.yearly / 52 * month * share)
            opened.append(hours)
    shape = (len(series), days, HALVES)
    return replace(
        told,
        series=series,
        mean=np.array(means).reshape(shape),
        opened=np.array(opened).reshape(shape),
        method=told.method if kept else PROFILE,
        profiled=frozenset(young),
    )


def _counted_on(
    sites: Sequence[Site], first: date, days: int, today: date, zone: ZoneInfo
) -> Expected:
    """Return what is foreseen from what came."""
    # Statistics take a second to load: whoever only opens a page does not wait for them.
    from relais.engine import forecast

    start = today - timedelta(weeks=WEEKS)
    counted, since = _counted(sites, start, today, zone)
    weeks = max(0.0, (today - since).days / 7) if since else 0.0
    if since is not None:
        start = max(start, since - timedelta(days=since.weekday()))
    series = _series(counted)
    size = (today - start).days
    counts = np.zeros((len(series), size, HALVES))
    place = {(one.site, one.family): n for n, one in enumerate(series)}
    for (site, family, day, half), (came, _minutes) in counted.items():
        if start <= day < today:
            counts[place[site, family], (day - start).days, half] += came
    until = max(first + timedelta(days=days), today)
    hours = {site.pk: opening(site, start, until) for site in sites}
    begin = (first - start).days
    opened = _laid(series, hours, 0, size)
    ahead = _laid(series, hours, begin, days)
    families = sorted({one.family for one in series})
    known = forecast.Volumes(
        start, counts, opened, [one.site for one in series],
        [families.index(one.family) for one in series],
    )  # fmt: skip
    if not series:
        return Expected(first, [], np.zeros((0, days, HALVES)), {}, NOTHING, weeks, ahead)
    if weeks >= ENOUGH:
        told = forecast.learn(known).expect(first, ahead)
        return Expected(first, series, told.mean, told.dispersion, FORECAST, weeks, ahead)
    # Whatever lies ahead, its half-days are those of the last weeks that are known.
    mean = _means(known, first, ahead, today)
    weight = np.ones(size)
    spread = {
        of: forecast.dispersion(
            counts, np.broadcast_to(counts.mean(axis=1, keepdims=True), counts.shape),
            known.sites, weight, of,
        )
        for of in ("series", "site", "total")
    }  # fmt: skip
    return Expected(first, series, mean, spread, MEAN, weeks, ahead)


def _means(known: Volumes, first: date, ahead: Reals, today: date) -> Reals:
    """Return the mean of the same half-day of the week in the last weeks, open ones alone."""
    found = np.zeros(ahead.shape)
    size = known.counts.shape[1]
    for n in range(ahead.shape[1]):
        weekday = (first + timedelta(days=n)).weekday()
        last = size - 1 - ((today - timedelta(days=1)).weekday() - weekday) % 7
        there = [last - 7 * back for back in range(MEAN_OF) if last - 7 * back >= 0]
        if there:
            usable = known.open[:, there] > 0
            total = (known.counts[:, there] * usable).sum(axis=1)
            found[:, n] = total / np.maximum(usable.sum(axis=1), 1)
    return np.where(ahead > 0, found, 0.0)


Counted = dict[tuple[int, str, date, int], tuple[int, int]]


def _counted(
    sites: Sequence[Site], start: date, today: date, zone: ZoneInfo
) -> tuple[Counted, date | None]:
    """Return what came, with the minutes of one, and the first day of all; two queries."""
    came = Ticket.objects.filter(
        site__in=[site.pk for site in sites], confidentiality__lt=Confidentiality.EXECUTIVE
    ).exclude(state=Ticket.State.MERGED)
    came = came.filter(received_at__lt=midnight(today, zone))
    oldest = came.order_by().aggregate(first=Min("received_at"))["first"]
    rows = (
        came.filter(received_at__gte=midnight(start, zone))
        .order_by()
        .annotate(
            day=TruncDate("received_at", tzinfo=zone), hour=ExtractHour("received_at", tzinfo=zone)
        )
        .values_list("site", "service__family", "service__standard_minutes", "day", "hour")
        .annotate(came=Count("pk"))
    )
    found: Counted = {}
    for site, family, minutes, day, hour, count in rows:
        key = (site, family, day, int(hour >= NOON))
        n, total = found.get(key, (0, 0))
        found[key] = (n + count, total + count * minutes)
    return found, oldest.astimezone(zone).date() if oldest else None


def _series(counted: Counted) -> list[Series]:
    sums: dict[tuple[int, str], list[int]] = {}
    for (site, family, _day, _half), (count, minutes) in counted.items():
        each = sums.setdefault((site, family), [0, 0])
        each[0] += count
        each[1] += minutes
    return [Series(*key, minutes / count) for key, (count, minutes) in sorted(sums.items())]


def opening(site: Site, first: date, until: date) -> Reals:
    """Return the hours that a site is open, shape (days, 2); none where nobody gave it hours."""
    found = np.zeros(((until - first).days, HALVES))
    for begin, end in open_spans(site, first, until):
        day = (begin.date() - first).days
        noon = datetime(begin.year, begin.month, begin.day, NOON, tzinfo=begin.tzinfo)
        parts = ((begin, min(end, noon)), (max(begin, noon), end))
        for half, (a, b) in enumerate(parts):
            if a < b and 0 <= day < len(found):
                found[day, half] += (b - a).total_seconds() / 3600
    return found


def open_spans(site: Site, first: date, until: date) -> list[tuple[datetime, datetime]]:
    """Return when a site is open, in its own time."""
    try:
        hours = calendars.of_site(site).timetable
    except (calendars.NoCalendar, ValueError):
        return []
    zone = ZoneInfo(site.time_zone)
    stretches = hours.segments(midnight(first, zone), midnight(until, zone))
    return [
        (s.start.astimezone(zone), s.end.astimezone(zone))
        for s in stretches
        if s.kind == worktime.Kind.OPEN
    ]


def _laid(series: Sequence[Series], hours: Mapping[int, Reals], begin: int, days: int) -> Reals:
    """Return the hours of each series from a day on; of days before the first nobody knows any."""
    found = np.zeros((len(series), days, HALVES))
    late = min(max(0, -begin), days)
    for n, one in enumerate(series):
        known = hours[one.site][begin + late : begin + days]
        found[n, late : late + len(known)] = known
    return found


def skills_of_families() -> dict[str, dict[int, float]]:
    """Return, by family, which share of its services asks for which skill."""
    services: dict[str, set[int]] = {}
    asking: dict[str, dict[int, set[int]]] = {}
    rows = Service.objects.filter(active=True).values_list("pk", "family", "skill_lines__skill")
    for key, family, skill in rows:
        services.setdefault(family, set()).add(key)
        if skill is not None:
            asking.setdefault(family, {}).setdefault(skill, set()).add(key)
    return {
        family: {skill: len(those) / len(services[family]) for skill, those in skills.items()}
        for family, skills in asking.items()
    }

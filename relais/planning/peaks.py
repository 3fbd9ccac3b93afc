"""Peaks: load against capacity weeks ahead, by site, computed each night and kept.

What is told is what was known at `computed_at`. Class C3 stays out: its figures are for named
persons only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, Sum
from django.utils import timezone

from relais.desk.models import Ticket
from relais.engine import load
from relais.lib.later import later
from relais.lib.tenancy import tenant
from relais.offer.models import Priority
from relais.people.models import Confidentiality, Cover, Person, Provider, Site

from . import demand
from .models import LoadOutlook
from .working_time import Hours, limits, midnight, pool_zone

COMPUTE = "relais.planning.tasks.compute_peaks"
WEEKS = 6
# How much of the work may wait is told by the last weeks.
LOOKED_BACK = timedelta(weeks=16)
EIGHTY = 0.8


def ask(provider_id: int) -> None:
    """Have the outlook computed anew by a worker."""
    later(COMPUTE, lock=f"peaks:{provider_id}", provider_id=provider_id)


def compute(provider_id: int, now: datetime | None = None) -> None:
    """Compute the outlook of a provider and keep it in the place of the former."""
    at = now or timezone.now()
    with tenant(provider_id):
        report, method, counted = look(at, pool_zone(Provider.objects.get(pk=provider_id)))
    from . import peak_charts

    charts = peak_charts.drawn(report)
    with tenant(provider_id):
        LoadOutlook.objects.update_or_create(
            provider_id=provider_id,
            defaults={
                "computed_at": at, "method": method, "counted": counted, "report": report,
                "charts": charts,
            },
        )  # fmt: skip


def look(now: datetime, zone: ZoneInfo) -> tuple[dict[str, Any], str, float]:
    """Return the report as values, what it rests on, and how many weeks were counted."""
    today = now.astimezone(zone).date()
    monday = today + timedelta(days=7 - today.weekday())
    sites = list(
        Site.objects.filter(archived_at=None, covers__isnull=False)
        .distinct()
        .select_related("calendar", "entity__calendar", "company__calendar")
        .order_by("name", "pk")
    )
    told = demand.expected(sites, monday, 7 * WEEKS, today, zone)
    there = workers(sites, monday, zone)
    waiting, may_wait = _backlog(sites), _may_wait(sites, now)
    by_week = [_loads(told, sites, week) for week in range(WEEKS)]
    for site, hours in waiting.items():
        by_week[0][site] = tuple(each + hours for each in by_week[0][site])  # type: ignore[assignment]
    weeks = [monday + timedelta(days=7 * n) for n in range(WEEKS)]
    rows = []
    wanted = [{site: p80 for site, (_p50, p80) in loads.items()} for loads in by_week]
    free = [_room(there[n], wanted[n]) for n in range(WEEKS)]
    for site in sites:
        cells = [_cell(site.pk, n, by_week, wanted, there, free, may_wait) for n in range(WEEKS)]
        rows.append({"site": site.pk, "name": site.name, "cells": cells})
    report = {
        "weeks": [day.isoformat() for day in weeks],
        "sites": rows,
        "total": [_total(n, by_week, there, told, waiting) for n in range(WEEKS)],
        "waiting": round(sum(waiting.values()), 1),
        "half_days": _half_days(told),
        "profiled": sorted(told.profiled),
    }
    return report, told.method, round(told.weeks, 1)


def _cell(
    site: int,
    week: int,
    by_week: Sequence[Mapping[int, tuple[float, float]]],
    wanted: Sequence[Mapping[int, float]],
    workers: Sequence[Sequence[load.Worker]],
    free: Sequence[float],
    may_wait: Mapping[int, float],
) -> dict[str, Any]:
    p50, p80 = by_week[week][site]
    capacity = sum(load.allotted(workers[week], wanted[week])[site].values())
    covered = load.coverage(capacity, p80)
    found = {"p50": round(p50, 1), "p80": round(p80, 1), "capacity": round(capacity, 1)}
    levers: list[load.Lever] = []
    if load.tone(covered) != load.GREEN:
        after = free[week + 1] if week + 1 < len(free) else 0.0
        levers = load.levers(
            site, workers[week], wanted[week], p80 * may_wait.get(site, 0.0), after
        )
    return found | {
        "coverage": round(covered, 2) if covered is not None else None,
        "tone": load.tone(covered),
        "levers": [[one.code, round(one.hours, 1), round(one.coverage, 2)] for one in levers],
    }


def _total(
    week: int,
    by_week: Sequence[Mapping[int, tuple[float, float]]],
    workers: Sequence[Sequence[load.Worker]],
    told: demand.Expected,
    waiting: Mapping[int, float],
) -> dict[str, Any]:
    """Return the pool's week: sites do not all have their worst week at once."""
    more = sum(waiting.values()) if week == 0 else 0.0
    days = slice(7 * week, 7 * week + 7)
    counts = told.mean[:, days].sum(axis=0)
    work = float(told.minutes[:, days].sum())
    came = float(counts.sum())
    minutes = work / came if came else 0.0
    means = [float(each) for each in counts.reshape(-1)]
    p50, p80 = load.load(means, told.dispersion.get("total", 0.0), minutes)
    hours = sum(one.hours for one in workers[week])
    capacity = hours * load.PRODUCTIVE * load.present(len(workers[week]))
    covered = load.coverage(capacity, p80 + more)
    return {
        "p50": round(p50 + more, 1), "p80": round(p80 + more, 1), "capacity": round(capacity, 1),
        "coverage": round(covered, 2) if covered is not None else None,
        "tone": load.tone(covered), "levers": [],
    }  # fmt: skip


def _loads(
    told: demand.Expected, sites: Sequence[Site], week: int
) -> dict[int, tuple[float, float]]:
    """Return the hours of work at each site in a week: the middle, and what 80 % do not pass."""
    days = slice(7 * week, 7 * week + 7)
    found = {}
    for site in sites:
        those = [n for n, one in enumerate(told.series) if one.site == site.pk]
        counts = told.mean[those, days].sum(axis=0) if those else told.mean[:0, days].sum(axis=0)
        work = float(told.minutes[those, days].sum()) if those else 0.0
        came = float(counts.sum())
        means = [float(each) for each in counts.reshape(-1)]
        spread = told.dispersion.get("site", 0.0)
        found[site.pk] = load.load(means, spread, work / came if came else 0.0)
    return found


def workers(
    sites: Sequence[Site], monday: date, zone: ZoneInfo, weeks: int = WEEKS
) -> list[list[load.Worker]]:
    """Return, week by week, everybody's hours: shifts, else calendar, less absences."""
    positions: dict[int, dict[int, str]] = defaultdict(dict)
    for site, person, position in Cover.objects.filter(
        site__in=sites, person__archived_at=None
    ).values_list("site", "person", "position"):
        positions[person][site] = position
    keys = list(Person.objects.filter(pk__in=positions).values_list("pk", flat=True))
    start = midnight(monday, zone)
    end = midnight(monday + timedelta(days=7 * weeks), zone)
    hours = Hours(keys, start, end, around=timedelta(days=1))
    most, _notice = limits()
    found: list[list[load.Worker]] = []
    for week in range(weeks):
        first = midnight(monday + timedelta(days=7 * week), zone)
        last = midnight(monday + timedelta(days=7 * week + 7), zone)
        those = []
        for key in keys:
            worked, days = 0.0, set()
            for begin, finish in hours.worked(key):
                if first <= begin < last:
                    worked += (finish - begin).total_seconds() / 3600
                    days.add(begin.astimezone(zone).date())
            lawful = min(most.average, most.week, most.day * len(days)) / 60
            those.append(load.Worker(key, worked, max(worked, lawful), positions[key]))
        found.append(those)
    return found


def _room(workers: Sequence[load.Worker], wanted: Mapping[int, float]) -> float:
    hours = sum(one.hours for one in workers) * load.PRODUCTIVE * load.present(len(workers))
    return max(0.0, hours - load.ENOUGH * sum(wanted.values()))


def _backlog(sites: Sequence[Site]) -> dict[int, float]:
    """Return the hours of work that wait at each site today."""
    rows = (
        Ticket.objects.filter(
            site__in=[site.pk for site in sites],
            state__in=Ticket.AT_WORK,
            confidentiality__lt=Confidentiality.EXECUTIVE,
        )
        .order_by()
        .values_list("site")
        .annotate(minutes=Sum("service__standard_minutes"))
    )
    return {site: minutes / 60 for site, minutes in rows}


def _may_wait(sites: Sequence[Site], now: datetime) -> dict[int, float]:
    """Return which share of each site's work may wait: priority P4, in the last weeks."""
    rows = (
        Ticket.objects.filter(
            site__in=[site.pk for site in sites],
            received_at__gte=now - LOOKED_BACK,
            confidentiality__lt=Confidentiality.EXECUTIVE,
        )
        .order_by()
        .values_list("site")
        .annotate(all=Count("pk"), low=Count("pk", filter=Q(priority=Priority.LOW)))
    )
    return {site: low / every for site, every, low in rows if every}


def _half_days(told: demand.Expected) -> list[dict[str, Any]]:
    """Return what is foreseen of each family at each site, half-day by half-day, with intervals."""
    if told.method == demand.NOTHING:
        return []
    from relais.engine.forecast import between

    low, high = between(told.mean, told.dispersion.get("series", 0.0), EIGHTY)
    found = []
    for n, one in enumerate(told.series):
        values = [
            [round(float(told.mean[n, day, half]), 2), int(low[n, day, half]),
             int(high[n, day, half])]
            for day in range(told.mean.shape[1])
            for half in range(demand.HALVES)
        ]  # fmt: skip
        found.append({"site": one.site, "family": one.family, "values": values})
    return found

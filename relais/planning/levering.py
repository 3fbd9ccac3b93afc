"""Levers pulled against a peak: chosen from the outlook, and looked at once their week is over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Sum
from django.utils import timezone

from relais.desk.models import Clock, Ticket
from relais.engine import load
from relais.lib.tenancy import tenant
from relais.people.models import Confidentiality, Person, Provider, Site

from . import peaks
from .continuity_errors import LeverNotOffered
from .models import Lever, LoadOutlook
from .models.lever import Effect
from .working_time import midnight, pool_zone

WEEK = timedelta(days=7)
# The oldest weeks are looked at first, so many in one go.
MOST_WEEKS = 12


def today_of(provider: Provider, now: datetime | None = None) -> date:
    """Return the pool's day."""
    return (now or timezone.now()).astimezone(pool_zone(provider)).date()


def effects(outlook: LoadOutlook, site: int, code: str, week: date, weeks: int = 1) -> list[Effect]:
    """Return what a lever brings to a site, week by week from one on, where it is offered.

    Raises `LeverNotOffered` where it is not offered in the first of them.
    """
    report = outlook.report
    days = [date.fromisoformat(day) for day in report.get("weeks", [])]
    row = next((one for one in report.get("sites", []) if one["site"] == site), None)
    found = []
    for n, day in enumerate(days if row else []):
        if not week <= day < week + weeks * WEEK:
            continue
        cell = row["cells"][n]
        for told, hours, after in cell["levers"]:
            if told == code:
                before = cell["coverage"] or 0.0
                found.append(Effect(day, hours, before, after, cell["p80"], cell["capacity"]))
    if not found or found[0].week != week:
        raise LeverNotOffered()
    return found


def choose(
    outlook: LoadOutlook,
    site: Site,
    code: str,
    week: date,
    *,
    weeks: int = 1,
    note: str = "",
    by: Person,
    now: datetime | None = None,
) -> list[Lever]:
    """Return the lever chosen, a row a week, with the effect that was foreseen of it."""
    told = effects(outlook, site.pk, code, week, weeks)
    today = today_of(by.provider, now)
    return Lever.choose(site, code, told, by=by, today=today, note=note, at=now)


def turn_out(provider_id: int, now: datetime | None = None) -> int:
    """Return how many levers were looked at, whose week is over: what came of them is written."""
    at = now or timezone.now()
    done = 0
    with tenant(provider_id):
        zone = pool_zone(Provider.objects.get(pk=provider_id))
        today = at.astimezone(zone).date()
        waiting = Lever.objects.filter(outcome__isnull=True, undone_at=None, week__lte=today - WEEK)
        weeks = sorted(set(waiting.values_list("week", flat=True)))[:MOST_WEEKS]
        for week in weeks:
            keys = set(waiting.filter(week=week).values_list("site", flat=True))
            for site, told in outcomes(week, keys, zone).items():
                done += waiting.filter(week=week, site=site).update(outcome=told)
    return done


def outcomes(week: date, keys: Collection[int], zone: ZoneInfo) -> dict[int, dict[str, Any]]:
    """Return what a week that is over was at these sites: load against capacity, as it turned out.

    `came`, `delivered`, `in_time`: hours of work at the services' standard times; `capacity`: hours
    of who was there, shared by what came; `late`: promises of the week that were not kept. Class C3
    stays out.
    """
    start, end = midnight(week, zone), midnight(week + WEEK, zone)
    sites = list(Site.objects.filter(archived_at=None, covers__isnull=False).distinct())
    came = _came(sites, start, end)
    workers = peaks.workers(sites, week, zone, 1)[0]
    # Who was ill was away: absences are known now, and no share is left for those to come.
    there = load.allotted(workers, {site.pk: came.get(site.pk, 0.0) for site in sites})
    share = load.present(len(workers)) or 1.0
    delivered, in_time = _delivered(keys, start, end)
    late = _late(keys, start, end)
    found = {}
    for site in keys:
        capacity = sum(there.get(site, {}).values()) / share
        covered = load.coverage(capacity, came.get(site, 0.0))
        found[site] = {
            "came": round(came.get(site, 0.0), 1), "capacity": round(capacity, 1),
            "coverage": round(covered, 2) if covered is not None else None,
            "tone": load.tone(covered), "delivered": round(delivered[site], 1),
            "in_time": round(in_time[site], 1), "late": late.get(site, 0),
        }  # fmt: skip
    return found


def absorbed(lever: Lever) -> float | None:
    """Return the share of its base that the site delivered above it, every promise kept (E.7).

    The base is the capacity foreseen without the lever. None before the week is over.
    """
    if lever.outcome is None or lever.capacity <= 0:
        return None
    if lever.outcome["late"]:
        return 0.0
    return float(max(0.0, lever.outcome["in_time"] - lever.capacity) / lever.capacity)


def _came(sites: Sequence[Site], start: datetime, end: datetime) -> dict[int, float]:
    rows = (
        Ticket.objects.filter(
            site__in=sites, received_at__gte=start, received_at__lt=end,
            confidentiality__lt=Confidentiality.EXECUTIVE,
        )
        .exclude(state__in=[Ticket.State.CANCELLED, Ticket.State.MERGED])
        .order_by()
        .values_list("site")
        .annotate(minutes=Sum("service__standard_minutes"))
    )  # fmt: skip
    return {site: (minutes or 0) / 60 for site, minutes in rows}


def _delivered(
    sites: Collection[int], start: datetime, end: datetime
) -> tuple[dict[int, float], dict[int, float]]:
    """Return the hours delivered in a period at each site, and those of them in time."""
    rows = (
        _promises(sites)
        .filter(stopped_at__gte=start, stopped_at__lt=end)
        .order_by()
        .values_list("ticket__site", "verdict")
        .annotate(minutes=Sum("ticket__service__standard_minutes"))
    )
    all_, kept = defaultdict[int, float](float), defaultdict[int, float](float)
    for site, verdict, minutes in rows:
        all_[site] += (minutes or 0) / 60
        if verdict == Clock.Verdict.MET:
            kept[site] += (minutes or 0) / 60
    return all_, kept


def _late(sites: Collection[int], start: datetime, end: datetime) -> dict[int, int]:
    rows = (
        _promises(sites)
        .filter(due_at__gte=start, due_at__lt=end)
        .exclude(verdict__in=[Clock.Verdict.MET, Clock.Verdict.VOID])
        .order_by()
        .values_list("ticket__site")
        .annotate(n=Count("pk"))
    )
    return dict(rows)


def _promises(sites: Collection[int]) -> Any:
    return Clock.objects.filter(
        kind=Clock.Kind.DELIVERY,
        ticket__site__in=sites,
        ticket__confidentiality__lt=Confidentiality.EXECUTIVE,
    )

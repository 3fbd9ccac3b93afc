"""As it turned out: what the study foresaw beside what the desk has seen, by service and site."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Sum
from django.utils import timezone

from relais.desk.models import Ticket, TimeEntry
from relais.engine import inventory
from relais.offer.models import Service
from relais.people.models import Confidentiality, Site

from .models import Generated, Origin, Study, Wave

AFTER = (3, 6)  # months
DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True)
class Seen:
    """What the desk saw in so many months: requests, and minutes of those whose time is known."""

    months: int
    whole: bool  # whether the time has passed
    requests: int
    foreseen: float
    minutes: float | None

    @property
    def ratio(self) -> float | None:
        """Return requests over what was foreseen for the time that has passed."""
        return self.requests / self.foreseen if self.foreseen else None


@dataclass(frozen=True)
class Row:
    """One service at one site: foreseen a month and minutes each, and what was seen."""

    service: Service
    site: Site
    started_on: date
    a_month: float
    minutes: float
    seen: tuple[Seen, ...]


def rows(study: Study, now: datetime | None = None) -> list[Row]:
    """Return the services of the sites that have started, by site and by what was foreseen most.

    C3 requests are counted by nobody but those named for them: they are left out.
    """
    now = now or timezone.now()
    started = {
        link.site_id: wave.started_on
        for wave in Wave.objects.filter(study=study, started_on__isnull=False).prefetch_related(
            "sites"
        )
        for link in wave.sites.all()
        if wave.started_on is not None
    }
    lines: dict[tuple[int, int], list[Any]] = defaultdict(list)
    kept = Origin.objects.filter(
        generated__generation__study=study, generated__generation__undone_at=None,
        generated__kind=Generated.Kind.SERVICE, line__site__in=started,
    ).select_related("generated", "line__site__entity")  # fmt: skip
    for origin in kept:
        lines[origin.generated.thing_id, origin.line.site_id].append(origin.line)
    services = Service.objects.in_bulk({service for service, _site in lines})
    sites = {line.site_id: line.site for found in lines.values() for line in found}
    counts = {month: _counted(started, services, month, now) for month in AFTER}
    found = []
    for (service, site), here in lines.items():
        told = [line.as_counted() for line in here]
        times = sum(inventory.a_year(line) for line in told)
        spent = sum(inventory.a_year(line) * inventory.mean_minutes(line.minutes) for line in told)
        seen = []
        for months in AFTER:
            requests, minutes = counts[months].get((service, site), (0, None))
            passed = min(_days(started[site], now), months * DAYS_A_MONTH) / DAYS_A_MONTH
            whole = passed >= months - 1e-9
            seen.append(Seen(months, whole, requests, times / 12 * passed, minutes))
        found.append(
            Row(services[service], sites[site], started[site], times / 12,
                spent / times if times else 0.0, tuple(seen))
        )  # fmt: skip
    return sorted(found, key=lambda one: (one.site.name, -one.a_month, one.service.code))


def _days(start: date, now: datetime) -> float:
    return max((timezone.localdate(now) - start).days, 0)


def _counted(
    started: dict[int, date], services: dict[int, Service], months: int, now: datetime
) -> dict[tuple[int, int], tuple[int, float | None]]:
    """Return requests and mean minutes by service and site, within so many months of the start."""
    found: dict[tuple[int, int], tuple[int, float | None]] = {}
    gone = [Ticket.State.CANCELLED, Ticket.State.MERGED]
    days: dict[date, list[int]] = defaultdict(list)
    for site, day in started.items():
        days[day].append(site)
    for day, sites in days.items():
        begin = datetime.combine(day, time(), timezone.get_default_timezone())
        end = min(begin + timedelta(days=months * DAYS_A_MONTH), now)
        tickets = Ticket.objects.filter(
            site__in=sites, service__in=services, received_at__gte=begin, received_at__lt=end,
            confidentiality__lt=Confidentiality.EXECUTIVE,
        ).exclude(state__in=gone).order_by()  # fmt: skip
        counted = {
            (service, site): number
            for service, site, number in tickets.values_list("service", "site").annotate(
                number=Count("pk")
            )
        }
        spent = {
            (service, site): (total, number)
            for service, site, total, number in TimeEntry.objects.filter(
                ticket__in=tickets.values("pk"), minutes__isnull=False
            )
            .order_by()
            .values_list("ticket__service", "ticket__site")
            .annotate(total=Sum("minutes"), number=Count("ticket", distinct=True))
        }
        for place, number in counted.items():
            total, timed = spent.get(place, (0, 0))
            found[place] = (number, total / timed if timed else None)
    return found

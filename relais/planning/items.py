"""What work each site asks for, by family, and how ready everybody is for it: facts on record.

An item is a family of services at a site. It is told by the service of the family that is asked
for most there: its procedure and its tool say who is ready.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min

from relais.desk import proofs, tools
from relais.desk.models import Ticket
from relais.engine.readiness import Readiness
from relais.offer.models import Service

# What was asked for within this says what a site needs.
WEEKS = 12

Pair = tuple[int, int]  # site and service


@dataclass(frozen=True)
class Work:
    """A family of services at a site: its hours a week, and its most pressing usual priority."""

    site: int
    family: str
    service: Service
    count: int
    hours: float
    priority: int

    @property
    def pair(self) -> Pair:
        """Return what readiness is asked for."""
        return (self.site, self.service.pk)


def read(sites: Collection[int], at: datetime) -> list[Work]:
    """Return the work of these sites over the last weeks, the longest first: two queries."""
    since = at - timedelta(weeks=WEEKS)
    rows = (
        Ticket.objects.filter(site__in=sites, received_at__gte=since, received_at__lte=at)
        .exclude(state__in=[Ticket.State.CANCELLED, Ticket.State.MERGED])
        .order_by()
        .values_list("site", "service")
        .annotate(n=Count("pk"), top=Min("priority"))
    )
    counted = list(rows)
    services = Service.objects.in_bulk({service for _site, service, _n, _top in counted})
    by_family: dict[tuple[int, str], list[tuple[int, Service, int]]] = {}
    for site, key, n, top in counted:
        by_family.setdefault((site, services[key].family), []).append((n, services[key], top))
    found = []
    for (site, family), asked in by_family.items():
        asked.sort(key=lambda one: (-one[0], one[1].pk))
        hours = sum(n * service.standard_minutes for n, service, _top in asked) / 60 / WEEKS
        count = sum(n for n, _service, _top in asked)
        top = min(top for _n, _service, top in asked)
        found.append(Work(site, family, asked[0][1], count, hours, top))
    return sorted(found, key=lambda one: (-one.hours, one.site, one.family))


def ready(works: Collection[Work], at: datetime) -> Mapping[int, Mapping[Pair, Readiness]]:
    """Return how ready each is for each of these works: who is in none did nothing of the kind."""
    pairs = {one.pair: one.service for one in works}
    return proofs.levels(pairs, at, tools.of(pairs)) if pairs else {}

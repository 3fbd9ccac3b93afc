"""A year of requests: how many came, month by month and site by site, and what was late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import ExtractYear, TruncMonth
from django.utils import timezone

from relais.people.access import Access
from relais.people.models import Site

from .models import Clock, Ticket


@dataclass(frozen=True)
class Row:
    """One month or one site: requests, those with a verdict, those delivered late."""

    name: str
    came: int
    judged: int
    late: int
    key: int | None = None

    @property
    def on_time(self) -> float | None:
        """Return the share delivered in time, 0 to 100; None while nothing is judged."""
        return 100 * (self.judged - self.late) / self.judged if self.judged else None


@dataclass(frozen=True)
class Report:
    """A year: its total, its months (all twelve), its sites (most requests first)."""

    total: Row
    months: list[tuple[datetime, Row]]
    sites: list[Row]

    @property
    def most(self) -> int:
        """Return the most requests of a month, at least 1: the height of the chart."""
        return max((row.came for _, row in self.months), default=0) or 1


def years(access: Access) -> list[int]:
    """Return the years in which requests came, the latest first."""
    zone = timezone.get_current_timezone()
    came = access.see(Ticket).order_by().annotate(year=ExtractYear("received_at", tzinfo=zone))
    return sorted(came.values_list("year", flat=True).distinct(), reverse=True)


def report(access: Access, year: int, site: int | None = None) -> Report:
    """Return the year: one query over its requests, counted by month and site."""
    zone = ZoneInfo(timezone.get_current_timezone_name())
    start, end = datetime(year, 1, 1, tzinfo=zone), datetime(year + 1, 1, 1, tzinfo=zone)
    came = access.see(Ticket).filter(received_at__gte=start, received_at__lt=end)
    cells = _cells(came, zone)
    names = dict(Site.objects.filter(pk__in={key for _, key in cells}).values_list("pk", "name"))
    mine = {at: row for at, row in cells.items() if site is None or at[1] == site}
    months = [
        (
            datetime(year, month, 1, tzinfo=zone),
            _sum("", [r for (m, _), r in mine.items() if m == month]),
        )
        for month in range(1, 13)
    ]
    sites = [
        _sum(names.get(key, ""), [row for (_, k), row in cells.items() if k == key], key)
        for key in {key for _, key in cells}
    ]
    return Report(
        _sum("", list(mine.values())),
        months,
        sorted(sites, key=lambda row: (-row.came, row.name)),
    )


def _cells(came: QuerySet[Ticket], zone: ZoneInfo) -> dict[tuple[int, int], Row]:
    """Return the counts by month (1 to 12) and site."""
    delivery = Clock.objects.filter(ticket=OuterRef("pk"), kind=Clock.Kind.DELIVERY)
    judged = Exists(delivery.filter(verdict__in=[Clock.Verdict.MET, Clock.Verdict.MISSED]))
    late = Exists(delivery.filter(verdict=Clock.Verdict.MISSED))
    rows = (
        came.order_by()
        .annotate(month=TruncMonth("received_at", tzinfo=zone), judged=judged, late=late)
        .values("month", "site")
        .annotate(
            came=Count("pk"),
            judged_count=Count("pk", filter=Q(judged=True)),
            late_count=Count("pk", filter=Q(late=True)),
        )
    )
    return {
        (row["month"].month, row["site"]): Row(
            "", row["came"], row["judged_count"], row["late_count"]
        )
        for row in rows
    }


def _sum(name: str, rows: list[Row], key: int | None = None) -> Row:
    return Row(
        name,
        sum(row.came for row in rows),
        sum(row.judged for row in rows),
        sum(row.late for row in rows),
        key,
    )

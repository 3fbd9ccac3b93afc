"""A year of requests: how many came, month by month and site by site, and what was late."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Count,
    DateTimeField,
    F,
    FilteredRelation,
    Func,
    IntegerField,
    Max,
    Min,
    Q,
    QuerySet,
    Value,
)
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
    """Return the years from the first request to the last one, the latest first."""
    ends = access.see(Ticket).aggregate(first=Min("received_at"), last=Max("received_at"))
    if ends["first"] is None:
        return []
    first, last = (timezone.localtime(ends[each]).year for each in ("first", "last"))
    return list(range(last, first - 1, -1))


def report(access: Access, year: int, site: int | None = None) -> Report:
    """Return the year: one query over its requests, counted by month and site."""
    zone = ZoneInfo(timezone.get_current_timezone_name())
    starts = [datetime(year, month, 1, tzinfo=zone) for month in range(1, 13)]
    end = datetime(year + 1, 1, 1, tzinfo=zone)
    came = access.see(Ticket).filter(received_at__gte=starts[0], received_at__lt=end)
    cells = _cells(came, starts)
    names = dict(Site.objects.filter(pk__in={key for _, key in cells}).values_list("pk", "name"))
    mine = {at: row for at, row in cells.items() if site is None or at[1] == site}
    of_month: dict[int, list[Row]] = defaultdict(list)
    of_site: dict[int, list[Row]] = defaultdict(list)
    for (month, _), row in mine.items():
        of_month[month].append(row)
    for (_, key), row in cells.items():
        of_site[key].append(row)
    months = [(start, _sum("", of_month[start.month])) for start in starts]
    sites = [_sum(names.get(key, ""), rows, key) for key, rows in of_site.items()]
    return Report(
        _sum("", list(mine.values())),
        months,
        sorted(sites, key=lambda row: (-row.came, row.name)),
    )


class Bucket(Func):
    """The number of moments of a list that have passed at a given one: 0 before the first."""

    function = "width_bucket"
    output_field = IntegerField()


def _cells(came: QuerySet[Ticket], months: list[datetime]) -> dict[tuple[int, int], Row]:
    """Return the counts by month (1 to 12) and site. Each request has one clock of its delivery."""
    starts = Value(months, output_field=ArrayField(DateTimeField()))
    delivery = FilteredRelation("clocks", condition=Q(clocks__kind=Clock.Kind.DELIVERY))
    late, met = (Q(delivery__verdict=each) for each in (Clock.Verdict.MISSED, Clock.Verdict.MET))
    rows = (
        came.order_by()
        .annotate(month=Bucket(F("received_at"), starts), delivery=delivery)
        .values("month", "site")
        .annotate(
            came=Count("pk"),
            judged_count=Count("pk", filter=late | met),
            late_count=Count("pk", filter=late),
        )
    )
    return {
        (row["month"], row["site"]): Row("", row["came"], row["judged_count"], row["late_count"])
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

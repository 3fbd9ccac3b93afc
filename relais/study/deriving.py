"""Lines of the inventory from what happened: requests of a past log, and counted calendar entries.

A line for each service at each site: how often a year, its months, and its minutes where they were
noted. Read again, the same line is brought up to date. Calendars are counted, never read.
"""

from __future__ import annotations

import calendar
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Min, Sum
from django.db.models.functions import ExtractMonth, ExtractYear
from django.utils import timezone
from django.utils.translation import gettext as _

from relais.desk.models import Ticket, TimeEntry
from relais.engine.inventory import months_of
from relais.offer.models import Service
from relais.offer.models.service import in_language
from relais.people import organisation
from relais.people.models import Person
from relais.planning.models import BusyTime

from .errors import NothingThere, TooManyLines
from .inventorying import MOST_LINES, UNVALIDATED
from .models import InventoryLine, Study

YEAR = 365.0
EARLIEST, LATEST = 1990, 2100
# From so many days on, months may be told from one another.
WHOLE_YEAR = 330
# From so many noted times on, they say how long the work takes.
ENOUGH_TIMES = 5
# Calendars of fewer persons of a site would tell whose they are.
FEWEST_CALENDARS = 3
CALENDAR_DAYS = 91
Key = tuple[int, int]  # site, service


@dataclass
class Volumes:
    """How many requests came, by site and service, from the first to the last day."""

    first: date
    last: date
    counts: dict[Key, int] = field(default_factory=dict)
    months: dict[Key, Counter[int]] = field(default_factory=dict)

    @property
    def days(self) -> int:
        """Return how many days it is about."""
        return (self.last - self.first).days + 1

    def a_year(self, key: Key) -> float:
        """Return how many come a year."""
        return round(self.counts[key] * YEAR / self.days, 4)

    def season(self, key: Key) -> list[float]:
        """Return twelve coefficients, none when the period is too short to tell months apart."""
        if self.days < WHOLE_YEAR:
            return []
        seen = _days_of_months(self.first, self.last)
        rates = [self.months[key][n] / seen[n] if seen[n] else 0.0 for n in range(1, 13)]
        return [round(each, 6) for each in months_of(rates)]


def volumes(study: Study, since: date | None = None, until: date | None = None) -> Volumes:
    """Return how many requests of the study's sites came in a period (default: all there are).

    Raises `NothingThere`.
    """
    # A slip of the year asks for all there is.
    since = since if since is not None and since.year >= EARLIEST else None
    until = until if until is not None and until.year <= LATEST else None
    sites = study.scopes.order_by().values("site")
    rows = Ticket.objects.filter(site__in=sites, received_at__isnull=False).order_by()
    if study.families:
        rows = rows.filter(service__family__in=study.families)
    if since is not None:
        rows = rows.filter(received_at__date__gte=since)
    if until is not None:
        rows = rows.filter(received_at__date__lte=until)
    ends = rows.aggregate(first=Min("received_at__date"), last=Max("received_at__date"))
    if ends["first"] is None:
        raise NothingThere()
    found = Volumes(since or ends["first"], until or ends["last"])
    grouped = rows.values(
        "site", "service", year=ExtractYear("received_at"), month=ExtractMonth("received_at")
    ).annotate(n=Count("pk"))
    counts: Counter[Key] = Counter()
    months: dict[Key, Counter[int]] = defaultdict(Counter)
    for row in grouped:
        key = (row["site"], row["service"])
        counts[key] += row["n"]
        months[key][row["month"]] += row["n"]
    found.counts, found.months = dict(counts), dict(months)
    return found


def derive(
    study: Study, *, by: Person, since: date | None = None, until: date | None = None
) -> tuple[int, int]:
    """Make lines of the requests that came, or bring them up to date; return new and changed ones.

    One event. Raises `NotPiloting`, `NotInThisPhase`, `NothingThere`, `TooManyLines`.
    """
    study.check_changeable(by)
    found = volumes(study, since, until)
    services = Service.objects.in_bulk({service for _site, service in found.counts})
    noted = _noted(study, found)
    wanted = {
        f"{site}:{service}": _fields(found, (site, service), services[service], noted)
        for site, service in found.counts
    }
    return keep_lines(study, InventoryLine.Source.LOG, wanted, by)


def count_calendars(study: Study, *, by: Person, today: date | None = None) -> tuple[int, int]:
    """Make a line for each site of how many entries its calendars had lately; return as `derive`.

    Counts and lengths only, of three persons' calendars or more. Raises as `derive`.
    """
    study.check_changeable(by)
    today = today or timezone.localdate()
    first = today - timedelta(days=CALENDAR_DAYS)
    sites = study.scopes.order_by().values("site")
    rows = BusyTime.objects.filter(
        person__site__in=sites,
        period__startswith__date__gte=first,
        period__startswith__date__lt=today,
    ).order_by()
    grouped = rows.values("person__site").annotate(
        n=Count("pk"), people=Count("person", distinct=True)
    )
    wanted = {
        f"{row['person__site']}:calendars": {
            "site_id": row["person__site"],
            "family": Service.Family.AGENDA,
            "task": _("Entries of the calendars (counted)"),
            "count": round(row["n"] * YEAR / CALENDAR_DAYS, 4),
            "period": InventoryLine.Period.EVENT,
            "evidence": InventoryLine.Evidence.MEASURED,
            "confidence": 2,
        }
        for row in grouped
        if row["people"] >= FEWEST_CALENDARS
    }
    if not wanted:
        raise NothingThere()
    return keep_lines(study, InventoryLine.Source.CALENDAR, wanted, by)


def _fields(
    found: Volumes, key: Key, service: Service, noted: dict[Key, tuple[float, float, float]]
) -> dict[str, Any]:
    """Return the fields of one line. Without noted times: the catalogue's, and less confidence."""
    if known := noted.get(key):
        low, usual, high = known
    else:
        usual = float(service.standard_minutes)
        low, high = usual / 2, float(max(service.p90_minutes, service.standard_minutes))
    kinds = InventoryLine.Evidence
    return {
        "site_id": key[0],
        "service_id": service.pk,
        "family": service.family,
        "task": in_language(service.name_fr, service.name_en)[:300],
        "count": found.a_year(key),
        "period": InventoryLine.Period.EVENT,
        "months": found.season(key),
        "minutes_low": low,
        "minutes_usual": usual,
        "minutes_high": high,
        "secrecy": service.confidentiality,
        "evidence": kinds.MEASURED if known else kinds.OBSERVED,
        "confidence": 3 if known else 2,
    }


@transaction.atomic
def keep_lines(
    study: Study, source: str, wanted: dict[str, dict[str, Any]], by: Person, quiet: bool = False
) -> tuple[int, int]:
    """Make lines of a source by its own keys, or bring them up to date; return new and changed.

    One event, unless whoever calls tells it (`quiet`). Raises `TooManyLines`.
    """
    Study.objects.select_for_update().get(pk=study.pk)
    known = {
        line.source_key: line
        for line in InventoryLine.objects.filter(
            study=study, source=source, source_key__in=list(wanted)
        )
    }
    fresh, changed = [], []
    names: set[str] = set()
    for key, told in wanted.items():
        line = known.get(key)
        # What a line is called stays: it was said in the language of whoever asked first.
        fields = told if line is None else {n: v for n, v in told.items() if n != "task"}
        if line is None:
            fresh.append(
                InventoryLine(
                    study=study,
                    provider_id=study.provider_id,
                    typed_by=by,
                    source=source,
                    source_key=key,
                    **fields,
                )
            )
        elif any(getattr(line, name) != value for name, value in fields.items()):
            for name, value in (fields | UNVALIDATED).items():
                setattr(line, name, value)
            line.version += 1
            changed.append(line)
            names |= set(fields)
    if study.lines.count() + len(fresh) > MOST_LINES:
        raise TooManyLines(most=MOST_LINES)
    InventoryLine.objects.bulk_create(fresh, batch_size=500)
    if changed:
        columns = [*(name.removesuffix("_id") for name in names), "version", "validated_by",
                   "validated_at"]  # fmt: skip
        InventoryLine.objects.bulk_update(changed, columns, batch_size=500)
    if quiet:
        return len(fresh), len(changed)
    counts = {"source": str(source), "added": len(fresh), "changed": len(changed)}
    organisation.record(study, "lines_derived", by, **counts)
    return len(fresh), len(changed)


def _noted(study: Study, found: Volumes) -> dict[Key, tuple[float, float, float]]:
    """Return the minutes noted on requests, as three points: a tenth, a half, nine tenths."""
    entries = TimeEntry.objects.filter(
        ticket__site__in=study.scopes.order_by().values("site"), minutes__isnull=False,
        ticket__received_at__date__gte=found.first, ticket__received_at__date__lte=found.last,
    ).order_by()  # fmt: skip
    whole: dict[Key, list[int]] = defaultdict(list)
    for site, service, _ticket, spent in entries.values_list(
        "ticket__site", "ticket__service", "ticket"
    ).annotate(spent=Sum("minutes")):
        whole[site, service].append(spent)
    return {key: _points(spent) for key, spent in whole.items() if len(spent) >= ENOUGH_TIMES}


def _points(spent: Iterable[int]) -> tuple[float, float, float]:
    ordered = sorted(spent)
    last = len(ordered) - 1
    low, usual, high = (float(ordered[round(last * part)]) for part in (0.1, 0.5, 0.9))
    return low, usual, high


def _days_of_months(first: date, last: date) -> Counter[int]:
    """Return how many days of each month (1 to 12) lie in the period."""
    found: Counter[int] = Counter()
    day = first
    while day <= last:
        end = min(last, day.replace(day=calendar.monthrange(day.year, day.month)[1]))
        found[day.month] += (end - day).days + 1
        day = end + timedelta(days=1)
    return found

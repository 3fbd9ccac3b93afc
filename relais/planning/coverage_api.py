"""The API of the coverage: all of it for who runs the pool; what is assured for everybody."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema

from relais.desk.quarantine_api import leading
from relais.lib.api_types import Fault, FieldFaults
from relais.people.api import NamedOut, access_of

from . import coverage, service
from .worked import Span

router = Router(tags=["planning"])


class SpanOut(Schema):
    start: datetime
    end: datetime


class HereOut(Schema):
    """Somebody who covers a site that day: as what, and when she is there."""

    person: NamedOut
    position: str
    spans: list[SpanOut]


class OnSiteOut(Schema):
    id: int
    person: NamedOut
    site: NamedOut
    day: date


class SiteDayOut(Schema):
    """`bare`: open without anybody who covers it; `unfit`: requests due that none there may do."""

    day: date
    open: list[SpanOut]
    here: list[HereOut]
    bare: list[SpanOut]
    on_site: list[OnSiteOut]
    minutes_due: float
    unfit: int
    gap: str


class SiteCoverageOut(Schema):
    site: NamedOut
    days: list[SiteDayOut]


class ShiftOut(Schema):
    id: int
    person: NamedOut
    start: datetime
    end: datetime


class PersonDayOut(Schema):
    """`away`: classes of absence, never a reason."""

    day: date
    spans: list[SpanOut]
    away: list[str]
    shifts: list[int]
    on_site: OnSiteOut | None
    minutes_due: float


class PersonCoverageOut(Schema):
    person: NamedOut
    days: list[PersonDayOut]


class CoverageOut(Schema):
    """Who covers which site when, and where nobody is."""

    sites: list[SiteCoverageOut]
    persons: list[PersonCoverageOut]


class ServiceDayOut(Schema):
    """A day of a site: `closed`, `assured` or `reduced`, and when the service is assured."""

    day: date
    state: str
    assured: list[SpanOut]
    on_site: bool
    who: str


class SiteServiceOut(Schema):
    """What is assured at a site in the coming fortnight, and who answers now."""

    site: NamedOut
    answering: list[str]
    next_on_site: date | None
    days: list[ServiceDayOut]


class ServicesOut(Schema):
    sites: list[SiteServiceOut]


class CoveredDaysIn(Schema):
    """Which days: a week from `first` on when `last` is not given, at most 42."""

    first: Annotated[date, Query(ge=date(2000, 1, 1), le=date(2150, 12, 1))] | None = None
    last: Annotated[date, Query(ge=date(2000, 1, 1), le=date(2150, 12, 31))] | None = None


def named(row: Any) -> dict[str, Any]:
    """Return a row as what has a name."""
    return {"id": row.pk, "name": row.name}


def spans(found: tuple[Span, ...] | list[Span]) -> list[dict[str, datetime]]:
    """Return spans as the API writes them."""
    return [{"start": start, "end": end} for start, end in found]


def on_site(one: Any) -> dict[str, Any]:
    """Return an on-site day as the API writes it."""
    return {"id": one.pk, "person": named(one.person), "site": named(one.site), "day": one.day}


@router.get(
    "/coverage",
    response={200: CoverageOut, 404: Fault, 422: FieldFaults},
    operation_id="coverage",
)
def read_coverage(request: HttpRequest, days: Query[CoveredDaysIn]) -> dict[str, Any]:
    access = leading(request)
    first = days.first or timezone.localdate()
    last = max(days.last or first + timedelta(6), first)
    board = coverage.look(access, first, last)
    return {
        "sites": [
            {"site": named(row.site), "days": [_site_day(day) for day in row.days]}
            for row in board.sites
        ],
        "persons": [
            {"person": named(row.person), "days": [_person_day(day) for day in row.days]}
            for row in board.people
        ],
    }


def _site_day(day: coverage.SiteDay) -> dict[str, Any]:
    return {
        "day": day.day,
        "open": spans(day.open),
        "here": [
            {"person": named(o.person), "position": o.position, "spans": spans(o.spans)}
            for o in day.here
        ],
        "bare": spans(day.bare),
        "on_site": [on_site(one) for one in day.on_site],
        "minutes_due": day.minutes,
        "unfit": day.unfit,
        "gap": day.gap,
    }


def _person_day(day: coverage.PersonDay) -> dict[str, Any]:
    return {
        "day": day.day,
        "spans": spans(day.work.spans),
        "away": list(day.work.away),
        "shifts": [shift.pk for shift in day.work.shifts],
        "on_site": on_site(day.on_site) if day.on_site else None,
        "minutes_due": day.minutes,
    }


@router.get("/service", response=ServicesOut, operation_id="service")
def read_service(request: HttpRequest) -> dict[str, Any]:
    found = service.of_sites(access_of(request), timezone.now())
    return {
        "sites": [
            {
                "site": named(one.site),
                "answering": list(one.answering),
                "next_on_site": one.next_on_site.day if one.next_on_site else None,
                "days": [
                    {
                        "day": day.day,
                        "state": day.state,
                        "assured": spans(day.assured),
                        "on_site": day.on_site,
                        "who": day.who,
                    }
                    for day in one.days
                ],
            }
            for one in found
        ]
    }

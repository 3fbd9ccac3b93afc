"""The figures of a client's month, from the facts of its requests; the engine alone judges.

Requests of class C3 are counted nowhere: they are for named persons only, and a figure beside a
list would give them away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from relais.engine.measures import POOLED, Tally, tally
from relais.engine.measures_facts import Given, Life, Period
from relais.people.access import Access
from relais.people.models import Company, Provider

from . import excluding, lives_kept, means
from .checks import audits_of
from .lives import Places


def zone_of(company: Company) -> ZoneInfo:
    """Return the zone in which a client's months begin and end: its calendar's, else the pool's.

    Never the server's: the same month is the same anywhere.
    """
    if company.calendar is not None:
        return ZoneInfo(company.calendar.time_zone)
    return zone_of_all()


def month_of(zone: ZoneInfo, name: str) -> Period:
    """Return a month such as 2026-10 by its bounds in a zone. Raises ValueError."""
    year, month = int(name[:4]), int(name[5:])
    if name != f"{year:04}-{month:02}" or not 1990 <= year <= 2199:
        raise ValueError(f"{name}: a month is written like 2026-10")
    begin = datetime(year, month, 1, tzinfo=zone)
    end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
    return Period(name, begin, end)


def with_former(period: Period, count: int = POOLED) -> tuple[Period, ...]:
    """Return a month after the ones before it, as many in all: a small month is read with them."""
    zone = period.begin.tzinfo
    assert isinstance(zone, ZoneInfo)
    year, month = (int(part) for part in period.name.split("-"))
    index = year * 12 + month - 1
    names = (f"{each // 12:04}-{each % 12 + 1:02}" for each in range(index - count + 1, index + 1))
    return tuple(month_of(zone, name) for name in names)


def tally_of(
    company: Company,
    period: Period,
    *,
    as_of: datetime,
    access: Access | None = None,
    sites: frozenset[int] | None = None,
    places: Places | None = None,
    with_means: bool = False,
) -> Tally:
    """Return what a client's month counts as known at `as_of`, pooled with the two months before.

    Keys of lines are those of requests, keys of cuts those of rows: names are for who shows them.
    `with_means`: with what it cost, for those who run the pool; no closed month holds that.
    With `access` only the requests that this person sees are counted, with `sites` those of these.
    """
    months, places = with_former(period), places or Places.all()
    found = lives_kept.of(company, months[0].begin, period.end, access, sites, places)
    known = given(places)
    if with_means:
        known = means.of_client(known, company, period)
    return tally(_with_said(found, company, months, as_of), months, as_of, known)


# Of so many requests a small month is none: the months before are not read.
MANY = 20_000


def zone_of_all() -> ZoneInfo:
    """Return the zone in which the months of the whole pool begin and end."""
    return ZoneInfo(Provider.objects.values_list("time_zone", flat=True).get())


def tally_of_all(period: Period, *, as_of: datetime, with_means: bool = False) -> Tally:
    """Return what a month of all clients together counts as known at `as_of`.

    `with_means`: with what it cost and what the team could do.
    """
    months, places = with_former(period), Places.all()
    found = lives_kept.of(None, period.begin, period.end, places=places)
    if len(found) > MANY:
        months = months[-1:]
    else:
        found = lives_kept.of(None, months[0].begin, period.end, places=places)
    for company in Company.objects.all():
        found = _with_said(found, company, months, as_of)
    known = given(places)
    if with_means:
        known = means.of_pool(known, found, places, period, as_of)
    return tally(found, months, as_of, known)


def narrowed(told: Tally, to: tuple[str, str], as_of: datetime) -> Tally:
    """Return the tally of one value of a cut alone."""
    name, value = to
    found = [life for life in told.lives if getattr(life, name) == value]
    return tally(found, told.periods, as_of, told.given)


def given(places: Places) -> Given:
    """Return what figures need beside the lives: ages by the hours of each site."""
    return Given(age=partial(_age, places))


def _age(places: Places, life: Life, at: datetime) -> int:
    hours = places.at_site(int(life.site))
    return hours.days_between(life.received, at) if hours else (at - life.received).days


def _with_said(
    found: list[Life], company: Company, months: Sequence[Period], as_of: datetime
) -> list[Life]:
    """Return the lives with what checks had found by then and what referents agreed."""
    audits, left_out = audits_of(company, months, as_of), excluding.agreed(company)
    if not audits and not left_out:
        return found
    key = str(company.pk)
    return [
        life
        if life.client != key
        else replace(
            life,
            audits=audits.get(int(life.key), ()),
            promises=tuple(
                replace(each, excluded=left_out.get((int(life.key), each.kind)))
                for each in life.promises
            ),
        )
        for life in found
    ]

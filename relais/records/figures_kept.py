"""Figures kept as they were counted last: a page reads them, and says as of when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from procrastinate.exceptions import AlreadyEnqueued

from relais.desk.models import Ticket
from relais.engine.measures import Figure, Tally, Why
from relais.engine.measures_facts import Period
from relais.engine.measures_words import Sum, Words
from relais.lib.later import later
from relais.people.access import Access
from relais.people.models import Company

from . import figures
from .lives import Places
from .models import Exclusion, KeptFigures

CUTS = ("", "entity", "site", "family", "service", "priority", "assistant")
CUTS_OF_ALL = ("", "client", "family", "priority", "assistant")
# Older than this, a month that is not over is counted anew when somebody looks at it.
FRESH = timedelta(minutes=10)
# So few requests are counted while the page waits.
AT_ONCE = 400
SETTLED = timedelta(days=62)


@dataclass(frozen=True)
class Told:
    """The figures of one cut of a month, and as of when they were counted.

    `sites` are the kept and all promises by site, of which the figures between sites are made.
    """

    as_of: datetime
    figures: tuple[Figure, ...]
    sites: dict[str, tuple[int, int]]

    def whole(self) -> dict[str, Figure]:
        """Return the figures by key, of everything."""
        return {each.key: each for each in self.figures}


def told_now(found: Tally, cut: str, as_of: datetime) -> Told:
    """Return the figures of a tally just made."""
    figures = found.cut(*([cut] if cut else []))
    return Told(as_of, figures, next((s for each in figures if (s := by_site(each))), {}))


def by_site(figure: Figure) -> dict[str, tuple[int, int]]:
    """Return the promises kept and all of them by site, for a figure between sites."""
    found: dict[str, tuple[int, int]] = {}
    if figure.definition.sum is Sum.ALIKE and not figure.cut:
        for line in figure.lines:
            if not line.excluded:
                good, n = found.get(line.group, (0, 0))
                found[line.group] = good + int(line.over), n + 1
    return found


def counted(
    company: Company | None,
    period: Period,
    as_of: datetime,
    places: Places | None = None,
    *,
    with_means: bool = False,
) -> Tally:
    """Return what a month of a client, or of all of them, counts as known at `as_of`."""
    if company is not None:
        return figures.tally_of(company, period, as_of=as_of, places=places, with_means=with_means)
    return figures.tally_of_all(period, as_of=as_of, with_means=with_means)


def cuts_of(company: Company | None) -> tuple[str, ...]:
    """Return by what a client's figures, or those of all, are cut."""
    return CUTS_OF_ALL if company is None else CUTS


def keep(
    provider_id: int, company_id: int | None, month: str, as_of: datetime | None = None
) -> None:
    """Count a month and keep its figures. Done twice it is done once more; the last count stands.

    Call inside the provider's `tenant`.
    """
    company = Company.objects.filter(pk=company_id).first() if company_id else None
    if company_id and company is None:
        return
    as_of = as_of or timezone.now()
    told = counted(company, period_of(company, month), as_of, with_means=True)
    KeptFigures.objects.bulk_create(
        [
            KeptFigures(
                provider_id=provider_id,
                company=company,
                month=month,
                cut=cut,
                as_of=as_of,
                figures=[said(each) for each in told.cut(*([cut] if cut else []))],
            )
            for cut in cuts_of(company)
        ],
        update_conflicts=True,
        unique_fields=["provider", "company", "month", "cut"],
        update_fields=["as_of", "figures"],
    )


def period_of(company: Company | None, month: str) -> Period:
    """Return a month in the zone of a client, or of the pool. Raises ValueError."""
    zone = figures.zone_of(company) if company is not None else figures.zone_of_all()
    return figures.month_of(zone, month)


def of(
    access: Access, company: Company | None, months: Sequence[str], cut: str = ""
) -> dict[str, Told]:
    """Return the figures kept for these months; counted now where few requests make that quick.

    What is old or missing is counted in the background, and then found the next time.
    """
    now, provider = timezone.now(), access.person.provider_id
    seen = access.see(KeptFigures).filter(company=company, month__in=months, cut=cut)
    # Both referents may agree on a month long over: what was counted before then is overtaken.
    rows = seen.annotate(overtaken=Exists(_agreed_since(company)))
    kept = {row.month: row for row in rows}
    overtaken = {row.month for row in rows if row.overtaken}
    found = {month: _told(row) for month, row in kept.items()}
    current = kept.keys() - overtaken
    if all(month in current and now - kept[month].as_of < FRESH for month in months):
        return found
    if _few(company):
        periods = {month: period_of(company, month) for month in months}
        places = Places.all()
        return {
            month: told_now(
                # Of the month looked at alone: what a page counts itself stays few questions.
                counted(company, period, now, places, with_means=month == max(months)),
                cut,
                now,
            )
            for month, period in periods.items()
            if period.begin <= now
        }
    for month in months:
        end = period_of(company, month).end
        # A month over for two may still change, but is no longer watched for it.
        if month not in current or (now - kept[month].as_of >= FRESH and now < end + SETTLED):
            ask(provider, company, month)
    return found


def _agreed_since(company: Company | None) -> QuerySet[Exclusion]:
    rows = Exclusion.objects.filter(
        state=Exclusion.State.AGREED, decided_at__gt=OuterRef("as_of")
    ).order_by()
    return rows if company is None else rows.filter(company=company)


def _told(row: KeptFigures) -> Told:
    sites: dict[str, list[int]] = next(
        (each["sites"] for each in row.figures if "sites" in each), {}
    )
    return Told(
        row.as_of,
        tuple(map(read, row.figures)),
        {site: (good, n) for site, (good, n) in sites.items()},
    )


def _few(company: Company | None) -> bool:
    rows = Ticket.objects.order_by()
    if company is not None:
        rows = rows.filter(company=company)
    return len(rows.values_list("pk")[: AT_ONCE + 1]) <= AT_ONCE


def ask(provider_id: int, company: Company | None, month: str) -> None:
    """Have a month counted in the background; asked twice it is counted once."""
    key = company.pk if company is not None else None
    with suppress(AlreadyEnqueued), transaction.atomic():
        later(
            "relais.records.tasks.keep_figures",
            queueing_lock=f"figures:{provider_id}:{key}:{month}",
            provider_id=provider_id,
            company_id=key,
            month=month,
        )


def said(figure: Figure) -> dict[str, Any]:
    """Return a figure as it is kept, without the lines behind it."""
    sites = by_site(figure)
    return ({"sites": sites} if sites else {}) | {
        "key": figure.key,
        "period": figure.period,
        "cut": [list(each) for each in figure.cut],
        "over": str(figure.over),
        "under": str(figure.under),
        "value": _text(figure.value),
        "n": figure.n,
        "low": _text(figure.low),
        "high": _text(figure.high),
        "why": str(figure.why),
        "periods": list(figure.periods),
        "own_n": figure.own_n,
        "excluded": figure.excluded,
        "assumption": list(figure.assumption) if figure.assumption else None,
    }


def read(kept: dict[str, Any]) -> Figure:
    """Return a figure that was kept."""
    return Figure(
        kept["key"],
        kept["period"],
        tuple((name, value) for name, value in kept["cut"]),
        Fraction(kept["over"]),
        Fraction(kept["under"]),
        None if kept["value"] is None else Fraction(kept["value"]),
        kept["n"],
        None if kept["low"] is None else Decimal(kept["low"]),
        None if kept["high"] is None else Decimal(kept["high"]),
        Why(kept["why"]),
        tuple(kept["periods"]),
        kept["own_n"],
        kept["excluded"],
        Words(*kept["assumption"]) if kept["assumption"] else None,
    )


def _text(value: Fraction | Decimal | None) -> str | None:
    return None if value is None else str(value)


def without_internal(told: Iterable[Figure]) -> tuple[Figure, ...]:
    """Return the figures that a client may read."""
    return tuple(each for each in told if not each.definition.internal)

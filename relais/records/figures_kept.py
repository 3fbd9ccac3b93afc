"""Figures kept as they were counted last: a page reads them, and says as of when."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import transaction
from django.utils import timezone
from procrastinate.exceptions import AlreadyEnqueued

from relais.engine.measures import Figure, Tally, Why
from relais.engine.measures_facts import Period
from relais.engine.measures_words import Words
from relais.lib.later import later
from relais.people.access import Access
from relais.people.models import Company

from . import figures
from .models import KeptFigures, LifeRow

CUTS = ("", "entity", "site", "family", "service", "priority", "assistant")
CUTS_OF_ALL = ("", "client", "family", "priority", "assistant")
# Older than this, a month that is not over is counted anew when somebody looks at it.
FRESH = timedelta(minutes=10)
# So few requests are counted while the page waits.
AT_ONCE = 400


@dataclass(frozen=True)
class Told:
    """The figures of one cut of a month, and as of when they were counted."""

    as_of: datetime
    figures: tuple[Figure, ...]

    def whole(self) -> dict[str, Figure]:
        """Return the figures by key, of everything."""
        return {each.key: each for each in self.figures}


def counted(company: Company | None, period: Period, as_of: datetime) -> Tally:
    """Return what a month of a client, or of all of them, counts as known at `as_of`."""
    if company is not None:
        return figures.tally_of(company, period, as_of=as_of)
    return figures.tally_of_all(period, as_of=as_of)


def cuts_of(company: Company | None) -> tuple[str, ...]:
    """Return by what a client's figures, or those of all, are cut."""
    return CUTS_OF_ALL if company is None else CUTS


def keep(provider_id: int, company_id: int | None, month: str) -> None:
    """Count a month and keep its figures. Done twice it is done once more; the last count stands.

    Call inside the provider's `tenant`.
    """
    company = Company.objects.filter(pk=company_id).first() if company_id else None
    if company_id and company is None:
        return
    as_of = timezone.now()
    told = counted(company, period_of(company, month), as_of)
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


def of(access: Access, company: Company | None, month: str, cut: str = "") -> Told | None:
    """Return the figures kept for a month, or counted now where that is quick; None: not yet.

    What is old or missing is counted in the background.
    """
    kept = access.see(KeptFigures).filter(company=company, month=month, cut=cut).first()
    now = timezone.now()
    period = period_of(company, month)
    if kept is not None and now - kept.as_of < FRESH:
        return Told(kept.as_of, tuple(map(read, kept.figures)))
    few = _few(company)
    if few:
        found = counted(company, period, now)
        return Told(now, found.cut(*([cut] if cut else [])))
    if kept is None or kept.as_of < period.end + timedelta(days=62):
        ask(access.person.provider_id, company, month)
    return Told(kept.as_of, tuple(map(read, kept.figures))) if kept is not None else None


def _few(company: Company | None) -> bool:
    rows = LifeRow.objects.all() if company is None else LifeRow.objects.filter(company=company)
    return len(rows.order_by().values_list("pk")[: AT_ONCE + 1]) <= AT_ONCE


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
    return {
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

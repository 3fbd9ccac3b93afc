"""A year's satisfaction and ease: by site and service; by assistant only for who leads the pool."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.utils import timezone

from relais.engine.satisfaction import Summary, summary
from relais.people.access import Access

from .models import Rating, Ticket

PERIOD = timedelta(days=365)
WORDS = 30
Lines = list[tuple[str, Summary | None]]


@dataclass(frozen=True)
class Year:
    """Figures are empty where too few people answered; `assistants` is None but for the lead."""

    whole: Summary | None
    sites: Lines
    services: Lines
    assistants: Lines | None
    words: list[Rating]


def may_read(access: Access) -> bool:
    """Return whether somebody reads what others answered: the lead, and who steers a client."""
    return access.runs_pool or (access.is_client and bool(access.steered_company_ids))


def of_year(access: Access) -> Year:
    """Return what was answered in a year, as far as this person sees it."""
    since = timezone.now() - PERIOD
    ratings = list(
        access.see(Rating)
        .filter(at__gte=since)
        .select_related("ticket__site", "ticket__service", "ticket__holder")
        .order_by("pk")[:100_000]
    )
    if access.is_client:  # her own as a requester are among them already
        ratings = [r for r in ratings if r.ticket.company_id in access.steered_company_ids]
    delivered = access.see(Ticket).filter(delivered_at__gte=since).order_by()
    people = None
    if access.runs_pool:
        named = _by(ratings, delivered, "holder", lambda t: t.holder.name if t.holder else "")
        people = [(who, told) for who, told in named if told]
    return Year(
        whole=_summary(ratings, delivered.count()),
        sites=_by(ratings, delivered, "site", lambda t: t.site.name),
        services=_by(ratings, delivered, "service", lambda t: t.service.name),
        assistants=people,
        # Words are read where they can be acted upon; they name their request.
        words=[r for r in reversed(ratings) if r.comment][:WORDS],
    )


def _summary(ratings: list[Rating], asked: int) -> Summary | None:
    efforts = [rating.effort for rating in ratings if rating.effort is not None]
    return summary([rating.score for rating in ratings], efforts, asked)


def _by(ratings: list[Rating], delivered: Any, field: str, name: Callable[[Ticket], str]) -> Lines:
    asked = dict(delivered.values_list(field).annotate(n=Count("pk")))
    found: dict[int | None, list[Rating]] = defaultdict(list)
    for rating in ratings:
        found[getattr(rating.ticket, f"{field}_id")].append(rating)
    rows = [
        (name(rows[0].ticket), _summary(rows, asked.get(key, 0)))
        for key, rows in found.items()
        if key is not None
    ]
    return sorted(rows, key=lambda row: row[0])

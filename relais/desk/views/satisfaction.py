"""Satisfaction by site and by service; by assistant only for who leads, never of a few answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_safe

from relais.desk.models import Rating, Ticket
from relais.engine.satisfaction import SMALLEST, Summary, summary

PERIOD = timedelta(days=365)
Group = tuple[str, list[tuple[str, Summary | None]]]


@login_required
@require_safe
def satisfaction(request: HttpRequest) -> HttpResponse:
    """Show a year's satisfaction and ease, with how sure one may be."""
    access = request.access
    steers = access.is_client and bool(access.steered_company_ids)
    if not (access.runs_pool or steers):
        raise Http404
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
    groups: list[Group] = [
        (_t("By site"), _by(ratings, delivered, "site", lambda t: t.site.name)),
        (_t("By service"), _by(ratings, delivered, "service", lambda t: t.service.name)),
    ]
    if access.runs_pool:
        people = _by(ratings, delivered, "holder", lambda t: t.holder.name if t.holder else "")
        groups.append((_t("By assistant"), [(who, told) for who, told in people if told]))
    whole = _summary(ratings, delivered.count())
    context: dict[str, Any] = {"whole": whole, "groups": groups, "smallest": SMALLEST}
    # Words are read where they can be acted upon; they name their request.
    context["words"] = [r for r in reversed(ratings) if r.comment][:30]
    return render(request, "desk/satisfaction.html", context)


def _summary(ratings: list[Rating], asked: int) -> Summary | None:
    efforts = [rating.effort for rating in ratings if rating.effort is not None]
    return summary([rating.score for rating in ratings], efforts, asked)


def _by(
    ratings: list[Rating], delivered: Any, field: str, name: Callable[[Ticket], str]
) -> list[tuple[str, Summary | None]]:
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

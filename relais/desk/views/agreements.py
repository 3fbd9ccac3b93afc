"""What an agreement's draft would do to the deadlines that run now."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from relais.desk import recalculation
from relais.desk.models import Clock
from relais.offer import reading

MOST_SHOWN = 100


@login_required
@require_safe
def agreement_preview(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Show which open deadlines would move if a version held for them; nothing is changed."""
    if not request.access.runs_pool or not 0 < number < 2**31:
        raise Http404
    versions = reading.seen_versions(request.access).select_related("agreement__company")
    version = get_object_or_404(versions, agreement=pk, number=number)
    found = recalculation.preview_version(request.access, version)
    context = {
        "agreement": version.agreement,
        "version": version,
        "preview": found,
        "moves": _rows(request, found),
        "most": MOST_SHOWN,
    }
    return render(request, "desk/agreement_preview.html", context)


def _rows(request: HttpRequest, found: recalculation.Preview) -> list[dict[str, Any]]:
    """Return the first moves with their requests: those that become late first."""
    now = timezone.now()
    moves = sorted(found.moves, key=lambda m: not m.became_late(now))[:MOST_SHOWN]
    keys = [move.clock.pk for move in moves]
    clocks = {
        clock.pk: clock
        for clock in request.access.see(Clock)
        .filter(pk__in=keys)
        .select_related("ticket__site__company")
    }
    return [
        {
            "clock": clocks[move.clock.pk],
            "before": move.clock.due_at,
            "after": move.now,
            "became_late": move.became_late(now),
            "ceased_late": move.ceased_late(now),
        }
        for move in moves
        if move.clock.pk in clocks
    ]

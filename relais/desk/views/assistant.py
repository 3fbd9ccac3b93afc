"""The assistant's screen: what to do next, in order, and why."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from relais.desk import board
from relais.desk.models import Commitment
from relais.lib.listing import is_part
from relais.people.models import Role


@login_required
@require_safe
def day(request: HttpRequest) -> HttpResponse:
    """Show my day."""
    if request.access.is_client or not request.access.has(Role.Kind.ASSISTANT):
        raise Http404
    now = timezone.now()
    context = {"day": board.day_of(request.access, now), "now": now, "soon": now + board.SOON}
    mine = request.access.see(Commitment).filter(by=request.person, state="open")
    context["commitments"] = mine.select_related("ticket__site").order_by("due_at")[:50]
    part = is_part(request, "day-live")
    return render(request, "desk/_day_live.html" if part else "desk/day.html", context)

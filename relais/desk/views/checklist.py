"""The checklist beside the thread: one touch a step."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from relais.desk import checklists
from relais.desk.errors import NoSuchStep, Refused
from relais.desk.models import Run, Ticket

from .files import in_words
from .tickets import find


@login_required
@require_POST
def step_done(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Tick a step."""
    ticket = find(request, pk)
    try:
        Run.step_done(ticket, key, by=request.person, value=request.POST.get("value", ""))
    except Refused as refusal:
        return _drawn(request, ticket, refusal, key)
    return _drawn(request, ticket)


@login_required
@require_POST
def step_undone(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Open a step again."""
    ticket = find(request, pk)
    try:
        Run.step_undone(ticket, key, by=request.person)
    except Refused as refusal:
        return _drawn(request, ticket, refusal, key)
    return _drawn(request, ticket)


def _drawn(
    request: HttpRequest, ticket: Ticket, refusal: Refused | None = None, key: str = ""
) -> HttpResponse:
    """Return the checklist as it is now, to a page without scripts the ticket."""
    shown = checklists.of(request.access, ticket)
    if shown is None or isinstance(refusal, NoSuchStep):
        raise Http404
    if not request.htmx:
        if refusal:
            messages.error(request, in_words(refusal))
        return redirect("ticket", ticket.pk)
    context = {"ticket": ticket, "checklist": shown, "zone": ticket.site.time_zone}
    if refusal:
        context |= {"wrong": in_words(refusal), "wrong_key": key}
        context["typed_value"] = request.POST.get("value", "")
    # htmx swaps what a success says: a refusal is told inside the fragment.
    return render(request, "desk/_checklist.html", context)

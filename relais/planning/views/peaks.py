"""Peaks: load against capacity weeks ahead, what could be done, and the forecast behind it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from relais.desk.views.lead import lead_only
from relais.planning import peak_words
from relais.planning import peaks as flow
from relais.planning.models import Lever, LoadOutlook


@login_required
@require_safe
def peaks(request: HttpRequest) -> HttpResponse:
    """Show the weeks ahead; with a site and a week, its levers and its half-days."""
    lead_only(request)
    outlook = request.access.see(LoadOutlook).defer("charts").first()
    if outlook is None:
        return render(request, "planning/peaks.html", {})
    site, week = (_number(request.GET.get(name)) for name in ("site", "week"))
    board = peak_words.board(request.access, outlook)
    chosen = peak_words.chosen(board, outlook, site, week)
    context = {"outlook": outlook, "board": board, "chosen": chosen, "offered": []}
    if chosen is not None:
        pulled = request.access.see(Lever).filter(site=site, week=chosen.monday, undone_at=None)
        known = {one.code: one for one in pulled.select_related("chosen_by")}
        context["offered"] = [
            (code, *told, known.get(code))
            for code, told in zip(chosen.cell.codes, chosen.cell.levers, strict=True)
        ]
        context["weeks_left"] = range(1, len(board.weeks) - week + 1)
        context["pulled"] = [one for code, one in known.items() if code not in chosen.cell.codes]
    return render(request, "planning/peaks.html", context)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 18 else 0


@login_required
@require_safe
def chart(request: HttpRequest, name: str) -> HttpResponse:
    """Serve one of the drawings, in the reader's language."""
    lead_only(request)
    outlook = request.access.see(LoadOutlook).first()
    drawing = peak_words.drawing(outlook, name, get_language() or "fr")
    if not drawing:
        raise Http404
    return HttpResponse(drawing, content_type="image/svg+xml")


@login_required
@require_POST
def compute(request: HttpRequest) -> HttpResponse:
    """Have it computed anew."""
    lead_only(request)
    flow.ask(request.person.provider_id)
    messages.success(request, _("It is computed anew in the background: look again in a minute."))
    return redirect("peaks")

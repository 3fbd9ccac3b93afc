"""Replays: a past period dispatched again in the background, its report with charts."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from relais.desk import replay_words, replaying
from relais.desk.models import Replay
from relais.desk.replay_forms import ReplayForm
from relais.lib.problem import Problem

from .files import in_words
from .lead import lead_only


def _replay(request: HttpRequest, pk: int) -> Replay:
    lead_only(request)
    seen = request.access.see(Replay).select_related("company", "asked_by")
    return get_object_or_404(seen.defer("charts"), pk=pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def replays(request: HttpRequest) -> HttpResponse:
    """Show the replays so far, and ask for another."""
    lead_only(request)
    form = ReplayForm(request.POST or None, access=request.access)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("replay", replaying.ask(form.wanted(), by=request.person).pk)
        except Problem as problem:
            form.add_error(None, in_words(problem))
    rows = request.access.see(Replay).defer("charts").select_related("company", "asked_by")
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "replays": rows[:50]}
    return render(request, "desk/replays.html", context, status=status)


@login_required
@require_GET
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a replay is, or its report."""
    made = _replay(request, pk)
    context: dict[str, Any] = {"made": made, "changes": replay_words.changes(made)}
    if made.state == Replay.State.DONE:
        context |= {
            "lines": replay_words.lines(made.report),
            "sentence": replay_words.sentence(made.report),
            "forecast": replay_words.forecast_sentence(made.report),
            "by_week": replay_words.by_week(made.report),
            "steps": replay_words.steps(made.report),
        }
    return render(request, "desk/replay.html", context)


@login_required
@require_GET
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Serve how far the worker is; once it is done, lead to the page."""
    made = _replay(request, pk)
    if made.state != Replay.State.RUNNING:
        done = HttpResponse(status=200)
        done["HX-Redirect"] = reverse("replay", args=[pk])
        return done
    return render(request, "desk/_replay_progress.html", {"made": made})


@login_required
@require_GET
def chart(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Serve one of the drawings, in the reader's language."""
    return HttpResponse(
        replay_words.drawing(_replay(request, pk), name), content_type="image/svg+xml"
    )

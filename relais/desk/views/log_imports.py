"""Importing a log of another tool: upload, columns, the worker's progress, what it came to."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from relais.desk import log_upload
from relais.desk.log_forms import MappingForm, UploadForm
from relais.desk.log_mapping import BadMapping
from relais.desk.models import LogImport, LogRefusal
from relais.lib.problem import Problem
from relais.lib.sheet import send_sheet

from .files import in_words
from .lead import lead_only

State = LogImport.State
SHOWN_REFUSALS = 50


def _import(request: HttpRequest, pk: int) -> LogImport:
    lead_only(request)
    seen = request.access.see(LogImport).defer("content", "events_content")
    return get_object_or_404(seen.select_related("agreement", "uploaded_by"), pk=pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def logs(request: HttpRequest) -> HttpResponse:
    """Show the logs so far, and take a new one in."""
    lead_only(request)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                files = [form.cleaned_data[name] for name in ("file", "events")]
                made = log_upload.take_in([each for each in files if each], by=request.person)
                return redirect("log", made.pk)
            except Problem as problem:
                form.add_error("file", in_words(problem))
    rows = request.access.see(LogImport).defer("content", "events_content", "figures")
    context = {"form": form, "imports": rows.select_related("uploaded_by")[:50]}
    status = 422 if request.method == "POST" else 200
    return render(request, "desk/logs.html", context, status=status)


@login_required
@require_GET
def log(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a log: its columns to check, how far it is, or what it came to."""
    made = _import(request, pk)
    context: dict[str, Any] = {"made": made, "figures": made.told}
    if made.state in (State.READY, State.FAILED):
        context["form"] = MappingForm(None, made, request.access)
    if made.state == State.DONE:
        refusals = request.access.see(LogRefusal).filter(log_import=made)
        context["refusals"] = [log_upload.told(row) for row in refusals[:SHOWN_REFUSALS]]
        reasons = made.counts.get("reasons", {})
        context["reasons"] = [(_(why), n) for why, n in reasons.items()]
        context["assumed"] = [(_(what), n) for what, n in made.counts.get("assumed", {}).items()]
    return render(request, "desk/log.html", context)


@login_required
@require_GET
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Serve how far the worker is; once it is done, lead to the page."""
    made = _import(request, pk)
    if made.state != State.RUNNING:
        done = HttpResponse(status=200)
        done["HX-Redirect"] = reverse("log", args=[pk])
        return done
    return render(request, "desk/_log_progress.html", {"made": made})


@login_required
@require_POST
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Understand the columns as the reader says, and hand the log to the worker."""
    made = _import(request, pk)
    form = MappingForm(request.POST, made, request.access)
    if form.is_valid():
        try:
            form.keep()
            if "run" in request.POST:
                log_upload.hand_over(made)
            return redirect("log", pk)
        except BadMapping as problem:
            form.add_error(None, in_words(problem))
        except Problem as problem:
            messages.error(request, in_words(problem))
            return redirect("log", pk)
    return render(request, "desk/log.html", {"made": made, "form": form}, status=422)


@login_required
@require_POST
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand the log to the worker as it is understood; a second click changes nothing."""
    made = _import(request, pk)
    try:
        log_upload.hand_over(made)
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("log", pk)


@login_required
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand the log to the worker anew, should the worker have been stopped at it."""
    log_upload.again(_import(request, pk))
    return redirect("log", pk)


@login_required
@require_GET
def refused(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Send every refused row: file, number, column, reason, and what to do."""
    made = _import(request, pk)
    if kind not in ("csv", "xlsx"):
        raise Http404
    rows = request.access.see(LogRefusal).filter(log_import=made)

    def lines() -> Any:
        yield [_("File"), _("Row"), _("Reference"), _("Column"), _("Reason"), _("What to do")]
        for row in rows.iterator(chunk_size=1000):
            told = log_upload.told(row)
            yield [told["file"], row.number, row.ref, row.column, told["why"], told["mend"]]

    return send_sheet(lines(), kind, "refus", _("Refused rows"))

"""Importing the organisation from a list: upload, columns, preview, application, result."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from relais.lib import tables
from relais.lib.listing import Choice, Column, Empty, Listing, answer
from relais.lib.problem import Problem
from relais.lib.sheet import send_sheet
from relais.people.import_forms import ColumnsForm, UploadForm, cap
from relais.people.importing import batches, taking_in, wording
from relais.people.importing.columns import FIELDS
from relais.people.models import Company, ImportBatch, ImportLine

State = ImportBatch.State
TONES = {"created": "good", "changed": "info", "unchanged": "neutral", "refused": "bad"}
STATE_TONES = {"done": "good", "failed": "bad", "dropped": "neutral", "ready": "warn"}


def _outcomes() -> list[tuple[str, Any]]:
    return [("", _("All rows")), *ImportLine.Outcome.choices]


LINES = Listing(
    name="rows",
    title=gettext_lazy("Rows of the file"),
    search=("key",),
    columns=(
        Column("number", gettext_lazy("Row"), lambda line: line.number, sort="number"),
        Column(
            "outcome",
            gettext_lazy("Outcome"),
            lambda line: line.get_outcome_display(),
            sort="outcome",
            tone=lambda line: TONES[line.outcome],
        ),
        Column(
            "what",
            gettext_lazy("What it does, or why not"),
            wording.plain,
            template="people/_import_line.html",
        ),
    ),
    filters=(
        Choice(
            "outcome",
            gettext_lazy("Outcome"),
            _outcomes,
            lambda rows, value: rows.filter(outcome=value) if value else rows,
        ),
    ),
    order="number",
    empty=Empty(gettext_lazy("The file has no row below its headings.")),
)

BATCHES = Listing(
    name="imports",
    title=gettext_lazy("Imports"),
    search=("file_name",),
    columns=(
        Column(
            "file",
            gettext_lazy("File"),
            lambda batch: batch.file_name,
            sort="file_name",
            url=lambda batch: reverse("import", args=[batch.pk]),
        ),
        Column(
            "state",
            gettext_lazy("State"),
            lambda batch: batch.get_state_display(),
            sort="state",
            tone=lambda batch: STATE_TONES.get(batch.state, "info"),
        ),
        Column(
            "refused",
            gettext_lazy("Refused rows"),
            lambda batch: batch.counts.get("refused", ""),
            number=True,
        ),
        Column(
            "by",
            gettext_lazy("By"),
            lambda batch: batch.uploaded_by.name if batch.uploaded_by else "",
        ),
        Column("at", gettext_lazy("On"), lambda batch: batch.uploaded_at, sort="id"),
    ),
    order="-at",
    prepare=lambda rows: rows.select_related("uploaded_by").defer("content"),
    empty=Empty(
        gettext_lazy("No list has been imported yet."),
        gettext_lazy("Choose a file above: you will see row by row what it would do."),
    ),
)


def _batch(request: HttpRequest, pk: int) -> ImportBatch:
    """Return an import of the person's provider, or not found."""
    if request.access is None or not request.access.may_organise():
        raise Http404
    return get_object_or_404(request.access.see(ImportBatch).defer("content"), pk=pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """Show the imports so far, and take a new file in."""
    if request.access is None or not request.access.may_organise():
        raise Http404
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES)
        if form.is_valid():
            file, language = form.cleaned_data["file"], request.LANGUAGE_CODE[:2]
            try:
                batch = taking_in.hand_in(file, by=request.person, language=language)
                return redirect("import", batch.pk)
            except tables.TableProblem as problem:
                form.add_error("file", _said(problem))
    rows = request.access.see(ImportBatch)
    response = answer(request, BATCHES, rows, "people/imports.html", {"form": form})
    if request.method == "POST":
        response.status_code = 422
    return response


def _said(problem: Problem) -> str:
    return _(str(problem.message)) % problem.values


@login_required
@require_GET
def import_(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an import: how far it is, what it will do, or what it has done."""
    batch = _batch(request, pk)
    context: dict[str, Any] = {"batch": batch, "problem": wording.told(batch.problem)}
    context["counts"] = [
        (name, label, batch.counts.get(name, 0), TONES[name])
        for name, label in ImportLine.Outcome.choices
    ]
    if batch.is_busy:
        return render(request, "people/import_busy.html", context)
    if batch.state == State.READY:
        context["form"] = ColumnsForm(None, batch, request.access.see(Company))
        context["writes"] = batch.counts.get("created", 0) + batch.counts.get("changed", 0)
    lines = request.access.see(ImportLine).filter(batch=batch)
    return answer(request, LINES, lines, "people/import.html", context)


@login_required
@require_GET
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Serve how far the worker is; once it is done, lead to the page."""
    batch = _batch(request, pk)
    if not batch.is_busy:
        done = HttpResponse(status=200)
        done["HX-Redirect"] = reverse("import", args=[pk])
        return done
    return render(request, "people/_import_progress.html", {"batch": batch})


@login_required
@require_POST
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Understand the columns as the reader says, and show the new preview."""
    batch = _batch(request, pk)
    if batch.state != State.READY:
        messages.error(request, _(str(batches.NotReady.message)))
        return redirect("import", pk)
    form = ColumnsForm(request.POST, batch, request.access.see(Company))
    if form.is_valid():
        try:
            taking_in.understand(batch, form)
        except tables.TableProblem as problem:
            form.add_error("sheet" if "sheet" in form.fields else None, _said(problem))
        else:
            return redirect("import", pk)
    context = {"batch": batch, "form": form, "counts": [], "open_columns": True}
    return render(request, "people/import_columns.html", context, status=422)


@login_required
@require_POST
def apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Apply what was shown, at once or in the worker; a second click changes nothing."""
    batch = _batch(request, pk)
    try:
        if taking_in.apply(batch, by=request.person):
            messages.success(request, _("The import is applied."))
    except batches.NotReady as problem:
        if batch.state not in (State.DONE, State.APPLYING):
            messages.error(request, _said(problem))
    except Problem as problem:
        messages.warning(request, _said(problem))
    return redirect("import", pk)


@login_required
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand a large import to the worker anew, should the worker have been stopped at it."""
    taking_in.again(_batch(request, pk), by=request.person)
    return redirect("import", pk)


@login_required
@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Give an import up; its file is deleted."""
    try:
        batches.drop(_batch(request, pk))
    except batches.NotReady as problem:
        messages.error(request, _said(problem))
        return redirect("import", pk)
    messages.success(request, _("The import is dropped, its file deleted."))
    return redirect("imports")


@login_required
@require_GET
def refused(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Send the refused rows as they were, with their numbers and the reasons."""
    batch = _batch(request, pk)
    lines = request.access.see(ImportLine).filter(batch=batch, outcome="refused")
    names = [*batch.header, _("Row in the file"), _("Reason")]
    width = len(batch.header)

    def rows() -> Any:
        yield names
        for line in lines.iterator(chunk_size=1000):
            cells = [*line.cells[:width], *[""] * (width - len(line.cells))]
            yield [*cells, line.number, wording.told(line.reason)]

    return send_sheet(rows(), kind, _("refused-rows"), _("Refused rows"))


@login_required
@require_GET
def template(request: HttpRequest, kind: str) -> HttpResponse:
    """Send an empty list with every heading that is understood."""
    if request.access is None or not request.access.may_organise():
        raise Http404
    in_french = request.LANGUAGE_CODE.startswith("fr")
    names = [f.french if in_french else cap(f.label) for f in FIELDS if f.name != "name"]
    return send_sheet([names], kind, _("import-template"), _("Import"))

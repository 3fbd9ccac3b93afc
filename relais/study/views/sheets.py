"""Filling the inventory from what there is: spreadsheets, past requests, counted calendars."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from relais.desk.views.files import in_words
from relais.lib import tables
from relais.lib.problem import Problem
from relais.lib.sheet import send_sheet
from relais.people.views.doors import signed_in
from relais.study import deriving, taking_sheets
from relais.study.inventorying import sites_of
from relais.study.models import SheetImport, Study
from relais.study.reading_cells import DAY_MINUTES
from relais.study.sheet_headings import FIELDS
from relais.study.sheet_words import field_labels

from .frame import framed, led_study

TAB = "inventory"
PREVIEWED, COLUMNS, MOST_NAMED = 20, 60, 30
UNITS = [
    (1.0, gettext_lazy("minutes")),
    (60.0, gettext_lazy("hours")),
    (float(DAY_MINUTES), gettext_lazy("days of 7 h")),
]


class SheetForm(forms.Form):
    """A file as people have it."""

    file = forms.FileField(
        label=gettext_lazy("Spreadsheet (XLSX or CSV)"),
        help_text=gettext_lazy(
            "As it is: several headings, totals, units mixed… You see what is understood before "
            "anything is taken."
        ),
    )
    sheet = forms.CharField(
        label=gettext_lazy("Sheet"), required=False, max_length=200,
        help_text=gettext_lazy("Of a workbook with several; empty: you choose among them next."),
    )  # fmt: skip


class PeriodForm(forms.Form):
    """From when to when past requests are counted."""

    since = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def inventory_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Take in a spreadsheet, and show the other ways to fill an inventory."""
    study = led_study(request, pk)
    form = SheetForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            content = tables.load(file)
            taken = taking_sheets.hand_in(
                study, file.name, content, by=request.person, sheet=form.cleaned_data["sheet"]
            )
        except Problem as problem:
            form.add_error("file", in_words(problem))
        else:
            return redirect("study_sheet", taken.pk)
    sheets = request.access.see(SheetImport).filter(study=study).defer("rows", "refused")
    context = {
        "form": form,
        "period": PeriodForm(),
        "sheets": sheets.select_related("made_by")[:50],
        "may": study.is_changeable,
    }
    status = 422 if form.errors else 200
    return framed(request, study, TAB, "study/fill.html", context, status)


@signed_in
@require_POST
def inventory_derive(request: HttpRequest, pk: int) -> HttpResponse:
    """Make lines of the requests that came."""
    study, form = led_study(request, pk), PeriodForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Write the days as year-month-day."))
        return redirect("inventory_import", pk)
    try:
        told = deriving.derive(study, by=request.person, **form.cleaned_data)
    except Problem as problem:
        messages.error(request, in_words(problem))
        return redirect("inventory_import", pk)
    return _done(request, study, told)


@signed_in
@require_POST
def inventory_calendars(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a line a site of how many entries its calendars had."""
    study = led_study(request, pk)
    try:
        told = deriving.count_calendars(study, by=request.person)
    except Problem:
        said = _("No site has three calendars or more that are read here: fewer are not counted.")
        messages.error(request, said)
        return redirect("inventory_import", pk)
    return _done(request, study, told)


def _done(request: HttpRequest, study: Study, told: tuple[int, int]) -> HttpResponse:
    said = _("%(added)s new lines, %(changed)s brought up to date.")
    messages.success(request, said % {"added": told[0], "changed": told[1]})
    return redirect("inventory", study.pk)


def _sheet(request: HttpRequest, pk: int) -> SheetImport:
    seen = request.access.see(SheetImport)
    seen = seen.select_related("study__company", "study__pilot", "site", "made_by")
    taken = get_object_or_404(seen, pk=pk)
    if not taken.study.may_lead(request.person):
        raise Http404
    return taken


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def study_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how a spreadsheet is understood, and let it be put right before it is taken."""
    taken = _sheet(request, pk)
    if request.method == "POST":
        try:
            taking_sheets.understand(taken, *_said(request, taken), by=request.person)
        except Problem as problem:
            messages.error(request, in_words(problem))
        return redirect("study_sheet", pk)
    context: dict[str, Any] = {"taken": taken, **_others(request, taken)}
    if taken.is_being_taken and not taking_sheets.is_silent(taken):
        pass
    elif taken.taken_at is None:
        context |= _understood(taken)
    else:
        context["refused"] = taken.refused[:200]
    return framed(request, taken.study, TAB, "study/sheet.html", context)


def _others(request: HttpRequest, taken: SheetImport) -> dict[str, Any]:
    """Return the other sheets of the file: those that were read, and the names of the others."""
    if len(taken.sheets) < 2:
        return {}
    rows = request.access.see(SheetImport).filter(study=taken.study, digest=taken.digest)
    read = {row.sheet: row for row in rows.only("pk", "sheet", "taken_at", "study")}
    names = taken.sheets[:MOST_NAMED]
    return {
        "others": [(name, read[name].pk, read[name].taken_at) for name in names if name in read],
        "unread": [name for name in names if name not in read],
    }


@signed_in
@require_safe
def study_sheet_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far the worker is; once it has ended, the page again."""
    taken = _sheet(request, pk)
    page = render(request, "study/_sheet_progress.html", {"taken": taken})
    if not taken.is_being_taken or taking_sheets.is_silent(taken):
        page["HX-Redirect"] = reverse("study_sheet", args=[pk])
    return page


def _said(request: HttpRequest, taken: SheetImport) -> tuple[dict[int, str], int | None, float]:
    mapping = {
        column: name
        for column in range(COLUMNS)
        if (name := request.POST.get(f"column_{column}", "")) in FIELDS
    }
    site, unit = request.POST.get("site", ""), request.POST.get("unit", "")
    known = sites_of(taken.study).names
    chosen = int(site) if site.isdecimal() and len(site) < 18 and int(site) in known else None
    worth = next((value for value, _label in UNITS if str(value) == unit), 1.0)
    return mapping, chosen, worth


def _understood(taken: SheetImport) -> dict[str, Any]:
    found = taking_sheets.reading(taken, taking_sheets.AT_ONCE)
    sites = sites_of(taken.study)
    first = found.headings[0] if found.headings else None
    columns = []
    # Without a heading that is understood, the first row stands for it: a person says what it is.
    texts = first.texts if first else [text for _n, row in taken.rows[:1] for text in row]
    for column, text in enumerate(texts[:COLUMNS]):
        if first is None or not (column in first.sites or column in first.months):
            columns.append((column, text or "–", first.fields.get(column, "") if first else ""))
    lines = [
        (line.row, sites.names.get(line.fields["site_id"], "–"), line.fields)
        for line in found.lines[:PREVIEWED]
    ]
    return {
        "columns": columns,
        "fields": field_labels(),
        "by_site": [sites.names[key] for key in first.sites.values()] if first else [],
        "by_month": bool(first and first.months),
        "lines": lines,
        "count": len(found.lines),
        "more": len(taken.rows) - taking_sheets.AT_ONCE,
        "read": taking_sheets.AT_ONCE,
        "refused": [(r.row, r.cell, r.text, r.why) for r in found.refused[:200]],
        "totals": len(found.totals),
        "tables": len(found.headings),
        "sites": sites.names.items(),
        "units": UNITS,
    }


@signed_in
@require_POST
def study_sheet_take(request: HttpRequest, pk: int) -> HttpResponse:
    """Make lines of a spreadsheet as it is understood."""
    taken = _sheet(request, pk)
    try:
        done = taking_sheets.take(taken, by=request.person)
    except Problem as problem:
        messages.error(request, in_words(problem))
    else:
        if done:
            messages.success(request, _("The spreadsheet is taken."))
    return redirect("study_sheet", pk)


@signed_in
@require_safe
def study_sheet_refused(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the refused cells as a file, to be mended."""
    taken = _sheet(request, pk)
    rows = taken.refused
    if taken.taken_at is None:
        rows = [[r.row, r.cell, r.text, r.why] for r in taking_sheets.reading(taken).refused]
    head = [_("Row"), _("Cell"), _("Text"), _("Mend")]
    return send_sheet([head, *rows], "csv", _("refused"), _("refused"))

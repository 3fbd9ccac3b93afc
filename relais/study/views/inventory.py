"""The inventory: a grid as quick as a spreadsheet, and the page of one line."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from relais.desk.views.files import in_words
from relais.lib.problem import Problem
from relais.people.views.doors import signed_in
from relais.study import grid, inventorying
from relais.study.line_fields import GRID, SitesByName, raw, read
from relais.study.line_forms import LineForm
from relais.study.models import Generated, InventoryLine, Origin, Study
from relais.study.reading_cells import Unread
from relais.study.tabs import reads

from .frame import framed, led_study, study_of

TAB = "inventory"
Wrong = dict[str, tuple[str, str]]


@signed_in
@require_safe
def inventory(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the inventory: who leads the study types in it, the client reads it."""
    study = study_of(request, pk)
    if not reads(request.access, study):
        raise Http404
    return framed(request, study, TAB, "study/inventory.html", _grid(request, study))


def _grid(request: HttpRequest, study: Study) -> dict[str, Any]:
    sites = inventorying.sites_of(study)
    asked = grid.Asked.of(request.GET, sites)
    shown = grid.look(study, request.access.see(InventoryLine), asked, sites)
    may = study.may_lead(request.person) and study.is_changeable
    return {
        "shown": shown,
        "may_type": may,
        "heads": grid.heads(),
        "choices": grid.choices(sites),
        "sorts": grid.SORTS.items(),
        "new_row": grid.row_of(InventoryLine(study=study), {}, sites) if may else "",
        "can_undo": may and inventorying.last_change(study, request.person) is not None,
    }


@signed_in
@require_POST
def inventory_cell(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep one cell of the grid; answer with its row, or with what was typed and the mend."""
    study = led_study(request, pk)
    name, text = request.POST.get("field", ""), request.POST.get("value", "")
    key = request.POST.get("line", "")
    if name not in GRID:
        raise Http404
    sites = inventorying.sites_of(study)
    if key == grid.NEW:
        line, wrong = _new(request, study, name, text, sites)
        before: dict[str, str] = {}
    else:
        line = _line(request, study, key)
        before = {field: raw(line, field) for field in GRID}
        wrong = _changed(request, line, name, text, sites)
    moved = [field for field in before if field != name and raw(line, field) != before[field]]
    return _answer(study, sites, line, wrong, moved)


def _line(request: HttpRequest, study: Study, key: str) -> InventoryLine:
    if not key.isdecimal() or len(key) > 18:
        raise Http404
    seen = request.access.see(InventoryLine).filter(study=study).select_related("site", "study")
    return get_object_or_404(seen, pk=key)


def _new(
    request: HttpRequest, study: Study, name: str, text: str, sites: SitesByName
) -> tuple[InventoryLine, Wrong]:
    """Add the line that a cell of the empty last row begins: its task comes first."""
    blank = InventoryLine(study=study)
    if name != "task":
        return blank, {name: (text, _("Type the task first."))}
    above = study.lines.order_by("-id").first()
    site = request.POST.get("site", "")
    chosen = int(site) if site.isdecimal() and len(site) < 18 and int(site) in sites.names else None
    first = next(iter(sites.names), None)
    fields: dict[str, Any] = {"site_id": chosen or (above.site_id if above else first)}
    if above is not None:
        fields |= {"family": above.family, "doer_role": above.doer_role}
    try:
        fields |= read(name, text, blank, sites)
        return inventorying.add(study, fields, by=request.person), {}
    except Unread as problem:
        return blank, {name: (text, problem.mend)}
    except Problem as problem:
        return blank, {name: (text, in_words(problem))}


def _changed(
    request: HttpRequest, line: InventoryLine, name: str, text: str, sites: SitesByName
) -> Wrong:
    """Change one cell, where it is as it was seen; return what was wrong."""
    was = request.POST.get("was")
    if was is not None and was != raw(line, name):
        why = _("Somebody wrote “%(text)s” meanwhile: press Enter to write yours.")
        return {name: (text, why % {"text": grid.shown(line, name, sites)})}
    try:
        inventorying.change(line, read(name, text, line, sites), by=request.person)
    except Unread as problem:
        return {name: (text, problem.mend)}
    except Problem as problem:
        return {name: (text, in_words(problem))}
    return {}


def _answer(
    study: Study, sites: SitesByName, line: InventoryLine, wrong: Wrong, moved: list[str]
) -> HttpResponse:
    sums, counts = grid.sums_of(study, sites)
    count = len(counts)
    told = {
        "row": grid.row_of(line, counts, sites, wrong),
        "sums": render_to_string("study/_sums.html", {"sums": sums}),
        "wrong": bool(wrong),
        "moved": moved,
        "lines": ngettext("%(n)s line", "%(n)s lines", count) % {"n": count},
    }
    return JsonResponse(told, status=422 if wrong else 200)


@signed_in
@require_POST
def inventory_paste(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a block of a spreadsheet from one cell on; say what was not taken, cell by cell."""
    study = led_study(request, pk)
    name = request.POST.get("field", "")
    keys = [
        key for key in request.POST.get("lines", "").split(",") if key.isdecimal() and len(key) < 18
    ][:1000]
    if name not in GRID:
        raise Http404
    try:
        count, refused = inventorying.paste(
            study, request.POST.get("text", ""), [int(key) for key in keys], name,
            by=request.person,
        )  # fmt: skip
    except Problem as problem:
        return JsonResponse({"said": in_words(problem)}, status=422)
    said = ngettext("%(n)s line written.", "%(n)s lines written.", count) % {"n": count}
    told = [
        _("Row %(row)s, “%(text)s”: %(why)s")
        % {"row": one.row + 1, "text": one.text[:60], "why": one.why}
        for one in refused
    ]
    return JsonResponse({"said": said, "refused": told})


@signed_in
@require_POST
def inventory_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back the last change that this person made in the inventory."""
    study = led_study(request, pk)
    try:
        count = inventorying.undo(study, by=request.person)
    except Problem as problem:
        messages.error(request, in_words(problem))
    else:
        said = ngettext("Undone: %(n)s line.", "Undone: %(n)s lines.", count) % {"n": count}
        messages.success(request, said)
    return redirect("inventory", pk)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def inventory_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Type a line with everything that is known of it."""
    study = led_study(request, pk)
    above = study.lines.order_by("-id").first()
    blank = InventoryLine(study=study, provider_id=study.provider_id)
    if above is not None:
        blank.site_id, blank.family = above.site_id, above.family
    form = LineForm(request.POST or None, instance=blank, access=request.access)
    if form.is_bound and form.is_valid():
        try:
            inventorying.add(study, form.wanted(), by=request.person)
        except Problem as problem:
            form.add_error(None, in_words(problem))
        else:
            messages.success(request, _("Saved."))
            return redirect("inventory", pk)
    return _page(request, study, form, None)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def inventory_line(request: HttpRequest, pk: int) -> HttpResponse:
    """Show everything that is known of a line, and change it."""
    seen = request.access.see(InventoryLine).select_related("study__company", "study__pilot")
    line = get_object_or_404(seen.select_related("site", "validated_by"), pk=pk)
    study = study_of(request, line.study_id)
    line.study = study
    may = study.may_lead(request.person) and study.is_changeable
    if request.method == "POST" and not may:
        raise Http404
    sent = request.POST if request.method == "POST" else None
    form = LineForm(sent, instance=line, access=request.access)
    if form.is_bound and form.is_valid():
        fresh = request.access.see(InventoryLine).select_related("study").get(pk=pk)
        try:
            inventorying.change(fresh, form.wanted(), by=request.person)
        except Problem as problem:
            form.add_error(None, in_words(problem))
        else:
            messages.success(request, _("Saved."))
            return redirect("inventory", study.pk)
    if not may:
        for each in form.fields.values():
            each.disabled = True
    return _page(request, study, form, line)


def _page(
    request: HttpRequest, study: Study, form: LineForm, line: InventoryLine | None
) -> HttpResponse:
    leads = study.may_lead(request.person)
    context = {
        "form": form,
        "line": line,
        "became": _became(request, line) if line and leads else [],
        "back": reverse("inventory", args=[study.pk]),
        "may_type": study.may_lead(request.person) and study.is_changeable,
    }
    status = 422 if form.errors else 200
    return framed(request, study, TAB, "study/line.html", context, status)


def _became(request: HttpRequest, line: InventoryLine) -> list[Generated]:
    """Return what was made of a line, or matched with it, in the order in which it is made."""
    rows = request.access.see(Origin).filter(line=line, generated__generation__undone_at=None)
    found = [one.generated for one in rows.select_related("generated")]
    order = Generated.Kind.values
    return sorted(found, key=lambda one: (order.index(one.kind), one.order, one.pk))


def _led_line(request: HttpRequest, pk: int) -> InventoryLine:
    seen = request.access.see(InventoryLine).select_related("study", "site")
    line = get_object_or_404(seen, pk=pk)
    if not line.study.may_lead(request.person):
        raise Http404
    return line


@signed_in
@require_POST
def inventory_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a line away; it can be undone."""
    line = _led_line(request, pk)
    try:
        inventorying.remove(line, by=request.person)
    except Problem as problem:
        messages.error(request, in_words(problem))
    else:
        messages.success(request, _("Removed."))
    return redirect("inventory", line.study_id)


@signed_in
@require_POST
def inventory_validate(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that a line is right."""
    line = _led_line(request, pk)
    try:
        inventorying.validate(line, by=request.person)
    except Problem as problem:
        messages.error(request, in_words(problem))
    else:
        messages.success(request, _("Validated."))
    return redirect("inventory", line.study_id)

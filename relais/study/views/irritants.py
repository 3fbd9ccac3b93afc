"""The workshop on what hurts: typed live in the room, ranked, mended, measured again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from relais.desk.views.files import in_words
from relais.lib.problem import Problem
from relais.lib.terminal import N_
from relais.people.views.doors import signed_in
from relais.study import irritants as flow
from relais.study.models import ChangeAction, Irritant, IrritantMeasure
from relais.study.workshop_forms import ActionForm, IrritantForm, LinesForm, MeasureForm

from .frame import framed, led_study
from .workshop import changeable, done, read

TAB = "irritants"
VERBS = {
    "mend": N_("Being mended: its figures are the measure before from now on."),
    "lift": N_("The pain point is lifted."),
    "reopen": N_("The pain point is open again."),
    "unmerge": N_("It speaks for itself again."),
}


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def irritants(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what hurts, the worst first; take one more of the room."""
    study = read(request, pk)
    form, status = None, 200
    if changeable(request, study):
        typed = request.POST if request.method == "POST" else None
        form = IrritantForm(typed, request.access, study)
        if typed is not None:
            if form.is_valid():
                flow.collect(study, form.cleaned_data, by=request.person)
                messages.success(request, _("Kept: the next one?"))
                return redirect("irritants", pk)
            status = 422
    board = flow.board(request.access, study)
    context = {
        "board": board, "form": form,
        "alerts": len(flow.missing_alerts(study)) if form else 0,
        "chart": bool(board.scored),
    }  # fmt: skip
    return framed(request, study, TAB, "study/irritants.html", context, status)


@signed_in
@require_safe
def irritants_chart(request: HttpRequest, pk: int) -> HttpResponse:
    """Serve the Pareto, in the reader's language."""
    study = read(request, pk)
    drawing = flow.drawing(flow.board(request.access, study), get_language() or "fr")
    if not drawing:
        raise Http404
    return HttpResponse(drawing, content_type="image/svg+xml")


@signed_in
@require_POST
def irritants_alerts(request: HttpRequest, pk: int) -> HttpResponse:
    """Take up the alert signs."""
    study = led_study(request, pk)
    said = _("The alert signs are among the pain points: say how much each costs, or leave it.")
    done(request, lambda: flow.take_alerts(study, by=request.person), said)
    return redirect("irritants", pk)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def irritant(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one of them, with what may be done; change what is told of it."""
    row = irritant_of(request, pk)
    typed = request.POST if request.method == "POST" else None
    form = IrritantForm(typed, request.access, row.study, row)
    status = 200
    if typed is not None:
        if form.is_valid() and _edited(request, row, form):
            return redirect("irritant", pk)
        status = 422
    context = _context(request, row, form)
    return framed(request, row.study, TAB, "study/irritant.html", context, status)


def _edited(request: HttpRequest, row: Irritant, form: IrritantForm) -> bool:
    fields = {name: form.cleaned_data[name] for name in form.cleaned_data if name in form.fields}
    try:
        row.edit(fields, by=request.person)
    except Problem as problem:
        form.add_error(None, in_words(problem))
        return False
    messages.success(request, _("Kept."))
    return True


def _context(request: HttpRequest, row: Irritant, form: IrritantForm) -> dict[str, Any]:
    access = request.access
    measures = {one.month: one for one in access.see(IrritantMeasure).filter(irritant=row)}
    others = access.see(Irritant).filter(study=row.study_id, into=None, state="open")
    return {
        "row": row, "form": form, "measures": measures.values(),
        "lifted": flow.lifted_of(measures),
        "measure_form": MeasureForm(initial=_last(row)) if measures else None,
        "lines_form": LinesForm(None, access, row),
        "action_form": ActionForm(None, access, row.study),
        "actions": access.see(ChangeAction).filter(irritant=row).select_related("owner"),
        "others": others.exclude(pk=row.pk).order_by("process")[:200],
        "merged": access.see(Irritant).filter(into=row).select_related("site"),
    }  # fmt: skip


def _last(row: Irritant) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("a_month", "persons", "minutes", "severity")}


@signed_in
@require_POST
def irritant_turn(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Mend it, lift it, take it up again, or let it speak for itself."""
    row = irritant_of(request, pk)
    if verb not in VERBS:
        raise Http404
    done(request, lambda: getattr(row, verb)(by=request.person), _(VERBS[verb]))
    return redirect("irritant", pk)


@signed_in
@require_POST
def irritant_leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave it as it is, with the reason."""
    row, why = irritant_of(request, pk), request.POST.get("why", "").replace("\x00", "")
    done(request, lambda: row.leave(why, by=request.person), _("It is left as it is."))
    return redirect("irritant", pk)


@signed_in
@require_POST
def irritant_merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Put it together with another one."""
    row, key = irritant_of(request, pk), request.POST.get("into", "")
    rows = request.access.see(Irritant).filter(study=row.study_id)
    if not key.isdecimal() or len(key) > 18:
        raise Http404
    into = get_object_or_404(rows, pk=int(key))
    if done(request, lambda: row.merge(into, by=request.person), _("They are put together.")):
        return redirect("irritant", into.pk)
    return redirect("irritant", pk)


@signed_in
@require_POST
def irritant_remeasure(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what it costs 3 or 6 months after."""
    row, form = irritant_of(request, pk), MeasureForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Enter the months after and the four figures."))
        return redirect("irritant", pk)
    month = form.cleaned_data["month"]
    verb = lambda: row.remeasure(month, form.figures, by=request.person)  # noqa: E731
    done(request, verb, _("The measure is kept."))
    return redirect("irritant", pk)


@signed_in
@require_POST
def irritant_lines(request: HttpRequest, pk: int) -> HttpResponse:
    """Say on which tasks it weighs."""
    row = irritant_of(request, pk)
    form = LinesForm(request.POST, request.access, row)
    if not form.is_valid():
        raise Http404
    keys = [line.pk for line in form.cleaned_data["lines"]]
    flow.weigh_on(row, keys, by=request.person, access=request.access)
    messages.success(request, _("Kept: these tasks are taken over first."))
    return redirect("irritant", pk)


def irritant_of(request: HttpRequest, pk: int) -> Irritant:
    """Return a pain point of a study that this person leads, else "not found"."""
    rows = request.access.see(Irritant).select_related(
        "study__company", "study__pilot", "study__sponsor", "site", "owner", "said_by__person",
        "into",
    )  # fmt: skip
    row: Irritant = get_object_or_404(rows, pk=pk)
    if not row.study.may_lead(request.person):
        raise Http404
    return row

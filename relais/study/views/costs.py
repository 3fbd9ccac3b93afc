"""What it costs: scenarios side by side, their lines. Provider management and the sponsor."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from relais.desk.views.files import in_words
from relais.lib.problem import Problem
from relais.people.views.doors import signed_in
from relais.people.views.form_page import draw
from relais.study import costing
from relais.study.costing_rules import may_cost, may_price
from relais.study.models import CostLine, CostScenario, Study
from relais.study.restitution_words import BEHAVIOURS, VOLUME_NAMES
from relais.study.sizing_forms import CostLineForm, ScenarioForm

from .frame import framed, study_of


def _study(request: HttpRequest, pk: int, *, price: bool = False) -> Study:
    study = study_of(request, pk)
    if not (may_price if price else may_cost)(request.access, study):
        raise Http404
    return study


def _scenario(request: HttpRequest, pk: int) -> CostScenario:
    rows = request.access.see(CostScenario).select_related("study__company", "study__pilot")
    found: CostScenario = get_object_or_404(rows, pk=pk)
    _study(request, found.study_id, price=True)
    return found


@signed_in
@require_safe
def costs(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the scenarios side by side."""
    study = _study(request, pk)
    seen = request.access.see(CostScenario).filter(study=study).prefetch_related("lines")
    scenarios = list(seen)
    context = {
        "scenarios": costing.side_by_side(study, scenarios) if scenarios else [],
        "volumes": VOLUME_NAMES,
        "behaviours": BEHAVIOURS,
        "prices": may_price(request.access, study) and study.is_changeable,
        "sized": study.sizings.exists(),
        "missing": len(scenarios) < len(CostScenario.Kind),
    }
    return framed(request, study, "costs", "study/costs.html", context)


@signed_in
@require_POST
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose the scenarios that are not there yet."""
    study = _study(request, pk, price=True)
    try:
        costing.propose(study, by=request.person)
    except Problem as problem:
        messages.error(request, in_words(problem))
    else:
        messages.success(request, _("Proposed: every figure is an assumption until you type it."))
    return redirect("costs", pk)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def scenario(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what a scenario rests on."""
    one = _scenario(request, pk)
    form = ScenarioForm(request.POST or None, one)

    def do() -> None:
        one.version = form.cleaned_data["version"] or one.version
        one.edit(form.wanted(), by=request.person)

    return _typed(request, form, one, str(one), do)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def line_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a line to a scenario."""
    one = _scenario(request, pk)
    form = CostLineForm(request.POST or None)
    return _typed(
        request, form, one, _("New line: %(scenario)s") % {"scenario": one},
        lambda: costing.add_line(one, form.wanted(), by=request.person),
    )  # fmt: skip


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def line(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a line."""
    found = _line(request, pk)
    form = CostLineForm(request.POST or None, found)

    def do() -> None:
        found.version = form.cleaned_data["version"] or found.version
        found.edit(form.wanted(), by=request.person)

    return _typed(request, form, found.scenario, found.name, do)


@signed_in
@require_POST
def line_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a line away."""
    found = _line(request, pk)
    try:
        found.remove(by=request.person)
    except Problem as problem:
        messages.error(request, in_words(problem))
    else:
        messages.success(request, _("Removed."))
    return redirect("costs", found.scenario.study_id)


def _line(request: HttpRequest, pk: int) -> CostLine:
    rows = request.access.see(CostLine).select_related("scenario__study")
    found: CostLine = get_object_or_404(rows, pk=pk)
    _study(request, found.scenario.study_id, price=True)
    return found


def _typed(
    request: HttpRequest, form: forms.BaseForm, one: CostScenario, title: str, do: Any
) -> HttpResponse:
    back = reverse("costs", args=[one.study_id])
    if form.is_bound and form.is_valid():
        try:
            do()
        except Problem as problem:
            form.add_error(None, in_words(problem))
        else:
            messages.success(request, _("Saved."))
            return redirect(back)
    crumbs = [(reverse("studies"), _("Diagnostics")), (back, _("What it costs"))]
    return draw(request, form, title=title, back=back, crumbs=crumbs)

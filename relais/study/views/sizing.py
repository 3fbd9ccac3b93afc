"""How many people: terms, the answer by formula, the simulation, charts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from relais.desk.views.files import in_words
from relais.lib.problem import Problem
from relais.people.models import Site
from relais.people.views.doors import signed_in
from relais.people.views.form_page import draw
from relais.study import sizing as flow
from relais.study import sizing_words as words
from relais.study.models import Sizing, Study
from relais.study.sizing_forms import TermsForm
from relais.study.sizing_rules import may_read

from .frame import framed, led_study, study_of

SHOWN = 30


def _sizing(request: HttpRequest, pk: int, *, lead: bool = False) -> Sizing:
    rows = request.access.see(Sizing).select_related("study__company", "study__pilot", "made_by")
    found: Sizing = get_object_or_404(rows, pk=pk)
    if lead and not found.study.may_lead(request.person):
        raise Http404
    return found


@signed_in
@require_safe
def sizings(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the last sizing of a study, or that of a number."""
    study = study_of(request, pk)
    seen = request.access.see(Sizing).filter(study=study).select_related("study", "made_by")
    wanted = request.GET.get("number", "")
    rows = list(seen.defer("charts", "basis", "formula", "lived", "terms")[:SHOWN])
    if not may_read(request.access, study):
        raise Http404
    number = int(wanted) if wanted.isdecimal() and len(wanted) < 9 else None
    chosen = seen.defer("charts")
    one = (chosen.filter(number=number) if number is not None else chosen).first()
    context = {"sizings": rows, **(told(request, one) if one else {})}
    return framed(request, study, "sizings", "study/sizing.html", context)


def told(request: HttpRequest, one: Sizing) -> dict[str, Any]:
    """Return what the page tells of a sizing."""
    names = dict(request.access.see(Site).values_list("pk", "name"))
    ways = words.ways(one.formula, one.lived)
    basis, leads = one.basis, one.study.may_lead(request.person)
    return {
        "sizing": one,
        "ways": ways,
        "year": words.year_steps(one.terms, one.formula["year"]),
        "basis": words.basis_said(basis, one.terms),
        "gains": [words.gain_said(way) for way in ways if way.gain],
        "loses": [way for way in ways if way.gain and way.gain["loses"]],
        "peaks": words.peaks_said(one.formula),
        "lived": [said for way in ways if (said := words.lived_said(way))],
        "curve": words.curve_said(ways, one.lived) if one.lived else "",
        "loads": [
            (names.get(int(site), "–"), mean, sd)
            for site, mean, sd in zip(basis["sites"], basis["means"], basis["sds"], strict=True)
        ],
        "phone": one.formula["phone"],
        "silent": flow.is_silent(one),
        "stale": leads and flow.is_stale(one),
    }


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def sizing_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Size a study by terms, those of the last sizing to begin with."""
    study = led_study(request, pk)
    last = study.sizings.first()
    form = TermsForm(request.POST or None, flow.complete(last.terms) if last else None)
    if form.is_bound and form.is_valid():
        try:
            flow.make(study, form.terms(), by=request.person, note=form.cleaned_data["note"])
        except Problem as problem:
            form.add_error(None, in_words(problem))
        else:
            messages.success(request, _("Counted by formula."))
            return redirect("sizings", pk)
    back = reverse("sizings", args=[pk])
    return draw(
        request, form, title=_("How many people"), back=back, crumbs=_crumbs(study, back),
        lead=_("Every figure is an assumption until you change it; the former answers stay."),
        button=_("Count"),
    )  # fmt: skip


def _crumbs(study: Study, back: str) -> list[tuple[str, Any]]:
    return [(reverse("studies"), _("Diagnostics")), (back, study.name)]


@signed_in
@require_POST
def live(request: HttpRequest, pk: int) -> HttpResponse:
    """Have it simulated in the background."""
    one = _sizing(request, pk, lead=True)
    return _did(request, one, "", lambda: flow.begin(one, by=request.person))


@signed_in
@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop the simulation with the best so far."""
    one = _sizing(request, pk, lead=True)
    said = _("It stops in a moment, with the best so far.")
    return _did(request, one, said, lambda: one.stop(by=request.person))


def _did(request: HttpRequest, one: Sizing, said: str, do: Any) -> HttpResponse:
    try:
        do()
    except Problem as problem:
        messages.error(request, in_words(problem))
    else:
        if said:
            messages.success(request, said)
    return redirect(_address(one))


def _address(one: Sizing) -> str:
    return f"{reverse('sizings', args=[one.study_id])}?number={one.number}"


@signed_in
@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Serve how far the worker is; once it is done, lead to the page."""
    one = _sizing(request, pk)
    if one.state != Sizing.State.RUNNING:
        done = HttpResponse(status=200)
        done["HX-Redirect"] = _address(one)
        return done
    context = {"sizing": one, "ways": words.ways(one.formula, one.lived)}
    context["silent"] = flow.is_silent(one)
    return framed(request, one.study, "sizings", "study/_sizing_progress.html", context)


@signed_in
@require_safe
def chart(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Serve one of its drawings, in the reader's language."""
    drawing = _sizing(request, pk).charts.get(name, {}).get((get_language() or "fr")[:2])
    if not drawing:
        raise Http404
    return HttpResponse(drawing, content_type="image/svg+xml")

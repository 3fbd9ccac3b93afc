"""The choice of models: offers, weights, cells, derogations, traces. Pilot and sponsor."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from relais.desk.views.dispatch_rules import kept
from relais.desk.views.files import in_words
from relais.engine.choice import Criterion, Model
from relais.engine.choice_words import phrase
from relais.lib.problem import Problem
from relais.offer.models import Service
from relais.planning.views.handovers import typed_text
from relais.study import choosing, choosing_rules, choosing_words
from relais.study.choosing_forms import (
    CorrectionForm,
    DerogationForm,
    ModelOfferForm,
    WeightsForm,
)
from relais.study.models import (
    ChoiceWeights,
    Correction,
    Derogation,
    ModelChoice,
    ModelOffer,
    Study,
)

from .frame import framed

MOST_TRACES = 50
CHOICE_PAGES = (
    "choice", "choice_cell", "choice_offer", "choice_weights", "derogations", "choice_traces",
    "choice_trace",
)  # fmt: skip


def study_of(request: HttpRequest, pk: int, lead: bool = False) -> Study:
    """Return the study; "not found" for who neither leads it (nor, without `lead`, sponsors it)."""
    rows = request.access.see(Study).select_related("company", "pilot", "sponsor")
    study: Study = get_object_or_404(rows, pk=pk)
    person = request.person
    if study.may_lead(person) or (not lead and choosing_rules.may_sign(study, person)):
        return study
    raise Http404


def page(
    request: HttpRequest, study: Study, name: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Return a page of a study, with what all of them show."""
    leads = study.may_lead(request.person)
    tab = "choice" if name in CHOICE_PAGES else "study_service" if leads else "waves"
    return framed(request, study, tab, f"study/{name}.html", context, status)


@login_required
@require_safe
def models(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the last choice by site and family, what it was made from, and what blocks."""
    study = study_of(request, pk)
    trace, ground = choosing.last(study), choosing.ground(study)
    found = choosing.judged(trace) if trace else []
    asked = request.GET.get("all", "")
    context = {
        "trace": trace,
        "stale": trace is not None and trace.inputs_digest != ground.digest,
        "changes": choosing.changes(_before(request, trace), trace) if trace else [],
        "ready": ground.cells and ground.case.offers,
        "cells": len(ground.cells),
        "offers": request.access.see(ModelOffer).filter(study=study, withdrawn_at=None),
        "weights": _weighed(choosing.values_of(ground.weights)),
        "weights_version": ground.weights,
        "table": _table(found),
        "families": _families(found),
        "mix": choosing.mix_of(found),
        "blocked": [one for one in found if one.chosen is None],
        "fragile": sum(1 for one in found if not one.choice.robust),
        "asked": asked,
        "models": [(model.value, choosing.model_name(model)) for model in Model],
        "losers": choosing.losers(found, Model(asked)) if asked in set(Model) else None,
        "awaiting": request.access.see(Derogation).filter(study=study, state="asked").count(),
    }  # fmt: skip
    return page(request, study, "choice", context)


def _before(request: HttpRequest, trace: ModelChoice | None) -> ModelChoice | None:
    if trace is None or trace.number == 1:
        return None
    rows = request.access.see(ModelChoice)
    return rows.filter(study=trace.study_id, number=trace.number - 1).first()


def _weighed(values: dict[str, float]) -> list[tuple[str, float]]:
    whole = sum(values.values()) or 1.0
    return [
        (phrase(each.value, choosing.language()), values[each.value] / whole) for each in Criterion
    ]


def _families(found: list[choosing.Judged]) -> list[tuple[str, str]]:
    there = {one.family for one in found}
    return [(code, str(label)) for code, label in Service.Family.choices if code in there]


def _table(found: list[choosing.Judged]) -> list[tuple[str, list[choosing.Judged | None]]]:
    """Return a row a site: its cells in the order of the families, None where there is no work."""
    known = {(one.choice.cluster.site, one.family): one for one in found}
    families = [code for code, _label in _families(found)]
    sites = list(dict.fromkeys(one.choice.cluster.site for one in found))
    return [(site, [known.get((site, family)) for family in families]) for site in sites]


@login_required
@require_POST
def compute(request: HttpRequest, pk: int) -> HttpResponse:
    """Compute the choice from what stands now, and keep its trace."""
    study = study_of(request, pk, lead=True)
    try:
        made = choosing.choose(study, by=request.person)
        messages.success(request, _("Computed: trace %(number)s.") % {"number": made.number})
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("choice", pk)


# One cell -----------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def cell(request: HttpRequest, pk: int, site: int, family: str) -> HttpResponse:
    """Show why this model suits this family here; the pilot corrects a figure, and says why."""
    study = study_of(request, pk, lead=request.method == "POST")
    found = next(
        (c for c in choosing.cells(study) if (c.site.pk, c.family) == (site, family)), None
    )
    if found is None:
        raise Http404
    form = CorrectionForm(request.POST if request.method == "POST" else None)
    here = found

    def keep(sent: dict[str, Any]) -> object:
        figure = here.figures[sent["field"]]
        return Correction.correct(
            study, here.site, family, sent["field"], sent["value"], sent["why"],
            by=request.person, computed=figure.computed,
        )  # fmt: skip

    if (status := kept(form, keep)) == 302:
        messages.success(request, _("Corrected. Compute the choice again to see what it changes."))
        return redirect("choice_cell", pk, site, family)
    trace = choosing.last(study)
    told = next(
        (
            j
            for j in (choosing.judged(trace) if trace else [])
            if (j.site, j.family) == (site, family)
        ),
        None,
    )
    context = {
        "cell": found,
        "form": form,
        "judged": told,
        "trace": trace,
        "lines": _lines(told) if told else [],
        "history": request.access.see(Correction)
        .filter(study=study, site=found.site, family=family)
        .select_related("by")
        .order_by("-id"),
    }
    return page(request, study, "choice_cell", context, status)


def _lines(told: choosing.Judged) -> list[dict[str, Any]]:
    """Return the offers as judged: score, terms with their names, what excludes and its mend."""
    language = choosing.language()
    return [
        {
            "line": line,
            "model": choosing.model_name(line.offer.model),
            "chosen": told.chosen is not None and told.chosen.offer.name == line.offer.name,
            "terms": [
                (phrase(term.code, language), term, max(term.points, 0.0)) for term in line.terms
            ],
            "breaches": [
                (
                    breach,
                    phrase(breach.code, language),
                    [
                        (choosing_words.missing_text(name, language), choosing_words.mend(name))
                        for name in breach.missing
                    ],
                )
                for breach in line.breaches
            ],
        }
        for line in told.choice.lines
    ]


# Offers on the table ------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def offer_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Put an offer on the table."""
    study = study_of(request, pk, lead=True)
    form = ModelOfferForm(request.POST if request.method == "POST" else None)

    def keep(sent: dict[str, Any]) -> object:
        sent.pop("seen")
        return ModelOffer.put(study, by=request.person, **sent)

    if (status := kept(form, keep)) == 302:
        messages.success(request, _("It is on the table."))
        return redirect("choice", pk)
    return page(request, study, "choice_offer", {"form": form}, status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def offer_edit(request: HttpRequest, pk: int, key: int) -> HttpResponse:
    """Show what is known of an offer, and change it."""
    study = study_of(request, pk, lead=True)
    rows = request.access.see(ModelOffer).filter(study=study, withdrawn_at=None)
    offer = get_object_or_404(rows.select_related("study"), pk=key)
    form = ModelOfferForm(request.POST if request.method == "POST" else None, offer)

    def keep(sent: dict[str, Any]) -> object:
        seen = sent.pop("seen")
        return offer.edit(by=request.person, seen=seen, **sent)

    if (status := kept(form, keep)) == 302:
        messages.success(request, _("Saved."))
        return redirect("choice", pk)
    return page(request, study, "choice_offer", {"form": form, "offer": offer}, status)


@login_required
@require_POST
def offer_withdraw(request: HttpRequest, pk: int, key: int) -> HttpResponse:
    """Take an offer off the table."""
    study = study_of(request, pk, lead=True)
    rows = request.access.see(ModelOffer).filter(study=study).select_related("study")
    offer = get_object_or_404(rows, pk=key)
    try:
        offer.withdraw(by=request.person)
        messages.success(request, _("It is off the table; traces that named it keep it."))
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("choice", pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def weights(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how much each criterion decides about, its versions, and set a new one."""
    study = study_of(request, pk, lead=request.method == "POST")
    rows = list(request.access.see(ChoiceWeights).filter(study=study).select_related("by")[:20])
    newest = rows[0] if rows else None
    number = newest.number if newest else 0
    form = WeightsForm(
        request.POST if request.method == "POST" else None, choosing.values_of(newest), number
    )

    def keep(sent: dict[str, Any]) -> object:
        seen, why = sent.pop("seen"), sent.pop("why")
        return ChoiceWeights.set(study, sent, why, by=request.person, seen=seen)

    if (status := kept(form, keep)) == 302:
        messages.success(request, _("Saved. Compute the choice again to see what it changes."))
        return redirect("choice", pk)
    context = {"form": form, "rows": rows}
    return page(request, study, "choice_weights", context, status)


# Derogations --------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def derogations(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the derogations; the pilot asks for one, the sponsor answers."""
    study = study_of(request, pk, lead=request.method == "POST")
    first = {name: request.GET.get(name, "")[:20] for name in ("guardrail", "site", "family")}
    form = DerogationForm(request.POST if request.method == "POST" else None, study, first)

    def keep(sent: dict[str, Any]) -> object:
        code, reason = sent.pop("guardrail"), sent.pop("reason")
        return Derogation.ask(study, code, reason, by=request.person, **sent)

    if (status := kept(form, keep)) == 302:
        messages.success(request, _("Asked: the sponsor answers."))
        return redirect("derogations", pk)
    rows = request.access.see(Derogation).filter(study=study)
    context = {
        "form": form,
        "rows": [
            (row, phrase(row.guardrail, choosing.language()))
            for row in rows.select_related("site", "offer", "asked_by", "answered_by")[:200]
        ],
        "signs": choosing_rules.may_sign(study, request.person),
    }
    return page(request, study, "derogations", context, status)


def _answered(request: HttpRequest, pk: int, key: int, verb: str) -> HttpResponse:
    study = study_of(request, pk)
    if not choosing_rules.may_sign(study, request.person):
        raise Http404
    rows = request.access.see(Derogation).filter(study=study)
    row = get_object_or_404(rows.select_related("study", "site", "offer"), pk=key)
    word = typed_text(request, "word")
    try:
        if verb == "sign":
            row.sign(by=request.person, word=word)
        else:
            getattr(row, verb)(word, by=request.person)
        messages.success(request, _("Noted. Compute the choice again to see what it changes."))
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("derogations", pk)


@login_required
@require_POST
def derogation_sign(request: HttpRequest, pk: int, key: int) -> HttpResponse:
    """Lift the guardrail, as the sponsor."""
    return _answered(request, pk, key, "sign")


@login_required
@require_POST
def derogation_refuse(request: HttpRequest, pk: int, key: int) -> HttpResponse:
    """Refuse it with a reason, as the sponsor."""
    return _answered(request, pk, key, "refuse")


@login_required
@require_POST
def derogation_revoke(request: HttpRequest, pk: int, key: int) -> HttpResponse:
    """Take the signature back with a reason, as the sponsor."""
    return _answered(request, pk, key, "revoke")


# Traces -------------------------------------------------------------------------------------------


@login_required
@require_safe
def traces(request: HttpRequest, pk: int) -> HttpResponse:
    """Show every computation kept."""
    study = study_of(request, pk)
    rows = request.access.see(ModelChoice).filter(study=study).select_related("by", "weights")
    rows = rows.defer("inputs", "result", "places")
    return page(request, study, "choice_traces", {"rows": rows[:MOST_TRACES]})


@login_required
@require_safe
def trace(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Show one computation as it was, and whether it comes to the same when computed again."""
    study = study_of(request, pk)
    rows = request.access.see(ModelChoice).filter(study=study).select_related("by", "weights")
    row = get_object_or_404(rows, number=number)
    context = {
        "row": row,
        "same": row.same_again() if "again" in request.GET else None,
        "judged": choosing.judged(row),
        "offers": row.inputs["offers"],
        "weights": _weighed(row.inputs["weights"]),
        "lifted": row.inputs["derogations"],
    }
    return page(request, study, "choice_trace", context)

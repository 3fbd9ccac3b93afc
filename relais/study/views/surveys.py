"""The two questionnaires and the change plan."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from relais.people.views.doors import signed_in
from relais.study import change_plan, surveys
from relais.study.models import ChangeAction, MaturityAnswer, Participant
from relais.study.models.brake import QUESTIONS, Brake
from relais.study.workshop_forms import ActionForm, BrakesForm, MaturityForm, sites_of

from .frame import framed, led_study
from .irritants import irritant_of
from .workshop import changeable, done, read


@signed_in
@require_safe
def brakes(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the heat map of brakes by site, never who answered what."""
    study = read(request, pk)
    rows = surveys.heat(study)
    leads = study.may_lead(request.person)
    people = request.access.see(Participant).filter(study=study) if leads else []
    context = {
        "brakes": Brake.choices,
        "questions": [(Brake(key).label, text) for key, text in QUESTIONS.items()],
        "rows": [(row, surveys.heat_text(row)) for row in rows],
        "people": people.select_related("person", "site") if leads else [],
    }  # fmt: skip
    return framed(request, study, "brakes", "study/brakes.html", context)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def brakes_by_phone(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down what a manager answers by telephone; what is kept is not shown again."""
    who = participant(request, pk)
    sites = sites_of(request.access, who.study) if who.site_id is None else None
    typed = request.POST if request.method == "POST" else None
    form = BrakesForm(typed, sites)
    changeable(request, who.study)
    if typed is not None and form.is_valid():
        site = who.site or form.cleaned_data["site"]
        surveys.keep_brakes(who, form.levels, site=site, by=request.person)
        messages.success(request, _("The answers are kept."))
        return redirect("brakes", who.study_id)
    context = {"who": who, "form": form}
    status = 200 if typed is None else 422
    return framed(request, who.study, "brakes", "study/brakes_by_phone.html", context, status)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def maturity(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far the tools have come; take the answers of a site or of the company."""
    study = read(request, pk)
    form, status = None, 200
    if changeable(request, study):
        typed = request.POST if request.method == "POST" else None
        form = MaturityForm(typed, request.access, study, initial=_known(request, pk))
        if typed is not None:
            if form.is_valid():
                MaturityAnswer.keep(
                    study, form.cleaned_data["site"], form.levels,
                    note=form.cleaned_data["note"], by=request.person,
                )  # fmt: skip
                messages.success(request, _("The answers are kept."))
                return redirect("maturity", pk)
            status = 422
    rows = surveys.maturity_of(request.access, study).values()
    context = {
        "form": form,
        "rows": [
            (row, surveys.means_for_choice(row.score), surveys.weakest(row)) for row in rows
        ],
    }  # fmt: skip
    return framed(request, study, "maturity", "study/maturity.html", context, status)


def _known(request: HttpRequest, pk: int) -> dict[str, object] | None:
    """Return the answers that stand of the place asked for, to be gone through again."""
    key = request.GET.get("again", "")
    if not key.isdecimal() or len(key) > 18:
        return None
    row = request.access.see(MaturityAnswer).filter(study=pk, pk=int(key)).first()
    return {**row.levels, "site": row.site_id, "note": row.note} if row else None


# The change plan ----------------------------------------------------------------------------------


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def change_actions(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is to be done so that people come along; take one action more."""
    study = read(request, pk)
    leads = study.may_lead(request.person)
    form, status = None, 200
    if leads:
        typed = request.POST if request.method == "POST" else None
        form = ActionForm(typed, request.access, study)
        if typed is not None:
            if form.is_valid():
                change_plan.plan(study, form.cleaned_data, by=request.person)
                messages.success(request, _("The action is planned."))
                return redirect("change_actions", pk)
            status = 422
    elif request.method == "POST":
        raise Http404
    context = {
        "form": form,
        "rows": change_plan.actions(request.access, study),
        "tally": change_plan.tally(request.access, study),
    }  # fmt: skip
    return framed(request, study, "change_actions", "study/change_actions.html", context, status)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def change_action(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what an action is, whose and by when."""
    row = _action(request, pk)
    if not row.study.may_lead(request.person):
        raise Http404
    typed = request.POST if request.method == "POST" else None
    form = ActionForm(typed, request.access, row.study, row)
    if typed is not None and form.is_valid():
        fields = form.cleaned_data
        if done(request, lambda: row.edit(fields, by=request.person), _("Kept.")):
            return redirect("change_actions", row.study_id)
    context = {"row": row, "form": form}
    status = 200 if typed is None else 422
    return framed(request, row.study, "change_actions", "study/change_action.html", context, status)


@signed_in
@require_POST
def change_action_done(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that an action is done."""
    row = _action(request, pk)
    done(request, lambda: row.done(by=request.person), _("Done."))
    return redirect("change_actions", row.study_id)


@signed_in
@require_POST
def change_action_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Let an action go, with the reason."""
    row, why = _action(request, pk), request.POST.get("why", "").replace("\x00", "")
    led_study(request, row.study_id)
    done(request, lambda: row.drop(why, by=request.person), _("The action is dropped."))
    return redirect("change_actions", row.study_id)


@signed_in
@require_POST
def change_action_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an action up again."""
    row = _action(request, pk)
    led_study(request, row.study_id)
    done(request, lambda: row.reopen(by=request.person), _("The action is to be done again."))
    return redirect("change_actions", row.study_id)


@signed_in
@require_POST
def irritant_action(request: HttpRequest, pk: int) -> HttpResponse:
    """Plan an action against a pain point."""
    row = irritant_of(request, pk)
    form = ActionForm(request.POST, request.access, row.study)
    if form.is_valid():
        change_plan.plan(row.study, form.cleaned_data, by=request.person, irritant=row)
        messages.success(request, _("The action is planned."))
    else:
        messages.error(request, _("Say what is to be done."))
    return redirect("irritant", pk)


def _action(request: HttpRequest, pk: int) -> ChangeAction:
    rows = request.access.see(ChangeAction).select_related(
        "study__company", "study__pilot", "study__sponsor", "site", "owner"
    )
    found: ChangeAction = get_object_or_404(rows, pk=pk)
    return found


def participant(request: HttpRequest, pk: int) -> Participant:
    """Return a participant of a study that this person leads, else "not found"."""
    rows = request.access.see(Participant).select_related(
        "study__company", "study__pilot", "study__sponsor", "person", "site"
    )
    found: Participant = get_object_or_404(rows, pk=pk)
    if not found.study.may_lead(request.person):
        raise Http404
    return found

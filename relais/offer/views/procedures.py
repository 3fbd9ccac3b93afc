"""The pages of procedures: read, written, compared, published, acknowledged, tried."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from relais.engine.procedure import Content
from relais.offer import procedures as flow
from relais.offer.errors import ProcedureDraftStands, Refused
from relais.offer.models import (
    Acknowledgement,
    OfferEvent,
    Practice,
    Procedure,
    ProcedureVersion,
)
from relais.offer.procedure_forms import DAY, DraftForm, NewProcedureForm, OwnForm
from relais.people.models import Person
from relais.people.organisation import said

from .catalogue import refuse

MOST_EVENTS = 200


def _seen(request: HttpRequest, pk: int) -> Procedure:
    rows = request.access.see(Procedure).select_related("owner")
    return get_object_or_404(rows, pk=pk)


def _version(request: HttpRequest, pk: int, number: int) -> ProcedureVersion:
    if not 0 < number < 2**31:
        raise Http404
    rows = request.access.see(ProcedureVersion).select_related(
        "procedure__owner", "author", "approver"
    )
    if not request.access.runs_pool:
        rows = rows.filter(state=ProcedureVersion.State.PUBLISHED)
    return get_object_or_404(rows, procedure=pk, number=number)


def _kept(request: HttpRequest, pk: int, number: int) -> ProcedureVersion:
    if not request.access.runs_pool:
        raise Http404
    return _version(request, pk, number)


def _staff(request: HttpRequest) -> Any:
    return request.access.see(Person).filter(company=None, archived_at=None)


@login_required
@require_safe
def procedures(request: HttpRequest) -> HttpResponse:
    """List the procedures with how they stand; scores for whoever keeps them."""
    access = request.access
    if not access.is_staff:
        raise Http404
    today = timezone.localdate()
    rows = []
    for one in flow.seen_procedures(access):
        known = sorted(one.versions.all(), key=lambda v: v.number, reverse=True)
        current = next(
            (v for v in known if v.state == "published" and v.effective_from <= today), None
        )
        draft = next((v for v in known if v.state == "draft"), None)
        if current is None and not access.runs_pool:
            continue
        rows.append((one, current, draft if access.runs_pool else None))
    health = flow.health_of([v for _p, v, _d in rows if v], today) if access.runs_pool else {}
    shown = [(one, v, d, health.get(v.pk) if v else None) for one, v, d in rows]
    read = set(
        access.see(Acknowledgement)
        .filter(person=request.person)
        .values_list("version_id", flat=True)
    )
    context = {"rows": shown, "kept": access.runs_pool, "today": today, "read": read}
    return render(request, "offer/procedures.html", context)


@login_required
@require_safe
def procedure(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the version in force, else the newest that this person may read."""
    found = _seen(request, pk)
    version = found.in_force()
    if version is None:
        rows = request.access.see(ProcedureVersion).filter(procedure=found)
        if not request.access.runs_pool:
            rows = rows.filter(state=ProcedureVersion.State.PUBLISHED)
        version = rows.order_by("-number").first()
    if version is None:
        raise Http404
    return redirect("procedure_version", pk, version.number)


@login_required
@require_safe
def version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Show what one version says, what is to be mended and how well it could be passed on."""
    found, access = _version(request, pk, number), request.access
    today = timezone.localdate()
    every = access.see(ProcedureVersion).filter(procedure=pk)
    versions = every if access.runs_pool else every.filter(state="published")
    known = access.see(Acknowledgement).filter(version=found).select_related("person")
    in_force = found.procedure.in_force()
    context: dict[str, Any] = {
        "procedure": found.procedure,
        "version": found,
        "text": _in_language(found.content),
        "labels": flow.labels_of_texts(),
        "kept": access.runs_pool,
        "versions": versions.order_by("-number"),
        "in_force": in_force,
        "services": found.procedure.services.all(),
        "read_by_me": known.filter(person=request.person).first(),
        "draft": found.procedure.draft if access.runs_pool else None,
    }
    if access.runs_pool:
        practised = access.see(Practice).filter(version__procedure=pk).select_related("person")
        context |= {
            "health": flow.health(found, today),
            "known": known,
            "practised": practised.order_by("-at")[:10],
            "people": _staff(request),
        }
    return render(request, "offer/procedure.html", context)


def _in_language(content: dict[str, Any]) -> dict[str, Any]:
    """Return a text in the reader's language: names without their language."""
    from relais.offer.models.service import in_language

    def said_of(row: dict[str, Any]) -> dict[str, Any]:
        names = {name[:-3] for name in row if name.endswith(("_fr", "_en"))}
        told = {n: in_language(row.get(f"{n}_fr", ""), row.get(f"{n}_en", "")) for n in names}
        return {**row, **told}

    shown = said_of(content)
    for name in ("steps", "rescues"):
        shown[name] = [said_of(row) for row in content.get(name, [])]
    return shown


# Writing ------------------------------------------------------------------------------------------


@login_required
def procedure_new(request: HttpRequest) -> HttpResponse:
    """Begin a procedure."""
    if not request.access.runs_pool:
        raise Http404
    form = NewProcedureForm(request.POST or None, _staff(request))
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            made = Procedure.open(
                code=form.code,
                title_fr=told["title_fr"],
                title_en=told["title_en"],
                owner=told["owner"],
                by=request.person,
            )
        except Refused as refusal:
            refuse(form, refusal)
        else:
            return redirect("procedure_edit", made.procedure_id, made.number)
    return _page(request, form, _("New procedure"), None, _("Begin the draft"))


def _page(
    request: HttpRequest,
    form: forms.Form,
    title: str,
    found: ProcedureVersion | None,
    button: str,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    context = {"form": form, "title": title, "version": found, "button": button, **(more or {})}
    status = 422 if form.is_bound else 200
    return render(request, "offer/procedure_form.html", context, status=status)


@login_required
def edit(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Write a draft."""
    found = _kept(request, pk, number)
    if found.state != "draft":
        messages.error(request, _("A version that is no draft does not change: begin a new one."))
        return redirect("procedure_version", pk, number)
    data = request.POST if request.method == "POST" else None
    form = DraftForm(found, data)
    if data is not None and form.is_valid():
        told = form.texts.cleaned_data
        try:
            found.expect(told["seen"])
            found.edit(
                by=request.person,
                content=form.content(),
                note=told["note"],
                review_by=told["review_by"],
                major=told["major"],
            )
        except Refused as refusal:
            refuse(form.texts, refusal)
        else:
            messages.success(request, _("The draft is kept."))
            return redirect("procedure_version", pk, number)
    status = 422 if data is not None else 200
    context = {"form": form, "version": found, "procedure": found.procedure}
    return render(request, "offer/procedure_edit.html", context, status=status)


@login_required
@require_POST
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a new version; a second click finds the first's draft."""
    found = _seen(request, pk)
    if not request.access.runs_pool:
        raise Http404
    try:
        made = ProcedureVersion.draft_from(found, by=request.person)
    except ProcedureDraftStands as refusal:
        messages.info(request, said(refusal))
        made = found.draft
    return redirect("procedure_edit", pk, made.number)


@login_required
def own(request: HttpRequest, pk: int) -> HttpResponse:
    """Give it another owner."""
    found = _seen(request, pk)
    if not request.access.runs_pool:
        raise Http404
    form = OwnForm(request.POST or None, _staff(request), found.owner)
    if request.method == "POST" and form.is_valid():
        found.own(form.cleaned_data["owner"], by=request.person)
        return redirect("procedure", pk)
    return _page(request, form, _("Owner"), found.versions.first(), _("Save"))


@login_required
@require_safe
def compare(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Show what changes from the published version before to this one."""
    found = _version(request, pk, number)
    rows = request.access.see(ProcedureVersion).filter(
        procedure=pk, state="published", number__lt=number
    )
    before = rows.order_by("-number").first()
    lines = flow.compare(before.told if before else Content(), found.told)
    context = {"version": found, "before": before, "lines": lines, "procedure": found.procedure}
    return render(request, "offer/procedure_compare.html", context)


@login_required
@require_safe
def history(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell who did what with a procedure."""
    found = _seen(request, pk)
    if not request.access.runs_pool:
        raise Http404
    rows = request.access.see(OfferEvent).filter(procedure=found).select_related("by")
    events = rows.order_by("-pk")[:MOST_EVENTS]
    return render(request, "offer/procedure_history.html", {"procedure": found, "events": events})


# Verbs of a version -------------------------------------------------------------------------------


class PublishForm(forms.Form):
    """From when it holds."""

    effective_from = forms.DateField(
        label=gettext_lazy("In force from"), widget=DAY, initial=timezone.localdate
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)


@login_required
def publish(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Put a draft in force; what the lint calls an error is mended first."""
    found = _kept(request, pk, number)
    form = PublishForm(request.POST or None, initial={"seen": found.revision})
    if request.method == "POST" and form.is_valid():
        try:
            found.expect(form.cleaned_data["seen"])
            found.publish(
                by=request.person, effective_from=_near(form.cleaned_data["effective_from"])
            )
        except Refused as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("Published: whoever it concerns reads it again."))
            return redirect("procedure_version", pk, number)
    more = {"errors": flow.errors_of(found, timezone.localdate())}
    return _page(request, form, _("Publish"), found, _("Approve and publish"), more)


def _near(day: date) -> date:
    return min(max(day, date(2000, 1, 1)), date(2100, 1, 1))


class ReasonForm(forms.Form):
    """Why a draft is dropped."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500)


@login_required
def withdraw(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Drop a draft."""
    found = _kept(request, pk, number)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            found.withdraw(form.cleaned_data["reason"], by=request.person)
        except Refused as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("The draft is withdrawn."))
            return redirect("procedures")
    return _page(request, form, _("Withdraw the draft"), found, _("Withdraw the draft"))


class ReviewForm(forms.Form):
    """When it is looked at again."""

    review_by = forms.DateField(label=gettext_lazy("Next review"), widget=DAY)


@login_required
def review(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """State that the text still holds."""
    found = _kept(request, pk, number)
    next_on = flow.a_year_after(timezone.localdate())
    form = ReviewForm(request.POST or None, initial={"review_by": next_on})
    if request.method == "POST" and form.is_valid():
        try:
            found.review(_near(form.cleaned_data["review_by"]), by=request.person)
        except Refused as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("Reviewed: it holds until the next review."))
            return redirect("procedure_version", pk, number)
    return _page(request, form, _("Review"), found, _("It still holds"))


@login_required
@require_POST
def acknowledge(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """State that one has read and understood it."""
    found = _version(request, pk, number)
    try:
        found.acknowledge(by=request.person)
        messages.success(request, _("Noted: read and understood."))
    except Refused as refusal:
        messages.error(request, said(refusal))
    return redirect("procedure_version", pk, number)


class DrillForm(forms.Form):
    """Who tried it, and how it went."""

    person = forms.ModelChoiceField(None, label=gettext_lazy("Who tried it?"))
    success = forms.BooleanField(label=gettext_lazy("It went well"), required=False)
    note = forms.CharField(
        label=gettext_lazy("What was found"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data: Any, people: Any) -> None:
        super().__init__(data)
        self.fields["person"].queryset = people


@login_required
def drill(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Write down a drill."""
    found = _kept(request, pk, number)
    form = DrillForm(request.POST or None, _staff(request))
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            found.drill(
                told["person"], by=request.person, success=told["success"], note=told["note"]
            )
        except Refused as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("The drill is kept."))
            return redirect("procedure_version", pk, number)
    return _page(request, form, _("Drill"), found, _("Keep the drill"))

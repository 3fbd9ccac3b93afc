"""Studies: the list, a new one, its overview, its scope, its people, its phases."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from relais.desk.views.files import in_words
from relais.engine import inventory
from relais.lib.listing import Choice, Column, Empty, Listing, answer
from relais.lib.problem import Problem
from relais.people import organisation
from relais.people.access import Access
from relais.people.views.doors import signed_in
from relais.people.views.form_page import form_page
from relais.study import counting, interviews, scoping
from relais.study.models import InventoryLine, Participant, Study, StudySite
from relais.study.study_forms import ParticipantForm, ScopeForm, StudyForm, default_told
from relais.study.tabs import reads

from .frame import framed, led_study, study_of

MOST_OF_MINE = 60


def studies_listing(access: Access) -> Listing:
    """Return the list of studies as this person reads it."""
    return Listing(
        name="studies",
        title=gettext_lazy("Diagnostics"),
        columns=(
            Column(
                "name", gettext_lazy("Diagnostic"), lambda s: s.name, "name",
                url=lambda s: reverse("study", args=[s.pk]),
            ),
            Column("company", gettext_lazy("Company"), lambda s: s.company.name,
                   "company__name_key"),
            Column("phase", gettext_lazy("Phase"), lambda s: s.get_phase_display(),
                   tone=lambda s: "neutral" if s.phase == "closed" else "good"),
            Column("starts", gettext_lazy("From"), lambda s: s.starts_on, "starts_on"),
            Column("ends", gettext_lazy("Until"), lambda s: s.ends_on, "ends_on"),
            Column("pilot", gettext_lazy("Pilot"), lambda s: s.pilot.name, "pilot__name_key"),
            Column("sites", gettext_lazy("Sites"), lambda s: s.site_count, number=True),
        ),
        search=("company__name_key",),
        search_label=gettext_lazy("Company"),
        filters=(
            Choice(
                "phase",
                gettext_lazy("Phase"),
                lambda: [("", _("All")), *Study.Phase.choices],
                lambda rows, value: rows.filter(phase=value) if value else rows,
            ),
        ),
        order="-starts",
        prepare=lambda rows: rows.select_related("company", "pilot").annotate(
            site_count=Count("scopes", distinct=True)
        ),
        empty=_empty(access),
    )  # fmt: skip


def _empty(access: Access) -> Empty:
    if not access.runs_pool:
        return Empty(_("No diagnostic yet."))
    return Empty(
        _("No diagnostic yet."),
        _("It says what work there is and what hurts, and ends in an offer that runs."),
        reverse("study_new"),
        _("New diagnostic"),
    )


@signed_in
@require_safe
def studies(request: HttpRequest) -> HttpResponse:
    """List the studies that this person sees."""
    listing = studies_listing(request.access)
    return answer(request, listing, request.access.see(Study), "study/studies.html")


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def study_new(request: HttpRequest) -> HttpResponse:
    """Begin a study of a client company, with all its sites."""
    if not request.access.runs_pool:
        raise Http404
    made = Study(made_by=request.person, told=default_told(), provider=request.person.provider)
    initial = {"pilot": request.person.pk, "name": _("Diagnostic")}
    form = StudyForm(request.POST or None, instance=made, access=request.access, initial=initial)
    return form_page(
        request,
        form,
        title=_("New diagnostic"),
        back=reverse("studies"),
        crumbs=[(reverse("studies"), _("Diagnostics"))],
        after=scoping.first_scope,
        done=lambda study: reverse("study", args=[study.pk]),
        lead=_("All sites of the company are looked at until you take some out."),
    )


@signed_in
@require_safe
def study(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a study is, what is missing, who is told what, and its hours by site."""
    one = study_of(request, pk)
    leads = one.may_lead(request.person)
    context: dict[str, Any] = _mine(request, one)
    if leads:
        context |= {
            "missing": one.missing(),
            "people": request.access.see(Participant)
            .filter(study=one)
            .select_related("person", "site"),
        }
    if reads(request.access, one):
        rows = counting.count_study(one)
        seen = set(request.access.see(StudySite).filter(study=one).values_list("site", flat=True))
        sites = [each for each in counting.by_site(one, rows) if each.scope.site_id in seen]
        context |= {"sites": sites, "total": inventory.total(rows) if leads else None}
    return framed(request, one, "study", "study/study.html", context)


def _mine(request: HttpRequest, one: Study) -> dict[str, Any]:
    """Return what is asked of this person in the study and what she gave, empty for others."""
    taking_part = request.access.see(Participant).filter(study=one, person=request.person)
    me = taking_part.select_related("study").first()
    if me is None:
        return {"takes_part": False}
    lines = request.access.see(InventoryLine).filter(author=me).select_related("site")
    return {
        "takes_part": True,
        "mine": interviews.hers(me),
        "asks": interviews.asked_of(me),
        "my_lines": lines.order_by("pk")[:MOST_OF_MINE],
    }


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def study_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what a study says of itself: purpose, days, people, who is told what."""
    one = led_study(request, pk)
    form = StudyForm(request.POST or None, instance=one, access=request.access)
    back = reverse("study", args=[pk])
    return form_page(
        request, form, title=_("Frame of the diagnostic"), back=back, crumbs=[(back, one.name)]
    )


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def study_sites(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the sites of a study, and say what is paid at each."""
    one = led_study(request, pk)
    form = ScopeForm(request.POST or None, study=one, access=request.access)
    if form.is_bound and form.is_valid():
        try:
            scoping.set_scope(one, form.wanted(), by=request.person)
        except Problem as problem:
            form.add_error(None, in_words(problem))
        else:
            messages.success(request, _("Saved."))
            return redirect("study", pk)
    status = 422 if form.errors else 200
    return framed(request, one, "study", "study/sites.html", {"form": form}, status)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def participant_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Add somebody who is asked."""
    one = led_study(request, pk)
    form = ParticipantForm(
        request.POST or None, instance=Participant(study=one), access=request.access
    )
    back = reverse("study", args=[pk])
    return form_page(
        request, form, title=_("New participant"), back=back, crumbs=[(back, one.name)]
    )


@signed_in
@require_POST
def participant_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take somebody off the study; what she said stays, without her."""
    row = get_object_or_404(request.access.see(Participant).select_related("study"), pk=pk)
    if not row.study.may_lead(request.person):
        raise Http404
    organisation.record(row.study, "participant_removed", request.person, role=row.role)
    row.delete()
    messages.success(request, _("Removed."))
    return redirect("study", row.study_id)


VERBS = ("begin", "tell", "decide", "close")


@signed_in
@require_POST
def study_verb(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Take the study to its next phase, or say what is missing."""
    one = led_study(request, pk)
    if verb not in VERBS:
        raise Http404
    try:
        getattr(one, verb)(by=request.person)
    except Problem as problem:
        messages.error(request, in_words(problem))
    else:
        messages.success(request, _("The diagnostic is now: %(phase)s.")
                         % {"phase": one.get_phase_display()})  # fmt: skip
    return redirect("study", pk)


@signed_in
@require_POST
def study_go_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Return a study to its former phase, with the reason."""
    one = led_study(request, pk)
    try:
        one.go_back(request.POST.get("why", "").replace("\x00", ""), by=request.person)
    except Problem as problem:
        messages.error(request, in_words(problem))
    else:
        messages.success(request, _("The diagnostic is now: %(phase)s.")
                         % {"phase": one.get_phase_display()})  # fmt: skip
    return redirect("study", pk)

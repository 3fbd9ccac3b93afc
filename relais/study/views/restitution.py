"""The restitution: its documents, what they show, and what each site says of its own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from relais.desk.views.files import in_words
from relais.lib.problem import Problem
from relais.people.views.doors import signed_in
from relais.study import restitution as flow
from relais.study import restitution_words as words
from relais.study.models import Report, Restitution
from relais.study.sizing_rules import may_read_reports

from .frame import framed, led_study, study_of

HEAVY = ("figures", "charts", "pdf_fr", "pdf_en")
LANGUAGES = ("fr", "en")


def reports_of(request: HttpRequest, edition: Restitution) -> list[Report]:
    """Return the reports of an edition that this person sees, without what they hold."""
    rows = request.access.see(Report).filter(restitution=edition)
    found = list(
        rows.select_related("site", "restitution__study", "answered_by", "excused_by")
        .defer(*HEAVY)
        .order_by("pk")
    )
    rank = {Report.Kind.GROUP: 0, Report.Kind.SITE: 1, Report.Kind.COSTS: 2}
    return sorted(found, key=lambda report: rank[Report.Kind(report.kind)])


def _report(request: HttpRequest, pk: int, *defer: str) -> Report:
    rows = request.access.see(Report).select_related(
        "site", "restitution__study__company", "restitution__study__pilot"
    )
    found: Report = get_object_or_404(rows.defer(*defer), pk=pk)
    return found


@signed_in
@require_safe
def restitution(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the last edition: its documents, who has validated, and one of them opened."""
    study = study_of(request, pk)
    edition = flow.current(study)
    leads = study.may_lead(request.person)
    reports = reports_of(request, edition) if edition else []
    if not (reports or may_read_reports(request.access, study)):
        raise Http404
    context: dict[str, Any] = {"edition": edition, "reports": reports}
    if leads:
        context["making"] = study.restitutions.filter(state=Restitution.State.MAKING).first()
    wanted = request.GET.get("report", "")
    chosen = next((one for one in reports if str(one.pk) == wanted), None)
    if chosen := chosen or (reports[0] if reports else None):
        context |= _opened(request, chosen)
    return framed(request, study, "restitution", "study/restitution.html", context)


def _opened(request: HttpRequest, report: Report) -> dict[str, Any]:
    seen = request.access.see(Report).filter(pk=report.pk)
    figures = seen.values_list("figures", flat=True).get()
    return {
        "report": report,
        "title": words.title(report.kind, figures),
        "sections": words.sections(report.kind, figures),
        "answers": report.may_answer(request.person),
    }


@signed_in
@require_POST
def make(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a new edition made in the background."""
    study = led_study(request, pk)
    try:
        flow.begin(study, by=request.person)
    except Problem as problem:
        messages.error(request, in_words(problem))
    else:
        messages.success(
            request, _("The documents are made in the background: look again in a minute.")
        )
    return redirect("restitution", pk)


@signed_in
@require_safe
def chart(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Serve one of a report's drawings, in the reader's language."""
    report = _report(request, pk, "figures", "pdf_fr", "pdf_en")
    drawing = report.charts.get(name, {}).get((get_language() or "fr")[:2])
    if not drawing:
        raise Http404
    return HttpResponse(drawing, content_type="image/svg+xml")


@signed_in
@require_safe
def document(request: HttpRequest, pk: int, language: str) -> HttpResponse:
    """Serve a report as a document."""
    if language not in LANGUAGES:
        raise Http404
    other = "en" if language == "fr" else "fr"
    report = _report(request, pk, "figures", "charts", f"pdf_{other}")
    answer = HttpResponse(bytes(getattr(report, f"pdf_{language}")), content_type="application/pdf")
    name = f"restitution-{report.restitution.number}-{report.pk}-{language}.pdf"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@signed_in
@require_POST
def validate(request: HttpRequest, pk: int) -> HttpResponse:
    """Say yes to a site's report."""
    report = _report(request, pk, *HEAVY)
    word = request.POST.get("word", "").replace("\x00", "")
    return _did(request, report, lambda: report.validate(word, by=request.person))


@signed_in
@require_POST
def contest(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what is wrong with a site's report."""
    report = _report(request, pk, *HEAVY)
    word = request.POST.get("word", "").replace("\x00", "")
    return _did(request, report, lambda: report.contest(word, by=request.person))


@signed_in
@require_POST
def pass_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on without the site's yes, with the reason."""
    report = _report(request, pk, *HEAVY)
    if not report.study.may_lead(request.person):
        raise Http404
    reason = request.POST.get("reason", "").replace("\x00", "")
    return _did(request, report, lambda: report.pass_over(reason, by=request.person))


def _did(request: HttpRequest, report: Report, do: Any) -> HttpResponse:
    try:
        do()
    except Problem as problem:
        messages.error(request, in_words(problem))
    else:
        messages.success(request, _("Saved."))
    return redirect(f"{reverse('restitution', args=[report.study.pk])}?report={report.pk}")

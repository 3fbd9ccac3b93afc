"""The pilot's side of asking: who is asked what, by a link or by telephone."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from relais.desk.views.files import in_words
from relais.lib.problem import Problem
from relais.people.views.doors import signed_in
from relais.study import interviews as flow
from relais.study.interview_forms import InterviewForm
from relais.study.models import Interview, StudyLink
from relais.study.models.interview import Ask
from relais.study.workshop_forms import AskForm

from .frame import framed, led_study
from .surveys import participant
from .workshop import changeable, done


@signed_in
@require_safe
def asking(request: HttpRequest, pk: int) -> HttpResponse:
    """Show who is asked what and what has come back."""
    study = led_study(request, pk)
    rows = flow.followed(request.access, study, timezone.now())
    context = {
        "rows": rows, "asks": Ask.choices,
        "came": sum(row.came["interview"] for row in rows),
    }  # fmt: skip
    return framed(request, study, "asking", "study/asking.html", context)


@require_POST
@never_cache
@signed_in
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Send somebody her link, and show it, this once."""
    who = participant(request, pk)
    form = AskForm(request.POST)
    if not form.is_valid():
        said = _("Choose what is asked: the interview, the barriers or the activity log.")
        messages.error(request, said)
        return redirect("asking", who.study_id)
    try:
        link, address = flow.send(
            who, form.cleaned_data["asks"], language=form.cleaned_data["language"],
            by=request.person,
        )  # fmt: skip
    except Problem as problem:
        messages.error(request, in_words(problem))
        return redirect("asking", who.study_id)
    context = {"who": who, "link": link, "address": address}
    return framed(request, who.study, "asking", "study/link_made.html", context)


@signed_in
@require_POST
def study_link_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a link for good."""
    rows = request.access.see(StudyLink).select_related("participant__study")
    link = get_object_or_404(rows, pk=pk)
    said = _("The link opens nothing any more.")
    done(request, lambda: link.revoke(by=request.person), said)
    return redirect("asking", link.participant.study_id)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def interview(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was sent, or write down what somebody tells by telephone."""
    who = participant(request, pk)
    sent = request.access.see(Interview).filter(participant=who).exclude(sent_at=None).first()
    context = {"who": who, "sent": sent}
    if sent is not None:
        return framed(request, who.study, "asking", "study/interview.html", context)
    typed = request.POST if request.method == "POST" else None
    form = InterviewForm(typed, who)
    changeable(request, who.study)
    if typed is not None and form.is_valid():
        flow.take(Interview.of(who), form.answers(), site=form.site, by=request.person)
        messages.success(request, _("The interview is kept: its tasks are in the inventory."))
        return redirect("interview", pk)
    status = 200 if typed is None else 422
    context["form"] = form
    return framed(request, who.study, "asking", "study/interview.html", context, status)

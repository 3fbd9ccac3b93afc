"""Leave: asked for by an assistant, answered by the lead once the gate has spoken."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from relais.desk.views.files import in_words
from relais.desk.views.lead import lead_only
from relais.lib.problem import Problem
from relais.people.models import Role
from relais.people.pool_forms import zone_of
from relais.planning import covering, leaving
from relais.planning.models import LeaveRequest
from relais.planning.relief_forms import PeriodForm

from .handovers import typed_text
from .tabs import TABS


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leaves(request: HttpRequest) -> HttpResponse:
    """Show the requests that this person answers, or her own, and take a new one of hers."""
    access = request.access
    asks = not access.is_client and access.has(Role.Kind.ASSISTANT)
    if access.is_client or not (access.runs_pool or asks):
        raise Http404
    form, status = None, 200
    if asks:
        typed = request.POST if request.method == "POST" else None
        form = PeriodForm(typed, zone=zone_of(access, request.person))
        form.fields["kind"].initial = "leave"
        if typed is not None:
            if _asked(request, form):
                return redirect("leaves")
            status = 422
    rows = access.see(LeaveRequest).select_related("person", "answered_by", "relief")
    waiting = list(rows.filter(state=LeaveRequest.State.ASKED).order_by("starts_at", "id")[:50])
    ground = covering.read() if access.runs_pool and waiting else None
    context: dict[str, Any] = {
        "form": form,
        "waiting": [
            (row, covering.gate(row.person, row.starts_at, row.ends_at, ground) if ground else [])
            for row in waiting
        ],
        "answered": rows.exclude(state=LeaveRequest.State.ASKED)[:50],
        "overridden": rows.exclude(overridden=[])[:50] if access.runs_pool else [],
        "own": not access.runs_pool,
        "tabs": TABS,
    }
    return render(request, "planning/leaves.html", context, status=status)


def _asked(request: HttpRequest, form: PeriodForm) -> bool:
    if not form.is_valid() or form.starts_at is None or form.ends_at is None:
        return False
    try:
        leaving.ask(
            request.person, kind=form.cleaned_data["kind"], starts=form.starts_at,
            ends=form.ends_at, by=request.person,
        )  # fmt: skip
    except Problem as problem:
        form.add_error(None, in_words(problem))
        return False
    messages.success(request, _("Your request is with your lead."))
    return True


@login_required
@require_POST
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Grant a leave."""
    lead_only(request)
    row = _row(request, pk)
    try:
        leaving.accept(row, by=request.person, why=typed_text(request, "why"))
        messages.success(request, _("The leave is granted and the absence declared."))
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("leaves")


@login_required
@require_POST
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Decline a leave, with the reason."""
    lead_only(request)
    row = _row(request, pk)
    try:
        leaving.refuse(row, typed_text(request, "why"), by=request.person)
        messages.success(request, _("The leave is declined."))
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("leaves")


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own request back."""
    row = _row(request, pk)
    try:
        row.withdraw(by=request.person)
        messages.success(request, _("Your request is taken back."))
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("leaves")


def _row(request: HttpRequest, pk: int) -> LeaveRequest:
    if request.access.is_client:
        raise Http404
    rows = request.access.see(LeaveRequest).select_related("person")
    found: LeaveRequest = get_object_or_404(rows, pk=pk)
    return found

"""What would help and what it would do to others: asked before it is done; who had which share."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from relais.desk import fairness, foretold, rules
from relais.desk.first import put_first
from relais.lib.problem import Problem
from relais.people.models import Person

from .files import in_words
from .lead import lead_only
from .tickets import find


@login_required
@require_safe
def simulate(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what giving a ticket to somebody would do to it and to the others."""
    ticket = find(request, pk)
    if not (request.access.runs_pool and rules.may("hand_over", ticket, request.person)):
        raise Http404
    asked = request.GET.get("to", "")
    pool = request.access.see(Person).filter(assistant__isnull=False, archived_at=None)
    to = pool.filter(pk=asked).first() if asked.isdecimal() and len(asked) < 19 else None
    told = foretold.override(request.access, ticket, to) if to is not None else None
    return render(request, "desk/_simulated.html", {"told": told, "ticket": ticket, "to": to})


@login_required
@require_POST
def first(request: HttpRequest, pk: int) -> HttpResponse:
    """Have its holder do a ticket first."""
    ticket = find(request, pk)
    lead_only(request)
    try:
        put_first(ticket, by=request.person)
    except Problem as refusal:
        messages.error(request, in_words(refusal))
    else:
        told = {"name": ticket.holder, "reference": ticket.reference}
        messages.success(request, _("%(name)s reads it now: %(reference)s comes first.") % told)
    return redirect("tower")


@login_required
@require_safe
def shares(request: HttpRequest) -> HttpResponse:
    """Show how work, difficult sites and late hours were shared over four weeks."""
    lead_only(request)
    told = fairness.report(request.access, timezone.now())
    limits = [(fairness.what_name(what), limit) for what, limit in fairness.fairness.LIMITS.items()]
    return render(request, "desk/fairness.html", {"report": told, "limits": limits})

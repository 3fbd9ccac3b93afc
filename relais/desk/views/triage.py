"""Triage, for the lead: what waits for a word of hers, how well it does, by which words."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from relais.desk import judging, tasks
from relais.desk.models import TriageModel
from relais.engine.learned import BUDGET, ENOUGH
from relais.lib.problem import Problem
from relais.offer.models import Service

from .files import in_words
from .lead import lead_only
from .tickets import find

ON_PAGE = 20
LESSONS = 8


@login_required
@require_safe
def triage(request: HttpRequest) -> HttpResponse:
    """Show what triage is unsure of, how it did week by week, and its lessons."""
    lead_only(request)
    services = list(request.access.see(Service).filter(active=True))
    page = Paginator(judging.unsure(request.access), ON_PAGE).get_page(request.GET.get("page"))
    lessons = request.access.see(TriageModel).defer("content").order_by("-number")[:LESSONS]
    context = {
        "page": page,
        "tickets": judging.with_guesses(list(page), services),
        "services": services,
        "weeks": judging.weeks(request.access),
        "lessons": [_lesson(lesson) for lesson in lessons],
        "words": judging.words_of(services),
        "budget": 100 * BUDGET,
        "enough": ENOUGH,
    }
    return render(request, "desk/triage.html", context)


def _lesson(lesson: TriageModel) -> dict[str, object]:
    """Return a lesson as the page shows it: shares in hundredths."""
    names = (
        ("own", _("This lesson")),
        ("words", _("The catalogue's words")),
        ("former", _("The lesson before")),
        ("majority", _("Always the commonest service")),
    )
    lines = [
        {name: 100 * value if name != "messages" else value for name, value in told.items()}
        | {"name": label}
        for key, label in names
        if (told := lesson.figures.get(key))
    ]
    return {"lesson": lesson, "lines": lines}


@login_required
@require_POST
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which service an unsure request is for."""
    ticket = find(request, pk)
    chosen = request.POST.get("service", "")
    offered = request.access.see(Service).filter(active=True)
    service = get_object_or_404(
        offered, pk=int(chosen) if chosen.isdecimal() and len(chosen) < 18 else 0
    )
    try:
        ticket.settle(service, by=request.person)
    except Problem as problem:
        messages.error(request, in_words(problem))
    else:
        told = {"reference": ticket.reference, "service": service.name}
        messages.success(request, _("%(reference)s: %(service)s.") % told)
    return redirect("triage")


@login_required
@require_POST
def teach(request: HttpRequest) -> HttpResponse:
    """Have the worker teach triage now."""
    lead_only(request)
    tasks.teach_triage.configure().defer(provider_id=request.person.provider_id)
    messages.success(
        request, _("The lesson is being prepared; it will be listed here in a minute.")
    )
    return redirect("triage")

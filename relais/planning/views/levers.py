"""The log of levers: pull one for a site and its weeks, see what came of it, undo it in time."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from relais.desk.views.files import in_words
from relais.desk.views.lead import lead_only
from relais.lib.problem import Problem
from relais.people.models import Site
from relais.planning import levering
from relais.planning.lever_forms import LeverForm
from relais.planning.models import Lever, LoadOutlook

MOST = 200


@login_required
@require_safe
def levers(request: HttpRequest) -> HttpResponse:
    """Show the levers that were chosen, with what was foreseen and what came of it."""
    lead_only(request)
    today = levering.today_of(request.person.provider)
    rows = request.access.see(Lever).select_related("site", "chosen_by", "undone_by")[:MOST]
    lines = [(one, levering.absorbed(one), one.has_begun(today)) for one in rows]
    return render(request, "planning/levers.html", {"lines": lines})


@login_required
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Pull a lever that the outlook offers."""
    lead_only(request)
    outlook = request.access.see(LoadOutlook).defer("charts").first()
    form = LeverForm(request.POST)
    if outlook is None or not form.is_valid():
        raise Http404
    clean = form.cleaned_data
    site = get_object_or_404(request.access.see(Site), pk=clean["site"])
    try:
        made = levering.choose(
            outlook, site, clean["code"], clean["week"], weeks=clean["weeks"] or 1,
            note=clean["note"], by=request.person,
        )  # fmt: skip
    except Problem as problem:
        messages.error(request, in_words(problem))
        return redirect("peaks")
    text = ngettext(
        "The lever is in the log for %(n)d week.", "The lever is in the log for %(n)d weeks.",
        len(made),
    )  # fmt: skip
    messages.success(request, text % {"n": len(made)})
    return redirect("levers")


@login_required
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a lever back before its week begins."""
    lead_only(request)
    lever = get_object_or_404(request.access.see(Lever), pk=pk)
    try:
        lever.undo(by=request.person, today=levering.today_of(request.person.provider))
        messages.success(request, _("The lever is undone."))
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("levers")

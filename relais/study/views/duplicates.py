"""The same work at several sites: what is proposed, what was said, how many hours it makes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from relais.desk.views.files import in_words
from relais.lib.problem import Problem
from relais.people.views.doors import signed_in
from relais.study import counting, doubling
from relais.study.doubling_words import idea_text
from relais.study.models import Duplicate, Study

from .frame import framed, led_study

SHOWN = 100


@signed_in
@require_safe
def duplicates(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the pairs that may be the same work, and the hours that are counted once."""
    study = led_study(request, pk)
    return framed(request, study, "duplicates", "study/duplicates.html", _pairs(request, study))


def _pairs(request: HttpRequest, study: Study) -> dict[str, Any]:
    counts = counting.counted(counting.lines_of(study))
    pairs = request.access.see(Duplicate).filter(study=study)
    rows = list(pairs.select_related("first__site", "second__site", "by")[:SHOWN])
    for row in rows:
        row.ideas = ", ".join(idea_text(one) for one in row.shared)
        row.of_first = counts[row.first_id].minutes
        row.of_second = counts[row.second_id].minutes
    return {
        "proposed": [row for row in rows if row.state == "proposed"],
        "said": [row for row in rows if row.state != "proposed"],
        "double": sum(row.double for row in counts.values()),
        "once": sum(row.once for row in counts.values()),
        "may": study.is_changeable,
        "lines": len(counts),
    }


@signed_in
@require_POST
def duplicates_seek(request: HttpRequest, pk: int) -> HttpResponse:
    """Look for pairs anew; what was said stands."""
    study = led_study(request, pk)
    try:
        count = doubling.seek(study, by=request.person)
    except Problem as problem:
        messages.error(request, in_words(problem))
    else:
        said = ngettext("%(n)s new pair.", "%(n)s new pairs.", count) % {"n": count}
        messages.success(request, said)
    return redirect("duplicates", pk)


@signed_in
@require_POST
def duplicate_say(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Confirm, refuse or undo a pair."""
    seen = request.access.see(Duplicate).select_related("study", "first", "second")
    pair = get_object_or_404(seen, pk=pk)
    if verb not in doubling.VERBS:
        raise Http404
    try:
        doubling.say(pair, verb, by=request.person)
    except Problem as problem:
        messages.error(request, in_words(problem))
    else:
        messages.success(request, _("Noted: %(state)s.") % {"state": pair.get_state_display()})
    return redirect("duplicates", pair.study_id)

"""Handover notes: written by who leaves, read back by who stands in, watched by the lead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from relais.desk.views.files import in_words
from relais.lib.problem import Problem
from relais.planning import handing_on
from relais.planning.models import Handover
from relais.planning.models.handover import TEXTS

from .tabs import TABS

YEAR = timedelta(days=365)


@login_required
@require_safe
def handovers(request: HttpRequest) -> HttpResponse:
    """Show the notes that this person gives, receives or watches over, the late ones first."""
    if request.access.is_client or not request.access.is_staff:
        raise Http404
    now = timezone.now()
    rows = request.access.see(Handover).exclude(state=Handover.State.VOID)
    rows = rows.select_related("giver", "receiver", "relief")
    live = list(rows.exclude(state=Handover.State.ACCEPTED).order_by("due_at", "id")[:200])
    live.sort(key=lambda note: not note.is_late(now))
    context = {
        "live": [(note, note.is_late(now)) for note in live],
        "accepted": rows.filter(state=Handover.State.ACCEPTED).order_by(F("accepted_at").desc())[
            :30
        ],
        "figures": handing_on.figures(request.access, now - YEAR, now),
        "own": not request.access.runs_pool,
        "tabs": TABS,
    }
    return render(request, "planning/handovers.html", context)


@login_required
@require_safe
def handover(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one note with the facts of now, and what has been said about it."""
    note = _note(request, pk)
    return render(request, "planning/handover.html", _context(request, note))


def _context(request: HttpRequest, note: Handover) -> dict[str, Any]:
    access = request.access
    return {
        "note": note,
        "facts": handing_on.facts(note, access),
        "gives": access.runs_pool or note.giver_id == access.person.pk,
        "receives": access.runs_pool or note.receiver_id == access.person.pk,
        "late": note.is_late(timezone.now()),
        "own": not access.runs_pool,
        "tabs": TABS,
        "states": Handover.File.choices,
    }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the note: how each file stands, the next step of each request, risks and contacts."""
    note = _note(request, pk)
    context = _context(request, note)
    if not context["gives"] or note.state not in (Handover.State.DRAFT, Handover.State.GIVEN):
        raise Http404
    status = 200
    if request.method == "POST":
        plain = {name: typed_text(request, name) for name in request.POST}
        sent = typed(plain, context["facts"])
        seen = request.POST.get("seen", "")
        try:
            note.edit(sent, by=request.person, seen=int(seen[:9]) if seen.isdecimal() else None)
            if "give" in request.POST and note.state == Handover.State.DRAFT:
                handing_on.give(note, by=request.person)
            messages.success(request, _("The note is kept."))
            return redirect("handover", pk)
        except Problem as problem:
            context["error"], status = in_words(problem), 422
            note.content = sent  # nothing typed is lost
            context["facts"] = handing_on.facts(note, request.access)
    return render(request, "planning/handover_edit.html", context, status=status)


def typed_text(request: HttpRequest, name: str) -> str:
    """Return what was typed, without what a database cannot hold."""
    return request.POST.get(name, "").replace("\x00", "")


def typed(sent: Any, facts: handing_on.Facts) -> dict[str, Any]:
    """Return what was typed as a note keeps it; of what is not on the page, nothing."""
    return {
        "files": {
            one.key: {
                "state": sent.get(f"state-{one.key}", ""),
                "summary": sent.get(f"summary-{one.key}", ""),
                "name": one.name,
            }
            for one in facts.files
        },
        "steps": {
            str(one.ticket.pk): sent.get(f"step-{one.ticket.pk}", "")
            for one in facts.actions
            if not one.is_secret
        },
        **{name: sent.get(name, "") for name in TEXTS},
    }


@login_required
@require_POST
def give(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand the note to its receiver."""
    note = _note(request, pk)
    done = _("The note is given.")
    return _done(request, pk, lambda: handing_on.give(note, by=request.person), done)


@login_required
@require_POST
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the giver about the note."""
    note, text = _note(request, pk), typed_text(request, "text")
    return _done(request, pk, lambda: note.ask(text, by=request.person), _("The question is put."))


@login_required
@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the receiver."""
    note, text = _note(request, pk), typed_text(request, "text")
    return _done(request, pk, lambda: note.answer(text, by=request.person), _("Answered."))


@login_required
@require_POST
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the note back in one's own words, and take it on."""
    note, text = _note(request, pk), typed_text(request, "text")
    done = _("The note is accepted.")
    return _done(request, pk, lambda: note.accept(text, by=request.person), done)


@login_required
@require_POST
def miss(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what the note lacked."""
    note, text = _note(request, pk), typed_text(request, "text")
    asked = "client_asked" in request.POST
    done = _("Noted: the next note will be better.")
    return _done(request, pk, lambda: note.miss(text, by=request.person, client_asked=asked), done)


def _done(request: HttpRequest, pk: int, verb: Callable[[], object], said: str) -> HttpResponse:
    try:
        verb()
        messages.success(request, said)
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("handover", pk)


def _note(request: HttpRequest, pk: int) -> Handover:
    rows = request.access.see(Handover).select_related("relief", "giver", "receiver")
    found: Handover = get_object_or_404(rows, pk=pk)
    return found

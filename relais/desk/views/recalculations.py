"""Recalculations: which ran and why, how far they are, what each moved; stopped and resumed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from relais.desk import because
from relais.desk.errors import Refused
from relais.desk.models import DeadlineChange, Recalculation
from relais.desk.recalculation import told_sums
from relais.lib.listing import Choice, Column, Empty, Listing, answer
from relais.people.templatetags.ui import moment

from .files import in_words
from .lead import lead_only

State = Recalculation.State
TONES = {
    State.WAITING: "neutral",
    State.RUNNING: "info",
    State.STOPPED: "warn",
    State.DONE: "good",
    State.FAILED: "bad",
}


def _seen(request: HttpRequest) -> Any:
    return Recalculation.told(request.access.see(Recalculation))


def _progress(run: Recalculation) -> str:
    done, total = (number_format(n, force_grouping=True) for n in (run.seen, run.total))
    return _("%(done)s of %(total)s") % {"done": done, "total": total} if run.total else ""


LISTING = Listing(
    name="recalculations",
    title=gettext_lazy("Recalculations"),
    search=("calendar__name_key", "agreement_version__agreement__name_key", "by__name_key"),
    search_label=gettext_lazy("Calendar, agreement, or who asked"),
    columns=(
        Column(
            "why",
            pgettext_lazy("a recalculation", "Why"),
            lambda row: capfirst(because.why(row)),
            url=lambda row: reverse("recalculation", args=[row.pk]),
            note=lambda row: row.by.name if row.by else "",
        ),
        Column(
            "at",
            gettext_lazy("When"),
            lambda row: row.created_at,
            sort="created_at",
            draw=lambda row: moment(row.created_at, style="absolute"),
        ),
        Column(
            "state",
            gettext_lazy("State"),
            lambda row: row.get_state_display(),
            tone=lambda row: TONES[State(row.state)],
        ),
        Column("progress", gettext_lazy("Deadlines checked"), _progress),
        Column("moved", gettext_lazy("Moved"), lambda row: row.moved, number=True),
        Column(
            "late",
            pgettext_lazy("deadlines", "Became late"),
            lambda row: row.became_late,
            number=True,
        ),
    ),
    filters=(
        Choice(
            "state",
            gettext_lazy("State"),
            lambda: [("", _("All")), *State.choices],
            lambda rows, value: rows.filter(state=value) if value else rows,
        ),
    ),
    order="-at",
    prepare=lambda rows: rows.select_related(*because.RELATED, "by"),
    empty=Empty(
        gettext_lazy("No recalculation yet."),
        gettext_lazy("When hours or an agreement change, what the open deadlines did stands here."),
        icon="clock-play",
    ),
)


@login_required
@require_safe
def recalculations(request: HttpRequest) -> HttpResponse:
    """List the recalculations."""
    lead_only(request)
    return answer(request, LISTING, _seen(request))


def _outcome(row: DeadlineChange) -> str:
    late = row.now is not None and row.now < row.at
    was_late = row.was is not None and row.was < row.at
    if late == was_late:
        return ""
    return _("Became late") if late else _("No longer late")


def _tone(row: DeadlineChange) -> str:
    return "bad" if row.now is not None and row.now < row.at else "good"


def _zone(row: DeadlineChange) -> str:
    return row.clock.ticket.site.time_zone


CHANGES = Listing(
    name="deadline_changes",
    title=gettext_lazy("Deadlines that moved"),
    search=("clock__ticket__subject_key",),
    search_label=gettext_lazy("Words of the subject"),
    columns=(
        Column(
            "ticket",
            gettext_lazy("Request"),
            lambda row: str(row.clock.ticket),
            url=lambda row: reverse("ticket", args=[row.clock.ticket_id]),
            note=lambda row: row.clock.get_kind_display(),
        ),
        Column(
            "site",
            gettext_lazy("Site"),
            lambda row: row.clock.ticket.site.name,
            note=lambda row: row.clock.ticket.site.company.name,
        ),
        Column(
            "was",
            pgettext_lazy("a change", "Before"),
            lambda row: row.was,
            sort="was",
            draw=lambda row: moment(row.was, _zone(row), "absolute"),
        ),
        Column(
            "now",
            pgettext_lazy("a change", "After"),
            lambda row: row.now,
            sort="now",
            draw=lambda row: moment(row.now, _zone(row), "absolute"),
        ),
        Column("outcome", gettext_lazy("Late?"), _outcome, tone=_tone),
    ),
    order="was",
    prepare=lambda rows: rows.select_related("clock__ticket__site__company"),
    empty=Empty(
        gettext_lazy("No deadline moved"),
        gettext_lazy("Those that were checked stay as they are."),
        icon="clock",
    ),
)


def _found(request: HttpRequest, pk: int) -> Recalculation:
    lead_only(request)
    rows = _seen(request).select_related(*because.RELATED, "by")
    found: Recalculation = get_object_or_404(rows, pk=pk)
    return found


def _shown(run: Recalculation) -> dict[str, Any]:
    return {
        "run": run,
        "tone": TONES[State(run.state)],
        "progress": _progress(run),
        "sums": told_sums(run.moved, run.became_late, run.ceased_late),
        "why": capfirst(because.why(run)),
    }


@login_required
@require_safe
def recalculation(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a recalculation: why, how far, and each deadline before and after."""
    run = _found(request, pk)
    rows = request.access.see(DeadlineChange).filter(because.MOVED, recalculation=run)
    return answer(request, CHANGES, rows, "desk/recalculation.html", _shown(run))


@login_required
@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Return how far it is; once it is over the page is read again."""
    run = _found(request, pk)
    page = render(request, "desk/_recalculation_live.html", _shown(run))
    if not run.is_open:
        page["HX-Redirect"] = reverse("recalculation", args=[pk])
    return page


def _turned(request: HttpRequest, pk: int, verb: str, said: str) -> HttpResponse:
    run = _found(request, pk)
    try:
        getattr(run, verb)(by=request.person)
    except Refused as refusal:
        messages.error(request, in_words(refusal))
    else:
        messages.success(request, said)
    return redirect("recalculation", pk)


@login_required
@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop it after the batch that runs."""
    return _turned(request, pk, "stop", _("Stopped. What is done stays done."))


@login_required
@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on where it was stopped."""
    return _turned(request, pk, "resume", _("It goes on where it was."))

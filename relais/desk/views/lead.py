"""The lead's screens: the pool now, every dispatch with its reasons, mails to place, a year."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from relais.desk import board, control, telling, year
from relais.desk.models import Event, Message, Ticket
from relais.desk.queue import PERIODS, since
from relais.lib.listing import Choice, Column, Empty, Listing, answer, is_part
from relais.offer import awaiting
from relais.people.models import Role, Site


def lead_only(request: HttpRequest) -> None:
    """Raise "not found" for anybody who does not run the pool."""
    if not request.access.runs_pool:
        raise Http404


@login_required
@require_safe
def tower(request: HttpRequest) -> HttpResponse:
    """Show the pool at this moment."""
    lead_only(request)
    now = timezone.now()
    pool = board.tower(request.access, now)
    explain(request, pool.queue)
    mails = request.access.see(Message).filter(ticket=None)
    waiting = mails.exclude(quarantine__in=Message.DECIDED).count()
    context = {
        "tower": pool,
        "control": control.look(request.access, pool, now),
        "now": now,
        "in_quarantine": waiting,
    }
    part = is_part(request, "tower-live")
    if not part:
        context["to_sign"] = awaiting.to_sign(request.access)
    return render(request, "desk/_tower_live.html" if part else "desk/tower.html", context)


def explain(request: HttpRequest, queue: list[Ticket]) -> None:
    """Put on each ticket of the queue what dispatch said last: why nobody has it."""
    said = (
        request.access.see(Event)
        .filter(ticket__in=[ticket.pk for ticket in queue], kind=Event.Kind.UNASSIGNED)
        .order_by("ticket_id", "-id")
        .distinct("ticket_id")
    )
    why = {event.ticket_id: telling.missing_text(event.facts.get("missing", "")) for event in said}
    for ticket in queue:
        ticket.why = why.get(ticket.pk, "")


DISPATCHES = Listing(
    name="dispatches",
    title=_("Dispatches"),
    columns=(
        Column("at", _("When"), lambda e: e.at, sort="at", template="desk/_at_cell.html"),
        Column(
            "ticket",
            _("Request"),
            lambda e: e.ticket.reference,
            url=lambda e: f"/tickets/{e.ticket_id}/",
            note=lambda e: e.ticket.subject,
        ),
        Column("site", _("Site"), lambda e: e.ticket.site.name),
        Column(
            "decision",
            _("Decision and reasons"),
            lambda e: e.get_kind_display(),
            template="desk/_decision_cell.html",
        ),
    ),
    search=("ticket__subject_key",),
    search_label=_("Words of the subject"),
    filters=(
        Choice(
            "kind",
            _("Decision"),
            lambda: (
                ("", _("All")),
                ("assigned", _("Assigned")),
                ("unassigned", _("Nobody to assign")),
            ),
            lambda rows, value: rows.filter(kind=value) if value else rows,
        ),
        Choice("period", _("Period"), lambda: PERIODS, lambda r, v: since(r, v, "at")),
    ),
    order="-at",
    prepare=lambda rows: board.with_receiver(rows.select_related("ticket__site", "by")),
    empty=Empty(_("No dispatch yet"), _("Each new request gets one, with its reasons.")),
)


@login_required
@require_safe
def dispatches(request: HttpRequest) -> HttpResponse:
    """List every dispatch with its reasons."""
    lead_only(request)
    kinds = [Event.Kind.ASSIGNED, Event.Kind.UNASSIGNED]
    return answer(request, DISPATCHES, request.access.see(Event).filter(kind__in=kinds))


@login_required
@require_safe
def volumes(request: HttpRequest) -> HttpResponse:
    """Show a year: how much came from where, and what was late."""
    if not (request.access.runs_pool or request.access.has(Role.Kind.QUALITY)):
        raise Http404
    years = year.years(request.access)
    asked = request.GET.get("year", "")
    shown = int(asked) if asked.isdecimal() and int(asked) in years else max(years, default=_now())
    site = _site(request)
    context = {
        "years": years,
        "year": shown,
        "site": site,
        "report": year.report(request.access, shown, site.pk if site else None),
    }
    return render(request, "desk/volumes.html", context)


def _now() -> int:
    return timezone.localdate().year


def _site(request: HttpRequest) -> Site | None:
    asked = request.GET.get("site", "")
    if not asked.isdecimal() or len(asked) > 18:
        return None
    return request.access.see(Site).filter(pk=asked).first()

"""Meetings: those that are being arranged, a time found for one, booked or given up."""

from __future__ import annotations

from datetime import date, datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from relais.desk.models import Ticket
from relais.lib.problem import Problem
from relais.planning import free_busy_grid
from relais.planning import meetings as flow
from relais.planning.meeting_forms import MeetingForm
from relais.planning.models import Meeting

SHOWN = 100
RELATED = ("ticket__site", "ticket__company", "by__provider")


@login_required
@require_safe
def meetings(request: HttpRequest) -> HttpResponse:
    """List the meetings that are being arranged."""
    _staff(request)
    rows = request.access.see(Meeting).select_related(*RELATED)[:SHOWN]
    return render(request, "planning/meetings.html", {"meetings": rows})


@login_required
def meeting_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Find a time for what a request asks: three are held."""
    _staff(request)
    tickets = request.access.see(Ticket).select_related("site", "company")
    ticket = get_object_or_404(tickets, pk=pk)
    if not ticket.is_live:
        raise Http404
    form = MeetingForm(request.access, ticket, request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = form.keep(request.person)
        if made is not None:
            return redirect("meeting", made.pk)
    context = {"form": form, "ticket": ticket}
    return render(request, "planning/meeting_new.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def meeting(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the times held, who is invited and what each answered."""
    found, now = _meeting(request, pk), timezone.now()
    times = flow.times_of(found, now)
    day, week = asked_day(request), request.GET.get("span") == "week"
    days = free_busy_grid.days_of(found, times, day)
    shown = day or (days[0] if days else None)
    drawn: list[free_busy_grid.Grid] = []
    if shown is not None:
        draw = free_busy_grid.week_of if week else _one_day
        drawn = draw(found, shown, now)
    context = {
        "meeting": found,
        "times": times,
        "guests": found.guests.select_related("person"),
        "zone": found.ticket.site.time_zone,
        "grids": drawn, "days": days, "day": shown, "week": week,
        "legend": free_busy_grid.WORDS.items(),
    }  # fmt: skip
    return render(request, "planning/meeting.html", context)


@require_POST
@login_required
def meeting_book(request: HttpRequest, pk: int) -> HttpResponse:
    """Book one of the times held, and invite."""
    found = _meeting(request, pk)
    try:
        start = parse_datetime(request.POST.get("time", ""))
        if start is None or start.tzinfo is None:
            raise ValueError
        invited = flow.book(found, start, by=request.person)
    except ValueError:
        messages.error(request, _("Choose one of the times."))
    except Problem as problem:
        messages.error(request, str(problem))
    else:
        told = ngettext("Booked: %(n)d invitation is on its way.",
                        "Booked: %(n)d invitations are on their way.", invited)  # fmt: skip
        messages.success(request, told % {"n": invited})
    return redirect("meeting", pk)


@require_POST
@login_required
def meeting_give_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the times go; who was invited is told."""
    found = _meeting(request, pk)
    try:
        flow.give_up(found, by=request.person)
    except Problem as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Given up: the times are free again."))
    return redirect("meeting", pk)


def _one_day(found: Meeting, day: date, now: datetime) -> list[free_busy_grid.Grid]:
    return free_busy_grid.drawn(found, [day], now)


def asked_day(request: HttpRequest) -> date | None:
    """Return the day that the address names, within two years; None where it names none."""
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return None
    return day if abs((day - timezone.localdate()).days) < 730 else None


def _staff(request: HttpRequest) -> None:
    if request.access.is_client or not request.access.is_staff:
        raise Http404


def _meeting(request: HttpRequest, pk: int) -> Meeting:
    rows = request.access.see(Meeting).select_related(*RELATED)
    found: Meeting = get_object_or_404(rows, pk=pk)
    if (version := request.POST.get("version", "")).isdecimal() and len(version) < 10:
        found.version = int(version)
    return found

"""The planning: who covers which site when for the pool's lead; what is assured for everybody."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from relais.planning import coverage, service

VIEWS = ("sites", "people", "executives")
SPANS = ("week", "month")
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2150, 12, 31)


@login_required
@require_safe
def planning(request: HttpRequest) -> HttpResponse:
    """Show the coverage of a week or a month; to who does not run the pool, what is assured."""
    if not request.access.runs_pool:
        return _service(request)
    day = wanted_day(request.GET.get("day", "")) or timezone.localdate()
    span = _one_of(request.GET.get("span"), SPANS)
    view = _one_of(request.GET.get("by"), VIEWS)
    first, last = (coverage.month_of if span == "month" else coverage.week_of)(day)
    board = coverage.look(request.access, first, last)
    weekend = any(
        each.open or each.here for row in board.sites for each in row.days if each.day.weekday() > 4
    )
    context = {
        "board": board,
        "view": view,
        "span": span,
        "day": day,
        "today": timezone.localdate(),
        "title": _title(first, last, span),
        "weekend": weekend,
        "tabs": [(key, label, _address(key, span, day)) for key, label in _tabs()],
        "spans": [(key, label, _address(view, key, day)) for key, label in _spans()],
        "before": _address(view, span, coverage.next_of(day, span, -1)),
        "after": _address(view, span, coverage.next_of(day, span, 1)),
        "now": _address(view, span, None),
    }
    return render(request, "planning/coverage.html", context)


def _service(request: HttpRequest) -> HttpResponse:
    """Show what is assured at the sites that this person sees, and an assistant's own days."""
    access, now = request.access, timezone.now()
    context: dict[str, Any] = {"services": service.of_sites(access, now)}
    if not access.is_client:
        today = timezone.localdate()
        board = coverage.look(access, today, today + timedelta(service.FORTNIGHT - 1))
        context["mine"] = next((r for r in board.people if r.person == access.person), None)
    return render(request, "planning/service.html", context)


def wanted_day(text: str) -> date | None:
    """Return the day of an address, or None where it is none that can be shown."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day is not None and FIRST_DAY <= day <= LAST_DAY else None


def _one_of(value: str | None, known: tuple[str, ...]) -> str:
    return value if value in known else known[0]


def _tabs() -> list[tuple[str, str]]:
    return [("sites", _("By site")), ("people", _("By person")), ("executives", _("By executive"))]


def _spans() -> list[tuple[str, str]]:
    return [("week", _("Week")), ("month", _("Month"))]


def _address(view: str, span: str, day: date | None) -> str:
    asked = {"by": view, "span": span} | ({"day": day.isoformat()} if day else {})
    return f"{reverse('planning')}?{urlencode(asked)}"


def _title(first: date, last: date, span: str) -> str:
    if span == "month":
        return date_format(first, "YEAR_MONTH_FORMAT")
    return _("Week of %(first)s to %(last)s") % {
        "first": date_format(first, "j F"),
        "last": date_format(last, "j F Y"),
    }

"""Which open deadlines a change of hours would move: shown before it is made.

Called by name from the pages of calendars and places, which stand a floor below.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import IntegrityError, models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from relais.desk import moves, recalculation
from relais.people.models import Calendar

# Of the form itself: all else that was typed goes with the confirmation.
OWN = {"csrfmiddlewaretoken", "confirmed", "moves-page"}


def calendar(
    request: HttpRequest, shown: Calendar, change: Callable[[Calendar], object], back: str
) -> HttpResponse | None:
    """Return the page that asks before a calendar changes; None when it was answered, or no
    deadline moves. Raises `ValidationError` when an open deadline would never come.
    """
    found = recalculation.preview_calendar(request.access, shown, change)
    return _page(request, found, shown.name, back)


def place(
    request: HttpRequest, shown: models.Model, change: Callable[[], object], back: str
) -> HttpResponse | None:
    """Return the page that asks before a place follows other hours; None as above."""
    try:
        found = recalculation.preview_place(request.access, shown, change)
    except IntegrityError:
        return None  # the form says which field the database refuses
    return _page(request, found, str(shown), back)


def _page(
    request: HttpRequest, found: recalculation.Preview, title: str, back: str
) -> HttpResponse | None:
    # What was confirmed is checked like the rest: only the question is not asked again.
    if not found.moved or "confirmed" in request.POST:
        return None
    now = timezone.now()
    context = {
        "preview": found,
        "page": moves.page_of(request.access, found, request.POST.get("moves-page", ""), now),
        "typed": [
            (name, value)
            for name, values in request.POST.lists()
            if name not in OWN
            for value in values
        ],
        "title": title,
        "back": back,
    }
    return render(request, "desk/foreseen.html", context)

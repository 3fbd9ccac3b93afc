"""Which open deadlines a change of hours would move: shown before it is made.

Called by name from the pages of calendars and places, which stand a floor below.
"""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from relais.desk import moves, recalculation
from relais.engine.worktime import NeverOpens, OutOfReach
from relais.people.models import Calendar

# Of the form itself: all else that was typed goes with the confirmation.
OWN = {"csrfmiddlewaretoken", "confirmed", "moves-page"}


def calendar(
    request: HttpRequest, shown: Calendar, change: Callable[[Calendar], object], back: str
) -> HttpResponse | None:
    """Return the page that asks before a calendar changes; None when no deadline moves."""
    found = recalculation.preview_calendar(request.access, shown, change)
    return _page(request, found, shown.name, back)


def place(
    request: HttpRequest, shown: models.Model, change: Callable[[], object], back: str
) -> HttpResponse | None:
    """Return the page that asks before a place follows other hours; None when nothing moves."""
    try:
        found = recalculation.preview_place(request.access, shown, change)
    except IntegrityError:
        return None  # the form says which field the database refuses
    except (NeverOpens, OutOfReach):
        raise ValidationError(
            _("By this calendar some open deadlines would never come: give it opening hours first.")
        ) from None
    return _page(request, found, str(shown), back)


def _page(
    request: HttpRequest, found: recalculation.Preview, title: str, back: str
) -> HttpResponse | None:
    if not found.moved:
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

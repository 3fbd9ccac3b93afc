"""Before hours change, the page asks: which open deadlines would move?

The desk stands a floor above, so its pages are called by name. What was typed comes back with the
confirmation: nothing half-done is kept, and everything is checked anew.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from relais.people.models import Calendar

PAGES = "relais.desk.views.foreseen"


def of_calendar(
    request: HttpRequest, calendar: Calendar, change: Callable[[Calendar], object], back: str
) -> HttpResponse | None:
    """Return the page that asks; None when it was answered, or when no deadline moves.

    Raises what `change` refuses, and hours by which a deadline would never come, confirmed or not;
    `change` gets a copy of the calendar, and is undone.
    """
    page: HttpResponse | None = import_string(f"{PAGES}.calendar")(request, calendar, change, back)
    return page


def of_place(
    request: HttpRequest, place: models.Model, change: Callable[[], object], back: str
) -> HttpResponse | None:
    """Return the page that asks before a place follows other hours; None as above."""
    page: HttpResponse | None = import_string(f"{PAGES}.place")(request, place, change, back)
    return page

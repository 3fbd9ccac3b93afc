"""Whose hours count under an agreement, in words, and what that means for a Friday afternoon."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from relais.people import calendars, holidays, opening_hours
from relais.people.access import Access
from relais.people.models import Calendar, Company, Site
from relais.people.templatetags.ui import absolute_text

from .terms import Scope, Terms

MOST_SITES = 300
FRIDAY, LATE = 4, time(16, 30)


@dataclass
class Hours:
    """One calendar, the sites that follow it, and its hours as one reads them."""

    calendar: Calendar
    sites: list[Site] = field(default_factory=list)

    @property
    def week(self) -> str:
        """Return the usual week: "Monday to Friday 09:00–12:30, 13:30–18:00"."""
        texts = [opening_hours.written(day) for day in calendars.book_of(self.calendar).week]
        runs: list[tuple[int, int, str]] = []
        for day, text in enumerate(texts):
            if runs and runs[-1][2] == text:
                runs[-1] = (runs[-1][0], day, text)
            else:
                runs.append((day, day, text))
        return " ; ".join(_run(*run) for run in runs if run[2])

    @property
    def days_off(self) -> str:
        """Return whose public holidays are kept."""
        return holidays.name_of(self.calendar.holiday_zone)


def _run(first: int, last: int, text: str) -> str:
    names = {"first": WEEKDAYS[first], "last": WEEKDAYS[last], "hours": text}
    if first == last:
        return capfirst(f"{names['first']} {text}")
    return capfirst(_("%(first)s to %(last)s %(hours)s") % names)


def hours(access: Access, company: Company, scopes: Iterable[Scope]) -> list[Hours]:
    """Return the calendars of the sites where it holds, as far as this person sees them."""
    scopes = list(scopes)
    sites = access.see(Site).filter(company=company, archived_at=None)
    seen = set(access.see(Calendar).values_list("pk", flat=True))
    found: dict[int, Hours] = {}
    for site in sites.select_related(*calendars.PLACES)[:MOST_SITES]:
        if not any(_holds(scope, site) for scope in scopes):
            continue
        try:
            calendar = calendars.of_site(site).calendar
        except calendars.NoCalendar:
            continue
        if calendar.pk in seen:
            found.setdefault(calendar.pk, Hours(calendar)).sites.append(site)
    return list(found.values())


def _holds(scope: Scope, site: Site) -> bool:
    return scope.site in (None, site.pk) and scope.entity in (None, site.entity_id)


def example(told: Terms, places: list[Hours], now: datetime) -> str:
    """Return what the first answer means for a request of next Friday afternoon; or nothing."""
    target = told.target("first_response", service=0, family="", priority=None)
    if target is None or not target.hours or not places or not places[0].sites:
        return ""
    site, calendar = places[0].sites[0], places[0].calendar
    zone = ZoneInfo(calendar.time_zone)
    day = now.astimezone(zone).date()
    friday = day + timedelta(days=(FRIDAY - day.weekday()) % 7 or 7)
    asked = datetime.combine(friday, LATE, zone)
    due = calendars.timetable(calendar).add(asked, timedelta(seconds=target.seconds or 0))
    text = _("For instance: sent from %(site)s on %(asked)s, a request is answered by %(due)s.")
    return text % {
        "site": site.name,
        "asked": absolute_text(asked, zone),
        "due": absolute_text(due, zone),
    }

"""The calendars that programs subscribe to, as iCalendar (RFC 5545).

Their addresses leave our walls: what is confidential says "busy" and no more, to whomever.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from relais.desk.models import Clock, Commitment, Ticket
from relais.people import calendars
from relais.people.access import Access
from relais.people.models import Confidentiality, OnSiteDay, Person, Shift, Site

from . import service

BACK, AHEAD = timedelta(days=14), timedelta(days=90)
SERVICE_DAYS = 28
# A deadline is shown as the quarter of an hour that ends with it.
SHOWN = timedelta(minutes=15)
MOST = 1000


@dataclass(frozen=True)
class Entry:
    """One event. `end` of whole days is the day after the last; `busy`: it takes her time."""

    uid: str
    start: datetime | date
    end: datetime | date
    title: str
    text: str = ""
    url: str = ""
    busy: bool = False
    private: bool = False


def of_person(access: Access, now: datetime) -> list[Entry]:
    """Return somebody's own: shifts, on-site days, and what is promised by her or to her."""
    start, end = now - BACK, now + AHEAD
    found = [*_shifts(access, start, end), *_on_site(access, start.date(), end.date())]
    return [*found, *_deadlines(access, start, end), *_commitments(access, start, end)]


def of_site(site: Site, now: datetime) -> list[Entry]:
    """Return a site's: when the service is assured, on-site days, and days on which it is closed.

    The same for whoever reads it: what clients may know, and nothing of anybody's hours.
    """
    found = []
    for told in service.of([site], now, SERVICE_DAYS):
        for day in told.days:
            found += _site_day(site, day)
    return found


def _site_day(site: Site, day: service.ServiceDay) -> list[Entry]:
    key, after = f"{site.pk}-{day.day:%Y%m%d}", day.day + timedelta(1)
    found = []
    if day.state == "closed":
        if reason := _closing(site, day.day):
            found.append(Entry(f"closed-{key}", day.day, after, reason))
    else:
        words = _("Service assured") if day.state == "assured" else _("Reduced service")
        title = f"{words} · {day.hours}" if day.hours else words
        found.append(Entry(f"service-{key}", day.day, after, title))
    if day.on_site:
        title = _("On site: %(who)s") % {"who": day.who} if day.who else _("The service is on site")
        found.append(Entry(f"visit-{key}", day.day, after, title))
    return found


def _closing(site: Site, day: date) -> str:
    """Return why a day that is usually open is closed; "" for the weekly rest."""
    try:
        state = calendars.day(calendars.of_site(site).calendar, day)
    except calendars.NoCalendar:
        return ""
    if state.state in (calendars.State.REST, calendars.State.OPEN):
        return ""
    return f"{state.state_text} · {state.reason}" if state.reason else str(state.state_text)


def _shifts(access: Access, start: datetime, end: datetime) -> list[Entry]:
    rows = access.see(Shift).filter(person=access.person, period__overlap=(start, end))
    return [
        Entry(f"shift-{one.pk}", one.period.lower, one.period.upper, _("Shift"), busy=True)
        for one in rows.order_by("pk")[:MOST]
    ]


def _on_site(access: Access, first: date, last: date) -> list[Entry]:
    rows = access.see(OnSiteDay).filter(person=access.person, day__range=(first, last))
    return [
        Entry(
            f"onsite-{one.pk}",
            one.day,
            one.day + timedelta(1),
            _("On site: %(site)s") % {"site": one.site.name},
        )
        for one in rows.select_related("site")[:MOST]
    ]


def _hers(person: Person) -> Q:
    return Q(ticket__requester=person) if person.is_client else Q(ticket__holder=person)


def _deadlines(access: Access, start: datetime, end: datetime) -> list[Entry]:
    kinds = [Clock.Kind.DELIVERY, Clock.Kind.CORRECTION]
    rows = access.see(Clock).filter(
        _hers(access.person), kind__in=kinds, stopped_at=None, due_at__range=(start, end),
        ticket__state__in=Ticket.AT_WORK,
    )  # fmt: skip
    return [
        _about(one.ticket, f"due-{one.pk}", one.due_at, _("Deadline"))
        for one in rows.select_related("ticket__site").order_by("due_at", "pk")[:MOST]
        if one.due_at is not None
    ]


def _commitments(access: Access, start: datetime, end: datetime) -> list[Entry]:
    rows = access.see(Commitment).filter(
        _hers(access.person), state=Commitment.State.OPEN, due_at__range=(start, end)
    )
    return [
        _about(one.ticket, f"word-{one.pk}", one.due_at, one.get_kind_display(), one.text)
        for one in rows.select_related("ticket__site").order_by("due_at", "pk")[:MOST]
    ]


def _about(ticket: Ticket, uid: str, due: datetime, what: str, text: str = "") -> Entry:
    """Return what is promised on a request; of a confidential one, that the time is taken."""
    if ticket.confidentiality >= Confidentiality.CONFIDENTIAL:
        return Entry(uid, due - SHOWN, due, _("Busy"), busy=True, private=True)
    title = f"{what} · {ticket.reference} · {ticket.subject}"
    url = settings.SITE_URL + reverse("ticket", args=[ticket.pk])
    text = " · ".join(part for part in (text, ticket.site.name) if part)
    return Entry(uid, due - SHOWN, due, title, text, url)


def mark_of(name: str, entries: Iterable[Entry]) -> str:
    """Return a mark of what the calendar says: another one as soon as it says something else."""
    return hashlib.sha256(repr((name, list(entries))).encode()).hexdigest()


def written(name: str, entries: Iterable[Entry], at: datetime) -> bytes:
    """Return the calendar as a file; the same bytes as long as nothing has changed since `at`."""
    import icalendar  # here and not above: it takes long to load

    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Relais//Relais 1//FR")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for entry in entries:
        event = icalendar.Event()
        event.add("uid", f"{entry.uid}@relais")
        event.add("dtstamp", at.astimezone(UTC))
        event.add("dtstart", _utc(entry.start))
        event.add("dtend", _utc(entry.end))
        event.add("summary", entry.title)
        if entry.text:
            event.add("description", entry.text)
        if entry.url:
            event.add("url", entry.url)
        event.add("transp", "OPAQUE" if entry.busy else "TRANSPARENT")
        event.add("class", "CONFIDENTIAL" if entry.private else "PRIVATE")
        calendar.add_component(event)
    found: bytes = calendar.to_ical()
    return found


def _utc(when: datetime | date) -> datetime | date:
    # In UTC no table of zones has to come along, and every program reads the same instant.
    return when.astimezone(ZoneInfo("UTC")) if isinstance(when, datetime) else when

"""The addresses of calendars: made, made anew, revoked; and read by programs without a session."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from relais.lib.problem import Problem
from relais.lib.rates import too_often
from relais.lib.tenancy import current_tenant, tenant
from relais.people import calendars
from relais.people.access import Access
from relais.people.models import Person, Site
from relais.people.models.api_key import digest_of

from . import ics
from .models import CalendarLink

SHAPE = re.compile(r"(\d{1,18})-[\w-]{43}")
# Readings of one address, or tries from one place, in a minute.
MOST_READINGS, MOST_TRIES = 30, 60


class TooOften(Problem):
    """A program asks for a calendar more often than it may."""

    message = _("This calendar was asked for too often: try again in a minute.")


@dataclass(frozen=True)
class Answer:
    """What a program is given: the file, its mark, and since when it says so."""

    body: bytes
    mark: str
    changed_at: datetime


def address_of(secret: str) -> str:
    """Return the whole address, as a program is given it."""
    return settings.SITE_URL + reverse("calendar_feed", args=[secret])


def check_rate(what: str, most: int, now: datetime) -> None:
    """Raise `TooOften` when this was done more than `most` times within the minute."""
    if too_often(f"calendar-feed {what}", most, now):
        raise TooOften


def answer(secret: str, place: str, now: datetime) -> Answer | None:
    """Return what the address shows now; None when it opens nothing. Raises `TooOften`."""
    shape = SHAPE.fullmatch(secret)
    if shape is None or (current_tenant() not in (None, int(shape[1]))):
        check_rate(f"place {place}", MOST_TRIES, now)
        return None
    check_rate(secret, MOST_READINGS, now)
    with tenant(int(shape[1])):
        links = CalendarLink.objects.select_related("person__user", "site__company")
        link = links.filter(digest=digest_of(secret), revoked_at=None).first()
        if link is not None and link.opened_by(secret) and (found := _shown(link, now)):
            return found
    check_rate(f"place {place}", MOST_TRIES, now)
    return None


def _shown(link: CalendarLink, now: datetime) -> Answer | None:
    """Return the calendar as its owner may see it today; None once she may not any more."""
    person: Person = link.person
    access = Access.of(person)
    if person.archived_at is not None or not access.roles:
        return None
    with override(person.user.language if person.user else person.language):
        if link.site_id is None:
            name, entries = f"Relais · {person.name}", ics.of_person(access, now)
        else:
            places = access.see(Site).filter(archived_at=None).select_related(*calendars.PLACES)
            site = places.filter(pk=link.site_id).first()
            if site is None:
                return None
            name, entries = f"Relais · {site.name}", ics.of_site(site, now)
        mark = ics.mark_of(name, entries)
        link.read(mark, now)
        changed = link.changed_at or now
        return Answer(ics.written(name, entries, changed), mark, changed)

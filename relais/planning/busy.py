"""The calendars of people: read from a file, an address or CalDAV, into times that are taken."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from relais.lib import ical
from relais.lib.problem import Problem
from relais.lib.sealed import SealBroken, seal, unseal
from relais.lib.tenancy import tenant
from relais.people.models import Person

from . import outside
from .models import BusySource, BusyTime

log = logging.getLogger(__name__)
Kind = BusySource.Kind
PURPOSE = "busy-source"
BACK, AHEAD = timedelta(days=7), timedelta(days=370)
# Read again so often; and at least so often reckoned anew, as the days move on.
EVERY = timedelta(hours=1)
MOST_SOURCES, MOST_SHOWN = 20, 50


class NameTaken(Problem):
    """A person's calendars have different names."""

    message = _("A calendar of yours has this name already: choose another one.")


class TooMany(Problem):
    """Somebody has more calendars read than anybody needs."""

    message = _("No more than %(most)s calendars are read for one person: remove one first.")


class Unforeseen(Problem):
    """Reading the calendar failed in a way that nobody thought of; the log says how."""

    message = _("This calendar cannot be read here: remove it, or give its file instead.")


class NoLongerKnown(Problem):
    """What was sealed cannot be opened any more."""

    message = _("The address can no longer be opened: remove this calendar and enter it anew.")


@transaction.atomic
def take(person: Person, name: str, data: bytes, *, titles: bool = False) -> BusySource:
    """Return the calendar of a file. Raises `ical.Unreadable`, `NameTaken`, `TooMany`."""
    reading = ical.read(data, titles=titles)
    source = _made(person, name=name, kind=Kind.FILE, keeps_titles=titles)
    _keep(source, reading, timezone.now())
    return source


def follow(
    person: Person,
    name: str,
    address: str,
    *,
    kind: str = Kind.ADDRESS,
    user: str = "",
    password: str = "",
    titles: bool = False,
) -> BusySource:
    """Return the calendar at an address, read once now. Raises `outside.NotRead` besides."""
    now = timezone.now()
    where = {"url": address, "user": user, "password": password}
    reading = ical.read(_fetched(kind, where, now), titles=titles)
    sealed = seal(json.dumps(where), purpose=PURPOSE)
    # Only now: no transaction waits for a server of somebody else's.
    with transaction.atomic():
        source = _made(person, name=name, kind=kind, address=sealed, keeps_titles=titles)
        _keep(source, reading, now)
    return source


def read_again(source: BusySource) -> bool:
    """Return whether the calendar could be read now; why not is written on it."""
    now = timezone.now()
    try:
        _keep(source, _reading(source, now), now)
    except Problem as problem:
        _blame(source.pk, str(problem), now)
        return False
    return True


def read_by_itself(provider_id: int, source_id: int) -> bool:
    """Return whether a calendar that is due could be read; whatever happened, it is done with.

    Nothing of the database is held while the outside world answers.
    """
    now = timezone.now()
    with tenant(provider_id):
        source = _due(now).filter(pk=source_id).select_related("person").first()
    if source is None:
        return False  # another worker was first, or she removed it
    try:
        reading = _reading(source, now)
        with tenant(provider_id):
            _keep(source, reading, now)
    except BusySource.DoesNotExist:
        return False  # removed while it was read
    except Exception as fault:
        if not isinstance(fault, Problem):
            log.exception("calendar %s of provider %s was not read", source_id, provider_id)
        why = str(fault) if isinstance(fault, Problem) else str(Unforeseen())
        with tenant(provider_id):
            _blame(source_id, why, now)
        return False
    return True


def _reading(source: BusySource, now: datetime) -> ical.Reading:
    if source.kind == Kind.FILE:
        data = bytes(source.text, "utf-8")
    else:
        data = _fetched(source.kind, _where(source), now)
    return ical.read(data, titles=source.keeps_titles)


def _blame(source_id: int, why: str, now: datetime) -> None:
    # What was known stays: an address that is away for an hour frees nobody.
    BusySource.objects.filter(pk=source_id).update(fault=why.replace("\x00", "")[:300], read_at=now)


def due(now: datetime) -> list[int]:
    """Return the calendars that are to be read again."""
    return list(_due(now).order_by("read_at").values_list("pk", flat=True)[:200])


def _due(now: datetime) -> QuerySet[BusySource]:
    return BusySource.objects.filter(read_at__lt=now - EVERY, person__archived_at=None)


def written(source: BusySource) -> bytes:
    """Return the calendar as it was read, its times alone."""
    return source.text.encode()


def of_people(people: Iterable[int], start: datetime, end: datetime) -> dict[int, list[ical.Taken]]:
    """Return when each is taken, without what for: one query."""
    found: dict[int, list[ical.Taken]] = {key: [] for key in people}
    rows = BusyTime.objects.filter(person__in=found, period__overlap=(start, end))
    for person, period in rows.values_list("person", "period"):
        found[person].append(ical.Taken(period.lower, period.upper))
    return found


def _fetched(kind: str, where: dict[str, str], now: datetime) -> bytes:
    if kind == Kind.CALDAV:
        span = (now - BACK, now + AHEAD)
        return outside.of_collection(where["url"], where["user"], where["password"], *span)
    return outside.of_address(where["url"])


def _where(source: BusySource) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(unseal(source.address, purpose=PURPOSE))
    except SealBroken as fault:
        raise NoLongerKnown from fault
    return found


def _made(person: Person, **fields: object) -> BusySource:
    if BusySource.objects.filter(person=person).count() >= MOST_SOURCES:
        raise TooMany(most=MOST_SOURCES)
    try:
        with transaction.atomic():
            return BusySource.objects.create(
                provider_id=person.provider_id, person=person, **fields
            )
    except IntegrityError as fault:
        raise NameTaken from fault


@transaction.atomic
def _keep(source: BusySource, reading: ical.Reading, now: datetime) -> None:
    """Write down what was read: the text, and the times of the year to come. All or nothing."""
    person = source.person
    zone = ZoneInfo((person.site or person.provider).time_zone)
    found, left = ical.times(reading.text, now - BACK, now + AHEAD, zone)
    left = [*reading.left_out, *left]
    # Two readers at once: the second waits for the first, and writes its own.
    BusySource.objects.select_for_update(of=("self",)).get(pk=source.pk)
    _write(source, person, [(one.start, one.end, one.title) for one in found])
    source.text = reading.text.decode("utf-8", "replace").replace("\x00", "")
    source.digest, source.events = reading.digest, reading.events
    source.left_out = [
        [one.label if source.keeps_titles else "", one.why] for one in left[:MOST_SHOWN]
    ]
    source.read_at, source.fault = now, ""
    told = ["text", "digest", "events", "left_out", "read_at", "fault"]
    source.save(update_fields=told)


def _write(source: BusySource, person: Person, times: list[tuple[datetime, datetime, str]]) -> None:
    """Keep these times and no others; those that were there already stay the rows they are."""
    wanted = Counter(
        (start, end, title if source.keeps_titles else "") for start, end, title in times
    )
    gone = []
    rows = BusyTime.objects.filter(source=source).values_list("pk", "period", "title")
    for key, period, title in rows:
        there = (period.lower, period.upper, title)
        if wanted[there]:
            wanted[there] -= 1
        else:
            gone.append(key)
    BusyTime.objects.filter(pk__in=gone).delete()
    BusyTime.objects.bulk_create(
        BusyTime(
            provider_id=source.provider_id, person=person, source=source,
            period=(start, end), title=title,
        )
        for start, end, title in wanted.elements()
    )  # fmt: skip

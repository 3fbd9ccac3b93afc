"""The API of requests that come back by themselves."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema, Status

from relais.lib.api_types import Fault, FieldFaults, Key, Line, Moment, PathKey, Text
from relais.lib.repeats import LONGEST_RULE
from relais.offer.models import Service
from relais.people.api import NamedOut, access_of
from relais.people.models import Person, Site

from . import recurring_words
from .models import Recurrence

router = Router(tags=["recurring requests"])
REFUSALS = {404: Fault, 403: Fault, 409: Fault, 422: FieldFaults}
MOST = 200


class Seen(Schema):
    """`version`: as it was read; if it changed since, the verb is refused (409)."""

    version: Key | None = None


class RecurrenceIn(Schema):
    """A request that comes back: an RFC 5545 rule by whole days, at an hour of the site."""

    service: Key
    site: Key
    requester: Key | None = None
    subject: Annotated[Line, Field(min_length=1)]
    body: Text = ""
    rule: Annotated[Line, Field(min_length=1, max_length=LONGEST_RULE)]
    first_on: date
    hour: time
    shift: Literal["previous", "next", "none"] = "previous"


class RecurrenceOut(Schema):
    id: int
    version: int
    subject: str
    service: NamedOut
    site: NamedOut
    requester: NamedOut
    rule: str
    described: str
    state: str
    next_at: Moment | None


class DateOut(Schema):
    nominal: date
    day: date
    at: Moment


class SkipIn(Seen):
    nominal: date


def _named(row: Any) -> NamedOut:
    return NamedOut(id=row.pk, name=str(row))


def _one(rows: Any, key: int) -> Any:
    found = rows.filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _me(request: HttpRequest) -> Person:
    return access_of(request).person


# Recurring requests -------------------------------------------------------------------------------


@router.get("/recurrences", response=list[RecurrenceOut])
def recurrences(request: HttpRequest) -> list[Any]:
    rows = access_of(request).see(Recurrence).select_related("service", "site", "requester")
    return [_recurrence(one) for one in rows[:MOST]]


@router.post("/recurrences", response={201: RecurrenceOut, **REFUSALS})
def start_recurrence(request: HttpRequest, sent: RecurrenceIn) -> Status:
    access = access_of(request)
    me = access.person
    requester = me
    if sent.requester is not None and sent.requester != me.pk:
        if access.is_client:
            raise Http404
        requester = _one(access.see(Person), sent.requester)
    site = _one(access.see(Site).select_related("calendar", "company"), sent.site)
    made = Recurrence.start(
        site=site, requester=requester, by=me, subject=sent.subject, body=sent.body,
        service=_one(access.see(Service).filter(active=True), sent.service), rule=sent.rule,
        first_on=sent.first_on, hour=sent.hour.replace(tzinfo=None), shift=sent.shift,
    )  # fmt: skip
    return Status(201, _recurrence(made))


@router.get("/recurrences/{key}/dates", response={200: list[DateOut], 404: Fault})
def recurrence_dates(request: HttpRequest, key: PathKey) -> list[Any]:
    found = _recurring(request, key)
    if found.state == Recurrence.State.STOPPED:
        return []
    return [DateOut(nominal=d.nominal, day=d.day, at=d.at) for d in found.ahead(timezone.now())]


def _recurring_verb(name: str) -> Any:
    return router.post(
        f"/recurrences/{{key}}/{name}",
        response={200: RecurrenceOut, **REFUSALS},
        operation_id=f"recurrence_{name}",
    )


@_recurring_verb("pause")
def pause_recurrence(request: HttpRequest, key: PathKey, sent: Seen) -> Schema:
    found = _recurring(request, key, sent)
    found.pause(by=_me(request))
    return _recurrence(found)


@_recurring_verb("resume")
def resume_recurrence(request: HttpRequest, key: PathKey, sent: Seen) -> Schema:
    found = _recurring(request, key, sent)
    found.resume(by=_me(request))
    return _recurrence(found)


@_recurring_verb("stop")
def stop_recurrence(request: HttpRequest, key: PathKey, sent: Seen) -> Schema:
    found = _recurring(request, key, sent)
    found.stop(by=_me(request))
    return _recurrence(found)


@_recurring_verb("skip")
def skip_recurrence(request: HttpRequest, key: PathKey, sent: SkipIn) -> Schema:
    found = _recurring(request, key, sent)
    found.skip(sent.nominal, by=_me(request))
    return _recurrence(found)


def _recurring(request: HttpRequest, key: int, sent: Seen | None = None) -> Recurrence:
    related = ("site__calendar", "site__company", "service", "requester")
    found: Recurrence = _one(access_of(request).see(Recurrence).select_related(*related), key)
    found.expect(sent.version if sent else None)
    return found


def _recurrence(one: Recurrence) -> RecurrenceOut:
    return RecurrenceOut(
        id=one.pk, version=one.version, subject=one.subject, service=_named(one.service),
        site=_named(one.site), requester=_named(one.requester), rule=one.rule,
        described=recurring_words.described(one), state=one.state, next_at=one.next_at,
    )  # fmt: skip

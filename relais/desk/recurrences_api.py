"""The API of requests that come back by themselves."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from ninja import Field, Router, Schema, Status
from ninja.errors import ValidationError

from relais.lib.api_types import Fault, FieldFaults, Key, Line, Moment, PathKey, Text
from relais.lib.repeats import LONGEST_RULE, BadRule, NoDay
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


class RecurrenceEdit(Seen):
    """Fields left out stay as they are; what came already stays too."""

    subject: Annotated[Line, Field(min_length=1)] | None = None
    body: Text | None = None
    rule: Annotated[Line, Field(min_length=1, max_length=LONGEST_RULE)] | None = None
    first_on: date | None = None
    hour: time | None = None
    shift: Literal["previous", "next", "none"] | None = None


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


class RecurrenceDetail(RecurrenceOut):
    body: str
    first_on: date
    hour: time
    shift: str


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
    return Status(201, _recurrence(Recurrence.start(**_given(request, sent))))


@router.post("/recurrences/preview", response={200: list[DateOut], **REFUSALS})
def preview_recurrence(request: HttpRequest, sent: RecurrenceIn) -> list[Any]:
    """Return the dates of the next twelve months; nothing is kept."""
    return _dates(Recurrence.drafted(**_given(request, sent)))


def _given(request: HttpRequest, sent: RecurrenceIn) -> dict[str, Any]:
    access = access_of(request)
    me = access.person
    requester = me
    if sent.requester is not None and sent.requester != me.pk:
        if access.is_client:
            raise Http404
        requester = _one(access.see(Person), sent.requester)
    return {
        "site": _one(access.see(Site).select_related("calendar", "company"), sent.site),
        "requester": requester,
        "by": me,
        "service": _one(access.see(Service).filter(active=True), sent.service),
        "subject": sent.subject,
        "body": sent.body,
        "rule": sent.rule,
        "first_on": sent.first_on,
        "hour": sent.hour.replace(tzinfo=None),
        "shift": sent.shift,
    }


@router.get("/recurrences/{key}", response={200: RecurrenceDetail, 404: Fault})
def recurrence(request: HttpRequest, key: PathKey) -> Schema:
    return _detail(_recurring(request, key))


@router.post(
    "/recurrences/{key}/edit",
    response={200: RecurrenceDetail, **REFUSALS},
    operation_id="recurrence_edit",
)
def edit_recurrence(request: HttpRequest, key: PathKey, sent: RecurrenceEdit) -> Schema:
    found = _recurring(request, key, sent)
    given = sent.model_dump(exclude={"version"}, exclude_none=True)
    if sent.hour is not None:
        given["hour"] = sent.hour.replace(tzinfo=None)
    found.edit(by=_me(request), **given)
    return _detail(found)


@router.get("/recurrences/{key}/dates", response={200: list[DateOut], 404: Fault, 422: Fault})
def recurrence_dates(request: HttpRequest, key: PathKey) -> list[Any]:
    found = _recurring(request, key)
    return [] if found.state == Recurrence.State.STOPPED else _dates(found)


def _dates(found: Recurrence) -> list[Any]:
    try:
        ahead = found.ahead(timezone.now())
    except NoDay:
        text = gettext("The site is closed for too long around one of the dates.")
        raise ValidationError([{"loc": ("body", "shift"), "msg": text}]) from None
    except BadRule:
        text = gettext("It cannot be followed: write another one.")
        raise ValidationError([{"loc": ("body", "rule"), "msg": text}]) from None
    return [DateOut(nominal=each.nominal, day=each.day, at=each.at) for each in ahead]


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


def _detail(one: Recurrence) -> RecurrenceDetail:
    more = {name: getattr(one, name) for name in ("body", "first_on", "hour", "shift")}
    return RecurrenceDetail(**_recurrence(one).model_dump(), **more)

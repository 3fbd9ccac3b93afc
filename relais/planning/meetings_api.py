"""The API of meetings: find a time, book one of those held, give it up."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status
from ninja.errors import ValidationError

from relais.desk.models import Ticket
from relais.lib.api_types import Fault, FieldFaults, Key, Line, Moment, PathKey
from relais.people.access import Access
from relais.people.api import NamedOut, access_of

from . import free_busy_grid, meetings
from .meeting_forms import MeetingForm
from .models import Meeting

router = Router(tags=["planning"])
RELATED = ("ticket__site", "ticket__company", "by__provider")


class InvitedOut(Schema):
    """Somebody invited; `answer` is empty, `accepted`, `declined` or `tentative`."""

    person: NamedOut
    answer: str


class MeetingOut(Schema):
    """`times`: those that are held still, for everybody who is to come."""

    id: int
    version: int
    ticket: int
    subject: str
    place: str
    minutes: int
    state: str
    starts_at: Moment | None
    held_until: Moment
    times: list[Moment]
    guests: list[InvitedOut]


class MeetingsOut(Schema):
    items: list[MeetingOut]


class MeetingIn(Schema):
    subject: Annotated[Line, Field(min_length=1, max_length=200)]
    guests: Annotated[list[Key], Field(min_length=1, max_length=meetings.MOST_GUESTS)]
    minutes: int = 30
    first: date | None = None
    days: int = 10
    place: Line = ""


class BookIn(Schema):
    """Which of the times held; `version`: the one that was read."""

    time: Moment
    version: int | None = None


class GiveUpIn(Schema):
    version: int | None = None


def _out(one: Meeting) -> dict[str, Any]:
    return {
        "id": one.pk,
        "version": one.version,
        "ticket": one.ticket_id,
        "subject": one.subject,
        "place": one.place,
        "minutes": one.minutes,
        "state": one.state,
        "starts_at": one.starts_at,
        "held_until": one.held_until,
        "times": meetings.times_of(one, timezone.now()),
        "guests": [
            {"person": {"id": g.person_id, "name": g.person.name}, "answer": g.answer}
            for g in one.guests.select_related("person")
        ],
    }


def _staff(request: HttpRequest) -> Access:
    access = access_of(request)
    if access.is_client or not access.is_staff:
        raise Http404
    return access


def _meeting(request: HttpRequest, key: int, version: int | None = None) -> Meeting:
    found = _staff(request).see(Meeting).select_related(*RELATED).filter(pk=key).first()
    if found is None:
        raise Http404
    if version is not None:
        found.version = version
    return found


@router.get("/meetings", response={200: MeetingsOut, 404: Fault}, operation_id="meetings")
def listed(request: HttpRequest) -> dict[str, Any]:
    return {"items": [_out(one) for one in _staff(request).see(Meeting)[:50]]}


@router.get(
    "/meetings/{key}",
    response={200: MeetingOut, 404: Fault, 422: FieldFaults},
    operation_id="meeting",
)
def read(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    return _out(_meeting(request, key))


class StretchOut(Schema):
    """`state`: free, proposed, busy, closed, protected or notice; never what for."""

    starts: Moment
    ends: Moment
    state: str


class GuestHoursOut(Schema):
    person: NamedOut
    stretches: list[StretchOut]


class FreeBusyOut(Schema):
    """A day, half-hour by half-hour, those that stand alike put together."""

    day: date
    people: list[GuestHoursOut]


class FreeBusyIn(Schema):
    """The day that is asked for; the first with a time held where none is."""

    day: Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))] | None = None
    week: bool = False


@router.get(
    "/meetings/{key}/free_busy",
    response={200: list[FreeBusyOut], 404: Fault, 422: FieldFaults},
    operation_id="meeting_free_busy",
)
def free_busy(request: HttpRequest, key: PathKey, asked: Query[FreeBusyIn]) -> list[dict[str, Any]]:
    found, now = _meeting(request, key), timezone.now()
    days = free_busy_grid.days_of(found, meetings.times_of(found, now), asked.day)
    day = asked.day or (days[0] if days else timezone.localdate())
    draw = free_busy_grid.week_of(found, day, now) if asked.week else None
    grids = draw if draw is not None else free_busy_grid.drawn(found, [day], now)
    return [
        {
            "day": grid.day,
            "people": [
                {
                    "person": {"id": person.pk, "name": person.name},
                    "stretches": [
                        {"starts": each.starts, "ends": each.ends, "state": each.state}
                        for each in row
                    ],
                }
                for person, row in grid.rows
            ],
        }
        for grid in grids
    ]


@router.post(
    "/tickets/{key}/meetings",
    response={201: MeetingOut, 404: Fault, 422: FieldFaults},
    operation_id="find_meeting_time",
)
def find(request: HttpRequest, key: PathKey, wanted: MeetingIn) -> Status[dict[str, Any]]:
    access = _staff(request)
    ticket = access.see(Ticket).select_related("site", "company").filter(pk=key).first()
    if ticket is None or not ticket.is_live:
        raise Http404
    typed = wanted.dict() | {"first": wanted.first or timezone.localdate()}
    form = MeetingForm(access, ticket, typed)
    made = form.keep(access.person) if form.is_valid() else None
    if made is None:
        raise ValidationError(
            [
                {"loc": ["body"] if name == "__all__" else ["body", name], "msg": str(text)}
                for name, texts in form.errors.items()
                for text in texts
            ]
        )
    return Status(201, _out(made))


@router.post(
    "/meetings/{key}/book",
    response={200: MeetingOut, 404: Fault, 409: Fault, 422: FieldFaults},
    operation_id="book_meeting",
)
def book(request: HttpRequest, key: PathKey, wanted: BookIn) -> dict[str, Any]:
    one = _meeting(request, key, wanted.version)
    meetings.book(one, wanted.time, by=access_of(request).person)
    return _out(one)


@router.post(
    "/meetings/{key}/give_up",
    response={200: MeetingOut, 404: Fault, 409: Fault, 422: FieldFaults},
    operation_id="give_up_meeting",
)
def give_up(request: HttpRequest, key: PathKey, wanted: GiveUpIn) -> dict[str, Any]:
    one = _meeting(request, key, wanted.version)
    meetings.give_up(one, by=access_of(request).person)
    return _out(one)

"""The API of calendars: read, changed, and what a change would do to deadlines before it is made.

It stands here, above people, because each change can be asked for as a preview.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema
from ninja.errors import ValidationError as NotValid

from relais.lib.api_types import Fault, Key, Line, Moment, PartOf, PathKey
from relais.people import calendar_changes as changes
from relais.people.access import Access
from relais.people.api import NamedOut, access_of
from relais.people.models import Calendar, CalendarDay

from . import moves, recalculation

router = Router(tags=["calendars"])
REFUSALS = {404: Fault, 409: Fault, 422: Fault}
MOST_DAYS = 100
Clock = Annotated[Line, Field(max_length=20, examples=["09:00"])]
Pair = Annotated[list[Clock], Field(min_length=2, max_length=2, examples=[["09:00", "12:30"]])]
Weekday = Literal["1", "2", "3", "4", "5", "6", "7"]
Hours = Annotated[list[Pair], Field(max_length=48)]


class DayOut(Schema):
    """An exceptional day, or a range of them, that a person entered."""

    id: int
    first_day: date
    last_day: date
    yearly: bool
    kind: str
    hours: list[list[str]]
    label: str


class CalendarLine(Schema):
    id: int
    name: str
    company: NamedOut | None
    time_zone: str
    holiday_zone: str
    version: int


class CalendarOut(CalendarLine):
    """A calendar. `week`: openings by weekday, 1 for Monday."""

    holiday_eve: str
    whit_monday_worked: bool
    week: dict[str, list[list[str]]]
    days: list[DayOut]


class CalendarPage(Schema):
    items: list[CalendarLine]
    next: str | None


class MoveOut(Schema):
    """A deadline before and after."""

    ticket: int
    clock: str
    was: Moment | None
    now: Moment | None
    became_late: bool
    ceased_late: bool


class PreviewOut(Schema):
    """What would move. The sums count all; `moves` holds a part, `pages` says how many parts."""

    sentence: str
    seen: int
    moved: int
    became_late: int
    ceased_late: int
    page: int
    pages: int
    moves: list[MoveOut]


class ChangedOut(Schema):
    """The calendar as it stands; with `preview` nothing was changed."""

    calendar: CalendarOut
    preview: PreviewOut | None


class ChangeIn(Schema):
    """`seen`: the version that was read; `preview`: only tell which deadlines would move."""

    seen: Key
    preview: bool = False
    page: int = Field(1, ge=1, le=100_000)


class WeekIn(ChangeIn):
    """The whole week: a weekday left out is closed. `overnight` allows hours past midnight."""

    week: dict[Weekday, Hours]
    overnight: bool = False


class DaysIn(ChangeIn):
    first_day: date
    last_day: date | None = None
    kind: Literal["closed", "hours", "normal"] = "closed"
    hours: Hours = []
    label: Annotated[Line, Field(max_length=200)] = ""
    yearly: bool = False
    overnight: bool = False


class RemoveIn(ChangeIn):
    days: Annotated[list[Key], Field(min_length=1, max_length=MOST_DAYS)]


class SettingsIn(ChangeIn):
    """Fields left out stay as they are."""

    name: Annotated[Line, Field(min_length=1, max_length=200)] | None = None
    time_zone: Annotated[Line, Field(max_length=60)] | None = None
    holiday_zone: Annotated[Line, Field(max_length=20)] | None = None
    holiday_eve: Literal["normal", "half"] | None = None
    whit_monday_worked: bool | None = None


@router.get("/calendars", response=CalendarPage)
def calendars(request: HttpRequest, part: Query[PartOf]) -> dict[str, Any]:
    cut = part.cut(access_of(request).see(Calendar).select_related("company").order_by("name_key"))
    return cut | {"items": [CalendarLine(**_line(each)) for each in cut["items"]]}


@router.get("/calendars/{key}", response={200: CalendarOut, 404: Fault})
def calendar(request: HttpRequest, key: PathKey) -> CalendarOut:
    access = access_of(request)
    return _calendar(access, _one(access, key))


@router.post("/calendars/{key}/change_weekly", response={200: ChangedOut, **REFUSALS})
def change_weekly(request: HttpRequest, key: PathKey, sent: WeekIn) -> ChangedOut:
    week = {day: sent.week.get(str(day), []) for day in range(1, 8)}  # type: ignore[call-overload]

    def change(it: Calendar, **who: Any) -> None:
        changes.change_weekly(it, week, overnight=sent.overnight, **who)

    return _change(request, key, sent, change)


@router.post("/calendars/{key}/add_days", response={200: ChangedOut, **REFUSALS})
def add_days(request: HttpRequest, key: PathKey, sent: DaysIn) -> ChangedOut:
    given = sent.dict(exclude={"seen", "preview", "page", "first_day", "last_day"})

    def change(it: Calendar, **who: Any) -> None:
        changes.add_days(it, sent.first_day, sent.last_day, **given, **who)

    return _change(request, key, sent, change)


@router.post("/calendars/{key}/remove_days", response={200: ChangedOut, **REFUSALS})
def remove_days(request: HttpRequest, key: PathKey, sent: RemoveIn) -> ChangedOut:
    def change(it: Calendar, **who: Any) -> None:
        rows = list(it.days.filter(pk__in=sent.days, feed=None))
        if len(rows) < len(set(sent.days)):
            raise Http404
        changes.remove_days(it, rows, **who)

    return _change(request, key, sent, change)


@router.post("/calendars/{key}/change_settings", response={200: ChangedOut, **REFUSALS})
def change_settings(request: HttpRequest, key: PathKey, sent: SettingsIn) -> ChangedOut:
    given = sent.dict(exclude={"seen", "preview", "page"}, exclude_none=True)

    def change(it: Calendar, **who: Any) -> None:
        changes.change_settings(it, **given, **who)

    return _change(request, key, sent, change)


# How rows become answers ----------------------------------------------------------------------


def _one(access: Access, key: int) -> Calendar:
    found = access.see(Calendar).select_related("company").filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _change(
    request: HttpRequest, key: int, sent: ChangeIn, change: Callable[..., None]
) -> ChangedOut:
    access = access_of(request)
    found = _one(access, key)
    if not access.may_organise():
        raise Http404

    def made(it: Calendar) -> None:
        change(it, by=access.person, seen=sent.seen)

    try:
        # The pages look first too: hours by which a deadline would never come are refused.
        told = recalculation.preview_calendar(access, found, made)
        if not sent.preview:
            made(found)
            return ChangedOut(calendar=_calendar(access, _one(access, key)), preview=None)
    except ValidationError as refusal:
        raise NotValid(_faults(refusal)) from None
    return ChangedOut(calendar=_calendar(access, found), preview=_preview(access, told, sent.page))


def _faults(refusal: ValidationError) -> list[dict[str, Any]]:
    named = refusal.message_dict if hasattr(refusal, "error_dict") else {"": refusal.messages}
    return [
        {"loc": ("body", "" if name == "__all__" else name), "msg": message}
        for name, messages in named.items()
        for message in messages
    ]


def _preview(access: Access, told: recalculation.Preview, page: int) -> PreviewOut:
    part = moves.page_of(access, told, str(page), timezone.now())
    return PreviewOut(
        sentence=told.sentence,
        seen=told.seen,
        moved=told.moved,
        became_late=told.became_late,
        ceased_late=told.ceased_late,
        page=part.number,
        pages=part.pages,
        moves=[
            MoveOut(
                ticket=row.clock.ticket_id,
                clock=row.clock.kind,
                was=row.before,
                now=row.after,
                became_late=row.became_late,
                ceased_late=row.ceased_late,
            )
            for row in part.rows
        ],
    )


def _line(found: Calendar) -> dict[str, Any]:
    company = found.company
    return {
        "id": found.pk,
        "name": found.name,
        "company": NamedOut(id=company.pk, name=company.name) if company else None,
        "time_zone": found.time_zone,
        "holiday_zone": found.holiday_zone,
        "version": found.version,
    }


def _calendar(access: Access, found: Calendar) -> CalendarOut:
    rows = access.see(CalendarDay).filter(calendar=found, feed=None)
    return CalendarOut(
        **_line(found),
        holiday_eve=found.holiday_eve,
        whit_monday_worked=found.whit_monday_worked,
        week={str(day): pairs for day, pairs in changes.week_of(found).items()},
        days=[DayOut(**{name: getattr(row, name) for name in DayOut.model_fields}) for row in rows],
    )

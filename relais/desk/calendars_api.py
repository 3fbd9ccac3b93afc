"""The API of calendars: read, changed, and what a change would do to deadlines before it is made.

It stands here, above people, because each change can be asked for as a preview.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, File, Form, Query, Router, Schema, Status
from ninja.errors import ValidationError as NotValid
from ninja.files import UploadedFile

from relais.lib.api_types import Fault, Key, Line, Moment, PartOf, PathKey
from relais.people import calendar_changes as changes
from relais.people import calendar_removal, feeds
from relais.people import calendars as calendars_of
from relais.people.access import Access
from relais.people.api import NamedOut, access_of
from relais.people.calendar_year import FIRST_YEAR, LAST_YEAR, told
from relais.people.models import Calendar, CalendarChange, CalendarDay, Company, HolidayFeed

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


class CalendarChangedOut(Schema):
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


class NewIn(Schema):
    """A new calendar: of a company, or the provider's own. Without a week, the usual office hours.

    `overnight` allows hours past midnight.
    """

    name: Annotated[Line, Field(min_length=1, max_length=200)]
    company: Key | None = None
    time_zone: Annotated[Line, Field(max_length=60)] = "Europe/Paris"
    holiday_zone: Annotated[Line, Field(max_length=20)] = "FR"
    holiday_eve: Literal["normal", "half"] = "normal"
    whit_monday_worked: bool = False
    week: dict[Weekday, Hours] | None = None
    overnight: bool = False


class SeenVersionIn(Schema):
    seen: Key


class RestoreIn(ChangeIn):
    """`change`: the removal that is undone."""

    change: Key


class RemoveFeedIn(ChangeIn):
    feed: Key


class FeedIn(ChangeIn):
    """A feed of the same name is replaced; without a name, the file's own is taken."""

    name: Annotated[Line, Field(max_length=200)] = ""


class FeedOut(Schema):
    id: int
    name: str
    days: int
    imported_at: Moment


class FeedChangedOut(CalendarChangedOut):
    """What the feed brings: days that are new, gone, and as they were."""

    name: str
    new: int
    gone: int
    same: int


class DayStateOut(Schema):
    """What a calendar says of a day, and why. `hours` are the openings that begin on it."""

    day: date
    is_open: bool
    hours: str
    reason: str
    origin: str


class SpanIn(Schema):
    """A year at most; without days, today."""

    first: date | None = None
    last: date | None = None


class CalendarChangeOut(Schema):
    id: int
    at: Moment
    by: NamedOut | None
    kind: str
    lines: list[str]


@router.get("/calendars", response=CalendarPage)
def calendars(request: HttpRequest, part: Query[PartOf]) -> dict[str, Any]:
    cut = part.cut(access_of(request).see(Calendar).select_related("company").order_by("name_key"))
    return cut | {"items": [CalendarLine(**_line(each)) for each in cut["items"]]}


@router.get("/calendars/{key}", response={200: CalendarOut, 404: Fault})
def calendar(request: HttpRequest, key: PathKey) -> CalendarOut:
    access = access_of(request)
    return _calendar(access, _one(access, key))


@router.post("/calendars", response={201: CalendarOut, **REFUSALS})
def new_calendar(request: HttpRequest, sent: NewIn) -> Status:
    access = _organiser(request)
    companies = access.see(Company).filter(archived_at=None)
    company = companies.filter(pk=sent.company).first() if sent.company else None
    if sent.company and company is None:
        raise Http404
    week = changes.USUAL_WEEK if sent.week is None else _week(sent.week)
    settings = sent.dict(exclude={"company", "week", "overnight"})
    try:
        made = changes.create(
            access.person.provider, by=access.person, company=company, week=week,
            overnight=sent.overnight, **settings,
        )  # fmt: skip
    except ValidationError as refusal:
        raise refused(refusal) from None
    return Status(201, _calendar(access, made))


@router.post("/calendars/{key}/delete", response={204: None, **REFUSALS})
def delete_calendar(request: HttpRequest, key: PathKey, sent: SeenVersionIn) -> Status:
    access = _organiser(request)
    calendar_removal.delete(_one(access, key), by=access.person, seen=sent.seen)
    return Status(204, None)


@router.get("/calendars/{key}/days", response={200: list[DayStateOut], 404: Fault, 422: Fault})
def calendar_days(request: HttpRequest, key: PathKey, span: Query[SpanIn]) -> list[DayStateOut]:
    book = calendars_of.book_of(_one(access_of(request), key))
    first = span.first or timezone.localdate()
    last = span.last or first
    if not (first.year >= FIRST_YEAR and last.year <= LAST_YEAR and 0 <= (last - first).days < 366):
        raise refused(ValidationError({"last": _("A year at most, from the first day on.")}))
    found = (book.day(first + timedelta(n)) for n in range((last - first).days + 1))
    return [
        DayStateOut(
            day=each.day, is_open=each.is_open, hours=each.hours_text, reason=each.reason,
            origin=each.origin_text,
        )
        for each in found
    ]  # fmt: skip


@router.get("/calendars/{key}/changes", response={200: list[CalendarChangeOut], 404: Fault})
def calendar_changes(request: HttpRequest, key: PathKey) -> list[CalendarChangeOut]:
    access = access_of(request)
    if not access.is_staff:
        raise Http404
    rows = access.see(CalendarChange).filter(calendar=_one(access, key)).select_related("by")
    shown = [(row, told(row, set())) for row in rows[:MOST_DAYS]]
    return [
        CalendarChangeOut(
            id=row.pk, at=row.at, kind=row.kind, lines=[str(line) for line in each.lines],
            by=NamedOut(id=row.by.pk, name=row.by.name) if row.by else None,
        )
        for row, each in shown
    ]  # fmt: skip


@router.get("/calendars/{key}/feeds", response={200: list[FeedOut], 404: Fault})
def calendar_feeds(request: HttpRequest, key: PathKey) -> Any:
    access = access_of(request)
    return access.see(HolidayFeed).filter(calendar=_one(access, key))


@router.post("/calendars/{key}/restore_days", response={200: CalendarChangedOut, **REFUSALS})
def restore_days(request: HttpRequest, key: PathKey, sent: RestoreIn) -> CalendarChangedOut:
    access = _organiser(request)
    rows = access.see(CalendarChange).filter(calendar=_one(access, key), kind="days_removed")
    removal = rows.filter(pk=sent.change).first()
    if removal is None:
        raise Http404

    def change(it: Calendar, **who: Any) -> None:
        changes.restore_days(it, removal, **who)

    return _change(request, key, sent, change)


@router.post("/calendars/{key}/import_feed", response={200: FeedChangedOut, **REFUSALS})
def import_feed(
    request: HttpRequest,
    key: PathKey,
    sent: Form[FeedIn],
    file: UploadedFile = File(...),  # noqa: B008
) -> FeedChangedOut:
    found = _one(_organiser(request), key)
    reading = feeds.read(file.read(feeds.BIGGEST + 1), timezone.localdate())
    name = feeds.name_for(reading, file.name or "", sent.name)
    brings = changes.preview_feed(found, name, reading.days)

    def change(it: Calendar, **who: Any) -> None:
        changes.import_feed(it, name, reading.days, digest=reading.digest, **who)

    done = _change(request, key, sent, change)
    counts = {"new": len(brings.new), "gone": len(brings.gone), "same": brings.same}
    return FeedChangedOut(calendar=done.calendar, preview=done.preview, name=name, **counts)


@router.post("/calendars/{key}/remove_feed", response={200: CalendarChangedOut, **REFUSALS})
def remove_feed(request: HttpRequest, key: PathKey, sent: RemoveFeedIn) -> CalendarChangedOut:
    if not _one(_organiser(request), key).feeds.filter(pk=sent.feed).exists():
        raise Http404

    def change(it: Calendar, **who: Any) -> None:
        # Fetched anew: a row that was deleted and came back no longer knows its key.
        feed = it.feeds.filter(pk=sent.feed).first()
        if feed is None:  # somebody else removed it meanwhile
            raise Http404
        changes.remove_feed(it, feed, **who)

    return _change(request, key, sent, change)


@router.post("/calendars/{key}/change_weekly", response={200: CalendarChangedOut, **REFUSALS})
def change_weekly(request: HttpRequest, key: PathKey, sent: WeekIn) -> CalendarChangedOut:
    week = _week(sent.week)

    def change(it: Calendar, **who: Any) -> None:
        changes.change_weekly(it, week, overnight=sent.overnight, **who)

    return _change(request, key, sent, change)


@router.post("/calendars/{key}/add_days", response={200: CalendarChangedOut, **REFUSALS})
def add_days(request: HttpRequest, key: PathKey, sent: DaysIn) -> CalendarChangedOut:
    given = sent.dict(exclude={"seen", "preview", "page", "first_day", "last_day"})

    def change(it: Calendar, **who: Any) -> None:
        changes.add_days(it, sent.first_day, sent.last_day, **given, **who)

    return _change(request, key, sent, change)


@router.post("/calendars/{key}/remove_days", response={200: CalendarChangedOut, **REFUSALS})
def remove_days(request: HttpRequest, key: PathKey, sent: RemoveIn) -> CalendarChangedOut:
    def change(it: Calendar, **who: Any) -> None:
        rows = list(it.days.filter(pk__in=sent.days, feed=None))
        if len(rows) < len(set(sent.days)):
            raise Http404
        changes.remove_days(it, rows, **who)

    return _change(request, key, sent, change)


@router.post("/calendars/{key}/change_settings", response={200: CalendarChangedOut, **REFUSALS})
def change_settings(request: HttpRequest, key: PathKey, sent: SettingsIn) -> CalendarChangedOut:
    given = sent.dict(exclude={"seen", "preview", "page"}, exclude_none=True)

    def change(it: Calendar, **who: Any) -> None:
        changes.change_settings(it, **given, **who)

    return _change(request, key, sent, change)


# How rows become answers ----------------------------------------------------------------------


def _organiser(request: HttpRequest) -> Access:
    access = access_of(request)
    if not access.may_organise():
        raise Http404
    return access


def _week(sent: dict[Any, Any]) -> dict[int, Any]:
    return {day: sent.get(str(day), []) for day in range(1, 8)}


def _one(access: Access, key: int) -> Calendar:
    found = access.see(Calendar).select_related("company").filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _change(
    request: HttpRequest, key: int, sent: ChangeIn, change: Callable[..., None]
) -> CalendarChangedOut:
    access = _organiser(request)
    found = _one(access, key)

    def made(it: Calendar) -> None:
        change(it, by=access.person, seen=sent.seen)

    try:
        # The pages look first too: hours by which a deadline would never come are refused.
        told = recalculation.preview_calendar(access, found, made)
        if not sent.preview:
            made(found)
            return CalendarChangedOut(calendar=_calendar(access, _one(access, key)), preview=None)
    except ValidationError as refusal:
        raise refused(refusal) from None
    return CalendarChangedOut(
        calendar=_calendar(access, found), preview=previewed(access, told, sent.page)
    )


def refused(refusal: ValidationError) -> NotValid:
    """Return a refusal of the pages as the API tells it."""
    told = refusal.message_dict if hasattr(refusal, "error_dict") else {"": refusal.messages}
    return NotValid(
        [
            {"loc": ("body", "" if name == "__all__" else name), "msg": message}
            for name, messages in told.items()
            for message in messages
        ]
    )


def previewed(access: Access, told: recalculation.Preview, page: int) -> PreviewOut:
    """Return a part of what would move, and the sums of it all."""
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

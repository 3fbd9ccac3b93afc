"""The API of planning's facts: shifts, patterns of shifts, on-site days, wishes.

Internal to the provider: a client finds neither calls nor fields of it; an assistant reads hers.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from django.core.exceptions import ValidationError as FormError
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status
from ninja.errors import ValidationError

from relais.desk.quarantine_api import leading
from relais.lib.api_types import Fault, Key, Moment, PartOf, PathKey
from relais.people import organisation
from relais.people.access import Access
from relais.people.api import NamedOut, access_of
from relais.people.kept_api import REFUSALS, Names, checked, kept, one
from relais.people.models import OnSiteDay, Person, Role, Shift, Wish
from relais.people.pool_forms import team

from . import shifts as flow
from .shift_forms import OnSiteForm, OnSiteMoveForm, PatternForm, WishForm, check_reach
from .working_time import Word, person_zone, sentence

router = Router(tags=["planning"])
LONGEST_SHIFT = timedelta(days=1)
Weekdays = Annotated[list[Literal[1, 2, 3, 4, 5, 6, 7]], Field(min_length=1, max_length=7)]
Hour = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["09:00"])]


class PlannedShiftOut(Schema):
    """Hours that somebody works. `series`: what one pattern wrote shares it."""

    id: int
    person: NamedOut | None
    starts: Moment
    ends: Moment
    series: str | None


class ShiftPage(Schema):
    items: list[PlannedShiftOut]
    next: str | None


class ShiftsOut(Schema):
    """What was written. `warnings`: rules that stop nothing, in words."""

    items: list[PlannedShiftOut]
    warnings: list[str]


class ShiftIn(Schema):
    person: Key
    starts: Moment
    ends: Moment


class MoveShiftIn(Schema):
    """`seen_starts`, `seen_ends`: the hours as they were read; changed since: refused (409)."""

    starts: Moment
    ends: Moment
    seen_starts: Moment | None = None
    seen_ends: Moment | None = None


class SeriesIn(Schema):
    """`series`: with all that follows of its pattern."""

    series: bool = False


class PatternIn(Schema):
    """The same hours on some weekdays (1 is Monday). `preview`: tell, and write nothing."""

    person: Key
    weekdays: Weekdays
    starts: Hour
    ends: Hour
    pause_from: Hour | None = None
    pause_until: Hour | None = None
    first: date
    last: date
    preview: bool = False


class LeftOut(Schema):
    day: date
    why: str


class PatternOut(Schema):
    """What a pattern writes, or would write. `stops`: what the law forbids of it."""

    written: int
    spans: list[tuple[Moment, Moment]]
    left_out: list[LeftOut]
    stops: list[str]
    warnings: list[str]


class OnSiteDayOut(Schema):
    id: int
    person: NamedOut | None
    site: NamedOut | None
    day: date
    series: str | None


class OnSitePage(Schema):
    items: list[OnSiteDayOut]
    next: str | None


class OnSiteIn(Schema):
    """`until`: the same weekday of every week until that day."""

    person: Key
    site: Key
    day: date
    until: date | None = None


class OnSiteMoveIn(Schema):
    """`seen`: the day as it was read; changed since: refused (409)."""

    site: Key
    day: date
    seen: date | None = None


class RemovedOut(Schema):
    removed: int


class ShiftsRemovedOut(RemovedOut):
    """How many shifts were taken away. `warnings`: of what is left, in words; they stop nothing."""

    warnings: list[str]


class WishOut(Schema):
    """When an assistant would like to work, or rather not: a weekday or one day."""

    id: int
    person: NamedOut | None
    kind: str
    weekday: int | None
    day: date | None
    starts: str
    ends: str


class WishPage(Schema):
    items: list[WishOut]
    next: str | None


class WishIn(Schema):
    """Either `weekday` (1 is Monday) or `day`; without hours the whole day."""

    kind: Literal["prefers", "avoids"]
    weekday: Literal[1, 2, 3, 4, 5, 6, 7] | None = None
    day: date | None = None
    starts: Hour | None = None
    ends: Hour | None = None


class SpanQuery(PartOf):
    """Of whom, and from when until when."""

    person: Key | None = None
    since: Moment | None = None
    until: Moment | None = None


def planning(request: HttpRequest) -> Access:
    """Return the rights of a member of the pool; clients find nothing here."""
    access = access_of(request)
    if access.is_client or not (access.runs_pool or access.has(Role.Kind.ASSISTANT)):
        raise Http404
    return access


# Shifts -------------------------------------------------------------------------------------------


@router.get("/shifts", response={200: ShiftPage, 404: Fault})
def shifts(request: HttpRequest, asked: Query[SpanQuery]) -> dict[str, Any]:
    access = planning(request)
    rows = access.see(Shift).order_by("id")
    if asked.person is not None:
        rows = rows.filter(person=asked.person)
    if asked.since is not None:
        rows = rows.filter(period__endswith__gt=asked.since)
    if asked.until is not None:
        rows = rows.filter(period__startswith__lt=asked.until)
    cut = asked.cut(rows)
    return cut | {"items": _shifts(access, cut["items"])}


@router.post("/shifts", response={201: ShiftsOut, **REFUSALS})
def new_shift(request: HttpRequest, sent: ShiftIn) -> Status:
    access = leading(request)
    person = _assistant(access, sent.person)
    _follow(sent.starts, sent.ends)
    rows, word = flow.write(person, [(sent.starts, sent.ends)], by=access.person)
    return Status(201, _written(access, rows, word))


@router.post("/shifts/{key}/edit", response={200: ShiftsOut, **REFUSALS})
def edit_shift(request: HttpRequest, key: PathKey, sent: MoveShiftIn) -> dict[str, Any]:
    access = leading(request)
    shift = one(access, access.see(Shift).select_related("person"), key)
    _follow(sent.starts, sent.ends)
    seen = (sent.seen_starts, sent.seen_ends)
    was = (seen[0], seen[1]) if seen[0] is not None and seen[1] is not None else None
    word = flow.move(shift, (sent.starts, sent.ends), by=access.person, seen=was)
    return _written(access, [shift], word)


@router.post("/shifts/{key}/remove", response={200: ShiftsRemovedOut, **REFUSALS})
def remove_shift(request: HttpRequest, key: PathKey, sent: SeriesIn) -> dict[str, Any]:
    access = leading(request)
    seen = access.see(Shift).select_related("person")
    shift = one(access, seen, key)
    rows = [shift]
    if sent.series and shift.series is not None:
        later = seen.filter(series=shift.series, period__startswith__gte=shift.period.lower)
        rows = list(later)
    count, word = flow.remove(rows, by=access.person)
    return {"removed": count, "warnings": word.sentences}


@router.post("/shift_patterns", response={200: PatternOut, **REFUSALS})
def shift_pattern(request: HttpRequest, sent: PatternIn) -> dict[str, Any]:
    access = leading(request)
    form = checked(lambda data: PatternForm(data, access=access), sent)
    person, pattern = form.cleaned_data["person"], form.pattern()
    zone, written = person_zone(person), 0
    if sent.preview:
        preview = flow.foreseen(person, pattern, zone)
    else:
        rows, preview = flow.write_pattern(person, pattern, zone, by=access.person)
        written = len(rows)
    return {
        "written": written,
        "spans": preview.spans,
        "left_out": [{"day": day, "why": why} for day, why in preview.left_out],
        "stops": [sentence(each) for each in preview.word.stops],
        "warnings": preview.word.sentences,
    }


def _assistant(access: Access, key: int) -> Person:
    found = next((each for each in team(access) if each.pk == key), None)
    if found is None:
        raise Http404
    return found


def _follow(starts: datetime, ends: datetime) -> None:
    try:
        check_reach(starts.date())
    except FormError as error:
        raise ValidationError([{"loc": ("body", "starts"), "msg": error.messages[0]}]) from None
    if ends <= starts:
        text = _("The shift ends before it starts.")
        raise ValidationError([{"loc": ("body", "ends"), "msg": text}])
    if ends - starts > LONGEST_SHIFT:
        text = _("A shift is of a day at most: check the day.")
        raise ValidationError([{"loc": ("body", "ends"), "msg": text}])


def _shifts(access: Access, rows: list[Shift]) -> list[dict[str, Any]]:
    names = Names(access, rows, "person")
    return [
        {
            "id": row.pk,
            "starts": row.period.lower,
            "ends": row.period.upper,
            "series": str(row.series) if row.series else None,
        }
        | names.of(row)
        for row in rows
    ]


def _written(access: Access, rows: list[Shift], word: Word) -> dict[str, Any]:
    return {"items": _shifts(access, rows), "warnings": word.sentences}


# On-site days -------------------------------------------------------------------------------------


@router.get("/on_site_days", response={200: OnSitePage, 404: Fault})
def on_site_days(request: HttpRequest, part: Query[PartOf]) -> dict[str, Any]:
    access = planning(request)
    cut = part.cut(access.see(OnSiteDay).order_by("id"))
    return cut | {"items": _on_site(access, cut["items"])}


@router.post("/on_site_days", response={201: list[OnSiteDayOut], **REFUSALS})
def new_on_site_day(request: HttpRequest, sent: OnSiteIn) -> Status:
    access = leading(request)
    form = checked(lambda data: OnSiteForm(data, access=access), sent)
    given = form.cleaned_data
    rows = flow.be_on_site(
        given["person"], given["site"], given["day"], given["until"], by=access.person
    )
    return Status(201, _on_site(access, rows))


@router.post("/on_site_days/{key}/edit", response={200: OnSiteDayOut, **REFUSALS})
def edit_on_site_day(request: HttpRequest, key: PathKey, sent: OnSiteMoveIn) -> dict[str, Any]:
    access = leading(request)
    row = one(access, access.see(OnSiteDay).select_related("person"), key)
    form = checked(lambda data: OnSiteMoveForm(data, access=access), sent)
    given = form.cleaned_data
    flow.move_on_site(row, given["day"], given["site"], by=access.person, seen=given["seen"])
    return _on_site(access, [row])[0]


@router.post("/on_site_days/{key}/remove", response={200: RemovedOut, **REFUSALS})
def remove_on_site_day(request: HttpRequest, key: PathKey, sent: SeriesIn) -> dict[str, Any]:
    access = leading(request)
    seen = access.see(OnSiteDay).select_related("person")
    row = one(access, seen, key)
    rows = [row]
    if sent.series and row.series is not None:
        rows = list(seen.filter(series=row.series, day__gte=row.day))
    return {"removed": flow.leave_site(rows, by=access.person)}


def _on_site(access: Access, rows: list[OnSiteDay]) -> list[dict[str, Any]]:
    names = Names(access, rows, "person", "site")
    return [
        {"id": row.pk, "day": row.day, "series": str(row.series) if row.series else None}
        | names.of(row)
        for row in rows
    ]


# Wishes -------------------------------------------------------------------------------------------


@router.get("/wishes", response={200: WishPage, 404: Fault})
def wishes(request: HttpRequest, part: Query[PartOf]) -> dict[str, Any]:
    access = planning(request)
    cut = part.cut(access.see(Wish).order_by("id"))
    names = Names(access, cut["items"], "person")
    return cut | {"items": [_wish(row) | names.of(row) for row in cut["items"]]}


@router.post("/wishes", response={201: WishOut, **REFUSALS})
def new_wish(request: HttpRequest, sent: WishIn) -> Status:
    access = _wishing(request)
    mine = Wish(person=access.person)
    row = kept(checked(lambda data: WishForm(data, instance=mine), sent), by=access.person)
    return Status(201, _wish(row) | {"person": {"id": row.person_id, "name": access.person.name}})


@router.post("/wishes/{key}/remove", response={200: RemovedOut, **REFUSALS})
def remove_wish(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = _wishing(request)
    row = one(access, access.see(Wish).filter(person=access.person), key)
    organisation.record(access.person, "wish_removed", access.person, wish=str(row))
    row.delete()
    return {"removed": 1}


def _wishing(request: HttpRequest) -> Access:
    access = planning(request)
    if not access.has(Role.Kind.ASSISTANT):
        raise Http404
    return access


def _wish(row: Wish) -> dict[str, Any]:
    hours = {name: getattr(row, name) for name in ("starts", "ends")}
    return {
        "id": row.pk,
        "kind": row.kind,
        "weekday": row.weekday,
        "day": row.day,
        **{name: f"{at:%H:%M}" if at else "" for name, at in hours.items()},
    }

"""The API of one's calendars that are read here, and of the times that they take."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404, HttpRequest
from ninja import Field, Router, Schema, Status
from ninja.errors import ValidationError

from relais.lib import ical
from relais.lib.api_types import Fault, FieldFaults, Line, Moment, PathKey
from relais.people.api import access_of

from . import busy
from .busy_forms import BusyForm
from .models import BusySource, BusyTime

router = Router(tags=["planning"])
MOST = 1000


class BusySourceOut(Schema):
    """A calendar of mine. `left_out`: what was not taken of it (title, reason); at most 50."""

    id: int
    name: str
    kind: str
    events: int
    keeps_titles: bool
    read_at: Moment | None
    fault: str
    left_out: list[list[str]]


class BusySourcesOut(Schema):
    items: list[BusySourceOut]


class BusyTimeOut(Schema):
    start: Moment
    end: Moment
    title: str


class BusyTimesOut(Schema):
    """The times that a calendar takes, the first thousand."""

    items: list[BusyTimeOut]


class BusySourceIn(Schema):
    """A calendar: `text` (iCalendar) for a file, else its address."""

    name: Annotated[Line, Field(max_length=80)]
    kind: Literal["file", "address", "caldav"] = "file"
    text: Annotated[str, Field(max_length=ical.BIGGEST)] = ""
    address: Annotated[str, Field(max_length=2000)] = ""
    user: Line = ""
    password: Line = ""
    titles: bool = False


@router.get("/busy_sources", response=BusySourcesOut, operation_id="busy_sources")
def sources(request: HttpRequest) -> dict[str, Any]:
    return {"items": list(access_of(request).see(BusySource))}


@router.post(
    "/busy_sources",
    response={201: BusySourceOut, 422: FieldFaults},
    operation_id="add_busy_source",
)
def add(request: HttpRequest, wanted: BusySourceIn) -> Status[BusySource]:
    typed = wanted.dict()
    data = typed.pop("text").encode("utf-8", "replace")
    file = SimpleUploadedFile("calendar.ics", data) if data else None
    form = BusyForm(typed, {"file": file} if file else {})
    made = form.keep(access_of(request).person) if form.is_valid() else None
    if made is None:
        raise ValidationError(
            [
                {"loc": ["body", "text" if name == "file" else name], "msg": str(text)}
                for name, texts in form.errors.items()
                for text in texts
            ]
        )
    return Status(201, made)


@router.get(
    "/busy_sources/{key}/times",
    response={200: BusyTimesOut, 404: Fault, 422: FieldFaults},
    operation_id="busy_times",
)
def times(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    source = _found(request, key)
    rows = access_of(request).see(BusyTime).filter(source=source)[:MOST]
    return {
        "items": [
            {"start": one.period.lower, "end": one.period.upper, "title": one.title} for one in rows
        ]
    }


@router.post(
    "/busy_sources/{key}/read_again",
    response={200: BusySourceOut, 404: Fault, 422: FieldFaults},
    operation_id="read_busy_source_again",
)
def read_again(request: HttpRequest, key: PathKey) -> BusySource:
    source = _found(request, key)
    busy.read_again(source)
    source.refresh_from_db()
    return source


@router.post(
    "/busy_sources/{key}/remove",
    response={204: None, 404: Fault, 422: FieldFaults},
    operation_id="remove_busy_source",
)
def remove(request: HttpRequest, key: PathKey) -> Status[None]:
    _found(request, key).delete()
    return Status(204, None)


def _found(request: HttpRequest, key: int) -> BusySource:
    found = access_of(request).see(BusySource).select_related("person").filter(pk=key).first()
    if found is None:
        raise Http404
    return found

"""The API of what fills an inventory: spreadsheets, past requests, counted calendars."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from ninja import Field, File, Query, Router, Schema, Status
from ninja.files import UploadedFile

from relais.lib import tables
from relais.lib.api_types import Fault, Key, Line, PartOf, PathKey
from relais.people.api import access_of
from relais.people.kept_api import REFUSALS, one

from . import deriving, taking_sheets
from .models import SheetImport
from .sheet_headings import FIELDS
from .studies_api import as_read, led_study

router = Router(tags=["studies"])


class RefusedRowOut(Schema):
    """A cell that was not taken, and the mend."""

    row: int
    cell: str
    text: str
    why: str


class StudySheetOut(Schema):
    """A spreadsheet. `columns`: what each says, by its number from 0; `lines`: what it would make.

    Only `read` of its `rows` are looked at before it is taken. A large one is taken by a worker:
    `state` is "taking" meanwhile, `done` of `lines` so far. Once it is taken, `counts` says what
    came of it. In a list nothing is read of those not taken. `sheets`: those of the file; each that
    was read is an import of its own.
    """

    id: int
    file_name: str
    sheet: str
    sheets: list[str]
    columns: dict[str, str]
    site: int | None
    unit: float
    state: Literal["read", "taking", "taken"]
    rows: int
    read: int
    done: int
    problem: str
    lines: int
    totals: int
    refused: list[RefusedRowOut]
    taken: bool
    counts: dict[str, int]
    version: int


class StudySheetPage(Schema):
    items: list[StudySheetOut]
    next: str | None


class UnderstandIn(Schema):
    """`columns`: field by column; `unit`: minutes of a bare number whose heading says no unit."""

    columns: dict[Annotated[str, Field(pattern=r"^\d{1,3}$")], Line] | None = None
    site: Key | None = None
    unit: Annotated[float, Field(gt=0, le=10_000)] = 1.0
    version: int | None = None


class TakeSheetIn(Schema):
    version: int | None = None


class PastPeriodIn(Schema):
    """From when to when; left out: all there is."""

    since: date | None = None
    until: date | None = None


class DerivedOut(Schema):
    added: int
    changed: int


@router.get("/studies/{key}/sheets", response={200: StudySheetPage, 404: Fault})
def study_sheets(request: HttpRequest, key: PathKey, part: Query[PartOf]) -> dict[str, Any]:
    study = led_study(request, key)
    rows = access_of(request).see(SheetImport).filter(study=study).select_related("study")
    cut = part.cut(rows.order_by("id"))
    return cut | {"items": [_told(each, brief=True) for each in cut["items"]]}


@router.get("/study_sheets/{key}", response={200: StudySheetOut, 404: Fault})
def study_sheet(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    return _told(_sheet(request, key))


@router.post("/studies/{key}/sheets", response={201: StudySheetOut, **REFUSALS})
def hand_in_sheet(
    request: HttpRequest,
    key: PathKey,
    file: UploadedFile = File(...),  # noqa: B008
    sheet: Line = "",
) -> Status:
    study = led_study(request, key)
    content = tables.load(file.file)
    taken = taking_sheets.hand_in(
        study, file.name or "", content, by=access_of(request).person, sheet=sheet
    )
    return Status(201, _told(taken))


@router.post("/study_sheets/{key}/understand", response={200: StudySheetOut, **REFUSALS})
def understand_sheet(request: HttpRequest, key: PathKey, sent: UnderstandIn) -> dict[str, Any]:
    taken = _sheet(request, key)
    as_read(taken, sent.version)
    mapping = None
    if sent.columns is not None:
        mapping = {int(c): name for c, name in sent.columns.items() if name in FIELDS}
    known = taking_sheets.sites_of(taken.study).names
    site = sent.site if sent.site in known else None
    taking_sheets.understand(taken, mapping, site, sent.unit, by=access_of(request).person)
    return _told(taken)


@router.post("/study_sheets/{key}/take", response={200: StudySheetOut, **REFUSALS})
def take_sheet(request: HttpRequest, key: PathKey, sent: TakeSheetIn) -> dict[str, Any]:
    taken = _sheet(request, key)
    as_read(taken, sent.version)
    taking_sheets.take(taken, by=access_of(request).person)
    return _told(taken)


@router.post("/studies/{key}/lines/derive", response={200: DerivedOut, **REFUSALS})
def derive_lines(request: HttpRequest, key: PathKey, sent: PastPeriodIn) -> dict[str, Any]:
    study = led_study(request, key)
    person = access_of(request).person
    added, changed = deriving.derive(study, by=person, since=sent.since, until=sent.until)
    return {"added": added, "changed": changed}


@router.post("/studies/{key}/lines/count_calendars", response={200: DerivedOut, **REFUSALS})
def count_calendars(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    study = led_study(request, key)
    added, changed = deriving.count_calendars(study, by=access_of(request).person)
    return {"added": added, "changed": changed}


def _sheet(request: HttpRequest, key: int) -> SheetImport:
    access = access_of(request)
    taken = one(access, SheetImport.objects.select_related("study"), key)
    if not taken.study.may_lead(access.person):
        raise Http404
    return taken


def _told(taken: SheetImport, *, brief: bool = False) -> dict[str, Any]:
    plain = ("id", "file_name", "sheet", "sheets", "unit", "counts", "version", "done", "problem")
    told: dict[str, Any] = {name: getattr(taken, name) for name in plain}
    told |= {"site": taken.site_id, "taken": taken.taken_at is not None}
    told |= {"state": "read", "rows": len(taken.rows), "read": 0}
    if taken.is_being_taken and not taking_sheets.is_silent(taken):
        told |= {"state": "taking", "lines": taken.lines}
        return told | {"columns": {}, "totals": 0, "refused": []}
    if taken.taken_at is not None:
        told["state"] = "taken"
        refused = [dict(zip(("row", "cell", "text", "why"), each, strict=True))
                   for each in taken.refused]  # fmt: skip
        return told | {"columns": {}, "lines": 0, "totals": 0, "refused": refused}
    if brief:
        return told | {"columns": {}, "lines": 0, "totals": 0, "refused": []}
    told["read"] = min(len(taken.rows), taking_sheets.AT_ONCE)
    found = taking_sheets.reading(taken, taking_sheets.AT_ONCE)
    fields = found.headings[0].fields if found.headings else {}
    return told | {
        "columns": {str(column): name for column, name in fields.items()},
        "lines": len(found.lines),
        "totals": len(found.totals),
        "refused": [
            {"row": each.row, "cell": each.cell, "text": each.text, "why": each.why}
            for each in found.refused[:200]
        ],
    }

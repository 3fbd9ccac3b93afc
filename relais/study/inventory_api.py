"""The API of the inventory: its lines, and which of them are the same work elsewhere."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from ninja import Field, Query, Router, Schema, Status
from ninja.errors import ValidationError

from relais.lib.api_types import Fault, Key, Line, PartOf, PathKey, Text
from relais.people.access import Access
from relais.people.api import NamedOut, access_of
from relais.people.kept_api import REFUSALS, Names, one

from . import counting, doubling, inventorying
from .doubling_words import idea_text
from .line_fields import GRID, read
from .models import Duplicate, InventoryLine, Study
from .reading_cells import Unread
from .studies_api import as_read, led_study, study_of
from .tabs import leads, reads

router = Router(tags=["studies"])
Cell = Line | float | None


class InventoryLineOut(Schema):
    """A line: minutes at least, usually, at most; shares in per cent; hours a year counted."""

    id: int
    site: NamedOut | None
    family: str
    task: str
    doer_role: str
    count: float
    period: str
    minutes: tuple[float, float, float]
    months: list[float]
    rework: float
    waiting: float
    value: str
    secrecy: int
    evidence: str
    confidence: int
    source: str
    hours: float
    hours_once: float
    validated: bool
    version: int


class InventoryLinePage(Schema):
    items: list[InventoryLineOut]
    next: str | None


class InventoryLineIn(Schema):
    """A cell each, written as in a spreadsheet: "2 x/semaine", "1h30", or plain numbers."""

    site: Cell = None
    family: Cell = None
    task: Cell = None
    doer_role: Cell = None
    owner_role: Cell = None
    count: Cell = None
    period: Cell = None
    minutes_low: Cell = None
    minutes_usual: Cell = None
    minutes_high: Cell = None
    rework: Cell = None
    waiting: Cell = None
    errors: Cell = None
    able: Cell = None
    knowledge: Cell = None
    relation: Cell = None
    standard: Cell = None
    automatable: Cell = None
    documented: Cell = None
    presence: Cell = None
    value: Cell = None
    secrecy: Cell = None
    evidence: Cell = None
    confidence: Cell = None


class LineEditIn(InventoryLineIn):
    """`version`: as it was read; changed since: refused (409)."""

    version: int | None = None


class LineVerbIn(Schema):
    version: int | None = None


class PasteIn(Schema):
    """A block of a spreadsheet (tabs between cells), over `lines` and new ones below them."""

    text: Text
    lines: Annotated[list[Key], Field(max_length=1000)] = []
    field: Literal[GRID] = "task"  # type: ignore[valid-type]


class RefusedCellOut(Schema):
    row: int
    column: int
    text: str
    why: str


class PastedOut(Schema):
    lines: int
    refused: list[RefusedCellOut]


class TouchedOut(Schema):
    lines: int


class DuplicateOut(Schema):
    """Two lines that may be the same work: how close from 0 to 1, and the ideas they share."""

    id: int
    first: NamedOut | None
    second: NamedOut | None
    score: float | None
    sure: bool
    shared: list[str]
    state: str
    version: int


class DuplicatePage(Schema):
    items: list[DuplicateOut]
    next: str | None


class SoughtOut(Schema):
    """How many pairs are new, and the hours a year that are counted once."""

    proposed: int
    double_hours: float


# Lines --------------------------------------------------------------------------------------------


@router.get("/studies/{key}/lines", response={200: InventoryLinePage, 404: Fault})
def lines(request: HttpRequest, key: PathKey, part: Query[PartOf]) -> dict[str, Any]:
    access, study = access_of(request), study_of(request, key)
    if not reads(access, study):
        raise Http404
    cut = part.cut(access.see(InventoryLine).filter(study=study).order_by("id"))
    return cut | {"items": _told(access, study, cut["items"])}


@router.post("/studies/{key}/lines", response={201: InventoryLineOut, **REFUSALS})
def new_line(request: HttpRequest, key: PathKey, sent: InventoryLineIn) -> Status:
    access, study = access_of(request), led_study(request, key)
    sites = inventorying.sites_of(study)
    blank = InventoryLine(study=study, site_id=next(iter(sites.names), None))
    fields = {"site_id": blank.site_id} | _read(blank, sent, sites)
    line = inventorying.add(study, fields, by=access.person)
    return Status(201, _told(access, study, [line])[0])


@router.post("/study_lines/{key}/edit", response={200: InventoryLineOut, **REFUSALS})
def edit_line(request: HttpRequest, key: PathKey, sent: LineEditIn) -> dict[str, Any]:
    access, line = access_of(request), _line(request, key)
    as_read(line, sent.version)
    untouched = InventoryLine.objects.select_related("study").get(pk=line.pk)
    fields = _read(line, sent, inventorying.sites_of(line.study))
    inventorying.change(untouched, fields, by=access.person)
    return _told(access, line.study, [untouched])[0]


@router.post("/study_lines/{key}/remove", response={200: TouchedOut, **REFUSALS})
def remove_line(request: HttpRequest, key: PathKey, sent: LineVerbIn) -> dict[str, Any]:
    line = _line(request, key)
    as_read(line, sent.version)
    inventorying.remove(line, by=access_of(request).person)
    return {"lines": 1}


@router.post("/study_lines/{key}/validate", response={200: InventoryLineOut, **REFUSALS})
def validate_line(request: HttpRequest, key: PathKey, sent: LineVerbIn) -> dict[str, Any]:
    access, line = access_of(request), _line(request, key)
    as_read(line, sent.version)
    inventorying.validate(line, by=access.person)
    return _told(access, line.study, [line])[0]


@router.post("/studies/{key}/lines/paste", response={200: PastedOut, **REFUSALS})
def paste_lines(request: HttpRequest, key: PathKey, sent: PasteIn) -> dict[str, Any]:
    study = led_study(request, key)
    count, refused = inventorying.paste(
        study, sent.text, sent.lines, sent.field, by=access_of(request).person
    )
    return {"lines": count, "refused": refused}


@router.post("/studies/{key}/lines/undo", response={200: TouchedOut, **REFUSALS})
def undo_lines(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    study = led_study(request, key)
    return {"lines": inventorying.undo(study, by=access_of(request).person)}


def _line(request: HttpRequest, key: int) -> InventoryLine:
    access = access_of(request)
    line = one(access, InventoryLine.objects.select_related("study", "site"), key)
    if not line.study.may_lead(access.person):
        raise Http404
    return line


def _read(line: InventoryLine, sent: Schema, sites: Any) -> dict[str, Any]:
    """Return the fields of cells as the grid reads them; raise what is wrong, cell by cell."""
    found: dict[str, Any] = {}
    faults: list[dict[str, Any]] = []
    for name, text in sent.model_dump(exclude_unset=True, exclude={"version"}).items():
        try:
            given = read(name, text, line, sites)
        except Unread as problem:
            faults.append({"loc": ("body", name), "msg": problem.mend})
            continue
        found |= given
        for attname, value in given.items():
            setattr(line, attname, value)
    if faults:
        raise ValidationError(faults)
    return found


def _told(access: Access, study: Study, rows: list[InventoryLine]) -> list[dict[str, Any]]:
    names = Names(access, rows, "site")
    counts = counting.counted(counting.lines_of(study))
    plain = (
        "id", "family", "task", "doer_role", "count", "period", "minutes", "months", "rework",
        "waiting", "value", "secrecy", "evidence", "confidence", "source", "version",
    )  # fmt: skip
    return [
        {name: getattr(row, name) for name in plain}
        | names.of(row)
        | {
            "hours": counts[row.pk].minutes / 60,
            "hours_once": counts[row.pk].once / 60,
            "validated": row.validated_at is not None,
        }
        for row in rows
    ]


# Duplicates ---------------------------------------------------------------------------------------


@router.get("/studies/{key}/duplicates", response={200: DuplicatePage, 404: Fault})
def duplicates(request: HttpRequest, key: PathKey, part: Query[PartOf]) -> dict[str, Any]:
    access, study = access_of(request), study_of(request, key)
    if not leads(access, study):
        raise Http404
    rows = access.see(Duplicate).filter(study=study).select_related("first", "second")
    cut = part.cut(rows.order_by("id"))
    return cut | {"items": [_duplicate(each) for each in cut["items"]]}


@router.post("/studies/{key}/duplicates/seek", response={200: SoughtOut, **REFUSALS})
def seek_duplicates(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    study = led_study(request, key)
    proposed = doubling.seek(study, by=access_of(request).person)
    double = sum(row.double for row in counting.count_study(study))
    return {"proposed": proposed, "double_hours": double / 60}


@router.post("/study_duplicates/{key}/confirm", response={200: DuplicateOut, **REFUSALS})
def confirm_duplicate(request: HttpRequest, key: PathKey, sent: LineVerbIn) -> dict[str, Any]:
    return _said(request, key, sent, "confirm")


@router.post("/study_duplicates/{key}/refuse", response={200: DuplicateOut, **REFUSALS})
def refuse_duplicate(request: HttpRequest, key: PathKey, sent: LineVerbIn) -> dict[str, Any]:
    return _said(request, key, sent, "refuse")


@router.post("/study_duplicates/{key}/undo", response={200: DuplicateOut, **REFUSALS})
def undo_duplicate(request: HttpRequest, key: PathKey, sent: LineVerbIn) -> dict[str, Any]:
    return _said(request, key, sent, "undo")


def _said(request: HttpRequest, key: int, sent: LineVerbIn, verb: str) -> dict[str, Any]:
    access = access_of(request)
    pair = one(access, Duplicate.objects.select_related("study", "first", "second"), key)
    as_read(pair, sent.version)
    doubling.say(pair, verb, by=access.person)
    return _duplicate(pair)


def _duplicate(row: Duplicate) -> dict[str, Any]:
    return {
        "id": row.pk,
        "first": {"id": row.first_id, "name": row.first.task},
        "second": {"id": row.second_id, "name": row.second.task},
        "score": row.score, "sure": row.sure, "state": row.state, "version": row.version,
        "shared": [idea_text(idea) for idea in row.shared],
    }  # fmt: skip

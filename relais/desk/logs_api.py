"""The API of logs of another tool: handed in, understood, lived through by the worker.

For whoever runs the pool.
"""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, File, Query, Router, Schema, Status
from ninja.files import UploadedFile

from relais.lib.api_types import Fault, Key, Line, Moment, PartOf, PathKey
from relais.people.access import Access
from relais.people.kept_api import REFUSALS, one, refusal

from . import log_upload
from .log_forms import MappingForm
from .models import LogImport, LogRefusal
from .quarantine_api import leading

router = Router(tags=["logs"])
Words = Annotated[dict[Line, Line], Field(max_length=200)]


class LogOut(Schema):
    """A log; `figures` are what its year came to, once it was lived through."""

    id: int
    file_name: str
    events_name: str
    state: str
    per_cent: int
    rows: int
    taken: int
    problem: str
    company_name: str
    uploaded_at: Moment


class LogDetail(LogOut):
    """`columns`: our fields, and the heading that holds each; `states`: the tool's words."""

    header: list[str]
    columns: dict[str, str]
    defaults: dict[str, str]
    states: dict[str, str]
    priorities: dict[str, int]
    day_first: bool
    zone: str
    agreement: int | None
    counts: dict[str, Any]
    figures: dict[str, Any]


class LogPage(Schema):
    items: list[LogOut]
    next: str | None


class RefusalOut(Schema):
    """A row that was not taken, why, and what to do."""

    id: int
    file: str
    number: int
    ref: str
    column: str
    why: str
    mend: str


class RefusalPage(Schema):
    items: list[RefusalOut]
    next: str | None


class MappingIn(Schema):
    """Fields left out stay as they are; an empty heading or state takes a line off.

    `columns`: our field to a heading; `states`: the tool's word to a step; `priorities`: its word
    to 1 to 4.
    """

    company_name: Line | None = None
    zone: Line | None = None
    agreement: Key | None = None
    day_first: bool | None = None
    columns: Words = {}
    defaults: Words = {}
    states: Words = {}
    priorities: Annotated[dict[Line, int], Field(max_length=200)] = {}


@router.get("/logs", response={200: LogPage, 404: Fault})
def logs(request: HttpRequest, part: Query[PartOf]) -> dict[str, Any]:
    rows = leading(request).see(LogImport).defer("content", "events_content", "figures")
    cut = part.cut(rows.order_by("-id"))
    return cut | {"items": [_told(each) for each in cut["items"]]}


@router.post("/logs", response={201: LogDetail, **REFUSALS})
def new_log(
    request: HttpRequest,
    file: UploadedFile = File(...),  # noqa: B008
    events: UploadedFile | None = File(None),  # noqa: B008
) -> Status:
    access = leading(request)
    made = log_upload.take_in([each for each in (file, events) if each], by=access.person)
    return Status(201, _detail(access, made.pk))


@router.get("/logs/{key}", response={200: LogDetail, 404: Fault})
def log(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    return _detail(leading(request), key)


@router.get("/logs/{key}/refusals", response={200: RefusalPage, 404: Fault})
def log_refusals(request: HttpRequest, key: PathKey, part: Query[PartOf]) -> dict[str, Any]:
    access = leading(request)
    rows = access.see(LogRefusal).filter(log_import=_one(access, key)).order_by("id")
    cut = part.cut(rows)
    plain = ("id", "number", "ref", "column")
    return cut | {
        "items": [
            log_upload.told(each) | {name: getattr(each, name) for name in plain}
            for each in cut["items"]
        ]
    }


@router.post("/logs/{key}/columns", response={200: LogDetail, **REFUSALS})
def log_columns(request: HttpRequest, key: PathKey, sent: MappingIn) -> dict[str, Any]:
    access = leading(request)
    made = _one(access, key)
    if made.state not in (LogImport.State.READY, LogImport.State.FAILED):
        raise log_upload.NotReady
    blank = MappingForm(None, made, access)
    data = {name: blank.get_initial_for_field(field, name) for name, field in blank.fields.items()}
    given = sent.model_dump(exclude_none=True, include={"company_name", "zone", "agreement"})
    data |= given
    if sent.day_first is not None:
        data["day_first"] = "1" if sent.day_first else ""
    data |= {f"column_{name}": heading for name, heading in sent.columns.items()}
    data |= {f"default_{name}": text for name, text in sent.defaults.items()}
    for number, (word, _step) in enumerate(blank.words):
        data[f"state_{number}"] = sent.states.get(word, data[f"state_{number}"])
    for number, word in enumerate(blank.mapping.priorities):
        data[f"priority_{number}"] = str(sent.priorities.get(word, data[f"priority_{number}"]))
    form = MappingForm(data, made, access)
    if not form.is_valid():
        raise refusal(form)
    form.keep()
    return _detail(access, key)


@router.post("/logs/{key}/run", response={200: LogDetail, **REFUSALS})
def run_log(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = leading(request)
    log_upload.hand_over(_one(access, key))
    return _detail(access, key)


@router.post("/logs/{key}/again", response={200: LogDetail, **REFUSALS})
def log_again(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = leading(request)
    log_upload.again(_one(access, key))
    return _detail(access, key)


def _one(access: Access, key: int) -> LogImport:
    return one(access, LogImport._default_manager.defer("content", "events_content"), key)


def _told(made: LogImport) -> dict[str, Any]:
    plain = (
        "file_name", "events_name", "state", "per_cent", "rows", "taken", "problem",
        "company_name", "uploaded_at",
    )  # fmt: skip
    return {"id": made.pk} | {name: getattr(made, name) for name in plain}


def _detail(access: Access, key: int) -> dict[str, Any]:
    made = _one(access, key)
    mapping = log_upload.mapping_of(made, log_upload.main_kind(made)) if made.mapping else None
    plain = ("header", "columns", "defaults", "states", "priorities", "day_first")
    empty = {"header": [], "columns": {}, "defaults": {}, "states": {}, "priorities": {}}
    shown = {name: getattr(mapping, name) for name in plain} if mapping else empty
    return (
        _told(made)
        | {"day_first": True}
        | shown
        | {"zone": made.zone, "agreement": made.agreement_id}
        | {"counts": made.counts, "figures": made.figures}
    )

"""The API of imports: a list handed in, seen row by row, its columns said, applied whole."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import Field, File, Query, Router, Schema, Status
from ninja.errors import ValidationError
from ninja.files import UploadedFile

from relais.lib import tables
from relais.lib.api_types import Fault, Line, Moment, PartOf, PathKey

from .access import Access
from .import_forms import ColumnsForm
from .importing import batches, taking_in, wording
from .kept_api import REFUSALS, one, organising, refusal
from .models import Company, ImportBatch, ImportLine

router = Router(tags=["imports"])
Column = Annotated[str, Field(pattern="^[0-9]{1,4}$", examples=["0"])]


class ImportOut(Schema):
    """An import. `counts`: rows by what they do; while it is busy, `per_cent` says how far."""

    id: int
    file_name: str
    state: str
    is_busy: bool
    per_cent: int
    counts: dict[str, int]
    problem: str
    uploaded_at: Moment
    applied_at: Moment | None


class ImportDetail(ImportOut):
    """`mapping`: what each column is, by its number from 0; `options`: the choices beside."""

    sheet: str
    sheets: list[str]
    header_row: int
    header: list[str]
    mapping: dict[str, str]
    options: dict[str, Any]


class ImportPage(Schema):
    items: list[ImportOut]
    next: str | None


class LineOut(Schema):
    """A row: what it does, or why it is refused."""

    number: int
    outcome: str
    cells: list[str]
    told: str


class LinePage(Schema):
    items: list[LineOut]
    next: str | None


class ColumnsIn(Schema):
    """Fields left out stay as they are; a column left out of `mapping` is not imported."""

    sheet: Line | None = None
    header_row: Annotated[int, Field(ge=0, le=tables.MAX_ROWS)] | None = None
    company: Line | None = None
    role: Line | None = None
    create_executives: bool | None = None
    mapping: dict[Column, Line] | None = None


class Wanted(Schema):
    outcome: Literal["created", "changed", "unchanged", "refused"] | None = None


@router.get("/imports", response={200: ImportPage, 404: Fault})
def imports(request: HttpRequest, part: Query[PartOf]) -> dict[str, Any]:
    rows = organising(request).see(ImportBatch).defer("content").order_by("-id")
    cut = part.cut(rows)
    return cut | {"items": [_told(each) for each in cut["items"]]}


@router.post("/imports", response={201: ImportDetail, **REFUSALS})
def new_import(request: HttpRequest, file: UploadedFile = File(...)) -> Status:  # noqa: B008
    access = organising(request)
    language = (get_language() or "fr")[:2]
    made = taking_in.hand_in(file, by=access.person, language=language)
    return Status(201, _detail(access, made.pk))


@router.get("/imports/{key}", response={200: ImportDetail, 404: Fault})
def import_(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    return _detail(organising(request), key)


@router.get("/imports/{key}/lines", response={200: LinePage, 404: Fault})
def import_lines(
    request: HttpRequest, key: PathKey, part: Query[PartOf], wanted: Query[Wanted]
) -> dict[str, Any]:
    access = organising(request)
    rows = access.see(ImportLine).filter(batch=_one(access, key)).order_by("number")
    cut = part.cut(rows.filter(outcome=wanted.outcome) if wanted.outcome else rows)
    return cut | {
        "items": [
            {
                "number": each.number,
                "outcome": each.outcome,
                "cells": each.cells,
                "told": wording.plain(each),
            }
            for each in cut["items"]
        ]
    }


@router.post("/imports/{key}/columns", response={200: ImportDetail, **REFUSALS})
def import_columns(request: HttpRequest, key: PathKey, sent: ColumnsIn) -> dict[str, Any]:
    access = organising(request)
    batch = _one(access, key)
    if batch.state != ImportBatch.State.READY:
        raise batches.NotReady
    blank = ColumnsForm(None, batch, access.see(Company))
    data = {name: blank.get_initial_for_field(field, name) for name, field in blank.fields.items()}
    if sent.mapping is not None:
        for number in sent.mapping:
            if f"column_{number}" not in blank.fields:
                last = sum(name.startswith("column_") for name in blank.fields) - 1
                text = _("The list has no column %(number)s: its columns are 0 to %(last)s.")
                told = text % {"number": number, "last": last}
                raise ValidationError([{"loc": ("body", "mapping", number), "msg": told}])
        for name in blank.fields:
            if name.startswith("column_"):
                data[name] = sent.mapping.get(name.removeprefix("column_"), "")
    given = sent.model_dump(exclude={"mapping"}, exclude_none=True)
    data |= {name: value for name, value in given.items() if name in blank.fields}
    form = ColumnsForm(data, batch, access.see(Company))
    if not form.is_valid():
        raise refusal(form)
    taking_in.understand(batch, form)
    return _detail(access, key)


@router.post("/imports/{key}/apply", response={200: ImportDetail, **REFUSALS})
def apply_import(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = organising(request)
    taking_in.apply(_one(access, key), by=access.person)
    return _detail(access, key)


@router.post("/imports/{key}/again", response={200: ImportDetail, **REFUSALS})
def import_again(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = organising(request)
    taking_in.again(_one(access, key), by=access.person)
    return _detail(access, key)


@router.post("/imports/{key}/drop", response={200: ImportDetail, **REFUSALS})
def drop_import(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = organising(request)
    batches.drop(_one(access, key))
    return _detail(access, key)


def _one(access: Access, key: int) -> ImportBatch:
    return one(access, ImportBatch.objects.defer("content"), key)


def _told(batch: ImportBatch) -> dict[str, Any]:
    plain = ("file_name", "state", "is_busy", "per_cent", "counts", "uploaded_at", "applied_at")
    told = {name: getattr(batch, name) for name in plain}
    return told | {"id": batch.pk, "problem": wording.told(batch.problem)}


def _detail(access: Access, key: int) -> dict[str, Any]:
    batch = _one(access, key)
    plain = ("sheet", "sheets", "header", "options")
    return (
        _told(batch)
        | {name: getattr(batch, name) for name in plain}
        | {"mapping": batch.mapping or {}, "header_row": batch.header_row or 0}
    )

"""The API of peaks: load against capacity weeks ahead. For whoever runs the pool."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.utils.translation import get_language
from ninja import Field, Router, Schema, Status

from relais.desk.quarantine_api import leading
from relais.lib.api_types import Fault, FieldFaults, Key, Line, Moment, PathKey
from relais.people.access import Access
from relais.people.api import NamedOut
from relais.people.kept_api import one
from relais.people.models import Site

from . import levering, peak_words, peaks
from .models import Lever, LoadOutlook

router = Router(tags=["planning"])
REFUSALS = {403: Fault, 404: Fault, 409: Fault, 422: FieldFaults}
MOST = 500


class LeverOut(Schema):
    """Something that can be done: hours that it brings, coverage once it is done."""

    what: str
    hours: float
    coverage: float


class LoadCellOut(Schema):
    """Hours of a week: load in the middle and at its 80th percentile, capacity, and their ratio.

    `tone`: green from 1.10 on, red below 0.95.
    """

    p50: float
    p80: float
    capacity: float
    coverage: float | None
    tone: str
    levers: list[LeverOut]


class LoadLineOut(Schema):
    site: int
    name: str
    cells: list[LoadCellOut]


class HalfDaysOut(Schema):
    """A family at a site: mean, low and high end (80 %) of each half-day from the first week on."""

    site: int
    family: str
    values: list[tuple[float, int, int]]


class PeaksOut(Schema):
    """`method`: forecast, mean (not enough history), profile (of a diagnostic) or nothing.

    `profiled`: the sites that a diagnostic's profile foresees, until they told half a year.
    """

    computed_at: Moment
    method: str
    counted: float
    basis: str
    sentence: str
    weeks: list[date]
    total: list[LoadCellOut]
    sites: list[LoadLineOut]
    half_days: list[HalfDaysOut]
    profiled: list[int]


class PeakChartOut(Schema):
    """A drawing (SVG), in the reader's language."""

    name: str
    svg: str


class AskedOut(Schema):
    asked: bool


@router.get("/peaks", response={200: PeaksOut, 404: Fault})
def load_ahead(request: HttpRequest) -> dict[str, Any]:
    access = leading(request)
    outlook = _outlook(access)
    board = peak_words.board(access, outlook)
    seen = {line.site for line in board.lines}
    return {
        "computed_at": outlook.computed_at,
        "method": outlook.method,
        "counted": outlook.counted,
        "basis": board.basis,
        "sentence": board.sentence,
        "weeks": board.weeks,
        "total": [_cell(cell) for cell in board.total.cells],
        "sites": [
            {"site": line.site, "name": line.name, "cells": [_cell(cell) for cell in line.cells]}
            for line in board.lines
        ],
        "half_days": [one for one in outlook.report["half_days"] if one["site"] in seen],
        "profiled": [key for key in outlook.report.get("profiled", []) if key in seen],
    }


@router.post("/peaks/compute", response={202: AskedOut, 404: Fault})
def compute_load(request: HttpRequest) -> Status:
    peaks.ask(leading(request).person.provider_id)
    return Status(202, {"asked": True})


@router.get("/peaks/charts/{name}", response={200: PeakChartOut, 404: Fault})
def load_chart(request: HttpRequest, name: str) -> dict[str, Any]:
    outlook = _outlook(leading(request))
    svg = peak_words.drawing(outlook, name, get_language() or "fr")
    if not svg:
        raise Http404
    return {"name": name, "svg": svg}


# Levers -------------------------------------------------------------------------------------------


class LeverIn(Schema):
    """A lever that the outlook offers to a site, from a week (its Monday) on."""

    site: Key
    week: Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]
    code: Literal["defer", "backup", "float", "overtime", "temp", "dates"]
    weeks: Annotated[int, Field(ge=1, le=peaks.WEEKS)] = 1
    note: Annotated[Line, Field(max_length=300)] = ""


class LeverOutcomeOut(Schema):
    """The week as it turned out: hours that came, of who was there, delivered, and in time."""

    came: float
    capacity: float
    coverage: float | None
    delivered: float
    in_time: float
    late: int


class LeverChosenOut(Schema):
    """A lever chosen for a week; `absorbed`: share above the base with every promise kept."""

    id: int
    site: NamedOut
    week: date
    code: str
    note: str
    hours: float
    coverage_before: float
    coverage_after: float
    by: NamedOut
    at: Moment
    undone_at: Moment | None
    outcome: LeverOutcomeOut | None
    absorbed: float | None


@router.get("/levers", response={200: list[LeverChosenOut], 404: Fault})
def levers(request: HttpRequest) -> list[dict[str, Any]]:
    rows = leading(request).see(Lever).select_related("site", "chosen_by")
    return [_lever(one) for one in rows[:MOST]]


@router.post("/levers", response={201: list[LeverChosenOut], **REFUSALS})
def choose_lever(request: HttpRequest, sent: LeverIn) -> Status:
    access = leading(request)
    site = one(access, Site, sent.site)
    made = levering.choose(
        _outlook(access), site, sent.code, sent.week, weeks=sent.weeks, note=sent.note,
        by=access.person,
    )  # fmt: skip
    return Status(201, [_lever(each) for each in made])


@router.post("/levers/{key}/undo", response={200: LeverChosenOut, **REFUSALS})
def undo_lever(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = leading(request)
    found = one(access, Lever, key)
    found.undo(by=access.person, today=levering.today_of(access.person.provider))
    return _lever(found)


def _lever(row: Lever) -> dict[str, Any]:
    return {
        "id": row.pk, "site": NamedOut(id=row.site_id, name=row.site.name), "week": row.week,
        "code": row.code, "note": row.note, "hours": row.hours, "coverage_before": row.before,
        "coverage_after": row.after,
        "by": NamedOut(id=row.chosen_by_id, name=row.chosen_by.name), "at": row.chosen_at,
        "undone_at": row.undone_at, "outcome": row.outcome, "absorbed": levering.absorbed(row),
    }  # fmt: skip


def _outlook(access: Access) -> LoadOutlook:
    found = access.see(LoadOutlook).first()
    if found is None:
        raise Http404
    return found


def _cell(cell: peak_words.Cell) -> dict[str, Any]:
    plain = ("p50", "p80", "capacity", "coverage", "tone")
    levers = [{"what": str(what), "hours": h, "coverage": c} for what, h, c in cell.levers]
    return {name: getattr(cell, name) for name in plain} | {"levers": levers}

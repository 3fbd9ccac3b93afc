"""The API of peaks: load against capacity weeks ahead. For whoever runs the pool."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest
from django.utils.translation import get_language
from ninja import Router, Schema, Status

from relais.desk.quarantine_api import leading
from relais.lib.api_types import Fault, Moment
from relais.people.access import Access

from . import peak_words, peaks
from .models import LoadOutlook

router = Router(tags=["planning"])


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
    """`method`: forecast, mean (not enough history) or nothing."""

    computed_at: Moment
    method: str
    counted: float
    basis: str
    sentence: str
    weeks: list[date]
    total: list[LoadCellOut]
    sites: list[LoadLineOut]
    half_days: list[HalfDaysOut]


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


def _outlook(access: Access) -> LoadOutlook:
    found = access.see(LoadOutlook).first()
    if found is None:
        raise Http404
    return found


def _cell(cell: peak_words.Cell) -> dict[str, Any]:
    plain = ("p50", "p80", "capacity", "coverage", "tone")
    levers = [{"what": str(what), "hours": h, "coverage": c} for what, h, c in cell.levers]
    return {name: getattr(cell, name) for name in plain} | {"levers": levers}

"""The API of figures: a month, one cut of it, its drawings, and the views that somebody keeps."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema, Status

from relais.lib.api_types import Fault, FieldFaults, Line, Moment, PathKey, Said
from relais.people.api import access_of

from . import figures_board as flow
from . import figures_charts
from .figures_words import change_text, said, value_text, why_text
from .models import FigureView
from .models.figure_view import LONGEST_NAME

router = Router(tags=["reviews"])
REFUSALS = {404: Fault, 422: FieldFaults}
Month = Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]


class LookIn(Schema):
    """What is looked at: `company` by key (those who run the pool), `only` as `site:12`."""

    month: Month | None = None
    company: int | None = Field(None, ge=1, le=2**63 - 1)
    cut: Line = ""
    figure: Line = ""
    only: Line = ""

    def asked(self) -> dict[str, str]:
        """Return it as the page's address has it."""
        return {name: str(value) for name, value in self.dict().items() if value}


class MonthFigureOut(Schema):
    """A figure: `value` in its unit (a share from 0 to 1), exact as `fraction`.

    `low` and `high`: the 95 % interval of a share. `why`: empty, or why nothing may be concluded
    (`few`, `withheld`, `nothing`, `no_standard`, `one_site`). `periods`: the months read.
    """

    key: str
    name: str
    value: float | None
    fraction: str | None
    text: str
    unit: str
    low: float | None
    high: float | None
    n: int
    why: str
    told: str
    periods: list[str]
    left_out: int
    former: str
    year: str
    definition: str
    assumption: str


class CutOut(Schema):
    """A place, service… of the cut."""

    value: str
    name: str
    figure: MonthFigureOut


class SiteBesideOut(Schema):
    """A site beside the others; `standing`: alike, watch, below, above or too_few."""

    site: str
    name: str
    good: int
    n: int
    low: float
    high: float
    limits_95: tuple[float, float]
    limits_998: tuple[float, float]
    standing: str


class FiguresOut(Schema):
    """A month. `as_of`: none while it is being counted. `tickets`: behind the chosen figure."""

    month: str
    company: int | None
    as_of: Moment | None
    figures: list[MonthFigureOut]
    rows: list[CutOut]
    sites: list[SiteBesideOut]
    tickets: list[int]


class DrawingOut(Schema):
    name: str
    svg: str


class FigureViewIn(Schema):
    """`query`: what the page's address would say: company, cut, figure, only."""

    name: Annotated[Said, Field(max_length=LONGEST_NAME)]
    query: Annotated[dict[Line, Line], Field(max_length=10)] = {}


class FigureViewOut(Schema):
    id: int
    name: str
    query: dict[str, str]
    kept_at: Moment


@router.get("/figures", response={200: FiguresOut, **REFUSALS})
def figures(request: HttpRequest, asked: Query[LookIn]) -> dict[str, Any]:
    look = flow.look(access_of(request), asked.asked())
    board = flow.board(look)
    return {
        "month": look.month,
        "company": look.company.pk if look.company else None,
        "as_of": board.as_of,
        "figures": [_line(each) for each in board.lines],
        "rows": [
            {"value": row.value, "name": row.name, "figure": _line(flow.Line(row.figure))}
            for row in board.rows
        ],
        "sites": [_site(each, board) for each in board.alike.points] if board.alike else [],
        "tickets": [each.pk for each in board.tickets],
    }


@router.get("/figures/charts/{name}", response={200: DrawingOut, **REFUSALS})
def figures_chart(request: HttpRequest, name: Line, asked: Query[LookIn]) -> dict[str, str]:
    look = flow.look(access_of(request), asked.asked())
    return {"name": name, "svg": figures_charts.drawing(look, name)}


@router.get("/figure_views", response={200: list[FigureViewOut], **REFUSALS})
def figure_views(request: HttpRequest) -> list[FigureView]:
    return list(access_of(request).see(FigureView))


@router.post("/figure_views", response={201: FigureViewOut, **REFUSALS})
def keep_figure_view(request: HttpRequest, sent: FigureViewIn) -> Status:
    access = access_of(request)
    look = flow.look(access, sent.query)
    made = FigureView.keep(person=access.person, name=sent.name, query=look.parameters)
    return Status(201, made)


@router.delete("/figure_views/{key}", response={204: None, **REFUSALS})
def drop_figure_view(request: HttpRequest, key: PathKey) -> Status:
    get_object_or_404(access_of(request).see(FigureView), pk=key).delete()
    return Status(204, None)


def _line(line: flow.Line) -> dict[str, Any]:
    figure = line.figure
    plain = ("key", "low", "high", "n")
    return {name: getattr(figure, name) for name in plain} | {
        "left_out": figure.excluded,
        "name": said(figure.definition.name),
        "value": None if figure.value is None else float(figure.value),
        "fraction": None if figure.value is None else str(figure.value),
        "text": value_text(figure),
        "unit": str(figure.definition.unit),
        "why": str(figure.why),
        "told": why_text(figure),
        "periods": list(figure.periods),
        "former": change_text(line.former, figure),
        "year": change_text(line.year, figure),
        "definition": said(figure.definition.what),
        "assumption": said(figure.assumption) if figure.assumption else "",
    }


def _site(point: Any, board: flow.Board) -> dict[str, Any]:
    plain = ("site", "good", "n", "low", "high")
    return {name: getattr(point, name) for name in plain} | {
        "name": board.names.get(point.site, "—"),
        "limits_95": point.inner,
        "limits_998": point.outer,
        "standing": str(point.standing),
    }

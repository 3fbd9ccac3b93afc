"""The API of replays: a past dispatched again by several rules. For whoever runs the pool."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from relais.lib.api_types import Fault, Key, Line, Moment, PartOf, PathKey
from relais.people.access import Access
from relais.people.kept_api import REFUSALS, checked, one

from . import replay_words, replaying
from .models import Replay
from .quarantine_api import leading
from .replay_forms import ReplayForm

router = Router(tags=["replays"])


class ReplayIn(Schema):
    """`company`: whose log (none: our own requests); `other`: "", "familiar", "urgent" or "fair".

    `weights` sets other weights one by one, by their names.
    """

    company: Key | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    people: Annotated[int, Field(ge=-200, le=200)] = 0
    all_sites: bool = False
    all_kinds: bool = False
    other: Line = ""
    weights: Annotated[dict[Line, Annotated[float, Field(ge=0, le=1e5)]], Field(max_length=20)] = {}


class ReplayOut(Schema):
    id: int
    state: str
    per_cent: int
    company: int | None
    starts_on: date | None
    ends_on: date | None
    people: int
    all_sites: bool
    all_kinds: bool
    weights: dict[str, float]
    problem: str
    asked_at: Moment


class ReplayDetail(ReplayOut):
    """`report`: facts, rows (a rule each) and the forecast; `charts`: names of drawings (SVG)."""

    report: dict[str, Any]
    sentence: str
    charts: list[str]


class ReplayPage(Schema):
    items: list[ReplayOut]
    next: str | None


class ChartOut(Schema):
    """A drawing (SVG), in the reader's language."""

    name: str
    svg: str


@router.get("/replays", response={200: ReplayPage, 404: Fault})
def replays(request: HttpRequest, part: Query[PartOf]) -> dict[str, Any]:
    rows = leading(request).see(Replay).defer("charts", "report")
    cut = part.cut(rows.order_by("-id"))
    return cut | {"items": [_told(each) for each in cut["items"]]}


@router.post("/replays", response={201: ReplayDetail, **REFUSALS})
def new_replay(request: HttpRequest, sent: ReplayIn) -> Status:
    access = leading(request)
    given = sent.model_copy(update={"weights": {}})
    wanted = checked(lambda data: ReplayForm(data, access=access), given).wanted()
    if sent.weights:
        wanted = replace(wanted, weights={**wanted.weights, **sent.weights})
    made = replaying.ask(wanted, by=access.person)
    return Status(201, _detail(access, made.pk))


@router.get("/replays/{key}", response={200: ReplayDetail, 404: Fault})
def replay(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    return _detail(leading(request), key)


@router.get("/replays/{key}/charts/{name}", response={200: ChartOut, 404: Fault})
def replay_chart(request: HttpRequest, key: PathKey, name: str) -> dict[str, Any]:
    made = one(leading(request), Replay, key)
    return {"name": name, "svg": replay_words.drawing(made, name)}


def _told(made: Replay) -> dict[str, Any]:
    plain = (
        "state", "per_cent", "starts_on", "ends_on", "people", "all_sites", "all_kinds",
        "weights", "problem", "asked_at",
    )  # fmt: skip
    found = {name: getattr(made, name) for name in plain}
    return found | {"id": made.pk, "company": made.company_id}


def _detail(access: Access, key: int) -> dict[str, Any]:
    made = one(access, Replay, key)
    return _told(made) | {
        "report": made.report,
        "sentence": replay_words.sentence(made.report),
        "charts": sorted(made.charts),
    }

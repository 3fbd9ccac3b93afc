"""The API of what it costs: for the provider's management and the client's sponsor alone."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from ninja import Field, Router, Schema, Status

from relais.lib.api_types import Fault, Line, PathKey
from relais.people.api import access_of
from relais.people.kept_api import REFUSALS, checked, one

from . import costing
from .costing_rules import may_cost, may_price
from .models import CostLine, CostScenario, Study
from .sizing_forms import CostLineForm, ScenarioForm

router = Router(tags=["studies"])
Amount = Annotated[float, Field(ge=0, le=100_000_000)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


class CostLineIn(Schema):
    """Euros a year, or `once`; by `posts`: how many posts it pays, hired by `step`."""

    name: Annotated[Line, Field(min_length=1, max_length=120)]
    amount: Amount
    behaviour: Literal["fixed", "variable", "posts", "once"] = "fixed"
    posts: Annotated[float, Field(ge=0, le=10_000)] = 0
    step: Annotated[float, Field(ge=0.05, le=100)] = 0.5
    version: Version | None = None


class CostLineOut(Schema):
    """`assumed`: proposed by the software, typed by nobody."""

    id: int
    version: int
    name: str
    amount: float
    behaviour: str
    posts: float
    step: float
    assumed: bool


class ScenarioIn(Schema):
    """`friction_left`: per cent of today's hours lost that stay."""

    hours: Annotated[float, Field(ge=0, le=10_000_000)]
    hour_cost: Amount
    friction_left: Annotated[float, Field(ge=0, le=100)]
    hours_returned: Annotated[float, Field(ge=0, le=10_000_000)] = 0
    hour_worth: Amount = 0
    version: Version | None = None


class ScenarioOut(Schema):
    """`yearly`: euros at 70, 100 and 130 % of the volume, friction included; `once` is beside."""

    id: int
    version: int
    kind: str
    assumed: bool
    hours: float
    hour_cost: float
    friction_left: float
    hours_returned: float
    hour_worth: float
    yearly: list[float]
    fixed: float
    variable: float
    fixed_share: float
    once: float
    per_hour: float | None
    friction: float
    friction_hours: float
    returned: float
    net: float
    lines: list[CostLineOut]


class RemovedCostOut(Schema):
    removed: int


def _study(request: HttpRequest, key: int, *, price: bool = False) -> Study:
    access = access_of(request)
    study = one(access, Study, key)
    if not (may_price if price else may_cost)(access, study):
        raise Http404
    return study


def _scenario(request: HttpRequest, key: int) -> CostScenario:
    found = one(access_of(request), CostScenario.objects.select_related("study"), key)
    _study(request, found.study_id, price=True)
    return found


def _line(request: HttpRequest, key: int) -> CostLine:
    found = one(access_of(request), CostLine.objects.select_related("scenario__study"), key)
    _study(request, found.scenario.study_id, price=True)
    return found


@router.get("/studies/{key}/costs", response={200: list[ScenarioOut], 404: Fault})
def costs(request: HttpRequest, key: PathKey) -> list[dict[str, Any]]:
    return _told(request, _study(request, key))


@router.post("/studies/{key}/costs/propose", response={200: list[ScenarioOut], **REFUSALS})
def propose_costs(request: HttpRequest, key: PathKey) -> list[dict[str, Any]]:
    study = _study(request, key, price=True)
    costing.propose(study, by=access_of(request).person)
    return _told(request, study)


@router.post("/cost_scenarios/{key}/edit", response={200: list[ScenarioOut], **REFUSALS})
def edit_scenario(request: HttpRequest, key: PathKey, sent: ScenarioIn) -> list[dict[str, Any]]:
    found = _scenario(request, key)
    form = checked(lambda data: ScenarioForm(data, found), sent)
    found.version = sent.version or found.version
    found.edit(form.wanted(), by=access_of(request).person)
    return _told(request, found.study)


@router.post("/cost_scenarios/{key}/lines", response={201: CostLineOut, **REFUSALS})
def add_cost_line(request: HttpRequest, key: PathKey, sent: CostLineIn) -> Status:
    found = _scenario(request, key)
    form = checked(CostLineForm, sent)
    made = costing.add_line(found, form.wanted(), by=access_of(request).person)
    return Status(201, _row(made))


@router.post("/cost_lines/{key}/edit", response={200: CostLineOut, **REFUSALS})
def edit_cost_line(request: HttpRequest, key: PathKey, sent: CostLineIn) -> dict[str, Any]:
    found = _line(request, key)
    form = checked(lambda data: CostLineForm(data, found), sent)
    found.version = sent.version or found.version
    found.edit(form.wanted(), by=access_of(request).person)
    found.refresh_from_db()
    return _row(found)


@router.post("/cost_lines/{key}/remove", response={200: RemovedCostOut, **REFUSALS})
def remove_cost_line(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    _line(request, key).remove(by=access_of(request).person)
    return {"removed": 1}


def _row(line: CostLine) -> dict[str, Any]:
    plain = ("version", "name", "amount", "behaviour", "posts", "step", "assumed")
    return {"id": line.pk} | {name: getattr(line, name) for name in plain}


def _told(request: HttpRequest, study: Study) -> list[dict[str, Any]]:
    rows = access_of(request).see(CostScenario).filter(study=study).prefetch_related("lines")
    of_row = (
        "version", "kind", "assumed", "hours", "hour_cost", "friction_left", "hours_returned",
        "hour_worth",
    )  # fmt: skip
    of_cost = (
        "yearly", "fixed", "variable", "fixed_share", "once", "per_hour", "returned", "net",
    )  # fmt: skip
    return [
        {
            "id": one.scenario.pk,
            **{name: getattr(one.scenario, name) for name in of_row},
            **{name: getattr(one.cost, name) for name in of_cost},
            "friction": one.friction,
            "friction_hours": one.friction_hours,
            "lines": [_row(line) for line in one.lines],
        }
        for one in costing.side_by_side(study, list(rows))
    ]

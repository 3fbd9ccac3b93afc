"""The API of the workshop on what hurts. Who said it is told to who leads the study alone."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from ninja import Field, Router, Schema, Status

from relais.lib.api_types import Fault, Key, Line, PathKey, Said, Text
from relais.people.access import Access
from relais.people.api import NamedOut, access_of
from relais.people.kept_api import REFUSALS, checked, named, one

from . import change_plan, irritants
from .errors import ChangedMeanwhile
from .models import ChangeAction, Irritant, Study
from .models.irritant import FIGURES
from .reading import reads
from .surveys_api import ActionIn, ActionOut, action_out
from .workshop_forms import ActionForm, IrritantForm, MeasureForm

router = Router(tags=["studies"])
Figure = Annotated[float, Field(ge=0, le=100_000)]
Severity = Annotated[int, Field(ge=1, le=5)]


class IrritantOut(Schema):
    """A pain point in its place. Hours and score are a month's; `reached`: of the whole score.

    `lifted`: by months after, the share of the score that is gone. `said_by` is empty for all but
    who leads the study.
    """

    id: int
    process: str
    site: NamedOut | None
    role: str
    category: str
    verbatim: str
    said_by: str
    a_month: float
    persons: float
    minutes: float
    severity: int
    cause: str
    quick_win: bool
    owner: NamedOut | None
    state: str
    into: int | None
    voices: int
    hours: float
    score: float
    reached: float
    treat: bool
    lifted: dict[str, float | None]
    version: int


class IrritantsOut(Schema):
    """Those that speak for themselves, the worst first; what the mending has brought."""

    items: list[IrritantOut]
    hours: float
    lifted: int
    returned: float
    sentence: str


class IrritantIn(Schema):
    """A pain point: minutes lost by each person each time."""

    process: Annotated[Line, Field(min_length=1, max_length=150)]
    site: Key | None = None
    role: Line = ""
    category: Literal[
        "waiting", "retyping", "double", "error", "lost", "unclear", "tool", "overload", "person",
        "approval",
    ] = "waiting"  # fmt: skip
    verbatim: Annotated[Text, Field(max_length=1000)] = ""
    said_by: Key | None = None
    a_month: Figure = 0
    persons: Annotated[float, Field(ge=0, le=10_000)] = 1
    minutes: Annotated[float, Field(ge=0, le=10_000)] = 0
    severity: Severity = 3
    cause: Line = ""
    quick_win: bool = False
    owner: Key | None = None


class IrritantEditIn(Schema):
    """What is left out stands. `version`: as it was read; changed since: refused (409)."""

    process: Annotated[Line, Field(min_length=1, max_length=150)] | None = None
    site: Key | None = None
    role: Line | None = None
    category: Line | None = None
    verbatim: Annotated[Text, Field(max_length=1000)] | None = None
    a_month: Figure | None = None
    persons: Annotated[float, Field(ge=0, le=10_000)] | None = None
    minutes: Annotated[float, Field(ge=0, le=10_000)] | None = None
    severity: Severity | None = None
    cause: Line | None = None
    quick_win: bool | None = None
    owner: Key | None = None
    version: int | None = None


class IrritantVersionIn(Schema):
    """`version`: as it was read; changed since: refused (409)."""

    version: int | None = None


class IrritantWhyIn(IrritantVersionIn):
    why: Annotated[Said, Field(max_length=300)]


class IntoIn(IrritantVersionIn):
    into: Key


class RemeasureIn(Schema):
    """What it costs 3 or 6 months after the mending began."""

    month: Literal[3, 6]
    a_month: Figure
    persons: Annotated[float, Field(ge=0, le=10_000)] = 1
    minutes: Annotated[float, Field(ge=0, le=10_000)]
    severity: Severity = 3


class WeighOnIn(Schema):
    """The lines of the inventory that it weighs on: these and no other."""

    lines: Annotated[list[Key], Field(max_length=500)]


class WeighOnOut(Schema):
    lines: list[int]


class AlertsOut(Schema):
    taken: int


class MeasureOut(Schema):
    month: int
    hours: float
    source: str
    taken_on: date


def read_study(request: HttpRequest, key: int) -> Study:
    """Return a study whose workshop the caller reads, else "not found"."""
    access = access_of(request)
    study = one(access, Study, key)
    if not reads(access, study):
        raise Http404
    return study


def led_study(request: HttpRequest, key: int) -> Study:
    """Return a study that the caller leads, else "not found"."""
    access = access_of(request)
    study = one(access, Study, key)
    if not study.may_lead(access.person):
        raise Http404
    return study


def _led(request: HttpRequest, key: int, version: int | None = None) -> tuple[Access, Irritant]:
    access = access_of(request)
    row = one(access, Irritant.objects.select_related("study__company", "site", "owner"), key)
    if not row.study.may_lead(access.person):
        raise Http404
    if version is not None and version != row.version:
        raise ChangedMeanwhile()
    return access, row


def _out(row: irritants.Row, leads: bool) -> dict[str, Any]:
    one_ = row.irritant
    plain = (
        "id", "process", "role", "category", "verbatim", *FIGURES, "cause", "quick_win", "state",
        "version",
    )  # fmt: skip
    return {name: getattr(one_, name) for name in plain} | {
        "site": named(one_.site),
        "owner": named(one_.owner),
        "said_by": one_.said_by.shown if leads and one_.said_by else "",
        "into": one_.into_id,
        "voices": row.voices,
        "hours": row.hours,
        "score": row.score,
        "reached": row.reached,
        "treat": row.treat,
        "lifted": {str(month): gone for month, gone in row.lifted.items()},
    }


def _alone(row: Irritant) -> dict[str, Any]:
    """Return one of them for who leads the study, without its place."""
    counted = row.counted
    return _out(irritants.Row(row, counted.hours, counted.score, 0.0, False), True)


@router.get("/studies/{key}/irritants", response={200: IrritantsOut, 404: Fault})
def study_irritants(request: HttpRequest, key: PathKey) -> Any:
    study = read_study(request, key)
    access = access_of(request)
    board = irritants.board(access, study)
    leads = study.may_lead(access.person)
    return {
        "items": [_out(row, leads) for row in board.rows],
        "hours": board.hours,
        "lifted": board.lifted,
        "returned": board.returned,
        "sentence": board.sentence,
    }


@router.get("/studies/{key}/irritants/pareto.svg", response={200: Any, 404: Fault})
def irritants_pareto(request: HttpRequest, key: PathKey) -> HttpResponse:
    """Return the Pareto as a drawing; there is none before something is scored."""
    board = irritants.board(access_of(request), read_study(request, key))
    drawing = irritants.drawing(board, get_language() or "fr")
    if not drawing:
        raise Http404
    return HttpResponse(drawing, content_type="image/svg+xml")


@router.post("/studies/{key}/irritants", response={201: IrritantOut, **REFUSALS})
def collect_irritant(request: HttpRequest, key: PathKey, sent: IrritantIn) -> Status:
    study, access = led_study(request, key), access_of(request)
    form = checked(lambda data: IrritantForm(data, access, study), sent)
    return Status(201, _alone(irritants.collect(study, form.cleaned_data, by=access.person)))


@router.post("/studies/{key}/irritants/alerts", response={200: AlertsOut, **REFUSALS})
def take_alerts(request: HttpRequest, key: PathKey) -> Any:
    study = led_study(request, key)
    return {"taken": irritants.take_alerts(study, by=access_of(request).person)}


@router.post("/irritants/{key}/edit", response={200: IrritantOut, **REFUSALS})
def edit_irritant(request: HttpRequest, key: PathKey, sent: IrritantEditIn) -> Any:
    access, row = _led(request, key, sent.version)
    sent.version = None
    form = checked(lambda data: IrritantForm(data, access, row.study, row), sent)
    given = {name for name in sent.model_dump(exclude_unset=True) if name in form.cleaned_data}
    row.edit({name: form.cleaned_data[name] for name in given}, by=access.person)
    return _alone(row)


@router.post("/irritants/{key}/merge", response={200: IrritantOut, **REFUSALS})
def merge_irritant(request: HttpRequest, key: PathKey, sent: IntoIn) -> Any:
    access, row = _led(request, key, sent.version)
    row.merge(one(access, Irritant, sent.into), by=access.person)
    return _alone(row)


@router.post("/irritants/{key}/unmerge", response={200: IrritantOut, **REFUSALS})
def unmerge_irritant(request: HttpRequest, key: PathKey, sent: IrritantVersionIn) -> Any:
    access, row = _led(request, key, sent.version)
    row.unmerge(by=access.person)
    return _alone(row)


@router.post("/irritants/{key}/mend", response={200: IrritantOut, **REFUSALS})
def mend_irritant(request: HttpRequest, key: PathKey, sent: IrritantVersionIn) -> Any:
    access, row = _led(request, key, sent.version)
    row.mend(by=access.person)
    return _alone(row)


@router.post("/irritants/{key}/lift", response={200: IrritantOut, **REFUSALS})
def lift_irritant(request: HttpRequest, key: PathKey, sent: IrritantVersionIn) -> Any:
    access, row = _led(request, key, sent.version)
    row.lift(by=access.person)
    return _alone(row)


@router.post("/irritants/{key}/leave", response={200: IrritantOut, **REFUSALS})
def leave_irritant(request: HttpRequest, key: PathKey, sent: IrritantWhyIn) -> Any:
    access, row = _led(request, key, sent.version)
    row.leave(sent.why, by=access.person)
    return _alone(row)


@router.post("/irritants/{key}/reopen", response={200: IrritantOut, **REFUSALS})
def reopen_irritant(request: HttpRequest, key: PathKey, sent: IrritantVersionIn) -> Any:
    access, row = _led(request, key, sent.version)
    row.reopen(by=access.person)
    return _alone(row)


@router.get("/irritants/{key}/measures", response={200: list[MeasureOut], 404: Fault})
def irritant_measures(request: HttpRequest, key: PathKey) -> Any:
    _access, row = _led(request, key)
    return [
        {"month": m.month, "hours": m.counted.hours, "source": m.source, "taken_on": m.taken_on}
        for m in row.measures.all()
    ]


@router.post("/irritants/{key}/remeasure", response={200: list[MeasureOut], **REFUSALS})
def remeasure_irritant(request: HttpRequest, key: PathKey, sent: RemeasureIn) -> Any:
    access, row = _led(request, key)
    form = checked(MeasureForm, sent)
    row.remeasure(form.cleaned_data["month"], form.figures, by=access.person)
    return irritant_measures(request, key)


@router.post("/irritants/{key}/lines", response={200: WeighOnOut, **REFUSALS})
def irritant_weighs_on(request: HttpRequest, key: PathKey, sent: WeighOnIn) -> Any:
    access, row = _led(request, key)
    irritants.weigh_on(row, sent.lines, by=access.person, access=access)
    return {"lines": sorted(row.links.values_list("line_id", flat=True))}


@router.post("/irritants/{key}/actions", response={201: ActionOut, **REFUSALS})
def plan_irritant_action(request: HttpRequest, key: PathKey, sent: ActionIn) -> Status:
    access, row = _led(request, key)
    form = checked(lambda data: ActionForm(data, access, row.study), sent)
    made = change_plan.plan(row.study, form.cleaned_data, by=access.person, irritant=row)
    return Status(201, action_out(one(access, ChangeAction, made.pk)))

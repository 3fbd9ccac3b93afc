"""The API of what a study becomes: preview, make, take back, waves, posts, how it turned out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema, Status

from relais.lib.api_types import Fault, FieldFaults, Key, Line, Moment, PathKey, Text
from relais.people.api import NamedOut, access_of
from relais.people.kept_api import one
from relais.people.models import Person

from . import generating, turned_out
from .choosing_api import study_of
from .models import Generated, Origin, Post, Study, Wave

router = Router(tags=["study"])
REFUSALS = {403: Fault, 404: Fault, 409: Fault, 422: FieldFaults}
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]
MOST = 1000


class StartIn(Schema):
    starts_on: Day


class PlannedOut(Schema):
    """`status`: new, matched (found in what is there), there (made already)."""

    kind: str
    title: str
    detail: str
    status: str
    lines: list[int]


class PlanOut(Schema):
    starts_on: date
    warnings: list[str]
    things: list[PlannedOut]


class GeneratedOut(Schema):
    """`thing`: the table and the key of the row; `made`: false where it was found and matched."""

    id: int
    kind: str
    title: str
    thing: str
    thing_id: int
    made: bool
    lines: list[int]


class GenerationOut(Schema):
    id: int
    at: Moment
    by: NamedOut
    starts_on: date
    things: list[GeneratedOut]


class CameFromOut(Schema):
    study: NamedOut
    line: int
    task: str
    site: NamedOut


class WaveOut(Schema):
    """`missing`: what keeps it from starting, for who leads the study."""

    id: int
    number: int
    name: str
    starts_on: date
    started_on: date | None
    state: str
    sites: list[NamedOut]
    conditions: list[str]
    missing: list[str]
    version: int


class WaveIn(Schema):
    name: Annotated[Line, Field(min_length=1, max_length=120)]
    starts_on: Day
    conditions: Annotated[Text, Field(max_length=2000)] = ""
    version: Key | None = None


class PostOut(Schema):
    id: int
    site: NamedOut
    position: str
    person: NamedOut | None
    proposed: NamedOut | None
    hours_a_week: float
    families: list[str]
    readiness: int


class FillIn(Schema):
    person: Key


class SeenOut(Schema):
    """What the desk saw in so many months; `whole`: whether they have passed."""

    months: int
    whole: bool
    requests: int
    foreseen: float
    minutes: float | None


class TurnedOutOut(Schema):
    service: NamedOut
    site: NamedOut
    started_on: date
    a_month: float
    minutes: float
    seen: list[SeenOut]


@router.get("/studies/{key}/service", response={200: PlanOut, 404: Fault, 422: FieldFaults})
def preview(request: HttpRequest, key: PathKey, starts_on: Day | None = None) -> Any:
    """What the study would become, and what of it is there already."""
    study = study_of(request, key, lead=True)
    day = starts_on or timezone.localdate() + timedelta(days=42)
    plan = generating.preview(study, day, by=access_of(request).person)
    things = [
        {
            "kind": item.kind,
            "title": item.title,
            "detail": item.detail,
            "status": item.status,
            "lines": list(item.lines),
        }
        for item in plan.items
    ]
    return {"starts_on": day, "warnings": plan.warnings, "things": things}


@router.post("/studies/{key}/service", response={200: GenerationOut, **REFUSALS})
def generate(request: HttpRequest, key: PathKey, sent: StartIn) -> Any:
    study = study_of(request, key, lead=True)
    made = generating.generate(study, sent.starts_on, by=access_of(request).person)
    things = made.things.prefetch_related("origins")
    return {
        "id": made.pk,
        "at": made.at,
        "by": _named(made.by),
        "starts_on": made.starts_on,
        "things": [_thing(each) for each in things],
    }


@router.post("/studies/{key}/service/undo", response={204: None, **REFUSALS})
def undo(request: HttpRequest, key: PathKey) -> Status:
    generating.undo(study_of(request, key, lead=True), by=access_of(request).person)
    return Status(204, None)


@router.get("/studies/{key}/service/{thing}", response={200: GeneratedOut, 404: Fault})
def origins(request: HttpRequest, key: PathKey, thing: PathKey) -> Any:
    study = study_of(request, key, lead=True)
    rows = access_of(request).see(Generated).filter(generation__study=study)
    return _thing(one(access_of(request), rows.prefetch_related("origins"), thing))


@router.get("/came-from/{thing}/{key}", response={200: list[CameFromOut], 404: Fault})
def came_from(request: HttpRequest, thing: Line, key: PathKey) -> Any:
    """The studies and lines that a service, a procedure or an agreement version came from."""
    labels = {"service": "offer.Service", "procedure": "offer.Procedure"}
    label = (labels | {"agreement": "offer.AgreementVersion"}).get(thing)
    access = access_of(request)
    if label is None or not access.is_staff:
        raise Http404
    rows = access.see(Origin).filter(
        generated__thing=label, generated__thing_id=key, generated__generation__undone_at=None
    )
    return [
        {
            "study": _named(row.generated.generation.study),
            "line": row.line_id,
            "task": row.line.task,
            "site": _named(row.line.site),
        }
        for row in rows.select_related("generated__generation__study", "line__site")[:MOST]
    ]


@router.get("/studies/{key}/waves", response={200: list[WaveOut], 404: Fault})
def waves(request: HttpRequest, key: PathKey) -> Any:
    study = study_of(request, key)
    rows = access_of(request).see(Wave).filter(study=study).exclude(state="dropped")
    return [_wave(request, row, study) for row in rows.prefetch_related("sites__site")]


@router.post("/studies/{key}/waves/{wave}", response={200: WaveOut, **REFUSALS})
def edit_wave(request: HttpRequest, key: PathKey, wave: PathKey, sent: WaveIn) -> Any:
    study, found = _seen_wave(request, key, wave)
    told = sent.model_dump()
    found.edit(by=access_of(request).person, seen=told.pop("version"), **told)
    return _wave(request, found, study)


@router.post("/studies/{key}/waves/{wave}/start", response={200: WaveOut, **REFUSALS})
def start_wave(request: HttpRequest, key: PathKey, wave: PathKey) -> Any:
    study, found = _seen_wave(request, key, wave)
    generating.start_wave(found, by=access_of(request).person)
    return _wave(request, found, study)


@router.post("/studies/{key}/waves/{wave}/steady", response={200: WaveOut, **REFUSALS})
def steady_wave(request: HttpRequest, key: PathKey, wave: PathKey) -> Any:
    study, found = _seen_wave(request, key, wave)
    found.steady(by=access_of(request).person)
    return _wave(request, found, study)


@router.get("/studies/{key}/posts", response={200: list[PostOut], 404: Fault})
def posts(request: HttpRequest, key: PathKey) -> Any:
    study = study_of(request, key, lead=True)
    rows = access_of(request).see(Post).filter(study=study, dropped=False)
    return [_post(row) for row in rows.select_related("site", "person", "proposed")]


@router.post("/studies/{key}/posts/{post}/fill", response={200: PostOut, **REFUSALS})
def fill_post(request: HttpRequest, key: PathKey, post: PathKey, sent: FillIn) -> Any:
    study = study_of(request, key, lead=True)
    access = access_of(request)
    rows = access.see(Post).filter(study=study, dropped=False)
    found = one(access, rows.select_related("study", "site", "person", "proposed"), post)
    found.fill(one(access, Person, sent.person), by=access.person)
    return _post(found)


@router.get("/studies/{key}/turned-out", response={200: list[TurnedOutOut], 404: Fault})
def as_it_turned_out(request: HttpRequest, key: PathKey) -> Any:
    """What was foreseen beside what the desk saw, three and six months after each site began."""
    return [_turned(row) for row in turned_out.rows(study_of(request, key, lead=True))]


def _turned(row: turned_out.Row) -> dict[str, Any]:
    names = ("months", "whole", "requests", "foreseen", "minutes")
    return {
        "service": {"id": row.service.pk, "name": row.service.name},
        "site": _named(row.site),
        "started_on": row.started_on,
        "a_month": row.a_month,
        "minutes": row.minutes,
        "seen": [{name: getattr(seen, name) for name in names} for seen in row.seen],
    }


def _named(row: Any) -> dict[str, Any] | None:
    return {"id": row.pk, "name": str(row)} if row is not None else None


def _thing(row: Generated) -> dict[str, Any]:
    names = ("id", "kind", "title", "thing", "thing_id", "made")
    told = {name: getattr(row, name) for name in names}
    return told | {"lines": [origin.line_id for origin in row.origins.all()]}


def _seen_wave(request: HttpRequest, key: int, wave: int) -> tuple[Study, Wave]:
    study = study_of(request, key, lead=True)
    rows = access_of(request).see(Wave).filter(study=study).select_related("study")
    return study, one(access_of(request), rows, wave)


def _wave(request: HttpRequest, row: Wave, study: Study) -> dict[str, Any]:
    leads = study.may_lead(access_of(request).person)
    names = ("id", "number", "name", "starts_on", "started_on", "state", "version")
    row.study = study
    return {name: getattr(row, name) for name in names} | {
        "sites": [_named(each.site) for each in row.sites.select_related("site")],
        "conditions": row.asked,
        "missing": row.missing() if leads and row.state == Wave.State.PLANNED else [],
    }


def _post(row: Post) -> dict[str, Any]:
    names = ("id", "position", "hours_a_week", "families", "readiness")
    told = {name: getattr(row, name) for name in names}
    return told | {name: _named(getattr(row, name)) for name in ("site", "person", "proposed")}

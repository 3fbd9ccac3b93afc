"""The API of the questionnaires and of the change plan. Nobody's own answers are told."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import Field, Router, Schema, Status

from relais.lib.api_types import Fault, Key, Line, PathKey, Said
from relais.people.access import Access
from relais.people.api import NamedOut, access_of
from relais.people.kept_api import REFUSALS, checked, named, one
from relais.people.models import Site

from . import change_plan, surveys
from .errors import ChangedMeanwhile
from .models import ChangeAction, MaturityAnswer, Participant, Study
from .reading import reads
from .workshop_forms import ActionForm, BrakesForm, MaturityForm, sites_of

router = Router(tags=["studies"])
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]
OneToFive = Annotated[int, Field(ge=1, le=5)]
NoneToFour = Annotated[int, Field(ge=0, le=4)]


class BrakesIn(Schema):
    """Eight answers from 1 (not at all) to 5 (entirely); `site` for who has none."""

    attachment: OneToFive
    distance: OneToFive
    tools: OneToFive
    writing: OneToFive
    loss: OneToFive
    confidentiality: OneToFive
    past: OneToFive
    autonomy: OneToFive
    site: Key | None = None


class BrakesKeptOut(Schema):
    kept: bool


class BrakeCellOut(Schema):
    """`mean` is empty where too few have answered."""

    brake: str
    mean: float | None
    act: bool


class BrakeRowOut(Schema):
    site: NamedOut | None
    answers: int
    text: str
    cells: list[BrakeCellOut]


class MaturityIn(Schema):
    """Ten answers from 0 (not at all) to 4 (everywhere); no `site`: the whole company."""

    site: Key | None = None
    calendars: NoneToFour
    signature: NoneToFour
    documents: NoneToFour
    sign_on: NoneToFour
    tickets: NoneToFour
    e_invoicing: NoneToFour
    data: NoneToFour
    meetings: NoneToFour
    support: NoneToFour
    security: NoneToFour
    note: Line = ""


class MaturityOut(Schema):
    """`score` from 1 to 5; below 2, guardrail G7 refuses a platform alone."""

    id: int
    site: NamedOut | None
    score: float
    levels: dict[str, int]
    means: str
    weakest: list[str]
    note: str


class ActionIn(Schema):
    what: Annotated[Line, Field(min_length=1)]
    site: Key | None = None
    owner: Key | None = None
    due_on: Day | None = None


class ActionEditIn(Schema):
    """What is left out stands. `version`: as it was read; changed since: refused (409)."""

    what: Annotated[Line, Field(min_length=1)] | None = None
    site: Key | None = None
    owner: Key | None = None
    due_on: Day | None = None
    version: int | None = None


class ActionVersionIn(Schema):
    """`version`: as it was read; changed since: refused (409)."""

    version: int | None = None


class ActionDropIn(ActionVersionIn):
    why: Annotated[Said, Field(max_length=300)]


class ActionOut(Schema):
    id: int
    what: str
    site: NamedOut | None
    owner: NamedOut | None
    brake: str
    irritant: int | None
    due_on: date | None
    state: str
    why: str
    late: bool
    version: int


def _study(request: HttpRequest, key: int) -> tuple[Access, Study]:
    access = access_of(request)
    study = one(access, Study, key)
    if not reads(access, study):
        raise Http404
    return access, study


def _led(request: HttpRequest, key: int) -> tuple[Access, Study]:
    access, study = _study(request, key)
    if not study.may_lead(access.person):
        raise Http404
    return access, study


def led_participant(request: HttpRequest, key: int) -> tuple[Access, Participant]:
    """Return a participant of a study that the caller leads, else "not found"."""
    access = access_of(request)
    rows = Participant.objects.select_related("study__company", "person", "site")
    who = one(access, rows, key)
    if not who.study.may_lead(access.person):
        raise Http404
    return access, who


# Brakes -------------------------------------------------------------------------------------------


@router.get("/studies/{key}/brakes", response={200: list[BrakeRowOut], 404: Fault})
def study_brakes(request: HttpRequest, key: PathKey) -> Any:
    _access, study = _study(request, key)
    return [
        {
            "site": named(row.site),
            "answers": row.answers,
            "text": surveys.heat_text(row),
            "cells": [{"brake": b, "mean": mean, "act": act} for b, mean, act in row.cells],
        }
        for row in surveys.heat(study)
    ]


@router.post("/study_participants/{key}/brakes", response={200: BrakesKeptOut, **REFUSALS})
def answer_brakes(request: HttpRequest, key: PathKey, sent: BrakesIn) -> Any:
    """Write down what a manager answers by telephone; it is not told again."""
    access, who = led_participant(request, key)
    who.study.check_changeable(access.person)
    sites = sites_of(access, who.study) if who.site_id is None else None
    form = checked(lambda data: BrakesForm(data, sites), sent)
    site: Site = who.site or form.cleaned_data["site"]
    surveys.keep_brakes(who, form.levels, site=site, by=access.person)
    return {"kept": True}


# Digital maturity ---------------------------------------------------------------------------------


def _maturity(row: MaturityAnswer) -> dict[str, Any]:
    return {
        "id": row.pk,
        "site": named(row.site),
        "score": row.score,
        "levels": row.levels,
        "means": surveys.means_for_choice(row.score),
        "weakest": surveys.weakest(row),
        "note": row.note,
    }


@router.get("/studies/{key}/maturity", response={200: list[MaturityOut], 404: Fault})
def study_maturity(request: HttpRequest, key: PathKey) -> Any:
    access, study = _study(request, key)
    return [_maturity(row) for row in surveys.maturity_of(access, study).values()]


@router.post("/studies/{key}/maturity", response={200: MaturityOut, **REFUSALS})
def answer_maturity(request: HttpRequest, key: PathKey, sent: MaturityIn) -> Any:
    access, study = _led(request, key)
    form = checked(lambda data: MaturityForm(data, access, study), sent)
    site, note = form.cleaned_data["site"], form.cleaned_data["note"]
    return _maturity(
        MaturityAnswer.keep(study, site, form.levels, note=note, by=access.person)
    )  # fmt: skip


# The change plan ----------------------------------------------------------------------------------


def action_out(row: ChangeAction) -> dict[str, Any]:
    """Return an action as the API tells it."""
    return {
        "id": row.pk,
        "what": row.what,
        "site": named(row.site),
        "owner": named(row.owner),
        "brake": row.brake,
        "irritant": row.irritant_id,
        "due_on": row.due_on,
        "state": row.state,
        "why": row.state_why,
        "late": row.is_late,
        "version": row.version,
    }


@router.get("/studies/{key}/change_actions", response={200: list[ActionOut], 404: Fault})
def study_actions(request: HttpRequest, key: PathKey) -> Any:
    access, study = _study(request, key)
    return [action_out(row) for row in change_plan.actions(access, study)]


@router.post("/studies/{key}/change_actions", response={201: ActionOut, **REFUSALS})
def plan_action(request: HttpRequest, key: PathKey, sent: ActionIn) -> Status:
    access, study = _led(request, key)
    form = checked(lambda data: ActionForm(data, access, study), sent)
    made = change_plan.plan(study, form.cleaned_data, by=access.person)
    return Status(201, action_out(made))


def _action(
    request: HttpRequest, key: int, version: int | None, lead: bool = True
) -> tuple[Access, ChangeAction]:
    access = access_of(request)
    rows = ChangeAction.objects.select_related("study__company", "site", "owner")
    row = one(access, rows, key)
    if lead and not row.study.may_lead(access.person):
        raise Http404
    if version is not None and version != row.version:
        raise ChangedMeanwhile()
    return access, row


@router.post("/change_actions/{key}/edit", response={200: ActionOut, **REFUSALS})
def edit_action(request: HttpRequest, key: PathKey, sent: ActionEditIn) -> Any:
    access, row = _action(request, key, sent.version)
    sent.version = None
    form = checked(lambda data: ActionForm(data, access, row.study, row), sent)
    given = {name for name in sent.model_dump(exclude_unset=True) if name in form.cleaned_data}
    row.edit({name: form.cleaned_data[name] for name in given}, by=access.person)
    return action_out(row)


@router.post("/change_actions/{key}/done", response={200: ActionOut, **REFUSALS})
def action_done(request: HttpRequest, key: PathKey, sent: ActionVersionIn) -> Any:
    """Say that it is done: its owner may, and who leads the study."""
    access, row = _action(request, key, sent.version, lead=False)
    row.done(by=access.person)
    return action_out(row)


@router.post("/change_actions/{key}/drop", response={200: ActionOut, **REFUSALS})
def drop_action(request: HttpRequest, key: PathKey, sent: ActionDropIn) -> Any:
    access, row = _action(request, key, sent.version)
    row.drop(sent.why, by=access.person)
    return action_out(row)


@router.post("/change_actions/{key}/reopen", response={200: ActionOut, **REFUSALS})
def reopen_action(request: HttpRequest, key: PathKey, sent: ActionVersionIn) -> Any:
    access, row = _action(request, key, sent.version)
    row.reopen(by=access.person)
    return action_out(row)

"""The API of a request's checklist: its steps, ticked and opened again."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from ninja import Router, Schema

from relais.lib.api_types import Fault, FieldFaults, Line, PathKey
from relais.people.access import Access
from relais.people.api import access_of

from . import checklists
from .models import Run, Ticket

router = Router(tags=["requests"])
REFUSALS = {404: Fault, 403: Fault, 409: Fault, 422: FieldFaults}


class StepOut(Schema):
    key: str
    action: str
    note: str
    control: str
    mandatory: bool
    done: dict[str, Any] | None


class ChecklistOut(Schema):
    """`left`: the mandatory steps that keep it from being delivered."""

    procedure_version: int
    steps: list[StepOut]
    left: list[str]


class StepIn(Schema):
    """`value`: what the step's control point asks for."""

    step: Line
    value: Line = ""


@router.get("/tickets/{key}/checklist", response={200: ChecklistOut, 404: Fault})
def checklist(request: HttpRequest, key: PathKey) -> ChecklistOut:
    access = access_of(request)
    return _told(access, _found(access, key))


@router.post("/tickets/{key}/step_done", response={200: ChecklistOut, **REFUSALS})
def step_done(request: HttpRequest, key: PathKey, sent: StepIn) -> ChecklistOut:
    access = access_of(request)
    ticket = _found(access, key)
    _told(access, ticket)  # to whom it shows nothing it is not there
    Run.step_done(ticket, sent.step, by=access.person, value=sent.value)
    return _told(access, ticket)


@router.post("/tickets/{key}/step_undone", response={200: ChecklistOut, **REFUSALS})
def step_undone(request: HttpRequest, key: PathKey, sent: StepIn) -> ChecklistOut:
    access = access_of(request)
    ticket = _found(access, key)
    _told(access, ticket)
    Run.step_undone(ticket, sent.step, by=access.person)
    return _told(access, ticket)


def _found(access: Access, key: int) -> Ticket:
    found = access.see(Ticket).filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _told(access: Access, ticket: Ticket) -> ChecklistOut:
    shown = checklists.of(access, ticket)
    if shown is None:
        raise Http404
    return ChecklistOut(
        procedure_version=shown.run.procedure_id,
        steps=[
            StepOut(
                key=line.key,
                action=line.action,
                note=line.note,
                control=line.control,
                mandatory=line.mandatory,
                done=line.done,
            )
            for line in shown.lines
        ],
        left=[line.key for line in shown.left],
    )

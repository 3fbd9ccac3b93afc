"""The API of continuity: leave, matrix, what ifs, impacts, drills, emergency accesses. Internal."""

from __future__ import annotations

from datetime import UTC, date
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from ninja import Field, Query, Router, Schema, Status

from relais.desk.dispatch_api import leading
from relais.lib.api_types import Fault, FieldFaults, Key, Line, Moment, PathKey, Said, Text
from relais.offer.models import Service
from relais.people.access import Access
from relais.people.api import NamedOut, access_of
from relais.people.kept_api import one
from relais.people.models import Role, Site, System

from . import breaking_glass, covering, drilling, executives, leaving, standing_in
from .models import Drill, DrillAction, EmergencyAccess, Impact, LeaveRequest

router = Router(tags=["planning"])
REFUSALS = {403: Fault, 404: Fault, 409: Fault, 422: FieldFaults}
MOST = 500
Level = Annotated[int, Field(ge=0, le=4)]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]
Why = Annotated[Line, Field(max_length=300)]


class LeaveIn(Schema):
    starts: Moment
    ends: Moment
    kind: Literal["leave", "training", "other"] = "leave"


class LeaveOut(Schema):
    """`overridden`: what the gate had said when it was granted all the same."""

    id: int
    person: NamedOut
    starts: Moment
    ends: Moment
    kind: str
    state: str
    why: str
    overridden: list[str]


class WhyIn(Schema):
    why: Why = ""


class ReadyOut(Schema):
    person: NamedOut
    level: int
    told: str


class MatrixLineOut(Schema):
    """A family of services at a site; `able`: how many are ready by proof."""

    site: NamedOut
    family: str
    hours: float
    critical: bool
    able: int
    standing: str
    people: list[ReadyOut]


class DependencyOut(Schema):
    person: NamedOut
    share: float
    flagged: bool


class FlowOut(Schema):
    requester: NamedOut
    requests: int
    concentration: float
    effective: float
    backup: int
    alarming: bool


class DeciderOut(Schema):
    company: NamedOut
    person: NamedOut
    share: float
    delegate: bool


class MatrixOut(Schema):
    covered: float
    fragile: float
    uncovered: float
    lines: list[MatrixLineOut]
    left_out: int
    dependencies: list[DependencyOut]
    flows: list[FlowOut]
    deciders: list[DeciderOut]


class CoveringOut(Schema):
    """Who covers her: for how many of her works she is ready, and their exchanges lately."""

    person: NamedOut
    position: str
    ready: int
    exchanges: int
    knows: bool


class ExecutiveOut(Schema):
    """An executive; `able`: how many are ready for the weakest of her works, by proof.

    `asked`: whether she asked for anything lately; else the works are those of her site.
    """

    executive: NamedOut
    site: NamedOut
    asked: bool
    hours: float
    works: list[str]
    able: int
    standing: str
    covered: float
    reserved: NamedOut | None
    people: list[CoveringOut]


class CaseIn(Schema):
    person: Key | None = None
    site: Key | None = None
    system: Key | None = None
    more: Annotated[int, Field(ge=0, le=300)] = 0


class PriorityOut(Schema):
    priority: int
    usual: float
    case: float


class UndeliveredOut(Schema):
    what: str
    hours: float
    priority: int


class TrainingOut(Schema):
    person: str
    what: str
    hours: float


class OutcomeOut(Schema):
    priorities: list[PriorityOut]
    undelivered: list[UndeliveredOut]
    sites: list[str]
    full: list[str]
    training: list[TrainingOut]


class ImpactIn(Schema):
    service: Key
    site: Key
    half_day: Level = 0
    day: Level = 0
    three_days: Level = 0
    week: Level = 0
    two_weeks: Level = 0
    resume_hours: Annotated[int, Field(ge=0, le=2000)]
    minimum: Why = ""
    depends_on: Why = ""


class ImpactOut(Schema):
    """`tolerable`: after how many hours it cannot be borne any more; none: two weeks at least."""

    id: int
    service: NamedOut
    site: NamedOut
    tolerable: int | None
    resume_hours: int
    critical: bool
    minimum: str


class AbsenceDrillIn(Schema):
    person: Key
    day: Day
    kind: Literal["table", "part", "whole"] = "whole"


class DrillActionOut(Schema):
    id: int
    what: str
    done: bool


class DrillOut(Schema):
    id: int
    person: NamedOut
    day: date
    kind: str
    state: str
    due: int | None
    kept: int | None
    note: str
    actions: list[DrillActionOut]


class CloseDrillIn(Schema):
    note: Annotated[Said, Field(max_length=2000)]
    actions: Annotated[list[Annotated[Text, Field(max_length=300)]], Field(max_length=20)] = []


class EmergencyIn(Schema):
    tool: Key
    person: Key
    why: Annotated[Said, Field(max_length=300)]


class EmergencyOut(Schema):
    id: int
    tool: NamedOut
    person: NamedOut
    why: str
    opened: Moment
    ends: Moment
    closed: Moment | None


# Leave --------------------------------------------------------------------------------------------


@router.get("/leaves", response={200: list[LeaveOut], 404: Fault})
def leaves(request: HttpRequest) -> Any:
    access = _staff(request)
    return [_leave(row) for row in access.see(LeaveRequest).select_related("person")[:MOST]]


@router.post("/leaves", response={201: LeaveOut, **REFUSALS})
def ask_leave(request: HttpRequest, sent: LeaveIn) -> Status:
    access = _staff(request)
    if not access.has(Role.Kind.ASSISTANT):
        raise Http404
    made = leaving.ask(
        access.person, kind=sent.kind, starts=sent.starts, ends=sent.ends, by=access.person
    )
    return Status(201, _leave(made))


@router.post("/leaves/{key}/accept", response={200: LeaveOut, **REFUSALS})
def accept_leave(request: HttpRequest, key: PathKey, sent: WhyIn) -> Any:
    access = leading(request)
    return _leave(leaving.accept(one(access, LeaveRequest, key), by=access.person, why=sent.why))


@router.post("/leaves/{key}/refuse", response={200: LeaveOut, **REFUSALS})
def refuse_leave(request: HttpRequest, key: PathKey, sent: WhyIn) -> Any:
    access = leading(request)
    return _leave(leaving.refuse(one(access, LeaveRequest, key), sent.why, by=access.person))


@router.post("/leaves/{key}/withdraw", response={200: LeaveOut, **REFUSALS})
def withdraw_leave(request: HttpRequest, key: PathKey) -> Any:
    access = _staff(request)
    found = one(access, LeaveRequest, key)
    found.withdraw(by=access.person)
    return _leave(found)


# By facts -----------------------------------------------------------------------------------------


@router.get("/continuity/matrix", response={200: MatrixOut, 404: Fault})
def matrix(request: HttpRequest) -> dict[str, Any]:
    leading(request)
    ground = covering.read()
    rates = ground.coverage
    return {
        "covered": rates.covered,
        "fragile": rates.fragile,
        "uncovered": rates.uncovered,
        "lines": [_line(line) for line in ground.lines],
        "left_out": ground.left_out,
        "dependencies": [
            {"person": _named(person), "share": share, "flagged": flagged}
            for person, share, flagged in ground.dependencies()
        ],
        "flows": [
            {
                "requester": _named(each.requester), "requests": each.count,
                "concentration": each.index, "effective": each.effective, "backup": each.backup,
                "alarming": each.alarming,
            }
            for each in covering.flows(ground)
        ],
        "deciders": [
            {
                "company": _named(each.company), "person": _named(each.person),
                "share": each.share, "delegate": each.has_delegate,
            }
            for each in covering.deciders()
        ],
    }  # fmt: skip


@router.get("/continuity/executives", response={200: list[ExecutiveOut], 404: Fault})
def matrix_executives(request: HttpRequest) -> list[dict[str, Any]]:
    leading(request)
    return [_executive(line) for line in executives.read(covering.read())]


@router.get("/continuity/what_if", response={200: OutcomeOut, 404: Fault, 422: FieldFaults})
def what_if(request: HttpRequest, case: Query[CaseIn]) -> dict[str, Any]:
    leading(request)
    ground = covering.read()
    outcome = covering.imagine(
        ground,
        people=[case.person] if case.person else [],
        sites=[case.site] if case.site else [],
        systems=[case.system] if case.system else [],
        more=case.more / 100,
    )
    names = {line.site.pk: line.site.name for line in ground.lines}
    return {
        "priorities": [
            {"priority": key, "usual": outcome.usual.by_priority.get(key, 1.0), "case": share}
            for key, share in outcome.case.by_priority.items()
        ],
        "undelivered": [
            {"what": ground.title(key), "hours": hours, "priority": ground.items[key].priority}
            for key, hours in outcome.case.missing.items()
        ],
        "sites": [names[key] for key in outcome.sites],
        "full": [ground.names[key].name for key in outcome.overloaded],
        "training": [
            {
                "person": ground.names[each.person].name, "what": ground.title(each.item),
                "hours": each.saves,
            }
            for each in outcome.training
        ],
    }  # fmt: skip


@router.get("/impacts", response={200: list[ImpactOut], 404: Fault})
def impacts(request: HttpRequest) -> Any:
    rows = leading(request).see(Impact).select_related("service", "site")
    return [_impact(row) for row in rows[:MOST]]


@router.post("/impacts", response={201: ImpactOut, **REFUSALS})
def write_impact(request: HttpRequest, sent: ImpactIn) -> Status:
    access = leading(request)
    values = sent.model_dump(exclude={"service", "site"})
    service, site = one(access, Service, sent.service), one(access, Site, sent.site)
    return Status(201, _impact(Impact.write(service, site, by=access.person, **values)))


# Drills -------------------------------------------------------------------------------------------


@router.get("/drills", response={200: list[DrillOut], 404: Fault})
def drills(request: HttpRequest) -> Any:
    rows = leading(request).see(Drill).select_related("person").prefetch_related("actions")
    return [_drill(row) for row in rows[:MOST]]


@router.post("/drills", response={201: DrillOut, **REFUSALS})
def plan_drill(request: HttpRequest, sent: AbsenceDrillIn) -> Status:
    access = leading(request)
    person = standing_in.colleague(access, sent.person)
    if person is None:
        raise Http404
    return Status(201, _drill(Drill.plan(person, sent.day, kind=sent.kind, by=access.person)))


@router.post("/drills/{key}/close", response={200: DrillOut, **REFUSALS})
def close_drill(request: HttpRequest, key: PathKey, sent: CloseDrillIn) -> Any:
    access = leading(request)
    found = one(access, Drill, key)
    due, kept = drilling.measured(found)
    found.close(by=access.person, due=due, kept=kept, note=sent.note, actions=sent.actions)
    return _drill(found)


@router.post("/drills/{key}/drop", response={200: DrillOut, **REFUSALS})
def drop_drill(request: HttpRequest, key: PathKey) -> Any:
    access = leading(request)
    found = one(access, Drill, key)
    found.drop(by=access.person)
    return _drill(found)


@router.post("/drill_actions/{key}/done", response={200: DrillActionOut, **REFUSALS})
def drill_action_done(request: HttpRequest, key: PathKey) -> Any:
    access = leading(request)
    found = one(access, DrillAction, key)
    found.done(by=access.person)
    return {"id": found.pk, "what": found.what, "done": True}


# Accesses -----------------------------------------------------------------------------------------


@router.get("/emergency_accesses", response={200: list[EmergencyOut], 404: Fault})
def emergency_accesses(request: HttpRequest) -> Any:
    rows = _staff(request).see(EmergencyAccess).select_related("system", "person")
    return [_emergency(row) for row in rows[:MOST]]


@router.post("/emergency_accesses", response={201: EmergencyOut, **REFUSALS})
def open_emergency(request: HttpRequest, sent: EmergencyIn) -> Status:
    access = leading(request)
    person = standing_in.colleague(access, sent.person)
    if person is None:
        raise Http404
    system = one(access, System, sent.tool)
    made = breaking_glass.open_access(system, person, sent.why, by=access.person)
    return Status(201, _emergency(made))


@router.post("/emergency_accesses/{key}/close", response={200: EmergencyOut, **REFUSALS})
def close_emergency(request: HttpRequest, key: PathKey) -> Any:
    access = leading(request)
    found = one(access, EmergencyAccess, key)
    found.close(by=access.person)
    found.refresh_from_db()
    return _emergency(found)


# How rows become answers --------------------------------------------------------------------------


def _staff(request: HttpRequest) -> Access:
    access = access_of(request)
    if access.is_client or not access.is_staff:
        raise Http404
    return access


def _named(row: Any) -> NamedOut:
    return NamedOut(id=row.pk, name=str(row))


def _leave(row: LeaveRequest) -> dict[str, Any]:
    return {
        "id": row.pk, "person": _named(row.person), "starts": row.starts_at.astimezone(UTC),
        "ends": row.ends_at.astimezone(UTC), "kind": row.kind, "state": row.state,
        "why": row.why, "overridden": row.overridden,
    }  # fmt: skip


def _line(line: covering.Line) -> dict[str, Any]:
    return {
        "site": NamedOut(id=line.site.pk, name=line.site.name),
        "family": line.work.family, "hours": line.work.hours, "critical": line.item.critical,
        "able": line.factor, "standing": str(line.standing),
        "people": [
            {"person": _named(each.person), "level": each.level, "told": each.text}
            for each in line.facts
        ],
    }  # fmt: skip


def _executive(line: executives.ExecutiveLine) -> dict[str, Any]:
    return {
        "executive": _named(line.person), "site": NamedOut(id=line.site.pk, name=line.site.name),
        "asked": line.asked, "hours": line.hours,
        "works": [work.work.family for work in line.works],
        "able": line.factor, "standing": str(line.standing), "covered": line.coverage.covered,
        "reserved": _named(line.reserved) if line.reserved else None,
        "people": [
            {
                "person": _named(each.person), "position": each.position, "ready": each.ready,
                "exchanges": each.exchanges, "knows": each.knows,
            }
            for each in line.people
        ],
    }  # fmt: skip


def _impact(row: Impact) -> dict[str, Any]:
    return {
        "id": row.pk, "service": _named(row.service),
        "site": NamedOut(id=row.site_id, name=row.site.name),
        "tolerable": int(row.tolerable) if row.tolerable is not None else None,
        "resume_hours": row.resume_hours, "critical": row.is_critical, "minimum": row.minimum,
    }  # fmt: skip


def _drill(row: Drill) -> dict[str, Any]:
    return {
        "id": row.pk, "person": _named(row.person), "day": row.day, "kind": row.kind,
        "state": row.state, "due": row.due, "kept": row.kept, "note": row.note,
        "actions": [
            {"id": each.pk, "what": each.what, "done": each.done_at is not None}
            for each in row.actions.all()
        ],
    }  # fmt: skip


def _emergency(row: EmergencyAccess) -> dict[str, Any]:
    return {
        "id": row.pk, "tool": _named(row.system), "person": _named(row.person), "why": row.why,
        "opened": row.opened_at.astimezone(UTC), "ends": row.ends_at.astimezone(UTC),
        "closed": row.closed_at.astimezone(UTC) if row.closed_at else None,
    }  # fmt: skip

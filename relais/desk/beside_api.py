"""The API of what stands beside a thread: steering, amounts, commitments, time, feedback.

Time and clarity are the provider's own: a client finds neither calls nor fields of them.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import Http404, HttpRequest
from ninja import Field, Query, Router, Schema, Status

from relais.lib.api_types import Fault, FieldFaults, Key, Line, Moment, PathKey, Said, Text
from relais.offer.models import Service
from relais.people.api import NamedOut, access_of
from relais.people.models import Person, Site

from .models import (
    Approval,
    Arbitration,
    ClarityMark,
    Commitment,
    Delegation,
    Rating,
    SteeringAttempt,
    Ticket,
    TimeEntry,
)

router = Router(tags=["beside requests"])
REFUSALS = {404: Fault, 403: Fault, 409: Fault, 422: FieldFaults}
MOST = 200
Amount = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]
Five = Literal[1, 2, 3, 4, 5]
Reason = Annotated[Said, Field(max_length=2000)]


class Seen(Schema):
    """`version`: as it was read; if it changed since, the verb is refused (409)."""

    version: Key | None = None


class ReprioritiseIn(Seen):
    priority: Literal[1, 2, 3, 4]
    reason: Reason


class RescopeIn(Seen):
    reason: Reason
    service: Key | None = None
    site: Key | None = None
    wanted_by: Moment | None = None


class ReclassifyIn(Seen):
    confidentiality: Literal[0, 1, 2, 3]
    reason: Reason


class PostponeIn(Seen):
    wanted_by: Moment | None = None


class SteeredOut(Schema):
    """What steering moves. `due_at` are the deadlines that run."""

    id: int
    version: int
    priority: int
    confidentiality: int
    service: NamedOut
    site: NamedOut
    wanted_by: Moment | None
    due_at: list[Moment]


class AttemptOut(Schema):
    id: int
    at: Moment
    verb: str
    way: str
    by: NamedOut
    ticket: int | None
    asked: dict[str, Any]


class ArbitrateIn(Schema):
    question: Reason
    other: Key | None = None


class DecideIn(Seen):
    choice: Literal["first", "other", "neither"]
    reason: Reason
    priorities: dict[str, Literal[1, 2, 3, 4]] = {}


class ArbitrationOut(Schema):
    id: int
    version: int
    state: str
    ticket: int
    other: int | None
    question: str
    choice: str
    reason: str
    asked_at: Moment
    decided_at: Moment | None


class AskApprovalIn(Seen):
    amount: Amount | None = None
    text: Text = ""


class ApprovalOut(Schema):
    id: int
    version: int
    ticket: int
    amount: Decimal | None
    text: str
    state: str
    approver: str | None
    asked_at: Moment
    decided_by: str | None
    decided_at: Moment | None
    reason: str


class DecisionIn(Seen):
    reason: Text = ""


class PassOnIn(Schema):
    to: Key
    reason: Reason


class DelegationIn(Schema):
    to: Key
    starts_on: date
    ends_on: date
    ceiling: Amount | None = None
    reason: Reason


class DelegationOut(Schema):
    id: int
    giver: str
    receiver: str
    starts_on: date
    ends_on: date
    ceiling: Decimal | None
    reason: str


class PromiseIn(Schema):
    kind: Literal["call", "answer", "delivery", "other"]
    due_at: Moment
    text: Line = ""
    beyond: Line = ""


class CommitmentOut(Schema):
    id: int
    ticket: int
    kind: str
    text: str
    due_at: Moment
    beyond: str
    state: str
    by: str


class ReasonIn(Schema):
    reason: Reason


class TimeIn(Schema):
    """`token`: any UUID; sent again, the minutes are noted once."""

    minutes: Annotated[int, Field(ge=1, le=1440)]
    token: UUID | None = None


class TimeFixIn(Schema):
    minutes: Annotated[int, Field(ge=0, le=1440)]
    reason: Reason


class TimeOut(Schema):
    id: int
    ticket: int
    person: NamedOut
    minutes: int | None
    started_at: Moment
    stopped_at: Moment | None


class RateIn(Schema):
    score: Five
    effort: Five | None = None
    comment: Text = ""


class RatingOut(Schema):
    ticket: int
    score: int
    effort: int | None
    comment: str
    changeable_until: Moment


class ClarityIn(Schema):
    """What was missing; nothing: the request was clear."""

    missing: list[Literal["date", "people", "place", "amount", "document", "result"]] = []
    note: Line = ""


class ClarityOut(Schema):
    ticket: int
    clear: bool
    missing: list[str]
    note: str


# Finding ------------------------------------------------------------------------------------------


def _named(row: Any) -> NamedOut:
    return NamedOut(id=row.pk, name=str(row))


def _one(rows: Any, key: int) -> Any:
    found = rows.filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _ticket(request: HttpRequest, key: int, sent: Any = None) -> Ticket:
    related = ("company", "site", "service", "requester", "holder")
    ticket: Ticket = _one(access_of(request).see(Ticket).select_related(*related), key)
    ticket.expect(getattr(sent, "version", None))
    return ticket


def _me(request: HttpRequest) -> Person:
    return access_of(request).person


def _of(request: HttpRequest, model: Any, key: int) -> Any:
    return _one(
        access_of(request).see(model).select_related("ticket__company", "ticket__site"), key
    )


def _staff(request: HttpRequest) -> None:
    if access_of(request).is_client:
        raise Http404


def _verb(name: str, answer: Any) -> Any:
    return router.post(
        f"/tickets/{{key}}/{name}", response={200: answer, **REFUSALS}, operation_id=name
    )


# Steering -----------------------------------------------------------------------------------------


@_verb("reprioritise", SteeredOut)
def reprioritise(request: HttpRequest, key: PathKey, sent: ReprioritiseIn) -> Schema:
    ticket = _ticket(request, key, sent)
    ticket.reprioritise(sent.priority, sent.reason, by=_me(request))
    return _steered(ticket)


@_verb("rescope", SteeredOut)
def rescope(request: HttpRequest, key: PathKey, sent: RescopeIn) -> Schema:
    ticket, access = _ticket(request, key, sent), access_of(request)
    ticket.rescope(
        sent.reason,
        by=access.person,
        service=_one(access.see(Service).filter(active=True), sent.service)
        if sent.service
        else None,
        site=_one(access.see(Site), sent.site) if sent.site else None,
        wanted_by=sent.wanted_by,
    )
    return _steered(ticket)


@_verb("reclassify", SteeredOut)
def reclassify(request: HttpRequest, key: PathKey, sent: ReclassifyIn) -> Schema:
    ticket = _ticket(request, key, sent)
    ticket.reclassify(sent.confidentiality, sent.reason, by=_me(request))
    return _steered(ticket)


@_verb("postpone", SteeredOut)
def postpone(request: HttpRequest, key: PathKey, sent: PostponeIn) -> Schema:
    ticket = _ticket(request, key, sent)
    ticket.postpone(sent.wanted_by, by=_me(request))
    return _steered(ticket)


def _steered(ticket: Ticket) -> SteeredOut:
    running = ticket.clocks.filter(stopped_at=None, due_at__isnull=False).order_by("due_at")
    return SteeredOut(
        id=ticket.pk,
        version=ticket.version,
        priority=ticket.priority,
        confidentiality=ticket.confidentiality,
        service=_named(ticket.service),
        site=_named(ticket.site),
        wanted_by=ticket.wanted_by,
        due_at=[clock.due_at for clock in running],
    )


@router.get("/steering/attempts", response=list[AttemptOut])
def attempts(request: HttpRequest, limit: Annotated[int, Query(ge=1, le=MOST)] = 50) -> list[Any]:
    rows = access_of(request).see(SteeringAttempt).select_related("by")
    return [
        AttemptOut(
            id=one.pk, at=one.at, verb=one.verb, way=one.way, by=_named(one.by),
            ticket=one.ticket_id, asked=one.asked,
        )
        for one in rows[:limit]
    ]  # fmt: skip


@_verb("arbitrate", ArbitrationOut)
def arbitrate(request: HttpRequest, key: PathKey, sent: ArbitrateIn) -> Schema:
    ticket = _ticket(request, key)
    other = _ticket(request, sent.other) if sent.other else None
    return _arbitration(Arbitration.ask(ticket, other, sent.question, by=_me(request)))


@router.get("/arbitrations", response=list[ArbitrationOut])
def arbitrations(request: HttpRequest) -> list[Any]:
    return [_arbitration(one) for one in access_of(request).see(Arbitration)[:MOST]]


@router.post(
    "/arbitrations/{key}/decide",
    response={200: ArbitrationOut, **REFUSALS},
    operation_id="decide_arbitration",
)
def decide(request: HttpRequest, key: PathKey, sent: DecideIn) -> Schema:
    related = ("company", "ticket__company", "ticket__site", "other__company", "other__site")
    found: Arbitration = _one(access_of(request).see(Arbitration).select_related(*related), key)
    found.expect(sent.version)
    priorities = {int(k): v for k, v in sent.priorities.items() if k.isdecimal() and len(k) < 19}
    found.decide(sent.choice, sent.reason, by=_me(request), priorities=priorities)
    return _arbitration(found)


def _arbitration(one: Arbitration) -> ArbitrationOut:
    return ArbitrationOut(
        id=one.pk, version=one.version, state=one.state, ticket=one.ticket_id,
        other=one.other_id, question=one.question, choice=one.choice, reason=one.reason,
        asked_at=one.asked_at, decided_at=one.decided_at,
    )  # fmt: skip


# Amounts ------------------------------------------------------------------------------------------


@_verb("ask_approval", ApprovalOut)
def ask_approval(request: HttpRequest, key: PathKey, sent: AskApprovalIn) -> Schema:
    ticket = _ticket(request, key, sent)
    return _approval(Approval.ask(ticket, sent.amount, sent.text, by=_me(request)))


@router.get("/approvals", response=list[ApprovalOut])
def approvals(request: HttpRequest) -> list[Any]:
    rows = access_of(request).see(Approval).select_related("approver", "decided_by")
    return [_approval(one) for one in rows[:MOST]]


def _decision(name: str) -> Any:
    return router.post(
        f"/approvals/{{key}}/{name}",
        response={200: ApprovalOut, **REFUSALS},
        operation_id=f"approval_{name}",
    )


@_decision("approve")
def approve(request: HttpRequest, key: PathKey, sent: DecisionIn) -> Schema:
    found: Approval = _of(request, Approval, key)
    found.expect(sent.version)
    found.approve(sent.reason, by=_me(request))
    return _approval(found)


@_decision("refuse")
def refuse_approval(request: HttpRequest, key: PathKey, sent: DecisionIn) -> Schema:
    found: Approval = _of(request, Approval, key)
    found.expect(sent.version)
    found.refuse(sent.reason, by=_me(request))
    return _approval(found)


@_decision("delegate")
def delegate(request: HttpRequest, key: PathKey, sent: PassOnIn) -> Schema:
    found: Approval = _of(request, Approval, key)
    to = _one(access_of(request).see(Person), sent.to)
    found.delegate(to, sent.reason, by=_me(request))
    return _approval(found)


def _approval(one: Approval) -> ApprovalOut:
    return ApprovalOut(
        id=one.pk, version=one.version, ticket=one.ticket_id, amount=one.amount, text=one.text,
        state=one.state, approver=one.approver.name if one.approver else None,
        asked_at=one.asked_at, decided_by=one.decided_by.name if one.decided_by else None,
        decided_at=one.decided_at, reason=one.reason,
    )  # fmt: skip


@router.get("/delegations", response=list[DelegationOut])
def delegations(request: HttpRequest) -> list[Any]:
    rows = access_of(request).see(Delegation).filter(ended_at=None)
    return [_delegation(one) for one in rows.select_related("giver", "receiver")[:MOST]]


@router.post("/delegations", response={201: DelegationOut, **REFUSALS})
def give_delegation(request: HttpRequest, sent: DelegationIn) -> Status:
    to = _one(access_of(request).see(Person), sent.to)
    made = Delegation.give(
        to, by=_me(request), starts_on=sent.starts_on, ends_on=sent.ends_on,
        ceiling=sent.ceiling, reason=sent.reason,
    )  # fmt: skip
    return Status(201, _delegation(made))


@router.post("/delegations/{key}/end", response={200: DelegationOut, **REFUSALS})
def end_delegation(request: HttpRequest, key: PathKey) -> Schema:
    found: Delegation = _one(
        access_of(request).see(Delegation).select_related("company", "giver", "receiver"), key
    )
    found.end(by=_me(request))
    return _delegation(found)


def _delegation(one: Delegation) -> DelegationOut:
    return DelegationOut(
        id=one.pk, giver=one.giver.name, receiver=one.receiver.name, starts_on=one.starts_on,
        ends_on=one.ends_on, ceiling=one.ceiling, reason=one.reason,
    )  # fmt: skip


# Commitments --------------------------------------------------------------------------------------


@_verb("promise", CommitmentOut)
def promise(request: HttpRequest, key: PathKey, sent: PromiseIn) -> Schema:
    ticket = _ticket(request, key)
    return _commitment(
        Commitment.promise(
            ticket, sent.kind, sent.due_at, sent.text, by=_me(request), beyond=sent.beyond
        )
    )


@router.get("/tickets/{key}/commitments", response={200: list[CommitmentOut], 404: Fault})
def commitments(request: HttpRequest, key: PathKey) -> list[Any]:
    ticket = _ticket(request, key)
    rows = access_of(request).see(Commitment).filter(ticket=ticket).select_related("by")
    return [_commitment(one) for one in rows]


@router.post("/commitments/{key}/keep", response={200: CommitmentOut, **REFUSALS})
def keep(request: HttpRequest, key: PathKey) -> Schema:
    found: Commitment = _of(request, Commitment, key)
    found.keep(by=_me(request))
    return _commitment(found)


@router.post("/commitments/{key}/withdraw", response={200: CommitmentOut, **REFUSALS})
def withdraw(request: HttpRequest, key: PathKey, sent: ReasonIn) -> Schema:
    found: Commitment = _of(request, Commitment, key)
    found.withdraw(sent.reason, by=_me(request))
    return _commitment(found)


def _commitment(one: Commitment) -> CommitmentOut:
    return CommitmentOut(
        id=one.pk, ticket=one.ticket_id, kind=one.kind, text=one.text, due_at=one.due_at,
        beyond=one.beyond, state=one.state, by=one.by.name,
    )  # fmt: skip


# Time: staff alone --------------------------------------------------------------------------------


@_verb("add_time", TimeOut)
def add_time(request: HttpRequest, key: PathKey, sent: TimeIn) -> Schema:
    _staff(request)
    ticket = _ticket(request, key)
    return _time(TimeEntry.add(ticket, sent.minutes, by=_me(request), token=sent.token))


@_verb("start_timer", TimeOut)
def start_timer(request: HttpRequest, key: PathKey) -> Schema:
    _staff(request)
    return _time(TimeEntry.start(_ticket(request, key), by=_me(request)))


@router.get("/tickets/{key}/times", response={200: list[TimeOut], 404: Fault})
def times(request: HttpRequest, key: PathKey) -> list[Any]:
    _staff(request)
    ticket = _ticket(request, key)
    rows = access_of(request).see(TimeEntry).filter(ticket=ticket).select_related("person")
    return [_time(one) for one in rows]


@router.post("/times/{key}/stop", response={200: TimeOut, **REFUSALS}, operation_id="stop_timer")
def stop_timer(request: HttpRequest, key: PathKey) -> Schema:
    found: TimeEntry = _of(request, TimeEntry, key)
    if found.runs:
        found.stop(by=_me(request))
    return _time(found)


@router.post(
    "/times/{key}/correct", response={200: TimeOut, **REFUSALS}, operation_id="correct_time"
)
def correct_time(request: HttpRequest, key: PathKey, sent: TimeFixIn) -> Schema:
    found: TimeEntry = _of(request, TimeEntry, key)
    found.correct(sent.minutes, sent.reason, by=_me(request))
    return _time(found)


def _time(one: TimeEntry) -> TimeOut:
    return TimeOut(
        id=one.pk, ticket=one.ticket_id, person=_named(one.person), minutes=one.minutes,
        started_at=one.started_at, stopped_at=one.stopped_at,
    )  # fmt: skip


# Feedback -----------------------------------------------------------------------------------------


@_verb("rate", RatingOut)
def rate(request: HttpRequest, key: PathKey, sent: RateIn) -> Schema:
    ticket = _ticket(request, key)
    given = Rating.rate(ticket, sent.score, sent.effort, sent.comment, by=_me(request))
    return RatingOut(
        ticket=ticket.pk, score=given.score, effort=given.effort, comment=given.comment,
        changeable_until=given.changeable_until,
    )  # fmt: skip


@_verb("mark_clarity", ClarityOut)
def mark_clarity(request: HttpRequest, key: PathKey, sent: ClarityIn) -> Schema:
    _staff(request)
    ticket = _ticket(request, key)
    mark = ClarityMark.mark(ticket, list(sent.missing), sent.note, by=_me(request))
    return ClarityOut(ticket=ticket.pk, clear=mark.clear, missing=mark.missing, note=mark.note)

"""The API of absences as the service lives them. Internal: a client finds no call of it."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from ninja import Field, Query, Router, Schema, Status

from relais.desk.models import Ticket
from relais.lib.api_types import Fault, FieldFaults, Key, Line, Moment, PartOf, PathKey
from relais.people.access import Access
from relais.people.api import NamedOut, access_of
from relais.people.models import Person, Role

from . import declaring, reassuring, standing_in
from .models import Relief, ReliefMove, ReliefSite
from .sharing import Share

router = Router(tags=["planning"])
REFUSALS = {403: Fault, 404: Fault, 409: Fault, 422: FieldFaults}
MOST = 500


class PeriodIn(Schema):
    starts: Moment
    ends: Moment


class StandInOut(Schema):
    """Who would stand in at a site. `facts`: what is on record of her, in sentences."""

    person: NamedOut
    presence: str
    facts: list[str]


class ReliefSiteOut(Schema):
    """`chosen`: who is proposed, or stands in; nobody is null."""

    site: NamedOut
    chosen: NamedOut | None
    others: list[StandInOut] = []


class HeldShareOut(Schema):
    """A request. `how`: "moves", "begun", "stays" or "nobody"; `why` and `mend` if nobody can."""

    ticket: int
    reference: str
    how: str
    to: NamedOut | None
    promised: Moment | None
    finish: Moment | None
    why: str
    mend: str


class TellOut(Schema):
    requester: NamedOut
    text: str
    told: bool


class AbsenceForeseenOut(Schema):
    """What an absence would change. `mark`: to be sent back with its confirmation."""

    mark: str
    moves_at: Moment
    sites: list[ReliefSiteOut]
    requests: list[HeldShareOut]
    requesters: list[TellOut]


class BackupIn(Schema):
    site: Key
    person: Key | None


class HandIn(Schema):
    ticket: Key
    to: Key | None


class DeclareIn(PeriodIn):
    """Left out, `backups`, `hand_over` and `tell` are as proposed. `mark`: of what was read."""

    kind: Literal["leave", "training", "other"] = "other"
    mark: Line | None = None
    backups: Annotated[list[BackupIn], Field(max_length=500)] | None = None
    hand_over: Annotated[list[HandIn], Field(max_length=500)] | None = None
    tell: Annotated[list[Key], Field(max_length=500)] | None = None


class ReliefMoveOut(Schema):
    ticket: int
    reference: str
    how: str
    to: NamedOut | None
    outcome: str


class ReliefOut(Schema):
    id: int
    person: NamedOut
    starts: Moment
    ends: Moment
    state: str
    moved_at: Moment | None


class ReliefWholeOut(ReliefOut):
    sites: list[ReliefSiteOut]
    moves: list[ReliefMoveOut]


class ReliefPage(Schema):
    items: list[ReliefOut]
    next: str | None


class GiveBackIn(Schema):
    """`bring`: requests begun by others that come back to her all the same."""

    bring: Annotated[list[Key], Field(max_length=500)] = []


class HandOnIn(Schema):
    ticket: Key
    to: Key


@router.get("/persons/{key}/foresee_absence", response={200: AbsenceForeseenOut, **REFUSALS})
def foresee_absence(request: HttpRequest, key: PathKey, period: Query[PeriodIn]) -> Any:
    access = access_of(request)
    person = _assistant(access, key)
    found = declaring.foresee(person, period.starts, period.ends)
    keys = [share.ticket.pk for share in found.shares.lines]
    seen = set(access.see(Ticket).filter(pk__in=keys).values_list("pk", flat=True))
    return {
        "mark": found.mark,
        "moves_at": found.moves_at.astimezone(UTC),
        "sites": [_site_line(line, facts=access.runs_pool) for line in found.sites],
        "requests": [_share(one, access) for one in found.shares.lines if one.ticket.pk in seen],
        "requesters": [
            {"requester": _named(tell.requester), "text": tell.text(), "told": tell.is_due}
            for tell in reassuring.shown(found.tells, seen)
        ],
    }


@router.post("/persons/{key}/declare_absent", response={201: ReliefWholeOut, **REFUSALS})
def declare_absent(request: HttpRequest, key: PathKey, sent: DeclareIn) -> Status:
    access = access_of(request)
    person = _assistant(access, key)
    leads = access.runs_pool
    made = declaring.declare(
        person, kind=sent.kind, starts=sent.starts, ends=sent.ends, by=access.person,
        mark=sent.mark,
        backups={one.site: one.person for one in sent.backups or ()} if leads else None,
        handed=None if sent.hand_over is None else {one.ticket: one.to for one in sent.hand_over},
        tell=sent.tell if leads else None,
    )  # fmt: skip
    return Status(201, _whole(access, made))


@router.get("/reliefs", response={200: ReliefPage, 404: Fault})
def reliefs(request: HttpRequest, part: Query[PartOf]) -> dict[str, Any]:
    access = access_of(request)
    if access.is_client:
        raise Http404
    cut = part.cut(access.see(Relief).select_related("person").order_by("-id"))
    return cut | {"items": [_relief(one) for one in cut["items"]]}


@router.get("/reliefs/{key}", response={200: ReliefWholeOut, 404: Fault})
def relief(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = access_of(request)
    return _whole(access, _one(access, key))


@router.post("/reliefs/{key}/undo", response={200: ReliefWholeOut, **REFUSALS})
def undo_relief(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = access_of(request)
    found = _one(access, key)
    declaring.undo(found, by=access.person)
    return _whole(access, found)


@router.post("/reliefs/{key}/give_back", response={200: ReliefWholeOut, **REFUSALS})
def give_back(request: HttpRequest, key: PathKey, sent: GiveBackIn) -> dict[str, Any]:
    access = access_of(request)
    found = _one(access, key)
    declaring.give_back(found, by=access.person, bring=sent.bring)
    return _whole(access, found)


@router.post("/reliefs/{key}/hand_over", response={200: ReliefWholeOut, **REFUSALS})
def hand_over(request: HttpRequest, key: PathKey, sent: HandOnIn) -> dict[str, Any]:
    access = access_of(request)
    found = _one(access, key)
    held = access.see(Ticket).filter(pk=sent.ticket, holder=found.person_id).first()
    to = standing_in.colleague(access, sent.to)
    if held is None or to is None or not found.is_on:
        raise Http404
    declaring.hand_over(found, held, to, by=access.person)
    return _whole(access, found)


# How rows become answers --------------------------------------------------------------------------


def _assistant(access: Access, key: int) -> Person:
    """Return the assistant, to who runs the pool; to an assistant, herself and nobody else."""
    if not access.runs_pool and (key != access.person.pk or not access.has(Role.Kind.ASSISTANT)):
        raise Http404
    found = access.see(Person).filter(company=None, archived_at=None, pk=key).first()
    if found is None:
        raise Http404
    return found


def _one(access: Access, key: int) -> Relief:
    rows = access.see(Relief).select_related("person", "absence")
    found = rows.filter(pk=key).first()
    if found is None or access.is_client:
        raise Http404
    return found


def _named(row: Any) -> NamedOut:
    return NamedOut(id=row.pk, name=str(row))


def _site_line(line: standing_in.SiteLine, *, facts: bool) -> dict[str, Any]:
    """Return a site with who could stand in; her colleagues' facts are for the lead."""
    chosen = line.chosen
    return {
        "site": NamedOut(id=line.site.pk, name=line.site.name),
        "chosen": _named(chosen.person) if chosen else None,
        "others": [
            {
                "person": _named(one.person), "presence": one.presence,
                "facts": standing_in.sentences(one.told()),
            }
            for one in (line.candidates if facts else ())
        ],
    }  # fmt: skip


def _share(one: Share, access: Access) -> dict[str, Any]:
    return {
        "ticket": one.ticket.pk,
        "reference": one.ticket.reference,
        "how": one.how,
        "to": _named(one.to) if one.to else None,
        "promised": one.due.astimezone(UTC) if one.due else None,
        "finish": one.finish.astimezone(UTC) if one.finish else None,
        "why": one.why,
        "mend": one.mend if one.to is None and access.runs_pool else "",
    }


def _relief(found: Relief) -> dict[str, Any]:
    return {
        "id": found.pk,
        "person": _named(found.person),
        "starts": found.starts_at.astimezone(UTC),
        "ends": found.ends_at.astimezone(UTC),
        "state": found.state,
        "moved_at": found.moved_at.astimezone(UTC) if found.moved_at else None,
    }


def _whole(access: Access, found: Relief) -> dict[str, Any]:
    sites = access.see(ReliefSite).filter(relief=found).select_related("site", "backup")
    moves = access.see(ReliefMove).filter(relief=found).select_related("ticket", "to")
    return _relief(found) | {
        "sites": [
            {
                "site": NamedOut(id=line.site_id, name=line.site.name),
                "chosen": _named(line.backup) if line.backup else None,
            }
            for line in sites[:MOST]
        ],
        "moves": [
            {
                "ticket": move.ticket_id, "reference": move.ticket.reference, "how": move.how,
                "to": _named(move.to) if move.to else None, "outcome": move.outcome,
            }
            for move in moves[:MOST]
        ],
    }  # fmt: skip

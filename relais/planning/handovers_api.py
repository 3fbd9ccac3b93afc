"""The API of handover notes: for who gives, who receives, and the lead. Internal."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from relais.lib.api_types import Fault, FieldFaults, Key, Line, Moment, PartOf, PathKey, Said, Text
from relais.people.access import Access
from relais.people.api import NamedOut, access_of

from . import handing_on
from .models import Handover

router = Router(tags=["planning"])
REFUSALS = {403: Fault, 404: Fault, 409: Fault, 422: FieldFaults}
YEAR = timedelta(days=365)
Short = Annotated[Text, Field(max_length=2000)]


class HandoverOut(Schema):
    id: int
    giver: NamedOut
    receiver: NamedOut | None
    starts: Moment
    ends: Moment
    state: str
    version: int
    due: Moment
    late: bool


class NoteFileOut(Schema):
    """A site or an executive: how it stands, three lines."""

    key: str
    name: str
    state: str
    summary: str
    open: int


class NoteActionOut(Schema):
    """A request to go on with. Of a matter for named persons: that there is one, no more."""

    ticket: int
    reference: str
    subject: str
    state: str
    promised: Moment | None
    step: str


class NoteRecurringOut(Schema):
    at: Moment
    subject: str


class NoteAccessOut(Schema):
    """A tool the giver gets into, and how the receiver's own access stands (empty: not told)."""

    tool: str
    receiver: str


class NoteApprovalOut(Schema):
    ticket: int
    reference: str


class NoteProcedureOut(Schema):
    procedure: int
    title: str
    number: int
    published: date


class NoteWordOut(Schema):
    kind: str
    by: NamedOut
    at: Moment
    text: str


class HandoverWholeOut(HandoverOut):
    files: list[NoteFileOut]
    actions: list[NoteActionOut]
    approvals: list[NoteApprovalOut]
    recurring: list[NoteRecurringOut]
    procedures: list[NoteProcedureOut]
    tools: list[NoteAccessOut]
    risks: str
    contacts: str
    accesses: str
    words: list[NoteWordOut]


class HandoverPage(Schema):
    """`on_time`, `accepted`: shares of the notes due within a year; `missing`: a note."""

    items: list[HandoverOut]
    next: str | None
    due: int
    on_time: float | None
    accepted: float | None
    missing: float | None


class NoteFileIn(Schema):
    key: Annotated[Line, Field(max_length=30)]
    state: Literal["stable", "watch", "critical"] = "stable"
    summary: Annotated[Text, Field(max_length=400)] = ""


class NoteStepIn(Schema):
    ticket: Key
    step: Annotated[Text, Field(max_length=400)]


class NoteIn(Schema):
    """The whole note. `version`: as it was read; if it changed since, refused (409)."""

    files: Annotated[list[NoteFileIn], Field(max_length=200)] = []
    steps: Annotated[list[NoteStepIn], Field(max_length=200)] = []
    risks: Short = ""
    contacts: Short = ""
    accesses: Short = ""
    version: Key | None = None


class NoteWordIn(Schema):
    text: Annotated[Said, Field(max_length=2000)]


class NoteMissedIn(NoteWordIn):
    """`client_asked`: the client had to be asked again."""

    client_asked: bool = False


@router.get("/handovers", response={200: HandoverPage, 404: Fault})
def handovers(request: HttpRequest, part: Query[PartOf]) -> dict[str, Any]:
    access = access_of(request)
    if access.is_client or not access.is_staff:
        raise Http404
    rows = access.see(Handover).select_related("giver", "receiver", "relief").order_by("-id")
    cut, now = part.cut(rows), timezone.now()
    told = handing_on.figures(access, now - YEAR, now)
    shares = {name: getattr(told, name) for name in ("due", "on_time", "accepted", "missing")}
    return cut | shares | {"items": [_note(one) for one in cut["items"]]}


@router.get("/handovers/{key}", response={200: HandoverWholeOut, 404: Fault})
def handover(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = access_of(request)
    return _whole(access, _one(access, key))


@router.post("/handovers/{key}/edit", response={200: HandoverWholeOut, **REFUSALS})
def edit_handover(request: HttpRequest, key: PathKey, sent: NoteIn) -> dict[str, Any]:
    access = access_of(request)
    note = _one(access, key)
    seen = {str(one.ticket.pk) for one in handing_on.facts(note, access).actions}
    content = {
        "files": {one.key: {"state": one.state, "summary": one.summary} for one in sent.files},
        "steps": {str(one.ticket): one.step for one in sent.steps if str(one.ticket) in seen},
        "risks": sent.risks, "contacts": sent.contacts, "accesses": sent.accesses,
    }  # fmt: skip
    note.edit(content, by=access.person, seen=sent.version)
    return _whole(access, note)


@router.post("/handovers/{key}/give", response={200: HandoverWholeOut, **REFUSALS})
def give_handover(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = access_of(request)
    note = _one(access, key)
    handing_on.give(note, by=access.person)
    return _whole(access, note)


@router.post("/handovers/{key}/ask", response={200: HandoverWholeOut, **REFUSALS})
def ask_giver(request: HttpRequest, key: PathKey, sent: NoteWordIn) -> dict[str, Any]:
    access = access_of(request)
    note = _one(access, key)
    note.ask(sent.text, by=access.person)
    return _whole(access, note)


@router.post("/handovers/{key}/answer", response={200: HandoverWholeOut, **REFUSALS})
def answer_receiver(request: HttpRequest, key: PathKey, sent: NoteWordIn) -> dict[str, Any]:
    access = access_of(request)
    note = _one(access, key)
    note.answer(sent.text, by=access.person)
    return _whole(access, note)


@router.post("/handovers/{key}/accept", response={200: HandoverWholeOut, **REFUSALS})
def accept_handover(request: HttpRequest, key: PathKey, sent: NoteWordIn) -> dict[str, Any]:
    access = access_of(request)
    note = _one(access, key)
    note.accept(sent.text, by=access.person)
    return _whole(access, note)


@router.post("/handovers/{key}/miss", response={200: HandoverWholeOut, **REFUSALS})
def miss_in_handover(request: HttpRequest, key: PathKey, sent: NoteMissedIn) -> dict[str, Any]:
    access = access_of(request)
    note = _one(access, key)
    note.miss(sent.text, by=access.person, client_asked=sent.client_asked)
    return _whole(access, note)


def _one(access: Access, key: int) -> Handover:
    rows = access.see(Handover).select_related("relief", "giver", "receiver")
    found = rows.filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _named(row: Any) -> NamedOut:
    return NamedOut(id=row.pk, name=str(row))


def _note(note: Handover) -> dict[str, Any]:
    return {
        "id": note.pk,
        "giver": _named(note.giver),
        "receiver": _named(note.receiver) if note.receiver else None,
        "starts": note.relief.starts_at.astimezone(UTC),
        "ends": note.relief.ends_at.astimezone(UTC),
        "state": note.state,
        "version": note.version,
        "due": note.due_at.astimezone(UTC),
        "late": note.is_late(timezone.now()),
    }


def _whole(access: Access, note: Handover) -> dict[str, Any]:
    facts = handing_on.facts(note, access)
    told = access.runs_pool or note.receiver_id == access.person.pk
    return _note(note) | {
        "files": [
            {name: getattr(one, name) for name in ("key", "name", "state", "summary", "open")}
            for one in facts.files
        ],
        "actions": [
            {
                "ticket": one.ticket.pk, "reference": one.ticket.reference,
                "subject": "" if one.is_secret else one.ticket.subject, "state": one.ticket.state,
                "promised": one.due.astimezone(UTC) if one.due else None, "step": one.step,
            }
            for one in facts.actions
        ],
        "approvals": [
            {"ticket": one.ticket_id, "reference": one.ticket.reference} for one in facts.approvals
        ],
        "recurring": [
            {"at": at.astimezone(UTC), "subject": row.subject} for at, row in facts.recurring
        ],
        "procedures": [
            {
                "procedure": one.procedure_id, "title": one.procedure.title, "number": one.number,
                "published": one.published_at.date(),
            }
            for one in facts.procedures
            if one.published_at is not None
        ],
        "tools": [
            {"tool": one.system.name, "receiver": state if told else ""}
            for one, state in facts.accesses
        ],
        **{name: note.content.get(name, "") for name in ("risks", "contacts", "accesses")},
        "words": [
            {
                "kind": one.kind, "by": _named(one.by), "at": one.at.astimezone(UTC),
                "text": one.text,
            }
            for one in facts.words
        ],
    }  # fmt: skip

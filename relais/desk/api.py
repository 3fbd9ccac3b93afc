"""The API of the desk: requests, their lists, and a call for each verb.

Two views of a request: a client never gets a field that belongs to the provider alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Literal

from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema, Status

from relais.lib.api_types import Fault, FieldFaults, Key, Line, Moment, PartOf, PathKey, Said, Text
from relais.lib.told import Told
from relais.offer import questions
from relais.offer.models import Service
from relais.people.access import Access
from relais.people.api import NamedOut, access_of
from relais.people.models import Person, Site

from . import because, board, explaining, files_api, intake, rules
from .board import PROMISES
from .files_api import FileOut, Files
from .handing_out import files_of
from .models import Clock, Event, Message, Silence, Ticket

router = Router(tags=["requests"])
State = Literal[
    "open",
    "assigned",
    "taken",
    "waiting",
    "third",
    "delivered",
    "accepted",
    "refused",
    "cancelled",
    "merged",
]
REFUSALS = {404: Fault, 403: Fault, 409: Fault, 422: FieldFaults}


class ServiceOut(Schema):
    id: int
    code: str
    family: str
    name: str
    response_hours: float
    delivery_hours: float
    confidentiality: int


class MessageOut(Told):
    id: int
    direction: str
    at: Moment
    sender: str | None
    body: str
    attachments: list[FileOut]
    withdrawn_at: Moment | None


class StaffMessageOut(MessageOut):
    internal: bool
    sender_address: str


class EventOut(Told):
    kind: str
    at: Moment
    by: str | None


class StaffEventOut(EventOut):
    id: int
    internal: bool
    facts: dict[str, Any]


class ClockOut(Told):
    """A promise. `due_at` is empty while it waits for the requester."""

    kind: str
    started_at: Moment
    due_at: Moment | None
    stopped_at: Moment | None
    verdict: str
    paused: bool
    owed_by: Literal["service", "client"]


class StaffClockOut(ClockOut):
    target: int
    calendar_source: str
    days: int | None
    breached_at: Moment | None
    warned: int
    pauses: list[Any]


class MovedOut(Schema):
    """A deadline that moved: a calendar, a place or the agreement changed."""

    at: Moment
    was: Moment | None
    now: Moment | None
    because: str


class ExplainedOut(ClockOut):
    """A promise, whose text it stands under, and why it falls due then, line by line."""

    state: str
    agreement_version: int | None
    why: list[str]
    moved: list[MovedOut]


class TicketOut(Told):
    """A request as its client sees it. `due_at` is when it is promised to be done.

    `expected_at`: when the service expects to have it done, while it is at work; `assistant`: who
    has it, where the mode of the engagement lets its client know.
    """

    view: Literal["client"] = "client"
    id: int
    reference: str
    version: int
    state: State
    subject: str
    company: NamedOut
    site: NamedOut
    requester: NamedOut
    service: NamedOut
    assistant: str | None
    expected_at: Moment | None
    priority: int
    confidentiality: int
    channel: str
    received_at: Moment
    wanted_by: Moment | None
    due_at: Moment | None
    delivered_at: Moment | None
    closed_at: Moment | None
    reopened: int


class StaffTicketOut(TicketOut):
    """A request as the provider's staff sees it."""

    view: Literal["staff"] = "staff"  # type: ignore[assignment]
    holder: NamedOut | None
    external_ref: str


class AnswerOut(Told):
    """What the form asked beyond the subject: the question, and the answer in words."""

    key: str
    kind: str
    label: str
    text: str


class TicketDetail(TicketOut):
    body: str
    answers: list[AnswerOut]
    may: list[str]
    clocks: list[ClockOut]
    closes_at: Moment | None
    messages: list[MessageOut]
    events: list[EventOut]


class StaffTicketDetail(StaffTicketOut):
    body: str
    answers: list[AnswerOut]
    may: list[str]
    clocks: list[StaffClockOut]
    closes_at: Moment | None
    messages: list[StaffMessageOut]
    events: list[StaffEventOut]


class TicketPage(Told):
    items: list[TicketOut]
    next: str | None


class StaffTicketPage(Told):
    items: list[StaffTicketOut]
    next: str | None


class TicketIn(Schema):
    """A new request. Sent again with the same `external_ref` it is the same request."""

    subject: Line
    body: Text = ""
    site: Key | None = None
    service: Key | None = None
    requester: Key | None = None
    confidentiality: Literal[0, 1, 2, 3] | None = None
    wanted_by: Moment | None = None
    external_ref: Line = ""
    files: Files = []
    # To the service's own fields, by key; required ones are asked for where a service is named.
    answers: dict[str, Any] = {}


class Seen(Schema):
    """`version`: the request as it was read; if it changed since, the verb is refused (409)."""

    version: Key | None = None


class SaidIn(Seen):
    text: Said
    files: Files = []


class DeliverIn(SaidIn):
    """`despite`: why it is delivered with mandatory steps left; kept and reported."""

    despite: Line = ""


class PersonIn(Seen):
    person: Key
    text: Text = ""


class Filter(Schema):
    state: State | None = None
    live: bool | None = None
    site: Key | None = None
    mine: bool = False
    q: Line = ""


# Reading ------------------------------------------------------------------------------------------


@router.get("/services", response=list[ServiceOut])
def services(request: HttpRequest) -> QuerySet[Service]:
    return access_of(request).see(Service).filter(active=True)


@router.get("/tickets", response=StaffTicketPage | TicketPage)
def tickets(request: HttpRequest, part: Query[PartOf], wanted: Query[Filter]) -> Told:
    access = access_of(request)
    cut = part.cut(_filtered(_seen(access), wanted, access))
    if access.is_client:
        items = [TicketOut(**_client_view(ticket, access)) for ticket in cut["items"]]
        return TicketPage(items=items, next=cut["next"])
    staff = [StaffTicketOut(**_staff_view(ticket, access)) for ticket in cut["items"]]
    return StaffTicketPage(items=staff, next=cut["next"])


@router.get("/tickets/{key}", response={200: StaffTicketDetail | TicketDetail, 404: Fault})
def ticket(request: HttpRequest, key: PathKey) -> Told:
    return _detail(access_of(request), key)


@router.get("/tickets/{key}/clocks", response={200: list[ExplainedOut], 404: Fault})
def clocks(request: HttpRequest, key: PathKey) -> list[ExplainedOut]:
    access, now = access_of(request), timezone.now()
    found = _one(access.see(Ticket), key)
    rows = list(access.see(Clock).filter(ticket=found).select_related("calendar"))
    moved = because.moves_of(access, rows)
    return [_explained(clock, now, moved.get(clock.pk, [])) for clock in rows]


@router.post("/tickets", response={201: StaffTicketDetail | TicketDetail, **REFUSALS})
def create(request: HttpRequest, sent: TicketIn) -> Status:
    access = access_of(request)
    requester = me = access.person
    if sent.requester is not None and sent.requester != me.pk:
        if access.is_client:
            raise Http404
        requester = _one(access.see(Person), sent.requester)
    made = intake.receive(
        requester=requester,
        by=None if requester == me else me,
        subject=sent.subject,
        body=sent.body,
        channel=Ticket.Channel.API,
        site=_one(access.see(Site), sent.site) if sent.site else None,
        service=_offered(access, sent.service) if sent.service else None,
        confidentiality=sent.confidentiality,
        wanted_by=sent.wanted_by,
        external_ref=sent.external_ref,
        files=files_api.drafts(access, sent.files),
        answers=sent.answers if sent.service or sent.answers else None,
    )
    fresh = None if sent.files else _newborn(access, made)
    return Status(201, fresh or _detail(access, made.pk))


# Verbs --------------------------------------------------------------------------------------------


def _verb(name: str) -> Any:
    return router.post(
        f"/tickets/{{key}}/{name}",
        response={200: StaffTicketDetail | TicketDetail, **REFUSALS},
        operation_id=name,
    )


@_verb("assign")
def assign(request: HttpRequest, key: PathKey, sent: PersonIn) -> Told:
    access, ticket = _found(request, key, sent)
    rules.check("assign", ticket, access.person)
    ticket.assign(_one(access.see(Person), sent.person), by=access.person, why=sent.text)
    return _detail(access, key)


@_verb("take")
def take(request: HttpRequest, key: PathKey, sent: Seen) -> Told:
    access, ticket = _found(request, key, sent)
    ticket.take(by=access.person)
    return _detail(access, key)


@_verb("reply")
def reply(request: HttpRequest, key: PathKey, sent: SaidIn) -> Told:
    access, ticket = _found(request, key, sent)
    ticket.reply(sent.text, by=access.person)
    return _detail(access, key)


@_verb("ask")
def ask(request: HttpRequest, key: PathKey, sent: SaidIn) -> Told:
    access, ticket = _found(request, key, sent)
    ticket.ask(sent.text, by=access.person)
    return _detail(access, key)


@_verb("resume")
def resume(request: HttpRequest, key: PathKey, sent: Seen) -> Told:
    access, ticket = _found(request, key, sent)
    ticket.resume(by=access.person)
    return _detail(access, key)


@_verb("wait_third")
def wait_third(request: HttpRequest, key: PathKey, sent: SaidIn) -> Told:
    access, ticket = _found(request, key, sent)
    ticket.wait_third(sent.text, by=access.person)
    return _detail(access, key)


@_verb("deliver")
def deliver(request: HttpRequest, key: PathKey, sent: DeliverIn) -> Told:
    access, ticket = _found(request, key, sent)
    ticket.deliver(sent.text, by=access.person, despite=sent.despite)
    return _detail(access, key)


@_verb("accept")
def accept(request: HttpRequest, key: PathKey, sent: Seen) -> Told:
    access, ticket = _found(request, key, sent)
    ticket.accept(by=access.person)
    return _detail(access, key)


@_verb("reopen")
def reopen(request: HttpRequest, key: PathKey, sent: SaidIn) -> Told:
    access, ticket = _found(request, key, sent)
    ticket.reopen(sent.text, by=access.person)
    return _detail(access, key)


@_verb("hand_over")
def hand_over(request: HttpRequest, key: PathKey, sent: PersonIn) -> Told:
    access, ticket = _found(request, key, sent)
    rules.check("hand_over", ticket, access.person)
    ticket.hand_over(_one(access.see(Person), sent.person), sent.text, by=access.person)
    return _detail(access, key)


@_verb("cancel")
def cancel(request: HttpRequest, key: PathKey, sent: SaidIn) -> Told:
    access, ticket = _found(request, key, sent)
    ticket.cancel(sent.text, by=access.person)
    return _detail(access, key)


@_verb("refuse")
def refuse(request: HttpRequest, key: PathKey, sent: SaidIn) -> Told:
    access, ticket = _found(request, key, sent)
    ticket.refuse(sent.text, by=access.person)
    return _detail(access, key)


@_verb("note")
def note(request: HttpRequest, key: PathKey, sent: SaidIn) -> Told:
    access, ticket = _found(request, key, sent)
    ticket.note(sent.text, by=access.person)
    return _detail(access, key)


# How rows become answers --------------------------------------------------------------------------


def _seen(access: Access) -> QuerySet[Ticket]:
    running = access.see(Clock).filter(stopped_at=None, kind__in=PROMISES)
    return (
        board.with_expected(access.see(Ticket))
        .select_related("company", "site", "requester", "service", "holder")
        .prefetch_related(Prefetch("clocks", running, to_attr="promises"))
    )


def _filtered(rows: QuerySet[Ticket], wanted: Filter, access: Access) -> QuerySet[Ticket]:
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.live is not None:
        live = Q(state__in=Ticket.LIVE)
        rows = rows.filter(live if wanted.live else ~live)
    if wanted.site:
        rows = rows.filter(site=wanted.site)
    if wanted.mine:
        me = access.person
        rows = rows.filter(Q(requester=me) if access.is_client else Q(holder=me))
    if wanted.q:
        rows = rows.filter(subject__icontains=wanted.q)
    return rows


def _found(request: HttpRequest, key: int, sent: Seen) -> tuple[Access, Ticket]:
    access = access_of(request)
    ticket: Ticket = _one(
        access.see(Ticket).select_related("company", "site", "service", "requester", "holder"), key
    )
    ticket.expect(sent.version)
    if keys := getattr(sent, "files", None):
        ticket.carry(files_api.drafts(access, keys))
    return access, ticket


def _one(rows: QuerySet[Any], key: int) -> Any:
    found = rows.filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _offered(access: Access, key: int) -> Service:
    return _one(access.see(Service).offered(channel=Service.Channel.API), key)


def _client_view(ticket: Ticket, access: Access) -> dict[str, Any]:
    def named(row: Any) -> NamedOut:
        return NamedOut(id=row.pk, name=str(row))

    due = [clock.due_at for clock in ticket.promises if clock.due_at]  # type: ignore[attr-defined]
    return {
        "id": ticket.pk,
        "reference": ticket.reference,
        "version": ticket.version,
        "state": ticket.state,
        "subject": ticket.subject,
        "company": named(ticket.company),
        "site": named(ticket.site),
        "requester": named(ticket.requester),
        "service": named(ticket.service),
        "assistant": ticket.holder.name if ticket.holder and rules.learns_holder(access) else None,
        "expected_at": board.expected(ticket, timezone.now()),
        "priority": ticket.priority,
        "confidentiality": ticket.confidentiality,
        "channel": ticket.channel,
        "received_at": ticket.received_at,
        "wanted_by": ticket.wanted_by,
        "due_at": min(due, default=None),
        "delivered_at": ticket.delivered_at,
        "closed_at": ticket.closed_at,
        "reopened": ticket.reopened,
    }


def _staff_view(ticket: Ticket, access: Access) -> dict[str, Any]:
    holder = ticket.holder
    return _client_view(ticket, access) | {
        "holder": NamedOut(id=holder.pk, name=holder.name) if holder else None,
        "external_ref": ticket.external_ref,
    }


def _detail(access: Access, key: int) -> Told:
    ticket: Ticket = _one(_seen(access), key)
    waits = access.see(Silence).filter(ticket=ticket, ended_at=None).first()
    clocks = access.see(Clock).filter(ticket=ticket)
    events = access.see(Event).filter(ticket=ticket).select_related("by")
    return _told(access, ticket, waits, clocks, _thread(access, ticket), events)


def _newborn(access: Access, made: Ticket) -> Told | None:
    """Return what `_detail` does, of what whoever sees it may read; None if it was made before."""
    if made.born is None or made.asked is None:
        return None
    if not (access.sees_plainly(made) or access.see(Ticket).filter(pk=made.pk).exists()):
        raise Http404
    clocks, event = made.born
    made.promises = [clock for clock in clocks if clock.kind in PROMISES]  # type: ignore[attr-defined]
    made.company = made.site.company
    made.wanted_by = made.wanted_by and made.wanted_by.astimezone(UTC)
    made.asked._prefetched_objects_cache = {"files": made.asked.files.none()}  # type: ignore[attr-defined]
    return _told(access, made, None, clocks, [made.asked], [event])


def _told(access: Access, ticket: Ticket, waits: Silence | None, *rows: Iterable[Any]) -> Told:
    clocks, thread, events = rows
    client = access.is_client
    more = {
        "closes_at": waits.close_at if waits else None,
        "body": ticket.body,
        "answers": [AnswerOut(**asdict(each)) for each in questions.shown(ticket.answers)],
        "may": [verb for verb in rules.RULES if rules.may(verb, ticket, access.person)],
        "clocks": [_clock(clock, client) for clock in clocks],
        "messages": [_message(message, client) for message in thread],
        "events": [_event(event, client, access.may_see_internals()) for event in events],
    }
    if client:
        return TicketDetail(**_client_view(ticket, access), **more)
    return StaffTicketDetail(**_staff_view(ticket, access), **more)


def _thread(access: Access, ticket: Ticket) -> QuerySet[Message]:
    thread = access.see(Message).filter(ticket=ticket).select_related("sender")
    return thread.prefetch_related(files_of(access))


def _clock(clock: Clock, client: bool) -> ClockOut:
    told = {
        "kind": clock.kind,
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "stopped_at": clock.stopped_at,
        "verdict": clock.verdict,
        "paused": clock.is_paused,
        "owed_by": clock.owed_by,
    }
    if client:
        return ClockOut(**told)
    return StaffClockOut(
        **told,
        target=clock.target,
        calendar_source=clock.calendar_source,
        days=clock.days,
        breached_at=clock.breached_at,
        warned=clock.warned,
        pauses=clock.pauses,
    )


def _explained(clock: Clock, now: datetime, moved: list[because.Moved]) -> ExplainedOut:
    status = explaining.status_of(clock, now)
    return ExplainedOut(
        **_clock(clock, client=True).model_dump(),
        state=status.state.value if status else "",
        agreement_version=clock.agreement_version_id,
        why=explaining.sentences(clock, now),
        moved=[MovedOut(at=one.at, was=one.was, now=one.now, because=one.because) for one in moved],
    )


def _message(message: Message, client: bool) -> MessageOut:
    told = {
        "id": message.pk,
        "direction": message.direction,
        "at": message.at,
        "sender": message.sender.name if message.sender else None,
        "body": "" if message.withdrawn_at else message.body,
        "attachments": [] if message.withdrawn_at else files_api.of_message(message),
        "withdrawn_at": message.withdrawn_at,
    }
    if client:
        return MessageOut(**told)
    return StaffMessageOut(**told, internal=message.internal, sender_address=message.sender_address)


def _event(event: Event, client: bool, internals: bool) -> EventOut:
    told = {"kind": event.kind, "at": event.at, "by": event.author or None}
    if client:
        return EventOut(**told)
    facts = event.told
    if not internals:
        # Why this colleague and not that one: absences and loads are for those who run the pool.
        facts = {name: fact for name, fact in facts.items() if name != "decision"}
        if event.kind == Event.Kind.UNASSIGNED:
            facts = {"missing": facts.get("missing", "")}
    return StaffEventOut(**told, id=event.pk, internal=event.internal, facts=facts)

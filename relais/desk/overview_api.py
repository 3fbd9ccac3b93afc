"""The API of what the screens gather: a day, the pool now, a year, how content people are."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema

from relais.engine.satisfaction import Summary
from relais.lib.api_types import Fault, Key, Line, Moment, PartOf
from relais.offer.models import Service
from relais.people.api import NamedOut, access_of
from relais.people.finding import search_for
from relais.people.models import Role, Site

from . import board, contentment, control, duty, telling, year
from .models import Clock, Commitment, Event, Ticket
from .quarantine_api import leading

router = Router(tags=["overview"])
FOUND = 20


class TicketLine(Schema):
    """A request as a line of a screen. `due_at`: the next deadline; `done_by`: the result's."""

    id: int
    reference: str
    subject: str
    state: str
    priority: int
    site: str
    requester: str
    holder: str | None
    due_at: Moment | None
    done_by: Moment | None
    why: str = ""


class PromisedOut(Schema):
    id: int
    ticket: int
    kind: str
    text: str
    due_at: Moment


class MyDayOut(Schema):
    """An assistant's day: what she can do now, in order; what waits; what she may take."""

    now: list[TicketLine]
    waiting: list[TicketLine]
    delivered: list[TicketLine]
    queue: list[TicketLine]
    commitments: list[PromisedOut]


class DeadlineOut(Schema):
    ticket: int
    reference: str
    subject: str
    kind: str
    due_at: Moment
    holder: str | None


class LoadOut(Schema):
    """What a person or a site has on hand."""

    key: int | None
    name: str
    open: int
    waiting: int
    late: int


class RemedyOut(Schema):
    """What would help. `verb`: the call that does it (`assign`, `hand_over`, `first`), or none."""

    kind: str
    text: str
    verb: str
    person: int | None
    others: int


class RiskOut(Schema):
    """A request that will probably be late: the chance (0 to 1), and when the plan has it done."""

    ticket: int
    reference: str
    subject: str
    holder: str | None
    chance: float
    due_at: Moment | None
    finish: Moment | None
    remedy: RemedyOut | None


class HandOut(Schema):
    """Somebody at this moment: minutes of work that she holds, and that she has left today."""

    person: int
    presence: str
    until: Moment | None
    left: float
    held: float
    at_risk: int


class ServedOut(Schema):
    """A site at this moment; `gap` says why nobody is there while it is open."""

    site: int
    name: str
    is_open: bool
    answering: str | None
    position: str
    gap: str
    held: float
    left: float


class TowerOut(Schema):
    """`foreseen_at`: when the risks were last reckoned; none before the first time."""

    foreseen_at: Moment | None
    at_risk: list[RiskOut]
    begun_away: list[RiskOut]
    hands: list[HandOut]
    places: list[ServedOut]
    figures: dict[str, int]
    queue: list[TicketLine]
    late: list[DeadlineOut]
    soon: list[DeadlineOut]
    persons: list[LoadOut]
    sites: list[LoadOut]


class DispatchOut(Schema):
    """A dispatch: to whom, or nobody, and the facts by which it was decided."""

    id: int
    at: Moment
    kind: str
    ticket: int
    reference: str
    site: str
    given_to: str | None
    by: str | None
    facts: dict[str, Any]


class DispatchPage(Schema):
    items: list[DispatchOut]
    next: str | None


class CountedOut(Schema):
    """`judged`: those with a verdict; `on_time`: the share delivered in time, 0 to 100."""

    name: str
    key: int | None
    came: int
    judged: int
    late: int
    on_time: float | None


class MonthOut(CountedOut):
    begins: Moment


class VolumesOut(Schema):
    year: int
    years: list[int]
    total: CountedOut
    months: list[MonthOut]
    sites: list[CountedOut]


class SummaryOut(Schema):
    """Answers of `n` people of `asked`; `share` (0 to 1) were content, between `low` and `high`."""

    n: int
    asked: int
    share: float
    low: float
    high: float
    effort: float | None


class NamedSummary(Schema):
    """Nothing where too few people answered."""

    name: str
    told: SummaryOut | None


class CommentOut(Schema):
    ticket: int
    score: int
    comment: str


class SatisfactionOut(Schema):
    """A year; `assistants` is empty but for whoever leads the pool."""

    whole: SummaryOut | None
    sites: list[NamedSummary]
    services: list[NamedSummary]
    assistants: list[NamedSummary] | None
    words: list[CommentOut]


class MyServiceOut(Schema):
    """What a client's person may count on: hours today, who answers, what is offered."""

    site: NamedOut | None
    is_open: bool
    hours_today: str
    answering: list[str]
    services: list[NamedOut]
    inbox: str


class HitOut(Schema):
    title: str
    note: str
    url: str


class FoundOut(Schema):
    """Things of one kind; `more`: not all are shown."""

    kind: str
    hits: list[HitOut]
    more: bool


# Screens ------------------------------------------------------------------------------------------


@router.get("/day", response={200: MyDayOut, 404: Fault})
def day(request: HttpRequest) -> dict[str, Any]:
    access = access_of(request)
    if access.is_client or not access.has(Role.Kind.ASSISTANT):
        raise Http404
    found = board.day_of(access, timezone.now())
    parts = ("now", "waiting", "delivered", "queue")
    mine = access.see(Commitment).filter(by=access.person, state="open").order_by("due_at")[:50]
    return {name: [_line(each) for each in getattr(found, name)] for name in parts} | {
        "commitments": [
            {"id": c.pk, "ticket": c.ticket_id, "kind": c.kind, "text": c.text, "due_at": c.due_at}
            for c in mine
        ]
    }


@router.get("/tower", response={200: TowerOut, 404: Fault})
def tower(request: HttpRequest) -> dict[str, Any]:
    access, now = leading(request), timezone.now()
    found = board.tower(access, now)
    ahead = control.look(access, found, now)
    return _ahead(ahead) | {
        "figures": found.figures,
        "queue": [_line(each) for each in found.queue],
        "late": [_deadline(each) for each in found.late],
        "soon": [_deadline(each) for each in found.soon],
        "persons": found.persons,
        "sites": found.sites,
    }


@router.get("/dispatches", response={200: DispatchPage, 404: Fault})
def dispatches(request: HttpRequest, part: Query[PartOf]) -> dict[str, Any]:
    kinds = [Event.Kind.ASSIGNED, Event.Kind.UNASSIGNED]
    rows = leading(request).see(Event).filter(kind__in=kinds)
    rows = board.with_receiver(rows.select_related("ticket__site", "by")).order_by("-id")
    cut = part.cut(rows)
    return cut | {"items": [_dispatch(each) for each in cut["items"]]}


@router.get("/volumes", response={200: VolumesOut, 404: Fault})
def volumes(
    request: HttpRequest,
    wanted: Annotated[int | None, Query(alias="year", ge=1, le=9999)] = None,
    site: Key | None = None,
) -> dict[str, Any]:
    access = access_of(request)
    if not (access.runs_pool or access.has(Role.Kind.QUALITY)):
        raise Http404
    if site is not None and not access.see(Site).filter(pk=site).exists():
        raise Http404
    years = year.years(access)
    latest = max(years, default=timezone.localdate().year)
    shown = wanted if wanted in years else latest
    told = year.report(access, shown, site)
    return {
        "year": shown,
        "years": years,
        "total": _counted(told.total),
        "months": [_counted(row) | {"begins": begins} for begins, row in told.months],
        "sites": [_counted(row) for row in told.sites],
    }


@router.get("/satisfaction", response={200: SatisfactionOut, 404: Fault})
def satisfaction(request: HttpRequest) -> dict[str, Any]:
    access = access_of(request)
    if not contentment.may_read(access):
        raise Http404
    told = contentment.of_year(access)
    people = told.assistants
    return {
        "whole": told.whole,
        "sites": _summaries(told.sites),
        "services": _summaries(told.services),
        "assistants": _summaries(people) if people is not None else None,
        "words": [
            {"ticket": each.ticket_id, "score": each.score, "comment": each.comment}
            for each in told.words
        ],
    }


@router.get("/my_service", response={200: MyServiceOut, 404: Fault})
def my_service(request: HttpRequest) -> dict[str, Any]:
    access = access_of(request)
    if not access.is_client:
        raise Http404
    me, now = access.person, timezone.now()
    site = access.see(Site).filter(pk=me.site_id).first()
    today = telling.opening_today(site, now) if site else None
    engaged = me.company.engagement is not None
    offered = access.see(Service).offered()
    return {
        "site": NamedOut(id=site.pk, name=site.name) if site else None,
        "is_open": telling.is_open(site, now),
        "hours_today": today.hours_text if today else "",
        "answering": [one.name for one in duty.answering(site, now)] if site and engaged else [],
        "services": [NamedOut(id=each.pk, name=each.name) for each in offered],
        "inbox": me.provider.inbox,
    }


@router.get("/search", response=list[FoundOut])
def search(request: HttpRequest, q: Line = "") -> list[dict[str, Any]]:
    """Find whom and what you may see by any of its words."""
    return [
        {
            "kind": group.key,
            "more": group.more,
            "hits": [
                {"title": str(hit.title), "note": str(hit.note), "url": hit.url}
                for hit in group.hits
            ],
        }
        for group in search_for(access_of(request), q, at_most=FOUND)
    ]


# How rows become answers --------------------------------------------------------------------------


def _line(ticket: Ticket) -> dict[str, Any]:
    plain = ("reference", "subject", "state", "priority")
    return {name: getattr(ticket, name) for name in plain} | {
        "id": ticket.pk,
        "site": ticket.site.name,
        "requester": ticket.requester.name,
        "holder": ticket.holder.name if ticket.holder else None,
        "due_at": ticket.due,  # type: ignore[attr-defined]
        "done_by": ticket.done_by,  # type: ignore[attr-defined]
        "why": getattr(ticket, "why", ""),
    }


def _ahead(ahead: control.Control) -> dict[str, Any]:
    return {
        "foreseen_at": ahead.foreseen_at,
        "at_risk": [_risk(each) for each in ahead.risks],
        "begun_away": [_risk(each) for each in ahead.begun_away],
        "hands": [
            {
                "person": hand.load.key,
                "presence": hand.presence.state,
                "until": hand.presence.until,
                "left": hand.presence.left,
                "held": hand.held,
                "at_risk": hand.at_risk,
            }
            for hand in ahead.hands
        ],
        "places": [
            {
                "site": place.service.site.pk,
                "name": place.service.site.name,
                "is_open": place.service.is_open,
                "answering": place.service.answering.name if place.service.answering else None,
                "position": place.service.position,
                "gap": place.service.gap,
                "held": place.held,
                "left": place.service.left,
            }
            for place in ahead.places
        ],
    }


def _risk(risk: control.Risk) -> dict[str, Any]:
    ticket = risk.ticket
    return {
        "ticket": ticket.pk,
        "reference": ticket.reference,
        "subject": ticket.subject,
        "holder": ticket.holder.name if ticket.holder else None,
        "chance": risk.chance,
        "due_at": getattr(ticket, "due", None),
        "finish": risk.finish,
        "remedy": control.told(risk.remedy),
    }


def _deadline(clock: Clock) -> dict[str, Any]:
    ticket = clock.ticket
    return {
        "ticket": ticket.pk,
        "reference": ticket.reference,
        "subject": ticket.subject,
        "kind": clock.kind,
        "due_at": clock.due_at,
        "holder": ticket.holder.name if ticket.holder else None,
    }


def _dispatch(event: Event) -> dict[str, Any]:
    return {
        "id": event.pk,
        "at": event.at,
        "kind": event.kind,
        "ticket": event.ticket_id,
        "reference": event.ticket.reference,
        "site": event.ticket.site.name,
        "given_to": event.given_to,  # type: ignore[attr-defined]
        "by": event.by.name if event.by else None,
        "facts": event.facts,
    }


def _counted(row: year.Row) -> dict[str, Any]:
    plain = ("name", "key", "came", "judged", "late", "on_time")
    return {name: getattr(row, name) for name in plain}


def _summaries(lines: list[tuple[str, Summary | None]]) -> list[dict[str, Any]]:
    return [{"name": name, "told": told} for name, told in lines]

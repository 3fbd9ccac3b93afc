"""The API of what the pool lead foresees: who else becomes late, what goes first, who had what."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Router, Schema

from relais.lib.api_types import Fault, FieldFaults, Key, Moment, PathKey
from relais.people.api import NamedOut
from relais.people.models import Person

from . import fairness, foretold, rules
from .first import put_first
from .models import DayOrder, Ticket
from .quarantine_api import leading

router = Router(tags=["control tower"])


class DelayOut(Schema):
    """A request that becomes late; `ticket` is empty for one that you may not read."""

    ticket: int | None
    reference: str
    minutes: float


class SimulatedOut(Schema):
    """What giving it to somebody would do: nothing is done. `planned`: whom the plan has it."""

    possible: bool
    finish: Moment | None
    late: str
    summary: str
    become_late: list[DelayOut]
    saved: int
    planned: NamedOut | None


class OrderOut(Schema):
    """The order of her day after it, by key."""

    tickets: list[int]


class ShareOut(Schema):
    """`difference`: from the fair share, as a ratio; none when too little was shared out."""

    what: str
    own: float
    fair: float
    difference: float | None
    verdict: str
    text: str


class SharesOut(Schema):
    person: NamedOut
    hours: float
    shares: list[ShareOut]


class FairnessOut(Schema):
    start: Moment
    end: Moment
    limits: dict[str, float]
    difficult: list[str]
    spread: float | None
    persons: list[SharesOut]


@router.get(
    "/tickets/{key}/simulate",
    response={200: SimulatedOut, 404: Fault, 422: FieldFaults},
    operation_id="simulate",
)
def simulate(request: HttpRequest, key: PathKey, to: Key) -> dict[str, Any]:
    access = leading(request)
    ticket = _ticket(request, key)
    if not rules.may("hand_over", ticket, access.person):
        raise Http404
    pool = access.see(Person).filter(assistant__isnull=False, archived_at=None)
    person = pool.filter(pk=to).first()
    if person is None:
        raise Http404
    told = foretold.override(access, ticket, person)
    planned = told.planned
    return {
        "possible": told.possible,
        "finish": told.finish,
        "late": told.late,
        "summary": told.summary,
        "become_late": [
            {
                "ticket": one.ticket.pk if one.ticket else None,
                "reference": one.ticket.reference if one.ticket else "",
                "minutes": one.minutes,
            }
            for one in told.delays
        ],
        "saved": told.saved,
        "planned": NamedOut(id=planned.pk, name=planned.name) if planned else None,
    }


@router.post(
    "/tickets/{key}/first",
    response={200: OrderOut, 403: Fault, 404: Fault, 409: Fault, 422: FieldFaults},
    operation_id="first",
)
def first(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = leading(request)
    ticket = _ticket(request, key)
    put_first(ticket, by=access.person)
    kept = access.see(DayOrder).filter(person=ticket.holder_id).first()
    return {"tickets": kept.tickets if kept else []}


@router.get("/fairness", response={200: FairnessOut, 404: Fault}, operation_id="fairness")
def shares(request: HttpRequest) -> dict[str, Any]:
    told = fairness.report(leading(request), timezone.now())
    plain = ("what", "own", "fair", "difference", "verdict")
    return {
        "start": told.start,
        "end": told.end,
        "limits": dict(fairness.fairness.LIMITS),
        "difficult": told.difficult,
        "spread": told.spread,
        "persons": [
            {
                "person": NamedOut(id=row.person.pk, name=row.person.name),
                "hours": round(row.hours, 1),
                "shares": [
                    {name: getattr(one.share, name) for name in plain} | {"text": one.text}
                    for one in row.told
                ],
            }
            for row in told.rows
        ],
    }


def _ticket(request: HttpRequest, key: int) -> Ticket:
    rows = leading(request).see(Ticket).select_related("site", "company", "holder", "service")
    found = rows.filter(pk=key).first()
    if found is None:
        raise Http404
    return found

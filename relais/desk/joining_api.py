"""The API beside one request: undo, links, merges, and what may be the same."""

from __future__ import annotations

from typing import Any, Literal

from django.http import Http404, HttpRequest
from ninja import Router, Schema

from relais.lib.api_types import Fault, Key, Line, PathKey, Text
from relais.people.api import access_of
from relais.people.models import Person

from . import api as requests
from . import duplicates, surroundings
from .models import Link, Ticket

router = Router(tags=["requests"])
REFUSALS = requests.REFUSALS
DETAIL = {200: requests.StaffTicketDetail | requests.TicketDetail, **REFUSALS}


class OtherIn(requests.Seen):
    other: Key


class LinkIn(OtherIn):
    kind: Literal["relates", "blocks", "duplicates", "follows"]


class UnlinkIn(requests.Seen):
    link: Key


class OtherOut(Schema):
    id: int
    reference: str
    subject: str
    state: str


class LinkOut(Schema):
    """A link, as this side of it reads it."""

    id: int
    text: str
    other: OtherOut


class JoinedOut(Schema):
    """`into`: the request that this one is handled within, if you see it."""

    links: list[LinkOut]
    merged: list[OtherOut]
    into: OtherOut | None


class AlikeOut(Schema):
    other: OtherOut
    score: float
    sure: bool
    reasons: list[str]


class WordsIn(Schema):
    """Words of a new request; staff says who asks."""

    subject: Line
    body: Text = ""
    service: Key | None = None
    site: Key | None = None
    requester: Key | None = None


@router.get("/tickets/{key}/joined", response={200: JoinedOut, 404: Fault}, operation_id="joined")
def joined(request: HttpRequest, key: PathKey) -> JoinedOut:
    """Return the links of a request, what is merged into it, and what it is merged into."""
    access = access_of(request)
    around = surroundings.around(access, requests._one(access.see(Ticket), key))
    return JoinedOut(
        links=[
            LinkOut(id=tie.link.pk, text=tie.text, other=_other(tie.other))
            for tie in around["ties"]
        ],
        merged=[_other(one) for one in around["merged"]],
        into=_other(around["live"]) if around["live"] else None,
    )


@router.get(
    "/tickets/{key}/alike", response={200: list[AlikeOut], 404: Fault}, operation_id="alike"
)
def alike(request: HttpRequest, key: PathKey) -> list[AlikeOut]:
    """Return the requests that may ask for the same, the likeliest first, and why."""
    access = access_of(request)
    found = duplicates.of_ticket(access, requests._one(access.see(Ticket), key))
    return [alike_out(one) for one in found]


@router.post("/alike", response={200: list[AlikeOut], **REFUSALS}, operation_id="alike_at_entry")
def alike_at_entry(request: HttpRequest, sent: WordsIn) -> list[AlikeOut]:
    """Return the requests that may ask for the same as words that are about to be sent."""
    access = access_of(request)
    asker = access.person
    if not access.is_client:
        if sent.requester is None:
            return []
        asker = requests._one(access.see(Person).exclude(company=None), sent.requester)
    found = duplicates.at_entry(
        access, company=asker.company_id, subject=sent.subject, body=sent.body,
        service=sent.service, requester=asker.pk, site=sent.site or asker.site_id,
    )  # fmt: skip
    return [alike_out(one) for one in found]


@router.post("/tickets/{key}/dismiss", response=DETAIL, operation_id="dismiss")
def dismiss(request: HttpRequest, key: PathKey, sent: OtherIn) -> Any:
    """Say that another request is not the same: it is not proposed again."""
    access, ticket = requests._found(request, key, sent)
    duplicates.dismiss(ticket, _seen(access, sent.other), by=access.person)
    return requests._detail(access, key)


@router.post("/tickets/{key}/undo", response=DETAIL, operation_id="undo")
def undo(request: HttpRequest, key: PathKey, sent: requests.Seen) -> Any:
    """Take your last verb back, a moment after it. Mails that have not left are withheld."""
    access, ticket = requests._found(request, key, sent)
    ticket.undo(by=access.person)
    return requests._detail(access, key)


@router.post("/tickets/{key}/merge", response=DETAIL, operation_id="merge")
def merge(request: HttpRequest, key: PathKey, sent: OtherIn) -> Any:
    """Have a request handled within another one of the same company."""
    access, ticket = requests._found(request, key, sent)
    ticket.merge(_seen(access, sent.other), by=access.person)
    return requests._detail(access, key)


@router.post("/tickets/{key}/part", response=DETAIL, operation_id="part")
def part(request: HttpRequest, key: PathKey, sent: requests.Seen) -> Any:
    """Separate a merged request again: it goes on as if it had never been merged."""
    access, ticket = requests._found(request, key, sent)
    ticket.part(by=access.person)
    return requests._detail(access, key)


@router.post("/tickets/{key}/link", response=DETAIL, operation_id="link")
def link(request: HttpRequest, key: PathKey, sent: LinkIn) -> Any:
    """Link a request with another one of the same company."""
    access, ticket = requests._found(request, key, sent)
    ticket.link(_seen(access, sent.other), sent.kind, by=access.person)
    return requests._detail(access, key)


@router.post("/tickets/{key}/unlink", response=DETAIL, operation_id="unlink")
def unlink(request: HttpRequest, key: PathKey, sent: UnlinkIn) -> Any:
    """Remove a link, from either side of it."""
    access, ticket = requests._found(request, key, sent)
    found = access.see(Link).select_related("ticket", "other").filter(pk=sent.link).first()
    if found is None:
        raise Http404
    ticket.unlink(found, by=access.person)
    return requests._detail(access, key)


def alike_out(one: duplicates.Suggestion) -> AlikeOut:
    """Return a suggestion as the API tells it."""
    return AlikeOut(
        other=_other(one.ticket), score=round(one.score, 3), sure=one.sure, reasons=one.reasons
    )


def _seen(access: Any, key: int) -> Ticket:
    related = ("company", "site", "requester", "holder", "service")
    return requests._one(access.see(Ticket).select_related(*related), key)


def _other(ticket: Ticket) -> OtherOut:
    return OtherOut(
        id=ticket.pk, reference=ticket.reference, subject=ticket.subject, state=ticket.state
    )

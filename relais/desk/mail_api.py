"""The API of mail: the mailboxes that are read, the server that sends, the letters of the outbox.

For whoever runs the pool. Passwords are taken, never told.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status

from relais.lib.api_types import Fault, Key, Line, Moment, PartOf, PathKey
from relais.people.access import Access
from relais.people.kept_api import REFUSALS, MarkIn, checked, held, kept, one

from . import mail_settings
from .mail_forms import MailboxForm, SendingForm
from .models import Letter, Mailbox, SendingServer
from .quarantine_api import leading

router = Router(tags=["mail"])
Port = Annotated[int, Field(ge=0, le=100_000)]


class ServerIn(MarkIn):
    """Fields left out stay as they are; so does the password, unless server or user change."""

    host: Line | None = None
    port: Port | None = None
    security: Literal["tls", "starttls", "none"] | None = None
    user: Line | None = None
    password: Line | None = None
    active: bool | None = None


class MailboxIn(ServerIn):
    address: Line | None = None
    folder: Line | None = None
    after: Literal["keep", "seen", "move", "delete"] | None = None
    moved_to: Line | None = None
    take_existing: bool | None = None


class SendingIn(ServerIn):
    sender: Line | None = None
    sender_name: Line | None = None
    sent_in: Key | None = None
    sent_folder: Line | None = None


class ServerOut(Schema):
    """`health`: well, waiting, off, failing, silent. `seen`: what to send with a change."""

    id: int | None
    host: str
    port: int
    security: str
    user: str
    active: bool
    health: str
    problem: str
    worked_at: Moment | None
    seen: str


class MailboxOut(ServerOut):
    address: str
    folder: str
    after: str
    moved_to: str
    taken: int
    last_mail_at: Moment | None


class SendingOut(ServerOut):
    sender: str
    sender_name: str
    sent_in: int | None
    sent_folder: str


class MailServersOut(Schema):
    """Where mails come in and go out; no sending server: letters leave as the machine says."""

    mailboxes: list[MailboxOut]
    sending: SendingOut | None


class TriedOut(Schema):
    """What came of signing in: nothing is read, nothing sent."""

    good: bool
    text: str


class LetterOut(Schema):
    id: int
    to: str
    subject: str
    ticket: int | None
    state: str
    attempts: int
    error: str
    may_retry: bool
    created_at: Moment
    sent_at: Moment | None


class LetterPage(Schema):
    items: list[LetterOut]
    next: str | None


class WhichLetters(Schema):
    state: (
        Literal["waiting", "sending", "sent", "failed", "withheld", "doubt", "returned"] | None
    ) = None


# Servers ------------------------------------------------------------------------------------------


@router.get("/mailboxes", response={200: MailServersOut, 404: Fault})
def mailboxes(request: HttpRequest) -> dict[str, Any]:
    access = leading(request)
    sending = access.see(SendingServer).first()
    return {
        "mailboxes": [_mailbox(each) for each in access.see(Mailbox)],
        "sending": _sending(access, sending) if sending else None,
    }


@router.post("/mailboxes", response={201: MailboxOut, **REFUSALS})
def new_mailbox(request: HttpRequest, sent: MailboxIn) -> Status:
    access = leading(request)
    box = Mailbox(provider_id=access.person.provider_id, port=993)
    form = checked(lambda data: MailboxForm(data, instance=box), sent)
    return Status(201, _mailbox(kept(form, by=access.person)))


@router.post("/mailboxes/{key}/edit", response={200: MailboxOut, **REFUSALS})
def edit_mailbox(request: HttpRequest, key: PathKey, sent: MailboxIn) -> dict[str, Any]:
    access = leading(request)
    box = held(access, Mailbox, key)
    form = checked(lambda data: MailboxForm(data, instance=box), sent)
    return _mailbox(kept(form, by=access.person))


@router.post("/mailboxes/{key}/try_out", response={200: TriedOut, **REFUSALS})
def try_mailbox(request: HttpRequest, key: PathKey) -> Any:
    return mail_settings.try_mailbox(one(leading(request), Mailbox, key))


@router.post("/sending/edit", response={200: SendingOut, **REFUSALS})
def edit_sending(request: HttpRequest, sent: SendingIn) -> dict[str, Any]:
    access = leading(request)
    server = access.see(SendingServer).select_for_update().first() or _fresh(access)
    boxes = access.see(Mailbox)
    form = checked(lambda data: SendingForm(data, instance=server, boxes=boxes), sent)
    return _sending(access, kept(form, by=access.person))


@router.post("/sending/try_out", response={200: TriedOut, **REFUSALS})
def try_sending(request: HttpRequest) -> Any:
    server = leading(request).see(SendingServer).first()
    if server is None:
        raise Http404
    return mail_settings.try_sending(server)


def _fresh(access: Access) -> SendingServer:
    me = access.person
    return SendingServer(provider_id=me.provider_id, port=465, sender=me.provider.inbox)


def _server(found: Mailbox | SendingServer, seen: str) -> dict[str, Any]:
    plain = ("host", "port", "security", "user", "active", "worked_at")
    return {name: getattr(found, name) for name in plain} | {
        "id": found.pk,
        "health": found.health(timezone.now()),
        "problem": mail_settings.told_of(found.problem),
        "seen": seen,
    }


def _mailbox(found: Mailbox) -> dict[str, Any]:
    plain = ("address", "folder", "after", "moved_to", "taken", "last_mail_at")
    seen = str(MailboxForm(instance=found).initial["seen"])
    return _server(found, seen) | {name: getattr(found, name) for name in plain}


def _sending(access: Access, found: SendingServer) -> dict[str, Any]:
    form = SendingForm(instance=found, boxes=access.see(Mailbox))
    plain = ("sender", "sender_name", "sent_folder")
    return (
        _server(found, str(form.initial["seen"]))
        | {name: getattr(found, name) for name in plain}
        | {"sent_in": found.sent_in_id}
    )


# Letters ------------------------------------------------------------------------------------------


@router.get("/letters", response={200: LetterPage, 404: Fault})
def letters(
    request: HttpRequest, part: Query[PartOf], which: Query[WhichLetters]
) -> dict[str, Any]:
    rows = leading(request).see(Letter).select_related("ticket").defer("body").order_by("-id")
    cut = part.cut(rows.filter(state=which.state) if which.state else rows)
    return cut | {"items": [_letter(each) for each in cut["items"]]}


@router.post("/letters/{key}/retry", response={200: LetterOut, 403: Fault, **REFUSALS})
def retry_letter(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = leading(request)
    one(access, Letter, key).retry(by=access.person)
    return _letter(one(access, Letter, key))


@router.post("/letters/{key}/arrived", response={200: LetterOut, 403: Fault, **REFUSALS})
def letter_arrived(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = leading(request)
    one(access, Letter, key).arrived(by=access.person)
    return _letter(one(access, Letter, key))


def _letter(found: Letter) -> dict[str, Any]:
    plain = ("to", "state", "attempts", "error", "may_retry", "created_at", "sent_at")
    return {name: getattr(found, name) for name in plain} | {
        "id": found.pk,
        "subject": found.shown_subject,
        "ticket": found.ticket_id,
    }

"""The API of mails that nobody could place, and of requests whose service triage left open.

For whoever runs the pool; for everybody else there is nothing here.
"""

from __future__ import annotations

from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema
from ninja.errors import ValidationError

from relais.lib.api_types import Fault, FieldFaults, Key, Line, Moment, PartOf, PathKey
from relais.offer.models import Service
from relais.people.access import Access
from relais.people.api import NamedOut, access_of
from relais.people.models import Person, Site

from . import api as requests
from . import duplicates, judging, placing, tasks
from .files_api import FileOut, of_message
from .joining_api import DETAIL, AlikeOut, alike_out
from .models import Message, Ticket, TriageModel

router = Router(tags=["intake"])
REFUSALS = {404: Fault, 403: Fault, 409: Fault, 422: FieldFaults}
MOST = 100
Share = Annotated[float, Field(ge=0, le=100)]


class MailOut(Schema):
    """A mail that waits: why, and what is known of its sender."""

    id: int
    at: Moment
    sender_address: str
    sender: NamedOut | None
    subject: str
    body: str
    why: str
    files: list[FileOut]
    decided_at: Moment | None


class MailPage(Schema):
    items: list[MailOut]
    next: str | None


class PlacedOut(Schema):
    """What became of the mail: the request that it is of, or why it lies aside."""

    id: int
    ticket: int | None
    why: str
    decided_at: Moment | None


class WhichMails(Schema):
    """`aside`: those decided without a request, instead of those that wait."""

    aside: bool = False


class AttachIn(Schema):
    """The client in whose name the mail becomes a request."""

    person: Key


class CreateIn(Schema):
    """A new person of a site, in whose name the mail becomes a request."""

    site: Key
    first_name: Line = ""
    last_name: Line = ""


class ClearedOut(Schema):
    set_aside: int


class UnsureOut(Schema):
    """A request whose service a person has to say; what triage thought of, the best first."""

    id: int
    reference: str
    version: int
    subject: str
    site: NamedOut
    service: NamedOut
    suggested: list[NamedOut]
    words: list[str]


class LessonOut(Schema):
    number: int
    state: str
    taught_at: Moment
    examples: int


class TriageWeekOut(Schema):
    begins: Moment
    guessed: int
    unsure: int
    changed: int
    kept: Share | None


class TriageOut(Schema):
    unsure: list[UnsureOut]
    weeks: list[TriageWeekOut]
    lessons: list[LessonOut]


class SettleIn(requests.Seen):
    service: Key


class TaughtOut(Schema):
    """The worker was told."""

    asked: bool = True


def leading(request: HttpRequest) -> Access:
    """Return the rights of whoever runs the pool; others find nothing here."""
    access = access_of(request)
    if not access.runs_pool:
        raise Http404
    return access


# Mails --------------------------------------------------------------------------------------------


@router.get("/quarantine", response={200: MailPage, 404: Fault})
def quarantine(
    request: HttpRequest, part: Query[PartOf], which: Query[WhichMails]
) -> dict[str, Any]:
    mails = leading(request).see(Message).filter(ticket=None).defer("raw", "original")
    decided = {"quarantine__in": Message.DECIDED}
    rows = mails.filter(**decided) if which.aside else mails.exclude(**decided)
    rows = rows.select_related("sender").prefetch_related("files__file")
    cut = part.cut(rows.order_by("-id" if which.aside else "id"))
    return cut | {"items": [_mail(each) for each in cut["items"]]}


@router.get("/quarantine/{key}/alike", response={200: list[AlikeOut], 404: Fault})
def mail_alike(request: HttpRequest, key: PathKey) -> list[AlikeOut]:
    access = leading(request)
    mail = _waiting(access, key)
    return [alike_out(each) for each in duplicates.of_mail(access, mail, mail.sender)]


@router.post("/quarantine/clear", response={200: ClearedOut, **REFUSALS})
def clear_quarantine(request: HttpRequest) -> dict[str, int]:
    """Set aside in one go what programs wrote."""
    return {"set_aside": placing.clear_robots(by=leading(request).person)}


@router.post("/quarantine/{key}/attach", response={200: PlacedOut, **REFUSALS})
def attach_mail(request: HttpRequest, key: PathKey, sent: AttachIn) -> dict[str, Any]:
    access = leading(request)
    mail = _waiting(access, key)
    clients = access.see(Person).exclude(company=None).filter(archived_at=None)
    person = _one(clients, sent.person)
    # Staff pass on for many: their own address is nobody else's.
    remember = mail.sender_id is None and bool(mail.sender_address)
    placing.admit(mail, person, by=access.person, remember=remember)
    return _placed(access, key)


@router.post("/quarantine/{key}/create", response={200: PlacedOut, **REFUSALS})
def create_from_mail(request: HttpRequest, key: PathKey, sent: CreateIn) -> dict[str, Any]:
    access = leading(request)
    mail = _waiting(access, key)
    site = access.see(Site).filter(archived_at=None, pk=sent.site).first()
    if site is None:
        text = _("Choose the site where this person works.")
        raise ValidationError([{"loc": ("body", "site"), "msg": text}])
    names = {"first_name": sent.first_name.strip(), "last_name": sent.last_name.strip()}
    placing.admit_new(mail, site=site, by=access.person, **names)
    return _placed(access, key)


def _decision(name: str, decide: Any) -> None:
    """Add the call of a decision that asks for nothing more."""

    def call(request: HttpRequest, key: PathKey) -> dict[str, Any]:
        access = leading(request)
        decide(_waiting(access, key), by=access.person)
        return _placed(access, key)

    router.post(
        f"/quarantine/{{key}}/{name}",
        response={200: PlacedOut, **REFUSALS},
        operation_id=f"mail_{name}",
        summary=name.replace("_", " ").capitalize(),
    )(call)


_decision("set_aside", placing.set_aside)
_decision("refuse", placing.refuse)
_decision("spam", placing.mark_spam)


@router.post("/quarantine/{key}/take_back", response={200: PlacedOut, **REFUSALS})
def take_back_mail(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    """Undo a decision: the mail waits again."""
    access = leading(request)
    placing.take_back(_one(access.see(Message).exclude(held_as=""), key), by=access.person)
    return _placed(access, key)


# Triage -------------------------------------------------------------------------------------------


@router.get("/triage", response={200: TriageOut, 404: Fault})
def triage(request: HttpRequest) -> dict[str, Any]:
    access = leading(request)
    services = list(access.see(Service).filter(active=True))
    unsure = judging.with_guesses(list(judging.unsure(access)[:MOST]), services)
    lessons = access.see(TriageModel).defer("content").order_by("-number")[:MOST]
    plain = ("number", "state", "taught_at", "examples")
    return {
        "unsure": [_unsure(each) for each in unsure],
        "weeks": judging.weeks(access),
        "lessons": [{name: getattr(each, name) for name in plain} for each in lessons],
    }


@router.post("/triage/teach", response={200: TaughtOut, **REFUSALS})
def teach_triage(request: HttpRequest) -> TaughtOut:
    tasks.teach_triage.configure().defer(provider_id=leading(request).person.provider_id)
    return TaughtOut()


@router.post("/tickets/{key}/settle", response=DETAIL, operation_id="settle")
def settle(request: HttpRequest, key: PathKey, sent: SettleIn) -> Schema:
    access, ticket = requests._found(request, key, sent)
    service = _one(access.see(Service).filter(active=True), sent.service)
    ticket.settle(service, by=access.person)
    return requests._detail(access, key)


# How rows become answers --------------------------------------------------------------------------


def _one(rows: Any, key: int) -> Any:
    found = rows.filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _waiting(access: Access, key: int) -> Message:
    mail: Message = _one(access.see(Message).filter(ticket=None), key)
    return mail


def _placed(access: Access, key: int) -> dict[str, Any]:
    mail = access.see(Message).filter(pk=key).first()
    if mail is None:  # it became a request of class C3 that is not for this person
        return {"id": key, "ticket": None, "why": "", "decided_at": None}
    return {
        "id": key,
        "ticket": mail.ticket_id,
        "why": mail.quarantine,
        "decided_at": mail.decided_at,
    }


def _mail(mail: Message) -> dict[str, Any]:
    sender = mail.sender
    return {
        "id": mail.pk,
        "at": mail.at,
        "sender_address": mail.sender_address,
        "sender": NamedOut(id=sender.pk, name=sender.name) if sender else None,
        "subject": mail.subject,
        "body": mail.body,
        "why": mail.quarantine,
        "files": of_message(mail),
        "decided_at": mail.decided_at,
    }


def _unsure(ticket: Ticket) -> dict[str, Any]:
    def named(row: Any) -> NamedOut:
        return NamedOut(id=row.pk, name=str(row))

    return {
        "id": ticket.pk,
        "reference": ticket.reference,
        "version": ticket.version,
        "subject": ticket.subject,
        "site": named(ticket.site),
        "service": named(ticket.service),
        "suggested": [named(each) for each in ticket.suggested],  # type: ignore[attr-defined]
        "words": [str(word) for word in ticket.spoken],  # type: ignore[attr-defined]
    }

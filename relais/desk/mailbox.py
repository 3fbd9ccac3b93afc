"""Mails come in, each once: onto a thread, as a new request, or into quarantine and why."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_noop as _

from relais.engine import steering_wish
from relais.lib import mail as mails
from relais.lib.problem import Problem
from relais.lib.tenancy import all_tenants, current_tenant, tenant
from relais.people.calendars import NoCalendar
from relais.people.models import Person, Provider

from . import attempts, filing, intake, invitations, rules
from .ground import Ground
from .mail_marks import MARKER, OURS, TICKET
from .mail_round import Round
from .models import KnownAddress, Letter, Message, Ticket
from .models.ticket_joining import live_of

log = logging.getLogger("relais.mail")

LARGEST = 40 * 1024 * 1024
# Up to so many mails of one address an hour are acknowledged, up to so many become requests: two
# robots that answer each other stop there.
MOST_ANSWERED = 30
MOST_AN_HOUR = 200
_TOKEN = re.compile(r"\[R-(\d{6,18})\]")
_REFERENCE = re.compile(r"R-(\d{6,18})")
Quarantine = Message.Quarantine


class UnreadableFile(Problem):
    """The file of a mail cannot be read."""

    message = _("%(path)s cannot be read (%(detail)s): give a file that holds one mail (.eml).")


class TooLarge(Problem):
    """The file is larger than any mail that is taken in."""

    message = _("%(path)s holds %(size)s MB: a mail of more than %(limit)s MB is not taken in.")


class WhoseMail(Problem):
    """No provider can be told from the recipients."""

    message = _(
        "No provider has one of the addresses %(addresses)s: give the provider's service address "
        "in its settings, or say whose mail it is."
    )


@dataclass(frozen=True)
class Outcome:
    """What became of a mail: `kind` is created, replied, known or quarantined."""

    kind: str
    message: Message
    ticket: Ticket | None = None

    def __str__(self) -> str:
        told = {
            "created": _t("new request %(reference)s"),
            "replied": _t("message on %(reference)s"),
            "known": _t("taken in before (%(reference)s)"),
            "quarantined": _t("in quarantine: %(why)s"),
        }[self.kind]
        reference = self.ticket.reference if self.ticket else "—"
        return told % {"reference": reference, "why": self.message.get_quarantine_display()}


def receive_file(path: str | Path, provider: Provider | None = None) -> Outcome:
    """Return what became of the mail in a file. Call it outside of any transaction.

    `provider` may be left out: the recipients' addresses tell, or there is only one. Whatever the
    bytes are, the mail is kept; raises `UnreadableFile`, `TooLarge`, `WhoseMail` (Problems).
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > LARGEST:
            limit = LARGEST // 2**20
            raise TooLarge(path=path.name, size=size // 2**20, limit=limit)
        raw = path.read_bytes()
    except OSError as fault:
        raise UnreadableFile(path=str(path), detail=fault.strerror or str(fault)) from fault
    return receive_bytes(raw, provider.pk if provider else None)


def receive_bytes(raw: bytes, provider_id: int | None = None) -> Outcome:
    """Return what became of a mail given as bytes. Raises `WhoseMail`.

    Whatever else goes wrong, the mail is kept, in quarantine; only a database that breaks off
    is the caller's to wait for.
    """
    mail = read(raw)
    return receive_all([(mail, raw)], provider_id or _provider_of(mail))[0]


def receive_all(
    read: Sequence[tuple[mails.Mail, bytes]], provider_id: int, seconds: float = inf
) -> list[Outcome]:
    """Return what became of the mails of a round, in order: all in one transaction.

    A mail that cannot be placed is kept in quarantine and hinders no other one. After `seconds`
    none is begun any more, so that the answer may be shorter.
    """
    end, outcomes = time.monotonic() + seconds, []
    with tenant(provider_id):
        going = Round([mail for mail, _raw in read])
        for mail, raw in read:
            outcomes.append(_receive(mail, raw, going))
            if time.monotonic() > end:
                break
        going.ground.hand_out(provider_id)
    return outcomes


def _receive(mail: mails.Mail, raw: bytes, going: Round) -> Outcome:
    if known := going.known.get(mail.mail_id):
        return Outcome("known", known, known.ticket)
    try:
        with transaction.atomic():
            outcome = _place(mail, raw, going)
            if mail.attachments:
                filing.file_mail(outcome.message)
    except IntegrityError:
        # Another worker took the same mail in meanwhile.
        if known := _known(mail):
            return known
        raise
    except Exception as fault:  # one mail must never stop all those behind it
        if is_of_database(fault):
            raise
        log.exception("a mail was kept without being placed: %s", type(fault).__name__)
        outcome = _quarantined(mail, raw, None, Quarantine.FAULT)
    going.took(mail, outcome.message)
    return outcome


def is_of_database(fault: BaseException) -> bool:
    """Return whether the database broke off or is busy: the next try may well succeed.

    What exceeds its limits (class 54) is the mail's own fault, and would be so for ever.
    """
    if isinstance(fault, InterfaceError):
        return True
    state = getattr(fault.__cause__, "sqlstate", None) or ""
    return isinstance(fault, OperationalError) and not state.startswith("54")


def keep_apart(raw: bytes, provider_id: int, why: str = Quarantine.FAULT) -> Outcome:
    """Return the quarantined mail of which no word can be kept or read: a digest and its bytes."""
    mail = mails.unread(raw)
    with tenant(provider_id):
        return _known(mail) or _quarantined(mail, raw, None, why)


def receive_too_large(head: bytes, size: int, provider_id: int) -> Outcome:
    """Return the quarantined headers of a mail of `size` bytes, which stays where it lies."""
    mail = read(head)
    with tenant(provider_id):
        if known := _known(mail):
            return known
        return _quarantined(mail, head, None, Quarantine.TOO_LARGE, {"size": size})


def is_here(raw: bytes) -> bool:
    """Return whether this mail was taken in; call it within the provider's tenant."""
    # What was kept unread must not be read here either.
    return (_known(mails.unread(raw)) or _known(read(raw))) is not None


def _provider_of(mail: mails.Mail) -> int:
    with all_tenants("find whose mail it is"):
        providers = list(Provider.objects.values_list("pk", "inbox"))
    addressed = [pk for pk, inbox in providers if inbox and inbox.lower() in mail.recipients]
    if addressed:
        return addressed[0]
    if len(providers) == 1:
        return providers[0][0]
    raise WhoseMail(addresses=", ".join(mail.recipients) or "—")


def _known(mail: mails.Mail) -> Outcome | None:
    message = Message.objects.filter(mail_id=mail.mail_id).select_related("ticket").first()
    return Outcome("known", message, message.ticket) if message else None


def _place(mail: mails.Mail, raw: bytes, going: Round) -> Outcome:
    """Return where a mail lies from now on. What a program wrote is never answered."""
    if not mail.readable:
        return _quarantined(mail, raw, None, Quarantine.UNREADABLE)
    if OURS in mail.headers or mail.mail_id in going.ours:
        # We wrote it ourselves: somebody's rule sends our letters back to us.
        return _quarantined(mail, raw, None, Quarantine.LOOP)
    if mail.robot is not None and mail.robot.kind == "bounce":
        return _came_back(mail, raw)
    sender, reasons = _sender(mail, going)
    if isinstance(sender, KnownAddress):
        return _quarantined(mail, raw, None, sender.verdict)
    if mail.robot is not None and not (mail.invitation and sender):
        return _automatic(mail, raw, sender)
    if sender is None:
        return _quarantined(mail, raw, None, Quarantine.UNKNOWN_SENDER, reasons)
    sent = going.sent[mail.sender]
    if sent >= MOST_AN_HOUR:
        return _quarantined(mail, raw, sender, Quarantine.TOO_MANY)
    if sent >= MOST_ANSWERED:
        reasons["unanswered"] = sent
    return _of_person(mail, raw, sender, reasons, going.ground)


def _of_person(
    mail: mails.Mail, raw: bytes, sender: Person, reasons: dict[str, Any], ground: Ground
) -> Outcome:
    """Return what became of the mail of somebody whom we know: onto a thread, or a new request."""
    if mail.invitation and (about := invitations.answered(mail.invitation, sender)) is not None:
        if about.is_live and rules.may("reply", about, sender):
            return _replied(mail, raw, sender, about, reasons | {"thread": "invitation"})
        return _quarantined(mail, raw, sender, Quarantine.AUTOMATIC, reasons)
    ticket, how = _thread(mail)
    reasons |= {"thread": how} if how else {}
    if ticket is not None and how == "token" and not _may_see(sender, ticket):
        return _quarantined(mail, raw, sender, Quarantine.FOREIGN, reasons)
    if ticket is not None and ticket.is_live and rules.may("reply", ticket, sender):
        return _replied(mail, raw, sender, ticket, reasons)
    if ticket is not None and _may_see(sender, ticket):
        reasons["after"] = ticket.reference
    refusals: tuple[tuple[type[Problem], str], ...] = (
        (intake.NoSite, Quarantine.NO_SITE),
        (intake.MayNotAsk, Quarantine.NOT_ALLOWED),
        (intake.NothingOffered, Quarantine.NO_SERVICE),
        (NoCalendar, Quarantine.NO_CALENDAR),
    )
    try:
        ticket = _new(mail, raw, sender, reasons, ground)  # whole or not at all by itself
    except Problem as refusal:
        reason = next((why for kind, why in refusals if isinstance(refusal, kind)), None)
        if reason is None:
            raise
        return _quarantined(mail, raw, sender, reason, reasons)
    return Outcome("created", ticket.asked or ticket.messages.get(mail_id=mail.mail_id), ticket)


def _replied(
    mail: mails.Mail, raw: bytes, sender: Person, ticket: Ticket, reasons: dict[str, Any]
) -> Outcome:
    said = invitations.told(mail.invitation, sender.language) if mail.invitation else ""
    text = said or mail.reply.text or mail.subject or _names(mail)
    ticket.reply(text, by=sender, **_fields(mail, raw, reasons))
    if not mail.invitation:
        _wish(ticket, sender, mail.reply.text, answered="unanswered" not in reasons)
    return Outcome("replied", Message.objects.get(mail_id=mail.mail_id), ticket)


def _wish(ticket: Ticket, sender: Person, text: str, *, answered: bool) -> None:
    """Keep a wish for another priority or scope as an attempt, where the writer does not steer.

    The words stand on the thread all the same; the writer is told once whom to ask.
    """
    found = steering_wish.wishes(text)
    # A merged request is steered where it lives on.
    live = live_of(ticket)
    for wish in found:
        if rules.may(wish.verb, live, sender):
            continue
        asked: dict[str, Any] = {"words": wish.words}
        if wish.verb == "reprioritise":
            high, most = Ticket.Priority.HIGH, Ticket.Priority.CRITICAL
            asked["priority"] = int(high if live.priority > high else most)
        with attempts.coming_by("mail"):
            attempts.keep(wish.verb, sender, ticket=live, asked=asked)
        if answered and sender.pk == live.requester_id:
            msgid = _(
                "%(reference)s: priority and scope are changed by the two leads alone. Your wish "
                "was noted for them. Your request, and whom to ask:"
            )
            key = f"attempt:{live.pk}:{wish.verb}"
            if not Letter.objects.filter(key=key).exists():
                Letter.lead(live, sender, key, msgid, f"/tickets/{live.pk}/")


def _new(
    mail: mails.Mail, raw: bytes, sender: Person, reasons: dict[str, Any], ground: Ground
) -> Ticket:
    # A token of somebody else's ticket would lead the answers there.
    subject = _TOKEN.sub("", mail.subject).strip()
    fields = _fields(mail, raw, reasons)
    if mail.invitation:
        return intake.receive(
            requester=sender,
            subject=invitations.subject(mail.invitation, subject, sender.language),
            body=invitations.told(mail.invitation, sender.language, mail.reply.text),
            channel=Ticket.Channel.MAIL,
            service=invitations.service(),
            wanted_by=invitations.wanted_by(mail.invitation),
            external_ref=mail.mail_id,
            mail=fields | {"body": mail.reply.text},
            ground=ground,
        )
    return intake.receive(
        requester=sender,
        subject=subject,
        body=mail.reply.text or _names(mail),
        channel=Ticket.Channel.MAIL,
        external_ref=mail.mail_id,
        mail=fields | {"body": mail.reply.text},
        ground=ground,
    )


# What programs write ----------------------------------------------------------------------------


def _came_back(mail: mails.Mail, raw: bytes) -> Outcome:
    """Mark the letter that did not arrive, and tell whoever holds the ticket; answer nobody."""
    said = mail.returned
    ids = [*(said.mail_ids if said else ()), *mail.references]
    letter = Letter.objects.filter(mail_id__in=ids).select_related("ticket__holder").first()
    if letter is None or letter.ticket is None or said is None:
        return _quarantined(mail, raw, None, Quarantine.BOUNCE)
    reason = said.reason or mail.subject
    if said.failed and letter.came_back(reason):
        text = _t("The letter to %(to)s came back: %(reason)s")
        holder = letter.ticket.holder
        if holder is not None and not letter.key.startswith("returned:"):
            Letter.tell_of_return(letter, holder)
    else:
        text = _t("The mail system says of the letter to %(to)s: %(reason)s")
    told = text % {"to": letter.to, "reason": reason}
    fields = _fields(mail, raw, {"robot": "bounce", "letter": letter.pk})
    letter.ticket.notice(told, **fields)
    return Outcome("replied", Message.objects.get(mail_id=mail.mail_id), letter.ticket)


def _automatic(mail: mails.Mail, raw: bytes, sender: Person | None) -> Outcome:
    """Lay an automatic answer beside the request that it answers, for colleagues to know."""
    assert mail.robot is not None
    ticket, _how = _thread(mail)
    reasons = {"robot": mail.robot.kind, "mark": mail.robot.mark}
    answers = ticket is not None and sender is not None and ticket.requester_id == sender.pk
    if ticket is None or not answers or mail.robot.kind not in ("auto_reply", "receipt"):
        return _quarantined(mail, raw, sender, Quarantine.AUTOMATIC, reasons)
    text = _t("Automatic answer of %(name)s: %(text)s")
    told = text % {"name": mail.sender, "text": mail.reply.text or mail.subject}
    ticket.notice(told, **_fields(mail, raw, reasons))
    return Outcome("replied", Message.objects.get(mail_id=mail.mail_id), ticket)


# Who, and about what ----------------------------------------------------------------------------


def _sender(mail: mails.Mail, going: Round) -> tuple[Person | KnownAddress | None, dict[str, Any]]:
    """Return whose mail it is, and why; a known address may say that it is nobody's to hear.

    Staff who pass a client's mail on do so for the client: its writer asks. A client who passes
    something on asks for himself, whoever wrote it: else anybody could ask in another's name.
    """
    person = going.person_of(mail.sender)
    if not isinstance(person, Person) or mail.forwarded is None:
        return person, {}
    told = {"author": mail.forwarded.address, "how": mail.forwarded.how}
    if person.is_client:
        return person, {"passed_on": told}
    author = going.person_of(mail.forwarded.address)
    if isinstance(author, Person) and author.is_client:
        return author, {"passed_on": told | {"by": str(person)}}
    return None, {"passed_on": told | {"by": str(person)}}


def _may_see(person: Person, ticket: Ticket) -> bool:
    seen = rules.access_of(person).see(Ticket)
    return seen.filter(pk=ticket.pk).exists()


def _thread(mail: mails.Mail) -> tuple[Ticket | None, str]:
    """Return the ticket that the mail speaks of, and how that is known: by its headers, its
    invitation, or the token in its subject. What is said on a merged ticket reaches the live one.
    """
    for model in (Message, Letter) if mail.references else ():
        earlier = model.objects.filter(mail_id__in=mail.references, ticket__isnull=False)
        if found := earlier.select_related("ticket").order_by("-id").first():
            return found.ticket, "headers"
    uid = (mail.invitation or {}).get("uid")
    if uid and (
        found := Message.objects.filter(invitation_uid=uid, ticket__isnull=False)
        .select_related("ticket")
        .order_by("-id")
        .first()
    ):
        return found.ticket, "invitation"
    # A header can be written by anybody, as a subject can: both count as tokens.
    token = _REFERENCE.search(mail.headers.get(TICKET, "")) or _TOKEN.search(mail.subject)
    if token:
        return Ticket.objects.filter(pk=int(token[1])).first(), "token"
    return None, ""


def _quarantined(
    mail: mails.Mail,
    raw: bytes,
    sender: Person | None,
    why: str,
    reasons: dict[str, Any] | None = None,
) -> Outcome:
    reasons = {"name": mail.sender_name[:200], **(reasons or {})}
    message = Message.objects.create(
        provider_id=current_tenant(),
        direction=Message.Direction.IN,
        at=timezone.now(),
        sender=sender,
        body=mail.text,
        quarantine=why,
        **_fields(mail, raw, reasons) | {"original": ""},
    )
    return Outcome("quarantined", message)


def _fields(mail: mails.Mail, raw: bytes, reasons: dict[str, Any]) -> dict[str, Any]:
    if mail.reply.how:
        reasons = reasons | {"cut": mail.reply.how}
    return {
        "sender_address": mail.sender,
        "subject": mail.subject,
        "attachments": mail.attachments,
        "mail_id": mail.mail_id,
        "original": mail.text if mail.reply.how else "",
        "reasons": reasons,
        "invitation": mail.invitation,
        "invitation_uid": (mail.invitation or {}).get("uid", ""),
        "raw": raw,
    }


def _names(mail: mails.Mail) -> str:
    return ", ".join(one["name"] for one in mail.attachments) or "—"


def read(raw: bytes) -> mails.Mail:
    """Return what a mail says; no database is asked."""
    return mails.read(raw, keep=(OURS, TICKET), marker=MARKER)

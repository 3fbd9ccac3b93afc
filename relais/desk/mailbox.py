"""Mails come in, each once: onto a thread, as a new request, or into quarantine and why."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_noop as _

from relais.lib import mail as mails
from relais.lib.problem import Problem
from relais.lib.tenancy import all_tenants, tenant
from relais.people.calendars import NoCalendar
from relais.people.models import Person, Provider

from . import filing, intake, rules
from .errors import NotNow, NotYours
from .models import Letter, Message, Ticket

log = logging.getLogger("relais.mail")

LARGEST = 40 * 1024 * 1024
_TOKEN = re.compile(r"\[R-(\d{6,18})\]")
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
    mail = mails.read(raw)
    with tenant(provider_id or _provider_of(mail)):
        if known := _known(mail):
            return known
        try:
            with transaction.atomic():
                outcome = _place(mail, raw)
                filing.file_mail(outcome.message)
                return outcome
        except IntegrityError:
            # Another worker took the same mail in meanwhile.
            if known := _known(mail):
                return known
            raise
        except (OperationalError, InterfaceError):
            raise
        except Exception as fault:  # one mail must never stop all those behind it
            log.exception("a mail was kept without being placed: %s", type(fault).__name__)
            return _quarantined(mail, raw, None, Quarantine.FAULT)


def receive_too_large(head: bytes, size: int, provider_id: int) -> Outcome:
    """Return the quarantined headers of a mail of `size` bytes, which stays where it lies."""
    mail = mails.read(head)
    with tenant(provider_id):
        if known := _known(mail):
            return known
        outcome = _quarantined(mail, head, _sender(mail), Quarantine.TOO_LARGE)
        Message.objects.filter(pk=outcome.message.pk).update(reasons={"size": size})
        return outcome


def is_here(raw: bytes) -> bool:
    """Return whether this mail was taken in; call it within the provider's tenant."""
    return _known(mails.read(raw)) is not None


def admit(message: Message, requester: Person, *, by: Person) -> Ticket:
    """Return the ticket that a mail of the quarantine becomes, asked for by `requester`.

    Raises `NotNow` when it was placed already, `NotYours`, and what `intake.receive` raises.
    """
    with transaction.atomic():
        held = _in_quarantine(message, by)
        return intake.receive(
            requester=requester,
            subject=held.subject,
            body=held.body,
            channel=Ticket.Channel.MAIL,
            by=by,
            external_ref=held.mail_id,
            held=held,
        )


def set_aside(message: Message, *, by: Person) -> None:
    """Keep a mail of the quarantine without making anything of it. Raises as `admit`."""
    with transaction.atomic():
        held = _in_quarantine(message, by)
        held.quarantine = Quarantine.SET_ASIDE
        held.save(update_fields=["quarantine"])


def _in_quarantine(message: Message, by: Person) -> Message:
    if not rules.access_of(by).runs_pool:
        raise NotYours(reference=message.subject, person=str(by))
    held = Message.objects.select_for_update().filter(pk=message.pk, ticket=None).first()
    if held is None:
        raise NotNow(reference=message.subject, state=_t("placed already"))
    return held


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


def _place(mail: mails.Mail, raw: bytes) -> Outcome:
    sender = _sender(mail)
    if not mail.readable:
        return _quarantined(mail, raw, sender, Quarantine.UNREADABLE)
    if mail.automatic:
        return _quarantined(mail, raw, sender, Quarantine.AUTOMATIC)
    if sender is None:
        return _quarantined(mail, raw, None, Quarantine.UNKNOWN_SENDER)
    ticket = _thread(mail)
    if ticket and ticket.is_live and rules.may("reply", ticket, sender):
        text = mail.text or mail.subject or _names(mail)
        ticket.reply(text, by=sender, **_fields(mail, raw))
        return Outcome("replied", Message.objects.get(mail_id=mail.mail_id), ticket)
    refusals: tuple[tuple[type[Problem], str], ...] = (
        (intake.NoSite, Quarantine.NO_SITE),
        (intake.MayNotAsk, Quarantine.NOT_ALLOWED),
        (intake.NothingOffered, Quarantine.NO_SERVICE),
        (NoCalendar, Quarantine.NO_CALENDAR),
    )
    try:
        with transaction.atomic():
            ticket = _new(mail, raw, sender)
    except Problem as refusal:
        reason = next((why for kind, why in refusals if isinstance(refusal, kind)), None)
        if reason is None:
            raise
        return _quarantined(mail, raw, sender, reason)
    return Outcome("created", ticket.messages.get(mail_id=mail.mail_id), ticket)


def _new(mail: mails.Mail, raw: bytes, sender: Person) -> Ticket:
    # A token of somebody else's ticket would lead the answers there.
    subject = _TOKEN.sub("", mail.subject).strip()
    return intake.receive(
        requester=sender,
        subject=subject,
        body=mail.text or _names(mail),
        channel=Ticket.Channel.MAIL,
        external_ref=mail.mail_id,
        mail=_fields(mail, raw) | {"body": mail.text},
    )


def _sender(mail: mails.Mail) -> Person | None:
    if not mail.sender:
        return None
    people = Person.objects.filter(email__iexact=mail.sender, archived_at=None)
    return people.select_related("site", "company").first()


def _thread(mail: mails.Mail) -> Ticket | None:
    """Return the ticket that the mail answers: by its headers, else by the token in its subject."""
    for model in (Message, Letter):
        earlier = model.objects.filter(mail_id__in=mail.references, ticket__isnull=False)
        if found := earlier.select_related("ticket").order_by("-id").first():
            return found.ticket
    if token := _TOKEN.search(mail.subject):
        return Ticket.objects.filter(pk=int(token[1])).first()
    return None


def _quarantined(mail: mails.Mail, raw: bytes, sender: Person | None, why: str) -> Outcome:
    message = Message.objects.create(
        provider_id=_entered(),
        direction=Message.Direction.IN,
        at=timezone.now(),
        sender=sender,
        body=mail.text,
        quarantine=why,
        **_fields(mail, raw),
    )
    return Outcome("quarantined", message)


def _entered() -> int:
    return Provider.objects.values_list("pk", flat=True).get()


def _fields(mail: mails.Mail, raw: bytes) -> dict[str, Any]:
    return {
        "sender_address": mail.sender,
        "subject": mail.subject,
        "attachments": mail.attachments,
        "mail_id": mail.mail_id,
        "raw": raw,
    }


def _names(mail: mails.Mail) -> str:
    return ", ".join(one["name"] for one in mail.attachments) or "—"

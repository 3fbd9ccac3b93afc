"""The outbox: each letter leaves once, whatever crashes, and what became of it is told.

Three steps, each committed: *I am about to send it*, the mail server's word, *it was sent*. A crash
before the second leaves a letter that certainly was not sent, and it is sent later. A crash between
the second and the third leaves one that nobody can know of: it is looked for in the folder of sent
mails, where the provider has named one; else it waits "perhaps sent" for somebody's word. A letter
in doubt is never sent twice by itself (decision 0013).
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import override
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from relais.lib import imap, smtp
from relais.lib.mail_server import Account
from relais.lib.problem import Problem
from relais.lib.tenancy import all_tenants, tenant

from . import fetching, mail_marks
from .models import Letter, Mailbox, SendingServer
from .models.letter import SEND

log = logging.getLogger("relais.mail")

State = Letter.State
# A letter that the server asks to try later, or that no server answers for, is tried so long after.
WAITS = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720, 1440))
# Whoever was sending it has ended or is about to; only then is a letter called in doubt.
SENDING = timedelta(seconds=90)
GRACE = timedelta(seconds=20)
RECORD_SECONDS = 45.0


def send(provider_id: int, letter_id: int) -> None:
    """Send one letter if it is its time. May run twice, at once or later: it is sent once."""
    with tenant(provider_id):
        begun = _begin(letter_id)
    if begun is None:
        return
    with tenant(provider_id):
        # The row stays locked while the server has its say: who finds it free, finds it abandoned.
        # Waited for, not skipped: another job may just be looking whether it is its time.
        rows = _locked(letter_id, skip=False).filter(state=State.SENDING, attempts=begun)
        letter = rows.first()
        if letter is None:
            return
        outcome = _hand_over(letter)
    _record(provider_id, letter_id, begun, outcome)


def _locked(letter_id: int, *, skip: bool = True) -> QuerySet[Letter]:
    rows = Letter.objects.select_for_update(skip_locked=skip, of=("self",))
    return rows.filter(pk=letter_id).select_related("provider", "ticket__requester")


def _begin(letter_id: int) -> int | None:
    """Return the number of the attempt that begins now, or None: nothing is to be done now."""
    now = timezone.now()
    letter = _locked(letter_id).filter(state__in=[State.WAITING, State.SENDING]).first()
    if letter is None or (letter.next_try_at is not None and letter.next_try_at > now):
        return None
    if letter.hold_until is not None and letter.hold_until > now:
        return None
    if letter.state == State.SENDING and not _settled(letter):
        return None
    _keep(
        letter,
        state=State.SENDING,
        attempts=letter.attempts + 1,
        tried_at=now,
        next_try_at=now + SENDING,
    )
    return letter.attempts


def _settled(letter: Letter) -> bool:
    """Return whether a letter whose sender died may be sent; else it is marked as what it is."""
    server = _server_of(letter)
    if server is None or server.sent_in is None or not server.sent_folder:
        _keep(letter, state=State.DOUBT, next_try_at=None)
        return False
    try:
        with imap.opened(fetching.account_of(server.sent_in), imap.PATIENT) as box:
            box.select(server.sent_folder, read_only=True)
            found = box.holds(letter.mail_id)
    except Problem as problem:
        _keep(letter, next_try_at=timezone.now() + WAITS[1], error=str(problem)[:300])
        return False
    if found:
        _keep(letter, state=State.SENT, sent_at=letter.tried_at, next_try_at=None, error="")
    return not found


def _hand_over(letter: Letter) -> dict[str, object]:
    """Return the fields that say what became of the letter."""
    server = _server_of(letter)
    now = timezone.now()
    try:
        account = _account(server)
        if account is None:
            _mail(letter, server).send()  # the installation's files, or its tests'
        else:
            with smtp.opened(account) as line:
                mail = _mail(letter, server)
                sender = server.sender if server else _bare(settings.DEFAULT_FROM_EMAIL)
                smtp.send(line, sender, letter.to, mail.message().as_bytes())
    except smtp.RefusedForGood as problem:
        return {"state": State.FAILED, "error": _short(problem), "next_try_at": None}
    except smtp.Unsure as problem:
        return {"state": State.SENDING, "error": _short(problem), "next_try_at": now + SENDING}
    except (Problem, OSError) as problem:
        if server is not None and isinstance(problem, Problem):
            server.went_wrong(problem)
        return _later(letter, now, _short(problem))
    if server is not None and (server.problem or server.worked_at is None):
        server.went_well(now)
    return {"state": State.SENT, "error": "", "sent_at": now, "next_try_at": None}


def _later(letter: Letter, now: datetime, error: str) -> dict[str, object]:
    if letter.attempts > len(WAITS):
        return {"state": State.FAILED, "error": error, "next_try_at": None}
    wait = WAITS[letter.attempts - 1]
    return {"state": State.WAITING, "error": error, "next_try_at": now + wait}


def _record(provider_id: int, letter_id: int, attempt: int, outcome: dict[str, object]) -> None:
    """Write down what became of it; a database that comes back within a minute still hears it."""
    end = time.monotonic() + RECORD_SECONDS
    while True:
        try:
            with tenant(provider_id):
                rows = Letter.objects.filter(pk=letter_id, attempts=attempt)
                rows.filter(state__in=[State.SENDING, State.DOUBT]).update(**outcome)
                if outcome["state"] == State.FAILED:
                    _tell_holder(Letter.objects.get(pk=letter_id))
                return
        except (OperationalError, InterfaceError):
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


def _tell_holder(letter: Letter) -> None:
    if letter.ticket is None:
        return
    text = _t("The letter to %(to)s could not be sent: %(error)s")
    letter.ticket.notice(text % {"to": letter.to, "error": letter.error})


def _keep(letter: Letter, **fields: object) -> None:
    for name, value in fields.items():
        setattr(letter, name, value)
    letter.save(update_fields=list(fields))


def send_due(limit: int = 500) -> int:
    """Return for how many letters a job was deferred: all whose time has come, oldest first.

    The job that the verb deferred comes first; this finds what it left, and what was to be tried
    again.
    """
    due = timezone.now() - GRACE
    with all_tenants("find the letters whose time has come"):
        rows = Letter.objects.filter(
            Q(state__in=[State.WAITING, State.SENDING]), next_try_at__lte=due
        )
        found = list(rows.order_by("next_try_at").values_list("provider_id", "pk")[:limit])
    for provider_id, letter_id in found:
        job = app.configure_task(
            SEND, lock=f"letter:{letter_id}", queueing_lock=f"letter:{letter_id}"
        )
        try:
            with transaction.atomic():
                job.defer(provider_id=provider_id, letter_id=letter_id)
        except AlreadyEnqueued:
            continue
    return len(found)


# What is handed over ----------------------------------------------------------------------------


def _server_of(letter: Letter) -> SendingServer | None:
    rows = SendingServer.objects.filter(provider_id=letter.provider_id, active=True)
    return rows.select_related("sent_in").first()


def _account(server: SendingServer | None) -> Account | None:
    """Return the server to speak to, or None: letters go where Django's backend lays them."""
    if server is not None:
        return Account(server.host, server.port, server.security, server.user, server.password())
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        return None
    security = "tls" if settings.EMAIL_USE_SSL else "starttls" if settings.EMAIL_USE_TLS else "none"
    return Account(
        settings.EMAIL_HOST,
        settings.EMAIL_PORT,
        security,
        settings.EMAIL_HOST_USER,
        settings.EMAIL_HOST_PASSWORD,
    )


def _mail(letter: Letter, server: SendingServer | None) -> EmailMessage:
    headers = {"Message-ID": letter.mail_id, mail_marks.OURS: letter.mark}
    if letter.in_reply_to:
        headers |= {"In-Reply-To": letter.in_reply_to, "References": letter.in_reply_to}
    if letter.ticket is not None:
        headers[mail_marks.TICKET] = letter.ticket.reference
    if letter.is_automatic:
        # So that no robot answers it (RFC 3834, and Exchange's own word for the same).
        headers |= {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}
    subject, body = words(letter)
    return EmailMessage(
        subject,
        body,
        formataddr((server.sender_name, server.sender)) if server else None,
        to=[letter.to],
        headers=headers,
        reply_to=_answers_to(letter),
    )


def words(letter: Letter) -> tuple[str, str]:
    """Return subject and text as they leave: of a confidential matter that there is one, no more.

    Asked when it leaves: a ticket may have become confidential after the letter was written.
    """
    ticket = letter.ticket
    if letter.is_secret:
        return letter.sealed_words()
    if letter.message_id is None:
        return letter.subject, letter.body
    language = ticket.requester.language if ticket is not None else settings.LANGUAGE_CODE
    with override(language):
        line = _t("Please answer above this line")
    return letter.subject, f"{mail_marks.MARKER} {line} {mail_marks.MARKER}\n\n{letter.body}"


def _answers_to(letter: Letter) -> list[str]:
    inbox = letter.provider.inbox
    if not inbox:
        found = Mailbox.objects.filter(provider_id=letter.provider_id, active=True)
        inbox = found.values_list("address", flat=True).first() or ""
    return [inbox] if inbox else []


def _bare(address: str) -> str:
    return parseaddr(address)[1]


def _short(problem: Exception) -> str:
    return (str(problem) or type(problem).__name__)[:300]

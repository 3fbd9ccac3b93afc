"""The outbox: each letter leaves once, whatever crashes, and what became of it is told.

Three steps, each committed: *I am about to send it*, the mail server's word, *it was sent*. A crash
before the second leaves a letter that certainly was not sent, and it is sent later. A crash between
the second and the third leaves one that nobody can know of: it is looked for in the folder of sent
mails, where the provider has named one; else it waits "perhaps sent" for somebody's word. A letter
in doubt is never sent twice by itself (decision 0013).
"""

from __future__ import annotations

import logging
import re
import smtplib
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from email.utils import formataddr, parseaddr
from functools import cached_property

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_noop as _
from django.utils.translation import override
from procrastinate.exceptions import AlreadyEnqueued

from relais.lib import imap, smtp
from relais.lib.later import errand
from relais.lib.mail_server import Account, Interrupted
from relais.lib.problem import Problem
from relais.lib.tenancy import all_tenants, current_tenant, tenant
from relais.people.models import Provider

from . import fetching, mail_marks
from .ground import SEND_THESE, portions
from .models import Attachment, Letter, Mailbox, SendingServer

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
    send_all(provider_id, [letter_id])


def send_all(provider_id: int, letter_ids: Iterable[int]) -> None:
    """Send these letters, each if it is its time, through one connection. May run twice."""
    left = iter(letter_ids)
    with tenant(provider_id):
        begun = _begin_next(left)
    with ExitStack() as held:
        line = Line(held)
        while begun is not None:
            begun = _send_begun(provider_id, begun, left, line)


def _begin_next(left: Iterator[int]) -> tuple[int, int] | None:
    """Return the next letter whose time it is, and the number of its attempt, which begins now."""
    for letter_id in left:
        attempt = _begin(letter_id)
        if attempt is not None:
            return letter_id, attempt
    return None


def _send_begun(
    provider_id: int, begun: tuple[int, int], left: Iterator[int], line: Line
) -> tuple[int, int] | None:
    """Hand over a letter, write down what became of it, and begin the next one: one commit."""
    letter_id, attempt = begun
    outcome: dict[str, object] | None = None
    try:
        with tenant(provider_id):
            # The row stays locked while the server has its say: who finds it free, finds it
            # abandoned. Waited for, not skipped: another job may just be looking at it.
            rows = _locked(letter_id, skip=False).filter(state=State.SENDING, attempts=attempt)
            letter = rows.first()
            if letter is not None:
                outcome = _hand_over(letter, line)
                _write_down(letter_id, attempt, outcome)
            return _begin_next(left)
    except (OperationalError, InterfaceError):
        if outcome is None:
            raise
    except Exception:
        # The next one could not begin: what has left has left.
        if outcome is not None:
            _record(provider_id, letter_id, attempt, outcome)
        raise
    _record(provider_id, letter_id, attempt, outcome)
    with tenant(provider_id):
        return _begin_next(left)


def _locked(letter_id: int, *, skip: bool = True) -> QuerySet[Letter]:
    rows = Letter.objects.select_for_update(skip_locked=skip, of=("self",))
    return rows.filter(pk=letter_id).select_related("ticket__requester", "message")


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
    server = _server_of(letter.provider_id)
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


class Unwritable(Problem):
    """No mail can be made of the letter."""

    message = _("No mail can be made of this letter (%(detail)s): correct the address.")


class Line:
    """The way to the provider's mail server, kept open from letter to letter.

    What is asked of the settings is asked once; a server that does not answer is not tried again.
    """

    def __init__(self, held: ExitStack) -> None:
        self.held = held
        self.open: smtplib.SMTP | None = None
        self.away: Problem | None = None

    @cached_property
    def server(self) -> SendingServer | None:
        """Return the provider's own server, if there is one."""
        return _server_of(current_tenant())

    @cached_property
    def inbox(self) -> list[str]:
        """Return where answers go."""
        return _answers_to(current_tenant())

    def carry(self, letter: Letter) -> None:
        """Hand over one letter. Raises the Problems of `lib.smtp`."""
        account = _account(self.server)
        try:
            mail = _mail(letter, self.server, self.inbox)
            # Servers refuse lines that end by a line feed alone: more letters could hide behind it.
            content = mail.message().as_bytes(linesep="\r\n")
        except ValueError as fault:  # an address or a header that is none
            raise Unwritable(detail=str(fault)[:200]) from fault
        if account is None:
            mail.send()  # the installation's files, or its tests'
            return
        sender = self.server.sender if self.server else _bare(settings.DEFAULT_FROM_EMAIL)
        kept = self.open is not None
        try:
            self._send(account, sender, letter.to, content)
        except (smtp.Closing, Interrupted):
            if not kept:
                raise
            # A line that was kept may have been closed meanwhile, before a byte of this letter.
            self._send(account, sender, letter.to, content)

    def _send(self, account: Account, sender: str, to: str, content: bytes) -> None:
        try:
            smtp.send(self._opened(account), sender, to, content)
        except Exception:
            self.open = None  # after a refusal the next one begins anew
            self.held.close()
            raise

    def _opened(self, account: Account) -> smtplib.SMTP:
        if self.away is not None:
            raise self.away
        if self.open is None:
            try:
                self.open = self.held.enter_context(smtp.opened(account))
            except Problem as problem:
                self.away = problem
                raise
        return self.open


def _hand_over(letter: Letter, line: Line) -> dict[str, object]:
    """Return the fields that say what became of the letter."""
    now = timezone.now()
    server: SendingServer | None = None
    if letter.name_holder():
        Letter.objects.filter(pk=letter.pk).update(body=letter.body)
    try:
        server = line.server
        line.carry(letter)
    except (smtp.RefusedForGood, Unwritable) as problem:
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
                return _write_down(letter_id, attempt, outcome)
        except (OperationalError, InterfaceError):
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


def _write_down(letter_id: int, attempt: int, outcome: dict[str, object]) -> None:
    rows = Letter.objects.filter(pk=letter_id, attempts=attempt)
    rows.filter(state__in=[State.SENDING, State.DOUBT]).update(**outcome)
    if outcome["state"] == State.FAILED:
        _tell_holder(Letter.objects.get(pk=letter_id))


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
    for provider_id in dict.fromkeys(provider_id for provider_id, _pk in found):
        mine = [pk for owner, pk in found if owner == provider_id]
        for number, some in enumerate(portions(mine)):
            lock = f"letters due:{provider_id}:{number}"
            job = errand(SEND_THESE, queueing_lock=lock)
            with suppress(AlreadyEnqueued), transaction.atomic():
                job.defer(provider_id=provider_id, letter_ids=some)
    return len(found)


# What is handed over ----------------------------------------------------------------------------


def _server_of(provider_id: int | None) -> SendingServer | None:
    rows = SendingServer.objects.filter(provider_id=provider_id, active=True)
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


def _mail(letter: Letter, server: SendingServer | None, inbox: list[str]) -> EmailMessage:
    headers = {"Message-ID": letter.mail_id, mail_marks.OURS: letter.mark}
    if letter.in_reply_to:
        headers |= {"In-Reply-To": letter.in_reply_to, "References": letter.in_reply_to}
    if letter.ticket is not None:
        headers[mail_marks.TICKET] = letter.ticket.reference
    if letter.is_automatic:
        # So that no robot answers it (RFC 3834, and Exchange's own word for the same).
        headers |= {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}
    subject, body = words(letter)
    mail = EmailMultiAlternatives(
        subject,
        body,
        formataddr((server.sender_name, server.sender)) if server else None,
        to=[letter.to],
        headers=headers,
        reply_to=inbox,
    )
    if letter.calendar:
        method = re.search(r"^METHOD:(\w+)", letter.calendar, re.M)
        kind = f"text/calendar; method={method[1]}" if method else "text/calendar"
        mail.attach_alternative(letter.calendar, kind)
    return mail


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
        parts = [f"{mail_marks.MARKER} {line} {mail_marks.MARKER}", letter.body, *_below(letter)]
    return letter.subject, "\n\n".join(parts)


def _below(letter: Letter) -> list[str]:
    """Return what stands under an answer: its files by name, and where to say how it went.

    Both lead to pages behind the sign-in: whoever a mail is passed on to judges nothing.
    """
    ticket = letter.ticket
    if ticket is None:
        return []
    found = []
    page = f"{settings.SITE_URL}/tickets/{ticket.pk}/"
    files = Attachment.objects.filter(message=letter.message_id).order_by("pk")
    if names := ", ".join(files.values_list("name", flat=True)):
        text = _t("Files with this answer: %(names)s. Open them here: %(link)s")
        found.append(text % {"names": names, "link": page})
    message = letter.message
    if message is not None and ticket.delivered_at == message.at:
        text = _t("Are you satisfied? Say so in one touch: %(link)s")
        found.append(text % {"link": f"{page}#rate"})
    return found


def _answers_to(provider_id: int | None) -> list[str]:
    inbox = Provider.objects.filter(pk=provider_id).values_list("inbox", flat=True).first()
    if not inbox:
        found = Mailbox.objects.filter(provider_id=provider_id, active=True)
        inbox = found.values_list("address", flat=True).first() or ""
    return [inbox] if inbox else []


def _bare(address: str) -> str:
    return parseaddr(address)[1]


def _short(problem: Exception) -> str:
    return (str(problem) or type(problem).__name__)[:300]

"""The outbox: mails that a verb wrote, sent once each by a job."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from email.utils import make_msgid
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from procrastinate.jobs import JobDeferrer

from relais.desk import rules
from relais.desk.errors import NotNow, NotYours
from relais.lib.later import errand
from relais.lib.tenancy import SameTenant
from relais.lib.written import insert
from relais.people.models import Confidentiality, Person
from relais.people.models.tenant import TenantModel

from .message import Message
from .ticket_clocks import DELIVERY

if TYPE_CHECKING:
    from relais.people.models import Person

    from .silence import Silence
    from .ticket import Ticket

# By name: the module of the jobs imports the models.
SEND = "relais.desk.tasks.send_letter"
# How the key of an acknowledgement begins.
RECEIVED = "received:"


class Letter(TenantModel):
    """A mail to one address. `key` names its occasion: there is one letter for each."""

    class State(models.TextChoices):
        WAITING = "waiting", _("To be sent")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not sent")
        WITHHELD = "withheld", _("Withheld")
        DOUBT = "doubt", _("Perhaps sent")
        RETURNED = "returned", _("Came back")

    ticket = models.ForeignKey("desk.Ticket", models.PROTECT, null=True, related_name="letters")
    message = models.ForeignKey(Message, models.PROTECT, null=True, related_name="letters")
    key = models.CharField(max_length=100)
    to = models.EmailField(_("to"))
    subject = models.CharField(_("subject"), max_length=300)
    body = models.TextField(_("text"))
    # An invitation that goes along (iTIP); its method stands in it.
    calendar = models.TextField(blank=True)
    mail_id = models.CharField(max_length=200)
    in_reply_to = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Not before: until then the verb that wrote it can be undone.
    hold_until = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["provider", "key"], name="desk_letter_once"),
            SameTenant(name="desk_letter_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(name="desk_letter_message_fk", field="message", to="desk_message"),
        ]
        indexes = [
            models.Index(fields=["provider", "mail_id"], name="desk_letter_mail_id"),
            models.Index(
                fields=["provider", "id"],
                name="desk_letter_waiting",
                condition=models.Q(state="waiting"),
            ),
            # Across providers: what is to be tried again, or was being sent when a process died.
            models.Index(
                fields=["next_try_at"],
                name="desk_letter_next_try",
                condition=models.Q(state__in=["waiting", "sending"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.to} · {self.subject}"

    # What is known of it -------------------------------------------------------------------------

    @property
    def mark(self) -> str:
        """Return what the letter bears so that it is known again when it comes back to us."""
        return hashlib.sha256(self.mail_id.encode()).hexdigest()[:24]

    @property
    def is_automatic(self) -> bool:
        """Return whether no human wrote it: then no robot shall answer it."""
        return self.message_id is None

    @property
    def is_secret(self) -> bool:
        """Return whether it speaks of a matter for named persons, of which a mail says nothing."""
        return self.ticket is not None and _is_secret(self.ticket)

    @property
    def may_retry(self) -> bool:
        """Return whether somebody may decide what becomes of it."""
        return self.state in (self.State.FAILED, self.State.DOUBT, self.State.RETURNED) or (
            self.state == self.State.WAITING and self.attempts > 0
        )

    @property
    def shown_subject(self) -> str:
        """Return the subject as lists show it: a confidential one is not told."""
        return _t("Confidential request") if self.is_secret else self.subject

    @property
    def errand(self) -> JobDeferrer:
        """Return the job that sends it, to be deferred."""
        return errand(SEND, lock=f"letter:{self.pk}", schedule_at=self.hold_until)

    def sealed_words(self) -> tuple[str, str]:
        """Return subject and text of a letter that says only that something waits."""
        assert self.ticket is not None
        answer = self.message_id is not None
        with override(self.ticket.requester.language):
            subject, text = _sealed_words(self.ticket, answer=answer)
        # What Relais writes by itself, but for the acknowledgement, says nothing of the matter.
        says_nothing = not answer and not self.key.startswith(RECEIVED)
        return subject, self.body if says_nothing else text

    # Verbs ---------------------------------------------------------------------------------------

    def retry(self, *, by: Person) -> None:
        """Send it (again): somebody says that it did not arrive, or that the fault is mended."""
        self._decide(
            by,
            when=[self.State.FAILED, self.State.DOUBT, self.State.RETURNED, self.State.WAITING],
            state=self.State.WAITING,
            attempts=0,
            error="",
            next_try_at=timezone.now(),
        )
        self.errand.defer(provider_id=self.provider_id, letter_id=self.pk)

    def arrived(self, *, by: Person) -> None:
        """Count it as sent: somebody knows that it arrived, or that it no longer matters."""
        self._decide(
            by,
            when=[self.State.FAILED, self.State.DOUBT],
            state=self.State.SENT,
            sent_at=self.tried_at,
            next_try_at=None,
        )

    def came_back(self, reason: str, *, at: datetime | None = None) -> bool:
        """Return whether this was news: the mail system says that it did not reach anybody."""
        rows = Letter.objects.filter(pk=self.pk).exclude(state=self.State.RETURNED)
        at, reason, state = at or timezone.now(), reason[:300], self.State.RETURNED
        if not rows.update(state=state, error=reason, returned_at=at, next_try_at=None):
            return False
        self.state, self.error, self.returned_at = state, reason, at
        return True

    def _decide(self, by: Person, *, when: list[str], **fields: Any) -> None:
        if not rules.access_of(by).runs_pool:
            raise NotYours(reference=self.to, person=str(by))
        rows = Letter.objects.filter(pk=self.pk, state__in=when, attempts=self.attempts)
        if not rows.update(**fields):
            now = Letter.objects.get(pk=self.pk)
            raise NotNow(reference=self.to, state=now.get_state_display())
        for name, value in fields.items():
            setattr(self, name, value)

    # Writing -------------------------------------------------------------------------------------

    @classmethod
    def write(cls, ticket: Ticket, message: Message) -> Letter | None:
        """Return the letter that carries a public message; None without an address."""
        if ticket.channel == ticket.Channel.LOG:
            return None
        return cls._post(ticket, message, f"message:{message.pk}", message.body)

    @classmethod
    def acknowledge(cls, ticket: Ticket, asked: Message) -> Letter | None:
        """Return the letter that says "received" to `asked`, the first message of the thread.

        It is automatic: it answers no clock. The caller has it sent: see `errand`.
        """
        if "unanswered" in asked.reasons:
            return None  # it may be a robot's: it is never answered by one of ours
        words = {"subject": ticket.subject, "reference": ticket.reference}
        with override(ticket.requester.language):
            if due := _promised(ticket):
                zone = ZoneInfo(ticket.site.time_zone)
                words["when"] = date_format(due.astimezone(zone), "DATETIME_FORMAT")
                text = _t(
                    "Your request “%(subject)s” is with the service under the reference "
                    "%(reference)s. Expected by %(when)s at the latest."
                )
            else:
                text = _t(
                    "We have received your request “%(subject)s” under the reference "
                    "%(reference)s. An assistant will answer you."
                )
        return cls._post(
            ticket, None, f"{RECEIVED}{ticket.pk}", text % words, first=asked.mail_id, job=False
        )

    def name_holder(self) -> bool:
        """Say who has the request, where its client is told that; return whether it was said.

        Somebody is found while the acknowledgement waits for its turn. What is secret names nobody.
        """
        ticket = self.ticket
        if ticket is None or not self.key.startswith(RECEIVED) or _is_secret(ticket):
            return False
        if (holder := ticket.holder) is None:
            return False
        engagement = getattr(ticket.company, "engagement", None)
        if engagement is None or not engagement.client_learns_holder:
            return False
        with override(ticket.requester.language):
            said = _t("%(name)s answers you.") % {"name": holder.name}
        if self.body.endswith(said):
            return False
        self.body = f"{self.body} {said}"
        return True

    @classmethod
    def remind(cls, ticket: Ticket, silence: Silence) -> Letter | None:
        """Return the letter that asks for the client's word on a delivery. It names no subject."""
        if ticket.channel == ticket.Channel.LOG:
            return None
        with override(ticket.requester.language):
            words = {"reference": ticket.reference}
            text = _t(
                "Your request %(reference)s was delivered and awaits your word: accept it, or say "
                "what is missing."
            )
            if silence.close_at is not None:
                zone = ZoneInfo(ticket.site.time_zone)
                day = date_format(silence.close_at.astimezone(zone), "DATE_FORMAT")
                text += " " + _t("Without an answer it is held to be accepted on %(day)s.")
                words["day"] = day
        return cls._post(ticket, None, f"reminded:{silence.pk}", text % words)

    @classmethod
    def lead(cls, ticket: Ticket, to: Person, key: str, msgid: str, path: str) -> Letter | None:
        """Return the letter that leads somebody to a page; she signs in there.

        `msgid` may name %(reference)s, and nothing else of the request: it may be secret.
        """
        with override(to.language):
            said = _t(msgid) % {"reference": ticket.reference}
            text = f"{said}\n\n{settings.SITE_URL}{path}"
        return cls._post(ticket, None, key, text, to=to)

    @classmethod
    def inform(cls, to: Person, key: str, subject: str, text: str) -> Letter | None:
        """Return a letter about no request in particular: it says nothing of any matter."""
        return cls._insert(None, None, key, to.email, subject, text, of=to) if to.email else None

    @classmethod
    def invite(
        cls, ticket: Ticket, to: Person, key: str, subject: str, text: str, calendar: str
    ) -> Letter | None:
        """Return the letter that carries an invitation; None without an address."""
        if not to.email:
            return None
        return cls._insert(ticket, None, key, to.email, subject, text, calendar=calendar)

    @classmethod
    def tell_of_return(cls, letter: Letter, to: Person) -> Letter | None:
        """Return the letter that tells whoever holds the ticket that an answer came back."""
        ticket = letter.ticket
        if ticket is None or not to.email or letter.to.lower() == to.email.lower():
            return None
        with override(to.language):
            text = _t(
                "Your letter about %(reference)s did not reach %(to)s. Reach that person another "
                "way, and correct the address: %(link)s"
            ) % {
                "reference": ticket.reference,
                "to": letter.to,
                "link": f"{settings.SITE_URL}/tickets/{ticket.pk}/",
            }
            subject = _t("A letter about %(reference)s came back") % {"reference": ticket.reference}
        return cls._insert(ticket, None, f"returned:{letter.pk}", to.email, subject, text)

    @classmethod
    def _post(
        cls,
        ticket: Ticket,
        message: Message | None,
        key: str,
        text: str,
        to: Person | None = None,
        first: str | None = None,
        job: bool = True,
    ) -> Letter | None:
        address = (to or ticket.requester).email
        if not address:
            return None
        # The reference in the subject finds the thread again when the headers are lost.
        subject = f"[{ticket.reference}] {_one_line(ticket.subject)}"
        if _is_secret(ticket):
            with override((to or ticket.requester).language):
                subject, sealed = _sealed_words(ticket, answer=message is not None)
            text = text if to else sealed
        return cls._insert(ticket, message, key, address, subject, text, first, job)

    @classmethod
    def _insert(
        cls,
        ticket: Ticket | None,
        message: Message | None,
        key: str,
        to: str,
        subject: str,
        text: str,
        answers: str | None = None,
        job: bool = True,
        of: Person | None = None,
        calendar: str = "",
    ) -> Letter:
        owner = ticket or of
        assert owner is not None
        if answers is None and ticket is not None:
            mails = ticket.messages.exclude(mail_id="").order_by("-id")
            answers = mails.values_list("mail_id", flat=True).first() or ""
        letter = cls(
            provider_id=owner.provider_id,
            ticket=ticket,
            message=message,
            key=key,
            to=to,
            subject=subject[:300],
            body=text,
            calendar=calendar,
            mail_id=make_msgid(domain=_domain()),
            in_reply_to=answers or "",
        )
        hold = settings.UNDO_SECONDS if message is not None else 0
        letter.next_try_at = timezone.now()
        if hold:
            letter.hold_until = letter.next_try_at = timezone.now() + timedelta(seconds=hold)
        insert(letter)
        if job:
            letter.errand.defer(provider_id=owner.provider_id, letter_id=letter.pk)
        return letter


def _promised(ticket: Ticket) -> datetime | None:
    """Return by when a request that was just born is promised to be done."""
    clocks = ticket.born[0] if ticket.born else []
    return next((one.due_at for one in clocks if one.kind == DELIVERY), None)


def _is_secret(ticket: Ticket) -> bool:
    return ticket.confidentiality >= Confidentiality.EXECUTIVE


def _sealed_words(ticket: Ticket, *, answer: bool) -> tuple[str, str]:
    link = f"{settings.SITE_URL}/tickets/{ticket.pk}/"
    subject = f"[{ticket.reference}] " + _t("Confidential request")
    if answer:
        text = _t("A confidential answer waits for you. Sign in to read it: %(link)s")
    else:
        text = _t("Your confidential request has arrived. Sign in to follow it: %(link)s")
    return subject, text % {"link": link}


def _one_line(text: str) -> str:
    """Return a subject on one line: a line break in a header would let a text write headers."""
    return " ".join(text.split())


def _domain() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"

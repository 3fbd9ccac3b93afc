"""The outbox: mails that a verb wrote, sent once each by a job."""

from __future__ import annotations

from datetime import timedelta
from email.utils import make_msgid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from procrastinate.contrib.django import app

from relais.lib.tenancy import SameTenant
from relais.people.models.tenant import TenantModel

from .message import Message

if TYPE_CHECKING:
    from relais.people.models import Person

    from .ticket import Ticket

# By name: the module of the jobs imports the models.
SEND = "relais.desk.tasks.send_letter"


class Letter(TenantModel):
    """A mail to one address. `key` names its occasion: there is one letter for each."""

    class State(models.TextChoices):
        WAITING = "waiting", _("To be sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not sent")
        WITHHELD = "withheld", _("Withheld")

    ticket = models.ForeignKey("desk.Ticket", models.PROTECT, null=True, related_name="letters")
    message = models.ForeignKey(Message, models.PROTECT, null=True, related_name="letters")
    key = models.CharField(max_length=100)
    to = models.EmailField(_("to"))
    subject = models.CharField(_("subject"), max_length=300)
    body = models.TextField(_("text"))
    mail_id = models.CharField(max_length=200)
    in_reply_to = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Not before: until then the verb that wrote it can be undone.
    hold_until = models.DateTimeField(null=True)
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
        ]

    def __str__(self) -> str:
        return f"{self.to} · {self.subject}"

    @classmethod
    def write(cls, ticket: Ticket, message: Message) -> Letter | None:
        """Return the letter that carries a public message; None without an address."""
        if ticket.channel == ticket.Channel.LOG:
            return None
        return cls._post(ticket, message, f"message:{message.pk}", message.body)

    @classmethod
    def acknowledge(cls, ticket: Ticket) -> Letter | None:
        """Return the letter that says "received". It is automatic: it answers no clock."""
        with override(ticket.requester.language):
            text = _t(
                "We have received your request “%(subject)s” under the reference %(reference)s. "
                "An assistant will answer you."
            ) % {"subject": ticket.subject, "reference": ticket.reference}
        return cls._post(ticket, None, f"received:{ticket.pk}", text)

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
    def _post(
        cls,
        ticket: Ticket,
        message: Message | None,
        key: str,
        text: str,
        to: Person | None = None,
    ) -> Letter | None:
        address = (to or ticket.requester).email
        if not address:
            return None
        asked = ticket.messages.exclude(mail_id="").order_by("-id").first()
        letter = cls(
            provider_id=ticket.provider_id,
            ticket=ticket,
            message=message,
            key=key,
            to=address,
            # The reference in the subject finds the thread again when the headers are lost.
            subject=f"[{ticket.reference}] {_one_line(ticket.subject)}"[:300],
            body=text,
            mail_id=make_msgid(domain=_domain()),
            in_reply_to=asked.mail_id if asked else "",
        )
        hold = settings.UNDO_SECONDS if message is not None else 0
        if hold:
            letter.hold_until = timezone.now() + timedelta(seconds=hold)
        letter.save(force_insert=True)
        lock = f"letter:{letter.pk}"
        job = app.configure_task(SEND, lock=lock, schedule_at=letter.hold_until)
        job.defer(provider_id=ticket.provider_id, letter_id=letter.pk)
        return letter


def _one_line(text: str) -> str:
    """Return a subject on one line: a line break in a header would let a text write headers."""
    return " ".join(text.split())


def _domain() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"

"""The thread of a ticket, and the mails that wait for somebody to place them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.people.models import Person
from relais.people.models.tenant import TenantModel


class MessageManager(models.Manager["Message"]):
    """Leaves the raw bytes of mails in the database until somebody asks for them."""

    def get_queryset(self) -> models.QuerySet[Message]:
        return super().get_queryset().defer("raw")


class Message(TenantModel):
    """Something written about a ticket. Without a ticket it is in quarantine."""

    class Direction(models.TextChoices):
        IN = "in", _("From the client")
        OUT = "out", _("From the service")

    class Quarantine(models.TextChoices):
        NO = "", "—"
        UNKNOWN_SENDER = "unknown_sender", _("Unknown sender")
        AUTOMATIC = "automatic", _("Automatic mail")
        UNREADABLE = "unreadable", _("Unreadable mail")
        NO_SITE = "no_site", _("Sender without a site")
        NO_CALENDAR = "no_calendar", _("Site without a calendar")
        NOT_ALLOWED = "not_allowed", _("Sender who may not ask")
        NO_SERVICE = "no_service", _("Empty catalogue")
        SET_ASIDE = "set_aside", _("Set aside")

    ticket = models.ForeignKey(
        "desk.Ticket", models.PROTECT, null=True, related_name="messages", db_index=False
    )
    direction = models.CharField(max_length=3, choices=Direction.choices)
    internal = models.BooleanField(default=False)
    at = models.DateTimeField()
    sender = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    sender_address = models.CharField(max_length=320, blank=True)
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    body = models.TextField(_("text"), blank=True)
    # [{"name": "devis.pdf", "type": "application/pdf", "size": 48213}, …]; the bytes are in `raw`.
    attachments = models.JSONField(default=list)
    mail_id = models.CharField(max_length=300, blank=True)
    raw = models.BinaryField(null=True)
    quarantine = models.CharField(max_length=20, choices=Quarantine.choices, blank=True)
    # On a merged ticket: the answer that was written on the live one.
    copy_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="copies")
    # Its verb was undone: no client reads it any more, but who wrote it.
    withdrawn_at = models.DateTimeField(null=True)

    objects = MessageManager()

    class Meta(TenantModel.Meta):
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["at", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["provider", "mail_id"],
                condition=~Q(mail_id=""),
                name="desk_message_once",
            ),
            models.CheckConstraint(
                condition=Q(ticket__isnull=False) | ~Q(quarantine=""),
                name="desk_message_placed",
            ),
            SameTenant(name="desk_message_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(name="desk_message_sender_fk", field="sender", to="people_person"),
            SameTenant(name="desk_message_copy_fk", field="copy_of", to="desk_message"),
        ]
        indexes = [
            models.Index(fields=["ticket", "at"], name="desk_message_thread"),
            models.Index(
                fields=["provider", "at"],
                name="desk_message_quarantine",
                condition=Q(ticket__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.subject or self.body[:60]

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
        BOUNCE = "bounce", _("Letter that came back")
        LOOP = "loop", _("Our own letter, sent back to us")
        TOO_MANY = "too_many", _("Too many mails from one sender")
        TOO_LARGE = "too_large", _("Too large to be taken in")
        FOREIGN = "foreign", _("Reference of somebody else’s request")
        FAULT = "fault", _("Mail that Relais stumbled over")
        FATAL = "fatal", _("Mail that stopped Relais three times: it is no longer read by itself")
        SET_ASIDE = "set_aside", _("Set aside")
        REFUSED = "refused", _("Refused")
        SPAM = "spam", _("Spam")

    # Decided: they no longer wait for anybody.
    DECIDED = (Quarantine.SET_ASIDE, Quarantine.REFUSED, Quarantine.SPAM)

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
    # The whole text, where `body` leaves out quotes and signature; empty where it does not.
    original = models.TextField(_("whole text"), blank=True)
    # Why it lies where it lies: how its thread was found, what it was recognised as.
    reasons = models.JSONField(default=dict)
    # What an invitation says (method, summary, start, end, place, organiser), else empty.
    invitation = models.JSONField(null=True)
    invitation_uid = models.CharField(max_length=300, blank=True)
    # [{"name": "devis.pdf", "type": "application/pdf", "size": 48213}, …]; the bytes are in `raw`.
    attachments = models.JSONField(default=list)
    mail_id = models.CharField(max_length=300, blank=True)
    raw = models.BinaryField(null=True)
    quarantine = models.CharField(max_length=20, choices=Quarantine.choices, blank=True)
    # On a merged ticket: the answer that was written on the live one.
    copy_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="copies")
    # Its verb was undone: no client reads it any more, but who wrote it.
    withdrawn_at = models.DateTimeField(null=True)
    # A decision can be taken back: why it waited before, who decided, and when.
    held_as = models.CharField(max_length=20, blank=True)
    decided_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

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
            SameTenant(name="desk_message_decider_fk", field="decided_by", to="people_person"),
        ]
        indexes = [
            models.Index(fields=["ticket", "at"], name="desk_message_thread"),
            models.Index(
                fields=["provider", "at"],
                name="desk_message_quarantine",
                condition=Q(ticket__isnull=True),
            ),
            models.Index(
                fields=["provider", "invitation_uid"],
                name="desk_message_invitation",
                condition=~Q(invitation_uid=""),
            ),
            models.Index(
                fields=["provider", "sender_address", "at"],
                name="desk_message_sender",
                condition=~Q(sender_address=""),
            ),
        ]

    def __str__(self) -> str:
        return self.subject or self.body[:60]

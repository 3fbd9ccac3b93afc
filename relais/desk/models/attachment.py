"""Files of a thread: which bytes, under which name, with which message."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.people.models import Person
from relais.people.models.tenant import TenantModel

from .message import Message

# What a browser may show by itself; recognised by its first bytes, never by its name.
SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf")


class StoredFile(TenantModel):
    """Bytes that the store holds for this provider, once, under their SHA-256."""

    digest = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        verbose_name = _("stored file")
        verbose_name_plural = _("stored files")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["provider", "digest"], name="desk_storedfile_once"),
        ]

    def __str__(self) -> str:
        return self.digest[:12]


class Attachment(TenantModel):
    """A file as somebody gave it. Without a message it is her draft, and nobody else's."""

    message = models.ForeignKey(Message, models.PROTECT, null=True, related_name="files")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="attachments")
    name = models.CharField(_("name"), max_length=200)
    type = models.CharField(max_length=100)
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=Q(message__isnull=False) | Q(by__isnull=False),
                name="desk_attachment_whose",
            ),
            SameTenant(name="desk_attachment_message_fk", field="message", to="desk_message"),
            SameTenant(name="desk_attachment_file_fk", field="file", to="desk_storedfile"),
            SameTenant(name="desk_attachment_person_fk", field="by", to="people_person"),
        ]
        indexes = [
            models.Index(
                fields=["provider", "created_at"],
                name="desk_attachment_draft",
                condition=Q(message__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_shown(self) -> bool:
        """Return whether a browser may show it; everything else is handed out as a download."""
        return self.type in SHOWN

    @property
    def is_image(self) -> bool:
        """Return whether it can be shown as a picture in the thread."""
        return self.is_shown and self.type.startswith("image/")


def send_along(files: Sequence[Attachment], message: Message) -> tuple[Attachment, ...]:
    """Return nothing left to send: these drafts go with the message, and with no other."""
    if files:
        mine = Attachment.objects.filter(pk__in=[one.pk for one in files], message=None)
        mine.update(message=message)
    return ()

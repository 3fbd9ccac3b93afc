"""Where mails come in and go out: the mailboxes that are read, the server that sends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from relais.lib.problem import Problem
from relais.lib.sealed import SealBroken, seal, unseal
from relais.lib.tenancy import SameTenant
from relais.people.models.tenant import TenantModel

SILENT = timedelta(minutes=15)


class SecretLost(Problem):
    """The password was sealed under a key that is no more."""

    message = gettext_noop(
        "The password can no longer be read (RELAIS_SECRET_KEY has changed): type it once more."
    )


class Security(models.TextChoices):
    """How a connection is encrypted."""

    TLS = "tls", _("TLS from the start")
    STARTTLS = "starttls", _("STARTTLS")
    NONE = "none", _("None (on this machine only)")


class Connection(TenantModel):
    """A server, who signs in there, and how it went. The password lies sealed."""

    host = models.CharField(_("server"), max_length=255)
    port = models.PositiveIntegerField(
        _("port"), validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    security = models.CharField(
        _("encryption"), max_length=10, choices=Security.choices, default=Security.TLS
    )
    user = models.CharField(_("user"), max_length=255, blank=True)
    secret = models.TextField(blank=True, editable=False)
    active = models.BooleanField(_("in use"), default=True)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    worked_at = models.DateTimeField(null=True, editable=False)
    # {"message": msgid, "values": {…}}: told in the reader's language. Empty when all is well.
    problem = models.JSONField(null=True, editable=False)
    failed_at = models.DateTimeField(null=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)

    class Meta(TenantModel.Meta):
        abstract = True

    def set_password(self, password: str) -> None:
        """Keep the password sealed; it opens for this provider alone."""
        self.secret = seal(password, purpose=self._purpose()) if password else ""

    def password(self) -> str:
        """Return the password. Raises `SecretLost`."""
        try:
            return unseal(self.secret, purpose=self._purpose()) if self.secret else ""
        except SealBroken as broken:
            raise SecretLost from broken

    def _purpose(self) -> str:
        return f"mail server of {self.provider_id}"

    def went_well(self, at: datetime | None = None, **fields: Any) -> None:
        """Write down that the server did what was asked."""
        now = {"worked_at": at or timezone.now(), "problem": None, "failures": 0, **fields}
        self._note(now)

    def went_wrong(self, problem: Problem, at: datetime | None = None) -> None:
        """Write down what went wrong, for the page that shows it."""
        said = {name: str(value)[:300] for name, value in problem.values.items()}
        told = {"message": str(problem.message), "values": said}
        at = at or timezone.now()
        self._note({"problem": told, "failed_at": at, "failures": self.failures + 1})

    def _note(self, fields: dict[str, Any]) -> None:
        type(self)._base_manager.filter(pk=self.pk).update(**fields)
        for name, value in fields.items():
            setattr(self, name, value)


class Mailbox(Connection):
    """A folder of mails that is read. What was read is told by the server's growing numbers."""

    class After(models.TextChoices):
        KEEP = "keep", _("leave the mail as it is")
        SEEN = "seen", _("mark it as read")
        MOVE = "move", _("move it to another folder")
        DELETE = "delete", _("delete it")

    address = models.EmailField(_("address"))
    folder = models.CharField(_("folder"), max_length=200, default="INBOX")
    after = models.CharField(
        _("once a mail is taken in"), max_length=10, choices=After.choices, default=After.SEEN
    )
    moved_to = models.CharField(_("folder for mails taken in"), max_length=200, blank=True)
    take_existing = models.BooleanField(_("also take in the mails that lie there today"))
    uid_validity = models.BigIntegerField(null=True, editable=False)
    last_uid = models.BigIntegerField(default=0, editable=False)
    # The mail that was begun with, and how often the process ended over it.
    begun_uid = models.BigIntegerField(default=0, editable=False)
    begun_times = models.PositiveSmallIntegerField(default=0, editable=False)
    takes_from = models.DateTimeField(default=timezone.now, editable=False)
    pushes = models.BooleanField(default=False, editable=False)
    taken = models.PositiveIntegerField(default=0, editable=False)
    last_mail_at = models.DateTimeField(null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")
        ordering = ["address", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["provider", "host", "user", "folder"],
                name="desk_mailbox_once",
                violation_error_message=_("This folder is read already."),
            ),
            models.CheckConstraint(
                condition=~Q(after="move") | ~Q(moved_to=""),
                name="desk_mailbox_moved_to",
                violation_error_message=_("Name the folder for the mails taken in."),
            ),
        ]

    def __str__(self) -> str:
        return self.address

    def health(self, now: datetime) -> str:
        """Return off, waiting (never tried), failing, silent (nobody reads it) or well."""
        if not self.active:
            return "off"
        if self.problem:
            return "failing"
        if self.worked_at is None:
            return "waiting"
        return "silent" if now - self.worked_at > SILENT else "well"


class SendingServer(Connection):
    """The server by which the letters of a provider leave; without one, the installation's."""

    sender = models.EmailField(_("sender’s address"))
    sender_name = models.CharField(_("sender’s name"), max_length=100, blank=True)
    sent_in = models.ForeignKey(
        Mailbox,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("mailbox that keeps what was sent"),
    )
    sent_folder = models.CharField(_("its folder of sent mails"), max_length=200, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("sending server")
        verbose_name_plural = _("sending servers")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["provider"], name="desk_sendingserver_once"),
            SameTenant(name="desk_sendingserver_mailbox_fk", field="sent_in", to="desk_mailbox"),
        ]

    def __str__(self) -> str:
        return self.host

    def health(self, now: datetime) -> str:
        """Return off, waiting (never tried), failing or well."""
        if not self.active:
            return "off"
        if self.problem:
            return "failing"
        return "well" if self.worked_at else "waiting"


class KnownAddress(TenantModel):
    """What was decided of an address that no person has: whose it is, or that it is not heard."""

    class Verdict(models.TextChoices):
        PERSON = "person", _("another address of a person")
        REFUSED = "refused", _("not a client")
        SPAM = "spam", _("spam")

    address = models.EmailField(_("address"), max_length=320)
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    person = models.ForeignKey("people.Person", models.CASCADE, null=True, related_name="+")
    decided_by = models.ForeignKey("people.Person", models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        verbose_name = _("known address")
        verbose_name_plural = _("known addresses")
        ordering = ["address"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["provider", "address"], name="desk_knownaddress_once"),
            models.CheckConstraint(
                condition=Q(verdict="person", person__isnull=False)
                | ~Q(verdict="person") & Q(person=None),
                name="desk_knownaddress_person",
            ),
            SameTenant(name="desk_knownaddress_person_fk", field="person", to="people_person"),
            SameTenant(name="desk_knownaddress_decider_fk", field="decided_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return self.address

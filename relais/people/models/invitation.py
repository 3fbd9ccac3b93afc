"""Invitations by mail: a person gets an account of her own."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant

from .person import Person
from .tenant import TenantModel

LIFE = timedelta(days=14)


class InvitationSpentError(Exception):
    """The invitation was accepted, revoked or has expired meanwhile."""


def digest_of(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Invitations by where they stand."""

    def open(self) -> InvitationQuerySet:
        """Return those neither accepted nor revoked; some may have expired."""
        return self.filter(accepted_at=None, revoked_at=None)


class Invitation(TenantModel):
    """One letter to one person. Only the digest of its secret is kept."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        ACCEPTED = "accepted", _("Accepted")
        REVOKED = "revoked", _("Revoked")
        EXPIRED = "expired", _("Expired")

    person = models.ForeignKey(Person, models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail"))
    digest = models.CharField(max_length=64, unique=True)
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-sent_at", "-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(accepted_at=None, revoked_at=None),
                name="people_invitation_one_open",
                violation_error_message=_("This person has been invited already."),
            ),
            SameTenant(name="people_invitation_person_fk", field="person", to="people_person"),
            SameTenant(name="people_invitation_sender_fk", field="sent_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.get_state_display()}"

    def state_at(self, now: datetime) -> State:
        """Return where the invitation stands at `now`."""
        if self.accepted_at:
            return self.State.ACCEPTED
        if self.revoked_at:
            return self.State.REVOKED
        return self.State.EXPIRED if now >= self.expires_at else self.State.WAITING

    @property
    def state(self) -> State:
        """Return where the invitation stands now."""
        return self.state_at(timezone.now())

    def get_state_display(self) -> str:
        """Return the state in the reader's language."""
        return str(self.state.label)

    def accept(self) -> None:
        """Use the invitation up, once. Raises `InvitationSpentError`."""
        self._spend(accepted_at=timezone.now())

    def revoke(self) -> None:
        """Take the invitation back. Raises `InvitationSpentError` when it was accepted before."""
        self._spend(even_expired=True, revoked_at=timezone.now())

    def _spend(self, *, even_expired: bool = False, **fields: datetime) -> None:
        # Compare and set: of two at once, one wins.
        mine = type(self).objects.open().filter(pk=self.pk)
        if not even_expired:
            mine = mine.filter(expires_at__gt=timezone.now())
        if not mine.update(**fields):
            raise InvitationSpentError
        for name, value in fields.items():
            setattr(self, name, value)

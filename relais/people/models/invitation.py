"""Invitations by mail: a person gets an account of her own."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant

from .person import Person
from .tenant import TenantModel


class Invitation(TenantModel):
    """One letter to one person. Only the digest of its secret is kept."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail"))
    digest = models.CharField(max_length=64, unique=True)
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-sent_at"]
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="people_invitation_person_fk", field="person", to="people_person"),
            SameTenant(name="people_invitation_sender_fk", field="sent_by", to="people_person"),
        ]

"""The facts of each request's life, laid down once so that a month is read and not dug out."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from relais.desk.models import Ticket
from relais.lib.tenancy import SameTenant
from relais.people.models import Company
from relais.people.models.tenant import TenantModel


class LifeRow(TenantModel):
    """One request's facts, as its events until `seen` tell them. It can be made again at any time.

    What may still change in a later month has no `until`.
    """

    ticket = models.OneToOneField(Ticket, models.PROTECT, related_name="+")
    company = models.ForeignKey(Company, models.PROTECT, related_name="+", db_index=False)
    received_at = models.DateTimeField()
    # The last moment at which anything of it may count.
    until = models.DateTimeField(null=True)
    facts = models.JSONField(default=dict)
    # SHA-256 of the facts: what a closed month can be held against.
    digest = models.CharField(max_length=64)
    seen = models.BigIntegerField()
    read_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name = _("life of a request")
        verbose_name_plural = _("lives of requests")
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="records_life_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(name="records_life_company_fk", field="company", to="people_company"),
        ]
        indexes = [
            models.Index(fields=["company", "until", "received_at"], name="records_life_month")
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} · {self.digest[:8]}"


class LifeMark(TenantModel):
    """How far a provider's events were read into lives; one row a provider.

    A transaction may commit an event whose key is smaller than one read before: what came after
    `late` is looked at again until it is old enough for none to be under way.
    """

    seen = models.BigIntegerField(default=0)
    changes = models.BigIntegerField(default=0)
    late = models.BigIntegerField(default=0)
    late_next = models.BigIntegerField(default=0)
    late_at = models.DateTimeField(null=True)
    # The last moment until which every event is in.
    as_of = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("reading of lives")
        verbose_name_plural = _("readings of lives")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["provider"], name="records_lifemark_once"),
        ]

    def __str__(self) -> str:
        return f"{self.seen}"

"""What each assistant has had beside the others, counted from the facts of four weeks."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.people.models import Person
from relais.people.models.tenant import TenantModel


class DispatchShare(TenantModel):
    """Her part of work, of difficult sites and of late hours above the others' (0.1: a tenth more).

    A copy of what can be counted again at any time; `desk/shares.py` writes it.
    """

    person = models.OneToOneField(Person, models.CASCADE, related_name="dispatch_share")
    work = models.FloatField()
    difficult = models.FloatField()
    late = models.FloatField()
    whole = models.FloatField()
    counted_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name = _("share of the work")
        verbose_name_plural = _("shares of the work")
        ordering = ["person"]
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="desk_share_person_fk", field="person", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} · {self.whole:+.2f}"

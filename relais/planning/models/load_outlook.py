"""What is foreseen of the load against the capacity, as it was computed last."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from relais.people.models.tenant import TenantModel


class LoadOutlook(TenantModel):
    """The weeks ahead of a provider: computed each night, one row a provider."""

    computed_at = models.DateTimeField(_("computed at"))
    # Where it comes from: a forecast, the mean of the last weeks, or nothing yet.
    method = models.CharField(max_length=10)
    # How many weeks were counted.
    counted = models.FloatField(default=0.0)
    report = models.JSONField(default=dict)
    # Drawings by name and language, made once.
    charts = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        verbose_name = _("outlook on the load")
        verbose_name_plural = _("outlooks on the load")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["provider"], name="planning_outlook_once"),
        ]

    def __str__(self) -> str:
        return f"{self.computed_at:%d/%m/%Y}"

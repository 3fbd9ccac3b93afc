"""Figures of a month as they were counted last, for pages that cannot wait for the count."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.people.models import Company
from relais.people.models.tenant import TenantModel


class KeptFigures(TenantModel):
    """The figures of one client (or of all) in a month by one cut, and as of when."""

    company = models.ForeignKey(
        Company, models.PROTECT, null=True, related_name="+", db_index=False
    )
    month = models.CharField(max_length=7)
    # "" for the whole, else one of `measures.CUTS`.
    cut = models.CharField(max_length=20, blank=True)
    as_of = models.DateTimeField()
    figures = models.JSONField(default=list)

    class Meta(TenantModel.Meta):
        verbose_name = _("figures of a month")
        verbose_name_plural = _("figures of months")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["provider", "company", "month", "cut"],
                nulls_distinct=False,
                name="records_keptfigures_once",
            ),
            SameTenant(name="records_kept_company_fk", field="company", to="people_company"),
        ]

    def __str__(self) -> str:
        return f"{self.company_id} · {self.month} · {self.cut}"

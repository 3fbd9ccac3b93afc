"""What a site is foreseen to ask for before its own requests tell: handed down by whoever knew."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.offer.models import Service
from relais.people.models import Site
from relais.people.models.tenant import TenantModel


class VolumeProfile(TenantModel):
    """A family at a site: requests a year, minutes of one, and twelve months with a mean of 1."""

    site = models.ForeignKey(
        Site, models.CASCADE, related_name="volume_profiles", verbose_name=_("site")
    )
    family = models.CharField(_("family"), max_length=20, choices=Service.Family.choices)
    yearly = models.FloatField(_("requests a year"))
    minutes = models.FloatField(_("minutes of one"))
    months = ArrayField(models.FloatField(), verbose_name=_("months"), size=12)
    # Who handed it down, so that it can be taken back: "study:12".
    source = models.CharField(max_length=40)
    given_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name = _("profile of volumes")
        verbose_name_plural = _("profiles of volumes")
        ordering = ["site", "family"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["site", "family"], name="planning_profile_once"),
            models.CheckConstraint(
                condition=models.Q(yearly__gt=0, minutes__gt=0, months__len=12),
                name="planning_profile_counts",
            ),
            SameTenant(name="planning_profile_site_fk", field="site", to="people_site"),
        ]

    def __str__(self) -> str:
        return f"{self.family} · {self.site_id}"

"""When somebody works: published shifts, and the days on which she is at a site."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant

from .assistant import IntPoint
from .organisation import Site
from .person import Person
from .tenant import TenantModel


class Shift(TenantModel):
    """Hours that somebody works, published: where she has none that day, her calendar holds.

    Hours are the provider's own affair: a client reads what is covered, never who works when.
    """

    person = models.ForeignKey(
        Person, models.CASCADE, related_name="shifts", verbose_name=_("person")
    )
    period = DateTimeRangeField(_("period"))

    class Meta(TenantModel.Meta):
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            ExclusionConstraint(
                name="people_shift_no_overlap",
                expressions=[(IntPoint("person_id"), "&&"), (F("period"), "&&")],
                violation_error_message=_("This person has a shift then already."),
            ),
            models.CheckConstraint(
                condition=models.Q(period__isempty=False)
                & models.Q(period__lower_inf=False)
                & models.Q(period__upper_inf=False),
                name="people_shift_ends_after_it_starts",
                violation_error_message=_("The shift ends before it starts."),
            ),
            SameTenant(name="people_shift_person_fk", field="person", to="people_person"),
        ]


class OnSiteDay(TenantModel):
    """A day on which somebody is at a site. The client reads the day, and a name where it may."""

    person = models.ForeignKey(
        Person, models.CASCADE, related_name="on_site_days", verbose_name=_("person")
    )
    site = models.ForeignKey(
        Site, models.CASCADE, related_name="on_site_days", verbose_name=_("site")
    )
    day = models.DateField(_("day"))

    class Meta(TenantModel.Meta):
        verbose_name = _("on-site day")
        verbose_name_plural = _("on-site days")
        ordering = ["day", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["person", "day"],
                name="people_onsiteday_one_place_a_day",
                violation_error_message=_("This person is at a site that day already."),
            ),
            SameTenant(name="people_onsiteday_person_fk", field="person", to="people_person"),
            SameTenant(name="people_onsiteday_site_fk", field="site", to="people_site"),
        ]

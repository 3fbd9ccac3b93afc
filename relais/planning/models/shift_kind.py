"""The kinds of shift that rosters are made of: "early", "day", "late", each with its hours."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext_lazy as _

from relais.people.models.tenant import TenantModel


class ShiftKind(TenantModel):
    """Hours of a day, with a break or without, under a short code."""

    code = models.CharField(_("code"), max_length=6)
    name = models.CharField(_("name"), max_length=60)
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("until"))
    pause_from = models.TimeField(_("break from"), null=True, blank=True)
    pause_until = models.TimeField(_("break until"), null=True, blank=True)
    active = models.BooleanField(_("used by new rosters"), default=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("kind of shift")
        verbose_name_plural = _("kinds of shift")
        ordering = ["starts", "ends", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["provider", "code"],
                name="planning_kind_once",
                violation_error_message=_("A kind of shift has this code already."),
            ),
            models.CheckConstraint(
                condition=models.Q(starts__lt=models.F("ends")), name="planning_kind_hours"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.starts:%H:%M}–{self.ends:%H:%M})"

    @property
    def hours(self) -> tuple[tuple[time, time], ...]:
        """Return the hours before and after the break."""
        if self.pause_from and self.pause_until:
            return (self.starts, self.pause_from), (self.pause_until, self.ends)
        return ((self.starts, self.ends),)

    def spans(self, day: date, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
        """Return the hours of a day as instants."""
        return [
            (datetime.combine(day, a, zone), datetime.combine(day, b, zone)) for a, b in self.hours
        ]

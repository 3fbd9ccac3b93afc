"""When somebody works: published shifts, and the days on which she is at a site."""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant

from .assistant import IntPoint
from .calendar import Weekday
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
    # What was written in one go, by a weekly pattern: taken back in one go.
    series = models.UUIDField(null=True, editable=False)

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


class Rostered(TenantModel):
    """A stretch that a published roster has settled: in it, who has no shift is free."""

    person = models.ForeignKey(
        Person, models.CASCADE, related_name="rostered", verbose_name=_("person")
    )
    period = DateTimeRangeField(_("period"))

    class Meta(TenantModel.Meta):
        verbose_name = _("rostered stretch")
        verbose_name_plural = _("rostered stretches")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            ExclusionConstraint(
                name="people_rostered_no_overlap",
                expressions=[(IntPoint("person_id"), "&&"), (F("period"), "&&")],
                violation_error_message=_("A roster is published for these days already."),
            ),
            models.CheckConstraint(
                condition=models.Q(period__isempty=False)
                & models.Q(period__lower_inf=False)
                & models.Q(period__upper_inf=False),
                name="people_rostered_has_both_ends",
            ),
            SameTenant(name="people_rostered_person_fk", field="person", to="people_person"),
        ]


class Wish(TenantModel):
    """When an assistant would like to work, or rather not. Her own words; the lead reads them.

    Of a weekday (every week), or of one day; without hours it is the whole day's.
    """

    class Kind(models.TextChoices):
        PREFERS = "prefers", _("Likes to work")
        AVOIDS = "avoids", _("Would rather not work")

    person = models.ForeignKey(
        Person, models.CASCADE, related_name="wishes", verbose_name=_("person")
    )
    kind = models.CharField(_("wish"), max_length=10, choices=Kind.choices, default=Kind.PREFERS)
    weekday = models.PositiveSmallIntegerField(
        _("every week on"), choices=Weekday.choices, null=True, blank=True
    )
    day = models.DateField(_("or on one day"), null=True, blank=True)
    starts = models.TimeField(_("from"), null=True, blank=True)
    ends = models.TimeField(_("until"), null=True, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("wish")
        verbose_name_plural = _("wishes")
        ordering = ["day", "weekday", "starts", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(weekday__range=(1, 7), day=None)
                | models.Q(weekday=None, day__isnull=False),
                name="people_wish_one_day",
                violation_error_message=_("Choose a day of the week, or one day: not both."),
            ),
            models.CheckConstraint(
                condition=models.Q(starts=None, ends=None) | models.Q(starts__lt=F("ends")),
                name="people_wish_hours",
                violation_error_message=_("Give both hours, the first before the second."),
            ),
            models.UniqueConstraint(
                fields=["person", "weekday", "day", "starts", "ends"],
                name="people_wish_once",
                nulls_distinct=False,
                violation_error_message=_("You have said this already."),
            ),
            SameTenant(name="people_wish_person_fk", field="person", to="people_person"),
        ]

    def __str__(self) -> str:
        when = self.day.strftime("%d/%m/%Y") if self.day else self.get_weekday_display()
        hours = f" {self.starts:%H:%M}–{self.ends:%H:%M}" if self.starts and self.ends else ""
        return f"{self.get_kind_display()}: {when}{hours}"

    def speaks_of(self, day: date) -> bool:
        """Return whether the wish is about a day."""
        return self.day == day or self.weekday == day.isoweekday()


class OnSiteDay(TenantModel):
    """A day on which somebody is at a site. The client reads the day, and a name where it may."""

    person = models.ForeignKey(
        Person, models.CASCADE, related_name="on_site_days", verbose_name=_("person")
    )
    site = models.ForeignKey(
        Site, models.CASCADE, related_name="on_site_days", verbose_name=_("site")
    )
    day = models.DateField(_("day"))
    series = models.UUIDField(null=True, editable=False)

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

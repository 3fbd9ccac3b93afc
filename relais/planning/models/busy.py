"""Calendars of people that are read here, and the times that they take: hers alone to read."""

from __future__ import annotations

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.people.models import Person
from relais.people.models.tenant import TenantModel


class BusySource(TenantModel):
    """A calendar of somebody: a file that she gave, or an address that is read again by itself."""

    class Kind(models.TextChoices):
        FILE = "file", _("File")
        ADDRESS = "address", _("Address (iCalendar)")
        CALDAV = "caldav", _("CalDAV")

    person = models.ForeignKey(Person, models.CASCADE, related_name="busy_sources")
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.FILE)
    # Sealed: an address may be a secret in itself, and a password comes with some.
    address = models.TextField(blank=True)
    keeps_titles = models.BooleanField(_("keep the titles"), default=False)
    # The events with their times alone, as iCalendar: rules, exceptions and zones without loss.
    text = models.TextField(blank=True)
    digest = models.CharField(max_length=64, blank=True)
    events = models.PositiveIntegerField(_("events"), default=0)
    # What was not taken, and why: [["label", "why"], …]; labels only where titles are kept.
    left_out = models.JSONField(default=list)
    read_at = models.DateTimeField(_("last read"), null=True)
    fault = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("calendar read here")
        verbose_name_plural = _("calendars read here")
        ordering = ["name", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["person", "name"],
                name="planning_busysource_once",
                violation_error_message=_("There is a calendar of this name already."),
            ),
            SameTenant(name="planning_busysource_person_fk", field="person", to="people_person"),
        ]

    def __str__(self) -> str:
        return self.name


class BusyTime(TenantModel):
    """A time that is taken. Opaque: what for is kept only where she asked for it."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="busy_times")
    source = models.ForeignKey(BusySource, models.CASCADE, related_name="times")
    period = DateTimeRangeField(_("period"))
    title = models.CharField(_("title"), max_length=200, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("busy time")
        verbose_name_plural = _("busy times")
        ordering = ["period", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(period__isempty=False), name="planning_busytime_not_empty"
            ),
            SameTenant(name="planning_busytime_person_fk", field="person", to="people_person"),
            SameTenant(
                name="planning_busytime_source_fk", field="source", to="planning_busysource"
            ),
        ]
        indexes = [models.Index(fields=["person"], name="planning_busytime_person")]

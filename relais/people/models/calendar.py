"""Opening hours, holidays and exceptions, each day knowing where its state comes from."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.lib.tenancy import SameTenant
from relais.people.identifiers import validate_zone

from .organisation import NAME, Company, key_of
from .person import Person
from .tenant import TenantModel


class Weekday(models.IntegerChoices):
    """ISO weekdays, Monday first."""

    MONDAY = 1, _("Monday")
    TUESDAY = 2, _("Tuesday")
    WEDNESDAY = 3, _("Wednesday")
    THURSDAY = 4, _("Thursday")
    FRIDAY = 5, _("Friday")
    SATURDAY = 6, _("Saturday")
    SUNDAY = 7, _("Sunday")


class Calendar(TenantModel):
    """Opening hours of a place or a person, in one time zone. Empty company: the provider's own."""

    class HolidayEve(models.TextChoices):
        NORMAL = "normal", _("Normal hours")
        HALF = "half", _("Mornings only")

    company = models.ForeignKey(
        Company,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="calendars",
        verbose_name=_("company"),
    )
    name = models.CharField(_("name"), **NAME)
    name_key = key_of("name")
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="Europe/Paris", validators=[validate_zone]
    )
    # "FR", "FR-57" …: a zone of people/holidays.py; empty: no public holidays at all.
    holiday_zone = models.CharField(_("holiday zone"), max_length=20, blank=True, default="FR")
    holiday_eve = models.CharField(
        _("half-day before a holiday"),
        max_length=10,
        choices=HolidayEve.choices,
        default=HolidayEve.NORMAL,
    )
    whit_monday_worked = models.BooleanField(_("Whit Monday is worked"), default=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")
        ordering = ["name_key", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["provider", "company", "name_key"],
                nulls_distinct=False,
                name="people_calendar_once",
                violation_error_message=_("A calendar of this name exists already."),
            ),
            SameTenant(name="people_calendar_company_fk", field="company", to="people_company"),
        ]

    def __str__(self) -> str:
        return self.name


class OpeningInterval(TenantModel):
    """One opening of a weekday. Closing at or before the opening means the next day."""

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="openings")
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices)
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))

    class Meta(TenantModel.Meta):
        verbose_name = _("opening")
        verbose_name_plural = _("openings")
        ordering = ["weekday", "opens"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["calendar", "weekday", "opens"], name="people_opening_once"
            ),
            SameTenant(name="people_opening_calendar_fk", field="calendar", to="people_calendar"),
        ]


class HolidayFeed(TenantModel):
    """An ICS file or address whose days were taken into a calendar."""

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="feeds")
    name = models.CharField(_("name"), max_length=200)
    digest = models.CharField(max_length=64)
    imported_at = models.DateTimeField()
    imported_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    days = models.PositiveIntegerField(default=0)

    class Meta(TenantModel.Meta):
        ordering = ["-imported_at"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["calendar", "name"], name="people_feed_once"),
            SameTenant(name="people_feed_calendar_fk", field="calendar", to="people_calendar"),
            SameTenant(name="people_feed_person_fk", field="imported_by", to="people_person"),
        ]


class CalendarDay(TenantModel):
    """Exceptional days: closed, or open at other hours. A person's word beats a feed's."""

    class Source(models.TextChoices):
        MANUAL = "manual", _("Entered by a person")
        FEED = "feed", _("Imported feed")

    class Kind(models.TextChoices):
        CLOSED = "closed", pgettext_lazy("day", "Closed")
        HOURS = "hours", _("Other hours")
        NORMAL = "normal", _("Normal hours (holiday worked)")

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="days")
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("to"))
    yearly = models.BooleanField(_("every year"), default=False)
    kind = models.CharField(_("state"), max_length=10, choices=Kind.choices, default=Kind.CLOSED)
    # [["09:00", "12:30"], …] when kind is "hours".
    hours = models.JSONField(_("hours"), default=list, blank=True)
    label = models.CharField(_("label"), max_length=200, blank=True)
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.MANUAL)
    feed = models.ForeignKey(HolidayFeed, models.CASCADE, null=True, related_name="entries")
    changed_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("exceptional day")
        verbose_name_plural = _("exceptional days")
        ordering = ["first_day", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            # A yearly range may run over the year's end (24 December to 2 January): it is stored
            # with the years of its first occurrence, so the order of the days holds there too.
            models.CheckConstraint(
                condition=Q(last_day__gte=models.F("first_day")),
                name="people_day_order",
                violation_error_message=_("The last day comes before the first."),
            ),
            SameTenant(name="people_day_calendar_fk", field="calendar", to="people_calendar"),
            SameTenant(name="people_day_feed_fk", field="feed", to="people_holidayfeed"),
            SameTenant(name="people_day_person_fk", field="changed_by", to="people_person"),
        ]


class CalendarChange(TenantModel):
    """Who changed what in a calendar, when: append-only."""

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=40)
    facts = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        ordering = ["-at", "-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="people_change_calendar_fk", field="calendar", to="people_calendar"),
            SameTenant(name="people_change_person_fk", field="by", to="people_person"),
        ]

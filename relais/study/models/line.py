"""One line of an inventory: a task at a site, how often, how long, and how that is known."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.engine import inventory
from relais.lib.tenancy import SameTenant
from relais.offer.models import Service
from relais.people.models import Confidentiality, Person, Site
from relais.people.models.tenant import TenantModel

from .study import Participant, Study

LEVEL = [MinValueValidator(1), MaxValueValidator(5)]
SHARE = [MinValueValidator(0), MaxValueValidator(100)]
MOST_TIMES, MOST_MINUTES = 1_000_000, 100_000
TIMES = [MinValueValidator(0), MaxValueValidator(MOST_TIMES)]
MINUTES = [MinValueValidator(0), MaxValueValidator(MOST_MINUTES)]


def _level(label: Any) -> Any:
    return models.PositiveSmallIntegerField(label, default=3, validators=LEVEL)


def _minutes(label: Any) -> Any:
    return models.FloatField(label, default=0, validators=MINUTES)


def _share(label: Any) -> Any:
    return models.FloatField(label, default=0, validators=SHARE)


class InventoryLine(TenantModel):
    """A task at a site. It names the kind of work, never the matter, nor who does it.

    Minutes are at least, usually and at most; shares are percents of the time; `months`: twelve
    coefficients with a mean of 1, none when all are alike.
    """

    class Period(models.TextChoices):
        DAY = "day", pgettext_lazy("period", "a day")
        WEEK = "week", pgettext_lazy("period", "a week")
        FORTNIGHT = "fortnight", pgettext_lazy("period", "a fortnight")
        MONTH = "month", pgettext_lazy("period", "a month")
        QUARTER = "quarter", pgettext_lazy("period", "a quarter")
        YEAR = "year", pgettext_lazy("period", "a year")
        EVENT = "event", pgettext_lazy("period", "events a year")

    class Presence(models.TextChoices):
        REMOTE = "remote", _("Remote")
        ON_SITE = "on_site", _("On site")
        MIXED = "mixed", _("Both")

    class Deadline(models.TextChoices):
        NONE = "none", pgettext_lazy("deadline", "None")
        SAME_DAY = "same_day", _("The same day")
        FIXED = "fixed", _("A fixed day")
        AGREED = "agreed", _("Agreed each time")
        LEGAL = "legal", _("Set by law or contract")

    class Documented(models.TextChoices):
        NONE = "none", _("Not written")
        PARTIAL = "partial", _("Partly written")
        CURRENT = "current", _("Up to date")

    class Value(models.TextChoices):
        ADDED = "VA", _("Adds value")
        NEEDED = "ENVA", _("Needed, adds none")
        NONE = "NVA", _("Adds none")

    class Target(models.TextChoices):
        UNDECIDED = "", "—"
        POOL = "pool", pgettext_lazy("target", "Pool")
        LEAD = "lead", pgettext_lazy("target", "Lead assistant")
        LOCAL = "local", pgettext_lazy("target", "Stays local")
        AUTOMATE = "automate", pgettext_lazy("target", "Automate")
        DROP = "drop", pgettext_lazy("target", "Drop")

    class Evidence(models.TextChoices):
        DECLARED = "declared", _("Declared")
        OBSERVED = "observed", _("Observed")
        MEASURED = "measured", _("Measured")

    class Source(models.TextChoices):
        TYPED = "typed", _("Typed")
        SHEET = "sheet", _("Spreadsheet")
        INTERVIEW = "interview", _("Interview")
        ACTIVITY = "activity", _("Activity log")
        LOG = "log", _("Past log")
        CALENDAR = "calendar", _("Calendars")

    study = models.ForeignKey(Study, models.CASCADE, related_name="lines")
    site = models.ForeignKey(
        Site, models.CASCADE, related_name="inventory_lines", verbose_name=_("site")
    )
    family = models.CharField(
        _("family"), max_length=20, choices=Service.Family.choices, default=Service.Family.OTHER
    )
    # What of the catalogue it answers to, once somebody has said so.
    service = models.ForeignKey(
        Service, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("service")
    )
    task = models.CharField(_("task"), max_length=300)
    owner_role = models.CharField(_("asked for by (role)"), max_length=100, blank=True)
    doer_role = models.CharField(_("done by (role)"), max_length=100, blank=True)
    trigger = models.CharField(_("trigger"), max_length=200, blank=True)
    input_source = models.CharField(_("made from"), max_length=200, blank=True)
    output = models.CharField(_("result and recipient"), max_length=200, blank=True)
    count = models.FloatField(_("times"), default=0, validators=TIMES)
    period = models.CharField(
        _("every"), max_length=10, choices=Period.choices, default=Period.MONTH
    )
    minutes_low = _minutes(_("minutes at least"))
    minutes_usual = _minutes(_("minutes usually"))
    minutes_high = _minutes(_("minutes at most"))
    months = ArrayField(
        models.FloatField(), verbose_name=_("months"), default=list, blank=True, size=12
    )
    peak_days = models.CharField(_("peak days"), max_length=100, blank=True)
    deadline = models.CharField(
        _("deadline"), max_length=10, choices=Deadline.choices, default=Deadline.NONE
    )
    late_means = models.CharField(_("what lateness costs"), max_length=200, blank=True)
    tools = models.CharField(_("tools"), max_length=200, blank=True)
    secrecy = models.PositiveSmallIntegerField(
        _("class of data"), choices=Confidentiality.choices, default=Confidentiality.INTERNAL
    )
    presence = models.CharField(
        _("presence"), max_length=10, choices=Presence.choices, default=Presence.REMOTE
    )
    language = models.CharField(_("language"), max_length=5, default="fr", blank=True)
    knowledge = _level(_("knowledge of the site (1–5)"))
    relation = _level(_("knowledge of the person (1–5)"))
    standard = _level(_("can be made standard (1–5)"))
    automatable = _level(_("can be automated (1–5)"))
    documented = models.CharField(
        _("documented"), max_length=10, choices=Documented.choices, default=Documented.NONE
    )
    able = models.PositiveSmallIntegerField(
        _("persons able to do it"), null=True, blank=True, validators=[MaxValueValidator(1000)]
    )
    errors = models.FloatField(_("errors a month"), default=0, validators=TIMES)
    rework = _share(_("rework (%)"))
    waiting = _share(_("waiting (%)"))
    # Lines of the same work elsewhere bear the same word, once a person has confirmed.
    same_as = models.CharField(max_length=40, blank=True, editable=False)
    value = models.CharField(_("value"), max_length=4, choices=Value.choices, default=Value.ADDED)
    local_reason = models.CharField(_("why it stays local"), max_length=200, blank=True)
    target = models.CharField(
        _("where it goes"), max_length=10, choices=Target.choices, blank=True, default=""
    )
    evidence = models.CharField(
        _("evidence"), max_length=10, choices=Evidence.choices, default=Evidence.DECLARED
    )
    confidence = models.PositiveSmallIntegerField(
        _("confidence (1–3)"), default=1, validators=[MinValueValidator(1), MaxValueValidator(3)]
    )
    source = models.CharField(
        _("source"), max_length=10, choices=Source.choices, default=Source.TYPED
    )
    # What the source calls it: the same thing read again is one line.
    source_key = models.CharField(max_length=200, blank=True, editable=False)
    # Who said it of her own work: seen by her and by who leads the study until it is validated.
    author = models.ForeignKey(
        Participant, models.SET_NULL, null=True, blank=True, related_name="lines"
    )
    typed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    validated_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    validated_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        verbose_name = _("line of the inventory")
        verbose_name_plural = _("lines of the inventory")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=Q(minutes_low__gte=0)
                & Q(minutes_usual__gte=F("minutes_low"))
                & Q(minutes_high__gte=F("minutes_usual")),
                name="study_line_minutes",
                violation_error_message=_("Minutes: at least ≤ usually ≤ at most."),
            ),
            models.CheckConstraint(
                condition=Q(rework__gte=0, waiting__gte=0) & Q(rework__lte=100 - F("waiting")),
                name="study_line_shares",
                violation_error_message=_(
                    "Rework and waiting together take the whole time at most."
                ),
            ),
            models.UniqueConstraint(
                fields=["study", "source", "source_key"],
                condition=~Q(source_key=""),
                name="study_line_source_once",
            ),
            SameTenant(name="study_line_study_fk", field="study", to="study_study"),
            SameTenant(name="study_line_site_fk", field="site", to="people_site"),
            SameTenant(name="study_line_service_fk", field="service", to="offer_service"),
            SameTenant(name="study_line_author_fk", field="author", to="study_participant"),
            SameTenant(name="study_line_typist_fk", field="typed_by", to="people_person"),
            SameTenant(name="study_line_validator_fk", field="validated_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return self.task

    @property
    def minutes(self) -> tuple[float, float, float]:
        """Return the three points: at least, usually, at most."""
        return self.minutes_low, self.minutes_usual, self.minutes_high

    @property
    def is_complete(self) -> bool:
        """Return whether it can be counted: how often and how long are known."""
        return self.count > 0 and self.minutes_high > 0

    def as_counted(self) -> inventory.Line:
        """Return the line as the engine counts it; ask with `site`. Keys are ours, as texts."""
        return inventory.Line(
            key=str(self.pk),
            site=str(self.site_id),
            entity=str(self.site.entity_id or ""),
            family=self.family,
            role=self.doer_role,
            count=self.count,
            period=inventory.Period(self.period),
            minutes=self.minutes,
            months=inventory.months_of(self.months) if sum(self.months) else (),
            rework=self.rework / 100,
            waiting=self.waiting / 100,
            value=inventory.Value(self.value),
            secrecy=self.secrecy,
            standard=self.standard,
            relation=self.relation,
            knowledge=self.knowledge,
            same_as=self.same_as,
            evidence=inventory.Evidence(self.evidence),
            confidence=self.confidence,
        )  # fmt: skip

"""What ways of being served cost: scenarios of lines, each typed or marked as an assumption."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.lib.tenancy import SameTenant
from relais.people import organisation
from relais.people.models import Person
from relais.people.models.tenant import TenantModel
from relais.study.errors import ChangedMeanwhile

from .study import Study

MOST = 100_000_000
AMOUNT = [MinValueValidator(0), MaxValueValidator(MOST)]
HOURS = [MinValueValidator(0), MaxValueValidator(10_000_000)]
SHARE = [MinValueValidator(0), MaxValueValidator(100)]


class CostScenario(TenantModel):
    """One way to be served and what it costs; one of each kind a study."""

    class Kind(models.TextChoices):
        DEDICATED = "dedicated", pgettext_lazy("scenario", "Dedicated")
        SHARED = "shared", pgettext_lazy("scenario", "Shared in house")
        OUTSOURCED = "outsourced", pgettext_lazy("scenario", "Outsourced")

    study = models.ForeignKey(Study, models.CASCADE, related_name="cost_scenarios")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    hours = models.FloatField(_("hours of work a year"), default=0, validators=HOURS)
    hour_cost = models.FloatField(_("cost of an hour lost (€)"), default=0, validators=AMOUNT)
    friction_left = models.FloatField(_("friction that stays (%)"), default=100, validators=SHARE)
    hours_returned = models.FloatField(
        _("hours given back to managers a year"), default=0, validators=HOURS
    )
    hour_worth = models.FloatField(_("worth of a manager's hour (€)"), default=0, validators=AMOUNT)
    # The figures above are as the software proposed them: nobody has looked at them.
    assumed = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        verbose_name = _("cost scenario")
        verbose_name_plural = _("cost scenarios")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["study", "kind"], name="study_scenario_once"),
            SameTenant(name="study_scenario_study_fk", field="study", to="study_study"),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())

    def edit(self, fields: dict[str, Any], *, by: Person) -> None:
        """Say what it rests on. Raises `NotPiloting`, `NotInThisPhase`, `ChangedMeanwhile`."""
        self.study.check_changeable(by)
        mine = CostScenario.objects.filter(pk=self.pk, version=self.version)
        if not mine.update(version=self.version + 1, assumed=False, **fields):
            raise ChangedMeanwhile()
        organisation.record(self.study, "costs_edited", by, scenario=self.kind)


class CostLine(TenantModel):
    """One cost of a scenario: euros a year, or once in all."""

    class Behaviour(models.TextChoices):
        FIXED = "fixed", pgettext_lazy("cost", "Fixed")
        VARIABLE = "variable", pgettext_lazy("cost", "Follows the volume")
        POSTS = "posts", pgettext_lazy("cost", "By posts")
        ONCE = "once", pgettext_lazy("cost", "Once")

    scenario = models.ForeignKey(CostScenario, models.CASCADE, related_name="lines")
    name = models.CharField(_("name"), max_length=120)
    amount = models.FloatField(_("amount (€)"), validators=AMOUNT)
    behaviour = models.CharField(
        _("when the volume moves"),
        max_length=8,
        choices=Behaviour.choices,
        default=Behaviour.FIXED,
    )
    posts = models.FloatField(
        _("posts it pays"), default=0, validators=[MinValueValidator(0), MaxValueValidator(10_000)]
    )
    step = models.FloatField(
        _("step of a post"),
        default=0.5,
        validators=[MinValueValidator(0.05), MaxValueValidator(100)],
    )
    # Proposed by the software: nobody has looked at it.
    assumed = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        verbose_name = _("cost line")
        verbose_name_plural = _("cost lines")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(behaviour="posts") | Q(posts__gt=0),
                name="study_costline_posts",
                violation_error_message=_("By posts: say how many posts this amount pays."),
            ),
            SameTenant(name="study_costline_fk", field="scenario", to="study_costscenario"),
        ]

    def __str__(self) -> str:
        return self.name

    def edit(self, fields: dict[str, Any], *, by: Person) -> None:
        """Change it: it is no assumption any more. Raises as `CostScenario.edit` does."""
        self.scenario.study.check_changeable(by)
        mine = CostLine.objects.filter(pk=self.pk, version=self.version)
        if not mine.update(version=self.version + 1, assumed=False, **fields):
            raise ChangedMeanwhile()
        self._told("cost_edited", by)

    def remove(self, *, by: Person) -> None:
        """Take it away. Raises as `edit` does."""
        self.scenario.study.check_changeable(by)
        if not CostLine.objects.filter(pk=self.pk, version=self.version).delete()[0]:
            raise ChangedMeanwhile()
        self._told("cost_removed", by)

    def _told(self, kind: str, by: Person) -> None:
        organisation.record(
            self.scenario.study, kind, by, scenario=self.scenario.kind, line=self.name
        )

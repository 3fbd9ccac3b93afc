"""A sizing: how many people the work of a study takes, apart and together, from stated terms."""

from __future__ import annotations

from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.lib.tenancy import SameTenant
from relais.people import organisation
from relais.people.models import Person
from relais.people.models.tenant import TenantModel
from relais.study.errors import ChangedMeanwhile, NotInThisState

from .study import Study


class Sizing(TenantModel):
    """One set of terms and what comes of it; other terms make another one, and both stay.

    `terms`: what was taken as given; `basis`: the hours and requests it starts from, `digest` of
    both; `formula`: the answer that a pencil finds; `lived`: that of drawn weeks, the best so far.
    """

    class State(models.TextChoices):
        TOLD = "told", pgettext_lazy("sizing", "By formula")
        RUNNING = "running", pgettext_lazy("sizing", "Being simulated")
        LIVED = "lived", pgettext_lazy("sizing", "Simulated")

    study = models.ForeignKey(Study, models.CASCADE, related_name="sizings")
    number = models.PositiveIntegerField(_("number"), validators=[MinValueValidator(1)])
    note = models.CharField(_("note"), max_length=200, blank=True)
    terms = models.JSONField(default=dict)
    basis = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    seed = models.PositiveIntegerField(_("seed"), default=1)
    formula = models.JSONField(default=dict)
    lived = models.JSONField(default=dict)
    charts = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.TOLD)
    version = models.PositiveIntegerField(default=1)
    # Of a simulation under way: weeks lived so far, and whether somebody wants no more.
    done = models.PositiveIntegerField(default=0)
    stop_asked = models.BooleanField(default=False)
    begun_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=500, blank=True)
    made_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        verbose_name = _("sizing")
        verbose_name_plural = _("sizings")
        ordering = ["-number"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["study", "number"], name="study_sizing_once"),
            SameTenant(name="study_sizing_study_fk", field="study", to="study_study"),
            SameTenant(name="study_sizing_maker_fk", field="made_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.study} · {self.number}"

    def live(self, *, by: Person, again: bool = False) -> None:
        """Begin to simulate; `again`: the worker that had begun is silent.

        Raises `NotPiloting`, `NotInThisState`, `ChangedMeanwhile`.
        """
        self.study.check_lead(by)
        states = (self.State.TOLD, self.State.LIVED, *((self.State.RUNNING,) if again else ()))
        self.change(
            states, state=self.State.RUNNING, done=0, stop_asked=False, begun_at=None,
            told_at=None, problem="",
        )  # fmt: skip
        organisation.record(self.study, "sizing_begun", by, number=self.number)

    def stop(self, *, by: Person) -> None:
        """Ask the worker to stop with the best it has. Raises `NotPiloting`, `NotInThisState`."""
        self.study.check_lead(by)
        if self.state != self.State.RUNNING:
            raise NotInThisState(name=str(self), state=self.get_state_display())
        asked = Sizing.objects.filter(pk=self.pk, state=self.State.RUNNING, stop_asked=False)
        if asked.update(stop_asked=True):
            organisation.record(self.study, "sizing_stopped", by, number=self.number)

    def change(self, when: tuple[str, ...], **fields: Any) -> None:
        """Change named fields where it is still as it was read.

        Raises `NotInThisState`, `ChangedMeanwhile`.
        """
        if self.state not in when:
            raise NotInThisState(name=str(self), state=self.get_state_display())
        mine = Sizing.objects.filter(pk=self.pk, version=self.version, state=self.state)
        if not mine.update(version=self.version + 1, **fields):
            raise ChangedMeanwhile()
        for name, value in fields.items():
            setattr(self, name, value)
        self.version += 1

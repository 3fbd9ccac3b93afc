"""Two lines of different sites that may be the same work: a person says whether they are."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.lib.tenancy import SameTenant
from relais.people import organisation
from relais.people.models import Person
from relais.people.models.tenant import TenantModel
from relais.study.errors import ChangedMeanwhile

from .line import InventoryLine
from .study import Study


class Duplicate(TenantModel):
    """A pair, the older line first. Hours are counted once from the confirmed ones."""

    class State(models.TextChoices):
        PROPOSED = "proposed", pgettext_lazy("duplicate", "Proposed")
        CONFIRMED = "confirmed", pgettext_lazy("duplicate", "The same work")
        REFUSED = "refused", pgettext_lazy("duplicate", "Not the same")

    study = models.ForeignKey(Study, models.CASCADE, related_name="duplicates")
    first = models.ForeignKey(InventoryLine, models.CASCADE, related_name="+")
    second = models.ForeignKey(InventoryLine, models.CASCADE, related_name="+")
    # From 0 to 1: how close in meaning; empty when a person found the pair by herself.
    score = models.FloatField(null=True)
    sure = models.BooleanField(default=False)
    shared = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PROPOSED
    )
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        verbose_name = _("duplicate")
        verbose_name_plural = _("duplicates")
        ordering = ["-score", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=Q(second__gt=F("first")), name="study_duplicate_in_order"
            ),
            models.UniqueConstraint(fields=["first", "second"], name="study_duplicate_once"),
            SameTenant(name="study_duplicate_study_fk", field="study", to="study_study"),
            SameTenant(name="study_duplicate_first_fk", field="first", to="study_inventoryline"),
            SameTenant(name="study_duplicate_second_fk", field="second", to="study_inventoryline"),
            SameTenant(name="study_duplicate_by_fk", field="by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.first} = {self.second}"

    def confirm(self, *, by: Person) -> None:
        """Say that it is the same work: its hours count once. Raises as `_turn`."""
        self._turn("confirmed", (self.State.PROPOSED, self.State.REFUSED), by)

    def refuse(self, *, by: Person) -> None:
        """Say that it is not the same work; it is not proposed again. Raises as `_turn`."""
        self._turn("refused", (self.State.PROPOSED, self.State.CONFIRMED), by)

    def undo(self, *, by: Person) -> None:
        """Take back what was said. Raises as `_turn`."""
        self._turn("proposed", (self.State.CONFIRMED, self.State.REFUSED), by)

    def _turn(self, state: str, when: tuple[str, ...], by: Person) -> None:
        """Change the state once. Raises `NotPiloting`, `NotInThisPhase`, `ChangedMeanwhile`."""
        self.study.check_changeable(by)
        if self.state not in when:
            raise ChangedMeanwhile()
        fields = {"state": state, "by": by, "at": timezone.now(), "version": self.version + 1}
        mine = Duplicate.objects.filter(pk=self.pk, version=self.version, state=self.state)
        if not mine.update(**fields):
            raise ChangedMeanwhile()
        for name, value in fields.items():
            setattr(self, name, value)
        kind = {"proposed": "undone"}.get(state, state)
        told = {"first": self.first.task, "second": self.second.task}
        organisation.record(self.study, f"duplicate_{kind}", by, **told)

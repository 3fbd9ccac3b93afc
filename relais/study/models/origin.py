"""What a study generated, and the lines that each thing came from: read on both sides."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.lib.tenancy import SameTenant
from relais.people.models import Person
from relais.people.models.tenant import TenantModel


class Generation(TenantModel):
    """One passage from study to service: done in one go, taken back in one go."""

    study = models.ForeignKey("study.Study", models.CASCADE, related_name="generations")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    starts_on = models.DateField(_("first wave from"))
    undone_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("generation")
        verbose_name_plural = _("generations")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            # Of two at once, one makes it: the other finds it made.
            models.UniqueConstraint(
                fields=["study"], condition=Q(undone_at=None), name="study_generation_one_standing"
            ),
            SameTenant(name="study_generation_study_fk", field="study", to="study_study"),
            SameTenant(name="study_generation_by_fk", field="by", to="people_person"),
            SameTenant(name="study_generation_undone_fk", field="undone_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.study} · {self.at:%Y-%m-%d}"


class Generated(TenantModel):
    """One thing that was made, or found there and matched; `key` says what of the study it is."""

    class Kind(models.TextChoices):
        SERVICE = "service", _("Catalogue item")
        PROCEDURE = "procedure", _("Procedure to write")
        AGREEMENT = "agreement", _("Agreement draft")
        POST = "post", pgettext_lazy("staffing", "Post")
        WAVE = "wave", _("Wave")
        ACTION = "action", _("Communication")

    generation = models.ForeignKey(Generation, models.CASCADE, related_name="things")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    key = models.CharField(max_length=120)
    # The table and the row, by name: things of three apps.
    thing = models.CharField(max_length=40)
    thing_id = models.BigIntegerField()
    title = models.CharField(max_length=300)
    order = models.PositiveIntegerField(default=0)
    made = models.BooleanField(default=True)
    # The version that the thing had once it was made: another one means somebody touched it.
    mark = models.PositiveIntegerField(default=0)

    class Meta(TenantModel.Meta):
        verbose_name = _("generated thing")
        verbose_name_plural = _("generated things")
        ordering = ["kind", "order", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["generation", "key"], name="study_generated_once"),
            SameTenant(
                name="study_generated_generation_fk", field="generation", to="study_generation"
            ),
        ]
        indexes = [models.Index(fields=["thing", "thing_id"], name="study_generated_thing")]

    def __str__(self) -> str:
        return self.title

    @property
    def row(self) -> Any:
        """Return the thing itself, None when it is no more."""
        return apps.get_model(self.thing)._default_manager.filter(pk=self.thing_id).first()


class Origin(TenantModel):
    """One line of the inventory that a thing came from."""

    generated = models.ForeignKey(Generated, models.CASCADE, related_name="origins")
    line = models.ForeignKey(
        "study.InventoryLine", models.CASCADE, related_name="origins", verbose_name=_("line")
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("origin")
        verbose_name_plural = _("origins")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["generated", "line"], name="study_origin_once"),
            SameTenant(name="study_origin_generated_fk", field="generated", to="study_generated"),
            SameTenant(name="study_origin_line_fk", field="line", to="study_inventoryline"),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} → {self.generated_id}"

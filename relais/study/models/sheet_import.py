"""A spreadsheet on its way into an inventory: its cells, how its columns are understood."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.people.models import Person, Site
from relais.people.models.tenant import TenantModel

from .study import Study


class SheetImport(TenantModel):
    """One sheet of one file. Its cells are kept until it is taken, not longer."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="sheets")
    file_name = models.CharField(_("file"), max_length=200)
    digest = models.CharField(max_length=64)
    sheet = models.CharField(max_length=200, blank=True)
    sheets = models.JSONField(default=list)
    rows = models.JSONField(default=list)  # [[2, ["Aix", "Agenda"]], …]
    mapping = models.JSONField(null=True)  # {"0": "task", …}; none: as guessed
    # Where rows belong that name no site.
    site = models.ForeignKey(Site, models.SET_NULL, null=True, related_name="+")
    unit = models.FloatField(default=1.0)  # minutes of a bare number whose heading says no unit
    made_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    # While a worker takes it: since when, how many lines so far, and when it last told of itself.
    begun_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    done = models.PositiveIntegerField(default=0)
    lines = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    taken_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    taken_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)
    refused = models.JSONField(default=list)  # [[row, cell, text, why], …]
    version = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        verbose_name = _("spreadsheet of a study")
        verbose_name_plural = _("spreadsheets of a study")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["study", "digest", "sheet"], name="study_sheetimport_once"
            ),
            SameTenant(name="study_sheetimport_study_fk", field="study", to="study_study"),
            SameTenant(name="study_sheetimport_site_fk", field="site", to="people_site"),
            SameTenant(name="study_sheetimport_maker_fk", field="made_by", to="people_person"),
            SameTenant(name="study_sheetimport_taker_fk", field="taken_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_being_taken(self) -> bool:
        """Return whether a worker has begun to take it and has not ended."""
        return self.begun_at is not None and self.taken_at is None

    @property
    def per_cent(self) -> int:
        """Return how far the worker is."""
        return 100 * self.done // self.lines if self.lines else 0

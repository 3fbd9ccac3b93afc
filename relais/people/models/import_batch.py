"""An import of the organisation: a file, how its columns are understood, and what its rows do."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant

from .person import Person
from .tenant import TenantModel


class ImportBatch(TenantModel):
    """One file on its way in. Its bytes are kept until it is applied or dropped, not longer."""

    class State(models.TextChoices):
        READING = "reading", _("Being read")
        READY = "ready", _("To be checked")
        APPLYING = "applying", _("Being applied")
        DONE = "done", _("Applied")
        FAILED = "failed", _("Not readable")
        DROPPED = "dropped", _("Dropped")

    BUSY = (State.READING, State.APPLYING)

    file_name = models.CharField(_("file"), max_length=200)
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    content = models.BinaryField(default=b"")
    language = models.CharField(max_length=5, default="fr")
    sheet = models.CharField(max_length=200, blank=True)
    sheets = models.JSONField(default=list)
    read_as = models.CharField(max_length=100, blank=True)
    header_row = models.PositiveIntegerField(null=True)
    header = models.JSONField(default=list)
    samples = models.JSONField(default=list)
    mapping = models.JSONField(null=True)  # {"0": "company", …}
    options = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.READING)
    problem = models.JSONField(null=True)  # {"message": msgid, "values": {…}}
    plan_digest = models.CharField(max_length=64, blank=True)
    counts = models.JSONField(default=dict)
    steps_done = models.PositiveIntegerField(default=0)
    steps = models.PositiveIntegerField(default=0)
    uploaded_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    applied_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    applied_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                name="people_import_bytes_gone",
                condition=~Q(state__in=["done", "dropped", "failed"]) | Q(content=b""),
            ),
            SameTenant(name="people_import_uploader_fk", field="uploaded_by", to="people_person"),
            SameTenant(name="people_import_applier_fk", field="applied_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_busy(self) -> bool:
        """Return whether the worker is at it."""
        return self.state in self.BUSY

    @property
    def per_cent(self) -> int:
        """Return how far the worker is, from 0 to 100."""
        return min(99, 100 * self.steps_done // self.steps) if self.steps else 0


class ImportLine(TenantModel):
    """What one row of the file will do, has done, or why it is refused."""

    class Outcome(models.TextChoices):
        CREATED = "created", _("Creates")
        CHANGED = "changed", _("Changes")
        UNCHANGED = "unchanged", _("Nothing new")
        REFUSED = "refused", _("Refused")

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField(_("row"))
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    cells = models.JSONField(default=list)
    key = models.TextField(default="")  # the cells as they are searched
    effects = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    reason = models.JSONField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("row of an import")
        verbose_name_plural = _("rows of an import")
        ordering = ["number"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["batch", "number"], name="people_import_line_once"),
            SameTenant(name="people_import_line_fk", field="batch", to="people_importbatch"),
        ]
        indexes = [
            models.Index(fields=["batch", "outcome", "number"], name="people_import_line_by")
        ]

"""A log that was uploaded: how it is understood, how far its import is, what became of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.offer.models import Agreement
from relais.people.models import Person
from relais.people.models.tenant import TenantModel

if TYPE_CHECKING:
    from relais.desk.log_figures import Figures


class LogImport(TenantModel):
    """One upload: a file of requests, of events, or both of one log."""

    class State(models.TextChoices):
        READY = "ready", _("To be checked")
        RUNNING = "running", _("Being lived through")
        DONE = "done", _("Lived through")
        FAILED = "failed", _("Broken off")

    state = models.CharField(max_length=10, choices=State.choices, default=State.READY)
    file_name = models.CharField(_("file"), max_length=200)
    content = models.BinaryField()
    events_name = models.CharField(_("file of events"), max_length=200, blank=True)
    events_content = models.BinaryField(default=b"")
    # As `log_mapping.write` writes it, with the rows that are shown beside.
    mapping = models.JSONField(default=dict)
    samples = models.JSONField(default=list)
    company_name = models.CharField(_("company"), max_length=200, blank=True)
    zone = models.CharField(_("time zone"), max_length=60, blank=True)
    agreement = models.ForeignKey(
        Agreement, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    rows = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    taken = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    figures = models.JSONField(default=dict)
    problem = models.CharField(max_length=1000, blank=True)
    uploaded_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("import of a log")
        verbose_name_plural = _("imports of logs")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="desk_logimport_person_fk", field="uploaded_by", to="people_person"),
            SameTenant(name="desk_logimport_agreement_fk", field="agreement", to="offer_agreement"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def per_cent(self) -> int:
        """Return how far it is, 0 to 100."""
        return min(100, 100 * self.rows_done // self.rows) if self.rows else 0

    @property
    def told(self) -> Figures | None:
        """Return the figures as they were counted at the end."""
        from relais.desk.log_figures import Figures

        return Figures.of_json(self.figures) if self.figures else None


class LogRefusal(TenantModel):
    """A row that could not be taken: where it stands, why, and what to do (msgids)."""

    log_import = models.ForeignKey(LogImport, models.CASCADE, related_name="refusals")
    of_events = models.BooleanField(default=False)
    number = models.PositiveIntegerField()
    ref = models.CharField(max_length=200, blank=True)
    column = models.CharField(max_length=200, blank=True)
    why = models.CharField(max_length=300)
    mend = models.CharField(max_length=300, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("refused row")
        verbose_name_plural = _("refused rows")
        ordering = ["of_events", "number"]
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="desk_logrefusal_import_fk", field="log_import", to="desk_logimport"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.why}"

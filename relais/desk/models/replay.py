"""A replay: a past period dispatched again by several rules, its options and what it came to."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.people.models import Company, Person
from relais.people.models.tenant import TenantModel


class Replay(TenantModel):
    """One run over a log that was imported, or over the provider's own past requests."""

    class State(models.TextChoices):
        RUNNING = "running", _("Being replayed")
        DONE = "done", _("Replayed")
        FAILED = "failed", _("Broken off")

    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    # Whose log, as it was imported; empty: the requests that were lived here.
    company = models.ForeignKey(
        Company, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("log of")
    )
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)
    # How the pool differs, and other weights by name: see `replaying.Asked`.
    people = models.SmallIntegerField(_("people more or fewer"), default=0)
    all_sites = models.BooleanField(_("everybody covers every site"), default=False)
    all_kinds = models.BooleanField(_("everybody knows every kind of work"), default=False)
    weights = models.JSONField(default=dict)
    steps = models.PositiveSmallIntegerField(default=0)
    steps_done = models.PositiveSmallIntegerField(default=0)
    report = models.JSONField(default=dict)
    # Drawings by name and language, made once.
    charts = models.JSONField(default=dict)
    problem = models.CharField(max_length=500, blank=True)
    asked_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("replay")
        verbose_name_plural = _("replays")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="desk_replay_person_fk", field="asked_by", to="people_person"),
            SameTenant(name="desk_replay_company_fk", field="company", to="people_company"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def per_cent(self) -> int:
        """Return how far it is, 0 to 100."""
        return min(100, 100 * self.steps_done // self.steps) if self.steps else 0

"""What happened to things that stand beside tickets: recurring requests, delegations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.people.models import Person
from relais.people.models.tenant import TenantModel


class StandingKind(models.TextChoices):
    """What may happen to them."""

    STARTED = "started", _("Set up")
    EDITED = "edited", _("Changed")
    PAUSED = "paused", _("Paused")
    RESUMED = "resumed", _("Resumed")
    SKIPPED = "skipped", _("One date skipped")
    STOPPED = "stopped", _("Stopped")
    CREATED = "created", _("Request created")
    FAULTED = "faulted", _("Could not be created")
    DELEGATED = "delegated", _("Delegated")
    DELEGATION_ENDED = "delegation_ended", _("Delegation ended")


class StandingEvent(TenantModel):
    """One fact, with who and when. Append-only like the events of tickets."""

    recurrence = models.ForeignKey(
        "desk.Recurrence", models.PROTECT, null=True, related_name="events"
    )
    delegation = models.ForeignKey(
        "desk.Delegation", models.PROTECT, null=True, related_name="events"
    )
    kind = models.CharField(max_length=20, choices=StandingKind.choices)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    facts = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=Q(recurrence=None, delegation__isnull=False)
                | Q(recurrence__isnull=False, delegation=None),
                name="desk_standing_of_one",
            ),
            SameTenant(name="desk_standing_rec_fk", field="recurrence", to="desk_recurrence"),
            SameTenant(name="desk_standing_deleg_fk", field="delegation", to="desk_delegation"),
            SameTenant(name="desk_standing_person_fk", field="by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.at:%Y-%m-%d %H:%M}"

    @classmethod
    def tell(
        cls,
        kind: str,
        thing: models.Model,
        by: Person | None,
        at: datetime,
        facts: dict[str, Any] | None = None,
    ) -> None:
        """Write one event of a recurrence or a delegation."""
        name = thing._meta.model_name or ""
        provider: int = getattr(thing, "provider_id", 0)
        cls(provider_id=provider, kind=kind, by=by, at=at, facts=facts or {}, **{name: thing}).save(
            force_insert=True
        )

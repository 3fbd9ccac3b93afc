"""How fast the pool wants to take in hand what it is given: its own affair, told to no client."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from relais.people.models.tenant import TenantModel

MOST_MINUTES = 6000


class HandTarget(TenantModel):
    """Minutes of opening from being given a request to taking it, for a priority or (none) all."""

    priority = models.PositiveSmallIntegerField(_("priority"), null=True, blank=True)
    minutes = models.PositiveIntegerField(
        _("minutes"), validators=[MinValueValidator(1), MaxValueValidator(MOST_MINUTES)]
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("operational target")
        verbose_name_plural = _("operational targets")
        ordering = ["priority"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["provider", "priority"],
                nulls_distinct=False,
                name="offer_handtarget_once",
            ),
            models.CheckConstraint(
                condition=Q(minutes__gte=1, minutes__lte=MOST_MINUTES),
                name="offer_handtarget_minutes",
            ),
        ]

    def __str__(self) -> str:
        return f"P{self.priority or '*'} · {self.minutes} min"

    @classmethod
    def minutes_for(cls, provider: int, priority: int) -> int | None:
        """Return the minutes for a priority: its own before those of all; None where none are."""
        found = dict(
            cls.objects.filter(Q(priority=priority) | Q(priority=None), provider=provider)
            .order_by()
            .values_list("priority", "minutes")
        )
        return found.get(priority, found.get(None))

    @classmethod
    def put(cls, provider: int, wanted: dict[int | None, int | None]) -> None:
        """Set the minutes by priority; None drops one. Clocks that run keep theirs."""
        for priority, minutes in wanted.items():
            if minutes is None:
                cls.objects.filter(provider=provider, priority=priority).delete()
            else:
                cls.objects.update_or_create(
                    provider_id=provider, priority=priority, defaults={"minutes": minutes}
                )

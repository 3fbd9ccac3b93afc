"""What is foreseen of requests: how likely to be late, done by when, what to do first. Internal.

Written by a job and read by pages; nothing here is a promise or a fact, and nothing is kept.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.people.models import Person
from relais.people.models.tenant import TenantModel

# From here on a request is at risk: one in three or four like it will be late.
AT_RISK = 0.3


class Foresight(TenantModel):
    """One live request in the plan of the whole queue, as lived a hundred times over."""

    ticket = models.OneToOneField("desk.Ticket", models.CASCADE, related_name="foresight")
    at = models.DateTimeField()
    # The chance of being late by kind of clock, and the greatest of them.
    chances = models.JSONField(default=dict)
    chance = models.FloatField(default=0.0)
    # With whom the plan has it, and when it would be done; nobody, when nobody known can.
    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="+", db_index=False)
    finish = models.DateTimeField(null=True)
    # What the requester reads: the same until it is off by more than a little.
    expected = models.DateTimeField(null=True)
    # The cheapest remedy that was tried: kind, person, how many others become late.
    remedy = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        verbose_name = _("forecast")
        verbose_name_plural = _("forecasts")
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="desk_foresight_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(name="desk_foresight_person_fk", field="person", to="people_person"),
        ]
        indexes = [
            models.Index(
                fields=["provider", "-chance"],
                name="desk_foresight_at_risk",
                condition=Q(chance__gte=AT_RISK),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} · {self.chance:.0%}"

    def told(self) -> dict[str, Any]:
        """Return what a new look may have changed."""
        return {name: getattr(self, name) for name in TOLD}


TOLD = ("chances", "chance", "person_id", "finish", "expected", "remedy")


class Outlook(TenantModel):
    """When the queue of a provider was last foreseen, over how many requests."""

    at = models.DateTimeField()
    facts = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        verbose_name = _("outlook")
        verbose_name_plural = _("outlooks")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["provider"], name="desk_outlook_one"),
        ]


class DayOrder(TenantModel):
    """The order of somebody's day as she was shown it last: it moves only for what is worth it."""

    person = models.OneToOneField(Person, models.CASCADE, related_name="day_order")
    tickets = models.JSONField(default=list)
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name = _("order of the day")
        verbose_name_plural = _("orders of the day")
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="desk_dayorder_person_fk", field="person", to="people_person"),
        ]

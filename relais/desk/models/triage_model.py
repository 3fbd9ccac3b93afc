"""What a provider's own history taught triage: one row a lesson, one of them in use."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from relais.engine.learned import Model
from relais.people.models.tenant import TenantModel


class TriageModel(TenantModel):
    """Arrays, never objects: what is read from here cannot run anything (`learned.Model.load`)."""

    class State(models.TextChoices):
        IN_USE = "in_use", _("In use")
        RETIRED = "retired", _("Replaced by a better one")
        NOT_BETTER = "not_better", _("No better than the one in use")

    number = models.PositiveIntegerField(_("version"))
    state = models.CharField(max_length=12, choices=State.choices)
    taught_at = models.DateTimeField(_("taught"))
    # How many requests it was taught from: none of class C3, none of another provider.
    examples = models.PositiveIntegerField(_("requests"))
    content = models.BinaryField()
    digest = models.CharField(max_length=64)
    # {"own": …, "words": …, "majority": …, "former": …}: each messages, accuracy, coverage, error.
    figures = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        verbose_name = _("triage model")
        verbose_name_plural = _("triage models")
        ordering = ["-number"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["provider", "number"], name="desk_triagemodel_once"),
            models.UniqueConstraint(
                fields=["provider"], condition=Q(state="in_use"), name="desk_triagemodel_one_in_use"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} · {self.get_state_display()}"

    @classmethod
    def keep(
        cls,
        provider: int,
        model: Model,
        figures: dict[str, Any],
        *,
        examples: int,
        at: datetime,
        better: bool,
    ) -> TriageModel:
        """Return the lesson as kept; a better one takes the place of the one in use."""
        content = model.dump()
        with transaction.atomic():
            former = cls.objects.select_for_update().order_by("-number").first()
            if better:
                cls.objects.filter(state=cls.State.IN_USE).update(state=cls.State.RETIRED)
            return cls.objects.create(
                provider_id=provider,
                number=(former.number if former else 0) + 1,
                state=cls.State.IN_USE if better else cls.State.NOT_BETTER,
                taught_at=at,
                examples=examples,
                content=content,
                digest=hashlib.sha256(content).hexdigest(),
                figures=figures,
            )

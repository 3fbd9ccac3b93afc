"""All that a decision was taken on, kept beside its event: it gives the decision again."""

from __future__ import annotations

import json
import zlib
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from relais.engine import dispatch_case
from relais.engine.decision import Decision
from relais.lib.tenancy import SameTenant
from relais.lib.written import insert
from relais.people.models.tenant import TenantModel

from .event import Event


class DispatchCase(TenantModel):
    """The case of one decision: request, candidates, moment, weights and their version.

    Compressed, as it holds everybody's hours and all that they had in hand.
    """

    event = models.OneToOneField(Event, models.PROTECT, related_name="case")
    content = models.BinaryField()

    class Meta(TenantModel.Meta):
        verbose_name = _("case of a decision")
        verbose_name_plural = _("cases of decisions")
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="desk_case_event_fk", field="event", to="desk_event"),
        ]

    def __str__(self) -> str:
        return str(self.event_id)

    @classmethod
    def keep(cls, event: Event, case: dict[str, Any]) -> None:
        """Keep the case of a decision beside its event."""
        text = json.dumps(case, separators=(",", ":")).encode()
        insert(cls(provider_id=event.provider_id, event=event, content=zlib.compress(text, 1)))

    @property
    def told(self) -> dict[str, Any]:
        """Return the case as plain values."""
        found: dict[str, Any] = json.loads(zlib.decompress(bytes(self.content)))
        return found

    def replay(self) -> Decision:
        """Return the decision, taken again on what it was taken on."""
        return dispatch_case.replay(self.told)

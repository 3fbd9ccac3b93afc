"""Who changed what in the catalogue, the procedures and the preference sheets, and when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.lib.tenancy import SameTenant
from relais.people.models import Person
from relais.people.models.tenant import TenantModel


class OfferEvent(TenantModel):
    """One fact about one thing. Append-only: the application's role may not change a row."""

    class Kind(models.TextChoices):
        OPENED = "opened", pgettext_lazy("service", "Opened")
        EDITED = "edited", _("Changed")
        VARIED = "varied", _("Site variant changed")
        VARIANT_ENDED = "variant_ended", _("Site variant ended")
        DRAFTED = "drafted", _("Draft started")
        PUBLISHED = "published", pgettext_lazy("procedure", "Published")
        WITHDRAWN = "withdrawn", _("Draft withdrawn")
        REVIEWED = "reviewed", pgettext_lazy("procedure", "Reviewed")
        OWNED = "owned", _("Owner changed")
        ACKNOWLEDGED = "acknowledged", _("Read and understood")
        PRACTISED = "practised", pgettext_lazy("procedure", "Practised")
        CONFIRMED = "confirmed", _("Confirmed by the executive")

    service = models.ForeignKey("offer.Service", models.PROTECT, null=True, related_name="history")
    procedure = models.ForeignKey(
        "offer.Procedure", models.PROTECT, null=True, related_name="history"
    )
    sheet = models.ForeignKey(
        "offer.PreferenceSheet", models.PROTECT, null=True, related_name="history"
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    # Empty: the product itself.
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    # Of a sheet: the names of fields only, never what they say.
    facts = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        verbose_name = _("event of the offer")
        verbose_name_plural = _("events of the offer")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                name="offer_offerevent_of_one",
                condition=Q(service__isnull=False, procedure=None, sheet=None)
                | Q(service=None, procedure__isnull=False, sheet=None)
                | Q(service=None, procedure=None, sheet__isnull=False),
            ),
            SameTenant(name="offer_offerevent_service_fk", field="service", to="offer_service"),
            SameTenant(
                name="offer_offerevent_procedure_fk", field="procedure", to="offer_procedure"
            ),
            SameTenant(name="offer_offerevent_sheet_fk", field="sheet", to="offer_preferencesheet"),
            SameTenant(name="offer_offerevent_person_fk", field="by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.at:%Y-%m-%d %H:%M}"

    @classmethod
    def tell(
        cls,
        kind: str,
        by: Person | None,
        at: datetime | None,
        facts: dict[str, Any] | None = None,
        **of: Any,
    ) -> OfferEvent:
        """Write one fact down, `of` one service, procedure or sheet; return it."""
        return cls.objects.create(
            provider_id=next(iter(of.values())).provider_id,
            kind=kind,
            by=by,
            at=at or timezone.now(),
            facts=facts or {},
            **of,
        )

"""How a service is done otherwise at a site or a company: only what differs is written down."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.offer import keeping
from relais.offer.errors import ServiceOvertaken
from relais.people.models import Company, Person, Site
from relais.people.models.tenant import TenantModel

from .offer_event import OfferEvent
from .service import Service


class ServiceVariant(TenantModel):
    """A service as one company, or one of its sites, wants it. See offer/variants.py."""

    service = models.ForeignKey(
        Service, models.PROTECT, related_name="variants", verbose_name=_("service")
    )
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    site = models.ForeignKey(
        Site, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("site")
    )
    # The fields of the service that differ, as plain values, by name.
    differs = models.JSONField(default=dict)
    # What changes in the procedure: {"op": "replace" | "add" | "drop", "key": …, "step": …}.
    steps = models.JSONField(default=list)
    note = models.TextField(_("why it differs"), blank=True)
    active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        verbose_name = _("site variant")
        verbose_name_plural = _("site variants")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["service", "company", "site"],
                nulls_distinct=False,
                name="offer_variant_once",
            ),
            SameTenant(name="offer_variant_service_fk", field="service", to="offer_service"),
            SameTenant(name="offer_variant_company_fk", field="company", to="people_company"),
            SameTenant(name="offer_variant_site_fk", field="site", to="people_site"),
        ]

    def __str__(self) -> str:
        return f"{self.service} · {self.site or self.company}"

    @classmethod
    def vary(
        cls,
        service: Service,
        place: Company | Site,
        *,
        by: Person,
        differs: dict[str, Any],
        steps: list[dict[str, Any]],
        note: str = "",
        seen: int | None = None,
        at: datetime | None = None,
    ) -> ServiceVariant:
        """Return the variant of a service at a place, written or rewritten; event `varied`.

        `seen` is the version that was read, 0 for none. Raises `NotYours`, `Unsound`,
        `ServiceOvertaken`.
        """
        keeping.check_keeps(by, service)
        company, site = (place.company, place) if isinstance(place, Site) else (place, None)
        keeping.check_variant(service, differs, steps)
        given = {"differs": differs, "steps": steps, "note": note.strip(), "active": True}
        with transaction.atomic():
            found = (
                cls.objects.select_for_update()
                .filter(service=service, company=company, site=site)
                .first()
            )
            if seen is not None and seen != (found.version if found and found.active else 0):
                raise ServiceOvertaken(service=service.name)
            if found is None:
                found = cls.objects.create(
                    provider_id=service.provider_id,
                    service=service,
                    company=company,
                    site=site,
                    **given,
                )
            elif found.active and all(getattr(found, name) == given[name] for name in given):
                return found
            else:
                cls.objects.filter(pk=found.pk).update(version=F("version") + 1, **given)
                found.refresh_from_db()
            facts = {"place": str(place), "differs": sorted(differs), "steps": len(steps)}
            OfferEvent.tell("varied", by, at, facts, service=service)
        return found

    def end(self, *, by: Person, at: datetime | None = None) -> None:
        """Go back to the group standard here; event `variant_ended`.

        Raises `NotYours`, `ServiceOvertaken`.
        """
        keeping.check_keeps(by, self.service)
        with transaction.atomic():
            mine = ServiceVariant.objects.filter(pk=self.pk, version=self.version, active=True)
            if not mine.update(active=False, version=F("version") + 1):
                raise ServiceOvertaken(service=self.service.name)
            self.active, self.version = False, self.version + 1
            facts = {"place": str(self.site or self.company)}
            OfferEvent.tell("variant_ended", by, at, facts, service=self.service)

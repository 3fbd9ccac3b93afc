"""What is registered already, as values: the ground on which a plan is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils import timezone

from relais.people.models import Company, Establishment, LegalEntity, Person, Role, Site

COMPANY = ("name",)
ENTITY = ("name", "siren", "company")
SITE = ("name", "code", "company", "entity", "street", "postcode", "city", "country")
SITE_ZONES = ("time_zone", "holiday_zone")
ESTABLISHMENT = ("siret", "entity", "site")
PERSON = ("first_name", "last_name", "email", "phone", "job", "language")
PERSON_LINKS = ("company", "site", "reports_to")
ROLE = ("person", "kind", "company", "entity", "site")


@dataclass
class Known:
    """The rows of one provider, as dictionaries with their `id`; and the day."""

    today: date
    companies: list[dict[str, Any]] = field(default_factory=list)
    entities: list[dict[str, Any]] = field(default_factory=list)
    sites: list[dict[str, Any]] = field(default_factory=list)
    establishments: list[dict[str, Any]] = field(default_factory=list)
    persons: list[dict[str, Any]] = field(default_factory=list)
    roles: list[dict[str, Any]] = field(default_factory=list)


def known(provider: int) -> Known:
    """Return what a provider has registered. Call inside its `tenant`."""

    def rows(model: Any, *fields: str) -> list[dict[str, Any]]:
        return list(model.objects.filter(provider=provider).order_by("id").values("id", *fields))

    return Known(
        timezone.localdate(),
        companies=rows(Company, *COMPANY, "archived_at"),
        entities=rows(LegalEntity, *ENTITY, "archived_at"),
        sites=rows(Site, *SITE, *SITE_ZONES, "archived_at"),
        establishments=rows(Establishment, *ESTABLISHMENT, "archived_at"),
        persons=rows(Person, *PERSON, *PERSON_LINKS, "archived_at", "user"),
        roles=rows(Role, *ROLE, "ends_on", "starts_on"),
    )

"""Who reads what it costs, and who types it: very few."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relais.people.access_study import TOLD
from relais.people.models import Role

if TYPE_CHECKING:
    from relais.people.access import Access

    from .models import Study


def may_price(access: Access, study: Study) -> bool:
    """Return whether this person types costs: the provider's management."""
    return not access.is_client and access.has(Role.Kind.MANAGEMENT)


def may_cost(access: Access, study: Study) -> bool:
    """Return whether this person reads costs: who types them, and the client's sponsor."""
    if may_price(access, study):
        return True
    return access.is_client and study.phase in TOLD and any(
        role.kind == Role.Kind.SPONSOR and role.company_id == study.company_id
        for role in access.roles
    )  # fmt: skip

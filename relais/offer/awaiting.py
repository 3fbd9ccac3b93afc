"""Agreements that wait for somebody's signature: shown where she lands, told in her invitation."""

from __future__ import annotations

from django.db.models import Q

from relais.people.access import Access
from relais.people.models import Person, Role

from . import signing
from .models import AgreementVersion

SHOWN = 5


def to_sign(access: Access) -> list[AgreementVersion]:
    """Return the drafts that the other side signed and hers has not: one question, or none.

    The same people as `signing.side_of`: leads and deputies, and at the client its sponsors.
    """
    companies = set(access.led_company_ids)
    if access.is_client:
        companies |= {r.company_id for r in access.roles if r.kind == Role.Kind.SPONSOR}
        companies &= {access.person.company_id}
    if not companies:
        return []
    side = signing.CLIENT if access.is_client else signing.PROVIDER
    rows = access.see(AgreementVersion).filter(
        _waits_for(side), agreement__company__in=companies, state=AgreementVersion.State.DRAFT
    )
    return list(rows.select_related("agreement__company").order_by("effective_from", "id")[:SHOWN])


def awaits(version: AgreementVersion, person: Person) -> bool:
    """Return whether this draft waits for this person's signature, the other side's being there."""
    side = signing.side_of(version.agreement, person)
    if not side or version.state != AgreementVersion.State.DRAFT:
        return False
    return AgreementVersion.objects.filter(_waits_for(side), pk=version.pk).exists()


def _waits_for(side: str) -> Q:
    other = signing.PROVIDER if side == signing.CLIENT else signing.CLIENT
    return Q(**{f"{side}_signed_at": None, f"{other}_signed_at__isnull": False})

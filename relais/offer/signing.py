"""Who may write, read and sign an agreement. Verbs ask `check…`; pages and the API ask `may…`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relais.people.access import Access
from relais.people.models import Person, Role

from .errors import NotYours, WrongSigner

if TYPE_CHECKING:
    from .models import Agreement, AgreementVersion

CLIENT, PROVIDER = "client", "provider"
SIDES = (CLIENT, PROVIDER)


def may_draft(agreement: Agreement, by: Person) -> bool:
    """Return whether this person may write drafts: those who run the provider's pool."""
    return by.provider_id == agreement.provider_id and Access(by).runs_pool


def check_drafts(agreement: Agreement, by: Person) -> None:
    """Raise `NotYours` unless the person may write drafts."""
    if not may_draft(agreement, by):
        raise NotYours(version=str(agreement), person=str(by))


def side_of(agreement: Agreement, by: Person) -> str:
    """Return the side for which this person may sign today, or an empty text."""
    engagement = agreement.company.engagement
    if engagement is None or by.provider_id != agreement.provider_id or by.archived_at:
        return ""
    if by.company_id == agreement.company_id:
        leads = {engagement.client_lead_id, engagement.client_deputy_id}
        sponsors = by.roles.in_force().filter(kind=Role.Kind.SPONSOR, company=agreement.company_id)
        return CLIENT if by.pk in leads or sponsors.exists() else ""
    leads = {engagement.provider_lead_id, engagement.provider_deputy_id}
    return PROVIDER if not by.is_client and by.pk in leads else ""


def signed_side(version: AgreementVersion, by: Person) -> str:
    """Return the side for which this person has signed a draft, or an empty text."""
    if version.state != version.State.DRAFT:
        return ""
    signers = {CLIENT: version.client_signer_id, PROVIDER: version.provider_signer_id}
    return next((side for side, signer in signers.items() if signer == by.pk), "")


def check_signs(version: AgreementVersion, by: Person, side: str) -> None:
    """Raise `WrongSigner` unless the person may sign for that side."""
    if side not in SIDES or side_of(version.agreement, by) != side:
        raise WrongSigner(version=str(version), person=str(by))

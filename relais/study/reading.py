"""Who reads what the workshop has brought: who leads the study, and who steers for the client."""

from __future__ import annotations

from relais.people.access import Access

from .models import Study


def reads(access: Access, study: Study) -> bool:
    """Return whether this person reads the results of a study that she sees."""
    if study.may_lead(access.person):
        return True
    return access.is_client and study.company_id in access.steered_company_ids

"""Who reads how many people a study's work takes, and its restitution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relais.people.access_study import TOLD

if TYPE_CHECKING:
    from relais.people.access import Access

    from .models import Study


def may_read(access: Access, study: Study) -> bool:
    """Return whether this person leads the study, or steers the client once results are told."""
    if study.may_lead(access.person):
        return True
    steers = access.is_client and study.company_id in access.steered_company_ids
    return steers and study.phase in TOLD


def may_read_reports(access: Access, study: Study) -> bool:
    """Return whether this person has a report to read: a site lead her site's."""
    if may_read(access, study):
        return True
    if not access.is_client or study.phase not in TOLD:
        return False
    return any(scope.site_id in access.led_site_ids for scope in study.scopes.all())

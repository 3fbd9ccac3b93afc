"""What a study looks at: the sites of a new one, and what is said of each."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from relais.people import organisation
from relais.people.models import Person, Site

from .models import Study, StudySite


def first_scope(study: Study) -> None:
    """Take every site of the client that is in use: who needs fewer takes some out."""
    sites = Site.objects.filter(company=study.company_id, archived_at=None)
    StudySite.objects.bulk_create(
        StudySite(provider_id=study.provider_id, study=study, site=site) for site in sites
    )


@transaction.atomic
def set_scope(study: Study, wanted: dict[int, dict[str, Any]], *, by: Person) -> None:
    """Make these the sites of the study, with what is said of each; one event.

    Raises `NotPiloting`, `NotInThisPhase`.
    """
    study.check_changeable(by)
    Study.objects.select_for_update().get(pk=study.pk)
    StudySite.objects.filter(study=study).exclude(site__in=wanted).delete()
    for site, fields in wanted.items():
        StudySite.objects.update_or_create(
            study=study, site_id=site, defaults=fields | {"provider_id": study.provider_id}
        )
    organisation.record(study, "study_scoped", by, study=study.name, sites=len(wanted))

"""Props of the diagnostic: a study of Calanques at Aix and Lyon, and lines for it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from relais.lib.tenancy import tenant
from relais.study.models import InventoryLine, Participant, Study, StudySite
from tests.planning.conftest import call, new_ticket, services

__all__ = ["call", "new_ticket", "services"]


def a_study(world: Any, **more: Any) -> Study:
    """Return a study that is collecting: piloted by Basile, sponsored by Sylvie."""
    people = world.people
    fields = {
        "provider": world.provider, "company": world.companies.calanques, "name": "Diagnostic",
        "starts_on": date(2026, 11, 2), "ends_on": date(2026, 12, 11), "pilot": people.basile,
        "sponsor": people.sylvie, "told": "Chaque site lit le sien.", "promised": True,
        "phase": "collecting", "made_by": people.paul,
    }  # fmt: skip
    with tenant(world.provider.pk):
        study = Study.objects.create(**(fields | more))
        for site in (world.sites.aix, world.sites.lyon):
            StudySite.objects.create(provider=world.provider, study=study, site=site)
        Participant.objects.create(
            provider=world.provider, study=study, person=people.marc, role="Directeur",
            site=world.sites.aix,
        )  # fmt: skip
    return study


def a_line(study: Study, site: Any, task: str = "Tenir l’agenda", **more: Any) -> InventoryLine:
    """Return a line: ten times a month, 20 to 40 minutes each, 30 usually."""
    fields = {
        "provider_id": study.provider_id, "study": study, "site": site, "task": task,
        "family": "agenda", "count": 10, "period": "month", "minutes_low": 20,
        "minutes_usual": 30, "minutes_high": 40,
    }  # fmt: skip
    return InventoryLine.objects.create(**(fields | more))


@pytest.fixture
def study(world: Any) -> Study:
    """Return the study of Calanques."""
    return a_study(world)

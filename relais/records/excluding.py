"""What both referents agreed not to count, as figures read it."""

from __future__ import annotations

from collections.abc import Mapping

from relais.engine import measures_facts
from relais.people.models import Company

from .models import Exclusion


def agreed(company: Company) -> Mapping[tuple[int, str], measures_facts.Exclusion]:
    """Return the exclusions in force, by key of request and kind of promise."""
    rows = Exclusion.objects.filter(company=company, state=Exclusion.State.AGREED)
    return {
        (each.ticket_id, each.of): measures_facts.Exclusion(each.reason, each.decided_at)
        for each in rows
        if each.decided_at is not None
    }

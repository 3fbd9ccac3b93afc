"""How evenly the work falls, counted every hour as `fairness` counts it: no decision has to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from relais.engine.fairness import Share
from relais.people.models import Person, Provider

from . import fairness
from .models import DispatchShare

# What each part counts for in the whole, and how far above or below the fair share it may count.
PARTS = {"work": 0.5, "difficult": 0.25, "late_hours": 0.25}
MOST = 2.0


class _Inside:
    """Sees all of the provider entered: a count that no page shows to anybody."""

    def see(self, model: Any) -> Any:
        return model._default_manager.all()


def count(provider: Provider, at: datetime | None = None) -> int:
    """Return how many assistants have a share now; the former figures are replaced."""
    at = at or timezone.now()
    people = list(Person.objects.filter(assistant__isnull=False, archived_at=None))
    found = fairness.shares_of(_Inside(), people, at)
    rows = []
    for person, shares in found.items():
        parts = {share.what: _bounded(share) for share in shares}
        rows.append(
            DispatchShare(
                provider_id=provider.pk,
                person_id=person,
                work=parts["work"],
                difficult=parts["difficult"],
                late=parts["late_hours"],
                whole=sum(weight * parts[what] for what, weight in PARTS.items()),
                counted_at=at,
            )
        )
    with transaction.atomic():
        DispatchShare.objects.all().delete()
        DispatchShare.objects.bulk_create(rows)
    return len(rows)


def _bounded(share: Share) -> float:
    """Return the difference from the fair share; what is too little to say anything is none."""
    return max(-MOST, min(share.difference or 0.0, MOST))

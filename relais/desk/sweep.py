"""Deadlines that passed: found by one indexed question, asked of the engine again, told once."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from relais.lib.tenancy import all_tenants, tenant

from .models import Clock

AT_ONCE = 500


def run(at: datetime | None = None) -> int:
    """Return how many deadlines were found to have passed, of all providers."""
    at = at or timezone.now()
    told, after = 0, 0
    while True:
        with all_tenants("find the deadlines that passed"):
            found = list(due(at).filter(pk__gt=after).values_list("provider_id", "pk")[:AT_ONCE])
        if not found:
            return told
        after = max(pk for _, pk in found)
        for provider in sorted({provider for provider, _ in found}):
            with tenant(provider):
                told += tell([pk for owner, pk in found if owner == provider], at)


def due(at: datetime) -> QuerySet[Clock]:
    """Return the running clocks whose stored deadline lies before `at`."""
    running = Clock.objects.filter(stopped_at=None, breached_at=None)
    return running.filter(due_at__isnull=False, due_at__lt=at).order_by("pk")


def tell(keys: list[int], at: datetime) -> int:
    """Return how many of these clocks are late indeed; each gets its event `breached`."""
    told = 0
    clocks = Clock.objects.select_for_update(of=("self",), skip_locked=True)
    for clock in clocks.filter(pk__in=keys).select_related("ticket", "calendar"):
        if clock.stopped_at or clock.breached_at or clock.is_paused:
            continue
        now_due = clock.due()
        if now_due is not None and now_due != clock.due_at and now_due >= at:
            continue  # the calendar changed: whoever changed it dates the clock anew
        clock.ticket.breach(clock, at=at)
        told += 1
    return told

"""Deadlines that passed: found by one indexed question, asked of the engine again, told once."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from relais.lib.tenancy import all_tenants, tenant

from .models import Clock

AT_ONCE, ROUNDS = 1000, 50


def run(at: datetime | None = None) -> int:
    """Return how many deadlines were found to have passed, of all providers."""
    at = at or timezone.now()
    told = 0
    for _round in range(ROUNDS):
        with all_tenants("find the deadlines that passed"):
            found = list(due(at).values_list("provider_id", "pk")[:AT_ONCE])
        for provider in sorted({provider for provider, _ in found}):
            with tenant(provider):
                told += tell([pk for owner, pk in found if owner == provider], at)
        if len(found) < AT_ONCE:
            break
    return told


def due(at: datetime) -> QuerySet[Clock]:
    """Return the running clocks whose stored deadline lies before `at`, the oldest first."""
    running = Clock.objects.filter(stopped_at=None, breached_at=None)
    return running.filter(due_at__isnull=False, due_at__lt=at).order_by("due_at")


def tell(keys: list[int], at: datetime) -> int:
    """Return how many of these clocks are late indeed; each gets its event `breached`."""
    told = 0
    clocks = Clock.objects.select_for_update(of=("self",), skip_locked=True)
    running = clocks.filter(pk__in=keys, stopped_at=None, breached_at=None, due_at__isnull=False)
    for clock in running.select_related("ticket", "calendar").order_by("due_at", "pk"):
        due_at = clock.due()
        if due_at is None or due_at >= at:
            # The calendar changed since: its answer of today is what counts. None: it now falls
            # after the pause that lasts.
            Clock.objects.filter(pk=clock.pk).update(due_at=due_at)
            continue
        clock.ticket.breach(clock, at=at)
        told += 1
    return told

"""The jobs of planning. They take identifiers, may run twice, and call one flow."""

from __future__ import annotations

import logging

from django.db import close_old_connections
from django.utils import timezone
from procrastinate.contrib.django import app

from relais.lib.tenancy import all_tenants, tenant
from relais.people.models import Provider

from . import busy, declaring, levering, peaks, rostering
from .models import BusySource

log = logging.getLogger(__name__)


@app.periodic(cron="*/2 * * * *")
@app.task(queueing_lock="reliefs_due")
def reliefs_due(timestamp: int) -> None:
    """Move what an absence that comes near leaves behind; give back what a return calls for."""
    close_old_connections()
    with all_tenants("see whose absences begin and end"):
        providers = list(Provider.objects.values_list("pk", flat=True))
    for provider_id in providers:
        try:
            with tenant(provider_id):
                declaring.run_due()
        except Exception:  # one provider's trouble keeps no other one waiting
            log.exception("reliefs of provider %s", provider_id)


# A worker that died says nothing more: the roster's page offers to begin again.
@app.task(queue="rosters")
def solve_roster(provider_id: int, roster_id: int, version: int) -> None:
    """Solve a roster."""
    close_old_connections()
    rostering.run(provider_id, roster_id, version)


@app.periodic(cron="*/15 * * * *")
@app.task(queueing_lock="read_calendars")
def read_calendars(timestamp: int) -> None:
    """Read people's calendars again where it is time: each by itself, whatever befalls another."""
    close_old_connections()
    with all_tenants("see whose calendars are to be read"):
        due = busy.due(timezone.now())
        rows = BusySource.objects.filter(pk__in=due).values_list("provider_id", "pk")
        waiting = list(rows)
    for provider_id, source_id in waiting:
        busy.read_by_itself(provider_id, source_id)


@app.task(queue="rosters")
def compute_peaks(provider_id: int) -> None:
    """Compute the weeks ahead, and what came of the levers of weeks that are over."""
    close_old_connections()
    peaks.compute(provider_id)
    levering.turn_out(provider_id)


@app.periodic(cron="10 2 * * *")
@app.task(queue="rosters", queueing_lock="peaks_nightly")
def peaks_nightly(timestamp: int) -> None:
    """Have every provider's outlook computed anew."""
    close_old_connections()
    with all_tenants("see whose weeks ahead are computed"):
        providers = list(Provider.objects.values_list("pk", flat=True))
    for provider_id in providers:
        peaks.ask(provider_id)

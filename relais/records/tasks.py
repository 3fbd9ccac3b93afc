"""The jobs of service reviews. They take identifiers, may run twice, and call one flow."""

from __future__ import annotations

from django.db import close_old_connections
from procrastinate.contrib.django import app

from relais.lib.tenancy import all_tenants, tenant
from relais.people.models import Provider

from . import figures_kept, lives_kept


@app.periodic(cron="*/2 * * * *")
@app.task(queueing_lock="read_lives", queue="figures")
def read_lives(timestamp: int) -> None:
    """Read into the lives of requests what happened since the last time."""
    close_old_connections()
    with all_tenants("see whose requests are counted"):
        providers = list(Provider.objects.values_list("pk", flat=True))
    for provider_id in providers:
        lives_kept.refresh(provider_id)


@app.task(queue="figures", lock="figures")
def keep_figures(provider_id: int, company_id: int | None, month: str) -> None:
    """Count a month, for its page."""
    close_old_connections()
    with tenant(provider_id):
        figures_kept.keep(provider_id, company_id, month)

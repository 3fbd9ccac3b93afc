"""The jobs of service reviews. They take identifiers, may run twice, and call one flow."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.db import close_old_connections
from django.utils import timezone
from procrastinate.contrib.django import app

from relais.lib.tenancy import all_tenants, tenant
from relais.people.models import Provider

from . import checks, figures_kept, lives_kept, review_tasks, usage

log = logging.getLogger(__name__)


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


@app.periodic(cron="25 3 * * *")
@app.task(queueing_lock="draw_checks")
def draw_checks(timestamp: int) -> None:
    """Draw the requests whose quality is checked."""
    _for_each("draw the checks of quality", lambda one: checks.draw(one, timezone.now()))


@app.periodic(cron="40 * * * *")
@app.task(queueing_lock="warn_of_usage")
def warn_of_usage(timestamp: int) -> None:
    """Tell both referents what a client's package has reached."""
    _for_each("see what packages have reached", lambda one: usage.warn(timezone.now()))


@app.task
def close_review(provider_id: int, review_id: int) -> None:
    """Close a month that was asked for."""
    review_tasks.close(provider_id, review_id)


@app.task
def make_documents(provider_id: int, review_id: int) -> None:
    """Make the documents of a closed month."""
    review_tasks.documents(provider_id, review_id)


@app.periodic(cron="20 5 1-5 * *")
@app.task(queueing_lock="propose_reviews")
def propose_reviews(timestamp: int) -> None:
    """Open the month that is over; five days in a row, should a night have been missed."""
    review_tasks.propose()


@app.periodic(cron="40 5 8-12 * *")
@app.task(queueing_lock="remind_of_reviews")
def remind_of_reviews(timestamp: int) -> None:
    """Remind of a month still open; five days in a row, should a night have been missed."""
    review_tasks.remind()


@app.periodic(cron="*/30 * * * *")
@app.task(queueing_lock="send_reviews")
def send_reviews(timestamp: int) -> None:
    """Send the reviews that were closed to those who asked for them."""
    review_tasks.send()


def _for_each(why: str, work: Callable[[Provider], Any]) -> None:
    """Do it provider by provider: one's trouble keeps no other one waiting."""
    close_old_connections()
    with all_tenants(why):
        providers = list(Provider.objects.order_by("pk"))
    for provider in providers:
        try:
            with tenant(provider.pk):
                work(provider)
        except Exception:
            log.exception("%s: provider %s", why, provider.pk)

"""The jobs of reviews. They take identifiers, may run twice, and call one flow."""

from __future__ import annotations

import logging

from django.db import close_old_connections
from django.utils import timezone

from relais.lib.tenancy import all_tenants, tenant
from relais.people.models import Provider

from . import closing, months_ahead, review_documents, review_letters

log = logging.getLogger(__name__)


def close(provider_id: int, review_id: int) -> None:
    """Close a month that was asked for."""
    close_old_connections()
    with tenant(provider_id):
        closing.close_asked(review_id)


def documents(provider_id: int, review_id: int) -> None:
    """Make the documents of a closed month."""
    close_old_connections()
    with tenant(provider_id):
        review_documents.make_all(review_id)


def propose() -> None:
    """Open the month that is over, for every provider."""
    _each(lambda: closing.propose(timezone.localdate()), "open the months that are over")


def remind() -> None:
    """Remind of the month that is over and still open, for every provider."""
    _each(lambda: months_ahead.remind(timezone.localdate()), "remind of months still open")


def send() -> None:
    """Send the reviews that were closed to those who asked for them."""
    _each(review_letters.send_due, "send the reviews that were closed")


def _each(work: object, why: str) -> None:
    close_old_connections()
    with all_tenants(why):
        providers = list(Provider.objects.values_list("pk", flat=True))
    for provider_id in providers:
        try:
            with tenant(provider_id):
                work()  # type: ignore[operator]
        except Exception:  # one provider's trouble keeps no other one waiting
            log.exception("%s: provider %s", why, provider_id)

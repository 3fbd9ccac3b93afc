"""Attempts to steer by somebody who may not: refused by the rules, kept here for the leads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from relais.people.models import Company, Person

    from .models import SteeringAttempt, Ticket

# By which way the caller came in: "page", "api" or "mail".
_way: ContextVar[str] = ContextVar("way", default="page")
# A double click is one attempt.
SAME_WITHIN = timedelta(seconds=10)


@contextmanager
def coming_by(way: str) -> Iterator[None]:
    """Let everything inside be known to have come in by this way."""
    token = _way.set(way)
    try:
        yield
    finally:
        _way.reset(token)


class WayMiddleware:
    """Tell pages from the API, so that a refused attempt names the way it came by."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with coming_by("api" if request.path.startswith("/api/") else "page"):
            return self.get_response(request)


def keep(
    verb: str,
    by: Person,
    *,
    asked: dict[str, Any],
    ticket: Ticket | None = None,
    company: Company | None = None,
    at: datetime | None = None,
) -> SteeringAttempt:
    """Return the attempt as it was kept. Two wishes that contradict each other go to the lead."""
    from . import arbitrating
    from .models import SteeringAttempt

    at = at or timezone.now()
    place = ticket.company_id if ticket else company.pk if company else by.company_id
    facts = {
        "provider_id": by.provider_id,
        "company_id": place,
        "ticket": ticket,
        "by": by,
        "verb": verb,
        "asked": asked,
        "way": _way.get(),
    }
    again = SteeringAttempt.objects.filter(at__gt=at - SAME_WITHIN, at__lte=at, **facts).first()
    if again is not None:
        return again
    attempt = SteeringAttempt.objects.create(at=at, **facts)
    if ticket is not None and by.is_client:
        arbitrating.contradiction(attempt)
    return attempt


def leads_of(company: Company) -> str:
    """Return the names of those who steer, as a reader of either side may know them."""
    engagement = company.engagement
    if engagement is None:
        return _("the two leads")
    return _("%(client)s (client lead) and %(provider)s (provider lead)") % {
        "client": engagement.client_lead.name,
        "provider": engagement.provider_lead.name,
    }

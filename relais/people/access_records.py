"""The policy on service reviews: what client and provider meet over, each seeing what is theirs.

A client reads its own figures. Costs, occupation and what is known of an assistant stay inside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db.models import Q

from . import access_reviews
from .access_desk import EVERYTHING, NOTHING, tickets
from .models import Role

if TYPE_CHECKING:
    from .access import Access

Kind = Role.Kind


def checkers(access: Access) -> Q:
    """Return the rule for how quality is checked: who leads the pool, and the quality role."""
    return EVERYTHING if _checks(access) else NOTHING


def checks(access: Access) -> Q:
    """Return the rule for checks: who checks and reads the request; of her own, each assistant.

    She reads what was found once it is found; no client ever reads a check.
    """
    if access.is_client:
        return NOTHING
    rule = tickets(access, "ticket__")
    return rule if _checks(access) else rule & Q(assistant=access.person, state="finished")


def actions(access: Access) -> Q:
    """Return the rule for corrective actions: who checks, and to whom one was given."""
    if access.is_client:
        return NOTHING
    rule = tickets(access, "check_made__ticket__")
    return rule if _checks(access) else rule & Q(owner=access.person)


def packages(access: Access) -> Q:
    """Return the rule for what a client bought: the client who steers, the leads, billing."""
    if access.is_client:
        return Q(company__in=access.steered_company_ids)
    pays = access.runs_pool or access.has(Kind.BILLING)
    return EVERYTHING if pays else NOTHING


def contested(access: Access) -> Q:
    """Return the rule for contested lines: of a package and a request that are both seen."""
    return packages(access) & tickets(access, "ticket__")


def _checks(access: Access) -> bool:
    return not access.is_client and (access.runs_pool or access.has(Kind.QUALITY))


def kept_figures(access: Access) -> Q:
    """Return the rule for figures as counted: a client's for who steers it, never by assistant."""
    if access.is_client:
        return Q(company__in=access.steered_company_ids) & ~Q(cut="assistant")
    return EVERYTHING if access.runs_pool else NOTHING


RULES: dict[str, Callable[[Access], Q]] = {
    # Read by the count alone, which asks for the requests themselves what may be seen.
    "records.LifeRow": lambda access: NOTHING,
    "records.LifeMark": lambda access: NOTHING,
    "records.KeptFigures": kept_figures,
    "records.FigureView": lambda access: Q(person=access.person),
    "records.QualityGrid": checkers,
    "records.QualityDraw": checkers,
    "records.QualityCheck": checks,
    "records.CorrectiveAction": actions,
    "records.UsagePlan": packages,
    "records.UsageDispute": contested,
    **access_reviews.RULES,
}

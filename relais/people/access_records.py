"""The policy on service reviews: what client and provider meet over, each seeing what is theirs.

A client reads its own figures. Costs, occupation and what is known of an assistant stay inside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db.models import Q

from .access_desk import EVERYTHING, NOTHING

if TYPE_CHECKING:
    from .access import Access


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
}

"""The policy on planning: hours, leave and workload are the provider's own affair.

A client reads what is covered and by when, never these rows. Each reads her own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db.models import Q

from . import access_desk

if TYPE_CHECKING:
    from .access import Access


def internal(access: Access) -> Q:
    """Return the rule for what only those who run the pool see."""
    return access_desk.EVERYTHING if access.runs_pool else access_desk.NOTHING


def mine_or_internal(access: Access) -> Q:
    """Return the rule for what an assistant reads of herself, and those who run the pool of all."""
    return access_desk.EVERYTHING if access.runs_pool else Q(person=access.person)


RULES: dict[str, Callable[[Access], Q]] = {
    "people.Shift": mine_or_internal,
    "people.OnSiteDay": mine_or_internal,
    "people.Rostered": mine_or_internal,
    "people.Wish": mine_or_internal,
}

"""The policy on service reviews: the two leads and who manages, of each side; nobody else.

A client's review is read by its leads and its sponsor; a statement of credits also by billing, once
it is issued. Requests of class C3 are in none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db.models import Q

from . import access_desk
from .models import Role

if TYPE_CHECKING:
    from .access import Access


def reviews(access: Access, path: str = "") -> Q:
    """Return the rule for reviews, and (with `path`) for what hangs on one."""
    if access.runs_pool:
        return access_desk.EVERYTHING
    return Q(**{f"{path}company__in": read_by(access)})


def read_by(access: Access) -> frozenset[int]:
    """Return the companies whose reviews this client reads: its own, steered as a whole."""
    if not access.is_client or access.person.company_id is None:
        return frozenset()
    steered = (access.steered_company_ids & access.company_ids) | access.led_company_ids
    return steered & {access.person.company_id}


def statements(access: Access, path: str = "") -> Q:
    """Return the rule for statements of credits: billing reads those that were issued."""
    rule = reviews(access, f"{path}review__")
    if access.sees_whole_pool and access.has(Role.Kind.BILLING):
        rule |= Q(**{f"{path}state": "issued"})
    return rule


def exclusions(access: Access) -> Q:
    """Return the rule for exclusions: who reads the review and sees the request."""
    return reviews(access) & access_desk.tickets(access, "ticket__")


RULES: dict[str, Callable[[Access], Q]] = {
    "records.Review": reviews,
    "records.Restatement": lambda access: reviews(access, "review__"),
    "records.Commentary": lambda access: reviews(access, "review__"),
    "records.ReviewItem": lambda access: reviews(access, "review__"),
    "records.ReviewDocument": lambda access: reviews(access, "review__"),
    "records.ReviewReader": lambda access: Q(person=access.person),
    "records.Exclusion": exclusions,
    "records.CreditStatement": statements,
    "records.CreditLine": lambda access: statements(access, "statement__"),
}

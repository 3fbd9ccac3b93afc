"""Commitments that were kept or broken are told; who has to approve is asked again."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from relais.lib.tenancy import all_tenants, tenant

from .errors import Refused
from .models import Approval, Commitment, Ticket

AT_ONCE = 500


def run(at: datetime | None = None) -> int:
    """Return how many commitments were settled and approvals recalled, of all providers."""
    at = at or timezone.now()
    with all_tenants("find commitments to settle and approvals to recall"):
        words = list(_to_settle(at).values_list("provider_id", "pk")[:AT_ONCE])
        amounts = list(_to_recall(at).values_list("provider_id", "pk")[:AT_ONCE])
    told = 0
    for provider in sorted({owner for owner, _pk in words + amounts}):
        with tenant(provider):
            told += _settle([pk for owner, pk in words if owner == provider], at)
            told += _recall([pk for owner, pk in amounts if owner == provider], at)
    return told


def _to_settle(at: datetime) -> QuerySet[Commitment]:
    ended = Q(ticket__state__in=[Ticket.State.CANCELLED, Ticket.State.REFUSED])
    delivered = Q(kind=Commitment.Kind.DELIVERY, ticket__delivered_at__isnull=False)
    open_ones = Commitment.objects.filter(state=Commitment.State.OPEN)
    return open_ones.filter(Q(due_at__lt=at) | ended | delivered).order_by("due_at", "pk")


def _to_recall(at: datetime) -> QuerySet[Approval]:
    asked = Approval.objects.filter(state=Approval.State.ASKED, remind_at__lte=at)
    return asked.filter(ticket__state__in=Ticket.AT_WORK).order_by("remind_at", "pk")


def _settle(keys: list[int], at: datetime) -> int:
    told = 0
    rows = Commitment.objects.select_for_update(of=("self",), skip_locked=True)
    for commitment in rows.filter(pk__in=keys).select_related("ticket").order_by("pk"):
        try:
            told += commitment.settle(at=at)
        except Refused:
            continue  # somebody settled it meanwhile
    return told


def _recall(keys: list[int], at: datetime) -> int:
    told = 0
    rows = Approval.objects.select_for_update(of=("self",), skip_locked=True)
    related = ("ticket__site__calendar", "ticket__site__company", "approver")
    for approval in rows.filter(pk__in=keys).select_related(*related).order_by("pk"):
        if approval.remind_at is None or approval.remind_at > at or not approval.is_open:
            continue
        approval.remind(at=at)
        told += 1
    return told

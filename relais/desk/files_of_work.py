"""What a request belongs to: its requester, its series, what it is linked with; who did the last.

Somebody who has done the last of the same file knows where it stands: dispatch prefers her.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from relais.offer.models import Service

from .models import Link, Occurrence, Ticket

# For so long the same requester's work is one file, and the same series'.
LATELY, SERIES = timedelta(days=14), timedelta(days=100)


@dataclass(frozen=True)
class Context:
    """What a ticket asks that stands on other rows. `file` is what candidates may know."""

    site: int
    service: Service
    language: str
    file: int
    hands: frozenset[int]


def of(keys: Collection[int], at: datetime) -> dict[int, Context]:
    """Return the context of these tickets: four queries whatever their number."""
    tickets = list(
        Ticket.objects.filter(pk__in=keys)
        .select_related("service", "requester")
        .only("site", "service", "requester__language")
    )
    hands = _of_requesters(tickets, at)
    close = _of_links(keys) | _of_series(keys, at)
    found = {}
    for ticket in tickets:
        # One file for all that a requester asked lately; one of its own for what is tied to others.
        tied = close.get(ticket.pk, frozenset())
        found[ticket.pk] = Context(
            ticket.site_id,
            ticket.service,
            ticket.requester.language,
            ticket.pk if tied else -ticket.requester_id,
            tied | hands.get(ticket.requester_id, frozenset()),
        )
    return found


def done_by(contexts: Mapping[int, Context]) -> dict[int, frozenset[int]]:
    """Return the files that each has had a hand in."""
    found: dict[int, set[int]] = defaultdict(set)
    for one in contexts.values():
        for person in one.hands:
            found[person].add(one.file)
    return {person: frozenset(files) for person, files in found.items()}


def _of_requesters(tickets: list[Ticket], at: datetime) -> dict[int, frozenset[int]]:
    rows = Ticket.objects.filter(
        requester__in={one.requester_id for one in tickets},
        received_at__gte=at - 2 * LATELY,
        delivered_at__gte=at - LATELY,
        delivered_at__lte=at,
        holder__isnull=False,
    )
    return _gathered(rows.order_by().values_list("requester", "holder").distinct())


def _of_links(keys: Collection[int]) -> dict[int, frozenset[int]]:
    rows = Link.objects.filter(Q(ticket__in=keys) | Q(other__in=keys), ended_at=None)
    pairs = []
    for one, other, mine, hers in rows.values_list(
        "ticket", "other", "ticket__holder", "other__holder"
    ):
        pairs += [(one, hers), (other, mine)]
    return _gathered((key, hand) for key, hand in pairs if hand is not None)


def _of_series(keys: Collection[int], at: datetime) -> dict[int, frozenset[int]]:
    rows = Occurrence.objects.filter(
        ticket__in=keys,
        recurrence__occurrences__ticket__delivered_at__gte=at - SERIES,
        recurrence__occurrences__ticket__delivered_at__lte=at,
        recurrence__occurrences__ticket__holder__isnull=False,
    )
    found = rows.values_list("ticket", "recurrence__occurrences__ticket__holder").distinct()
    return _gathered(found.order_by())


def _gathered(pairs: object) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for key, hand in pairs:  # type: ignore[attr-defined]
        found[key].add(hand)
    return {key: frozenset(hands) for key, hands in found.items()}

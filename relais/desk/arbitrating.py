"""Wishes that contradict each other find their way to the client's lead."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import override

from .errors import CannotArbitrate
from .models import Arbitration, SteeringAttempt, Ticket

# Wishes further apart than this are not about the same days' work.
TOGETHER = timedelta(days=7)


def contradiction(attempt: SteeringAttempt) -> Arbitration | None:
    """Return the arbitration that this wish calls for: another manager wishes otherwise.

    On one request: another value. On two: each wants his own to come first.
    """
    ticket = attempt.ticket
    if ticket is None or attempt.verb != SteeringAttempt.Verb.REPRIORITISE:
        return None
    others = (
        SteeringAttempt.objects.filter(
            company=attempt.company_id,
            verb=attempt.verb,
            at__gte=attempt.at - TOGETHER,
            at__lte=attempt.at,
            by__company=attempt.company_id,
            ticket__state__in=Ticket.AT_WORK,
        )
        .exclude(by=attempt.by_id)
        .select_related("ticket__company", "by")
        .order_by("-at", "-pk")
    )
    for other in others[:50]:
        if other.ticket is not None and _contradict(attempt, other):
            return _ask(attempt, other)
    return None


def _contradict(one: SteeringAttempt, other: SteeringAttempt) -> bool:
    wish, wished = one.asked.get("priority"), other.asked.get("priority")
    if one.ticket_id == other.ticket_id:
        return wish != wished
    if one.ticket is None or other.ticket is None or not isinstance(wish, int):
        return False
    return wish < one.ticket.priority and isinstance(wished, int) and wished < other.ticket.priority


def _ask(one: SteeringAttempt, other: SteeringAttempt) -> Arbitration | None:
    first, second = other.ticket, one.ticket
    if first is None or second is None:
        return None
    engagement = first.company.engagement
    with override(engagement.client_lead.language if engagement else None):
        question = "\n".join(_wish(each) for each in (other, one))
    same = first.pk == second.pk
    try:
        return Arbitration.ask(first, None if same else second, question, by=None, at=one.at)
    except CannotArbitrate:
        return None  # its lead may not read them: the attempts stay for those who may


def _wish(attempt: SteeringAttempt) -> str:
    priority = attempt.asked.get("priority")
    known = priority in Ticket.Priority.values
    return _("%(who)s wishes %(reference)s to be %(priority)s.") % {
        "who": attempt.by.name,
        "reference": attempt.ticket.reference if attempt.ticket else "",
        "priority": Ticket.Priority(priority).label if known else priority,
    }

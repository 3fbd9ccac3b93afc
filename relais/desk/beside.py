"""What stands beside the thread of a ticket, for this person: amounts, commitments, time, words."""

from __future__ import annotations

import uuid
from typing import Any

from relais.people.access import Access

from . import rules, verb_forms
from .models import Approval, Arbitration, ClarityMark, Commitment, Rating, Ticket, TimeEntry
from .models.approval import hindrance
from .models.time_entry import TOUCHES, running_of, total

HINTS = 3


def of(
    ticket: Ticket, access: Access, typed: dict[str, verb_forms.VerbForm] | None = None
) -> dict[str, Any]:
    """Return what the page of a ticket shows beside its thread."""
    person = access.person
    approvals = list(
        access.see(Approval).filter(ticket=ticket).select_related("approver", "decided_by")[:5]
    )
    works = not access.is_client and rules.may("promise", ticket, person)
    shown: dict[str, Any] = {
        "offers": verb_forms.offers(ticket, access, typed),
        "approvals": approvals,
        "to_approve": [one for one in approvals if one.is_open and one.may_decide(person)],
        "arbitrations": access.see(Arbitration).filter(ticket=ticket).select_related("decided_by")
        | access.see(Arbitration).filter(other=ticket).select_related("decided_by"),
        "commitments": list(
            access.see(Commitment).filter(ticket=ticket).select_related("by").order_by("due_at")
        ),
        "keeps": works,
        "rating": access.see(Rating).filter(ticket=ticket).first(),
    }
    if works and ticket.state in Ticket.AT_WORK:
        shown["hindrance"] = hindrance(ticket)
    if not access.is_client:
        shown |= times(ticket, access)
        shown["clarity"] = access.see(ClarityMark).filter(ticket=ticket).first()
    return shown


def times(ticket: Ticket, access: Access) -> dict[str, Any]:
    """Return the time spent on a ticket, and this person's timer."""
    if not rules.may("add_time", ticket, access.person):
        return {}
    rows = access.see(TimeEntry).filter(ticket=ticket).select_related("person")
    timer = running_of(access.person)
    return {
        "touches": [(minutes, uuid.uuid4()) for minutes in TOUCHES],
        "times": rows.exclude(minutes=None),
        "spent": total(ticket),
        "timer": timer,
        "timer_here": timer is not None and timer.ticket_id == ticket.pk,
    }


def hint(access: Access, service_pk: int) -> list[str]:
    """Return what was missing in this person's last requests of a service, in kind words."""
    marks = ClarityMark.objects.filter(
        ticket__requester=access.person, ticket__service=service_pk
    ).order_by("-at")[:HINTS]
    labels = dict(ClarityMark.Missing.choices)
    codes = [code for mark in marks for code in mark.missing]
    return [str(labels[code]) for code in dict.fromkeys(codes) if code in labels]

"""Who sees requests and what hangs on them: the part of the one policy that speaks of the desk.

`path` is the lookup prefix of the request, so that one rule serves every table around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Q

from .models import Confidentiality, Role

if TYPE_CHECKING:
    from .access import Access

Kind = Role.Kind
NOTHING = Q(pk__in=[])
EVERYTHING = Q()


def tickets(access: Access, path: str = "") -> Q:
    """Return the rule for tickets, and (with `path`) for what hangs on a ticket.

    Class C3 is for the requester, the holder, and the persons cleared for the company by name;
    it is refused first, so that no other right opens it.
    """

    def at(lookup: str, value: Any) -> Q:
        return Q(**{f"{path}{lookup}": value})

    me = access.person
    named = at("requester", me) | at("holder", me)
    if access.cleared_company_ids:
        named |= at("company__in", access.cleared_company_ids)
    ordinary = ~at("confidentiality__gte", Confidentiality.EXECUTIVE)
    if access.is_client:
        if not access.has(Kind.REQUESTER, Kind.SITE_LEAD, Kind.CLIENT_LEAD, Kind.SPONSOR):
            return NOTHING
        mine = at("requester", me)
        scope = at("company__in", access.steered_company_ids) | at("site__in", access.led_site_ids)
        named = at("requester", me)
        if access.cleared_company_ids:
            named |= at("company__in", access.cleared_company_ids & {me.company_id})
        return (mine | named | (scope & ordinary)) & at("company", me.company_id)
    if access.runs_pool or access.has(Kind.QUALITY):
        return named | ordinary
    if access.has(Kind.ASSISTANT):
        served = at("site__in", access.covered_site_ids)
        return (at("holder", me)) | (served & (ordinary | named))
    return NOTHING


def plainly(access: Access, ticket: Any) -> bool:
    """Return True where `tickets` opens a request to who asked it; False says only: ask the rule.

    What was written a moment ago is shown to its requester without a query more.
    """
    me = access.person
    if ticket.requester_id != me.pk or ticket.provider_id != me.provider_id:
        return False
    if access.is_client:
        asks = access.has(Kind.REQUESTER, Kind.SITE_LEAD, Kind.CLIENT_LEAD, Kind.SPONSOR)
        return asks and ticket.company_id == me.company_id
    return access.runs_pool or access.has(Kind.QUALITY)


def on_ticket(access: Access) -> Q:
    return tickets(access, "ticket__")


def clocks(access: Access, path: str = "") -> Q:
    """Return the rule for clocks: those between hands are the provider's own affair."""
    rule = tickets(access, f"{path}ticket__")
    return rule & ~Q(**{f"{path}kind": "hand"}) if access.is_client else rule


def public_on_ticket(access: Access) -> Q:
    """Return the rule for what a client reads on a ticket: never what is internal."""
    rule = tickets(access, "ticket__")
    return rule & Q(internal=False) if access.is_client else rule


def attempts(access: Access) -> Q:
    """Return the rule for refused attempts to steer: a client lead reads those of her own."""
    about = Q(ticket=None) | tickets(access, "ticket__")
    if access.runs_pool:
        return about
    if access.is_client:
        mine = Q(company__in=access.steered_company_ids, by__company__in=access.steered_company_ids)
        return about & mine
    return NOTHING


def arbitrations(access: Access) -> Q:
    """Return the rule for wishes to be decided: who reads both requests, of clients who steer."""
    both = tickets(access, "ticket__") & (Q(other=None) | tickets(access, "other__"))
    return both & Q(company__in=access.steered_company_ids) if access.is_client else both


def approvals(access: Access) -> Q:
    """Return the rule for amounts: who reads the request, and (but for C3) who is to decide."""
    rule = tickets(access, "ticket__")
    if not access.is_client or not access.roles:
        return rule
    me = access.person
    asked = Q(approver=me) | Q(
        approver__delegations_given__receiver=me,
        approver__delegations_given__starts_on__lte=access.day,
        approver__delegations_given__ends_on__gte=access.day,
        approver__delegations_given__ended_at=None,
    )
    ordinary = ~Q(ticket__confidentiality__gte=Confidentiality.EXECUTIVE)
    own = Q(ticket__company=me.company_id)
    # As a set of keys: the join on delegations would show one row twice.
    mine = apps.get_model("desk", "Approval").objects.filter(asked, ordinary, own)
    return rule | Q(pk__in=mine.values("pk"))


def delegations(access: Access) -> Q:
    mine = Q(giver=access.person) | Q(receiver=access.person)
    if access.is_client:
        return mine | Q(company__in=access.steered_company_ids)
    return EVERYTHING if access.runs_pool else NOTHING


def recurrences(access: Access, path: str = "") -> Q:
    """Return the rule for requests that come back: as for requests, before anybody holds them."""

    def at(lookup: str, value: Any) -> Q:
        return Q(**{f"{path}{lookup}": value})

    mine = at("requester", access.person)
    cleared = at("company__in", access.cleared_company_ids)
    ordinary = ~at("confidentiality__gte", Confidentiality.EXECUTIVE) | cleared
    if access.is_client:
        if not access.has(Kind.REQUESTER, Kind.SITE_LEAD, Kind.CLIENT_LEAD, Kind.SPONSOR):
            return NOTHING
        scope = at("company__in", access.steered_company_ids) | at("site__in", access.led_site_ids)
        named = cleared & at("company", access.person.company_id)
        return (mine | named | (scope & ordinary)) & at("company", access.person.company_id)
    if access.runs_pool or access.has(Kind.QUALITY):
        return ordinary
    return at("site__in", access.covered_site_ids) & ordinary


def standing(access: Access) -> Q:
    return Q(recurrence__isnull=False) & recurrences(access, "recurrence__")


def ratings(access: Access) -> Q:
    """Return the rule for satisfaction: who gave it, and the leads; never who did the work."""
    if access.is_client:
        return Q(by=access.person) | (
            Q(ticket__company__in=access.steered_company_ids) & tickets(access, "ticket__")
        )
    return tickets(access, "ticket__") if access.runs_pool else NOTHING


def staff_on_ticket(access: Access) -> Q:
    return NOTHING if access.is_client else tickets(access, "ticket__")


def foresights(access: Access) -> Q:
    """Return the rule for what is foreseen: the pool lead's, of the requests that she reads."""
    return tickets(access, "ticket__") if access.runs_pool else NOTHING


def saved_views(access: Access) -> Q:
    """Return the rule for kept views: one's own; who runs the pool reads those that are shared."""
    mine = Q(person=access.person)
    return mine | Q(shared=True, dropped_at=None) if access.runs_pool else mine


def cases(access: Access) -> Q:
    """Return the rule for what a decision was taken on: who runs the pool and reads the request."""
    return tickets(access, "event__ticket__") if access.runs_pool else NOTHING

"""Who may do what to a ticket, written once. Views and the API ask `may`; the verbs ask `check`."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.translation import gettext as _

from relais.offer import promises, sheets, variants
from relais.offer.models import Service
from relais.people.access import Access
from relais.people.models import AssistantProfile, Confidentiality, Person, Role

from .errors import AwaitsApproval, NotSteering, NotYours, Unfit

if TYPE_CHECKING:
    from collections.abc import Callable

    from relais.people.models import Engagement, Site

    from .models import Ticket

# The product itself (no person) does these: dispatch, sweep, closing by itself.
OWN_VERBS = frozenset(
    {"assign", "unassigned", "breach", "accept", "propose", "expire_proposal", "unhold"}
)

# The two leads' alone; and what names who works, which a provider of results decides by itself.
STEERING = frozenset({"reprioritise", "rescope", "reclassify"})
NAMING = frozenset({"assign", "hand_over"})

ASKING = (
    Role.Kind.REQUESTER,
    Role.Kind.SITE_LEAD,
    Role.Kind.CLIENT_LEAD,
    Role.Kind.SPONSOR,
)


def access_of(person: Person) -> Access:
    """Return what the person may see and do today, asked once for this object."""
    return Access.of(person)


def engagement_of(ticket: Ticket) -> Engagement | None:
    """Return the engagement in force with the ticket's company, asked once for this object."""
    if "_engagement" not in ticket.__dict__:
        ticket.__dict__["_engagement"] = ticket.company.engagement
    found: Engagement | None = ticket.__dict__["_engagement"]
    return found


def learns_holder(access: Access) -> bool:
    """Return whether this person is told who has a request: a client where the mode allows it."""
    if not access.is_client:
        return True
    if "_learns_holder" not in access.__dict__:
        company = access.person.company
        engagement = company.engagement if company is not None else None
        access.__dict__["_learns_holder"] = (
            engagement is not None and engagement.client_learns_holder
        )
    found: bool = access.__dict__["_learns_holder"]
    return found


def check(
    verb: str, ticket: Ticket, by: Person | None, asked: dict[str, Any] | None = None
) -> None:
    """Raise `NotYours` unless `by` may do `verb` to `ticket`. What would steer it is kept."""
    if may(verb, ticket, by):
        return
    if by is not None and (verb in STEERING or (verb in NAMING and by.is_client)):
        from . import attempts

        attempts.keep(verb, by, ticket=ticket, asked=asked or {})
        if verb in STEERING:
            leads = attempts.leads_of(ticket.company)
            raise NotSteering(reference=ticket.reference, leads=leads)
    who = str(by) if by else _("Relais itself")
    raise NotYours(reference=ticket.reference, person=who)


def may(verb: str, ticket: Ticket, by: Person | None) -> bool:
    """Return whether `by` may do `verb` to `ticket`, whatever its state."""
    if by is None:
        return verb in OWN_VERBS
    if by.provider_id != ticket.provider_id:
        return False
    return RULES[verb](ticket, access_of(by))


def may_ask(access: Access, site: Site) -> bool:
    """Return whether this person may ask for the site, or (staff) write down what it asks."""
    if access.person.provider_id != site.provider_id or site.archived_at is not None:
        return False
    if access.is_client:
        return (
            access.person.company_id == site.company_id
            and access.has(*ASKING)
            and (site.pk in access.own_site_ids or site.company_id in access.steered_company_ids)
        )
    return access.runs_pool or site.pk in access.covered_site_ids


def unfit(ticket: Ticket, person: Person) -> str:
    """Return why this person cannot hold the ticket, or an empty text."""
    access = access_of(person)
    if access.is_client or not access.has(Role.Kind.ASSISTANT):
        return _("not an assistant of the pool")
    return "" if cleared(ticket, access) else _("not cleared for this confidentiality")


def check_fit(ticket: Ticket, person: Person) -> None:
    """Raise `Unfit` unless the person can hold the ticket."""
    if why := unfit(ticket, person):
        raise Unfit(person=str(person), reference=ticket.reference, why=why)


def check_approved(ticket: Ticket) -> None:
    """Raise `AwaitsApproval` while an amount is not stated, not approved, or refused."""
    from .models.approval import hindrance

    if ticket.batch is None and (why := hindrance(ticket)):
        raise AwaitsApproval(reference=ticket.reference, why=why)


def approval_above(ticket: Ticket) -> Decimal | None:
    """Return the amount in euros up to which nobody need approve; None: no approval is needed.

    Below zero: always, whatever the amount. The service says it, and the limits that the executive
    confirmed: the lower of the two, and always where she has said “never” or “proposes”.
    """
    service = variants.at_site(ticket.service, ticket.site)
    limit = sheets.limit_for(ticket.requester, service.family)
    if limit is not None and limit.asks_first:
        return Decimal(-1)
    ceiling = limit.free_up_to if limit else None
    if service.approval_by == Service.Approval.NONE:
        return ceiling
    above = Decimal(-1) if service.approval_above is None else service.approval_above
    return above if ceiling is None else min(above, ceiling)


def keeps_to_herself(ticket: Ticket) -> Person | None:
    """Return the executive who has said that this kind of work is never done alone, or None."""
    limit = sheets.limit_for(ticket.requester, ticket.service.family)
    return ticket.requester if limit is not None and limit.asks_first else None


def approval_pauses(ticket: Ticket) -> bool:
    """Return whether the promise stands still while the client has to approve.

    The agreement says it: the version under which the request was born.
    """
    born = ticket.clocks.order_by("pk").values_list("agreement_version", flat=True).first()
    return promises.approval_pauses(born)


def approvers(ticket: Ticket) -> list[Person]:
    """Return who may approve for this ticket, in the order in which they are asked."""
    kind = variants.at_site(ticket.service, ticket.site).approval_by
    engagement = engagement_of(ticket)
    manager = _holders(Role.Kind.SITE_LEAD, Q(site=ticket.site_id))
    referent = [engagement.client_lead, engagement.client_deputy] if engagement else []
    sponsor = _holders(Role.Kind.SPONSOR, Q(company=ticket.company_id))
    named: dict[str, list[Person | None]] = {
        Service.Approval.MANAGER: [*manager, *referent, *sponsor],
        Service.Approval.REFERENT: [*referent, *sponsor],
        Service.Approval.EXECUTIVE: [ticket.requester.reports_to, *sponsor, *referent],
    }
    asked = named.get(kind, named[Service.Approval.MANAGER])
    if kind == Service.Approval.NONE and keeps_to_herself(ticket) is not None:
        asked = [ticket.requester, *asked]
    return [one for one in asked if one is not None and one.archived_at is None]


def _holders(kind: str, where: Q) -> list[Person | None]:
    roles = Role.objects.in_force().filter(where, kind=kind, person__archived_at=None)
    return [role.person for role in roles.select_related("person").order_by("pk")]


def cleared(ticket: Ticket, access: Access) -> bool:
    """Return whether this member of staff may work on the ticket's class of confidentiality."""
    if ticket.confidentiality >= Confidentiality.EXECUTIVE:
        return ticket.company_id in access.cleared_company_ids
    if ticket.confidentiality <= Confidentiality.INTERNAL:
        return True
    profile = AssistantProfile.objects.filter(person=access.person).first()
    return profile is not None and profile.clearance >= ticket.confidentiality


def _is_requester(ticket: Ticket, access: Access) -> bool:
    return ticket.requester_id == access.person.pk


def _holds(ticket: Ticket, access: Access) -> bool:
    return access.is_staff and ticket.holder_id == access.person.pk


def _runs(ticket: Ticket, access: Access) -> bool:
    """The pool's lead and management; class C3 needs their name on it all the same."""
    if not access.runs_pool:
        return False
    return (
        ticket.confidentiality < Confidentiality.EXECUTIVE
        or ticket.company_id in access.cleared_company_ids
    )


def _serves(ticket: Ticket, access: Access) -> bool:
    return ticket.site_id in access.covered_site_ids and cleared(ticket, access)


def _steers(ticket: Ticket, access: Access) -> bool:
    """The client's lead and sponsor, within what they may see."""
    return (
        access.is_client
        and ticket.company_id in access.steered_company_ids
        and (
            ticket.confidentiality < Confidentiality.EXECUTIVE
            or ticket.company_id in access.cleared_company_ids
        )
    )


def _works_on(ticket: Ticket, access: Access) -> bool:
    return _holds(ticket, access) or _runs(ticket, access)


def _may_assign(ticket: Ticket, access: Access) -> bool:
    """A provider of results organises its own work: there the client names nobody (domain G.3)."""
    if _runs(ticket, access):
        return True
    if not _steers(ticket, access):
        return False
    engagement = engagement_of(ticket)
    return (
        engagement is not None and engagement.client_may_assign and engagement.steers(access.person)
    )


def _may_take(ticket: Ticket, access: Access) -> bool:
    if _holds(ticket, access):
        return True
    if ticket.holder_id is not None:
        return _runs(ticket, access)
    return _serves(ticket, access) or (_runs(ticket, access) and access.has(Role.Kind.ASSISTANT))


def _may_write(ticket: Ticket, access: Access) -> bool:
    return _is_requester(ticket, access) or _works_on(ticket, access) or _serves(ticket, access)


def _may_resume(ticket: Ticket, access: Access) -> bool:
    return _is_requester(ticket, access) or _works_on(ticket, access)


def _may_judge(ticket: Ticket, access: Access) -> bool:
    return _is_requester(ticket, access) or _steers(ticket, access)


def _may_cancel(ticket: Ticket, access: Access) -> bool:
    return _may_judge(ticket, access) or _runs(ticket, access)


def _may_note(ticket: Ticket, access: Access) -> bool:
    return _works_on(ticket, access) or _serves(ticket, access)


def _may_steer(ticket: Ticket, access: Access) -> bool:
    """The two leads and their deputies, within what they may see."""
    engagement = engagement_of(ticket)
    if engagement is None or not engagement.steers(access.person):
        return False
    return _is_requester(ticket, access) or _steers(ticket, access) or _runs(ticket, access)


def _may_classify_up(ticket: Ticket, access: Access) -> bool:
    return _may_write(ticket, access) or _may_steer(ticket, access)


def _may_postpone(ticket: Ticket, access: Access) -> bool:
    return _may_judge(ticket, access) or _may_steer(ticket, access)


def _may_ask_arbitration(ticket: Ticket, access: Access) -> bool:
    """Who notices: the service at its work, or a lead of either side."""
    return _may_note(ticket, access) or _may_steer(ticket, access)


def _may_state_amount(ticket: Ticket, access: Access) -> bool:
    return _is_requester(ticket, access) or _works_on(ticket, access)


def _may_undo(ticket: Ticket, access: Access) -> bool:
    from .models.ticket_undoing import undoable

    return undoable(ticket, access.person) is not None


def _never(ticket: Ticket, access: Access) -> bool:
    return False


RULES: dict[str, Callable[[Ticket, Access], bool]] = {
    "assign": _may_assign,
    "unassigned": _never,
    "propose": _never,
    "expire_proposal": _never,
    "hold": _runs,
    "unhold": _runs,
    "confirm": _runs,
    "pin": _runs,
    "unpin": _runs,
    "call_in": _runs,
    "breach": _never,
    "take": _may_take,
    "reply": _may_write,
    "ask": _works_on,
    "resume": _may_resume,
    "wait_third": _works_on,
    "deliver": _works_on,
    "accept": _may_judge,
    "reopen": _may_cancel,
    "hand_over": _works_on,
    "cancel": _may_cancel,
    "refuse": _runs,
    "note": _may_note,
    "step_done": _works_on,
    "step_undone": _works_on,
    "reprioritise": _may_steer,
    "rescope": _may_steer,
    "reclassify": _may_steer,
    "classify_up": _may_classify_up,
    "postpone": _may_postpone,
    "arbitrate": _may_ask_arbitration,
    "ask_approval": _may_state_amount,
    "promise": _works_on,
    "add_time": _may_note,
    "rate": _is_requester,
    "mark_clarity": _may_note,
    "link": _may_note,
    "merge": _may_note,
    "part": _may_note,
    "undo": _may_undo,
    "settle": _works_on,
}

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


def reliefs(access: Access, path: str = "") -> Q:
    """Return the rule for somebody's absence as the service lives it: hers, and the lead's."""
    if access.runs_pool:
        return access_desk.EVERYTHING
    return Q(**{f"{path}person": access.person})


def relief_moves(access: Access) -> Q:
    """Return the rule for what moved: of a relief that is seen, and a request that is seen."""
    return reliefs(access, "relief__") & access_desk.tickets(access, "ticket__")


def handovers(access: Access, path: str = "") -> Q:
    """Return the rule for handover notes: who gives, who receives, and the lead."""
    if access.runs_pool:
        return access_desk.EVERYTHING
    if access.is_client:
        return access_desk.NOTHING
    return Q(**{f"{path}giver": access.person}) | Q(**{f"{path}receiver": access.person})


def of_meeting(access: Access) -> Q:
    """Return the rule for what belongs to a meeting that is arranged: staff who see its request."""
    if access.is_client:
        return access_desk.NOTHING
    return access_desk.tickets(access, "meeting__ticket__")


RULES: dict[str, Callable[[Access], Q]] = {
    "people.Shift": mine_or_internal,
    "people.OnSiteDay": mine_or_internal,
    "people.Rostered": mine_or_internal,
    "people.Wish": mine_or_internal,
    "planning.Roster": internal,
    "planning.ShiftKind": internal,
    "planning.Lever": internal,
    "planning.LoadOutlook": internal,
    "planning.VolumeProfile": internal,
    "planning.LeaveRequest": mine_or_internal,
    "planning.Impact": internal,
    "planning.Drill": internal,
    "planning.DrillAction": internal,
    "planning.EmergencyAccess": mine_or_internal,
    "planning.Relief": reliefs,
    "planning.ReliefSite": lambda access: reliefs(access, "relief__"),
    "planning.ReliefMove": relief_moves,
    "planning.CalendarLink": mine_or_internal,
    "planning.Handover": handovers,
    "planning.HandoverWord": lambda access: handovers(access, "handover__"),
    "planning.Meeting": access_desk.staff_on_ticket,
    "planning.MeetingTime": of_meeting,
    "planning.MeetingGuest": of_meeting,
    # Whoever she is: what is in her own calendar is nobody else's to read.
    "planning.BusySource": lambda access: Q(person=access.person),
    "planning.BusyTime": lambda access: Q(person=access.person),
}

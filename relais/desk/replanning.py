"""The plan kept alive: what somebody away holds goes to others, and what waits is weighed anew.

What was begun stays hers, whatever happens: the control tower proposes to hand it over. A return
gives nothing back by force: what waits finds her as it finds everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from relais.engine.candidates import Assistant, State
from relais.engine.candidates import Ticket as Asked
from relais.engine.decision import PASSING, Decision
from relais.engine.dispatch_plan import plan
from relais.people.models import Absence, Cover, Person, Role

from . import claims, dispatching
from .errors import Refused
from .models import DispatchMode, Event, Ticket
from .pool import Pool

# Who is back within this keeps what she holds, but what would be late with her.
SOON_BACK = timedelta(hours=2)
# Of one look at the queue: the plan is weighed again before more is moved.
MOST_MOVES = 20
# What has just been moved stays a while: nobody works on sand.
SETTLED = timedelta(minutes=30)


@dataclass(frozen=True)
class Because:
    """Why a request leaves somebody: "absent", "gone" (no assistant any more) or "better"."""

    code: str
    holder: int

    def told(self) -> dict[str, Any]:
        """Return it as an event keeps it."""
        return {"code": self.code, "from": self.holder}


def replan_person(person_id: int, at: datetime | None = None) -> int:
    """Return how many requests moved because somebody left, is late, or is back."""
    at = at or timezone.now()
    sites = list(Cover.objects.filter(person=person_id).values_list("site", flat=True))
    moved = free(at, only=[person_id]) + improve(at, sites)
    return moved + dispatching.dispatch_queue(at)


def free(at: datetime | None = None, only: Collection[int] | None = None) -> int:
    """Return how many requests were taken from who is away or gone: only what she has not begun.

    Each goes to the best of those who are there, or back to the queue with what is missing.
    """
    at = at or timezone.now()
    held = _waiting_in_hands()
    if only is not None:
        held = held.filter(holder__in=only)
    holders = set(held.values_list("holder", flat=True).distinct())
    why = _missing(holders, at)
    rows = held.filter(holder__in=why).order_by("priority", "received_at", "pk")
    queue = list(rows.values_list("pk", "site"))
    if not queue:
        return 0
    pool, moved = Pool.read(at, {site for _key, site in queue}), 0
    pool.read_deadlines(key for key, _site in queue)
    for key, _site in queue:
        moved += _give_on(key, why, pool)
    return moved


def improve(at: datetime | None = None, sites: Collection[int] | None = None) -> int:
    """Return how many requests nobody has begun went to somebody with whom they fare better.

    A move must earn more than the threshold of the weights; what a person decided stays.
    """
    at = at or timezone.now()
    rows = Ticket.objects.filter(state__in=[Ticket.State.OPEN, Ticket.State.ASSIGNED])
    rows = rows.exclude(channel=Ticket.Channel.LOG).select_related("site", "service")
    if sites is not None:
        rows = rows.filter(site__in=sites)
    tickets = list(rows.order_by("pk"))
    if not any(ticket.holder_id for ticket in tickets):
        return 0
    pool = Pool.read(at, {ticket.site_id for ticket in tickets})
    pool.read_deadlines(ticket.pk for ticket in tickets)
    wished = _wishes(tickets, pool)
    settled = _settled(wished, at)
    moves = [key for key in wished if key not in settled]
    return sum(_move(key, pool) for key in moves[:MOST_MOVES])


def _waiting_in_hands() -> Any:
    rows = Ticket.objects.filter(state=Ticket.State.ASSIGNED)
    return rows.exclude(channel=Ticket.Channel.LOG)


def _missing(holders: set[int], at: datetime) -> dict[int, Because]:
    """Return who of these is away for longer than a while, or is no assistant any more."""
    away = Absence.objects.filter(person__in=holders, period__contains=at)
    found = {
        person: Because("absent", person)
        for person, period in away.values_list("person", "period")
        if period.upper is None or period.upper > at + SOON_BACK
    }
    roles = Role.objects.in_force().filter(kind=Role.Kind.ASSISTANT, person__in=holders)
    there = Person.objects.filter(pk__in=roles.values("person"), archived_at=None)
    still = set(there.values_list("pk", flat=True))
    return found | {person: Because("gone", person) for person in holders - still}


def _wishes(tickets: list[Ticket], pool: Pool) -> list[int]:
    """Return what the whole plan would move of what somebody holds and has not begun."""
    holders = {ticket.pk: ticket.holder_id for ticket in tickets if ticket.holder_id}
    state = replace(pool.state(), planned=holders)
    people = [replace(one, queue=()) for one in pool.assistants.values()]
    asked = [pool.asks(ticket) for ticket in tickets]
    wished = plan(asked, people, state, pool.at, pool.rules.weights)
    return [
        each.ticket
        for each in wished.placements
        if each.ticket in holders and holders[each.ticket] != each.person
    ]


def _settled(keys: Iterable[int], at: datetime) -> set[int]:
    """Return which of these stay: a person decided it, or they have just been moved."""
    given = Event.objects.filter(
        ticket__in=list(keys), kind__in=[Event.Kind.ASSIGNED, Event.Kind.HANDED_OVER]
    ).order_by("ticket_id", "-id")
    last = given.distinct("ticket_id").values_list("ticket_id", "by", "at", "facts")
    return {
        key
        for key, by, when, facts in last
        if by is not None or ("replanned" in (facts.get("decision") or {}) and when > at - SETTLED)
    }


def _locked(key: int) -> Ticket | None:
    rows = Ticket.objects.select_for_update(skip_locked=True, of=("self",))
    rows = rows.select_related("site", "service")
    return rows.filter(pk=key, state=Ticket.State.ASSIGNED).first()


def _give_on(key: int, why: dict[int, Because], pool: Pool) -> bool:
    with transaction.atomic():
        ticket = _locked(key)
        because = why.get(ticket.holder_id or 0) if ticket else None
        if ticket is None or because is None:
            return False  # somebody was faster: it is begun, or another's
        decision = _decide(ticket, pool)
        automatic = pool.mode(ticket) == DispatchMode.Mode.AUTOMATIC
        if automatic and decision.chosen not in (None, because.holder):
            return _reassign(ticket, decision, because, pool)
        facts = dispatching.told(decision, pool) | {"replanned": because.told()}
        if not automatic and decision.chosen is not None:
            facts["missing"] = "lead"
        ticket.put_back(facts, at=pool.at)
        return True


def _move(key: int, pool: Pool) -> bool:
    """Give it to somebody else if the rules, asked again of it alone, say so too."""
    with transaction.atomic():
        ticket = _locked(key)
        if ticket is None or ticket.holder_id is None:
            return False
        if pool.mode(ticket) != DispatchMode.Mode.AUTOMATIC:
            return False  # the lead gave it
        decision = _decide(ticket, pool)
        if decision.chosen in (None, ticket.holder_id) or not _earns(ticket, decision, pool):
            return False
        return _reassign(ticket, decision, Because("better", ticket.holder_id), pool)


def _decide(ticket: Ticket, pool: Pool) -> Decision:
    """Return the decision on a request in somebody's hands, as if it were in the queue.

    A change costs what the weights say, so that who has it keeps it for a little.
    """
    while True:
        people = [_without(one, ticket.pk) for one in pool.candidates(ticket)]
        case = dispatching.Case(pool.asks(ticket), people, _state(ticket, pool), pool.at)
        decision = case.choose(pool.rules.weights)
        chosen = decision.chosen
        if chosen is None or (gone := claims.away(chosen, pool.at)) is None:
            return decision
        pool.mark_absent(chosen, gone)


def _state(ticket: Ticket, pool: Pool) -> State:
    return replace(pool.state(), planned={ticket.pk: ticket.holder_id or 0})


def _without(one: Assistant, key: int) -> Assistant:
    if any(each.key == key for each in one.queue):
        return replace(one, queue=tuple(each for each in one.queue if each.key != key))
    return one


def _earns(ticket: Ticket, decision: Decision, pool: Pool) -> bool:
    """Return whether the move earns more than the threshold.

    Scores say so where both have one. Who is off duty for a while has none: she keeps it, unless
    it would be late with her and not with the other.
    """
    held, better = decision.line(ticket.holder_id), decision.line(decision.chosen)
    if held is None or better is None or better.finish is None:
        return False
    if not held.hard:
        return True
    if any(reason.code not in PASSING for reason in held.hard):
        return True
    asked = pool.asks(ticket)
    hers = _without(pool.assistants[held.key], ticket.pk)
    with_her, with_other = (
        _lateness(asked, one, ticket, pool) for one in (hers, pool.assistants[better.key])
    )
    return with_her > 0 >= with_other


def _lateness(asked: Asked, one: Assistant, ticket: Ticket, pool: Pool) -> float:
    """Return by how many open minutes it is late with her, after what she holds already."""
    busy = replace(one, in_hand=one.in_hand + one.waiting.minutes, queue=())
    state, weights = _state(ticket, pool), pool.rules.weights
    placed = plan([asked], [busy], state, pool.at, weights).of(asked.key)
    return placed.late if placed is not None else float("inf")


def _reassign(ticket: Ticket, decision: Decision, because: Because, pool: Pool) -> bool:
    person = pool.person(decision.chosen or 0)
    reasons = dispatching.told(decision, pool) | {"replanned": because.told()}
    try:
        ticket.assign(person, at=pool.at, reasons=reasons)
    except Refused:  # her role ended since the pool was read
        return False
    if because.holder in pool.assistants:
        pool.assistants[because.holder] = _without(pool.assistants[because.holder], ticket.pk)
        pool.loads[because.holder] -= 1
    pool.give(ticket, person.pk)
    return True

"""Finding somebody for a ticket: the best score of those whom nothing excludes, or nobody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from relais.engine import dispatch, dispatch_case, dispatch_words
from relais.engine.candidates import Assistant, State
from relais.engine.candidates import Ticket as Asked
from relais.engine.decision import Decision, Line, in_short, told_line
from relais.engine.matching import Weights
from relais.lib.compiled import Compiled

from . import calling, claims
from .errors import Refused
from .models import DispatchCase, DispatchMode, Event, Ticket
from .pool import Pool

Mode = DispatchMode.Mode
# Up to so many candidates each is told in full; of more, so many of those who can and who cannot.
WHOLE, FIRST = 12, 6
_WAITING = Compiled(
    lambda ticket: (
        Ticket.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("site", "service")
        .filter(pk=ticket, state=Ticket.State.OPEN, held_why="")
    ),
    ticket=int,
)


def dispatch_one(ticket_id: int, at: datetime | None = None) -> Decision | None:
    """Return the decision for a ticket of the queue; None when it is not for dispatch (any more).

    Two at once: the row is held by one, the other passes by.
    """
    at = at or timezone.now()
    ticket = _held(ticket_id)
    if ticket is None:
        return None
    pool = Pool.read(at, [ticket.site_id])
    pool.read_deadlines([ticket.pk])
    return _dispatch(ticket, pool)


def dispatch_queue(at: datetime | None = None) -> int:
    """Return how many waiting tickets found somebody now, the oldest of the most urgent first."""
    at = at or timezone.now()
    release(at)
    waiting = Ticket.objects.filter(state=Ticket.State.OPEN).exclude(channel=Ticket.Channel.LOG)
    return _decide_all(waiting, at)


def dispatch_these(ticket_ids: Iterable[int], at: datetime | None = None) -> int:
    """Return how many of these tickets found somebody now, in the order of the queue."""
    rows = Ticket.objects.filter(pk__in=ticket_ids, state=Ticket.State.OPEN)
    return _decide_all(rows, at or timezone.now())


def release(at: datetime) -> int:
    """Return how many held tickets dispatch may have again, their date having come."""
    rows = Ticket.objects.filter(state=Ticket.State.OPEN, held_until__lte=at).exclude(held_why="")
    due = list(rows.select_for_update(skip_locked=True, of=("self",)).order_by("pk"))
    for ticket in due:
        ticket.unhold(by=None, at=at)
    return len(due)


def _decide_all(waiting: QuerySet[Ticket], at: datetime) -> int:
    rows = waiting.filter(held_why="").order_by("priority", "received_at", "pk")
    queue = list(rows.values_list("pk", "site"))
    if not queue:
        return 0
    pool, found = Pool.read(at, {site for _key, site in queue}), 0
    keys = [key for key, _site in queue]
    pool.read_deadlines(keys)
    for key in keys:
        ticket = _held(key)
        decision = _dispatch(ticket, pool) if ticket else None
        found += decision is not None and decision.chosen is not None
    return found


def _held(ticket_id: int) -> Ticket | None:
    return _WAITING.first(ticket=ticket_id)


def _dispatch(ticket: Ticket, pool: Pool) -> Decision | None:
    """Do with the ticket what its mode says: give it, propose it, or leave it to the lead."""
    mode = pool.mode(ticket)
    if ticket.proposed_id is not None:
        if why := pool.gone(ticket.proposed_id):
            ticket.expire_proposal(why, at=pool.at)
        elif mode == Mode.ASSISTED:
            return None  # it waits for the lead's word
    decision, case = _decide(ticket, pool)
    if decision.chosen is None or mode == Mode.MANUAL:
        _say_nobody(ticket, decision, pool, "manual" if mode == Mode.MANUAL else "")
        return replace(decision, chosen=None) if mode == Mode.MANUAL else decision
    person = pool.person(decision.chosen)
    try:
        if mode == Mode.ASSISTED:
            ticket.propose(person, at=pool.at, reasons=told(decision, pool))
        else:
            ticket.assign(person, at=pool.at, reasons=told(decision, pool))
    except Refused as refusal:  # her role ended since the pool was read
        return replace(decision, chosen=None, missing=(str(refusal),))
    if ticket.last_event is not None:
        DispatchCase.keep(ticket.last_event, case.told(pool.rules.weights))
    pool.give(ticket, person.pk)
    return decision


def _decide(ticket: Ticket, pool: Pool) -> tuple[Decision, Case]:
    """Return the decision and what it was taken on: who is chosen is there, and stays so.

    Somebody may have been marked absent since the pool was read: asked again once her row is held,
    she is passed over like anybody absent.
    """
    while True:
        case = Case(pool.asks(ticket), pool.candidates(ticket), pool.state(), pool.at)
        decision = case.choose(pool.rules.weights)
        if decision.chosen is None or (away := claims.away(decision.chosen, pool.at)) is None:
            return decision, case
        pool.mark_absent(decision.chosen, away)


@dataclass(frozen=True)
class Case:
    """What a decision is taken on."""

    asked: Asked
    people: list[Assistant]
    state: State
    at: datetime

    def choose(self, weights: Weights) -> Decision:
        """Return the decision."""
        return dispatch.choose(self.asked, self.people, self.state, self.at, weights)

    def told(self, weights: Weights) -> dict[str, Any]:
        """Return it as plain values, with the weights and their version."""
        return dispatch_case.told(self.asked, self.people, self.state, self.at, weights)


def _say_nobody(ticket: Ticket, decision: Decision, pool: Pool, instead: str) -> None:
    """Write what is missing, unless that was the last word of dispatch already."""
    missing = instead or _missing(ticket, decision, pool)
    events = Event.objects.filter(ticket=ticket, kind=Event.Kind.UNASSIGNED).order_by("-id")
    last = events.values_list("facts", flat=True).first()
    if last is not None and last.get("missing") == missing:
        return
    facts = told(decision, pool) | {"missing": missing}
    if decision.chosen is None:
        facts["elsewhere"] = calling.elsewhere(ticket, pool)
    ticket.unassigned(missing=facts, at=pool.at)


def _missing(ticket: Ticket, decision: Decision, pool: Pool) -> str:
    """Return what is missing most; first, that the one for whom it is reserved cannot have it."""
    if pool.asks(ticket).pinned is not None:
        return "pinned_away"
    return decision.missing[0]


def told(decision: Decision, pool: Pool) -> dict[str, Any]:
    """Return the decision as an event keeps it: each candidate's reasons, terms and score.

    Of many candidates the first are told in full and the others in short (see `in_short`, and
    `open`, what each has in hand): two hundred in full would be a page of a book each time.
    """
    full, others = _parted(decision.lines)
    facts = decision.outline() | {
        "rule": "score",
        "missing": decision.missing[0] if decision.missing else "",
        "candidates": [
            told_line(line)
            | {
                "person": line.key,
                "outcome": _outcome(line, decision),
                "reasons": list(reasons(line, decision)),
                "open": pool.loads[line.key],
            }
            for line in full
        ],
    }
    if not others:
        return facts
    return facts | {
        "others": in_short(others) | {"open": {line.key: pool.loads[line.key] for line in others}}
    }


def _parted(lines: tuple[Line, ...]) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """Return whom to tell in full and whom in short: the best of those who can and who cannot."""
    if len(lines) <= WHOLE:
        return lines, ()
    able = sum(not line.hard for line in lines)
    first = (*lines[: min(able, FIRST)], *lines[able : able + FIRST])
    return first, (*lines[FIRST:able], *lines[able + FIRST :])


def _outcome(line: Line, decision: Decision) -> str:
    if line.hard:
        return "excluded"
    return "chosen" if line.key == decision.chosen else "runner_up"


def reasons(line: Line, decision: Decision) -> tuple[str, ...]:
    """Return the codes of what excludes her, or of what tells her from the one beside her."""
    if line.hard:
        return tuple(f"count_{hard.code}" for hard in line.hard)
    return dispatch_words.codes(decision, line)

"""Finding somebody for a ticket: the best score of those whom nothing excludes, or nobody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from relais.engine import dispatch, dispatch_words
from relais.engine.decision import Decision, Line

from .errors import Refused
from .models import Event, Ticket
from .pool import Pool


def dispatch_one(ticket_id: int, at: datetime | None = None) -> Decision | None:
    """Return the decision for a ticket of the queue; None when it is not there any more.

    Two at once: the row is held by one, the other passes by.
    """
    at = at or timezone.now()
    ticket = _held(ticket_id)
    if ticket is None:
        return None
    pool = Pool.read(at, [ticket.site_id])
    pool.read_deadlines([ticket.pk])
    return _decide(ticket, pool)


def dispatch_queue(at: datetime | None = None) -> int:
    """Return how many waiting tickets found somebody now, the oldest of the most urgent first."""
    at = at or timezone.now()
    waiting = Ticket.objects.filter(state=Ticket.State.OPEN).exclude(channel=Ticket.Channel.LOG)
    return _decide_all(waiting, at)


def dispatch_these(ticket_ids: Iterable[int], at: datetime | None = None) -> int:
    """Return how many of these tickets found somebody now, in the order of the queue."""
    rows = Ticket.objects.filter(pk__in=ticket_ids, state=Ticket.State.OPEN)
    return _decide_all(rows, at or timezone.now())


def _decide_all(waiting: QuerySet[Ticket], at: datetime) -> int:
    rows = waiting.order_by("priority", "received_at", "pk").values_list("pk", "site")
    queue = list(rows)
    if not queue:
        return 0
    pool, found = Pool.read(at, {site for _key, site in queue}), 0
    keys = [key for key, _site in queue]
    pool.read_deadlines(keys)
    for key in keys:
        ticket = _held(key)
        decision = _decide(ticket, pool) if ticket else None
        found += decision is not None and decision.chosen is not None
    return found


def _held(ticket_id: int) -> Ticket | None:
    rows = Ticket.objects.select_for_update(skip_locked=True, of=("self",))
    return (
        rows.select_related("site", "service").filter(pk=ticket_id, state=Ticket.State.OPEN).first()
    )


def _decide(ticket: Ticket, pool: Pool) -> Decision:
    candidates = pool.candidates(ticket)
    decision = dispatch.choose(
        pool.asks(ticket), candidates, pool.state(), pool.at, pool.rules.weights
    )
    if decision.chosen is None:
        _say_nobody(ticket, decision, pool)
        return decision
    person = pool.person(decision.chosen)
    try:
        ticket.assign(person, at=pool.at, reasons=told(decision, pool))
    except Refused as refusal:  # her role ended since the pool was read
        return replace(decision, chosen=None, missing=(str(refusal),))
    pool.give(ticket, person.pk)
    return decision


def _say_nobody(ticket: Ticket, decision: Decision, pool: Pool) -> None:
    """Write what is missing, unless that was the last word of dispatch already."""
    events = Event.objects.filter(ticket=ticket, kind=Event.Kind.UNASSIGNED).order_by("-id")
    last = events.values_list("facts", flat=True).first()
    if last is None or last.get("missing") != decision.missing[0]:
        ticket.unassigned(missing=told(decision, pool), at=pool.at)


def told(decision: Decision, pool: Pool) -> dict[str, Any]:
    """Return the decision as an event keeps it: each candidate's reasons, terms and score."""
    kept = decision.told()
    lines = {line["key"]: line for line in kept.pop("lines")}
    return kept | {
        "rule": "score",
        "missing": decision.missing[0] if decision.missing else "",
        "candidates": [
            lines[line.key]
            | {
                "person": line.key,
                "outcome": _outcome(line, decision),
                "reasons": list(_reasons(line, decision)),
                "open": pool.loads[line.key],
            }
            for line in decision.lines
        ],
    }


def _outcome(line: Line, decision: Decision) -> str:
    if line.hard:
        return "excluded"
    return "chosen" if line.key == decision.chosen else "runner_up"


def _reasons(line: Line, decision: Decision) -> tuple[str, ...]:
    """Return the codes of what excludes her, or of what tells her from the one beside her."""
    if line.hard:
        return tuple(f"count_{hard.code}" for hard in line.hard)
    return dispatch_words.codes(decision, line)

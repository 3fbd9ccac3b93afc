"""How a request of another tool lives through our verbs, step by step, at the tool's own times.

Other tools write down states; ours are verbs. Each step asks what has to be done for the ticket to
stand as the tool says, and does that and nothing more: a saved form changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop as _

from .log_cast import NOBODY
from .log_words import (
    ASSIGNED,
    CANCELLED,
    CLOSED,
    IGNORED,
    NEW,
    QUEUED,
    RESOLVED,
    THIRD,
    WAITING,
    WORKING,
)
from .models import Ticket

if TYPE_CHECKING:
    from .log_cast import Cast
    from .log_events import Step
    from .log_rows import Row

State = Ticket.State
TAKEN_WHEN = _("taken in hand at an unknown time: counted when resolved")
RESOLVED_WHEN = _("resolved at an unknown time: counted when closed")
AFTER_END = _("an event after the request was cancelled: it changed nothing")
EARLY = _("an event before its request was opened: counted at the opening")
NO_CHANGE = _("an event that changed nothing")


class Life:
    """One ticket and what is known of it so far."""

    def __init__(self, ticket: Ticket, cast: Cast, assumed: Counter[str]) -> None:
        self.ticket, self.cast, self.assumed = ticket, cast, assumed
        self.at, self.team, self.name = ticket.received_at, "", ""
        self.moved = False

    def live(self, steps: Sequence[Step]) -> None:
        """Live the steps through, in their order."""
        for at, _order, step, team, handler in steps:
            self.step(at, step, team, handler)

    def step(self, at: datetime, step: str, team: str, handler: str) -> None:
        """Do what has to be done for the ticket to stand as this step says."""
        if at < self.at:
            self.assumed[EARLY] += 1
        self.at = at = max(at, self.at)
        ticket, before = self.ticket, self.ticket.version
        if ticket.state in (State.CANCELLED, State.REFUSED):
            self.assumed[AFTER_END] += 1
            return
        breaches(ticket, at)
        self.moved = bool(team) and team != self.team
        self._do(at, step, self._who(step, team, handler))
        self.team = team or self.team
        if ticket.version == before:
            self.assumed[NO_CHANGE] += 1

    def _do(self, at: datetime, step: str, who: str) -> None:
        if step in (NEW, QUEUED):
            self._go_on(at)
            self._hold(at, who)
        elif step == ASSIGNED:
            self._go_on(at)
            self._hold(at, who or NOBODY)
        elif step == WORKING:
            self._work(at, who or NOBODY)
        elif step == WAITING:
            self._wait(at, who or NOBODY, State.WAITING)
        elif step == THIRD:
            self._wait(at, who or NOBODY, State.THIRD)
        elif step == RESOLVED:
            self._resolve(at, who or NOBODY)
        elif step == CLOSED:
            # Often a robot closes: it did not do the work.
            self._resolve(at, self.name or who or NOBODY, RESOLVED_WHEN)
            if self.ticket.state == State.DELIVERED:
                self.ticket.accept(by=None, at=at)
        elif step == CANCELLED:
            self._go_on(at)
            self.ticket.cancel(CANCELLED, by=self.ticket.requester, at=at)
        else:
            assert step == IGNORED

    def _who(self, step: str, team: str, handler: str) -> str:
        """Return who holds it from here on: a person, a team that stands for nobody, or as before.

        Who sends a request back to a queue does not hold it.
        """
        if handler and step != QUEUED:
            return handler
        return team if self.moved or not self.name else self.name

    def _go_on(self, at: datetime) -> None:
        """End what the step's own state has ended: a wait, a delivery that was none."""
        ticket = self.ticket
        if ticket.state in (State.DELIVERED, State.ACCEPTED):
            ticket.reopen(ticket.State.DELIVERED, by=ticket.requester, at=at)
        if ticket.state in (State.WAITING, State.THIRD):
            assert ticket.holder is not None
            ticket.resume(by=ticket.holder, at=at)

    def _hold(self, at: datetime, who: str) -> None:
        if not who or who.casefold() == self.name.casefold():
            return
        ticket, person = self.ticket, self.cast.assistant(who)
        # Out of a team's queue into the hands of one of the team: no hand-over.
        queued = ticket.state == State.ASSIGNED and self.name == self.team != "" and not self.moved
        if ticket.state == State.OPEN or queued:
            ticket.assign(person, at=at)
        else:
            assert ticket.holder is not None
            ticket.hand_over(person, "", by=ticket.holder, at=at)
        self.name = who

    def _work(self, at: datetime, who: str) -> None:
        self._go_on(at)
        self._take(at, who)

    def _take(self, at: datetime, who: str) -> None:
        self._hold(at, who)
        ticket = self.ticket
        if ticket.state == State.ASSIGNED:
            assert ticket.holder is not None
            ticket.take(by=ticket.holder, at=at)

    def _wait(self, at: datetime, who: str, state: str) -> None:
        ticket = self.ticket
        if ticket.state == state:
            self._hold(at, who)
            return
        self._work(at, who)
        assert ticket.holder is not None
        if state == State.WAITING:
            ticket.ask(WAITING, by=ticket.holder, at=at)
        else:
            ticket.wait_third(THIRD, by=ticket.holder, at=at)

    def _resolve(self, at: datetime, who: str, assumed: str = "") -> None:
        ticket = self.ticket
        if ticket.state in (State.DELIVERED, State.ACCEPTED):
            return
        if assumed:
            self.assumed[assumed] += 1
        if ticket.state in (State.OPEN, State.ASSIGNED):
            self.assumed[TAKEN_WHEN] += 1
        self._take(at, who)
        assert ticket.holder is not None
        ticket.deliver(RESOLVED, by=ticket.holder, at=at)


def steps_of(row: Row, steps: Sequence[Step]) -> list[Step]:
    """Return the steps of a request, with what its row knows and no event says.

    The tool's own time of resolution counts: some write a state before, or save it again after.
    Without events the row tells the steps alone.
    """
    found = list(steps) or _of_row(row)
    if not steps:
        return found
    tail = len(found)
    while tail and found[tail - 1][2] in (RESOLVED, CLOSED, IGNORED):
        tail -= 1
    previous = found[tail - 1][0] if tail else row.opened_at
    own = row.resolved_at
    if tail < len(found) and own is not None and own >= previous:
        first = found[tail]
        closing = next((s[0] for s in found[tail:] if s[2] == CLOSED), None)
        if first[2] == RESOLVED and (closing is None or own <= closing):
            found[tail] = (own, *first[1:])
            found[tail + 1 :] = [s for s in found[tail + 1 :] if s[0] >= own]
    if tail == len(found):
        if own is not None and own >= previous:
            found.append((own, 0, RESOLVED, "", row.handler_last))
        if row.closed_at is not None and row.closed_at >= found[-1][0]:
            found.append((row.closed_at, 0, CLOSED, "", ""))
    return found


def _of_row(row: Row) -> list[Step]:
    first = row.handler_first or row.handler_last or row.team or NOBODY
    last = row.handler_last or first
    steps: list[Step] = []
    if row.taken_at is not None:
        steps.append((row.taken_at, 0, WORKING, "", first))
    elif row.handler_first:
        steps.append((row.opened_at, 0, ASSIGNED, "", first))
    if row.stands == CANCELLED and row.closed_at is not None:
        return [*steps, (row.closed_at, 1, CANCELLED, "", "")]
    going_on = row.stands in (WORKING, WAITING, THIRD) and not (row.resolved_at or row.closed_at)
    if going_on and row.last_at is not None and row.last_at >= row.opened_at:
        # Since when is not said: the last change is the latest that it can be.
        steps.append((row.last_at, 1, row.stands, "", last))
    if row.resolved_at is not None:
        steps.append((row.resolved_at, 1, RESOLVED, "", last))
    if row.closed_at is not None:
        steps.append((row.closed_at, 2, CLOSED, "", last))
    return steps


def breaches(ticket: Ticket, until: datetime) -> None:
    """Tell the deadlines that passed before the next thing happened, as the sweep would have."""
    assert ticket.batch is not None
    late = [
        (clock.due_at, clock.kind, clock)
        for clock in ticket.batch.of(ticket)
        if clock.breached_at is None and clock.due_at is not None and clock.due_at < until
    ]
    for due_at, _kind, clock in sorted(late, key=lambda one: one[:2]):
        ticket.breach(clock, at=due_at)

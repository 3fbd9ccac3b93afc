"""What somebody away holds, and where it goes: by the rules of dispatch, through the same walls.

What is not begun moves by rule; what is begun is proposed, one by one; what is promised before she
leaves stays hers; what nobody can take is said, with what would help.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from relais.desk import dispatching, telling
from relais.desk.models import Ticket
from relais.desk.pool import Pool
from relais.engine import dispatch
from relais.engine.candidates import Assistant, at_work
from relais.engine.decision import Decision
from relais.people.models import Person

RELATED = ("site", "service", "requester", "company")


@dataclass(frozen=True)
class Share:
    """One request of hers. `how`: "moves", "begun", "stays" or "nobody".

    `to`: who would have it; `due`: until when it is promised; `finish`: when it would be done.
    """

    ticket: Ticket
    how: str
    to: Person | None = None
    due: datetime | None = None
    finish: datetime | None = None
    decision: Decision | None = None

    @property
    def expected(self) -> datetime | None:
        """Return what may be said to the requester: the promise, or later where it is foreseen."""
        dates = [one for one in (self.due, self.finish) if one is not None]
        if self.due is not None and (self.finish is None or self.finish <= self.due):
            return self.due
        return max(dates, default=None)

    @property
    def is_late(self) -> bool:
        """Return whether it is foreseen to be later than promised."""
        return self.due is not None and self.finish is not None and self.finish > self.due

    @property
    def why(self) -> str:
        """Return what is missing for anybody to have it."""
        if self.decision is None or not self.decision.missing:
            return ""
        return telling.missing_text(self.decision.missing[0])

    @property
    def mend(self) -> str:
        """Return with whom to train, whom to give what, or whom to call."""
        return mend(self.decision) if self.decision is not None else ""


@dataclass
class Shares:
    """All that she holds, with the pool that decided."""

    lines: list[Share]
    pool: Pool | None = None

    def of(self, *how: str) -> list[Share]:
        """Return the shares of these kinds."""
        return [one for one in self.lines if one.how in how]


def held_by(person: Person) -> list[Ticket]:
    """Return what she holds, begun or not, the most urgent first."""
    rows = Ticket.objects.filter(holder=person, state__in=Ticket.HELD)
    rows = rows.exclude(channel=Ticket.Channel.LOG).select_related(*RELATED)
    return list(rows.order_by("priority", "received_at", "pk"))


def of(
    person: Person, start: datetime, at: datetime, tickets: Sequence[Ticket] | None = None
) -> Shares:
    """Return where each request of hers would go if she is away from `start` on."""
    tickets = held_by(person) if tickets is None else tickets
    if not tickets:
        return Shares([])
    base = max(start, at)
    pool = Pool.read(base, {ticket.site_id for ticket in tickets})
    pool.read_deadlines(ticket.pk for ticket in tickets)
    chosen: list[tuple[Ticket, Decision]] = []
    for ticket in tickets:
        decision = decide(ticket, pool, without=person.pk)
        if decision.chosen is not None:
            pool.give(ticket, decision.chosen)
        chosen.append((ticket, decision))
    people = Person.objects.in_bulk(
        {one.chosen for _ticket, one in chosen if one.chosen is not None}
    )
    lines = [_share(ticket, one, pool, people, start, at) for ticket, one in chosen]
    return Shares(lines, pool)


def decide(ticket: Ticket, pool: Pool, without: int) -> Decision:
    """Return who would have it, were `without` not there: asked at the first hour of anybody."""
    others = [one for one in pool.candidates(ticket) if one.key != without]
    when = _first_hour(others, pool.at)
    return dispatch.choose(pool.asks(ticket), others, pool.state(), when, pool.rules.weights)


def _first_hour(people: Iterable[Assistant], base: datetime) -> datetime:
    starts = [max(begin, base) for one in people for begin, end in at_work(one) if end > base]
    return min(starts, default=base)


def _share(
    ticket: Ticket,
    decision: Decision,
    pool: Pool,
    people: dict[int, Person],
    start: datetime,
    at: datetime,
) -> Share:
    due = pool.asks(ticket).due
    to = people.get(decision.chosen or 0)
    begun = ticket.state != Ticket.State.ASSIGNED
    if begun:
        how = "begun"
    elif due is not None and at < start and due <= start:
        return Share(ticket, "stays", due=due)
    else:
        how = "moves" if to is not None else "nobody"
    return Share(ticket, how, to, due, decision.finish if to else None, decision)


def mend(decision: Decision) -> str:
    """Return what would let somebody have it, with names: whom to train, to clear, to call."""
    texts = {
        "readiness": _("train %(names)s for it"),
        "skill": _("train %(names)s in the skill"),
        "access": _("have %(names)s try the access"),
        "clearance": _("ask whether %(names)s may be cleared"),
        "pinned": _("unlock it for %(names)s"),
        "capacity": _("free a place for %(names)s"),
    }
    found = []
    for code, text in texts.items():
        only = [
            line.name
            for line in decision.lines
            if line.hard and {hard.code for hard in line.hard} == {code}
        ]
        if only:
            found.append(text % {"names": _either(only[:2])})
    if decision.calls:
        names = [call.name for call in decision.calls[:2]]
        found.append(_("call %(names)s") % {"names": _either(names)})
    return "; ".join(found) or _("name another backup for the site")


def _either(names: list[str]) -> str:
    return _(" or ").join(names)


def told(share: Share, pool: Pool, code: str, holder: int) -> dict[str, Any]:
    """Return the decision as the request's event keeps it: why it left her, and for whom."""
    assert share.decision is not None
    because = {"code": code, "from": holder}
    return dispatching.told(share.decision, pool) | {"replanned": because}

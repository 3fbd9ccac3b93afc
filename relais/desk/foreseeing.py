"""What will be late and what would help: the whole queue lived many times over by the rules.

A job does it every few minutes and keeps what it found; pages read that. Two things are asked
again at once: what an override would do, and where a request just moved stands.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import transaction
from django.db.models import Min, Q, Sum
from django.utils import timezone

from relais.engine import breach, day
from relais.engine.candidates import Assistant, Queued, State, away, unfit
from relais.engine.candidates import Ticket as Asked
from relais.engine.dispatch_plan import plan
from relais.people.models import Confidentiality, Cover

from .known import LEFT
from .models import Clock, DayOrder, Foresight, Outlook, Ticket
from .models.foresight import AT_RISK, TOLD
from .pool import AHEAD, Pool

# What is still to come is told by the last weeks; of a younger pool by a week at least.
LOOKED_BACK, LEAST = timedelta(weeks=4), timedelta(weeks=1)
# Remedies are tried for so many, the likeliest to be late first: each is a plan or six.
MOST_REMEDIES = 12
# What a requester was told moves only for as much; it is told in steps of a quarter of an hour.
WORTH_TELLING = timedelta(minutes=30)
STEP = timedelta(minutes=15)
# A chance that moved by less is the same.
SAME_CHANCE = 0.02
# Somebody called in is there for so long.
CALLED = timedelta(hours=4)
# What can be lacking, from what is had within the hour to what takes months.
TO_HAVE = ("access", "clearance", "readiness", "skill", "language")
BEGUN = (Ticket.State.TAKEN, Ticket.State.THIRD)
NO_WORK = (Ticket.State.CANCELLED, Ticket.State.REFUSED, Ticket.State.MERGED)
ANSWERS = (Clock.Kind.FIRST_RESPONSE, Clock.Kind.NEXT_REPLY)


@dataclass
class Queue:
    """All live work as the rules want to see it: what is begun is its holder's."""

    pool: Pool
    tickets: list[Ticket]
    asked: dict[int, Asked] = field(default_factory=dict)
    # By ticket: what runs, as (kind, when what is asked must be done for it to be kept).
    promises: dict[int, dict[str, datetime]] = field(default_factory=dict)
    deadlines: dict[tuple[int, str], datetime] = field(default_factory=dict)
    calendars: dict[int, int | None] = field(default_factory=dict)
    people: list[Assistant] = field(default_factory=list)

    @classmethod
    def read(cls, at: datetime, sites: Collection[int] | None = None) -> Queue:
        """Return the live work of the provider entered, or of some of its sites."""
        states = (Ticket.State.OPEN, *Ticket.HELD)
        rows = Ticket.objects.filter(state__in=states).exclude(channel=Ticket.Channel.LOG)
        rows = rows.exclude(state=Ticket.State.WAITING).select_related("site", "service")
        if sites is not None:
            rows = rows.filter(site__in=sites)
        tickets = list(rows.order_by("pk"))
        found = cls(Pool.read(at, {ticket.site_id for ticket in tickets}), tickets)
        found.pool.read_deadlines(ticket.pk for ticket in tickets)
        found._read_promises()
        for ticket in tickets:
            found.asked[ticket.pk] = found._ask(ticket)
        found.people = [
            replace(one, queue=(), in_hand=0.0, begun=0) for one in found.pool.assistants.values()
        ]
        return found

    @cached_property
    def state(self) -> State:
        """Return the moment, with who holds what in the plan in force."""
        planned = {one.pk: one.holder_id for one in self.tickets if one.holder_id}
        return replace(self.pool.state(), planned=planned)

    def due(self, kinds: Collection[str] | None = None) -> list[Asked]:
        """Return what is asked, each due by its nearest promise (of these kinds, if any)."""
        if kinds is None:
            return self._all_due
        found = []
        for ticket in self.tickets:
            dues = [
                when for kind, when in self.promises.get(ticket.pk, {}).items() if kind in kinds
            ]
            if dues:
                found.append(replace(self.asked[ticket.pk], due=min(dues)))
        return found

    @cached_property
    def _all_due(self) -> list[Asked]:
        return [
            replace(asked, due=min(self.promises.get(key, {}).values(), default=None))
            for key, asked in self.asked.items()
        ]

    def is_to_come(self, key: int, kind: str, at: datetime) -> bool:
        """Return whether the deadline itself still lies ahead."""
        return self.deadlines[key, kind] > at

    def _ask(self, ticket: Ticket) -> Asked:
        asked = self.pool.asks(ticket)
        asked = replace(asked, calendar=self.calendars.get(ticket.pk, asked.calendar))
        if ticket.state in BEGUN:
            return replace(asked, minutes=LEFT * asked.minutes, pinned=ticket.holder_id, held=False)
        return asked

    def _read_promises(self) -> None:
        """Read every running promise; an answer is given when work begins, not when it ends."""
        minutes = {one.pk: float(one.service.standard_minutes) for one in self.tickets}
        rows = Clock.objects.filter(
            ticket__in=minutes, stopped_at=None, due_at__isnull=False, kind__in=Clock.OWED
        )
        for ticket, kind, due, calendar in rows.order_by("-due_at").values_list(
            "ticket_id", "kind", "due_at", "calendar_id"
        ):
            self.deadlines[ticket, kind] = due
            hours = self.pool.calendars.get(calendar) if calendar else None
            if kind in ANSWERS and hours is not None:
                due = hours.add(due, timedelta(minutes=minutes[ticket]))
            self.promises.setdefault(ticket, {})[kind] = due
            self.calendars[ticket] = calendar


# The job ------------------------------------------------------------------------------------------


def foresee(at: datetime | None = None) -> int:
    """Return how many requests were foreseen; what is foreseen of others is forgotten."""
    at = at or timezone.now()
    queue = Queue.read(at)
    wished = plan(queue.due(), queue.people, queue.state, at, queue.pool.rules.weights)
    placed = {each.ticket: each for each in wished.placements}
    chances = _chances(queue, at)
    risky = sorted(
        (key for key, by_kind in chances.items() if max(by_kind.values()) >= AT_RISK),
        key=lambda key: (-max(chances[key].values()), min(queue.promises[key].values()), key),
    )
    remedies = {key: remedy(queue, key, at) for key in risky[:MOST_REMEDIES]}
    rows = []
    for ticket in queue.tickets:
        by_kind, place = chances.get(ticket.pk, {}), placed.get(ticket.pk)
        rows.append(
            Foresight(
                provider_id=ticket.provider_id,
                ticket=ticket,
                at=at,
                chances=by_kind,
                chance=max(by_kind.values(), default=0.0),
                person_id=place.person if place else None,
                finish=place.finish if place else None,
                remedy=remedies.get(ticket.pk, {}),
            )
        )
    _keep(rows, at)
    _keep_orders(queue, at)
    return len(rows)


def _chances(queue: Queue, at: datetime) -> dict[int, dict[str, float]]:
    """Return the chance of being late of each running promise, rounded to the hundredth.

    The queue is lived by its nearest promises; those behind an answer are asked for once more.
    """
    found: dict[int, dict[str, float]] = defaultdict(dict)
    share = arriving(queue, at)
    results = [kind for kind in Clock.OWED if kind not in ANSWERS]
    for kinds in (ANSWERS, results):
        wanted = {one.key: one for one in queue.due(kinds)}
        if not wanted:
            continue
        dues = {key: one.due for key, one in wanted.items()}
        lived = [wanted.get(one.key, one) for one in queue.due()]
        late = breach.chances(
            lived, queue.people, queue.state, at, weights=queue.pool.rules.weights, arriving=share
        )
        for key in wanted:
            for kind, when in queue.promises[key].items():
                # What is late already is a fact, and no risk any more.
                if kind in kinds and when == dues[key] and queue.is_to_come(key, kind, at):
                    found[key][kind] = round(late[key], 2)
    return found


def arriving(queue: Queue, at: datetime) -> float:
    """Return the share of everybody's hours that what is still to come takes before the queue.

    As much work a week as in the last ones, over the hours of the days ahead. Only what is urgent
    is put before those that wait: the rest takes its turn behind them.
    """
    known: dict[int, float] = {}  # most have the very same hours
    hours = 0.0
    for one in queue.people:
        if (mine := known.get(id(one.shifts))) is None:
            mine = known[id(one.shifts)] = sum(
                max(min(end, at + AHEAD) - max(begin, at), timedelta()).total_seconds() / 60
                for begin, end in one.shifts
            )
        hours += mine
    if not hours or not queue.tickets:
        return 0.0
    came = (
        Ticket.objects.filter(received_at__gt=at - LOOKED_BACK, received_at__lte=at)
        .exclude(channel=Ticket.Channel.LOG)
        .exclude(state__in=NO_WORK)
        .aggregate(
            first=Min("received_at"),
            urgent=Sum("service__standard_minutes", filter=Q(priority__lte=Ticket.Priority.HIGH)),
        )
    )
    if not came["urgent"]:
        return 0.0
    share: float = came["urgent"] / (max(at - came["first"], LEAST) / AHEAD) / hours
    return share


def _keep(rows: list[Foresight], at: datetime) -> None:
    """Write what changed by enough, and forget what is foreseen no more."""
    with transaction.atomic():
        known = {one.ticket_id: one for one in Foresight.objects.all()}
        live = {row.ticket_id for row in rows}
        Foresight.objects.filter(pk__in=[k.pk for t, k in known.items() if t not in live]).delete()
        fresh, changed = [], []
        for row in rows:
            before = known.get(row.ticket_id)
            row.expected = _expected(row, before, at)
            if before is None:
                fresh.append(row)
            elif _differs(row, before):
                row.pk = before.pk
                changed.append(row)
        Foresight.objects.bulk_create(fresh, batch_size=1000)
        Foresight.objects.bulk_update(changed, ["at", *(_name(each) for each in TOLD)], 500)
        provider = rows[0].provider_id if rows else None
        if provider is None:
            Outlook.objects.update(at=at, facts={"requests": 0})
            return
        facts = {"requests": len(rows), **_counted(rows)}
        Outlook.objects.update_or_create(provider_id=provider, defaults={"at": at, "facts": facts})


def _counted(rows: list[Foresight]) -> dict[str, Any]:
    """Return how many are at risk, and by holder. Class C3 is in nobody's counters."""
    risky = [
        row
        for row in rows
        if row.chance >= AT_RISK and row.ticket.confidentiality < Confidentiality.EXECUTIVE
    ]
    holders = Counter(str(row.ticket.holder_id) for row in risky if row.ticket.holder_id)
    return {"at_risk": len(risky), "holders": dict(holders)}


def _name(field: str) -> str:
    return field.removesuffix("_id")


def _differs(row: Foresight, before: Foresight) -> bool:
    if abs(row.chance - before.chance) >= SAME_CHANCE or row.expected != before.expected:
        return True
    if row.finish and before.finish and abs(row.finish - before.finish) >= STEP:
        return True
    return (row.person_id, row.remedy) != (before.person_id, before.remedy)


def _expected(row: Foresight, before: Foresight | None, at: datetime) -> datetime | None:
    """Return by when the requester may expect it: what was told, unless it is well off."""
    if row.finish is None:
        return None
    told = before.expected if before is not None else None
    if told is not None and told > at and abs(told - row.finish) < WORTH_TELLING:
        return told
    whole = int(row.finish.timestamp() // STEP.total_seconds()) + 1
    return datetime.fromtimestamp(whole * STEP.total_seconds(), tz=at.tzinfo)


# The order of each day ----------------------------------------------------------------------------


def _keep_orders(queue: Queue, at: datetime) -> None:
    """Keep the order of everybody's day where it moved."""
    held: dict[int, list[Ticket]] = defaultdict(list)
    for ticket in queue.tickets:
        if ticket.holder_id:
            held[ticket.holder_id].append(ticket)
    known = {one.person_id: one for one in DayOrder.objects.filter(person__in=held)}
    for person, hers in held.items():
        before = known.get(person)
        turns = order(hers, queue.asked, queue.state, at, before.tickets if before else ())
        keys = [turn.key for turn in turns]
        if before is None:
            DayOrder.objects.get_or_create(
                person_id=person,
                defaults={"provider_id": hers[0].provider_id, "tickets": keys, "at": at},
            )
        elif before.tickets != keys:
            DayOrder.objects.filter(pk=before.pk).update(tickets=keys, at=at)
    DayOrder.objects.exclude(person__in=held).delete()


def order(
    hers: Iterable[Ticket],
    asked: dict[int, Asked],
    state: State,
    at: datetime,
    before: Collection[int] = (),
) -> tuple[day.Turn, ...]:
    """Return the order of somebody's day: what she has begun, then what has the least room."""
    begun = [one.pk for one in hers if one.state == Ticket.State.TAKEN]
    waiting = [
        Queued(one.key, one.minutes, one.due, one.weight, one.calendar)
        for one in (asked[ticket.pk] for ticket in hers)
    ]
    shown = list(before)
    first = [key for key in shown if key in begun]
    begun = [*first, *(key for key in begun if key not in first)]
    return day.order(waiting, state, at, begun=begun, before=shown)


# Remedies and overrides ---------------------------------------------------------------------------


def around(queue: Queue, key: int) -> tuple[list[Asked], list[Assistant]]:
    """Return the requests and the people whom a change of this request can touch.

    Those who cover its site, their sites, and who covers those.
    """
    asked = queue.asked[key]
    near = {one.key for one in queue.people if asked.site in one.covers}
    sites = {site for one in queue.people if one.key in near for site in one.covers}
    people = [one for one in queue.people if sites & one.covers.keys()]
    return [one for one in queue.due() if one.site in sites], people


def remedy(queue: Queue, key: int, at: datetime) -> dict[str, Any]:
    """Return the cheapest remedy for a request at risk, as it is kept.

    `kind`: "give" or "hand_over" (to `person`), "first" (she does it first), "call" (in
    `person`), "lacking" (`person` lacks the least of all: `codes`, what is had soonest first),
    "cover" (nobody covers the site), "later" (nothing helps: agree on a later date). `others`: how
    many become late.
    """
    tickets, people = around(queue, key)
    ticket = next(one for one in queue.tickets if one.pk == key)
    begun, holder = ticket.state in BEGUN, ticket.holder_id
    tickets = [replace(one, pinned=None) if one.key == key and begun else one for one in tickets]
    here = [one for one in people if not away(one, at)]
    gone = {one.key: _called(one, at) for one in people if away(one, at)}
    if lacking := _lacking(queue.asked[key], people):
        return lacking
    found = breach.remedy(key, tickets, here, queue.state, at, queue.pool.rules.weights, away=gone)
    if found.kind == "call":
        return {"kind": "call", "person": found.person}
    if found.kind != "first":
        return {"kind": "later"}
    kind = "first" if found.person == holder else "hand_over" if begun else "give"
    return {"kind": kind, "person": found.person, "others": len(found.become_late)}


def _lacking(asked: Asked, people: Iterable[Assistant]) -> dict[str, Any]:
    """Return what keeps it from everybody who covers its site at any hour; empty if nothing does.

    A reservation is the lead's own word, and is not among what is missing.
    """
    asked, covering = replace(asked, pinned=None, held=False), False
    near: list[tuple[int, int, list[str]]] = []
    for one in people:
        if asked.site not in one.covers:
            continue
        covering, codes = True, {hard.code for hard in unfit(asked, one)}
        if not codes:
            return {}
        lacks = sorted(codes, key=TO_HAVE.index)
        near.append((sum(2 ** TO_HAVE.index(code) for code in lacks), one.key, lacks))
    if not covering:
        return {"kind": "cover"}
    _cost, person, lacks = min(near)
    return {"kind": "lacking", "person": person, "codes": lacks}


def _called(one: Assistant, at: datetime) -> Assistant:
    later = tuple(span for span in one.shifts if span[0] > at + CALLED)
    return replace(one, shifts=((at, at + CALLED), *later), absences=())


@dataclass(frozen=True)
class Late:
    """Another request that an override makes late, and by how many open minutes."""

    ticket: int
    minutes: float


@dataclass(frozen=True)
class Override:
    """What giving a request to somebody would do. `finish` is None when she cannot have it."""

    finish: datetime | None
    late: float
    become_late: tuple[Late, ...]
    saved: int
    chosen: int | None  # whom the plan would have it done by


def simulate(ticket: Ticket, to: int, at: datetime | None = None) -> Override:
    """Return what giving this ticket to `to` would do to it and to the others; nothing is done."""
    at = at or timezone.now()
    queue = Queue.read(at, _near_sites(ticket, to))
    if ticket.pk not in queue.asked:
        return Override(None, 0.0, (), 0, None)
    tickets = queue.due()
    before = plan(tickets, queue.people, queue.state, at, queue.pool.rules.weights)
    effect = breach.override(
        ticket.pk,
        to,
        tickets,
        queue.people,
        queue.state,
        at,
        queue.pool.rules.weights,
        before=before,
    )
    placed = before.of(ticket.pk)
    return Override(
        effect.finish,
        effect.late,
        tuple(Late(key, minutes) for key, minutes in effect.delays),
        len(effect.saved),
        placed.person if placed else None,
    )


def _near_sites(ticket: Ticket, to: int) -> set[int]:
    """Return the sites of whoever covers the ticket's, and of whom it would go to."""
    near = Cover.objects.filter(site=ticket.site_id).values("person")
    rows = Cover.objects.filter(person__in=near) | Cover.objects.filter(person=to)
    return {ticket.site_id, *rows.values_list("site", flat=True)}

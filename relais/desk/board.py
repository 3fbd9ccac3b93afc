"""What the screens of the desk ask: lists and counts, always through what the person may see."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    BigIntegerField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Concat

from relais.people.access import Access
from relais.people.models import Person, Site

from . import my_day
from .known import LEFT
from .models import Clock, Event, Foresight, Ticket

State = Ticket.State
SOON = timedelta(hours=4)
PROMISES = (Clock.Kind.DELIVERY, Clock.Kind.CORRECTION)

TONES = {
    State.OPEN: "warn",
    State.ASSIGNED: "info",
    State.TAKEN: "primary",
    State.WAITING: "warn",
    State.THIRD: "neutral",
    State.DELIVERED: "good",
    State.ACCEPTED: "neutral",
    State.REFUSED: "neutral",
    State.CANCELLED: "neutral",
    State.MERGED: "neutral",
}


def with_due(tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """Return the tickets, each with the next deadline that runs (`due`, `due_kind`) and `done_by`.

    `done_by` is when the result is promised; all three are empty while nothing runs.
    """
    first = _running()
    promised = first.filter(kind__in=PROMISES)
    return tickets.annotate(
        due=Subquery(first.values("due_at")[:1]),
        due_kind=Subquery(first.values("kind")[:1]),
        done_by=Subquery(promised.values("due_at")[:1]),
    )


def _running() -> QuerySet[Clock]:
    running = Clock.objects.filter(ticket=OuterRef("pk"), stopped_at=None, due_at__isnull=False)
    return running.exclude(kind=Clock.Kind.HAND).order_by("due_at", "pk")


# What a line of a list is drawn of. Texts, words and forms are long, and each line has five rows.
LINE = (
    "provider", "company", "state", "version", "subject", "priority", "confidentiality",
    "received_at", "delivered_at", "held_why", "held_until", "proposed", "pinned",
    "site__name", "site__time_zone", "requester__first_name", "requester__last_name",
    "holder__first_name", "holder__last_name",
    "service__name_fr", "service__name_en", "service__standard_minutes",
)  # fmt: skip
ROWS = ("site", "requester", "holder", "service")


def complete(tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """Return the tickets with what a line of a list shows, and no more."""
    return with_due(tickets).select_related(*ROWS).only(*LINE)


def named(rows: QuerySet[Any], *fields: str) -> QuerySet[Any]:
    """Return rows that hang on tickets, with `fields` of theirs and what a line of it shows."""
    joined = (f"ticket__{each}" for each in ROWS)
    return rows.select_related(*joined).only(*fields, *(f"ticket__{each}" for each in LINE))


def with_expected(tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """Return the tickets, each with when its requester may expect it (`expected`), if foreseen.

    Of what is foreseen nothing else leaves the provider: neither chances nor who, nor why.
    """
    foreseen = Foresight.objects.filter(ticket=OuterRef("pk")).values("expected")
    return tickets.annotate(expected=Subquery(foreseen[:1]))


def expected(ticket: Ticket, now: datetime) -> datetime | None:
    """Return by when the requester may expect it: while it is with the service, and to come."""
    when: datetime | None = getattr(ticket, "expected", None)
    at_work = (State.OPEN, State.ASSIGNED, State.TAKEN, State.THIRD)
    return when if when is not None and when > now and ticket.state in at_work else None


def late(tickets: QuerySet[Ticket], now: datetime) -> QuerySet[Ticket]:
    """Return the tickets of which a deadline of the service that still runs has passed."""
    return tickets.filter(_has_owed(Q(due_at__lt=now)), state__in=Ticket.LIVE)


def _has_owed(when: Q) -> Exists:
    """Return whether something runs that the service owes: a slow client makes nobody late."""
    owed = Clock.objects.filter(stopped_at=None, kind__in=Clock.OWED, ticket=OuterRef("pk"))
    return Exists(owed.filter(when))


def with_receiver(dispatches: QuerySet[Event]) -> QuerySet[Event]:
    """Return the dispatches, each with the name of whom the request was given to (`given_to`)."""
    key = Cast(KeyTextTransform("holder", "facts"), BigIntegerField())
    name = Concat("first_name", Value(" "), "last_name", output_field=TextField())
    person = Person.objects.filter(pk=OuterRef("given_key")).annotate(whole=name)
    return dispatches.annotate(given_key=key).annotate(
        given_to=Subquery(person.values("whole")[:1])
    )


# My requests -------------------------------------------------------------------------------------


@dataclass
class Mine:
    """A requester's tickets, by whose turn it is."""

    for_me: list[Ticket] = field(default_factory=list)
    at_work: list[Ticket] = field(default_factory=list)
    done: list[Ticket] = field(default_factory=list)


RECENT = 10


def mine(access: Access) -> Mine:
    """Return my own live requests and the last ones that ended: two queries."""
    asked = with_expected(complete(access.see(Ticket).filter(requester=access.person)))
    found = Mine()
    for ticket in asked.filter(state__in=Ticket.LIVE).order_by("-received_at")[:200]:
        mine_to_do = ticket.state in (State.WAITING, State.DELIVERED)
        (found.for_me if mine_to_do else found.at_work).append(ticket)
    ended = asked.exclude(state__in=Ticket.LIVE).order_by("-received_at")
    found.done = list(ended[:RECENT])
    return found


# My day ------------------------------------------------------------------------------------------


@dataclass
class Day:
    """An assistant's tickets: what she can do now in order, what waits, what she may take."""

    now: list[Ticket] = field(default_factory=list)
    waiting: list[Ticket] = field(default_factory=list)
    delivered: list[Ticket] = field(default_factory=list)
    queue: list[Ticket] = field(default_factory=list)


def day_of(access: Access, now: datetime) -> Day:
    """Return the day of this assistant: four queries, whatever she holds."""
    found = Day()
    held = complete(access.see(Ticket).filter(holder=access.person, state__in=Ticket.LIVE))
    held = held.annotate(due_calendar=Subquery(_running().values("calendar")[:1]))
    for ticket in held.order_by(F("due").asc(nulls_last=True), "priority", "pk")[:300]:
        if ticket.state == State.DELIVERED:
            found.delivered.append(ticket)
        elif ticket.state in (State.WAITING, State.THIRD):
            found.waiting.append(ticket)
        else:
            found.now.append(ticket)
    found.now = my_day.arrange(access, found.now, now)
    queue = access.see(Ticket).filter(state=State.OPEN, site__in=access.covered_site_ids)
    found.queue = list(complete(queue).order_by(F("due").asc(nulls_last=True), "pk")[:50])
    return found


# Control tower -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Load:
    """What somebody, or a site, has on hand."""

    name: str
    open: int
    waiting: int
    late: int
    key: int | None = None
    person: Person | None = None
    # Minutes of work, half of what is begun being done on average.
    held: float = 0.0


@dataclass(frozen=True)
class Tower:
    """The pool at this moment."""

    figures: dict[str, int]
    queue: list[Ticket]
    late: list[Clock]
    soon: list[Clock]
    persons: list[Load]
    sites: list[Load]


MOST = 12
# What the tower shows of an assistant.
NAMED = ("provider", "first_name", "last_name", "phone")
SUMMED = ("open", "waiting", "late", "whole", "begun")
# What `grouping(holder, site)` says of a row: which of the two it is no count of.
BY_HOLDER, BY_STATE = 1, 3


def tower(access: Access, now: datetime) -> Tower:
    """Return the pool at this moment: five queries whatever the number of tickets."""
    tickets = access.see(Ticket).filter(state__in=Ticket.LIVE)
    running = access.see(Clock).filter(
        stopped_at=None,
        due_at__isnull=False,
        ticket__state__in=Ticket.LIVE,
        kind__in=Clock.OWED,
    )
    clocks = named(running, "provider", "kind", "due_at").order_by("due_at", "pk")
    order = "priority", "received_at", "pk"
    first = tickets.filter(state=State.OPEN).order_by(*order).values("pk")[:MOST]
    queue = complete(Ticket.objects.filter(pk__in=first)).order_by(*order)
    near = list(clocks.filter(due_at__lt=now + SOON)[: 2 * MOST])
    counts = _counts(tickets, now)
    return Tower(
        figures=counts.figures,
        queue=list(queue),
        late=[clock for clock in near if clock.due_at and clock.due_at < now][:MOST],
        soon=[clock for clock in near if clock.due_at and clock.due_at >= now][:MOST],
        persons=_by_person(access, counts.persons),
        sites=_by_site(counts.sites),
    )


@dataclass(frozen=True)
class Counts:
    """What is on hand, by holder and by site, and the figures of the whole."""

    figures: dict[str, int]
    persons: dict[int, dict[str, float]]
    sites: dict[int, dict[str, float]]


# Each request is looked at once and counted three times; what is delivered is on hand no more.
COUNTED = """
select holder, site, state, count(*) filter (where state <> 'delivered') as any,
       count(*) filter (where state in ('open', 'assigned', 'taken')) as open,
       count(*) filter (where state in ('waiting', 'third')) as waiting,
       count(*) filter (where late and state <> 'delivered') as late,
       coalesce(sum(minutes) filter (where state in ('open', 'assigned')), 0) as whole,
       coalesce(sum(minutes) filter (where state in ('taken', 'third')), 0) as begun,
       count(*), count(*) filter (where late), count(*) filter (where soon),
       grouping(holder, site)
  from ({seen}) as seen (holder, site, state, minutes, late, soon)
 group by grouping sets ((holder), (site), (state))
"""


def _counts(tickets: QuerySet[Ticket], now: datetime) -> Counts:
    """Return what is on hand: one query for the figures and the loads."""
    late, soon = Q(due_at__lt=now), Q(due_at__gte=now, due_at__lt=now + SOON)
    seen = tickets.order_by().values_list(
        "holder", "site", "state", "service__standard_minutes", _has_owed(late), _has_owed(soon)
    )
    rows: list[Any] = []
    with suppress(EmptyResultSet), connection.cursor() as cursor:
        sql, params = seen.query.sql_with_params()
        cursor.execute(COUNTED.format(seen=sql), params)
        rows = cursor.fetchall()
    found, states = Counts({"late": 0, "soon": 0}, {}, {}), Counter[str]()
    for holder, site, state, on_hand, *sums, whole, is_late, is_soon, kind in rows:
        if kind == BY_STATE:
            states[state] = whole
            found.figures["late"] += is_late
            found.figures["soon"] += is_soon
        elif on_hand and (key := holder if kind == BY_HOLDER else site):
            of = found.persons if kind == BY_HOLDER else found.sites
            of[key] = dict(zip(SUMMED, sums, strict=True))
    found.figures.update(
        {
            "queue": states[State.OPEN],
            "assigned": states[State.ASSIGNED],
            "taken": states[State.TAKEN],
            "waiting": states[State.WAITING] + states[State.THIRD],
            "delivered": states[State.DELIVERED],
        }
    )
    return found


def _load(name: str, row: dict[str, float], key: int, person: Person | None = None) -> Load:
    counts = (int(row[each]) for each in ("open", "waiting", "late"))
    return Load(name, *counts, key, person, row["whole"] + LEFT * row["begun"])


def _by_person(access: Access, rows: dict[int, dict[str, float]]) -> list[Load]:
    """Return every assistant's load, also of those who have nothing."""
    nothing = dict.fromkeys(SUMMED, 0.0)
    assistants = access.see(Person).filter(assistant__isnull=False, archived_at=None)
    loads = [
        _load(person.name, rows.get(person.pk, nothing), person.pk, person)
        for person in assistants.order_by("name_key", "pk").only(*NAMED)
    ]
    return sorted(loads, key=lambda load: (-load.open, load.name))


def _by_site(rows: dict[int, dict[str, float]]) -> list[Load]:
    names = dict(Site.objects.filter(pk__in=list(rows)).values_list("pk", "name"))
    loads = [_load(names.get(key, ""), row, key) for key, row in rows.items()]
    return sorted(loads, key=lambda load: (-load.late, -load.open, load.name))

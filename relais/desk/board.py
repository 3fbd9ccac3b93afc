"""What the screens of the desk ask: lists and counts, always through what the person may see."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    BigIntegerField,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
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
SUMMED = ("open", "waiting", "late", "whole", "begun")


def tower(access: Access, now: datetime) -> Tower:
    """Return the pool at this moment: five queries whatever the number of tickets."""
    tickets = access.see(Ticket).filter(state__in=Ticket.LIVE)
    running = access.see(Clock).filter(
        stopped_at=None,
        due_at__isnull=False,
        ticket__state__in=Ticket.LIVE,
        kind__in=Clock.OWED,
    )
    late, soon = Q(due_at__lt=now), Q(due_at__gte=now, due_at__lt=now + SOON)
    figures = tickets.aggregate(
        late=Count("pk", filter=_has_owed(late)),
        soon=Count("pk", filter=_has_owed(soon)),
        queue=Count("pk", filter=Q(state=State.OPEN)),
        assigned=Count("pk", filter=Q(state=State.ASSIGNED)),
        taken=Count("pk", filter=Q(state=State.TAKEN)),
        waiting=Count("pk", filter=Q(state__in=[State.WAITING, State.THIRD])),
        delivered=Count("pk", filter=Q(state=State.DELIVERED)),
    )
    clocks = named(running, "provider", "kind", "due_at").order_by("due_at", "pk")
    order = "priority", "received_at", "pk"
    first = tickets.filter(state=State.OPEN).order_by(*order).values("pk")[:MOST]
    queue = complete(Ticket.objects.filter(pk__in=first)).order_by(*order)
    counts = _counts(tickets, now)
    near = list(clocks.filter(due_at__lt=now + SOON)[: 2 * MOST])
    return Tower(
        figures=figures,
        queue=list(queue),
        late=[clock for clock in near if clock.due_at and clock.due_at < now][:MOST],
        soon=[clock for clock in near if clock.due_at and clock.due_at >= now][:MOST],
        persons=_by_person(access, counts),
        sites=_by_site(counts),
    )


def _counts(tickets: QuerySet[Ticket], now: datetime) -> list[dict[str, Any]]:
    """Return what is on hand by holder and site: one query for the loads of both."""
    return list(
        tickets.exclude(state=State.DELIVERED)
        .order_by()
        .values("holder", "site")
        .annotate(
            open=Count("pk", filter=Q(state__in=[State.OPEN, State.ASSIGNED, State.TAKEN])),
            waiting=Count("pk", filter=Q(state__in=[State.WAITING, State.THIRD])),
            late=Count("pk", filter=_has_owed(Q(due_at__lt=now))),
            whole=Sum(
                "service__standard_minutes", filter=Q(state__in=[State.OPEN, State.ASSIGNED])
            ),
            begun=Sum("service__standard_minutes", filter=Q(state__in=[State.TAKEN, State.THIRD])),
        )
    )


def _summed(rows: list[dict[str, Any]], by: str) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    for row in rows:
        if row[by]:
            mine = found.setdefault(row[by], dict.fromkeys(SUMMED, 0))
            for name in SUMMED:
                mine[name] += row[name] or 0
    return found


def _load(name: str, row: dict[str, float], key: int, person: Person | None = None) -> Load:
    counts = (int(row[each]) for each in ("open", "waiting", "late"))
    return Load(name, *counts, key, person, row["whole"] + LEFT * row["begun"])


def _by_person(access: Access, counts: list[dict[str, Any]]) -> list[Load]:
    """Return every assistant's load, also of those who have nothing."""
    rows, nothing = _summed(counts, "holder"), dict.fromkeys(SUMMED, 0.0)
    assistants = access.see(Person).filter(assistant__isnull=False, archived_at=None)
    loads = [
        _load(person.name, rows.get(person.pk, nothing), person.pk, person)
        for person in assistants.order_by("name_key", "pk")
    ]
    return sorted(loads, key=lambda load: (-load.open, load.name))


def _by_site(counts: list[dict[str, Any]]) -> list[Load]:
    rows = _summed(counts, "site")
    names = dict(Site.objects.filter(pk__in=list(rows)).values_list("pk", "name"))
    loads = [_load(names.get(key, ""), row, key) for key, row in rows.items()]
    return sorted(loads, key=lambda load: (-load.late, -load.open, load.name))

"""The facts of requests as figures read them: what happened, from events and pinned clocks.

Events that were undone never happened. Nothing is counted or judged here: that is the engine's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db.models import Sum

from relais.desk.models import ClarityMark, Clock, Commitment, Event, Rating, Run, Ticket, TimeEntry
from relais.engine.measures_facts import (
    DELIVERY,
    FIRST_RESPONSE,
    WORD,
    Life,
    Promise,
    Reopening,
)
from relais.engine.measures_facts import Rating as Said
from relais.engine.worktime import Calendar as Hours
from relais.offer.models import ProcedureVersion, Service
from relais.people import calendars
from relais.people.models import Calendar, Person, Site

Kind, State = Event.Kind, Commitment.State
AT_ONCE = 2_000
OFF_CATALOGUE = "other"
OF_SERVICE = ("family", "code", "procedure", "standard_minutes")
ENDS = (Kind.CANCELLED, Kind.REFUSED, Kind.MERGED)
READ = (
    *ENDS, Kind.PARTED, Kind.UNDONE, Kind.RECEIVED, Kind.DELIVERED, Kind.REOPENED, Kind.ASKED,
    Kind.REPLIED, Kind.REPRIORITISED,
)  # fmt: skip
# What an assistant opens by herself; a call that she writes down was asked for.
BY_STAFF = (Ticket.Channel.FORM, Ticket.Channel.API)


class Step(NamedTuple):
    """One event that stands."""

    pk: int
    kind: str
    at: datetime
    by: int | None
    was: Any


@dataclass(frozen=True)
class Places:
    """What requests lie in and how it is done there, asked once for many of them."""

    sites: Mapping[int, Site]
    services: Mapping[int, Service]
    staff: frozenset[int]
    procedures: Mapping[int, Sequence[ProcedureVersion]]
    hours: dict[int, Hours | None] = field(default_factory=dict)
    kept: dict[int, Hours] = field(default_factory=dict)

    @classmethod
    def all(cls) -> Places:
        """Return those of the provider that is entered."""
        procedures = defaultdict(list)
        published = ProcedureVersion.objects.filter(state=ProcedureVersion.State.PUBLISHED)
        for version in published.order_by("effective_from", "number"):
            procedures[version.procedure_id].append(version)
        staff = Person.objects.filter(company=None).values_list("pk", flat=True)
        sites = Site.objects.select_related(*calendars.PLACES, "company")
        return cls(
            {site.pk: site for site in sites},
            {service.pk: service for service in Service.objects.only(*OF_SERVICE)},
            frozenset(staff),
            procedures,
        )

    def at_site(self, site: int) -> Hours | None:
        """Return the opening hours of a site; None where nobody gave any."""
        if site not in self.hours:
            try:
                self.hours[site] = calendars.of_site(self.sites[site]).timetable
            except calendars.NoCalendar:
                self.hours[site] = None
        return self.hours[site]

    def of_calendar(self, pk: int) -> Hours:
        """Return the hours that a clock is pinned to."""
        if pk not in self.kept:
            self.kept[pk] = calendars.timetable(Calendar.objects.get(pk=pk))
        return self.kept[pk]

    def documented(self, ticket: Ticket, pinned: ProcedureVersion | None) -> bool:
        """Return whether the procedure by which a request was done, or would be, is in date."""
        hours = self.at_site(ticket.site_id)
        day = ticket.received_at.astimezone(hours.zone if hours else UTC).date()
        found = pinned
        if found is None:
            service = self.services[ticket.service_id]
            known = self.procedures.get(service.procedure_id or 0, ())
            found = next((v for v in reversed(known) if (v.effective_from or day) <= day), None)
        return found is not None and (found.review_by is None or found.review_by >= day)


@dataclass
class Facts:
    """What hangs on some requests, by their key."""

    steps: dict[int, list[Step]]
    clocks: dict[int, list[Clock]]
    words: dict[int, list[Commitment]]
    ratings: dict[int, Rating]
    clear: frozenset[int]
    spent: dict[int, int]
    pinned: dict[int, ProcedureVersion]

    @classmethod
    def of(cls, keys: Sequence[int]) -> Facts:
        """Return the facts of these requests, each table asked once."""
        clocks, words = defaultdict(list), defaultdict(list)
        owed = Clock.objects.filter(
            ticket__in=keys, kind__in=(Clock.Kind.DELIVERY, Clock.Kind.FIRST_RESPONSE)
        )
        for clock in owed.order_by("pk"):
            clocks[clock.ticket_id].append(clock)
        for word in Commitment.objects.filter(ticket__in=keys).order_by("pk"):
            words[word.ticket_id].append(word)
        times = TimeEntry.objects.filter(ticket__in=keys, minutes__isnull=False).order_by()
        runs = Run.objects.filter(ticket__in=keys).select_related("procedure")
        marks = ClarityMark.objects.filter(ticket__in=keys, clear=True)
        return cls(
            _steps(keys),
            clocks,
            words,
            {each.ticket_id: each for each in Rating.objects.filter(ticket__in=keys)},
            frozenset(marks.values_list("ticket", flat=True)),
            dict(times.values_list("ticket").annotate(minutes=Sum("minutes"))),
            {run.ticket_id: run.procedure for run in runs},
        )


def _steps(keys: Sequence[int]) -> dict[int, list[Step]]:
    """Return the events of these requests that stand, in their order."""
    told = Event.objects.filter(ticket__in=keys, kind__in=READ).order_by("id")
    found: dict[int, list[Step]] = defaultdict(list)
    undone = set()
    named = ("ticket", "id", "kind", "at", "by", "facts__event", "facts__from")
    for ticket, pk, kind, at, by, event, was in told.values_list(*named):
        if kind == Kind.UNDONE:
            undone.add(event)
        else:
            found[ticket].append(Step(pk, kind, at, by, was))
    return {
        ticket: [step for step in steps if step.pk not in undone] for ticket, steps in found.items()
    }


def of(tickets: Iterable[Ticket], places: Places | None = None) -> list[Life]:
    """Return the lives of these requests, as the desk knows them now."""
    places, found = places or Places.all(), []
    rows = list(tickets)
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        facts = Facts.of([each.pk for each in some])
        found += [_life(each, facts, places) for each in some]
    return found


def _life(ticket: Ticket, facts: Facts, places: Places) -> Life:
    steps = facts.steps.get(ticket.pk, [])
    deliveries = [step for step in steps if step.kind == Kind.DELIVERED]
    first = deliveries[0] if deliveries else None
    clocks = facts.clocks.get(ticket.pk, [])
    delivery = next((each for each in clocks if each.kind == Clock.Kind.DELIVERY), None)
    worked, waited = _spent(delivery, ticket.received_at, first.at if first else None, places)
    site, service = places.sites[ticket.site_id], places.services[ticket.service_id]
    hours = places.at_site(ticket.site_id)
    asked = [step.at for step in steps if step.kind == Kind.ASKED]
    left = service.standard_minutes - facts.spent.get(ticket.pk, 0)
    return Life(
        key=str(ticket.pk),
        client=str(ticket.company_id),
        site=str(ticket.site_id),
        received=ticket.received_at,
        entity=str(site.entity_id or ""),
        family=service.family,
        service=str(service.pk),
        priority=str(_priority(ticket, steps, first)),
        requester=str(ticket.requester_id),
        assistant=str((first and first.by) or ticket.holder_id or ""),
        void_at=_void(steps),
        deliveries=tuple(step.at for step in deliveries),
        promises=tuple(_promises(clocks, facts.words.get(ticket.pk, []), worked or 0)),
        worked=worked,
        waited=waited,
        # Nothing was missing from the request, and yet the requester was asked.
        asked_by_fault=tuple(asked) if ticket.pk in facts.clear else (),
        reopenings=tuple(_reopenings(steps, hours)),
        invited=first.at if first and ticket.channel != Ticket.Channel.LOG else None,
        rating=_said(facts.ratings.get(ticket.pk)),
        off_catalogue=service.code == OFF_CATALOGUE,
        anticipated=_anticipated(ticket, steps, places),
        bypassed=None,
        documented=places.documented(ticket, facts.pinned.get(ticket.pk)),
        left_minutes=max(0, left),
        written=1 + sum(s.kind == Kind.REPLIED and s.by not in places.staff for s in steps),
    )


def _void(steps: Sequence[Step]) -> datetime | None:
    """Return when it was cancelled, refused or merged away; None if parted again since."""
    found = None
    for step in steps:
        if step.kind in ENDS:
            found = step.at
        elif step.kind == Kind.PARTED:
            found = None
    return found


def _spent(
    clock: Clock | None, received: datetime, done: datetime | None, places: Places
) -> tuple[int | None, int]:
    """Return the open seconds worked, and waited for the requester, until the first delivery."""
    if clock is None or clock.calendar_id is None or done is None:
        return None, 0
    hours = places.of_calendar(clock.calendar_id)
    whole = hours.between(received, done)
    ended = [(begin, min(end, done)) for begin, end in clock.spans() if begin < done]
    worked = hours.between(received, done, ended) if ended else whole
    return int(worked.total_seconds()), int((whole - worked).total_seconds())


def _promises(clocks: Sequence[Clock], words: Sequence[Commitment], worked: int) -> list[Promise]:
    kinds = {Clock.Kind.DELIVERY: DELIVERY, Clock.Kind.FIRST_RESPONSE: FIRST_RESPONSE}
    found = []
    for clock in clocks:
        void = clock.verdict == Clock.Verdict.VOID
        met, gone = (None, clock.stopped_at) if void else (clock.stopped_at, None)
        kind = kinds[Clock.Kind(clock.kind)]
        took = worked if kind == DELIVERY else 0
        found.append(Promise(kind, clock.due_at, met, gone, seconds=took))
    for word in words:
        met = word.settled_at if word.state == State.KEPT else None
        gone = word.settled_at if word.state == State.WITHDRAWN else None
        found.append(Promise(WORD, word.due_at, met, gone, key=f"w{word.pk}"))
    return found


def _reopenings(steps: Sequence[Step], hours: Hours | None) -> list[Reopening]:
    found, done = [], None
    for step in steps:
        if step.kind == Kind.DELIVERED:
            done = step.at
        elif step.kind == Kind.REOPENED and done is not None:
            days = hours.days_between(done, step.at) if hours else (step.at - done).days
            found.append(Reopening(step.at, days))
    return found


def _priority(ticket: Ticket, steps: Sequence[Step], first: Step | None) -> int:
    """Return the priority under which it was first delivered, whatever it was given since."""
    if first is not None:
        since = (s for s in steps if s.kind == Kind.REPRIORITISED and s.pk > first.pk)
        for step in since:
            return int(step.was)
    return ticket.priority


def _anticipated(ticket: Ticket, steps: Sequence[Step], places: Places) -> bool:
    if ticket.channel == Ticket.Channel.RECURRENCE:
        return True
    by = next((step.by for step in steps if step.kind == Kind.RECEIVED), None)
    return ticket.channel in BY_STAFF and by in places.staff


def _said(rating: Rating | None) -> Said | None:
    return Said(rating.at, rating.score, rating.effort) if rating else None

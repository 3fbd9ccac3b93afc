"""The assistants as dispatch wants to see them, read in a few queries whatever their number."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from django.utils import timezone

from relais.engine import guard_rails, readiness, worktime
from relais.engine.candidates import (
    LANGUAGE_LEVELS,
    Assistant,
    Queued,
    Span,
    State,
    Waiting,
    without,
)
from relais.engine.candidates import Ticket as Asked
from relais.lib.compiled import Compiled, fetched
from relais.offer.models import Priority, ServiceSkill
from relais.people import calendars, working
from relais.people.models import Calendar, Confidentiality, Person, System

from . import files_of_work, known, proofs, tools, weighing
from .known import WEIGHTS, Facts
from .models import Clock, DispatchMode, DispatchSetting, Pairing, Ticket
from .models.dispatch_mode import mode_of
from .weighing import Rules

# How far shifts are told to the rules: what is promised further on is dated by the next look.
AHEAD = timedelta(days=7)
# How far one looks for the return of who has no hours within those: past closures and leave.
FAR_AHEAD = timedelta(days=70)
# What is older has faded to nearly nothing.
REMEMBERED = timedelta(days=120)
# Learning is for quiet hours: while so much of the next day's hours is spoken for, none.
QUIET = 0.8

_MODES = Compiled(DispatchMode.objects.all)
_PAIRINGS = Compiled(
    lambda: Pairing.objects.filter(ended_at=None).values_list("person", "site", "requester")
)
_SKILLS = Compiled(lambda: ServiceSkill.objects.values_list("service_id", "skill_id"))
_PERSON = Compiled(lambda person: Person.objects.filter(pk=person), person=int)

# Written in SQL, as in `known`: each is asked at every decision.
DUE = """
select ticket_id, due_at, calendar_id from desk_clock
 where ticket_id = any(%(keys)s) and stopped_at is null and due_at is not null
   and kind = any(%(owed)s)
 order by due_at desc, id desc
"""
DONE = """
select holder_id, site_id, week, count(*), count(*) filter (where reopened > 0)
  from (select holder_id, site_id, reopened,
               date_trunc('week', delivered_at at time zone %(zone)s) as week
          from desk_ticket
         where site_id = any(%(sites)s) and received_at >= %(from)s
           and delivered_at <= %(at)s and holder_id is not null) done
 group by holder_id, site_id, week
"""


@dataclass
class Pool:
    """The assistants at one moment, and what they hold."""

    at: datetime
    rules: Rules = field(default_factory=Rules)
    assistants: dict[int, Assistant] = field(default_factory=dict)
    covers: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    named: dict[int, frozenset[int]] = field(default_factory=dict)
    asked: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    calendars: dict[int, worktime.Calendar] = field(default_factory=dict)
    loads: Counter[int] = field(default_factory=Counter)
    modes: list[DispatchMode] = field(default_factory=list)
    pairings: dict[tuple[str, int], int] = field(default_factory=dict)

    @classmethod
    def read(cls, at: datetime, sites: Collection[int]) -> Pool:
        """Return the pool of the provider entered, for requests of these sites."""
        setting = DispatchSetting.in_force()
        pool = cls(at, weighing.rules(setting.values, setting.number) if setting else Rules())
        facts = known.facts(sites, timezone.localdate(at))
        pool.named, pool.modes = facts.named, _MODES()
        pool._read_pairings()
        for service, skill in _SKILLS.rows():
            pool.asked[service].add(skill)
        pool._read_assistants(sites, facts)
        for key in pool.assistants:
            for site in facts.covers[key]:
                pool.covers[site].append(key)
        return pool

    def candidates(self, ticket: Ticket) -> list[Assistant]:
        """Return everybody who covers the ticket's site."""
        return [self.assistants[key] for key in self.covers.get(ticket.site_id, ())]

    def asks(self, ticket: Ticket) -> Asked:
        """Return what the ticket asks, its deadline and weight as the rules want to see them.

        `read_deadlines` has read of it what stands on other rows.
        """
        due, calendar = self._deadlines.get(ticket.pk, (None, None))
        executive = ticket.confidentiality >= Confidentiality.EXECUTIVE
        service, context = ticket.service, self._context.get(ticket.pk)
        critical = self.rules.critical_readiness if ticket.priority == Priority.CRITICAL else 0
        tool = self._tools.get((ticket.site_id, ticket.service_id))
        level = self.rules.language_level
        return Asked(
            key=ticket.pk,
            site=ticket.site_id,
            service=ticket.service_id,
            minutes=float(service.standard_minutes),
            due=due,
            weight=WEIGHTS.get(ticket.priority, 1.0),
            confidentiality=ticket.confidentiality,
            named=self.named.get(ticket.company_id, frozenset()) if executive else frozenset(),
            skills=dict.fromkeys(self.asked.get(ticket.service_id, ()), service.skill_level),
            language=context.language if context and level else "",
            language_level=level or "B1",
            readiness=max(min(service.readiness, self.rules.readiness), critical),
            accesses=frozenset([tool.name]) if tool is not None else frozenset(),
            file=context.file if context else None,
            pinned=self._pinned(ticket),
            held=bool(ticket.held_why),
            calendar=calendar,
        )

    def _pinned(self, ticket: Ticket) -> int | None:
        """Return for whom it is reserved: itself, else its requester, else its site."""
        return (
            ticket.pinned_id
            or self.pairings.get(("requester", ticket.requester_id))
            or self.pairings.get(("site", ticket.site_id))
        )

    def _read_pairings(self) -> None:
        for person, site, requester in _PAIRINGS.rows():
            key = ("site", site) if site is not None else ("requester", requester or 0)
            self.pairings[key] = person

    def state(self) -> State:
        """Return what is true of the moment beside people and requests."""
        return State(calendars=self.calendars)

    def mode(self, ticket: Ticket) -> str:
        """Return who gives the ticket: dispatch, dispatch with the lead's word, or the lead."""
        return mode_of(self.modes, ticket.service_id, ticket.confidentiality)

    def gone(self, key: int) -> str:
        """Return why somebody proposed can have it no more: "absent" or "gone"; else nothing."""
        one = self.assistants.get(key)
        if one is None:
            return "gone"
        return "absent" if any(a <= self.at < b for a, b in one.absences) else ""

    def mark_absent(self, key: int, absence: Span) -> None:
        """Take note of an absence that was written since the pool was read."""
        known = self.assistants[key].absences
        self._change(key, absences=tuple(sorted((*known, absence))))

    def person(self, key: int) -> Person:
        """Return the person of one of the assistants."""
        return _PERSON(person=key)[0]

    def read_deadlines(self, tickets: Iterable[int]) -> None:
        """Read what these tickets ask that stands on other rows: promise, language, file, tool."""
        keys = list(tickets)
        for key, due, calendar in fetched(DUE, {"keys": keys, "owed": list(Clock.OWED)}):
            self._deadlines[key] = (due, calendar)
        self._know({calendar for _due, calendar in self._deadlines.values()})
        if not keys:
            return
        self._context |= (contexts := files_of_work.of(keys, self.at))
        for person, files in files_of_work.done_by(contexts).items():
            if person in self.assistants:
                self._change(person, files=self.assistants[person].files | files)
        self._read_proofs(contexts)

    def give(self, ticket: Ticket, key: int) -> None:
        """Take note of what somebody was just given: the next decision counts it."""
        asked = self.asks(ticket)
        more = Queued(asked.key, asked.minutes, asked.due, asked.weight, asked.calendar)
        self._change(key, queue=Waiting([*self.assistants[key].queue, more]))
        self.loads[key] += 1

    def _change(self, key: int, **fields: object) -> None:
        self.assistants[key] = replace(self.assistants[key], **fields)  # type: ignore[arg-type]

    def _read_assistants(self, sites: Collection[int], facts: Facts) -> None:
        self._deadlines: dict[int, tuple[datetime, int | None]] = {}
        self._context: dict[int, files_of_work.Context] = {}
        self._tools: dict[proofs.Pair, System] = {}
        self._read: set[proofs.Pair] = set()
        self._written: dict[int, Calendar] = {}
        people = known.people(sites)
        held, familiar = known.held(), _familiarity(sites, self.at)
        self.loads = held.loads
        needed = {key for hers in held.waiting.values() for key in hers.reach}
        self._know(needed | {one.calendar for one in people})
        hours = self._hours({one.key: one.calendar for one in people})
        bound = self.rules.fairness_limit
        for one in people:
            key = one.key
            self.assistants[key] = Assistant(
                key=key,
                name=f"{one.first_name} {one.last_name}".strip(),
                covers=facts.covers[key],
                # What is public or internal is for every member of staff: `rules.cleared`.
                clearance=max(one.clearance or 0, Confidentiality.INTERNAL),
                skills=facts.skills.get(key, {}),
                # Of whom nothing is written: her own language, as a native speaker.
                languages={one.language: LANGUAGE_LEVELS[-1], **facts.languages.get(key, {})},
                familiarity=familiar[key],
                in_hand=held.begun.get(key, 0.0),
                begun=held.taken[key],
                queue=held.waiting.get(key, ()),
                capacity=one.capacity or self.rules.capacity,
                share=max(-bound, min(one.share, bound)),
                shifts=hours[key].shifts,
                absences=hours[key].gone,
                legal_minutes=hours[key].legal,
            )

    def _know(self, keys: set[int | None]) -> None:
        """Read the opening hours that are not known yet."""
        missing = {key for key in keys if key is not None} - self.calendars.keys()
        for calendar in calendars.of(sorted(missing)) if missing else ():
            self.calendars[calendar.pk] = calendars.timetable(calendar)
            self._written[calendar.pk] = calendar

    def _hours(self, kept: Mapping[int, int | None]) -> dict[int, Hours]:
        """Return everybody's hours of the next days within the law and without her absences.

        Published shifts, else her calendar; without either nobody knows when she works: she is not
        on duty.
        """
        week = self._monday()
        written = working.read(week, self.at + FAR_AHEAD)
        usual: dict[int, _Week] = {}
        for key in {key for key in kept.values() if key in self._written}:
            assert key is not None
            usual[key] = _Week(self._written[key], week, self.at, self.rules)
        found = {}
        for person, calendar in kept.items():
            gone = written.absences.get(person, ())
            own = usual.get(calendar) if calendar is not None else None
            if written.decides(person):
                hours = own.calendar if own else None
                own = _Week(hours, week, self.at, self.rules, (written, person))
            hers = own.hours(gone) if own is not None else Hours()
            found[person] = (
                replace(hers, gone=tuple(s for s in gone if s[1] > self.at)) if gone else hers
            )
        return found

    def _monday(self) -> datetime:
        local = timezone.localtime(self.at)
        start = local.replace(hour=0, minute=0, second=0, microsecond=0)
        return start - timedelta(days=start.weekday())

    def _read_proofs(self, contexts: Mapping[int, files_of_work.Context]) -> None:
        """Read how ready everybody is for what these tickets ask, and which tools they need."""
        pairs = {(one.site, one.service.pk): one.service for one in contexts.values()}
        fresh = {pair: service for pair, service in pairs.items() if pair not in self._read}
        self._read |= fresh.keys()
        asked = tools.of(fresh)
        self._tools |= asked
        if asked:
            good = tools.good(asked.values(), timezone.localdate(self.at))
            for person, names in good.items():
                if person in self.assistants:
                    self._change(person, accesses=self.assistants[person].accesses | names)
        found = proofs.levels(fresh, self.at, asked)
        quiet = bool(found) and self._is_quiet()
        for person, levels in found.items():
            if (one := self.assistants.get(person)) is None:
                continue
            ready = {pair: int(each.level) for pair, each in levels.items()}
            learn = {
                pair: int(readiness.Level.AUTONOMOUS) - level
                for pair, level in ready.items()
                if quiet and level < readiness.Level.AUTONOMOUS
            }
            self._change(
                person,
                readiness={**one.readiness, **ready},
                to_learn={**one.to_learn, **learn},
            )

    def _is_quiet(self) -> bool:
        """Return whether a fifth of the pool's hours of the next day is free."""
        day, hours = self.at + timedelta(days=1), 0.0
        same: dict[int, float] = {}  # most have the very same hours
        for one in self.assistants.values():
            if (mine := same.get(id(one.shifts))) is None:
                mine = same[id(one.shifts)] = sum(
                    (min(end, day) - max(begin, self.at)).total_seconds()
                    for begin, end in one.shifts
                    if end > self.at and begin < day
                )
            hours += mine
        waiting = sum(one.in_hand + one.waiting.minutes for one in self.assistants.values())
        return waiting * 60 <= QUIET * hours


@dataclass(frozen=True)
class Hours:
    """Somebody's hours from now on, her absences, and what the law leaves today if it takes any."""

    shifts: tuple[Span, ...] = ()
    legal: float | None = None
    gone: tuple[Span, ...] = ()


class _Week:
    """The usual hours of a calendar from a Monday on, and where the law cuts them.

    `hers`: with somebody's own shifts in their place.
    """

    def __init__(
        self,
        calendar: Calendar | None,
        monday: datetime,
        at: datetime,
        rules: Rules,
        hers: tuple[working.Written, int] | None = None,
    ) -> None:
        self.calendar, self.monday, self.at, self.rules = calendar, monday, at, rules
        self._plain: Hours | None = None
        self.hers, self.zone = hers, working.zone_of(calendar)
        self.spans = self._open(at + AHEAD)
        self.bound = self._lawful(self.spans) != self.spans
        self.ahead = _from(self.spans, at)

    def hours(self, gone: tuple[Span, ...]) -> Hours:
        """Return shifts from now on, and the minutes the law leaves today where it takes any.

        Who has none in the next days is looked for further on.
        """
        if not gone and not self.bound:
            if self._plain is None:
                self._plain = Hours(self.ahead or _from(self.later, self.at))
            return self._plain
        spans = without(self.spans, gone)
        lawful = self._lawful(spans) if self.bound else spans
        left = guard_rails.left_today(spans, lawful, self.at, self.zone) if self.bound else None
        found = _from(lawful, self.at)
        return Hours(found or _from(without(self.later, gone), self.at), left)

    @cached_property
    def later(self) -> tuple[Span, ...]:
        """Return the hours as far as one looks for somebody's return."""
        return self._open(self.at + FAR_AHEAD)

    def _open(self, end: datetime) -> tuple[Span, ...]:
        usual: tuple[Span, ...] = ()
        if self.calendar is not None:
            stretches = calendars.timetable(self.calendar).segments(self.monday, end)
            usual = tuple((s.start, s.end) for s in stretches if s.kind == worktime.Kind.OPEN)
        if self.hers is None:
            return usual
        written, person = self.hers
        worked = written.hours(person, usual, self.zone)
        return tuple((a, b) for a, b in worked if self.monday < b and a < end)

    def _lawful(self, spans: tuple[Span, ...]) -> tuple[Span, ...]:
        limits = self.rules.day_minutes, self.rules.week_minutes
        return guard_rails.lawful(spans, self.zone, *limits)


def _from(spans: Iterable[Span], at: datetime) -> tuple[Span, ...]:
    return tuple((max(begin, at), end) for begin, end in spans if end > at)


def _familiarity(sites: Collection[int], at: datetime) -> dict[int, dict[int, float]]:
    """Return how well each knows each site: what she delivered there, fading week by week."""
    zone = timezone.get_current_timezone()
    values = {"sites": list(sites), "from": at - REMEMBERED, "at": at, "zone": str(zone)}
    good = readiness.WORTH[readiness.Result.ACCEPTED]
    bad = readiness.WORTH[readiness.Result.REWORKED]
    counts: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for holder, site, monday, done, reworked in fetched(DONE, values):
        week = timezone.make_aware(monday, zone)
        worth = good * (done - reworked) + bad * reworked
        counts[holder][site] += readiness.faded(worth, week + timedelta(days=3), at)
    return defaultdict(
        dict,
        {
            holder: {site: readiness.familiarity(count) for site, count in by_site.items()}
            for holder, by_site in counts.items()
        },
    )

"""The assistants as dispatch wants to see them, read in a few queries whatever their number."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from django.db.models import Count, FilteredRelation, FloatField, Q, Sum
from django.db.models.functions import Cast, Extract, TruncWeek
from django.utils import timezone

from relais.engine import readiness, worktime
from relais.engine.candidates import Assistant, Queued, Span, State, without
from relais.engine.candidates import Ticket as Asked
from relais.offer.models import ServiceSkill
from relais.people import calendars
from relais.people.models import (
    Absence,
    AssistantProfile,
    Calendar,
    Clearance,
    Confidentiality,
    Cover,
    Person,
    Role,
    SkillLevel,
)

from .models import Clock, Ticket

# How far shifts are told to the rules: what is promised further on is dated by the next look.
AHEAD = timedelta(days=7)
# How far one looks for the return of who has no hours within those: past closures and leave.
FAR_AHEAD = timedelta(days=70)
# What is older has faded to nearly nothing.
REMEMBERED = timedelta(days=120)
# A minute late of an urgent request costs as many of a low one's.
WEIGHTS = {1: 8.0, 2: 4.0, 3: 2.0, 4: 1.0}
# What is left, on average, of a work that has been begun.
LEFT = 0.5


@dataclass
class Pool:
    """The assistants at one moment, and what they hold."""

    at: datetime
    people: dict[int, Person] = field(default_factory=dict)
    assistants: dict[int, Assistant] = field(default_factory=dict)
    covers: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    named: dict[int, frozenset[int]] = field(default_factory=dict)
    asked: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    calendars: dict[int, worktime.Calendar] = field(default_factory=dict)
    loads: Counter[int] = field(default_factory=Counter)

    @classmethod
    def read(cls, at: datetime, sites: Collection[int]) -> Pool:
        """Return the pool of the provider entered, for requests of these sites."""
        pool = cls(at)
        pool._read_people(sites)
        positions: dict[int, dict[int, str]] = defaultdict(dict)
        for cover in Cover.objects.filter(site__in=sites):
            if cover.person_id not in pool.people:
                continue
            positions[cover.person_id][cover.site_id] = cover.position
            pool.covers[cover.site_id].append(cover.person_id)
        skills: dict[int, dict[int, int]] = defaultdict(dict)
        levels = SkillLevel.objects.values_list("profile__person_id", "skill_id", "level")
        for person, skill, level in levels:
            skills[person][skill] = level
        for service, skill in ServiceSkill.objects.values_list("service_id", "skill_id"):
            pool.asked[service].add(skill)
        begun, waiting = pool._held()
        known = _familiarity(sites, at)
        shifts, absences = pool._shifts()
        for key, person in pool.people.items():
            clearance, _calendar = pool._profiles.get(key, (Confidentiality.INTERNAL, None))
            pool.assistants[key] = Assistant(
                key=key,
                name=person.name,
                covers=positions[key],
                clearance=clearance,
                skills=skills[key],
                familiarity=known[key],
                shifts=shifts.get(key, ()),
                absences=absences.get(key, ()),
                in_hand=begun.get(key, 0.0),
                queue=waiting.get(key, ()),
            )
        return pool

    def candidates(self, ticket: Ticket) -> list[Assistant]:
        """Return everybody who covers the ticket's site."""
        return [self.assistants[key] for key in self.covers.get(ticket.site_id, ())]

    def asks(self, ticket: Ticket) -> Asked:
        """Return what the ticket asks, its deadline and weight as the rules want to see them."""
        due, calendar = self._deadlines.get(ticket.pk, (None, None))
        executive = ticket.confidentiality >= Confidentiality.EXECUTIVE
        return Asked(
            key=ticket.pk,
            site=ticket.site_id,
            service=ticket.service_id,
            minutes=float(ticket.service.standard_minutes),
            due=due,
            weight=WEIGHTS.get(ticket.priority, 1.0),
            confidentiality=ticket.confidentiality,
            named=self.named.get(ticket.company_id, frozenset()) if executive else frozenset(),
            skills=dict.fromkeys(self.asked.get(ticket.service_id, ()), 1),
            calendar=calendar,
        )

    def state(self) -> State:
        """Return what is true of the moment beside people and requests."""
        return State(calendars=self.calendars)

    def read_deadlines(self, tickets: Iterable[int]) -> None:
        """Read the nearest running promise of these tickets."""
        rows = Clock.objects.filter(
            ticket__in=list(tickets), stopped_at=None, due_at__isnull=False, kind__in=Clock.OWED
        )
        for key, due, calendar in rows.order_by("-due_at", "-pk").values_list(
            "ticket_id", "due_at", "calendar_id"
        ):
            self._deadlines[key] = (due, calendar)
        self._know({calendar for _due, calendar in self._deadlines.values()})

    def give(self, ticket: Ticket, key: int) -> None:
        """Take note of what somebody was just given: the next decision counts it."""
        asked = self.asks(ticket)
        more = Queued(asked.key, asked.minutes, asked.due, asked.weight, asked.calendar)
        one = self.assistants[key]
        self.assistants[key] = replace(one, queue=(*one.queue, more))
        self.loads[key] += 1

    def _read_people(self, sites: Collection[int]) -> None:
        self._deadlines: dict[int, tuple[datetime, int | None]] = {}
        roles = Role.objects.in_force().filter(kind=Role.Kind.ASSISTANT)
        rows = Person.objects.filter(
            company=None,
            archived_at=None,
            pk__in=roles.values("person"),
            covers__site__in=sites,
        ).distinct()
        self.people = {person.pk: person for person in rows}
        profiles = AssistantProfile.objects.values_list("person", "clearance", "calendar")
        self._profiles = {
            person: (clearance, calendar)
            for person, clearance, calendar in profiles
            if person in self.people
        }
        today = timezone.localdate(self.at)
        names: dict[int, set[int]] = defaultdict(set)
        in_force = Clearance.objects.filter(
            Q(ends_on=None) | Q(ends_on__gte=today), starts_on__lte=today
        )
        for person, company in in_force.values_list("person_id", "company_id"):
            names[company].add(person)
        self.named = {company: frozenset(people) for company, people in names.items()}

    def _held(self) -> tuple[dict[int, float], dict[int, tuple[Queued, ...]]]:
        """Return what is left of what each has begun, in minutes, and what waits in her hands.

        What waits for the requester or a third party counts as held, not as work.
        """
        begun: dict[int, float] = defaultdict(float)
        sums = (
            Ticket.objects.filter(state__in=Ticket.HELD).order_by().values_list("holder", "state")
        )
        for holder, state, count, minutes in sums.annotate(
            Count("pk"), Sum("service__standard_minutes")
        ):
            self.loads[holder] += count
            if state == Ticket.State.TAKEN:
                begun[holder] += LEFT * minutes
        promised = Q(
            clocks__stopped_at=None,
            clocks__due_at__isnull=False,
            clocks__kind__in=Clock.OWED,
        )
        rows = (
            Ticket.objects.filter(state=Ticket.State.ASSIGNED)
            .annotate(promise=FilteredRelation("clocks", condition=promised))
            # Seconds: a date costs five times as much to read, and there are thousands.
            .annotate(due=Cast(Extract("promise__due_at", "epoch"), FloatField()))
            .order_by("pk", "-due", "-promise__pk")
            .values_list(
                "pk", "holder", "priority", "service__standard_minutes", "due", "promise__calendar"
            )
        )
        nearest: dict[int, tuple[int, Queued]] = {}
        for key, holder, priority, minutes, due, calendar in rows:
            if holder in self.people:
                end = datetime.fromtimestamp(due, UTC) if due is not None else None
                weight = WEIGHTS.get(priority, 1.0)
                nearest[key] = holder, Queued(key, float(minutes), end, weight, calendar)
        self._know({each.calendar for _holder, each in nearest.values()})
        waiting: dict[int, list[Queued]] = defaultdict(list)
        for holder, each in nearest.values():
            waiting[holder].append(each)
        return begun, {holder: tuple(hers) for holder, hers in waiting.items()}

    def _know(self, keys: set[int | None]) -> None:
        """Read the opening hours that are not known yet."""
        missing = {key for key in keys if key is not None} - self.calendars.keys()
        for calendar in Calendar.objects.filter(pk__in=missing) if missing else ():
            self.calendars[calendar.pk] = calendars.timetable(calendar)

    def _shifts(self) -> tuple[dict[int, tuple[Span, ...]], dict[int, tuple[Span, ...]]]:
        """Return everybody's hours of the next days without her absences, and the absences.

        Without hours of her own nobody knows when she works: she is not on duty.
        """
        end, far = self.at + AHEAD, self.at + FAR_AHEAD
        absences: dict[int, list[Span]] = defaultdict(list)
        rows = Absence.objects.filter(period__overlap=(self.at, far))
        for person, period in rows.values_list("person_id", "period"):
            absences[person].append((period.lower or self.at, period.upper or far))
        kept = {calendar for _clearance, calendar in self._profiles.values()}
        found = Calendar.objects.filter(pk__in=kept - {None})
        known = {calendar.pk: calendar for calendar in found}
        usual = {key: _open(calendar, self.at, end) for key, calendar in known.items()}
        later: dict[int, tuple[Span, ...]] = {}
        shifts = {}
        for person, (_clearance, calendar) in self._profiles.items():
            if calendar is None:
                continue
            shifts[person] = without(usual[calendar], tuple(absences[person]))
            if not shifts[person]:
                if calendar not in later:
                    later[calendar] = _open(known[calendar], self.at, far)
                shifts[person] = without(later[calendar], tuple(absences[person]))
        return shifts, {person: tuple(sorted(spans)) for person, spans in absences.items()}


def _open(calendar: Calendar, start: datetime, end: datetime) -> tuple[Span, ...]:
    stretches = calendars.timetable(calendar).segments(start, end)
    return tuple((s.start, s.end) for s in stretches if s.kind == worktime.Kind.OPEN)


def _familiarity(sites: Collection[int], at: datetime) -> dict[int, dict[int, float]]:
    """Return how well each knows each site: what she delivered there, fading week by week."""
    rows = (
        Ticket.objects.filter(
            site__in=sites,
            received_at__gte=at - REMEMBERED,
            delivered_at__lte=at,
            holder__isnull=False,
        )
        .order_by()
        .annotate(week=TruncWeek("delivered_at"))
        .values_list("holder", "site", "week")
        .annotate(done=Count("pk"), redone=Count("pk", filter=Q(reopened__gt=0)))
    )
    good = readiness.WORTH[readiness.Result.ACCEPTED]
    bad = readiness.WORTH[readiness.Result.REWORKED]
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    for holder, site, week, done, reworked in rows:
        worth = good * (done - reworked) + bad * reworked
        counts[holder][site] += readiness.faded(worth, week + timedelta(days=3), at)
    return defaultdict(
        dict,
        {
            holder: {site: readiness.familiarity(count) for site, count in by_site.items()}
            for holder, by_site in counts.items()
        },
    )

"""Finding somebody for a ticket: who covers its site, is on duty and cleared, or nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from relais.engine import fewest as dispatch
from relais.engine import worktime
from relais.offer.models import ServiceSkill
from relais.people import calendars
from relais.people.models import Absence, AssistantProfile, Cover, Person, Role, SkillLevel

from . import rules
from .errors import Refused
from .models import Event, Ticket

# The codes of engine/fewest.py as people read them.
REASONS = {
    "fewest_open": _("has the fewest open requests"),
    "more_open": _("has more open requests"),
    "after": _("as few open requests, but comes after"),
    "off_duty": _("not on duty"),
    "absent": _("absent"),
    "not_cleared": _("not cleared for this class"),
    "not_skilled": _("lacks the skill"),
    "nobody_covers": _("nobody covers this site"),
}


@dataclass
class Pool:
    """The assistants at one moment, read in a few queries whatever the number of tickets."""

    at: datetime
    covers: dict[int, list[tuple[Person, str]]] = field(default_factory=dict)
    profiles: dict[int, AssistantProfile] = field(default_factory=dict)
    absent: set[int] = field(default_factory=set)
    skills: set[tuple[int, int]] = field(default_factory=set)
    asked: dict[int, set[int]] = field(default_factory=dict)
    loads: Counter[int] = field(default_factory=Counter)

    @classmethod
    def read(cls, at: datetime) -> Pool:
        """Return the pool of the provider entered."""
        pool = cls(at)
        assistants = {
            person.pk: person
            for person in Person.objects.filter(
                company=None,
                archived_at=None,
                pk__in=Role.objects.in_force().filter(kind=Role.Kind.ASSISTANT).values("person"),
            )
        }
        for cover in Cover.objects.filter(person__in=assistants):
            person = assistants[cover.person_id]
            pool.covers.setdefault(cover.site_id, []).append((person, cover.position))
        pool.profiles = {
            profile.person_id: profile
            for profile in AssistantProfile.objects.select_related("calendar")
        }
        pool.absent = set(
            Absence.objects.filter(period__contains=at).values_list("person_id", flat=True)
        )
        pool.skills = set(SkillLevel.objects.values_list("profile__person_id", "skill_id"))
        for service, skill in ServiceSkill.objects.values_list("service_id", "skill_id"):
            pool.asked.setdefault(service, set()).add(skill)
        held = Ticket.objects.filter(state__in=Ticket.HELD).order_by()
        pool.loads.update(dict(held.values_list("holder").annotate(Count("pk"))))
        return pool

    def candidates(self, ticket: Ticket) -> Iterable[dispatch.Candidate]:
        """Yield everybody who covers the ticket's site, as the rule wants to see them."""
        for person, position in self.covers.get(ticket.site_id, ()):
            hours = self._hours(person)
            asked = self.asked.get(ticket.service_id, set())
            yield dispatch.Candidate(
                key=person.pk,
                name=person.name,
                position=position,
                on_duty=hours is not None and hours.is_open(self.at),
                absent=person.pk in self.absent,
                cleared=rules.cleared(ticket, rules.access_of(person)),
                skilled=all((person.pk, skill) in self.skills for skill in asked),
                load=self.loads[person.pk],
                next_at=self._next(hours),
            )

    def person(self, ticket: Ticket, key: int) -> Person:
        """Return the candidate of this key."""
        return next(person for person, _position in self.covers[ticket.site_id] if person.pk == key)

    def _hours(self, person: Person) -> worktime.Calendar | None:
        """Return her own hours. Without any nobody knows when she works: she is not on duty."""
        profile = self.profiles.get(person.pk)
        if profile is None or profile.calendar is None:
            return None
        return calendars.timetable(profile.calendar)

    def _next(self, hours: worktime.Calendar | None) -> datetime | None:
        try:
            return hours.next_open(self.at) if hours else None
        except (worktime.NeverOpens, worktime.OutOfReach):
            return None


def dispatch_one(ticket_id: int, at: datetime | None = None) -> dispatch.Decision | None:
    """Return the decision for a ticket of the queue; None when it is not there any more.

    Two at once: the row is held by one, the other passes by.
    """
    at = at or timezone.now()
    ticket = _held(ticket_id)
    return _decide(ticket, Pool.read(at)) if ticket else None


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
    keys = list(waiting.order_by("priority", "received_at", "pk").values_list("pk", flat=True))
    if not keys:
        return 0
    pool, found = Pool.read(at), 0
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


def _decide(ticket: Ticket, pool: Pool) -> dispatch.Decision:
    decision = dispatch.choose(pool.candidates(ticket))
    if decision.chosen is None:
        _say_nobody(ticket, decision, pool.at)
        return decision
    person = pool.person(ticket, decision.chosen)
    try:
        ticket.assign(person, at=pool.at, reasons=told(decision))
    except Refused as refusal:  # her role ended since the pool was read
        return dispatch.Decision(None, decision.lines, str(refusal))
    pool.loads[person.pk] += 1
    return decision


def _say_nobody(ticket: Ticket, decision: dispatch.Decision, at: datetime) -> None:
    """Write what is missing, unless that was the last word of dispatch already."""
    events = Event.objects.filter(ticket=ticket, kind=Event.Kind.UNASSIGNED).order_by("-id")
    last = events.values_list("facts", flat=True).first()
    if last is None or last.get("missing") != decision.missing:
        ticket.unassigned(missing=told(decision), at=at)


def told(decision: dispatch.Decision) -> dict[str, Any]:
    """Return the decision as an event keeps it."""
    return {
        "rule": "fewest_open",
        "chosen": decision.chosen,
        "missing": decision.missing,
        "next_at": decision.next_at.isoformat() if decision.next_at else None,
        "candidates": [
            {
                "person": line.key,
                "name": line.name,
                "outcome": line.outcome,
                "reasons": list(line.reasons),
                "open": line.load,
            }
            for line in decision.lines
        ],
    }

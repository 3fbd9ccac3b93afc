"""The control tower: what is at risk and what helps, who has how much, who serves which site."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from relais.people.access import Access
from relais.people.models import Person

from . import board, presence
from .models import Clock, Event, Foresight, Outlook, Ticket
from .models.foresight import AT_RISK

State = Ticket.State
MOST = 12
DECISIONS, HANDS = 8, 40
IN_HAND = (State.ASSIGNED, State.TAKEN, State.THIRD)


@dataclass(frozen=True)
class Remedy:
    """What would bring a request in time, in words, and the verb that does it (or none)."""

    kind: str
    text: str
    verb: str = ""
    person: Person | None = None
    others: int = 0

    @property
    def why(self) -> str:
        """Return the reason that is kept with the decision when it is taken."""
        return _("Remedy proposed by the forecast: %(text)s") % {"text": self.text}


@dataclass(frozen=True)
class Risk:
    """A request that will probably be late, and what would help."""

    ticket: Ticket
    chance: float
    finish: datetime | None
    remedy: Remedy | None


@dataclass(frozen=True)
class Hand:
    """Somebody's load: what she holds, and the minutes of work that she has left today."""

    load: board.Load
    presence: presence.Presence
    held: float
    at_risk: int

    @property
    def is_full(self) -> bool:
        """Return whether she holds more than she can do today."""
        return self.held > self.presence.left


@dataclass(frozen=True)
class Place:
    """A site's load, and who serves it now."""

    service: presence.Service
    load: board.Load | None
    held: float


@dataclass
class Control:
    """The part of the control tower that looks ahead."""

    hands: list[Hand] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    risks: list[Risk] = field(default_factory=list)
    at_risk: int = 0
    begun_away: list[Risk] = field(default_factory=list)
    decisions: list[Event] = field(default_factory=list)
    foreseen_at: datetime | None = None

    @property
    def shown(self) -> list[Hand]:
        """Return the fullest hands of those who are there, as many as one reads on a page."""
        return self.hands[:HANDS]

    @property
    def gaps(self) -> int:
        """Return how many open sites nobody serves at this moment."""
        return sum(bool(place.service.gap) for place in self.places)


def look(access: Access, tower: board.Tower, now: datetime) -> Control:
    """Return what the lead sees beside the queue: as many queries whatever there is."""
    people = {load.key: load.person for load in tower.persons if load.key and load.person}
    there = presence.of_pool(people.values(), access, now)
    outlook = access.see(Outlook).first()
    facts = outlook.facts if outlook else {}
    risks, risky = _risks(access, there, people, now), facts.get("holders", {})
    found = Control(risks=risks, at_risk=max(len(risks), facts.get("at_risk", 0)))
    found.hands = [
        Hand(load, there[load.key], load.held, risky.get(str(load.key), 0))
        for load in tower.persons
        if load.key
    ]
    found.hands.sort(key=lambda hand: (hand.presence.state != "here", -hand.held, hand.load.name))
    loads = {load.key: load for load in tower.sites}
    found.places = [
        Place(service, load := loads.get(service.site.pk), load.held if load else 0.0)
        for service in presence.of_sites(access, people, there, now)
    ]
    found.begun_away = _begun_away(access, there, people, found.places)
    found.decisions = list(decisions(access)[:DECISIONS])
    found.foreseen_at = outlook.at if outlook else None
    return found


def decisions(access: Access) -> QuerySet[Event]:
    """Return the decisions of dispatch and of people, the newest first."""
    kinds = [Event.Kind.ASSIGNED, Event.Kind.UNASSIGNED]
    rows = access.see(Event).filter(kind__in=kinds)
    return board.with_receiver(rows.select_related("ticket__site", "by")).order_by("-at", "-id")


# What is at risk ----------------------------------------------------------------------------------


def _risks(
    access: Access,
    there: dict[int, presence.Presence],
    people: dict[int, Person],
    now: datetime,
) -> list[Risk]:
    """Return the likeliest to be late that are not late yet: two queries."""
    rows = access.see(Foresight).filter(chance__gte=AT_RISK, ticket__state__in=Ticket.AT_WORK)
    # Some may have become late since they were foreseen.
    drawn = board.named(rows, "provider", "chance", "finish", "remedy")
    found = list(drawn.order_by("-chance", "pk")[: 2 * MOST])
    dues = _dues(access, found)
    shown = []
    for row in found:
        due = dues.get(row.ticket_id)
        if due is not None and due >= now:
            row.ticket.due = due
            shown.append(Risk(row.ticket, row.chance, row.finish, remedy_of(row, people, there)))
    shown.sort(key=lambda risk: (-risk.chance, risk.ticket.due, risk.ticket.pk))
    return shown[:MOST]


def _dues(access: Access, rows: list[Foresight]) -> dict[int, datetime]:
    running = access.see(Clock).filter(
        ticket__in=[row.ticket_id for row in rows],
        stopped_at=None,
        due_at__isnull=False,
        kind__in=Clock.OWED,
    )
    return dict(running.order_by("-due_at").values_list("ticket_id", "due_at"))


def remedy_of(
    row: Foresight, people: dict[int, Person], there: dict[int, presence.Presence]
) -> Remedy | None:
    """Return the remedy that was found, if it can still be had; None when none was looked for."""
    kind, key = row.remedy.get("kind", ""), row.remedy.get("person")
    person = people.get(key) if key else None
    if not kind:
        return None
    if kind == "cover":
        return Remedy("cover", _("Nobody covers the site: name who does"))
    if kind == "lacking" and person is not None:
        return Remedy("lacking", _lacking(person, row.remedy.get("codes", [])), person=person)
    if kind == "later" or person is None:
        return Remedy("later", _("Agree on a later date with the requester"))
    others, here = row.remedy.get("others", 0), there.get(person.pk, presence.UNKNOWN)
    if kind == "call":
        return Remedy("call", _call(person, here, row.ticket), person=person)
    if here.state != "here" or (kind == "first") != (row.ticket.holder_id == person.pk):
        return None  # the world has moved since: the next look says
    begun = row.ticket.state in (State.TAKEN, State.THIRD)
    verb = "first" if kind == "first" else "hand_over" if begun else "assign"
    words = {
        "first": _("%(name)s does it first"),
        "hand_over": _("Hand it over to %(name)s"),
        "assign": _("Give it to %(name)s"),
    }[verb]
    text = words % {"name": person.name}
    return Remedy(kind, f"{text} ({cost(others)})", verb, person, others)


def _lacking(person: Person, codes: list[str]) -> str:
    """Return what would let the nearest of all have it, what is had soonest first."""
    words = {
        "access": _("have an access tested"),
        "clearance": _("give a clearance"),
        "readiness": _("prepare"),
        "skill": _("train"),
        "language": _("find somebody else who speaks the language"),
    }
    steps = ", ".join(words[code] for code in codes if code in words)
    return _("Nobody may have it. Nearest: %(name)s (%(steps)s)") % {
        "name": person.name, "steps": steps
    }  # fmt: skip


def cost(others: int) -> str:
    """Return who pays for a remedy, in words."""
    if not others:
        return _("no other becomes late")
    text = ngettext("%(n)s other becomes late", "%(n)s others become late", others)
    return text % {"n": others}


def _call(person: Person, here: presence.Presence, ticket: Ticket) -> str:
    from zoneinfo import ZoneInfo

    told = {"name": person.name, "why": here.text(ZoneInfo(ticket.site.time_zone))}
    text = _("Call %(name)s, %(why)s") % told
    return f"{text}: {person.phone}" if person.phone else text


def _begun_away(
    access: Access,
    there: dict[int, presence.Presence],
    people: dict[int, Person],
    places: list[Place],
) -> list[Risk]:
    """Return what somebody absent has begun, and to whom it could be handed over: one query."""
    away = [key for key, one in there.items() if one.state == "absent"]
    rows = access.see(Ticket).filter(state__in=[*IN_HAND[1:], State.WAITING], holder__in=away)
    answering = {place.service.site.pk: place.service.answering for place in places}
    found = []
    for ticket in board.complete(rows).order_by("due", "pk")[:MOST]:
        to, remedy = answering.get(ticket.site_id), None
        if to is not None:
            text = _("Hand it over to %(name)s") % {"name": to.name}
            remedy = Remedy("hand_over", text, "hand_over", to)
        found.append(Risk(ticket, 0.0, None, remedy))
    return found


def told(remedy: Remedy | None) -> dict[str, Any] | None:
    """Return a remedy as the API tells it."""
    if remedy is None:
        return None
    return {
        "kind": remedy.kind,
        "text": remedy.text,
        "verb": remedy.verb,
        "person": remedy.person.pk if remedy.person else None,
        "others": remedy.others,
    }

"""What dispatch is told of a request, of the people and of the moment; who may not have it, why.

A hard reason is never outweighed: whoever has one is out, whatever her score would be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from relais.engine.worktime import Calendar

# How the site knows her; among equals the site's own assistant goes first.
POSITIONS = ("lead", "backup", "float")
LANGUAGE_LEVELS = ("A1", "A2", "B1", "B2", "C1", "C2")
# The class for named persons only.
NAMED_ONLY = 3

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request that somebody must do. `minutes`: for one of usual skill who knows the site.

    `due` is the nearest deadline that runs; `weight` what a minute late costs beside the others'.
    `named` are the only ones who may know of it (empty: no such list); `readiness` is asked for
    on its site and service; `lead` pins it to one person, `held` keeps it from everybody.
    """

    key: int
    site: int
    service: int
    minutes: float
    due: datetime | None = None
    weight: float = 1.0
    confidentiality: int = 0
    named: frozenset[int] = frozenset()
    skills: Mapping[int, int] = field(default_factory=dict)
    language: str = ""
    language_level: str = "B1"
    readiness: int = 0
    accesses: frozenset[str] = frozenset()
    file: int | None = None
    pinned: int | None = None
    held: bool = False
    calendar: int | None = None


@dataclass(frozen=True, slots=True)
class Queued:
    """A request that waits in somebody's hands."""

    key: int
    minutes: float
    due: datetime | None = None
    weight: float = 1.0
    calendar: int | None = None


@dataclass(frozen=True, slots=True)
class Assistant:
    """Somebody of the pool as she is now.

    `shifts` are her spans of work from now on, in order, without her absences; `absences` those
    that are known. `in_hand`: expected minutes left of what she has begun. `legal_minutes`: what
    the rules of working time leave her today; `capacity`: how many requests she may hold.
    `pace`: her minutes by service, beside the usual ones; `share`: her part of work, of difficult
    sites and of late hours above the others' (0.1: a tenth more).
    """

    key: int
    name: str
    covers: Mapping[int, str] = field(default_factory=dict)
    clearance: int = 2
    skills: Mapping[int, int] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)
    accesses: frozenset[str] = frozenset()
    readiness: Mapping[tuple[int, int], int] = field(default_factory=dict)
    to_learn: Mapping[tuple[int, int], int] = field(default_factory=dict)
    familiarity: Mapping[int, float] = field(default_factory=dict)
    pace: Mapping[int, float] = field(default_factory=dict)
    files: frozenset[int] = frozenset()
    shifts: tuple[Span, ...] = ()
    absences: tuple[Span, ...] = ()
    in_hand: float = 0.0
    queue: tuple[Queued, ...] = ()
    capacity: int | None = None
    legal_minutes: float | None = None
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class State:
    """What is true of the moment beside requests and people.

    `calendars` are those of the sites, by the key that requests name; without one, time is open.
    `planned`: who has each request in the plan in force; `announced`: to whom the requester was
    told that it goes. `learned`: what a stranger to the site needs more, as a share.
    """

    calendars: Mapping[int, Calendar] = field(default_factory=dict)
    planned: Mapping[int, int] = field(default_factory=dict)
    announced: Mapping[int, int] = field(default_factory=dict)
    strangers_need: float = 0.2
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Hard:
    """One reason that excludes her: a code, what it is about, and until when if that is known."""

    code: str
    what: tuple[str, ...] = ()
    until: datetime | None = None


def minutes_of(ticket: Ticket, one: Assistant, state: State) -> float:
    """Return the minutes that the request is expected to take her."""
    stranger = 1.0 - one.familiarity.get(ticket.site, 0.0)
    pace = one.pace.get(ticket.service, 1.0)
    return ticket.minutes * pace * (1.0 + state.strangers_need * stranger)


def excluded(ticket: Ticket, one: Assistant, state: State, now: datetime) -> tuple[Hard, ...]:
    """Return every hard reason why she cannot have it now; empty when she can."""
    return (*unfit(ticket, one), *away(one, now), *no_room(ticket, one, state, now))


def unfit(ticket: Ticket, one: Assistant) -> tuple[Hard, ...]:
    """Return what she lacks for this request at any hour: rights, accesses, skills, readiness."""
    found = []
    if ticket.site not in one.covers:
        found.append(Hard("wall"))
    if not _cleared(ticket, one):
        found.append(Hard("clearance", (f"C{ticket.confidentiality}",)))
    if missing := ticket.accesses - one.accesses:
        found.append(Hard("access", tuple(sorted(missing))))
    short = [key for key, level in ticket.skills.items() if one.skills.get(key, 0) < level]
    if short:
        found.append(Hard("skill", tuple(str(key) for key in sorted(short))))
    if not _speaks(ticket, one):
        found.append(Hard("language", (ticket.language, ticket.language_level)))
    level = one.readiness.get((ticket.site, ticket.service), 0)
    if level < ticket.readiness:
        found.append(Hard("readiness", (str(level), str(ticket.readiness))))
    if ticket.pinned is not None and ticket.pinned != one.key:
        found.append(Hard("pinned"))
    if ticket.held:
        found.append(Hard("held"))
    return tuple(found)


def away(one: Assistant, now: datetime) -> tuple[Hard, ...]:
    """Return that she is absent or off duty, and until when."""
    for begin, end in one.absences:
        if begin <= now < end:
            return (Hard("absent", until=end),)
    for begin, end in one.shifts:
        if begin <= now < end:
            return ()
        if begin > now:
            return (Hard("off_duty", until=begin),)
    return (Hard("off_duty"),)


def no_room(ticket: Ticket, one: Assistant, state: State, now: datetime) -> tuple[Hard, ...]:
    """Return what her day has no room for: the shift, the rules of working time, her hands."""
    found = []
    minutes = minutes_of(ticket, one, state)
    if ended := _shift_too_short(ticket, one, minutes, now):
        found.append(Hard("shift", until=ended))
    if one.legal_minutes is not None and one.legal_minutes < minutes:
        found.append(Hard("working_time", (str(int(one.legal_minutes)),)))
    if one.capacity is not None and len(one.queue) >= one.capacity:
        found.append(Hard("capacity", (str(one.capacity),)))
    return tuple(found)


def _cleared(ticket: Ticket, one: Assistant) -> bool:
    if ticket.confidentiality >= NAMED_ONLY or ticket.named:
        return one.key in ticket.named
    return one.clearance >= ticket.confidentiality


def _speaks(ticket: Ticket, one: Assistant) -> bool:
    if not ticket.language:
        return True
    level = one.languages.get(ticket.language, "")
    if level not in LANGUAGE_LEVELS:
        return False
    return LANGUAGE_LEVELS.index(level) >= LANGUAGE_LEVELS.index(ticket.language_level)


def _shift_too_short(
    ticket: Ticket, one: Assistant, minutes: float, now: datetime
) -> datetime | None:
    """Return when her shift ends if that end alone makes the request late.

    A request that is late anyway, or can go on the next day in time, is no matter.
    """
    if ticket.due is None or ticket.due <= now:
        return None
    if (shift := _shift_at(one, now)) is None:
        return None
    need = timedelta(minutes=one.in_hand + minutes)
    if now + need <= shift or now + need > ticket.due:
        return None
    left = need - (shift - now)
    for begin, end in one.shifts:
        if begin < shift:
            continue
        if begin + left <= end:
            return shift if begin + left > ticket.due else None
        left -= end - begin
    return shift


def _shift_at(one: Assistant, now: datetime) -> datetime | None:
    return next((end for begin, end in one.shifts if begin <= now < end), None)

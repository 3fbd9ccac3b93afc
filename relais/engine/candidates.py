"""What dispatch is told of a request, of the people and of the moment; who may not have it, why.

A hard reason is never outweighed: whoever has one is out, whatever her score would be.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relais.engine.worktime import Calendar

# How the site knows her; among equals the site's own assistant goes first.
POSITIONS = ("lead", "backup", "float")
LANGUAGE_LEVELS = ("A1", "A2", "B1", "B2", "C1", "C2")
# The class for named persons only.
NAMED_ONLY = 3

Span = tuple[datetime, datetime]
Reals = NDArray[np.float64]
MINUTE = timedelta(minutes=1)
# Minutes that are no difference: times are told to the second.
HAIR = 1e-6


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request that somebody must do. `minutes`: for one of usual skill who knows the site.

    `due` is the nearest deadline that runs; `weight` what a minute late costs beside the others'.
    `named` are the only ones who may know of it (empty: no such list; below the class for named
    persons the class is asked of them too); `readiness` is asked for on its site and service;
    `pinned` to one person, `held` keeps it from everybody.
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


class Waiting(tuple[Queued, ...]):
    """All that waits in somebody's hands; what is worked out of it is worked out once.

    Everybody's is asked at each decision, and hardly anybody's has changed since the last one.
    """

    @cached_property
    def minutes(self) -> float:
        """Return the minutes of it all."""
        return sum(each.minutes for each in self)

    @cached_property
    def columns(self) -> tuple[Reals, Reals, Reals, Reals]:
        """Return minutes, weights, deadlines (whole seconds since 1970) and calendars.

        No deadline and no calendar are NaN.
        """
        none = float("nan")
        return (
            np.array([each.minutes for each in self], float),
            np.array([each.weight for each in self], float),
            np.array([none if q.due is None else int(q.due.timestamp()) for q in self], float),
            np.array([none if q.calendar is None else q.calendar for q in self], float),
        )

    @cached_property
    def reach(self) -> dict[int, tuple[datetime, ...]]:
        """Return the first and the last deadline by each calendar; none where none is set."""
        dues: dict[int, list[datetime]] = {}
        for each in self:
            if each.calendar is not None:
                dues.setdefault(each.calendar, []).extend([each.due] if each.due else [])
        return {key: (min(some), max(some)) if some else () for key, some in dues.items()}

    @cached_property
    def told(self) -> str:
        """Return it as a text: seconds since 1970 are exact to the microsecond."""
        rows = [[q.key, q.minutes, q.due and q.due.timestamp(), q.weight, q.calendar] for q in self]
        return json.dumps(rows, separators=(",", ":"))

    @classmethod
    def read(cls, told: str | list[list[Any]]) -> Waiting:
        """Return what was told; a list is how older cases hold it."""
        rows = json.loads(told) if isinstance(told, str) else told
        return cls(
            Queued(key, minutes, _instant(due), weight, calendar)
            for key, minutes, due, weight, calendar in rows
        )


# Hands that hold nothing: nearly half the pool's, and nothing is worked out of them twice.
NOTHING = Waiting()


def _instant(kept: float | None) -> datetime | None:
    return datetime.fromtimestamp(kept, UTC) if kept is not None else None


@dataclass(frozen=True, slots=True)
class Assistant:
    """Somebody of the pool as she is now.

    `shifts` are her spans of work from now on, in order; `absences` those that are known, which are
    taken out of them. `in_hand`: expected minutes left of what she has begun, `begun` requests.
    `legal_minutes`: what the rules of working time leave her today, where they take any away;
    `capacity`: how many requests she may hold, begun or not.
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
    begun: int = 0
    queue: Sequence[Queued] = ()
    capacity: int | None = None
    legal_minutes: float | None = None
    share: float = 0.0

    @property
    def waiting(self) -> Waiting:
        """Return the queue, with what is worked out of it."""
        if isinstance(self.queue, Waiting):
            return self.queue
        return Waiting(self.queue) if self.queue else NOTHING


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


@dataclass(frozen=True, slots=True)
class Filter:
    """A hard reason that holds at any hour: what it looks at in a request, and whom it lets pass.

    `asks` returns None where the request asks nothing of the kind; `what` names, of somebody whom
    it does not let pass, what it is about. Both `choose` and `plan` read them here.
    """

    code: str
    asks: Callable[[Ticket], Any]
    lets: Callable[[Assistant, Any], bool]
    what: Callable[[Assistant, Any], tuple[str, ...]] = lambda one, asked: ()


def _cleared(one: Assistant, asked: tuple[int, frozenset[int]]) -> bool:
    level, named = asked
    if level >= NAMED_ONLY:
        return one.key in named
    return one.clearance >= level and (not named or one.key in named)


def _speaks(one: Assistant, asked: tuple[str, str]) -> bool:
    spoken = one.languages.get(asked[0], "")
    return spoken in LANGUAGE_LEVELS and spoken >= asked[1]


def _skill_gaps(one: Assistant, asked: tuple[tuple[int, int], ...]) -> tuple[str, ...]:
    return tuple(str(key) for key, level in asked if one.skills.get(key, 0) < level)


def _ready(one: Assistant, asked: tuple[int, int, int]) -> int:
    return one.readiness.get(asked[:2], 0)


FILTERS = (
    Filter("wall", lambda t: t.site, lambda one, site: site in one.covers),
    Filter(
        "clearance",
        lambda t: (t.confidentiality, t.named) if t.confidentiality or t.named else None,
        _cleared,
        lambda one, asked: (f"C{asked[0]}",),
    ),
    Filter(
        "access",
        lambda t: t.accesses or None,
        lambda one, asked: asked <= one.accesses,
        lambda one, asked: tuple(sorted(asked - one.accesses)),
    ),
    Filter(
        "skill",
        lambda t: tuple(sorted(t.skills.items())) or None,
        lambda one, asked: not _skill_gaps(one, asked),
        _skill_gaps,
    ),
    Filter(
        "language",
        lambda t: (t.language, t.language_level) if t.language else None,
        _speaks,
        lambda one, asked: asked,
    ),
    Filter(
        "readiness",
        lambda t: (t.site, t.service, t.readiness) if t.readiness > 0 else None,
        lambda one, asked: _ready(one, asked) >= asked[2],
        lambda one, asked: (str(_ready(one, asked)), str(asked[2])),
    ),
    Filter("pinned", lambda t: t.pinned, lambda one, asked: asked == one.key),
    Filter("held", lambda t: t.held or None, lambda one, asked: False),
)
Asked = Sequence[tuple[Filter, Any]]


def asked_of(ticket: Ticket) -> Asked:
    """Return the filters that have something to ask, with what: the same for all candidates."""
    found = [(each, each.asks(ticket)) for each in FILTERS]
    return [(each, asked) for each, asked in found if asked is not None]


def excluded(
    ticket: Ticket, one: Assistant, state: State, now: datetime, asked: Asked | None = None
) -> tuple[Hard, ...]:
    """Return every hard reason why she cannot have it now; empty when she can.

    `asked`: what `asked_of` returns, for who asks it of many candidates.
    """
    return (*unfit(ticket, one, asked), *away(one, now), *no_room(ticket, one, state, now))


def unfit(ticket: Ticket, one: Assistant, asked: Asked | None = None) -> tuple[Hard, ...]:
    """Return what she lacks for this request at any hour: rights, accesses, skills, readiness."""
    return tuple(
        Hard(each.code, each.what(one, what))
        for each, what in (asked_of(ticket) if asked is None else asked)
        if not each.lets(one, what)
    )


def away(one: Assistant, now: datetime) -> tuple[Hard, ...]:
    """Return that she is absent or off duty, and until when."""
    for begin, end in one.absences:
        if begin <= now < end:
            return (Hard("absent", until=end),)
    for begin, end in at_work(one):
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
    if minutes_allowed(one) < minutes:
        found.append(Hard("working_time", (str(int(minutes_allowed(one))),)))
    if full(one):
        found.append(Hard("capacity", (str(one.capacity),)))
    return tuple(found)


def minutes_allowed(one: Assistant) -> float:
    """Return the minutes that the rules of working time leave her for one request more.

    All that she has in hand counts first, once: the law leaves what it leaves for the whole of it.
    """
    if one.legal_minutes is None:
        return float("inf")
    return max(one.legal_minutes - one.in_hand - one.waiting.minutes, 0.0)


def full(one: Assistant) -> bool:
    """Return whether her hands hold as many requests as they may."""
    return one.capacity is not None and one.begun + len(one.queue) >= one.capacity


def _shift_too_short(
    ticket: Ticket, one: Assistant, minutes: float, now: datetime
) -> datetime | None:
    """Return when her shift ends if that end alone makes the request late.

    A request that is late anyway, or can go on the next day in time, is no matter.
    """
    if ticket.due is None or ticket.due <= now:
        return None
    spans = at_work(one)
    shift = next((end for begin, end in spans if begin <= now < end), None)
    need = work = one.in_hand + minutes
    if shift is None or need <= (left := (shift - now) / MINUTE):
        return None
    ends = float("inf")
    for begin, end in spans:
        if end <= now:
            continue
        start, length = (max(begin, now) - now) / MINUTE, (end - max(begin, now)) / MINUTE
        if work <= length + HAIR:
            ends = start + work
            break
        work -= length
    due = (ticket.due - now) / MINUTE
    return shift if cut_short(need, left, due, ends) else None


def cut_short(need: Any, left: Any, due: Any, ends: Any) -> Any:
    """Return whether the end of a shift alone makes a work late; numbers, or arrays of them.

    Minutes from now: the work needs `need`, her shift has `left`, it would end at `ends`.
    """
    return (need > left + HAIR) & (need <= due + HAIR) & (ends > due + HAIR)


def at_work(one: Assistant) -> tuple[Span, ...]:
    """Return her shifts without her absences: nothing is given to the time when she is away."""
    if not one.absences:
        return one.shifts
    return without(one.shifts, one.absences)


@lru_cache(maxsize=4096)
def without(spans: tuple[Span, ...], gaps: tuple[Span, ...]) -> tuple[Span, ...]:
    """Return the spans less the gaps, in their order."""
    left = list(spans)
    for gone, back in gaps:
        left = [
            piece
            for begin, end in left
            for piece in ((begin, min(end, gone)), (max(begin, back), end))
            if piece[0] < piece[1]
        ]
    return tuple(left)

"""What was promised on a ticket, when it falls due, and whether it was kept.

A clock is a function of its events alone: the same events give the same clock at any instant,
whether they are replayed or come in one by one, and in whatever order those of one instant stand.
Names of events and states are those of the desk.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

from relais.engine.worktime import Calendar, Pause

SERVICE, CLIENT, MACHINE = "service", "client", "machine"
VOIDS = frozenset({"cancelled", "refused"})
NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to the ticket. `state` is the one it entered, empty if it stayed as it was.

    `side` says who acted: the service, the client, or a machine (an automatic acknowledgement).
    """

    at: datetime
    kind: str
    side: str = SERVICE
    state: str = ""
    reason: str = ""
    by: str = ""
    hand: str = ""


@dataclass(frozen=True, slots=True)
class On:
    """The events that start or stop a clock; an empty field is any."""

    kind: str
    side: str = ""
    hand: str = ""

    def meets(self, event: Event) -> bool:
        return (
            self.kind == event.kind
            and self.side in ("", event.side)
            and self.hand in ("", event.hand)
        )


@dataclass(frozen=True, slots=True)
class Wait:
    """A state in which the clock stands still: for any reason, or for some reasons only."""

    state: str
    reasons: frozenset[str] = frozenset()

    def covers(self, event: Event) -> bool:
        return self.state == event.state and (not self.reasons or event.reason in self.reasons)


REQUESTER = (Wait("waiting"),)
# Percentages of the promised time at which to warn, smallest first.
WARNINGS = (50, 75, 90)


class BadTarget(ValueError):
    """A target cannot be kept as written; the message names the mend."""


@dataclass(frozen=True, slots=True)
class Target:
    """A promise: so much open time, or so many working days, from one event to another.

    `again` lets it run each time it is started anew; otherwise only the first run counts.
    `retroactive` counts from the start even if the target was set later on. `warnings` are the
    percentages at which to warn.
    """

    name: str
    duration: timedelta | None = None
    days: int | None = None
    starts: tuple[On, ...] = ()
    stops: tuple[On, ...] = ()
    waits: tuple[Wait, ...] = REQUESTER
    again: bool = False
    retroactive: bool = True
    warnings: tuple[int, ...] = WARNINGS

    def __post_init__(self) -> None:
        if (self.duration is None) == (self.days is None):
            raise BadTarget(f"{self.name}: give either hours or working days")
        if self.duration is not None and self.duration <= NOTHING:
            raise BadTarget(f"{self.name}: give more than zero hours")
        if self.days is not None and self.days < 0:
            raise BadTarget(f"{self.name}: give zero working days (the same day) or more")
        if not self.starts or not self.stops:
            raise BadTarget(f"{self.name}: say which events start and stop it")
        if any(not 0 < each < 100 for each in self.warnings):
            raise BadTarget(f"{self.name}: warnings are percentages between 1 and 99")


_ANSWERS = tuple(On(kind, SERVICE) for kind in ("replied", "asked", "taken", "delivered"))
_PROMISES: dict[str, tuple[tuple[On, ...], tuple[On, ...], bool]] = {
    # The first human answer or acceptance; an automatic acknowledgement is none.
    "first_response": ((On("received"),), _ANSWERS, False),
    # Who accepts awaits no answer any more.
    "next_reply": ((On("replied", CLIENT),), (*_ANSWERS, On("accepted")), True),
    "delivery": ((On("received"),), (On("delivered"),), False),
    "correction": ((On("reopened"),), (On("delivered"),), True),
    "acceptance": ((On("delivered"),), (On("accepted"), On("reopened")), True),
}


def promise(
    name: str,
    *,
    duration: timedelta | None = None,
    days: int | None = None,
    waits: tuple[Wait, ...] = REQUESTER,
) -> Target:
    """Return one of the usual targets by name.

    Reopening resets nothing: the delivery keeps its verdict and a correction runs beside it.
    Acceptance is what the client owes, so no wait stops it.
    """
    if name not in _PROMISES:
        raise BadTarget(f"{name}: choose one of {', '.join(_PROMISES)}")
    starts, stops, again = _PROMISES[name]
    waits = () if name == "acceptance" else waits
    return Target(name, duration, days, starts, stops, waits, again)


def between_hands(
    hand: str, *, duration: timedelta | None = None, days: int | None = None
) -> Target:
    """Return the operational target of a hand: from when it is given the ticket until it acts."""
    starts = tuple(On(kind, hand=hand) for kind in ("assigned", "handed_over"))
    stops = tuple(On(kind, hand=hand) for kind in ("taken", "delivered", "given_back"))
    return Target(f"hand:{hand}", duration, days, starts, stops, REQUESTER, again=True)


@dataclass(frozen=True, slots=True)
class Clock:
    """One run of a target. `waiting` is the pause in force, which has no end yet."""

    target: Target
    started: datetime
    ended: datetime | None = None
    void: bool = False
    pauses: tuple[Pause, ...] = ()
    waiting: Event | None = None

    def pauses_until(self, now: datetime) -> tuple[Pause, ...]:
        """Return the pauses as they stand at that instant."""
        wait = self.waiting
        begun = max(wait.at, self.started) if wait is not None else now
        if wait is None or begun >= now:
            return self.pauses
        return (*self.pauses, Pause(begun, now, wait.reason, wait.by))


def clocks(
    target: Target,
    events: Iterable[Event],
    *,
    until: datetime | None = None,
    applied: datetime | None = None,
) -> tuple[Clock, ...]:
    """Return the runs of a target, from the events up to `until`.

    `applied` is when the target was set, if later than the ticket (a change of priority).
    """
    past = (event for event in events if until is None or event.at <= until)
    found: list[Clock] = []
    waiting: Event | None = None
    for at, together in groupby(sorted(past, key=lambda each: each.at), lambda each: each.at):
        group = list(together)
        waiting = _wait_after(target, group, waiting)
        running = bool(found) and found[-1].ended is None
        if not running and (target.again or not found) and _any(target.starts, group):
            found.append(Clock(target, at))
            running = True
        if running:
            found[-1] = _moved(found[-1], at, group, waiting)
    if applied is None or target.retroactive:
        return tuple(found)
    return tuple(
        replace(each, started=max(each.started, applied))
        for each in found
        if each.ended is None or each.ended > applied
    )


def _moved(clock: Clock, at: datetime, group: Sequence[Event], waiting: Event | None) -> Clock:
    """Return the clock after all that happened at one instant."""
    if waiting is not clock.waiting:
        clock = replace(clock, pauses=clock.pauses_until(at), waiting=waiting)
    if _any(clock.target.stops, group):
        return replace(clock, ended=at, pauses=clock.pauses_until(at), waiting=None)
    if any(event.kind in VOIDS for event in group):
        ended = replace(clock, ended=at, void=True)
        return replace(ended, pauses=clock.pauses_until(at), waiting=None)
    return clock


def _wait_after(target: Target, group: Sequence[Event], before: Event | None) -> Event | None:
    """Return the wait in force after one instant; of several states at once, the running one."""
    entered = [event for event in group if event.state]
    if not entered:
        return before
    waits = [event for event in entered if any(wait.covers(event) for wait in target.waits)]
    if len(waits) < len(entered):
        return None
    return min(waits, key=lambda each: (each.state, each.reason, each.by, each.kind))


def _any(triggers: Sequence[On], group: Sequence[Event]) -> bool:
    return any(trigger.meets(event) for trigger in triggers for event in group)


class State(StrEnum):
    """Where a clock stands; the names of `Status.state`."""

    RUNNING = "running"
    PAUSED = "paused"
    LATE = "late"
    MET = "met"
    MISSED = "missed"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Status:
    """Where a clock stands at an instant.

    `due` is None while paused in time, for nobody knows how long it will wait; `if_resumed` is
    when it would fall due if it ran again from that instant, and equals `due` otherwise.
    `elapsed` and `allowed` are open, unpaused time; `pauses` are those so far, `passed` the
    warnings given, and `warning` the next one to come.
    """

    clock: Clock
    state: State
    due: datetime | None
    if_resumed: datetime
    elapsed: timedelta
    allowed: timedelta
    percent: float
    pauses: tuple[Pause, ...] = ()
    passed: tuple[int, ...] = ()
    warning: tuple[int, datetime] | None = None

    @property
    def remaining(self) -> timedelta:
        """Return the open time left; negative when late."""
        return self.allowed - self.elapsed


def status(clock: Clock, calendar: Calendar, now: datetime) -> Status:
    """Return where a clock stands at `now`, which is not before its last event."""
    at = now if clock.ended is None else min(now, clock.ended)
    pauses = clock.pauses_until(at)
    target = clock.target
    if target.duration is not None:
        due = calendar.add(clock.started, target.duration, pauses)
        allowed = target.duration
    else:
        due = calendar.add_days(clock.started, target.days or 0, pauses)
        allowed = calendar.between(clock.started, due, pauses)
    elapsed = calendar.between(clock.started, max(at, clock.started), pauses)
    percent = 100 * (elapsed / allowed)
    passed = tuple(each for each in sorted(target.warnings) if percent >= each)
    held = clock.waiting is not None and due > clock.waiting.at
    state = _state(clock, due, at, held=held)
    return Status(
        clock=clock,
        state=state,
        due=None if held else due,
        if_resumed=due,
        elapsed=elapsed,
        allowed=allowed,
        percent=percent,
        pauses=pauses,
        passed=passed,
        warning=_next(clock, calendar, allowed, passed) if state is State.RUNNING else None,
    )


def _state(clock: Clock, due: datetime, at: datetime, *, held: bool) -> State:
    if clock.void:
        return State.VOID
    if clock.ended is not None:
        return State.MET if clock.ended <= due else State.MISSED
    if held:
        return State.PAUSED
    return State.LATE if at > due else State.RUNNING


def _next(
    clock: Clock, calendar: Calendar, allowed: timedelta, passed: Sequence[int]
) -> tuple[int, datetime] | None:
    for percent in sorted(clock.target.warnings):
        if percent not in passed:
            return percent, calendar.add(clock.started, allowed * percent / 100, clock.pauses)
    return None

"""The order of somebody's day: what leaves the least room first, and no reshuffling for little."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from relais.engine.candidates import MINUTE, Queued, State

# A request moves before another only if it has this much less room (minutes).
WORTH_MOVING = 30.0
# What has no deadline comes after all that has one.
NO_DEADLINE = 1e9


@dataclass(frozen=True, slots=True)
class Turn:
    """A request in her day, and its room: open minutes left beyond its own, negative if short."""

    key: int
    room: float
    begun: bool = False


def order(
    waiting: Iterable[Queued],
    state: State,
    now: datetime,
    *,
    begun: Sequence[int] = (),
    before: Sequence[int] = (),
    worth: float = WORTH_MOVING,
) -> tuple[Turn, ...]:
    """Return her day: what she has begun in its order, then the others by their room.

    `before` is the order that she was shown last: it stays, but where a request has at least
    `worth` minutes less room than the one before it. What is new finds its place by its room.
    """
    turns = {
        each.key: Turn(each.key, room(each, state, now), each.key in begun) for each in waiting
    }
    started = [turns[key] for key in begun if key in turns]
    free = [turn for key, turn in turns.items() if not turn.begun]
    shown = [turns[key] for key in before if key in turns and not turns[key].begun]
    known = {turn.key for turn in shown}
    for turn in sorted((t for t in free if t.key not in known), key=lambda t: (t.room, t.key)):
        place = next((i for i, t in enumerate(shown) if t.room > turn.room), len(shown))
        shown.insert(place, turn)
    return (*started, *_settled(shown, worth))


def room(each: Queued, state: State, now: datetime) -> float:
    """Return the open minutes until its deadline that its own work leaves."""
    if each.due is None:
        return NO_DEADLINE
    hours = state.calendars.get(each.calendar) if each.calendar is not None else None
    left = hours.between(now, each.due) if hours is not None else each.due - now
    return left / MINUTE - each.minutes


def _settled(turns: list[Turn], worth: float) -> tuple[Turn, ...]:
    """Return the order after every move that is worth it: each goes as far ahead as it earns."""
    done: list[Turn] = []
    for turn in turns:
        place = len(done)
        while place and done[place - 1].room - turn.room >= worth:
            place -= 1
        done.insert(place, turn)
    return tuple(done)

"""Pauses of a clock: intervals of instants, with why and by whom. Overlaps count once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from relais.engine.zones import DAY, EPOCH


class NaiveInstant(ValueError):
    """An instant has no time zone; attach one, or make it with datetime.now(UTC)."""


class ReversedPause(ValueError):
    """A pause ends before it begins; exchange the two instants."""


@dataclass(frozen=True, slots=True)
class Pause:
    """The clock stands still from `start` to `end`; outside opening hours that costs nothing."""

    start: datetime
    end: datetime
    reason: str = ""
    by: str = ""


Pauses = Iterable[Pause | tuple[datetime, datetime]]


def read(pause: Pause | tuple[datetime, datetime]) -> tuple[int, int]:
    """Return the Unix seconds of both ends."""
    start, end = (pause.start, pause.end) if isinstance(pause, Pause) else pause
    begin, finish = instant(start), instant(end)
    if finish < begin:
        raise ReversedPause(f"{ReversedPause.__doc__} ({start.isoformat()}, {end.isoformat()})")
    return begin, finish


def merged(pauses: Pauses) -> list[tuple[int, int]]:
    """Return the union of the pauses in Unix seconds, sorted and apart."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(read(pause) for pause in pauses):
        if begin == end:
            continue
        if found and begin <= found[-1][1]:
            if end > found[-1][1]:
                found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return found


def instant(when: datetime) -> int:
    """Return the Unix second of an aware datetime."""
    try:
        gap = when - EPOCH
    except TypeError:
        raise NaiveInstant(f"{NaiveInstant.__doc__} ({when!r})") from None
    return gap.days * DAY + gap.seconds


def moment(when: int) -> datetime:
    """Return the datetime, in UTC, of a Unix second."""
    return EPOCH + timedelta(0, when)

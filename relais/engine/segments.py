"""What each stretch of a clock was, and why: data for the plain-language explanation."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from relais.engine.hours import Day
from relais.engine.pauses import Pause, Pauses, moment, read


class Kind(StrEnum):
    """What a stretch of time is for a clock."""

    OPEN = "open"
    CLOSED = "closed"
    HOLIDAY = "holiday"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch from `start` to `end` (UTC) of one kind.

    `reason` is the name of the exception or of the pause, `source` where the exception comes
    from, `by` who paused. All three are empty in the usual week.
    """

    start: datetime
    end: datetime
    kind: Kind
    reason: str = ""
    source: str = ""
    by: str = ""

    @property
    def length(self) -> timedelta:
        return self.end - self.start


Label = tuple[Kind, str, str, str]
Site = tuple[Sequence[tuple[int, int]], Sequence[tuple[int, int, Day]]]


def label(low: int, high: int, sites: Sequence[Site], pauses: Pauses) -> list[Segment]:
    """Return the segments of [low, high), given open spans and dated exceptions of each site."""
    stops = sorted(
        ((*read(each), each if isinstance(each, Pause) else Pause(*each)) for each in pauses),
        key=lambda stop: stop[:2],
    )
    marks = {low, high}
    for spans, dated in sites:
        marks.update(edge for span in spans for edge in span)
        marks.update(edge for begin, end, _ in dated for edge in (begin, end))
    marks.update(edge for begin, end, _ in stops for edge in (begin, end))
    edges = sorted(edge for edge in marks if low <= edge <= high)
    found: list[Segment] = []
    last: Label | None = None
    for begin, end in pairwise(edges):
        this = _state(begin, sites) or _paused(begin, stops) or _special(begin, sites)
        if this == last:
            found[-1] = Segment(found[-1].start, moment(end), *this)
        else:
            found.append(Segment(moment(begin), moment(end), *this))
        last = this
    return found


def _state(when: int, sites: Sequence[Site]) -> Label | None:
    """Return why it is closed then, by the first site that is; None when all are open."""
    for spans, dated in sites:
        span = bisect_right(spans, (when, 1 << 62)) - 1
        if span >= 0 and when < spans[span][1]:
            continue
        day = _dated(when, dated)
        if day is None:
            return Kind.CLOSED, "", "", ""
        return Kind.HOLIDAY if day.closed else Kind.CLOSED, day.reason, day.source, ""
    return None


def _paused(when: int, stops: Sequence[tuple[int, int, Pause]]) -> Label | None:
    """Return the pause in force then: of several, the one that began first."""
    for begin, end, pause in stops:
        if begin <= when < end:
            return Kind.PAUSED, pause.reason, "", pause.by
    return None


def _special(when: int, sites: Sequence[Site]) -> Label:
    for _spans, dated in sites:
        day = _dated(when, dated)
        if day is not None:
            return Kind.OPEN, day.reason, day.source, ""
    return Kind.OPEN, "", "", ""


def _dated(when: int, dated: Sequence[tuple[int, int, Day]]) -> Day | None:
    at = bisect_right(dated, when, key=lambda each: each[0]) - 1
    return dated[at][2] if at >= 0 and when < dated[at][1] else None

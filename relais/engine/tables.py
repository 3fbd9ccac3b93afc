"""Open spans as prefix sums: counting is a bisection, whatever the span."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

import numpy as np

from relais.engine.zones import Seconds


class Table(NamedTuple):
    """Open spans of the years first to last, which begin at lo and end before hi (Unix seconds).

    before[i] is the open seconds from lo to starts[i]. day_starts[i] and day_closings[i] are the
    midnight and the last closing of the i-th date with any open time.
    """

    lo: int
    hi: int
    starts: list[int]
    ends: list[int]
    before: list[int]
    total: int
    first: int
    last: int
    spans: tuple[Seconds, Seconds, Seconds]
    day_starts: list[int]
    day_closings: list[int]


def count(table: Table, when: int) -> int:
    """Return the open seconds from the begin of the table to an instant in it."""
    span = bisect_right(table.starts, when) - 1
    if span < 0:
        return 0
    end = table.ends[span]
    return table.before[span] + (when if when < end else end) - table.starts[span]


def count_many(table: Table, when: Seconds) -> Seconds:
    """Return the same for many instants."""
    opens, closes, before = table.spans
    if not len(opens):
        return np.zeros(when.shape, dtype=np.int64)
    span = np.searchsorted(opens, when, side="right") - 1
    inside = np.maximum(span, 0)
    counted = before[inside] + np.minimum(when, closes[inside]) - opens[inside]
    found: Seconds = np.where(span < 0, 0, counted)
    return found

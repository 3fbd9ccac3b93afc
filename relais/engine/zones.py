"""From the wall clock of a zone to instants, exactly, for whole years at once.

A wall clock that is put back is *held* until it has caught up: hours open once and close once,
at the first occurrence of a repeated time. A time that is skipped happens when the clock jumps.
Written as a formula, the instant of wall time L is min{t : wall(t) >= L}.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

DAY = 86_400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Seconds = NDArray[np.int64]


class Wall:
    """The wall clock of a zone over the years `first` to `last`, both included."""

    __slots__ = ("_heard", "_shift", "_since")

    def __init__(self, zone: ZoneInfo, first: int, last: int) -> None:
        since: list[int] = []
        shift: list[int] = []
        # Two days of margin: New Year comes up to 14 h before or after that of UTC.
        for year in range(first - 1, last + 2):
            for instant, offset in _offsets(zone, year):
                if not shift or shift[-1] != offset:
                    since.append(instant)
                    shift.append(offset)
        self._since = np.array(since, dtype=np.int64)
        self._shift = np.array(shift, dtype=np.int64)
        self._heard: Seconds = np.maximum.accumulate(self._since[1:] + self._shift[:-1])

    def instants(self, wall: Seconds) -> Seconds:
        """Return the Unix second of each wall time, given in seconds since 1970 on that clock."""
        piece = np.searchsorted(self._heard, wall, side="right")
        found: Seconds = np.maximum(self._since[piece], wall - self._shift[piece])
        return found


def day_number(day: date) -> int:
    """Return the days since 1 January 1970."""
    return day.toordinal() - 719_163


@lru_cache(maxsize=4096)
def _offsets(zone: ZoneInfo, year: int) -> tuple[tuple[int, int], ...]:
    """Return (instant, offset from then on) at the start of the UTC year and at each change.

    Looks once a day and bisects to the second: no zone changes its clock and back within a day.
    """
    begin, end = (day_number(date(y, 1, 1)) * DAY for y in (year, year + 1))
    known = offset_at(zone, begin)
    found = [(begin, known)]
    for noon in range(begin + DAY, end + 1, DAY):
        offset = offset_at(zone, noon)
        if offset == known:
            continue
        low, high = noon - DAY, noon
        while high - low > 1:
            middle = (low + high) // 2
            if offset_at(zone, middle) == known:
                low = middle
            else:
                high = middle
        if high < end:
            found.append((high, offset))
        known = offset
    return tuple(found)


def offset_at(zone: ZoneInfo, instant: int) -> int:
    """Return the seconds east of UTC of that zone at that Unix second."""
    offset = (EPOCH + timedelta(seconds=instant)).astimezone(zone).utcoffset()
    assert offset is not None
    return offset.days * DAY + offset.seconds

"""Spans of work and opening hours as arrays: minutes from now, whatever the clock on the wall."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np

from relais.engine.candidates import MINUTE, Span, State
from relais.engine.matching import Passed, Reals

# How far opening hours are told; beyond, time stands still, which only very late ends meet.
REACH = timedelta(days=60)
# After her last known shift nobody knows when she works: never, as far as a plan goes.
ENDLESS = 1e6


def timelines(shifts: Sequence[tuple[Span, ...]], now: datetime) -> tuple[Reals, Reals, Reals]:
    """Return first, cuts and gaps of each (see Scene), in minutes from now.

    A span that is over, and what fills up shorter rows, is a span of no length.
    """
    here = now.timestamp() / 60
    rows = [_stamps(spans) for spans in shifts]
    width = max((len(row) for row in rows), default=0) or 1
    spans = np.full((len(rows), width, 2), here)
    for row, known in enumerate(rows):
        if len(known):
            spans[row, : len(known)] = known
            spans[row, len(known) :] = known[-1, 1]
    starts = np.maximum(spans[:, :, 0] - here, 0.0)
    length = np.maximum(spans[:, :, 1] - here - starts, 0.0)
    gaps = np.full((len(rows), width), ENDLESS)
    gaps[:, :-1] = np.maximum(starts[:, 1:] - starts[:, :-1] - length[:, :-1], 0.0)
    return starts[:, 0], np.cumsum(length, axis=1), gaps


@lru_cache(maxsize=8192)
def _stamps(spans: tuple[Span, ...]) -> Reals:
    """Return the begins and ends in minutes: the same shifts come with every request."""
    return np.array([[begin.timestamp() / 60, end.timestamp() / 60] for begin, end in spans])


def open_time(calendars: Sequence[int | None], state: State, now: datetime) -> Passed:
    """Return the function that counts open minutes of each column's calendar from now on."""
    groups: dict[int, list[int]] = {}
    for column, key in enumerate(calendars):
        if key is not None and key in state.calendars:
            groups.setdefault(key, []).append(column)
    knots = [(np.array(columns), *_knots(key, state, now)) for key, columns in groups.items()]

    def passed(ends: Reals) -> Reals:
        counted = ends.copy()
        for columns, minutes, opened in knots:
            if len(columns) == ends.shape[1]:
                return np.interp(ends, minutes, opened)
            counted[:, columns] = np.interp(ends[:, columns], minutes, opened)
        return counted

    return passed


def open_left(
    due: Sequence[datetime | None], calendars: Sequence[int | None], state: State, now: datetime,
    without: float,
) -> Reals:  # fmt: skip
    """Return the open minutes until each deadline, negative when late; `without` one, as told."""
    ends = [np.nan if when is None else int(when.timestamp()) for when in due]
    keys = [np.nan if key is None else key for key in calendars]
    return left_of(np.array(ends, float), np.array(keys, float), state, now, without)


def left_of(due: Reals, calendars: Reals, state: State, now: datetime, without: float) -> Reals:
    """Return what `open_left` does of whole seconds since 1970 and keys; NaN is none."""
    start = int(now.timestamp())
    left = np.where(np.isnan(due), without, (due - start) / 60)
    for key in np.unique(calendars[~np.isnan(calendars)]):
        if (calendar := state.calendars.get(int(key))) is not None:
            mine = (calendars == key) & ~np.isnan(due)
            ends = due[mine].astype(np.int64)
            left[mine] = calendar.between_many(np.full(len(ends), start), ends) / 60
    return left


def _knots(key: int, state: State, now: datetime) -> tuple[Reals, Reals]:
    minutes, opened, total = [0.0], [0.0], 0.0
    for segment in state.calendars[key].segments(now, now + REACH):
        if segment.kind == "open":
            begin, end = (segment.start - now) / MINUTE, (segment.end - now) / MINUTE
            minutes += [begin, end]
            opened += [total, total + end - begin]
            total += end - begin
    return np.array(minutes), np.array(opened)

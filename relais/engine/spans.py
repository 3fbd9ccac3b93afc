"""Spans of time as two sorted arrays, where they begin and where they end."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from relais.engine.zones import Seconds


def among(numbers: Seconds, wanted: Iterable[int]) -> NDArray[np.bool_]:
    """Return which of these are wanted. np.isin would import 50 ms of numpy on first use."""
    known = np.array([-(1 << 62), *sorted(wanted)], dtype=np.int64)
    found: NDArray[np.bool_] = known[np.searchsorted(known, numbers, side="right") - 1] == numbers
    return found


def joined(opens: Seconds, closes: Seconds) -> tuple[Seconds, Seconds]:
    """Return the union of spans, sorted and apart: overlaps count once, empty ones not at all."""
    real = closes > opens
    opens, closes = opens[real], closes[real]
    order = np.argsort(opens, kind="stable")
    opens, closes = opens[order], np.maximum.accumulate(closes[order])
    if not len(opens):
        return opens, closes
    apart = opens[1:] > closes[:-1]
    return (
        opens[np.concatenate(([True], apart))],
        closes[np.concatenate((apart, [True]))],
    )

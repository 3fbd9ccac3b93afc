"""How satisfied people are, told only where enough of them answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relais.engine import measures_stats

SMALLEST = 5
GOOD = 4


@dataclass(frozen=True, slots=True)
class Summary:
    """Answers of `n` people of `asked`; shares between 0 and 1, `effort` from 1 to 5.

    `share` is that of scores of 4 and 5; `low` and `high` are its 95 % interval.
    """

    n: int
    asked: int
    share: float
    low: float
    high: float
    effort: float | None


def wilson(good: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927): 18 of 20 is 0.699 to 0.972."""
    low, high = measures_stats.wilson(good, n)
    return float(low), float(high)


def summary(
    scores: Sequence[int], efforts: Sequence[int], asked: int, *, smallest: int = SMALLEST
) -> Summary | None:
    """Return the figures, or None where fewer than `smallest` people answered."""
    n = len(scores)
    if n < smallest:
        return None
    good = sum(score >= GOOD for score in scores)
    low, high = wilson(good, n)
    effort = sum(efforts) / len(efforts) if len(efforts) >= smallest else None
    return Summary(n, max(asked, n), good / n, low, high, effort)

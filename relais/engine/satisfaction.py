"""How satisfied people are, told only where enough of them answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

SMALLEST = 5
GOOD = 4
Z95 = 1.959964


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
    share, z2 = good / n, Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


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

"""The standard times of a service from the three points of its lines: one in two, nine in ten.

Each line is taken for a beta distribution between its least and most minutes (PERT, as the mean of
domain C.2 assumes), lines together for a mixture weighed by how often each comes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Minutes are asked to this: more would be made up.
STEPS = 60
LEAST = 1

Points = tuple[float, float, float]


def quantile(lines: Sequence[tuple[float, Points]], share: float) -> float:
    """Return the minutes within which `share` of the work is done.

    `lines`: how often a year, and minutes at least, usually, at most. Raises ValueError for none.
    """
    known = [(times, points) for times, points in lines if times > 0]
    if not known:
        raise ValueError("no line says how often")
    whole = sum(times for times, _points in known)
    low = min(points[0] for _times, points in known)
    high = max(points[2] for _times, points in known)
    for _ in range(STEPS):
        middle = (low + high) / 2
        done = sum(times * _within(points, middle) for times, points in known) / whole
        low, high = (middle, high) if done < share else (low, middle)
    return high


def standard(lines: Sequence[tuple[float, Points]]) -> tuple[int, int]:
    """Return the whole minutes in which one in two and nine in ten are done, 1 at least."""
    half = max(round(quantile(lines, 0.5)), LEAST)
    return half, max(round(quantile(lines, 0.9)), half)


def _within(points: Points, minutes: float) -> float:
    from scipy.stats import beta  # long to import, and most processes never ask

    least, usual, most = points
    if most - least < 1e-9:
        return float(minutes >= least)
    span = most - least
    a = 1 + 4 * (usual - least) / span
    b = 1 + 4 * (most - usual) / span
    return float(beta.cdf(np.clip((minutes - least) / span, 0, 1), a, b))

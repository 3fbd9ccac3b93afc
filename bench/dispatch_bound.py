"""What no dispatcher can beat: everything known beforehand, work split and interrupted at will.

A linear programme over hours. Requests are grouped by the hours of arrival and deadline (both
widened to whole hours, which only helps), and by size; each takes what the best of those who may
do it would need, knowing the site. Absences are known too. The value is an upper bound.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from bench.dispatch_scene import DAY, DAYS, World

HOUR = 60
CLASSES = 12


def share(world: World) -> float:
    """Return the largest share of counted requests that could be in time."""
    end = DAYS * DAY
    hours = end // HOUR
    capacity = np.zeros(hours)
    for day in world.spans:
        for start, stop in zip(day.starts, day.ends, strict=True):
            for hour in range(int(start // HOUR), int(np.ceil(stop / HOUR))):
                capacity[hour] += max(min(stop, (hour + 1) * HOUR) - max(start, hour * HOUR), 0.0)
    counted = world.counted & (world.due <= end)
    best = np.where(world.able, world.factor, np.inf).min(0)
    work = world.true * best
    first = (world.arrival // HOUR).astype(int)
    last = np.minimum(np.ceil(world.due / HOUR).astype(int), hours) - 1
    edges = np.quantile(work, np.linspace(0, 1, CLASSES + 1)[1:-1])
    size = np.searchsorted(edges, work)
    groups: dict[tuple[int, int, int], list[int]] = {}
    for j in np.flatnonzero(counted):
        groups.setdefault((int(first[j]), int(last[j]), int(size[j])), []).append(int(j))
    return _solve(groups, work, capacity) / int(counted.sum())


def _solve(groups: dict, work: np.ndarray, capacity: np.ndarray) -> float:
    """Return the most requests in time; of a group a part may be taken.

    A group's requests are of one class of size, a twelfth of all, so its mean minutes stand for
    each: the strict bound is above by less than the width of a class.
    """
    rows, columns, values = [], [], []
    upper, gain = [], []
    variable = 0
    for row, ((begin, stop, _size), members) in enumerate(groups.items()):
        minutes = float(work[members].mean())
        taken = variable
        variable += 1
        upper.append(len(members))
        gain.append(1.0)
        for hour in range(begin, stop + 1):
            rows += [row, len(groups) + hour]
            columns += [variable, variable]
            values += [-1.0, 1.0]
            upper.append(np.inf)
            gain.append(0.0)
            variable += 1
        rows.append(row)
        columns.append(taken)
        values.append(minutes)
    matrix = sparse.csr_matrix(
        (values, (rows, columns)), shape=(len(groups) + len(capacity), variable)
    )
    limits = np.concatenate([np.zeros(len(groups)), capacity])
    found = linprog(
        -np.array(gain), A_ub=matrix, b_ub=limits,
        bounds=np.column_stack([np.zeros(variable), upper]), method="highs",
    )  # fmt: skip
    if found.status:
        raise RuntimeError(found.message)
    return -found.fun

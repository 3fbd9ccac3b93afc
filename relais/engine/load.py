"""Load against capacity, week by week, and what could be done about a week that is short.

Source: domain E.7: coverage = capacity (known leave, sickness at its eightieth percentile) over the
load at its eightieth; from 1.10 on it is enough, below 0.95 too little; the levers in their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

ENOUGH, TIGHT = 1.10, 0.95
GREEN, AMBER, RED = "green", "amber", "red"
# The normal law's eightieth percentile.
P80 = 0.8416
# Of an hour at work so much is work on requests, and so much of the time somebody is ill (C.3).
PRODUCTIVE, ILL = 0.85, 0.058
DEFER, BACKUP, FLOAT, OVERTIME, TEMP, DATES = (
    "defer", "backup", "float", "overtime", "temp", "dates",
)  # fmt: skip


@dataclass(frozen=True)
class Lever:
    """Something that can be done: the hours that it brings, and the coverage once it is done."""

    code: str
    hours: float
    coverage: float


@dataclass(frozen=True)
class Worker:
    """Somebody's hours of a week: at work, what the law leaves, and her positions by site."""

    key: int
    hours: float
    lawful: float
    sites: Mapping[int, str]


def load(means: Iterable[float], dispersion: float, minutes: float) -> tuple[float, float]:
    """Return the hours of work of half-days' requests: their mean, and what 80 % do not pass.

    Half-days vary by themselves: variance of each is mean + dispersion x mean^2.
    """
    each = list(means)
    spread = sqrt(sum(mean + dispersion * mean * mean for mean in each))
    middle = sum(each) * minutes / 60
    return middle, middle + P80 * spread * minutes / 60


def present(people: int) -> float:
    """Return the share of these people that is not ill, at the percentile that 80 % pass."""
    if not people:
        return 1.0
    return max(0.0, 1.0 - ILL - P80 * sqrt(ILL * (1 - ILL) / people))


def coverage(capacity: float, wanted: float) -> float | None:
    """Return the capacity over the load; None where there is no load."""
    return capacity / wanted if wanted > 1e-9 else None


def tone(covered: float | None) -> str:
    """Return whether it is enough: green, amber or red. Without load it is."""
    if covered is None or covered >= ENOUGH:
        return GREEN
    return AMBER if covered >= TIGHT else RED


def allotted(workers: Sequence[Worker], wanted: Mapping[int, float]) -> dict[int, dict[int, float]]:
    """Return, by site and person, the hours of capacity: each one's shared by her sites' load.

    Where none of her sites has any load they are shared evenly. The float is kept in reserve.
    """
    share = PRODUCTIVE * present(len(workers))
    found: dict[int, dict[int, float]] = {site: {} for site in wanted}
    for one in workers:
        sites = [site for site, place in one.sites.items() if site in wanted and place != FLOAT]
        total = sum(wanted[site] for site in sites)
        for site in sites:
            part = wanted[site] / total if total > 0 else 1 / len(sites)
            found[site][one.key] = one.hours * share * part
    return found


def levers(
    site: int,
    workers: Sequence[Worker],
    wanted: Mapping[int, float],
    deferrable: float,
    room_after: float,
) -> list[Lever]:
    """Return what could be done at a site in a week, in order, until it is enough.

    `deferrable`: the hours of its load that may wait; `room_after`: the hours that are free in the
    week after. What people and law cannot give is asked of others, or of the dates.
    """
    hours = allotted(workers, wanted)
    asked, here = wanted[site], sum(hours[site].values())
    found: list[Lever] = []

    def short() -> float:
        return max(0.0, ENOUGH * asked - here)

    def pull(code: str, most: float) -> None:
        nonlocal here
        brought = min(most, short())
        if brought > 1e-6:
            here += brought
            found.append(Lever(code, brought, here / asked))

    # What waits is taken from the load, and with it the margin above it.
    waits = min(deferrable, room_after, short() / ENOUGH)
    if waits > 1e-6:
        asked -= waits
        found.append(Lever(DEFER, waits, here / asked if asked > 1e-9 else ENOUGH))
    spare = _spare(workers, wanted, hours)
    for code in (BACKUP, FLOAT):
        pull(code, sum(spare[w.key] for w in workers if w.sites.get(site) == code))
    more = sum(max(0.0, w.lawful - w.hours) for w in workers if site in w.sites)
    pull(OVERTIME, more * PRODUCTIVE)
    left = short()
    pull(TEMP, left)
    if left > 1e-6:
        found.append(Lever(DATES, left, ENOUGH))
    return found


def _spare(
    workers: Sequence[Worker],
    wanted: Mapping[int, float],
    hours: Mapping[int, Mapping[int, float]],
) -> dict[int, float]:
    """Return the hours that each could give: what is in reserve, and her part of what is beyond
    enough at her sites.
    """
    share = PRODUCTIVE * present(len(workers))
    found = {one.key: one.hours * share for one in workers}
    for site, those in hours.items():
        total = sum(those.values())
        beyond = max(0.0, total - ENOUGH * wanted[site])
        for key, mine in those.items():
            found[key] -= mine - (beyond * mine / total if total > 0 else 0.0)
    return found

"""Who could stand in, for which work, and what would be left undone: facts and flows.

An item is a service at a site (or for an executive); somebody is able when she is ready for it by
proof, not by declaration (`readiness.py`). Hours of work flow to hours of people who are able: what
does not fit is what would not be delivered, the least urgent first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

# A part of all work that hangs on one person: flagged above.
FLAGGED = 0.10
# Requests of an executive that go to one assistant: an alert above, unless a backup is ready.
CONCENTRATED = 0.8
READY = 3
# Sets of items grow by two to the power of their number: beyond so many, week by week.
MOST_BY_SETS = 12


class Horizon(IntEnum):
    """After how long without the service its impact is asked, in hours."""

    HALF_DAY = 4
    DAY = 24
    THREE_DAYS = 72
    WEEK = 168
    TWO_WEEKS = 336


# An impact from 0 to 4 that cannot be borne.
UNBEARABLE = 3


def tolerable(impacts: Mapping[Horizon, int]) -> Horizon | None:
    """Return the longest that the service may be missing (MTPD): the first unbearable horizon.

    None: it can be borne for longer than two weeks. Source: ISO 22301 made small.
    """
    return min((h for h, impact in impacts.items() if impact >= UNBEARABLE), default=None)


def critical(impacts: Mapping[Horizon, int]) -> bool:
    """Return whether the service belongs to the critical set: unbearable within a day."""
    longest = tolerable(impacts)
    return longest is not None and longest <= Horizon.DAY


@dataclass(frozen=True, slots=True)
class Item:
    """A work: its hours (a week, or a year: the same for all), priority (1 the highest), needs.

    `weight`: criticality, which multiplies the hours in rates. `systems`: what it needs to be done.
    """

    key: int
    site: int
    hours: float
    priority: int = 3
    weight: float = 1.0
    critical: bool = False
    systems: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with hours to give, and the items that she is ready for with access tested."""

    key: int
    hours: float
    able: frozenset[int]


class Standing(StrEnum):
    """How an item stands, by how many are able (its bus factor)."""

    UNCOVERED = "uncovered"
    FRAGILE = "fragile"
    COVERED = "covered"


def able(item: Item, people: Iterable[Person]) -> frozenset[int]:
    """Return who is able to do an item; their number is its bus factor."""
    return frozenset(person.key for person in people if item.key in person.able)


def standing(item: Item, people: Iterable[Person]) -> Standing:
    """Return how the item stands: 0 able, 1, or 2 and more."""
    count = len(able(item, people))
    return (Standing.UNCOVERED, Standing.FRAGILE, Standing.COVERED)[min(count, 2)]


@dataclass(frozen=True)
class Coverage:
    """Shares of the weighted hours that are covered, fragile and uncovered."""

    covered: float
    fragile: float
    uncovered: float


def coverage(items: Collection[Item], people: Collection[Person]) -> Coverage:
    """Return what share of the work two or more are able to do; of no work, all."""
    whole = sum(item.weight * item.hours for item in items)
    if not whole:
        return Coverage(1.0, 0.0, 0.0)
    shares = dict.fromkeys(Standing, 0.0)
    for item in items:
        shares[standing(item, people)] += item.weight * item.hours / whole
    return Coverage(shares[Standing.COVERED], shares[Standing.FRAGILE], shares[Standing.UNCOVERED])


def dependency(items: Collection[Item], people: Collection[Person]) -> dict[int, float]:
    """Return, for each person, the share of the weighted hours that only she is able to do.

    The same question serves the provider's staff and the client's people, the executive first.
    """
    whole = sum(item.weight * item.hours for item in items)
    found = {person.key: 0.0 for person in people}
    for item in items:
        who = able(item, people)
        if len(who) == 1 and whole:
            found[next(iter(who))] += item.weight * item.hours / whole
    return found


def concentration(counts: Iterable[float]) -> tuple[float, float]:
    """Return how concentrated a flow is (Herfindahl-Hirschman) and among how many in effect.

    Of nothing, (0, 0).
    """
    values = [count for count in counts if count > 0]
    whole = sum(values)
    if not whole:
        return 0.0, 0.0
    index = sum((value / whole) ** 2 for value in values)
    return index, 1.0 / index


def alarming(index: float, backup_readiness: int) -> bool:
    """Return whether a concentrated flow is a danger: nobody else is ready to take it."""
    return index > CONCENTRATED and backup_readiness < READY


def gate(
    items: Collection[Item], people: Collection[Person], leaving: Collection[int]
) -> list[Item]:
    """Return the critical items that nobody ready would cover while these are away.

    What nobody covers anyway is no reason to refuse a leave: it is not in the list.
    """
    left = [person for person in people if person.key not in leaving]
    return [item for item in items if item.critical and able(item, people) and not able(item, left)]


# Hours that flow ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Delivered:
    """Where hours of work went.

    `given`: hours of each (person, item). `missing`: hours of each item that nobody has. `load`:
    share of each person's hours that are used.
    """

    given: Mapping[tuple[int, int], float]
    missing: Mapping[int, float]
    load: Mapping[int, float]
    by_priority: Mapping[int, float]

    @property
    def undelivered(self) -> float:
        """Return the hours that nobody has."""
        return sum(self.missing.values())


def deliver(items: Sequence[Item], people: Sequence[Person]) -> Delivered:
    """Return who does what so that the least is left undone, the highest priorities first.

    Hours are exchanged one for one, so that serving dearer hours first never lowers their sum: any
    falling weights serve in the order of priorities.
    """
    from scipy import optimize, sparse  # long to import, and most processes never ask

    pairs = [
        (p, i) for p, one in enumerate(people) for i, it in enumerate(items) if it.key in one.able
    ]
    if pairs:
        worth = [-float(np.exp2(-items[i].priority)) for _p, i in pairs]
        rows = sparse.csr_matrix(
            (
                np.ones(2 * len(pairs)),
                (
                    [*(p for p, _i in pairs), *(len(people) + i for _p, i in pairs)],
                    [*range(len(pairs)), *range(len(pairs))],
                ),
            ),
            shape=(len(people) + len(items), len(pairs)),
        )
        most = [max(one.hours, 0.0) for one in people] + [max(it.hours, 0.0) for it in items]
        flows = optimize.linprog(worth, A_ub=rows, b_ub=most, method="highs").x
    else:
        flows = []
    given = {
        (people[p].key, items[i].key): float(hours)
        for (p, i), hours in zip(pairs, flows, strict=True)
        if hours > 1e-9
    }
    done = {item.key: 0.0 for item in items}
    used = {person.key: 0.0 for person in people}
    for (person, item), hours in given.items():
        done[item] += hours
        used[person] += hours
    missing = {
        item.key: item.hours - done[item.key]
        for item in items
        if item.hours - done[item.key] > 1e-9
    }
    load = {one.key: used[one.key] / one.hours if one.hours else 0.0 for one in people}
    return Delivered(given, missing, load, _by_priority(items, done))


def _by_priority(items: Sequence[Item], done: Mapping[int, float]) -> dict[int, float]:
    wanted: dict[int, float] = {}
    there: dict[int, float] = {}
    for item in items:
        wanted[item.priority] = wanted.get(item.priority, 0.0) + item.hours
        there[item.priority] = there.get(item.priority, 0.0) + done[item.key]
    return {p: there[p] / hours if hours else 1.0 for p, hours in sorted(wanted.items())}


@dataclass(frozen=True)
class WhatIf:
    """A case: people, sites and systems that are missing, and so much more work (0.2: 20 %)."""

    without_people: frozenset[int] = frozenset()
    without_sites: frozenset[int] = frozenset()
    without_systems: frozenset[int] = frozenset()
    more: float = 0.0


@dataclass(frozen=True)
class Training:
    """Somebody made ready for an item, and the hours that this would save in the case."""

    person: int
    item: int
    saves: float


@dataclass(frozen=True)
class Outcome:
    """What a case leads to, beside how things are without it."""

    usual: Delivered
    case: Delivered
    sites: tuple[int, ...] = ()
    overloaded: tuple[int, ...] = ()
    training: tuple[Training, ...] = field(default=())


# Who is used beyond this has no room for what nobody foresaw.
FULL = 0.95


def imagine(
    items: Sequence[Item], people: Sequence[Person], case: WhatIf, *, lessons: int = 3
) -> Outcome:
    """Return what would be left undone in a case, where, who would be full, and whom to train.

    Items of a missing site ask nothing; items that need a missing system cannot be done.
    """
    there = [
        replace(item, hours=item.hours * (1 + case.more))
        for item in items
        if item.site not in case.without_sites
    ]
    stopped = {item.key for item in there if item.systems & case.without_systems}
    left = [
        replace(one, able=one.able - stopped)
        for one in people
        if one.key not in case.without_people
    ]
    usual, now = deliver(items, people), deliver(there, left)
    sites = {
        item.site for item in there if now.missing.get(item.key, 0) > usual.missing.get(item.key, 0)
    }
    full = (
        key for key, load in now.load.items() if load >= FULL and usual.load.get(key, 0.0) < FULL
    )
    return Outcome(
        usual,
        now,
        tuple(sorted(sites)),
        tuple(sorted(full)),
        tuple(_lessons(there, left, stopped, now, lessons)),
    )


def _lessons(
    items: Sequence[Item],
    people: Sequence[Person],
    stopped: Collection[int],
    now: Delivered,
    most: int,
) -> list[Training]:
    """Return the trainings that save most, one after the other: each is judged after the last."""
    found: list[Training] = []
    people = list(people)
    while len(found) < most and now.undelivered > 1e-9:
        tried = []
        for place, one in enumerate(people):
            for item in items:
                if item.key in now.missing and item.key not in {*one.able, *stopped}:
                    taught = replace(one, able=one.able | {item.key})
                    after = deliver(items, [*people[:place], taught, *people[place + 1 :]])
                    saves = now.undelivered - after.undelivered
                    tried.append((-round(saves, 9), item.priority, place, item.key, after))
        best = min(tried, key=lambda each: each[:4], default=None)
        if best is None or not best[0]:
            break
        gain, _priority, place, item_key, now = best
        people[place] = replace(people[place], able=people[place].able | {item_key})
        found.append(Training(people[place].key, item_key, -gain))
    return found


def served(demand: Reals, hours: Reals, able_: NDArray[np.bool_]) -> Reals:
    """Return the hours that can be served each week: shape (weeks,).

    `demand`: (weeks, items). `hours`: (weeks, people). `able_`: (people, items). By the theorem of
    Gale and Hoffman it is the least, over all sets of items, of the hours of those who are able to
    do any of the set and the demand of the others: exact, and all weeks at once. Raises
    `ValueError` beyond `MOST_BY_SETS` items.
    """
    size = demand.shape[1]
    if size > MOST_BY_SETS:
        raise ValueError(f"{size} items: at most {MOST_BY_SETS}")
    least: Reals = demand.sum(axis=1)
    for chosen in range(1, 1 << size):
        inside = np.array([bool(chosen >> n & 1) for n in range(size)])
        helpers = able_[:, inside].any(axis=1)
        there = hours[:, helpers].sum(axis=1) + demand[:, ~inside].sum(axis=1)
        least = np.minimum(least, there)
    return least


def ring(size: int, known: int) -> NDArray[np.bool_]:
    """Return who is able in a ring: each person knows her site and the next ones, `known` in all.

    Shape (people, sites). Source: chaining, Jordan & Graves 1995.
    """
    place = np.arange(size)
    found: NDArray[np.bool_] = (place[None, :] - place[:, None]) % size < known
    return found


def fully(demand: Reals, there: Reals) -> tuple[float, float]:
    """Return the share of the volume served, and of the weeks in which all was."""
    whole = demand.sum(axis=1)
    return float(there.sum() / whole.sum()), float((there >= whole - 1e-9).mean())

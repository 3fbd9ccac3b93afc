"""A stretch of the past as a world to be lived again: efforts, shifts and skills read from touches.

A log says when somebody touched a request, not how long it took nor when she was at work. What is
assumed instead is told in `Assumed`. Times are minutes of the local clock; the world counts the
open ones alone, so that a night or a closed day costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from relais.engine.matching import Flags, Places, Reals
from relais.engine.simulation import Day, Whole, World

MIDNIGHT = 1440.0


@dataclass(frozen=True, slots=True)
class Lived:
    """One request as it was: minutes of a local clock, `target` in open minutes.

    `waits` do not count (it waited for the requester); `touches` are when somebody worked on it and
    who; `done` is None if it never was; `kind` is the service or the category.
    """

    key: int
    arrival: float
    site: int
    kind: int
    target: float
    weight: float = 1.0
    done: float | None = None
    waits: tuple[tuple[float, float], ...] = ()
    touches: tuple[tuple[float, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Assumed:
    """What a log does not say, and is taken to be (minutes, days)."""

    # Between two touches of somebody she worked on what she touched next, at most so long.
    longest: float = 30.0
    # A touch after a pause of this length begins a stretch of work: it took `first`.
    pause: float = 90.0
    first: float = 10.0
    # Who touched something on fewer days is no part of the pool; her work remains to be done.
    regular: int = 10
    # She is there from her first to her last touch of a day, at least so long.
    presence: float = 60.0
    # She knows a kind of work after so many touches of it, a site after one.
    knows: int = 3
    strangers_need: float = 0.2
    # The first working days are lived, but not counted.
    warm_up: int = 10


@dataclass(frozen=True, slots=True)
class Change:
    """How the pool differs from the one that the log shows.

    `people`: so many more (others like the busiest) or fewer (the least busy go); `all_sites`,
    `all_kinds`: everybody covers every site, knows every kind of work.
    """

    people: int = 0
    all_sites: bool = False
    all_kinds: bool = False


@dataclass
class Past:
    """What was read of a stretch of the past, ready to be lived again."""

    lived: Sequence[Lived]
    assumed: Assumed
    people: list[int]  # who the pool is, by the numbers of the touches
    open_days: Whole
    opens: float
    closes: float
    effort: Reals  # of each request
    holder: Places  # who of the pool did most of it, -1: nobody of the pool
    kinds: Flags  # (n, kinds): knows the work
    sites: Flags  # (n, sites): knows the site
    spans: list[list[tuple[float, float]]]  # open minutes
    mine: list[list[int]] = field(default_factory=list)  # who of the pool touched each request

    @property
    def day(self) -> float:
        """Return the open minutes of a day."""
        return self.closes - self.opens

    def open_at(self, minutes: Reals) -> Reals:
        """Return the open minutes passed at these moments of the local clock."""
        days = np.floor(minutes / MIDNIGHT)
        place = np.searchsorted(self.open_days, days)
        inside = np.isin(days, self.open_days)
        within = np.clip(minutes - days * MIDNIGHT - self.opens, 0.0, self.day)
        found: Reals = np.asarray(place * self.day + np.where(inside, within, 0.0), np.float64)
        return found

    def spent(self) -> Reals:
        """Return the open minutes that each took, without its waits; NaN if it was never done."""
        arrived = self.open_at(np.array([each.arrival for each in self.lived]))
        done = np.array([np.nan if e.done is None else e.done for e in self.lived], float)
        ended = np.where(np.isnan(done), np.nan, self.open_at(np.nan_to_num(done)))
        waited = np.zeros(len(self.lived))
        for j, each in enumerate(self.lived):
            if each.waits:
                spans = self.open_at(np.array(each.waits, float).ravel()).reshape(-1, 2)
                waited[j] = (spans[:, 1] - spans[:, 0]).sum()
        found: Reals = np.maximum(ended - arrived - waited, 0.0)
        return found

    def hand_offs(self) -> Reals:
        """Return how often each changed hands."""
        return np.array(
            [
                sum(a != b for (_s, a), (_t, b) in zip(e.touches, e.touches[1:], strict=False))
                for e in self.lived
            ],
            float,
        )


def read(lived: Sequence[Lived], assumed: Assumed | None = None) -> Past:
    """Return the past that these requests tell of, in the order of their arrival.

    Raises ValueError if nobody touched anything, or nobody did so regularly.
    """
    assumed = assumed or Assumed()
    lived = sorted(lived, key=lambda each: (each.arrival, each.key))
    touches = [(who, t, j) for j, each in enumerate(lived) for t, who in each.touches]
    if not touches:
        raise ValueError("nobody touched any request")
    touches.sort()
    who = np.array([each[0] for each in touches])
    when = np.array([each[1] for each in touches], float)
    which = np.array([each[2] for each in touches])
    took = _took(who, when, assumed)
    effort = np.maximum(np.bincount(which, took, len(lived)), 1.0)
    days = np.floor(when / MIDNIGHT)
    pairs = np.unique(np.stack([who, days.astype(int)], 1), axis=0)
    persons, count = np.unique(pairs[:, 0], return_counts=True)
    regular = persons[count >= assumed.regular]
    if not len(regular):
        raise ValueError(f"nobody worked on {assumed.regular} days")
    opens, closes = _hours(when)
    open_days = _open_days(days)
    row = {int(key): place for place, key in enumerate(regular)}
    rows = np.array([row.get(int(key), -1) for key in who])
    past = Past(
        lived, assumed, [int(key) for key in regular], open_days, opens, closes, effort,
        holder=_holders(rows, which, took, len(lived)),
        kinds=_knows(rows, np.array([e.kind for e in lived]), which, len(regular), assumed.knows),
        sites=_knows(rows, np.array([e.site for e in lived]), which, len(regular), 1),
        spans=[],
    )  # fmt: skip
    past.spans = _spans(past, rows, when, took)
    past.mine = [sorted({row[key] for _t, key in each.touches if key in row}) for each in lived]
    return past


def _took(who: Whole, when: Reals, assumed: Assumed) -> Reals:
    """Return the minutes of each touch: since her last one, unless she paused before it."""
    gap = np.diff(when, prepend=-np.inf)
    gap[1:][who[1:] != who[:-1]] = np.inf
    took = np.where(gap > assumed.pause, assumed.first, np.minimum(gap, assumed.longest))
    found: Reals = np.maximum(took, 0.25)
    return found


def _hours(when: Reals) -> tuple[float, float]:
    """Return the time of day between which nineteen of twenty touches fall, in half hours."""
    low, high = np.quantile(when % MIDNIGHT, [0.025, 0.975])
    opens, closes = np.floor(low / 30) * 30, np.ceil(high / 30) * 30
    return float(opens), float(max(closes, opens + 60))


def _open_days(days: Reals) -> Whole:
    """Return the days on which the pool works: of weekdays that are no exception, if touched."""
    found, count = np.unique(days.astype(int), return_counts=True)
    week = np.bincount(found % 7, count, 7)
    usual = week >= 0.3 * np.sort(week)[::-1][:5].mean()
    kept: Whole = found[usual[found % 7]]
    return kept


def _holders(rows: Whole, which: Whole, took: Reals, count: int) -> Places:
    """Return who of the pool did most of each request."""
    holder: Places = np.full(count, -1, dtype=np.intp)
    most = np.zeros(count)
    pairs, place = np.unique(np.stack([which, rows], 1), axis=0, return_inverse=True)
    for (j, row), minutes in zip(pairs, np.bincount(place.ravel(), took), strict=True):
        if row >= 0 and minutes > most[j]:
            holder[j], most[j] = row, minutes
    return holder


def _knows(rows: Whole, what: Whole, which: Whole, n: int, least: int) -> Flags:
    # As wide as all that was asked: some of it nobody ever touched.
    table = np.zeros((n, int(what.max()) + 1))
    inside = rows >= 0
    np.add.at(table, (rows[inside], what[which[inside]]), 1)
    found: Flags = table >= least
    return found


def _spans(past: Past, rows: Whole, when: Reals, took: Reals) -> list[list[tuple[float, float]]]:
    """Return when each was there: from first to last touch of a day, less one long pause."""
    assumed, day = past.assumed, past.day
    at = past.open_at(when)
    begun = past.open_at(when - took)
    spans: list[list[tuple[float, float]]] = [[] for _ in past.people]
    number = np.minimum(np.floor(at / day), len(past.open_days) - 1).astype(int)
    order = np.lexsort((at, number, rows))
    order = order[rows[order] >= 0]
    keys = rows[order] * (len(past.open_days) + 1) + number[order]
    for part in np.split(order, np.flatnonzero(np.diff(keys)) + 1):
        row, today = int(rows[part[0]]), float(number[part[0]] * day)
        first, last = max(float(begun[part].min()), today), min(float(at[part].max()), today + day)
        if last - first < assumed.presence:
            first = max(today, min(first, today + day - assumed.presence))
            last = min(first + assumed.presence, today + day)
        times = at[part]
        gaps = np.diff(times)
        if len(gaps) and gaps.max() > assumed.pause:
            cut = int(gaps.argmax())
            pieces = [(first, float(times[cut])), (float(begun[part[cut + 1]]), last)]
        else:
            pieces = [(first, last)]
        spans[row] += [(a, b) for a, b in pieces if b > a + 1e-6]
    return spans


def world(past: Past, change: Change | None = None) -> World:
    """Return the world of this past: the same requests, the pool as the log shows it or changed.

    Efforts are those that the log shows; the dispatcher believes the mean of their kind.
    """
    change = change or Change()
    chosen = _pool(past, change.people)
    lived, assumed = past.lived, past.assumed
    site = np.array([each.site for each in lived])
    kind = np.array([each.kind for each in lived])
    means = np.bincount(kind, past.effort) / np.maximum(np.bincount(kind), 1)
    arrival = past.open_at(np.array([each.arrival for each in lived]))
    target = np.array([each.target for each in lived])
    n, days = len(chosen), len(past.open_days)
    day = round(past.day)
    spans = [_as_day(past.spans[row], past.day, day) for row in chosen]
    there = sum(float((each.ends - each.starts).sum()) for each in spans)
    return World(
        arrival=arrival, site=site, service=kind, true=past.effort, estimate=means[kind],
        due=arrival + target, kind=_classes(target),
        weight=np.array([each.weight for each in lived]),
        able=_able(past, chosen, change), factor=np.broadcast_to(np.float64(1.0), (n, len(lived))),
        known=np.zeros((n, int(site.max()) + 1)), spans=spans, planned=spans,
        sites=int(site.max()) + 1, counted=arrival >= assumed.warm_up * past.day, day=day,
        days=days, strangers_need=assumed.strangers_need, daily=there / max(days, 1),
    )  # fmt: skip


def _pool(past: Past, more: int) -> list[int]:
    """Return the rows of the pool, the busiest twice if there are to be more people."""
    busy = [sum(end - begin for begin, end in spans) for spans in past.spans]
    order = sorted(range(len(busy)), key=lambda row: (-busy[row], row))
    if more < 0:
        return sorted(order[: max(1, len(order) + more)])
    return sorted(order) + [order[place % len(order)] for place in range(more)]


def _able(past: Past, chosen: Sequence[int], change: Change) -> Flags:
    """Return who may do what: she knows the work and the site, or has touched the request.

    A request that nobody may do so is open to who knows the work, then to anybody.
    """
    site = np.array([each.site for each in past.lived])
    kind = np.array([each.kind for each in past.lived])
    kinds = past.kinds[chosen] | change.all_kinds
    sites = past.sites[chosen] | change.all_sites
    able: Flags = kinds[:, kind] & sites[:, site]
    places: dict[int, list[int]] = {}
    for place, row in enumerate(chosen):
        places.setdefault(row, []).append(place)
    for j, rows in enumerate(past.mine):
        for row in rows:
            able[places.get(row, []), j] = True
    lost = ~able.any(0)
    able[:, lost] = kinds[:, kind[lost]]
    able[:, ~able.any(0)] = True
    return able


def _as_day(spans: Sequence[tuple[float, float]], exact: float, day: int) -> Day:
    """Return at most two spans a day."""
    assert abs(exact - day) < 1e-6
    return Day(
        np.array([begin for begin, _ in spans], float), np.array([end for _, end in spans], float)
    )


def _classes(target: Reals) -> Whole:
    """Return the promises in three classes, the shortest first."""
    different = np.unique(target)
    place = np.searchsorted(different, target)
    found: Whole = np.minimum(place, 2)
    return found

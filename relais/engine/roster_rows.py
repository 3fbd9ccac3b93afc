"""The cheapest legal rows of everybody at once: a dynamic programme over the days.

The state after a day: days free in a row, or the duty and days worked in a row; minutes of the
period; weekends worked; how often the tightest limited duty was done. All people are priced in one
sweep of arrays; the other limits of duties are for the master's rows. A row found breaks no rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

import numpy as np
from numpy.typing import NDArray

from .roster import OFF, Problem, Row, Worker

Reals = NDArray[np.float32]
NEVER = np.float32(1e9)
# Axes of the states after person and run: minutes, weekends, tight duty.
MINUTES, WEEKENDS, TIGHT = -3, -2, -1


class Pricer:
    """Finds rows of least cost for some people of a problem."""

    def __init__(self, problem: Problem, people: Sequence[int]) -> None:
        """`people`: places in the problem's list."""
        self.problem = problem
        self.people = list(people)
        workers = [problem.people[place] for place in people]
        self.workers = workers
        duties = problem.duties
        self.unit = gcd(*(duty.minutes for duty in duties)) or 1
        self.units = [duty.minutes // self.unit for duty in duties]
        self.size, self.days = len(workers), problem.days
        self.free = max(worker.rest for worker in workers)
        self.run = max(min(worker.run[1], problem.days) for worker in workers)
        bounded = [most for worker in workers for _least, most in worker.minutes]
        counted = any(worker.minutes for worker in workers)
        self.wide = max(bounded) // self.unit + 1 if counted else 1
        weekends = [w.weekends for w in workers if w.weekends is not None]
        self.most_weekends = max(weekends) + 1 if weekends else 1
        self.tight = np.array([_tight(problem, worker) for worker in workers])
        limits = [w.most[duties[t].key] for w, t in zip(workers, self.tight, strict=True) if t >= 0]
        self.deep = max(limits) + 1 if limits else 1
        self._read()

    def _read(self) -> None:
        problem, size = self.problem, self.size
        workers, duties = self.workers, problem.duties
        self.rest = np.array([w.rest for w in workers])
        self.least_run = np.array([w.run[0] for w in workers])
        self.most_run = np.array([min(w.run[1], self.run) for w in workers])
        self.allowed = np.zeros((size, self.days, len(duties)), dtype=bool)
        self.may_rest = np.ones((size, self.days), dtype=bool)
        for p, worker in enumerate(workers):
            for s, duty in enumerate(duties):
                if worker.most.get(duty.key, 1) > 0:
                    self.allowed[p, :, s] = True
                for day, those in worker.never.items():
                    self.allowed[p, day, s] &= duty.key not in those
            for day in worker.away:
                self.allowed[p, day] = False
            for day, key in worker.pinned.items():
                for s, duty in enumerate(duties):
                    self.allowed[p, day, s] &= duty.key == key
                self.may_rest[p, day] = key == OFF
        self.follows = np.array(
            [[after.key not in duty.never_next for after in duties] for duty in duties]
        )
        # After a day of a weekend on which she worked, the next day of it counts no more.
        self.weekend_of = {day: days for days in problem.weekends for day in days}
        ends = {first: n for n, first in enumerate(problem.periods)}
        self.closes = {day: n - 1 for day, n in ends.items() if n}
        self.full = np.zeros((len(problem.periods), size, self.wide), dtype=np.float32)
        at = np.arange(self.wide) * self.unit
        for p, worker in enumerate(workers):
            for n, (least, most) in enumerate(worker.minutes):
                self.full[n, p] = np.where((at >= least) & (at <= most), 0, NEVER)
        shape = (size, self.wide, self.most_weekends, self.deep)
        self.legal = np.zeros(shape, dtype=np.float32)
        for p, worker in enumerate(workers):
            if worker.minutes:
                top = max(most for _least, most in worker.minutes)
                self.legal[p, at > top] = NEVER
            if worker.weekends is not None:
                self.legal[p, :, worker.weekends + 1 :] = NEVER
            if self.tight[p] >= 0:
                self.legal[p, :, :, worker.most[duties[self.tight[p]].key] + 1 :] = NEVER
        self.counts_minutes = np.array([bool(w.minutes) for w in workers])
        self.counts_weekends = np.array([w.weekends is not None for w in workers])

    def best(
        self, work: NDArray[np.float64], rest: NDArray[np.float64], each: int = 1
    ) -> list[list[tuple[float, Row]]]:
        """Return the cheapest rows of each person, cheapest first; none if no row is legal.

        `work`: cost of each duty, shape (people, days, duties). `rest`: cost of a day free, shape
        (people, days). `each`: how many rows a person, ending in different states.
        """
        cost = np.where(self.allowed, work, NEVER).astype(np.float32)
        free = np.where(self.may_rest, rest, NEVER).astype(np.float32)
        self._sweep(cost, free)
        off, on = self._after[-1]
        last = len(self.problem.periods) - 1
        closed_off = off + self.full[last][:, None, :, None, None]
        closed_on = on + self.full[last][:, None, None, :, None, None]
        flat = np.concatenate(
            [closed_off.reshape(self.size, -1), closed_on.reshape(self.size, -1)], axis=1
        )
        self._cost, self._free = cost, free
        found: list[list[tuple[float, Row]]] = []
        for p in range(self.size):
            if each == 1:
                ends = [int(flat[p].argmin())]
            else:
                some = min(each * 4, flat.shape[1] - 1)
                ends = np.argpartition(flat[p], some)[:some].tolist()
                ends.sort(key=lambda end: (flat[p, end], end))
            rows: dict[Row, float] = {}
            for end in ends:
                if flat[p, end] < NEVER / 2 and len(rows) < each:
                    rows.setdefault(self._path(p, end), float(flat[p, end]))
            found.append([(value, row) for row, value in rows.items()])
        return found

    def _sweep(self, cost: Reals, free: Reals) -> None:
        size, duties = self.size, len(self.units)
        rest = (self.wide, self.most_weekends, self.deep)
        off = np.full((size, self.free, *rest), NEVER, dtype=np.float32)
        on = np.full((size, duties, self.run, *rest), NEVER, dtype=np.float32)
        # Before the first day: free for long enough.
        off[:, self.free - 1, 0, 0, 0] = 0
        self._after = [(off, on)]
        for day in range(self.days):
            if day in self.closes:
                off, on = self._close(off, on, self.closes[day])
            off, on = self._step(day, off, on, cost[:, day], free[:, day])
            self._after.append((off, on))

    def _close(self, off: Reals, on: Reals, period: int) -> tuple[Reals, Reals]:
        """Return the states at the start of a period: minutes within their limits, and 0 again."""
        full = self.full[period]
        fresh_off, fresh_on = np.full_like(off, NEVER), np.full_like(on, NEVER)
        fresh_off[..., 0, :, :] = (off + full[:, None, :, None, None]).min(axis=MINUTES)
        fresh_on[..., 0, :, :] = (on + full[:, None, None, :, None, None]).min(axis=MINUTES)
        return fresh_off, fresh_on

    def _leaves(self, day: int) -> NDArray[np.bool_]:
        """Return after which runs a day free may come: shape (people, run)."""
        runs = np.arange(1, self.run + 1)
        found: NDArray[np.bool_] = (runs >= self.least_run[:, None]) | (runs == day)
        return found

    def _starts(self, day: int) -> NDArray[np.bool_]:
        """Return after which days free work may begin: shape (people, free)."""
        frees = np.arange(1, self.free + 1)
        found: NDArray[np.bool_] = (frees >= np.minimum(self.rest, self.free)[:, None]) | (
            frees == day
        )
        return found

    def _step(
        self, day: int, off: Reals, on: Reals, cost: Reals, free: Reals
    ) -> tuple[Reals, Reals]:
        fresh_off = np.full_like(off, NEVER)
        ends = np.where(self._leaves(day)[:, None, :, None, None, None], on, NEVER)
        ended = ends.min(axis=(1, 2))
        if self.free == 1:
            fresh_off[:, 0] = np.minimum(ended, off[:, 0])
        else:
            fresh_off[:, 0] = ended
            fresh_off[:, 1:-1] = off[:, : self.free - 2]
            fresh_off[:, -1] = np.minimum(off[:, -1], off[:, -2])
        fresh_off += free[:, None, None, None, None]
        rested = np.where(self._starts(day)[:, :, None, None, None], off, NEVER).min(axis=1)
        first, later = self._weekend(day)
        fresh_on = np.full_like(on, NEVER)
        runs = np.arange(1, self.run + 1) <= self.most_run[:, None]
        for s in range(len(self.units)):
            fresh_on[:, s, 0] = self._grown(rested, s, first)
            before = on[:, self.follows[:, s], : self.run - 1]
            if before.shape[1] and self.run > 1:
                fresh_on[:, s, 1:] = self._grown(before.min(axis=1), s, later)
            fresh_on[:, s] += cost[:, s, None, None, None, None]
        fresh_on = np.where(runs[:, None, :, None, None, None], fresh_on, NEVER)
        fresh_on += self.legal[:, None, None]
        np.minimum(fresh_on, NEVER, out=fresh_on)
        np.minimum(fresh_off, NEVER, out=fresh_off)
        return fresh_off, fresh_on

    def _weekend(self, day: int) -> tuple[bool, bool]:
        """Return whether work on this day adds a weekend: after a day free, after one worked."""
        days = self.weekend_of.get(day)
        if days is None:
            return False, False
        return True, day - 1 not in days

    def _grown(self, states: Reals, s: int, weekend: bool) -> Reals:
        """Return the states after the duty is added to what they count."""
        if self.counts_minutes.any():
            states = _by(self.counts_minutes, _moved(states, MINUTES, self.units[s]), states)
        if weekend and self.counts_weekends.any():
            states = _by(self.counts_weekends, _moved(states, WEEKENDS, 1), states)
        if self.deep > 1:
            states = _by(self.tight == s, _moved(states, TIGHT, 1), states)
        return states

    # The way back -------------------------------------------------------------------------------

    def _path(self, p: int, end: int) -> Row:
        """Return the row that leads to a state at the end, found again day by day."""
        off, on = self._after[-1]
        size_off = int(np.prod(off.shape[1:]))
        if end < size_off:
            state = (-1, *map(int, np.unravel_index(end, off.shape[1:])))
        else:
            state = tuple(map(int, np.unravel_index(end - size_off, on.shape[1:])))
        row: list[str] = []
        for day in range(self.days - 1, -1, -1):
            s = state[0]
            row.append(OFF if s < 0 else self.problem.duties[s].key)
            state = self._before(p, day, state)
        return tuple(reversed(row))

    def _before(self, p: int, day: int, state: tuple[int, ...]) -> tuple[int, ...]:
        off, on = (each[p] for each in self._after[day])
        closes = day in self.closes
        s, run, k, w, n = state
        if s < 0:
            options = [(-1, run - 1)] if run else []
            if run == self.free - 1:
                options.append((-1, run))
            if run == 0:
                leaves = self._leaves(day)[p]
                options += [
                    (d, r) for d in range(on.shape[0]) for r in range(self.run) if leaves[r]
                ]
        else:
            first, later = self._weekend(day)
            adds = first if run == 0 else later
            k -= self.units[s] if self.counts_minutes[p] else 0
            w -= 1 if adds and self.counts_weekends[p] else 0
            n -= 1 if self.deep > 1 and self.tight[p] == s else 0
            if run == 0:
                starts = self._starts(day)[p]
                options = [(-1, f) for f in range(self.free) if starts[f]]
            else:
                options = [(d, run - 1) for d in range(on.shape[0]) if self.follows[d, s]]
        best, chosen = np.float32(np.inf), None
        for d, r in options:
            values = off[r, :, w, n] if d < 0 else on[d, r, :, w, n]
            if closes:
                values = values + self.full[self.closes[day], p]
                at = int(values.argmin()) if k == 0 else -1
            else:
                at = k
            if at >= 0 and values[at] < best:
                best, chosen = values[at], (d, r, at, w, n)
        assert chosen is not None
        return chosen


def _moved(states: Reals, axis: int, by: int) -> Reals:
    """Return the states moved up an axis; what falls off its end is gone."""
    found = np.full_like(states, NEVER)
    if by >= states.shape[axis]:
        return found
    into: list[slice] = [slice(None)] * states.ndim
    out: list[slice] = [slice(None)] * states.ndim
    into[axis], out[axis] = slice(by, None), slice(None, states.shape[axis] - by)
    found[tuple(into)] = states[tuple(out)]
    return found


def _by(mask: NDArray[np.bool_], there: Reals, otherwise: Reals) -> Reals:
    if mask.all():
        return there
    return np.where(mask.reshape(-1, *[1] * (there.ndim - 1)), there, otherwise)


def limited(problem: Problem, worker: Worker) -> list[tuple[int, int]]:
    """Return the limit and the place of each duty that she may have, but not every day."""
    return [
        (limit, s)
        for s, duty in enumerate(problem.duties)
        if 0 < (limit := worker.most.get(duty.key, problem.days)) < problem.days
    ]


def _tight(problem: Problem, worker: Worker) -> int:
    """Return the duty whose limit is kept in the state: the lowest; -1 if there is none."""
    places = limited(problem, worker)
    return min(places)[1] if places else -1

"""The choice among rows: one a person, so that needs are met at the least cost (HiGHS).

Relaxed it prices the needs, which tells the dynamic programme what rows are worth; whole it is the
roster.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .roster import OFF, Problem, Row
from .roster_rows import limited

Reals = NDArray[np.float64]
# A person without a row costs more than anything that a row can cost.
NOBODY = 1e6


@dataclass(frozen=True)
class Column:
    """A row of a person (her place among the people) with its own cost."""

    place: int
    row: Row
    cost: float


@dataclass(frozen=True)
class Prices:
    """What the relaxed choice says: its cost, and what needs, people and limits are worth."""

    cost: float
    needs: Reals
    people: Reals
    limits: Reals
    shares: Reals


class Cells:
    """The cells (person, day, duty) of a problem, and which needs each of them serves."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.duties = {duty.key: s for s, duty in enumerate(problem.duties)}
        self.shape = (len(problem.people), problem.days, len(problem.duties))
        places = {person.key: p for p, person in enumerate(problem.people)}
        rows: list[NDArray[np.intp]] = []
        cells: list[NDArray[np.intp]] = []
        everybody = np.arange(len(problem.people))
        for r, need in enumerate(problem.needs):
            if need.people is None:
                who = everybody
            else:
                who = np.array(sorted(places[k] for k in need.people if k in places), dtype=int)
            what = np.array(sorted(self.duties[key] for key in need.duties), dtype=int)
            those = (who[:, None] * problem.days + need.day) * self.shape[2] + what[None, :]
            cells.append(those.reshape(-1))
            rows.append(np.full(those.size, r))
        size = int(np.prod(self.shape))
        if rows:
            at = (np.concatenate(rows), np.concatenate(cells))
            values = np.ones(len(at[0]))
        else:
            at, values = (np.zeros(0, int), np.zeros(0, int)), np.zeros(0)
        self._serves = sparse.csc_matrix((values, at), shape=(len(problem.needs), size))
        self.cost, self.rest = self._costs()
        self._served: dict[tuple[int, Row], tuple[NDArray[np.intp], Reals]] = {}
        self.limits = [
            (p, s, limit)
            for p, person in enumerate(problem.people)
            for limit, s in sorted(limited(problem, person))[1:]
        ]

    def _costs(self) -> tuple[Reals, Reals]:
        cost, rest = np.zeros(self.shape), np.zeros(self.shape[:2])
        for p, person in enumerate(self.problem.people):
            for (day, key), points in person.cost.items():
                if key == OFF:
                    rest[p, day] += points
                else:
                    cost[p, day, self.duties[key]] += points
        return cost, rest

    def column(self, place: int, row: Row) -> Column:
        """Return the row with what it costs beside the needs."""
        cost = sum(
            self.rest[place, day] if key == OFF else self.cost[place, day, self.duties[key]]
            for day, key in enumerate(row)
        )
        return Column(place, row, float(cost))

    def served(self, column: Column) -> tuple[NDArray[np.intp], Reals]:
        """Return the needs that a row serves, and how much of each."""
        known = self._served.get((column.place, column.row))
        if known is None:
            known = self._served[column.place, column.row] = self._serve(column)
        return known

    def _serve(self, column: Column) -> tuple[NDArray[np.intp], Reals]:
        base = column.place * self.shape[1]
        cells = [
            (base + day) * self.shape[2] + self.duties[key]
            for day, key in enumerate(column.row)
            if key != OFF
        ]
        pointer, indices = self._serves.indptr, self._serves.indices
        found = [indices[pointer[cell] : pointer[cell + 1]] for cell in cells]
        if not found:
            return np.zeros(0, int), np.zeros(0)
        needs, counts = np.unique(np.concatenate(found), return_counts=True)
        return needs, counts.astype(float)

    def worth(self, needs: Reals, place: int | None = None) -> Reals:
        """Return what each cell (of one person) earns at these prices of needs."""
        if place is None:
            found: Reals = (self._serves.T @ needs).reshape(self.shape)
        else:
            size = self.shape[1] * self.shape[2]
            those = self._serves[:, place * size : (place + 1) * size]
            found = (those.T @ needs).reshape(1, *self.shape[1:])
        return found


class Master:
    """The choice for some people, the others' rows being settled."""

    def __init__(self, cells: Cells, people: Sequence[int], settled: Iterable[Column] = ()) -> None:
        self.cells, self.people = cells, list(people)
        self.columns: list[Column] = []
        self._known: set[tuple[int, Row]] = set()
        wanted = np.array([float(need.wanted) for need in cells.problem.needs])
        for column in settled:
            needs, counts = cells.served(column)
            wanted[needs] -= counts
        self.limits = [each for each in cells.limits if each[0] in set(self.people)]
        self._row_of = {p: len(wanted) + n for n, p in enumerate(self.people)}
        first = len(wanted) + len(self.people)
        self._limit_of = {(p, s): first + n for n, (p, s, _limit) in enumerate(self.limits)}
        self.solver = self._begun(wanted)
        self._first = self.solver.getNumCol()

    def _begun(self, wanted: Reals) -> highspy.Highs:
        needs, size = self.cells.problem.needs, len(wanted)
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("threads", 1)
        inf = highspy.kHighsInf
        most = [float(limit) for _p, _s, limit in self.limits]
        low = np.r_[wanted, np.ones(len(self.people)), np.full(len(most), -inf)]
        high = np.r_[wanted, np.ones(len(self.people)), most]
        none = np.zeros(0, dtype=np.int32)
        solver.addRows(len(low), low, high, 0, none, none, np.zeros(0))
        # Missing, too many, nobody.
        cost = np.r_[
            [need.under for need in needs],
            [need.over for need in needs],
            np.full(len(self.people), NOBODY),
        ]
        index = np.r_[np.arange(size), np.arange(size), size + np.arange(len(self.people))]
        value = np.r_[np.ones(size), -np.ones(size), np.ones(len(self.people))]
        count = len(cost)
        solver.addCols(
            count, cost, np.zeros(count), np.full(count, inf), count,
            np.arange(count, dtype=np.int32), index.astype(np.int32), value,
        )  # fmt: skip
        return solver

    def add(self, columns: Iterable[Column]) -> int:
        """Return how many rows were new to the choice."""
        fresh = []
        for column in columns:
            known = column.place, column.row
            if known not in self._known:
                self._known.add(known)
                fresh.append(column)
        if not fresh:
            return 0
        starts, index, value = [0], [], []
        for column in fresh:
            needs, counts = self.cells.served(column)
            index.append(needs)
            value.append(counts)
            more = [(self._row_of[column.place], 1.0)]
            for p, s, _limit in self.limits:
                if p == column.place:
                    key = self.cells.problem.duties[s].key
                    if done := column.row.count(key):
                        more.append((self._limit_of[p, s], float(done)))
            index.append(np.array([at for at, _n in more]))
            value.append(np.array([n for _at, n in more]))
            starts.append(starts[-1] + len(needs) + len(more))
        self.solver.addCols(
            len(fresh),
            np.array([column.cost for column in fresh]),
            np.zeros(len(fresh)),
            np.full(len(fresh), highspy.kHighsInf),
            starts[-1],
            np.array(starts[:-1], dtype=np.int32),
            np.concatenate(index).astype(np.int32),
            np.concatenate(value),
        )
        self.columns += fresh
        return len(fresh)

    def relaxed(self) -> Prices:
        """Return the prices of the relaxed choice among the rows known."""
        self.solver.run()
        solution = self.solver.getSolution()
        dual = np.array(solution.row_dual)
        size = len(self.cells.problem.needs)
        end = size + len(self.people)
        return Prices(
            self.solver.getInfo().objective_function_value,
            dual[:size],
            dual[size:end],
            dual[end:],
            np.array(solution.col_value)[self._first :],
        )

    def reduced(self, prices: Prices) -> tuple[Reals, Reals]:
        """Return the cost of each cell and of each day free of these people, at these prices."""
        those = self.people
        work = self.cells.cost[those] - self.cells.worth(prices.needs)[those]
        places = {p: n for n, p in enumerate(those)}
        for (p, s, _limit), price in zip(self.limits, prices.limits, strict=True):
            work[places[p], :, s] -= price
        return work, self.cells.rest[those]

    def whole(self, start: Mapping[int, Row], nodes: int) -> dict[int, Column] | None:
        """Return the best choice of whole rows that was found; None if there is none.

        `start`: rows to begin from, by place. `nodes`: how far to search.
        """
        solver, count = self.solver, len(self.columns)
        those = np.arange(self._first, self._first + count, dtype=np.int32)
        kinds = np.full(count, int(highspy.HighsVarType.kInteger), dtype=np.uint8)
        solver.changeColsIntegrality(count, those, kinds)
        solver.setOptionValue("mip_max_nodes", nodes)
        solver.setOptionValue("mip_rel_gap", 1e-4)
        self._begin_from(start)
        solver.run()
        chosen = np.array(solver.getSolution().col_value)
        found = {
            column.place: column
            for column, value in zip(self.columns, chosen[self._first :], strict=True)
            if value > 0.5
        }
        return found if len(found) == len(self.people) else None

    def _begin_from(self, start: Mapping[int, Row]) -> None:
        places = {
            (column.place, column.row): self._first + n for n, column in enumerate(self.columns)
        }
        at = [places[p, row] for p, row in start.items() if (p, row) in places]
        if len(at) == len(self.people):
            values = np.zeros(self.solver.getNumCol())
            values[at] = 1.0
            needs = len(self.cells.problem.needs)
            there = np.zeros(needs)
            for n in at:
                served, counts = self.cells.served(self.columns[n - self._first])
                there[served] += counts
            wanted = np.array(self.solver.getLp().row_lower_)[:needs]
            values[:needs] = np.maximum(wanted - there, 0)
            values[needs : 2 * needs] = np.maximum(there - wanted, 0)
            given = highspy.HighsSolution()
            given.col_value = values.tolist()
            self.solver.setSolution(given)

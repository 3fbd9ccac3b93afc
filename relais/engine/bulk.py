"""Many deadlines at once: the rules of `add` and `between`, over arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from relais.engine.pauses import ReversedPause
from relais.engine.tables import Table, count_many
from relais.engine.zones import Seconds

PausesOfMany = tuple[ArrayLike, ArrayLike, ArrayLike]


class Many:
    """What a calendar answers for arrays of Unix seconds."""

    __slots__ = ()

    if TYPE_CHECKING:

        def _covering(self, when: int) -> Table: ...
        def _grow(self, table: Table, *, later: bool) -> Table: ...

    def add_many(
        self, starts: ArrayLike, seconds: ArrayLike, pauses: PausesOfMany | None = None
    ) -> Seconds:
        """Return the due Unix seconds of many starts (Unix seconds), by the rules of `add`.

        `pauses`: three arrays of one length: to which start (its place, counted from 0) a pause
        belongs, its begin and its end; in any order, as many a start as there are.
        """
        begun, length = np.broadcast_arrays(
            np.asarray(starts, dtype=np.int64), np.asarray(seconds, dtype=np.int64)
        )
        if begun.size == 0:
            return np.zeros(begun.shape, dtype=np.int64)
        if int(length.min()) < 0:
            raise ValueError("a duration is negative: use subtract to go back")
        at, rest = begun.ravel(), length.ravel()
        if pauses is not None:
            at, rest = self._past(at.copy(), rest.copy(), _by_turn(pauses, at.size))
        due = self._due_many(at, rest)
        found: Seconds = np.where(length > 0, due.reshape(begun.shape), begun)
        return found

    def _past(self, at: Seconds, rest: Seconds, turns: Iterator[Turn]) -> tuple[Seconds, Seconds]:
        """Return from where each runs on after its last pause before its end, and how much is left.

        `turns`: the first pauses of all, then the second ones…
        """
        running = rest > 0
        for which, begin, end in turns:
            counts = running[which] & (end > at[which])
            which, begin, end = which[counts], begin[counts], end[counts]
            ran = self._counted_many(at[which], np.maximum(begin, at[which]))
            over = (begin > at[which]) & (ran >= rest[which])
            running[which[over]] = False
            on = ~over
            rest[which[on]] -= ran[on]
            at[which[on]] = end[on]
        return at, rest

    def _due_many(self, at: Seconds, rest: Seconds) -> Seconds:
        self._covering(int(at.min()))
        table = self._covering(int(at.max()))
        while True:
            target = count_many(table, at) + rest
            if int(target.max(where=rest > 0, initial=0)) <= table.total:
                break
            table = self._grow(table, later=True)
        opens, _closes, before = table.spans
        if not len(opens):
            return at
        span = np.maximum(np.searchsorted(before, target, side="left") - 1, 0)
        due: Seconds = opens[span] + target - before[span]
        return due

    def between_many(
        self, a: ArrayLike, b: ArrayLike, pauses: PausesOfMany | None = None
    ) -> Seconds:
        """Return the open seconds between many pairs of Unix seconds; negative if b comes first.

        `pauses` as in `add_many`, by the place of the pair.
        """
        low, high = np.broadcast_arrays(np.asarray(a, np.int64), np.asarray(b, np.int64))
        if low.size == 0:
            return np.zeros(low.shape, dtype=np.int64)
        counted = self._counted_many(low, high)
        if pauses is None:
            return counted
        first, last = np.minimum(low, high).ravel(), np.maximum(low, high).ravel()
        lost, at = np.zeros(first.shape, dtype=np.int64), first.copy()
        for which, begin, end in _by_turn(pauses, first.size):
            begin = np.clip(begin, at[which], last[which])
            end = np.clip(end, at[which], last[which])
            lost[which] += self._counted_many(begin, end)
            at[which] = end
        ran: Seconds = counted - np.sign(high - low) * lost.reshape(low.shape)
        return ran

    def _counted_many(self, a: Seconds, b: Seconds) -> Seconds:
        if a.size == 0:
            return np.zeros(a.shape, dtype=np.int64)
        self._covering(min(int(a.min()), int(b.min())))
        table = self._covering(max(int(a.max()), int(b.max())))
        return count_many(table, b) - count_many(table, a)


Turn = tuple[Seconds, Seconds, Seconds]


def _by_turn(pauses: PausesOfMany, size: int) -> Iterator[Turn]:
    """Yield the first pause of all that have one, then the second ones…, by their begin."""
    which, begin, end = (np.asarray(each, dtype=np.int64).ravel() for each in pauses)
    if which.size and not 0 <= int(which.min()) <= int(which.max()) < size:
        raise ValueError(f"a pause belongs to none of the {size} given")
    if bool((end < begin).any()):
        raise ReversedPause(ReversedPause.__doc__)
    order = np.lexsort((begin, which))
    which, begin, end = which[order], begin[order], end[order]
    # The place of each among the pauses of its owner.
    turn = np.arange(which.size) - np.searchsorted(which, which, side="left")
    for number in range(int(turn.max(initial=-1)) + 1):
        now = turn == number
        yield which[now], begin[now], end[now]

"""How likely each open request is to be late, and what an override would do to the others.

The queue is lived many times over with efforts drawn from their spread: each time the next most
urgent goes to whom it costs least by then, as dispatch would. Draws come from the seed alone, by
hashing, so that the same question has the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from relais.engine import matching
from relais.engine.candidates import Assistant, State, Ticket, minutes_of
from relais.engine.dispatch_board import Board
from relais.engine.dispatch_plan import Plan, plan
from relais.engine.matching import Places, Reals, Weights

# Logarithmic spread of true efforts about their estimates, without a better one.
SPREAD = 0.6
DRAWS = 100
# Nobody can do it: late, unless its deadline never comes.
CERTAIN = 1.0


def chances(
    tickets: Iterable[Ticket],
    people: Iterable[Assistant],
    state: State,
    now: datetime,
    weights: Weights | None = None,
    *,
    draws: int = DRAWS,
    spread: float = SPREAD,
    arriving: float = 0.0,
    seed: int = 0,
) -> dict[int, float]:
    """Return the probability that each request is done after its deadline.

    `spread`: logarithmic standard deviation of true minutes about the expected ones. `arriving`:
    the share of everybody's time that requests not yet come will take before those that wait.
    Without a deadline it is 0; past it, or if nobody can do it, 1.
    """
    weights = weights or Weights()
    asked = sorted(tickets, key=lambda each: each.key)
    everybody = sorted(people, key=lambda one: one.key)
    if not asked:
        return {}
    found = {each.key: 0.0 if each.due is None else CERTAIN for each in asked}
    if not everybody:
        return found
    board = Board(asked, everybody, state, now, weights)
    doable = board.doable()
    urgency = matching.index(
        board.estimate[doable], board.slack[doable], board.weight[doable], weights
    )
    order = doable[np.argsort(-urgency, kind="stable")]
    late = _Lives(board, draws, spread, arriving, seed).live(order)
    for j, share in zip(order.tolist(), late.tolist(), strict=True):
        each = asked[j]
        if each.due is not None:
            found[each.key] = CERTAIN if each.due <= now else share
    return found


class _Lives:
    """Everybody's work ahead in each life: (draws, people)."""

    def __init__(self, board: Board, draws: int, spread: float, arriving: float, seed: int) -> None:
        self.board, self.draws, self.spread, self.seed = board, draws, spread, seed
        self.slower = 1.0 / (1.0 - min(max(arriving, 0.0), 0.9))
        keys = np.array([one.key for one in board.people])
        begun = _noise(keys, seed + 1, draws, spread)
        self.ahead: Reals = board.ahead[None, :] * begun
        fixed = board.weights.stranger * (1.0 - board.familiar)
        for each in board.terms.values():
            fixed = fixed + each
        self.fixed = fixed
        self.able: dict[int, _Able] = {}

    def live(self, order: Places) -> Reals:
        """Return the share of lives in which each of these, done in this order, is late."""
        board, weights = self.board, self.board.weights
        keys = np.array([board.tickets[j].key for j in order])
        noise = _noise(keys, self.seed, self.draws, self.spread)
        late = np.zeros(len(order))
        lives = np.arange(self.draws)
        for place, j in enumerate(order.tolist()):
            due, worth = board.due[j], board.weight[j]
            able = self._able(board.kind[j])
            minutes = board.estimate[j] * able.factor
            ahead = self.ahead[:, able.who]
            ends = able.ends(ahead + minutes)
            over = ends - due
            points = able.fixed + weights.minute * minutes + 0.01 * (ends - minutes)
            points += worth * (weights.late * (over > 0) + over.clip(0.0, weights.horizon))
            points[:, minutes > able.legal] += matching.NEVER
            rows = points.argmin(1)
            true = minutes[rows] * noise[:, place]
            end = able.end(rows, ahead[lives, rows] + true)
            late[place] = (end > due).mean()
            self.ahead[lives, able.who[rows]] += true * self.slower
        return late

    def _able(self, kind: int) -> _Able:
        """Return who may do what is of this kind: the others need not be looked at."""
        if kind not in self.able:
            board = self.board
            who = np.flatnonzero(board.fits[:, kind])
            self.able[kind] = _Able(
                who=who,
                fixed=self.fixed[who, kind],
                factor=board.factor[who, kind],
                legal=board.legal[who],
                first=board.first[who],
                cuts=board.cuts[who],
                gaps=board.gaps[who],
            )
        return self.able[kind]


@dataclass(frozen=True, slots=True)
class _Able:
    """Who may do one kind of request, with what it costs each and when each is there."""

    who: Places
    fixed: Reals
    factor: Reals
    legal: Reals
    first: Reals
    cuts: Reals
    gaps: Reals

    def ends(self, work: Reals) -> Reals:
        """Return when so much work of each (draws, people) is done."""
        done = self.first + work
        most = work.max()
        for cut, gap in zip(self.cuts.T, self.gaps.T, strict=True):
            if cut.min() > most:
                break
            done += gap * (work > cut)
        return done

    def end(self, rows: Places, work: Reals) -> Reals:
        """Return when so much work is done of the one chosen in each draw."""
        passed = work[:, None] > self.cuts[rows]
        found: Reals = self.first[rows] + work + (self.gaps[rows] * passed).sum(1)
        return found


def _noise(keys: NDArray[np.int_], seed: int, draws: int, spread: float) -> Reals:
    """Return factors of mean 1 (draws, keys): each key has its own, whatever the others are."""
    mixed = keys.astype(np.uint64)[None, :] * np.uint64(0x9E3779B97F4A7C15)
    mixed = mixed + np.arange(1, draws + 1, dtype=np.uint64)[:, None] * np.uint64(
        0xD1B54A32D192ED03
    )
    mixed = mixed + np.uint64((seed * 0x8CB92BA72F3D8DD7) % 2**64)
    first, second = _uniform(mixed), _uniform(mixed + np.uint64(0x632BE59BD9B4E019))
    # Box and Muller (1958): two even draws give one of the bell.
    normal = np.sqrt(-2.0 * np.log(first)) * np.cos(2.0 * np.pi * second)
    found: Reals = np.exp(spread * normal - spread**2 / 2)
    return found


def _uniform(mixed: NDArray[np.uint64]) -> Reals:
    """Return numbers between 0 and 1, both left out (the finaliser of SplitMix64)."""
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = mixed ^ (mixed >> np.uint64(31))
    found: Reals = ((mixed >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53
    return found


@dataclass(frozen=True, slots=True)
class Effect:
    """What an override would do: when the request would be done, and who pays for it.

    `finish` is None if she cannot have it, or would end it beyond the shifts that are known;
    `become_late` and `saved` are requests that would be late, or no longer; `delays`: the former,
    each with the open minutes by which.
    """

    ticket: int
    person: int
    finish: datetime | None
    late: float
    become_late: tuple[int, ...]
    saved: tuple[int, ...]
    delays: tuple[tuple[int, float], ...] = ()


def override(
    key: int,
    to: int,
    tickets: Iterable[Ticket],
    people: Iterable[Assistant],
    state: State,
    now: datetime,
    weights: Weights | None = None,
    *,
    before: Plan | None = None,
) -> Effect:
    """Return what giving this request first to `to` would do; nothing is done yet.

    She does it right after what she has begun; a finish of None says that she cannot have it.
    """
    queue, pool = list(tickets), list(people)
    before = before or plan(queue, pool, state, now, weights)
    hers = next((one for one in pool if one.key == to), None)
    alone = [replace(each, pinned=to) for each in queue if each.key == key]
    placed = plan(alone, [hers], state, now, weights).of(key) if hers else None
    if hers is None or placed is None:
        return Effect(key, to, None, 0.0, (), ())
    busy = replace(hers, in_hand=hers.in_hand + minutes_of(alone[0], hers, state))
    others = [each for each in queue if each.key != key]
    after = plan(others, [busy if one.key == to else one for one in pool], state, now, weights)
    was = {each.ticket for each in before.late} - {key}
    will = {each.ticket: each.late for each in after.late}
    late = sorted(will.keys() - was)
    return Effect(
        key, to, placed.finish, placed.late, tuple(late), tuple(sorted(was - will.keys())),
        tuple((each, will[each]) for each in late),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Remedy:
    """The cheapest thing that would bring a request in time, and the others whom it makes late."""

    kind: str  # "first": put it first with her; "call": call her in; "none"
    person: int | None
    become_late: tuple[int, ...] = ()


def remedy(
    key: int,
    tickets: Iterable[Ticket],
    people: Iterable[Assistant],
    state: State,
    now: datetime,
    weights: Weights | None = None,
    *,
    away: Mapping[int, Assistant] | None = None,
    tried: int = 5,
) -> Remedy:
    """Return who should have it first so that it is in time and fewest others become late.

    `away`: people who could be called, as they would be if they came now. The `tried` most able
    are looked at: those who would end it soonest.
    """
    queue, pool = list(tickets), list(people)
    before = plan(queue, pool, state, now, weights)
    ticket = next(each for each in queue if each.key == key)
    alone = [ticket]
    soonest = []
    for her in (one for one in pool if ticket.site in one.covers):
        placed = plan(alone, [her], state, now, weights).of(key)
        if placed is not None and placed.finish is not None and placed.late <= 0:
            soonest.append((placed.finish, her.key))
    best: Remedy | None = None
    for _finish, person in sorted(soonest)[:tried]:
        effect = override(key, person, queue, pool, state, now, weights, before=before)
        found = Remedy("first", person, effect.become_late)
        if effect.late <= 0 and (best is None or len(found.become_late) < len(best.become_late)):
            best = found
    if best is not None:
        return best
    for person, her in sorted((away or {}).items()):
        placed = plan(alone, [her], state, now, weights).of(key)
        if placed is not None and placed.late <= 0:
            return Remedy("call", person)
    return Remedy("none", None)

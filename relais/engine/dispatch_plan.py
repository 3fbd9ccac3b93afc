"""The whole queue at once: who begins what now, what waits for whom, when each will be done.

What starts now comes from the cheapest pairings of the most urgent; the tail is put in order of
urgency, each with the person with whom it costs least, for the queues and the promises.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from relais.engine import matching
from relais.engine.candidates import Assistant, State, Ticket
from relais.engine.decision import TERMS, Decision, Line, Term
from relais.engine.dispatch import instant, score
from relais.engine.dispatch_board import Board
from relais.engine.matching import NO_ONE, Pairing, Places, Reals, Weights
from relais.engine.timeline import open_time

# How many of those who come after the chosen one a plan's decision tells in full.
NEXT_BEST = 2
# How many of the rest are looked at together for who was left with nothing.
LOOKED_AT = 1000


@dataclass(frozen=True, slots=True)
class Placement:
    """A request in the plan: with whom, from when to when, her how-manieth, and if it starts now.

    `late` are the open minutes by which it misses its deadline if all goes as expected. A start or
    finish of None is beyond the shifts that are known.
    """

    ticket: int
    person: int
    start: datetime | None
    finish: datetime | None
    place: int
    now: bool
    late: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What the queue would become. `unplaced`: requests that nobody known can do.

    `measure` is what the pairings of the most urgent are judged by, less is better: how many found
    no place among them, then what they cost (between pools that are offered as many places each).
    `decisions`: for each request that starts now who has it and why, the next best, and how many
    each hard reason excludes (`choose` tells everybody's).
    """

    at: datetime
    placements: tuple[Placement, ...]
    unplaced: tuple[int, ...]
    measure: tuple[int, float]
    decisions: tuple[Decision, ...] = ()

    @property
    def starts(self) -> tuple[Placement, ...]:
        """Return what begins now."""
        return tuple(each for each in self.placements if each.now)

    @property
    def late(self) -> tuple[Placement, ...]:
        """Return what will be late as it stands."""
        return tuple(each for each in self.placements if each.late > 0)

    def of(self, ticket: int) -> Placement | None:
        """Return where a request stands."""
        return next((each for each in self.placements if each.ticket == ticket), None)

    def days(self) -> dict[int, tuple[int, ...]]:
        """Return each person's requests in her order."""
        found: dict[int, list[tuple[int, int]]] = {}
        for each in self.placements:
            found.setdefault(each.person, []).append((each.place, each.ticket))
        return {person: tuple(key for _, key in sorted(hers)) for person, hers in found.items()}


def plan(
    tickets: Iterable[Ticket],
    people: Iterable[Assistant],
    state: State,
    now: datetime,
    weights: Weights | None = None,
) -> Plan:
    """Return who does what and when. Work in hand is never moved: it is `in_hand`, not a ticket.

    A request keeps its person unless another earns more than `change`. Nobody is paired whom a
    hard reason excludes, but who is away: she may be waited for. Who is free and was left with
    nothing, because all that is most urgent is not for her, is paired with what comes after.

    Of a large pool (more places than MANY) nothing waits for somebody busy whom somebody free
    could do without: among so many somebody suits as well, and waiting for the best of them would
    leave the others with nothing.
    """
    weights, people = weights or Weights(), list(people)
    large = len(people) * weights.slots > matching.MANY
    weights = replace(weights, slots=matching.places(len(people), weights))
    asked = sorted(tickets, key=lambda each: each.key)
    everybody = sorted(people, key=lambda one: one.key)
    if not asked or not everybody:
        return Plan(now, (), tuple(each.key for each in asked), (len(asked), 0.0))
    board = Board(asked, everybody, state, now, weights)
    doable = board.doable()
    urgency = matching.index(
        board.estimate[doable], board.slack[doable], board.weight[doable], weights
    )
    if large and board.free.any():
        window, found = _of_many(board, doable, urgency, weights)
    else:
        window = doable[matching.most_urgent(urgency, len(everybody) * weights.slots)]
        found = matching.pair(board.scene(window), weights)
    seats = _Seats(board)
    cost = seats.pair(window, found)
    rest = doable[np.argsort(-urgency, kind="stable")]
    rounds = [(window, found), *_left_over(board, rest[~np.isin(rest, window)], found, weights)]
    for each in rounds[1:]:
        seats.pair(*each)
    seats.tail(rest)
    lost = tuple(each.key for each, who in zip(asked, seats.who, strict=True) if who == NO_ONE)
    unmatched = len(asked) - int((found.who != NO_ONE).sum())
    placements = seats.placements()
    told = tuple(one for each in rounds for one in _decisions(board, *each, seats))
    return Plan(now, placements, lost, (unmatched, cost), told)


def _of_many(
    board: Board, doable: Places, urgency: Reals, weights: Weights
) -> tuple[Places, Pairing]:
    """Return the most urgent of what those who are free could begin, paired with them alone."""
    free, count = board.free, int(board.free.sum())
    weights = replace(weights, slots=matching.places(count, weights))
    kinds = np.logical_or.reduce(board.fits[free], axis=0)
    theirs = kinds[board.kind[doable]]
    most = min(count * weights.slots, max(3 * count, matching.FEWEST))
    window = doable[theirs][matching.most_urgent(urgency[theirs], most)]
    scene = board.scene(window)
    return window, matching.pair(replace(scene, able=scene.able & free[:, None]), weights)


def _left_over(
    board: Board, rest: Places, found: Pairing, weights: Weights
) -> list[tuple[Places, Pairing]]:
    """Return the pairings of who is free and was left with nothing, with the rest in its order."""
    idle = board.free.copy()
    idle[found.who[found.who != NO_ONE]] = False
    one_place, rounds = replace(weights, slots=1), []
    for begin in range(0, len(rest), LOOKED_AT):
        part = rest[begin : begin + LOOKED_AT]
        while idle.any() and len(part):
            part = part[board.startable(part)[idle].any(0)]
            some = part[: idle.sum()]
            if not len(some):
                break
            scene = board.scene(some)
            pairing = matching.pair(replace(scene, able=scene.able & idle[:, None]), one_place)
            rounds.append((some, pairing))
            idle[pairing.who[pairing.who != NO_ONE]] = False
            part = part[len(some) :]
    return rounds


class _Seats:
    """Who has each request so far (NO_ONE: nobody), and what she does before it."""

    def __init__(self, board: Board) -> None:
        count = len(board.tickets)
        self.board = board
        self.who: Places = np.full(count, NO_ONE, dtype=np.intp)
        self.place: Places = np.zeros(count, dtype=np.intp)
        self.before, self.minutes = np.zeros(count), np.zeros(count)
        self.now = np.zeros(count, dtype=bool)

    def pair(self, window: Places, found: Pairing) -> float:
        """Give everybody the first of her pairings; return what all pairings cost."""
        board, cost = self.board, 0.0
        tables = (found.priced.total, *found.priced.later)
        pairs = zip(window.tolist(), found.who.tolist(), found.place.tolist(), strict=True)
        for column, (j, row, place) in enumerate(pairs):
            if row == NO_ONE:
                continue
            cost += float(tables[found.slot[column]][row, column])
            if place:
                continue
            self.who[j], self.before[j] = row, board.ahead[row]
            self.minutes[j] = board.estimate[j] * board.factor[row, board.kind[j]]
            self.now[j] = board.free[row]
        return cost

    def tail(self, order: Places) -> None:
        """Place the others, the most urgent first, each where it costs least."""
        board, weights = self.board, self.board.weights
        ahead, count = board.ahead.copy(), np.zeros(len(board.people), dtype=np.intp)
        for j in np.flatnonzero(self.who != NO_ONE):
            ahead[self.who[j]] += self.minutes[j]
            count[self.who[j]] += 1
        fixed = weights.stranger * (1.0 - board.familiar)
        for each in board.terms.values():
            fixed = fixed + each
        # Columns side by side in memory: each request reads those of its kind.
        fixed = np.ascontiguousarray(np.where(board.fits, fixed, matching.NEVER).T)
        factor = np.ascontiguousarray(board.factor.T)
        days = _Days(board, ahead)
        minute, late = weights.minute, weights.late
        law = None if np.isinf(board.legal).all() else board.legal
        todo = order[self.who[order] == NO_ONE]
        for j, kind, size, due, worth in zip(
            todo.tolist(),
            board.kind[todo].tolist(),
            board.estimate[todo].tolist(),
            board.due[todo].tolist(),
            board.weight[todo].tolist(),
            strict=True,
        ):
            minutes = size * factor[kind]
            over = days.ends(minutes) - due
            points = fixed[kind] + minute * minutes
            np.maximum(over, 0.0, out=over)
            # What is late at all costs `late`, and something for each minute up to the horizon.
            points += worth * (late * (over > 0.0) + np.minimum(over, weights.horizon))
            points += 0.01 * days.now
            if law is not None:
                points[minutes > law] += matching.NEVER
            row = int(points.argmin())
            self.who[j], self.before[j], self.minutes[j] = row, ahead[row], minutes[row]
            self.place[j] = count[row]
            ahead[row] += minutes[row]
            count[row] += 1
            days.move(row)

    def ends(self, which: Places, work: Reals, *, after: bool) -> Reals:
        """Return when so much work is done by who has it; `after`: and the gap that follows."""
        board, rows = self.board, self.who[which]
        cuts, gaps = board.cuts[rows], board.gaps[rows]
        passed = work[:, None] >= cuts if after else work[:, None] > cuts
        found: Reals = board.first[rows] + work + (gaps * passed).sum(1)
        return found

    def placements(self) -> tuple[Placement, ...]:
        """Return all that is placed, by person and place."""
        board = self.board
        which = np.flatnonzero(self.who != NO_ONE)
        which = which[np.lexsort((self.place[which], self.who[which]))]
        begins = self.ends(which, self.before[which], after=True)
        ends = self.ends(which, self.before[which] + self.minutes[which], after=False)
        calendars = [board.calendars[each] for each in which]
        over = open_time(calendars, board.state, board.now)(ends[None, :])[0] - board.slack[which]
        return tuple(
            Placement(
                board.tickets[j].key,
                board.people[row].key,
                instant(board.now, begin),
                instant(board.now, end),
                place,
                now,
                late,
            )
            for j, row, begin, end, place, now, late in zip(
                which.tolist(),
                self.who[which].tolist(),
                begins.tolist(),
                ends.tolist(),
                self.place[which].tolist(),
                self.now[which].tolist(),
                np.maximum(over, 0.0).tolist(),
                strict=True,
            )
        )


class _Days:
    """Where everybody stands in her days: when she is free, and the next gap in her work."""

    def __init__(self, board: Board, ahead: Reals) -> None:
        self.board, self.ahead = board, ahead
        self.now = np.zeros(len(ahead))
        self.left, self.gap = np.zeros(len(ahead)), np.zeros(len(ahead))
        for row in range(len(ahead)):
            self.move(row)

    def move(self, row: int) -> None:
        """Take note of what she has been given."""
        board, ahead = self.board, self.ahead[row]
        span = int(board.cuts[row].searchsorted(ahead, side="left"))
        self.now[row] = board.first[row] + ahead + board.gaps[row, :span].sum()
        last = span >= board.cuts.shape[1]
        self.left[row] = np.inf if last else board.cuts[row, span] - ahead
        self.gap[row] = 0.0 if last else board.gaps[row, span]

    def ends(self, minutes: Reals) -> Reals:
        """Return when everybody would have done it: a work that meets two gaps counts one."""
        found: Reals = self.now + minutes + self.gap * (minutes > self.left)
        return found


def _decisions(board: Board, window: Places, found: Pairing, seats: _Seats) -> tuple[Decision, ...]:
    """Return the decision for each request that starts now, read from what the pairing cost."""
    first = {
        board.people[row].key: board.tickets[j].key
        for j, row, place in zip(
            window.tolist(), found.who.tolist(), found.place.tolist(), strict=True
        )
        if row != NO_ONE and not place
    }
    away = Counter(hard.code for gone in board.gone for hard in gone)
    weights = board.weights.told()
    told = []
    for column, j in enumerate(window.tolist()):
        if not seats.now[j]:
            continue
        costs, key = found.priced.total[:, column], board.tickets[j].key
        row = int(found.who[column])
        near = np.argsort(costs, kind="stable")[: NEXT_BEST + 1].tolist()
        others = [each for each in near if each != row and costs[each] < matching.NEVER]
        lines = [_line(board, found, each, column, j) for each in (row, *others[:NEXT_BEST])]
        chosen = lines[0]
        lines.sort(key=lambda line: (line.score or 0.0, line.key))
        better = lines[: lines.index(chosen)]
        told.append(
            Decision(
                key, board.now, chosen.key, tuple(lines), weights, chosen.start, chosen.finish,
                kept=tuple(
                    (line.key, first[line.key])
                    for line in better
                    if first.get(line.key, key) != key
                ),
                tally=_tally(board, j, away),
            )
        )  # fmt: skip
    return tuple(told)


def _line(board: Board, found: Pairing, row: int, column: int, j: int) -> Line:
    """Return what was reckoned of one pairing; the terms add up to its cost to the bit."""
    priced, one, kind = found.priced, board.people[row], board.kind[j]
    points = {code: float(table[row, kind]) for code, table in board.terms.items()}
    for code in ("lateness", "risk", "stranger", "time", "start"):
        points[code] = float(getattr(priced, code)[row, column])
    terms = tuple(Term(code, points[code]) for code in TERMS)
    site = board.tickets[j].site
    return Line(
        one.key,
        one.name,
        (),
        terms,
        score(terms),
        start=instant(board.now, float(priced.starts[row])),
        finish=instant(board.now, float(priced.ends[row, column])),
        minutes=float(board.estimate[j] * board.factor[row, kind]),
        chance=float(priced.chance[row, column]),
        familiarity=float(board.familiar[row, kind]),
        position=one.covers.get(site, ""),
    )


def _tally(board: Board, j: int, away: Counter[str]) -> tuple[tuple[str, int], ...]:
    """Return how many each hard reason excludes from this request."""
    tally = Counter(away)
    for code, passes in board.passes.items():
        tally[code] += len(board.people) - int(passes[:, board.kind[j]].sum())
    which = np.array([j])
    minutes = board.minutes(which)
    tally["working_time"] += int((minutes[:, 0] > board.legal).sum())
    tally["capacity"] += int(board.full.sum())
    tally["shift"] += int(board.short(which, minutes).sum())
    return tuple(
        sorted(((c, n) for c, n in tally.items() if n), key=lambda pair: (-pair[1], pair[0]))
    )

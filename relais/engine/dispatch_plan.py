"""The whole queue at once: who begins what now, what waits for whom, when each will be done.

What starts now comes from the cheapest pairings of the most urgent; the tail is put in order of
urgency, each with the person with whom it costs least, for the queues and the promises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from relais.engine import matching
from relais.engine.candidates import (
    LANGUAGE_LEVELS,
    NAMED_ONLY,
    POSITIONS,
    Assistant,
    State,
    Ticket,
    excluded,
)
from relais.engine.decision import Decision
from relais.engine.dispatch import NO_HURRY, choose, instant
from relais.engine.matching import NO_ONE, Flags, Places, Reals, Scene, Weights
from relais.engine.timeline import open_left, open_time, timelines


@dataclass(frozen=True, slots=True)
class Placement:
    """A request in the plan: with whom, from when to when, her how-manieth, and if it starts now.

    `late` are the open minutes by which it misses its deadline if all goes as expected.
    """

    ticket: int
    person: int
    start: datetime
    finish: datetime
    place: int
    now: bool
    late: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What the queue would become. `unplaced`: requests that nobody known can do.

    `measure` is what the pairings are judged by, less is better: how many of the window found no
    place, then what the pairings cost.
    """

    at: datetime
    placements: tuple[Placement, ...]
    unplaced: tuple[int, ...]
    measure: tuple[int, float]

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

    A request keeps its person unless another earns more than `change`. Nothing starts with
    somebody whom a hard reason excludes.
    """
    weights = weights or Weights()
    asked = sorted(tickets, key=lambda each: each.key)
    everybody = sorted(people, key=lambda one: one.key)
    if not asked or not everybody:
        return Plan(now, (), tuple(each.key for each in asked), (len(asked), 0.0))
    board = _Board(asked, everybody, state, now, weights)
    doable = np.flatnonzero(board.scene.able.any(0))
    urgency = matching.index(
        board.estimate[doable], board.scene.slack[doable], board.scene.weight[doable], weights
    )
    window = doable[matching.most_urgent(urgency, len(everybody) * weights.slots)]
    found = matching.pair(board.part(window), weights)
    placed, cost = board.seat(window, found)
    board.tail(doable[np.argsort(-urgency, kind="stable")], placed)
    lost = tuple(each.key for each, there in zip(asked, board.who, strict=True) if there == NO_ONE)
    unmatched = len(asked) - int((found.who != NO_ONE).sum())
    return Plan(now, board.placements(), lost, (unmatched, cost))


def decide(
    made: Plan,
    tickets: Mapping[int, Ticket],
    people: Sequence[Assistant],
    state: State,
    weights: Weights | None = None,
) -> tuple[Decision, ...]:
    """Return the decision with its reasons for each request that the plan starts now.

    The chosen one is the plan's: her line says what she cost, the others' what they would have.
    """
    first = {each.person: each.ticket for each in made.placements if not each.place}
    found = []
    for each in made.starts:
        said = choose(tickets[each.ticket], people, state, made.at, weights)
        better = []
        for line in said.lines:
            if line.hard or line.key == each.person:
                break
            if first.get(line.key, each.ticket) != each.ticket:
                better.append((line.key, first[line.key]))
        found.append(
            replace(
                said, chosen=each.person, start=each.start, finish=each.finish, waits=False,
                kept=tuple(better),
            )
        )  # fmt: skip
    return tuple(found)


class _Board:
    """The scene of all requests and people, and what has been placed so far."""

    def __init__(
        self,
        tickets: Sequence[Ticket],
        people: Sequence[Assistant],
        state: State,
        now: datetime,
        weights: Weights,
    ) -> None:
        self.tickets, self.people, self.state, self.now = tickets, people, state, now
        self.weights = weights
        self.estimate = np.array([each.minutes for each in tickets], float)
        self.calendars = [each.calendar for each in tickets]
        familiar = _of_sites(tickets, people)
        pace = _table(
            people, [each.service for each in tickets], lambda one, key: one.pace.get(key, 1.0)
        )
        minutes = self.estimate * pace * (1.0 + state.strangers_need * (1.0 - familiar))
        able = _able(tickets, people)
        legal = np.array(
            [np.inf if one.legal_minutes is None else one.legal_minutes for one in people]
        )
        able &= minutes <= legal[:, None]
        first, cuts, gaps = timelines([one.shifts for one in people], now)
        able &= (cuts[:, -1] > 0)[:, None]
        slack = open_left([each.due for each in tickets], self.calendars, state, now, NO_HURRY)
        self.scene = Scene(
            able, minutes, slack, np.array([each.weight for each in tickets], float), familiar,
            np.array([one.in_hand for one in people], float), first, cuts, gaps,
            other=_preferences(tickets, people, state, weights),
            usual=np.median(self.estimate) * pace.mean(1),
        )  # fmt: skip
        self.who: Places = np.full(len(tickets), NO_ONE, dtype=np.intp)
        self.place: Places = np.zeros(len(tickets), dtype=np.intp)
        self.work_before = np.zeros(len(tickets))
        self.ends = np.zeros(len(tickets))
        self.late = np.zeros(len(tickets))
        self.now_begun = np.zeros(len(tickets), dtype=bool)

    def part(self, which: Places) -> Scene:
        """Return the scene of these requests."""
        passed = open_time([self.calendars[each] for each in which], self.state, self.now)
        return self.scene.of(which, passed)

    def seat(self, window: Places, found: matching.Pairing) -> tuple[Flags, float]:
        """Place the first of each person's pairings; return which are placed, and the cost."""
        cost = 0.0
        placed = np.zeros(len(self.tickets), dtype=bool)
        tables = (found.priced.total, *found.priced.later)
        for column, (row, place) in enumerate(zip(found.who, found.place, strict=True)):
            if row == NO_ONE:
                continue
            cost += float(tables[place][row, column])
            if place:
                continue
            j = int(window[column])
            self._put(
                j, int(row), float(self.scene.ahead[row]), float(found.priced.ends[row, column])
            )
            placed[j] = True
            one = self.people[row]
            self.now_begun[j] = not one.in_hand and not excluded(
                self.tickets[j], one, self.state, self.now
            )
        return placed, cost

    def tail(self, order: Places, placed: Flags) -> None:
        """Place the others, the most urgent first, each where it costs least."""
        scene, weights = self.scene, self.weights
        ahead, count = scene.ahead.copy(), np.zeros(len(self.people), dtype=np.intp)
        for j in np.flatnonzero(placed):
            ahead[self.who[j]] += scene.minutes[self.who[j], j]
            count[self.who[j]] += 1
        fixed = weights.stranger * (1.0 - scene.familiar) + weights.minute * scene.minutes
        for each in scene.other:
            fixed = fixed + each
        fixed = np.where(scene.able, fixed, matching.NEVER)
        clocks = {key: open_time([key], self.state, self.now) for key in set(self.calendars)}
        for j in order:
            if placed[j]:
                continue
            work = ahead + scene.minutes[:, j]
            ends = scene.first + work + (scene.gaps * (work[:, None] > scene.cuts)).sum(1)
            over = np.maximum(clocks[self.calendars[j]](ends[:, None])[:, 0] - scene.slack[j], 0.0)
            late = np.minimum(over, weights.horizon) + weights.late * (over > 0)
            row = int(np.argmin(fixed[:, j] + scene.weight[j] * late + 0.01 * ends))
            self._put(int(j), row, float(ahead[row]), float(ends[row]))
            self.place[j] = count[row]
            ahead[row] += scene.minutes[row, j]
            count[row] += 1

    def _put(self, j: int, row: int, before: float, ends: float) -> None:
        self.who[j], self.work_before[j], self.ends[j] = row, before, ends

    def placements(self) -> tuple[Placement, ...]:
        """Return all that is placed, by person and place."""
        scene = self.scene
        seated = np.flatnonzero(self.who != NO_ONE)
        rows = self.who[seated]
        begins = scene.first[rows] + self.work_before[seated]
        begins = begins + (
            scene.gaps[rows] * (self.work_before[seated][:, None] >= scene.cuts[rows])
        ).sum(1)
        passed = open_time([self.calendars[each] for each in seated], self.state, self.now)
        over = passed(self.ends[seated][None, :])[0] - scene.slack[seated]
        found = [
            Placement(
                self.tickets[j].key,
                self.people[row].key,
                instant(self.now, begin),
                instant(self.now, self.ends[j]),
                int(self.place[j]),
                bool(self.now_begun[j]),
                max(float(late), 0.0),
            )
            for j, row, begin, late in zip(
                seated.tolist(), rows.tolist(), begins.tolist(), over.tolist(), strict=True
            )
        ]
        return tuple(sorted(found, key=lambda each: (each.person, each.place)))


def _table(
    people: Sequence[Assistant], keys: Sequence[Any], value: Callable[[Assistant, Any], float]
) -> Reals:
    """Return (people, requests) of what depends on one key of the request."""
    unique = list(dict.fromkeys(keys))
    where = {key: place for place, key in enumerate(unique)}
    columns = np.array([where[key] for key in keys], dtype=np.intp)
    small = np.array([[value(one, key) for key in unique] for one in people])
    return small[:, columns] if len(keys) else np.zeros((len(people), 0))


def _of_sites(tickets: Sequence[Ticket], people: Sequence[Assistant]) -> Reals:
    return _table(people, [t.site for t in tickets], lambda one, key: one.familiarity.get(key, 0.0))


def _able(tickets: Sequence[Ticket], people: Sequence[Assistant]) -> Flags:
    """Return who may do what at any hour: `unfit` of every pair, a table for each thing asked."""
    parts = (
        ([t.site for t in tickets], lambda one, key: key in one.covers),
        (
            [(t.confidentiality, t.named) for t in tickets],
            lambda one, key: (
                one.key in key[1] if key[0] >= NAMED_ONLY or key[1] else one.clearance >= key[0]
            ),
        ),
        ([t.accesses for t in tickets], lambda one, key: key <= one.accesses),
        (
            [frozenset(t.skills.items()) for t in tickets],
            lambda one, key: all(one.skills.get(skill, 0) >= level for skill, level in key),
        ),
        ([(t.language, t.language_level) for t in tickets], _speaks),
        (
            [(t.site, t.service, t.readiness) for t in tickets],
            lambda one, key: not key[2] or one.readiness.get(key[:2], 0) >= key[2],
        ),
        ([t.pinned for t in tickets], lambda one, key: key in (None, one.key)),
        ([t.held for t in tickets], lambda one, key: not key),
    )
    able = np.ones((len(people), len(tickets)), dtype=bool)
    for keys, value in parts:
        able &= _table(people, keys, value).astype(bool)
    return able


def _speaks(one: Assistant, key: tuple[str, str]) -> bool:
    language, level = key
    spoken = one.languages.get(language, "")
    if not language:
        return True
    return spoken in LANGUAGE_LEVELS and spoken >= level


def _preferences(
    tickets: Sequence[Ticket], people: Sequence[Assistant], state: State, weights: Weights
) -> tuple[Reals, ...]:
    """Return lead, file, load, learning, fairness and change, as `choose` adds them."""

    def rank(one: Assistant, site: int) -> float:
        position = one.covers.get(site, "")
        return POSITIONS.index(position) / 2 if position in POSITIONS else 1.0

    lead = weights.lead * _table(people, [t.site for t in tickets], rank)
    file = -weights.file * _table(
        people, [t.file for t in tickets], lambda one, key: float(key in one.files)
    )
    learning = -weights.learning * _table(
        people, [(t.site, t.service) for t in tickets], lambda one, key: one.to_learn.get(key, 0)
    )
    fairness = weights.fairness * np.array([[one.share] for one in people]) + 0.0 * lead
    change = np.zeros_like(lead)
    rows = {one.key: row for row, one in enumerate(people)}
    for column, each in enumerate(tickets):
        for told in (state.planned, state.announced):
            if (who := told.get(each.key)) is not None:
                change[:, column] += weights.change
                if who in rows:
                    change[rows[who], column] -= weights.change
    return lead, file, learning, fairness, change

"""All requests and all people at once, as tables: one column for each kind of request.

Requests that ask for the same (site, service, class, language…) share a column, so that twenty
thousand of them cost what their few hundred kinds do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from relais.engine import matching
from relais.engine.candidates import (
    FILTERS,
    MINUTE,
    POSITIONS,
    Assistant,
    Filter,
    State,
    Ticket,
    at_work,
    away,
    cut_short,
    full,
    minutes_allowed,
)
from relais.engine.matching import Flags, Places, Reals, Scene, Weights
from relais.engine.timeline import open_left, open_time, timelines

# A request without a deadline may wait this long (minutes) before it counts as urgent.
NO_HURRY = 5 * 480.0

Value = Callable[[Assistant, Any], float]


def _lets(each: Filter) -> Value:
    return lambda one, asked: asked is None or each.lets(one, asked)


class Board:
    """Tables of people by kinds of requests (`kind` tells each request's column)."""

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
        kinds: dict[tuple[Any, ...], int] = {}
        placed = [kinds.setdefault(_kind(each, state), len(kinds)) for each in tickets]
        self.kind: Places = np.array(placed, dtype=np.intp)
        samples: list[Ticket] = [tickets[0]] * len(kinds)
        for each, place in zip(tickets, placed, strict=True):
            samples[place] = each
        self.passes = {
            each.code: _table(people, samples, each.asks, _lets(each)) > 0 for each in FILTERS
        }
        self.fits: Flags = np.ones((len(people), len(kinds)), dtype=bool)
        for passes in self.passes.values():
            self.fits &= passes
        self.familiar = _table(
            people, samples, _site, lambda one, key: one.familiarity.get(key, 0.0)
        )
        self.pace = _table(people, samples, _service, lambda one, key: one.pace.get(key, 1.0))
        self.factor = self.pace * (1.0 + state.strangers_need * (1.0 - self.familiar))
        self.terms = _preferences(samples, people, state, weights)
        self.estimate = np.array([each.minutes for each in tickets], float)
        self.weight = np.array([each.weight for each in tickets], float)
        self.calendars = [each.calendar for each in tickets]
        dues = [each.due for each in tickets]
        self.slack = open_left(dues, self.calendars, state, now, NO_HURRY)
        self.due = np.array([NO_HURRY * 3 if due is None else (due - now) / MINUTE for due in dues])
        self.wall = np.where([due is not None for due in dues], self.due, np.inf)
        self.first, self.cuts, self.gaps = timelines([at_work(one) for one in people], now)
        self.ahead = np.array([one.in_hand for one in people], float)
        self.legal = np.array([minutes_allowed(one) for one in people])
        self.fits &= (self.cuts[:, -1] > 0)[:, None]
        self.usual = np.median(self.estimate) * self.pace.mean(1)
        self.gone = [away(one, now) for one in people]
        self.full: Flags = np.array([full(one) for one in people], dtype=bool)
        # Minutes to the end of the shift that runs; who is away has none that could cut work short.
        running = (self.cuts > 0).argmax(1)
        left = self.cuts[np.arange(len(people)), running]
        self.left = np.where([bool(gone) for gone in self.gone], np.inf, left)
        self.free: Flags = np.isfinite(self.left) & (self.ahead == 0)

    def minutes(self, which: Places) -> Reals:
        """Return what these requests take everybody: (people, requests)."""
        found: Reals = self.estimate[which] * self.factor[:, self.kind[which]]
        return found

    def able(self, which: Places, minutes: Reals | None = None) -> Flags:
        """Return who may do these requests at some hour; `minutes` of them, if they are known."""
        minutes = self.minutes(which) if minutes is None else minutes
        found: Flags = self.fits[:, self.kind[which]] & (minutes <= self.legal[:, None])
        return found

    def short(self, which: Places, minutes: Reals) -> Flags:
        """Return whose shift ends too soon for these requests: the end alone makes them late."""
        found: Flags = np.zeros(minutes.shape, dtype=bool)
        need = self.ahead[:, None] + minutes
        rows = np.flatnonzero(need.max(1, initial=0.0) > self.left)
        due = self.wall[which]
        if len(rows) and (due > 0).any():
            need = need[rows]
            ends = matching.finish(need, self.first[rows], self.cuts[rows], self.gaps[rows])
            found[rows] = cut_short(need, self.left[rows, None], due, ends) & (due > 0)
        return found

    def startable(self, which: Places, minutes: Reals | None = None) -> Flags:
        """Return who may have these requests now: no hard reason but being away, which passes."""
        minutes = self.minutes(which) if minutes is None else minutes
        found = self.able(which, minutes) & ~self.full[:, None]
        found &= ~self.short(which, minutes)
        return found

    def scene(self, which: Places) -> Scene:
        """Return these requests and everybody, to be paired."""
        kind = self.kind[which]
        minutes = self.minutes(which)
        return Scene(
            able=self.startable(which, minutes),
            minutes=minutes,
            slack=self.slack[which],
            weight=self.weight[which],
            familiar=self.familiar[:, kind],
            ahead=self.ahead,
            first=self.first,
            cuts=self.cuts,
            gaps=self.gaps,
            other=tuple(each[:, kind] for each in self.terms.values()),
            passed=open_time([self.calendars[each] for each in which], self.state, self.now),
            usual=self.usual,
        )

    def doable(self) -> Places:
        """Return the requests that somebody may do."""
        kinds: Flags = np.logical_or.reduce(self.fits, axis=0)
        some = np.flatnonzero(kinds[self.kind])
        if np.isinf(self.legal).all() or not len(some):
            return some
        allowed: Flags = np.logical_or.reduce(self.able(some), axis=0)
        return some[allowed]


def _kind(each: Ticket, state: State) -> tuple[Any, ...]:
    return (
        each.site,
        each.service,
        each.confidentiality,
        each.named,
        each.accesses,
        tuple(sorted(each.skills.items())) if each.skills else (),
        each.language,
        each.language_level,
        each.readiness,
        each.file,
        each.pinned,
        each.held,
        state.planned.get(each.key),
        state.announced.get(each.key),
    )


def _site(each: Ticket) -> int:
    return each.site


def _service(each: Ticket) -> int:
    return each.service


def _table(
    people: Sequence[Assistant], kinds: Sequence[Ticket], of: Callable[[Ticket], Any], value: Value
) -> Reals:
    """Return (people, kinds) of what depends on one thing asked; each thing is looked at once."""
    keys = [of(each) for each in kinds]
    unique = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    small = np.array([[value(one, key) for key in unique] for one in people], float)
    found: Reals = small[:, [unique[key] for key in keys]]
    return found


def _preferences(
    kinds: Sequence[Ticket], people: Sequence[Assistant], state: State, weights: Weights
) -> dict[str, Reals]:
    """Return the terms that ask for no calendar, as `choose` adds them."""

    def rank(one: Assistant, site: int) -> float:
        position = one.covers.get(site, "")
        return POSITIONS.index(position) / 2 if position in POSITIONS else 1.0

    def elsewhere(one: Assistant, key: int | None) -> float:
        return float(key is not None and key != one.key)

    lead = weights.lead * _table(people, kinds, _site, rank)
    known = _table(people, kinds, lambda t: t.file, lambda one, key: float(key in one.files))
    held = [one.in_hand + one.waiting.minutes for one in people]
    load = np.array([[minutes / 60] for minutes in held])
    to_learn = _table(
        people, kinds, lambda t: (t.site, t.service), lambda one, key: one.to_learn.get(key, 0)
    )
    share = np.array([[one.share] for one in people])
    moved = _table(people, kinds, lambda t: state.planned.get(t.key), elsewhere)
    moved = moved + _table(people, kinds, lambda t: state.announced.get(t.key), elsewhere)
    return {
        "lead": lead,
        "file": -weights.file * known,
        "load": weights.load * load + 0.0 * lead,
        "learning": -weights.learning * to_learn,
        "fairness": weights.fairness * share + 0.0 * lead,
        "change": weights.change * moved,
    }

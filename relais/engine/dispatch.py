"""Who takes this request now, and who does what in which order. Nobody is an answer.

`choose` is for one request as it comes; `plan` for the whole queue. Values and `now` in, a
decision with its reasons out; the order in which people and requests are given is no matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

import numpy as np

from relais.engine import decision as decisions
from relais.engine import matching
from relais.engine.candidates import (
    MINUTE,
    POSITIONS,
    Assistant,
    Queued,
    State,
    Ticket,
    asked_of,
    at_work,
    excluded,
    minutes_of,
)
from relais.engine.decision import TERMS, Decision, Line, Term
from relais.engine.decision import total as score
from relais.engine.matching import Reals, Scene, Weights
from relais.engine.timeline import ENDLESS, left_of, open_time, timelines

__all__ = ["Assistant", "Decision", "Queued", "State", "Ticket", "Weights", "score"]

# A request without a deadline may wait this long (minutes) before it counts as urgent.
NO_HURRY = 5 * 480.0


def choose(
    ticket: Ticket,
    people: Iterable[Assistant],
    state: State,
    now: datetime,
    weights: Weights | None = None,
) -> Decision:
    """Return who should have this request: the best score of those whom nothing excludes.

    What waits in her hands and is more urgent comes before it. Ties go to the site's lead, then a
    backup, then the lowest key.
    """
    weights = weights or Weights()
    everybody = sorted(people, key=lambda one: one.key)
    asked = asked_of(ticket)
    hard = {one.key: excluded(ticket, one, state, now, asked) for one in everybody}
    able = [one for one in everybody if not hard[one.key]]
    out = sorted(
        (one for one in everybody if hard[one.key]), key=lambda o: (len(hard[o.key]), o.key)
    )
    barred = tuple(
        Line(one.key, one.name, hard[one.key], position=one.covers.get(ticket.site, ""))
        for one in out
    )
    if not able:
        missing, calls, back = decisions.nobody(barred)
        return Decision(
            ticket.key, now, None, barred, weights.told(),
            missing=missing, calls=calls, next_at=back,
        )  # fmt: skip
    lines = sorted(_scored(ticket, able, state, now, weights), key=_rank)
    best = lines[0]
    waits = best.start != now and any(line.start == now for line in lines)
    return Decision(
        ticket.key, now, best.key, (*lines, *barred), weights.told(), best.start, best.finish, waits
    )


def _rank(line: Line) -> tuple[float, int, int]:
    place = POSITIONS.index(line.position) if line.position in POSITIONS else len(POSITIONS)
    assert line.score is not None
    return line.score, place, line.key


def _scored(
    ticket: Ticket, able: Sequence[Assistant], state: State, now: datetime, weights: Weights
) -> list[Line]:
    """Return a line for each who may have it, with the terms of her score."""
    slack = _slack(ticket.due, ticket.calendar, state, now)
    minutes = np.array([[minutes_of(ticket, one, state)] for one in able])
    first, cuts, gaps = timelines([at_work(one) for one in able], now)
    scene = Scene(
        able=np.ones((len(able), 1), dtype=bool),
        minutes=minutes,
        slack=np.array([slack]),
        weight=np.array([ticket.weight]),
        familiar=np.array([[one.familiarity.get(ticket.site, 0.0)] for one in able]),
        ahead=_ahead(ticket, slack, able, state, now, weights),
        first=first,
        cuts=cuts,
        gaps=gaps,
        passed=open_time([ticket.calendar], state, now),
    )
    priced = matching.costs(scene, _one_place(weights))
    priced_as = [
        each[:, 0].tolist()
        for each in (priced.lateness, priced.risk, priced.stranger, priced.time, priced.start)
    ]
    starts, ends, chances = (
        each.tolist() for each in (priced.starts, priced.ends[:, 0], priced.chance[:, 0])
    )
    takes = minutes[:, 0].tolist()
    lines = []
    for row, one in enumerate(able):
        points = (*(each[row] for each in priced_as), *_preferences(ticket, one, state, weights))
        terms = tuple(map(Term, TERMS, points))
        lines.append(
            Line(
                one.key,
                one.name,
                (),
                terms,
                score(terms),
                start=instant(now, starts[row]),
                finish=instant(now, ends[row]),
                minutes=takes[row],
                chance=chances[row],
                familiarity=one.familiarity.get(ticket.site, 0.0),
                position=one.covers.get(ticket.site, ""),
            )
        )
    return lines


def _preferences(
    ticket: Ticket, one: Assistant, state: State, weights: Weights
) -> tuple[float, ...]:
    """Return the last terms, in their order: who she is to the site, what she carries."""
    position = one.covers.get(ticket.site, "")
    rank = POSITIONS.index(position) / 2 if position in POSITIONS else 1.0
    to_learn = one.to_learn.get((ticket.site, ticket.service), 0)
    known = ticket.file is not None and ticket.file in one.files
    elsewhere = (state.planned.get(ticket.key, one.key) != one.key) + (
        state.announced.get(ticket.key, one.key) != one.key
    )
    waiting = (one.in_hand + one.waiting.minutes) / 60
    return (
        weights.lead * rank,
        -weights.file if known else 0.0,
        weights.load * waiting,
        -weights.learning * to_learn,
        weights.fairness * one.share,
        weights.change * elsewhere,
    )


def _ahead(
    ticket: Ticket,
    slack: float,
    able: Sequence[Assistant],
    state: State,
    now: datetime,
    weights: Weights,
) -> Reals:
    """Return the minutes that each does first: what she has begun, and what is more urgent."""
    ahead = np.array([one.in_hand for one in able], float)
    queues = [one.waiting for one in able]
    if not any(queues):
        return ahead
    minutes, worth, due, calendars = (
        np.concatenate(each) for each in zip(*(queue.columns for queue in queues), strict=True)
    )
    left = left_of(due, calendars, state, now, NO_HURRY)
    mine = matching.index(
        np.array([ticket.minutes]), np.array([slack]), np.array([ticket.weight]), weights
    )
    first = matching.index(minutes, left, worth, weights) >= mine[0]
    holders = np.repeat(np.arange(len(able)), [len(queue) for queue in queues])
    found: Reals = ahead + np.bincount(holders[first], minutes[first], len(able))
    return found


def _slack(due: datetime | None, calendar: int | None, state: State, now: datetime) -> float:
    if due is None:
        return NO_HURRY
    hours = state.calendars.get(calendar) if calendar is not None else None
    left = hours.between(now, due) if hours is not None else due - now
    return left / MINUTE


def _one_place(weights: Weights) -> Weights:
    return weights if weights.slots == 1 else replace(weights, slots=1)


def instant(now: datetime, minutes: float) -> datetime | None:
    """Return the instant, to the second upwards: nobody is promised what is not done.

    None past somebody's last known shift: that is beyond what is known, and no date.
    """
    if minutes >= ENDLESS:
        return None
    return now + timedelta(seconds=ceil(minutes * 60 - 1e-6))

"""How true the chance of being late is on a lived past: learned first, tried on the rest.

At a moment of every second working day each open request is given its chance by living the queue
many times (`breach.chances`), which with the share of its target that has passed, the time that is
left and what became of its kind so far is brought to a calibrated chance. The calibration of each
moment is fitted on forecasts whose deadline had passed by then. Only what was known is looked at,
and shifts, which are known beforehand, and the mean effort of each kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from relais.engine import calibration
from relais.engine.breach import chances
from relais.engine.calibration import Step
from relais.engine.candidates import Assistant, State, Ticket
from relais.engine.matching import Flags, Places, Reals
from relais.engine.past import Past

ZERO = datetime(2001, 1, 1, tzinfo=UTC)
# Working days between two moments, and of shifts that are known beforehand.
EVERY, AHEAD = 2, 5
# Requests looked at in one moment, the nearest deadlines first; lives that each is lived.
MOST, LIVES = 400, 20
# The part of the past that the calibration is fitted on.
FITTED = 0.6
# A calibration looks at so many of the latest forecasts whose deadline has passed.
LATEST = 1500


@dataclass(frozen=True, slots=True)
class Verdict:
    """Brier scores on what was held back (less is better), and what came of what was said.

    `elapsed` is the share of the target that has passed, as it is; `elapsed_fitted` the same
    brought to chances as ours is; `usual` the mean of that part; `lived` the chance by
    living the queue alone.
    """

    fitted: int
    tried: int
    late: float
    ours: float
    elapsed: float
    elapsed_fitted: float
    usual: float
    lived: float
    steps: tuple[Step, ...]
    steps_elapsed: tuple[Step, ...]


def judge(past: Past, *, every: int = EVERY, lives: int = LIVES) -> Verdict | None:
    """Return how true the chances are; None when the past is too short to hold some back."""
    moments, dues, features, late = _samples(past, every, lives)
    if not len(late):
        return None
    cut = np.quantile(moments, FITTED)
    first, last = moments <= cut, moments > cut
    if not (0 < late[first].sum() < first.sum()) or not last.any():
        return None
    ours = _as_days_pass(moments, dues, features, late, last)
    passed = features[:, 1:2]
    simple = _as_days_pass(moments, dues, passed, late, last)
    came, elapsed = late[last], np.clip(passed[last, 0], 0, 1)
    usual = np.full(len(came), late[first].mean())
    return Verdict(
        int(first.sum()), int(last.sum()), float(came.mean()),
        ours=calibration.brier(ours, came),
        elapsed=calibration.brier(elapsed, came),
        elapsed_fitted=calibration.brier(simple, came),
        usual=calibration.brier(usual, came),
        lived=calibration.brier(1 / (1 + np.exp(-features[last, 0])), came),
        steps=calibration.reliability(ours, came),
        steps_elapsed=calibration.reliability(elapsed, came),
    )  # fmt: skip


def _as_days_pass(moments: Reals, dues: Reals, features: Reals, late: Reals, tried: Flags) -> Reals:
    """Return the chances of the tried, each moment by a calibration on what had come due by then.

    Of those only the latest: what a pool is like changes with the months.
    """
    said = np.zeros(len(late))
    for now in np.unique(moments[tried]):
        known = np.flatnonzero(dues <= now)[-LATEST:]
        here = moments == now
        if not len(known):
            said[here] = 0.5
            continue
        said[here] = calibration.fit(features[known], late[known]).chances(features[here])
    found: Reals = said[tried]
    return found


def _samples(past: Past, every: int, lives: int) -> tuple[Reals, Reals, Reals, Reals]:
    """Return moments, deadlines, features, and what was late, of what was open and not yet due."""
    arrival = past.open_at(np.array([each.arrival for each in past.lived]))
    target = np.array([each.target for each in past.lived])
    spent = past.spent()
    last = len(past.open_days) * past.day
    ends = np.array([np.nan if e.done is None else e.done for e in past.lived], float)
    done = np.where(np.isnan(ends), np.inf, past.open_at(np.nan_to_num(ends)))
    # What was never done is late once its target has passed before the end.
    known = ~np.isnan(spent) | (arrival + target <= last)
    late = (np.where(np.isnan(spent), np.inf, spent) > target + 1e-9).astype(float)
    waits = [past.open_at(np.array(e.waits, float).ravel()).reshape(-1, 2) for e in past.lived]
    kind = np.array([each.kind for each in past.lived])
    rows: list[tuple[float, Reals, Reals, Reals]] = []
    for number in range(past.assumed.warm_up, len(past.open_days), every):
        now = (number + 0.4 + 0.2 * (number % 3)) * past.day
        passed = now - arrival
        open_now = (arrival <= now) & (done > now)
        for j in np.flatnonzero(open_now & np.array([len(each) > 0 for each in waits])):
            spans = np.minimum(waits[j], now)
            passed[j] -= (spans[:, 1] - spans[:, 0]).sum()
        still: Flags = open_now & (passed < target) & known
        due = now + target - passed
        which = np.flatnonzero(still)
        if not len(which):
            continue
        which = which[np.argsort(due[which], kind="stable")][:MOST]
        lived = _lived(past, which, due, now, lives)
        over = (arrival <= now) & known & ~still
        count = np.bincount(kind[over], minlength=kind.max() + 1)
        bad = np.bincount(kind[over], late[over], kind.max() + 1)
        usual = (bad + 2 * late[over].mean() if over.any() else bad + 1.0) / (count + 2)
        left = due[which] - now
        table = np.stack(
            [
                calibration.logit(lived),
                1 - left / target[which],
                np.log1p(left),
                calibration.logit(np.asarray(usual[kind[which]], np.float64)),
                np.log1p(np.array([_touches(past, int(j), now) for j in which])),
            ],
            1,
        )
        rows.append((now, due[which], table, late[which]))
    if not rows:
        return np.zeros(0), np.zeros(0), np.zeros((0, 5)), np.zeros(0)
    moments = np.concatenate([np.full(len(came), now) for now, _due, _table, came in rows])
    told = [np.concatenate([each[part] for each in rows]) for part in (1, 2, 3)]
    return moments, told[0], told[1], told[2]


def _touches(past: Past, j: int, now: float) -> float:
    times = np.array([t for t, _who in past.lived[j].touches], float)
    return float((past.open_at(times) <= now).sum()) if len(times) else 0.0


def _lived(past: Past, which: Places, due: Reals, now: float, lives: int) -> Reals:
    """Return the chance of each by living the queue; open minutes stand for the clock's."""
    kind = np.array([each.kind for each in past.lived])
    means = np.bincount(kind, past.effort) / np.maximum(np.bincount(kind), 1)
    at = ZERO + timedelta(minutes=now)
    people = [
        Assistant(
            key=row,
            name="",
            covers=dict.fromkeys(np.flatnonzero(past.sites[row]).tolist(), ""),
            skills=dict.fromkeys(np.flatnonzero(past.kinds[row]).tolist(), 1),
            shifts=tuple(
                (ZERO + timedelta(minutes=begin), ZERO + timedelta(minutes=end))
                for begin, end in past.spans[row]
                if now < end and begin < now + AHEAD * past.day
            ),
        )
        for row in range(len(past.people))
    ]
    people = [one for one in people if one.shifts]
    tickets = [
        Ticket(
            key=int(j),
            site=past.lived[j].site,
            service=past.lived[j].kind,
            minutes=float(means[past.lived[j].kind]),
            due=ZERO + timedelta(minutes=float(due[j])),
            weight=past.lived[j].weight,
            skills={past.lived[j].kind: 1},
        )
        for j in which
    ]
    said = chances(tickets, people, State(), at, draws=lives)
    return np.array([said[int(j)] for j in which])

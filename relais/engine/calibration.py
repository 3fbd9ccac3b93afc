"""A chance that means what it says: fitted on what came of earlier ones, judged on later ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relais.engine.matching import Reals

# Chances are kept off 0 and 1: nothing is certain that has not happened.
EDGE = 1e-3
ROUNDS = 50


@dataclass(frozen=True)
class Calibration:
    """A logistic regression over features that are brought to one scale."""

    middle: Reals
    scale: Reals
    parts: Reals  # the constant first

    def chances(self, features: Reals) -> Reals:
        """Return the chance of each row."""
        return _sigmoid(_design((features - self.middle) / self.scale) @ self.parts)


def fit(features: Reals, came: Reals, *, ridge: float = 1.0) -> Calibration:
    """Return the calibration by which these features foretell best what came (0 or 1).

    Newton's method on the penalised likelihood; the constant is not penalised.
    """
    middle, scale = features.mean(0), np.maximum(features.std(0), 1e-9)
    rows = _design((features - middle) / scale)
    parts = np.zeros(rows.shape[1])
    penalty = np.full(rows.shape[1], ridge)
    penalty[0] = 1e-6
    for _round in range(ROUNDS):
        said = _sigmoid(rows @ parts)
        slope = rows.T @ (came - said) - penalty * parts
        bend = (rows * (said * (1 - said))[:, None]).T @ rows + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        parts = parts + step
        if np.abs(step).max() < 1e-8:
            break
    return Calibration(middle, scale, parts)


def logit(chance: Reals) -> Reals:
    """Return the log odds of chances, kept off their ends."""
    kept = np.clip(chance, EDGE, 1 - EDGE)
    found: Reals = np.log(kept / (1 - kept))
    return found


def brier(said: Reals, came: Reals) -> float:
    """Return the mean squared miss of what was said: 0 is perfect (Brier, 1950)."""
    return float(((said - came) ** 2).mean())


@dataclass(frozen=True, slots=True)
class Step:
    """Those of whom about the same was said: what was said, what came, of how many."""

    said: float
    came: float
    count: int


def reliability(said: Reals, came: Reals, steps: int = 10) -> tuple[Step, ...]:
    """Return what came beside what was said, in steps of equal width that hold anybody."""
    place = np.minimum((said * steps).astype(int), steps - 1)
    return tuple(
        Step(float(said[part].mean()), float(came[part].mean()), int(part.sum()))
        for each in range(steps)
        if (part := place == each).any()
    )


def _design(features: Reals) -> Reals:
    return np.concatenate([np.ones((len(features), 1)), features], 1)


def _sigmoid(value: Reals) -> Reals:
    found: Reals = 1.0 / (1.0 + np.exp(-np.clip(value, -30, 30)))
    return found

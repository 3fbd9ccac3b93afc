"""What the choices of all sites and families come to, who loses by one model for all, what moved.

The choices themselves are made in `choice.py`, one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from relais.engine.choice import Breach, Choice, Model


@dataclass(frozen=True, slots=True)
class Mix:
    """What all sites and families come to: hours a year by model; none chosen under None."""

    hours: Mapping[Model | None, float]
    fragile: int
    count: int

    @property
    def uniform(self) -> bool:
        """Return whether one model serves everything."""
        return len([hours for hours in self.hours.values() if hours > 0]) == 1


def mix(choices: Sequence[Choice]) -> Mix:
    """Return the mix of models that the choices come to."""
    hours: dict[Model | None, float] = {}
    for choice in choices:
        model = choice.chosen.offer.model if choice.chosen else None
        hours[model] = hours.get(model, 0.0) + choice.cluster.hours
    return Mix(hours, sum(1 for choice in choices if not choice.robust), len(choices))


@dataclass(frozen=True, slots=True)
class Loser:
    """A site's family that one model for all would serve worse, or may not serve."""

    site: str
    family: str
    hours: float
    points: float | None  # lost; None: there is no such offer, or a guardrail excludes it
    breaches: tuple[Breach, ...]


def forced(choices: Sequence[Choice], model: Model) -> list[Loser]:
    """Return who loses when this model serves everything, the excluded first, then the worst."""
    found = []
    for choice in choices:
        if choice.chosen is not None and choice.chosen.offer.model is model:
            continue
        line = next((each for each in choice.lines if each.offer.model is model), None)
        lost = None
        if line is not None and not line.excluded and choice.chosen is not None:
            lost = choice.chosen.score - line.score
        breaches = tuple(b for b in line.breaches if b.derogation is None) if line else ()
        place = choice.cluster
        found.append(Loser(place.site, place.family, place.hours, lost, breaches))
    return sorted(found, key=lambda each: (each.points is not None, -(each.points or 0), each.site))


@dataclass(frozen=True, slots=True)
class Moved:
    """What another look at the same place changed: criteria by what they moved the lead."""

    before: str | None
    after: str | None
    why: tuple[tuple[str, float], ...] = field(default=())


def moved(before: Choice, after: Choice) -> Moved:
    """Return how the choice moved, and by which criteria: points won by the new over the old."""
    old = before.chosen.offer.name if before.chosen else None
    new = after.chosen.offer.name if after.chosen else None
    if old is None or new is None or old == new:
        return Moved(old, new)
    gained = _lead(after, new, old)
    earlier = _lead(before, new, old)
    why = [(code, gained[code] - earlier.get(code, 0.0)) for code in gained]
    kept = [(code, points) for code, points in why if abs(points) > 1e-9]
    return Moved(old, new, tuple(sorted(kept, key=lambda pair: -abs(pair[1]))))


def _lead(choice: Choice, one: str, other: str) -> dict[str, float]:
    first, second = (
        next((line for line in choice.lines if line.offer.name == name), None)
        for name in (one, other)
    )
    if first is None or second is None:
        return {}
    return {a.code: a.points - b.points for a, b in zip(first.terms, second.terms, strict=True)}

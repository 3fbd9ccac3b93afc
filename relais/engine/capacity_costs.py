"""What scenarios cost a year: fixed or following the volume, at less, as much and more of it.

Every amount is typed by who studies (domain C.5, 6): nothing here knows a price.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

VOLUMES = (0.7, 1.0, 1.3)
HAIR = 1e-9


class Behaviour(StrEnum):
    """What an amount does when the volume moves."""

    FIXED = "fixed"
    VARIABLE = "variable"
    # Posts: hired when the volume grows, kept when it falls.
    POSTS = "posts"
    ONCE = "once"


@dataclass(frozen=True, slots=True)
class Line:
    """One cost: euros a year (once: in all). Of posts: of `posts` posts, hired by `step`."""

    name: str
    amount: float
    behaviour: Behaviour
    posts: float = 0.0
    step: float = 0.5

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise ValueError(f"{self.name}: an amount is 0 or more")
        if self.behaviour is Behaviour.POSTS and (self.posts <= 0 or self.step <= 0):
            raise ValueError(f"{self.name}: how many posts does this amount pay?")

    def at(self, volume: float) -> float:
        """Return the euros a year at this part of the volume; once is none of a year."""
        if self.behaviour is Behaviour.ONCE:
            return 0.0
        if self.behaviour is Behaviour.VARIABLE:
            return self.amount * volume
        if self.behaviour is Behaviour.POSTS and volume > 1:
            needed = math.ceil(self.posts * volume / self.step - HAIR) * self.step
            return self.amount * needed / self.posts
        return self.amount


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way to be served, with all that it costs and what it gives back."""

    name: str
    lines: tuple[Line, ...]
    hours: float = 0.0  # of work done a year at the usual volume
    hours_returned: float = 0.0  # to managers, a year
    hour_returned_worth: float = 0.0


@dataclass(frozen=True, slots=True)
class Cost:
    """A scenario as it stands beside the others; `yearly` has one figure a volume."""

    name: str
    yearly: tuple[float, ...]
    fixed: float
    variable: float
    fixed_share: float  # of the yearly cost at the usual volume
    once: float
    per_hour: float | None
    returned: float
    net: float  # yearly less what is returned
    follows: float  # how much of a change of volume the cost follows, 0 to about 1


def compared(
    scenarios: Sequence[Scenario], volumes: tuple[float, ...] = VOLUMES
) -> tuple[Cost, ...]:
    """Return the scenarios side by side, in the order given, at each part of the volume."""
    return tuple(_cost(scenario, volumes) for scenario in scenarios)


def _cost(scenario: Scenario, volumes: tuple[float, ...]) -> Cost:
    yearly = tuple(sum(line.at(volume) for line in scenario.lines) for volume in volumes)
    base = sum(line.at(1.0) for line in scenario.lines)
    variable = sum(line.amount for line in scenario.lines if line.behaviour is Behaviour.VARIABLE)
    once = sum(line.amount for line in scenario.lines if line.behaviour is Behaviour.ONCE)
    returned = scenario.hours_returned * scenario.hour_returned_worth
    span = max(volumes) - min(volumes)
    moved = (max(yearly) - min(yearly)) / base / span if base and span else 0.0
    return Cost(
        scenario.name, yearly, base - variable, variable, 1 - variable / base if base else 0.0,
        once, base / scenario.hours if scenario.hours else None, returned, base - returned, moved,
    )  # fmt: skip


def quality_cost(friction_hours: float, hour: float) -> float:
    """Return what is lost a year to waiting, rework and work done twice."""
    return friction_hours * hour

"""Who stands in for somebody at a site: facts come before the order on paper.

Who is away or has no hours then cannot; who is there all the time goes before who is there partly;
who is ready by proof before who is not (domain E.3); then lead, backup, float; then fewer in hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

# So much of her usual hours is all the time.
THERE = 0.95
ORDER = ("lead", "backup", "float")


class Presence(StrEnum):
    """How much of a period somebody is there; unknown: nobody gave her hours."""

    UNKNOWN = "unknown"
    AWAY = "away"
    PARTLY = "partly"
    THERE = "there"


@dataclass(frozen=True)
class StandIn:
    """Somebody who covers the site too, with what is on record of her for the period.

    `hours` of work she has in it, of `usual` ones; `ready` for so many of the site's `works`;
    `held`: requests in hand. `position`: lead, backup or float.
    """

    key: int
    position: str
    hours: float
    usual: float
    ready: int
    works: int
    held: int

    @property
    def presence(self) -> Presence:
        """Return how much of the period she is there."""
        if not self.usual:
            return Presence.UNKNOWN
        if not self.hours:
            return Presence.AWAY
        return Presence.THERE if is_there(self.hours, self.usual) else Presence.PARTLY

    @property
    def is_able(self) -> bool:
        """Return whether she works at all in the period."""
        return self.presence in (Presence.THERE, Presence.PARTLY)

    @property
    def is_ready(self) -> bool:
        """Return whether she is ready for most of what the site asks for."""
        return not self.works or 2 * self.ready >= self.works


S = TypeVar("S", bound=StandIn)


def is_there(hours: float, usual: float) -> bool:
    """Return whether so many hours of her usual ones are all the time."""
    return hours > 0 and hours >= THERE * usual


def in_order(those: Iterable[S]) -> list[S]:
    """Return them in the order in which one would ask."""

    def rank(one: StandIn) -> tuple[bool, bool, bool, int, int, int]:
        place = ORDER.index(one.position) if one.position in ORDER else len(ORDER)
        away = one.presence is not Presence.THERE
        return (not one.is_able, away, not one.is_ready, place, one.held, one.key)

    return sorted(those, key=rank)


def chosen(those: Iterable[S]) -> S | None:
    """Return who is proposed: the first who is able; nobody is an answer."""
    return next((one for one in in_order(those) if one.is_able), None)

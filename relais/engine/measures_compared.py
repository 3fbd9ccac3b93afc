"""A figure beside another: a former month, another place, the levels of the agreement."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from . import credits
from .measures import Figure
from .measures_stats import decimal, moved
from .measures_words import Sum, Unit


class Move(StrEnum):
    """What became of a figure, chance considered."""

    BETTER = "better"
    WORSE = "worse"
    UNCLEAR = "unclear"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Change:
    """A figure beside another of its kind: now less before, with its 95 % interval for a share."""

    key: str
    difference: Fraction
    low: Decimal | None
    high: Decimal | None
    move: Move


def compared(now: Figure, before: Figure) -> Change | None:
    """Return the change from a former period or another place; None if either tells nothing.

    A move is better or worse only where its interval leaves out nought; other figures than shares
    have no interval, and their move is told as unclear unless there is none.
    """
    if now.key != before.key:
        raise ValueError(f"{now.key} and {before.key}: compare a figure with its own kind")
    if now.value is None or before.value is None:
        return None
    if now.definition.sum is not Sum.SHARE:
        difference = now.value - before.value
        return Change(now.key, difference, None, None, Move.UNCLEAR if difference else Move.SAME)
    difference, low, high = moved((int(now.over), now.n), (int(before.over), before.n))
    sure = low > 0 or high < 0
    if not sure or not now.definition.better:
        return Change(now.key, difference, low, high, Move.UNCLEAR if difference else Move.SAME)
    better = (difference > 0) == (now.definition.better > 0)
    return Change(now.key, difference, low, high, Move.BETTER if better else Move.WORSE)


def against(figure: Figure, levels: credits.Levels) -> credits.Level:
    """Return the level of the agreement that a figure reached; too few if nothing is declared.

    Shares are held against percentages and times against hours, as agreements write them.
    """
    if figure.value is None or figure.n < levels.smallest_sample:
        return credits.Level.TOO_FEW
    unit = figure.definition.unit
    by = {Unit.SHARE: Fraction(100), Unit.SECONDS: Fraction(1, 3600)}.get(unit, Fraction(1))
    return credits.reached(decimal(figure.value * by), levels)

"""Is every site served alike: gap, weighted deviation, index H and funnel (Spiegelhalter 2005).

Sites are never ranked: each is held against the rate of all, with the limits within which a
service that is the same for everybody would leave a site of its size by chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from enum import StrEnum
from fractions import Fraction

from scipy.special import gammaincc

from .measures_stats import (
    LIMITS_95,
    LIMITS_998,
    Binomial,
    binomial,
    decimal,
    places,
    precise,
    wilson,
)

SMALLEST = 20
# Below this chance, on its side, a site is one to watch.
WATCHED = Decimal("0.05")


class Standing(StrEnum):
    """Where a site lies against the rate of all, chance considered."""

    ALIKE = "alike"
    WATCH = "watch"
    BELOW = "below"
    ABOVE = "above"
    TOO_FEW = "too_few"


STANDINGS = {
    Standing.ALIKE: ("comme les autres", "like the others"),
    Standing.WATCH: ("à surveiller", "to watch"),
    Standing.BELOW: ("en dessous, au-delà du hasard", "below, beyond chance"),
    Standing.ABOVE: ("au-dessus, au-delà du hasard", "above, beyond chance"),
    Standing.TOO_FEW: ("trop peu pour le dire", "too few to tell"),
}


@dataclass(frozen=True, slots=True)
class Point:
    """One site in the funnel: shares from 0 to 1, `chance` of so few or fewer (six decimals)."""

    site: str
    good: int
    n: int
    share: Fraction
    low: Decimal
    high: Decimal
    inner: tuple[Fraction, Fraction]
    outer: tuple[Fraction, Fraction]
    chance: Decimal
    standing: Standing


@dataclass(frozen=True, slots=True)
class Alike:
    """How alike sites are served, shares from 0 to 1.

    `gap` and `deviation` are None where fewer than two sites can be compared, `index` also where
    nothing went well anywhere. `chance` is that of sites as different as these under one and the
    same service (chi-square; a float, for reading only and never frozen).
    """

    rate: Fraction
    gap: Fraction | None
    deviation: Decimal | None
    index: Decimal | None
    square: Fraction | None
    chance: float | None
    points: tuple[Point, ...] = ()


def alike(sites: Mapping[str, tuple[int, int]], *, smallest: int = SMALLEST) -> Alike | None:
    """Return how alike the sites are, site by site; None if nothing was counted anywhere.

    `sites` gives (good, of how many). All of them make the rate, the deviation and the index; the
    gap looks only at those with `smallest` or more, where the two ends are not chance alone.
    """
    found = spread(sites, smallest=smallest)
    if found is None:
        return None
    points = tuple(
        _point(site, good, n, found.rate, smallest)
        for site, (good, n) in sorted(sites.items())
        if n
    )
    return replace(found, points=points)


def spread(sites: Mapping[str, tuple[int, int]], *, smallest: int = SMALLEST) -> Alike | None:
    """Return how alike the sites are, without what there is to say of each."""
    counted = [each for each in sites.values() if each[1]]
    if not counted:
        return None
    n = sum(of for _good, of in counted)
    rate = Fraction(sum(good for good, _of in counted), n)
    if len(counted) < 2:
        return Alike(rate, None, None, None, None, None)
    compared = [Fraction(*each) for each in counted if each[1] >= smallest]
    apart = max(compared) - min(compared) if len(compared) > 1 else None
    squares = sum((of * (Fraction(good, of) - rate) ** 2 for good, of in counted), Fraction(0))
    square, chance = _square(squares, rate, len(counted) - 1)
    with localcontext(precise()):
        deviation = decimal(squares / n).sqrt()
        # A spread wider than the rate itself is as unlike as can be: no index under nought.
        index = max(Decimal(0), 1 - deviation / decimal(rate)) if rate else None
    return Alike(
        rate, apart, places(deviation), None if index is None else places(index), square, chance
    )


def _point(site: str, good: int, n: int, rate: Fraction, smallest: int) -> Point:
    law = binomial(n, rate)
    inner, outer = law.limits(LIMITS_95), law.limits(LIMITS_998)
    share = Fraction(good, n)
    return Point(
        site, good, n, share, *wilson(good, n), inner, outer, places(law.at_most(good)),
        _standing(law, good, share, outer) if n >= smallest else Standing.TOO_FEW,
    )  # fmt: skip


def _standing(
    law: Binomial, good: int, share: Fraction, outer: tuple[Fraction, Fraction]
) -> Standing:
    if share < outer[0]:
        return Standing.BELOW
    if share > outer[1]:
        return Standing.ABOVE
    return Standing.WATCH if law.at_most(good) < WATCHED else Standing.ALIKE


def _square(spread: Fraction, rate: Fraction, freedom: int) -> tuple[Fraction | None, float | None]:
    """Return the chi-square of the sites and its chance; none where all are at 0 or at 1."""
    if not 0 < rate < 1:
        return None, None
    square = spread / (rate * (1 - rate))
    return square, round(float(gammaincc(freedom / 2, float(square) / 2)), 4)


@dataclass(frozen=True, slots=True)
class Step:
    """The limits of the funnel at one size of site."""

    n: int
    inner: tuple[Fraction, Fraction]
    outer: tuple[Fraction, Fraction]


def funnel(rate: Fraction, sizes: range) -> tuple[Step, ...]:
    """Return the limits at these sizes, for the lines of the drawing."""
    laws = (binomial(n, rate) for n in sizes if n > 0)
    return tuple(Step(law.n, law.limits(LIMITS_95), law.limits(LIMITS_998)) for law in laws)

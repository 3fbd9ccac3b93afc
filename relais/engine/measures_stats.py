"""Shares with their uncertainty, and middles: the same digits on every machine.

Nothing here is a float: decimals of a stated precision and fractions give what binary floats do
not, the same bytes in any order of adding up, on any processor.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction
from itertools import accumulate

# The quantile of the normal law that leaves 2.5 % on each side.
Z95 = Decimal("1.959963984540054235524594430")
PLACES = Decimal("0.000001")
# Digits kept while computing: far more than PLACES, so that rounding comes once, at the end.
PRECISION = 50
# A count whose chance is this much smaller than the likeliest one's is taken as impossible.
NIL = Decimal(10) ** -40
LIMITS_95 = Decimal("0.025")
LIMITS_998 = Decimal("0.001")


def precise() -> Context:
    """Return the arithmetic in which everything here is computed, whatever the caller's is."""
    return Context(prec=PRECISION, rounding=ROUND_HALF_EVEN)


def decimal(value: Fraction | int) -> Decimal:
    """Return a fraction as a decimal of 50 digits."""
    with localcontext(precise()):
        return Decimal(value.numerator) / Decimal(value.denominator)


def places(value: Decimal) -> Decimal:
    """Return the value at six decimals, halves to the even digit."""
    with localcontext(precise()):
        return value.quantize(PLACES, ROUND_HALF_EVEN)


def wilson(good: int, n: int) -> tuple[Decimal, Decimal]:
    """Return the 95 % interval of a share, from 0 to 1 (Wilson 1927): 18 of 20, 0.699 to 0.972.

    Six decimals, outwards, so that the interval written is never narrower than the true one.
    """
    if not 0 <= good <= n or n < 1:
        raise ValueError("interval: give a count between nought and the size of the sample")
    with localcontext(precise()):
        share, z2 = Decimal(good) / n, Z95 * Z95
        middle = (share + z2 / (2 * n)) / (1 + z2 / n)
        half = Z95 / (1 + z2 / n) * (share * (1 - share) / n + z2 / (4 * n * n)).sqrt()
        low = Decimal(0) if good == 0 else middle - half
        high = Decimal(1) if good == n else middle + half
        return low.quantize(PLACES, ROUND_FLOOR), high.quantize(PLACES, ROUND_CEILING)


def moved(now: tuple[int, int], before: tuple[int, int]) -> tuple[Fraction, Decimal, Decimal]:
    """Return how much a share moved, and the 95 % interval of the move (Newcombe 1998, method 10).

    Each is (good, of how many); positive means more than before.
    """
    one, other = Fraction(*now), Fraction(*before)
    low, high = wilson(*now)
    low_before, high_before = wilson(*before)
    with localcontext(precise()):
        p, q = decimal(one), decimal(other)
        down = ((p - low) ** 2 + (high_before - q) ** 2).sqrt()
        up = ((high - p) ** 2 + (q - low_before) ** 2).sqrt()
        return one - other, places(p - q - down), places(p - q + up)


def median(values: Sequence[int]) -> Fraction:
    """Return the middle value; of an even number, half-way between the two middle ones."""
    ordered = sorted(values)
    half = len(ordered) // 2
    if len(ordered) % 2:
        return Fraction(ordered[half])
    return Fraction(ordered[half - 1] + ordered[half], 2)


def rank(n: int, percent: int) -> int:
    """Return the place, from 0, of the smallest of `n` values that `percent` of them reach."""
    return -(-percent * n // 100) - 1


def percentile(values: Sequence[int], percent: int) -> Fraction:
    """Return the smallest value at or under which so many per cent of them lie (nearest rank).

    It is always one that was lived: "nine in ten took this long or less".
    """
    return Fraction(sorted(values)[rank(len(values), percent)])


@dataclass(frozen=True, slots=True)
class Binomial:
    """The law of a count out of `n`, each with the same chance: exact to some forty digits."""

    n: int
    first: int
    sums: tuple[Decimal, ...]

    def at_most(self, count: int) -> Decimal:
        """Return the chance of that count or fewer."""
        if count < self.first:
            return Decimal(0)
        return self.sums[min(count - self.first, len(self.sums) - 1)]

    def at_least(self, count: int) -> Decimal:
        """Return the chance of that count or more."""
        with localcontext(precise()):
            return 1 - self.at_most(count - 1)

    def quantile(self, chance: Decimal) -> int:
        """Return the smallest count that is reached or not passed with this chance or more."""
        return self.first + min(bisect_left(self.sums, chance), len(self.sums) - 1)

    def limits(self, tail: Decimal) -> tuple[Fraction, Fraction]:
        """Return the shares between which a count lies by chance alone, but for each `tail`.

        These are exact binomial limits: of 20 at a share of 0.92, from 0.80 on (95 %).
        """
        with localcontext(precise()):
            other = 1 - tail
        return Fraction(self.quantile(tail), self.n), Fraction(self.quantile(other), self.n)


def binomial(n: int, share: Fraction) -> Binomial:
    """Return the law of a count out of `n` at this share.

    Weights are built outwards from the likeliest count and divided by their sum, which needs no
    factorial and only as many steps as there are counts that can happen.
    """
    if share <= 0:
        return Binomial(n, 0, (Decimal(1),))
    if share >= 1:
        return Binomial(n, n, (Decimal(1),))
    with localcontext(precise()):
        odds = decimal(share / (1 - share))
        likeliest = min(int((n + 1) * share), n)
        up, down = [Decimal(1)], []
        count = likeliest
        while count < n and up[-1] > NIL:
            up.append(up[-1] * (n - count) / (count + 1) * odds)
            count += 1
        weight, count = Decimal(1), likeliest
        while count > 0 and weight > NIL:
            weight = weight * count / (n - count + 1) / odds
            down.append(weight)
            count -= 1
        weights = [*reversed(down), *up]
        whole = sum(weights)
        return Binomial(n, count, tuple(accumulate(each / whole for each in weights)))

"""How work, difficult sites and late hours are spread beside everybody's hours, and the limits.

A fair share is in proportion to the hours that somebody was there: who works half-time has half.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

# What is shared out: all work, that of difficult sites (both in minutes), and requests ended late
# in the day. Beyond the limit (as a ratio to the fair share) somebody should look.
LIMITS: Mapping[str, float] = {"work": 0.25, "difficult": 0.40, "late_hours": 0.40}
# Below such a fair share (minutes, minutes, requests) chance alone explains a difference.
LEAST: Mapping[str, float] = {"work": 240.0, "difficult": 120.0, "late_hours": 4.0}
# A site is difficult when its share of late or reworked requests is that many times the pool's.
DIFFICULT, ENOUGH = 1.5, 10


@dataclass(frozen=True, slots=True)
class Counted:
    """What somebody did over a time, and for how many hours she was there."""

    key: int
    hours: float
    work: float = 0.0
    difficult: float = 0.0
    late_hours: float = 0.0


@dataclass(frozen=True, slots=True)
class Share:
    """One thing that somebody had, her fair share of it, and the difference as a ratio.

    `difference` is None where too little was shared out to say anything.
    """

    what: str
    own: float
    fair: float
    difference: float | None

    @property
    def verdict(self) -> str:
        """Return "unknown", "fair", "above" or "below": beyond the limit or not."""
        if self.difference is None:
            return "unknown"
        if abs(self.difference) <= LIMITS[self.what]:
            return "fair"
        return "above" if self.difference > 0 else "below"


def shares(people: Iterable[Counted]) -> dict[int, tuple[Share, ...]]:
    """Return everybody's shares, in the order of LIMITS, by her key."""
    everybody: Sequence[Counted] = list(people)
    hours = sum(one.hours for one in everybody)
    totals = {what: sum(getattr(one, what) for one in everybody) for what in LIMITS}
    return {
        one.key: tuple(
            _share(what, getattr(one, what), totals[what] * one.hours / hours if hours else 0.0)
            for what in LIMITS
        )
        for one in everybody
    }


def spread(people: Iterable[Counted], what: str = "work") -> float | None:
    """Return the coefficient of variation of what each had per hour; None with fewer than two."""
    rates = [getattr(one, what) / one.hours for one in people if one.hours > 0]
    mean = sum(rates) / len(rates) if rates else 0.0
    if len(rates) < 2 or not mean:
        return None
    variance = sum((rate - mean) ** 2 for rate in rates) / len(rates)
    return float(variance**0.5 / mean)


def difficult(sites: Mapping[int, tuple[int, int]]) -> frozenset[int]:
    """Return the sites whose requests go wrong much oftener than the pool's.

    `sites`: how many were delivered, and how many of them late or reworked.
    """
    done = sum(count for count, _bad in sites.values())
    bad = sum(wrong for _count, wrong in sites.values())
    if not bad:
        return frozenset()
    usual = bad / done
    return frozenset(
        site
        for site, (count, wrong) in sites.items()
        if count >= ENOUGH and wrong / count >= DIFFICULT * usual
    )


def _share(what: str, own: float, fair: float) -> Share:
    known = fair >= LEAST[what]
    return Share(what, own, fair, (own - fair) / fair if known else None)

"""How many requests each site sends of each family, half-day by half-day, with intervals.

A product of factors, each a closed form: the level of a series (a family at a site), the profile
of the week, and what is known of the day (month end, the day after a closing, an event). What a
series is too small to tell is borrowed: from its site and its family, and in the end from all.
Counts vary more than Poisson's law says (bad days come for everybody), so intervals are those of a
Gamma-Poisson (negative binomial) law whose over-dispersion is measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]

MORNING, AFTERNOON = 0, 1
HALVES = 2
# The level forgets half of what it knew in so many days.
HALF_LIFE = 56.0
# What is borrowed weighs as much as so many requests of the series' own, or of the group's.
OWN, GROUP = 12.0, 60.0
# A factor of a kind of day is believed half after so many such days.
DAYS = 4.0
# A year's season is told from what was seen twice.
SEASON = timedelta(weeks=104)
MONTH, HALF_A_YEAR = 28, 182
PASSES = 4
# What is fitted to the sum itself, and so hides a part of its spread: all of the profile in total,
# little more than the level where the profile is borrowed.
FITTED = {"series": 1, "site": 2, "total": 14}
MONTH_END, MONTH_START, AFTER_CLOSING = "month_end", "month_start", "after_closing"
LAST_DAYS, FIRST_DAYS = 3, 2


class BadVolumes(ValueError):
    """What was counted does not hang together; the text names what."""


@dataclass(frozen=True)
class Volumes:
    """What was counted, day by day from `start`.

    `counts`: requests, shape (series, days, 2): mornings and afternoons. `open`: hours open, of the
    same shape; where it is 0 nothing is expected and what came teaches nothing: whoever wants it
    foreseen counts it with the next opening. `sites` and `families`: of each series. `events`:
    known days by the event's name.
    """

    start: date
    counts: Reals
    open: Reals
    sites: Sequence[int]
    families: Sequence[int]
    events: Mapping[str, frozenset[date]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise `BadVolumes`, naming what does not fit."""
        if self.counts.ndim != 3 or self.counts.shape[2] != HALVES:
            raise BadVolumes(f"counts: shape {self.counts.shape}, not (series, days, {HALVES})")
        if self.open.shape != self.counts.shape:
            raise BadVolumes(f"open: shape {self.open.shape}, not that of counts")
        for name in ("sites", "families"):
            if len(getattr(self, name)) != len(self.counts):
                raise BadVolumes(f"{name}: one for each of {len(self.counts)} series")
        if not np.isfinite(self.counts).all() or (self.counts < 0).any():
            raise BadVolumes("counts: a count is a number from 0 on")
        if not np.isfinite(self.open).all() or (self.open < 0).any():
            raise BadVolumes("open: hours are numbers from 0 on")

    @property
    def days(self) -> list[date]:
        """Return the days that were counted."""
        return [self.start + timedelta(n) for n in range(self.counts.shape[1])]

    def until(self, day: date) -> Volumes:
        """Return what was known at the beginning of a day."""
        n = max(0, min((day - self.start).days, self.counts.shape[1]))
        return Volumes(
            self.start, self.counts[:, :n], self.open[:, :n], self.sites, self.families, self.events
        )


@dataclass(frozen=True)
class Expected:
    """What is expected, half-day by half-day: `mean` of shape (series, days, 2)."""

    start: date
    mean: Reals
    sites: NDArray[np.intp]
    dispersion: Mapping[str, float]

    def interval(self, share: float = 0.8, of: str = "series") -> tuple[Reals, Reals]:
        """Return the low and the high end between which a share of half-days falls.

        `of`: series, site or total; shape (series or sites or 1, days, 2).
        """
        return between(self.summed(of), self.dispersion[of], share)

    def quantile(self, share: float, of: str = "series") -> Reals:
        """Return the number that a share of half-days does not pass (P50, P80)."""
        return quantile(self.summed(of), self.dispersion[of], share)

    def summed(self, of: str = "series") -> Reals:
        """Return the mean by series, by site (in the order of their keys), or of all."""
        return grouped(self.mean, self.sites, of)


def grouped(values: Reals, sites: Sequence[int] | NDArray[np.intp], of: str) -> Reals:
    """Return the values by series, summed by site (in the order of their keys), or of all."""
    if of == "series":
        return values
    if of == "total":
        total: Reals = values.sum(axis=0, keepdims=True)
        return total
    keys, place = np.unique(np.asarray(sites), return_inverse=True)
    found = np.zeros((len(keys), *values.shape[1:]))
    np.add.at(found, place, values)
    return found


def quantile(mean: Reals, dispersion: float, share: float) -> Reals:
    """Return the quantile of Gamma-Poisson counts: variance = mean + dispersion x mean^2."""
    safe = np.maximum(mean, 1e-12)
    if dispersion <= 0:
        found = stats.poisson.ppf(share, safe)
    else:
        n = 1.0 / dispersion
        found = stats.nbinom.ppf(share, n, n / (n + safe))
    return np.where(mean > 0, found, 0.0)


def between(mean: Reals, dispersion: float, share: float) -> tuple[Reals, Reals]:
    """Return the middle interval that holds a share of such counts."""
    tail = (1.0 - share) / 2.0
    return quantile(mean, dispersion, tail), quantile(mean, dispersion, 1.0 - tail)


@dataclass(frozen=True)
class Model:
    """What was learnt: requests an hour open of each series, and the factors of its half-days."""

    level: Reals
    profile: Reals
    factors: Mapping[str, float]
    months: Reals
    sites: NDArray[np.intp]
    events: Mapping[str, frozenset[date]]
    dispersion: Mapping[str, float]

    def expect(
        self,
        start: date,
        opened: Reals,
        events: Mapping[str, frozenset[date]] | None = None,
        before: Reals | None = None,
    ) -> Expected:
        """Return what is expected from `start` on.

        `opened`: hours open, shape (series, days, 2). `events`: known days to come by name; an
        event that was never seen changes nothing. `before`: hours open of the seven days before,
        to know whether the first day follows a closing. Raises `BadVolumes`.
        """
        if opened.ndim != 3 or opened.shape[0] != len(self.level) or opened.shape[2] != HALVES:
            raise BadVolumes(f"opened: shape {opened.shape}, not ({len(self.level)}, days, 2)")
        days = [start + timedelta(n) for n in range(opened.shape[1])]
        known = {
            name: self.events.get(name, frozenset()) | (events or {}).get(name, frozenset())
            for name in {*self.events, *(events or {})}
        }
        kinds = kinds_of(days, opened, known, before)
        mean = self.level[:, None, None] * opened * _of_week(self.profile, days)
        for name, flags in kinds.items():
            mean = mean * np.where(flags, self.factors.get(name, 1.0), 1.0)[:, :, None]
        mean = mean * self.months[[day.month - 1 for day in days]][None, :, None]
        return Expected(start, mean, self.sites, self.dispersion)


def kinds_of(
    days: Sequence[date],
    opened: Reals,
    events: Mapping[str, frozenset[date]],
    before: Reals | None = None,
) -> dict[str, Flags]:
    """Return, by name, which days of which series are of a kind: shape (series, days) each.

    Month end and start are counted in days on which anybody is open; a day after a closing is the
    first open one after a weekday that was closed.
    """
    is_open = opened.sum(axis=2) > 0
    anybody = is_open.any(axis=0)
    found = {
        MONTH_END: _of_month(days, anybody, LAST_DAYS, last=True),
        MONTH_START: _of_month(days, anybody, FIRST_DAYS, last=False),
    }
    kinds = {name: np.broadcast_to(flags, is_open.shape) for name, flags in found.items()}
    kinds[AFTER_CLOSING] = _after_closing(days, is_open, before)
    for name, those in events.items():
        flags = np.array([day in those for day in days], dtype=bool)
        kinds[name] = np.broadcast_to(flags, is_open.shape)
    return kinds


def _of_month(days: Sequence[date], opened: Flags, most: int, *, last: bool) -> Flags:
    """Return which days are the first or last `most` open ones of a month.

    Of a month cut by the ends of what is known, days beyond count as weekdays open.
    """
    found = np.zeros(len(days), dtype=bool)
    for n, day in enumerate(days):
        if not opened[n]:
            continue
        between_ = 0
        step = 1 if last else -1
        at, other = n + step, day + timedelta(step)
        while other.month == day.month and between_ < most:
            known = 0 <= at < len(days)
            between_ += bool(opened[at]) if known else other.weekday() < 5
            at, other = at + step, other + timedelta(step)
        found[n] = between_ < most
    return found


def _after_closing(days: Sequence[date], is_open: Flags, before: Reals | None) -> Flags:
    found = np.zeros(is_open.shape, dtype=bool)
    waits = np.zeros(len(is_open), dtype=bool)
    if before is not None:
        was = before.sum(axis=2) > 0
        for n in range(was.shape[1]):
            weekday = (days[0] - timedelta(was.shape[1] - n)).weekday()
            waits = np.where(was[:, n], False, waits | (weekday < 5))
    for n, day in enumerate(days):
        found[:, n] = is_open[:, n] & waits
        waits = np.where(is_open[:, n], False, waits | (day.weekday() < 5))
    return found


def _of_week(profile: Reals, days: Sequence[date]) -> Reals:
    """Return the profile (series, weekday, half) laid along the days."""
    return profile[:, [day.weekday() for day in days], :]


def learn(
    volumes: Volumes,
    *,
    half_life: float = HALF_LIFE,
    declared: Reals | None = None,
    trust: float = 26.0,
) -> Model:
    """Return the model of what was counted.

    `half_life`: days. `declared`: requests a week of each series as somebody estimated them before
    anything was counted; it fades as weeks are counted, and is gone after `trust` weeks. Without
    either the level of a series is 0.
    """
    days, opened = volumes.days, volumes.open
    counts = np.where(opened > 0, volumes.counts, 0.0)
    size = len(counts)
    sites, families = np.asarray(volumes.sites), np.asarray(volumes.families)
    kinds = kinds_of(days, opened, volumes.events) if days else {}
    age = np.arange(len(days), 0, -1, dtype=float)
    weight = 0.5 ** (age / half_life)
    weekdays = np.array([day.weekday() for day in days], dtype=int)
    factors = dict.fromkeys(kinds, 1.0)
    months = np.ones(12)
    profile = np.ones((size, 7, HALVES))
    level = _level(counts, opened, weight, sites, families)
    for _ in range(PASSES if days else 0):
        of_day = _of_day(kinds, factors, months, days)
        shape = opened * of_day[:, :, None]
        profile = _profile(counts, shape * level[:, None, None], weight, weekdays, sites, families)
        shape = shape * _of_week(profile, days)
        level = _level(counts, shape, weight, sites, families)
        mean = shape * level[:, None, None]
        mean = mean * _drift(counts, mean, MONTH)[None, :, None]
        for name, flags in kinds.items():
            mean = mean / np.where(flags, factors[name], 1.0)[:, :, None]
            factors[name] = _factor(counts, mean, flags)
            mean = mean * np.where(flags, factors[name], 1.0)[:, :, None]
        if timedelta(len(days)) >= SEASON:
            mean = shape * level[:, None, None]
            mean = mean * _drift(counts, mean, HALF_A_YEAR)[None, :, None]
            months = _months(counts, mean, months, days)
    if declared is not None:
        level = _blend(level, declared, opened, profile, days, trust)
    model = Model(level, profile, factors, months, sites, volumes.events, {})
    fitted = model.expect(volumes.start, opened).mean if days else opened
    spread = {
        of: dispersion(counts, fitted, sites, weight, of) for of in ("series", "site", "total")
    }
    return Model(level, profile, factors, months, sites, volumes.events, spread)


def _of_day(
    kinds: Mapping[str, Flags], factors: Mapping[str, float], months: Reals, days: Sequence[date]
) -> Reals:
    """Return the product of what is known of each day: shape (series, days) or (1, days)."""
    found = months[[day.month - 1 for day in days]][None, :]
    for name, flags in kinds.items():
        found = found * np.where(flags, factors[name], 1.0)
    return found


def _level(
    counts: Reals, shape: Reals, weight: Reals, sites: NDArray[np.intp], families: NDArray[np.intp]
) -> Reals:
    """Return requests an hour of each series; a small one leans on its site and its family."""
    came = (counts * weight[None, :, None]).sum(axis=(1, 2))
    could = (shape * weight[None, :, None]).sum(axis=(1, 2))
    if not could.any():
        return np.zeros(len(counts))
    overall = came.sum() / could.sum()
    if not overall:
        return np.zeros(len(counts))
    by_site = _pooled(came, overall * could, sites, OWN)
    by_family = _pooled(came, overall * could * by_site, families, OWN)
    prior = overall * by_site * by_family
    # In requests: `OWN` of them at the rate that its group has.
    lent = np.where(prior > 0, OWN / np.maximum(prior, 1e-12), 0.0)
    found: Reals = np.where(could > 0, (came + OWN) / np.maximum(could + lent, 1e-12), prior)
    # What is lent to one is no new request: sites, families and all add up to what came.
    for groups in (sites, families, np.zeros_like(sites)):
        found *= _pooled(came, found * could, groups, OWN if groups.any() else 0.0)
    return found


def _pooled(came: Reals, expected: Reals, groups: NDArray[np.intp], lent: float) -> Reals:
    """Return, for each series, how its group stands to what was expected of it."""
    _keys, place = np.unique(groups, return_inverse=True)
    there = np.bincount(place, came) + lent
    foreseen = np.bincount(place, expected) + lent
    found: Reals = (there / np.maximum(foreseen, 1e-12))[place]
    return found


def _profile(
    counts: Reals,
    expected: Reals,
    weight: Reals,
    weekdays: NDArray[np.intp],
    sites: NDArray[np.intp],
    families: NDArray[np.intp],
) -> Reals:
    """Return how each half-day of the week stands to the mean one: (series, weekday, half).

    That of all, times what a site and a family show of their own.
    """
    came, could = (np.zeros((len(counts), 7, HALVES)) for _ in range(2))
    for day in range(7):
        those = weekdays == day
        came[:, day] = (counts[:, those] * weight[None, those, None]).sum(axis=1)
        could[:, day] = (expected[:, those] * weight[None, those, None]).sum(axis=1)
    lent = OWN * could.sum(axis=0) / max(could.sum(), 1e-12)
    found = np.broadcast_to(
        (came.sum(axis=0) + lent) / np.maximum(could.sum(axis=0) + lent, 1e-12), came.shape
    )
    found = np.where(could.sum(axis=0) > 0, found, 1.0)
    for groups in (sites, families):
        _keys, place = np.unique(groups, return_inverse=True)
        there, foreseen = (np.zeros((len(_keys), 7, HALVES)) for _ in range(2))
        np.add.at(there, place, came)
        np.add.at(foreseen, place, could * found)
        found = found * ((there + GROUP) / (foreseen + GROUP))[place]
    both = (came.sum(axis=0) + lent) / np.maximum((could * found).sum(axis=0) + lent, 1e-12)
    return found * np.where(could.sum(axis=0) > 0, both, 1.0)


def _factor(counts: Reals, mean: Reals, flags: Flags) -> float:
    """Return what a kind of day is worth: believed half after `DAYS` such days."""
    those = flags.any(axis=0)
    days = int(those.sum())
    foreseen = float((mean * flags[:, :, None]).sum())
    if not days or foreseen <= 0:
        return 1.0
    lent = DAYS * foreseen / days
    return (float((counts * flags[:, :, None]).sum()) + lent) / (foreseen + lent)


def _drift(counts: Reals, mean: Reals, around: int) -> Reals:
    """Return how the days around each day stood to their mean: shape (days,).

    The level is today's; a kind of day is judged among the days of its time.
    """
    came, foreseen = (np.cumsum(np.r_[0.0, v.sum(axis=(0, 2))]) for v in (counts, mean))
    size = counts.shape[1]
    first = np.maximum(np.arange(size) - around, 0)
    last = np.minimum(np.arange(size) + around + 1, size)
    there = foreseen[last] - foreseen[first]
    found: Reals = np.where(there > 0, (came[last] - came[first]) / np.maximum(there, 1e-12), 1.0)
    return found


def _months(counts: Reals, mean: Reals, months: Reals, days: Sequence[date]) -> Reals:
    """Return the season: each month against the year, once each was seen twice."""
    place = np.array([day.month - 1 for day in days])
    came = np.bincount(place, counts.sum(axis=(0, 2)), minlength=12)
    foreseen = np.bincount(place, mean.sum(axis=(0, 2)), minlength=12)
    seen = np.bincount(place, minlength=12)
    lent = np.where(seen > 0, DAYS * foreseen / np.maximum(seen, 1), 1.0)
    found: Reals = months * (came + lent) / np.maximum(foreseen + lent, 1e-12)
    found /= found.mean()
    return found


def _blend(
    level: Reals,
    declared: Reals,
    opened: Reals,
    profile: Reals,
    days: Sequence[date],
    trust: float,
) -> Reals:
    """Return the level between what was declared and what was counted."""
    if declared.shape != level.shape:
        raise BadVolumes(f"declared: one figure for each of {len(level)} series")
    weeks = len(days) / 7
    share = min(weeks / trust, 1.0) if trust > 0 else 1.0
    if days:
        hours = (opened * _of_week(profile, days)).sum(axis=(1, 2)) / weeks
    else:
        hours = np.full(len(level), 40.0)
    said = np.where(hours > 0, declared / np.maximum(hours, 1e-12), 0.0)
    return share * level + (1.0 - share) * said


def dispersion(
    counts: Reals, mean: Reals, sites: Sequence[int] | NDArray[np.intp], weight: Reals, of: str
) -> float:
    """Return the over-dispersion of half-days about their forecast, by moments; 0 is Poisson's.

    What lies about a fitted mean is less than what will lie about a forecast: by (1 - p/n) for p
    figures fitted to n half-days, and (1 + p/n) for their own error.
    """
    if not counts.shape[1]:
        return 0.0
    seen, foreseen = grouped(counts, sites, of), grouped(mean, sites, of)
    told = foreseen > 0
    if not told.any():
        return 0.0
    w = np.broadcast_to(weight[None, :, None], foreseen.shape)[told]
    y, mu = seen[told], foreseen[told]
    size = float(weight.sum() ** 2 / (weight**2).sum()) * HALVES
    few = min(FITTED[of] / size, 0.5)
    squares = (y - mu) ** 2 * (1 + few) / (1 - few)
    return max(0.0, float((w * (squares - mu)).sum() / (w * mu**2).sum()))


# Measures of a forecast --------------------------------------------------------------------------


def slot_means(volumes: Volumes, start: date, opened: Reals, weeks: int) -> Reals:
    """Return the naive forecast: the mean of the same half-day of the week in the last weeks.

    One week is the seasonal naive. Closed half-days are left out of the mean.
    """
    known = volumes.until(start)
    found = np.zeros(opened.shape)
    for n in range(opened.shape[1]):
        day = start + timedelta(n)
        there = [(day - known.start).days - 7 * back for back in range(1, 60)]
        there = [at for at in there if 0 <= at < known.counts.shape[1]][:weeks]
        if there:
            usable = known.open[:, there] > 0
            total = (known.counts[:, there] * usable).sum(axis=1)
            found[:, n] = total / np.maximum(usable.sum(axis=1), 1)
    return np.where(opened > 0, found, 0.0)


def scale(counts: Reals, opened: Reals) -> Reals:
    """Return what MASE divides by: the mean absolute change from the same half-day a week before.

    Shape (series,). Source: Hyndman & Koehler 2006.
    """
    change = np.abs(counts[:, 7:] - counts[:, :-7])
    usable = (opened[:, 7:] > 0) & (opened[:, :-7] > 0)
    found: Reals = (change * usable).sum(axis=(1, 2)) / np.maximum(usable.sum(axis=(1, 2)), 1)
    return found


def deviance(counts: Reals, mean: Reals) -> float:
    """Return the mean Poisson deviance of counts from their forecast means."""
    mu = np.maximum(mean, 1e-9)
    ratio = np.where(counts > 0, counts / mu, 1.0)
    return float((2 * (counts * np.log(ratio) - (counts - mu))).mean())

"""Hours and people needed by formula: variance, posts that cannot be cut, absence, knowledge.

Every step can be followed with a pencil; `capacity.py` asks the same by simulation. Hours are
productive hours a week unless said otherwise. Sources: domain C.3 and C.5; the sets of sites that a
chain of people can serve are those of Jordan & Graves (1995).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import special

Reals = NDArray[np.float64]

WEEKS = 52
# A week's hours of one person at work, once breaks, waits and rituals are taken off (C.5, 2).
PRESENCE_HOURS = 28.0
# Sums of halves come out a hair above a whole: no post is hired for that.
HAIR = 1e-9
# Fewer weeks say nothing of how sites move together.
FEWEST_WEEKS = 8
USUAL_CORRELATION = 0.2
# Weeks of one regime stay within so many times the usual one, but for a share of them (holidays).
ONE_LEVEL, BUT_FOR = 3.0, 0.1
# A regime that holds less than this of all the work tells nothing of it.
TELLING = 0.5


@dataclass(frozen=True, slots=True)
class Year:
    """What a full-time year is made of; the defaults are France's mainland in 2027."""

    weekdays: int = 254  # not holidays
    leave: float = 25.0
    extra_leave: float = 0.0  # RTT
    absence: float = 0.058
    training: float = 3.0
    hours_a_day: float = 7.0
    rituals: float = 1.5  # hours in a week at work
    practical: float = 0.85  # of what is left


@dataclass(frozen=True, slots=True)
class PersonYear:
    """What one person can give in a year: each step, so that it can be followed."""

    days: float
    hours: float
    after_rituals: float
    productive: float
    a_week: float  # over 52 weeks


def person_year(year: Year) -> PersonYear:
    """Return the practical capacity of one assistant (C.3): never plan on 35 hours."""
    if not 0 <= year.absence < 1 or not 0 < year.practical <= 1:
        raise ValueError("absence: from 0 to below 1; practical: above 0, at most 1")
    off = year.leave + year.extra_leave
    days = (year.weekdays - off) * (1 - year.absence) - year.training
    hours = days * year.hours_a_day
    after = hours - year.rituals * days / 5
    if days <= 0 or after <= 0:
        raise ValueError("leave, training or rituals: nothing of the year is left")
    productive = after * year.practical
    return PersonYear(days, hours, after, productive, productive / WEEKS)


def working_days(year: int, holidays: Collection[date]) -> int:
    """Return the days from Monday to Friday of this year that are no holiday."""
    first = date(year, 1, 1)
    every = (first + timedelta(days) for days in range((date(year + 1, 1, 1) - first).days))
    return sum(1 for day in every if day.weekday() < 5 and day not in holidays)


@dataclass(frozen=True, slots=True)
class Load:
    """Hours of work a week of one site: their mean and their standard deviation over the weeks."""

    site: str
    mean: float
    sd: float

    def __post_init__(self) -> None:
        if self.mean < 0 or self.sd < 0:
            raise ValueError(f"{self.site}: hours and their spread are 0 or more")


@dataclass(frozen=True, slots=True)
class Correlation:
    """How much sites have their heavy weeks together: the mean over pairs, its 95 % interval."""

    mean: float
    low: float
    high: float
    weeks: int
    assumed: bool  # too few weeks: the usual figure, and the page must say so


def correlation(hours: Reals, assumed: float = USUAL_CORRELATION) -> Correlation:
    """Return the mean correlation of sites (rows) over weeks (columns), estimated from data.

    One figure for all pairs: with a year of weeks single pairs are noise. The interval is a
    jackknife over the weeks. Sites that never vary say nothing and are left out.
    """
    kept = hours[hours.std(1) > 0] if hours.size else hours
    weeks = hours.shape[1] if hours.ndim == 2 else 0
    if len(kept) < 2 or weeks < FEWEST_WEEKS:
        return Correlation(assumed, 0.0, 1.0, weeks, True)
    whole = _mean_correlation(kept)
    left = np.array([_mean_correlation(np.delete(kept, week, 1)) for week in range(weeks)])
    half = 1.96 * math.sqrt((weeks - 1) / weeks * float(((left - left.mean()) ** 2).sum()))
    return Correlation(
        _bounded(whole, len(kept)), _bounded(whole - half, len(kept)), min(whole + half, 1.0),
        weeks, False,
    )  # fmt: skip


def steady(hours: Reals) -> slice:
    """Return the weeks (columns) in which all sites (rows) worked as usual: one regime.

    A file that swells to its end, or that dies away, would be read as sites that have their peaks
    together. Weeks before the last site began are left out where enough follow. The stretch that
    holds most of the work is taken; empty when none of `FEWEST_WEEKS` holds half of it.
    """
    if hours.ndim != 2 or not hours.size:
        return slice(0, 0)
    first = int(max((np.flatnonzero(row)[0] for row in hours if row.any()), default=0))
    if hours.shape[1] - first < FEWEST_WEEKS:
        first = 0
    weeks = hours.sum(0)[first:]
    best, held = (0, 0), TELLING * float(weeks.sum()) - HAIR
    for begin in range(len(weeks) - FEWEST_WEEKS + 1):
        for end in range(len(weeks), begin + FEWEST_WEEKS - 1, -1):
            inside = float(weeks[begin:end].sum())
            if inside <= held:
                break
            if _one_level(weeks[begin:end]):
                best, held = (begin, end), inside
                break
    return slice(first + best[0], first + best[1])


def _one_level(weeks: Reals) -> bool:
    usual = float(np.median(weeks))
    away = (weeks < usual / ONE_LEVEL) | (weeks > usual * ONE_LEVEL)
    return usual > 0 and not (away[0] or away[-1]) and float(away.mean()) <= BUT_FOR


def _mean_correlation(hours: Reals) -> float:
    away = hours - hours.mean(1, keepdims=True)
    size = np.sqrt((away**2).sum(1))
    away = away[size > 0] / size[size > 0, None]
    count = len(away)
    total = float((away.sum(0) ** 2).sum())
    return (total - count) / (count * (count - 1)) if count > 1 else 0.0


def _bounded(mean: float, sites: int) -> float:
    """Return the correlation that so many sites can have all at once: not below -1 / (n - 1)."""
    return max(mean, -1 / (sites - 1))


def quantile(service: float) -> float:
    """Return z: how many standard deviations above the mean a week in so many stays below."""
    if not 0.5 <= service < 1:
        raise ValueError("service: a share of the weeks from 0.5 to below 1")
    return float(special.ndtri(service))


def apart(loads: Sequence[Load], z: float) -> float:
    """Return the hours needed when every site has its own: the sum of mean + z sd."""
    return sum(load.mean + z * load.sd for load in loads)


def together(loads: Sequence[Load], rho: float, z: float) -> float:
    """Return the hours needed when all sites share: the peaks of some fill the lulls of others."""
    if not loads:
        return 0.0
    least = -1 / (len(loads) - 1) if len(loads) > 1 else -1.0
    if not least - HAIR <= rho <= 1:
        raise ValueError(f"correlation: from {least:.2f} to 1 for {len(loads)} sites")
    spread = sum(load.sd for load in loads)
    square = sum(load.sd**2 for load in loads)
    variance = square + rho * (spread**2 - square)
    return sum(load.mean for load in loads) + z * math.sqrt(max(variance, 0.0))


def known_by(loads: Sequence[Load], rho: float, z: float, known: int) -> float:
    """Return the hours needed when each site is known by so many people, in a chain.

    Some serve sites 1 and 2, the next 2 and 3, and so on, round. Any run of neighbouring sites can
    only be served by who knows one of them: the run that binds most says how many hours there must
    be. 1 is `apart`, as many as there are sites `together`.
    """
    count = len(loads)
    if known < 1:
        raise ValueError("known: each site is known by 1 or more")
    if count == 0:
        return 0.0
    needs = [load.mean + z * load.sd for load in loads]
    whole = sum(needs)
    if not whole:
        return 0.0
    found = together(loads, rho, z)
    for length in range(1, count):
        for first in range(count):
            run = [(first + step) % count for step in range(length)]
            reach = {(site - back) % count for site in run for back in range(min(known, count))}
            share = sum(needs[site] for site in reach) / whole
            if share > 0:
                found = max(found, together([loads[site] for site in run], max(rho, 0), z) / share)
    return min(found, whole)


def posts(hours: float, productive: float = PRESENCE_HOURS, step: float = 0.5) -> float:
    """Return the posts to hire for so many hours: whole steps of a post, never a part of one."""
    if productive <= 0 or step <= 0:
        raise ValueError("productive hours and step of a post: more than 0")
    return math.ceil(hours / productive / step - HAIR) * step


def present(need: int, absence: float, share: float = 0.95) -> int:
    """Return how many people it takes for `need` to be there on this share of the days.

    Each is away `absence` of the days, by herself (binomial).
    """
    if need < 0 or not 0 <= absence < 1 or not 0 < share < 1:
        raise ValueError("need: 0 or more; absence: below 1; share: between 0 and 1")
    if need == 0:
        return 0
    people = need
    while there(people, need, absence) < share:
        people += 1
    return people


def there(people: int, need: int, absence: float) -> float:
    """Return the chance that at least `need` of so many people are there."""
    if need > people:
        return 0.0
    if need <= 0 or absence == 0:
        return 1.0
    return float(special.bdtr(people - need, people, absence))


class Way(StrEnum):
    """How sites are served."""

    APART = "apart"
    CHAIN_2 = "chain_2"
    CHAIN_3 = "chain_3"
    TOGETHER = "together"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the comparison takes as given; every default can be changed and is shown."""

    service: float = 0.90  # share of weeks whose work is done in the week
    presence_hours: float = PRESENCE_HOURS
    step: float = 0.5
    absence: float = 0.15
    covered: float = 0.95  # share of days on which those needed are there
    first_hours: float = 16.0  # to get to know a site, once
    upkeep_hours: float = 2.0  # to stay in the know, a month and site
    years: float = 3.0  # over which the first hours are spread
    year: Year = field(default_factory=Year)


@dataclass(frozen=True, slots=True)
class Staffing:
    """People for one way of serving, and each step on the road to them."""

    way: Way
    hours: float  # a week, for the work
    posts: float
    people: int  # so that those needed are there
    pairs: int  # a person and a site that she must know beyond her own
    knowledge_hours: float  # a year, for these pairs


class Loss(StrEnum):
    """Why sharing costs more than it brings."""

    ONE_SITE = "one_site"
    SAME_PEAKS = "same_peaks"
    KNOWLEDGE = "knowledge"
    NOTHING_TO_ROUND = "nothing_to_round"


@dataclass(frozen=True, slots=True)
class Gain:
    """What one way brings beside teams apart, in hours a year; the parts add up to `net`."""

    way: Way
    variance: float
    rounding: float
    absence: float
    knowledge: float  # 0 or less
    net: float
    loses: bool
    why: tuple[Loss, ...]
    upkeep_limit: float | None  # hours a month and pair above which nothing is left


def staffings(loads: Sequence[Load], rho: float, terms: Terms) -> tuple[Staffing, ...]:
    """Return the four ways side by side, for the same service: apart, in chains of 2 and 3, all."""
    z = quantile(terms.service)
    return tuple(_staffing(way, loads, rho, z, terms) for way in Way)


def _staffing(way: Way, loads: Sequence[Load], rho: float, z: float, terms: Terms) -> Staffing:
    each = [load.mean + z * load.sd for load in loads]
    alone_posts = [posts(hours, terms.presence_hours, terms.step) for hours in each]
    alone = sum(present(math.ceil(post), terms.absence, terms.covered) for post in alone_posts)
    if way is Way.APART:
        return Staffing(way, sum(each), sum(alone_posts), alone, 0, 0.0)
    known = {Way.CHAIN_2: 2, Way.CHAIN_3: 3, Way.TOGETHER: len(loads)}[way]
    hours = known_by(loads, rho, z, known)
    # Halves of a post joined are no more than halves apart; a pool may always work as teams do.
    hired = min(posts(hours, terms.presence_hours, terms.step), sum(alone_posts))
    people = min(present(math.ceil(hired), terms.absence, terms.covered), alone)
    pairs = pairs_beyond(len(loads), people, known)
    yearly = terms.first_hours / terms.years + 12 * terms.upkeep_hours
    return Staffing(way, hours, hired, people, pairs, pairs * yearly)


def pairs_beyond(sites: int, people: int, known: int) -> int:
    """Return the pairs to keep up beyond one site a person.

    A chain needs `known` people at each site, everybody everywhere people x sites; either way the
    one site that each person knows, and the one person that each site has, cost nothing more.
    """
    kept = people * sites if known >= sites else sites * known
    return max(kept - max(people, sites), 0)


def gain(base: Staffing, other: Staffing, rho: float, terms: Terms, sites: int) -> Gain:
    """Return what `other` brings beside `base`, where it comes from, and when it loses."""
    presence = terms.presence_hours
    weeks = person_year(terms.year).days / 5
    variance = (base.hours - other.hours) * weeks
    by_posts = (base.posts - other.posts) * presence * weeks
    # A person hired so that others may be away costs a person; her hours are not all lost, but
    # nobody can sell them in advance.
    by_people = (base.people - other.people) * presence * weeks
    rounding, absence = by_posts - variance, by_people - by_posts
    knowledge = base.knowledge_hours - other.knowledge_hours
    net = by_people + knowledge
    loses = net <= 0
    first = other.pairs * terms.first_hours / terms.years
    limit = (by_people - first) / (12 * other.pairs) if other.pairs else None
    why = _why(by_people, variance, knowledge, rho, sites) if loses else ()
    return Gain(other.way, variance, rounding, absence, knowledge, net, loses, why, limit)


def _why(
    people: float, variance: float, knowledge: float, rho: float, sites: int
) -> tuple[Loss, ...]:
    found = []
    if sites < 2:
        found.append(Loss.ONE_SITE)
    if sites > 1 and rho >= 0.8:
        found.append(Loss.SAME_PEAKS)
    if people > 0 and knowledge < 0:
        found.append(Loss.KNOWLEDGE)
    if people <= 0 and sites > 1:
        found.append(Loss.NOTHING_TO_ROUND)
    return tuple(found)

"""A few weeks of requests and people, drawn from what a study knows: the world that is simulated.

Chance is given: `chance(key)` is a generator that depends on the key alone. Requests depend on the
seed, each person on the seed and her number: a pool of seven is one of six and one more, and every
way of serving meets the same weeks (common random numbers). Time is in open minutes (`Sim`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from relais.engine.matching import Flags, Reals
from relais.engine.simulation import AT_HOME, Day, Whole, World

OPEN_DAYS = 5
LUNCH = 60.0
# What a person already knows: her own site wholly, those that she backs up well.
BACKUP = 14.0


class Dice(Protocol):
    """Chance, given by who asks: a generator of numpy."""

    def gamma(self, shape: float, scale: float, size: Any) -> Any:
        """Return gamma draws."""

    def poisson(self, lam: Any) -> Any:
        """Return counts of these means."""

    def uniform(self, low: float, high: float, size: Any) -> Any:
        """Return draws from low to high."""

    def standard_normal(self, size: Any) -> Any:
        """Return normal draws."""

    def choice(self, a: Any, size: Any, *, p: Any) -> Any:
        """Return so many of these, with these chances."""


Chance = Callable[[tuple[int, ...]], Dice]


@dataclass(frozen=True)
class Demand:
    """What is asked: requests a week by site and family, how long they take, by when."""

    weekly: Reals  # (sites, families)
    minutes: Reals  # mean work of a request of each family
    spread: Reals  # coefficient of variation of it
    targets: tuple[float, ...] = (120.0, 600.0, 1800.0)  # open minutes, the most urgent first
    shares: tuple[float, ...] = (0.18, 0.52, 0.30)
    weights: tuple[float, ...] = (4.0, 2.0, 1.0)
    weekdays: tuple[float, ...] = (1.2, 1.05, 1.0, 1.0, 0.75)
    hours: tuple[float, ...] = (0.6, 1.35, 1.5, 1.2, 0.6, 0.75, 1.3, 1.25, 0.95, 0.5)
    dispersion: float = 0.25  # of a site's day around its mean, beside Poisson's
    common: float = 0.0  # the same of a week, for all sites at once: their shared peaks
    weeks: int = 5
    warm_up: int = 1
    week_factors: tuple[float, ...] = ()  # months' ends, seasons: one a week, else 1

    @property
    def day(self) -> int:
        """Return the open minutes of a day."""
        return 60 * len(self.hours)

    @property
    def sites(self) -> int:
        """Return how many sites ask."""
        return len(self.weekly)

    @property
    def site_hours(self) -> Reals:
        """Return the hours of work a week of each site."""
        found: Reals = self.weekly @ self.minutes / 60
        return found


@dataclass(frozen=True, slots=True)
class Team:
    """Who serves: their day, how often they are away, what skill and knowledge change."""

    shift: float = 420.0  # minutes of work a day, rituals taken off
    absence: float = 0.08
    unannounced: float = 0.4  # of absences
    levels: tuple[float, ...] = (0.35, 0.40, 0.25)
    factors: tuple[float, ...] = (1.25, 1.0, 0.85)
    strangers_need: float = 0.2


@dataclass
class Asked:
    """The requests of one seed, by arrival."""

    seed: int
    arrival: Reals
    site: Whole
    family: Whole
    true: Reals
    estimate: Reals
    kind: Whole


def asked(demand: Demand, chance: Chance, seed: int) -> Asked:
    """Return what is asked in these weeks, for this seed."""
    dice = chance((seed, 1))
    arrivals, sites = [], []
    a_week = demand.weekly.sum(1)
    weekdays = np.array(demand.weekdays) / sum(demand.weekdays)
    hours = np.array(demand.hours) / sum(demand.hours)
    for week in range(demand.weeks):
        factor = _around_one(dice, demand.common, 1)[0]
        if week < len(demand.week_factors):
            factor *= demand.week_factors[week]
        for weekday in range(OPEN_DAYS):
            shaken = _around_one(dice, demand.dispersion, demand.sites)
            counts = dice.poisson(a_week * weekdays[weekday] * factor * shaken)
            begin = (week * OPEN_DAYS + weekday) * demand.day
            for here, count in enumerate(counts):
                hour = dice.choice(len(hours), count, p=hours)
                arrivals.append(begin + 60.0 * hour + dice.uniform(0, 60, count))
                sites.append(np.full(count, here))
    arrival, site = np.concatenate(arrivals), np.concatenate(sites)
    order = np.argsort(arrival, kind="stable")
    arrival, site = arrival[order], site[order]
    family = _families(demand, dice, site)
    sigma = np.sqrt(np.log1p(demand.spread[family] ** 2))
    true = demand.minutes[family] * np.exp(sigma * dice.standard_normal(len(site)) - sigma**2 / 2)
    true = np.clip(true, 1.0, 0.8 * demand.day)
    kind = dice.choice(len(demand.targets), len(site), p=np.array(demand.shares))
    estimate = np.sqrt(true * demand.minutes[family])
    return Asked(seed, arrival, site, family, true, estimate, kind)


def _around_one(dice: Dice, spread: float, count: int) -> Reals:
    if spread <= 0:
        return np.ones(count)
    found: Reals = dice.gamma(1 / spread**2, spread**2, count)
    return found


def _families(demand: Demand, dice: Dice, site: Whole) -> Whole:
    found = np.zeros(len(site), dtype=int)
    for each in range(demand.sites):
        here = np.flatnonzero(site == each)
        if len(here):
            part = demand.weekly[each] / demand.weekly[each].sum()
            found[here] = dice.choice(len(part), len(here), p=part)
    return found


def homes(hours: Reals, people: int) -> list[int]:
    """Return whose own site is which: one after another, where the load per head is highest."""
    held = np.zeros(len(hours))
    found = []
    for _ in range(people):
        site = int(np.argmax(hours / (held + 1)))
        held[site] += 1
        found.append(site)
    return found


def pool(
    told: Asked, demand: Demand, team: Team, people: int, chance: Chance, known: int | None = None
) -> World:
    """Return the world of a pool: each site known by `known` neighbours in a chain, None by all.

    Where people are fewer than sites, some know more than `known` of them: no site is nobody's.
    """
    sites = demand.sites
    home = homes(demand.site_hours, people)
    knows = np.zeros((people, sites), bool)
    experience = np.zeros((people, sites))
    for person, own in enumerate(home):
        reach = sites if known is None else min(known, sites)
        knows[person, [(own + step) % sites for step in range(reach)]] = True
    _nobodys(knows, demand.site_hours, min(people, sites if known is None else known))
    for person, own in enumerate(home):
        reach = sites if known is None else min(known, sites)
        backups = [(own + step) % sites for step in range(1, min(3, sites)) if step < reach]
        experience[person, backups] = BACKUP
        experience[person, own] = AT_HOME
    return _world(told, demand, team, people, chance, knows[:, told.site], experience, told.site)


def _nobodys(knows: Flags, hours: Reals, enough: int) -> None:
    """Have each site known by enough people: those who know the least work so far learn it."""
    for site in range(knows.shape[1]):
        while knows[:, site].sum() < enough:
            carried = np.where(knows[:, site], np.inf, knows @ hours)
            knows[int(np.argmin(carried)), site] = True


def alone(told: Asked, demand: Demand, team: Team, site: int, people: int, chance: Chance) -> World:
    """Return the world of one site with a team of its own, who know it and nothing else."""
    here = told.site == site
    mine = Asked(
        told.seed, told.arrival[here], told.site[here], told.family[here], told.true[here],
        told.estimate[here], told.kind[here],
    )  # fmt: skip
    able = np.ones((people, len(mine.arrival)), bool)
    zero = np.zeros(len(mine.arrival), dtype=int)
    # The teams of two sites are not the same persons: their numbers lie apart.
    return _world(
        mine, demand, team, people, chance, able, np.full((people, 1), AT_HOME), zero,
        first=1000 * (site + 1),
    )  # fmt: skip


def _world(
    told: Asked,
    demand: Demand,
    team: Team,
    people: int,
    chance: Chance,
    able: Flags,
    known: Reals,
    site: Whole,
    first: int = 0,
) -> World:
    days = demand.weeks * OPEN_DAYS
    made = [_person(demand, team, told.seed, first + n, days, chance) for n in range(people)]
    level = np.array([person[0] for person in made])
    targets, weights = np.array(demand.targets), np.array(demand.weights)
    return World(
        told.arrival, site, told.family, told.true, told.estimate,
        told.arrival + targets[told.kind], told.kind, weights[told.kind],
        able=able,
        factor=np.array(team.factors)[level][:, told.family],
        known=known,
        spans=[person[1] for person in made],
        planned=[person[2] for person in made],
        sites=known.shape[1],
        counted=told.arrival >= demand.warm_up * OPEN_DAYS * demand.day,
        day=demand.day,
        days=days,
        strangers_need=team.strangers_need,
        daily=people * team.shift * (1 - team.absence),
    )  # fmt: skip


def _person(
    demand: Demand, team: Team, seed: int, number: int, days: int, chance: Chance
) -> tuple[Whole, Day, Day]:
    """Return her levels by family, her real days and those that the dispatcher expects."""
    dice = chance((seed, 2, number))
    levels = dice.choice(len(team.levels), demand.weekly.shape[1], p=np.array(team.levels))
    fate = dice.uniform(0, 1, days)
    room = max(demand.day - team.shift - LUNCH, 0)
    begin = room * (number % 5) / 4
    noon = begin + team.shift / 2 + 30 * (number % 3 - 1)
    halves = np.array([[begin, noon], [noon + LUNCH, min(begin + team.shift + LUNCH, demand.day)]])
    whole = np.arange(days)[:, None, None] * demand.day + halves[None]
    here = fate >= team.absence
    believed = here | (fate < team.unannounced * team.absence)
    return levels, _day(whole[here]), _day(whole[believed])


def _day(spans: Reals) -> Day:
    flat = spans.reshape(-1, 2)
    return Day(flat[:, 0].copy(), flat[:, 1].copy())

"""The reference scenario of dispatch: twelve sites, five weeks, the same chance for every policy.

Time is counted in open minutes: a day is 600 of them, a week 3,000. Requests depend on the seed
alone and each person on the seed and her number, so that a pool of 24 is one of 27 less three, and
every policy meets the same weeks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relais.engine.simulation import Day, World

SITES, DAY, DAYS, WARM_UP = 12, 600, 25, 5
WEEKDAYS = np.array([1.2, 1.05, 1.0, 1.0, 0.75])
HOURS = np.array([0.6, 1.35, 1.5, 1.2, 0.6, 0.75, 1.3, 1.25, 0.95, 0.5])
SHARES = np.array([24, 18, 14, 8, 14, 5, 13, 4]) / 100
MEANS = np.array([18.0, 25, 35, 45, 30, 60, 20, 75])
SPREAD = np.array([0.7, 0.8, 0.9, 0.8, 0.9, 1.0, 0.7, 1.0])
TARGETS, TARGET_SHARES = np.array([120.0, 600, 1800]), np.array([0.18, 0.52, 0.30])
WEIGHTS = np.array([4.0, 2, 1])
SKILL = np.array([1.25, 1.0, 0.85])
FTE = 24 * 7 * 60.0
UNFAMILIAR = 0.2


@dataclass(frozen=True)
class Setting:
    """What a stress test changes."""

    people: int = 24
    fte: float = 24.0
    dispersion: float = 0.25
    absence: float = 0.08
    blind: bool = False  # estimates know only the mean of the service
    skew: float = 0.8  # site sizes go as 1 / rank to this power
    sites: int = SITES
    doubling: bool = False  # the largest site doubles overnight after the second week
    shift: float = 420.0  # minutes of work a day
    true: bool = False  # the dispatcher knows the true efforts


def world(seed: int, setting: Setting) -> World:
    """Return the world of this seed: CPU spent here is spent once for all policies."""
    dice = np.random.default_rng((seed, 1))
    size = 1 / np.arange(1, setting.sites + 1) ** setting.skew
    size /= size.sum()
    a_day = setting.fte * 420.0 / (SHARES @ MEANS)
    arrivals, sites = [], []
    for day in range(DAYS):
        shape = 1 / setting.dispersion**2
        day_factor = dice.gamma(shape, 1 / shape, setting.sites)
        mean = a_day * WEEKDAYS[day % 5] * size * day_factor
        if setting.doubling and day >= 10:
            mean[0] *= 2
        counts = dice.poisson(mean)
        for site, count in enumerate(counts):
            hour = dice.choice(10, count, p=HOURS / HOURS.sum())
            arrivals.append(day * DAY + hour * 60 + dice.uniform(0, 60, count))
            sites.append(np.full(count, site))
    arrival, site = np.concatenate(arrivals), np.concatenate(sites)
    order = np.argsort(arrival)
    arrival, site = arrival[order], site[order]
    count = len(arrival)
    service = dice.choice(8, count, p=SHARES)
    sigma = np.sqrt(np.log1p(SPREAD[service] ** 2))
    true = MEANS[service] * np.exp(sigma * dice.standard_normal(count) - sigma**2 / 2)
    true = np.clip(true, 2, 480)
    kind = dice.choice(3, count, p=TARGET_SHARES)
    language = dice.choice(3, count, p=[0.75, 0.15, 0.10])
    secrecy = dice.choice(3, count, p=[0.70, 0.22, 0.08])
    if setting.true:
        estimate = true
    elif setting.blind:
        estimate = MEANS[service]
    else:
        estimate = np.sqrt(true * MEANS[service])
    people = [_person(seed, number, setting) for number in range(setting.people)]
    level = np.array([person.level for person in people])
    return World(
        arrival, site, service, true, estimate, arrival + TARGETS[kind], kind, WEIGHTS[kind],
        able=np.array([p.tongues for p in people])[:, language]
        & (np.array([p.clearance for p in people])[:, None] >= secrecy[None, :]),
        factor=SKILL[level - 1][:, service],
        known=np.array([p.known for p in people]),
        spans=[p.real for p in people],
        planned=[p.planned for p in people],
        sites=setting.sites,
        counted=arrival >= WARM_UP * DAY,
        day=DAY,
        days=DAYS,
        strangers_need=UNFAMILIAR,
    )  # fmt: skip


@dataclass
class _Person:
    level: np.ndarray
    tongues: np.ndarray
    clearance: int
    known: np.ndarray
    real: Day
    planned: Day


def _person(seed: int, number: int, setting: Setting) -> _Person:
    dice = np.random.default_rng((seed, 2, number))
    known = np.zeros(setting.sites)
    # A lead's site, and two more that she backs up.
    home = [(number + step) % setting.sites for step in (0, 1, 5)]
    known[home] = 20.0, 14.0, 14.0
    begin = (0, 30, 60, 90, 120)[number % 5]
    lunch = begin + 210 + 30 * (number % 3)
    real, planned = [], []
    for day in range(DAYS):
        fate = dice.uniform()
        end = begin + setting.shift + 60
        halves = [
            (day * DAY + begin, day * DAY + lunch),
            (day * DAY + lunch + 60, day * DAY + min(end, DAY)),
        ]
        if fate >= setting.absence:
            real += halves
        if fate >= setting.absence or fate < 0.4 * setting.absence:
            planned += halves  # two in five absences are not announced
    tongues = np.array([True, number % 5 in (0, 2), number % 7 in (1, 3, 5)])
    return _Person(
        level=dice.choice([1, 2, 3], 8, p=[0.35, 0.4, 0.25]),
        tongues=tongues,
        clearance=int((2, 1, 0, 2, 1, 1)[number % 6]),
        known=known,
        real=_day(real),
        planned=_day(planned),
    )


def _day(spans: list[tuple[float, float]]) -> Day:
    return Day(
        np.array([start for start, _ in spans], float), np.array([end for _, end in spans], float)
    )

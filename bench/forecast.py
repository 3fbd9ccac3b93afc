"""Forecasts against naive ones, half-day by half-day, from origins that roll week by week.

    python bench/forecast.py [REPLICATIONS] [--logs FOLDER]

First the reference scenario, where the true mean is known: 12 sites (sizes as 1/rank^0.8), eight
families, 40 weeks, over-dispersed days. Then the log of a service desk, up to May 2016 (what comes
after is an artefact of its cut-off), without its robot days; the other log was selected by closing
month and is fit for no forecast. Prints MASE by series, site and total, WAPE to the true mean,
Poisson deviance, and how often an 80 % interval held; then the time of a year of 30 sites by 12
families. Ends with 1 when ours is worse than the 16-week slot mean in total, or a bar is missed.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from relais.engine import forecast
from relais.engine.forecast import Reals, Volumes

LOGS = Path(__file__).resolve().parents[2] / "shared" / "data" / "logs"
SITES, WEEKS, FIRST, AHEAD = 12, 40, 26, 7
SHARES = np.array([24, 18, 14, 8, 14, 5, 13, 4]) / 100
OF_DAY = np.array([1.2, 1.05, 1.0, 1.0, 0.75, 0.0, 0.0])
OF_HOUR = np.array([0.6, 1.35, 1.5, 1.2, 0.6, 0.75, 1.3, 1.25, 0.95, 0.5])
OF_HALF = np.array([OF_HOUR[:5].sum(), OF_HOUR[5:].sum()]) / OF_HOUR.mean()
A_DAY = 6700 / 25
CV = 0.25
FORECASTS: dict[str, Callable[[Volumes, date, Reals], Reals]] = {
    "seasonal naive": lambda v, day, hours: forecast.slot_means(v, day, hours, 1),
    "slot mean, 8 weeks": lambda v, day, hours: forecast.slot_means(v, day, hours, 8),
    "slot mean, 16 weeks": lambda v, day, hours: forecast.slot_means(v, day, hours, 16),
}


def scenario(seed: int, sites: int = SITES, weeks: int = WEEKS) -> tuple[Volumes, Reals]:
    """Return counts of the reference scenario, and their true means."""
    draw = np.random.default_rng(seed)
    sizes = 1 / np.arange(1, sites + 1) ** 0.8
    rate = A_DAY * np.outer(sizes / sizes.sum(), SHARES).reshape(-1)
    days = weeks * 7
    week = np.tile(OF_DAY, weeks)
    mean = rate[:, None, None] * week[None, :, None] * (OF_HALF / OF_HALF.sum())[None, None, :]
    luck = draw.gamma(1 / CV**2, CV**2, (sites, days))
    counts = draw.poisson(mean * np.repeat(luck, len(SHARES), axis=0)[:, :, None])
    hours = np.where(mean > 0, 5.0, 0.0)
    place = np.arange(len(rate))
    volumes = Volumes(
        date(2026, 1, 5), counts.astype(float), hours,
        (place // len(SHARES)).tolist(), (place % len(SHARES)).tolist(),
    )  # fmt: skip
    return volumes, mean


def of_log(path: Path, most_sites: int = 12, most_families: int = 8) -> Volumes:
    """Return the log's half-days by its largest sites and families; the rest is "other"."""
    rows: list[tuple[str, str, datetime]] = []
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            rows.append((row["site"], row["category"], datetime.fromisoformat(row["opened_at"])))
    start, end = date(2016, 2, 29), date(2016, 5, 30)
    rows = [row for row in rows if start <= row[2].date() < end]

    def largest(n: int, most: int) -> dict[str, int]:
        names, sizes = np.unique([row[n] for row in rows], return_counts=True)
        kept = names[np.argsort(-sizes)][:most]
        return {name: place for place, name in enumerate(kept)}

    sites, families = largest(0, most_sites), largest(1, most_families)
    wide, days = len(families) + 1, (end - start).days
    counts = np.zeros(((len(sites) + 1) * wide, days, 2))
    for site, family, at in rows:
        series = sites.get(site, len(sites)) * wide + families.get(family, len(families))
        counts[series, (at.date() - start).days, int(at.hour >= 12)] += 1
    # Open: nearly nobody comes on weekends and holidays.
    a_day = counts.sum(axis=(0, 2))
    usual = a_day > 0.3 * np.median(a_day)
    hours = np.where(usual[None, :, None], 5.0, 0.0) * np.ones_like(counts)
    place = np.arange(len(counts))
    return Volumes(start, counts, hours, (place // wide).tolist(), (place % wide).tolist())


class Score:
    """What the rolling origins add up to, of one forecast."""

    def __init__(self) -> None:
        self.error: dict[str, list[float]] = {"series": [], "site": [], "total": []}
        self.deviance: list[float] = []
        self.off, self.true = 0.0, 0.0
        self.held: dict[str, list[float]] = {"series": [], "site": [], "total": []}

    def line(self, name: str, known_mean: bool) -> str:
        """Return the score as a line of the table."""
        mase = [f"{np.mean(self.error[of]):7.3f}" for of in self.error]
        wape = f"{self.off / self.true:7.3f}" if known_mean else "      –"
        held = [f"{np.mean(h):6.1%}" if h else "     –" for h in self.held.values()]
        return f"{name:22}{''.join(mase)}{wape}{np.mean(self.deviance):9.3f}   {' '.join(held)}"


def rolled(volumes: Volumes, mean: Reals | None, first: int, scores: dict[str, Score]) -> None:
    """Forecast each week from `first` on, knowing what was before it, and add to the scores."""
    total = volumes.counts.shape[1]
    for origin in range(first * 7, total - AHEAD + 1, 7):
        day = volumes.start + timedelta(origin)
        known = volumes.until(day)
        those = slice(origin, origin + AHEAD)
        hours, seen = volumes.open[:, those], volumes.counts[:, those]
        opened = hours > 0
        model = forecast.learn(known)
        ours = model.expect(day, hours, before=known.open[:, -7:])
        means = {name: by(known, day, hours) for name, by in FORECASTS.items()}
        means["ours"] = ours.mean
        if mean is not None:
            means["the true mean"] = mean[:, those]
        for name, told in means.items():
            score = scores.setdefault(name, Score())
            for of in score.error:
                was, will = (forecast.grouped(v, volumes.sites, of) for v in (seen, told))
                before, open_then = (
                    forecast.grouped(v, volumes.sites, of) for v in (known.counts, known.open)
                )
                by = forecast.scale(before, open_then)
                there = forecast.grouped(hours, volumes.sites, of) > 0
                off = (np.abs(was - will) * there).sum(axis=(1, 2)) / there.sum(axis=(1, 2))
                usable = by > 0
                score.error[of].append(float((off[usable] / by[usable]).mean()))
            score.deviance.append(forecast.deviance(seen[opened], told[opened]))
            if mean is not None:
                score.off += float(np.abs(told - mean[:, those]).sum())
                score.true += float(mean[:, those].sum())
        for of, held in scores["ours"].held.items():
            low, high = ours.interval(0.8, of)
            was = forecast.grouped(seen, volumes.sites, of)
            there = forecast.grouped(hours, volumes.sites, of) > 0
            held.append(float(((low <= was) & (was <= high))[there].mean()))


def table(title: str, scores: dict[str, Score], known_mean: bool) -> None:
    """Print the scores."""
    print(f"\n{title}")
    print(
        f"{'':22}{'MASE series   site  total':21}   WAPE  deviance   80 % held: series, site, total"
    )
    for name, score in scores.items():
        print(score.line(name, known_mean))


def main() -> int:
    words = argparse.ArgumentParser()
    words.add_argument("replications", nargs="?", type=int, default=20)
    words.add_argument("--logs", type=Path, default=LOGS)
    asked = words.parse_args()
    faults = []

    made: dict[str, Score] = {}
    for seed in range(2001, 2001 + asked.replications):
        volumes, mean = scenario(seed)
        rolled(volumes, mean, FIRST, made)
    table(f"Reference scenario, {asked.replications} replications", made, known_mean=True)
    wape = made["ours"].off / made["ours"].true
    if wape > 0.10:
        faults.append(f"WAPE to the mean {wape:.3f} > 0.10")
    worlds = [("scenario", made)]

    log = asked.logs / "uci_servicenow_requests.csv.gz"
    if log.exists():
        lived: dict[str, Score] = {}
        rolled(of_log(log), None, 6, lived)
        table("Service desk log, March to May 2016, from its seventh week on", lived, False)
        worlds.append(("log", lived))
    else:
        print(f"\nThe log is not here: {log}")
    for name, scores in worlds:
        ours, naive = (np.mean(scores[k].error["total"]) for k in ("ours", "slot mean, 16 weeks"))
        if ours > naive:
            faults.append(f"{name}: total MASE {ours:.3f} > {naive:.3f} of the 16-week slot mean")
        held = np.mean(scores["ours"].held["total"])
        if not 0.75 <= held <= 0.85:
            faults.append(f"{name}: 80 % intervals of the total held {held:.1%}")

    volumes, _mean = scenario(1, sites=45, weeks=52)
    begun = time.process_time()
    model = forecast.learn(volumes)
    model.expect(volumes.start + timedelta(364), volumes.open[:, :364])
    spent = time.process_time() - begun
    print(f"\nA year of 360 series (30 sites x 12 families): {spent:.2f} s of processor (bar 5)")
    print("\n".join(faults) or "all bars are met")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

"""A study derived from each past log: loads by site, each site its own against shared, interval.

    python bench/study_sizing.py [LOGS] [--log NAME] [--sites N] [--seeds N] [--out FOLDER]

For each log: volumes by site (equal to a count of the file's own rows), how far sites move together
(95 % interval), hours and posts by formula, people by simulation on the same weeks (earliest due
date, ± half a 95 % interval), the difference, and run time; the capacity curve is drawn into --out.
Efforts are those that touches tell of (`engine/past.py`); the sites are the busiest ones, targets
those of a study that says nothing else; the weeks are those of one regime (`formula.steady`): a
file that swells or dies away is no year of a desk.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.replay_logs import FILES, LOGS, _rows, read
from relais.engine import capacity_formula as formula
from relais.engine import past
from relais.engine.capacity_scene import Team
from relais.engine.capacity_study import Basis, Scene, demand
from relais.engine.policies import USUAL

WEEK = 7 * 1440.0
FAMILIES = 6
TERMS = formula.Terms()
NAMES = {
    "apart": "each site its own", "chain_2": "two know each site",
    "chain_3": "three know each site", "together": "all know all sites",
}  # fmt: skip


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("folder", nargs="?", type=Path, default=LOGS)
    ask.add_argument("--log", choices=FILES)
    ask.add_argument("--sites", type=int, default=6)
    ask.add_argument("--seeds", type=int, default=10)
    ask.add_argument("--out", type=Path)
    told = ask.parse_args()
    if not told.folder.is_dir():
        print(f"no folder {told.folder}")
        return 0
    kept = [
        study(told.folder, name, told.sites, told.seeds, told.out)
        for name in ([told.log] if told.log else FILES)
    ]
    return 0 if all(kept) else 1


def study(folder: Path, name: str, most: int, seeds: int, out: Path | None) -> bool:
    """Print what a study says of a log; return whether its volumes are those of the file."""
    begun = time.process_time()
    counted = Counter(row["site"].casefold() for row in _rows(folder / f"{name}_requests.csv.gz"))
    read_as = past.read(read(folder, name))
    start, volumes, weeks = basis(read_as, most)
    exact = volumes == [count for _site, count in counted.most_common(len(volumes))]
    rho = start.correlation
    print(
        f"\n{name}: {len(read_as.lived)} requests, the {len(start.sites)} busiest of "
        f"{len(counted)} sites: {volumes} requests, {'as' if exact else 'NOT as'} counted by hand; "
        f"hours a week {[round(load.mean, 1) for load in start.loads]} of {len(weeks)} weeks; "
        + (
            f"no {formula.FEWEST_WEEKS} weeks of one regime hold half of the work: correlation "
            f"assumed {rho.mean:.2f}, weeks stray as chance does"
            if rho.assumed
            else f"they move together by {rho.mean:.2f} ({rho.low:.2f} to {rho.high:.2f})"
        ),
        flush=True,
    )
    table(start)
    lived(start, seeds, name, out)
    print(f"{time.process_time() - begun:.0f} s of processor")
    return exact


def basis(read_as: past.Past, most: int) -> tuple[Basis, list[int], np.ndarray]:
    """Return what a sizing starts from, the requests of each site, the busiest first, the weeks."""
    site = np.array([each.site for each in read_as.lived])
    kind = np.array([each.kind for each in read_as.lived])
    week = (np.array([each.arrival for each in read_as.lived]) // WEEK).astype(int)
    sites = [int(key) for key, _n in Counter(site.tolist()).most_common(most)]
    usual = [int(key) for key, _n in Counter(kind.tolist()).most_common(FAMILIES - 1)]
    family = np.array([usual.index(k) if k in usual else FAMILIES - 1 for k in kind.tolist()])
    hours = np.array(
        [
            np.bincount(week[site == s], read_as.effort[site == s] / 60, week.max() + 1)
            for s in sites
        ]
    )
    kept = formula.steady(hours)
    rho = formula.correlation(hours[:, kept])
    if rho.assumed:  # no regime to be seen: the fullest weeks, and chance for how far they stray
        weeks = np.flatnonzero(hours.sum(0) >= hours.sum(0).max() / formula.ONE_LEVEL)
    else:
        weeks = np.arange(kept.start, kept.stop)
    inside = np.isin(week, weeks)
    minutes, spread = [], []
    for f in range(FAMILIES):
        efforts = read_as.effort[(family == f) & inside]
        minutes.append(float(efforts.mean()) if len(efforts) else 1.0)
        spread.append(float(efforts.std() / efforts.mean()) if len(efforts) else 0.0)
    weekly, loads = [], []
    for s, row in zip(sites, hours[:, weeks], strict=True):
        here = inside & (site == s)
        work = np.bincount(family[here], read_as.effort[here], FAMILIES)
        weekly.append(tuple(float(w) / m / len(weeks) for w, m in zip(work, minutes, strict=True)))
        by_chance = float((read_as.effort[here] ** 2).sum() / len(weeks)) ** 0.5 / 60
        sd = by_chance if rho.assumed else float(row.std(ddof=1))
        loads.append(formula.Load(str(s), float(row.mean()), sd))
    start = Basis(
        tuple(map(str, sites)), tuple(map(str, range(FAMILIES))), tuple(weekly), tuple(minutes),
        tuple(spread), tuple(loads), rho,
    )  # fmt: skip
    return start, [int((site == s).sum()) for s in sites], weeks


def table(start: Basis) -> None:
    rho = start.correlation.mean
    staffed = formula.staffings(start.loads, rho, TERMS)
    print(f"{'by formula':<24}{'hours':>8}{'gain':>8}{'posts':>7}{'people':>8}{'net h a year':>14}")
    for each in staffed:
        gain = formula.gain(staffed[0], each, rho, TERMS, len(start.sites))
        print(
            f"{NAMES[each.way]:<24}{each.hours:>8.0f}{1 - each.hours / staffed[0].hours:>8.1%}"
            f"{each.posts:>7.1f}{each.people:>8}"
            + (f"{gain.net:>14.0f}" if each is not staffed[0] else "")
            + ("  LOSES: " + ", ".join(gain.why) if each is not staffed[0] and gain.loses else "")
        )


def lived(start: Basis, seeds: int, name: str, out: Path | None) -> None:
    scene = Scene(
        demand(start), Team(shift=336.0, absence=TERMS.absence), TERMS.service,
        lambda key: np.random.default_rng(key), policy=USUAL["earliest due date"],
    )  # fmt: skip
    for last in scene.rounds(range(5001, 5001 + seeds), (seeds,)):
        print(f"{'by simulation':<24}{'heads':>16}{'people':>8}{'fewer than apart':>20}")
        for each in last.ways:
            heads, beside = each.lived, each.difference
            print(
                f"{NAMES[each.way]:<24}{heads.value:>9.1f} ± {heads.half:<4.1f}{heads.whole:>8}"
                + (f"{beside.heads:>+14.1f} ± {beside.half:.1f} {beside.verdict}" if beside else "")
            )
        if out:
            from relais.lib import diagrams

            out.mkdir(parents=True, exist_ok=True)
            rows = [(NAMES[one.way], one.lived.curve) for one in last.ways if one.lived.curve]
            drawing = diagrams.curves(
                rows, across="People", axis="Requests in time", level=TERMS.service, language="en"
            )
            (out / f"{name}.svg").write_text(drawing)


if __name__ == "__main__":
    sys.exit(main())

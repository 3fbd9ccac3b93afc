"""Both real logs dispatched again by every rule, with the pool that the log shows.

    python bench/replay_logs.py [FOLDER OF LOGS] [--log NAME] [--quick]

For each log: what was read of it, the table of the rules (± half a 95 % interval, weeks drawn anew
with the same draws for all), how true the chance of being late is on months held back, time and
memory. Targets in open hours by priority are those of TARGETS: neither log holds any that can be
used (see the traps that come with them).
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import csv
import gzip
import itertools
import resource
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from relais.engine import comparison, lateness, past
from relais.engine.matching import Weights

LOGS = Path(__file__).resolve().parents[2] / "shared" / "data" / "logs"
FILES = ("uci_servicenow", "bpic2013_incidents")
ZERO = datetime(2009, 12, 28, tzinfo=UTC)  # a Monday
HOUR = 60.0
# Open hours until delivered, and weight, by the first letters of the priority.
TARGETS = {
    "1": (4, 8), "2": (8, 4), "3": (40, 2), "4": (80, 1),
    "Maj": (4, 8), "Hig": (8, 4), "Med": (40, 2), "Low": (80, 1),
}  # fmt: skip
WAITS = {"Awaiting User Info", "Wait - User", "Wait - Customer"}
CLOSING = {"Closed", "Cancelled"}


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("folder", nargs="?", type=Path, default=LOGS)
    ask.add_argument("--log", choices=FILES)
    ask.add_argument("--quick", action="store_true", help="no rules, only the forecast")
    told = ask.parse_args()
    if not told.folder.is_dir():
        print(f"no folder {told.folder}")
        return 0
    for name in [told.log] if told.log else FILES:
        run(told.folder, name, rules=not told.quick)
    return 0


def run(folder: Path, name: str, rules: bool) -> None:
    begun = time.process_time()
    lived = read(folder, name)
    read_as = past.read(lived)
    there = sum(b - a for spans in read_as.spans for a, b in spans) / HOUR
    print(
        f"\n{name}: {len(lived)} requests, {len(read_as.people)} people of the pool, "
        f"{len(read_as.open_days)} working days {read_as.opens / 60:g}-{read_as.closes / 60:g} h, "
        f"work {read_as.effort.sum() / HOUR:.0f} h of {there:.0f} h at work "
        f"({time.process_time() - begun:.1f} s)",
        flush=True,
    )
    if rules:
        compare(read_as)
    judged = lateness.judge(read_as)
    if judged is not None:
        print(
            f"chance of being late: {judged.tried} held back ({judged.late:.1%} late), fitted on "
            f"{judged.fitted}. Brier: ours {judged.ours:.4f}, the fraction elapsed "
            f"{judged.elapsed:.4f}, the same fitted {judged.elapsed_fitted:.4f}, always the mean "
            f"{judged.usual:.4f}, the queue lived alone {judged.lived:.4f}"
        )
        for step in judged.steps:
            print(f"  said {step.said:.2f}  came {step.came:.2f}  of {step.count}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{time.process_time() - begun:.0f} s of processor, at most {memory} MB")


def compare(read_as: past.Past) -> None:
    fond = Weights(stranger=160.0)
    rules = comparison.policies(read_as, {"ours, four times as fond of the site": fond})
    clock = [time.process_time()]

    def told(code: str) -> None:
        clock.append(time.process_time())
        print(f"  {code}: {clock[-1] - clock[-2]:.1f} s", flush=True)

    made = comparison.compare(read_as, rules, np.random.default_rng(1), told=told)
    print(f"{made.counted} requests of {made.weeks} weeks counted")
    print(
        f"{'rule':<38}{'in time':>16}{'ours gains':>18}{'urgent':>16}{'late min':>16}"
        f"{'familiar':>9}{'hand-offs':>10}{'spread':>7}{'used':>6}{'open':>6}"
    )
    for row in made.rows:
        print(
            f"{row.code:<38}{_pm(row.in_time)}{row.in_time.gain:>+9.3f} ± "
            f"{row.in_time.gain_half:.3f}{_pm(row.urgent)}"
            f"{row.late.value:>9.0f} ± {row.late.half:<4.0f}{row.familiar.value:>9.2f}"
            f"{row.hand_offs.value:>10.2f}{row.spread:>7.2f}{row.used:>6.2f}{row.open_at_end:>6}"
        )


def _pm(one: comparison.Measure) -> str:
    return f"{one.value:>9.3f} ± {one.half:.3f}"


def read(folder: Path, name: str) -> list[past.Lived]:
    """Return the requests of a log with the touches that its events tell of."""
    touches: dict[str, list[tuple[float, str, str]]] = defaultdict(list)
    closings: dict[str, int] = defaultdict(int)
    acts: dict[str, int] = defaultdict(int)
    for row in _rows(folder / f"{name}_events.csv.gz"):
        # One log writes what was done in one column, the other the state in the next.
        state = row["state"] if name.startswith("bpi") else row["activity"]
        touches[row["case_id"]].append((_minutes(row["timestamp"]), row["resource"], state))
        acts[row["resource"]] += 1
        closings[row["resource"]] += state in CLOSING
    robots = {who for who, count in acts.items() if closings[who] > 0.9 * count}
    people: dict[str, int] = {}
    sites: dict[str, int] = {}
    kinds: dict[str, int] = {}
    found = []
    for key, row in enumerate(_rows(folder / f"{name}_requests.csv.gz")):
        arrival = _minutes(row["opened_at"])
        events = sorted(touches[row["request_id"]], key=lambda each: each[0])
        hours, weight = next(
            (told for start, told in TARGETS.items() if row["priority_last"].startswith(start)),
            (40, 2),
        )
        mine = [
            (t, people.setdefault(who, len(people)))
            for t, who, state in events
            if who and who not in robots and state not in CLOSING and t >= arrival
        ]
        done = _minutes(row["resolved_at"]) if row["resolved_at"] else None
        found.append(
            past.Lived(
                key=key,
                arrival=arrival,
                site=sites.setdefault(row["site"].casefold(), len(sites)),
                kind=kinds.setdefault(row["category"], len(kinds)),
                target=hours * HOUR,
                weight=float(weight),
                done=done if done is None or done >= arrival else None,
                waits=_waits(events, done),
                touches=tuple(mine),
            )
        )
    return found


def _waits(events: list[tuple[float, str, str]], done: float | None) -> tuple:
    spans = []
    for (start, _who, state), (end, _next, _state) in itertools.pairwise(events):
        if state in WAITS and end > start and (done is None or start < done):
            spans.append((start, end if done is None else min(end, done)))
    return tuple(spans)


def _rows(path: Path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _minutes(text: str) -> float:
    """Return the minutes of the clock on the wall, as the log writes it."""
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - ZERO).total_seconds() / 60


if __name__ == "__main__":
    sys.exit(main())

"""Read every iCalendar file of ../shared/data/ics: how many are taken, how many refused, and why.

    .venv/bin/python bench/ics.py [folder]

None may crash. Events read are written and read again: the same times must come out.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import django
from django.utils.translation import activate

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT.parent / "shared" / "data" / "ics" / "files"
PARIS = ZoneInfo("Europe/Paris")
START, END = datetime(1990, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)


def main() -> int:
    """Print the counts; return how many files crashed or came back otherwise."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "relais.settings")
    django.setup()
    from relais.lib import ical

    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    told: Counter[str] = Counter()
    why: Counter[str] = Counter()
    slowest, begun_all = (0.0, ""), time.perf_counter()
    activate("en")
    for path in sorted(folder.glob("*.ics")):
        begun = time.perf_counter()
        try:
            reading = ical.read(path.read_bytes())
            found, left = ical.times(reading.text, START, END, PARIS)
            again = ical.read(reading.text)
            same = ical.times(again.text, START, END, PARIS)[0] == found
            told["taken"] += 1
            told["events"] += reading.events
            told["times"] += len(found)
            told["came back otherwise"] += not same
            for one in [*reading.left_out, *left]:
                told["events left out"] += 1
                why[one.why] += 1
        except ical.Unreadable as refusal:
            told["refused"] += 1
            why[f"file: {refusal}"] += 1
        except Exception as fault:
            told["crashed"] += 1
            print(f"CRASHED {path.name}: {type(fault).__name__}: {fault}")
        slowest = max(slowest, (time.perf_counter() - begun, path.name))
    print(f"{sum(told[name] for name in ('taken', 'refused', 'crashed'))} files:", dict(told))
    for reason, number in why.most_common():
        print(f"  {number:4}  {reason}")
    print(f"slowest: {slowest[1]} {slowest[0]:.2f} s; all {time.perf_counter() - begun_all:.1f} s")
    return told["crashed"] + told["came back otherwise"]


if __name__ == "__main__":
    sys.exit(main())

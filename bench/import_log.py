"""Live both real logs, requests and events together, and count them again by another way.

    python bench/import_log.py [FOLDER OF LOGS]

Works in a database of its own, in a temporary folder. Prints for each log the report, whether the
volumes per site equal those that the file itself gives, and a second run, which must take nothing.
The second log's import is killed (-9) once on its way, and has to go on where it was.
Ends with 1 when a count differs or a bar is missed (UCI: 120 s; 500 MB).
"""

from __future__ import annotations

import csv
import gzip
import itertools
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

LOGS = Path(__file__).resolve().parents[2] / "shared" / "data" / "logs"
FILES = ("uci_servicenow", "bpic2013_incidents")
SECONDS, MEGABYTES = 120, 500


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else LOGS
    if not folder.is_dir():
        print(f"no folder {folder}")
        return 0
    with tempfile.TemporaryDirectory(prefix="relais-bench-") as data:
        os.chmod(data, 0o755)
        os.environ["RELAIS_DATA"] = data
        from relais import database, installation
        from relais.lib.terminal import Steps

        with database.attached():
            installation.bring_up(Steps(), demo=False)
            installation.load_django("app")
            return run(folder)


def run(folder: Path) -> int:
    from django.db.models import Count

    from relais.desk import import_log
    from relais.desk.models import Clock, Event, Letter, Ticket
    from relais.lib.tenancy import all_tenants, tenant
    from relais.people.models import Provider

    with all_tenants("make a provider"):
        provider = Provider.objects.create(name="Banc d’essai")
    faults = 0
    for name in FILES:
        requests = folder / f"{name}_requests.csv.gz"
        events = folder / f"{name}_events.csv.gz"
        # The first log is timed whole; the second is killed once, and has to go on.
        if name != FILES[0]:
            kill_once(requests, events)
        begun = time.process_time()
        report = import_log.run(requests, provider, events=events)
        print(report)
        own = time.process_time() - begun
        print(f"  of which {own:.0f} s of this process; the rest is PostgreSQL's, and waiting")
        again = import_log.run(requests, provider, events=events)
        with tenant(provider.pk):
            here = Ticket.objects.filter(company__name=report.company).order_by()
            stored = Counter(
                {
                    code.casefold(): n
                    for code, n in here.values_list("site__code").annotate(Count("pk"))
                }
            )
            kinds = Event.objects.filter(ticket__in=here).order_by().values_list("kind")
            print("  events  ", dict(kinds.annotate(n=Count("pk"))))
            states = here.values_list("state").annotate(n=Count("pk"))
            print("  states  ", dict(states))
            verdicts = Clock.objects.filter(ticket__in=here).order_by()
            print("  clocks  ", list(verdicts.values_list("kind", "verdict").annotate(Count("pk"))))
            letters = Letter.objects.count()
        expected = counted(requests)
        same = stored == expected
        print(f"  per site as the file counts: {same} ({len(expected)} sites)")
        print(f"  second run: taken {again.taken}, known {again.known}, {again.seconds:.1f} s")
        print(f"  letters written: {letters}")
        print(f"  ratio to the bar of {SECONDS} s: {report.seconds / SECONDS:.2f}")
        faults += not same or again.taken != 0 or letters != 0
        faults += report.seconds > SECONDS or report.peak_mb > MEGABYTES
    return int(faults > 0)


def kill_once(requests: Path, events: Path) -> None:
    """Begin the import in another process, and kill -9 it once something is committed."""
    command = [sys.executable, "-m", "relais.cli", "import-log", str(requests), str(events)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        lots = 0
        for line in child.stderr:
            lots += bool(re.search(r"[1-9]\d* \D+, [1-9]\d* ", line))
            if lots == 2:
                child.kill()
                print(f"  killed -9 after: {line.strip()}")
                return


def counted(path: Path) -> Counter[str]:
    """Return the volumes per site by reading the file alone, without the rows that are refused."""
    count: Counter[str] = Counter()
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            times = [row[c] for c in ("opened_at", "first_taken_at", "resolved_at", "closed_at")]
            given = [time for time in times if time]
            # The texts of one row have one zone, or none: they sort as the instants do, but where
            # the clock changed between them.
            if row["site"] and row["requester"] and _in_order(given):
                count[row["site"].casefold()] += 1
    return count


def _in_order(times: list[str]) -> bool:
    from datetime import datetime

    moments = [datetime.fromisoformat(time) for time in times]
    return all(a <= b for a, b in itertools.pairwise(moments))


if __name__ == "__main__":
    sys.exit(main())

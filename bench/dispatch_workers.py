"""Sixteen workers dispatch at once while assistants are being marked absent: nothing twice or lost.

    python bench/dispatch_workers.py [WORKERS] [TICKETS] [ASSISTANTS]

Works in a database of its own, in a temporary folder. Each decision is one transaction, as the
job does it; each absence is another, as the lead's page does it. Ends with 1 when a request was
given twice, was given to somebody whose absence was committed before, or is lost.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path
from queue import Empty, Queue

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))


def main() -> int:
    given = [int(one) for one in sys.argv[1:]]
    workers, tickets, assistants = (given + [16, 400, 40][len(given) :])[:3]
    with tempfile.TemporaryDirectory(prefix="relais-bench-") as data:
        os.chmod(data, 0o755)
        os.environ["RELAIS_DATA"] = data
        from relais import database, installation
        from relais.lib.terminal import Steps

        with database.attached():
            installation.bring_up(Steps(), demo=False)
            installation.load_django("app")
            return run(workers, tickets, assistants)


def run(workers: int, count: int, assistants: int) -> int:
    from django.db import connections
    from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
    from django.db.utils import OperationalError
    from django.utils import timezone

    from bench import desk, lists
    from bench.dispatch_desk import staff
    from relais.desk import dispatching
    from relais.desk.models import Event, Ticket
    from relais.lib.tenancy import all_tenants, tenant
    from relais.people import cover
    from relais.people.models import Absence, AssistantProfile, Person, Provider

    with all_tenants("make a provider"):
        provider = Provider.objects.create(name="Banc d’essai")
    with tenant(provider.pk):
        lists.build(provider, 4, 50)
        desk.settle(provider)
        staff(provider, assistants)
    desk.fill(provider, 1, count)
    now = timezone.localtime()
    tuesday = now + timedelta(days=(1 - now.weekday()) % 7)
    at = tuesday.replace(hour=11, minute=0, second=0, microsecond=0)
    with tenant(provider.pk):
        mine = Ticket.objects.filter(confidentiality__lt=3)
        mine.update(state="open", holder=None, delivered_at=None, closed_at=None)
        keys = list(mine.values_list("pk", flat=True))
        people = list(AssistantProfile.objects.values_list("person", flat=True))
        by = Person.objects.filter(company=None).first()
    todo: Queue[int] = Queue()
    for key in keys * 2:  # each twice, as a job that runs again
        todo.put(key)
    faults, again, gone = [], [0], {}

    def dispatch() -> None:
        try:
            while True:
                try:
                    key = todo.get_nowait()
                except Empty:
                    return
                try:
                    with tenant(provider.pk):
                        dispatching.dispatch_one(key, at)
                except OperationalError:  # two that waited for each other: the job runs again
                    again[0] += 1
                    todo.put(key)
        except Exception as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    def mark() -> None:
        try:
            for person in people[::2]:
                with tenant(provider.pk):
                    period = DateTimeTZRange(at - timedelta(hours=1), at + timedelta(hours=3))
                    absence = Absence.objects.create(
                        provider=provider, person_id=person, period=period
                    )
                    cover.took_absence(absence, by=by)
                with tenant(provider.pk):
                    last = Event.objects.order_by("-pk").values_list("pk", flat=True).first()
                # What was told by now may be hers; nothing later.
                gone[person] = last or 0
                time.sleep(0.02)
        except Exception as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    begun = time.perf_counter()
    threads = [threading.Thread(target=dispatch) for _ in range(workers)]
    threads.append(threading.Thread(target=mark))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    with tenant(provider.pk):
        events = list(
            Event.objects.filter(ticket__in=keys, kind="assigned").values_list(
                "pk", "ticket", "facts"
            )
        )
        states = dict(mine.values_list("pk", "state"))
    given = [ticket for _pk, ticket, facts in events if facts.get("decision")]
    twice = len(given) - len(set(given))
    # An event's key is drawn before its transaction ends: those drawn in the same moment are told
    # apart by a second look at the absence, which is what the claim does.
    absent = sum(
        pk > gone[facts["holder"]] + workers
        for pk, _ticket, facts in events
        if facts["holder"] in gone
    )
    lost = sum(state == "open" for state in states.values()) if people[1::2] else 0
    print(
        f"{workers} workers, {len(keys)} requests twice over, {len(gone)} of {len(people)} marked "
        f"absent meanwhile: {len(set(given))} given in {seconds:.1f} s; given twice {twice}, to "
        f"somebody absent {absent}, lost {lost}; run again after waiting for each other {again[0]}"
        + (f"; faults: {faults[:3]}" if faults else "")
    )
    return 1 if twice or absent or lost or faults else 0


if __name__ == "__main__":
    sys.exit(main())

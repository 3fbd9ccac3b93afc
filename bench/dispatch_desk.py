"""One decision through the desk: people and tickets read, decided, explained, claimed.

    python bench/dispatch_desk.py [ASSISTANTS] [TICKETS]

Works in a database of its own, in a temporary folder: 40 sites that all the assistants cover,
25,000 requests of which one in five is open. Each decision is one transaction, as the job does it.
Ends with 1 when the median passes 50 ms of processor and waiting.
"""

from __future__ import annotations

import gc
import os
import resource
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

BAR, ROUNDS, SITES = 50, 30, 40


def main() -> int:
    given = [int(one) for one in sys.argv[1:]]
    assistants, tickets = (given + [200, 25_000][len(given) :])[:2]
    with tempfile.TemporaryDirectory(prefix="relais-bench-") as data:
        os.chmod(data, 0o755)
        os.environ["RELAIS_DATA"] = data
        from relais import database, installation
        from relais.lib.terminal import Steps

        with database.attached():
            installation.bring_up(Steps(), demo=False)
            installation.load_django("app")
            return run(assistants, tickets)


def run(assistants: int, count: int) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from bench import desk, lists
    from relais.desk import dispatching
    from relais.desk.models import Ticket
    from relais.lib.tenancy import all_tenants, tenant
    from relais.people.models import Provider

    with all_tenants("make a provider"):
        provider = Provider.objects.create(name="Banc d’essai")
    with tenant(provider.pk):
        lists.build(provider, SITES, 500)
        desk.settle(provider)
        staff(provider, assistants)
    desk.fill(provider, 1, count)
    now = timezone.localtime()
    tuesday = now + timedelta(days=(1 - now.weekday()) % 7)
    at = tuesday.replace(hour=11, minute=0, second=0, microsecond=0)
    with tenant(provider.pk):
        hand_out(count // 5, at)
    lists.analyse()
    with tenant(provider.pk):
        keys = list(
            Ticket.objects.filter(confidentiality__lt=3, state__in=Ticket.AT_WORK).values_list(
                "pk", flat=True
            )[: ROUNDS + 1]
        )
        Ticket.objects.filter(pk__in=keys).update(state="open", holder=None)
        still = Ticket.objects.filter(state__in=Ticket.AT_WORK).count()
    wall, cpu, chosen = [], [], 0
    # Counting queries costs time of its own: only the first decision, which warms up, is counted.
    with tenant(provider.pk), CaptureQueriesContext(connection) as asked:
        dispatching.dispatch_one(keys[0], at)
    gc.freeze()  # as the process of the jobs does
    for key in keys[1:]:
        with tenant(provider.pk):
            begun, worked = time.perf_counter(), time.process_time()
            decision = dispatching.dispatch_one(key, at)
            wall.append((time.perf_counter() - begun) * 1000)
            cpu.append((time.process_time() - worked) * 1000)
            chosen += decision is not None and decision.chosen is not None
    median = statistics.median(wall)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{assistants} assistants, {still} open: {median:.0f} ms a decision "
        f"(processor {statistics.median(cpu):.0f} ms, slowest {max(wall):.0f} ms), "
        f"{len(asked)} queries, {chosen} of {len(wall)} found somebody, {memory} MB; bar {BAR} ms"
    )
    return 1 if median > BAR else 0


def hand_out(count: int, at) -> None:
    """Have so many requests wait in the hands of the assistants, each with a promise to keep."""
    from relais.desk.models import Clock, Ticket
    from relais.people.models import AssistantProfile

    keys = list(Ticket.objects.order_by("-pk").values_list("pk", flat=True)[:count])
    people = list(AssistantProfile.objects.values_list("person", flat=True))
    for place, person in enumerate(people):
        mine = Ticket.objects.filter(pk__in=keys[place :: len(people)])
        state = "assigned" if place % 2 else "taken"
        mine.update(state=state, holder=person, delivered_at=None, closed_at=None)
    promises = Clock.objects.filter(ticket__in=keys, kind="delivery")
    promises.update(stopped_at=None, verdict="", due_at=at + timedelta(hours=7))


def staff(provider, count: int) -> None:
    """Give the provider so many assistants with hours, who cover every site."""
    from relais.people import models as m

    calendar = m.Calendar.objects.get()
    people = m.Person.objects.bulk_create(
        m.Person(provider=provider, first_name="Aide", last_name=f"{n:03}", email=f"a{n}@x.example")
        for n in range(count)
    )
    m.Role.objects.bulk_create(
        m.Role(provider=provider, person=person, kind="assistant") for person in people
    )
    m.AssistantProfile.objects.bulk_create(
        m.AssistantProfile(provider=provider, person=person, calendar=calendar) for person in people
    )
    m.Cover.objects.bulk_create(
        m.Cover(provider=provider, person=person, site=site, position="float")
        for person in people
        for site in m.Site.objects.all()
    )


if __name__ == "__main__":
    sys.exit(main())

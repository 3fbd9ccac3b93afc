"""Date 100,000 open clocks anew while the site answers; find what is due among them.

    python bench/recalculation.py [CLOCKS]

Works in a database of its own, in a temporary folder: one provider, one client whose 20 sites
follow one calendar. A day is closed and the clocks follow it, batch by batch, as the background job
does it, while another process asks for a page of the desk over and over. Prints the time on the
wall and the processor time (nearly the wall's on a machine that does nothing else), the page's
percentiles before and meanwhile, and the time and the plan of the sweep's question. Ends with 1
when the recalculation takes more than 60 s or the median of the question more than 5 ms.
"""

from __future__ import annotations

import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date, datetime, timedelta, timezone
from datetime import time as clock_time

SITES, BAR_SECONDS, BAR_MILLISECONDS, ROUNDS = 20, 60, 5, 200
NOW = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)  # noqa: UP017


def main() -> int:
    if sys.argv[1:2] == ["visit"]:
        return visit(sys.argv[2])
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory(prefix="relais-bench-") as data:
        os.chmod(data, 0o755)
        os.environ["RELAIS_DATA"] = data
        from relais import database, installation
        from relais.lib.terminal import Steps

        with database.attached():
            installation.bring_up(Steps(), demo=False)
            installation.load_django("app")
            return run(count, data)


def run(count: int, data: str) -> int:
    from relais.lib.tenancy import all_tenants, tenant
    from relais.people.models import Provider

    with all_tenants("make a provider"):
        provider = Provider.objects.create(name="Banc d’essai")
    with tenant(provider.pk):
        calendar = build(provider, count)
    analyse()
    slow = ask(count)
    alone = visiting(data, 10)
    print(f"page of the desk, nothing else running: {alone}")
    visitor = begin_visit(data)
    seconds = recalculate(provider.pk, calendar)
    print(f"page of the desk, meanwhile:            {end_visit(visitor)}")
    late = seconds > BAR_SECONDS
    print("inside both bars" if not (late or slow) else "a bar is missed")
    return 1 if late or slow else 0


def build(provider, count: int):
    from relais.desk.models import Clock, Ticket
    from relais.offer import catalogue
    from relais.people import models as m

    catalogue.preload(provider)
    service = catalogue.Service.objects.get(code="meeting")
    company = m.Company.objects.create(provider=provider, name="Client")
    calendar = m.Calendar.objects.create(provider=provider, company=company, name="Horaires")
    m.OpeningInterval.objects.bulk_create(
        m.OpeningInterval(
            provider=provider,
            calendar=calendar,
            weekday=day,
            opens=clock_time(opens),
            closes=clock_time(closes),
        )
        for day in range(1, 6)
        for opens, closes in [(9, 12), (13, 18)]
    )
    sites = [
        m.Site.objects.create(
            provider=provider, company=company, name=f"Site {n}", calendar=calendar
        )
        for n in range(SITES)
    ]
    user = m.User.objects.create_user("lead@bench.example", "x", provider=provider)
    lead = m.Person.objects.create(provider=provider, last_name="Responsable", user=user)
    m.Role.objects.create(provider=provider, person=lead, kind="pool_lead")
    asker = m.Person.objects.create(provider=provider, last_name="Cliente", company=company)
    for begin in range(0, count, 5000):
        tickets = Ticket.objects.bulk_create(
            Ticket(
                provider=provider,
                company=company,
                site=sites[n % SITES],
                requester=asker,
                service=service,
                subject=f"Demande {n}",
                channel="api",
                received_at=NOW - timedelta(minutes=n % 2000),
            )
            for n in range(begin, min(begin + 5000, count))
        )
        clocks = [clock_of(ticket, n, calendar) for n, ticket in enumerate(tickets, begin)]
        Clock.objects.bulk_create(clocks)
    return calendar


def clock_of(ticket, n: int, calendar):
    """Return its delivery clock: one in ten has waited, one in fifty waits, some in days."""
    from relais.desk.models import Clock

    made = Clock(
        provider_id=ticket.provider_id,
        ticket=ticket,
        kind="delivery",
        calendar=calendar,
        started_at=ticket.received_at,
        target=3600 * (8 + n % 40),
        calendar_source="site",
    )
    if n % 25 == 0:
        made.target, made.days = 0, 1 + n % 5
    if n % 10 == 0:
        begin = ticket.received_at + timedelta(hours=1)
        end = None if n % 50 == 0 else (begin + timedelta(hours=5)).isoformat()
        made.pauses = [[begin.isoformat(), end]]
    made.due_at = made.due()
    return made


def analyse() -> None:
    """Gather statistics, as autovacuum does within a minute of such a load."""
    from relais import database

    with database.connect("owner") as owner:
        owner.execute("analyze")


def ask(count: int) -> bool:
    from relais.desk import sweep
    from relais.desk.models import Clock
    from relais.lib.tenancy import all_tenants

    with all_tenants("measure the sweep's question"):
        open_now = Clock.objects.filter(stopped_at=None).count()
        dates = {due for due in Clock.objects.values_list("due_at", flat=True) if due}
        at = sorted(dates)[1]
        times = []
        for _round in range(ROUNDS):
            began = time.perf_counter()
            list(sweep.due(at).values_list("provider_id", "pk")[:1000])
            times.append(1000 * (time.perf_counter() - began))
        plan = sweep.due(at).values_list("provider_id", "pk")[:1000].explain(analyze=True)
    median = statistics.median(times)
    print(
        f"\nwhat is due among {open_now} open clocks: median {median:.2f} ms, "
        f"fastest {min(times):.2f} ms"
    )
    print(plan, end="\n\n")
    return median > BAR_MILLISECONDS


def recalculate(provider: int, calendar) -> float:
    from django.db import connection

    from relais.desk import recalculation
    from relais.desk.models import Recalculation
    from relais.lib.tenancy import tenant
    from relais.people import calendar_changes
    from relais.people.models import CalendarChange

    with tenant(provider):
        calendar_changes.add_days(
            calendar, date(2026, 11, 24), by=None, seen=calendar.version, label="Inventaire"
        )
        change = CalendarChange.objects.latest("pk")
        begun = recalculation.begin_for_change(change.pk)
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        (backend,) = cursor.fetchone()
    began, processor, theirs = time.perf_counter(), time.process_time(), spent(backend)
    recalculation.run(provider, begun.pk)
    seconds, processor = time.perf_counter() - began, time.process_time() - processor
    theirs = spent(backend) - theirs
    with tenant(provider):
        done = Recalculation.objects.get(pk=begun.pk)
    print(
        f"{done.seen} clocks seen, {done.moved} moved, {done.state}: {seconds:.1f} s on the wall, "
        f"{processor:.1f} s of processor, and {theirs:.1f} s in PostgreSQL"
    )
    return seconds


def spent(pid: int) -> float:
    """Return the processor seconds of a process, 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# The visitor: a process of its own, as a web process is ----------------------------------------


def begin_visit(data: str) -> subprocess.Popen:
    """Return the process that asks for pages until its input closes."""
    flag = os.path.join(data, "visiting")
    with open(flag, "w"):
        pass
    command = [sys.executable, __file__, "visit", flag]
    visitor = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert visitor.stdout is not None
    visitor.stdout.readline()  # it has begun
    visitor.flag = flag  # type: ignore[attr-defined]
    return visitor


def end_visit(visitor: subprocess.Popen) -> str:
    """Return its percentiles."""
    os.remove(visitor.flag)  # type: ignore[attr-defined]
    told, _nothing = visitor.communicate()
    return told.strip()


def visiting(data: str, seconds: float) -> str:
    visitor = begin_visit(data)
    time.sleep(seconds)
    return end_visit(visitor)


def visit(flag: str) -> int:
    from relais import installation

    installation.load_django("app")
    from django.conf import settings
    from django.test import Client

    from relais.lib.tenancy import all_tenants

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    logging.disable()
    from relais.people.models import Person, Site, User

    with all_tenants("find where to go"):
        user, site = User.objects.get(email="lead@bench.example"), Site.objects.first()
        assert Person.objects.filter(user=user).exists()
    client = Client()
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    times: list[float] = []
    client.get(f"/sites/{site.pk}/")
    print("begun", flush=True)
    while len(times) < 2 or os.path.exists(flag):
        began = time.perf_counter()
        answer = client.get(f"/sites/{site.pk}/")
        times.append(1000 * (time.perf_counter() - began))
        assert answer.status_code == 200, answer.status_code
        time.sleep(0.02)
    times = sorted(times)
    at95 = times[int(0.95 * (len(times) - 1))]
    median = statistics.median(times)
    print(f"median {median:.0f} ms, p95 {at95:.0f} ms, {len(times)} requests")
    return 0


if __name__ == "__main__":
    sys.exit(main())

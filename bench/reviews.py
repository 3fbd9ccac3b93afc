"""Time a client's month, a page of figures and the closing of a month among a million requests.

    python bench/reviews.py [TICKETS] [FOLDER]

Works in a database of its own, in a temporary folder, or in FOLDER, which is kept. One provider, 50
clients, 250 sites, two years of requests, ten events each, written by PostgreSQL itself. Prints,
with a tenth of the requests and with all: how long the lives take to be read, a client's month
(median of 5), a page of figures (median of 15, after one that warms up), the closing of the month
of all clients (every cut, as frozen bytes), the ratios, and the plan of the month's slowest query.
Ends with 1 when a month passes 2 s, a page 300 ms or the closing 60 s.
"""

from __future__ import annotations

import logging
import os
import statistics
import sys
import tempfile
import time
from contextlib import nullcontext
from typing import Any

import desk
import lists

from relais.lib.tenancy import all_tenants, tenant

COMPANIES, SITES, PERSONS = 50, 250, 2000
MONTH_BAR, PAGE_BAR, CLOSING_BAR = 2.0, 0.3, 60.0

EVENTS = """
insert into desk_event (provider_id, ticket_id, kind, at, recorded_at, by_id, internal, facts{more})
select t.provider_id, t.id, told.kind, t.received_at + told.after, t.received_at + told.after,
    case when told.step in (1, 6, 10) then t.requester_id else t.holder_id end,
    told.kind in ('assigned', 'noted', 'time_added'),
    case when told.kind = 'assigned' then jsonb_build_object('holder', t.holder_id) else '{}' end
    {defaults}
from desk_ticket t
cross join (values (1, 'received', interval '0'), (2, 'assigned', interval '1 minute'),
    (3, 'taken', interval '1 hour'), (4, 'replied', interval '2 hours'),
    (5, 'asked', interval '3 hours'), (6, 'replied', interval '4 hours'),
    (7, 'noted', interval '250 minutes'), (8, 'time_added', interval '260 minutes'),
    (9, 'delivered', interval '5 hours'), (10, 'accepted', interval '9 hours')
) as told (step, kind, after)
where t.id > %(after)s and told.step <= case t.state
    when 'open' then 1 when 'assigned' then 2 when 'taken' then 8 when 'delivered' then 9
    else 10 end
"""
LATE = """
update desk_clock set verdict = 'missed', due_at = stopped_at - interval '1 hour'
where kind = 'delivery' and verdict = 'met' and ticket_id %% 11 = 0 and ticket_id > %(after)s
"""


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    kept = sys.argv[2] if len(sys.argv) > 2 else ""
    lists.COMPANIES = COMPANIES
    desk.EVENTS = EVENTS
    with nullcontext(kept) if kept else tempfile.TemporaryDirectory(prefix="relais-bench-") as data:
        os.makedirs(data, exist_ok=True)
        os.chmod(data, 0o755)
        os.environ["RELAIS_DATA"] = data
        from relais import database, installation
        from relais.lib.terminal import Steps

        with database.attached():
            installation.bring_up(Steps(), demo=False)
            installation.load_django("app")
            logging.disable()
            return run(count)


def run(count: int) -> int:
    from relais.people.models import Provider

    with all_tenants("make a provider"):
        provider = Provider.objects.create(name="Banc d’essai")
    with tenant(provider.pk):
        users, _some = lists.build(provider, SITES, PERSONS)
        lists.account(desk.requester())
        desk.settle(provider)
    lead = next(user for label, user in users.items() if not label.startswith("client"))
    found = []
    for first, last in ((1, count // 10), (count // 10 + 1, count)):
        write(provider, first, last)
        print(f"{last} requests")
        found.append(measured(provider, lead))
    few, many = found
    print(f"\nfrom {count // 10} to {count} requests, times:")
    for name, value in many.items():
        print(f"  {name:<28}{value / few[name]:>8.1f}")
    show_plan(provider)
    faults = [
        many["month"] > MONTH_BAR, many["page"] > PAGE_BAR, many["page of all"] > PAGE_BAR,
        many["closing"] > CLOSING_BAR,
    ]  # fmt: skip
    print("all inside the bar" if not any(faults) else f"{sum(faults)} miss the bar")
    return int(any(faults))


def write(provider: Any, first: int, last: int) -> None:
    from django.db import connection

    from relais.desk.models import Ticket

    with tenant(provider.pk):
        after = Ticket.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    began = time.perf_counter()
    desk.fill(provider, first, last)
    with tenant(provider.pk), connection.cursor() as cursor:
        cursor.execute(LATE, {"after": after})
    lists.analyse()
    print(f"written in {time.perf_counter() - began:.0f} s")


def measured(provider: Any, lead: Any) -> dict[str, float]:
    """Return the seconds of each thing."""
    from relais.people.models import Company
    from relais.records import figures_kept, lives_kept

    found = {}
    began = time.perf_counter()
    lives_kept.refresh(provider.pk)
    found["reading the lives"] = time.perf_counter() - began
    lists.analyse()
    with tenant(provider.pk):
        companies = list(Company.objects.order_by("pk"))
    month = last_month()
    found["month"] = statistics.median(timed_month(provider, companies[0], month) for _ in range(5))
    began = time.perf_counter()
    for company in companies:
        with tenant(provider.pk):
            figures_kept.keep(provider.pk, company.pk, month)
            close(company, month)
    found["closing"] = time.perf_counter() - began
    began = time.perf_counter()
    with tenant(provider.pk):
        figures_kept.keep(provider.pk, None, month)
    found["all clients, in the worker"] = time.perf_counter() - began
    for name, url in (
        ("page", f"/figures/?company={companies[0].pk}&month={month}"),
        ("page of all", f"/figures/?month={month}"),
        ("page by site", f"/figures/?company={companies[0].pk}&month={month}&cut=site"),
    ):
        status, times, _processor, _queries = lists.timed(lead, url)
        assert status == 200, (url, status)
        found[name] = statistics.median(times) / 1000
    for name, seconds in found.items():
        print(f"  {name:<28}{seconds:>9.2f} s")
    return found


def last_month() -> str:
    from django.utils import timezone

    now = timezone.now()
    return f"{now.year - (now.month == 1)}-{(now.month - 2) % 12 + 1:02}"


def timed_month(provider: Any, company: Any, month: str) -> float:
    from django.utils import timezone

    from relais.records import figures, figures_kept

    began = time.perf_counter()
    with tenant(provider.pk):
        period = figures_kept.period_of(company, month)
        told = figures.tally_of(company, period, as_of=timezone.now())
        told.whole()
    return time.perf_counter() - began


def close(company: Any, month: str) -> bytes:
    """Return the bytes of a month closed: the whole and by site."""
    from django.utils import timezone

    from relais.engine.measures_frozen import frozen
    from relais.records import figures, figures_kept

    period = figures_kept.period_of(company, month)
    told = figures.tally_of(company, period, as_of=timezone.now())
    return frozen([*told.cut(), *told.cut("site")])


def show_plan(provider: Any) -> None:
    """Print the plan of the slowest query of a client's month."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from relais.people.models import Company

    with tenant(provider.pk):
        company = Company.objects.order_by("pk").first()
        with CaptureQueriesContext(connection) as asked:
            timed_month(provider, company, last_month())
        slowest = max(asked.captured_queries, key=lambda query: float(query["time"]))
        print(f"\nslowest query of a client's month, {slowest['time']} s:")
        with connection.cursor() as cursor:
            cursor.execute("explain (analyze, buffers) " + slowest["sql"].replace("%", "%%"))
            print("\n".join(f"  {row[0]}" for row in cursor.fetchall()))


if __name__ == "__main__":
    raise SystemExit(main())

"""Time a client's month, a page of figures and the closing of a month among a million requests.

    python bench/reviews.py [TICKETS] [FOLDER]

Works in a database of its own, in a temporary folder, or in FOLDER, which is kept: the next run on
it measures at once. One provider, 50 clients, 250 sites, two years of requests, ten events each,
written by PostgreSQL itself. The lives of requests of the last 130 days are read by the product;
older ones, which none of these months reads, are laid down in the same form by PostgreSQL. With
RELAIS_BENCH_DAYS=120 only the last 120 days are written, as dense as two years of TICKETS: all that
the months read, but of the lives those of ten days alone are read by the product. Prints, with a
tenth of the requests and with all: how long the lives take to be read, a client's month
(median of 5), a page of figures (median of 15, after one that warms up), the closing of the month
of all clients (the verb itself: counted, frozen, credits drafted, letters written; taken back
afterwards), the ratios, and the plan of the month's slowest query. Ends with 1 when a month passes
2 s, a page 300 ms or the closing 60 s.
"""

from __future__ import annotations

import json
import logging
import os
import statistics
import sys
import tempfile
import time
from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import desk
import lists
import loading

from relais.lib.tenancy import all_tenants, tenant

COMPANIES, SITES, PERSONS = 50, 250, 2000
MONTH_BAR, PAGE_BAR, CLOSING_BAR = 2.0, 0.3, 60.0
# Twice this is open: a stock of two or three days.
ONE_LIVE_IN = 200
DAYS = int(os.environ.get("RELAIS_BENCH_DAYS", "730"))
READ = timedelta(days=130 if DAYS > 130 else 10)

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
# A life in the form of `lives_kept.written`, of a request that nobody reads any more.
LIVES = """
insert into records_liferow (provider_id, ticket_id, company_id, received_at, until, facts, digest,
    seen, read_at)
select t.provider_id, t.id, t.company_id, t.received_at, t.received_at + interval '5 days', told.of,
    encode(sha256(told.of::text::bytea), 'hex'), ended.last, %(now)s
from desk_ticket t
cross join lateral (select (extract(epoch from t.received_at) * 1000000)::bigint as us) as began
cross join lateral (select jsonb_build_object('site', t.site_id, 'service', t.service_id,
    'priority', t.priority, 'requester', t.requester_id, 'assistant', t.holder_id,
    'done', jsonb_build_array(us + 18000000000), 'worked', 18000, 'written', 2,
    'invited', us + 18000000000, 'promises', jsonb_build_array(
        jsonb_build_array('first_response', us + 28800000000, us + 3600000000, null, '', 0),
        jsonb_build_array('delivery', us + case when t.id %% 11 = 0 then 14400000000
            else 345600000000 end, us + 18000000000, null, '', 18000))) as of
) as told
join (select ticket_id, max(id) as last from desk_event group by ticket_id) as ended
    on ended.ticket_id = t.id
where t.id > %(after)s and t.state = 'accepted' and t.received_at < %(now)s - %(read)s
"""


class TakenBack(Exception):
    """The closing was measured, and must leave no trace."""


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
            return run(count * DAYS // 730)


def run(count: int) -> int:
    from relais.people.models import Person, Provider

    few_file = Path(os.environ["RELAIS_DATA"]) / "among-a-tenth.json"
    with all_tenants("find or make the provider"):
        provider = Provider.objects.first() or Provider.objects.create(name="Banc d’essai")
    with tenant(provider.pk):
        if not Person.objects.exists():
            lists.build(provider, SITES, PERSONS)
            lists.account(desk.requester())
            desk.settle(provider)
        lead = Person.objects.get(email="staff0@banc.example").user
    if not few_file.exists():
        write(provider, 1, count // 10)
        few_file.write_text(json.dumps(measured(provider, lead)))
        write(provider, count // 10 + 1, count)
    few: dict[str, float] = json.loads(few_file.read_text())
    many = measured(provider, lead)
    print(f"\nfrom {count // 10} to {count} requests, times:")
    for name, value in many.items():
        if few.get(name):
            print(f"  {name:<28}{value / few[name]:>8.1f}")
    show_plan(provider)
    faults = [
        many["month"] > MONTH_BAR, many["page"] > PAGE_BAR, many["page of all"] > PAGE_BAR,
        many["closing"] > CLOSING_BAR,
    ]  # fmt: skip
    print("all inside the bar" if not any(faults) else f"{sum(faults)} miss the bar")
    return int(any(faults))


def write(provider: Any, first: int, last: int) -> None:
    """Write these requests with all that hangs on them, and nothing else."""
    from django.utils import timezone

    from relais.desk.models import Clock, Event, Message, Ticket
    from relais.people.models import Calendar
    from relais.records.models import LifeRow

    models = ((Ticket, desk.TICKETS), (Clock, desk.CLOCKS), (Event, desk.EVENTS),
              (Message, desk.MESSAGES), (LifeRow, LIVES))  # fmt: skip
    with tenant(provider.pk):
        after = Ticket.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        known = {
            "now": timezone.now(), "first": first, "last": last, "after": after,
            "calendar": Calendar.objects.get().pk, "before": first - 1, "read": READ,
            "one_live_in": ONE_LIVE_IN, "days": DAYS,
        }  # fmt: skip
        statements = [(model._meta.db_table, desk.complete(model, told)) for model, told in models]
    began = time.perf_counter()
    with loading.quickly([table for table, _statement in statements]) as cursor:
        cursor.execute(desk.ASKING)
        for table, statement in statements:
            cursor.execute(statement, known)
            print(f"  {table:<28}{time.perf_counter() - began:>9.2f} s", flush=True)
        cursor.execute(LATE, known)
    lists.analyse()
    print(f"{last} requests, written in {time.perf_counter() - began:.0f} s", flush=True)


def measured(provider: Any, lead: Any) -> dict[str, float]:
    """Return the seconds of each thing."""
    from django.db.models import F

    from relais.people.models import Company
    from relais.records import figures_kept, lives_kept
    from relais.records.models import LifeMark

    found = {}
    began = time.perf_counter()
    made = lives_kept.refresh(provider.pk)
    if made:
        found["reading the lives"] = time.perf_counter() - began
        print(f"  {made} lives read", flush=True)
        lists.analyse()
    with tenant(provider.pk):
        companies = list(Company.objects.order_by("pk"))
        # As half an hour later, when no transaction of the load can be under way any more: until
        # then each count looks through all events again.
        LifeMark.objects.update(late=F("seen"), late_next=F("seen"))
    month = last_month()
    found["month"] = statistics.median(timed_month(provider, companies[0], month) for _ in range(5))
    print(f"  month {found['month']:.2f} s", flush=True)
    found["closing"] = timed_closing(provider, lead.person, month)
    print(f"  closing {found['closing']:.2f} s", flush=True)
    began = time.perf_counter()
    with tenant(provider.pk):
        figures_kept.keep(provider.pk, None, month)
    found["all clients, in the worker"] = time.perf_counter() - began
    began = time.perf_counter()
    with tenant(provider.pk):
        figures_kept.keep(provider.pk, companies[0].pk, month)
    found["a client, in the worker"] = time.perf_counter() - began
    for name, url in (
        ("page", f"/figures/?company={companies[0].pk}&month={month}"),
        ("page of all", f"/figures/?month={month}"),
        ("page by site", f"/figures/?company={companies[0].pk}&month={month}&cut=site"),
    ):
        status, times, _processor, _queries = lists.timed(lead, url)
        assert status == 200, (url, status)
        found[name] = statistics.median(times) / 1000
    for name, seconds in found.items():
        print(f"  {name:<28}{seconds:>9.2f} s", flush=True)
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


def timed_closing(provider: Any, by: Any, month: str) -> float:
    """Return how long the month of all clients takes to be closed; nothing of it stays."""
    from relais.records import closing
    from relais.records.lives import Places
    from relais.records.models import Review

    first, began, bytes_of = date.fromisoformat(f"{month}-01"), time.perf_counter(), []
    try:
        with tenant(provider.pk):
            places = Places.all()
            for company in closing.clients_of(first):
                review = Review.open(company, first, by=None)
                closing.close(review, by=by, places=places)
                bytes_of.append(len(review.figures))
            raise TakenBack
    except TakenBack:
        print(f"  {len(bytes_of)} months closed, {sum(bytes_of) / 1e6:.1f} MB of figures")
    return time.perf_counter() - began


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

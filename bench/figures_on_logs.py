"""Count the figures of the imported logs by another way, and compare them to the last unit.

    python bench/figures_on_logs.py [LOG …]      (uci_servicenow, bpic2013_incidents)

Works in a database of its own, in a temporary folder. Each log is imported; then every figure that
it allows is counted by polars from the tables alone, by columns and with office hours worked out
anew, and held against the product's: the whole and every site, every month. Prints how many are
equal, and each that is not. Ends with 1 when one differs.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

LOGS = Path(__file__).resolve().parents[2] / "shared" / "data" / "logs"
FILES = ("uci_servicenow", "bpic2013_incidents")
DAY, HOUR = 8 * 3600, 3600
VOID, WAIT_ENDS = ("cancelled", "refused", "merged"), ("resumed", "replied", "delivered")


def main() -> int:
    chosen = sys.argv[1:] or FILES
    if not LOGS.is_dir():
        print(f"no folder {LOGS}")
        return 0
    with tempfile.TemporaryDirectory(prefix="relais-bench-") as data:
        os.chmod(data, 0o755)
        os.environ["RELAIS_DATA"] = data
        from relais import database, installation
        from relais.lib.terminal import Steps

        with database.attached():
            installation.bring_up(Steps(), demo=False)
            installation.load_django("app")
            return sum(run(name) for name in chosen) > 0


def run(name: str) -> int:
    """Return how many figures of a log differ."""
    from relais.desk import import_log
    from relais.lib.tenancy import all_tenants, tenant
    from relais.people.models import Company, Provider

    with all_tenants("make a provider"):
        provider = Provider.objects.create(name=f"Banc {name}")
    requests, events = (LOGS / f"{name}_{kind}.csv.gz" for kind in ("requests", "events"))
    report = import_log.run(requests, provider, events=events, report=lambda line: None)
    with tenant(provider.pk):
        company = Company.objects.get(name=report.company)
        ours, zone, months = by_product(company)
        theirs = by_polars(zone, months)
    differ = [
        key for key in sorted(ours.keys() | theirs.keys()) if ours.get(key) != theirs.get(key)
    ]
    counts = Counter(key[0] for key in theirs)
    print(f"{name}: {report.taken} requests, {len(months)} months, {len(report.sites)} sites")
    print(f"  figures: {', '.join(sorted(counts))}")
    print(f"  equal {len(ours.keys() | theirs.keys()) - len(differ)}, unequal {len(differ)}")
    for key in differ[:20]:
        print(f"    {key}: ours {ours.get(key)}, by polars {theirs.get(key)}")
    return len(differ)


Found = dict[tuple[str, str, str], tuple[Any, ...]]


def by_product(company: Any) -> tuple[Found, ZoneInfo, list[Any]]:
    """Return (figure, month, site) → (value, sample), month by month without pooling."""
    from django.db.models import Max, Min

    from relais.desk.models import Event
    from relais.engine.measures import tally
    from relais.records import figures, lives_kept
    from relais.records.lives import Places

    zone = figures.zone_of(company)
    ends = Event.objects.order_by().aggregate(first=Min("at"), last=Max("at"))
    first, last = (ends[each].astimezone(zone) for each in ("first", "last"))
    names = [
        f"{each // 12:04}-{each % 12 + 1:02}"
        for each in range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    ]
    months = [figures.month_of(zone, name) for name in names]
    lives_kept.refresh(company.provider_id)
    lives = lives_kept.of(company, months[0].begin, months[-1].end)
    found: Found = {}
    for month in months:
        told = tally(lives, [month], months[-1].end, figures.given(Places.all()))
        for each in [*told.cut(keys=KEYS), *told.cut("site", keys=KEYS)]:
            if each.n and each.value is not None:
                site = each.cut[0][1] if each.cut else ""
                found[each.key, month.name, site] = (each.value, each.n)
    return found, zone, months


KEYS = (
    "received", "delivered", "on_time", "first_response", "right_first_time", "reopened",
    "turnaround_p50", "turnaround_p90", "client_waiting", "backlog", "backlog_age_p50",
    "backlog_age_p90", "off_catalogue", "anticipation", "concentration",
)  # fmt: skip


def by_polars(zone: ZoneInfo, months: list[Any]) -> Found:
    """Return the same, from the tables by columns."""
    from relais.desk.models import Clock, Event, Ticket

    ticket = frame(Ticket, "id", "site_id", "service__code", "received_at", "holder_id")
    event = frame(Event, "id", "ticket_id", "kind", "at", "by_id").sort("id")
    clock = frame(Clock, "ticket_id", "kind", "due_at", "stopped_at", "verdict")
    as_of = months[-1].end
    void = (
        event.filter(pl.col("kind").is_in(VOID)).group_by("ticket_id").agg(void=pl.col("at").max())
    )
    given = event.filter(pl.col("kind") == "delivered")
    first = given.group_by("ticket_id", maintain_order=True).agg(
        done=pl.col("at").first(), done_by=pl.col("by_id").first(), done_id=pl.col("id").first()
    )
    again = reopenings(event, zone)
    table = (
        ticket.join(void, left_on="id", right_on="ticket_id", how="left")
        .join(first, left_on="id", right_on="ticket_id", how="left")
        .join(again, left_on="id", right_on="ticket_id", how="left")
        .join(waited(event, first, zone), left_on="id", right_on="ticket_id", how="left")
        .with_columns(
            came=open_seconds("received_at", zone), gone=open_seconds("done", zone),
            waited=pl.col("waited").fill_null(0), reopened=pl.col("reopened").fill_null(0),
            soon=pl.col("soon").fill_null(0),
        )
        .with_columns(worked=pl.col("gone") - pl.col("came") - pl.col("waited"))
    )  # fmt: skip
    standing = table.filter(pl.col("void").is_null())
    found: Found = {}
    for month in months:
        begin, end = (each.astimezone(UTC) for each in (month.begin, month.end))
        inside = lambda name: (pl.col(name) >= begin) & (pl.col(name) < end)  # noqa: E731, B023
        came, done = standing.filter(inside("received_at")), standing.filter(inside("done"))
        kept = outcomes(clock, standing, as_of).filter(inside("counted"))
        left = backlog(table, event, min(month.end, as_of).astimezone(UTC), zone)
        for site in ["", *sorted(set(table["site_id"].to_list()))]:
            put(found, month.name, site, came, done, kept, left)
    return found


def frame(table: Any, *names: str) -> pl.DataFrame:
    rows = table.objects.order_by().values_list(*names)
    return pl.DataFrame(list(rows), schema=list(names), orient="row", infer_schema_length=None)


def put(found: Found, month: str, site: Any, came: Any, done: Any, kept: Any, left: Any) -> None:
    if site != "":
        came, done, kept, left = (
            each.filter(pl.col("site_id") == site) for each in (came, done, kept, left)
        )
    name = str(site)

    def tell(key: str, value: Any, n: int) -> None:
        if n:
            found[key, month, name] = (value, n)

    tell("received", Fraction(came.height), came.height)
    tell("delivered", Fraction(done.height), done.height)
    for key, kind in (("on_time", "delivery"), ("first_response", "first_response")):
        some = kept.filter(pl.col("kind") == kind)
        tell(key, share(some["kept"].sum(), some.height), some.height)
    tell("right_first_time", share((done["reopened"] == 0).sum(), done.height), done.height)
    tell("reopened", share((done["soon"] > 0).sum(), done.height), done.height)
    middles(tell, "turnaround", done["worked"].to_list())
    whole = done["worked"].sum() + done["waited"].sum()
    spent = done.filter(pl.col("worked") + pl.col("waited") > 0).height
    if whole:
        tell("client_waiting", Fraction(done["waited"].sum(), whole), spent)
    tell("backlog", Fraction(left.height), left.height)
    middles(tell, "backlog_age", left["age"].to_list())
    n = came.height
    tell("off_catalogue", share((came["service__code"] == "other").sum(), n), n)
    tell("anticipation", share(0, n), n)
    held = [a or b for a, b in zip(came["done_by"], came["holder_id"], strict=True) if a or b]
    squares = sum(Fraction(each, len(held)) ** 2 for each in Counter(held).values())
    tell("concentration", squares, len(held))


def share(part: int, whole: int) -> Fraction | None:
    return Fraction(int(part), whole) if whole else None


def middles(tell: Any, key: str, values: list[int]) -> None:
    ordered, n = sorted(values), len(values)
    if n:
        tell(f"{key}_p50", Fraction(ordered[(n - 1) // 2] + ordered[n // 2], 2), n)
        tell(f"{key}_p90", Fraction(ordered[-(-90 * n // 100) - 1]), n)


def local(name: str, zone: ZoneInfo) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """Return the week, the day of it (0 Monday) and the second of the day, in a zone."""
    there = pl.col(name).dt.convert_time_zone(str(zone))
    days = there.dt.date().cast(pl.Int32).cast(pl.Int64) + 3  # 1970 began on a Thursday
    second = there.dt.hour().cast(pl.Int64) * HOUR + there.dt.minute().cast(pl.Int64) * 60
    return days // 7, days % 7, second + there.dt.second().cast(pl.Int64)


def open_seconds(name: str, zone: ZoneInfo) -> pl.Expr:
    """Return the seconds of office hours (Monday to Friday, 9-12:30 and 13:30-18) until then."""
    week, day, second = local(name, zone)
    today = (second - 9 * HOUR).clip(0, 7 * HOUR // 2) + (second - 27 * HOUR // 2).clip(
        0, 9 * HOUR // 2
    )
    return week * 5 * DAY + day.clip(0, 5) * DAY + pl.when(day < 5).then(today).otherwise(0)


def working_days(begin: str, end: str, zone: ZoneInfo) -> pl.Expr:
    """Return how many working days after one instant another falls."""
    week, day, second = local(begin, zone)
    begun = (
        pl.when(day >= 5)
        .then((week + 1) * 5 + 1)
        .otherwise(week * 5 + day + 1 + (second >= 18 * HOUR).cast(pl.Int64))
    )
    later, at, _second = local(end, zone)
    return (later * 5 + (at + 1).clip(0, 5) - begun).clip(0)


def waited(event: pl.DataFrame, first: pl.DataFrame, zone: ZoneInfo) -> pl.DataFrame:
    """Return the open seconds that requests waited for their requester before the delivery."""
    kinds = ("asked", *WAIT_ENDS, *VOID)
    some = event.filter(pl.col("kind").is_in(kinds)).with_columns(
        until=pl.col("at").shift(-1).over("ticket_id")
    )
    asked = some.filter(pl.col("kind") == "asked").join(first, on="ticket_id")
    asked = asked.filter(pl.col("at") < pl.col("done")).with_columns(
        until=pl.min_horizontal("until", "done")
    )
    spent = asked.with_columns(waited=open_seconds("until", zone) - open_seconds("at", zone))
    return spent.group_by("ticket_id").agg(pl.col("waited").sum())


def reopenings(event: pl.DataFrame, zone: ZoneInfo) -> pl.DataFrame:
    """Return how often requests were reopened, and how often within ten working days."""
    some = event.filter(pl.col("kind").is_in(["delivered", "reopened"])).with_columns(
        before=pl.col("at").shift(1).over("ticket_id")
    )
    again = some.filter((pl.col("kind") == "reopened") & pl.col("before").is_not_null())
    again = again.with_columns(days=working_days("before", "at", zone))
    return again.group_by("ticket_id").agg(reopened=pl.len(), soon=(pl.col("days") <= 10).sum())


def outcomes(clock: pl.DataFrame, standing: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """Return the promises kept, in the month they were met, and missed, in that they passed."""
    some = clock.filter(
        pl.col("kind").is_in(["delivery", "first_response"]), pl.col("due_at").is_not_null(),
        pl.col("verdict") != "void",
    ).join(standing.select("id", "site_id"), left_on="ticket_id", right_on="id")  # fmt: skip
    kept = (pl.col("stopped_at") <= pl.col("due_at")).fill_null(False)
    some = some.with_columns(kept=kept).with_columns(
        counted=pl.when("kept").then("stopped_at").otherwise("due_at")
    )
    return some.filter(pl.col("kept") | (pl.col("due_at") < as_of.astimezone(UTC)))


def backlog(table: pl.DataFrame, event: pl.DataFrame, at: datetime, zone: ZoneInfo) -> pl.DataFrame:
    """Return what was open at an instant: received, not void, its last word no delivery."""
    last = event.filter(
        pl.col("kind").is_in(["delivered", "reopened"]), pl.col("at") < at
    ).group_by("ticket_id", maintain_order=True).agg(last=pl.col("kind").last())  # fmt: skip
    there = table.filter(
        pl.col("received_at") < at, pl.col("void").is_null() | (pl.col("void") >= at)
    ).join(last, left_on="id", right_on="ticket_id", how="left")
    there = there.filter(pl.col("last").is_null() | (pl.col("last") != "delivered"))
    there = there.with_columns(now=pl.lit(at.astimezone(UTC)))
    return there.with_columns(age=working_days("received_at", "now", zone))


if __name__ == "__main__":
    raise SystemExit(main())

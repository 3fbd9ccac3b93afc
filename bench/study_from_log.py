"""Derive a study from each real log, and count its volumes again by another way.

    python bench/study_from_log.py [FOLDER OF LOGS] [NAME OF ONE LOG]

Works in a database of its own, in a temporary folder. Prints for each log the lines made, whether
the volumes by site and category equal those that polars counts in the file, the hours by site, and
the time. Ends with 1 when a count differs or a second derivation changes anything.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from datetime import date
from pathlib import Path

LOGS = Path(__file__).resolve().parents[2] / "shared" / "data" / "logs"
FILES = ("uci_servicenow", "bpic2013_incidents")


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else LOGS
    names = sys.argv[2:] or FILES
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
            return sum(run(folder / f"{name}_requests.csv.gz") for name in names) and 1


def run(requests: Path) -> int:
    from relais.desk import import_log
    from relais.lib.tenancy import all_tenants, tenant
    from relais.people.models import Company, Person, Provider, Role
    from relais.study import counting, deriving
    from relais.study.models import Study, StudySite

    with all_tenants("make a provider"):
        provider = Provider.objects.create(name=f"Banc {requests.stem[:20]}")
    report = import_log.run(requests, provider)
    with tenant(provider.pk):
        company = Company.objects.get(name=report.company)
        lead = Person.objects.create(provider=provider, last_name="Pilote")
        Role.objects.create(provider=provider, person=lead, kind=Role.Kind.POOL_LEAD)
        study = Study.objects.create(
            provider=provider, company=company, name="Journal", pilot=lead, made_by=lead,
            starts_on=date(2026, 1, 5), ends_on=date(2026, 2, 27),
        )  # fmt: skip
        StudySite.objects.bulk_create(
            StudySite(provider=provider, study=study, site=site) for site in company.sites.all()
        )
        begun = time.perf_counter()
        made, _changed = deriving.derive(study, by=lead)
        taken = time.perf_counter() - begun
        begun = time.perf_counter()
        again = deriving.derive(study, by=lead)
        second = time.perf_counter() - begun
        found = deriving.volumes(study)
        lines = counting.lines_of(study)
        by_line = Counter(
            {
                (line.site.code.casefold(), line.task): round(line.count * found.days / 365)
                for line in lines
            }
        )
        rows = counting.count_study(study)
        hours = sum(row.minutes for row in rows) / 60
    expected = counted(requests)
    same = by_line == expected
    print(
        f"{company.name}: {report.taken} requests from {found.first} to {found.last} "
        f"({found.days} days)"
    )
    print(
        f"  {made} lines in {taken:.2f} s; again: {again} in {second:.2f} s; {hours:,.0f} h a year"
    )
    print(
        f"  per site and category as the file counts: {same} "
        f"({len(expected)} pairs, {sum(expected.values())} requests)"
    )
    for key in sorted(set(by_line) | set(expected)):
        if by_line[key] != expected[key]:
            print("   ", key, by_line[key], expected[key])
    return int(not same or again != (0, 0))


def counted(path: Path) -> Counter[tuple[str, str]]:
    """Return the volumes by site and category, from the file alone, without refused rows."""
    import polars as pl

    times = ["opened_at", "first_taken_at", "resolved_at", "closed_at"]
    table = pl.read_csv(path, infer_schema=False)
    moments = [
        pl.col(name).str.replace(r"Z$", "+00:00").map_elements(_instant, return_dtype=pl.Float64)
        for name in times
    ]
    table = table.with_columns(*moments).with_columns(pl.concat_list(times).alias("all"))
    given = pl.col("all").list.drop_nulls()
    kept = table.filter(
        pl.col("site").is_not_null()
        & pl.col("requester").is_not_null()
        & (given.list.diff().list.min().fill_null(0) >= 0)
    )
    counts = (
        kept.group_by(
            pl.col("site").str.to_lowercase().alias("site"),
            pl.col("category").fill_null("").alias("category"),
        )
        .len()
        .rows()
    )
    from relais.desk.log_cast import NO_CATEGORY

    return Counter({(site, category or str(NO_CATEGORY)): n for site, category, n in counts})


def _instant(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()


if __name__ == "__main__":
    sys.exit(main())

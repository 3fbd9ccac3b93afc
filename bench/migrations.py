"""Time the tables of an empty database: one operation after the other as Django does, and at once.

    python bench/migrations.py

Works in databases of its own, in temporary folders. Prints the seconds of both ways and their
ratio, and compares what `pg_dump` says of the tables. Ends with 1 where they differ.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time


def main() -> int:
    """Migrate by both ways, each in a process of its own."""
    found = {}
    for way in ("one by one", "at once"):
        with tempfile.TemporaryDirectory(prefix="relais-bench-") as data:
            os.chmod(data, 0o755)
            done = subprocess.run(
                [sys.executable, __file__, way],
                env=os.environ | {"RELAIS_DATA": data},
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
        seconds, _, tables = done.stdout.partition("\n")
        found[way] = tables
        print(f"{way:12} {float(seconds):6.1f} s")
        if way == "one by one":
            slow = float(seconds)
    print(f"ratio {slow / float(seconds):.1f}; the tables are "
          f"{'the same' if len(set(found.values())) == 1 else 'NOT the same'}")  # fmt: skip
    return len(set(found.values())) - 1


def make(way: str) -> None:
    """Print the seconds, and what the tables then are, line by line in order."""
    from relais import database, installation

    with database.attached():
        installation.load_django("owner")
        from django.core.management import call_command
        from django.db.migrations import Migration
        from psycopg.conninfo import make_conninfo

        from relais.lib.at_once import AtOnce

        if way == "one by one":
            AtOnce.apply = Migration.apply
        begun = time.perf_counter()
        call_command("migrate", interactive=False, verbosity=0)
        print(time.perf_counter() - begun)
        program = database.program("pg_dump")
        address = make_conninfo(**database.conninfo("owner"))
        told = subprocess.run(
            [program, "--schema-only", "-d", address], stdout=subprocess.PIPE, text=True, check=True
        ).stdout
        # Constraints come in another order, and a dump bears a word drawn by chance.
        print("\n".join(sorted(line for line in told.splitlines() if line[:1] != "\\")))


if __name__ == "__main__":
    sys.exit(make(sys.argv[1]) if len(sys.argv) > 1 else main())

"""Fill tables among millions of rows in minutes: what a load does not need is put back after it.

PostgreSQL's superuser writes, so that neither the walls nor the keys are asked row by row (the
statements join what exists), indexes are built once at the end, and the disk is not waited for.
For benches on a database of their own alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from relais import database
from relais.lib import postgres

QUICK = {"fsync": "off", "synchronous_commit": "off", "max_wal_size": "'16GB'",
         "checkpoint_timeout": "'1h'"}  # fmt: skip
INDEXES = """
select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index
where indrelid = any(%s::regclass[]) and not indisunique
"""


@contextmanager
def quickly(tables: Sequence[str]) -> Iterator[psycopg.Cursor[Any]]:
    """Yield a cursor that fills these tables past every wall, key and trigger."""
    url = postgres.locate(database.embedded_folder()).url(database=database.NAME)
    with psycopg.connect(url, autocommit=True) as root:
        for name, value in QUICK.items():
            root.execute(f"alter system set {name} = {value}")
        root.execute("select pg_reload_conf()")
        root.execute("set session_replication_role = replica")
        root.execute("set maintenance_work_mem = '1GB'")
        root.execute("set work_mem = '256MB'")
        indexes = root.execute(INDEXES, [list(tables)]).fetchall()
        for name, _made_by in indexes:
            root.execute(f"drop index {name}")
        try:
            with root.cursor() as cursor:
                yield cursor
        finally:
            for _name, made_by in indexes:
                root.execute(made_by)
            for name in QUICK:
                root.execute(f"alter system reset {name}")
            root.execute("select pg_reload_conf()")
            root.execute("checkpoint")

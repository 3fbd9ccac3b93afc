"""A lock in PostgreSQL that lasts as long as the process that holds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection


@contextmanager
def held_lock(kind: int, key: int) -> Iterator[bool]:
    """Yield whether this process alone holds the lock of that kind and key for the block.

    It hangs on a connection of its own: it opens by itself when the process or the database dies.
    """
    known = connection.settings_dict
    more = {k: v for k, v in (known.get("OPTIONS") or {}).items() if k != "pool"}
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host"}
    names["PORT"] = "port"
    place = {ours: known[name] for name, ours in names.items() if known[name]}
    with psycopg.connect(**place, **more, autocommit=True) as holder:
        row = holder.execute("select pg_try_advisory_lock(%s, %s)", [kind, key]).fetchone()
        yield bool(row and row[0])

"""What a database must hold before anything runs: its tables, and a first world.

What was done is written in a small table of its own, so that a start that finds everything in
place need not load Django at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg

from relais import database
from relais.lib.problem import Problem
from relais.lib.terminal import N_, say

PACKAGE = Path(__file__).resolve().parent
# Whose tables come with other people's migrations.
OTHERS = ("django", "django-allauth", "procrastinate")
Step = Callable[..., None]


class MigrationFailed(Problem):
    message = (
        "The tables could not be brought up to date: %(detail)s\n"
        "Nothing was lost: the step that failed was taken back. If the cause is not plain, restore "
        "the last backup with the version of Relais that made it."
    )


class TablesTooOld(Problem):
    message = N_(
        "These tables were made by a version of Relais from before its migrations were joined, and "
        "lack %(detail)s: this version cannot bring them up to date. Take the last version that "
        "can (git log --grep 'are made in one step each' names the commit: the one before it), run "
        "its script/setup and relais migrate on them, make a backup, then use this version again. "
        "Nothing was changed."
    )


def migration_hash() -> str:
    """Return a digest that changes when the tables of this version of the code may have changed."""
    digest = hashlib.sha256()
    for name in OTHERS:
        digest.update(f"{name} {version(name)}\n".encode())
    for file in sorted(PACKAGE.glob("*/migrations/*.py")):
        digest.update(f"{file.relative_to(PACKAGE)}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def facts() -> dict[str, str]:
    """Return what is known of the database; nothing when it is new."""
    with database.connect("owner") as owner:
        return _facts(owner)


def _facts(owner: psycopg.Connection[Any]) -> dict[str, str]:
    found = owner.execute("select to_regclass('public.relais_installation')").fetchone()
    if not found or found[0] is None:
        return {}
    return dict(owner.execute("select name, value from relais_installation").fetchall())


def _write_down(owner: psycopg.Connection[Any], **known: str) -> None:
    with owner.transaction():
        owner.execute(
            "create table if not exists relais_installation (name text primary key, value text)"
        )
        owner.execute(f"revoke all on relais_installation from {database.APP}, {database.OPS}")
        owner.execute(f"grant select on relais_installation to {database.OPS}")  # for backups
        for name, value in known.items():
            owner.execute(
                "insert into relais_installation values (%s, %s)"
                " on conflict (name) do update set value = excluded.value",
                [name, value],
            )


def bring_up(step: Step, *, demo: bool = True) -> dict[str, str]:
    """Return the facts of a database that is ready: migrated, and with a first world in it.

    Several machines may start at once: one works, the others wait for it.
    """
    wanted = migration_hash()
    known = facts()
    if known.get("migrations") == wanted and "world" in known:
        return known
    with _alone(step) as owner:
        known = _facts(owner)
        if known.get("migrations") != wanted:
            step(N_("Tables of the database"))
            migrate()
            _write_down(owner, migrations=wanted)
        if "world" not in known:
            _write_down(owner, **first_world(step, demo=demo))
        return _facts(owner)


@contextlib.contextmanager
def _alone(step: Step) -> Iterator[psycopg.Connection[Any]]:
    with database.connect("owner") as owner:
        lock = "pg_try_advisory_lock(hashtext('relais installation'))"
        if owner.execute(f"select {lock}").fetchone() != (True,):
            step(N_("Another process prepares the database: waiting for it"))
            owner.execute("select pg_advisory_lock(hashtext('relais installation'))")
        yield owner


def load_django(role: str) -> None:
    """Load Django, or turn the loaded one, so that it connects as `role`."""
    import django
    from django.apps import apps

    os.environ["DJANGO_SETTINGS_MODULE"] = "relais.settings"
    if not apps.ready:
        django.setup()
    from django.db import connection

    # The settings may have been read before, for another role.
    connection.close()
    connection.settings_dict.update(database.django_database(role))


def migrate() -> None:
    """Bring the tables up to date, as their owner."""
    load_django("owner")
    from django.core.management import call_command
    from django.db import DatabaseError

    with database.connect("owner") as owner:
        check_age(applied(owner))
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as problem:
        raise MigrationFailed(detail=str(problem).strip()) from problem


def applied(owner: psycopg.Connection[Any]) -> list[str]:
    """Return the migrations that a database went through: ["desk.0001_initial", …]."""
    row = owner.execute("select to_regclass('django_migrations')").fetchone()
    if not row or row[0] is None:
        return []
    rows = owner.execute("select app || '.' || name from django_migrations order by 1").fetchall()
    return [name for (name,) in rows]


def check_age(done: list[str]) -> set[str]:
    """Return every migration that this version knows, by itself or joined with others.

    Raises `TablesTooOld` where `done` ends among those that were joined. Django must be loaded.
    """
    from django.db.migrations.loader import MigrationLoader

    known = set()
    for (app, name), one in MigrationLoader(None).disk_migrations.items():
        joined = {f"{label}.{each}" for label, each in one.replaces}
        lacking = sorted(joined - set(done))
        if lacking and joined & set(done) and f"{app}.{name}" not in done:
            raise TablesTooOld(detail=", ".join(lacking[:5]))
        known |= joined | {f"{app}.{name}"}
    return known


def first_world(step: Step, *, demo: bool) -> dict[str, str]:
    """Return the facts of the database's world; builds the demo world into an empty database."""
    load_django("app")
    from django.db import connection, transaction

    from relais import demo as demo_world

    try:
        if not demo_world.is_needed():
            return {"world": "own"}
        if not demo:
            return {}
        step(N_("Demo world"))
        with transaction.atomic():
            demo_world.build()
        people = [[line.role, line.name, line.email] for line in demo_world.sign_ins()]
        signs = {"password": demo_world.PASSWORD, "people": people}
        return {"world": "demo", "sign_ins": json.dumps(signs)}
    finally:
        connection.close()


def say_sign_ins(known: dict[str, str]) -> None:
    """Print the accounts of the demo world, if this is one."""
    if known.get("world") != "demo" or "sign_ins" not in known:
        return
    signs = json.loads(known["sign_ins"])
    say(N_("Demo accounts, all with the password %(password)s:"), password=signs["password"])
    width = max(len(email) for _, _, email in signs["people"])
    for role, name, email in signs["people"]:
        say(f"  {email:<{width}}  {name}, {role}")

"""`relais backup` and `relais restore`: the whole database in one file, and back.

The file is a ZIP of PostgreSQL's own dump, the files of the threads and a manifest that says what
it must be. A restore fills
a new database beside the old one and changes their names at the end: all of it or nothing.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import sql

from relais import database, installation
from relais.lib import postgres, vault
from relais.lib.problem import Problem
from relais.lib.terminal import N_

DUMP, MANIFEST = "database.dump", "manifest.json"
FILES = "files/"
# 1 held no files; it is still read.
FORMAT, READABLE = 2, (1, 2)
CHUNK = 1 << 20
LEAVING_SECONDS = 2.0


class CannotWrite(Problem):
    message = N_("The backup %(path)s cannot be written: %(detail)s. Choose another place.")


class NotABackup(Problem):
    message = N_("%(path)s is not a backup made by Relais, or it is damaged: %(detail)s")


class BackupTooNew(Problem):
    message = N_(
        "The backup was made by Relais %(version)s and has tables that this version does not know "
        "(%(detail)s). Install that version or a newer one, then restore."
    )


class NotEmpty(Problem):
    message = N_(
        "The database %(address)s is not empty. To put the backup in its place and lose what it "
        "holds now: relais restore --replace FILE (make a backup of it first)."
    )


class ProgramFailed(Problem):
    message = N_("%(program)s has failed, and nothing was changed: %(detail)s")


class RowsHidden(Problem):
    message = N_(
        "User %(user)s would not see every row of %(tables)s, so the backup would be incomplete. "
        "Give in DATABASE_OWNER_URL a superuser or a user with BYPASSRLS for the backup."
    )


class StillUsed(Problem):
    message = N_(
        "Somebody is connected to the database, and user %(user)s may not end the session "
        "(%(detail)s). Nothing was changed. Stop every Relais that uses it, then restore."
    )


class MayNotCreate(Problem):
    message = N_(
        "User %(user)s may not make the database to restore into (%(detail)s). An administrator "
        "of the server can allow it: alter role %(user)s createdb"
    )


# --- write ----------------------------------------------------------------------------------


def write(path: Path, step: installation.Step) -> dict[str, Any]:
    """Return the manifest of the backup written to `path`: there whole, or not at all."""
    with database.connect("owner") as owner:
        arguments = _dump_arguments(owner)
        manifest = {
            "format": FORMAT,
            "relais": version("relais"),
            "migrations": installation.facts().get("migrations", ""),
            "applied": installation.applied(owner),
            "postgresql": owner.info.server_version // 10_000,
            "made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        }
    program = database.program("pg_dump", manifest["postgresql"])
    step(N_("Backup of the database"))
    half = path.with_name(path.name + ".part")
    try:
        with _open_private(half) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as whole:
            with whole.open(DUMP, "w", force_zip64=True) as out:
                manifest |= _dump([program, *arguments], out)
            # After the dump: a row is never older than its bytes, so that none is without them.
            manifest["files"] = _add_files(whole, step)
            whole.writestr(MANIFEST, json.dumps(manifest, indent=1))
            file.flush()
        with half.open("rb") as done:
            os.fsync(done.fileno())
        half.replace(path)
    except OSError as problem:
        raise CannotWrite(path=path, detail=problem.strerror or problem) from problem
    finally:
        half.unlink(missing_ok=True)
    step(N_("Written: %(path)s, %(size)s MB"), path=path, size=f"{path.stat().st_size / 1e6:.1f}")
    return manifest


def _store() -> vault.Vault:
    return vault.vault(database.data_dir(), os.environ.get("RELAIS_STORE", ""))


def _add_files(whole: zipfile.ZipFile, step: installation.Step) -> int:
    """Return how many files of the store were written into the backup."""
    store, count = _store(), 0
    for held in store.walk():
        if count == 0:
            step(N_("Backup of the files"))
        try:
            chunks = store.read(held.key)
        except FileNotFoundError:
            continue  # nobody named it any more
        with whole.open(FILES + held.key, "w", force_zip64=True) as out:
            for chunk in chunks:
                out.write(chunk)
        count += 1
    return count


def _put_files(whole: zipfile.ZipFile, step: installation.Step) -> None:
    """Give the store back its files; those that it has are written again all the same."""
    store = _store()
    names = [name for name in whole.namelist() if name.startswith(FILES)]
    if names:
        step(N_("Restore of the files"))
    for name in names:
        with whole.open(name) as file:
            store.put(name.removeprefix(FILES), file)


def _damaged(whole: zipfile.ZipFile) -> str:
    """Return the first file whose bytes are not those that its name says, or an empty text."""
    for name in whole.namelist():
        if not name.startswith(FILES):
            continue
        digest = hashlib.sha256()
        with whole.open(name) as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
        parts = name.split("/")
        if len(parts) != 4 or digest.hexdigest() != parts[3] or ".." in parts:
            return name
    return ""


def _open_private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b")


def _dump_arguments(owner: psycopg.Connection[Any]) -> list[str]:
    """Return how pg_dump sees every row: as a superuser, or through relais_ops."""
    common = ["--format=custom", "--no-password"]
    row = owner.execute(
        "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"
    ).fetchone()
    if database.is_embedded() or (row and row[0]):
        return common
    hidden = owner.execute(
        "select c.oid::regclass::text from pg_class c where c.relrowsecurity and not exists"
        " (select from pg_policy p where p.polrelid = c.oid and to_regrole(%s) = any(p.polroles)"
        " and pg_get_expr(p.polqual, p.polrelid) = 'true')",
        [database.OPS],
    ).fetchall()
    if hidden:
        tables = ", ".join(name for (name,) in hidden)
        raise RowsHidden(user=owner.info.user, tables=tables)
    return [*common, f"--role={database.OPS}", "--enable-row-security"]


def _dump(command: list[Any], out: IO[bytes]) -> dict[str, object]:
    digest, size = hashlib.sha256(), 0
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, env=_environment(), stdout=subprocess.PIPE, stderr=errors
        )
        assert process.stdout is not None
        try:
            while chunk := process.stdout.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                out.write(chunk)
        except BaseException:
            process.kill()
            raise
        finally:
            process.wait()
        errors.seek(0)
        if process.returncode:
            raise ProgramFailed(program="pg_dump", detail=errors.read().decode(errors="replace"))
    return {"sha256": digest.hexdigest(), "bytes": size}


def _environment(name: str | None = None) -> dict[str, str]:
    """Return the environment of a program that works for the whole database, past its walls."""
    role = postgres.SUPERUSER if database.is_embedded() else None
    mine = database.environment("owner") | ({"PGUSER": role} if role else {})
    return os.environ | mine | ({"PGDATABASE": name} if name else {})


# --- restore --------------------------------------------------------------------------------


def restore(path: Path, step: installation.Step, *, replace: bool = False) -> dict[str, Any]:
    """Return the manifest of the backup that was put in place of the database."""
    step(N_("Check of the backup"))
    manifest = read_manifest(path)
    _check_known(manifest)
    if not replace and _holds_something():
        raise NotEmpty(address=database.address("owner"))
    program = database.program("pg_restore", manifest["postgresql"])
    with tempfile.TemporaryDirectory(dir=database.make_data_dir()) as folder:
        dump = Path(folder) / DUMP
        with zipfile.ZipFile(path) as whole, whole.open(DUMP) as source, dump.open("wb") as out:
            shutil.copyfileobj(source, out, CHUNK)
            # Before the rows that speak of them.
            _put_files(whole, step)
        step(N_("Restore of the database"))
        with _new_database() as (server, name):
            _fill(program, dump, name)
            _take_the_place(server, name)
    with database.connect("owner") as owner:
        for statement in database.missing_rights(owner):
            owner.execute(statement)
    if manifest["migrations"] != installation.migration_hash():
        installation.bring_up(step, demo=False)
    step(N_("Restored: the state of %(made_at)s"), made_at=manifest["made_at"])
    return manifest


def read_manifest(path: Path) -> dict[str, Any]:
    """Return the manifest of a backup, having read all of it; raises `NotABackup`."""
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(path) as whole:
            manifest = json.loads(whole.read(MANIFEST))
            with whole.open(DUMP) as source:
                while chunk := source.read(CHUNK):
                    digest.update(chunk)
            files = sum(name.startswith(FILES) for name in whole.namelist())
            damaged = _damaged(whole)
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as problem:
        raise NotABackup(path=path, detail=problem) from problem
    if not isinstance(manifest, dict) or manifest.get("format") not in READABLE:
        raise NotABackup(path=path, detail=f"format {FORMAT}?")
    if damaged or files != manifest.get("files", 0):
        raise NotABackup(path=path, detail=damaged or FILES)
    if manifest.get("sha256") != digest.hexdigest():
        raise NotABackup(path=path, detail="sha256")
    return manifest


def _check_known(manifest: dict[str, Any]) -> None:
    if manifest["migrations"] == installation.migration_hash():
        return
    installation.load_django("owner")
    known = installation.check_age(manifest["applied"])
    if unknown := sorted(set(manifest["applied"]) - known):
        raise BackupTooNew(version=manifest["relais"], detail=", ".join(unknown[:5]))


def _holds_something() -> bool:
    with database.connect("owner") as owner:
        row = owner.execute(
            "select exists (select from pg_tables where schemaname = 'public')"
        ).fetchone()
    return bool(row and row[0])


@contextlib.contextmanager
def _new_database() -> Iterator[tuple[psycopg.Connection[Any], str]]:
    """Yield a connection beside the database, and the name of a new empty one; dropped at the end
    unless it has taken another name.
    """
    found = database.conninfo("owner")
    name = f"{found.get('dbname', database.NAME)}_restore_{os.getpid()}"
    if database.is_embedded():
        owner, found = database.OWNER, found | {"user": postgres.SUPERUSER}
    else:
        owner = found["user"]
    with psycopg.connect(**found | {"dbname": "postgres"}, autocommit=True) as server:
        try:
            server.execute(_sql("drop database if exists {}", name))
            server.execute(_sql("create database {} owner {} template template0", name, owner))
        except psycopg.errors.InsufficientPrivilege as problem:
            detail = str(problem).splitlines()[0]
            raise MayNotCreate(user=owner, detail=detail) from problem
        try:
            yield server, name
        finally:
            server.execute(_sql("drop database if exists {} with (force)", name))


def _fill(program: Path, dump: Path, name: str) -> None:
    """Restore the dump, but not the default rights: they name the owner of another server."""
    listed = _run([program, "--list", str(dump)], name)
    wanted = [line for line in listed.splitlines() if " DEFAULT ACL " not in line]
    chosen = dump.with_name("list")
    chosen.write_text("\n".join(wanted) + "\n")
    command = [program, "--no-owner", "--exit-on-error", f"--use-list={chosen}", "--dbname", name]
    if database.is_embedded():
        command.append(f"--role={database.OWNER}")
    _run([*command, str(dump)], name)


def _run(command: list[Any], name: str) -> str:
    done = subprocess.run(
        command, env=_environment(name), capture_output=True, text=True, check=False
    )
    if done.returncode:
        detail = re.sub(r"(?m)^Command was:.*", "", done.stderr).strip()[-2000:]
        raise ProgramFailed(program=Path(command[0]).name, detail=detail)
    return done.stdout


def _take_the_place(server: psycopg.Connection[Any], name: str) -> None:
    """Give the new database the name of the old one; nobody may be connected to it meanwhile."""
    old = database.conninfo("owner").get("dbname", database.NAME)
    aside = f"{old}_replaced_{os.getpid()}"
    server.execute(_sql("alter database {} allow_connections false", old))
    try:
        _end_sessions(server, old)
        with server.transaction():
            server.execute(_sql("alter database {} rename to {}", old, aside))
            server.execute(_sql("alter database {} rename to {}", name, old))
    except psycopg.Error as problem:
        server.execute(_sql("alter database {} allow_connections true", old))
        detail = str(problem).splitlines()[0]
        raise StillUsed(user=server.info.user, detail=detail) from problem
    server.execute(_sql("drop database {} with (force)", aside))


def _end_sessions(server: psycopg.Connection[Any], name: str) -> None:
    """End every session of the database; one that is leaving of itself is given a moment.

    PostgreSQL's own (a vacuum) end by themselves when the database is renamed, and are not ours.
    """
    until = time.monotonic() + LEAVING_SECONDS
    while True:
        try:
            server.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = %s and backend_type = 'client backend'",
                [name],
            )
        except psycopg.errors.InsufficientPrivilege:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def _sql(text: str, *names: str) -> sql.Composed:
    return sql.SQL(text).format(*[sql.Identifier(name) for name in names])

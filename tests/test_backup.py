"""A backup holds every row of every provider, and a restore is all of it or nothing."""

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from importlib import import_module
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from relais import backup, database, installation
from relais.lib import postgres


@pytest.fixture(scope="module")
def place(module_monkeypatch):
    """Return the folder of an installation with two tables: one behind a wall, one append-only."""
    place = Path(tempfile.mkdtemp(prefix="relais-backup-"))
    place.chmod(0o755)
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_DIRECT_URL"):
        module_monkeypatch.delenv(name, raising=False)
    module_monkeypatch.setenv("RELAIS_DATA", str(place))
    with database.attached():
        yield place
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def module_monkeypatch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture
def filled(place):
    with database.connect("owner") as owner:
        owner.execute("drop schema public cascade; create schema public")
        for statement in database.missing_rights(owner):
            owner.execute(statement)
        owner.execute(
            "create table walled (tenant int, word text);"
            "alter table walled enable row level security;"
            "alter table walled force row level security;"
            "create policy wall on walled to relais_app using (false);"
            "create policy ops on walled to relais_ops using (true) with check (true);"
            "create table facts (word text); revoke update, delete on facts from relais_app;"
            "insert into facts values ('kept')"
        )
        owner.execute("set role relais_ops")
        owner.execute("insert into walled values (1, 'mine'), (2, 'theirs')")
        owner.execute("reset role")
        installation._write_down(owner, migrations=installation.migration_hash())
    return place


def quiet(text, **values):
    pass


def words():
    with database.connect("owner") as owner:
        owner.execute("set role relais_ops")
        rows = owner.execute("select word from walled union all select word from facts")
        return sorted(word for (word,) in rows)


def test_it_brings_back_every_row_of_every_provider(filled, tmp_path):
    file = tmp_path / "today.relais"
    manifest = backup.write(file, quiet)
    assert manifest["migrations"] == installation.migration_hash()
    assert file.stat().st_mode & 0o777 == 0o600
    with database.connect("owner") as owner:
        owner.execute("truncate walled; insert into facts values ('later')")
    backup.restore(file, quiet, replace=True)
    assert words() == ["kept", "mine", "theirs"]


def test_files_come_back_too_and_damaged_ones_are_told(filled, tmp_path):
    digest = hashlib.sha256(b"devis").hexdigest()
    kept = filled / "attachments" / "7" / digest[:2] / digest
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(b"devis")
    file = tmp_path / "b"
    assert backup.write(file, quiet)["files"] == 1
    kept.unlink()
    backup.restore(file, quiet, replace=True)
    assert kept.read_bytes() == b"devis"
    kept.write_bytes(b"autre")
    backup.write(file, quiet)
    with pytest.raises(backup.NotABackup, match=digest):
        backup.read_manifest(file)
    kept.unlink()


def test_walls_and_rights_come_back_too(filled, tmp_path):
    backup.write(tmp_path / "b", quiet)
    backup.restore(tmp_path / "b", quiet, replace=True)
    with database.connect("app") as app:
        assert app.execute("select count(*) from walled").fetchone() == (0,)
        app.execute("insert into facts values ('new')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("delete from facts")
    with database.connect("owner") as owner:
        assert database.missing_rights(owner) == []
        owner.execute("create table later (word text)")
    with database.connect("app") as app:
        app.execute("insert into later values ('served')")


def test_a_database_with_something_in_it_is_not_replaced_by_mistake(filled, tmp_path):
    backup.write(tmp_path / "b", quiet)
    with pytest.raises(backup.NotEmpty, match="--replace"):
        backup.restore(tmp_path / "b", quiet)
    assert words() == ["kept", "mine", "theirs"]


def test_it_restores_into_an_empty_database(filled, tmp_path):
    backup.write(tmp_path / "b", quiet)
    with database.connect("owner") as owner:
        owner.execute("drop schema public cascade; create schema public")
    backup.restore(tmp_path / "b", quiet)
    assert words() == ["kept", "mine", "theirs"]


def test_it_replaces_a_database_that_somebody_uses(filled, tmp_path):
    backup.write(tmp_path / "b", quiet)
    with database.connect("app") as reader:
        backup.restore(tmp_path / "b", quiet, replace=True)
        with pytest.raises(psycopg.OperationalError):
            reader.execute("select 1")
    assert words() == ["kept", "mine", "theirs"]


def damage_bytes(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


def damage_digest(file):
    with zipfile.ZipFile(file) as whole:
        dump, manifest = whole.read(backup.DUMP), json.loads(whole.read(backup.MANIFEST))
    with zipfile.ZipFile(file, "w") as whole:
        whole.writestr(backup.DUMP, dump)
        whole.writestr(backup.MANIFEST, json.dumps(manifest | {"sha256": "0" * 64}))


def cut_off(file):
    os.truncate(file, file.stat().st_size - 200)


def empty(file):
    file.write_bytes(b"")


@pytest.mark.parametrize("damage", [damage_bytes, damage_digest, cut_off, empty])
def test_a_damaged_backup_is_refused_and_nothing_changes(filled, tmp_path, damage):
    file = tmp_path / "b"
    backup.write(file, quiet)
    damage(file)
    with pytest.raises(backup.NotABackup):
        backup.restore(file, quiet, replace=True)
    assert words() == ["kept", "mine", "theirs"]


def test_a_dump_that_fails_halfway_leaves_the_old_database(filled, tmp_path, monkeypatch):
    backup.write(tmp_path / "b", quiet)

    def fail(program, dump, name):
        backup._run([program, "--dbname", name, "--exit-on-error", os.devnull], name)

    monkeypatch.setattr(backup, "_fill", fail)
    with pytest.raises(backup.ProgramFailed):
        backup.restore(tmp_path / "b", quiet, replace=True)
    assert words() == ["kept", "mine", "theirs"]
    with database.connect("owner") as owner:
        left = owner.execute("select datname from pg_database where datname like 'relais_%'")
        assert left.fetchall() == []


def test_a_backup_of_a_newer_version_is_refused(filled, tmp_path):
    with database.connect("owner") as owner:
        owner.execute("create table django_migrations (app text, name text)")
        owner.execute("insert into django_migrations values ('people', '9999_next_year')")
        installation._write_down(owner, migrations="newer")
    backup.write(tmp_path / "b", quiet)
    with pytest.raises(backup.BackupTooNew, match=r"people\.9999_next_year"):
        backup.restore(tmp_path / "b", quiet, replace=True)


@pytest.mark.parametrize("whole", [False, True])
def test_tables_from_before_the_migrations_were_joined(filled, tmp_path, whole):
    """Half of those that were joined: refused with the mend, before anything is touched."""
    joined = "relais.desk.migrations.0001_squashed_0016_recurrences_begin"
    names = [name for _app, name in import_module(joined).Migration.replaces]
    with database.connect("owner") as owner:
        owner.execute("create table django_migrations (app text, name text)")
        for name in names if whole else names[:-3]:
            owner.execute("insert into django_migrations values ('desk', %s)", [name])
        installation._write_down(owner, migrations="older")
        done = installation.applied(owner)
    if whole:
        assert set(done) <= installation.check_age(done)
        return
    backup.write(tmp_path / "b", quiet)
    with pytest.raises(installation.TablesTooOld, match="0015_logs_and_lessons"):
        backup.restore(tmp_path / "b", quiet, replace=True)
    with pytest.raises(installation.TablesTooOld, match="0016_recurrences_begin"):
        installation.migrate()


def test_a_place_that_cannot_be_written_is_named_and_left_clean(filled, tmp_path):
    with pytest.raises(backup.CannotWrite, match="no-such-folder"):
        backup.write(tmp_path / "no-such-folder" / "b", quiet)
    (tmp_path / "taken").mkdir()
    with pytest.raises(backup.CannotWrite):
        backup.write(tmp_path / "taken", quiet)
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]


def test_without_a_superuser_it_sees_all_rows_through_relais_ops(filled, tmp_path, monkeypatch):
    _as_on_a_server(monkeypatch)
    backup.write(tmp_path / "b", quiet)
    monkeypatch.undo()
    monkeypatch.setenv("RELAIS_DATA", str(filled))
    backup.restore(tmp_path / "b", quiet, replace=True)
    assert words() == ["kept", "mine", "theirs"]


def test_without_the_right_to_end_sessions_nothing_changes(filled, tmp_path, monkeypatch):
    backup.write(tmp_path / "b", quiet)
    root = postgres.locate(database.embedded_folder()).url()
    with psycopg.connect(root, autocommit=True) as connection:
        connection.execute("alter role relais_owner createdb; create role web login")
        connection.execute("grant relais_app, relais_ops to web")
        server = postgres.locate(database.embedded_folder())
        monkeypatch.setenv("DATABASE_URL", server.url("web", database.NAME))
        monkeypatch.setenv("DATABASE_OWNER_URL", server.url(database.OWNER, database.NAME))
        with database.connect("app") as web:
            with monkeypatch.context() as hurried:
                hurried.setattr(backup, "LEAVING_SECONDS", 0.2)
                with pytest.raises(backup.StillUsed, match="Stop every Relais"):
                    backup.restore(tmp_path / "b", quiet, replace=True)
            web.execute("select 1")
        backup.restore(tmp_path / "b", quiet, replace=True)
        connection.execute("alter role relais_owner nocreatedb; drop role web")
    assert words() == ["kept", "mine", "theirs"]


def test_without_a_superuser_it_refuses_to_leave_rows_out(filled, tmp_path, monkeypatch):
    with database.connect("owner") as owner:
        owner.execute("drop policy ops on walled")
    _as_on_a_server(monkeypatch)
    with pytest.raises(backup.RowsHidden, match="walled"):
        backup.write(tmp_path / "b", quiet)
    assert not (tmp_path / "b").exists()


def _as_on_a_server(monkeypatch):
    server = postgres.locate(database.embedded_folder())
    assert conninfo_to_dict(server.url())["user"] == "postgres"
    monkeypatch.setenv("DATABASE_URL", server.url(database.APP, database.NAME))
    monkeypatch.setenv("DATABASE_OWNER_URL", server.url(database.OWNER, database.NAME))

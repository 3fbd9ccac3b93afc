"""Where the database is, as whom one connects, and what is said when it is not right."""

import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from relais import database
from relais.lib import postgres


@pytest.fixture(scope="module")
def cluster():
    """Return a server with nothing of ours in it, as an administrator hands it over."""
    place = Path(tempfile.mkdtemp(prefix="relais-server-"))
    place.chmod(0o755)
    with postgres.running(place / "pg", settings={"fsync": "off"}) as server:
        yield server
    shutil.rmtree(place)


@pytest.fixture
def server(cluster, monkeypatch):
    """Return that server with an empty database `company` of the login `firm`."""
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_DIRECT_URL", "RELAIS_DB_ROLE"):
        monkeypatch.delenv(name, raising=False)
    with psycopg.connect(cluster.url(), autocommit=True) as root:
        root.execute("create role firm login")
        root.execute("create database company owner firm")
        yield cluster
        root.execute("drop database company with (force)")
        for role in ("web", "relais_owner", "relais_app", "relais_ops", "firm"):
            root.execute(f"drop role if exists {role}")


def run(server, statements, login="postgres", name="company"):
    with psycopg.connect(server.url(login, name), autocommit=True) as connection:
        return connection.execute(statements)


def who(connection):
    return connection.execute("select session_user::text, current_user::text").fetchone()


def test_a_superusers_address_is_enough_and_the_application_is_none(server, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", server.url("postgres", "company"))
    database.prepare()
    database.prepare()
    assert who(database.connect("app")) == ("postgres", "relais_app")
    assert who(database.connect("direct")) == ("postgres", "relais_app")
    assert who(database.connect("owner")) == ("postgres", "postgres")


def test_the_application_may_use_later_tables_and_enter_ops_for_a_transaction(server, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", server.url("postgres", "company"))
    database.prepare()
    with database.connect("owner") as owner:
        owner.execute("create table t (id int generated always as identity, word text)")
    with database.connect("app") as app:
        app.execute("insert into t (word) values ('x')")
        with app.transaction():
            app.execute("set local role relais_ops")
            assert app.execute("select count(*) from t").fetchone() == (1,)
        assert who(app)[1] == "relais_app"
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("truncate t")


def test_an_owner_who_may_create_roles_is_enough(server, monkeypatch):
    run(server, "alter role firm createrole")
    monkeypatch.setenv("DATABASE_URL", server.url("firm", "company"))
    database.prepare()
    assert who(database.connect("app")) == ("firm", "relais_app")


def test_without_that_right_the_message_holds_what_an_administrator_must_run(server, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", server.url("firm", "company"))
    with pytest.raises(database.RolesMissing) as caught:
        database.prepare()
    statements = caught.value.values["statements"]
    assert 'create role "relais_app"' in statements
    run(server, statements)
    database.prepare()
    with database.connect("app") as app:
        assert who(app) == ("firm", "relais_app")
        app.execute("begin; set local role relais_ops; commit")


def test_two_logins_one_for_the_tables_and_one_for_the_pages(server, monkeypatch):
    run(server, "create role web login")
    monkeypatch.setenv("DATABASE_URL", server.url("web", "company"))
    monkeypatch.setenv("DATABASE_OWNER_URL", server.url("firm", "company"))
    with pytest.raises(database.RolesMissing) as caught:
        database.prepare()
    run(server, caught.value.values["statements"])
    database.prepare()
    with database.connect("owner") as owner:
        owner.execute("create table t (word text)")
        owner.execute("alter table t enable row level security")
        owner.execute("create policy wall on t to relais_app using (false)")
        owner.execute("insert into t values ('hidden')")
    with database.connect("app") as app:
        assert who(app) == ("web", "web")
        assert app.execute("select count(*) from t").fetchone() == (0,)
        app.execute("begin; set local role relais_ops; commit")


@pytest.mark.parametrize("power", ["superuser", "bypassrls"])
def test_a_login_that_passes_the_walls_may_not_serve(server, monkeypatch, power):
    run(server, f"create role web login {power}; alter role firm createrole superuser")
    monkeypatch.setenv("DATABASE_URL", server.url("web", "company"))
    monkeypatch.setenv("DATABASE_OWNER_URL", server.url("firm", "company"))
    with pytest.raises(database.NoWall, match="web"):
        database.prepare()


def test_a_member_of_the_owner_may_not_serve(server, monkeypatch):
    run(server, "alter role firm createrole; create role web login; grant firm to web")
    monkeypatch.setenv("DATABASE_OWNER_URL", server.url("firm", "company"))
    monkeypatch.setenv("DATABASE_URL", server.url("web", "company"))
    database.prepare()
    run(server, "create table django_migrations (id int)", login="firm")
    with pytest.raises(database.NoWall):
        database.prepare()


def test_the_same_login_twice_is_one_login(server, monkeypatch):
    run(server, "alter role firm createrole")
    monkeypatch.setenv("DATABASE_URL", server.url("firm", "company"))
    monkeypatch.setenv("DATABASE_OWNER_URL", server.url("firm", "company"))
    database.prepare()
    assert who(database.connect("app")) == ("firm", "relais_app")


def test_an_old_server_is_refused(server, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", server.url("postgres", "company"))
    monkeypatch.setattr(database, "OLDEST_SERVER", 99)
    with pytest.raises(database.ServerTooOld, match="needs 99"):
        database.prepare()


def test_a_database_that_is_not_there_is_named(server, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", server.url("firm", "nowhere"))
    with pytest.raises(database.DatabaseMissing, match='create database "nowhere"'):
        database.prepare()


@pytest.mark.parametrize(
    "address", ["postgresql://me:secret@127.0.0.1:1/db", "postgresql://me:secret@no.invalid/db"]
)
def test_a_server_that_does_not_answer_is_named_without_its_password(monkeypatch, address):
    monkeypatch.delenv("DATABASE_OWNER_URL", raising=False)
    monkeypatch.setenv("DATABASE_URL", address)
    with pytest.raises(database.Unreachable, match="Check DATABASE_URL") as caught:
        database.connect("owner")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["mysql://me@host/db", "postgresql://[host/db", "nonsense", "postgresql://h:x y/d"]
)
def test_what_is_no_address_is_refused(monkeypatch, address):
    monkeypatch.setenv("DATABASE_URL", address)
    with pytest.raises((database.BadAddress, database.Unreachable)):
        database.connect("app")


def test_django_gets_all_of_the_address(monkeypatch):
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://o@h/d")
    monkeypatch.setenv("DATABASE_URL", "postgresql://web:p%40ss@db.example:6543/d?sslmode=require")
    monkeypatch.setenv("RELAIS_DB_POOL", "9")
    found = database.django_database("app")
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"], found["NAME"]) == (
        "web",
        "p@ss",
        "db.example",
        "6543",
        "d",
    )
    assert found["OPTIONS"]["sslmode"] == "require"
    assert found["OPTIONS"]["pool"]["max_size"] == 9
    assert "pool" not in database.django_database("owner")["OPTIONS"]


def test_the_worker_goes_past_the_pooler(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://web@pooler/d")
    monkeypatch.setenv("DATABASE_DIRECT_URL", "postgresql://web@server/d")
    assert database.django_database("direct")["HOST"] == "server"
    assert database.django_database("app")["HOST"] == "pooler"


def test_without_an_address_it_is_the_embedded_one(monkeypatch, tmp_path):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("RELAIS_DATA", str(tmp_path))
    found = conninfo_to_dict(postgres.locate(tmp_path / "postgres").url("relais_app", "relais"))
    assert database.conninfo("app") == found
    assert database.django_database("owner")["USER"] == "relais_owner"


def test_an_unknown_role_is_refused():
    with pytest.raises(database.BadAddress, match="RELAIS_DB_ROLE"):
        database.django_database("king")

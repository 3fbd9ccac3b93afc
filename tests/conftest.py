"""The ground of every test: real PostgreSQL, copied from a migrated template, as the app role.

`world` enters one provider inside a transaction that is rolled back; `worlds` makes two providers
and enters neither; `committed` gives the test a database of its own, for what must really commit.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection, connections
from django.test import Client
from hypothesis import settings
from psycopg import sql
from psycopg.conninfo import make_conninfo

from relais import database
from relais.lib import postgres
from relais.lib.tenancy import tenant

from . import world as cast
from .kept import Kept

# RELAIS_THOROUGH=1 tries the properties with hypothesis' own hundred examples.
settings.register_profile("quick", max_examples=30)
if not os.environ.get("RELAIS_THOROUGH"):
    settings.load_profile("quick")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
RUN = f"relais_test_{os.getpid()}"
WORLD, OTHER_WORLD = Kept(cast.build_world), Kept(cast.build_other_world)


# The longest first: the others fill up what the last of them leaves.
LONGEST = [
    "walls/test_crawl.py",
    "walls/test_writes.py",
    "browser/test_pages.py",
    "test_api_contract.py",
    "test_server.py",
    "flows/test_demo.py",
    "flows/test_demo_history.py",
    "browser/test_agreement_pages.py",
    "browser/test_signin_pages.py",
    "browser/test_main_job.py",
    "engine/test_worktime_properties.py",
]
# Their tests share nothing, and each is long: they are dealt out one by one.
ALONE = ("walls/test_crawl.py", "walls/test_writes.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""

    def rank(item: pytest.Item) -> int:
        return next((n for n, name in enumerate(LONGEST) if str(item.path).endswith(name)), 99)

    items.sort(key=rank)


def pytest_collection_finish() -> None:
    """Look for garbage only in what the tests make: the modules stay, and are most of it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of one file in one process: they share what was made for the first of them."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::", 1)[0]
            return nodeid if file.endswith(ALONE) else file

    return ByFile(config, log)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what tests have to tell: the size of what they went through."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, told in report.user_properties if report.when == "call" else ():
            terminalreporter.write_line(f"{name}: {told}")


class TestServer:
    """Where the tests' databases are made, and as whom."""

    __test__ = False

    def __init__(self, maker: str, owner: dict[str, Any], app: dict[str, Any]) -> None:
        self.maker, self.owner, self.app = maker, owner, app
        self.template = f"relais_template_{_digest_of_migrations()}"

    def execute(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.maker, autocommit=True) as root:
            root.execute(sql.SQL(statement).format(*[sql.Identifier(name) for name in names]))

    @contextlib.contextmanager
    def holding_template(self, migrate: Callable[[dict[str, Any]], None]) -> Iterator[None]:
        """Make the template, and keep runs of other migrations from dropping it meanwhile."""
        with psycopg.connect(self.maker, autocommit=True) as holder:
            holder.execute("select pg_advisory_lock_shared(hashtext(%s))", [self.template])
            self._make_template(migrate)
            yield

    def _make_template(self, migrate: Callable[[dict[str, Any]], None]) -> None:
        """Migrate a database once for this set of migrations; everybody else waits for it."""
        with psycopg.connect(self.maker, autocommit=True) as root:
            root.execute("select pg_advisory_lock(hashtext('relais template'))")
            known = root.execute(
                "select datname from pg_database where datname like 'relais_template_%'"
            ).fetchall()
            if (self.template,) in known:
                return
            for (old,) in known:
                free = root.execute("select pg_try_advisory_lock(hashtext(%s))", [old]).fetchone()
                if free != (True,):
                    continue
                root.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(old)))
            making = "relais_making_template"
            root.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(making)))
            root.execute(
                sql.SQL("create database {} owner {}").format(
                    sql.Identifier(making), sql.Identifier(self.owner["user"])
                )
            )
            owner = self.owner | {"dbname": making}
            with psycopg.connect(**owner, autocommit=True) as mine:
                for statement in database.missing_rights(mine):
                    mine.execute(statement)
            migrate(owner)
            root.execute(
                sql.SQL("alter database {} rename to {}").format(
                    sql.Identifier(making), sql.Identifier(self.template)
                )
            )

    def copy(self, name: str) -> None:
        self.execute("drop database if exists {} with (force)", name)
        self.execute("create database {} template {}", name, self.template)

    def drop(self, name: str) -> None:
        self.execute("drop database if exists {} with (force)", name)


def _digest_of_migrations() -> str:
    digest = hashlib.sha256()
    root = Path(database.__file__).parent
    for file in [*sorted(root.glob("*/migrations/*.py")), root / "lib" / "tenancy.py"]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


@contextlib.contextmanager
def _running() -> Iterator[TestServer]:
    if not database.is_embedded():
        database.prepare()
        owner, app = database.conninfo("owner"), database.conninfo("app")
        yield TestServer(make_conninfo(**owner), owner, app)
        return
    folder = database.data_dir() / "tests" / "postgres"
    with postgres.running(
        folder,
        prepare=database._prepare_embedded,
        programs=database.programs(),
        settings={"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"},
    ) as server:

        def login(role: str) -> dict[str, Any]:
            return psycopg.conninfo.conninfo_to_dict(server.url(role))

        yield TestServer(server.url(), login(database.OWNER), login(database.APP))


def _point(conninfo: dict[str, Any]) -> None:
    """Turn Django's default connection to another database or login."""
    connections["default"].close()
    connections["default"].settings_dict.update(
        NAME=conninfo["dbname"],
        USER=conninfo.get("user", ""),
        PASSWORD=conninfo.get("password", ""),
        HOST=conninfo.get("host", ""),
        PORT=conninfo.get("port", ""),
        OPTIONS={"options": conninfo["options"]} if conninfo.get("options") else {},
    )


def _migrate(owner: dict[str, Any]) -> None:
    from django.core.management import call_command

    _point(owner)
    call_command("migrate", verbosity=0)
    connections["default"].close()


@pytest.fixture(scope="session")
def server() -> Iterator[TestServer]:
    """Return the PostgreSQL server of the tests, started for them unless DATABASE_URL names one."""
    with _running() as running:
        yield running


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: Any, server: TestServer
) -> Iterator[None]:
    """Give pytest-django a copy of the template, served as the app role."""
    with contextlib.ExitStack() as held:
        with django_db_blocker.unblock():
            held.enter_context(server.holding_template(_migrate))
            server.copy(RUN)
            _point(server.app | {"dbname": RUN})
        yield
        with django_db_blocker.unblock():
            connections.close_all()
            server.drop(RUN)


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.SECURE_SSL_REDIRECT = False
    settings.UNDO_SECONDS = 0  # letters leave at once


@pytest.fixture(autouse=True)
def _own_store(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings.FILE_STORE = str(tmp_path_factory.getbasetemp() / "store")


@pytest.fixture(autouse=True)
def _no_calendar_from_another_database() -> None:
    # Keys begin again in each test's copy of the template.
    from relais.people import calendars

    calendars.forget()


@pytest.fixture
def world(db: None) -> Iterator[cast.World]:
    """Return Atout Services, entered: the test sees what this provider sees."""
    made = WORLD.build()
    with tenant(made.provider.pk):
        yield made


@pytest.fixture
def worlds(db: None) -> tuple[cast.World, cast.World]:
    """Return Atout Services and Autre Pool; the test enters one by `with tenant(…)`."""
    return WORLD.build(), OTHER_WORLD.build()


@pytest.fixture
def client_of() -> Callable[[Any], Client]:
    """Return a function from a person to a browser in which that person is signed in."""

    def sign_in(person: Any) -> Client:
        client = Client(raise_request_exception=False)
        client.force_login(person.user, "allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


@pytest.fixture
def committed(
    django_db_setup: None, django_db_blocker: Any, server: TestServer
) -> Iterator[dict[str, Any]]:
    """Give the test a database of its own, where transactions commit: for two at once, and jobs.

    Yields the connection parameters of the app role. Threads of the test close their connections.
    """
    name = f"{RUN}_own"
    before = dict(connection.settings_dict)
    with django_db_blocker.unblock():
        server.copy(name)
        mine = server.app | {"dbname": name}
        _point(mine)
        try:
            yield mine
        finally:
            connections.close_all()
            connections["default"].settings_dict.update(before)
            server.drop(name)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of data written by others, or skip the test where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the shared data folder is absent (../shared/data)")
    return SHARED

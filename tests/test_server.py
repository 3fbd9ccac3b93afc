"""`relais server`: what it says when it cannot start, and what it leaves when it ends."""

import contextlib
import errno
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest

from relais import database, server
from relais.lib import postmaster

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def busy():
    """Return a port of 127.0.0.1 on which somebody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_port_in_use_is_named_with_another(busy):
    with pytest.raises(server.PortTaken, match=f"Port {busy} .*PORT={busy + 1}"):
        server.check_address("127.0.0.1", busy)


@pytest.mark.parametrize("port", ["0", "70000", "web", "-1", "8 0"])
def test_what_is_no_port_is_named(monkeypatch, port):
    monkeypatch.setenv("PORT", port)
    with pytest.raises(server.BadPort, match=re.escape(port)):
        server._port()


@pytest.mark.parametrize("host", ["203.0.113.7", "no-such-host.invalid"])
def test_an_address_of_another_machine_is_named(host):
    with pytest.raises(server.AddressRefused, match=re.escape(host)):
        server.check_address(host, free_port())


def test_a_data_folder_that_cannot_be_made_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("RELAIS_DATA", str(tmp_path / "file" / "data"))
    with pytest.raises(database.DataFolderBad, match="RELAIS_DATA="):
        database.make_data_dir()


def test_a_full_disk_is_named(monkeypatch, tmp_path):
    def full(**where):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setenv("RELAIS_DATA", str(tmp_path))
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(database.DataFolderBad, match="No space left"):
        database.make_data_dir()


def test_a_child_that_keeps_dying_is_started_later_and_later():
    child = server.Child("Web", [sys.executable, "-c", ""], {})
    waits = []
    for _ in range(3):
        child.start(())
        assert postmaster.wait_until(child.has_died, seconds=20)
        waits.append(child.due - time.monotonic())
    assert waits[0] < waits[1] < waits[2] < 30


def test_what_a_dead_child_left_is_ended(tmp_path):
    script = "import subprocess, sys; subprocess.Popen(['sleep', '600']); sys.exit(1)"
    child = server.Child("Web", [sys.executable, "-c", script], {})
    child.start(())
    group = child.process.pid
    assert postmaster.wait_until(child.has_died, seconds=20)
    # A killed process is gone a moment after the kill, not at once.
    assert postmaster.wait_until(lambda: not living(group), seconds=20)


def living(group):
    """Return the processes of a group that are no zombies."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[2]) == group and fields[0] not in "ZX":
                    found.append(int(entry.name))
    return found


# --- the whole of it, once ------------------------------------------------------------------


class Running:
    """The product, started by its command."""

    def __init__(self, place: Path) -> None:
        self.place, self.port = place, free_port()
        self.log = place / "log"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DATABASE_")}
        environment |= {"RELAIS_DATA": str(place / "data"), "PORT": str(self.port)}
        environment |= {"RELAIS_DEMO_HISTORY": "0"}  # its nine months would take the cores
        self.process = subprocess.Popen(
            [sys.executable, "-m", "relais.cli", "server"],
            cwd=ROOT,
            env=environment | {"RELAIS_LANG": "en", "PYTHONUNBUFFERED": "1"},
            stdout=self.log.open("w"),
            stderr=subprocess.STDOUT,
            # Started by `nohup`, the tests themselves would hand on a hang-up that is ignored.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
        )

    def ready(self):
        def told():
            assert self.process.poll() is None, self.log.read_text()
            return "Ctrl-C stops everything" in self.log.read_text()

        assert postmaster.wait_until(told, seconds=240), self.log.read_text()
        return self

    def page(self, path="/healthz/web"):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as page:
            return page.status

    def answers(self, path="/healthz/web"):
        try:
            return self.page(path) == 200
        except OSError:
            return False

    def children(self):
        """Return the processes that work for this installation, but the command itself."""
        mark = f"RELAIS_DATA={self.place / 'data'}".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == self.process.pid:
                continue
            with contextlib.suppress(OSError):
                mine = mark in (entry / "environ").read_bytes()
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if command and (mine or str(self.place) in command):
                    found[int(entry.name)] = command
        return found

    def child(self, word):
        return min(pid for pid, command in self.children().items() if word in command)


@pytest.fixture(scope="module")
def place():
    place = Path(tempfile.mkdtemp(prefix="relais-run-"))
    place.chmod(0o755)
    yield place
    postmaster.stop(place / "data" / "postgres" / "data")
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="module")
def run(place):
    run = Running(place).ready()
    assert postmaster.wait_until(lambda: run.answers("/healthz"), seconds=60)
    yield run
    run.process.kill()
    run.process.wait()


def test_it_says_where_it_is_and_how_to_enter(run):
    told = run.log.read_text()
    assert f"http://localhost:{run.port}/" in told
    assert "Demo accounts" in told


@pytest.mark.parametrize("word", ["granian", "procrastinate", "bin/postgres -D"])
def test_what_dies_is_started_again(run, word):
    before = run.child(word)
    os.kill(before, signal.SIGKILL)

    def back():
        found = [pid for pid, command in run.children().items() if word in command]
        return found and before not in found and run.answers("/healthz")

    assert postmaster.wait_until(back, seconds=60), run.log.read_text()


def test_killed_it_leaves_nothing_and_the_next_start_finds_its_data(run, place):
    run.process.kill()
    assert postmaster.wait_until(lambda: not run.children(), seconds=20), run.children()
    again = Running(place).ready()
    assert "Demo world" not in again.log.read_text()
    again.process.terminate()
    assert again.process.wait(60) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_asked_to_stop_it_leaves_nothing(place, number):
    run = Running(place)
    if number == signal.SIGINT:
        run.ready()
    else:  # in the middle of its start
        assert postmaster.wait_until(lambda: "Database" in run.log.read_text(), seconds=60)
    run.process.send_signal(number)
    run.process.wait(60)
    assert "Traceback" not in run.log.read_text()
    assert postmaster.wait_until(lambda: not run.children(), seconds=30), run.children()

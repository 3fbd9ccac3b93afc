"""The server of one's own: it keeps its data through every death, and says what to mend."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from relais.lib import postgres, postmaster

ROOT = Path(__file__).resolve().parents[2]
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root runs it as another user")
HOLD = """
import sys, time
from pathlib import Path
import psycopg
from relais.lib import postgres

def prepare(server):
    with psycopg.connect(server.url(), autocommit=True) as root:
        if not root.execute("select 1 from pg_roles where rolname = 'guest'").fetchone():
            time.sleep(0.2)
            root.execute("create role guest login")

with postgres.running(Path(sys.argv[1]), prepare=prepare) as server:
    print("up", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def place():
    """Return an empty folder that every user of the machine can reach."""
    place = Path(tempfile.mkdtemp(prefix="pgtest-"))
    place.chmod(0o755)
    yield place
    for folder in place.rglob("data"):
        postmaster.stop(folder)
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def made():
    """Return a folder with a cluster that was stopped in order: tests copy it."""
    place = Path(tempfile.mkdtemp(prefix="pgtest-"))
    place.chmod(0o755)
    with postgres.running(place / "pg") as server, connect(server) as db:
        db.execute("create table kept (word text)")
        db.execute("insert into kept values ('first')")
    yield place / "pg"
    shutil.rmtree(place)


@pytest.fixture
def folder(place, made):
    subprocess.run(["cp", "-a", made, place / "pg"], check=True)
    return place / "pg"


def connect(server, role=postgres.SUPERUSER):
    return psycopg.connect(server.url(role), autocommit=True)


def words(server):
    with connect(server) as db:
        return [word for (word,) in db.execute("select word from kept order by word")]


def hold(folder):
    """Start another process that uses the server, and wait until it does."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, folder],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "up\n"
    return process


def stopped(folder, seconds=20):
    return postmaster.wait_until(lambda: not postgres.is_running(folder), seconds=seconds)


def kill_watcher(folder):
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if b"relais.lib.postgres" in line and os.fsencode(folder) in line:
                os.kill(int(entry.name), signal.SIGKILL)
                return
    raise AssertionError("nobody watches")


def test_it_keeps_its_data_from_one_start_to_the_next(folder):
    with postgres.running(folder) as server:
        assert words(server) == ["first"]
        with connect(server) as db:
            db.execute("insert into kept values ('second')")
    assert not postgres.is_running(folder)
    with postgres.running(folder) as server:
        assert words(server) == ["first", "second"]


def test_it_writes_through_to_the_disk_and_listens_to_nobody_else(folder):
    with postgres.running(folder) as server, connect(server) as db:
        shown = {
            name: db.execute(f"show {name}").fetchone()[0]
            for name in ("fsync", "full_page_writes", "synchronous_commit", "listen_addresses")
        }
        assert shown == {
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
            "listen_addresses": "",
        }
        assert server.sockets.stat().st_mode & 0o777 == 0o700
        assert folder.stat().st_mode & 0o777 == 0o700


def test_settings_of_the_caller_win(folder):
    with (
        postgres.running(folder, settings={"work_mem": "7MB"}) as server,
        connect(server) as db,
    ):
        assert db.execute("show work_mem").fetchone() == ("7MB",)


def test_the_last_user_stops_it(folder):
    with postgres.running(folder) as server:
        other = hold(folder)
        other.communicate("")
        assert words(server) == ["first"]
    assert not postgres.is_running(folder)


def test_three_at_once_make_one_server_and_prepare_it_once(place):
    folder = place / "pg"
    command = [sys.executable, "-c", HOLD, folder]
    users = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    assert [user.stdout.readline() for user in users] == [b"up\n"] * 3
    for user in users:
        user.communicate(b"")
        assert user.returncode == 0
    assert not postgres.is_running(folder)


def test_a_killed_user_leaves_no_server_behind(folder):
    user = hold(folder)
    user.kill()
    user.wait()
    assert stopped(folder)


def test_without_its_watcher_it_waits_for_the_next_user(folder):
    user = hold(folder)
    kill_watcher(folder)
    user.kill()
    user.wait()
    time.sleep(0.5)
    assert postgres.is_running(folder)
    with postgres.running(folder) as server:
        assert words(server) == ["first"]
    assert not postgres.is_running(folder)


def test_a_killed_server_starts_again_with_all_that_was_committed(folder):
    for word in ("second", "third"):
        with postgres.running(folder) as server:
            with connect(server) as db:
                db.execute("insert into kept values (%s)", [word])
            pid = postmaster.alive(server.cluster)
            os.kill(pid, signal.SIGKILL)
            assert postmaster.wait_until(lambda: not postgres.is_running(folder), seconds=10)
            with postgres.running(folder) as again:
                assert word in words(again)


def test_a_number_left_by_a_dead_server_may_be_somebody_elses_now(folder):
    (folder / "data" / "postmaster.pid").write_text(f"{os.getppid()}\n{folder / 'data'}\n")
    with postgres.running(folder) as server:
        assert words(server) == ["first"]


def test_a_half_made_cluster_is_made_anew(place):
    half = place / "pg" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with postgres.running(place / "pg") as server:
        assert server.cluster.is_dir()
    assert not half.exists()


@pytest.mark.parametrize("name", ["a space, a comma and l'apostrophe", "long-" * 30])
def test_any_path_will_do(place, made, name):
    subprocess.run(["cp", "-a", made, place / name], check=True)
    with postgres.running(place / name) as server:
        assert words(server) == ["first"]
        assert server.sockets.stat().st_mode & 0o777 == 0o700


def test_a_socket_folder_made_by_somebody_else_is_refused(place, made, tmp_path, monkeypatch):
    folder = place / ("long-" * 30)
    subprocess.run(["cp", "-a", made, folder], check=True)
    (tmp_path / "real").mkdir()
    sockets = tmp_path / "link"
    sockets.symlink_to(tmp_path / "real")
    monkeypatch.setattr(postgres, "_sockets", lambda folder, account: sockets)
    with pytest.raises(postgres.FolderReadOnly), postgres.running(folder):
        pass


def test_another_version_is_named(folder):
    (folder / "data" / "PG_VERSION").write_text("14\n")
    with pytest.raises(postgres.OtherVersion, match="made by PostgreSQL 14"):
        postgres.running(folder).__enter__()


def test_missing_programs_are_named(folder, tmp_path):
    with pytest.raises(postgres.ProgramsMissing, match="initdb"):
        postgres.running(folder, programs=tmp_path).__enter__()


def test_a_full_disk_is_named_before_anything_is_written(place, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(9, 9, 9))
    with pytest.raises(postgres.DiskFull, match="Free some room"):
        postgres.running(place / "pg").__enter__()
    assert not (place / "pg" / "data").exists()


def test_a_server_that_does_not_start_shows_its_last_words(folder):
    bad = {"shared_buffers": "many"}
    with pytest.raises(postgres.StartFailed, match="shared_buffers"):
        postgres.running(folder, settings=bad).__enter__()
    with postgres.running(folder) as server:
        assert words(server) == ["first"]


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(place):
    place.chmod(0o500)
    with pytest.raises(postgres.FolderReadOnly, match="cannot be written"):
        postgres.running(place / "pg").__enter__()
    place.chmod(0o755)


@as_root
def test_it_never_runs_as_root(folder):
    with postgres.running(folder) as server:
        assert server.cluster.stat().st_uid != 0
        pid = postmaster.alive(server.cluster)
        assert Path(f"/proc/{pid}").stat().st_uid == server.cluster.stat().st_uid


@as_root
def test_a_private_parent_is_refused_and_stays_private(place):
    (place / "private").mkdir(mode=0o700)
    with pytest.raises(postgres.FolderUnreachable, match="cannot be reached"):
        postgres.running(place / "private" / "pg").__enter__()
    assert (place / "private").stat().st_mode & 0o777 == 0o700


@as_root
def test_programs_in_a_private_folder_are_copied(place, folder):
    package = postgres.find_programs().parents[1]
    private = place / "private"
    private.mkdir(mode=0o700)
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, private / part.name)
    programs = private / package.name / "pginstall" / "bin"
    with postgres.running(folder, programs=programs) as server:
        assert words(server) == ["first"]
    assert private.stat().st_mode & 0o777 == 0o700

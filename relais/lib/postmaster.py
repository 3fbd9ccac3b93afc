"""Whether the server process of a PostgreSQL cluster is alive, and how it is ended."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path


def alive(cluster: Path) -> int | None:
    """Return the pid of the cluster's running postmaster, or None.

    A number in postmaster.pid proves nothing: the process may be a zombie that nobody has reaped,
    or after a restart of the machine some other process altogether.
    """
    try:
        pid = int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(pid, 0)
    except (OSError, ValueError):
        return None
    return pid if not can_see_processes() or _works_in(pid, cluster) else None


def stop(cluster: Path) -> None:
    """End the server in order, its data written; one that died meanwhile is ended already."""
    pid = alive(cluster)
    if pid is None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)  # "fast": sessions are ended, the data written
    if not wait_until(lambda: alive(cluster) is None, seconds=60):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGQUIT)  # the next start recovers
        wait_until(lambda: alive(cluster) is None, seconds=10)


def end_orphans(cluster: Path) -> list[int]:
    """Return the processes of a dead server that do not end, after having pressed them to."""

    def children() -> list[int]:
        return [pid for pid in _processes() if _surely_works_in(pid, cluster)]

    if not can_see_processes() or wait_until(lambda: not children(), seconds=10):
        return []
    for pid in children():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGQUIT)
    wait_until(lambda: not children(), seconds=30)
    return children()


def can_see_processes() -> bool:
    """Return whether /proc tells what other processes do (it does on Linux)."""
    return Path("/proc/self/cwd").exists()


def wait_until(happened: Callable[[], bool], *, seconds: float) -> bool:
    """Return whether `happened` came true within `seconds`."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _works_in(pid: int, cluster: Path) -> bool:
    """Return whether the process is no zombie and has the cluster as its working directory."""
    try:
        name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
        if rest.split()[0] in "ZX":
            return False
        owner = Path(f"/proc/{pid}").stat().st_uid
        return Path(f"/proc/{pid}/cwd").readlink() == cluster.resolve()
    except PermissionError:
        # In a container root may not see where the processes of others work.
        return name == "postgres" and owner == cluster.stat().st_uid
    except (OSError, IndexError):
        return False


def _surely_works_in(pid: int, cluster: Path) -> bool:
    return os.access(f"/proc/{pid}/cwd", os.R_OK) and _works_in(pid, cluster)

"""Radicale, a CalDAV server, started on a free port of the loopback with one user and a password.

Events are put and removed over the protocol, by the standard library: not what is under test.
"""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path

USER, PASSWORD = "marc", "un-mot-€"


class Radicale:
    """A calendar server of one's own: `start` and `stop` as often as one likes."""

    def __init__(self, base: Path) -> None:
        self.base, self.host = base, "127.0.0.1"
        with socket.socket() as probe:
            probe.bind((self.host, 0))
            self.port = probe.getsockname()[1]
        self.path = f"/{USER}/agenda/"
        (base / "users").write_text(f"{USER}:{PASSWORD}\n", "utf-8")
        (base / "config").write_text(
            f"[server]\nhosts = {self.host}:{self.port}\n"
            f"[auth]\ntype = htpasswd\nhtpasswd_filename = {base / 'users'}\n"
            "htpasswd_encryption = plain\ndelay = 0\n"
            f"[storage]\nfilesystem_folder = {base / 'kept'}\n"
            "[logging]\nlevel = error\n"
        )

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}{self.path}"

    def start(self) -> Radicale:
        """Start and wait until it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "radicale", "--config", str(self.base / "config")],
            stdout=subprocess.DEVNULL,
            stderr=(self.base / "log").open("ab"),
        )
        end = time.monotonic() + 30
        while True:
            try:
                socket.create_connection((self.host, self.port), timeout=5).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError((self.base / "log").read_text()) from None
                time.sleep(0.05)

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def call(self, method: str, path: str, body: bytes = b"") -> int:
        """Return the status of a call made by the user."""
        word = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        headers = {"Authorization": f"Basic {word}", "Content-Type": "text/calendar"}
        line = http.client.HTTPConnection(self.host, self.port, timeout=10)
        try:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            answer.read()
            return answer.status
        finally:
            line.close()

    def put(self, name: str, data: bytes) -> int:
        """Return the status of an event laid into the calendar, new or changed."""
        return self.call("PUT", f"{self.path}{name}.ics", data)

    def remove(self, name: str) -> int:
        """Return the status of an event's removal."""
        return self.call("DELETE", f"{self.path}{name}.ics")

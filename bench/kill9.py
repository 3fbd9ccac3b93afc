"""Kill -9 at random moments under writes: is an acknowledged request ever lost?

    .venv/bin/python bench/kill9.py --kills 50 --seed 1

Starts the product on a folder of its own, has managers send requests through the API, and
kills by turns the command itself, the web server, its worker process, the worker of the jobs,
PostgreSQL and one of its sessions. A request that was not acknowledged is sent again with the same
token, as a browser would: it must become one ticket, never two. At the end the product is stopped
and started once more, and the database is asked what it holds.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import http.cookiejar
import json
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "calanques-demo"
MANAGERS = ["antoine.mercier@calanques.example", "philippe.roche@calanques.example"]
TARGETS = ["command", "web server", "web process", "worker", "postgres", "session"]
PATIENCE = 120.0


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is the acknowledgement: it is looked at, not followed."""

    def redirect_request(self, *args: object) -> None:
        return None


class Browser:
    """One manager's browser, signed in."""

    def __init__(self, base: str, email: str) -> None:
        self.base, self.email = base, email
        self.jar = http.cookiejar.CookieJar()
        cookies = urllib.request.HTTPCookieProcessor(self.jar)
        self.opener = urllib.request.build_opener(cookies, NoRedirect)

    def fetch(self, path: str, body: bytes | None = None, kind: str = "") -> tuple[int, str]:
        """Return status and text; sends the body, of that content type, if there is one."""
        headers = {"Referer": self.base + path, "X-CSRFToken": self.token()}
        if kind:
            headers["Content-Type"] = kind
        request = urllib.request.Request(self.base + path, body, headers)
        try:
            with self.opener.open(request, timeout=10) as page:
                return page.status, page.read().decode()
        except urllib.error.HTTPError as page:
            return page.code, page.read().decode()

    def token(self) -> str:
        return next((c.value for c in self.jar if c.name.endswith("csrf")), "") or ""

    def sign_in(self) -> None:
        self.fetch("/accounts/login/")
        fields = urllib.parse.urlencode({"login": self.email, "password": PASSWORD})
        status, text = self.fetch("/accounts/login/", fields.encode())
        if status != 302:
            raise SystemExit(f"{self.email} cannot sign in ({status}): {text[:300]}")

    def ask(self, token: str) -> str:
        """Return the reference of the request; "" when it was not acknowledged."""
        asked = {"subject": f"Kill -9 {token}", "body": "Is it kept?", "external_ref": token}
        status, text = self.fetch("/api/tickets", json.dumps(asked).encode(), "application/json")
        if status in (200, 201):
            return str(json.loads(text)["reference"])
        if status < 500:
            raise SystemExit(f"The API refuses the request ({status}): {text[:300]}")
        return ""


class Writer(threading.Thread):
    """Sends one request after the other, each until it is acknowledged."""

    def __init__(self, browser: Browser) -> None:
        super().__init__(daemon=True)
        self.browser = browser
        self.acknowledged: dict[str, str] = {}
        self.last = 0.0
        self.again = 0
        self.refusal = ""
        self.stop = threading.Event()

    def run(self) -> None:
        while not self.stop.is_set():
            token = str(uuid.uuid4())
            while not (reference := self.send(token)):
                if self.stop.is_set():
                    return
                self.again += 1
                time.sleep(0.1)
            self.acknowledged[token] = reference
            self.last = time.monotonic()

    def send(self, token: str) -> str:
        try:
            return self.browser.ask(token)
        except SystemExit as refusal:
            self.refusal = str(refusal)
            raise
        except (OSError, ValueError, http.client.HTTPException):
            return ""


class Product:
    """The product, started by its command on a folder of its own."""

    def __init__(self, place: Path) -> None:
        self.place = place
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = place / "log"
        self.starts = 0

    def start(self) -> float:
        """Return the seconds until the first page answered."""
        began = time.monotonic()
        self.starts += 1
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DATABASE_")}
        environment |= {"RELAIS_DATA": str(self.place / "data"), "PORT": str(self.port)}
        environment |= {"RELAIS_DEMO_HISTORY": "0"}
        environment |= {"RELAIS_LANG": "en", "RELAIS_LOG_LEVEL": "WARNING"}
        with self.log.open("a") as log:
            at = log.tell()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "relais.cli", "server"],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        while b"Ctrl-C stops everything" not in self.log.read_bytes()[at:]:
            if self.process.poll() is not None or time.monotonic() - began > PATIENCE:
                story = self.log.read_text()[-3000:]
                raise SystemExit(f"It does not start ({self.process.poll()}):\n{story}")
            time.sleep(0.02)
        return time.monotonic() - began

    def stop(self) -> float:
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(30)
        return time.monotonic() - began

    def processes(self) -> dict[int, str]:
        """Return the living processes of this product, each with its command line."""
        mark, found = f"RELAIS_DATA={self.place / 'data'}".encode(), {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == self.process.pid:
                continue
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                mine = mark in (entry / "environ").read_bytes()
                if line and (mine or str(self.place) in line or self.is_session(entry)):
                    found[int(entry.name)] = line
        return found

    def is_session(self, entry: Path) -> bool:
        return (entry / "cwd").readlink() == self.place / "data" / "postgres" / "data"

    def victim(self, target: str) -> int | None:
        if target == "command":
            return self.process.pid
        found = self.processes()

        def child_of(parent: int | None, word: str) -> int | None:
            return next((p for p in found if _parent(p) == parent and word in found[p]), None)

        if target == "web server":
            return child_of(self.process.pid, "granian")
        if target == "web process":
            return child_of(child_of(self.process.pid, "granian"), "granian")
        if target == "worker":
            return child_of(self.process.pid, "procrastinate worker")
        word = "bin/postgres -D" if target == "postgres" else "postgres: relais_app"
        return next((p for p, line in found.items() if word in line), None)


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def kill(product: Product, writers: list[Writer], target: str) -> tuple[float, int]:
    """Return the seconds until every writer was served again, and how many processes a killed
    command left behind for longer than a busy machine explains (0 for the other targets).
    """
    pid = product.victim(target)
    if pid is None:
        return float("nan"), 0
    began = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    left = 0
    if target == "command":
        product.process.wait()
        end = time.monotonic() + 15
        while (rest := product.processes()) and time.monotonic() < end:
            time.sleep(0.05)
        left = len(rest)
        product.start()
    # For a moment the process of a killed web server goes on without it.
    killed_at = time.monotonic() if target == "command" else began + 0.5
    while any(writer.last <= killed_at for writer in writers):
        if time.monotonic() - began > PATIENCE:
            raise SystemExit(
                f"After {target}: no writer is served.\n{product.log.read_text()[-3000:]}"
            )
        time.sleep(0.02)
    return time.monotonic() - began, left


def judge(place: Path, acknowledged: dict[str, str]) -> dict[str, int]:
    """Return what the database holds: tickets, those lost or doubled, jobs that nobody does."""
    os.environ["RELAIS_DATA"] = str(place / "data")
    from relais import database

    with database.connect("owner") as owner:
        owner.execute("set role relais_ops")
        rows = owner.execute(
            "select substr(subject, 9), count(*) from desk_ticket"
            " where subject like 'Kill -9 %' group by 1"
        ).fetchall()
        jobs = owner.execute(
            "select count(*) from procrastinate_jobs where status in ('doing', 'failed')"
            " or status = 'todo' and coalesce(scheduled_at, now()) < now() - interval '30 seconds'"
        ).fetchone()
    counted = dict(rows)
    return {
        "tickets": len(rows),
        "lost": sum(token not in counted for token in acknowledged),
        "doubled": sum(count > 1 for count in counted.values()),
        "jobs stuck": jobs[0] if jobs else 0,
    }


def check_files(place: Path) -> str:
    """Return what PostgreSQL's own checker says of every table and index: nothing is well."""
    os.environ["RELAIS_DATA"] = str(place / "data")
    from relais import backup, database

    command = [database.program("pg_amcheck"), "--install-missing", "--heapallindexed", "relais"]
    done = subprocess.run(
        command, env=backup._environment(), capture_output=True, text=True, check=False
    )
    return (done.stdout + done.stderr).strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--writers", type=int, default=4)
    arguments = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="relais-kill9-"))
    place.chmod(0o755)
    product = Product(place)
    try:
        trial(product, arguments)
    finally:
        product.stop()
        shutil.rmtree(place, ignore_errors=True)


def trial(product: Product, arguments: argparse.Namespace) -> None:
    """Kill, write and judge; ends the process with 1 when something was lost."""
    chance, place = random.Random(arguments.seed), product.place
    print(f"first start {product.start():.1f} s", flush=True)
    base = f"http://127.0.0.1:{product.port}"
    writers = []
    for number in range(arguments.writers):
        browser = Browser(base, MANAGERS[number % len(MANAGERS)])
        browser.sign_in()
        writers.append(Writer(browser))
    for writer in writers:
        writer.start()
    took: dict[str, list[float]] = {target: [] for target in TARGETS}
    orphans = 0
    for number in range(arguments.kills):
        time.sleep(chance.uniform(0.2, 2.5))
        target = TARGETS[number % len(TARGETS)]
        seconds, left = kill(product, writers, target)
        orphans += left
        took[target].append(seconds)
        sent = sum(len(writer.acknowledged) for writer in writers)
        print(
            f"{number + 1:3} {target:12} served again after {seconds:5.2f} s  ({sent} written)",
            flush=True,
        )
    for writer in writers:
        writer.stop.set()
    for writer in writers:
        writer.join(15)
    acknowledged = {k: v for writer in writers for k, v in writer.acknowledged.items()}
    stopped = product.stop()
    started = product.start()
    time.sleep(45)  # the jobs of killed workers are taken up after half a minute
    found = judge(place, acknowledged)
    damage = check_files(place)
    print(f"\n{'killed':12} {'times':>5} {'median s':>9} {'worst s':>8}")
    for target, seconds in took.items():
        known = [s for s in seconds if s == s]
        if known:
            print(f"{target:12} {len(known):5} {statistics.median(known):9.2f} {max(known):8.2f}")
    print(f"\nacknowledged {len(acknowledged)}, sent again {sum(w.again for w in writers)}")
    print(", ".join(f"{name} {count}" for name, count in found.items()))
    print(f"processes left by a killed command: {orphans}")
    print(f"last stop {stopped:.2f} s, last start {started:.2f} s")
    print(f"pg_amcheck: {damage or 'every table and index is sound'}")
    if found["lost"] or found["doubled"] or found["jobs stuck"] or orphans or damage:
        sys.exit(1)


if __name__ == "__main__":
    main()

"""Requests created a second, through the API and through the form, by 1, 4 and 16 clients.

    python bench/create.py [SECONDS] [--worker]

Works in a database of its own, in a temporary folder: one provider, 200 sites, 2,000 persons. The
product's own web server with two processes serves; each client is a signed-in manager on a
connection that is kept. `bare` is a view of one INSERT on the same server, in the same run: the
ratio tells what a request costs beyond the least that a web page and a database can do. The
processor time of each creation is told too, apart for web, PostgreSQL and the clients: it says the
same on a machine that does other things meanwhile. With
--worker the jobs of dispatch run meanwhile, on the same processors. Afterwards every answer that
said "created" is looked up: its ticket, both clocks with their deadlines, the event, the words and
the job must stand. Ends with 1 when one is missing, or when 16 clients create less than 100 a
second.
"""

from __future__ import annotations

import http.client
import json
import logging
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path
from urllib.parse import urlencode

import desk
import lists

BAR, CLIENTS, PROCESSES = 100, (1, 4, 16), 2
MILLISECONDS = "   ms web+database+client: bare, API, form"


def main() -> int:
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    with tempfile.TemporaryDirectory(prefix="relais-bench-") as data:
        os.chmod(data, 0o755)
        os.environ["RELAIS_DATA"] = data
        from relais import database, installation
        from relais.lib.terminal import Steps

        with database.attached():
            installation.bring_up(Steps(), demo=False)
            with database.connect("owner") as owner:
                owner.execute("create table bench_bare (id bigserial primary key, body text)")
                owner.execute("grant insert on bench_bare to relais_app")
                owner.execute("grant usage on sequence bench_bare_id_seq to relais_app")
            installation.load_django("app")
            logging.disable()
            return run(float(words[0]) if words else 8.0, "--worker" in sys.argv)


def run(seconds: float, with_worker: bool) -> int:
    provider, people = build()
    port = free_port()
    children = [serve(port)] + ([work()] if with_worker else [])
    try:
        wait_for(port)
        cookies = [signed_in(person) for person in people]
        for way in (bare, api, form):  # every process loads what it needs
            load(way, port, cookies, 1.5)
        print(f"load of the machine before: {os.getloadavg()[0]:.1f}")
        print(f"\n clients    bare /s     API /s   ratio    form /s   ratio{MILLISECONDS}")
        slow = False
        for count in CLIENTS:
            rates, spent = {}, []
            for way in (bare, api, form):
                before = processor_time(children[0].pid)
                done, took = load(way, port, cookies[:count], seconds)
                rates[way] = done / took
                after = processor_time(children[0].pid)
                spent.append([(b - a) * 1000 / done for a, b in zip(before, after, strict=True)])
            slow |= count == CLIENTS[-1] and min(rates[api], rates[form]) < BAR
            ratios = [rates[bare] / rates[way] for way in (api, form)]
            print(
                f"{count:>8}{rates[bare]:>11.0f}{rates[api]:>11.0f}{ratios[0]:>8.1f}"
                f"{rates[form]:>11.0f}{ratios[1]:>8.1f}   "
                + "".join(f"{'+'.join(f'{part:.1f}' for part in parts):>16}" for parts in spent),
                flush=True,
            )
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait()
    missing = look_up(provider)
    print("the bar is missed" if slow else "inside the bar")
    return 1 if slow or missing else 0


def build():
    from relais.lib.tenancy import all_tenants, tenant
    from relais.people.models import Person, Provider

    with all_tenants("make a provider"):
        provider = Provider.objects.create(name="Banc d’essai")
    with tenant(provider.pk):
        lists.build(provider, 200, 2000)
        desk.settle(provider)
        people = list(Person.objects.filter(site__isnull=False, user=None)[: max(CLIENTS)])
        for person in people:
            person.user = lists.account(person)
    lists.analyse()
    return provider, people


# The servers -------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def serve(port: int) -> subprocess.Popen:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--log-level", "error"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", str(PROCESSES)]
    command += ["--blocking-threads", "16", "bare:application"]
    return subprocess.Popen(command, env=environment("app"))


def work() -> subprocess.Popen:
    command = [sys.executable, "-m", "relais.worker", "procrastinate", "worker"]
    command += ["--concurrency", "4"]
    return subprocess.Popen(command, env=environment("direct"))


def environment(role: str) -> dict[str, str]:
    here = str(Path(__file__).resolve().parent)
    return os.environ | {
        "PYTHONPATH": here, "DJANGO_SETTINGS_MODULE": "relais.settings", "RELAIS_DB_ROLE": role,
        "RELAIS_LOG_LEVEL": "WARNING", "RELAIS_DB_POOL": "16",
    }  # fmt: skip


def wait_for(port: int) -> None:
    for _round in range(600):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/accounts/login/")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the web server does not answer")


def processor_time(web: int) -> tuple[float, float, float]:
    """Return the seconds of processor that web, database and clients have spent until now."""
    database = os.environ["RELAIS_DATA"]
    [file] = Path(database).rglob("postmaster.pid")
    return spent_by(web), spent_by(int(file.read_text().split()[0])), time.process_time()


def spent_by(parent: int) -> float:
    """Return what a process has spent, with its children that live and those that died."""
    total = 0
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = file.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        if parent in (int(file.parent.name), int(told[1])):
            total += sum(int(ticks) for ticks in told[11:15])
    return total / os.sysconf("SC_CLK_TCK")


# The clients -------------------------------------------------------------------------------------


def signed_in(person) -> dict[str, str]:
    """Return the headers of a browser in which this person is signed in."""
    from django.conf import settings
    from django.middleware.csrf import _get_new_csrf_string
    from django.test import Client

    client = Client()
    client.force_login(person.user, "allauth.account.auth_backends.AuthenticationBackend")
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    secret = _get_new_csrf_string()
    cookie = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={secret}"
    return {"Cookie": cookie, "X-CSRFToken": secret, SITE: str(person.site_id)}


SITE = "X-Bench-Site"  # the site that this client's form names
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def bare(connection, headers: dict[str, str]) -> bool:
    connection.request("POST", "/bare/", urlencode({"body": "Réserver la salle"}), FORM)
    answer = connection.getresponse()
    answer.read()
    return answer.status == 200


def api(connection, headers: dict[str, str]) -> bool:
    told = {"subject": "Réserver la salle du comité", "body": "Douze personnes, jeudi matin."}
    sent = json.dumps(told | {"external_ref": str(uuid.uuid4())})
    kind = {"Content-Type": "application/json"}
    connection.request("POST", "/api/tickets", sent, headers | kind)
    answer = connection.getresponse()
    told = answer.read()
    if answer.status not in (200, 201):
        raise SystemExit(f"API: {answer.status} {told[:300]!r}")
    return True


def form(connection, headers: dict[str, str]) -> bool:
    typed = {
        "subject": "Réserver la salle du comité", "body": "Douze personnes, jeudi matin.",
        "token": str(uuid.uuid4()), "site": headers[SITE],
    }  # fmt: skip
    connection.request("POST", "/requests/new/meeting/", urlencode(typed), headers | FORM)
    answer = connection.getresponse()
    told = answer.read()
    if answer.status != 302:
        raise SystemExit(f"form: {answer.status} {told[:3000].decode()}")
    return True


def load(way, port: int, cookies: list[dict[str, str]], seconds: float) -> tuple[int, float]:
    """Return how many were created by all clients, and the seconds that it took."""
    done: list[int] = []
    began = time.perf_counter()

    def client(headers: dict[str, str]) -> None:
        connection, count = http.client.HTTPConnection("127.0.0.1", port, timeout=60), 0
        while time.perf_counter() - began < seconds:
            count += way(connection, headers)
        done.append(count)
        connection.close()

    threads = [threading.Thread(target=client, args=[headers]) for headers in cookies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(done) < len(threads):
        raise SystemExit("a client gave up")
    if way is not bare:
        CREATED.append(sum(done))
    return sum(done), time.perf_counter() - began


CREATED: list[int] = []


def look_up(provider) -> int:
    """Return how many of the created do not stand whole; say so."""
    from django.db import connection

    from relais.desk.models import Clock, Event, Message, Ticket
    from relais.lib.tenancy import tenant

    with tenant(provider.pk):
        tickets = Ticket.objects.count()
        dated = Clock.objects.filter(due_at__isnull=False).values("ticket").distinct().count()
        clocks = Clock.objects.filter(due_at__isnull=False).count()
        told = Event.objects.filter(kind="received").count()
        words = Message.objects.count()
        with connection.cursor() as cursor:
            cursor.execute(
                "select count(*) from procrastinate_jobs where task_name = %s",
                ["relais.desk.tasks.dispatch"],
            )
            (jobs,) = cursor.fetchone()
    expected = sum(CREATED)
    print(
        f"\n{expected} answers said created: {tickets} tickets, {clocks} clocks of {dated} tickets,"
        f" {told} events, {words} messages, {jobs} jobs of dispatch"
    )
    return int({tickets, dated, clocks / 2, told, words, jobs} != {expected})


if __name__ == "__main__":
    raise SystemExit(main())

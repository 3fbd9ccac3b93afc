"""A thousand mails through a real mail server: how fast, and is one lost or doubled under kill -9?

    .venv/bin/python bench/mail.py --mails 1000 --seed 1

Starts Dovecot (Debian's dovecot-imapd), an SMTP server and the product, and lays mails into the
mailbox through IMAP: of two hundred known requesters, of strangers, some of them twice, some
without a Message-ID. First undisturbed, for the rate, beside the least that anybody could do with
the same mails on the same servers: fetch each and insert one row. Then a quarter as many for each
kind of process killed (-9) meanwhile, then all again with all kinds killed at random. After each
run the database is asked: every mail exactly once, a ticket and one acknowledgement for each
request; and the SMTP server: no letter twice.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import logging
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]
import kill9  # noqa: E402
from kill9 import Product  # noqa: E402

from tests.desk.dovecot import PASSWORD, Dovecot, program  # noqa: E402
from tests.desk.smtp_server import Letterbox, started  # noqa: E402

kill9.PATIENCE = 400.0  # the demo world on a busy machine
USER = "pole"
REQUESTERS = 200  # so that none writes so much that it is taken for a robot
TARGETS = ["mail process", "worker", "postgres", "dovecot"]
WORDS = ["facture", "rendez-vous", "contrat", "déplacement", "rapport", "salle", "badge"]


def setup(place: Path, dovecot: Dovecot, letterbox: Letterbox) -> int:
    """Return the provider whose mailbox is read from now on; two hundred persons may ask."""
    os.environ |= {"RELAIS_DATA": str(place / "data"), "RELAIS_DB_ROLE": "direct"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "relais.settings"
    import django

    django.setup()
    from relais.desk.models import Mailbox, SendingServer
    from relais.lib.tenancy import all_tenants, tenant
    from relais.people.models import Person, Provider, Role, Site

    with all_tenants("find the provider of the demo world"):
        provider = Provider.objects.get()
    with tenant(provider.pk):
        site = Site.objects.exclude(calendar=None).order_by("pk").first() or Site.objects.first()
        for number in range(REQUESTERS):
            person = Person.objects.create(
                provider=provider,
                company=site.company,
                site=site,
                last_name=f"Bench {number}",
                email=f"bench{number}@calanques.example",
            )
            Role.objects.create(
                provider=provider,
                person=person,
                kind=Role.Kind.REQUESTER,
                company=site.company,
                site=site,
            )
        box = Mailbox(
            provider=provider,
            address="pole@bench.example",
            host=dovecot.host,
            port=dovecot.port,
            security="none",
            user=USER,
            take_existing=True,
        )
        box.set_password(PASSWORD)
        box.save(force_insert=True)
        server = SendingServer(
            provider=provider,
            host="127.0.0.1",
            port=letterbox.port,
            security="none",
            user=USER,
            sender="pole@bench.example",
        )
        server.set_password(PASSWORD)
        server.save(force_insert=True)
    return provider.pk


def write(run: str, number: int, chance: random.Random) -> tuple[str, bytes]:
    """Return the Message-ID that the product must know it by, and the mail."""
    stranger = chance.random() < 0.1
    sender = f"bench{number % REQUESTERS}@calanques.example"
    sender = f"inconnu{number}@ailleurs.example" if stranger else sender
    word = chance.choice(WORDS)
    lines = [f"From: {sender}", "To: pole@bench.example", f"Subject: {word} {run}-{number}"]
    body = f"Bonjour,\r\n\r\nmerci de traiter {word} {run}-{number}.\r\n" + "x " * 400
    mail_id = f"<{run}.{number}@bench>"
    if chance.random() < 0.95:
        lines.append(f"Message-ID: {mail_id}")
    else:
        mail_id = ""
    raw = ("\r\n".join([*lines, "Content-Type: text/plain; charset=utf-8"])).encode()
    raw += b"\r\n\r\n" + body.encode()
    return mail_id or f"<{hashlib.sha256(raw).hexdigest()}@digest>", raw


class Postman(threading.Thread):
    """Lays mails into the mailbox, again where the server broke off: a mail may so lie twice."""

    def __init__(self, dovecot: Dovecot, mails: list[bytes]) -> None:
        super().__init__(daemon=True)
        self.dovecot, self.mails, self.laid, self.again = dovecot, mails, 0, 0

    def run(self) -> None:
        client = None
        while self.laid < len(self.mails):
            try:
                client = client or self.dovecot.client(USER)
                client.append("INBOX", None, None, self.mails[self.laid])
                self.laid += 1
            except Exception:
                client = None
                self.again += 1
                time.sleep(0.1)


class Database:
    """Questions to the database, on one connection for as long as it stands."""

    def __init__(self) -> None:
        self.held: Any = None

    def ask(self, question: str, *values: Any) -> Any:
        """Return the rows, whoever restarts the database meanwhile."""
        from relais import database

        end = time.monotonic() + 120
        while True:
            try:
                if self.held is None:
                    self.held = database.connect("owner")
                    self.held.autocommit = True
                    self.held.execute("set role relais_ops")
                return self.held.execute(question, values).fetchall()
            except Exception:
                self.held = None
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)


def bare(dovecot: Dovecot, mails: list[bytes]) -> float:
    """Return the seconds to fetch these mails, one by one, and to insert a row for each."""
    from relais import database

    client = dovecot.client("bare")
    for raw in mails:
        client.append("INBOX", None, None, raw)
    client.select("INBOX")
    with database.connect("owner") as held:
        held.autocommit = True
        held.execute("create table if not exists bench_mail (id bigserial primary key, raw bytea)")
        began = time.monotonic()
        for number in client.search(None, "ALL")[1][0].split():
            raw = client.fetch(number.decode(), "(BODY.PEEK[])")[1][0][1]
            held.execute("insert into bench_mail (raw) values (%s)", [raw])
            client.store(number.decode(), "+FLAGS.SILENT", "(\\Seen)")
        seconds = time.monotonic() - began
        held.execute("drop table bench_mail")
    client.logout()
    return seconds


def seconds_of(product: Product) -> dict[str, float]:
    """Return the seconds of processor that each part has used, its ended children's with it."""
    words = {"mail process": "fetch-mail", "worker": "procrastinate worker"}
    words["PostgreSQL"] = "bin/postgres -D"
    tick, used = os.sysconf("SC_CLK_TCK"), dict.fromkeys(words, 0.0)
    for pid, line in product.processes().items():
        session = "postgres: " in line
        part = "PostgreSQL" if session else next((p for p, w in words.items() if w in line), None)
        if part is not None:
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                used[part] += sum(int(fields[n]) for n in (11, 12, 13, 14)) / tick
    return used


def kill(product: Product, dovecot: Dovecot, target: str) -> bool:
    """Return whether something was killed."""
    if target == "dovecot":
        dovecot.kill()
        dovecot.start()
        return True
    words = {"mail process": "fetch-mail", "worker": "procrastinate worker"}
    word = words.get(target, "bin/postgres -D")
    pid = next((p for p, line in product.processes().items() if word in line), None)
    if pid is None:
        return False
    os.kill(pid, signal.SIGKILL)
    return True


LEFT = """
    select (select count(*) from desk_letter where state in ('waiting', 'sending'))
    + (select count(*) from procrastinate_jobs where status in ('todo', 'doing') and (
        task_name like '%%dispatch_these' or task_name like '%%send_letter%%'))
"""


class Run:
    """Some mails laid into the mailbox and taken in, while things are killed."""

    def __init__(
        self, product: Product, dovecot: Dovecot, data: Database, name: str, chance: random.Random
    ) -> None:
        self.product, self.dovecot, self.data, self.name = product, dovecot, data, name
        self.chance = chance
        self.killed: dict[str, list[float]] = {}

    def go(self, mails: int, kills: int, targets: list[str]) -> None:
        """Lay the mails, kill so often, and wait until all are here and answered."""
        written = [write(self.name, number, self.chance) for number in range(mails)]
        again = [raw for _id, raw in self.chance.sample(written, mails // 20)]
        self.mails = [raw for _id, raw in written]
        self.ids = [mail_id for mail_id, _raw in written]
        self.postman = Postman(self.dovecot, self.mails + again)
        self.began = time.monotonic()
        self.postman.start()
        due = self.began + 1
        done = 0
        while not (done >= kills and self.all_here()):
            if time.monotonic() - self.began > 900:
                print(f"after 15 minutes {self.known()} of {mails} are known")
                break
            if done < kills and time.monotonic() > due:
                self.kill(self.chance.choice(targets))
                done += 1
                due = time.monotonic() + self.chance.uniform(0.5, 4)
            time.sleep(0.3)
        self.seconds = time.monotonic() - self.began
        while self.data.ask(LEFT)[0][0] and time.monotonic() - self.began < 900:
            time.sleep(0.5)
        self.answered = time.monotonic() - self.began

    def known(self) -> int:
        question = "select count(*) from desk_message where mail_id = any(%s)"
        return self.data.ask(question, self.ids)[0][0]

    def all_here(self) -> bool:
        laid = self.postman.laid == len(self.postman.mails)
        return laid and self.known() >= len(self.ids)

    def kill(self, target: str) -> None:
        """Kill something, and see how long it takes until another mail is in (if one is left)."""
        before = self.known()
        if not kill(self.product, self.dovecot, target):
            return
        began = time.monotonic()
        while self.known() <= before and before < len(self.ids):
            if time.monotonic() - began > 60:
                break
            time.sleep(0.1)
        self.killed.setdefault(target, []).append(time.monotonic() - began)


def judge(data: Database, run: str, ids: list[str]) -> dict[str, int]:
    """Return how many mails are known, lost or doubled, and how many tickets and letters."""
    rows = data.ask(
        "select mail_id, count(*), count(ticket_id) from desk_message"
        " where mail_id = any(%s) group by 1",
        ids,
    )
    found = {mail_id: n for mail_id, n, _placed in rows}
    mine = f"%{run}-%"
    # A digest cannot tell by itself that two mails are one: the words of each are its own.
    said = "select count(distinct subject) from desk_message where direction = 'in' and subject"
    [(subjects,)] = data.ask(f"{said} like %s", mine)
    [(tickets,)] = data.ask("select count(*) from desk_ticket where subject like %s", mine)
    [(letters, doubled)] = data.ask(
        "select count(*), count(*) - count(distinct ticket_id) from desk_letter"
        " where key like 'received:%%' and subject like %s",
        mine,
    )
    return {
        "mails": len(ids),
        "known": len(found),
        "lost": sum(mail_id not in found for mail_id in ids),
        "doubled": sum(n > 1 for n in found.values()) + abs(len(found) - subjects),
        "placed": sum(placed for _id, _n, placed in rows),
        "tickets": tickets,
        "acknowledged": letters,
        "acknowledged twice": doubled,
    }


def judge_letters(data: Database, letterbox: Letterbox, before: int) -> dict[str, int]:
    """Return how many letters left, how many of them twice, and how many are in doubt."""
    left = Counter(
        line.split(b":", 1)[1].strip().decode()
        for raw in letterbox.taken
        for line in raw.split(b"\r\n\r\n", 1)[0].split(b"\r\n")
        if line.lower().startswith(b"message-id:")
    )
    again = data.ask("select error, count(*) from desk_letter where attempts > 1 group by 1")
    for error, n in again:
        print(f"tried again: {n} letters; {error}")
    states = dict(data.ask("select state, count(*) from desk_letter group by 1"))
    # The demo world's own left before this server was named.
    mine = "select mail_id from desk_letter where state = 'sent' and id > %s"
    sent = {one for (one,) in data.ask(mine, before)}
    return {
        "left": len(left),
        "left twice": sum(n > 1 for n in left.values()),
        "called sent and did not leave": len(sent - left.keys()),
        **{f"state {state}": n for state, n in sorted(states.items())},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if program() is None:
        sys.exit("Dovecot is absent: apt-get install dovecot-imapd")
    place = Path(tempfile.mkdtemp(prefix="relais-mail-"))
    place.chmod(0o755)
    dovecot = Dovecot(place / "dovecot").start()
    letterbox = Letterbox()
    controller = started(letterbox, PASSWORD)
    product = Product(place)
    try:
        sys.exit(trial(product, dovecot, letterbox, arguments))
    finally:
        product.stop()
        dovecot.stop()
        controller.stop()
        shutil.rmtree(place, ignore_errors=True)


def trial(
    product: Product, dovecot: Dovecot, letterbox: Letterbox, arguments: argparse.Namespace
) -> int:
    """Return the exit code: 1 when a mail was lost, doubled or answered twice."""
    chance, data = random.Random(arguments.seed), Database()
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # the SMTP server's own words
    print(f"first start {product.start():.1f} s", flush=True)
    setup(product.place, dovecot, letterbox)
    while not data.ask("select count(*) from desk_mailbox where worked_at is not null")[0][0]:
        time.sleep(0.5)
    while data.ask(LEFT)[0][0]:  # the demo world's answers wait until they can no longer be undone
        time.sleep(0.5)
    letterbox.taken.clear()
    [(known,)] = data.ask("select coalesce(max(id), 0) from desk_letter")
    code = 0
    some = max(1, arguments.mails // 4)
    runs = [("calme", arguments.mails, 0, TARGETS)]
    for number, target in enumerate(TARGETS if arguments.kills else ()):
        runs.append((f"sans{number}", some, max(1, arguments.kills // 4), [target]))
    runs += [("tempete", arguments.mails, arguments.kills, TARGETS)] if arguments.kills else []
    for name, mails, kills, targets in runs:
        before = seconds_of(product)
        run = Run(product, dovecot, data, name, chance)
        run.go(mails, kills, targets)
        after = seconds_of(product)
        load = os.getloadavg()[0]
        rate = mails / run.seconds
        print(
            f"\n{name}: {mails} mails in {run.seconds:.1f} s ({rate:.0f} a second), handed out and"
            f" answered after {run.answered:.1f} s; load of the machine {load:.1f}"
        )
        if not kills:
            each = {part: (after[part] - before[part]) / mails for part in after}
            told = ", ".join(f"{part} {1000 * s:.0f}" for part, s in each.items())
            print(f"processor, ms a mail: {told}")
            least = bare(dovecot, run.mails)
            print(
                f"bare fetch and insert of the same: {least:.1f} s"
                f" ({mails / least:.0f} a second); ratio {rate * least / mails:.2f}"
            )
        for target, took in run.killed.items():
            worst = max(took)
            print(f"killed -9: {target} {len(took)} times; the next mail after {worst:.1f} s")
        if kills:
            print(f"laid again by the postman: {run.postman.again}")
        found = judge(data, name, run.ids)
        print(", ".join(f"{what} {n}" for what, n in found.items()), flush=True)
        wrong = found["lost"] or found["doubled"] or found["acknowledged twice"]
        wrong = wrong or found["placed"] != found["tickets"]
        code = code or int(bool(wrong))
    if arguments.kills:
        time.sleep(130)  # what a killed worker was sending is settled after a minute and a half
    found = judge_letters(data, letterbox, known)
    print("\nletters: " + ", ".join(f"{what} {n}" for what, n in found.items()))
    return code or int(bool(found["left twice"] or found["called sent and did not leave"]))


if __name__ == "__main__":
    main()

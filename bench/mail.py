"""A thousand mails through a real mail server: how fast, and is one lost or doubled under kill -9?

    .venv/bin/python bench/mail.py --mails 1000 --seed 1

Starts Dovecot (Debian's dovecot-imapd) and the product, each on a folder of its own, and lays mails
into the mailbox through IMAP: of a hundred known requesters, of strangers, answers to requests,
some of them twice, some without a Message-ID. First undisturbed, for the rate; then again while the
process of the mails, the worker, PostgreSQL and Dovecot are killed (-9) at random. At the end the
database is asked: every mail exactly once, a ticket and one acknowledgement for each request.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]
import kill9  # noqa: E402
from kill9 import Product  # noqa: E402

from tests.desk.dovecot import PASSWORD, Dovecot, program  # noqa: E402

kill9.PATIENCE = 400.0  # the demo world on a busy machine
USER = "pole"
REQUESTERS = 100
TARGETS = ["mail process", "worker", "postgres", "dovecot"]
WORDS = ["facture", "rendez-vous", "contrat", "déplacement", "rapport", "salle", "badge"]


def setup(place: Path, dovecot: Dovecot) -> int:
    """Return the provider whose mailbox is read from now on; a hundred persons may ask."""
    os.environ |= {"RELAIS_DATA": str(place / "data"), "RELAIS_DB_ROLE": "direct"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "relais.settings"
    import django

    django.setup()
    from relais.desk.models import Mailbox
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


def count(place: Path, question: str, *values: Any) -> Any:
    """Return the rows of a question to the database, whoever restarts it meanwhile."""
    from relais import database

    end = time.monotonic() + 120
    while True:
        try:
            with database.connect("owner") as owner:
                owner.execute("set role relais_ops")
                return owner.execute(question, values).fetchall()
        except Exception:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


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


def take(
    product: Product, dovecot: Dovecot, run: str, mails: int, chance: random.Random, kills: int
) -> tuple[dict[str, Any], list[str]]:
    """Return the figures of one run, and the Message-IDs that must be known now."""
    written = [write(run, number, chance) for number in range(mails)]
    laid = [raw for _id, raw in written] + [raw for _id, raw in chance.sample(written, mails // 20)]
    ids = [mail_id for mail_id, _raw in written]
    postman = Postman(dovecot, laid)
    began = time.monotonic()
    postman.start()
    killed = dict.fromkeys(TARGETS, 0)
    due = began + 1
    while True:
        question = "select count(*) from desk_message where mail_id = any(%s)"
        [(known,)] = count(product.place, question, ids)
        if known >= mails and postman.laid == len(laid) and sum(killed.values()) >= kills:
            break
        if time.monotonic() - began > 1500:
            print(f"after 25 minutes {known} of {mails} are known; {postman.laid} were laid")
            break
        if sum(killed.values()) < kills and time.monotonic() > due:
            target = chance.choice(TARGETS)
            killed[target] += kill(product, dovecot, target)
            due = time.monotonic() + chance.uniform(1, 8)
        time.sleep(0.1)
    seconds = time.monotonic() - began
    return {"seconds": seconds, "killed": killed, "laid again": postman.again}, ids


def judge(place: Path, run: str, ids: list[str]) -> dict[str, int]:
    """Return how many mails are known, lost or doubled, and how many tickets and letters."""
    rows = count(
        place,
        "select mail_id, count(*), count(ticket_id) from desk_message"
        " where mail_id = any(%s) group by 1",
        ids,
    )
    found = {mail_id: n for mail_id, n, _placed in rows}
    # A digest cannot tell by itself that two mails are one: the words of each are its own.
    [(subjects,)] = count(
        place, "select count(distinct subject) from desk_message where subject like %s", f"%{run}-%"
    )
    [(tickets,)] = count(
        place, "select count(*) from desk_ticket where subject like %s", f"%{run}-%"
    )
    [(letters, doubled)] = count(
        place,
        "select count(*), count(*) - count(distinct ticket_id) from desk_letter"
        " where key like 'received:%%' and subject like %s",
        f"%{run}-%",
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
    product = Product(place)
    try:
        sys.exit(trial(product, dovecot, arguments))
    finally:
        product.stop()
        dovecot.stop()
        shutil.rmtree(place, ignore_errors=True)


def trial(product: Product, dovecot: Dovecot, arguments: argparse.Namespace) -> int:
    """Return the exit code: 1 when a mail was lost, doubled or answered twice."""
    chance = random.Random(arguments.seed)
    print(f"first start {product.start():.1f} s", flush=True)
    setup(product.place, dovecot)
    time.sleep(20)  # the process of the mails starts last; the demo world settles
    code = 0
    for run, kills in (("calme", 0), ("tempete", arguments.kills)):
        before = seconds_of(product)
        figures, ids = take(product, dovecot, run, arguments.mails, chance, kills)
        after = seconds_of(product)
        if kills:
            time.sleep(5)
        found = judge(product.place, run, ids)
        rate = arguments.mails / figures["seconds"]
        print(
            f"\n{run}: {arguments.mails} mails in {figures['seconds']:.1f} s ({rate:.0f} a second)"
        )
        if not kills:
            each = {part: (after[part] - before[part]) / arguments.mails for part in after}
            told = ", ".join(f"{part} {1000 * s:.0f}" for part, s in each.items())
            print(f"processor, ms a mail: {told} (load of the machine {os.getloadavg()[0]:.1f})")
        if kills:
            told = ", ".join(f"{name} {n}" for name, n in figures["killed"].items())
            print(f"killed -9: {told}; laid again by the postman: {figures['laid again']}")
        print(", ".join(f"{name} {n}" for name, n in found.items()), flush=True)
        wrong = found["lost"] or found["doubled"] or found["acknowledged twice"]
        wrong = wrong or found["placed"] != found["tickets"]
        code = code or int(bool(wrong))
    [(left,)] = count(
        product.place, "select count(*) from desk_letter where state in ('waiting', 'sending')"
    )
    rows = count(product.place, "select state, count(*) from desk_letter group by 1 order by 1")
    print("letters: " + ", ".join(f"{state} {n}" for state, n in rows) + f"; to be sent {left}")
    return code


if __name__ == "__main__":
    main()

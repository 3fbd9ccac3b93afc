"""Mails are fetched: each mailbox by a thread of its own, as they come or every minute.

A mail is taken in and the place in the folder moves on in one transaction, so that a crash at any
moment loses nothing and repeats nothing; only then is the mail marked, moved or deleted there.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

import psycopg
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from relais.lib import imap
from relais.lib.held_lock import held_lock
from relais.lib.mail import Mail
from relais.lib.problem import Problem
from relais.lib.tenancy import all_tenants, tenant

from . import mailbox as intake
from .models import Mailbox

log = logging.getLogger("relais.mail")

AT_ONCE = 50  # mails asked for, and committed, in one go
AT_ONCE_BYTES = 20 * 2**20
# A round holds the rows that it touches until its commit: what is left then waits for the next.
ROUND_SECONDS = 2.0
POLL_SECONDS = 60.0  # without IDLE
# Routers forget a silent connection after minutes, and what comes in just before a wait begins may
# not be told of in it.
IDLE_SECONDS = 60.0
LOOK_SECONDS = 5.0  # how often the list of mailboxes is looked at
# After the first fault, the second in a row…
BACKOFF_SECONDS = (1, 1, 2, 5, 15, 30, 60, 120, 300)
LOCK = 7254  # the kind of lock: one machine reads a mailbox, however many could
# So often the process may end over a mail before it is set aside unread.
MOST_TRIES = 3
LEFT_BEHIND = 200  # how many taken-in mails are looked for that a crash left in the folder

# By mailbox, the mail that broke off and left the process alive: it is not counted again.
_survived: dict[int, int] = {}

Stop = Callable[[float], bool]  # waits so many seconds, tells whether to stop


class Stumbled(Problem):
    """Something in Relais itself failed while fetching."""

    message = _("Relais stumbled while it fetched mails (%(detail)s): it is tried again by itself.")


@dataclass(frozen=True)
class Fetched:
    """How many mails one look took in, and how many of them were known already."""

    taken: int
    known: int


def account_of(box: Mailbox) -> imap.Account:
    """Return where and as whom a mailbox is read. Raises `SecretLost`."""
    return imap.Account(box.host, box.port, box.security, box.user, box.password())


def fetch(box: Mailbox, server: imap.Box, stop: Stop) -> Fetched:
    """Return what was taken in of what is new in the folder. Raises the Problems of `lib.imap`.

    Call it outside of any transaction: each mail commits by itself.
    """
    since = _find_place(box, server.select(box.folder))
    taken = known = 0
    for numbers, sizes in _portions(server, server.numbers_after(box.last_uid, since)):
        mails = server.fetch([n for n in numbers if sizes[n] <= intake.LARGEST])
        for group in _groups(numbers, sizes):
            if stop(0):
                return Fetched(taken, known)
            if sizes[group[0]] > intake.LARGEST:
                taken += _keep_head(box, group[0], server.fetch_head(group[0]), sizes[group[0]])
                continue
            here = [(number, mails[number]) for number in group if number in mails]
            found = _take(box, here, stop) if here else Fetched(0, 0)
            taken, known = taken + found.taken, known + found.known
            _tidy(box, server, [number for number, _raw in here if number <= box.last_uid])
    return Fetched(taken, known)


def _groups(numbers: list[int], sizes: dict[int, int]) -> Iterator[list[int]]:
    """Yield the numbers in order, each mail that is too large by itself."""
    for large, found in groupby(numbers, lambda number: sizes[number] > intake.LARGEST):
        group = list(found)
        yield from ([number] for number in group) if large else [group]


def _find_place(box: Mailbox, folder: imap.Folder) -> date | None:
    """Go on where the folder was left; return the day before which nothing is wanted, or None.

    Other numbers (a new UIDVALIDITY: the mailbox was moved or restored) mean that all is read
    anew; each mail that is known by its Message-ID or its digest then stays one.
    """
    if box.uid_validity == folder.validity:
        return None
    first = box.uid_validity is None
    box.uid_validity = folder.validity
    box.last_uid = folder.next_number - 1 if first and not box.take_existing else 0
    with tenant(box.provider_id):
        rows = Mailbox.objects.filter(pk=box.pk)
        box.begun_uid = 0
        rows.update(uid_validity=box.uid_validity, last_uid=box.last_uid, begun_uid=0)
    if first or box.take_existing:
        return None
    return (box.takes_from - timedelta(days=1)).date()


def _portions(server: imap.Box, numbers: list[int]) -> Iterator[tuple[list[int], dict[int, int]]]:
    """Yield the numbers in portions of bounded size, each with its sizes in bytes."""
    for start in range(0, len(numbers), AT_ONCE):
        sizes = server.sizes(numbers[start : start + AT_ONCE])
        portion: list[int] = []
        weight = 0
        for number in sorted(sizes):
            if portion and weight + sizes[number] > AT_ONCE_BYTES:
                yield portion, sizes
                portion, weight = [], 0
            portion.append(number)
            weight += sizes[number]
        if portion:
            yield portion, sizes


def _take(box: Mailbox, mails: list[tuple[int, bytes]], stop: Stop) -> Fetched:
    """Take in mails, many a commit; where one spoils the commit of all, ever fewer, it alone."""
    taken = known = at = 0
    portion = most = len(mails)
    read: dict[int, Mail] = {}
    while at < len(mails) and not stop(0):
        tries = _begin(box, mails[at][0])
        if tries > 1:
            most = 1  # something here ended the process: nothing goes down with it any more
        group = mails[at : at + min(portion, most)]
        try:
            if tries > MOST_TRIES:
                outcomes = [_keep_apart(box, *group[0], intake.Quarantine.FATAL)]
            elif len(group) == 1:
                outcomes = [_take_alone(box, *group[0], read)]
            else:
                outcomes = _take_together(box, group, stop, read)
        except Exception as fault:
            _survived[box.pk] = group[0][0]
            if (intake.is_of_database(fault) and not _is_passing(fault)) or len(group) == 1:
                raise
            log.warning("mails are taken in by fewer: %s", type(fault).__name__)
            portion = len(group) // 2
            continue
        portion = max(2 * portion, 2)
        at += len(outcomes)
        known += sum(outcome.kind == "known" for outcome in outcomes)
        taken += sum(outcome.kind != "known" for outcome in outcomes)
    return Fetched(taken, known)


def _begin(box: Mailbox, number: int) -> int:
    """Return how often a process has begun with this mail and, but for this time, ended over it.

    Committed before a word is read: a mail that kills its reader is known by it.
    """
    again = box.begun_uid == number
    alive = _survived.pop(box.pk, None) == number
    tries = box.begun_times + (not alive) if again else 1
    if (box.begun_uid, box.begun_times) != (number, tries):
        with tenant(box.provider_id):
            rows = Mailbox.objects.filter(pk=box.pk)
            rows.update(begun_uid=number, begun_times=tries)
        box.begun_uid, box.begun_times = number, tries
    return tries


def _take_together(
    box: Mailbox, mails: list[tuple[int, bytes]], stop: Stop, known: dict[int, Mail]
) -> list[intake.Outcome]:
    """Return what became of as many mails as there is time for, the first at least.

    What was read of them is kept in `known`: it is not read again when the commit fails.
    """
    read, end = [], time.monotonic() + ROUND_SECONDS / 2
    for number, raw in mails:
        if number not in known:
            known[number] = intake.read(raw)
        read.append((known[number], raw))
        if time.monotonic() > end or stop(0):
            break
    with tenant(box.provider_id):
        outcomes = intake.receive_all(read, box.provider_id, ROUND_SECONDS)
        last = mails[len(outcomes) - 1][0]
        _move_on(box, last, len(outcomes))
    box.last_uid = last
    return outcomes


def _take_alone(box: Mailbox, number: int, raw: bytes, known: dict[int, Mail]) -> intake.Outcome:
    """Take in one mail; if its commit fails, keep it apart: it blocks none of those behind it."""
    try:
        return _take_together(box, [(number, raw)], lambda _seconds: False, known)[0]
    except Exception as fault:
        if intake.is_of_database(fault):
            raise
        log.exception("a mail was kept apart: %s", type(fault).__name__)
    return _keep_apart(box, number, raw, intake.Quarantine.FAULT)


def _keep_apart(box: Mailbox, number: int, raw: bytes, why: str) -> intake.Outcome:
    """Keep a mail in quarantine without reading it, and go on behind it."""
    with tenant(box.provider_id):
        outcome = intake.keep_apart(raw, box.provider_id, why)
        _move_on(box, number, 1)
    box.last_uid = number
    return outcome


def _is_passing(fault: BaseException) -> bool:
    """Return whether others were in the way (a deadlock, a conflict): alone it will go through."""
    state = getattr(fault.__cause__, "sqlstate", None) or ""
    return state.startswith("40")


def _keep_head(box: Mailbox, number: int, head: bytes, size: int) -> int:
    """Take in the headers alone of a mail that is too large; the mail stays on the server."""
    with tenant(box.provider_id):
        outcome = intake.receive_too_large(head, size, box.provider_id)
        _move_on(box, number, 1)
    box.last_uid = number
    return int(outcome.kind != "known")


def _move_on(box: Mailbox, number: int, mails: int) -> None:
    """Write down that all is here up to a number; `box` follows once that is committed."""
    mine = Mailbox.objects.filter(pk=box.pk, uid_validity=box.uid_validity)
    mine.update(last_uid=number, taken=F("taken") + mails, last_mail_at=timezone.now())


def _tidy(box: Mailbox, server: imap.Box, numbers: list[int]) -> None:
    """Do on the server what the mailbox says of mails that are safely here."""
    if not numbers or box.after == box.After.KEEP:
        return
    if box.after == box.After.SEEN:
        server.mark_read(numbers)
    elif box.after == box.After.MOVE:
        server.move(numbers, box.moved_to)
    else:
        server.remove(numbers)


def tidy_leftovers(box: Mailbox, server: imap.Box) -> None:
    """Move or delete what a crash left in the folder after it was taken in."""
    if box.after not in (box.After.MOVE, box.After.DELETE) or not box.last_uid:
        return
    server.select(box.folder)
    left = server.numbers_up_to(box.last_uid)[-LEFT_BEHIND:]
    for numbers, sizes in _portions(server, left):
        mails = server.fetch([n for n in numbers if sizes[n] <= intake.LARGEST])
        with tenant(box.provider_id):
            here = [number for number, raw in mails.items() if intake.is_here(raw)]
        _tidy(box, server, here)


# One mailbox, for as long as the process lives -------------------------------------------------


class Patience:
    """How long to wait before the next try: later and later, from the beginning after a success."""

    def __init__(self) -> None:
        self.failures = 0

    def went_well(self) -> None:
        """Forget the faults: the next one is the first."""
        self.failures = 0

    def went_wrong(self) -> None:
        """Count a fault."""
        self.failures += 1

    @property
    def seconds(self) -> float:
        """Return how long to wait now."""
        return BACKOFF_SECONDS[min(self.failures, len(BACKOFF_SECONDS) - 1)]


def watch(provider_id: int, pk: int, stop: Stop) -> None:
    """Fetch one mailbox until `stop`; after a fault again, later and later while it lasts."""
    patience = Patience()
    while not stop(0):
        close_old_connections()
        try:
            with held_lock(LOCK, pk) as alone:
                if alone:
                    _sit_by(provider_id, pk, stop, patience)
        except (DatabaseError, InterfaceError, psycopg.Error):
            # It comes back within seconds, and no mail server is bothered meanwhile.
            log.warning("the database broke off while mails were fetched", exc_info=False)
        except Exception as fault:  # whatever it is, this mailbox is tried again
            patience.went_wrong()
            _tell(provider_id, pk, fault)
        if stop(patience.seconds):
            break
    connection.close()


def _sit_by(provider_id: int, pk: int, stop: Stop, patience: Patience) -> None:
    """Fetch and wait, on one connection; return once the mailbox is gone or off, or `stop`."""
    box = _found(provider_id, pk)
    if box is None:
        return
    changed = box.changed_at
    with imap.opened(account_of(box)) as server:
        tidy_leftovers(box, server)
        while not stop(0):
            # What came in during a fetch may not be told of again: looked for until there is none.
            quiet = fetch(box, server, stop) == Fetched(0, 0)
            patience.went_well()
            with tenant(provider_id):
                box.went_well(pushes=server.can_push)
            if quiet:
                connection.close()  # nobody needs it meanwhile
                server.wait(IDLE_SECONDS if server.can_push else POLL_SECONDS, stop)
            box = _found(provider_id, pk)
            if box is None or box.changed_at != changed:
                return


def _found(provider_id: int, pk: int) -> Mailbox | None:
    with tenant(provider_id):
        return Mailbox.objects.filter(pk=pk, active=True).first()


def _tell(provider_id: int, pk: int, fault: Exception) -> None:
    """Show the fault on the page of the mailboxes; the log gets its kind alone."""
    log.warning("mailbox %s: %s", pk, type(fault).__name__)
    problem = fault if isinstance(fault, Problem) else Stumbled(detail=type(fault).__name__)
    with suppress(DatabaseError, InterfaceError), tenant(provider_id):
        if box := Mailbox.objects.filter(pk=pk).first():
            box.went_wrong(problem)


# All mailboxes ----------------------------------------------------------------------------------


class Fetchers:
    """A thread for each mailbox in use; the list is looked at every few seconds."""

    def __init__(self) -> None:
        self.ending = threading.Event()
        self.threads: dict[int, tuple[threading.Thread, threading.Event, object]] = {}

    def run(self) -> None:
        """Fetch until somebody calls `stop`."""
        while not self.ending.is_set():
            try:
                self.look()
            except (DatabaseError, InterfaceError):
                log.warning("the database does not answer; mails are fetched once it does")
            self.ending.wait(LOOK_SECONDS)
        for _thread, event, _mark in self.threads.values():
            event.set()
        end = time.monotonic() + 2 * imap.LOOK_SECONDS
        for thread, _event, _mark in self.threads.values():
            thread.join(max(0.0, end - time.monotonic()))

    def stop(self) -> None:
        """Have every thread end after the mail that it is at."""
        self.ending.set()

    def look(self) -> None:
        """Begin with mailboxes that are new or changed, end with those that are gone."""
        close_old_connections()
        with all_tenants("see which mailboxes are read"):
            rows = Mailbox.objects.filter(active=True)
            wanted = {
                pk: (p, c) for pk, p, c in rows.values_list("pk", "provider_id", "changed_at")
            }
        connection.close()
        for pk, (thread, event, mark) in list(self.threads.items()):
            if wanted.get(pk) != mark or not thread.is_alive():
                event.set()
                if not thread.is_alive():
                    del self.threads[pk]
        for pk, mark in wanted.items():
            if pk not in self.threads:
                self._begin(pk, mark)

    def _begin(self, pk: int, mark: tuple[int, object]) -> None:
        event = threading.Event()
        thread = threading.Thread(
            target=watch, args=(mark[0], pk, event.wait), daemon=True, name=f"mailbox-{pk}"
        )
        self.threads[pk] = (thread, event, mark)
        thread.start()

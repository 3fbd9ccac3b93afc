"""A folder of mails on an IMAP server: opened, read by growing number, watched for what comes in.

Faults come as Problems that name the mend. Nothing here marks or removes a mail unless asked to.
"""

from __future__ import annotations

import imaplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError

from relais.lib.mail_server import (
    Account,
    Interrupted,
    NoSuchHost,
    NotLetIn,
    NotReached,
    NotTrusted,
    said,
)
from relais.lib.problem import Problem
from relais.lib.terminal import N_

TIMES = SocketTimeout(connect=15, read=60)
PATIENT = SocketTimeout(connect=5, read=10)  # somebody waits for the answer
LOOK_SECONDS = 1.0  # how often a wait looks whether it shall end
FAULTS = (OSError, IMAPClientError, imaplib.IMAP4.error)
PORTS = "993, 143"


class NoSuchFolder(Problem):
    """The account has no such folder."""

    message = N_("There is no folder “%(folder)s”. There are: %(folders)s.")


@dataclass(frozen=True)
class Folder:
    """What the server says of a folder: its numbers hold as long as `validity` is the same."""

    validity: int
    next_number: int


class Box:
    """An open connection to one account."""

    def __init__(self, client: IMAPClient, account: Account) -> None:
        self.client, self.account = client, account
        self.can_push = bool(client.has_capability("IDLE"))
        self.can_move = bool(client.has_capability("MOVE"))

    def folders(self) -> list[str]:
        """Return the names of the folders."""
        return sorted(str(name) for _flags, _delimiter, name in self.client.list_folders())

    def select(self, folder: str, *, read_only: bool = False) -> Folder:
        """Open a folder. Raises `NoSuchFolder`."""
        try:
            found = self.client.select_folder(folder, readonly=read_only)
        except IMAPClientError as fault:
            if isinstance(fault, imaplib.IMAP4.abort):
                raise
            named = ", ".join(self.folders()[:20])
            raise NoSuchFolder(folder=folder, folders=named or "—") from fault
        return Folder(int(found[b"UIDVALIDITY"]), int(found.get(b"UIDNEXT") or 1))

    def numbers_after(self, number: int, since: date | None = None) -> list[int]:
        """Return the numbers above one, in order; only of mails that came in since that day."""
        criteria: list[object] = ["UID", f"{number + 1}:*"]
        if since is not None:
            criteria += ["SINCE", since]
        # "n:*" names the last mail even when its number is below n.
        return sorted(uid for uid in self.client.search(criteria) if uid > number)

    def numbers_up_to(self, number: int) -> list[int]:
        """Return the numbers of the mails still there, up to one."""
        return sorted(self.client.search(["UID", f"1:{number}"])) if number else []

    def sizes(self, numbers: list[int]) -> dict[int, int]:
        """Return how many bytes each mail has."""
        found = self.client.fetch(numbers, ["RFC822.SIZE"])
        return {uid: int(data[b"RFC822.SIZE"]) for uid, data in found.items()}

    def fetch(self, numbers: list[int]) -> dict[int, bytes]:
        """Return the mails as they are, unmarked; what was removed meanwhile is not among them."""
        found = self.client.fetch(numbers, ["BODY.PEEK[]"])
        return {uid: data[b"BODY[]"] for uid, data in found.items() if b"BODY[]" in data}

    def fetch_head(self, number: int) -> bytes:
        """Return only the headers of a mail."""
        found = self.client.fetch([number], ["BODY.PEEK[HEADER]"])
        return bytes(found[number][b"BODY[HEADER]"])

    def holds(self, mail_id: str) -> bool:
        """Return whether the open folder holds a mail of this Message-ID."""
        return bool(self.client.search(["HEADER", "Message-ID", mail_id]))

    def mark_read(self, numbers: list[int]) -> None:
        """Set the mark that people see as "read"."""
        self.client.add_flags(numbers, [b"\\Seen"], silent=True)

    def remove(self, numbers: list[int]) -> None:
        """Remove these mails, and no other one that somebody marked as deleted."""
        if self.client.has_capability("UIDPLUS"):
            self.client.delete_messages(numbers, silent=True)
            self.client.uid_expunge(numbers)
        else:
            self.client.delete_messages(numbers, silent=True)

    def move(self, numbers: list[int], folder: str) -> None:
        """Move these mails to a folder, made if need be."""
        if not self.client.folder_exists(folder):
            self.client.create_folder(folder)
        if self.can_move:
            self.client.move(numbers, folder)
            return
        self.client.copy(numbers, folder)
        self.remove(numbers)

    def wait(self, seconds: float, ended: Callable[[float], bool]) -> bool:
        """Return whether the server told of something new within `seconds` (with IDLE).

        `ended` waits a moment and tells whether to stop; without IDLE it is all that is waited by.
        """
        if not self.can_push:
            self.client.noop()
            left = seconds
            while left > 0 and not ended(min(left, LOOK_SECONDS)):
                left -= LOOK_SECONDS
            return left <= 0
        self.client.idle()
        told: list[object] = []
        try:
            left = seconds
            while left > 0 and not told and not ended(0):
                told = self.client.idle_check(timeout=min(left, LOOK_SECONDS))
                told = [one for one in told if b"EXISTS" in one or b"BYE" in one]
                left -= LOOK_SECONDS
        finally:
            self.client.idle_done()
        return bool(told)


@contextmanager
def opened(account: Account, times: SocketTimeout = TIMES) -> Iterator[Box]:
    """Open the account for the block. Raises Problems, also for faults of the server in it."""
    where = {"host": account.host, "port": account.port, "ports": PORTS}
    try:
        client = _connected(account, times)
    except socket.gaierror as fault:
        raise NoSuchHost(host=account.host) from fault
    except ssl.SSLError as fault:
        raise NotTrusted(detail=fault.reason or str(fault), **where) from fault
    except FAULTS as fault:
        raise NotReached(detail=said(fault), **where) from fault
    try:
        try:
            client.login(account.user, account.password)
        except LoginError as fault:
            raise NotLetIn(host=account.host, user=account.user) from fault
        yield Box(client, account)
    except FAULTS as fault:
        raise Interrupted(host=account.host, detail=said(fault)) from fault
    finally:
        with suppress(Exception):
            client.logout()
        with suppress(Exception):
            client.shutdown()


def _connected(account: Account, times: SocketTimeout) -> IMAPClient:
    secure = ssl.create_default_context()
    client = IMAPClient(
        account.host,
        account.port,
        ssl=account.security == "tls",
        ssl_context=secure,
        timeout=times,
    )
    if account.security == "starttls":
        client.starttls(secure)
    return client

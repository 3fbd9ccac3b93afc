"""Dovecot of Debian's packages, started on a free port as the current user, in a folder of its own.

One user of the system's plays every mailbox: any user name signs in with `PASSWORD`.
"""

from __future__ import annotations

import getpass
import grp
import imaplib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

PASSWORD = "un-mot-de-passe"

CONFIG = """
base_dir = {base}/run
state_dir = {base}/run
log_path = {base}/log
listen = 127.0.0.1
protocols = imap
ssl = {ssl}
{certificate}
disable_plaintext_auth = no
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
mail_location = maildir:{base}/mail/%u
first_valid_uid = 0
mail_uid = {user}
mail_gid = {group}
maildir_copy_with_hardlinks = yes
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={base}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""


def program() -> str | None:
    """Return where Dovecot is, or None."""
    return shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")


class Dovecot:
    """A mail server of one's own: `start`, `kill` and `stop` as often as one likes."""

    def __init__(self, base: Path, *, certificate: tuple[Path, Path] | None = None) -> None:
        """`base` is a new folder; started by root, everybody must be able to come to it."""
        self.base, self.host = base, "127.0.0.1"
        with socket.socket() as probe:
            probe.bind((self.host, 0))
            self.port = probe.getsockname()[1]
        (base / "run").mkdir(parents=True, exist_ok=True)
        (base / "mail").mkdir(exist_ok=True)
        shown = ""
        if certificate:
            shown = f"ssl_cert = <{certificate[0]}\nssl_key = <{certificate[1]}\n"
        mine = (getpass.getuser(), grp.getgrgid(os.getgid()).gr_name)
        # Root's Dovecot refuses to touch mails and passwords as root: the package made users.
        root = os.getuid() == 0
        mail = ("nobody", "nogroup") if root else mine
        inner = ("dovecot", "dovecot") if root else mine
        if root:
            shutil.chown(base / "mail", *mail)
        text = CONFIG.format(
            base=base,
            port=self.port,
            user=mail[0],
            group=mail[1],
            internal=inner[0],
            internal_group=inner[1],
            login="dovenull" if root else mine[0],
            password=PASSWORD,
            ssl="yes" if certificate else "no",
            certificate=shown,
        )
        (base / "dovecot.conf").write_text(text)

    def start(self) -> Dovecot:
        """Start and wait until it answers."""
        self.process = subprocess.Popen(
            [program() or "dovecot", "-F", "-c", str(self.base / "dovecot.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        end = time.monotonic() + 15
        while True:
            try:
                with socket.create_connection((self.host, self.port), timeout=5) as probe:
                    if probe.recv(4) == b"* OK":
                        return self
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > end:
                log = self.base / "log"
                raise RuntimeError(log.read_text() if log.exists() else "Dovecot does not start")
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill it and all its processes at once, as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.base / "run", ignore_errors=True)
        (self.base / "run").mkdir()

    def stop(self) -> None:
        """End it with all its processes."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()

    def client(self, user: str) -> imaplib.IMAP4:
        """Return a connection of the standard library's, signed in: not the one under test."""
        client = imaplib.IMAP4(self.host, self.port)
        client.login(user, PASSWORD)
        return client

    def put(self, user: str, *mails: bytes, folder: str = "INBOX") -> None:
        """Lay mails into a folder, through IMAP."""
        client = self.client(user)
        if folder != "INBOX":
            client.create(folder)
        for raw in mails:
            client.append(folder, None, None, raw)
        client.logout()

    def lies_in(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """Return the mails of a folder."""
        client = self.client(user)
        status, _count = client.select(folder, readonly=True)
        if status != "OK":
            return []
        numbers = client.search(None, "ALL")[1][0].split()
        found = [client.fetch(number.decode(), "(BODY.PEEK[])")[1][0][1] for number in numbers]
        client.logout()
        return found

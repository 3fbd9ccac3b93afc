"""Handing one letter to an SMTP server, and knowing what became of it.

Between the last byte sent and the server's word nobody can know: that is `Unsure`, told apart from
all that certainly was not sent.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress

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

SECONDS = 30
PATIENT_SECONDS = 8  # somebody waits for the answer
PORTS = "465, 587"


class RefusedForNow(Problem):
    """The server wants it tried again later (4xx)."""

    message = N_("%(host)s asks to try again later: %(code)s %(detail)s")


class Closing(RefusedForNow):
    """The server closes the line before it takes a letter (421): another line may do."""


class RefusedForGood(Problem):
    """The server does not take this letter (5xx)."""

    message = N_("%(host)s does not take it: %(code)s %(detail)s")


class Unsure(Problem):
    """The server broke off after the letter was handed over: it may have taken it."""

    message = N_("%(host)s broke off after the letter was handed over (%(detail)s).")


@contextmanager
def opened(account: Account, seconds: float = SECONDS) -> Iterator[smtplib.SMTP]:
    """Open the server for the block, signed in. Raises the Problems of `lib.mail_server`."""
    where = {"host": account.host, "port": account.port, "ports": PORTS}
    secure = ssl.create_default_context()
    server: smtplib.SMTP | None = None
    try:
        if account.security == "tls":
            server = smtplib.SMTP_SSL(account.host, account.port, timeout=seconds, context=secure)
        else:
            server = smtplib.SMTP(account.host, account.port, timeout=seconds)
        server.ehlo_or_helo_if_needed()
        if account.security == "starttls":
            server.starttls(context=secure)
        if account.user:
            server.login(account.user, account.password)
    except socket.gaierror as fault:
        raise NoSuchHost(host=account.host) from fault
    except ssl.SSLError as fault:
        raise NotTrusted(detail=fault.reason or str(fault), **where) from fault
    except smtplib.SMTPAuthenticationError as fault:
        raise NotLetIn(host=account.host, user=account.user) from fault
    except OSError as fault:  # smtplib's errors are OSErrors
        raise NotReached(detail=said(fault), **where) from fault
    try:
        yield server
    finally:
        with suppress(Exception):
            server.quit()


def send(server: smtplib.SMTP, sender: str, to: str, letter: bytes) -> None:
    """Hand over one letter. Raises `RefusedForNow`, `RefusedForGood`, `Unsure`.

    `Closing` and `Interrupted` come before any of the letter was handed over.
    """
    host = str(getattr(server, "_host", "")) or "SMTP"
    try:
        for code, words in (server.mail(sender), server.rcpt(to)):
            _check(host, code, words, closing=Closing)
    except OSError as fault:
        raise Interrupted(host=host, detail=said(fault)) from fault
    except UnicodeError as fault:
        raise RefusedForGood(host=host, code=553, detail=to) from fault
    try:
        _check(host, *server.data(letter))
    except smtplib.SMTPDataError as fault:  # refused before a byte of the letter
        _check(host, fault.smtp_code, fault.smtp_error)
    except OSError as fault:
        raise Unsure(host=host, detail=said(fault)) from fault


def _check(host: str, code: int, text: bytes | str, closing: type[Problem] = RefusedForNow) -> None:
    if 200 <= code < 300:
        return
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    kind = RefusedForGood if code >= 500 else closing if code == 421 else RefusedForNow
    raise kind(host=host, code=code, detail=" ".join(words.split())[:200])

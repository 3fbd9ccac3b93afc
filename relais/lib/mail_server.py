"""Mail servers: where they are, and what can be wrong with reaching them, each with its mend."""

from __future__ import annotations

from dataclasses import dataclass, field

from relais.lib.problem import Problem
from relais.lib.terminal import N_


@dataclass(frozen=True)
class Account:
    """Where a server is and who signs in. `security` is tls, starttls or none."""

    host: str
    port: int
    security: str
    user: str
    password: str = field(repr=False)


class NoSuchHost(Problem):
    """The name of the server leads nowhere."""

    message = N_("There is no server named %(host)s: check its spelling.")


class NotReached(Problem):
    """The server does not answer there."""

    message = N_(
        "%(host)s does not answer on port %(port)s (%(detail)s): check the port "
        "(usually %(ports)s) and that a firewall lets this machine out."
    )


class NotTrusted(Problem):
    """The TLS handshake failed."""

    message = N_(
        "%(host)s port %(port)s speaks no TLS that can be trusted (%(detail)s): check the port and "
        "the kind of encryption, and that the certificate bears this very name."
    )


class NotLetIn(Problem):
    """The server refused user or password."""

    message = N_(
        "%(host)s does not let %(user)s in: check user and password. Many hosts want a password "
        "made for applications, and IMAP to be switched on for the mailbox."
    )


class Interrupted(Problem):
    """The server broke off."""

    message = N_("%(host)s broke off (%(detail)s): it is tried again by itself.")


def said(fault: BaseException) -> str:
    """Return a fault on one short line; never what a mail holds."""
    text = getattr(fault, "strerror", None) or str(fault) or type(fault).__name__
    return " ".join(str(text).split())[:120]

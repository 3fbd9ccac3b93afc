"""An SMTP server for tests: keeps what it gets, and misbehaves on demand."""

from __future__ import annotations

import socket
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Letterbox:
    """What came in; `say` is answered to the next letters instead of taking them."""

    def __init__(self) -> None:
        self.port = 0
        self.taken: list[bytes] = []
        self.say: list[str] = []
        self.refused_recipients: set[str] = set()

    async def handle_RCPT(
        self, server: SMTP, session: Any, envelope: Any, to: str, options: Any
    ) -> str:
        if to in self.refused_recipients:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        answer = self.say.pop(0) if self.say else "250 OK"
        if answer == "break":  # taken, but the word of it is lost
            self.taken.append(envelope.content)
            server.transport.abort()
            return "421 gone"
        if answer.startswith("2"):
            self.taken.append(envelope.content)
        return answer


def started(letterbox: Letterbox, password: str) -> Controller:
    """Return the server, running on a free port of this machine."""

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and data.password == password.encode()
        return AuthResult(success=good)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    letterbox.port = port
    controller = Controller(
        letterbox,
        hostname="127.0.0.1",
        port=port,
        authenticator=check,
        auth_require_tls=False,
        ready_timeout=20,
    )
    controller.start()
    return controller

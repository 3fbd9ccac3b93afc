"""Calling an address of the outside world over HTTP, at a given network address, in bounded time.

The timeout of a socket begins anew with every byte: a server that sends one now and then holds its
caller for months. Here the connection itself is cut off.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

LONGEST = 30.0
"""Seconds for a call as a whole."""


class TooSlow(HTTPError):
    """The answer was not whole when its time was up."""


class Deadline:
    """A moment at which the calls made under it are cut off, however far they came."""

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._sockets: list[Any] = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(self, *_fault: object) -> None:
        self._timer.cancel()

    def holds(self, made: Any) -> None:
        """Have this connection cut off too."""
        self._sockets.append(made)
        if self.passed:
            self._cut()

    def _cut(self) -> None:
        self.passed = True
        for made in list(self._sockets):
            with contextlib.suppress(OSError):
                # Not the method of a TLS socket: it drops what the reading thread still uses.
                socket.socket.shutdown(made, socket.SHUT_RDWR)


class _Plain(HTTPConnection):
    def __init__(self, *args: Any, deadline: Deadline, **named: Any) -> None:
        super().__init__(*args, **named)
        self.deadline = deadline

    def connect(self) -> None:
        super().connect()
        self.deadline.holds(self.sock)


class _Tls(_Plain, HTTPSConnection):
    """The same over TLS: `_Plain` holds what HTTPSConnection connects."""


@contextlib.contextmanager
def answered(
    method: str,
    url: str,
    place: str,
    port: int,
    *,
    headers: dict[str, str],
    deadline: Deadline,
    timeout: urllib3.Timeout,
    body: bytes | None = None,
) -> Iterator[urllib3.BaseHTTPResponse]:
    """Yield the answer, its text not yet read; of no other place than `place`, and not led on.

    Raises `TooSlow` once the deadline is over, and any other `HTTPError` of urllib3.
    """
    parts = urlsplit(url)
    host = str(parts.hostname)
    options: dict[str, Any] = {"timeout": timeout, "retries": False, "maxsize": 1}
    options["deadline"] = deadline
    pool: urllib3.HTTPConnectionPool
    if parts.scheme == "https":
        pool = urllib3.HTTPSConnectionPool(
            place, port, server_hostname=host, assert_hostname=host, **options
        )
        pool.ConnectionCls = _Tls
    else:
        pool = urllib3.HTTPConnectionPool(place, port, **options)
        pool.ConnectionCls = _Plain
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    name = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
    try:
        with pool:
            answer = pool.urlopen(
                method,
                path,
                body=body,
                headers={**headers, "Host": name},
                redirect=False,
                preload_content=False,
            )
            try:
                yield answer
            finally:
                answer.release_conn()
    except HTTPError as fault:
        if deadline.passed:
            raise TooSlow from fault
        raise
    if deadline.passed:
        # What was cut off looks whole where the server did not say how long it is.
        raise TooSlow

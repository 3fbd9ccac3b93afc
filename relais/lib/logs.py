"""Logs as one JSON line an event, fit to be kept: no address, no name, no query, no text of anyone.

What may hold somebody's words (paths, messages of errors, arguments of jobs) is left out or masked;
the route's pattern, the type of the error, its place in the code and its reference stay.
"""

from __future__ import annotations

import hmac
import json
import logging
import re
import secrets
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

logger = logging.getLogger("relais.request")

PLACES_KEPT = 12
_EMAIL = re.compile(r"[^\s@<>\"'()]+@[^\s@<>\"'()]+")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|“[^”]*”|«[^»]*»|\"(?![a-z_][a-z0-9_.]*\")[^\"]*\"")
_NUMBER = re.compile(r"\d[\d .-]{5,}\d")


def masked(text: str) -> str:
    """Return the first line of a message without what it quotes, addresses and long numbers.

    PostgreSQL quotes its own names in "double quotes" (kept) and the row's values on the next line.
    """
    line = text.strip().splitlines()[0] if text.strip() else ""
    for pattern in (_QUOTED, _EMAIL, _NUMBER):
        line = pattern.sub("…", line)
    return line[:300]


def pseudonym(pk: object) -> str:
    """Return a name for an account that only this installation can trace back to it."""
    return hmac.digest(settings.SECRET_KEY.encode(), f"log:{pk}".encode(), "sha256").hex()[:10]


def _error(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[-PLACES_KEPT:]
    story: dict[str, Any] = {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "message": masked(str(error)),
        "at": [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if sqlstate := getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None):
        story["sqlstate"] = sqlstate
    return story


def _short(filename: str) -> str:
    return filename.rpartition("site-packages/")[2] if "site-packages/" in filename else filename


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON; its message too where nobody's words can be in it."""
        return json.dumps(self.fields(record), ensure_ascii=False, default=str)

    def fields(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return what the line says."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
        }
        job = getattr(record, "job", None)
        request = getattr(record, "request", None)
        if told := getattr(record, "told", None):
            line |= told
        elif isinstance(job, dict):
            # The message and `call_string` hold the arguments.
            line["event"] = getattr(record, "action", "job")
            line |= {
                key: job[key] for key in ("id", "task_name", "queue", "attempts") if key in job
            }
            if (duration := getattr(record, "duration", None)) is not None:
                line["ms"] = round(duration * 1000, 1)
        elif request is not None:
            # Django's message holds the path.
            line["event"] = "refused" if record.levelno < logging.ERROR else "failed"
            line |= {"method": getattr(request, "method", ""), "route": route_of(request)}
            line["status"] = getattr(record, "status_code", None)
            line["reference"] = getattr(request, "reference", None)
        else:
            line["event"] = masked(record.getMessage())
        if record.exc_info and record.exc_info[1]:
            line["error"] = _error(record.exc_info[1])
        return line


class PlainFormatter(JsonFormatter):
    """The same, for the eye."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one readable line, and an error's places below it."""
        line = self.fields(record)
        error = line.pop("error", None)
        text = f"{line.pop('at')[11:19]} {line.pop('level'):7} {line.pop('from')}: "
        text += " ".join(f"{key}={value}" for key, value in line.items() if value is not None)
        if error:
            text += f"\n  {error['type']}: {error['message']}\n    " + "\n    ".join(error["at"])
        return text


def route_of(request: Any) -> str:
    """Return the pattern of the address asked for, never the address itself."""
    match = getattr(request, "resolver_match", None)
    return f"/{match.route}" if match else "(none)"


class RequestLogMiddleware:
    """Write one line a request, and give it the reference that an error page shows."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.reference = secrets.token_hex(4)
        request.arrived_at = f"{time.time():.3f}"
        begun = time.perf_counter()
        count = _Count()
        with connection.execute_wrapper(count):
            response = self.get_response(request)
        if request.path_info.startswith(settings.STATIC_URL) and response.status_code < 400:
            return response
        told = {
            "event": "request",
            "method": request.method,
            "route": route_of(request),
            "status": response.status_code,
            "ms": round((time.perf_counter() - begun) * 1000, 1),
            "queries": count.queries,
            "db_ms": round(count.seconds * 1000, 1),
            "reference": request.reference,
        }
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated:
            told["account"] = pseudonym(user.pk)
        logger.info("request", extra={"told": told})
        response.headers["X-Request-Id"] = request.reference
        return response


class _Count:
    def __init__(self) -> None:
        self.queries, self.seconds = 0, 0.0

    def __call__(self, execute: Any, statement: str, params: Any, many: bool, context: Any) -> Any:
        begun = time.perf_counter()
        try:
            return execute(statement, params, many, context)
        finally:
            self.queries += 1
            self.seconds += time.perf_counter() - begun


def configuration(*, level: str = "INFO", plain: bool = False) -> dict[str, Any]:
    """Return settings.LOGGING: everything to standard error, one line an event."""
    formatter = "PlainFormatter" if plain else "JsonFormatter"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": f"{__name__}.{formatter}"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {
            "relais": {"level": level},
            "procrastinate": {"level": "WARNING"},
            "procrastinate.worker": {"level": level},
            "procrastinate.worker.worker": {"level": "WARNING"},  # each job's end says enough
            # The request's own line tells of pages not found.
            "django": {"handlers": [], "level": "WARNING", "propagate": True},
            "django.request": {"level": "ERROR"},
            # Scanners ask by any name; the request's line holds the 400.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "django.server": {"handlers": [], "propagate": False},
        },
    }

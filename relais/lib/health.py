"""Is this installation well? Answered before sessions, redirects and host checks.

    /healthz      everything, for whoever watches: process, database, migrations, worker, disk
    /healthz/web  what a load balancer asks: can this process serve (the worker may be away)

200 when all is well, else 503; JSON either way, with nothing about anybody in it.
"""

from __future__ import annotations

import functools
import os
import shutil
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse, JsonResponse

SILENT_WORKER_SECONDS = 60
LEAST_FREE_MB = 200
BEGUN = time.monotonic()

Answer = dict[str, Any]


class HealthMiddleware:
    """Answer /healthz; stands first, so that neither a redirect nor a host name comes before."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        checks = {"/healthz": ALL, "/healthz/web": WEB}.get(request.path_info.rstrip("/"))
        if checks is None:
            return self.get_response(request)
        well, report = examine(checks)
        response = JsonResponse(report, status=200 if well else 503)
        response.headers["Cache-Control"] = "no-store"
        response._has_been_logged = True  # else Django writes an error at each question
        return response


def examine(checks: tuple[Callable[[], Answer], ...] = ()) -> tuple[bool, Answer]:
    """Return whether all is well, and the report of each check (default: all of them)."""
    found = {check.__name__: _run(check) for check in checks or ALL}
    well = all(answer["ok"] for answer in found.values())
    return well, {"status": "ok" if well else "failing", "checks": found}


def _run(check: Callable[[], Answer]) -> Answer:
    try:
        return check()
    except (Error, OSError) as problem:
        # The message may name hosts and users.
        return {"ok": False, "error": type(problem).__name__}


def process() -> Answer:
    """Return since when this process runs."""
    return {"ok": True, "pid": os.getpid(), "up_s": round(time.monotonic() - BEGUN)}


def database() -> Answer:
    """Return how long the database took to answer."""
    begun = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    return {"ok": True, "ms": round((time.perf_counter() - begun) * 1000, 1)}


def migrations() -> Answer:
    """Return how many migrations of this code the database still lacks."""
    with connection.cursor() as cursor:
        cursor.execute("select app, name from django_migrations")
        applied = set(cursor.fetchall())
    pending = len(_known_migrations() - applied)
    return {"ok": pending == 0, "pending": pending}


@functools.cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).graph.nodes)


def worker() -> Answer:
    """Return how many workers gave a sign of life lately, and how many jobs wait or failed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*), extract(epoch from now() - max(last_heartbeat))"
            " from procrastinate_workers"
            " where last_heartbeat > now() - make_interval(secs => %s)",
            [SILENT_WORKER_SECONDS],
        )
        alive, age = cursor.fetchone()
        cursor.execute(
            "select count(*) from procrastinate_jobs where status = 'todo'"
            " and (scheduled_at is null or scheduled_at <= now())"
        )
        (waiting,) = cursor.fetchone()
    answer: Answer = {"ok": alive > 0, "alive": alive, "waiting": waiting}
    if age is not None:
        answer["heartbeat_s"] = round(float(age), 1)
    return answer


def disk() -> Answer:
    """Return the free space where the data lies."""
    free = shutil.disk_usage(settings.DATA_DIR).free // 2**20
    return {"ok": free >= LEAST_FREE_MB, "free_mb": free}


WEB = (process, database, migrations)
ALL = (process, database, migrations, worker, disk)

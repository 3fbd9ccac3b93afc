"""Is it well? Asked often, by machines: cheap, without a session, and never about anybody."""

from __future__ import annotations

import json
from collections import namedtuple

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from relais.lib import health

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def worker(db):
    """A worker that has just given a sign of life."""
    with connection.cursor() as cursor:
        cursor.execute("insert into procrastinate_workers default values")


def answer(client, path="/healthz", **headers):
    page = client.get(path, **headers)
    return page.status_code, json.loads(page.content)


def test_all_is_well(worker, client):
    status, report = answer(client)
    assert (status, report["status"]) == (200, "ok")
    assert set(report["checks"]) == {"process", "database", "migrations", "worker", "disk"}


def test_without_a_worker_the_whole_fails_but_the_web_serves(db, client):
    status, report = answer(client)
    assert (status, report["status"]) == (503, "failing")
    assert report["checks"]["worker"]["ok"] is False
    assert answer(client, "/healthz/web")[0] == 200


def test_a_worker_that_has_been_silent_for_a_minute_counts_for_none(worker, client):
    with connection.cursor() as cursor:
        cursor.execute(
            "update procrastinate_workers set last_heartbeat = now() - interval '61 seconds'"
        )
    assert answer(client)[0] == 503


def test_a_pending_migration_fails(worker, client, monkeypatch):
    known = health._known_migrations() | {("people", "9999_not_yet")}
    monkeypatch.setattr(health, "_known_migrations", lambda: known)
    status, report = answer(client, "/healthz/web")
    assert (status, report["checks"]["migrations"]) == (503, {"ok": False, "pending": 1})


def test_a_database_that_is_away_fails_without_its_words(client, monkeypatch):
    def away():
        from django.db import OperationalError

        raise OperationalError("connection to server at db.internal, user relais_app failed")

    monkeypatch.setattr(health, "WEB", (health.process, away))
    status, report = answer(client, "/healthz/web")
    assert (status, report["checks"]["away"]) == (503, {"ok": False, "error": "OperationalError"})


def test_a_full_disk_fails(worker, client, monkeypatch):
    monkeypatch.setattr(health.shutil, "disk_usage", lambda path: Usage(1, 1, 10 * 2**20))
    status, report = answer(client)
    assert (status, report["checks"]["disk"]) == (503, {"ok": False, "free_mb": 10})


def test_it_is_asked_by_address_before_redirects_and_sessions(worker, client, settings):
    settings.SECURE_SSL_REDIRECT = True
    page = client.get("/healthz", headers={"host": "10.0.0.7"})
    assert page.status_code == 200
    assert not page.cookies
    assert page["Cache-Control"] == "no-store"


def test_it_is_cheap(worker, client):
    answer(client)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer(client)
    assert len(queries) == 4

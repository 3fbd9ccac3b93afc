"""Props of planning: a Tuesday of the cast, and shifts, absences and on-site days for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from relais.people.models import Absence, OnSiteDay, Shift
from tests.desk.conftest import new_ticket, services

__all__ = ["new_ticket", "services"]

PARIS = ZoneInfo("Europe/Paris")
TUESDAY = datetime(2026, 3, 3, 9, 0, tzinfo=PARIS)
DAY = TUESDAY.date()


def at(hour: int, minute: int = 0, days: int = 0) -> datetime:
    """Return that time of the Tuesday, or of a day so many days later."""
    return TUESDAY.replace(hour=hour, minute=minute) + timedelta(days=days)


def ahead(weeks: int) -> datetime:
    """Return the beginning of a Tuesday some weeks from now."""
    today = datetime.now(PARIS).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=7 * weeks + (1 - today.weekday()) % 7)


def shift(world, name, start, end):
    return Shift.objects.create(
        provider=world.provider, person=getattr(world.people, name), period=(start, end)
    )


def away(world, name, start, end, kind="leave"):
    return Absence.objects.create(
        provider=world.provider, person=getattr(world.people, name), period=(start, end), kind=kind
    )


def on_site(world, name, site, day):
    return OnSiteDay.objects.create(
        provider=world.provider, person=getattr(world.people, name), day=day,
        site=getattr(world.sites, site),
    )  # fmt: skip


@pytest.fixture
def call(client_of) -> Callable[..., Any]:
    """Return a function that calls the API as somebody and returns status and answer."""

    def send(by: Any, method: str, path: str, **body: Any) -> tuple[int, Any]:
        client = client_of(by)
        sent = (
            client.get(f"/api/{path}", body)
            if method == "GET"
            else client.post(
                f"/api/{path}", json.dumps(body, default=str), content_type="application/json"
            )
        )
        return sent.status_code, json.loads(sent.content or b"null")

    return send

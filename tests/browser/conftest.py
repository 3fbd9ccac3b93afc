"""A real browser on a real server: Chromium, threads, transactions that commit.

`live` is the product on a database of its own with the usual cast; `page_as(person)` opens a page
of somebody who is signed in; `accessible(page)` tells what axe finds serious.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.servers.basehttp import ThreadedWSGIServer
from django.core.wsgi import get_wsgi_application
from django.test import Client

from relais.desk import live as changes
from relais.lib.tenancy import tenant
from relais.offer import catalogue
from tests import world as cast

# Playwright keeps an event loop in this thread; Django would take it for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
NAMES = ["chromium", "chromium-browser", "google-chrome"]
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all that is here, and say what is missing instead of failing."""
    for item in items:
        if "tests/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                reason = "Chromium is not installed (Debian: apt-get install chromium)"
                item.add_marker(pytest.mark.skip(reason=reason))


class _Quiet(WSGIRequestHandler):
    """Serves without a word."""

    def log_message(self, *words: Any) -> None:
        """Say nothing."""


@dataclass
class Live:
    """The running product and who is in it."""

    url: str
    world: cast.World


@pytest.fixture
def live(
    committed: dict[str, Any], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> Iterator[Live]:
    """Serve the product on 127.0.0.1 with the usual cast and the first catalogue."""
    monkeypatch.setattr(
        changes.database, "connect", lambda role: psycopg.connect(**committed, autocommit=True)
    )
    monkeypatch.setattr(changes, "hub", changes.Hub())
    monkeypatch.setattr(changes, "LIFE_SECONDS", 30.0)
    monkeypatch.setattr(changes, "BEAT_SECONDS", 0.5)
    settings.ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
    made = cast.build_world()
    with tenant(made.provider.pk):
        catalogue.preload(made.provider)
    server = ThreadedWSGIServer(("127.0.0.1", 0), _Quiet)
    server.daemon_threads = True
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Live(f"http://127.0.0.1:{server.server_port}", made)
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    """Return one browser for all tests here; its event loop would be in the way of the others."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def page_as(live: Live, chromium: Any) -> Iterator[Callable[..., Any]]:
    """Return a function that opens a page: of a person signed in, or of nobody.

    Errors of the page's scripts, and addresses that answer 5xx, fail the test at its end.
    """
    contexts: list[Any] = []
    faults: list[str] = []

    def open_page(person: Any = None, *, phone: bool = False, dark: bool = False) -> Any:
        context = chromium.new_context(
            base_url=live.url,
            locale="fr-FR",
            timezone_id="Europe/Paris",
            viewport={"width": 390, "height": 844} if phone else {"width": 1280, "height": 820},
            color_scheme="dark" if dark else "light",
        )
        contexts.append(context)
        if person is not None:
            context.add_cookies(
                [
                    {
                        "name": django_settings.SESSION_COOKIE_NAME,
                        "value": _session(person),
                        "url": live.url,
                    }
                ]
            )
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: faults.append(f"script: {error}"))
        page.on(
            "response",
            lambda answer: (
                faults.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None
            ),
        )
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults


def _session(person: Any) -> str:
    """Return the session of a person as her browser would hold it after signing in."""
    client = Client()
    client.force_login(person.user, "allauth.account.auth_backends.AuthenticationBackend")
    return client.cookies[django_settings.SESSION_COOKIE_NAME].value


# What passed is not told node by node: that takes as long as looking.
VIOLATIONS = {"resultTypes": ["violations"]}


@pytest.fixture(scope="session")
def accessible() -> Callable[..., list[str]]:
    """Return a function that tells what axe finds serious or critical on a page.

    `but` names what stands the same on every page and was examined on another.
    """
    from axe_playwright_python.sync_playwright import Axe

    def check(page: Any, but: Iterable[str] = ()) -> list[str]:
        context = {"exclude": [[name] for name in but]} if but else None
        found = Axe().run(page, context, VIOLATIONS).response["violations"]
        return [
            f"{page.url}: {one['id']}: {node['target']}"
            for one in found
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]

    return check

"""Every person of two providers opens every page he can reach or guess, and learns nothing more.

The crawler fails on a text of somebody else. Its own teeth are tested: with a filter of the policy
taken out it fails, and again with the row-level policies taken down.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache
from itertools import product

import psycopg
import pytest
from django.apps import apps
from psycopg import sql

from relais.lib.tenancy import all_tenants, tenant
from relais.people import access
from relais.people.models import Provider
from relais.people.models.tenant import TenantModel
from tests.world import build_other_world, build_world

from . import oracle
from .crawler import Crawler, patterns, refuses

MOST_IDS = 8
MOST_PAIRED = 3  # of each parameter where an address has two
MOST_ROWS = 3  # of one shape of address, spread over the rows of everybody

# One person a role, and the other provider's.
VISITORS = [
    "maud", "paul", "alice", "quentin", "bruno", "sylvie", "claire", "luc", "marc", "denis",
    "aude", "erwan", "zoe",
]  # fmt: skip

# What no answer of the API may call a field, when a client asks.
INTERNAL_KEYS = {
    "absence", "absences", "at_risk", "candidates", "chance", "clearance", "contract_hours",
    "decision", "excluded", "facts", "load", "open_tickets", "reasons", "remedy", "runners_up",
    "skills", "workload",
}  # fmt: skip


def _singular(word: str) -> str:
    return word[:-3] + "y" if word.endswith("ies") else word.removesuffix("s")


def _ids(parameter: str, route: str) -> list[int]:
    """Return keys worth guessing: those of the tables that the address names, else small ones."""
    if parameter == "number":  # counted anew within its owner
        return [1, 2]
    if parameter == "code":
        return ["other", "travel"]  # type: ignore[list-item]
    words = {_singular(word) for word in route.strip("/").split("/")}
    found: set[int] = set()
    with all_tenants("guess the keys of every provider's rows"):
        for model in apps.get_models():
            if issubclass(model, TenantModel) and model._meta.model_name in words:
                found.update(model.objects.order_by("pk").values_list("pk", flat=True))
    return sorted(found) or list(range(1, MOST_IDS + 1))


def _spread(ids: list[int], most: int) -> list[int]:
    """Return the first, the last, and others evenly between."""
    last = len(ids) - 1
    return ids if last < most else [ids[n * last // (most - 1)] for n in range(most)]


@cache
def _closed(method: str) -> frozenset[str]:
    """Return the shapes of addresses whose views refuse the method whoever asks, for whatever."""
    return frozenset(
        route
        for route, parameters in patterns()
        if refuses(method, route.format(**dict.fromkeys(parameters, 1)))
    )


def guesses(most: int | None = None, method: str = "GET") -> list[tuple[str, str]]:
    """Return every shape of the URL table with each address that everybody's keys make of it.

    Left out: shapes that refuse the method before they know who asks.
    """
    found = []
    for route, parameters in patterns():
        if route.startswith(("/accounts/", "/static/")) and parameters:
            continue
        if route in _closed(method):
            continue
        values = [_ids(parameter, route) for parameter in parameters]
        if len(parameters) > 1:
            values = [ids[:MOST_IDS] for ids in values]
        if most:  # spread over the rows of everybody: the last are the other provider's
            each = most if len(parameters) < 2 else MOST_PAIRED
            values = [_spread(ids, each) for ids in values]
        for chosen in product(*values):
            found.append((route, route.format(**dict(zip(parameters, chosen, strict=True)))))
    return found


def _settle(world, other, client_of):
    """Return the secrets of the two worlds, and each person's key with a signed-in browser."""
    with tenant(world.provider.pk):
        oracle.add_internals(world)
    oracle.add_tickets(world, other)
    oracle.add_agreements(world, other)
    oracle.add_offer(world, other)
    browsers = {
        key: client_of(person)
        for made in (world, other)
        for key, person in vars(made.people).items()
    }
    return oracle.secrets(world, other), browsers


@pytest.fixture
def everybody(worlds, client_of):
    """Return the two worlds, inside a transaction that is rolled back."""
    return _settle(*worlds, client_of)


def leaks(hidden, browsers, key, until=None):
    """Return what this person read and may not, and how much was visited.

    `until`: stop at the first page that shows this text.
    """
    visited = Counter()
    crawler = Crawler(browsers[key], until)
    crawler.follow("/")
    crawler.guess(guesses(MOST_ROWS))
    visited["pairs"] += len(crawler.pages)
    found = []
    for page in crawler.pages.values():
        visited["fields"] += page.fields
        visited[page.status] += 1
        if page.status >= 500:
            found.append((key, page.url, "error", page.status))
        # The description of the API names every field; it holds nobody's values.
        if key in oracle.CALANQUES | oracle.FROID and "openapi" not in page.url:
            found += [(key, page.url, "field", k) for k in page.keys & INTERNAL_KEYS]
        found += [
            (key, page.url, secret.what, secret.text)
            for secret in hidden
            if key not in secret.readers and secret.is_in(page.text)
        ]
    return found, visited


@pytest.mark.parametrize("key", VISITORS)
def test_nobody_reads_what_is_not_his(everybody, key, record_property):
    found, visited = leaks(*everybody, key)
    record_property("walls", f"{key}: {visited['pairs']} addresses, {visited['fields']} fields")
    assert not found, found[:20]
    assert visited["pairs"] > 300
    assert visited[200] > 30


def test_only_a_view_that_looks_at_nothing_is_left_out(everybody):
    closed = _closed("GET")
    assert {"/tickets/{pk}/take/", "/api/tickets/{key}/take"} <= closed
    assert not {"/tickets/{pk}/", "/api/tickets/{key}", "/", "/api/tickets"} & closed
    assert "/tickets/{pk}/" in _closed("POST")
    _hidden, browsers = everybody
    for route in closed:
        address = route.format_map(defaultdict(lambda: 1))
        assert browsers["paul"].get(address).status_code in (404, 405), route


def test_the_crawler_fails_when_a_filter_is_removed(everybody, monkeypatch):
    monkeypatch.setitem(access.RULES, "people.Person", lambda _access: access.EVERYTHING)
    monkeypatch.setitem(access.RULES, "people.Company", lambda _access: access.EVERYTHING)
    found, _visited = leaks(*everybody, "claire", until="Bretagne Froid")
    assert any(text == "Bretagne Froid" for _key, _url, _what, text in found)


def test_the_crawler_fails_when_the_row_level_policies_are_removed(committed, server, client_of):
    """A pool lead's queries have no filter of their own: only PostgreSQL stops them."""
    hidden, browsers = _settle(build_world(), build_other_world(), client_of)
    assert "Calanques Services" not in browsers["zoe"].get("/companies/").content.decode()
    with psycopg.connect(**server.owner | {"dbname": committed["dbname"]}) as owner:
        for model in apps.get_models():
            if issubclass(model, TenantModel | Provider):
                table = sql.Identifier(model._meta.db_table)
                owner.execute(sql.SQL("alter table {} disable row level security").format(table))
    found, _visited = leaks(hidden, browsers, "zoe", until="Calanques Services")
    assert any(text == "Calanques Services" for _key, _url, _what, text in found)

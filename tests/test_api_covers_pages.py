"""Everything a page does can be done through the API; where not, the reason is written down."""

import inspect
import re
import sys

from django.urls import URLPattern, URLResolver, get_resolver
from ninja import Schema

from relais.api import api

from .api_of_pages import BROWSER, CALLS

# How a page says that it changes something.
CHANGES = re.compile(r"POST|form_page\(|archive_page\(|restored\(|_form\(|_edited\(")


def pages(resolver=None, prefix=""):
    """Yield the name and the view of every page of ours."""
    for each in (resolver or get_resolver()).url_patterns:
        route = prefix + str(each.pattern)
        if route.startswith(("api/", "accounts/")):
            continue
        if isinstance(each, URLResolver):
            yield from pages(each, route)
        elif isinstance(each, URLPattern):
            yield each.name, each.callback


def calls():
    """Return the calls of the API as the table writes them."""
    document = api.get_openapi_schema()
    return {
        f"{method.upper()} {path.removeprefix('/api/')}"
        for path, methods in document["paths"].items()
        for method in methods
    }


def test_each_page_has_its_call_or_a_reason():
    without = [name for name, _view in pages() if name not in CALLS]
    assert not without, "write their calls, or the reason, into tests/api_of_pages.py"


def test_each_call_that_is_named_is_there():
    named = {call for name, call in CALLS.items() if not call.startswith(BROWSER)}
    assert not named - calls()


def test_what_a_page_changes_a_call_changes_too():
    """A page that takes a POST is matched by a call that changes something."""
    wrong = [
        name
        for name, view in pages()
        if CHANGES.search(inspect.getsource(inspect.unwrap(view)))
        and CALLS.get(name, "").startswith("GET")
    ]
    assert not wrong


def test_no_two_bodies_share_a_name():
    """The document knows a body by its class's name alone: of two, one would be described wrong."""
    api.get_openapi_schema()
    found = {}
    for module in [each for name, each in sys.modules.items() if name.startswith("relais.")]:
        for each in vars(module).values():
            if isinstance(each, type) and issubclass(each, Schema) and each is not Schema:
                fields = {name: str(field) for name, field in each.model_fields.items()}
                found.setdefault(each.__name__, []).append(fields)
    assert not [name for name, each in found.items() if any(one != each[0] for one in each)]


def test_the_table_names_no_page_that_is_gone():
    assert not set(CALLS) - {name for name, _view in pages()}

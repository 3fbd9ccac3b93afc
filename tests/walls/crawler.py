"""A visitor who follows every link of a person's pages, and guesses every address that exists."""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.db import connection
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, resolve

SKIPPED = re.compile(r"^/(static|accounts/logout)|/live/")
MOST_ALIKE = 3  # addresses of one shape that are followed; the guesses open the rest


@dataclass
class Page:
    """What one address answered to one person."""

    url: str
    status: int
    text: str
    fields: int
    keys: frozenset[str] = frozenset()


# By patterns: the pages are our own, and a parser takes as long as the page took to be drawn.
_LINK = re.compile(r"""\s(?:href|hx-get|data-url)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_FORM = re.compile(r"<form\b[^>]*>")
_ACTION = re.compile(r"""\s(action|method)\s*=\s*["']([^"']*)["']""")
_TEXT = re.compile(r">\s*[^<>\s]")


def _links(text: str) -> list[str]:
    """Return the addresses that a page names: links, and where its searches lead."""
    found = [html.unescape(a or b) for a, b in _LINK.findall(text)]
    for form in _FORM.findall(text):
        facts = dict(_ACTION.findall(form))
        if facts.get("method", "get").lower() == "get":
            found.append(html.unescape(facts.get("action", "")))
    return found


def _leaves(value: Any, keys: set[str]) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            keys.add(key)
            yield from _leaves(inner, keys)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, keys)
    else:
        yield str(value)


def _sheet_text(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return " ".join(
            html.unescape(re.sub(r"<[^>]+>", " ", archive.read(name).decode("utf-8", "replace")))
            for name in archive.namelist()
            if name.endswith(".xml")
        )


def read(url: str, response: Any) -> tuple[Page, list[str]]:
    """Return what the response shows, and the addresses that it names."""
    kind = response.headers.get("Content-Type", "")
    if "event-stream" in kind:
        response.close()
        return Page(url, response.status_code, "", 0), []
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if "json" in kind:
        keys: set[str] = set()
        leaves = list(_leaves(json.loads(content or b"null"), keys))
        return Page(url, response.status_code, " \n".join(leaves), len(leaves), frozenset(keys)), []
    if "spreadsheet" in kind:
        text = _sheet_text(content)
        return Page(url, response.status_code, text, len(text.split())), []
    text = content.decode("utf-8", "replace")
    if "html" not in kind:
        return Page(url, response.status_code, text, len(text.split())), []
    if response.status_code in (404, 405):  # still searched for secrets, but it leads nowhere
        return Page(url, response.status_code, html.unescape(text), 0), []
    # Names may stand in attributes too (titles, labels): read the source, not what is drawn.
    fields = len(_TEXT.findall(text))
    return Page(url, response.status_code, html.unescape(text), fields), _links(text)


@dataclass
class Crawler:
    """Visits as one person; keeps what it saw."""

    client: Client
    until: str | None = None
    pages: dict[str, Page] = field(default_factory=dict)
    shapes: Counter[str] = field(default_factory=Counter)
    done: bool = False

    def visit(self, url: str) -> list[str]:
        """Open one address once; return the addresses that its page names."""
        if self.done or url in self.pages or SKIPPED.search(url):
            return []
        response = self.client.get(url)
        self.pages[url], links = read(url, response)
        self.done = self.until is not None and self.until in self.pages[url].text
        if response.status_code in (301, 302):
            links.append(str(response.headers.get("Location", "/")))
        return links

    def follow(self, start: str = "/") -> None:
        """Open every address that is reached from `start`, breadth first."""
        queue = deque([start])
        while queue:
            url = queue.popleft()
            shape = re.sub(r"\d+", "1", re.sub(r"=[^&]*", "", url))
            # The same rows in another order show nothing new.
            most = 1 if "sort=" in url else MOST_ALIKE
            if url in self.pages or self.shapes[shape] >= most:
                continue
            self.shapes[shape] += 1
            for link in self.visit(url):
                target = urlsplit(urljoin(url, link))
                if target.netloc or target.scheme not in ("", "http"):
                    continue
                known = target.path + (f"?{target.query}" if target.query else "")
                if known.startswith("/") and known not in self.pages:
                    queue.append(known)

    def guess(self, urls: Iterable[tuple[str, str]]) -> None:
        """Open each address; `urls` holds its shape too, and one refused method speaks for all."""
        closed: set[str] = set()
        for shape, url in urls:
            if shape not in closed:
                self.visit(url)
                if url in self.pages and self.pages[url].status == 405:
                    closed.add(shape)


class _Anybody:
    """Opens every door and finds no row: whatever is asked of it, it answers with itself.

    One object for all addresses: a MagicMock makes a class for each name that a view looks up.
    """

    def __getattr__(self, name: str) -> _Anybody:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        pass  # what one view sets, the next one does not find

    def __call__(self, *_args: Any, **_kwargs: Any) -> _Anybody:
        return self

    def __getitem__(self, _key: Any) -> _Anybody:
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return True

    def __int__(self) -> int:
        return 1

    def __contains__(self, _key: Any) -> bool:
        return False

    def __enter__(self) -> _Anybody:
        return self

    def __exit__(self, *_args: Any) -> None:
        pass


_ANYBODY = _Anybody()


def _no_row(*_asked: Any) -> None:
    raise LookupError("it looks at rows")


def refuses(method: str, url: str) -> bool:
    """Say whether the view behind an address refuses the method whoever asks.

    It is asked for a stand-in to whom every door opens, and who finds no row: such a view looks at
    nothing but the method, so that its answer can hold nobody's secret.
    """
    request = RequestFactory().generic(method, url)
    request.access = request.person = request.user = request.session = _ANYBODY
    try:
        with connection.execute_wrapper(_no_row):
            found = resolve(urlsplit(url).path)
            answer = found.func(request, *found.args, **found.kwargs)
    except Exception:  # it looks at more than the method: everybody asks it
        return False
    finally:  # no statement reached PostgreSQL: there is nothing to roll back
        if connection.in_atomic_block:
            connection.set_rollback(False)
    return bool(answer.status_code == 405)


def patterns(resolver: Any = None, prefix: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield each address of the URL table as a template, with the names of its parameters."""
    for item in (resolver or get_resolver()).url_patterns:
        route = prefix + _template(item)
        if isinstance(item, URLResolver):
            yield from patterns(item, route)
        elif isinstance(item, URLPattern) and not re.search(r"[\\[(]", route):
            yield "/" + route, re.findall(r"{(\w+)}", route)


def _template(item: Any) -> str:
    text = str(item.pattern)
    text = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", text)
    text = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"{\1}", text)
    return text.lstrip("^").rstrip("$").replace("\\Z", "").replace("\\.", ".")

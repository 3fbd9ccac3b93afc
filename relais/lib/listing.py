"""One way for every list: search, filters, sorting, paging, export; the same rows in each.

A list declares its columns and filters once (`Listing`). `answer` then serves the page, the
fragment that htmx swaps, or the file, all from the same query string. Unknown or spoilt
parameters are left aside: a list never fails because of its address.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.formats import localize
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from .sheet import send_sheet
from .text import french_key

PAGE_SIZE = 50
COUNT_LIMIT = (
    30_000  # beyond, a list says "more than": counting everything costs more than it tells
)
EXPORT_LIMIT = 100_000
WORDS = 8
BIGGEST_ID = 2**63 - 1
NOTHING = SafeString('<span class="text-secondary">–</span>')

Rows = QuerySet[Any]


def nothing(row: Any) -> str:
    """Return an empty text: the note of a column that has none."""
    return ""


@dataclass(frozen=True)
class Column:
    """One column: its value feeds page and export alike.

    `sort` is the field path by which the database sorts, empty when it cannot. `tone` draws the
    value as a badge; `note` adds a second, quieter line; `template` draws the cell by itself, with
    `row` and `cell`; `draw` does so without a template (faster by far). An `export_only` column
    stays off the page.
    """

    name: str
    label: Any
    value: Callable[[Any], Any]
    sort: str = ""
    url: Callable[[Any], str | None] | None = None
    note: Callable[[Any], Any] = nothing
    tone: Callable[[Any], str] | None = None
    template: str = ""
    draw: Callable[[Any], SafeString] | None = None
    export_only: bool = False
    number: bool = False


@dataclass(frozen=True)
class Choice:
    """A filter with a closed list of values; the empty one is the list as it opens."""

    name: str
    label: Any
    choices: Callable[[], Iterable[tuple[Any, Any]]]
    apply: Callable[[Rows, str], Rows]

    def read(self, value: str) -> Selected:
        """Return what is chosen; an unknown value chooses nothing."""
        options = [(str(key), text) for key, text in self.choices()]
        known = dict(options)
        value = value if value in known else ""
        return Selected(self, value, known.get(value, ""), options)

    def narrow(self, rows: Rows, value: str) -> Rows:
        """Return the rows that the chosen value keeps (the empty value may keep out some too)."""
        return self.apply(rows, value)


@dataclass(frozen=True)
class Linked:
    """A filter that other pages link to by id: shown as a chip that can be taken off.

    `find` returns the label of an id, or None when the person may not see it.
    """

    name: str
    label: Any
    find: Callable[[int], Any]
    field: str

    def read(self, value: str) -> Selected:
        """Return what is linked; an id that is not seen selects nothing."""
        number = int(value) if value.isdecimal() and len(value) < 20 else 0
        found = self.find(number) if 0 < number <= BIGGEST_ID else None
        return Selected(self, str(number) if found else "", str(found or ""), [])

    def narrow(self, rows: Rows, value: str) -> Rows:
        """Return the rows at the linked object."""
        return rows.filter(**{self.field: int(value)}) if value else rows


@dataclass(frozen=True)
class Selected:
    """A filter with the value that the address gives it."""

    filter: Choice | Linked
    value: str
    text: Any
    options: Sequence[tuple[str, Any]]

    @property
    def is_chip(self) -> bool:
        """Return whether the filter is drawn as a chip rather than a field."""
        return isinstance(self.filter, Linked)


@dataclass(frozen=True)
class Empty:
    """What an empty list says, and the one thing to do next."""

    title: Any
    text: Any = ""
    url: str = ""
    action: Any = ""
    icon: str = "layout-list"


@dataclass(frozen=True)
class Listing:
    """The declaration of a list. `name` is its id in the page and the name of its files.

    `prepare` adds joins, prefetches and annotations once rows are counted and sorted. `whole` is
    what the address of the whole list carries where the bare one shows something else. A `live`
    list is read again when the page hears of a change.
    """

    name: str
    columns: tuple[Column, ...]
    title: Any
    search: tuple[str, ...] = ("name_key",)
    search_label: Any = ""
    filters: tuple[Choice | Linked, ...] = ()
    order: str = "name"
    prepare: Callable[[Rows], Rows] = field(default=lambda rows: rows)
    empty: Empty = field(default_factory=lambda: Empty(_("Nothing here yet.")))
    whole: str = ""
    live: bool = False

    def read(self, rows: Rows, params: QueryDict, path: str) -> Listed:
        """Return the list as the address asks for it. No query has run yet but the filters'."""
        words = " ".join(params.get("q", "").replace("\0", " ").split())[:200]
        chosen = [one.read(params.get(one.name, "")) for one in self.filters]
        for one in chosen:
            rows = one.filter.narrow(rows, one.value)
        for word in french_key(words).split()[:WORDS]:
            either = Q()
            for key in self.search:
                either |= Q(**{f"{key}__contains": word})
            rows = rows.filter(either)
        return Listed(self, rows, words, chosen, self._sort(params), _page(params), path)

    def _sort(self, params: QueryDict) -> str:
        asked = params.get("sort", "")
        known = {column.name for column in self.columns if column.sort}
        return asked if asked.removeprefix("-") in known else self.order


def _page(params: QueryDict) -> int:
    asked = params.get("page", "")
    return max(1, int(asked)) if asked.isdecimal() and len(asked) < 7 else 1


@dataclass(frozen=True)
class Head:
    """The head of a column: where a click leads, and how the column is sorted now."""

    column: Column
    url: str
    direction: str  # "ascending", "descending" or ""


@dataclass(frozen=True)
class Cell:
    """One value of one row, ready to be drawn."""

    column: Column
    row: Any
    label: str = ""

    @cached_property
    def value(self) -> Any:
        """Return the value; lists are read with commas."""
        value = self.column.value(self.row)
        return ", ".join(str(part) for part in value) if isinstance(value, list) else value

    @property
    def drawn(self) -> SafeString:
        """Return the cell as HTML. By hand: templates take 30 ms for the cells of a page."""
        note = self.column.note(self.row)
        inner = self._drawn_value()
        css = " none" if inner is NOTHING and not note else ""
        css = "text-md-end" + css if self.column.number else css
        if note:
            inner = f'{inner}<div class="text-secondary small">{_text(note)}</div>'
        return SafeString(f'<td data-label="{_text(self.label)}" class="{css}">{inner}</td>')

    def _drawn_value(self) -> str:
        if self.column.draw is not None:
            return self.column.draw(self.row)
        if self.value is None or self.value == "":
            return NOTHING
        # Numbers and days in the reader's manner.
        text = _text(self.value if isinstance(self.value, str) else localize(self.value))
        if self.column.tone is not None:
            return f'<span class="tone tone-{_text(self.column.tone(self.row))}">{text}</span>'
        url = self.column.url(self.row) if self.column.url else None
        return f'<a href="{_text(url)}">{text}</a>' if url else text


def _text(value: Any) -> str:
    """Return a value as escaped text: what format_html does, in a third of its time."""
    return str(value.__html__() if hasattr(value, "__html__") else html.escape(str(value)))


@dataclass
class Listed:
    """A list as one address shows it."""

    listing: Listing
    filtered: Rows
    words: str
    filters: list[Selected]
    sort: str
    asked_page: int
    path: str

    @cached_property
    def count(self) -> int:
        """Return the number of rows, at most one more than `COUNT_LIMIT`."""
        return self.filtered.order_by()[: COUNT_LIMIT + 1].count()

    @property
    def is_more_than_counted(self) -> bool:
        """Return whether there are more rows than were counted."""
        return self.count > COUNT_LIMIT

    @property
    def shown_count(self) -> int:
        """Return the number to show: exact, or the limit."""
        return min(self.count, COUNT_LIMIT)

    @property
    def pages(self) -> int:
        """Return the number of pages that are counted."""
        return max(1, -(-self.count // PAGE_SIZE))

    @property
    def page(self) -> int:
        """Return the page shown: the last one when a later one is asked for."""
        return min(self.asked_page, self.pages)

    @property
    def ordered(self) -> Rows:
        """Return the rows in order, stable by id."""
        name = self.sort.removeprefix("-")
        path = next(column.sort for column in self.listing.columns if column.name == name)
        down = self.sort.startswith("-")
        # NULLS LAST in both directions, asked for only where there may be nulls: an index helps
        # the others.
        nullable = True if "__" in path else None
        key = F(path).desc(nulls_last=nullable) if down else F(path).asc(nulls_last=nullable)
        return self.filtered.order_by(key, "-pk" if down else "pk")

    @cached_property
    def rows(self) -> list[Any]:
        """Return the rows of the page shown."""
        if not self.count:
            return []
        start = (self.page - 1) * PAGE_SIZE
        # The keys first: a late page would else join and compute for every row that it skips.
        keys = list(self.ordered.values_list("pk", flat=True)[start : start + PAGE_SIZE])
        found = {row.pk: row for row in self.listing.prepare(self.filtered.filter(pk__in=keys))}
        return [found[key] for key in keys if key in found]

    @property
    def columns(self) -> list[Column]:
        """Return the columns of the page."""
        return [column for column in self.listing.columns if not column.export_only]

    @property
    def table(self) -> list[list[Cell]]:
        """Return the cells of the page, row by row."""
        columns = [(column, SafeString(_text(column.label))) for column in self.columns]
        return [[Cell(column, row, label) for column, label in columns] for row in self.rows]

    @property
    def drawn(self) -> SafeString:
        """Return the rows as HTML; empty where a column needs a template, which draws them all."""
        if any(column.template for column in self.columns):
            return SafeString("")
        rows = ("".join(["<tr>", *(c.drawn for c in cells), "</tr>\n"]) for cells in self.table)
        return SafeString("".join(rows))

    @property
    def heads(self) -> list[Head]:
        """Return the heads: a click sorts, a second one turns the direction."""
        heads = []
        for column in self.columns:
            up, down = self.sort == column.name, self.sort == f"-{column.name}"
            direction = "ascending" if up else "descending" if down else ""
            url = self.url(sort=f"-{column.name}" if up else column.name) if column.sort else ""
            heads.append(Head(column, url, direction))
        return heads

    @property
    def is_narrowed(self) -> bool:
        """Return whether words or filters keep rows out."""
        return bool(self.words) or any(one.value for one in self.filters)

    @property
    def chips(self) -> list[tuple[Selected, str]]:
        """Return the linked filters with the address that takes each off."""
        return [
            (one, self.url(**{one.filter.name: ""}))
            for one in self.filters
            if one.is_chip and one.value
        ]

    @property
    def fields(self) -> list[Selected]:
        """Return the filters drawn as fields."""
        return [one for one in self.filters if not one.is_chip]

    @property
    def parameters(self) -> dict[str, str]:
        """Return what the address must carry to show this list again (without the page)."""
        found = {one.filter.name: one.value for one in self.filters}
        found["q"] = self.words
        found["sort"] = self.sort if self.sort != self.listing.order else ""
        return {name: value for name, value in found.items() if value}

    def url(self, **changes: Any) -> str:
        """Return the address of this list with some parameters changed."""
        merged = {**self.parameters, **{name: str(value) for name, value in changes.items()}}
        query = urlencode({name: value for name, value in merged.items() if value})
        query = query or self.listing.whole
        return f"{self.path}?{query}" if query else self.path

    @property
    def whole_url(self) -> str:
        """Return the address of the list without words and filters."""
        return f"{self.path}?{self.listing.whole}" if self.listing.whole else self.path

    @property
    def here(self) -> str:
        """Return the shortest address of what is shown."""
        return self.url(page=self.page) if self.page > 1 else self.url()

    @property
    def sort_options(self) -> list[tuple[str, Any, bool]]:
        """Return the ways to sort, for screens too narrow for heads: value, label, is down."""
        names = [column for column in self.columns if column.sort]
        return [(mark + c.name, c.label, bool(mark)) for c in names for mark in ("", "-")]

    @property
    def csv_url(self) -> str:
        """Return the address of these rows as CSV."""
        return self.url(export="csv")

    @property
    def xlsx_url(self) -> str:
        """Return the address of these rows as a workbook."""
        return self.url(export="xlsx")

    @property
    def previous_url(self) -> str:
        """Return the address of the page before, or nothing."""
        return self.url(page=self.page - 1) if self.page > 1 else ""

    @property
    def next_url(self) -> str:
        """Return the address of the page after, or nothing."""
        return self.url(page=self.page + 1) if self.page < self.pages else ""

    @property
    def page_links(self) -> list[tuple[int, str]]:
        """Return the pages to choose from: first, last, and those around; 0 marks a gap."""
        near = {1, self.pages, *range(self.page - 1, self.page + 2)}
        links: list[tuple[int, str]] = []
        for number in sorted(n for n in near if 1 <= n <= self.pages):
            if links and number > links[-1][0] + 1:
                links.append((0, ""))
            links.append((number, self.url(page=number) if number > 1 else self.url()))
        return links

    @property
    def first_shown(self) -> int:
        """Return the number of the first row of the page."""
        return (self.page - 1) * PAGE_SIZE + 1 if self.count else 0

    @property
    def last_shown(self) -> int:
        """Return the number of the last row of the page."""
        return self.first_shown + len(self.rows) - 1 if self.rows else 0

    def exported(self) -> Iterable[list[Any]]:
        """Return the heads, then the plain values of every filtered row, page or no page."""
        columns = self.listing.columns
        yield [str(column.label) for column in columns]
        rows = self.listing.prepare(self.ordered).iterator(chunk_size=1000)
        for row in islice(rows, EXPORT_LIMIT):
            yield [Cell(column, row).value for column in columns]


def is_part(request: HttpRequest, target: str) -> bool:
    """Return whether htmx asks for the fragment `target` alone, not for the whole page."""
    headers = request.headers
    if headers.get("HX-Request") != "true" or headers.get("HX-History-Restore-Request") == "true":
        return False
    return headers.get("HX-Target", "").rpartition("#")[2] == target


def answer(
    request: HttpRequest,
    listing: Listing,
    rows: Rows,
    template: str = "_listing.html",
    context: dict[str, Any] | None = None,
) -> HttpResponse:
    """Return the list as the request wants it: a page, its rows alone for htmx, or a file."""
    listed = listing.read(rows, request.GET, request.path)
    if (kind := request.GET.get("export", "")) in ("csv", "xlsx"):
        if listed.filtered.order_by()[: EXPORT_LIMIT + 1].count() <= EXPORT_LIMIT:
            return send_sheet(listed.exported(), kind, listing.name, str(listing.title))
        context = {**(context or {}), "too_many_to_export": EXPORT_LIMIT}
    part = is_part(request, f"{listing.name}-rows")
    response = render(
        request,
        "_table.html" if part else template,
        {"listed": listed, "listing": listing, "is_part": part, **(context or {})},
    )
    if part and any(value == "" for value in request.GET.values()):
        # The search form sends every field: keep the empty ones out of the address.
        response["HX-Replace-Url"] = listed.here
    # Else the browser's "back" would show the bare fragment.
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response

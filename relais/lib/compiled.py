"""Questions that every page asks: written in the ORM, turned into SQL once a process.

Django writes the SQL of a query anew each time it is asked, and PostgreSQL plans it anew, which
both take longer than the answer. Here the text is kept, and each connection prepares it once.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable
from psycopg import RawCursor
from psycopg.types.numeric import Int8

M = TypeVar("M", bound=Model)

# Values that no row has: each marks where its name stands among the statement's parameters.
MARKS: dict[type, Callable[[int], Any]] = {
    int: lambda n: 2**62 + n,
    str: lambda n: f"\x01mark {n}\x01",
    date: lambda n: date.max - timedelta(n),
    datetime: lambda n: datetime.max.replace(tzinfo=UTC) - timedelta(n + 2),
}


class Compiled(Generic[M]):
    """A queryset whose SQL is kept. `ask` makes it of values of the given types, none of them None.

    Only for questions whose SQL is the same whatever the values are: no `if` on one, no list.
    """

    def __init__(self, ask: Callable[..., QuerySet[M]], **types: type) -> None:
        self.ask, self.types = ask, types
        self._kept: tuple[Any, str, tuple[Any, ...], Any] | None = None

    def __call__(self, **values: Any) -> list[M]:
        """Return the rows, read now."""
        query = SimpleNamespace(get_compiler=lambda **_more: self._asked(values))
        rows: Any = SimpleNamespace(db=DEFAULT_DB_ALIAS, query=query, _known_related_objects={})
        return list(ModelIterable(rows))

    def rows(self, **values: Any) -> list[Any]:
        """Return the rows of a queryset of `values_list`, as plain tuples."""
        return list(self._asked(values).results_iter(tuple_expected=True))

    def _asked(self, values: dict[str, Any]) -> Any:
        compiler, sql, places, converters = self._kept or self._compile()
        asked = copy.copy(compiler)
        # The connection is the thread's own.
        asked.connection = connections[DEFAULT_DB_ALIAS]
        given = tuple(
            values[place.name] if isinstance(place, _Place) else place for place in places
        )
        asked.execute_sql = lambda *_args, **_more: [fetched(sql, given)]
        asked.get_converters = lambda _fields: converters
        return asked

    def first(self, **values: Any) -> M | None:
        """Return the first row, or None."""
        return next(iter(self(**values)), None)

    def _compile(self) -> tuple[Any, str, tuple[Any, ...], Any]:
        marks = {name: MARKS[kind](n) for n, (name, kind) in enumerate(self.types.items())}
        compiler = self.ask(**marks).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        names = {mark: name for name, mark in marks.items()}
        places = tuple(
            _Place(names[param]) if _hashable(param) and param in names else param
            for param in params
        )
        missing = names.keys() - {param for param in params if _hashable(param)}
        if missing:
            raise ValueError(f"the query does not ask for {[names[each] for each in missing]}")
        fields = [column for column, _sql, _alias in compiler.select[: compiler.col_count]]
        self._kept = compiler, sql, places, compiler.get_converters(fields)
        return self._kept


def fetched(sql: str, params: Sequence[Any] | Mapping[str, Any]) -> list[Any]:
    """Return the rows of a statement that this connection prepares the first time it comes by.

    Behind a pooler (see `database.py`) nothing is prepared. A number always goes as a bigint, and a
    list of them as bigints: one statement is prepared, not one for each length of its keys.
    """
    given: Any
    if isinstance(params, Mapping):
        given = {name: _wide(value) for name, value in params.items()}
    else:
        given = [_wide(value) for value in params]
    connection = connections[DEFAULT_DB_ALIAS]
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    prepared: Any = _Preparing(connection.connection)
    with wrap(prepared) as cursor:
        cursor.execute(sql, given)
        rows: list[Any] = cursor.fetchall()
    return rows


def _wide(value: Any) -> Any:
    if type(value) is int:
        return Int8(value)
    if type(value) is list:
        return [Int8(each) if type(each) is int else each for each in value]
    return value


class _Preparing(RawCursor[Any]):
    """Takes a statement as PostgreSQL does: the driver parses long ones anew at every call."""

    def execute(self, query: Any, params: Any = None, **_more: Any) -> Any:
        text, names = _numbered(query)
        given = [params[name] for name in names] if names else params
        return super().execute(text, given, prepare=True)


@lru_cache(maxsize=1024)
def _numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """Return the statement with its places numbered, and the names of these if it names them."""
    names: list[str] = []
    places = 0

    def numbered(found: re.Match[str]) -> str:
        nonlocal places
        if found[0] == "%%":
            return "%"
        if found[1] is None:
            places += 1
            return f"${places}"
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    return re.sub(r"%(?:%|s|\((\w+)\)s)", numbered, sql).encode(), tuple(names)


class _Place:
    """Where a value goes."""

    def __init__(self, name: str) -> None:
        self.name = name


def _hashable(param: Any) -> bool:
    return getattr(type(param), "__hash__", None) is not None

"""Rows that every verb lays down: INSERTs whose SQL is kept and prepared (see `compiled.py`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Field, Model
from django.db.transaction import mark_for_rollback_on_error

from .compiled import fetched


def insert(*rows: Model) -> None:
    """Insert new rows of one table in one statement; they know their keys afterwards.

    What `bulk_create` does, without the time that it takes to write the statement.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    sql, fields, told = _statement(type(rows[0]), len(rows))
    with mark_for_rollback_on_error(using=DEFAULT_DB_ALIAS):
        found = fetched(sql, [_value(row, field) for row in rows for field in fields])
    for row, values in zip(rows, found, strict=True):
        for field, value in zip(told, values, strict=True):
            for convert in field.get_db_converters(connection):
                value = convert(value, None, connection)
            setattr(row, field.attname, value)
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


@lru_cache(maxsize=64)
def _statement(
    model: type[Model], count: int
) -> tuple[str, Sequence[Field[Any, Any]], Sequence[Field[Any, Any]]]:
    """Return the statement, the fields it takes of each row, and those that it tells of each."""
    connection = connections[DEFAULT_DB_ALIAS]
    quoted = connection.ops.quote_name
    fields = _fields(model)
    told = list(model._meta.db_returning_fields)
    row = ", ".join(_place(field, connection) for field in fields)
    table = quoted(model._meta.db_table)
    into, out = (", ".join(quoted(each.column) for each in some) for some in (fields, told))
    values = ", ".join([f"({row})"] * count)
    # The words are the models' own, never anybody's input.
    sql = f"INSERT INTO {table} ({into}) VALUES {values} RETURNING {out}"  # noqa: S608
    return sql, fields, told


def _place(field: Any, connection: Any) -> str:
    """Return where the value goes, with the cast that some kinds of field ask for."""
    asks = getattr(field, "get_placeholder", None)
    return str(asks(None, None, connection)) if asks else "%s"


def insert_once(root: Model, link: str, *branches: Sequence[Model]) -> bool:
    """Insert a new row and those that hang on it by their field `link`, in one statement.

    Return whether they were: nothing is where a unique key says that the row stands already. They
    know their keys afterwards, and nothing else that the database gives them.
    """
    shape = tuple((type(rows[0]), len(rows)) for rows in branches)
    sql, fields = _tree(type(root), link, shape)
    rows = [root, *(row for branch in branches for row in branch)]
    params = [_value(row, field) for row in rows for field in fields[type(row)]]
    with mark_for_rollback_on_error(using=DEFAULT_DB_ALIAS):
        [keys] = fetched(sql, params)
    if keys[0] is None:
        return False
    given = [key for each in keys for key in (each if isinstance(each, list) else [each])]
    for row, key in zip(rows, given, strict=True):
        row.pk = key
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    for row in rows[1:]:
        setattr(row, link, root)
    return True


@lru_cache(maxsize=64)
def _tree(
    root: type[Model], link: str, shape: tuple[tuple[type[Model], int], ...]
) -> tuple[str, dict[type[Model], list[Any]]]:
    """Return the statement, and the fields it takes of each row."""
    connection = connections[DEFAULT_DB_ALIAS]
    quoted = connection.ops.quote_name
    fields = {root: _fields(root)}
    into = ", ".join(quoted(each.column) for each in fields[root])
    row = ", ".join(_place(field, connection) for field in fields[root])
    parts = [
        f"root AS (INSERT INTO {quoted(root._meta.db_table)} ({into}) VALUES ({row})"  # noqa: S608
        " ON CONFLICT DO NOTHING RETURNING id)"
    ]
    for n, (model, count) in enumerate(shape):
        own = [field for field in _fields(model) if field.name != link]
        fields[model] = own
        into = ", ".join(quoted(each.column) for each in [model._meta.get_field(link), *own])
        row = ", ".join(f"{_place(field, connection)}::{_cast(field, connection)}" for field in own)
        values = ", ".join([f"({row})"] * count)
        names = ", ".join(f"c{place}" for place in range(len(own)))
        parts.append(
            f"b{n} AS (INSERT INTO {quoted(model._meta.db_table)} ({into})"  # noqa: S608
            f" SELECT root.id, told.* FROM root, (VALUES {values}) AS told ({names}) RETURNING id)"
        )
    # The words are the models' own, never anybody's input.
    asked = ["(SELECT id FROM root)"]
    asked += [
        f"(SELECT array_agg(id ORDER BY id) FROM b{n})"  # noqa: S608
        for n in range(len(shape))
    ]
    return f"WITH {', '.join(parts)} SELECT {', '.join(asked)}", fields


def _fields(model: type[Model]) -> list[Any]:
    """Return the fields that an INSERT names."""
    return [
        field
        for field in model._meta.local_concrete_fields
        if not field.generated and not field.primary_key
    ]


def _value(row: Model, field: Any) -> Any:
    return field.get_db_prep_save(field.pre_save(row, add=True), connections[DEFAULT_DB_ALIAS])


def _cast(field: Any, connection: Any) -> str:
    """Return the type without its length: a cast to varchar(300) would cut where INSERT refuses."""
    return re.sub(r"\(.*\)", "", str(field.cast_db_type(connection)))

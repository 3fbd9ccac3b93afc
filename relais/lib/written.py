"""Rows that every verb lays down: INSERTs whose SQL is kept and prepared (see `compiled.py`)."""

from __future__ import annotations

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
    params = [
        field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for row in rows
        for field in fields
    ]
    with mark_for_rollback_on_error(using=DEFAULT_DB_ALIAS):
        found = fetched(sql, params)
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
    fields = [
        field
        for field in model._meta.local_concrete_fields
        if not field.generated and not field.primary_key
    ]
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

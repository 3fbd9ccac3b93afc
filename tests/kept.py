"""A world built once by Django, then written again in one statement: most tests begin with one."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.apps import apps
from django.db import connection, models
from psycopg import sql

from relais.lib.tenancy import all_tenants, tenant

T = TypeVar("T")


class Kept(Generic[T]):
    """What `build` made the first time in this process; its keys are the same each time.

    They are keys that the sequences gave out and give no more: the rows of a test are rolled back,
    its sequences are not. `build` must return something with a `provider`.
    """

    def __init__(self, build: Callable[[], T]) -> None:
        self.make = build
        self.made = b""
        self.provider = 0
        self.first = self.rest = ""

    def build(self) -> T:
        """Return the world, in the database of the test."""
        if not self.made:
            return self._build()
        with all_tenants("write the provider of the tests again"), connection.cursor() as cursor:
            cursor.execute(self.first)
        with tenant(self.provider), connection.cursor() as cursor:
            cursor.execute(self.rest)
        made: T = pickle.loads(self.made)
        return made

    def _build(self) -> T:
        before = {model: _last(model) for model in _tables()}
        made: Any = self.make()
        self.made, self.provider = pickle.dumps(made), made.provider.pk
        with all_tenants("read what was made"):
            found = [(model, _rows_after(model, last)) for model, last in before.items()]
        inserts = {model: text for model, text in found if text}
        self.first = inserts.pop(type(made.provider))
        self.rest = ";\n".join(inserts.values())
        return made


def _tables() -> list[type[models.Model]]:
    """Return the tables that a world has rows in."""
    apart = {"sessions", "contenttypes", "auth", "procrastinate"}
    return [model for model in apps.get_models() if model._meta.app_label not in apart]


def _last(model: type[models.Model]) -> int:
    with all_tenants("count what stood before"):
        return model._base_manager.aggregate(last=models.Max("pk"))["last"] or 0


def _rows_after(model: type[models.Model], last: int) -> str:
    """Return the statement that writes the rows after that key again, or nothing."""
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    rows = list(model._base_manager.filter(pk__gt=last).order_by("pk"))
    if not rows:
        return ""
    values = sql.SQL(", ").join(
        sql.SQL("({})").format(
            sql.SQL(", ").join(
                sql.Literal(field.get_db_prep_save(getattr(row, field.attname), connection))
                for field in fields
            )
        )
        for row in rows
    )
    insert = sql.SQL("insert into {} ({}) values {}").format(
        sql.Identifier(model._meta.db_table),
        sql.SQL(", ").join(sql.Identifier(field.column) for field in fields),
        values,
    )
    return insert.as_string(connection.connection)

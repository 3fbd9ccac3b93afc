"""Walls between tenants: row-level security declared as constraints, and the ways through it.

The tenant of a transaction is the setting `relais.tenant`, always local to the transaction. A
session-wide setting leaks to the next user of a pooled connection, so there is no way to set one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connection, models, transaction
from django.db.models.constraints import BaseConstraint
from django.http import HttpRequest, HttpResponse

SETTING = "relais.tenant"
APP_ROLE = "relais_app"
OPS_ROLE = "relais_ops"

_current: ContextVar[int | None] = ContextVar("tenant", default=None)


class NestedTenantError(RuntimeError):
    """A transaction that belongs to one tenant was asked to work for another one."""


def current_tenant() -> int | None:
    """Return the tenant that this thread works for, or None."""
    return _current.get()


def _set_local(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select set_config(%s, %s, true)", [SETTING, value])


@contextmanager
def tenant(pk: int) -> Iterator[None]:
    """Work inside one transaction that sees the rows of tenant `pk` and no other's.

    Raises `NestedTenantError` when the thread already works for another one.
    """
    before = _current.get()
    if before is not None and before != pk:
        raise NestedTenantError(
            f"This transaction works for tenant {before}; it may not turn to {pk}."
        )
    with transaction.atomic():
        _set_local(str(pk))
        token = _current.set(pk)
        try:
            yield
        finally:
            _current.reset(token)
        # Inside an outer transaction (a savepoint) the setting would outlive the block; after a
        # fault the rollback takes it back, and a statement here would hide what happened.
        if before is None and len(connection.atomic_blocks) > 1 and not connection.needs_rollback:
            _set_local("")


@contextmanager
def all_tenants(reason: str) -> Iterator[None]:
    """Work inside one transaction that sees every tenant's rows; `reason` says what for."""
    if not reason:
        raise ValueError("Say why every tenant's rows are needed.")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"set local role {OPS_ROLE}")
        yield
        if not connection.needs_rollback:
            cursor.execute("reset role")


class TenantPolicy(BaseConstraint):
    """Row-level security on the table: a row is seen and written by its own tenant only."""

    def __init__(self, *, name: str, column: str = "provider_id") -> None:
        super().__init__(name=name)
        self.column = column

    def _statements(self, table: str) -> list[str]:
        # A plain current_setting: the sub-select of most guides hides the value from the planner.
        mine = f"\"{self.column}\" = nullif(current_setting('{SETTING}', true), '')::bigint"
        return [
            f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
            f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
            f'CREATE POLICY "{self.name}" ON "{table}" TO {APP_ROLE} '
            f"USING ({mine}) WITH CHECK ({mine})",
            f'CREATE POLICY "{self.name}_ops" ON "{table}" TO {OPS_ROLE} '
            "USING (true) WITH CHECK (true)",
        ]

    def constraint_sql(self, model: type[models.Model], schema_editor: Any) -> None:
        """Return nothing inline: the policies follow once the table stands."""
        schema_editor.deferred_sql.extend(self._statements(model._meta.db_table))

    def create_sql(self, model: type[models.Model], schema_editor: Any) -> str:
        """Return the statements that raise the wall on a table."""
        return ";\n".join(self._statements(model._meta.db_table))

    def remove_sql(self, model: type[models.Model], schema_editor: Any) -> str:
        """Return the statements that take the wall down."""
        table = model._meta.db_table
        return (
            f'DROP POLICY "{self.name}_ops" ON "{table}"; DROP POLICY "{self.name}" ON "{table}"; '
            f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY; '
            f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY'
        )

    def validate(self, model: Any, instance: Any, exclude: Any = None, using: str = "") -> None:
        """PostgreSQL is the judge."""

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, TenantPolicy)
            and self.name == other.name
            and self.column == other.column
        )

    __hash__ = BaseConstraint.__hash__

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Return what a migration writes down."""
        path, args, kwargs = super().deconstruct()
        if self.column != "provider_id":
            kwargs["column"] = self.column
        return path, args, kwargs


class SameTenant(BaseConstraint):
    """A reference stays inside its tenant: a composite key, since key checks bypass row policies.

    The table referred to needs a unique constraint on (tenant column, id).
    """

    def __init__(self, *, name: str, field: str, to: str, column: str = "provider_id") -> None:
        super().__init__(name=name)
        self.field, self.to, self.column = field, to, column

    def _statement(self, model: type[models.Model]) -> str:
        source = model._meta.get_field(self.field).column
        return (
            f'ALTER TABLE "{model._meta.db_table}" ADD CONSTRAINT "{self.name}" '
            f'FOREIGN KEY ("{self.column}", "{source}") REFERENCES "{self.to}" '
            f'("{self.column}", "id") DEFERRABLE INITIALLY DEFERRED'
        )

    def constraint_sql(self, model: type[models.Model], schema_editor: Any) -> None:
        """Return nothing inline: the key follows once both tables stand."""
        schema_editor.deferred_sql.append(self._statement(model))

    def create_sql(self, model: type[models.Model], schema_editor: Any) -> str:
        """Return a statement that does nothing: the unique constraint it leans on may come later.

        Not None, which Django runs as a word of SQL where a table has defaults of its own.
        """
        schema_editor.deferred_sql.append(self._statement(model))
        return "SELECT 1"

    def remove_sql(self, model: type[models.Model], schema_editor: Any) -> str:
        """Return the statement that drops the composite key."""
        return f'ALTER TABLE "{model._meta.db_table}" DROP CONSTRAINT "{self.name}"'

    def validate(self, model: Any, instance: Any, exclude: Any = None, using: str = "") -> None:
        """PostgreSQL is the judge."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameTenant) and self.deconstruct() == other.deconstruct()

    __hash__ = BaseConstraint.__hash__

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Return what a migration writes down."""
        path, args, kwargs = super().deconstruct()
        kwargs |= {"field": self.field, "to": self.to}
        if self.column != "provider_id":
            kwargs["column"] = self.column
        return path, args, kwargs


class TenantMiddleware:
    """Serve a signed-in person's page inside one transaction of his or her own tenant.

    ATOMIC_REQUESTS would wrap the view only, after the middleware has already queried.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        pk = getattr(request.user, "tenant_id", None) if request.user.is_authenticated else None
        if pk is None:
            return self.get_response(request)
        with tenant(pk):
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
        return response

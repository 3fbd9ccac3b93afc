"""Migrations whose new tables are made in their last shape, at once.

Django draws every table anew in memory after each operation: with a hundred tables that know one
another, an empty database took forty seconds, nearly all of them in that drawing.
"""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import AddConstraint, AddField, AddIndex, CreateModel, Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class AtOnce(Migration):
    """A migration that draws the tables once for each run of operations that only add.

    What is added to a table of the same run is made with it. Everything else goes one by one, as
    Django does it; so does the SQL that `sqlmigrate` prints.
    """

    def apply(
        self,
        project_state: ProjectState,
        schema_editor: BaseDatabaseSchemaEditor,
        collect_sql: bool = False,
    ) -> ProjectState:
        """Return the state after it, as `Migration.apply` does."""
        if collect_sql:
            return super().apply(project_state, schema_editor, collect_sql)
        run: list[Operation] = []
        for operation in self.operations:
            if isinstance(operation, CreateModel | AddField | AddConstraint | AddIndex):
                if not run:
                    _undraw(project_state)
                operation.state_forwards(self.app_label, project_state)
                run.append(operation)
                continue
            self._make(run, project_state, schema_editor)
            run = []
            before = project_state.clone()
            operation.state_forwards(self.app_label, project_state)
            operation.database_forwards(self.app_label, schema_editor, before, project_state)
        self._make(run, project_state, schema_editor)
        return project_state

    def _make(
        self, run: list[Operation], state: ProjectState, schema_editor: BaseDatabaseSchemaEditor
    ) -> None:
        new = {each.name_lower for each in run if isinstance(each, CreateModel)}
        for operation in run:
            if isinstance(operation, CreateModel) or _of(operation) not in new:
                operation.database_forwards(self.app_label, schema_editor, state, state)


def _of(operation: Operation) -> str:
    return str(getattr(operation, "model_name", "")).lower()


def _undraw(state: ProjectState) -> None:
    """Have the tables drawn when they are asked for next, not after each operation."""
    state.__dict__.pop("apps", None)

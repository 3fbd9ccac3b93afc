"""The story of an import: a file comes in, is read, shown row by row, and applied at one stroke.

Preview and application are two requests. What is applied is what was shown: the plan is made again
under a lock, and if the world has changed meanwhile, the new preview is shown instead.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_noop as _

from relais.lib import tables
from relais.lib.problem import Problem
from relais.lib.tenancy import tenant
from relais.lib.text import french_key
from relais.people.models import ImportBatch, ImportLine, Person

from . import applying
from .columns import Mapping, guess, header_row
from .known import known
from .planning import Plan, plan, said
from .records import Options

AT_ONCE = 2_000  # rows that are worked while the reader waits; more go to the worker
_SAMPLES = 3
State = ImportBatch.State


class NotReady(Problem):
    message = _("This import is no longer waiting to be applied.")


class WorldChanged(Problem):
    message = _(
        "What is registered has changed since this preview. Here is the new one: check it and "
        "apply again."
    )


class NothingToDo(Problem):
    message = _("Applying would change nothing: every row is known already, or refused.")


BROKE_OFF = _(
    "The work broke off on a fault of Relais's own; nothing was written. Try again; if it "
    "breaks off once more, tell whoever runs Relais."
)


# --- opening and reading --------------------------------------------------------------------


def open_batch(
    content: bytes, *, name: str, provider: int, by: Person | None, language: str = "fr"
) -> ImportBatch:
    """Return a new batch, its columns guessed. Raises a `TableProblem` for a file that is none."""
    table = tables.read(content)
    batch = ImportBatch(
        provider_id=provider,
        file_name=tables.tidy(name)[-200:] or "import",
        digest=hashlib.sha256(content).hexdigest(),
        size=len(content),
        content=content,
        language=language,
        uploaded_by=by,
        options=asdict(Options()),
    )
    _understand(batch, table)
    batch.save()
    return batch


def _understand(batch: ImportBatch, table: tables.Table, header: int | None = None) -> None:
    number = header_row(table.rows) if header is None else header
    heading = next((row for row in table.rows if row.number == number), None)
    below = [row for row in table.rows if row.number > number]
    width = max((len(row.cells) for row in below[:1000]), default=0)
    cells = list(heading.cells) if heading else []
    batch.header_row = number if heading else 0
    batch.header = cells + [""] * (width - len(cells)) if not heading else cells
    batch.samples = [
        [row.cell(column)[:60] for column in range(len(batch.header))] for row in below[:_SAMPLES]
    ]
    batch.sheet, batch.sheets = table.sheet, table.sheets
    batch.read_as = f"{table.encoding} {table.separator}".strip()
    batch.mapping = {str(column): name for column, name in guess(batch.header).items()}
    batch.steps = len(below)


def choose_table(batch: ImportBatch, *, sheet: str, header: int | None) -> None:
    """Read another sheet, or other headings, and guess the columns anew. Raises `TableProblem`."""
    _understand(batch, tables.read(bytes(batch.content), sheet), header)


def is_large(batch: ImportBatch) -> bool:
    """Return whether the worker shall do it."""
    return batch.steps > AT_ONCE


def _rows_of(batch: ImportBatch) -> tuple[list[tables.Row], dict[int, str]]:
    table = tables.read(bytes(batch.content), batch.sheet)
    rows = [row for row in table.rows if row.number > (batch.header_row or 0)]
    return rows, dict(enumerate(batch.header)) if batch.header_row else {}


def _plan(batch: ImportBatch) -> Plan:
    rows, header = _rows_of(batch)
    mapping: Mapping = {int(column): name for column, name in (batch.mapping or {}).items()}
    # Reasons name fields; the plan shall be the same whoever asks for it.
    with translation.override(batch.language):
        return plan(rows, header, mapping, known(batch.provider_id), Options(**batch.options))


# --- preview --------------------------------------------------------------------------------


def preview(batch: ImportBatch) -> None:
    """Keep what each row will do, replacing an earlier preview."""
    _show(batch, _plan(batch))


def remap(batch: ImportBatch, mapping: dict[str, str], options: dict[str, Any]) -> None:
    """Understand the columns as the reader says; the preview of before no longer holds."""
    batch.mapping, batch.options = mapping, asdict(Options(**options))
    batch.state, batch.problem = State.READING, None
    batch.save()


def _show(batch: ImportBatch, made: Plan) -> None:
    batch.lines.all().delete()
    ImportLine.objects.bulk_create(
        (
            ImportLine(
                provider_id=batch.provider_id,
                batch=batch,
                number=line.number,
                outcome=line.outcome,
                cells=list(line.cells),
                key=french_key(" ".join(line.cells)),
                effects=line.effects,
                notes=line.notes,
                reason=line.reason,
            )
            for line in made.lines
        ),
        batch_size=1000,
    )
    batch.counts, batch.plan_digest, batch.state = made.counts, made.digest, State.READY
    batch.problem = None
    batch.save()


# --- applying -------------------------------------------------------------------------------


def claim(batch: ImportBatch) -> None:
    """Take a batch for the worker to apply. Raises `NotReady` for all but the first who asks."""
    waiting = ImportBatch.objects.filter(pk=batch.pk, state=State.READY)
    if not waiting.update(state=State.APPLYING, steps_done=0):
        raise NotReady


def apply(
    batch: ImportBatch,
    by: Person | None,
    progress: applying.Progress = lambda done, total: None,
) -> None:
    """Apply a batch as it was shown, all of it or nothing. Call inside its `tenant`.

    Raises `NotReady` when it was applied already, `NothingToDo`, and `WorldChanged` after having
    put a new preview in place of the old one.
    """
    batch = _alone(batch)
    if batch.state not in (State.READY, State.APPLYING):
        raise NotReady
    made = _plan(batch)
    if made.digest != batch.plan_digest:
        _show(batch, made)
        raise WorldChanged
    if not made.changes_something:
        ImportBatch.objects.filter(pk=batch.pk).update(state=State.READY)
        raise NothingToDo
    try:
        with transaction.atomic():
            applying.write(made, batch.provider_id, by, progress)
    except IntegrityError as error:
        # Somebody made the same thing by hand between the plan and its writing.
        _show(batch, _plan(batch))
        raise WorldChanged from error
    _close(batch, State.DONE, applied_by=by, applied_at=timezone.now())


def _alone(batch: ImportBatch) -> ImportBatch:
    """Return the batch as it is now; no other import of the provider moves until the end.

    An advisory lock, because a lock on the row would hold up what tells how far the import is.
    """
    with connection.cursor() as cursor:
        lock = "select pg_advisory_xact_lock(hashtext('relais import'), %s)"
        cursor.execute(lock, [batch.provider_id % 2**31])
    return ImportBatch.objects.get(pk=batch.pk)


def drop(batch: ImportBatch) -> None:
    """Give an import up: its bytes and its rows go. Raises `NotReady` once it is applied."""
    batch = _alone(batch)
    if batch.state != State.READY:
        raise NotReady
    batch.lines.all().delete()
    _close(batch, State.DROPPED)


def _close(batch: ImportBatch, state: str, **more: Any) -> None:
    ImportBatch.objects.filter(pk=batch.pk).update(state=state, content=b"", **more)


# --- in the worker --------------------------------------------------------------------------


def preview_in_worker(provider: int, pk: int) -> None:
    """Read a large file and keep its preview; may run twice."""
    _in_worker(provider, pk, State.READING, preview)


def apply_in_worker(provider: int, pk: int, by: int | None) -> None:
    """Apply a large file, telling how far it is; may run twice."""
    person = Person(pk=by) if by else None
    with _Reporter(provider, pk) as reporter:
        _in_worker(provider, pk, State.APPLYING, lambda b: apply(b, person, reporter.tell))


def _in_worker(provider: int, pk: int, state: str, work: Callable[[ImportBatch], None]) -> None:
    try:
        with tenant(provider):
            batch = ImportBatch.objects.filter(pk=pk, state=state).first()
            if batch is not None:  # else an earlier run of the same job did it
                _work(batch, work)
    except Exception:
        # Nothing of it is written; without this the batch would say for ever that it is busy.
        with tenant(provider):
            told = said(BROKE_OFF)
            rows = ImportBatch.objects.filter(pk=pk, state=state)
            if state == State.APPLYING:
                rows.update(state=State.READY, problem=told)
            else:
                rows.update(state=State.FAILED, problem=told, content=b"")
        raise


def _work(batch: ImportBatch, work: Callable[[ImportBatch], None]) -> None:
    try:
        work(batch)
    except tables.TableProblem as problem:
        _close(batch, State.FAILED, problem=said(str(problem.message), **problem.values))
    except Problem as problem:
        told = said(str(problem.message), **problem.values)
        ImportBatch.objects.filter(pk=batch.pk).update(problem=told)


class _Reporter:
    """Tells how far an import is, on a connection of its own: its transaction shows nothing."""

    def __init__(self, provider: int, pk: int) -> None:
        self.provider, self.pk = provider, pk
        self.own = connection.copy()

    def __enter__(self) -> _Reporter:
        return self

    def __exit__(self, *_error: object) -> None:
        self.own.close()

    def tell(self, done: int, total: int) -> None:
        table = ImportBatch._meta.db_table
        statement = f"update {table} set steps_done = %s, steps = %s where id = %s"  # noqa: S608
        with self.own.cursor() as cursor:
            cursor.execute("begin")
            try:
                cursor.execute("select set_config('relais.tenant', %s, true)", [str(self.provider)])
                # What is told must never hold up what is done.
                cursor.execute("set local lock_timeout = '50ms'")
                cursor.execute(statement, [done, total, self.pk])
                cursor.execute("commit")
            except DatabaseError:
                cursor.execute("rollback")

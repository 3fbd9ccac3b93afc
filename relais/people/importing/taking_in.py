"""What one does with a list: hand it in, say what its columns are, apply it; at once or by the
worker, as its size asks.
"""

from __future__ import annotations

from typing import Any

from relais.lib import tables
from relais.people import tasks
from relais.people.import_forms import ColumnsForm
from relais.people.models import ImportBatch, Person

from . import batches

State = ImportBatch.State


def hand_in(file: Any, *, by: Person, language: str) -> ImportBatch:
    """Return the import of a file, previewed or being previewed. Raises `TableProblem`."""
    if file.size > tables.MAX_BYTES:
        raise tables.TooBig(limit=tables.MAX_BYTES // 2**20)
    batch = batches.open_batch(
        tables.load(file), name=file.name, provider=by.provider_id, by=by, language=language
    )
    show(batch)
    return batch


def show(batch: ImportBatch) -> None:
    """Make the preview now, or leave a large file to the worker."""
    if batches.is_large(batch):
        tasks.preview_import.defer(provider=batch.provider_id, batch=batch.pk)
    else:
        batches.preview(batch)


def understand(batch: ImportBatch, form: ColumnsForm) -> None:
    """Understand the columns as a valid form says, and make the new preview.

    Raises `TableProblem`.
    """
    said = form.cleaned_data
    mapping, former = form.mapping, batch.mapping or {}
    if form.table_changed:
        sheet = said.get("sheet") or batch.sheet
        batches.choose_table(batch, sheet=sheet, header=said["header_row"])
        # Other headings are guessed anew; what the reader has just said of a column stays.
        chosen = {c: name for c, name in mapping.items() if name != former.get(c)}
        mapping = {**(batch.mapping or {}), **chosen}
    options = {name: said[name] for name in ("company", "role", "create_executives")}
    batches.remap(batch, mapping, options)
    show(batch)


def apply(batch: ImportBatch, *, by: Person) -> bool:
    """Apply what was shown; return whether it is done, else the worker does it.

    Raises `NotReady`, `NothingToDo`, `WorldChanged`.
    """
    if batches.is_large(batch):
        batches.claim(batch)
        tasks.apply_import.defer(provider=batch.provider_id, batch=batch.pk, person=by.pk)
        return False
    batches.apply(batch, by)
    return True


def again(batch: ImportBatch, *, by: Person) -> None:
    """Hand a large import to the worker anew, should the worker have been stopped at it."""
    if batch.state == State.READING:
        tasks.preview_import.defer(provider=batch.provider_id, batch=batch.pk)
    elif batch.state == State.APPLYING:
        tasks.apply_import.defer(provider=batch.provider_id, batch=batch.pk, person=by.pk)

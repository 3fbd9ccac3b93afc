"""A spreadsheet comes into an inventory: read, understood with a person's help, taken once."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import transaction
from django.utils import timezone

from relais.lib.tables import Row
from relais.people import organisation
from relais.people.models import Person

from .deriving import keep_lines
from .errors import ChangedMeanwhile, TakenAlready, TooManyLines
from .inventorying import MOST_LINES, sites_of
from .models import InventoryLine, SheetImport, Study
from .reading_book import table_of
from .reading_sheet import Reading, read_sheet

MOST_ROWS = 5000
MOST_REFUSALS = 2000


def hand_in(study: Study, name: str, content: bytes, *, by: Person, sheet: str = "") -> SheetImport:
    """Return what a file holds; the same file and sheet handed in again is the same import.

    Raises `TableProblem`, `TooManyLines`, `NotPiloting`, `NotInThisPhase`.
    """
    study.check_changeable(by)
    digest = hashlib.sha256(content).hexdigest()
    table = table_of(content, sheet)
    if len(table.rows) > MOST_ROWS:
        raise TooManyLines(most=MOST_ROWS)
    rows = [[row.number, list(row.cells)] for row in table.rows]
    found, fresh = SheetImport.objects.get_or_create(
        study=study,
        digest=digest,
        sheet=table.sheet,
        defaults={
            "provider_id": study.provider_id, "file_name": name[-200:], "rows": rows,
            "sheets": table.sheets, "made_by": by, "site": _named_by(study, table.sheet),
        },
    )  # fmt: skip
    if fresh:
        organisation.record(study, "sheet_handed_in", by, file=found.file_name)
    return found


def _named_by(study: Study, sheet: str) -> Any:
    """Return the site whose name a sheet bears, None when it bears none."""
    sites = sites_of(study)
    return next((site for site in sites.sites if site.name.casefold() == sheet.casefold()), None)


def reading(taken: SheetImport) -> Reading:
    """Return the lines of a sheet as it is understood now, and the cells that are refused."""
    rows = [Row(number, tuple(cells)) for number, cells in taken.rows]
    mapping = taken.mapping
    return read_sheet(
        rows,
        sites_of(taken.study),
        mapping=None if mapping is None else {int(key): name for key, name in mapping.items()},
        site=taken.site_id,
        unit=taken.unit,
    )


def understand(
    taken: SheetImport, mapping: dict[int, str] | None, site: int | None, unit: float, *, by: Person
) -> None:
    """Say how the columns of a sheet are meant.

    Raises `NotPiloting`, `NotInThisPhase`, `TakenAlready`, `ChangedMeanwhile`.
    """
    _check(taken, by)
    said = None if mapping is None else {str(key): name for key, name in mapping.items()}
    _update(taken, mapping=said, site_id=site, unit=unit)


@transaction.atomic
def take(taken: SheetImport, *, by: Person) -> None:
    """Make lines of a sheet, once; one event. What was refused is kept to be mended.

    Raises as `understand`, and `TooManyLines`.
    """
    _check(taken, by)
    found = reading(taken)
    wanted = {line.key: {"evidence": "declared"} | line.fields for line in found.lines[:MOST_LINES]}
    added, changed = keep_lines(taken.study, InventoryLine.Source.SHEET, wanted, by, quiet=True)
    refused = [[one.row, one.cell, one.text, one.why] for one in found.refused[:MOST_REFUSALS]]
    counts = {
        "added": added, "changed": changed, "same": len(wanted) - added - changed,
        "refused": len({one.row for one in found.refused}), "totals": len(found.totals),
    }  # fmt: skip
    _update(taken, counts=counts, refused=refused, rows=[], taken_at=timezone.now(),
            taken_by_id=by.pk)  # fmt: skip
    organisation.record(taken.study, "sheet_taken", by, file=taken.file_name, **counts)


def _check(taken: SheetImport, by: Person) -> None:
    taken.study.check_changeable(by)
    if taken.taken_at is not None:
        raise TakenAlready(name=taken.file_name)


def _update(taken: SheetImport, **fields: Any) -> None:
    mine = SheetImport.objects.filter(pk=taken.pk, version=taken.version, taken_at=None)
    if not mine.update(version=taken.version + 1, **fields):
        raise ChangedMeanwhile()
    for name, value in fields.items():
        setattr(taken, name, value)
    taken.version += 1

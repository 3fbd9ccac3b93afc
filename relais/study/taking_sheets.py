"""A spreadsheet comes into an inventory: read, understood with a person's help, taken once."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from relais.lib.later import later
from relais.lib.problem import Problem
from relais.lib.tables import EmptySheet, Row, Table
from relais.lib.tenancy import tenant
from relais.people import organisation
from relais.people.models import Person

from .deriving import keep_lines
from .errors import BeingTaken, ChangedMeanwhile, TakenAlready, TooManyLines
from .inventorying import MOST_LINES, sites_of
from .models import InventoryLine, SheetImport, Study
from .reading_book import table_of
from .reading_sheet import Reading, read_sheet

MOST_ROWS = 5000
# Of a file no larger than this, so many sheets are read at once.
READ_WHOLE, MOST_SHEETS = 2**20, 12
# A sheet of more rows is taken by a worker, so many lines at a time.
AT_ONCE, PART = 300, 500
# A worker that has said nothing for so long has died: somebody may begin again.
SILENT = timedelta(seconds=90)
TAKE = "relais.study.tasks.take_sheet"
BROKE_OFF = gettext_noop("Taking it broke off on a fault of Relais's own. Take it again.")


def hand_in(study: Study, name: str, content: bytes, *, by: Person, sheet: str = "") -> SheetImport:
    """Return what a file holds; the same file and sheet handed in again is the same import.

    Without a sheet named, every visible sheet of a workbook that holds rows is an import of its
    own, the first is returned: a person chooses among them. Raises `TableProblem`, `TooManyLines`,
    `NotPiloting`, `NotInThisPhase`.
    """
    study.check_changeable(by)
    digest = hashlib.sha256(content).hexdigest()
    table = table_of(content, sheet, most=MOST_ROWS)
    first = _handed_in(study, name, digest, table, by)
    if sheet or len(content) > READ_WHOLE:
        return first
    left = MOST_ROWS - len(table.rows)
    for other in [each for each in table.sheets if each != table.sheet][: MOST_SHEETS - 1]:
        try:
            more = table_of(content, other, most=left)
        except (EmptySheet, TooManyLines):
            continue  # named on the page: it can be handed in by itself
        left -= len(more.rows)
        _handed_in(study, name, digest, more, by)
    return first


def _handed_in(study: Study, name: str, digest: str, table: Table, by: Person) -> SheetImport:
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
        organisation.record(study, "sheet_handed_in", by, file=found.file_name, sheet=found.sheet)
    return found


def _named_by(study: Study, sheet: str) -> Any:
    """Return the site whose name a sheet bears, None when it bears none."""
    sites = sites_of(study)
    return next((site for site in sites.sites if site.name.casefold() == sheet.casefold()), None)


def reading(taken: SheetImport, most: int | None = None) -> Reading:
    """Return the lines of a sheet as it is understood now, and the cells that are refused.

    `most`: of the first rows alone, as a page shows them.
    """
    rows = [Row(number, tuple(cells)) for number, cells in taken.rows[:most]]
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


def take(taken: SheetImport, *, by: Person) -> bool:
    """Make lines of a sheet, once; one event. What was refused is kept to be mended.

    A large one is left to a worker: return whether it is taken already. Begun again after a worker
    that died, it goes on where that one stopped. Raises as `understand`, and `TooManyLines`.
    """
    _check(taken, by)
    found = reading(taken)
    if taken.study.lines.count() + _new(taken.study, found) > MOST_LINES:
        raise TooManyLines(most=MOST_LINES)
    now, large = timezone.now(), len(taken.rows) > AT_ONCE
    with transaction.atomic():
        _update(
            taken, begun_at=now, told_at=now, lines=len(found.lines), taken_by_id=by.pk, problem=""
        )
        if not large:
            while _part(taken, found):
                pass
            _end(taken, found)
            return True
    later(
        TAKE, lock=f"sheet:{taken.pk}", provider_id=taken.provider_id, sheet_id=taken.pk,
        version=taken.version,
    )  # fmt: skip
    return False


def _new(study: Study, found: Reading) -> int:
    keys = {line.key for line in found.lines}
    mine = InventoryLine.objects.filter(study=study, source=InventoryLine.Source.SHEET)
    return len(keys) - mine.filter(source_key__in=keys).count()


def run(provider: int, pk: int, version: int) -> None:
    """Take a large sheet, part by part; may run twice, the second time for nothing."""
    with tenant(provider):
        rows = SheetImport.objects.filter(pk=pk, version=version, taken_at=None)
        taken = rows.select_related("study__company", "taken_by").first()
        if taken is None or taken.taken_by is None:
            return
        with translation.override(taken.taken_by.language):
            found = reading(taken)
    try:
        more = True
        while more:
            with tenant(provider), translation.override(taken.taken_by.language):
                taken.study.refresh_from_db(fields=["phase", "version"])
                taken.study.check_changeable(taken.taken_by)
                more = _part(taken, found)
                if not more:
                    _end(taken, found)
    except ChangedMeanwhile:
        return  # another worker is at it
    except Problem as problem:
        _stop(taken, str(problem.message), problem.values)
    except Exception:
        _stop(taken, BROKE_OFF, {})
        raise


def _stop(taken: SheetImport, message: str, values: dict[str, object]) -> None:
    assert taken.taken_by is not None
    with tenant(taken.provider_id), translation.override(taken.taken_by.language):
        said = _(message) % values
        SheetImport.objects.filter(pk=taken.pk, version=taken.version, taken_at=None).update(
            begun_at=None, problem=said[:300], version=taken.version + 1
        )


def _part(taken: SheetImport, found: Reading) -> bool:
    """Make the next lines; return whether any were left to make. Raises `ChangedMeanwhile`."""
    part = found.lines[taken.done : taken.done + PART]
    if not part:
        return False
    wanted = {line.key: {"evidence": "declared"} | line.fields for line in part}
    by = taken.taken_by
    assert by is not None
    done, counts = taken.done + len(part), Counter(taken.counts)
    # First: of two workers one alone holds this row, and the other finds it changed.
    mine = SheetImport.objects.filter(
        pk=taken.pk, version=taken.version, taken_at=None, done=taken.done
    )
    if not mine.update(done=done, told_at=timezone.now()):
        raise ChangedMeanwhile()
    added, changed = keep_lines(taken.study, InventoryLine.Source.SHEET, wanted, by, quiet=True)
    counts.update(added=added, changed=changed, same=len(wanted) - added - changed)
    taken.done, taken.counts = done, dict(counts)
    SheetImport.objects.filter(pk=taken.pk).update(counts=taken.counts)
    return True


def _end(taken: SheetImport, found: Reading) -> None:
    refused = [[one.row, one.cell, one.text, one.why] for one in found.refused]
    counts = {"added": 0, "changed": 0, "same": 0} | taken.counts | {
        "refused": len({one.row for one in found.refused}), "totals": len(found.totals),
    }  # fmt: skip
    _update(taken, counts=counts, refused=refused, rows=[], taken_at=timezone.now())
    by = taken.taken_by
    organisation.record(taken.study, "sheet_taken", by, file=taken.file_name, **counts)


def _check(taken: SheetImport, by: Person) -> None:
    taken.study.check_changeable(by)
    if taken.taken_at is not None:
        raise TakenAlready(name=taken.file_name)
    if taken.is_being_taken and not is_silent(taken):
        raise BeingTaken(name=taken.file_name)


def is_silent(taken: SheetImport) -> bool:
    """Return whether a worker that had begun has told nothing for long."""
    return taken.told_at is None or timezone.now() - taken.told_at > SILENT


def _update(taken: SheetImport, **fields: Any) -> None:
    mine = SheetImport.objects.filter(pk=taken.pk, version=taken.version, taken_at=None)
    if not mine.update(version=taken.version + 1, **fields):
        raise ChangedMeanwhile()
    for name, value in fields.items():
        setattr(taken, name, value)
    taken.version += 1

"""The cells of a spreadsheet file: as everywhere, but for formulas that nobody has computed.

A program that writes a workbook may leave a formula without its value. Such a cell looks empty, and
an empty cell would count as nothing.
"""

from __future__ import annotations

import io
import re
from zipfile import ZipFile, is_zipfile

from relais.lib import tables
from relais.lib.tables import Row, Table
from relais.lib.workbooks import FAILED

from .errors import TooManyLines

# A formula's element, whatever its namespace is called.
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")


def table_of(content: bytes, sheet: str = "", most: int | None = None) -> Table:
    """Return the rows of a file; formulas without a value are marked as failed.

    Raises a `TableProblem`, and `TooManyLines` beyond `most` rows: before the slow part.
    """
    table = tables.read(content, sheet)
    if most is not None and len(table.rows) > most:
        raise TooManyLines(most=most)
    if table.sheet and is_zipfile(io.BytesIO(content)) and _has_formulas(content):
        table.rows = _marked(table.rows, _formulas(content, table.sheet))
    return table


def _has_formulas(content: bytes) -> bool:
    """Return whether any sheet holds a formula: most files hold none, and looking is slow."""
    with ZipFile(io.BytesIO(content)) as parcel:
        for name in parcel.namelist():
            if "/worksheets/" in name.lower() and _FORMULA.search(parcel.read(name)):
                return True
    return False


def _formulas(content: bytes, sheet: str) -> set[tuple[int, int]]:
    """Return where formulas stand: row from 1, column from 0. The file was found sound before."""
    # Here and not above: the library takes long to load, and every start would wait for it.
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(content), read_only=True)
    try:
        return {
            (cell.row, cell.column - 1)
            for row in book[sheet].iter_rows()
            for cell in row
            if cell.data_type == "f"
        }
    except (KeyError, ValueError, TypeError, AttributeError):
        return set()  # an odd file: its values were read, and those that failed are marked
    finally:
        book.close()


def _marked(rows: list[Row], formulas: set[tuple[int, int]]) -> list[Row]:
    by_row: dict[int, set[int]] = {}
    for number, column in formulas:
        by_row.setdefault(number, set()).add(column)
    found = []
    for row in rows:
        places = by_row.get(row.number, set())
        width = max([len(row.cells), *(column + 1 for column in places)])
        cells = [
            FAILED if column in places and not row.cell(column).strip() else row.cell(column)
            for column in range(width)
        ]
        found.append(Row(row.number, tuple(cells)))
    return found

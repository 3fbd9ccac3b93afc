"""Rows sent as a file: CSV as spreadsheets of the reader's country open it, or a workbook."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

from django.http import FileResponse
from django.utils import formats, timezone, translation
from django.utils.functional import Promise

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
IN_MEMORY = 2 * 2**20  # bytes; a bigger file is laid on disk
# What XML cannot hold.
ILLEGAL_CHARACTERS = re.compile(r"[\000-\010]|[\013-\014]|[\016-\037]")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def send_sheet(rows: Iterable[list[Any]], kind: str, name: str, title: str) -> FileResponse:
    """Return the rows as a file, `kind` "csv" or "xlsx". The first row holds the heads.

    The file is written before the answer starts: a stream would read its rows after the
    transaction, that is outside the tenant, and so would send none.
    """
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
    write = write_csv if kind == "csv" else write_xlsx
    write(rows, file, title)
    file.seek(0)
    day = timezone.localdate().isoformat()
    return FileResponse(
        file,
        as_attachment=True,
        filename=f"{name}-{day}.{kind}",
        content_type="text/csv; charset=utf-8" if kind == "csv" else XLSX,
    )


def write_csv(rows: Iterable[list[Any]], file: IO[bytes], title: str = "") -> None:
    """Write rows with a byte-order mark; semicolons where the comma is the decimal mark."""
    decimal_comma = formats.get_format("DECIMAL_SEPARATOR") == ","
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text, delimiter=";" if decimal_comma else ",", lineterminator="\r\n")
    for row in rows:
        writer.writerow([as_text(value) for value in row])
    text.detach()


def write_xlsx(rows: Iterable[list[Any]], file: IO[bytes], title: str = "") -> None:
    """Write rows as one sheet, row by row: memory stays the same for any number of them."""
    # Here and not above: the library takes long to load, and every start would wait for it.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet(_sheet_title(title))
    sheet.freeze_panes = "A2"
    for number, row in enumerate(rows):
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value=_as_cell(value))
            if isinstance(cell.value, str):
                cell.data_type = "s"  # openpyxl takes "=1+1" for a formula
            if number == 0:
                cell.font = Font(bold=True)
            cells.append(cell)
        sheet.append(cells)
    book.save(file)


def as_text(value: Any) -> str:
    """Return a value as a CSV cell holds it: local dates and numbers, and no live formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        local = timezone.localtime(value) if timezone.is_aware(value) else value
        return formats.date_format(local, "SHORT_DATETIME_FORMAT")
    if isinstance(value, date):
        return formats.date_format(value, "SHORT_DATE_FORMAT")
    if isinstance(value, bool):
        return translation.gettext("Yes") if value else translation.gettext("No")
    if isinstance(value, int | float | Decimal):
        return formats.localize_input(value) if not isinstance(value, int) else str(value)
    return disarm(str(value).replace("\0", ""))


def disarm(text: str) -> str:
    """Return text that no spreadsheet runs: a cell that starts like a formula gets a quote."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _as_cell(value: Any) -> Any:
    if isinstance(value, datetime) and timezone.is_aware(value):
        return timezone.localtime(value).replace(tzinfo=None)  # workbooks know no zones
    if isinstance(value, str | Promise):
        return ILLEGAL_CHARACTERS.sub("", str(value))[:32_767]
    if value is None or isinstance(value, bool | int | float | Decimal | date):
        return value
    return ILLEGAL_CHARACTERS.sub("", str(value))


def _sheet_title(title: str) -> str:
    return "".join(c for c in title if c not in "[]:*?/\\")[:31] or "Relais"

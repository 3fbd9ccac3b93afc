"""XLSX behind a guard: calamine reads fast, but allocates whatever a cell's address asks for.

One cell at XFD1048576 in a file of 2 kB makes it ask for 512 GB and end the process. So every part
is unpacked once in small pieces, counted, and its cells' addresses bounded, before calamine opens
the file.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.parsers import expat

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError
from python_calamine import SheetTypeEnum as SheetType
from python_calamine import SheetVisibleEnum as Visible

from relais.lib import tables

MAX_UNPACKED = 150 * 2**20
MAX_PARTS = 2_000
MAX_ELEMENTS = 8_000_000
FAILED = "#ERROR"
_PIECE = 2**16
_ADDRESS = re.compile(r"([A-Za-z]{1,4})([0-9]{1,8})$")


def read(content: bytes, sheet: str = "") -> tables.Table:
    """Return a sheet's rows (default: the first visible one that holds any).

    Raises a `TableProblem`, and nothing else.
    """
    with _named_problems():
        faults = _guard(content)
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            names = [
                each.name
                for each in book.sheets_metadata
                if each.typ == SheetType.WorkSheet and each.visible == Visible.Visible
            ]
            if sheet and sheet not in names:
                raise tables.NoSuchSheet(sheet=sheet, sheets=", ".join(names))
            for name in [sheet] if sheet else names:
                rows = _rows(book.get_sheet_by_name(name), faults.get(name, []))
                if rows:
                    return tables.Table(rows, sheet=name, sheets=names)
    if sheet:
        raise tables.EmptySheet(sheet=sheet)
    raise tables.Empty


@contextmanager
def _named_problems() -> Iterator[None]:
    try:
        yield
    except tables.TableProblem:
        raise
    except PasswordError as error:
        raise tables.LockedWorkbook from error
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError) as error:
        raise tables.BrokenWorkbook(detail=_short(error)) from error
    except (CalamineError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise tables.BrokenWorkbook(detail=_short(error)) from error
    except (OverflowError, KeyError, struct.error, UnicodeError) as error:
        raise tables.BrokenWorkbook(detail=_short(error)) from error
    except BaseException as error:
        # A panic of the reader's is no Exception; everything else that is none must go through.
        if type(error).__name__ != "PanicException":
            raise
        raise tables.BrokenWorkbook(detail=_short(error)) from error


def _short(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__)[:120]


# --- the guard ------------------------------------------------------------------------------


def _guard(content: bytes) -> dict[str, list[tuple[int, int]]]:
    """Return the cells (row, column, from 1) of each sheet in which a formula failed."""
    checks: dict[str, _PartCheck] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as parcel:
        parts = parcel.infolist()
        names = {part.filename.lower() for part in parts}
        if "xl/workbook.xml" not in names:
            raise _other_kind(names)
        if len(parts) > MAX_PARTS:
            raise tables.TooBig(limit=MAX_UNPACKED // 2**20)
        unpacked = 0
        for part in parts:
            if part.flag_bits & 1:
                raise tables.LockedWorkbook
            # The size that a part declares may lie: what comes out is counted.
            with parcel.open(part) as stream:
                check = _PartCheck()
                while piece := stream.read(_PIECE):
                    unpacked += len(piece)
                    if unpacked > MAX_UNPACKED:
                        raise tables.TooBig(limit=MAX_UNPACKED // 2**20)
                    check.feed(piece)
                check.close()
            checks[part.filename] = check
    return _faults_by_sheet(checks)


def _faults_by_sheet(checks: dict[str, _PartCheck]) -> dict[str, list[tuple[int, int]]]:
    files = {
        identity: target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        for name, check in checks.items()
        if name.endswith("workbook.xml.rels")
        for identity, target in check.targets.items()
    }
    sheets = {
        title: files.get(identity, "")
        for name, check in checks.items()
        if name.endswith("xl/workbook.xml")
        for title, identity in check.sheets.items()
    }
    return {title: checks[file].faults for title, file in sheets.items() if file in checks}


def _other_kind(names: set[str]) -> tables.TableProblem:
    known = {
        "xl/workbook.bin": "XLSB",
        "content.xml": "OpenDocument",
        "word/document.xml": "Word",
        "ppt/presentation.xml": "PowerPoint",
        "index/document.iwa": "Numbers",
    }
    kind = next((kind for name, kind in known.items() if name in names), "ZIP")
    return tables.OtherFormat(kind=kind)


class _PartCheck:
    """Walks through one part; if it is XML, bounds its elements and the addresses of its cells."""

    def __init__(self) -> None:
        self.parser: Any = None
        self.first = True
        self.elements = self.row = self.column = self.last_row = self.last_column = 0
        self.in_cell = False
        self.sheets: dict[str, str] = {}
        self.targets: dict[str, str] = {}
        self.faults: list[tuple[int, int]] = []

    def feed(self, piece: bytes) -> None:
        if self.first:
            self.first = False
            head = piece.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")
            if head.startswith(b"<"):
                self.parser = expat.ParserCreate(namespace_separator=" ")
                self.parser.StartElementHandler = self._start
                self.parser.EndElementHandler = self._end
                self.parser.StartDoctypeDeclHandler = self._doctype
        if self.parser is not None:
            self.parser.Parse(piece, False)

    def close(self) -> None:
        if self.parser is not None:
            self.parser.Parse(b"", True)

    def _doctype(self, *_args: Any) -> None:
        raise tables.BrokenWorkbook(detail="DOCTYPE")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise tables.TooManyCells(limit=tables.MAX_CELLS)
        local = name.rpartition(" ")[2]
        if local == "row":
            number = attributes.get("r", "")
            self.row = int(number) if number.isdecimal() and len(number) < 9 else self.row + 1
            self.column = 0
        elif local == "c":
            self.column += 1
            if address := _ADDRESS.match(attributes.get("r", "")):
                self.column, self.row = _column(address[1]), int(address[2])
            self.in_cell = True
            # The reader hands out a failed formula as an empty cell.
            if attributes.get("t") == "e" and len(self.faults) < tables.MAX_ROWS:
                self.faults.append((self.row, self.column))
        elif local == "sheet" and "name" in attributes:
            identity = next((v for k, v in attributes.items() if k.endswith(" id")), "")
            self.sheets[attributes["name"]] = identity
        elif local == "Relationship":
            self.targets[attributes.get("Id", "")] = attributes.get("Target", "")
        elif self.in_cell:
            # Only a cell with something inside counts: sheets are often formatted to the very end.
            self.in_cell = False
            self._bound()

    def _end(self, name: str) -> None:
        if self.in_cell and name.rpartition(" ")[2] == "c":
            self.in_cell = False

    def _bound(self) -> None:
        self.last_row = max(self.last_row, self.row)
        self.last_column = max(self.last_column, self.column)
        if self.last_row > tables.MAX_ROWS:
            raise tables.TooManyRows(row=self.last_row, limit=tables.MAX_ROWS)
        if self.last_column > tables.MAX_COLUMNS:
            raise tables.TooManyColumns(
                row=self.row, columns=self.last_column, limit=tables.MAX_COLUMNS
            )
        if self.last_row * self.last_column > tables.MAX_CELLS:
            raise tables.TooManyCells(limit=tables.MAX_CELLS)


def _column(letters: str) -> int:
    number = 0
    for each in letters.upper():
        number = number * 26 + ord(each) - 64
    return number


# --- the cells ------------------------------------------------------------------------------


def _rows(sheet: CalamineSheet, faults: list[tuple[int, int]]) -> list[tables.Row]:
    if sheet.start is None:
        return []
    grid = [[text_of(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    for row, column in faults:
        if row <= len(grid) and column <= len(grid[row - 1]):
            grid[row - 1][column - 1] = grid[row - 1][column - 1] or FAILED
    _fill_merged(grid, sheet.merged_cell_ranges or [])
    collected = tables.Collector()
    for number, cells in enumerate(grid, 1):
        collected.add(number, cells)
    return collected.rows


def _fill_merged(grid: list[list[str]], ranges: list[Any]) -> None:
    """Say in each row what a cell merged downwards says once: « Lyon » beside five names."""
    for (top, left), (bottom, _right) in ranges[: tables.MAX_ROWS]:
        for row in grid[top + 1 : bottom + 1]:
            if left < len(row) and left < len(grid[top]) and not row[left]:
                row[left] = grid[top][left]


def text_of(value: object) -> str:
    """Return a cell's value as text: whole numbers without a point, days as YYYY-MM-DD."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "minutes")
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)

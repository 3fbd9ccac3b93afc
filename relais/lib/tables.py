"""Tables as people really have them: CSV or XLSX in, rows of clean text with their numbers out.

Everything is bounded: size, unpacked size, rows, columns, length of a cell. What cannot be read
ends in a `TableProblem` that names the place and the mend. Rows are numbered as a spreadsheet does.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from charset_normalizer import from_bytes

from relais.lib.problem import Problem

MAX_BYTES = 20 * 2**20
MAX_ROWS = 50_000
MAX_COLUMNS = 200
MAX_CELLS = 1_500_000
MAX_CELL = 5_000
SEPARATORS = ";,\t|"
_SAMPLE = 64 * 1024
_MAX_LINE = MAX_COLUMNS * MAX_CELL


def _(message: str) -> str:
    """Return the message as it is: the mark by which translations are collected."""
    return message


class TableProblem(Problem):
    """The file cannot be read as a table."""


class TooBig(TableProblem):
    message = _(
        "The file is larger than %(limit)s MB. Split it into several files, or delete the columns "
        "and sheets that are not needed."
    )


class Empty(TableProblem):
    message = _("The file holds no row. Choose a file with a line of headings and rows below it.")


class EmptySheet(TableProblem):
    message = _("The sheet “%(sheet)s” holds no row. Choose another sheet.")


class NoSuchSheet(TableProblem):
    message = _("The file has no sheet “%(sheet)s”; its sheets are: %(sheets)s.")


class NotATable(TableProblem):
    message = _("This is neither a CSV nor an XLSX file. Save the table as CSV (UTF-8) or XLSX.")


class OtherFormat(TableProblem):
    message = _(
        "This is a file of another kind (%(kind)s). Open it in a spreadsheet program and save it "
        "as XLSX or CSV."
    )


class LockedWorkbook(TableProblem):
    message = _(
        "This workbook is protected by a password or in the old XLS format. Open it and save it as "
        "XLSX without a password."
    )


class BrokenWorkbook(TableProblem):
    message = _(
        "The workbook is damaged or cut short (%(detail)s). Open it in a spreadsheet program, save "
        "it again as XLSX, and send that file."
    )


class TooManyRows(TableProblem):
    message = _(
        "The table goes down to row %(row)s; at most %(limit)s rows are read. Delete what stands "
        "below, or split the file."
    )


class TooManyColumns(TableProblem):
    message = _(
        "Row %(row)s has %(columns)s columns; at most %(limit)s are read. Delete the columns that "
        "are not needed."
    )


class TooManyCells(TableProblem):
    message = _(
        "The table has more than %(limit)s cells. Delete the columns that are not needed, or split "
        "the file."
    )


class CellTooLong(TableProblem):
    message = _(
        "Row %(row)s, column %(column)s: the cell is longer than %(limit)s characters. Shorten it; "
        "in a CSV file, look for a quotation mark that is not closed."
    )


class UnclosedQuote(TableProblem):
    message = _(
        "Row %(row)s: a quotation mark is opened and never closed, so that the rows below it run "
        "together. Close it or delete it."
    )


@dataclass(frozen=True)
class Row:
    """One row: its number as a spreadsheet shows it (from 1), and its cells without the blanks."""

    number: int
    cells: tuple[str, ...]

    def cell(self, column: int) -> str:
        """Return the text of a column (from 0); "" beyond the end."""
        return self.cells[column] if column < len(self.cells) else ""


@dataclass
class Table:
    """The rows that are not blank, and how the file was understood."""

    rows: list[Row]
    encoding: str = ""
    separator: str = ""
    sheet: str = ""
    sheets: list[str] = field(default_factory=list)

    @property
    def width(self) -> int:
        """Return the number of columns of the widest row."""
        return max((len(row.cells) for row in self.rows), default=0)


# --- reading --------------------------------------------------------------------------------


def load(file: BinaryIO, limit: int = MAX_BYTES) -> bytes:
    """Return the bytes of an open file; raises `TooBig` one byte after `limit`."""
    content = file.read(limit + 1)
    if len(content) > limit:
        raise TooBig(limit=limit // 2**20)
    return content


def read(content: bytes, sheet: str = "") -> Table:
    """Return the table in a CSV or XLSX file; `sheet` names one of a workbook's sheets.

    Raises a `TableProblem`, and nothing else, for whatever bytes are given.
    """
    if len(content) > MAX_BYTES:
        raise TooBig(limit=MAX_BYTES // 2**20)
    if not content.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise Empty
    if content.startswith(b"PK"):
        from relais.lib import workbooks

        return workbooks.read(content, sheet)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise LockedWorkbook
    for magic, kind in _OTHERS.items():
        if content[:400].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(magic):
            raise OtherFormat(kind=kind)
    return _read_csv(content)


_OTHERS = {
    b"%pdf": "PDF",
    b"\x89png": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"gif8": "GIF",
    b"\x1f\x8b": "GZIP",
    b"7z\xbc\xaf": "7Z",
    b"rar!": "RAR",
    b"{\\rtf": "RTF",
    b"<!doctype": "HTML",
    b"<html": "HTML",
    b"<table": "HTML",
    b"<?xml": "XML",
}


class Collector:
    """Takes rows in, cleans and bounds them, leaves the blank ones out."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.cells = 0

    def add(self, number: int, raw: Iterable[str]) -> None:
        """Take one row. Raises a `TableProblem` when it is beyond a bound."""
        texts = list(raw)
        while texts and not tidy(texts[-1]):
            texts.pop()
        cells = [tidy(text) for text in texts[: 2 * MAX_COLUMNS]]
        if not cells:
            return
        if number > MAX_ROWS:
            raise TooManyRows(row=number, limit=MAX_ROWS)
        if len(cells) > MAX_COLUMNS:
            raise TooManyColumns(row=number, columns=len(texts), limit=MAX_COLUMNS)
        self.cells += len(cells)
        if self.cells > MAX_CELLS:
            raise TooManyCells(limit=MAX_CELLS)
        for column, text in enumerate(cells):
            if len(text) > MAX_CELL:
                raise CellTooLong(row=number, column=letter(column), limit=MAX_CELL)
        self.rows.append(Row(number, tuple(cells)))


def _read_csv(content: bytes) -> Table:
    encoding = encoding_of(content)
    text = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")
    collected = Collector()
    number = 0
    try:
        lines = _Lines(text)
        sample = lines.peek(_SAMPLE)
        if is_binary(sample):
            raise NotATable
        separator = separator_of(sample)
        if re.match(r"sep=.\r?\n?$", lines.first(), re.IGNORECASE):
            lines.drop_first()  # a spreadsheet hides this line and counts from the next
        reader = csv.reader(lines, delimiter=separator)
        for number, cells in enumerate(reader, 1):
            collected.add(number, cells)
            if number > MAX_ROWS * 2:
                raise TooManyRows(row=number, limit=MAX_ROWS)
            if not lines.ended:
                lines.seen.clear()
        if ends_inside_quotes(lines.seen, separator):
            raise UnclosedQuote(row=number)
    except csv.Error as error:
        raise CellTooLong(row=number + 1, column="?", limit=MAX_CELL) from error
    except UnicodeError as error:
        raise NotATable from error
    if not collected.rows:
        raise Empty
    return Table(collected.rows, encoding=encoding, separator=separator)


class _Lines(Iterator[str]):
    """Lines of a text, of which the first may be looked at twice, none without an end."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self.text = text
        self.ahead: deque[str] = deque()
        self.seen: list[str] = []  # what the record being read is made of
        self.ended = False

    def _read(self) -> str:
        line = self.text.readline(_MAX_LINE + 1)
        if len(line) > _MAX_LINE:
            raise csv.Error("line too long")
        return line.replace("\0", "")

    def peek(self, size: int) -> str:
        read = 0
        while read < size and (line := self._read()):
            self.ahead.append(line)
            read += len(line)
        return "".join(self.ahead)[:size]

    def first(self) -> str:
        return self.ahead[0] if self.ahead else ""

    def drop_first(self) -> None:
        self.ahead.popleft()

    def __next__(self) -> str:
        line = self.ahead.popleft() if self.ahead else self._read()
        if not line:
            self.ended = True
            raise StopIteration
        self.seen.append(line)
        return line


def ends_inside_quotes(lines: list[str], separator: str) -> bool:
    """Return whether a quotation mark of these lines is opened and not closed."""
    try:
        list(csv.reader(lines, delimiter=separator, strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


def is_binary(sample: str) -> bool:
    """Return whether a text holds more control signs than any text would."""
    odd = sum(1 for c in sample if unicodedata.category(c) == "Cc" and c not in "\t\r\n\x0b\x0c")
    return odd > max(2, len(sample) // 200)


_BOMS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]


def encoding_of(content: bytes) -> str:
    """Return the encoding of a text: its byte-order mark, UTF-8 if it is, else the likeliest."""
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return encoding
    head = content[:4000]
    if head[1::2].count(0) > len(head) // 5:
        return "utf-16-le"
    if head[0::2].count(0) > len(head) // 5:
        return "utf-16-be"
    try:
        for _piece in codecs.iterdecode(_pieces(content), "utf-8"):
            pass
        return "utf-8"
    except UnicodeError:
        return one_byte_encoding(content)


def _pieces(content: bytes) -> Iterator[bytes]:
    view = memoryview(content)
    for start in range(0, len(content), 2**16):
        yield bytes(view[start : start + 2**16])


_ONE_BYTE = ["cp1252", "mac_roman", "cp850", "cp1250", "cp1251", "iso8859_15"]


def one_byte_encoding(content: bytes) -> str:
    """Return the likeliest encoding of a text that is not Unicode, by its accents."""
    # The lines with accents say the most; a long list of plain ASCII would drown them.
    telling = b"\n".join(line for line in content.splitlines() if not line.isascii())[:_SAMPLE]
    counts = Counter(telling)
    in_word = {
        name: sum(counts[code] for code in "éèàçêëîïôùûœÉÈÀÇ’«»\u00a0–".encode(name, "ignore"))
        for name in ("cp1252", "mac-roman", "cp850")
    }
    # Each of these writes French letters with bytes that are rare signs in the others.
    high = sum(count for code, count in counts.items() if code >= 0x80) or 1
    best = max(in_word, key=in_word.__getitem__)
    if in_word[best] >= 0.6 * high and _decodes(content, best):
        return best
    found = from_bytes(telling, cp_isolation=_ONE_BYTE).best()
    if found is not None and _decodes(content, found.encoding):
        return found.encoding
    return "cp1252" if _decodes(content, "cp1252") else "latin-1"


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        for _piece in codecs.iterdecode(_pieces(content), encoding):
            pass
    except (UnicodeError, LookupError):
        return False
    return True


def separator_of(sample: str) -> str:
    """Return the separator under which most rows of the sample have the same number of cells."""
    if stated := re.match(r"sep=(.)\r?\n", sample, re.IGNORECASE):
        return stated[1]

    def score(separator: str) -> float:
        try:
            records = list(csv.reader(sample.splitlines(keepends=True), delimiter=separator))
        except csv.Error:
            return 0
        widths = Counter(len(record) for record in records[:200] if any(record))
        if not widths:
            return 0
        width, times = max(widths.items(), key=lambda item: (item[0] > 1, item[1], item[0]))
        return 0 if width < 2 else times / widths.total() + min(width, 30) / 30

    best = max(SEPARATORS, key=score)
    return best if score(best) else ";"


# --- cells ----------------------------------------------------------------------------------

_SPACES = re.compile(r"[^\S\n]+")
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\ud800-\udfff]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_FORMULA = frozenset("=+-@")


def tidy(text: str) -> str:
    """Return a cell's text as it was meant: composed letters, plain spaces, nothing invisible."""
    if not text or (text.isascii() and text.isalnum()):
        return text
    text = re.sub(r"\r\n?|[\u2028\u2029\x85\x0b\x0c]", "\n", text)
    text = _CONTROL.sub("", _INVISIBLE.sub("", text))
    lines = [_SPACES.sub(" ", line).strip() for line in text.split("\n")]
    text = unicodedata.normalize("NFC", "\n".join(line for line in lines if line))
    if len(text) > 1 and text[0] == "'" and text[1] in _FORMULA:
        return text[1:]  # what `sheet.write_csv` put in front
    return text


def letter(column: int) -> str:
    """Return a column (from 0) as a spreadsheet names it: A, B … Z, AA …"""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name

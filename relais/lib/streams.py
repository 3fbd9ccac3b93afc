"""Long tables, row by row: CSV (or CSV in gzip) of any encoding and separator, XLSX as a whole.

What `tables` holds in memory is bounded by what a person looks at; an export of years is not. Only
one row is held here, whatever the length of the file.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, BinaryIO

from relais.lib import tables
from relais.lib.tables import TableProblem

MAX_UNPACKED = 2 * 2**30
MAX_ROWS = 5_000_000
MAX_CELL = 200_000
# A record of this many lines is a quotation mark that nobody closed.
MAX_LINES = 2_000
GZIP, ZIP = b"\x1f\x8b", b"PK"
SAMPLE = 64 * 1024
TELLING = 64 * 1024

Open = Callable[[], BinaryIO]


def _(message: str) -> str:
    """Return the message as it is: the mark by which translations are collected."""
    return message


class Cut(TableProblem):
    message = _("The file is damaged or cut short (%(detail)s). Export it again.")


class TooLong(TableProblem):
    message = _("The table is larger than %(limit)s once unpacked. Split it into several files.")


class Stream:
    """A table whose rows are read one after the other, as often as they are asked for."""

    def __init__(self, open_file: Open) -> None:
        """Understand the file: its encoding and separator. Raises a `TableProblem`."""
        self._open = open_file
        self.encoding, self.separator = "", ""
        self._sheet: tables.Table | None = None
        with open_file() as file:
            magic = file.read(4)
        self.packed = magic.startswith(GZIP)
        if magic.startswith(ZIP):
            with open_file() as file:
                self._sheet = tables.read(tables.load(file))
        elif not self.packed and magic.startswith(b"\xd0\xcf\x11\xe0"):
            raise tables.LockedWorkbook
        else:
            self._understand()

    @classmethod
    def of_path(cls, path: Path) -> Stream:
        """Return the table in a file."""
        return cls(lambda: path.open("rb"))

    @classmethod
    def of_bytes(cls, content: bytes) -> Stream:
        """Return the table in what was uploaded."""
        return cls(lambda: io.BytesIO(content))

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each row that is not blank, with its number as a spreadsheet shows it.

        Raises a `TableProblem`, and nothing else, wherever the file is broken.
        """
        if self._sheet is not None:
            for row in self._sheet.rows:
                yield row.number, list(row.cells)
            return
        number = 0
        try:
            for number, cells in self._records():
                if any(cells):
                    yield number, cells
        except csv.Error as error:
            raise tables.UnclosedQuote(row=number + 1) from error
        except (OSError, EOFError, zlib.error) as error:
            raise Cut(detail=str(error)) from error
        except UnicodeError as error:
            raise tables.NotATable from error

    def _understand(self) -> None:
        try:
            self.encoding = self._encoding()
            with self._text() as text:
                sample = text.read(SAMPLE)
        except (OSError, EOFError, zlib.error) as error:
            raise Cut(detail=str(error)) from error
        except UnicodeError as error:
            raise tables.NotATable from error
        if not sample.strip("\0 \t\r\n\ufeff"):
            raise tables.Empty
        if tables.is_binary(sample):
            raise tables.NotATable
        self.separator = tables.separator_of(sample)

    def _encoding(self) -> str:
        """Return the encoding: UTF-8 if the whole file is, else what its accents look like."""
        telling = bytearray()
        is_utf8 = True
        with self._binary() as file:
            head = file.read(4000)
        if _is_marked(head, mark := tables.encoding_of(head)):
            return mark
        with self._binary() as file:
            for line in file:
                if line.isascii():
                    continue
                if is_utf8:
                    try:
                        line.decode("utf-8")
                    except UnicodeError:
                        is_utf8 = False
                if len(telling) < TELLING:
                    telling += line
        return "utf-8" if is_utf8 else tables.one_byte_encoding(bytes(telling))

    def _binary(self) -> IO[bytes]:
        file: IO[bytes] = self._open()
        if self.packed:
            file = gzip.GzipFile(fileobj=file)  # type: ignore[assignment]
        return io.BufferedReader(_Bounded(file))

    def _text(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(self._binary(), self.encoding, newline="")

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        former = csv.field_size_limit(MAX_CELL)
        try:
            with self._text() as text:
                lines = _Lines(text)
                number = 0
                for number, cells in enumerate(csv.reader(lines, delimiter=self.separator), 1):
                    if number > MAX_ROWS:
                        raise tables.TooManyRows(row=number, limit=MAX_ROWS)
                    if number == 1 and len(cells) < 2 and lines.seen[0].lower().startswith("sep="):
                        lines.seen.clear()
                        continue
                    if not lines.ended:
                        lines.seen.clear()
                    yield number, cells
                if tables.ends_inside_quotes(lines.seen, self.separator):
                    raise tables.UnclosedQuote(row=number)
        finally:
            csv.field_size_limit(former)


class _Lines(Iterator[str]):
    """The lines of a text, and those of the record that is being read."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self.text, self.seen, self.ended = text, list[str](), False

    def __next__(self) -> str:
        line = self.text.readline(MAX_CELL * 20)
        if not line:
            self.ended = True
            raise StopIteration
        if len(self.seen) > MAX_LINES:
            raise csv.Error("a record without an end")
        if "\0" in line:
            line = line.replace("\0", "")
        self.seen.append(line)
        return line


class _Bounded(io.RawIOBase):
    """A file of which no more than `MAX_UNPACKED` bytes come out: a small one may unpack to all."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.left = file, MAX_UNPACKED

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        piece = self.file.read(len(buffer))
        self.left -= len(piece)
        if self.left < 0:
            raise TooLong(limit=f"{MAX_UNPACKED // 2**30} GB")
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self.file.close()
        super().close()


def _is_marked(head: bytes, encoding: str) -> bool:
    return encoding.startswith("utf-") and (
        encoding.startswith(("utf-16", "utf-32")) or head.startswith(b"\xef\xbb\xbf")
    )

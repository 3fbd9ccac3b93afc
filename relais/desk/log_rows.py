"""Reading the rows of a log of requests: columns by name, times with a zone, faults told."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from relais.lib.problem import Problem

LONGEST_CELL = 1_000_000
GZIP = b"\x1f\x8b"
# What the columns of logs are called; the first that is there counts.
COLUMNS = {
    "ref": ("request_id", "number", "id", "reference", "numero"),
    "log": ("log",),
    "site": ("site", "location", "lieu"),
    "requester": ("requester", "caller_id", "caller", "demandeur"),
    "category": ("category", "categorie", "product"),
    "subcategory": ("subcategory", "sous_categorie"),
    "priority": ("priority_first", "priority", "priorite"),
    "channel": ("channel", "contact_type", "canal"),
    "team": ("team_last", "team", "assignment_group", "equipe"),
    "handler_first": ("handler_first", "assigned_to"),
    "handler_last": ("handler_last", "resolved_by", "handler_first", "assigned_to"),
    "opened_at": ("opened_at", "date_ouverture"),
    "taken_at": ("first_taken_at",),
    "resolved_at": ("resolved_at", "date_resolution"),
    "closed_at": ("closed_at", "date_cloture"),
    "last_at": ("last_event_at",),
}
NEEDED = ("ref", "site", "requester", "opened_at")
UNKNOWN = frozenset({"", "?", "-", "n/a", "null", "none"})
FORMATS = ("%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M")
PRIORITIES = {
    "critical": 1, "very high": 1, "critique": 1,
    "high": 2, "haute": 2, "elevee": 2,
    "medium": 3, "moderate": 3, "normal": 3, "normale": 3, "moyenne": 3,
    "low": 4, "basse": 4, "faible": 4,
}  # fmt: skip


class BadLog(Problem):
    """The file is not a log of requests."""

    message = _("%(path)s: %(detail)s")


@dataclass(frozen=True, slots=True)
class Row:
    """One request of a log; times are instants, None when the log does not know."""

    number: int
    ref: str
    log: str
    site: str
    requester: str
    category: str
    subcategory: str
    priority: int
    channel: str
    team: str
    handler_first: str
    handler_last: str
    opened_at: datetime
    taken_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    last_at: datetime | None

    @property
    def subject(self) -> str:
        """Return what the request is called."""
        return " · ".join(part for part in (self.category, self.subcategory) if part) or self.ref


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be taken, and why (a msgid)."""

    number: int
    ref: str
    why: str
    log: str = ""


class _Unlike(ValueError):
    """The row cannot be; the text is the reason."""


def read(path: Path, zone: ZoneInfo) -> Iterator[Row | BadRow]:
    """Yield the rows of a log, numbered as a spreadsheet shows them. Raises `BadLog`.

    Times without a zone are in `zone`.
    """
    try:
        yield from _read(path, zone)
    except (OSError, EOFError, zlib.error) as fault:
        raise BadLog(path=path.name, detail=f"{fault}") from fault
    except UnicodeDecodeError as fault:
        detail = gettext(_("the file is not in UTF-8: save it as “CSV UTF-8”"))
        raise BadLog(path=path.name, detail=detail) from fault
    except csv.Error as fault:
        raise BadLog(path=path.name, detail=f"CSV: {fault}") from fault


def _read(path: Path, zone: ZoneInfo) -> Iterator[Row | BadRow]:
    with _opened(path) as binary:
        text = io.TextIOWrapper(binary, "utf-8-sig", newline="")
        csv.field_size_limit(LONGEST_CELL)
        head = text.readline(100_000)
        delimiter = max(",;\t", key=head.count)
        names = next(csv.reader([head], delimiter=delimiter), [])
        at = _columns(path, [name.strip().lower().replace(" ", "_") for name in names])
        for number, cells in enumerate(csv.reader(text, delimiter=delimiter), start=2):
            if any(cells):
                yield _row(number, cells, at, zone)


def _opened(path: Path) -> IO[bytes]:
    file = path.open("rb")
    magic = file.read(2)
    file.seek(0)
    return gzip.GzipFile(fileobj=file) if magic == GZIP else file  # type: ignore[return-value]


def _columns(path: Path, names: list[str]) -> dict[str, int]:
    if "event_no" in names:
        detail = gettext(_("this is a log of events; give the file with one row a request"))
        raise BadLog(path=path.name, detail=detail)
    at = {}
    for field, candidates in COLUMNS.items():
        if found := next((name for name in candidates if name in names), None):
            at[field] = names.index(found)
    missing = [" / ".join(COLUMNS[field]) for field in NEEDED if field not in at]
    if missing:
        detail = gettext(_("no column %(columns)s")) % {"columns": ", ".join(missing)}
        raise BadLog(path=path.name, detail=detail)
    return at


def _row(number: int, cells: list[str], at: dict[str, int], zone: ZoneInfo) -> Row | BadRow:
    said = {
        field: _known(cells[place]) if place < len(cells) else "" for field, place in at.items()
    }
    ref = said["ref"]
    try:
        return _checked(number, said, zone)
    except _Unlike as fault:
        return BadRow(number, ref, str(fault), said.get("log", ""))


def _checked(number: int, said: dict[str, str], zone: ZoneInfo) -> Row:
    if not said["ref"]:
        raise _Unlike(_("no reference"))
    if not said["site"]:
        raise _Unlike(_("no site"))
    if not said["requester"]:
        raise _Unlike(_("no requester"))
    times = {
        name: _instant(said.get(name, ""), zone)
        for name in ("opened_at", "taken_at", "resolved_at", "closed_at", "last_at")
    }
    opened = times["opened_at"]
    if opened is None:
        raise _Unlike(_("no time of opening"))
    taken, resolved, closed = times["taken_at"], times["resolved_at"], times["closed_at"]
    if taken and taken < opened:
        raise _Unlike(_("taken in hand before it was opened"))
    if resolved and resolved < (taken or opened):
        raise _Unlike(_("resolved before it was opened or taken in hand"))
    if closed and closed < (resolved or taken or opened):
        raise _Unlike(_("closed before it was resolved"))
    return Row(
        number=number,
        ref=said["ref"][:200],
        log=said.get("log", "")[:80],
        site=said["site"][:40],
        requester=said["requester"][:190],
        category=said.get("category", "")[:120],
        subcategory=said.get("subcategory", "")[:120],
        priority=_priority(said.get("priority", "")),
        channel=said.get("channel", "")[:40],
        team=said.get("team", "")[:190],
        handler_first=said.get("handler_first", "")[:190],
        handler_last=said.get("handler_last", "")[:190],
        opened_at=opened,
        taken_at=taken,
        resolved_at=resolved,
        closed_at=closed,
        last_at=times["last_at"],
    )


def _known(cell: str) -> str:
    """Return the cell without the blanks that spreadsheets add; empty when it says "unknown"."""
    text = " ".join(cell.replace("\x00", "").split())
    return "" if text.lower() in UNKNOWN else text


def _instant(text: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    moment = _parsed(text)
    if moment is None:
        raise _Unlike(_("a time that cannot be read"))
    if not 1990 <= moment.year <= 2100:
        raise _Unlike(_("a time out of every calendar"))
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return aware.astimezone(UTC)


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for pattern in FORMATS:
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007 (the zone is set after)
        except ValueError:
            continue
    return None


def _priority(text: str) -> int:
    if text[:1] in "1234" and text[:1]:
        return int(text[0])
    return PRIORITIES.get(text.lower(), 3)

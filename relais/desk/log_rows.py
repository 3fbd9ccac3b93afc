"""The rows of a log of requests, read by a mapping: times with a zone, faults told with a mend."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_noop as _

from relais.lib.problem import Problem
from relais.lib.streams import Stream

from . import log_words
from .log_mapping import Mapping, key

# Texts read before are kept, up to so many.
KEPT = 100_000
UNKNOWN = frozenset({"", "?", "-", "n/a", "null", "none", "(vide)", "(empty)", "unassigned"})
DAY_FIRST = ("%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y", "%d-%m-%y %H:%M")
MONTH_FIRST = ("%m-%d-%Y %H:%M:%S", "%m-%d-%Y %H:%M", "%m-%d-%Y", "%m-%d-%y %H:%M")
TWELVE = ("%I:%M %p", "%I:%M:%S %p")
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan janv janvier january", "feb fev fevr fevrier february", "mar mars march",
            "apr avr avril april", "may mai", "jun juin june", "jul juil juillet july",
            "aug aou aout august", "sep sept septembre september", "oct octobre october",
            "nov novembre november", "dec decembre december",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
NAMED = re.compile(r"(\d{1,2})[-/ ]([^\W\d_]+)\.?[-/ ](\d{2,4})(.*)$")

NO_REFERENCE, NO_SITE, NO_REQUESTER = _("no reference"), _("no site"), _("no requester")
NO_OPENING = _("no time of opening")
TAKEN_EARLY = _("taken in hand before it was opened")
RESOLVED_EARLY = _("resolved before it was opened or taken in hand")
CLOSED_EARLY = _("closed before it was resolved")
UNREADABLE = _("a time that cannot be read")
OUT_OF_TIME = _("a time out of every calendar")
TWICE = _("a reference that came before")
CLOSED_WHEN = _("finished, but nothing says when")
NO_STATE = _("a state that nobody explained")
NO_TIME = _("no time")
NO_REQUEST = _("an event of a request that is not in the file of requests")
# What to do about it.
MENDS = {
    NO_REFERENCE: _("Give the row its number, or leave it out."),
    NO_SITE: _("Fill the cell in, or say under [defaults] which site stands for none."),
    NO_REQUESTER: _("Fill the cell in, or say under [defaults] who stands for nobody."),
    NO_OPENING: _("Fill in when the request came, with its time."),
    TAKEN_EARLY: _("Exchange or correct the two times."),
    RESOLVED_EARLY: _("Correct one of the times."),
    CLOSED_EARLY: _("Correct one of the times."),
    UNREADABLE: _("Write it as 2026-03-31 09:30, or as 31/03/2026 09:30."),
    OUT_OF_TIME: _("Correct the year: 1990 to 2100."),
    TWICE: _("Keep the row that is right, and give the other one its own number."),
    CLOSED_WHEN: _("Export the time of resolution or of closing too, or the last change."),
    NO_STATE: _("Say under [states] what this word means."),
    NO_TIME: _("Fill in when it happened."),
    NO_REQUEST: _("Import it with the file of requests that names it."),
}
SEVERAL = _("several names in one cell: the first one counts")
STRANGE_PRIORITY = _("a priority that nobody explained: counted as normal")
CLOSED_THEN = _("finished at an unknown time: counted at its last change")


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
    title: str
    category: str
    subcategory: str
    priority: int
    channel: str
    team: str
    handler_first: str
    handler_last: str
    opened_at: datetime
    taken_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    last_at: datetime | None = None
    # What the tool says of it now, for a log that tells no events.
    stands: str = ""

    @property
    def subject(self) -> str:
        """Return what the request is called."""
        kind = " · ".join(part for part in (self.category, self.subcategory) if part)
        return self.title or kind or self.ref


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be taken: where, why (a msgid), and what to do (a msgid)."""

    number: int
    ref: str
    why: str
    column: str = ""
    log: str = ""

    @property
    def mend(self) -> str:
        """Return what to do about it."""
        return MENDS.get(self.why, "")


class Unlike(ValueError):
    """The row cannot be; the first text is the reason, the second the field."""

    def __init__(self, why: str, field: str = "") -> None:
        super().__init__(why)
        self.why, self.field = why, field


@dataclass
class Reader:
    """Reads the cells of one file by its mapping. `assumed` counts what was read with a grain."""

    mapping: Mapping
    zone: ZoneInfo
    assumed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._priorities = {key(w): rank for w, rank in self.mapping.priorities.items()}
        self._states = {key(w): step for w, step in self.mapping.states.items()}
        self._times: dict[str, datetime] = {}
        self._keys: dict[str, str] = {}
        self._texts: dict[str, str] = {}

    def said(self, cells: list[str], at: dict[str, int]) -> dict[str, str]:
        """Return the texts of a row by field, those that say "unknown" as empty ones."""
        width = len(cells)
        texts = {name: self._text(cells[at[name]]) if at[name] < width else "" for name in at}
        for name, text in self.mapping.defaults.items():
            texts[name] = texts.get(name) or text
        if (ref := texts.get("ref", "")) and " " in ref:
            # Some tools write 12 345 for a number.
            texts["ref"] = re.sub(r"(?<=\d) (?=\d)", "", ref)
        return texts

    def _text(self, cell: str) -> str:
        """Return what a cell says; most cells of a log repeat others."""
        found = self._texts.get(cell)
        if found is None:
            found = _known(cell)
            if len(self._texts) < KEPT:
                self._texts[cell] = found
        return found

    def first_name(self, text: str) -> str:
        """Return the first of several names in one cell, which stand one a line."""
        if "\n" not in text:
            return text
        first, *others = text.split("\n")
        if others:
            self.assumed[SEVERAL] += 1
        return first.strip()

    def instant(self, text: str, name: str) -> datetime | None:
        """Return when it was; None when nothing is said. Raises `Unlike`."""
        if not text:
            return None
        found = self._times.get(text)
        if found is None:
            found = self._instant(text, name)
            if len(self._times) < KEPT:
                self._times[text] = found
        return found

    def _instant(self, text: str, name: str) -> datetime:
        moment = parsed(text, self.mapping.day_first)
        if moment is None:
            raise Unlike(UNREADABLE, name)
        if not 1990 <= moment.year <= 2100:
            raise Unlike(OUT_OF_TIME, name)
        return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).astimezone(UTC)

    def priority(self, text: str) -> int:
        """Return the priority from 1 (critical) to 4."""
        if not text:
            return 3
        word = self._key(text)
        known = self._priorities.get(word) or log_words.PRIORITIES.get(word)
        if known is None and text[0] in "1234":
            known = int(text[0])
        if known is None:
            self.assumed[STRANGE_PRIORITY] += 1
        return known or 3

    def step(self, text: str) -> str | None:
        """Return which of the steps the tool's word means; None when nobody said."""
        word = self._key(text)
        return self._states.get(word) or log_words.STATES.get(word)

    def _key(self, text: str) -> str:
        if text not in self._keys:
            self._keys[text] = key(text)
        return self._keys[text]


def read(stream: Stream, reader: Reader) -> Iterator[Row | BadRow]:
    """Yield the rows of a log of requests, numbered as a spreadsheet shows them.

    Raises `log_mapping.BadMapping`, and a `TableProblem` where the file breaks off.
    """
    rows = stream.rows()
    header = [cell.strip().lstrip("\ufeff") for cell in next(rows, (0, []))[1]]
    at = reader.mapping.places(header)
    for number, cells in rows:
        yield checked(number, reader.said(cells, at), reader, _row)


def checked(
    number: int,
    said: dict[str, str],
    reader: Reader,
    make: Callable[[int, dict[str, str], Reader], Row],
) -> Row | BadRow:
    """Return the row, or why it is none and in which column."""
    try:
        return make(number, said, reader)
    except Unlike as fault:
        return bad(number, said, reader, fault)


def bad(number: int, said: dict[str, str], reader: Reader, fault: Unlike) -> BadRow:
    """Return what is wrong with a row, under the file's own heading."""
    column = reader.mapping.columns.get(fault.field, fault.field)
    return BadRow(number, said.get("ref", ""), fault.why, column, said.get("log", ""))


def _row(number: int, said: dict[str, str], reader: Reader) -> Row:
    names = ("opened_at", "taken_at", "resolved_at", "closed_at", "last_at")
    times = {name: reader.instant(said.get(name, ""), name) for name in names}
    opened, taken = times["opened_at"], times["taken_at"]
    resolved, closed = times["resolved_at"], times["closed_at"]
    row_of = made(number, said, reader, opened)
    if taken and taken < row_of.opened_at:
        raise Unlike(TAKEN_EARLY, "taken_at")
    step = reader.step(said["state"]) if said.get("state") else None
    ended = step in (log_words.RESOLVED, log_words.CLOSED) and not (resolved or closed)
    if ended or step == log_words.CANCELLED:
        closed = closed or resolved or times["last_at"]
        if closed is None:
            raise Unlike(CLOSED_WHEN, "state")
        if not (times["closed_at"] or times["resolved_at"]):
            reader.assumed[CLOSED_THEN] += 1
        if step == log_words.RESOLVED:
            resolved, closed = closed, None
    if resolved and resolved < (taken or row_of.opened_at):
        raise Unlike(RESOLVED_EARLY, "resolved_at")
    if closed and closed < (resolved or taken or row_of.opened_at):
        raise Unlike(CLOSED_EARLY, "closed_at")
    return replace(
        row_of,
        taken_at=taken,
        resolved_at=resolved,
        closed_at=closed,
        last_at=times["last_at"],
        stands=step or "",
    )


def made(number: int, said: dict[str, str], reader: Reader, opened: datetime | None) -> Row:
    """Return the request that a row speaks of, as it came. Raises `Unlike`."""
    for name, why in (("ref", NO_REFERENCE), ("site", NO_SITE), ("requester", NO_REQUESTER)):
        if not said.get(name):
            raise Unlike(why, name)
    if opened is None:
        raise Unlike(NO_OPENING, "opened_at")
    first = reader.first_name(said.get("handler_first", ""))
    return Row(
        number=number,
        ref=said["ref"][:200],
        log=said.get("log", "")[:80],
        site=_line(said["site"])[:40],
        requester=reader.first_name(said["requester"])[:190],
        title=_line(said.get("title", ""))[:300],
        category=_line(said.get("category", ""))[:120],
        subcategory=_line(said.get("subcategory", ""))[:120],
        priority=reader.priority(said.get("priority", "")),
        channel=_line(said.get("channel", ""))[:40],
        team=reader.first_name(said.get("team", ""))[:190],
        handler_first=first[:190],
        handler_last=(reader.first_name(said.get("handler_last", "")) or first)[:190],
        opened_at=opened,
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def _known(cell: str) -> str:
    """Return the cell without the blanks that spreadsheets add; empty when it says "unknown"."""
    if cell.isascii() and cell.isalnum():
        return "" if cell.lower() in UNKNOWN else cell
    lines = (" ".join(line.split()) for line in cell.replace("<br>", "\n").splitlines())
    text = "\n".join(line for line in lines if line)
    return "" if text.lower() in UNKNOWN else text


def parsed(text: str, day_first: bool = True) -> datetime | None:
    """Return the moment that a text names, in whichever way tools write it; None: it is none."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    text = _line(text.replace("\u202f", " ")).replace(" à ", " ").replace(", ", " ")
    if named := NAMED.match(text):
        month = MONTHS.get(key(named[2]))
        if month is None:
            return None
        text, day_first = f"{named[1]}-{month}-{named[3]}{named[4]}", True
    text = re.sub(r"^(\d{1,4})[/.](\d{1,2})[/.](\d{1,4})", r"\1-\2-\3", text)
    dates = DAY_FIRST if day_first else MONTH_FIRST
    zone = re.sub(r" ?(UTC|GMT|Z)$", "+0000", text)
    patterns = [*dates, *(f"{d.split()[0]} {t}" for d in (dates[0], dates[3]) for t in TWELVE)]
    patterns += [f"{pattern}%z" for pattern in (*dates, "%Y-%m-%d %H:%M:%S")]
    patterns += ["%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %I:%M:%S %p"]
    for pattern in patterns:
        try:
            return datetime.strptime(zone, pattern)  # noqa: DTZ007 (the zone is set after)
        except ValueError:
            continue
    return None

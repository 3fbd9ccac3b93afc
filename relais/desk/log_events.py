"""A log of events: one row a change of state, gathered by request."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import itemgetter

from relais.lib.streams import Stream

from .log_rows import (
    NO_REFERENCE,
    NO_STATE,
    NO_TIME,
    BadRow,
    Reader,
    Row,
    Unlike,
    bad,
    checked,
    made,
)

# When, its place among those of the same moment, what it means, the team and the person named.
Step = tuple[datetime, int, str, str, str]


OF_A_STEP = frozenset(
    {"ref", "log", "event_at", "event_no", "event_state", "team", "handler_first"}
)


@dataclass
class Events:
    """The steps of every request of a log, in order, and the rows that were none."""

    steps: dict[str, list[Step]] = field(default_factory=dict)
    # The request as its events tell it, for a log that comes without a file of requests.
    rows: dict[str, Row | BadRow] = field(default_factory=dict)
    bad: list[BadRow] = field(default_factory=list)
    read: int = 0
    # The rows of each request, so that those of a request that nobody names can be told.
    first_rows: dict[str, int] = field(default_factory=dict)

    def of(self, ref: str) -> list[Step]:
        """Return the steps of a request."""
        return self.steps.get(ref, [])

    def requests(self) -> Iterator[Row | BadRow]:
        """Yield the requests that the events tell of, in the order of the file."""
        for ref, row in self.rows.items():
            steps = self.steps.get(ref)
            if isinstance(row, Row) and steps:
                yield replace(row, opened_at=min(row.opened_at, steps[0][0]))
            else:
                yield row


def gather(
    stream: Stream,
    reader: Reader,
    *,
    alone: bool,
    progress: Callable[[int], None] = lambda read: None,
) -> Events:
    """Return the events of a file. `alone`: they also have to tell what each request was.

    Raises `log_mapping.BadMapping`, and a `TableProblem` where the file breaks off.
    """
    rows = stream.rows()
    header = [cell.strip().lstrip("\ufeff") for cell in next(rows, (0, []))[1]]
    at = reader.mapping.places(header)
    if not alone:
        at = {name: place for name, place in at.items() if name in OF_A_STEP}
    found = Events()
    for number, cells in rows:
        found.read += 1
        said = reader.said(cells, at)
        try:
            ref, step = _step(number, said, reader)
        except Unlike as fault:
            found.bad.append(bad(number, said, reader, fault))
            continue
        if ref not in found.steps:
            found.steps[ref] = []
            found.first_rows[ref] = number
        found.steps[ref].append(step)
        if alone and not isinstance(found.rows.get(ref), Row):
            # The first row that names everything: a site may be missing from some.
            told = checked(number, said, reader, _request)
            if isinstance(told, Row) or ref not in found.rows:
                found.rows[ref] = told
        if found.read % 20_000 == 0:
            progress(found.read)
    for steps in found.steps.values():
        steps.sort(key=itemgetter(0, 1))
    return found


def _step(number: int, said: dict[str, str], reader: Reader) -> tuple[str, Step]:
    ref = said.get("ref", "")
    if not ref:
        raise Unlike(NO_REFERENCE, "ref")
    at = reader.instant(said.get("event_at", ""), "event_at")
    if at is None:
        raise Unlike(NO_TIME, "event_at")
    meaning = reader.step(said.get("event_state", ""))
    if meaning is None:
        raise Unlike(NO_STATE, "event_state")
    order = said.get("event_no", "")
    place = int(order) if order.isdecimal() and len(order) < 10 else number
    team = sys.intern(reader.first_name(said.get("team", ""))[:190])
    handler = sys.intern(reader.first_name(said.get("handler_first", ""))[:190])
    return ref[:200], (at, place, meaning, team, handler)


def _request(number: int, said: dict[str, str], reader: Reader) -> Row:
    opened = reader.instant(said.get("opened_at", ""), "opened_at")
    return made(number, said, reader, opened or reader.instant(said["event_at"], "event_at"))


def strangers(events: Events, named: set[str]) -> Counter[str]:
    """Return the requests that events tell of and no file of requests names, with their events."""
    return Counter({ref: len(steps) for ref, steps in events.steps.items() if ref not in named})

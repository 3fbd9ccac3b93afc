"""Deadlines that would move, page by page, with the requests that this person may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from relais.people.access import Access

from .models import Clock
from .recalculation import Preview

PAGE = 100


@dataclass(frozen=True)
class Row:
    """One deadline before and after."""

    clock: Clock
    before: datetime | None
    after: datetime | None
    became_late: bool
    ceased_late: bool


@dataclass(frozen=True)
class Page:
    """One page of a preview; `first` and `last` number its rows among all."""

    rows: list[Row]
    number: int
    pages: int
    first: int
    last: int
    all: int


def page_of(access: Access, preview: Preview, asked: str, now: datetime) -> Page:
    """Return the page asked for; what is no number is the first, what lies behind is the last."""
    pages = max(1, -(-preview.moved // PAGE))
    wanted = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 7 else 1
    number = min(max(1, wanted), pages)
    start = (number - 1) * PAGE
    moves = preview.moves[start : start + PAGE]
    clocks = (
        access.see(Clock)
        .filter(pk__in=[move.clock.pk for move in moves])
        .select_related("ticket__site__company")
        .in_bulk()
    )
    rows = [
        Row(
            clocks[move.clock.pk],
            move.clock.due_at,
            move.now,
            move.became_late(now),
            move.ceased_late(now),
        )
        for move in moves
        if move.clock.pk in clocks
    ]
    return Page(rows, number, pages, start + 1, start + len(rows), preview.moved)

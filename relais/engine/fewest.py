"""Who takes this ticket now. Nobody is an answer; everybody considered gets a reason.

Thin on purpose: of those who may, the one with the fewest open tickets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

# Among equals the site's own assistant goes first.
POSITIONS = ("lead", "backup", "float")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who covers the site. `next_at`: when she is next on duty, if known."""

    key: int
    name: str
    position: str
    on_duty: bool
    absent: bool
    cleared: bool
    skilled: bool
    load: int
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """What was decided of one candidate, and why, in codes."""

    key: int
    name: str
    outcome: str
    reasons: tuple[str, ...]
    load: int


@dataclass(frozen=True, slots=True)
class Decision:
    """The chosen one (None: nobody), a line for each candidate, and what is missing if nobody."""

    chosen: int | None
    lines: tuple[Line, ...]
    missing: str = ""
    next_at: datetime | None = None


# Said when nobody is left: the first of these that would have helped.
MISSING = ("off_duty", "absent", "not_skilled", "not_cleared")
NOBODY_COVERS = "nobody_covers"


def choose(candidates: Iterable[Candidate]) -> Decision:
    """Return the one with the fewest open tickets among those on duty, cleared and skilled.

    Ties go to the site's lead, then a backup, then the lowest key: the order given is no matter.
    """
    everybody = sorted(candidates, key=_rank)
    ready = [one for one in everybody if not excluded(one)]
    chosen = ready[0] if ready else None
    lines = tuple(_line(one, chosen) for one in everybody)
    if chosen is not None:
        return Decision(chosen.key, lines)
    times = [one.next_at for one in everybody if one.next_at is not None]
    return Decision(None, lines, _missing(lines), min(times, default=None))


def excluded(one: Candidate) -> tuple[str, ...]:
    """Return why this candidate cannot have it now; empty when she can."""
    tests = (
        ("absent", one.absent),
        ("off_duty", not one.on_duty),
        ("not_cleared", not one.cleared),
        ("not_skilled", not one.skilled),
    )
    return tuple(code for code, fails in tests if fails)


def _rank(one: Candidate) -> tuple[int, int, int]:
    position = POSITIONS.index(one.position) if one.position in POSITIONS else len(POSITIONS)
    return one.load, position, one.key


def _line(one: Candidate, chosen: Candidate | None) -> Line:
    if why := excluded(one):
        return Line(one.key, one.name, "excluded", why, one.load)
    assert chosen is not None
    if one is chosen:
        return Line(one.key, one.name, "chosen", ("fewest_open",), one.load)
    reason = "more_open" if one.load > chosen.load else "after"
    return Line(one.key, one.name, "runner_up", (reason,), one.load)


def _missing(lines: tuple[Line, ...]) -> str:
    """Return what keeps the candidate who is nearest to being able, or that nobody covers."""
    if not lines:
        return NOBODY_COVERS
    fewest = min(lines, key=lambda line: (len(line.reasons), line.key))
    return next(code for code in MISSING if code in fewest.reasons)

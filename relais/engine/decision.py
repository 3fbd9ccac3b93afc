"""What was decided and why, as it is kept: the chosen one, each candidate's reasons, the score.

Written as JSON and read back it is the same decision; its case, kept beside, gives it again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from relais.engine.candidates import Hard

# The order in which the terms are added: their sum is the score to the bit.
TERMS = (
    "lateness", "risk", "stranger", "time", "start", "lead", "file", "load", "learning",
    "fairness", "change",
)  # fmt: skip
FAR = datetime(9999, 1, 1, tzinfo=UTC)
# What passes with time. Who is on leave is not called, nor who has worked as long as one may.
PASSING = frozenset({"absent", "off_duty", "shift", "working_time", "capacity"})
CALLABLE = PASSING - {"absent", "working_time"}


class Term(NamedTuple):
    """One part of a score, in points: less is better."""

    code: str
    points: float


@dataclass(frozen=True, slots=True)
class Line:
    """What was decided of one candidate: hard reasons that exclude her, or the terms of her score.

    `chance` is that of being late with her, `familiarity` how well she knows the site.
    """

    key: int
    name: str
    hard: tuple[Hard, ...] = ()
    terms: tuple[Term, ...] = ()
    score: float | None = None
    start: datetime | None = None
    finish: datetime | None = None
    minutes: float | None = None
    chance: float | None = None
    familiarity: float | None = None
    position: str = ""

    @property
    def outcome(self) -> str:
        """Return "excluded", or "able"."""
        return "excluded" if self.hard else "able"


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody who could be called: what passing thing keeps her, and until when."""

    key: int
    name: str
    code: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Who has the request (None: nobody), from when to when, and a line for each candidate.

    A `finish` of None beside a chosen one: beyond the shifts that are known. The lines stand from
    the best score to the worst, then the excluded. `waits` says that it is
    better to wait for the chosen one than to have somebody free begin. When nobody can, `missing`
    are the codes without which somebody could, `calls` whom to call (nobody on leave), `next_at`
    when the first is back. `kept`: who would suit better and is kept for which other request.
    `tally`: how many each hard reason excludes, of those who have no line of their own.
    """

    ticket: int
    at: datetime
    chosen: int | None
    lines: tuple[Line, ...]
    weights: Mapping[str, float]
    start: datetime | None = None
    finish: datetime | None = None
    waits: bool = False
    missing: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    next_at: datetime | None = None
    kept: tuple[tuple[int, int], ...] = ()
    tally: tuple[tuple[str, int], ...] = ()

    @property
    def runners_up(self) -> tuple[Line, ...]:
        """Return those who could have had it, the next best first."""
        return tuple(one for one in self.lines if not one.hard and one.key != self.chosen)

    @property
    def excluded(self) -> tuple[Line, ...]:
        """Return those who could not."""
        return tuple(one for one in self.lines if one.hard)

    def line(self, key: int | None) -> Line | None:
        """Return what was decided of her."""
        return next((one for one in self.lines if one.key == key), None)

    def counted(self) -> tuple[tuple[str, int], ...]:
        """Return how many each hard reason excluded, the commonest first."""
        tally = Counter(dict(self.tally))
        tally.update(code for one in self.lines for code in {hard.code for hard in one.hard})
        return tuple(sorted(tally.items(), key=lambda pair: (-pair[1], pair[0])))

    def told(self) -> dict[str, Any]:
        """Return the decision as plain values, for JSON."""
        return self.outline() | {"lines": [told_line(one) for one in self.lines]}

    def outline(self) -> dict[str, Any]:
        """Return it as plain values, without the lines of the candidates."""
        return {
            "ticket": self.ticket,
            "at": self.at.isoformat(),
            "chosen": self.chosen,
            "start": _moment(self.start),
            "finish": _moment(self.finish),
            "waits": self.waits,
            "missing": list(self.missing),
            "next_at": _moment(self.next_at),
            "kept": [list(pair) for pair in self.kept],
            "tally": [list(pair) for pair in self.tally],
            "calls": [[c.key, c.name, c.code, _moment(c.until)] for c in self.calls],
            "weights": dict(self.weights),
        }


def read(told: Mapping[str, Any]) -> Decision:
    """Return the decision that was told."""
    return Decision(
        ticket=told["ticket"],
        at=datetime.fromisoformat(told["at"]),
        chosen=told["chosen"],
        lines=tuple(read_line(one) for one in told["lines"]),
        weights=dict(told["weights"]),
        start=_instant(told["start"]),
        finish=_instant(told["finish"]),
        waits=told["waits"],
        missing=tuple(told["missing"]),
        calls=tuple(Call(key, name, code, _instant(at)) for key, name, code, at in told["calls"]),
        next_at=_instant(told["next_at"]),
        kept=tuple((person, ticket) for person, ticket in told["kept"]),
        tally=tuple((code, count) for code, count in told["tally"]),
    )


def in_short(lines: Iterable[Line]) -> dict[str, list[Any]]:
    """Return the lines in as few words as tell them: the points alone, and groups of hard reasons.

    `able`: key, name and the points of each term, in the order of TERMS, to a tenth; `excluded`:
    the same hard reasons once, with the key and the name of everybody they exclude.
    """
    able, groups = [], dict[tuple[Hard, ...], list[list[Any]]]()
    for one in lines:
        if one.hard:
            groups.setdefault(one.hard, []).append([one.key, one.name])
        else:
            able.append([one.key, one.name, [round(term.points, 1) for term in one.terms]])
    return {"able": able, "excluded": [[_hard(hard), who] for hard, who in groups.items()]}


def spelled(short: Mapping[str, Any]) -> tuple[Line, ...]:
    """Return the lines that were told in short, with what they were told with."""
    able = [
        Line(key, name, terms=(terms := tuple(map(Term, TERMS, points))), score=total(terms))
        for key, name, points in short.get("able", ())
    ]
    excluded = [
        Line(key, name, _read_hard(hard))
        for hard, people in short.get("excluded", ())
        for key, name in people
    ]
    return (*able, *excluded)


def total(terms: Iterable[Term]) -> float:
    """Return the sum of the terms, added one by one in their order."""
    found = 0.0
    for term in terms:
        found += term.points
    return found


def nobody(lines: tuple[Line, ...]) -> tuple[tuple[str, ...], tuple[Call, ...], datetime | None]:
    """Return what is missing when all are excluded, who could be called, and when one is back.

    What is missing is all that keeps those who lack the least; without any candidate, that nobody
    covers the site.
    """
    if not lines:
        return ("nobody_covers",), (), None
    least = min(len({hard.code for hard in one.hard}) for one in lines)
    near = [one for one in lines if len({hard.code for hard in one.hard}) == least]
    tally = Counter(hard.code for one in near for hard in one.hard)
    missing = tuple(sorted(tally, key=lambda code: (-tally[code], code)))
    passing = [one for one in lines if all(hard.code in PASSING for hard in one.hard)]
    calls = sorted(
        (
            Call(one.key, one.name, one.hard[0].code, _last(one.hard))
            for one in passing
            if all(hard.code in CALLABLE for hard in one.hard)
        ),
        key=lambda call: (call.until is None, call.until or FAR, call.key),
    )
    times = [until for one in passing if (until := _last(one.hard)) is not None]
    return missing, tuple(calls), min(times, default=None)


def _last(hard: tuple[Hard, ...]) -> datetime | None:
    return max((one.until for one in hard if one.until is not None), default=None)


def told_line(one: Line) -> dict[str, Any]:
    """Return a line in full, as plain values."""
    if one.hard:
        return {
            "key": one.key, "name": one.name, "position": one.position, "hard": _hard(one.hard)
        }  # fmt: skip
    return {
        "key": one.key,
        "name": one.name,
        "position": one.position,
        "terms": [[term.code, term.points] for term in one.terms],
        "score": one.score,
        "start": _moment(one.start),
        "finish": _moment(one.finish),
        "minutes": one.minutes,
        "chance": one.chance,
        "familiarity": one.familiarity,
    }


def _hard(hard: Iterable[Hard]) -> list[list[Any]]:
    return [[each.code, list(each.what), _moment(each.until)] for each in hard]


def _read_hard(told: Iterable[Any]) -> tuple[Hard, ...]:
    return tuple(Hard(code, tuple(what), _instant(at)) for code, what, at in told)


def read_line(told: Mapping[str, Any]) -> Line:
    """Return the line that was told in full."""
    return Line(
        key=told["key"],
        name=told["name"],
        hard=_read_hard(told.get("hard", ())),
        terms=tuple(Term(code, points) for code, points in told.get("terms", ())),
        score=told.get("score"),
        start=_instant(told.get("start")),
        finish=_instant(told.get("finish")),
        minutes=told.get("minutes"),
        chance=told.get("chance"),
        familiarity=told.get("familiarity"),
        position=told["position"],
    )


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _instant(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told) if told is not None else None

"""A month closed: its figures as bytes that never change, and what differs when it is counted anew.

The form is JSON with sorted keys, fractions written as such ("293/318") and nothing of binary
floats, so that the same figures are the same bytes on any machine; its digest is SHA-256.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Any

from .measures import Count, Figure, Why
from .measures_words import DEFINITIONS, Definition, Words

FORM = 1


def frozen(figures: Iterable[Figure]) -> bytes:
    """Return the figures, their definitions and lines as canonical bytes, in any order given."""
    figures = sorted(figures, key=_name)
    for one, following in pairwise(figures):
        if _name(one) == _name(following):
            raise ValueError(f"{one.key} of {one.period}: give each figure once")
    used = {each.key: _defined(DEFINITIONS[each.key]) for each in figures}
    said = b",".join(_written(each) for each in figures)
    return b'{"figures":[%b],"form":%d,"words":%b}' % (said, FORM, _bytes(used))


def thawed(data: bytes) -> tuple[Figure, ...]:
    """Return the figures of canonical bytes; ValueError names a form that this version lacks."""
    found = json.loads(data)
    if found["form"] != FORM:
        raise ValueError(f"form {found['form']}: read it with the version that wrote it")
    return tuple(_read(each) for each in found["figures"])


def digest(data: bytes) -> str:
    """Return the SHA-256 of canonical bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def mark(figure: Figure) -> str:
    """Return the digest of the lines behind a figure: which requests, and what each added."""
    return digest(_lines(figure))


def _lines(figure: Figure) -> bytes:
    return _bytes([_line(each) for each in sorted(figure.lines)])


def _written(figure: Figure) -> bytes:
    """Return a figure with its lines, which are written once: for themselves and their digest."""
    lines = _lines(figure)
    said = _said(figure) | {"mark": digest(lines)}
    first, last = ({k: v for k, v in said.items() if (k < "lines") is before}
                   for before in (True, False))  # fmt: skip
    return b'%b,"lines":%b,%b' % (_bytes(first)[:-1], lines, _bytes(last)[1:])


def _bytes(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def _name(figure: Figure) -> tuple[Any, ...]:
    return figure.period, figure.key, figure.cut


def _defined(definition: Definition) -> dict[str, Any]:
    return {
        "version": definition.version,
        "unit": definition.unit,
        "sum": definition.sum,
        "smallest": definition.smallest,
        **{
            name: dict(getattr(definition, name)._asdict())
            for name in ("name", "what", "population", "excluded")
        },
    }


def _said(figure: Figure) -> dict[str, Any]:
    return {
        "key": figure.key,
        "version": figure.definition.version,
        "period": figure.period,
        "cut": [list(each) for each in figure.cut],
        "over": str(figure.over),
        "under": str(figure.under),
        "value": None if figure.value is None else str(figure.value),
        "n": figure.n,
        "low": None if figure.low is None else str(figure.low),
        "high": None if figure.high is None else str(figure.high),
        "why": figure.why,
        "periods": list(figure.periods),
        "own_n": figure.own_n,
        "excluded": figure.excluded,
        "assumption": None if figure.assumption is None else list(figure.assumption),
    }


def _line(line: Count) -> list[str]:
    return [line.key, str(line.over), str(line.under), line.group, line.excluded]


def _read(said: dict[str, Any]) -> Figure:
    def decimal_of(name: str) -> Decimal | None:
        return None if said[name] is None else Decimal(said[name])

    return Figure(
        said["key"],
        said["period"],
        tuple((name, value) for name, value in said["cut"]),
        Fraction(said["over"]),
        Fraction(said["under"]),
        None if said["value"] is None else Fraction(said["value"]),
        said["n"],
        decimal_of("low"),
        decimal_of("high"),
        Why(said["why"]),
        tuple(said["periods"]),
        said["own_n"],
        said["excluded"],
        None if said["assumption"] is None else Words(*said["assumption"]),
        tuple(
            Count(key, Fraction(over), Fraction(under), group, excluded)
            for key, over, under, group, excluded in said["lines"]
        ),
    )


class Cause(StrEnum):
    """Why a figure differs from the one once published."""

    DEFINITION = "definition"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    NEW = "new"
    GONE = "gone"
    RULE = "rule"


CAUSES = {
    Cause.DEFINITION: Words("la définition a changé", "the definition changed"),
    Cause.ADDED: Words("des demandes comptent en plus", "more requests count"),
    Cause.REMOVED: Words("des demandes ne comptent plus", "requests count no more"),
    Cause.CHANGED: Words("des demandes comptent autrement", "requests count otherwise"),
    Cause.NEW: Words("ce chiffre n'existait pas", "this figure was not there"),
    Cause.GONE: Words("ce chiffre n'existe plus", "this figure is there no more"),
    Cause.RULE: Words(
        "les mêmes demandes donnent un autre chiffre", "the same requests give another figure"
    ),
}


@dataclass(frozen=True, slots=True)
class Restated:
    """One figure that differs: its value before and now, the causes, and the requests of each."""

    key: str
    period: str
    cut: tuple[tuple[str, str], ...]
    before: Fraction | None
    now: Fraction | None
    causes: tuple[Cause, ...]
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def restatement(old: bytes, new: bytes) -> tuple[Restated, ...]:
    """Return what differs between a report as frozen and the same counted anew; none if nothing."""
    if old == new:
        return ()
    words = [json.loads(each)["words"] for each in (old, new)]
    before, now = ({_name(each): each for each in thawed(data)} for data in (old, new))
    found = []
    for name in sorted(before.keys() | now.keys()):
        one, other = before.get(name), now.get(name)
        same_words = words[0].get(name[1]) == words[1].get(name[1])
        if one is None or other is None:
            there = one or other
            assert there is not None
            cause = Cause.NEW if one is None else Cause.GONE
            found.append(
                Restated(
                    there.key, there.period, there.cut,
                    one.value if one else None, other.value if other else None, (cause,),
                )
            )  # fmt: skip
        elif _written(one) != _written(other) or not same_words:
            found.append(_restated(one, other, same_words=same_words))
    return tuple(found)


def _restated(one: Figure, other: Figure, *, same_words: bool) -> Restated:
    before = {line.key: line for line in one.lines}
    now = {line.key: line for line in other.lines}
    added, removed = tuple(sorted(now.keys() - before)), tuple(sorted(before.keys() - now))
    changed = tuple(sorted(key for key in before.keys() & now if before[key] != now[key]))
    causes = [] if same_words else [Cause.DEFINITION]
    causes += [Cause.ADDED] if added else []
    causes += [Cause.REMOVED] if removed else []
    causes += [Cause.CHANGED] if changed else []
    return Restated(
        one.key, one.period, one.cut, one.value, other.value,
        tuple(causes) or (Cause.RULE,), added, removed, changed,
    )  # fmt: skip

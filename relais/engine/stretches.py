"""Spans of time between two moments, put together and cut: see `candidates.without` for less."""

from __future__ import annotations

from collections.abc import Iterable

from relais.engine.candidates import Span


def union(spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order; those that meet or touch are one, empty ones are left out."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif begin < end:
            found.append((begin, end))
    return found


def common(some: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """Return what lies in both, in order."""
    others = union(others)
    return [
        (max(a, begin), min(b, end))
        for a, b in union(some)
        for begin, end in others
        if max(a, begin) < min(b, end)
    ]


def minutes(spans: Iterable[Span]) -> float:
    """Return how many minutes the spans are together."""
    return sum((end - begin).total_seconds() / 60 for begin, end in spans)

"""The hours somebody works: published shifts in the place of her usual ones."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from relais.engine.candidates import Span


def worked(
    usual: Iterable[Span], shifts: Iterable[Span], decided: Iterable[Span], zone: ZoneInfo
) -> tuple[Span, ...]:
    """Return her hours in order: on a day with a shift (days of `zone`) nothing else counts.

    `decided`: stretches that a published roster has settled; without a shift in them she is free.
    """
    published, settled = list(shifts), list(decided)
    days = {begin.astimezone(zone).date() for begin, _end in published}
    kept = [
        (begin, end)
        for begin, end in usual
        if begin.astimezone(zone).date() not in days
        and not any(first <= begin < last for first, last in settled)
    ]
    return tuple(sorted([*kept, *published]))

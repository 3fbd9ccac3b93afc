"""Hours of work within the law: what goes beyond a day's or a week's most is no working time.

Sources: Code du travail L3121-18 (ten hours a day) and L3121-20 (forty-eight hours a week). The
numbers are parameters: an agreement may ask for less.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from relais.engine.candidates import Span

MINUTE = timedelta(minutes=1)


def lawful(
    spans: Iterable[Span], zone: ZoneInfo, day_minutes: float, week_minutes: float
) -> tuple[Span, ...]:
    """Return the spans cut where a day or a week is full; days and weeks are those of `zone`.

    `spans` are in order and begin with a week: what was worked before counts too.
    """
    days: dict[date, float] = defaultdict(float)
    weeks: dict[tuple[int, int], float] = defaultdict(float)
    kept = []
    for begin, end in spans:
        day = begin.astimezone(zone).date()
        week = day.isocalendar()[:2]
        left = min(day_minutes - days[day], week_minutes - weeks[week])
        minutes = min((end - begin) / MINUTE, max(left, 0.0))
        days[day] += minutes
        weeks[week] += minutes
        if minutes > 0:
            kept.append((begin, begin + minutes * MINUTE))
    return tuple(kept)


def left_today(
    usual: Iterable[Span], allowed: Iterable[Span], now: datetime, zone: ZoneInfo
) -> float | None:
    """Return the minutes that the law leaves of today's hours; None where it takes none away."""
    today = now.astimezone(zone).date()

    def still(spans: Iterable[Span]) -> float:
        rest = [
            (max(begin, now), end)
            for begin, end in spans
            if end > now and begin.astimezone(zone).date() == today
        ]
        return sum((end - begin) / MINUTE for begin, end in rest)

    law = still(allowed)
    return law if law < still(usual) else None

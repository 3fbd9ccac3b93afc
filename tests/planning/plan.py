"""Days of a week without a holiday, for rosters and shifts."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
# The pool works 9:00-12:30 and 13:30-18:00.
MONDAY = date(2027, 3, 1)


def at(hour: int, minute: int = 0, days: int = 0) -> datetime:
    """Return that time of the Monday, or of a day so many days later."""
    day = MONDAY + timedelta(days=days)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=PARIS)

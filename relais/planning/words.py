"""How planning says days and hours."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton

from relais.lib.formats import babel_locale


def day_text(day: date) -> str:
    """Return a day as people say it: "Tue 24 Nov"."""
    return format_skeleton("MMMEd", day, locale=babel_locale())


def date_text(day: date) -> str:
    """Return a day with its year: "24 Nov 2026"."""
    return format_date(day, "medium", locale=babel_locale())


def hours_text(minutes: float) -> str:
    """Return minutes as people say hours: "7 h 30"."""
    whole = round(minutes)
    return f"{whole // 60} h {whole % 60:02}" if whole % 60 else f"{whole // 60} h"


def span_text(begin: datetime, end: datetime, zone: ZoneInfo) -> str:
    """Return the hours of a span: "09:00–12:30"."""
    return f"{begin.astimezone(zone):%H:%M}–{end.astimezone(zone):%H:%M}"

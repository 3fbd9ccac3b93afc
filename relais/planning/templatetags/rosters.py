"""What planning's templates say days and hours with."""

from __future__ import annotations

from datetime import date

from babel.dates import format_skeleton
from babel.numbers import format_decimal
from django import template
from django.utils.dates import WEEKDAYS_ABBR

from relais.lib.formats import babel_locale
from relais.planning.words import day_text, hours_text

register = template.Library()


@register.filter
def day_short(day: date) -> str:
    """Return "Tue 24/11"."""
    return f"{WEEKDAYS_ABBR[day.weekday()]} {day:%d/%m}"


@register.filter
def day_long(day: date) -> str:
    """Return a day with its year."""
    return format_skeleton("yMMMEd", day, locale=babel_locale())


@register.filter
def day_said(day: date) -> str:
    """Return "Tue 24 Nov"."""
    return day_text(day)


@register.filter
def hours(minutes: float) -> str:
    """Return minutes as hours: "7 h 30"."""
    return hours_text(minutes)


@register.filter
def share(part: float) -> str:
    """Return a share in per cent: "1.2 %"."""
    return f"{format_decimal(100 * part, '0.0', locale=babel_locale())} %"

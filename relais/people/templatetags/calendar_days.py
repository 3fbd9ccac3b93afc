"""The cells of a year: heads of the week, and each day's state in words."""

from __future__ import annotations

from django import template
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from relais.people import calendar_year
from relais.people.calendars import DayState

register = template.Library()


@register.simple_tag
def weekday_heads() -> SafeString:
    """Return the seven head cells: one letter to see, the whole word to hear."""
    return format_html_join(
        "",
        '<th scope="col"><span aria-hidden="true">{}</span>'
        '<span class="visually-hidden">{}</span></th>',
        ((str(WEEKDAYS_ABBR[n])[:1].upper(), WEEKDAYS[n]) for n in range(7)),
    )


@register.simple_tag
def spoken(state: DayState) -> str:
    """Return a day and its state in one line."""
    return calendar_year.spoken(state)

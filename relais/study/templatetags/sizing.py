"""How sizings, costs and reports say figures."""

from __future__ import annotations

from django import template

from relais.study import restitution_words, sizing_words
from relais.study.models import Report

register = template.Library()
TONES = {"open": "neutral", "validated": "good", "contested": "bad"}


@register.filter
def figure(value: float | None) -> str:
    """Return a figure with one decimal where it has any."""
    if value is None:
        return "–"
    return sizing_words.number(value, 0 if float(value).is_integer() else 1)


@register.filter
def whole(value: float) -> str:
    """Return a whole figure."""
    return sizing_words.number(value, 0)


@register.filter
def percents(share: float) -> str:
    """Return a share as per cent."""
    return sizing_words.per_cent(share)


@register.filter
def euros(value: float) -> str:
    """Return whole euros."""
    return restitution_words.euros(value)


@register.filter
def report_tone(report: Report) -> str:
    """Return the tone of a report's state."""
    return TONES[report.state]

"""How the workshop says figures and states."""

from __future__ import annotations

from babel.numbers import format_decimal
from django import template

from relais.lib.formats import babel_locale

register = template.Library()
TONES = {"open": "warn", "mending": "info", "lifted": "good", "left": "neutral"}
# A mean from 1 to 5 as one of five tones of the heat map.
STEPS = (1.5, 2.5, 3.5, 4.0)


@register.filter
def irritant_tone(state: str) -> str:
    """Return the colour of a state."""
    return TONES.get(state, "neutral")


@register.filter
def decimal(number: float | None) -> str:
    """Return a figure in the reader's manner, with a tenth where it has one."""
    return "–" if number is None else format_decimal(number, "#,##0.#", locale=babel_locale())


@register.filter
def warmth(mean: float | None) -> str:
    """Return how warm a mean is: 0 to 4, "none" where it is not shown."""
    return "none" if mean is None else str(sum(mean >= step for step in STEPS))


@register.filter
def value_tone(value: str) -> str:
    """Return the colour of a class of value."""
    return {"VA": "good", "ENVA": "neutral"}.get(value, "warn")

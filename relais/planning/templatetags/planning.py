"""What the templates of planning draw with."""

from __future__ import annotations

from collections.abc import Iterable

from django import template

from relais.people.models import Cover
from relais.planning import coverage
from relais.planning.worked import Span

register = template.Library()


@register.filter
def hours(spans: Iterable[Span]) -> str:
    """Return the hours as one reads them: "09:00–12:30, 13:30–18:00"."""
    return coverage.written(list(spans))


@register.filter
def at_position(covers: Iterable[Cover], position: str) -> str:
    """Return the names of those who cover in this position."""
    return ", ".join(cover.person.name for cover in covers if cover.position == position)

"""What a row of an import does, for its page."""

from __future__ import annotations

from typing import Any

from django import template

from relais.people.importing import wording
from relais.people.models import ImportLine

register = template.Library()
register.filter("told", wording.told)


@register.filter
def effects(line: ImportLine) -> list[dict[str, Any]]:
    """Return what the row does."""
    return wording.effects(line)


@register.filter
def excerpt(cells: list[str]) -> str:
    """Return the row's texts in one line, cut where it says enough."""
    text = " · ".join(" ".join(cell.split()) for cell in cells if cell)
    return f"{text[:160]}…" if len(text) > 160 else text

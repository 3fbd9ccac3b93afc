"""What the columns of a spreadsheet may be, in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from .models import InventoryLine
from .sheet_headings import FIELDS


def field_labels() -> list[tuple[str, Any]]:
    """Return what a column may say, in the order of talking."""
    return [(name, _label(name)) for name in FIELDS]


def _label(name: str) -> Any:
    if name == "unit":
        return _("unit of time")
    return InventoryLine._meta.get_field(name).verbose_name

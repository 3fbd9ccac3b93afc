"""The charts of the weeks ahead, drawn once in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from relais.lib import charts

from .words import day_text

LANGUAGES = ("fr", "en")


def drawn(report: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return each chart by its name, in each language."""
    made: dict[str, dict[str, str]] = {"load": {}}
    for language in LANGUAGES:
        with override(language):
            names = [day_text(date.fromisoformat(day)) for day in report["weeks"]]
            made["load"][language] = charts.against(
                [
                    (name, cell["p50"], cell["p80"], cell["capacity"])
                    for name, cell in zip(names, report["total"], strict=True)
                ],
                across=_("Week of"),
                axis=_("Hours of work"),
                names=(_("Load, one time in two"), _("Load, four times in five"), _("Capacity")),
                language=language,
            )
    return made

"""The charts of a replay, drawn once in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from relais.lib import charts

from .replay_words import SHOWN_BY_WEEK, name

LANGUAGES = ("fr", "en")


def drawn(report: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return each chart by its name, in each language."""
    made: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        with override(language):
            for chart, drawing in _all(report, language).items():
                made.setdefault(chart, {})[language] = drawing
    return made


def _all(report: Mapping[str, Any], language: str) -> dict[str, str]:
    rows = report["rows"]
    found = {
        "in_time": charts.intervals(
            [(name(r["code"]), r["in_time"]["value"], r["in_time"]["half"]) for r in rows],
            axis=_("Delivered in time"),
            marked=[name("ours"), name("other")],
            language=language,
        ),
        "weeks": charts.lines(
            [(name(r["code"]), r["weeks"]) for r in rows if r["code"] in SHOWN_BY_WEEK],
            across=_("Week"),
            axis=_("Delivered in time"),
            language=language,
        ),
    }
    if told := report.get("forecast"):
        steps = [
            (_("Relais's chance"), told["steps"]),
            (_("Share of the target passed"), told["steps_elapsed"]),
        ]
        found["reliability"] = charts.reliability(
            [(label, [(s["said"], s["came"], s["count"]) for s in each]) for label, each in steps],
            said=_("Chance of being late that was said"),
            came=_("Late in the end"),
            language=language,
        )
    return found

"""The charts of a report, drawn once in both languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import override

from relais.lib import diagrams

from . import sizing_charts
from .models import Report
from .restitution_words import (
    BRAKES,
    FAMILIES,
    SCENARIOS,
    VALUES,
    VOLUME_NAMES,
    role_name,
)

LANGUAGES = ("fr", "en")
LEVELS = (1.0, 5.0)


def drawn(kind: str, figures: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return each chart of a report by its name, in each language; none of nothing."""
    made: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        with override(language):
            for name, draw in OF[kind].items():
                if svg := draw(figures, language):
                    made.setdefault(name, {})[language] = svg
    return made


def _map(figures: Mapping[str, Any], language: str) -> str:
    cells = {
        (figures["names"][site], str(FAMILIES.get(family, family))): hours
        for site, family, hours in figures["map"]
        if site in figures["names"]
    }
    if not cells:
        return ""
    rows = [row["name"] for row in figures["sites"]]
    columns = [str(FAMILIES.get(family, family)) for family in figures["families"]]
    return diagrams.heat(rows, columns, cells, axis=_("Hours a year"), language=language)


def _families(figures: Mapping[str, Any], language: str) -> str:
    rows = [(str(FAMILIES.get(key, key)), {"": n}) for key, n in figures["families"].items()]
    return diagrams.bars(rows, axis=_("Hours a year"), language=language) if rows else ""


def _roles(figures: Mapping[str, Any], language: str) -> str:
    rows = [(role_name(role), {"": hours}) for role, hours in figures["roles"]]
    return diagrams.bars(rows, axis=_("Hours a year"), language=language) if rows else ""


def _values(figures: Mapping[str, Any], language: str) -> str:
    rows = [
        (site["name"], {str(VALUES[key]): hours for key, hours in site["values"].items()})
        for site in figures["sites"]
        if site["hours"]
    ]
    if not rows:
        return ""
    parts = [str(name) for name in VALUES.values()]
    return diagrams.bars(rows, axis=_("Hours a year"), language=language, parts=parts)


def _months(figures: Mapping[str, Any], language: str) -> str:
    if not figures["hours"]:
        return ""
    rows = [(str(MONTHS[n + 1]), {"": hours}) for n, hours in enumerate(figures["months"])]
    return diagrams.bars(rows, axis=_("Hours of work"), language=language)


def _irritants(figures: Mapping[str, Any], language: str) -> str:
    rows = [(each["text"][:60], each["score"]) for each in figures["irritants"]]
    if not rows:
        return ""
    return diagrams.pareto(
        rows, axis=_("Score"), reached=_("Together"), line=0.8, language=language
    )


def _brakes(figures: Mapping[str, Any], language: str) -> str:
    cells = {
        (row["name"], str(BRAKES().get(brake, brake))): mean
        for row in figures["brakes"]
        for brake, mean in row["cells"]
    }
    if not cells:
        return ""
    columns = list(dict.fromkeys(brake for _name, brake in cells))
    rows = [row["name"] for row in figures["brakes"] if row["cells"]]
    return diagrams.heat(
        rows, columns, cells, axis=_("Level"), language=language, form=".1f", domain=LEVELS
    )


def _curve(figures: Mapping[str, Any], language: str) -> str:
    lived = (figures["sizing"] or {}).get("lived")
    return sizing_charts.curve(lived, language) if lived else ""


def _doubles(figures: Mapping[str, Any], language: str) -> str:
    rows = [(each["task"][:60], {"": each["double"]}) for each in figures["doubles"]]
    rows = [row for row in rows if row[1][""]]
    return diagrams.bars(rows, axis=_("Hours a year"), language=language) if rows else ""


def _yearly(figures: Mapping[str, Any], language: str) -> str:
    rows = [
        (
            str(SCENARIOS[each["kind"]]),
            {str(name): value for name, value in zip(VOLUME_NAMES, each["yearly"], strict=True)},
        )
        for each in figures["scenarios"]
    ]
    return diagrams.side_by_side(rows, axis=_("€ a year"), language=language)


def _split(figures: Mapping[str, Any], language: str) -> str:
    fixed, variable = _("Fixed and by posts"), _("Follows the volume")
    rows = [
        (str(SCENARIOS[each["kind"]]), {fixed: each["fixed"], variable: each["variable"]})
        for each in figures["scenarios"]
    ]
    return diagrams.bars(rows, axis=_("€ a year"), language=language, parts=[fixed, variable])


Draw = Callable[[Mapping[str, Any], str], str]
OF: dict[str, dict[str, Draw]] = {
    Report.Kind.SITE: {
        "families": _families, "roles": _roles, "months": _months, "irritants": _irritants,
        "brakes": _brakes,
    },
    Report.Kind.GROUP: {
        "map": _map, "values": _values, "roles": _roles, "months": _months,
        "irritants": _irritants, "doubles": _doubles, "brakes": _brakes, "curve": _curve,
    },
    Report.Kind.COSTS: {"yearly": _yearly, "split": _split},
}  # fmt: skip

"""The charts of a sizing, drawn once in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from relais.lib import diagrams

from .sizing_words import WAYS

LANGUAGES = ("fr", "en")


def drawn(lived: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return each chart by its name, in each language."""
    made: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        with override(language):
            made.setdefault("curve", {})[language] = curve(lived, language)
            made.setdefault("people", {})[language] = people(lived, language)
    return made


def curve(lived: Mapping[str, Any], language: str) -> str:
    """Return the share in time by number of people, one line a shared way."""
    series = [
        (str(WAYS[each["way"]]), [tuple(point) for point in each["curve"]])
        for each in lived["ways"]
        if each["curve"]
    ]
    return diagrams.curves(
        series, across=_("People"), axis=_("Requests in time"), level=lived["share"],
        language=language,
    )  # fmt: skip


def people(lived: Mapping[str, Any], language: str) -> str:
    """Return the people of each way, lying bars."""
    rows = [(str(WAYS[each["way"]]), {"": each["whole"]}) for each in lived["ways"]]
    return diagrams.bars(rows, axis=_("People"), language=language)

"""What the grid and a spreadsheet write into a line: by field, how a cell is read and shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from babel.numbers import format_decimal
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from relais.engine.wording import fold
from relais.lib.formats import babel_locale
from relais.offer.models import Service
from relais.people.models import Confidentiality, Site

from . import reading_cells as cells
from .models import InventoryLine
from .reading_cells import Unread

# The columns of the grid, in the order in which somebody tells of her work.
GRID = (
    "site", "family", "task", "doer_role", "count", "period", "minutes_low", "minutes_usual",
    "minutes_high", "rework", "waiting", "value", "secrecy", "evidence", "confidence",
)  # fmt: skip
MINUTES = ("minutes_low", "minutes_usual", "minutes_high")
LEVELS = ("knowledge", "relation", "standard", "automatable")
NUMBERS = ("count", *MINUTES, "rework", "waiting", "errors", "able", "confidence", *LEVELS)
CHOICES: dict[str, Any] = {
    "family": Service.Family,
    "period": InventoryLine.Period,
    "value": InventoryLine.Value,
    "secrecy": Confidentiality,
    "evidence": InventoryLine.Evidence,
    "presence": InventoryLine.Presence,
    "deadline": InventoryLine.Deadline,
    "documented": InventoryLine.Documented,
    "target": InventoryLine.Target,
}


_WORD = re.compile(r"[^\W\d_]{4,}")


@lru_cache(maxsize=64)
def _words(field: str) -> dict[str, Any]:
    """Return the values of a choice by the words for them, in both languages."""
    found: dict[str, Any] = {}
    for language in ("en", "fr"):
        with override(language):
            for value, label in CHOICES[field].choices:
                found[fold(str(label)).strip()] = value
    found |= {fold(str(value)): value for value in CHOICES[field].values}
    if field == "secrecy":
        found |= {f"c{value}": value for value in CHOICES[field].values}
    return found


def labels(field: str) -> dict[Any, str]:
    """Return what a choice is called, in the reader's language."""
    return _labels(field, get_language() or "fr")


@lru_cache(maxsize=64)
def _labels(field: str, language: str) -> dict[Any, str]:
    with override(language):
        return {value: str(label) for value, label in CHOICES[field].choices}


class SitesByName:
    """The sites of a study, found by name, code or city as people write them."""

    def __init__(self, sites: Iterable[Site]) -> None:
        self.sites = list(sites)
        self.known: dict[str, set[int]] = {}
        for site in self.sites:
            for text in {site.name, site.code, site.city} - {""}:
                self.known.setdefault(fold(text).strip(), set()).add(site.pk)
        self.names = {site.pk: site.name for site in self.sites}

    def find(self, text: Any) -> int:
        """Return the site's key. Raises `Unread`, naming the sites that there are."""
        written = fold(cells.plain(text)).strip()
        if (
            written.isdecimal()
            and len(written) < 18
            and int(written) in self.names
            and written not in self.known
        ):
            return int(written)
        found = self.known.get(written, set())
        if len(found) != 1:
            names = ", ".join(self.names.values()) or "–"
            raise Unread(_("Choose one of the sites of the diagnostic: %(names)s.")
                         % {"names": names})  # fmt: skip
        return next(iter(found))


def read(field: str, text: Any, line: InventoryLine, sites: SitesByName) -> dict[str, Any]:
    """Return the fields of `line` that this text gives. Raises `Unread` with the mend.

    One cell may say two things: "2 x/semaine" is a count and its period; usual minutes typed
    first are all three points.
    """
    if field == "site":
        return {"site_id": sites.find(text)}
    if field == "task":
        written = cells.plain(text)
        if not written:
            raise Unread(_("Write what is done."))
        return {"task": _short(written, 300)}
    if field in CHOICES:
        return {field: choice(field, text)}
    if field == "count":
        count, period = cells.times(text) if cells.plain(text) else (0.0, None)
        _most(count, 1_000_000)
        return {"count": count} | ({"period": period} if period else {})
    if field in MINUTES:
        return _points(field, cells.minutes(text) if cells.plain(text) else 0.0, line)
    if field in ("rework", "waiting"):
        found = cells.percent(text) if cells.plain(text) else 0.0
        other = line.waiting if field == "rework" else line.rework
        if found + other > 100:
            raise Unread(_("Rework and waiting together take the whole time at most."))
        return {field: found}
    if field == "confidence":
        return {field: _whole(text, 1, 3)}
    if field in LEVELS:
        return {field: _whole(text, 1, 5)}
    if field == "able":
        return {field: _whole(text, 0, 1000) if cells.plain(text) else None}
    if field == "errors":
        found = cells.number(text) if cells.plain(text) else 0.0
        _most(found, 1_000_000)
        return {field: found}
    most = InventoryLine._meta.get_field(field).max_length
    return {field: _short(cells.plain(text), most)}


def choice(field: str, text: Any) -> Any:
    """Return the value of a choice from its word in either language. Raises `Unread`."""
    written = fold(cells.plain(text)).strip()
    known = _words(field)
    if written in known:
        return known[written]
    if field == "period":
        return cells.period(text)
    # A word of one label alone names it: "Accueil" for "Courrier, téléphone, accueil".
    meant = {value for words, value in known.items() if written and written in _WORD.findall(words)}
    if len(meant) == 1:
        return meant.pop()
    names = ", ".join(label for value, label in labels(field).items() if value != "")
    raise Unread(_("Choose one of: %(names)s.") % {"names": names})


def _points(field: str, found: float, line: InventoryLine) -> dict[str, Any]:
    _most(found, 100_000)
    low, _usual, high = line.minutes
    if not high:
        return dict.fromkeys(MINUTES, found)
    if field == "minutes_usual":
        # What was typed at its left stays: 5, then 10, is five at least and ten usually.
        return {"minutes_low": min(low, found), field: found, "minutes_high": max(high, found)}
    given = dict(zip(MINUTES, line.minutes, strict=True)) | {field: found}
    if not given["minutes_low"] <= given["minutes_usual"] <= given["minutes_high"]:
        raise Unread(_("Minutes: at least ≤ usually ≤ at most."))
    return {field: found}


def _whole(text: Any, least: int, most: int) -> int:
    found = cells.number(text)
    if found != int(found) or not least <= found <= most:
        raise Unread(_("Write a whole number from %(least)s to %(most)s.")
                     % {"least": least, "most": most})  # fmt: skip
    return int(found)


def _most(found: float, most: float) -> None:
    if not 0 <= found <= most:
        raise Unread(_("Write a number from 0 to %(most)s.")
                     % {"most": format_decimal(most, locale=babel_locale())})  # fmt: skip


def _short(text: str, most: int | None) -> str:
    if "\x00" in text:
        raise Unread(_("A character cannot be kept: type the text again."))
    if most is not None and len(text) > most:
        raise Unread(_("Write at most %(most)s characters.") % {"most": most})
    return text


def raw(line: InventoryLine, field: str) -> str:
    """Return what a cell holds, as it is compared and typed again."""
    if field == "site":
        return str(line.site_id)
    value = getattr(line, field)
    return cells.plain(value)


def shown(line: InventoryLine, field: str, sites: SitesByName) -> str:
    """Return a cell as one reads it."""
    if field == "site":
        return sites.names.get(line.site_id, "–")
    value = getattr(line, field)
    if field in CHOICES:
        return labels(field).get(value, str(value))
    if field in NUMBERS:
        if value is None or (field in ("count", *MINUTES, "rework", "waiting") and not value):
            return ""
        return str(format_decimal(value, "#,##0.##", locale=babel_locale()))
    return str(value)

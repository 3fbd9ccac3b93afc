"""A spreadsheet as people have it, read as lines of an inventory: each row right, or refused.

Headings are found and may stand in two rows; a second table begins with headings of its own; totals
and blank rows are left out; a row that names a site or a family alone holds for those below it;
columns may stand for sites or months. Nothing is taken half: a row with one bad cell is refused,
with the cell's address and the mend.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from relais.engine.inventory import months_of
from relais.engine.wording import fold
from relais.lib.tables import Row, letter
from relais.lib.workbooks import FAILED

from . import reading_cells as cells
from .line_fields import CHOICES, MINUTES, SitesByName, choice, read
from .models import InventoryLine
from .reading_cells import Unread
from .sheet_headings import Headings, joined, understand

_TOTAL = re.compile(
    r"^(sous[- ]?)?tota(?:l|ux)\b|^(sub|grand )?-?total|^somme\b|^sum\b|^ensemble\b"
)
HEADING_DEPTH = 15


@dataclass(frozen=True)
class Line:
    """A row that was read: where it stood, and the fields of its line."""

    row: int
    key: str
    fields: dict[str, Any]


@dataclass(frozen=True)
class Refusal:
    """A row that was not taken: the cell, what stands there, and the mend."""

    row: int
    cell: str
    text: str
    why: str
    field: str = ""


@dataclass
class Reading:
    """What a spreadsheet says."""

    headings: list[Headings] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)  # rows left out: they add others up


@dataclass
class _Above:
    """What rows above say for those below."""

    site: int | None = None
    family: str = ""


def read_sheet(
    rows: Sequence[Row],
    sites: SitesByName,
    *,
    mapping: Mapping[int, str] | None = None,
    site: int | None = None,
    unit: float = 1.0,
) -> Reading:
    """Return the lines of a sheet and what was refused.

    `mapping`: fields by column as a person put them, for the first table; `site`: where rows
    belong that name none; `unit`: minutes of a bare number whose heading names no unit.
    """
    found = Reading()
    heading: Headings | None = None
    above, seen = _Above(site), Counter[str]()
    skip = 0
    for place, row in enumerate(rows):
        if skip:
            skip -= 1
            continue
        fresh, used = _heading(rows, place, sites, None if found.headings else mapping)
        if fresh is not None:
            heading, skip = fresh, used - 1
            found.headings.append(fresh)
            continue
        if heading is None:
            if place + 1 >= HEADING_DEPTH:
                break
            _told_above(row, sites, above)
            continue
        if _is_total(row):
            found.totals.append(row.number)
        elif not _told_above(row, sites, above):
            _take(row, heading, sites, above, unit, found, seen)
    if heading is None:
        first = rows[0].number if rows else 1
        found.refused.append(
            Refusal(first, f"A{first}", rows[0].cell(0) if rows else "",
                    _("No heading names the tasks: write “Task” above their column."))
        )  # fmt: skip
    return found


def _heading(
    rows: Sequence[Row], place: int, sites: SitesByName, mapping: Mapping[int, str] | None
) -> tuple[Headings | None, int]:
    """Return the headings that begin at a row, of one row or two, and how many rows they take."""
    row = rows[place]
    if sum(bool(text.strip()) for text in row.cells) < 2 or any(map(_is_number, row.cells)):
        return None, 0
    one = understand(row.number, row.cells, sites)
    if place + 1 < len(rows):
        below = rows[place + 1]
        texts = [text for text in below.cells if text.strip()]
        if len(texts) >= 2 and not any(map(_is_number, texts)) and below.number == row.number + 1:
            both = understand(below.number, joined(row.cells, below.cells), sites)
            alone = understand(below.number, below.cells, sites)
            more = _worth(both) > max(_worth(one), _worth(alone))
            if both.says_enough and more and _worth(alone) + len(alone.sites) >= 1:
                return understand(below.number, joined(row.cells, below.cells), sites, mapping), 2
    if one.says_enough or (mapping and "task" in mapping.values() and _worth(one) >= 2):
        return understand(row.number, row.cells, sites, mapping), 1
    return None, 0


def _worth(heading: Headings) -> int:
    return len(heading.fields) + len(heading.sites) + len(heading.months)


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[\s\d.,%:-]*\d[\s\d.,%:-]*", text))


def _is_total(row: Row) -> bool:
    first = next((text for text in row.cells if text.strip()), "")
    return any(_TOTAL.match(fold(text).strip()) for text in (first, row.cell(0)))


def _told_above(row: Row, sites: SitesByName, above: _Above) -> bool:
    """Take a row that names a site or a family and nothing else: it holds for those below."""
    texts = [text for text in row.cells if text.strip()]
    if len(set(texts)) != 1:
        return False
    text = re.sub(r"^\s*(site|agence|famille|family|domaine)\s*:?\s*", "", fold(texts[0]))
    known = sites.known.get(text.strip())
    if known and len(known) == 1:
        above.site = next(iter(known))
        return True
    try:
        above.family = choice("family", text)
    except Unread:
        return False
    return True


def _take(
    row: Row, heading: Headings, sites: SitesByName, above: _Above, unit: float,
    found: Reading, seen: Counter[str],
) -> None:  # fmt: skip
    """Read one row into lines: one, or one a site where columns stand for sites."""
    faults: list[Refusal] = []
    line = InventoryLine(family=above.family or "other", site_id=above.site)
    fields: dict[str, Any] = {"family": line.family}
    for column, name in sorted(heading.fields.items(), key=_first_said):
        text = row.cell(column).strip()
        if name == "unit" or (not text and name != "task"):
            continue
        try:
            given = _cell(name, text, column, row, heading, unit, line, sites)
        except Unread as problem:
            faults.append(_refusal(row, column, problem.mend, name))
            continue
        fields |= given
        for attname, value in given.items():
            setattr(line, attname, value)
    _points(fields, row, heading, faults)
    _season(fields, row, heading, faults)
    _at_sites(fields, row, heading, sites, above, found, faults, seen)
    if faults:
        found.refused.extend(faults[:1] if faults[0].text == FAILED else faults)


def _first_said(each: tuple[int, str]) -> int:
    """Return the place of a column in reading: what others lean on or correct comes first."""
    order = ("period", "minutes_usual")
    return order.index(each[1]) if each[1] in order else len(order)


def _cell(
    name: str, text: str, column: int, row: Row, heading: Headings, unit: float,
    line: InventoryLine, sites: SitesByName,
) -> dict[str, Any]:  # fmt: skip
    if text == FAILED:
        raise Unread(_("A formula failed or holds no value: replace it by its value."))
    if name in MINUTES:
        worth = _unit_of(row, column, heading, unit)
        if name == "minutes_usual":
            return dict(zip(MINUTES, cells.span(text, worth), strict=True))
        return {name: cells.minutes(text, worth)}
    if name in ("rework", "waiting"):
        return {name: cells.percent(text, whole=False)}
    if name in CHOICES and name != "period":
        return {name: choice(name, text)}
    given = read(name, text, line, sites)
    if name == "count" and "period" not in given:
        if heading.period:
            given["period"] = heading.period
        elif not ("period" in heading.fields.values() and _has(row, heading, "period")):
            raise Unread(_("Say how often that is: write “12 / mois”, or fill a column “Period”."))
    return given


def _has(row: Row, heading: Headings, name: str) -> bool:
    return any(row.cell(c).strip() for c, each in heading.fields.items() if each == name)


def _unit_of(row: Row, column: int, heading: Headings, unit: float) -> float:
    """Return the minutes of a bare number: as its row's unit says, its heading, or the reader."""
    for place, name in heading.fields.items():
        if name == "unit" and (text := row.cell(place).strip()):
            try:
                return cells.minutes(f"1 {text}")
            except Unread:
                raise Unread(_("The unit is min, h or j: correct it.")) from None
    return heading.units.get(column, unit)


def _points(fields: dict[str, Any], row: Row, heading: Headings, faults: list[Refusal]) -> None:
    """Put three points in order: those that are not given lie between or at those that are."""
    columns = {name: column for column, name in heading.fields.items()}
    given = {n: fields[n] for n in MINUTES if n in fields}
    usual_given = "minutes_usual" in columns and row.cell(columns["minutes_usual"]).strip()
    low, high = given.get("minutes_low"), given.get("minutes_high")
    if low is None and high is None:
        return
    low_end = low if low is not None else high
    high_end = high if high is not None else low
    assert low_end is not None and high_end is not None
    usual = fields["minutes_usual"] if usual_given else (low_end + high_end) / 2
    if not low_end <= usual <= high_end:
        column = columns.get("minutes_usual" if usual_given else "minutes_low", 0)
        faults.append(_refusal(row, column, _("Minutes: at least ≤ usually ≤ at most.")))
    fields |= dict(zip(MINUTES, (low_end, usual, high_end), strict=True))


def _season(fields: dict[str, Any], row: Row, heading: Headings, faults: list[Refusal]) -> None:
    if not heading.months:
        return
    by_month = dict.fromkeys(range(1, 13), 0.0)
    for column, number in heading.months.items():
        if text := row.cell(column).strip():
            try:
                by_month[number] = cells.number(text)
            except Unread as problem:
                faults.append(_refusal(row, column, problem.mend))
    whole = sum(by_month.values())
    if whole <= 0 or min(by_month.values()) < 0:
        return
    fields["months"] = [round(each, 6) for each in months_of(list(by_month.values()))]
    if "count" not in fields:
        fields |= {"count": whole, "period": "event"}


def _at_sites(
    fields: dict[str, Any], row: Row, heading: Headings, sites: SitesByName, above: _Above,
    found: Reading, faults: list[Refusal], seen: Counter[str],
) -> None:  # fmt: skip
    """Add the line at its site, or one at each site whose column says how often."""
    places: list[dict[str, Any]] = []
    for column, pk in heading.sites.items():
        text = row.cell(column).strip()
        if not text or text in ("0", "-", "–"):
            continue
        try:
            if text == FAILED:
                raise Unread(_("A formula failed or holds no value: replace it by its value."))
            if fold(text) in ("x", "oui", "yes"):
                places.append({"site_id": pk})
                continue
            count, period = cells.times(text)
            if period is None and "period" not in fields:
                raise Unread(
                    _("Say how often that is: write “12 / mois”, or fill a column “Period”.")
                )
            places.append({"site_id": pk, "count": count} | ({"period": period} if period else {}))
        except Unread as problem:
            faults.append(_refusal(row, column, problem.mend))
    if not heading.sites:
        places = [{"site_id": fields.get("site_id", above.site)}]
        if places[0]["site_id"] is None and not any(each.field == "site" for each in faults):
            names = ", ".join(sites.names.values())
            column = next((c for c, name in heading.fields.items() if name == "site"), 0)
            why = _("Choose one of the sites of the diagnostic: %(names)s.") % {"names": names}
            faults.append(_refusal(row, column, why))
    if faults:
        return
    for place in places:
        whole = fields | place
        named = f"{whole['site_id']}|{fold(whole['task'])}|{fold(whole.get('doer_role', ''))}"
        seen[named] += 1
        key = hashlib.sha256(f"{named}|{seen[named]}".encode()).hexdigest()[:40]
        found.lines.append(Line(row.number, key, whole))


def _refusal(row: Row, column: int, why: str, name: str = "") -> Refusal:
    at = f"{letter(column)}{row.number}"
    return Refusal(row.number, at, row.cell(column).strip(), why, name)

"""The inventory as a grid: its rows as HTML, filtered and sorted, and what they add up to."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from babel.numbers import format_decimal
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from relais.engine import inventory
from relais.lib.formats import babel_locale
from relais.lib.text import french_key
from relais.offer.models import Service
from relais.people.templatetags.ui import icon

from .counting import SiteCount, by_site, counted, lines_of
from .line_fields import CHOICES, GRID, NUMBERS, SitesByName, labels, raw, shown
from .models import InventoryLine, Study

SHOWN = 200
NEW = "new"
HEADS: dict[str, Any] = {
    "site": gettext_lazy("Site"),
    "family": gettext_lazy("Family"),
    "task": gettext_lazy("Task"),
    "doer_role": gettext_lazy("Done by (role)"),
    "count": gettext_lazy("Times"),
    "period": gettext_lazy("Every"),
    "minutes_low": gettext_lazy("Min. at least"),
    "minutes_usual": gettext_lazy("Min. usually"),
    "minutes_high": gettext_lazy("Min. at most"),
    "rework": gettext_lazy("Rework %"),
    "waiting": gettext_lazy("Waiting %"),
    "value": gettext_lazy("Value"),
    "secrecy": gettext_lazy("Class"),
    "evidence": gettext_lazy("Evidence"),
    "confidence": gettext_lazy("Confidence"),
}
SORTS: dict[str, Any] = {
    "": gettext_lazy("As typed"),
    "hours": gettext_lazy("Most hours first"),
    "site": gettext_lazy("Site"),
    "family": gettext_lazy("Family"),
    "task": gettext_lazy("Task"),
    "friction": gettext_lazy("Most friction first"),
}


@dataclass(frozen=True)
class Asked:
    """What part of the inventory is looked at, and in which order."""

    site: int | None = None
    family: str = ""
    words: str = ""
    sort: str = ""
    page: int = 1

    @classmethod
    def of(cls, params: QueryDict, sites: SitesByName) -> Asked:
        """Return what the address asks for; what it cannot be is left aside."""
        site, page = params.get("site", ""), params.get("page", "")
        found = int(site) if site.isdecimal() and len(site) < 18 else None
        family, sort = params.get("family", ""), params.get("sort", "")
        return cls(
            found if found in sites.names else None,
            family if family in Service.Family.values else "",
            " ".join(params.get("q", "").replace("\0", " ").split())[:100],
            sort if sort in SORTS else "",
            int(page) if page.isdecimal() and 0 < len(page) < 5 else 1,
        )


@dataclass
class Sums:
    """What the whole inventory adds up to."""

    total: inventory.Total
    sites: list[SiteCount]

    @property
    def values(self) -> list[tuple[str, float]]:
        """Return the classes of value with their share of the minutes."""
        names = {
            inventory.Value.ADDED: _("adds value"),
            inventory.Value.NEEDED: _("needed"),
            inventory.Value.NONE: _("adds none"),
        }
        whole = self.total.minutes or 1
        return [(names[value], part / whole) for value, part in self.total.by_value.items()]


@dataclass
class Shown:
    """A page of the grid."""

    rows: list[InventoryLine]
    counts: Mapping[int, inventory.Counted]
    sums: Sums
    asked: Asked
    pages: int = 1
    all_lines: int = 0
    sites: SitesByName = field(default_factory=lambda: SitesByName([]))

    @property
    def drawn(self) -> SafeString:
        """Return the rows as HTML, drawn by hand: a template takes ten times as long."""
        return SafeString("".join(row_of(line, self.counts, self.sites) for line in self.rows))


def look(study: Study, seen: QuerySet[InventoryLine], asked: Asked, sites: SitesByName) -> Shown:
    """Return the lines `asked` for among those `seen`, and the sums of all that are seen."""
    lines = list(seen.filter(study=study).select_related("site"))
    counts = counted(lines)
    kept = [line for line in lines if _wanted(line, asked)]
    kept = _sorted(kept, counts, asked.sort)
    pages = max(1, -(-len(kept) // SHOWN))
    start = (min(asked.page, pages) - 1) * SHOWN
    sums = _sums(study, counts, sites)
    return Shown(kept[start : start + SHOWN], counts, sums, asked, pages, len(lines), sites)


def sums_of(study: Study, sites: SitesByName) -> tuple[Sums, Mapping[int, inventory.Counted]]:
    """Return what a study adds up to, and each line's hours."""
    counts = counted(lines_of(study))
    return _sums(study, counts, sites), counts


def _sums(study: Study, counts: Mapping[int, inventory.Counted], sites: SitesByName) -> Sums:
    rows = list(counts.values())
    seen = {row.line.site for row in rows} | {str(key) for key in sites.names}
    each = [one for one in by_site(study, rows) if str(one.scope.site_id) in seen]
    return Sums(inventory.total(rows), each)


def _wanted(line: InventoryLine, asked: Asked) -> bool:
    if asked.site is not None and line.site_id != asked.site:
        return False
    if asked.family and line.family != asked.family:
        return False
    text = french_key(f"{line.task} {line.doer_role} {line.site.name}")
    return all(word in text for word in french_key(asked.words).split())


def _sorted(
    lines: Sequence[InventoryLine], counts: Mapping[int, inventory.Counted], sort: str
) -> list[InventoryLine]:
    keys: dict[str, Any] = {
        "hours": lambda line: -counts[line.pk].minutes,
        "friction": lambda line: -counts[line.pk].friction,
        "site": lambda line: french_key(line.site.name),
        "family": lambda line: line.family,
        "task": lambda line: french_key(line.task),
    }
    return sorted(lines, key=keys[sort]) if sort else list(lines)


# Drawing ------------------------------------------------------------------------------------------


def row_of(
    line: InventoryLine,
    counts: Mapping[int, inventory.Counted],
    sites: SitesByName,
    wrong: Mapping[str, tuple[str, str]] | None = None,
) -> str:
    """Return a line as a row of the table. `wrong`: by field, what was typed and the mend."""
    key = str(line.pk) if line.pk else NEW
    cells = "".join(
        _cell(name, raw(line, name) if line.pk else "", shown(line, name, sites) if line.pk else "",
              (wrong or {}).get(name))
        for name in GRID
    )  # fmt: skip
    found = counts.get(line.pk) if line.pk else None
    hours = format_decimal(found.minutes / 60, "#,##0.0", locale=babel_locale()) if found else ""
    marks = ""
    if found and found.double:
        marks += icon("copy", _("Counted elsewhere"))
    if line.validated_at:
        marks += icon("check", _("Validated"))
    end = ""
    if line.pk:
        link = reverse("inventory_line", args=[line.pk])
        label = html.escape(_("All about “%(task)s”") % {"task": line.task})
        end = f'<a class="btn btn-sm btn-ghost-secondary" href="{link}" aria-label="{label}">' \
              f'{icon("dots")}</a>'  # fmt: skip
    hours_label = html.escape(_("Hours a year"))
    return (
        f'<tr data-line="{key}" class="{"" if line.pk else "new-line"}">{cells}'
        f'<td class="derived" data-label="{hours_label}">{hours}{marks}</td>'
        f'<td class="row-end">{end}</td></tr>'
    )  # fmt: skip


def _cell(name: str, value: str, text: str, wrong: tuple[str, str] | None) -> str:
    css, note = "cell", ""
    if name in NUMBERS:
        css += " is-number"
    if wrong is not None:
        css += " is-wrong"
        text = wrong[0]
        note = f'<span class="cell-error" role="alert">{html.escape(wrong[1])}</span>'
    return (
        f'<td class="{css}" tabindex="-1" data-field="{name}" data-raw="{html.escape(value)}" '
        f'data-label="{html.escape(str(HEADS[name]))}"><span class="cell-text">'
        f"{html.escape(text)}</span>{note}</td>"
    )


def choices(sites: SitesByName) -> dict[str, list[tuple[str, str]]]:
    """Return what may be chosen in the columns of the grid that are choices."""
    found = {"site": [(str(key), name) for key, name in sites.names.items()]}
    for name in GRID:
        if name in CHOICES:
            found[name] = [(str(value), label) for value, label in labels(name).items()]
    return found


def heads() -> Iterable[tuple[str, Any]]:
    """Return the columns with their labels."""
    return HEADS.items()

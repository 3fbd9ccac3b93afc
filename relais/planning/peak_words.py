"""The weeks ahead in words: what is short, what could be done, what is foreseen each half-day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from relais.engine import load
from relais.offer.models import Service
from relais.people.access import Access
from relais.people.models import Site

from . import demand
from .models import LoadOutlook
from .words import day_text

LEVERS = {
    load.DEFER: gettext_lazy("Let wait what may (P4) until the week after"),
    load.BACKUP: gettext_lazy("The backups of the site, where theirs leave them time"),
    load.FLOAT: gettext_lazy("The float"),
    load.OVERTIME: gettext_lazy("Overtime within the law"),
    load.TEMP: gettext_lazy("A freelance or a temp for what is left"),
    load.DATES: gettext_lazy("Or other dates for what is left, agreed with the requesters"),
}
TONES = {
    load.GREEN: (gettext_lazy("enough"), "good", "circle-check"),
    load.AMBER: (gettext_lazy("tight"), "warn", "alert-circle"),
    load.RED: (gettext_lazy("short"), "bad", "alert-triangle"),
}
HALVES = (gettext_lazy("morning"), gettext_lazy("afternoon"))


@dataclass
class Cell:
    """A week of a site or of the pool."""

    week: int
    p50: float
    p80: float
    capacity: float
    coverage: float | None
    tone: str
    levers: list[tuple[Any, float, float]] = field(default_factory=list)
    codes: tuple[str, ...] = ()

    @property
    def said(self) -> Any:
        """Return whether it is enough, in words."""
        return TONES[self.tone][0]

    @property
    def badge(self) -> str:
        """Return the tone of its badge."""
        return TONES[self.tone][1]

    @property
    def icon(self) -> str:
        """Return the sign of its badge."""
        return TONES[self.tone][2]


@dataclass
class Line:
    """A site, or the pool, over the weeks."""

    site: int
    name: str
    cells: list[Cell]


@dataclass
class Board:
    """The weeks ahead."""

    weeks: list[date]
    lines: list[Line]
    total: Line
    sentence: str
    basis: str


def board(access: Access, outlook: LoadOutlook) -> Board:
    """Return the outlook as the page shows it, of the sites that are seen."""
    report = outlook.report
    weeks = [date.fromisoformat(day) for day in report["weeks"]]
    seen = dict(access.see(Site).values_list("pk", "name"))
    lines = [
        Line(row["site"], seen[row["site"]], [_cell(n, c) for n, c in enumerate(row["cells"])])
        for row in report["sites"]
        if row["site"] in seen
    ]
    total = Line(0, "", [_cell(n, cell) for n, cell in enumerate(report["total"])])
    return Board(weeks, lines, total, _sentence(weeks, lines, total), basis(outlook))


def _cell(week: int, told: dict[str, Any]) -> Cell:
    levers = [(LEVERS.get(code, code), hours, after) for code, hours, after in told["levers"]]
    return Cell(
        week, told["p50"], told["p80"], told["capacity"], told["coverage"], told["tone"], levers,
        tuple(code for code, _hours, _after in told["levers"]),
    )  # fmt: skip


def _sentence(weeks: list[date], lines: list[Line], total: Line) -> str:
    short = [cell for line in lines for cell in line.cells if cell.tone == load.RED]
    worst = min(
        (cell for cell in total.cells if cell.coverage is not None),
        key=lambda cell: cell.coverage or 0.0,
        default=None,
    )
    if worst is None:
        return _("Nothing is foreseen of these weeks yet.")
    facts = {
        "day": day_text(weeks[worst.week]),
        "coverage": localize(round(worst.coverage or 0.0, 2)),
    }
    told = _("The tightest week is that of %(day)s: %(coverage)s hours for one asked.") % facts
    if not short:
        return f"{told} {_('No site is short.')}"
    places = ngettext(
        "%(n)s week of a site is short.", "%(n)s weeks of sites are short.", len(short)
    )
    return f"{told} {places % {'n': len(short)}}"


def basis(outlook: LoadOutlook) -> str:
    """Return what the figures rest on, honestly."""
    told = _basis(outlook)
    young = len(outlook.report.get("profiled", []))
    if not young or outlook.method == demand.PROFILE:
        return told
    text = ngettext(
        "%(n)s site with a shorter history follows the profile of its diagnostic.",
        "%(n)s sites with a shorter history follow the profile of their diagnostic.", young,
    )  # fmt: skip
    return f"{told} {text % {'n': young}}"


def _basis(outlook: LoadOutlook) -> str:
    facts = {"weeks": f"{outlook.counted:.0f}", "enough": demand.ENOUGH}
    if outlook.method == demand.PROFILE:
        return (
            _(
                "The profile of the diagnostic (its volumes, month by month): fewer than "
                "%(enough)s weeks of requests were counted."
            )
            % facts
        )
    if outlook.method == demand.FORECAST:
        return _("A forecast from %(weeks)s weeks of requests, with intervals of 80 %%.") % facts
    if outlook.method == demand.MEAN:
        return (
            _(
                "Not enough history for a forecast: %(weeks)s of %(enough)s weeks. These are the "
                "means of the same half-days so far."
            )
            % facts
        )
    return _("No request was counted yet: nothing can be foreseen. Capacity alone is told.")


@dataclass
class Chosen:
    """A site in a week: what could be done, and what each half-day brings."""

    line: Line
    cell: Cell
    monday: date
    families: list[Any]
    rows: list[tuple[str, list[list[float]]]]
    profiled: bool = False


def chosen(shown: Board, outlook: LoadOutlook, site: int, week: int) -> Chosen | None:
    """Return what is told of one site in one week; None where none was chosen."""
    line = next((one for one in shown.lines if one.site == site), None)
    if line is None or week >= len(shown.weeks):
        return None
    series = [one for one in outlook.report["half_days"] if one["site"] == site]
    names = dict(Service.Family.choices)
    rows = []
    for day in range(7):
        for half in range(demand.HALVES):
            at = (7 * week + day) * demand.HALVES + half
            values = [one["values"][at] for one in series]
            if any(mean for mean, _low, _high in values):
                when = day_text(shown.weeks[week] + timedelta(days=day))
                rows.append((f"{when}, {HALVES[half]}", values))
    families = [names.get(one["family"], one["family"]) for one in series]
    profiled = site in outlook.report.get("profiled", [])
    return Chosen(line, line.cells[week], shown.weeks[week], families, rows, profiled)


def drawing(outlook: LoadOutlook | None, name: str, language: str) -> str:
    """Return a drawing in a language; empty where there is none."""
    if outlook is None:
        return ""
    known = outlook.charts.get(name, {})
    return str(known.get(language[:2]) or known.get("fr", ""))

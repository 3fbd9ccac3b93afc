"""Spreadsheets as people have them: each read rightly, or refused with the cell and the mend."""

import datetime as dt
import io
from collections.abc import Callable

import pytest
from django.utils.translation import override
from openpyxl import Workbook

from relais.people.models import Site
from relais.study.line_fields import SitesByName
from relais.study.reading_book import table_of
from relais.study.reading_sheet import read_sheet

SITES = SitesByName([Site(pk=1, name="Aix"), Site(pk=2, name="Lyon", city="Lyon")])


@pytest.fixture(autouse=True)
def _english():
    with override("en"):
        yield


def csv(text, encoding="utf-8"):
    return text.encode(encoding)


def book(rows, tune: Callable | None = None):
    made = Workbook()
    sheet = made.active
    for row in rows:
        sheet.append(row)
    if tune:
        tune(sheet)
    kept = io.BytesIO()
    made.save(kept)
    return kept.getvalue()


def merged(*ranges):
    def tune(sheet):
        for each in ranges:
            sheet.merge_cells(each)

    return tune


def hide(sheet):
    sheet.row_dimensions[3].hidden = True


MONTHS = "jan fév mar avr mai juin juil août sep oct nov déc".split()  # noqa: SIM905
PLAIN = ["Site", "Tâche", "Fréquence", "Durée (min)"]
# What is handed in; the lines it is (site, task, count, period, minutes); the cells refused.
UGLY = {
    "semicolons, a byte-order mark and decimal commas": (
        csv("\ufeffSite;Tâche;Fréquence par mois;Durée (h)\r\nAix;Agenda;10;1,5\r\n"),
        [(1, "Agenda", 10, "month", (90, 90, 90))], [],
    ),
    "windows letters and tabs": (
        csv("Site\tTâche\tFois par semaine\tDurée\nLyon\tRéunions\t2\t45 min\n", "cp1252"),
        [(2, "Réunions", 2, "week", (45, 45, 45))], [],
    ),
    "English headings": (
        csv("Location,Task,How often,Time\nLyon,Book travel,3 a week,1h30\n"),
        [(2, "Book travel", 3, "week", (90, 90, 90))], [],
    ),
    "a title, a date and blank rows above": (
        book([["Inventaire 2026"], [], ["mis à jour", dt.date(2026, 3, 1)], [], PLAIN,
              ["Aix", "Agenda", "2 x/semaine", 30]]),
        [(1, "Agenda", 2, "week", (30, 30, 30))], [],
    ),
    "merged sites": (
        book([PLAIN, ["Aix", "Agenda", "1/jour", 30], [None, "Courrier", "1/jour", 15],
              ["Lyon", "Notes", "1/mois", 60]], merged("A2:A3")),
        [(1, "Agenda", 1, "day", (30, 30, 30)), (1, "Courrier", 1, "day", (15, 15, 15)),
         (2, "Notes", 1, "month", (60, 60, 60))], [],
    ),
    "totals among the rows": (
        book([PLAIN, ["Aix", "Agenda", "1/jour", 30], ["Sous-total Aix", None, None, 30],
              ["Lyon", "Notes", "1/mois", 60], ["TOTAL", None, 2, 90]]),
        [(1, "Agenda", 1, "day", (30, 30, 30)), (2, "Notes", 1, "month", (60, 60, 60))], [],
    ),
    "units mixed in one column": (
        book([PLAIN, ["Aix", "A", "1/mois", "1h30"], ["Aix", "B", "1/mois", "0,5 j"],
              ["Aix", "C", "1/mois", "45 min"], ["Aix", "D", "1/mois", "1:15"]]),
        [(1, "A", 1, "month", (90,) * 3), (1, "B", 1, "month", (210,) * 3),
         (1, "C", 1, "month", (45,) * 3), (1, "D", 1, "month", (75,) * 3)], [],
    ),
    "a column of units": (
        book([["Site", "Tâche", "Nombre", "Périodicité", "Temps", "Unité"],
              ["Aix", "A", 2, "semaine", 1.5, "h"], ["Aix", "B", 2, "mensuel", 20, "min"],
              ["Aix", "C", 2, "an", 1, "lunes"]]),
        [(1, "A", 2, "week", (90,) * 3), (1, "B", 2, "month", (20,) * 3)], ["E4"],
    ),
    "headings in two rows": (
        book([["Site", "Tâche", "Fréquence", "Durée (min)", None, None],
              [None, None, "par mois", "min", "habituelle", "max"],
              ["Aix", "Agenda", 4, 10, 20, 60]], merged("D1:F1")),
        [(1, "Agenda", 4, "month", (10, 20, 60))], [],
    ),
    "two tables in one sheet": (
        book([PLAIN, ["Aix", "Agenda", "1/jour", 30], [], ["Activité", "Lieu", "Nb / an", "Heures"],
              ["Assemblée", "Lyon", 1, 12]]),
        [(1, "Agenda", 1, "day", (30,) * 3), (2, "Assemblée", 1, "year", (720,) * 3)], [],
    ),
    "sites as columns": (
        book([["Tâche", "Périodicité", "Minutes", "Aix", "Lyon"], ["Agenda", "mois", 30, 10, 20],
              ["Notes", "semaine", 60, "-", 2]]),
        [(1, "Agenda", 10, "month", (30,) * 3), (2, "Agenda", 20, "month", (30,) * 3),
         (2, "Notes", 2, "week", (60,) * 3)], [],
    ),
    "months as columns": (
        book([["Site", "Tâche", "Min", *MONTHS], ["Aix", "Clôture", 60, 2, *[0] * 10, 4]]),
        [(1, "Clôture", 6, "event", (60,) * 3)], [],
    ),
    "sites and families as rows of their own": (
        book([["Tâche", "Fréquence", "Durée (min)"], ["Site : Aix"], ["Agenda", "1/jour", 30],
              ["LYON"], ["Facturation"], ["Relances", "1/semaine", 90]]),
        [(1, "Agenda", 1, "day", (30,) * 3), (2, "Relances", 1, "week", (90,) * 3)], [],
    ),
    "dates instead of numbers": (
        book([PLAIN, ["Aix", "Agenda", dt.date(2026, 3, 2), 30], ["Aix", "Notes", "1/mois", 15]]),
        [(1, "Notes", 1, "month", (15,) * 3)], ["C2"],
    ),
    "times of the day as durations": (
        book([PLAIN, ["Aix", "Agenda", "1/jour", dt.time(1, 30)]]),
        [(1, "Agenda", 1, "day", (90,) * 3)], [],
    ),
    "formulas without a value, and failed ones": (
        book([PLAIN, ["Aix", "Agenda", "1/jour", "=15*2"], ["Aix", "Notes", "1/mois", "#REF!"],
              ["Aix", "Courrier", "1/jour", 5]]),
        [(1, "Courrier", 1, "day", (5,) * 3)], ["D2", "D3"],
    ),
    "hidden rows are rows": (
        book([PLAIN, ["Aix", "A", "1/jour", 5], ["Aix", "B", "1/jour", 6]], hide),
        [(1, "A", 1, "day", (5,) * 3), (1, "B", 1, "day", (6,) * 3)], [],
    ),
    "ranges of time and thousands": (
        csv("Site;Tâche;Nombre par an;Temps\nAix;Appels;1 200;5-15 min\nAix;Plis;2\u202f000;3'\n"),
        [(1, "Appels", 1200, "year", (5, 10, 15)), (1, "Plis", 2000, "year", (3,) * 3)], [],
    ),
    "a frequency without a period, an unknown site, no task": (
        book([PLAIN, ["Aix", "A", 3, 5], ["Brest", "B", "1/jour", 5], ["Aix", None, "1/jour", 5],
              ["Aix", "D", "1/jour", "longtemps"]]),
        [], ["C2", "A3", "B4", "D5"],
    ),
    "no heading at all": (csv("Aix;10;20\nLyon;30;40\n"), [], ["A1"]),
    "percents written as shares, and no site but the chosen one": (
        book([["Activité", "Qui", "Nb/mois", "Durée en heures", "Attente", "Reprises %"],
              ["Devis", "Assistante", 8, 0.5, 0.25, "10 %"]]),
        [(None, "Devis", 8, "month", (30,) * 3)], [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", UGLY)
def test_a_spreadsheet_is_read_rightly_or_refused_by_the_cell(what):
    content, lines, refused = UGLY[what]
    site = 1 if any(line[0] is None for line in lines) else None
    found = read_sheet(table_of(content).rows, SITES, site=site)
    assert [one.cell for one in found.refused] == refused, found.refused
    assert all(one.why for one in found.refused)
    got = [
        (one.fields["site_id"], one.fields["task"], one.fields["count"], one.fields["period"],
         (one.fields["minutes_low"], one.fields["minutes_usual"], one.fields["minutes_high"]))
        for one in found.lines
    ]  # fmt: skip
    assert got == [(line[0] or 1, *line[1:]) for line in lines]

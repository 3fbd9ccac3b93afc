"""Exports: what a spreadsheet opens, and never runs."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import translation
from openpyxl import load_workbook

from relais.lib.sheet import disarm, send_sheet, write_csv, write_xlsx

ROWS = [["Nom", "Note"], ["Bœuf", "=1+1"], ["Été; hiver", '"cité"']]


def csv_of(rows: list, language: str = "fr") -> str:
    file = io.BytesIO()
    with translation.override(language):
        write_csv(rows, file)
    return file.getvalue().decode("utf-8")


def test_csv_opens_in_a_french_spreadsheet():
    text = csv_of(ROWS)
    assert text.startswith("\ufeffNom;Note\r\n")
    assert '"Été; hiver";"""cité"""' in text


def test_csv_takes_commas_in_english():
    assert csv_of(ROWS, "en").startswith("\ufeffNom,Note\r\n")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_starts_like_a_formula_is_disarmed(start: str):
    assert disarm(f"{start}cmd|'/c calc'!A0") == f"'{start}cmd|'/c calc'!A0"
    assert csv_of([[f"{start}1"]]).removeprefix("\ufeff").lstrip('"').startswith("'")


def test_numbers_are_not_disarmed():
    assert csv_of([[-3, Decimal("-1.5"), True, None]]) == "\ufeff-3;-1,5;Oui;\r\n"


def test_dates_are_local():
    row = [date(2026, 11, 23), datetime(2026, 11, 23, 23, 30, tzinfo=UTC)]
    assert csv_of([row]) == "\ufeff23/11/2026;24/11/2026 00:30\r\n"


def test_a_workbook_holds_text_where_csv_would_hold_a_formula():
    file = io.BytesIO()
    write_xlsx([["Nom"], ["=1+1"], ["bad\x0bchar"], [datetime(2026, 7, 1, 10, tzinfo=UTC)]], file)
    sheet = load_workbook(file).active
    assert sheet["A2"].value == "=1+1"
    assert sheet["A2"].data_type == "s"
    assert sheet["A3"].value == "badchar"
    assert sheet["A4"].value == datetime(2026, 7, 1, 12)  # noqa: DTZ001


def test_a_file_is_written_before_it_is_sent():
    read = []

    def rows():
        yield ["Nom"]
        read.append(True)
        yield ["Aix"]

    answer = send_sheet(rows(), "csv", "sites", "Sites")
    assert read == [True]
    assert "sites-" in answer["Content-Disposition"]
    assert b"".join(answer).decode("utf-8-sig").splitlines() == ["Nom", "Aix"]

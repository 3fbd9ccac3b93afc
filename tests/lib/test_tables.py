"""Tables as people really have them; and garbage, which ends in a message and nothing else."""

import datetime as dt
import io
import random
import subprocess
import sys
import tracemalloc
import zipfile

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from relais.lib import sheet, tables, workbooks
from relais.lib.tables import TableProblem

FRENCH = (
    "Société;Nom;Téléphone;Ville\r\n"
    "Calanques;Hélène Bœuf;06 12 34 56 78;Aix-en-Provence\r\n"
    "Bretagne Froid;Gaël L’Hôte;02 98 00 00 00;Brest\r\n"
)


def xlsx(*rows, sheets=None):
    book = Workbook()
    book.remove(book.active)
    for title, lines in (sheets or {"Feuil1": rows}).items():
        page = book.create_sheet(title)
        for line in lines:
            page.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(content, changes, method=zipfile.ZIP_DEFLATED):
    """Return the workbook with some of its parts replaced."""
    source, out = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as target:
        for name in source.namelist():
            target.writestr(name, changes.get(name, source.read(name)))
    return out.getvalue()


def sheet_xml(rows):
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return f"<worksheet {space}><sheetData>{rows}</sheetData></worksheet>"


SHEET = "xl/worksheets/sheet1.xml"
PLAIN = xlsx(["Nom", "Ville"], ["Bœuf", "Aix"])


def cells(content, **how):
    return [row.cells for row in tables.read(content, **how).rows]


# --- CSV ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "mac-roman"],
)
def test_a_french_list_is_read_in_every_encoding(encoding):
    table = tables.read(FRENCH.encode(encoding))
    assert table.rows[1].cells[1] == "Hélène Bœuf"
    assert table.rows[2].cells[1] == "Gaël L’Hôte"
    assert table.separator == ";"


def test_the_old_dos_encoding_is_read_too():
    table = tables.read("Nom;Métier\nHélène;Préparée à Évian\n".encode("cp850"))
    assert table.rows[1].cells == ("Hélène", "Préparée à Évian")


def test_accents_that_come_late_in_a_long_file_still_tell_the_encoding():
    content = b"nom;ville\n" + b"martin;paris\n" * 20_000 + "Zoé;Fréjus\n".encode("mac-roman")
    assert tables.read(content).rows[-1].cells == ("Zoé", "Fréjus")


@pytest.mark.parametrize("separator", ";,\t|")
def test_the_separator_is_found(separator):
    text = f"Nom{separator}Adresse\nBœuf{separator}" + '"12, rue du Port; bât. A"\n'
    assert cells(text.encode())[1] == ("Bœuf", "12, rue du Port; bât. A")


def test_a_spreadsheets_own_line_on_the_separator_is_no_row():
    table = tables.read(b"sep=|\r\na|b;c;d\r\n1|2;3;4\r\n")
    assert [(row.number, row.cells) for row in table.rows] == [
        (1, ("a", "b;c;d")),
        (2, ("1", "2;3;4")),
    ]


def test_a_single_column_is_a_table_too():
    assert cells("Nom\nBœuf\nArnaud\n".encode()) == [("Nom",), ("Bœuf",), ("Arnaud",)]


def test_several_names_on_several_lines_of_one_cell_stay_in_their_cell():
    content = 'N°;Noms\r\n1\u00a0042;"Arnaud\u00a0Alice\nBœuf Basile\r\n"\r\n'.encode("utf-8-sig")
    assert cells(content)[1] == ("1 042", "Arnaud Alice\nBœuf Basile")


def test_rows_keep_the_numbers_of_the_spreadsheet_when_some_are_blank():
    table = tables.read(b'a;b\n\n;\n1;2\n\n"3\n3";4\n5;6\n;;\n')
    assert [row.number for row in table.rows] == [1, 4, 6, 7]


def test_trailing_blank_columns_are_gone():
    assert tables.read(b"a;b;;;\n1;2;;;\n").width == 2


def test_what_cannot_be_seen_is_taken_out():
    assert tables.tidy("\ufeffJean\u200b\u00a0\u202fMartin\u00ad \x07") == "Jean Martin"
    assert tables.tidy("e\u0301te\u0301\r\n\r\n  b") == "été\nb"


def test_a_quotation_mark_that_is_never_closed_is_named_by_its_row():
    with pytest.raises(tables.UnclosedQuote) as problem:
        tables.read(b'a;b\n1;2\n3;"quatre\n5;6\n7;8\n')
    assert problem.value.values["row"] == 3


def test_a_file_of_the_old_macs_is_read():
    assert cells(b"a;b\r1;2\r3;4\r") == [("a", "b"), ("1", "2"), ("3", "4")]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", tables.Empty),
        (b"\xef\xbb\xbf \r\n", tables.Empty),
        (b";;;\n;;\n", tables.Empty),
        (b"%PDF-1.7 ...", tables.OtherFormat),
        (b"<html><table><tr><td>export</td></tr></table>", tables.OtherFormat),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, tables.LockedWorkbook),
        (random.Random(1).randbytes(5000), tables.NotATable),
        (b"PK\x03\x04" + b"\0" * 100, tables.BrokenWorkbook),
        (b"a;b\n" + b"x" * 6_000 + b";1\n", tables.CellTooLong),
        (b"a;" * 300 + b"b\n", tables.TooManyColumns),
        (b"a;b\n" * 50_001, tables.TooManyRows),
        (b"a" * (tables.MAX_BYTES + 1), tables.TooBig),
    ],
)
def test_each_fault_has_its_own_message(content, problem):
    with pytest.raises(problem) as raised:
        tables.read(content)
    assert len(str(raised.value)) > 30


# --- XLSX -----------------------------------------------------------------------------------


def test_numbers_and_days_come_as_one_writes_them():
    row = [732829320.0, 7.32829e8, 612345678.0, 0.1, dt.date(2026, 1, 2), True, None, "x"]
    assert cells(xlsx(row))[0] == (
        "732829320",
        "732829000",
        "612345678",
        "0.1",
        "2026-01-02",
        "1",
        "",
        "x",
    )


def test_rows_of_a_workbook_keep_their_numbers():
    book = xlsx([], ["Titre"], [], ["Nom", "Ville"], [], ["Bœuf", "Aix"], [" ", ""])
    assert [row.number for row in tables.read(book).rows] == [2, 4, 6]


def test_a_cell_merged_downwards_speaks_for_each_of_its_rows():
    book = Workbook()
    page = book.active
    for line in (["Site", "Nom"], ["Lyon", "A"], [None, "B"], [None, "C"], [None, "D"]):
        page.append(line)
    page.merge_cells("A2:A4")
    out = io.BytesIO()
    book.save(out)
    assert [row[0] for row in cells(out.getvalue())] == ["Site", "Lyon", "Lyon", "Lyon", ""]


def test_a_failed_formula_is_not_taken_for_an_empty_cell():
    assert cells(xlsx(["SIREN", "Nom"], ["#N/A", "Bœuf"]))[1] == (workbooks.FAILED, "Bœuf")


def test_the_first_sheet_that_holds_rows_is_read_unless_another_is_named():
    book = xlsx(sheets={"Vide": [], "Sites": [["Aix"]], "Autres": [["Lyon"]]})
    table = tables.read(book)
    assert (table.sheet, table.sheets) == ("Sites", ["Vide", "Sites", "Autres"])
    assert cells(book, sheet="Autres") == [("Lyon",)]
    with pytest.raises(tables.NoSuchSheet, match="Vide, Sites, Autres"):
        tables.read(book, sheet="Personne")
    with pytest.raises(tables.EmptySheet):
        tables.read(book, sheet="Vide")


@pytest.mark.parametrize("write", [sheet.write_csv, sheet.write_xlsx])
def test_what_the_product_exports_is_read_back(write):
    rows = [["Nom", "Téléphone"], ["=HYPERLINK(1)", "+33 6 12"], ["Bœuf", "0612"]]
    out = io.BytesIO()
    write(rows, out, "Liste")
    assert cells(out.getvalue()) == [tuple(row) for row in rows]


# --- bombs ----------------------------------------------------------------------------------


def test_one_cell_at_the_end_of_the_sheet_does_not_ask_for_all_memory():
    far = sheet_xml('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    with pytest.raises(tables.TooManyRows, match="1048576"):
        tables.read(repacked(PLAIN, {SHEET: far}))


def test_formatted_empty_cells_to_the_end_of_the_sheet_harm_nobody():
    far = sheet_xml(
        '<row r="1"><c r="A1"><v>1</v></c></row>'
        '<row r="1048576"><c r="XFD1048576" s="0"/><c r="XFD1048575" s="0"></c></row>'
    )
    assert cells(repacked(PLAIN, {SHEET: far})) == [("1",)]


def test_rows_without_addresses_are_counted():
    rows = "<row><c><v>1</v></c></row>" * (tables.MAX_ROWS + 1)
    with pytest.raises(tables.TooManyRows):
        tables.read(repacked(PLAIN, {SHEET: sheet_xml(rows)}))


def test_a_zip_bomb_stops_at_its_bound():
    bomb = repacked(PLAIN, {SHEET: b" " * (workbooks.MAX_UNPACKED + 1)})
    assert len(bomb) < 2**20
    with pytest.raises(TableProblem):
        tables.read(bomb)


def test_entities_are_not_expanded():
    laughs = '<!DOCTYPE x [<!ENTITY a "aaaa">]>' + sheet_xml("")
    with pytest.raises(tables.BrokenWorkbook):
        tables.read(repacked(PLAIN, {SHEET: laughs}))


def test_other_files_in_a_zip_are_named():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as parcel:
        parcel.writestr("content.xml", "<x/>")
    with pytest.raises(tables.OtherFormat, match="OpenDocument"):
        tables.read(out.getvalue())


def test_a_hundred_megabytes_are_refused_after_the_first_twenty(tmp_path):
    path = tmp_path / "big.csv"
    with path.open("wb") as out:
        out.truncate(100 * 2**20)
    tracemalloc.start()
    with path.open("rb") as file, pytest.raises(tables.TooBig, match="20 MB"):
        tables.load(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50 * 2**20


BOUNDED = """
import resource, sys
from relais.lib import sheet, tables, workbooks
limit = 900 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    tables.read(open(sys.argv[1], "rb").read())
except tables.TableProblem as problem:
    print(type(problem).__name__)
"""


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("wide", b"a;b;c;d;e;f;g;h;i;j;k;l;m;n;o\n" * 49_999, ""),
        ("cells", b"a;" * 190 + b"b\n" + (b"a;" * 190 + b"b\n") * 40_000, "TooManyCells"),
        ("one line", b"a" * tables.MAX_BYTES, "CellTooLong"),
        ("quotes", b'"' * (tables.MAX_BYTES // 2), ""),
        ("separators", b";" * tables.MAX_BYTES, ""),
        ("newlines", b"\n" * (tables.MAX_BYTES - 1) + b"a", ""),
        ("emoji", "😀;é\n".encode() * 49_000, ""),
    ],
)
def test_the_worst_files_within_the_bound_fit_in_memory(tmp_path, name, content, said):
    path = tmp_path / "file"
    path.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", BOUNDED, str(path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert said in done.stdout


# --- fuzz -----------------------------------------------------------------------------------


def survives(content):
    """Read bytes; whatever they are, rows or a problem with a message come out."""
    try:
        table = tables.read(content)
    except TableProblem as problem:
        assert str(problem)
    else:
        assert table.rows
        assert all("\0" not in cell for row in table.rows for cell in row.cells)


FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FUZZ
@given(st.binary(max_size=3000))
@example(b"\xff\xfe\x00")
@example(b"\xff\xfe\x00\xd8")
@example(b"sep=\n")
@example(b"sep=;")
@example(b"PK")
def test_random_bytes_never_surprise(content):
    survives(content)


@FUZZ
@given(st.text(alphabet=";,\t|\"'\r\n\0aé=\u00a0\u2028", max_size=400))
def test_random_separators_and_quotes_never_surprise(text):
    survives(text.encode())


@FUZZ
@given(st.integers(0, len(PLAIN)))
def test_a_workbook_cut_short_never_surprises(length):
    survives(PLAIN[:length])


@FUZZ
@given(st.lists(st.tuples(st.integers(0, len(PLAIN) - 1), st.integers(0, 255)), max_size=8))
def test_a_workbook_with_flipped_bytes_never_surprises(flips):
    content = bytearray(PLAIN)
    for place, value in flips:
        content[place] = value
    survives(bytes(content))


_ZIP = zipfile.ZipFile(io.BytesIO(PLAIN))
PARTS = {name: _ZIP.read(name) for name in _ZIP.namelist()}


@FUZZ
@given(
    st.sampled_from(sorted(PARTS)),
    st.integers(0, 3000),
    st.sampled_from([b"", b"<", b"&", b'"', b"9", b"</c>", b"<c r='ZZZ99999999'><v>1</v></c>"]),
    st.integers(0, 40),
)
def test_a_workbook_with_broken_xml_never_surprises(name, place, put, taken):
    part = PARTS[name]
    place %= len(part)
    survives(repacked(PLAIN, {name: part[:place] + put + part[place + taken :]}))


@FUZZ
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A1", "B7", "XFD1", "A1048576", "zz9", "", "A0", "0", "A99999999"]),
            st.sampled_from(["n", "s", "str", "inlineStr", "b", "e", "d", "?"]),
            st.sampled_from(["1", "-1", "1e400", "99999", "", "x", "2026-99-99", "&#0;"]),
        ),
        max_size=6,
    )
)
def test_a_workbook_with_mad_cells_never_surprises(parts):
    rows = "".join(f'<row><c r="{r}" t="{t}"><v>{v}</v></c></row>' for r, t, v in parts)
    survives(repacked(PLAIN, {SHEET: sheet_xml(rows)}))

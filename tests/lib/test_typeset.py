"""Documents: kept for long, read aloud, the same bytes for the same, and no text is a command."""

from datetime import UTC, datetime

import page
import pytest

from relais.lib import typeset

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
SOURCE = """\
#import "/lib/house.typ": *
#let d = json(bytes(sys.inputs.data))
#show: house.with(d)
#opening(d.title, d.under)
= #d.part
#sheet(d.head, d.rows, numbers: (1,))
#drawing(d.svg, d.alt)
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20"><rect width="60"/></svg>'
DATA = {
    "language": "fr", "title": "Dossier", "author": "Pôle", "foot": "Aix", "under": "l'essentiel",
    "part": "#panic()", "head": ["Site", "Heures"], "rows": [["Aix", "12"], ["*Lyon*", "9"]],
    "svg": SVG, "alt": "Une barre",
}  # fmt: skip


@pytest.fixture
def template(tmp_path):
    file = tmp_path / "of_a_test.typ"
    file.write_text(SOURCE)
    return file


def test_a_document_can_be_kept_and_read_aloud_and_is_the_same_each_time(template):
    made = typeset.document(template, DATA, at=AT)
    for profile in (page.ValidationProfile.PDF_A_3B, page.ValidationProfile.PDF_UA_1):
        told = page.validate_pdf_bytes(made, profile=profile)
        assert told.is_compliant, told.failures
    assert typeset.document(template, DATA, at=AT) == made


def test_a_drawing_without_words_is_refused(template):
    template.write_text(SOURCE.replace("d.alt", "none"))
    with pytest.raises(typeset.CannotBeSet):
        typeset.document(template, DATA, at=AT)


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("l'aide", "l’aide"),
        ('dit "oui"', "dit «\u202foui\u202f»"),
        ("Reste : quoi ?", "Reste\u202f: quoi\u202f?"),
        ("9:30 et 10 h", "9:30 et 10 h"),
        ("<svg font='x'/>", "<svg font='x'/>"),
    ],
)
def test_french_texts_bear_the_marks_of_a_printer(typed, printed):
    assert typeset.french({"rows": [typed]}) == {"rows": [printed]}

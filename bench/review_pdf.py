"""How long a service review of some ten pages takes to be set, drawings apart and with them.

    python bench/review_pdf.py

The bar: 2 s for 10 pages. Data are made up here; nothing is read from a database.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

from relais.lib import charts, typeset
from relais.lib.diagrams import bars

ROWS = 24
TEXT = "Un retard sur douze vient d'une pièce remise après l'heure convenue. " * 6
TEMPLATE = typeset.ROOT / "records" / "documents" / "review.typ"


def data() -> dict[str, object]:
    """Return a review as long as that of a client with two dozen sites."""
    row = ["Respect des délais", "92,1 %", "89,0 à 94,5 %", "318", "+1,2 pt", "dans la marge"]
    heads = {
        "figures_head": row, "sites_head": row, "families_head": row[:5],
        "promises_head": [*row, "x"],
        "credits_head": row, "exclusions_head": row[:3], "items_head": row[:4],
        "restatements_head": row[:5], "trend_head": row[:5],
    }  # fmt: skip
    names = (
        "figures trend sites families promises credits exclusions commentary actions decisions "
        "restatements definitions how how_text none"
    )
    part = {"sentence": TEXT}
    return {
        "language": "fr", "title": "Revue de service", "author": "Pôle", "under": "Client",
        "foot": "Client · mars 2026", "known": "Connus au 3 avril.", "secret": "Sans C3.",
        "state": "Clôturée.", "headline": TEXT, "words": {n: n for n in names.split()} | heads,
        "figures": [row] * ROWS, "trend": part | {"rows": [row[:5]] * ROWS},
        "sites": part | {"rows": [row] * ROWS}, "families": part | {"rows": [row[:5]] * ROWS},
        "promises": part | {"rows": [[*row, "Conforme"]] * ROWS},
        "credits": part | {"rows": [row] * 6}, "exclusions": [row[:3]] * 6,
        "commentary": [{"side": "Client", "by": "Claire", "paragraphs": [TEXT] * 6}],
        "actions": [row[:4]] * 6, "decisions": [row[:4]] * 6,
        "restatements": [{"title": "1", "rows": [row[:5]] * ROWS}],
        "definitions": [["Respect des délais", TEXT, TEXT]] * 26,
    }  # fmt: skip


def main() -> None:
    """Print the pages and the seconds, first and next."""
    at = datetime(2026, 4, 3, tzinfo=UTC)
    for turn in ("first", "next"):
        start = time.perf_counter()
        rows = [(f"Site {n}", {"x": 10.0 + n}) for n in range(ROWS)]
        svg = bars(rows, axis="x", language="fr").replace(charts.FONT, typeset.FONT)
        drawn = time.perf_counter()
        sent = data() | {"charts": {"trend": svg, "sites": svg, "families": svg}}
        pdf = typeset.document(TEMPLATE, sent, at=at)
        done = time.perf_counter()
        pages = len(re.findall(rb"/Type ?/Page\b", pdf))
        told = f"{pages} pages in {done - drawn:.2f} s, a drawing {drawn - start:.2f} s"
        print(f"{turn}: {told}, {len(pdf) // 1024} kB")


if __name__ == "__main__":
    main()

"""The documents of a restitution: a report's sections set as a PDF, in one language."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from relais.lib import typeset

from . import restitution_words as words
from .models import Report

TEMPLATE = Path(__file__).parent / "documents" / "restitution.typ"


def made(report: Report, language: str, *, at: datetime) -> bytes:
    """Return the PDF of a report; the same bytes whenever the same is set."""
    figures = report.figures
    with override(language):
        day = date_format(timezone.localtime(at), "DATE_FORMAT")
        title = words.title(report.kind, figures)
        data = {
            "language": language,
            "title": title,
            "author": figures["pilot"],
            "foot": f"{figures['company']} · {title} · {day}",
            "under": _("%(company)s, %(day)s. Edition %(number)s, piloted by %(pilot)s.")
            % {
                "company": figures["company"], "day": day, "pilot": figures["pilot"],
                "number": report.restitution.number,
            },
            "purpose": figures["purpose"],
            "sections": [_part(report, part, language) for part in
                         words.sections(report.kind, figures)],
        }  # fmt: skip
    return typeset.document(TEMPLATE, data, at=at)


def _part(report: Report, part: words.Section, language: str) -> dict[str, object]:
    svg = report.charts.get(part.chart, {}).get(language, "") if part.chart else ""
    alt = f"{part.title}. {part.text}"
    return asdict(part) | {"svg": svg, "alt": alt, "numbers": list(part.numbers)}

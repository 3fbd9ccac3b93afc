"""The lines behind every figure of a review, as a workbook: requests by reference where seen."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from relais.desk.models import Ticket
from relais.engine import measures_frozen
from relais.engine.measures import Figure
from relais.engine.measures_words import Unit
from relais.people.access import Access

from . import review_words
from .reading import Reading
from .review_words import cut_name, said


def figures_of(reading: Reading) -> list[Figure]:
    """Return the figures with their lines, of this reader's side."""
    found = list(measures_frozen.thawed(bytes(reading.frozen.figures)))
    if reading.inside:
        found += measures_frozen.thawed(bytes(reading.frozen.inside))
    return found


def rows(reading: Reading, access: Access) -> Iterator[list[Any]]:
    """Return a row a line of each figure, the heads first; a figure without lines has one row.

    A request that this reader may not see is counted, and named nowhere.
    """
    yield [
        _("Figure"), _("For"), _("Value"), _("Unit"), _("In words"), _("Sample"), _("Low (95 %)"),
        _("High (95 %)"), _("To know"), _("Request"), _("Subject"), _("Counts"), _("Of"),
        _("Left out because"),
    ]  # fmt: skip
    found = figures_of(reading)
    seen = tickets_of(found, access)
    names = reading.frozen.names
    for figure in found:
        head = [
            said(figure.definition.name),
            ", ".join(cut_name(cut, value, names) for cut, value in figure.cut) or _("everything"),
            _in_unit(figure, figure.value), said(review_words.UNITS[figure.definition.unit]),
            review_words.value_text(figure), figure.n, _in_unit(figure, figure.low),
            _in_unit(figure, figure.high), review_words.note_of(figure),
        ]  # fmt: skip
        if not figure.lines or figure.cut:
            yield [*head, "", "", None, None, ""]
            continue
        for line in figure.lines:
            ticket = seen.get(line.key.partition("#")[0])
            yield [
                *head, ticket.reference if ticket else "", ticket.subject if ticket else "",
                _told(figure, line.over), float(line.under), line.excluded,
            ]  # fmt: skip


def _in_unit(figure: Figure, value: Fraction | Decimal | None) -> float | None:
    """Return a value as a number of the unit that stands beside it, to be summed and sorted."""
    if value is None:
        return None
    by = {Unit.SHARE: Fraction(100), Unit.SECONDS: Fraction(1, 3600)}
    return round(float(Fraction(value) * by.get(figure.definition.unit, 1)), 4)


def _told(figure: Figure, over: Fraction | int) -> float:
    """Return what a line adds: times in hours, all else as it is counted."""
    return round(float(over) / 3600, 4) if figure.definition.unit is Unit.SECONDS else float(over)


def tickets_of(found: list[Figure], access: Access) -> dict[str, Ticket]:
    """Return the requests behind figures that this reader sees, by their key."""
    keys = {
        int(key)
        for figure in found
        for line in figure.lines
        if (key := line.key.partition("#")[0]).isdecimal()
    }
    tickets = access.see(Ticket).filter(pk__in=keys).only("id", "subject", "provider")
    return {str(ticket.pk): ticket for ticket in tickets}

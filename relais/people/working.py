"""When people work and when they are away, as written down: absences, shifts, rostered stretches.

Where somebody has a published shift on a day it holds; in a stretch that a published roster has
settled she is free without one; else her calendar holds (engine/rota.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet, Value
from django.utils import timezone

from relais.engine import rota
from relais.lib.compiled import fetched

from .models import Absence, Calendar, Rostered, Shift

if TYPE_CHECKING:
    from .access import Access

Span = tuple[datetime, datetime]
TABLES: tuple[Any, ...] = (Absence, Shift, Rostered)


# The same of everybody, for who asks at every decision.
ALL = """
select {number}, person_id, lower(period), upper(period) from {table}
 where period && tstzrange(%(start)s, %(end)s)
"""
EVERYBODY = " union all ".join(
    ALL.format(number=number, table=table._meta.db_table) for number, table in enumerate(TABLES)
)


@dataclass
class Written:
    """What is written of everybody between two moments, by person, in order."""

    absences: dict[int, tuple[Span, ...]] = field(default_factory=dict)
    shifts: dict[int, tuple[Span, ...]] = field(default_factory=dict)
    rostered: dict[int, tuple[Span, ...]] = field(default_factory=dict)

    def decides(self, person: int) -> bool:
        """Return whether somebody's calendar is not all that says when she works."""
        return person in self.shifts or person in self.rostered

    def hours(self, person: int, usual: tuple[Span, ...], zone: ZoneInfo) -> tuple[Span, ...]:
        """Return when she works: her usual hours, and what was published in their place."""
        if not self.decides(person):
            return usual
        shifts = self.shifts.get(person, ())
        return rota.worked(usual, shifts, self.rostered.get(person, ()), zone)


def read(
    start: datetime,
    end: datetime,
    people: Collection[int] | None = None,
    access: Access | None = None,
) -> Written:
    """Return what is written between two moments, in one query; `access`: as far as it sees."""
    found: list[dict[int, list[Span]]] = [defaultdict(list) for _ in TABLES]
    for number, person, begin, stop in _rows(start, end, people, access):
        found[number][person].append((begin or start, stop or end))
    return Written(*({key: tuple(sorted(s)) for key, s in each.items()} for each in found))


def _rows(
    start: datetime, end: datetime, people: Collection[int] | None, access: Access | None
) -> list[Any]:
    """Return the number of the table, whose it is, from when and to when, of every row."""
    if people is None and access is None:
        return fetched(EVERYBODY, {"start": start, "end": end})
    rows: list[QuerySet[Any]] = []
    for number, table in enumerate(TABLES):
        seen = access.see(table) if access is not None else table.objects.all()
        seen = seen.filter(period__overlap=(start, end))
        if people is not None:
            seen = seen.filter(person__in=people)
        rows.append(seen.order_by().values_list("person_id", "period", Value(number)))
    return [
        (number, person, period.lower, period.upper)
        for person, period, number in rows[0].union(*rows[1:], all=True)
    ]


def zone_of(calendar: Calendar | None) -> ZoneInfo:
    """Return in which zone somebody's days begin: her calendar's, else the current one."""
    if calendar is not None:
        return ZoneInfo(calendar.time_zone)
    current: tzinfo = timezone.get_current_timezone()
    return current if isinstance(current, ZoneInfo) else ZoneInfo(str(current))

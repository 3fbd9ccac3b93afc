"""A week of the pool: who works when and by what word, who is away, at a site, wishing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from relais.people.access import Access
from relais.people.models import OnSiteDay, Person, Shift, Wish
from relais.people.pool_forms import team

from .words import span_text
from .working_time import Hours, midnight


@dataclass
class Piece:
    """Hours of a day: published (then with the shift's key), or the calendar's."""

    text: str
    minutes: float
    shift: int | None = None
    starts: datetime | None = None
    ends: datetime | None = None


@dataclass
class Cell:
    """A person's day."""

    day: date
    pieces: list[Piece] = field(default_factory=list)
    away: bool = False
    site: OnSiteDay | None = None
    wishes: list[Wish] = field(default_factory=list)

    @property
    def is_free(self) -> bool:
        """Return whether nothing is written of the day."""
        return not self.pieces and not self.away


@dataclass
class Line:
    """A person's week and its minutes."""

    person: Person
    cells: list[Cell]
    contract: float | None = None

    @property
    def minutes(self) -> float:
        """Return the minutes of work of the week."""
        return sum(piece.minutes for cell in self.cells for piece in cell.pieces)


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def of_pool(access: Access, monday: date, zone: ZoneInfo) -> list[Line]:
    """Return the week of everybody of the pool: a number of queries that does not grow."""
    return of_people(access, team(access), monday, zone)


def of_people(access: Access, people: Sequence[Person], monday: date, zone: ZoneInfo) -> list[Line]:
    """Return the week of these people, as far as `access` sees it."""
    keys = [person.pk for person in people]
    start, end = midnight(monday, zone), midnight(monday + timedelta(days=7), zone)
    hours = Hours(keys, start, end, around=timedelta(days=1))
    shifts: dict[int, list[Shift]] = defaultdict(list)
    for shift in access.see(Shift).filter(person__in=keys, period__overlap=(start, end)):
        shifts[shift.person_id].append(shift)
    days = [monday + timedelta(days=n) for n in range(7)]
    on_site = access.see(OnSiteDay).filter(person__in=keys, day__in=days).select_related("site")
    there = {(one.person_id, one.day): one for one in on_site}
    spoken = Q(day=None) | Q(day__in=days)
    wishes: dict[int, list[Wish]] = defaultdict(list)
    for wish in access.see(Wish).filter(spoken, person__in=keys):
        wishes[wish.person_id].append(wish)
    lines = []
    for person in people:
        hers = hours.zone(person.pk)
        cells = {day: Cell(day) for day in days}
        known = {(one.period.lower, one.period.upper): one.pk for one in shifts[person.pk]}
        for begin, end_ in hours.worked(person.pk):
            cell = cells.get(begin.astimezone(hers).date())
            if cell is not None:
                minutes = (end_ - begin).total_seconds() / 60
                key = known.get((begin, end_))
                spoken_of = span_text(begin, end_, hers)
                local = begin.astimezone(hers), end_.astimezone(hers)
                cell.pieces.append(Piece(spoken_of, minutes, key, *local))
        for day, cell in cells.items():
            cell.away = _is_away(hours.written.absences.get(person.pk, ()), day, hers)
            cell.site = there.get((person.pk, day))
            cell.wishes = [wish for wish in wishes[person.pk] if wish.speaks_of(day)]
        profile = hours.profiles.get(person.pk)
        contract = float(profile.contract_hours) * 60 if profile else None
        lines.append(Line(person, list(cells.values()), contract))
    return lines


def _is_away(gone: Sequence[tuple[datetime, datetime]], day: date, zone: ZoneInfo) -> bool:
    first, last = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    return any(begin < last and first < end for begin, end in gone)

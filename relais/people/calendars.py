"""What a calendar says of a day, and why; which calendar a place follows.

A day's word is the first found of: a person's exception, an imported feed's, the flag for Whit
Monday, a public holiday, the half-day before one, the usual week. Among exceptions of one rank the
one for a single year beats the yearly one, and the later beats the earlier.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from threading import Lock
from typing import TYPE_CHECKING

from django.db.models import BooleanField
from django.db.models.expressions import RawSQL
from django.utils.translation import get_language, gettext_lazy, override, pgettext
from django.utils.translation import gettext as _

from relais.engine import worktime
from relais.engine.hours import DAY, Interval, interval
from relais.lib.compiled import Compiled
from relais.lib.problem import Problem

from . import holidays, opening_hours
from .models import Calendar, CalendarDay, Site

if TYPE_CHECKING:
    from .models import Company, LegalEntity

# What `of_site` follows: select_related(*PLACES) on sites saves three queries a site.
PLACES = ("calendar", "entity__calendar", "company__calendar")
# A half-day before a holiday keeps the openings that begin before this hour, cut there.
NOON = 13 * 3600
KEPT = 500
Kind = CalendarDay.Kind


class NoCalendar(Problem):
    """Neither the site, nor its entity, nor its company has a calendar: give one of them one."""

    message = gettext_lazy(
        "The site %(site)s has no calendar. Choose one for the site, its legal entity or its "
        "company."
    )


class State(StrEnum):
    """How a day is shown."""

    OPEN = "open"
    OTHER = "other"
    HALF = "half"
    HOLIDAY = "holiday"
    CLOSED = "closed"
    REST = "rest"


class Origin(StrEnum):
    """Where the state of a day comes from, weakest first."""

    WEEK = "week"
    EVE = "eve"
    HOLIDAY = "holiday"
    WHIT_MONDAY = "whit_monday"
    FEED = "feed"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Entry:
    """An exceptional day or range of days, as stored."""

    pk: int
    first: date
    last: date
    yearly: bool
    kind: str
    hours: tuple[Interval, ...]
    label: str
    feed: str
    by_pk: int | None
    by: str
    at: datetime | None

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """Return what decides between entries of one day: the greatest speaks."""
        return (not self.feed, not self.yearly, self.pk)

    def covers(self, day: date) -> bool:
        """Return whether the entry speaks of this day."""
        if not self.yearly:
            return self.first <= day <= self.last
        return any(first <= day <= last for first, last in self._runs((day.year - 1, day.year)))

    def days_of(self, year: int) -> Iterator[date]:
        """Yield the days of the entry that lie in a year."""
        runs = self._runs((year - 1, year)) if self.yearly else [(self.first, self.last)]
        for first, last in runs:
            day = max(first, date(year, 1, 1))
            while day <= min(last, date(year, 12, 31)):
                yield day
                day += timedelta(1)

    def _runs(self, years: Iterable[int]) -> Iterator[tuple[date, date]]:
        """Yield the runs of a yearly range beginning in these years, never before the first one."""
        for year in years:
            if year >= self.first.year:
                over = year + self.last.year - self.first.year
                yield _same_day(self.first, year, 1), _same_day(self.last, over, 0)


def _same_day(day: date, year: int, late: int) -> date:
    """Return that day of another year; 29 February becomes the 28th, `late` days later."""
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28) + timedelta(late)


@dataclass(frozen=True, slots=True)
class DayState:
    """What a calendar says of a day: the openings that begin on it, and where that comes from.

    `reason` is a name to show ("Noël", "Inventaire"); `entry`, `by` and `at` tell of the exception
    that decided, when one did.
    """

    day: date
    state: State
    intervals: tuple[Interval, ...]
    reason: str
    origin: Origin
    zone: str = ""
    feed: str = ""
    entry: int | None = None
    by_pk: int | None = None
    by: str = ""
    at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Return whether the day opens at all."""
        return bool(self.intervals)

    @property
    def origin_text(self) -> str:
        """Return where the state comes from, in the reader's language."""
        zone = holidays.name_of(self.zone)
        return {
            Origin.WEEK: _("Weekly hours"),
            Origin.EVE: _("Half-day before a public holiday (%(zone)s)") % {"zone": zone},
            Origin.HOLIDAY: _("Public holiday (%(zone)s)") % {"zone": zone},
            Origin.WHIT_MONDAY: _("Whit Monday worked, by the calendar's settings"),
            Origin.FEED: _("Imported feed “%(feed)s”") % {"feed": self.feed},
            Origin.MANUAL: _("Exception entered by a person"),
        }[self.origin]

    @property
    def state_text(self) -> str:
        """Return the state in the reader's language."""
        return {
            State.OPEN: pgettext("day", "Open"),
            State.OTHER: _("Other hours"),
            State.HALF: _("Morning only"),
            State.HOLIDAY: _("Public holiday"),
            State.CLOSED: pgettext("day", "Closed"),
            State.REST: _("Weekly rest"),
        }[self.state]

    @property
    def hours_text(self) -> str:
        """Return the openings as one reads them: "09:00–12:30, 13:30–18:00", or ""."""
        return opening_hours.written(self.intervals)


@dataclass(frozen=True)
class Book:
    """One version of a calendar, read whole: answers without a query, whatever the span."""

    time_zone: str
    holiday_zone: str
    half_eves: bool
    whit_monday_worked: bool
    week: tuple[tuple[Interval, ...], ...]
    entries: tuple[Entry, ...]

    def day(self, day: date, language: str | None = None) -> DayState:
        """Return what the calendar says of a day, in `language` (default: the reader's).

        A night is cut at midnight when an exception or a holiday closes the day after.
        """
        found = self._day(day, language)
        if found.intervals and found.intervals[-1].end > DAY:
            tomorrow = self._day(day + timedelta(1), language)
            if tomorrow.origin is not Origin.WEEK and not tomorrow.intervals:
                cut = tuple(Interval(i.start, min(i.end, DAY)) for i in found.intervals)
                return replace(found, intervals=cut)
        return found

    def _day(self, day: date, language: str | None) -> DayState:
        week = self.week[day.weekday()]
        holiday = self._holiday(day, language)
        entry = self._entry(day)
        if entry is not None:
            return self._by_entry(day, entry, holiday.name if holiday else "")
        if holiday is not None:
            if holiday.is_whit_monday and self.whit_monday_worked:
                state = State.OPEN if week else State.REST
                return DayState(day, state, week, holiday.name, Origin.WHIT_MONDAY)
            zone = self.holiday_zone
            return DayState(day, State.HOLIDAY, (), holiday.name, Origin.HOLIDAY, zone)
        if self.half_eves and week:
            tomorrow = day + timedelta(1)
            eve_of = self._holiday(tomorrow, language)
            if eve_of is not None and self._closes(tomorrow, eve_of):
                morning = tuple(
                    Interval(start, min(end, NOON)) for start, end in week if start < NOON
                )
                state = State.HALF if morning else State.CLOSED
                reason = _reason_of_eve(eve_of.name, language)
                return DayState(day, state, morning, reason, Origin.EVE, self.holiday_zone)
        return DayState(day, State.OPEN if week else State.REST, week, "", Origin.WEEK)

    def _holiday(self, day: date, language: str | None) -> holidays.Holiday | None:
        return holidays.of_year(self.holiday_zone, day.year, language).get(day)

    def _closes(self, day: date, holiday: holidays.Holiday) -> bool:
        """Return whether this holiday is kept: a worked one has no half-day before it."""
        if holiday.is_whit_monday and self.whit_monday_worked:
            return False
        entry = self._entry(day)
        return entry is None or entry.kind == Kind.CLOSED

    def _entry(self, day: date) -> Entry | None:
        found = [entry for entry in self.entries if entry.covers(day)]
        return max(found, key=lambda entry: entry.rank, default=None)

    def _by_entry(self, day: date, entry: Entry, holiday: str) -> DayState:
        week = self.week[day.weekday()]
        intervals = {Kind.CLOSED: (), Kind.HOURS: entry.hours, Kind.NORMAL: week}[Kind(entry.kind)]
        if entry.kind == Kind.CLOSED:
            # The official list taken as a feed closes days as public holidays.
            state = State.HOLIDAY if entry.feed else State.CLOSED
        elif entry.kind == Kind.HOURS:
            state = State.OTHER
        else:
            state = State.OPEN if week else State.REST
        return DayState(
            day,
            state,
            intervals,
            entry.label or holiday,
            Origin.FEED if entry.feed else Origin.MANUAL,
            feed=entry.feed,
            entry=entry.pk,
            by_pk=entry.by_pk,
            by=entry.by,
            at=entry.at,
        )

    def exceptional(self, year: int, language: str | None = None) -> list[DayState]:
        """Return the days of a year whose word is not the usual week's, in order."""
        candidates = set(holidays.of_year(self.holiday_zone, year, language))
        if self.half_eves:
            candidates |= {day - timedelta(1) for day in candidates}
            candidates |= {
                day - timedelta(1)
                for day in holidays.of_year(self.holiday_zone, year + 1, language)
            }
        for entry in self.entries:
            candidates.update(entry.days_of(year))
        states = (self.day(day, language) for day in sorted(candidates) if day.year == year)
        return [state for state in states if state.origin is not Origin.WEEK]


def _reason_of_eve(holiday: str, language: str | None) -> str:
    with override(language or get_language() or "fr"):
        return _("Before %(holiday)s") % {"holiday": holiday}


# The version in the key makes an old book unreachable, so nothing is ever invalidated. A version
# is never used twice, not even after a rollback: see calendar_changes.
_books: OrderedDict[tuple[int, int], tuple[Book, worktime.Calendar]] = OrderedDict()
_lock = Lock()


def _kept(calendar: Calendar) -> tuple[Book, worktime.Calendar]:
    key = (calendar.pk, calendar.version)
    with _lock:
        if key in _books:
            _books.move_to_end(key)
            return _books[key]
    book = read(calendar)
    made = book, compiled(book)
    with _lock:
        _books[key] = made
        while len(_books) > KEPT:
            _books.popitem(last=False)
    return made


def forget() -> None:
    """Drop every book: for tests, whose databases begin again with the same keys."""
    with _lock:
        _books.clear()


def read(calendar: Calendar) -> Book:
    """Return the calendar as its rows stand now, past the cache."""
    week: list[list[Interval]] = [[] for _weekday in range(7)]
    for opening in calendar.openings.all():
        week[opening.weekday - 1].append(interval((opening.opens, opening.closes)))
    rows = calendar.days.select_related("feed", "changed_by")
    return Book(
        time_zone=calendar.time_zone,
        holiday_zone=calendar.holiday_zone,
        half_eves=calendar.holiday_eve == Calendar.HolidayEve.HALF,
        whit_monday_worked=calendar.whit_monday_worked,
        week=tuple(tuple(sorted(day)) for day in week),
        entries=tuple(_entry_of(row) for row in rows),
    )


def _entry_of(row: CalendarDay) -> Entry:
    return Entry(
        pk=row.pk,
        first=row.first_day,
        last=row.last_day,
        yearly=row.yearly,
        kind=row.kind,
        hours=tuple(sorted(interval(pair) for pair in row.hours)),
        label=row.label,
        feed=row.feed.name if row.feed else "",
        by_pk=row.changed_by_id,
        by=row.changed_by.name if row.changed_by else "",
        at=row.changed_at,
    )


def compiled(book: Book) -> worktime.Calendar:
    """Return the calendar of the rules; its exceptions are named in French."""

    def exceptions(year: int) -> list[worktime.Day]:
        # In the language of the firm, not of whoever happens to ask first.
        return [
            worktime.Day(state.day, state.intervals, state.reason, state.origin.value)
            for state in book.exceptional(year, "fr")
        ]

    week = dict(enumerate(book.week))
    return worktime.compile(zone=book.time_zone, weekly=week, exceptions=exceptions)


def book_of(calendar: Calendar) -> Book:
    """Return the calendar's book, kept in memory until the calendar changes."""
    return _kept(calendar)[0]


def of(keys: list[int]) -> list[Calendar]:
    """Return these calendars as their rows stand: one query, prepared."""
    return _THESE(keys=keys)


def timetable(calendar: Calendar) -> worktime.Calendar:
    """Return the compiled open time of a calendar: what adds and counts."""
    return _kept(calendar)[1]


def day(calendar: Calendar, when: date) -> DayState:
    """Return what a calendar says of a day, with the reason and where it comes from."""
    return book_of(calendar).day(when)


@dataclass(frozen=True)
class Resolved:
    """The calendar that a place follows, and the place that it was given to."""

    calendar: Calendar
    place: Site | LegalEntity | Company
    level: str  # site, entity or company

    @property
    def source(self) -> str:
        """Return where the calendar comes from, in the reader's language."""
        name = {"name": self.place.name}
        return {
            "site": _("Calendar of the site %(name)s") % name,
            "entity": _("Calendar of the legal entity %(name)s") % name,
            "company": _("Calendar of the company %(name)s") % name,
        }[self.level]

    @property
    def timetable(self) -> worktime.Calendar:
        """Return the compiled open time."""
        return timetable(self.calendar)


_THESE = Compiled(
    lambda keys: Calendar.objects.order_by().filter(
        RawSQL("people_calendar.id = any(%s)", [keys], output_field=BooleanField())
    ),
    keys=int,
)
PLACED = Compiled(
    lambda site: Site.objects.select_related(*PLACES).order_by().filter(pk=site), site=int
)


def _place(site: Site) -> None:
    """Give the site the places above it, asked at once; what it has already stays."""
    known = site._state.fields_cache
    if "company" in known and (not site.entity_id or "entity" in known):
        return
    found = PLACED.first(site=site.pk)
    for name in ("calendar", "entity", "company") if found is not None else ():
        same = getattr(found, f"{name}_id") == getattr(site, f"{name}_id")
        if name not in known and same:
            setattr(site, name, getattr(found, name))


def of_site(site: Site) -> Resolved:
    """Return the calendar of a site: its own, else its entity's, else its company's.

    Raises `NoCalendar` when there is none: nothing is dated on hours that nobody gave.
    """
    _place(site)
    if site.calendar is not None:
        return Resolved(site.calendar, site, "site")
    if site.entity is not None and site.entity.calendar is not None:
        return Resolved(site.entity.calendar, site.entity, "entity")
    if site.company.calendar is not None:
        return Resolved(site.company.calendar, site.company, "company")
    raise NoCalendar(site=site.name)

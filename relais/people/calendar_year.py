"""A calendar as people read it: the year month by month, and the story of its changes."""

from __future__ import annotations

import re
from calendar import Calendar as Weeks
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from babel.dates import format_date
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from relais.lib.formats import babel_locale

from . import holidays, opening_hours
from .calendar_changes import KINDS
from .calendars import Book, DayState, State
from .models import Calendar, CalendarChange, CalendarDay

FIRST_YEAR, LAST_YEAR = 1970, 2150


@dataclass(frozen=True)
class Month:
    """A month in weeks of seven; None is a day of another month."""

    number: int
    name: str
    weeks: list[list[DayState | None]]


@dataclass(frozen=True)
class Year:
    """A calendar's year, with what it comes to."""

    year: int
    months: list[Month]
    open_days: int
    open_hours: int
    # Public holidays that take a working day: those on a weekend cost nobody anything.
    holidays_on_working_days: int


def year_of(book: Book, year: int) -> Year:
    """Return the months of a year and its sums."""
    first = date(year, 1, 1)
    length = (date(year + 1, 1, 1) - first).days
    days = {day: book.day(day) for day in (first + timedelta(n) for n in range(length))}
    weeks = Weeks()
    months = [
        Month(
            month,
            capfirst(str(MONTHS[month])),
            [
                [days[day] if day.month == month else None for day in week]
                for week in weeks.monthdatescalendar(year, month)
            ],
        )
        for month in range(1, 13)
    ]
    opened = [state for state in days.values() if state.is_open]
    seconds = sum(each.end - each.start for state in opened for each in state.intervals)
    lost = [d for d in days.values() if d.state is State.HOLIDAY and book.week[d.day.weekday()]]
    return Year(year, months, len(opened), round(seconds / 3600), len(lost))


def full_date(day: date) -> str:
    """Return a day with its weekday: "vendredi 25 décembre 2026"."""
    return _full_date(day, babel_locale())


@lru_cache(maxsize=8000)
def _full_date(day: date, locale: str) -> str:
    # A year's page asks for 365 of them, and Babel takes its time.
    return _first_of_month(format_date(day, "full", locale=locale))


def _first_of_month(text: str) -> str:
    """Return a French date with its "1er", which neither Django's formats nor CLDR's write."""
    if (get_language() or "fr")[:2] != "fr":
        return text
    return re.sub(r"\b1 (?=[a-zéû])", "1er ", text)


def spoken(state: DayState) -> str:
    """Return a day and its state in one line, for those who hear the page."""
    parts = [full_date(state.day), state.state_text, state.reason, state.hours_text]
    return ", ".join(part for part in parts if part)


# History --------------------------------------------------------------------------------------

_SETTINGS = {
    "name": Calendar._meta.get_field("name").verbose_name,
    "time_zone": Calendar._meta.get_field("time_zone").verbose_name,
    "holiday_zone": Calendar._meta.get_field("holiday_zone").verbose_name,
    "holiday_eve": Calendar._meta.get_field("holiday_eve").verbose_name,
    "whit_monday_worked": Calendar._meta.get_field("whit_monday_worked").verbose_name,
}


@dataclass(frozen=True)
class Told:
    """A change as the history tells it."""

    change: CalendarChange
    title: str
    lines: list[str]
    undoable: bool


def told(change: CalendarChange, undone: set[int]) -> Told:
    """Return a change with its title and one line for each thing that it changed."""
    facts = change.facts
    lines = [*_feed_lines(facts), *_week_lines(facts), *_setting_lines(facts), *_day_lines(facts)]
    undoable = change.kind == "days_removed" and change.pk not in undone
    return Told(change, str(KINDS.get(change.kind, change.kind)), lines, undoable)


def _week_lines(facts: Mapping[str, Any]) -> Iterator[str]:
    before = facts.get("before", {}).get("week")
    after = facts.get("after", {}).get("week")
    if after is None:
        return
    for weekday in range(1, 8):
        new = after.get(str(weekday), "")
        old = (before or {}).get(str(weekday), "")
        if before is None and new:
            yield f"{_weekday(weekday)} {new}"
        elif before is not None and new != old:
            yield f"{_weekday(weekday)} {old or _('closed')} → {new or _('closed')}"


def _weekday(number: int) -> str:
    return capfirst(str(WEEKDAYS[number - 1]))


def _setting_lines(facts: Mapping[str, Any]) -> Iterator[str]:
    before, after = facts.get("before", {}), facts.get("after", {})
    for name, label in _SETTINGS.items():
        if name in after:
            new = _setting_text(name, after[name])
            old = f"{_setting_text(name, before[name])} → " if name in before else ""
            yield f"{capfirst(str(label))} {old}{new}"


def _setting_text(name: str, value: Any) -> str:
    if name == "holiday_zone":
        return holidays.name_of(value)
    if name == "holiday_eve":
        return str(Calendar.HolidayEve(value).label)
    if isinstance(value, bool):
        return pgettext("setting", "yes") if value else pgettext("setting", "no")
    return str(value)


def _day_lines(facts: Mapping[str, Any]) -> Iterator[str]:
    # An undo tells the days that came back; they are the "after" of its facts.
    for side in ("before", "after"):
        days = facts.get(side, {}).get("days", [])
        for fact in days[:20]:
            yield _day_text(fact)
        if len(days) > 20:
            yield ngettext("and %(n)s more", "and %(n)s more", len(days) - 20) % {
                "n": len(days) - 20
            }


def _day_text(fact: Mapping[str, Any]) -> str:
    text = span_text(
        date.fromisoformat(fact["first"]),
        date.fromisoformat(fact["last"]),
        yearly=fact.get("yearly", False),
    )
    hours = opening_hours.written(opening_hours.read(fact.get("hours", [])))
    kind = CalendarDay.Kind(fact["kind"])
    return " · ".join(part for part in (text, hours or str(kind.label), fact.get("label")) if part)


def span_text(first: date, last: date, *, yearly: bool) -> str:
    """Return a day or a range of days as one reads it; a yearly one without its year."""
    style = "MONTH_DAY_FORMAT" if yearly else "DATE_FORMAT"
    start, end = (_first_of_month(date_format(day, style)) for day in (first, last))
    text = start if first == last else _("%(first)s to %(last)s") % {"first": start, "last": end}
    return _("%(days)s, every year") % {"days": text} if yearly else text


def _feed_lines(facts: Mapping[str, Any]) -> Iterator[str]:
    if "feed" not in facts:
        return
    after = facts.get("after", {})
    if "new" not in after:
        yield _("“%(feed)s”") % {"feed": facts["feed"]}
        return
    yield _("“%(feed)s”: %(new)s new, %(gone)s gone, %(same)s as before") % {
        "feed": facts["feed"],
        "new": after["new"],
        "gone": facts["before"]["gone"],
        "same": after["same"],
    }

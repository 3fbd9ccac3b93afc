"""Opening hours as people type them: what is wrong with them, said with the mend."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time

from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from relais.engine import worktime
from relais.engine.hours import DAY, Interval, Unreadable, interval

# More openings in a day are a slip or an attack.
MOST = 12
Pairs = Sequence[Sequence[str]]
# ISO weekdays, 1 for Monday; texts as "09:00".
Week = Mapping[int, Pairs]

_FAULTS = {
    "overlap": gettext_lazy("%(hours)s overlap: write %(mend)s."),
    "reversed": gettext_lazy(
        "%(hours)s ends before it begins: write %(mend)s, or tick “past midnight” if it ends on "
        "the next day."
    ),
    "empty": gettext_lazy(
        "%(hours)s has no length: give an end after the beginning, or 00:00–24:00 for a whole day."
    ),
    "too_long": gettext_lazy("%(hours)s is longer than a day: split it over the days it covers."),
    "not_a_time": gettext_lazy("%(hours)s is no time of day: write it as 09:00."),
    "never_open": gettext_lazy("The calendar never opens: give at least one opening in the week."),
    "unknown_zone": gettext_lazy("%(hours)s is no time zone: choose one such as Europe/Paris."),
}


# Hours are kept by the minute: seconds would be lost without a word.
_SECONDS = re.compile(r"\d{1,2}:\d{2}:(?!00)\d{2}")


def clock(seconds: int) -> str:
    """Return a wall time; past midnight it is the next day's, and midnight at the end is 24:00."""
    if seconds > DAY:
        seconds -= DAY
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"


def written(hours: Iterable[Interval]) -> str:
    """Return openings as one reads them: "09:00–12:30, 13:30–18:00"."""
    return ", ".join(f"{clock(each.start)}–{clock(each.end)}" for each in hours)


def read(pairs: Pairs) -> tuple[Interval, ...]:
    """Return the intervals of pairs of texts, in order. Raises `Unreadable`."""
    return tuple(sorted(interval([start, end]) for start, end in pairs))


def as_times(each: Interval) -> tuple[time, time]:
    """Return the opening and closing as they are stored: at or before the opening is tomorrow."""
    start, end = each.start, each.end % DAY
    return time(start // 3600, start % 3600 // 60), time(end // 3600, end % 3600 // 60)


def check_week(zone: str, week: Week, *, overnight: bool) -> None:
    """Raise ValidationError naming each fault of a week's openings, with the mend.

    `overnight` says that an end before its beginning is meant as the next day's.
    """
    _check_typed({_place(weekday - 1): pairs for weekday, pairs in week.items()})
    days = {weekday - 1: pairs for weekday, pairs in week.items()}
    _refuse(worktime.problems(zone, days, overnight=overnight))


def check_day(pairs: Pairs, *, overnight: bool) -> None:
    """Raise ValidationError naming each fault of one day's openings, with the mend."""
    if not pairs:
        raise ValidationError(_("Give at least one opening, or close the day."), code="no_hours")
    _check_typed({_("Hours"): pairs})
    try:
        day = worktime.Day(date(2001, 1, 1), [list(pair) for pair in pairs])
    except worktime.BadCalendar as error:
        _refuse(error.problems, named=False)
        return
    _refuse(worktime.problems("UTC", {}, [day], overnight=overnight), named=False)


def _check_typed(days: Mapping[str, Pairs]) -> None:
    """Raise ValidationError for what a form and the API could take otherwise than it was meant."""
    errors = []
    for place, pairs in days.items():
        at = f"{place}{pgettext('before an explanation', ':')}"
        if len(pairs) > MOST:
            text = _("%(most)d openings a day at most: join those that touch.") % {"most": MOST}
            errors.append(ValidationError(f"{at} {text}", code="too_many"))
        if any(not start or not end for start, end in pairs):
            text = _("%(day)s: give an opening its beginning and its end.") % {"day": place}
            errors.append(ValidationError(text, code="half"))
        errors += [
            ValidationError(
                f"{at} " + _("%(time)s: give hours and minutes, without seconds.") % {"time": each},
                code="seconds",
            )
            for pair in pairs
            for each in pair
            if _SECONDS.fullmatch(each.strip())
        ]
    if errors:
        raise ValidationError(errors)


def _refuse(faults: Iterable[worktime.Problem], *, named: bool = True) -> None:
    errors = [ValidationError(_text(fault, named=named), code=fault.code) for fault in faults]
    if errors:
        raise ValidationError(errors)


def _text(fault: worktime.Problem, *, named: bool) -> str:
    both = pgettext("between two openings", " and ")
    hours = both.join(f"{clock(each.start)}–{clock(each.end)}" for each in fault.intervals)
    # A mend that runs into the next day is offered by a tick, not by a second pair of hours.
    mend = written(fault.mend[:1])
    shown = hours or fault.value.strip("'\"").replace("-", "–")
    text = _FAULTS[fault.code] % {"hours": shown, "mend": mend}
    if not named or fault.where is None:
        return text
    return f"{_place(fault.where)}{pgettext('before an explanation', ':')} {text}"


def _place(where: int | date | None) -> str:
    if isinstance(where, int):
        return capfirst(str(WEEKDAYS[where]))
    return date_format(where) if where else ""


__all__ = [
    "Pairs",
    "Unreadable",
    "Week",
    "as_times",
    "check_day",
    "check_week",
    "clock",
    "read",
    "written",
]

"""Rules of recurrence in plain words: from a form to RFC 5545, and from RFC 5545 to a sentence."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from babel.dates import format_date, get_day_names, get_month_names
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from relais.lib import repeats
from relais.lib.formats import babel_locale

from .models import Recurrence

CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WORKING = "MO,TU,WE,TH,FR"


def rule_of(often: str, sent: dict[str, Any]) -> str:
    """Return the rule that the form's plain words mean.

    `often`: daily, weekly, monthly, weekday, last, quarterly, yearly or rule.
    """
    first: date = sent["first_on"]
    every = sent.get("every") or 1
    interval = f";INTERVAL={every}" if every != 1 else ""
    named = {
        "daily": f"FREQ=WEEKLY;BYDAY={WORKING}",
        "weekly": f"FREQ=WEEKLY{interval};BYDAY={_weekdays(sent, first)}",
        "monthly": f"FREQ=MONTHLY{interval};{repeats.monthly(first.day)}",
        "weekday": f"FREQ=MONTHLY{interval};BYDAY={_nth(first)}{CODES[first.weekday()]}",
        "last": f"FREQ=MONTHLY{interval};BYMONTHDAY=-1",
        "quarterly": f"FREQ=MONTHLY;INTERVAL=3;{repeats.monthly(first.day)}",
        "yearly": f"FREQ=YEARLY{interval};BYMONTH={first.month};{repeats.monthly(first.day)}",
    }
    rule = named.get(often) or sent.get("rule", "")
    if often != "rule" and sent.get("until"):
        rule += f";UNTIL={sent['until']:%Y%m%d}"
    return rule


def _weekdays(sent: dict[str, Any], first: date) -> str:
    return (
        ",".join(code for code in CODES if code in sent.get("weekdays", ()))
        or (CODES[first.weekday()])
    )


def _nth(day: date) -> int:
    """Return which one of its month this weekday is; the fifth counts as the last."""
    nth = (day.day - 1) // 7 + 1
    return -1 if nth == 5 else nth


def often_of(rule: str) -> str:
    """Return under which plain words the form shows a rule."""
    found = repeats.parts(rule)
    interval = found.get("INTERVAL", "1")
    if found["FREQ"] == "WEEKLY":
        return "daily" if found.get("BYDAY") == WORKING and interval == "1" else "weekly"
    if found["FREQ"] == "MONTHLY":
        if found.get("BYMONTHDAY") == "-1":
            return "last"
        if "BYDAY" in found and "BYSETPOS" not in found:
            return "weekday"
        if "BYMONTHDAY" in found:
            return "quarterly" if interval == "3" else "monthly"
    return "yearly" if found["FREQ"] == "YEARLY" else "rule"


# Sentences ----------------------------------------------------------------------------------------


def described(recurrence: Recurrence) -> str:
    """Return when it comes, as one sentence in the reader's language.

    A rule kept before its like was refused is told as what it is: no page stumbles over it.
    """
    try:
        return _sentence(recurrence, repeats.parts(recurrence.rule))
    except (repeats.BadRule, KeyError, ValueError):
        told = _("a rule that cannot be followed (%(rule)s): write another one")
        return told % {"rule": recurrence.rule}


def _sentence(recurrence: Recurrence, found: dict[str, str]) -> str:
    shift = recurrence.shift
    last = found.get("BYMONTHDAY") == "-1" and shift == Recurrence.Shift.PREVIOUS
    when = _last_working(found) if last else _frequency(found, recurrence.first_on)
    told = _("%(when)s at %(hour)s") % {"when": when, "hour": f"{recurrence.hour:%H:%M}"}
    if not last and shift == Recurrence.Shift.PREVIOUS:
        told += _(", the working day before when the site is closed")
    elif shift == Recurrence.Shift.NEXT:
        told += _(", the working day after when the site is closed")
    return told + _ends(found)


def _last_working(found: dict[str, str]) -> str:
    every = int(found.get("INTERVAL", 1))
    return ngettext(
        "the last working day of each month",
        "the last working day, every %(n)d months",
        every,
    ) % {"n": every}


def _frequency(found: dict[str, str], first: date) -> str:
    every = int(found.get("INTERVAL", 1))
    form = {"DAILY": _daily, "WEEKLY": _weekly, "MONTHLY": _monthly, "YEARLY": _yearly}
    return form[found["FREQ"]](found, every, first)


def _daily(found: dict[str, str], every: int, first: date) -> str:
    return ngettext("every day", "every %(n)d days", every) % {"n": every}


def _weekly(found: dict[str, str], every: int, first: date) -> str:
    days = found.get("BYDAY", CODES[first.weekday()])
    if days == WORKING and every == 1:
        return _("every working day")
    told = ngettext("every week on %(days)s", "every %(n)d weeks on %(days)s", every)
    return told % {"n": every, "days": _joined([_weekday(code) for code in days.split(",")])}


def _monthly(found: dict[str, str], every: int, first: date) -> str:
    told = ngettext("every month on %(day)s", "every %(n)d months on %(day)s", every)
    return told % {"n": every, "day": _day_of_month(found, first)}


def _yearly(found: dict[str, str], every: int, first: date) -> str:
    months = get_month_names("wide", locale=babel_locale())
    chosen = found.get("BYMONTH", str(first.month)).split(",")
    named = _joined([months[int(month)] for month in chosen])
    told = ngettext(
        "every year on %(day)s of %(month)s",
        "every %(n)d years on %(day)s of %(month)s",
        every,
    )
    return told % {"n": every, "day": _day_of_month(found, first), "month": named}


def _day_of_month(found: dict[str, str], first: date) -> str:
    if "BYDAY" in found:
        return _joined([_nth_weekday(code) for code in found["BYDAY"].split(",")])
    days = found.get("BYMONTHDAY", str(first.day))
    if found.get("BYSETPOS") == "-1" and days.startswith("28,"):
        day = days.split(",")[-1]
        return _("day %(day)s (the last day of shorter months)") % {"day": day}
    if days == "-1":
        return _("the last day")
    return _joined([_("day %(day)s") % {"day": day} for day in days.split(",")])


def _nth_weekday(code: str) -> str:
    number, day = code[:-2], _weekday(code[-2:])
    words = {
        "1": _("the first %(weekday)s"),
        "2": _("the second %(weekday)s"),
        "3": _("the third %(weekday)s"),
        "4": _("the fourth %(weekday)s"),
        "-1": _("the last %(weekday)s"),
    }
    told = words.get(number.removeprefix("+"))
    return told % {"weekday": day} if told else f"{number} {day}".strip()


def _weekday(code: str) -> str:
    if code[-2:] not in CODES:
        return code
    return get_day_names("wide", locale=babel_locale())[CODES.index(code[-2:])]


def _joined(words: list[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return _("%(first)s and %(last)s") % {"first": ", ".join(words[:-1]), "last": words[-1]}


def _ends(found: dict[str, str]) -> str:
    if "UNTIL" in found:
        day = datetime.strptime(found["UNTIL"][:8], "%Y%m%d").date()  # noqa: DTZ007 (a day)
        return _(", until %(day)s") % {"day": format_date(day, "long", locale=babel_locale())}
    if "COUNT" in found:
        count = int(found["COUNT"])
        return ngettext(", once", ", %(n)d times", count) % {"n": count}
    return ""

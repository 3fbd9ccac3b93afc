"""What people write into cells: numbers, durations and frequencies, in French and English.

Each function returns what it read, or raises `Unread` with the mend. Nothing is guessed from what
stands nearby: what could mean two things is refused.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any

from django.utils.translation import gettext as _

from relais.engine.wording import fold

# A working day, when somebody writes "0,5 j".
DAY_MINUTES = 420
_SPACES = re.compile(r"[\s\u00a0\u202f]+")
_NUMBER = r"\d+(?:[.,]\d+)?"
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:[.,]\d+)?$")
_PLAIN = re.compile(rf"[+-]?{_NUMBER}$")
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(?::[0-5]\d)?$")
_HOURS = re.compile(rf"({_NUMBER}) ?(?:h|hr|hrs|heure|heures|hour|hours)\.?(?: ?(\d{{1,2}}) ?"
                    r"(?:m|mn|min|minute|minutes|')?)?$")  # fmt: skip
_MINUTES = re.compile(rf"({_NUMBER}) ?(?:m|mn|mins?|minutes?|')\.?$")
_SECONDS = re.compile(rf"({_NUMBER}) ?(?:s|sec|secondes?|seconds?)\.?$")
_DAYS = re.compile(rf"({_NUMBER}) ?(?:j|jrs?|jours?|d|days?)\.?$")
_SPAN = re.compile(r"(.+?) ?(?:-|–|a|à|to|/) ?(.+)$")

_PERIODS = {
    "day": "jour jours jr day days quotidien quotidienne quotidiennement daily journalier j d",
    "week": "semaine semaines sem week weeks hebdo hebdomadaire hebdomadairement weekly w s",
    "fortnight": "quinzaine quinzaines fortnight fortnightly",
    "month": "mois month months mensuel mensuelle mensuellement monthly m",
    "quarter": "trimestre trimestres quarter quarters trimestriel trimestrielle quarterly trim t q",
    "year": "an ans annee annees year years annuel annuelle annuellement yearly annual y a",
    "event": "evenement evenements event events ponctuel occasionnel",
}
_OF = {word: period for period, words in _PERIODS.items() for word in words.split()}
# One letter means a period only behind a number and a stroke: "2/m".
_OF_WHOLE = {word: period for word, period in _OF.items() if len(word) > 1}
_RATE = re.compile(
    rf"(?:({_NUMBER}) ?(?:x|fois|times)?)? ?/? ?(?:(?:par|per|a|chaque|tous|toutes|every|each|the|"
    r"les|la|le|une|un|en) |l')*([a-z-]+)\.?$"
)
_BARE_RATE = re.compile(rf"({_NUMBER}) ?(?:x|fois|times)$")
_BETWEEN = ("par", "per", "a", "fois", "x", "l", "chaque", "tous", "les", "la", "le")
_ONCE_IN = re.compile(r"(?:tous les|toutes les|every) (\d+) ([a-z]+)$")


class Unread(ValueError):
    """A cell that cannot be read: says what to write instead."""

    def __init__(self, mend: str) -> None:
        super().__init__(mend)
        self.mend = mend


def plain(value: Any) -> str:
    """Return a cell as text, its spaces put in order."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return _SPACES.sub(" ", str(value)).strip()


def number(value: Any) -> float:
    """Return a number: "1 234,5", "12.5". Raises `Unread`: dates are no numbers, nor are words."""
    _no_date(value)
    if isinstance(value, bool):
        raise Unread(_("Write a number."))
    if isinstance(value, int | float):
        return _bounded(float(value))
    text = plain(value)
    if _GROUPED.match(text):
        text = text.replace(" ", "")
    if not _PLAIN.match(text):
        raise Unread(_("Write a number, such as 12 or 12,5."))
    return _bounded(float(text.replace(",", ".")))


def percent(value: Any, *, whole: bool = True) -> float:
    """Return per cent from 0 to 100: "15 %", "15"; a workbook's 0.15 where not `whole`."""
    text = plain(value)
    marked = text.endswith("%")
    found = number(text.removesuffix("%").strip() if marked else value)
    if not whole and not marked and 0 < found <= 1:
        found = 100 * found
    if not 0 <= found <= 100:
        raise Unread(_("Write a share from 0 to 100 %%.") % {})
    return round(found, 4)


def minutes(value: Any, unit: float = 1.0) -> float:
    """Return minutes: "1h30", "45 min", "0,5 j", "1:30"; a bare number is in `unit` minutes."""
    if isinstance(value, datetime | date):
        _no_date(value)
    if isinstance(value, time):
        return value.hour * 60 + value.minute + value.second / 60
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _positive(float(value) * unit)
    text = fold(plain(value)).replace("’", "'").replace("env.", "").replace("~", "").strip()
    if found := _CLOCK.match(text):
        return int(found[1]) * 60 + int(found[2])
    if found := _HOURS.match(text):
        if found[2] and int(found[2]) > 59:
            raise Unread(_("Write a duration, such as 45 min, 1h30 or 0,5 j."))
        return _float(found[1]) * 60 + int(found[2] or 0)
    for pattern, worth in ((_MINUTES, 1), (_SECONDS, 1 / 60), (_DAYS, DAY_MINUTES)):
        if found := pattern.match(text):
            return _float(found[1]) * worth
    try:
        return _positive(number(text) * unit)
    except Unread:
        raise Unread(_("Write a duration, such as 45 min, 1h30 or 0,5 j.")) from None


def span(value: Any, unit: float = 1.0) -> tuple[float, float, float]:
    """Return three points of minutes from one cell: "30", or "20-40 min" with its middle."""
    try:
        one = minutes(value, unit)
        return one, one, one
    except Unread:
        ends = _SPAN.match(fold(plain(value)))
        if ends is None or _looks_like_date(plain(value)):
            raise
    last = ends[2].strip()
    tail = re.sub(r"^[\d.,: ]+", "", last)
    first = ends[1].strip()
    if tail and re.fullmatch(r"[\d.,]+", first):
        first += tail
    low, high = minutes(first, unit), minutes(last, unit)
    if low > high:
        raise Unread(_("Write the shorter time first."))
    return low, (low + high) / 2, high


def times(value: Any) -> tuple[float, str | None]:
    """Return how often, and in which period if it is said: "2 x/semaine", "quotidien", "12"."""
    _no_date(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _positive(float(value)), None
    text = fold(plain(value)).replace("’", "'")
    if found := _BARE_RATE.match(text):
        return _float(found[1]), None
    try:
        return _positive(number(text)), None
    except Unread:
        pass
    if (found := _ONCE_IN.match(text)) and (each := _OF_WHOLE.get(found[2])) and int(found[1]) > 0:
        return _every(int(found[1]), each)
    if found := _RATE.match(text):
        period = (_OF if found[1] else _OF_WHOLE).get(found[2].strip("-"))
        if period:
            return _float(found[1]) if found[1] else 1.0, period
    raise Unread(_("Write how often, such as 12, 2 x/semaine or 1 par mois."))


def period(value: Any) -> str:
    """Return a period: "semaine", "mensuel", "par an". Raises `Unread`."""
    text = fold(plain(value)).replace("’", "'")
    words = [word for word in re.findall(r"[a-z-]+", text) if word not in _BETWEEN]
    if len(words) == 1 and words[0] in _OF:
        return _OF[words[0]]
    raise Unread(_("Write a period: day, week, fortnight, month, quarter or year."))


def _every(count: int, each: str) -> tuple[float, str]:
    """Return "every two weeks" as times in a period that is known."""
    a_year = {"day": 254, "week": 52, "month": 12, "quarter": 4, "year": 1}.get(each)
    if a_year is None:
        raise Unread(_("Write how often, such as 12, 2 x/semaine or 1 par mois."))
    known = {(2, "week"): "fortnight", (15, "day"): "fortnight", (8, "day"): "week",
             (7, "day"): "week", (3, "month"): "quarter", (12, "month"): "year"}  # fmt: skip
    if (count, each) in known:
        return 1.0, known[count, each]
    return round(a_year / count, 4), "year"


def _float(text: str) -> float:
    return float(text.replace(",", "."))


def _bounded(found: float) -> float:
    if not -1e12 < found < 1e12:  # nor what is no number at all
        raise Unread(_("Write a number."))
    return found


def _positive(found: float) -> float:
    if not 0 <= found < 1e12:
        raise Unread(_("Write 0 or more."))
    return found


def _no_date(value: Any) -> None:
    if isinstance(value, datetime | date | time) or _looks_like_date(plain(value)):
        raise Unread(
            _("A date stands here: the spreadsheet has turned what was typed into one. Format the "
              "cell as text and type it again.")
        )  # fmt: skip


def _looks_like_date(text: str) -> bool:
    return bool(re.fullmatch(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}-\d\d-\d\d(?:[ T].*)?", text))

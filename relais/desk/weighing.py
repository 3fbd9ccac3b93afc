"""What dispatch weighs and where it stops: each number with its meaning, its bounds, its default.

Set per provider and versioned (`models/dispatch_setting.py`); a decision keeps the version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.engine.matching import Weights

from .errors import BadValue

PLAIN = Weights()


@dataclass(frozen=True)
class Number:
    """One number: what it is called, what it means, from where to where it may go."""

    name: str
    default: float
    most: float
    label: str | Promise
    meaning: str | Promise
    least: float = 0
    whole: bool = False


def _points(name: str, most: float, label: Any, meaning: Any, least: float = 0) -> Number:
    return Number(name, float(getattr(PLAIN, name)), most, label, meaning, least)


WEIGHTS = (
    _points("late", 2000, _("Being late"),
            _("Points for being late at all, beside one point for each minute late.")),
    _points("urgency", 2000, _("Urgency"),
            _("What it is worth to begin now what is urgent for its size.")),
    _points("stranger", 500, _("Knowing the site"),
            _("Points against somebody who does not know the site at all.")),
    _points("lead", 200, _("Usual lead"),
            _("Points against a float; half of them against a backup.")),
    _points("file", 200, _("Same file"),
            _("Points for who has done the last work of the same file, series or requester.")),
    _points("minute", 50, _("A minute of work"),
            _("What each minute costs that she needs: higher, and speed counts more."), 0.5),
    _points("load", 200, _("Work in hand"),
            _("Points for each hour that somebody has in hand already.")),
    _points("learning", 50, _("Learning"),
            _("Points for each level of readiness that she still has to gain for this work.")),
    _points("fairness", 2000, _("Fairness"),
            _("Points for having had the double of one’s share of work, of difficult sites and "
              "of late hours.")),
    _points("change", 200, _("Keeping to the plan"),
            _("What a change must earn before a request goes to somebody else.")),
)  # fmt: skip
LIMITS = (
    Number("capacity", 0, 200, _("Most requests in hand"),
           _("More than that, given or begun, nobody gets (0: no limit). A person’s own limit "
             "comes first."), whole=True),
    Number("day_minutes", 600, 720, _("Most minutes a day"),
           _("Law: ten hours (L3121-18). Nothing is given beyond."), 60, whole=True),
    Number("week_minutes", 2880, 2880, _("Most minutes a week"),
           _("Law: 48 hours (L3121-20). Nothing is given beyond."), 60, whole=True),
    Number("readiness", 0, 5, _("Readiness that excludes"),
           _("What services ask for counts up to this level. 0: nobody is excluded, as at the "
             "start, when nothing is proven yet."), whole=True),
    Number("critical_readiness", 0, 5, _("Readiness for what is critical"),
           _("The level that a P1 asks for, whatever its service (0: none)."), whole=True),
    Number("fairness_limit", 0.5, 2, _("Bound of fairness"),
           _("Beyond this share above or below the others’, more counts no further: fairness "
             "never outweighs everything else.")),
    Number("language_level", 3, 6, _("Level of language"),
           _("What the requester’s language must be mastered at: 1 A1, 2 A2, 3 B1, 4 B2, 5 C1, "
             "6 C2 (0: not asked)."), whole=True),
)  # fmt: skip
# Of the hours that are planned: what the law says is the most that may be set, or the least.
WORKTIME = (
    Number("average_minutes", 2640, 2640, _("Most minutes a week on average"),
           _("Law: 44 hours over 12 weeks (L3121-22)."), 60, whole=True),
    Number("daily_rest", 660, 1440, _("Minutes of rest between two days"),
           _("Law: eleven hours (L3131-1); an agreement may go down to nine."), 540, whole=True),
    Number("weekly_rest", 2100, 4320, _("Minutes of rest in a week"),
           _("Law: thirty-five hours in a row (L3132-2)."), 2100, whole=True),
    Number("stretch_minutes", 360, 360, _("Most minutes of work without a pause"),
           _("Law: six hours (L3121-16)."), 60, whole=True),
    Number("pause_minutes", 20, 120, _("Minutes of a pause"),
           _("Law: twenty minutes (L3121-16)."), 20, whole=True),
    Number("notice_days", 7, 60, _("Working days of notice to part-timers"),
           _("Law: seven before a change of hours (L3123-31), three by agreement."), 3, whole=True),
)  # fmt: skip
NUMBERS = (*WEIGHTS, *LIMITS, *WORKTIME)
BY_NAME = {each.name: each for each in NUMBERS}
LEVELS = ("", "A1", "A2", "B1", "B2", "C1", "C2")


@dataclass(frozen=True)
class Rules:
    """The weights and limits in force, as dispatch uses them."""

    weights: Weights = PLAIN
    capacity: int | None = None
    day_minutes: int = 600
    week_minutes: int = 2880
    readiness: int = 0
    critical_readiness: int = 0
    fairness_limit: float = 0.5
    language_level: str = "B1"


def complete(values: Mapping[str, float]) -> dict[str, float]:
    """Return every number: what `values` says, else what the product comes with."""
    return {each.name: values.get(each.name, each.default) for each in NUMBERS}


def differing(values: Mapping[str, float]) -> dict[str, float]:
    """Return what differs from what the product comes with."""
    return {n: v for n, v in values.items() if v != BY_NAME[n].default}


def checked(values: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers as they are kept. Raises `BadValue` naming the one that is wrong."""
    found: dict[str, float] = {}
    for name, value in values.items():
        number = BY_NAME.get(name)
        if number is None:
            raise BadValue(field=name, mend=_t("dispatch knows no such number"))
        try:
            given = float(value)
        except (TypeError, ValueError):
            given = float("nan")
        if not number.least <= given <= number.most or (number.whole and given != int(given)):
            mend = _t("give a number from %(least)s to %(most)s") % {
                "least": f"{number.least:g}", "most": f"{number.most:g}",
            }  # fmt: skip
            raise BadValue(field=str(number.label), mend=mend)
        found[name] = given
    return found


def rules(values: Mapping[str, float], number: int) -> Rules:
    """Return the rules of a version."""
    full = complete(values)
    weighed: dict[str, Any] = {each.name: full[each.name] for each in WEIGHTS}
    weights = replace(PLAIN, version=number, **weighed)
    return Rules(
        weights,
        int(full["capacity"]) or None,
        int(full["day_minutes"]),
        int(full["week_minutes"]),
        int(full["readiness"]),
        int(full["critical_readiness"]),
        full["fairness_limit"],
        LEVELS[int(full["language_level"])],
    )

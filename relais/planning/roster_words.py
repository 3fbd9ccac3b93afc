"""A roster in words: what each rule costs, which rules are broken, how two drafts differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from relais.engine.roster import OFF, Broken, Problem, Row, Shortfall, broken, changes, priced
from relais.people.models import Person, Site, Skill

from . import roster_problem
from .models import Roster
from .words import day_text, hours_text

# By the code of engine/roster.py; days and minutes are told as people say them.
SENTENCES = {
    "most": gettext_noop("%(who)s has “%(duty)s” %(seen)s times, more than %(limit)s"),
    "minutes_under": gettext_noop(
        "%(who)s works %(seen)s in the week of %(day)s, less than %(limit)s"
    ),
    "minutes_over": gettext_noop(
        "%(who)s works %(seen)s in the week of %(day)s, more than %(limit)s"
    ),
    "run_over": gettext_noop(
        "%(who)s works %(seen)s days in a row from %(day)s on, more than %(limit)s"
    ),
    "run_under": gettext_noop(
        "%(who)s works only %(seen)s days in a row from %(day)s on, less than %(limit)s"
    ),
    "rest_under": gettext_noop(
        "%(who)s is free only %(seen)s days in a row from %(day)s on, less than %(limit)s"
    ),
    "weekends": gettext_noop("%(who)s works on %(seen)s weekends, more than %(limit)s"),
    "away": gettext_noop("%(who)s works on %(day)s, when she is away or no site is open"),
    "pinned": gettext_noop("%(who)s does not have on %(day)s what was decided"),
    "rest": gettext_noop("%(who)s has less than eleven hours of rest after %(day)s"),
}
RULES = {
    "demand": gettext_lazy("People for the requests"),
    "skill": gettext_lazy("People with the skill"),
    "cover": gettext_lazy("Somebody for each open site"),
    "lead": gettext_lazy("The lead at her site"),
    "wish": gettext_lazy("Wishes"),
    "change": gettext_lazy("Changes to the published roster"),
}


@dataclass(frozen=True)
class Told:
    """What is said of a roster."""

    problem: Problem | None = None
    rows: Mapping[int, Row] = field(default_factory=dict)
    cost: float = 0.0
    by_rule: Mapping[str, float] = field(default_factory=dict)
    broken: tuple[Broken, ...] = ()
    shortfalls: tuple[Shortfall, ...] = ()
    wishes: Mapping[int, float] = field(default_factory=dict)
    minutes: Mapping[int, float] = field(default_factory=dict)
    changed: Mapping[int, list[int]] = field(default_factory=dict)

    @property
    def changed_days(self) -> int:
        """Return how many person-days became others than in the roster that is mended."""
        return sum(map(len, self.changed.values()))

    @property
    def broken_wishes(self) -> int:
        """Return of how many people a wish is not met."""
        return len(self.wishes)


def told(roster: Roster) -> Told:
    """Return what is said of a roster as it stands, hand changes included."""
    problem = roster_problem.again(roster)
    if problem is None:
        return Told()
    rows = roster_problem.rows_of(roster, problem)
    plan = priced(problem, rows)
    by_rule: dict[str, float] = defaultdict(float)
    for short in plan.shortfalls:
        by_rule[short.need.name.split(":")[0]] += short.cost
    base = roster.mends
    changed: dict[int, list[int]] = {}
    if base is not None:
        before = roster_problem.rows_of(base, problem)
        changed = changes(before, rows)
        points = roster_problem.weight(roster, "change")
        gone = {one.key: one.away for one in problem.people}
        count = sum(day not in gone[key] for key, days in changed.items() for day in days)
        by_rule["change"] = count * points
    wishes = _wishes(problem, rows, changed, roster_problem.weight(roster, "change"))
    by_rule["wish"] = sum(wishes.values())
    worked = {duty.key: duty.minutes for duty in problem.duties}
    minutes = {key: float(sum(worked.get(c, 0) for c in row)) for key, row in rows.items()}
    faults = tuple(fault for one in problem.people for fault in broken(problem, one, rows[one.key]))
    return Told(
        problem, rows, plan.cost, dict(by_rule), faults, plan.shortfalls, wishes, minutes, changed
    )


def _wishes(
    problem: Problem, rows: Mapping[int, Row], changed: Mapping[int, list[int]], change: float
) -> dict[int, float]:
    """Return the points of each one's wishes that are not met."""
    found = {}
    for one in problem.people:
        points = sum(one.cost.get((day, code), 0.0) for day, code in enumerate(rows[one.key]))
        points -= change * sum(day not in one.away for day in changed.get(one.key, ()))
        if points > 1e-9:
            found[one.key] = points
    return found


class Names:
    """The names that a roster's sentences need."""

    def __init__(self, people: Iterable[Person], sites: Iterable[Site], skills: Iterable[Skill]):
        self.people = {one.pk: one.name for one in people}
        self.sites = {one.pk: one.name for one in sites}
        self.skills = {one.pk: one.name_fr for one in skills}


def sentence(roster: Roster, fault: Broken, names: Names) -> str:
    """Return a broken rule as its sentence, in the reader's language."""
    facts = dict(fault.facts)
    facts["who"] = names.people.get(fault.person, "?")
    if "day" in facts:
        facts["day"] = day_text(roster.day(int(str(facts["day"]))))
    if fault.code.startswith("minutes"):
        facts |= {name: hours_text(float(str(facts[name]))) for name in ("seen", "limit")}
    return _(SENTENCES[fault.code]) % facts


def shortfall(roster: Roster, short: Shortfall, names: Names) -> str:
    """Return a need that is not met, in words."""
    rule, key, when = short.need.name.split(":", 2)
    what = {
        "demand": _("requests"),
        "cover": names.sites.get(_number(key), "?"),
        "lead": names.sites.get(_number(key), "?"),
        "skill": names.skills.get(_number(key), "?"),
    }[rule]
    facts = {
        "day": day_text(roster.day(short.need.day)),
        "when": when.replace("-", "–").replace(" ", ", "),
        "what": what,
        "there": short.there,
        "wanted": short.need.wanted,
    }
    if rule == "lead":
        return _("%(day)s, %(what)s: without its lead") % facts
    return _("%(day)s, %(when)s, %(what)s: %(there)s there, %(wanted)s wanted") % facts


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def worst(told_: Told, most: int) -> Sequence[Shortfall]:
    """Return the dearest needs that are not met."""
    return sorted(told_.shortfalls, key=lambda one: (-one.cost, one.need.day))[:most]


def beside(one: Told, other: Told) -> int:
    """Return on how many person-days two drafts differ."""
    count = 0
    for key in one.rows.keys() | other.rows.keys():
        first, second = one.rows.get(key, ()), other.rows.get(key, ())
        size = max(len(first), len(second))
        padded = [list(row) + [OFF] * (size - len(row)) for row in (first, second)]
        count += sum(a != b for a, b in zip(*padded, strict=True))
    return count

"""A roster as the solver's problem: duties, people with their rules and wishes, needs; as values.

A need bears the name of its rule and of what it is about ("cover:Aix"), so that a cost can be told
by rule. What is kept of a problem is values: a draft is judged later by what it was solved for.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext as _

from relais.engine.roster import OFF, Duty, Need, Problem, Row, Worker, pinning
from relais.people.models import Cover, Person, Site, SkillLevel, Wish
from relais.people.working import Span

from . import demand
from .errors import NoDuty
from .models import Roster, ShiftKind
from .working_time import Hours, limits, midnight

# Points of each rule, for one too few (or many) in a half-hour, one site-day, one wish, one change.
WEIGHTS = {"under": 10, "over": 1, "cover": 60, "lead": 5, "skill": 8, "wish": 4, "change": 20}
# Of an hour at work so much is work on requests (domain C.3).
PRODUCTIVE = 0.85
HALF_HOUR = 30
MOST_IN_A_ROW = 5
UNKNOWN_CONTRACT = 35 * 60.0


@dataclass(frozen=True)
class Ground:
    """Who and where a roster is for, read once."""

    roster: Roster
    sites: Sequence[Site]
    people: Sequence[Person]
    kinds: Sequence[ShiftKind]
    covers: Mapping[int, frozenset[int]]
    leads: Mapping[int, int]
    zone: ZoneInfo


def ground(roster: Roster, zone: ZoneInfo) -> Ground:
    """Return who and where. Raises `NoDuty` naming what is missing."""
    kinds = list(ShiftKind.objects.filter(Q(active=True) | Q(code__in=_used(roster))))
    if not kinds:
        raise NoDuty(why=_("there is no kind of shift yet"))
    sites = Site.objects.filter(archived_at=None, covers__isnull=False).distinct()
    if roster.sites:
        sites = sites.filter(pk__in=roster.sites)
    places = list(sites.select_related("calendar", "entity__calendar", "company__calendar"))
    covers: dict[int, set[int]] = defaultdict(set)
    leads: dict[int, int] = {}
    rows = Cover.objects.filter(site__in=places, person__archived_at=None)
    for site, person, position in rows.values_list("site", "person", "position"):
        covers[site].add(person)
        if position == Cover.Position.LEAD:
            leads[site] = person
    keys = {person for each in covers.values() for person in each}
    people = list(Person.objects.filter(pk__in=keys).order_by("name_key", "pk"))
    if not people:
        raise NoDuty(why=_("nobody covers these sites"))
    team = {site: frozenset(each) for site, each in covers.items()}
    return Ground(roster, places, people, kinds, team, leads, zone)


def _used(roster: Roster) -> set[str]:
    """Return the kinds of shift that a roster has, pins among them, or the one that it mends."""
    bases = [roster, *([roster.mends] if roster.mends else [])]
    return {code for base in bases for row in base.rows.values() for code in row} - {OFF}


def build(roster: Roster, zone: ZoneInfo, today: date) -> Problem:
    """Return the problem of a roster: its rules, wishes, pins and needs. Raises `NoDuty`."""
    at = ground(roster, zone)
    needs = [*_cover(at), *_demand(at, today)]
    problem = Problem(
        roster.days,
        _duties(at.kinds, limits()[0].daily_rest),
        _workers(at, needs),
        needs,
        [7 * week for week in range(roster.weeks)],
        [(7 * week + 5, 7 * week + 6) for week in range(roster.weeks)],
    )
    if roster.mends is None:
        return problem
    return mended(problem, roster.mends, weight(roster, "change"))


def mended(problem: Problem, base: Roster, change: float) -> Problem:
    """Return the problem of changing a published roster as little as the absences ask."""
    rows = rows_of(base, problem)
    gone = {
        person.key: [day for day in person.away if rows[person.key][day] != OFF]
        for person in problem.people
    }
    return pinning(problem, rows, change, {key: days for key, days in gone.items() if days})


def weight(roster: Roster, rule: str) -> float:
    """Return the points of a rule: the roster's own, else what the product comes with."""
    return float(roster.weights.get(rule, WEIGHTS[rule]))


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _duties(kinds: Sequence[ShiftKind], daily_rest: float) -> list[Duty]:
    """Return the kinds of shift; one that begins too soon after another may not follow it."""
    found = []
    for kind in kinds:
        work = sum(_minutes(b) - _minutes(a) for a, b in kind.hours)
        rest = 24 * 60 - _minutes(kind.ends)
        soon = frozenset(k.code for k in kinds if rest + _minutes(k.starts) < daily_rest)
        found.append(Duty(kind.code, work, soon))
    return found


# People -------------------------------------------------------------------------------------------


def _workers(at: Ground, needs: Sequence[Need]) -> list[Worker]:
    roster = at.roster
    keys = [person.pk for person in at.people]
    start, end = midnight(roster.starts_on, at.zone), midnight(roster.ends_on, at.zone)
    hours = Hours(keys, start, end + timedelta(days=1), around=timedelta(days=1))
    wishes: dict[int, list[Wish]] = defaultdict(list)
    for wish in Wish.objects.filter(person__in=keys):
        wishes[wish.person_id].append(wish)
    wanted = {need.day for need in needs if need.wanted}
    idle = frozenset(range(roster.days)) - wanted
    longest = max(
        (sum(_minutes(b) - _minutes(a) for a, b in kind.hours) for kind in at.kinds), default=0
    )
    codes = {OFF, *(kind.code for kind in at.kinds)}
    found = []
    for person in at.people:
        profile = hours.profiles.get(person.pk)
        contract = float(profile.contract_hours) * 60 if profile else UNKNOWN_CONTRACT
        away = _away(roster, hours.written.absences.get(person.pk, ()), at.zone)
        pins = {
            day: roster.rows[str(person.pk)][day]
            for day in roster.pins.get(str(person.pk), ())
            if str(person.pk) in roster.rows
            and day not in away
            and roster.rows[str(person.pk)][day] in codes
        }
        found.append(
            Worker(
                person.pk,
                {},
                _periods(roster, contract, away | (idle - set(pins)), longest),
                (1, MOST_IN_A_ROW),
                1,
                None,
                frozenset(away | (idle - set(pins))),
                pins,
                _wishes(at, wishes[person.pk]),
                _too_soon(at, hours, person.pk, start),
            )
        )
    return found


def _too_soon(at: Ground, hours: Hours, person: int, start: datetime) -> dict[int, frozenset[str]]:
    """Return the kinds that begin too soon on the first day after what she worked before it."""
    ends = [end.astimezone(UTC) for begin, end in hours.worked(person) if begin < start]
    if not ends:
        return {}
    free = max(ends) + timedelta(minutes=hours.limits.daily_rest)
    soon = (kind for kind in at.kinds if kind.spans(at.roster.starts_on, at.zone)[0][0] < free)
    codes = frozenset(kind.code for kind in soon)
    return {0: codes} if codes else {}


def _away(roster: Roster, gone: Iterable[Span], zone: ZoneInfo) -> frozenset[int]:
    """Return the days of which an absence takes a part: on these she has no duty."""
    found = set()
    for number in range(roster.days):
        day = roster.day(number)
        first, last = midnight(day, zone), midnight(day + timedelta(days=1), zone)
        if any(begin < last and first < end for begin, end in gone):
            found.add(number)
    return frozenset(found)


def _periods(
    roster: Roster, contract: float, away: frozenset[int], longest: float
) -> list[tuple[int, int]]:
    """Return the least and the most minutes of each week: the contract, less for days away."""
    found = []
    for week in range(roster.weeks):
        free = sum(7 * week + day not in away for day in range(5))
        most = contract * min(1.0, free / 5)
        found.append((int(max(0.0, most - longest)) if free else 0, int(most)))
    return found


def _wishes(at: Ground, wishes: Sequence[Wish]) -> dict[tuple[int, str], float]:
    points, found = weight(at.roster, "wish"), defaultdict(float)
    for number in range(at.roster.days):
        day = at.roster.day(number)
        for wish in wishes:
            if not wish.speaks_of(day):
                continue
            likes = wish.kind == Wish.Kind.PREFERS
            for kind in at.kinds:
                if _touches(kind, wish) != likes:
                    found[number, kind.code] += points
            if likes:
                found[number, OFF] += points
    return dict(found)


def _touches(kind: ShiftKind, wish: Wish) -> bool:
    if wish.starts is None or wish.ends is None:
        return True
    return any(a < wish.ends and wish.starts < b for a, b in kind.hours)


# Needs --------------------------------------------------------------------------------------------


def _cover(at: Ground) -> list[Need]:
    """Return that each open site has somebody who covers it, and best its lead, every day."""
    roster, found = at.roster, []
    under, lead = weight(roster, "cover"), weight(roster, "lead")
    until = roster.ends_on + timedelta(days=1)
    for site in at.sites:
        by_day: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for begin, end in _here(at, site, roster.starts_on, until):
            day = (begin.date() - roster.starts_on).days
            last = _minutes(end.time()) or 24 * 60
            by_day[day].append((_minutes(begin.time()), last))
        for day, spans in by_day.items():
            if not 0 <= day < roster.days:
                continue
            team = at.covers[site.pk]
            for name, duties in _slots(at.kinds, spans):
                label = f"cover:{site.pk}:{name}"
                found.append(Need(day, duties, 1, under, 0.0, team, label))
            if site.pk in at.leads:
                every = frozenset(kind.code for kind in at.kinds)
                own = frozenset({at.leads[site.pk]})
                found.append(Need(day, every, 1, lead, 0.0, own, f"lead:{site.pk}:"))
    return found


def _here(at: Ground, site: Site, first: date, until: date) -> list[Span]:
    """Return when a site is open, by the pool's clock: kinds of shift are told by that."""
    spans = demand.open_spans(site, first, until)
    return [(begin.astimezone(at.zone), end.astimezone(at.zone)) for begin, end in spans]


def _slots(
    kinds: Sequence[ShiftKind], spans: Iterable[tuple[int, int]]
) -> list[tuple[str, frozenset[str]]]:
    """Return the half-hours of some hours that some kind serves, those served alike as one."""
    found: dict[frozenset[str], list[int]] = {}
    for first, last in spans:
        for at in range(first - first % HALF_HOUR, last, HALF_HOUR):
            duties = _serving(kinds, at)
            if duties:
                found.setdefault(duties, []).append(at)
    return [(_told(times), duties) for duties, times in found.items()]


def _serving(kinds: Sequence[ShiftKind], at: int) -> frozenset[str]:
    return frozenset(
        kind.code
        for kind in kinds
        if any(_minutes(a) <= at and at + HALF_HOUR <= _minutes(b) for a, b in kind.hours)
    )


def _told(times: Sequence[int]) -> str:
    """Return half-hours as spans: "09:00-12:30 13:30-18:00"."""
    told, first = [], times[0]
    for before, at in zip(times, [*times[1:], 10**6], strict=True):
        if at != before + HALF_HOUR:
            end = before + HALF_HOUR
            told.append(f"{first // 60:02}:{first % 60:02}-{end // 60:02}:{end % 60:02}")
            first = at
    return " ".join(told)


def _demand(at: Ground, today: date) -> list[Need]:
    """Return how many are wanted each half-hour by what is foreseen, of all and by skill."""
    if at.roster.source != Roster.Source.FORECAST:
        return []
    told = demand.expected(at.sites, at.roster.starts_on, at.roster.days, today, at.zone)
    if told.method == demand.NOTHING:
        return []
    skilled = _skilled(at)
    shares = demand.skills_of_families()
    found = []
    for day in range(at.roster.days):
        for half in range(2):
            total, by_skill = 0.0, defaultdict(float)
            for one, minutes in zip(told.series, told.minutes[:, day, half], strict=True):
                total += minutes
                for skill, share in shares.get(one.family, {}).items():
                    by_skill[skill] += minutes * share
            hours = float(told.opened[:, day, half].max(initial=0.0))
            if not hours:
                continue
            spans = _half(told, at, day, half)
            heads = total / 60 / PRODUCTIVE / hours
            for name, duties in _slots(at.kinds, spans):
                found.append(
                    Need(day, duties, math.ceil(heads - 0.05), weight(at.roster, "under"),
                         weight(at.roster, "over"), None, f"demand::{name}")
                )  # fmt: skip
                for skill, work in sorted(by_skill.items()):
                    wanted = math.ceil(work / 60 / PRODUCTIVE / hours - 0.25)
                    team = skilled.get(skill, frozenset())
                    if wanted and team:
                        label = f"skill:{skill}:{name}"
                        points = weight(at.roster, "skill")
                        found.append(Need(day, duties, wanted, points, 0.0, team, label))
    return found


def _half(told: demand.Expected, at: Ground, day: int, half: int) -> list[tuple[int, int]]:
    """Return the hours of a half-day in which any site is open, as minutes of the day."""
    when, spans = at.roster.day(day), []
    for site in at.sites:
        for begin, end in _here(at, site, when, when + timedelta(days=1)):
            a, b = _minutes(begin.time()), _minutes(end.time()) or 24 * 60
            noon = demand.NOON * 60
            a, b = (a, min(b, noon)) if half == 0 else (max(a, noon), b)
            if a < b:
                spans.append((a, b))
    return [(min(a for a, _b in spans), max(b for _a, b in spans))] if spans else []


def _skilled(at: Ground) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    keys = [person.pk for person in at.people]
    rows = SkillLevel.objects.filter(profile__person__in=keys, level__gte=2)
    for skill, person in rows.values_list("skill", "profile__person"):
        found[skill].add(person)
    return {skill: frozenset(each) for skill, each in found.items()}


# Kept as values -----------------------------------------------------------------------------------


def kept(problem: Problem) -> dict[str, Any]:
    """Return the problem as values."""
    return {
        "duties": [[d.key, d.minutes, sorted(d.never_next)] for d in problem.duties],
        "periods": list(problem.periods),
        "people": [
            {
                "key": one.key,
                "minutes": [list(each) for each in one.minutes],
                "away": sorted(one.away),
                "pinned": {str(day): code for day, code in one.pinned.items()},
                "never": {str(day): sorted(codes) for day, codes in one.never.items()},
                "cost": [[day, code, points] for (day, code), points in one.cost.items()],
            }
            for one in problem.people
        ],
        "needs": [
            [n.day, sorted(n.duties), n.wanted, n.under, n.over,
             sorted(n.people) if n.people is not None else None, n.name]
            for n in problem.needs
        ],
    }  # fmt: skip


def again(roster: Roster) -> Problem | None:
    """Return the problem that a roster was solved for, with the pins of now; None: none yet."""
    basis = roster.basis
    if not basis:
        return None
    people, codes = [], roster.codes
    for one in basis["people"]:
        pinned = {int(day): code for day, code in one["pinned"].items()}
        row = roster.rows.get(str(one["key"]))
        for day in roster.pins.get(str(one["key"]), ()):
            if row and row[day] in codes:
                pinned[day] = row[day]
        away = frozenset(one["away"])
        people.append(
            Worker(
                one["key"], {}, [tuple(each) for each in one["minutes"]], (1, MOST_IN_A_ROW), 1,
                None, away, {d: c for d, c in pinned.items() if c == OFF or d not in away},
                {(day, code): points for day, code, points in one["cost"]},
                {int(day): frozenset(never) for day, never in one.get("never", {}).items()},
            )
        )  # fmt: skip
    return Problem(
        roster.days,
        [Duty(key, minutes, frozenset(never)) for key, minutes, never in basis["duties"]],
        people,
        [
            Need(day, frozenset(duties), wanted, under, over,
                 frozenset(team) if team is not None else None, name)
            for day, duties, wanted, under, over, team, name in basis["needs"]
        ],
        basis["periods"],
    )  # fmt: skip


def rows_of(roster: Roster, problem: Problem) -> dict[int, Row]:
    """Return the rows as the engine has them: everybody of the problem, free where unknown."""
    free = [OFF] * problem.days
    codes = {duty.key for duty in problem.duties}
    return {
        one.key: tuple(c if c in codes else OFF for c in roster.rows.get(str(one.key), free))
        for one in problem.people
    }

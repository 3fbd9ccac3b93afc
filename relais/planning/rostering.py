"""A roster from draft to solved: made, solved in the background and stoppable, mended.

The worker solves outside any transaction and says how far it is; whoever watches sees the best so
far and the bound below which no roster can cost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop

from relais.engine.roster import OFF, BadProblem, Plan, Problem, broken
from relais.lib.later import later
from relais.lib.problem import Problem as Wrong
from relais.lib.tenancy import tenant
from relais.people.models import Person

from . import roster_problem
from .errors import NotInThisState
from .models import Roster, ShiftKind
from .working_time import pool_zone

SOLVE = "relais.planning.tasks.solve_roster"
State = Roster.State
# A worker that has said nothing for so long has died: the roster may be solved anew.
SILENT = timedelta(seconds=60)
TELL_EVERY = 1.0
BROKE_OFF = gettext_noop("Solving broke off on a fault of Relais's own. Begin it again.")
NO_ROW = gettext_noop(
    "The rules of one person contradict one another: look at her pinned days and absences."
)
# What a pool begins with; each provider changes them.
FIRST_KINDS = (
    ("M", gettext_noop("Early shift"), "08:00", "16:00", "12:00", "13:00"),
    ("J", gettext_noop("Day"), "09:00", "17:00", "12:30", "13:30"),
    ("S", gettext_noop("Late shift"), "10:00", "18:00", "13:00", "14:00"),
    ("AM", gettext_noop("Morning"), "08:30", "12:30", None, None),
    ("PM", gettext_noop("Afternoon"), "13:30", "17:30", None, None),
)


def first_kinds(provider_id: int, name: Callable[[str], str] = str) -> None:
    """Give a provider without any the kinds of shift that most pools have."""
    if ShiftKind.objects.exists():
        return
    ShiftKind.objects.bulk_create(
        ShiftKind(
            provider_id=provider_id, code=code, name=name(label), starts=starts, ends=ends,
            pause_from=first, pause_until=last,
        )
        for code, label, starts, ends, first, last in FIRST_KINDS
    )  # fmt: skip


def draft(fields: Mapping[str, Any], *, by: Person, name: Callable[[str], str] = str) -> Roster:
    """Return the draft of a roster, from the Monday of its first day on; everybody is free.

    Raises `NoDuty` where there is nobody, or nowhere, to make it for.
    """
    first_kinds(by.provider_id, name)
    first: date = fields["starts_on"]
    given = dict(fields) | {"starts_on": first - timedelta(days=first.weekday())}
    made = Roster(provider_id=by.provider_id, made_by=by, **given)
    zone = pool_zone(by.provider)
    problem = roster_problem.build(made, zone, timezone.localdate(timezone=zone))
    made.rows = {str(one.key): [OFF] * made.days for one in problem.people}
    made.basis = roster_problem.kept(problem)
    made.save(force_insert=True)
    return made


def mend(roster: Roster, name: str, *, by: Person) -> Roster:
    """Return the draft of a roster that changes a published one as little as absences ask.

    Raises `NotInThisState` for one that is not published.
    """
    if roster.state != State.PUBLISHED:
        raise NotInThisState(name=roster.name, state=roster.get_state_display())
    return Roster.objects.create(
        provider_id=by.provider_id, made_by=by, name=name[:100], starts_on=roster.starts_on,
        weeks=roster.weeks, sites=roster.sites, source=roster.source, weights=roster.weights,
        seed=roster.seed, seconds=min(roster.seconds, 30), rows=roster.rows, mends=roster,
        pins=roster.pins, basis=roster.basis,
    )  # fmt: skip


def begin(roster: Roster) -> None:
    """Have the roster solved by a worker. Raises `NotInThisState`, `ChangedMeanwhile`."""
    roster.change(
        (*Roster.CHANGEABLE, *((State.SOLVING,) if is_silent(roster) else ())),
        state=State.SOLVING, begun_at=None, told_at=None,
        stop_asked=False, problem="",
    )  # fmt: skip
    later(
        SOLVE, lock=f"roster:{roster.provider_id}", provider_id=roster.provider_id,
        roster_id=roster.pk, version=roster.version,
    )  # fmt: skip


def is_silent(roster: Roster) -> bool:
    """Return whether a worker that had begun with a roster has not told of it for long.

    One that waits for its turn is not silent, however long it waits.
    """
    told = roster.told_at
    return roster.state == State.SOLVING and told is not None and timezone.now() - told > SILENT


def stop(roster: Roster) -> None:
    """Ask the worker to stop with the best it has. Raises `NotInThisState`."""
    found = Roster.objects.filter(pk=roster.pk, state=State.SOLVING).update(stop_asked=True)
    if not found:
        raise NotInThisState(name=roster.name, state=roster.get_state_display())


def discard(roster: Roster) -> bool:
    """Throw a draft away; return whether it was one still."""
    mine = Roster.objects.filter(pk=roster.pk, state__in=Roster.CHANGEABLE)
    return bool(mine.delete()[0])


def run(provider: int, pk: int, version: int) -> None:
    """Solve a roster and keep the plan; may run twice, the second time for nothing."""
    # The solver is loaded where it works: no page needs it.
    from relais.engine.roster_solve import NoRoster, solve

    with tenant(provider):
        roster = Roster.objects.filter(pk=pk, state=State.SOLVING, version=version).first()
        if roster is None:
            return
        roster.begun_at = roster.told_at = timezone.now()
        mine = Roster.objects.filter(pk=pk, state=State.SOLVING, version=version)
        mine.update(begun_at=roster.begun_at, told_at=roster.told_at)
        zone = pool_zone(roster.provider)
        try:
            problem = roster_problem.build(roster, zone, timezone.localdate(timezone=zone))
        except (Wrong, BadProblem) as fault:
            _end(roster, state=State.DRAFT, problem=str(fault)[:500])
            return
    watch = _Watch(provider, roster)
    try:
        plan = solve(problem, watch, roster.seed, None, _initial(roster, problem))
    except NoRoster:
        ended: dict[str, Any] = {"state": State.DRAFT, "problem": NO_ROW}
    except Exception:
        with tenant(provider):
            _end(roster, state=State.DRAFT, problem=BROKE_OFF)
        raise
    else:
        ended = {
            "state": State.SOLVED, "rows": told_rows(plan), "cost": plan.cost,
            "bound": plan.bound, "basis": roster_problem.kept(problem),
        }  # fmt: skip
    with tenant(provider):
        _end(roster, **ended)


def _initial(roster: Roster, problem: Problem) -> dict[int, tuple[str, ...]]:
    if not roster.rows:
        return {}
    rows = roster_problem.rows_of(roster, problem)
    return {one.key: rows[one.key] for one in problem.people
            if not broken(problem, one, rows[one.key])}  # fmt: skip


def told_rows(plan: Plan) -> dict[str, list[str]]:
    """Return a plan's rows as they are kept."""
    return {str(key): list(row) for key, row in plan.rows.items()}


def _end(roster: Roster, **fields: Any) -> None:
    """Keep how it ended, unless somebody began anew meanwhile."""
    rows = Roster.objects.filter(pk=roster.pk, state=State.SOLVING, version=roster.version)
    rows.update(version=roster.version + 1, stop_asked=False, told_at=timezone.now(), **fields)


class _Watch:
    """Tells how far the search is about once a second, and ends it in time or when asked."""

    def __init__(self, provider: int, roster: Roster) -> None:
        self.provider, self.roster = provider, roster
        self.begun = self.told = time.monotonic()

    def __call__(self, plan: Plan | None, bound: float) -> bool:
        now = time.monotonic()
        if now - self.begun >= self.roster.seconds:
            return True
        if now - self.told < TELL_EVERY:
            return False
        self.told = now
        with tenant(self.provider):
            rows = Roster.objects.filter(
                pk=self.roster.pk, state=State.SOLVING, version=self.roster.version
            )
            rows.update(told_at=timezone.now(), cost=plan.cost if plan else None, bound=bound)
            row = rows.values_list("stop_asked", flat=True).first()
        return row is None or row


def spent(roster: Roster, now: datetime) -> float:
    """Return how much of its time a search has had, 0 to 1."""
    if roster.begun_at is None:
        return 0.0
    return min(1.0, (now - roster.begun_at).total_seconds() / roster.seconds)

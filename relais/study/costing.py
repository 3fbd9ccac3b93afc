"""What the ways of being served cost, side by side: proposed once, then typed line by line.

Every figure that the software proposes is marked as an assumption until somebody has typed it
(domain C.5, 6). Amounts are euros a year, or once in all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from relais.engine import capacity_costs as engine
from relais.people import organisation
from relais.people.models import Person

from .errors import NothingToSize
from .models import CostLine, CostScenario, Sizing, Study
from .sizing import rows_of

Kind, Behaviour = CostScenario.Kind, CostLine.Behaviour
# Assumptions of domain C.5, 6: gross a year in the provinces, times what the employer pays on top.
SALARY, LOADED = 40_000.0, 1.42
HOURS_A_POST = 1_489.0
A_POST = {
    gettext_noop("Workstation, software and telephone"): 1_500.0,
    gettext_noop("Premises"): 4_000.0,
}
MANAGED = 0.08  # of the salaries
TRAVEL_A_SITE = 600.0
FEE_AN_HOUR = 42.0
FEE_FIXED = 12_000.0
STEERING = 15_000.0
SET_UP = 8_000.0
FRICTION_LEFT = {Kind.DEDICATED: 100.0, Kind.SHARED: 60.0, Kind.OUTSOURCED: 60.0}
MANAGER_HOUR = 70.0
SALARIES = gettext_noop("Salaries with employer's contributions")
STAFF = gettext_noop("Management")
TRAVEL = gettext_noop("Travel between sites")
KNOWING = gettext_noop("Getting to know the sites")
MOVING = gettext_noop("Setting up (procedures, tools, training)")
LEAVING = gettext_noop("Transfer or redundancy (legal)")
FEE = gettext_noop("Provider's fee, by the hour")
FIXED_FEE = gettext_noop("Provider's fee, fixed")
STEERED = gettext_noop("Steering by the client")
VOLUMES = engine.VOLUMES


def propose(study: Study, *, by: Person) -> list[CostScenario]:
    """Give a study its three scenarios from its last sizing; one that is there stays as it is.

    Raises `NotPiloting`, `NotInThisPhase`, `NothingToSize` before anything was sized.
    """
    study.check_changeable(by)
    sizing = study.sizings.first()
    if sizing is None:
        raise NothingToSize()
    Study.objects.select_for_update().get(pk=study.pk)
    there = set(study.cost_scenarios.values_list("kind", flat=True))
    made = [_scenario(study, kind, sizing) for kind in Kind if kind not in there]
    if made:
        organisation.record(study, "costs_proposed", by, scenarios=[one.kind for one in made])
    return made


def _scenario(study: Study, kind: str, sizing: Sizing) -> CostScenario:
    hours = _hours(study, sizing)
    scenario = CostScenario.objects.create(
        provider_id=study.provider_id, study=study, kind=kind, hours=round(hours, 1),
        hour_cost=round(SALARY * LOADED / HOURS_A_POST, 2), friction_left=FRICTION_LEFT[Kind(kind)],
        hour_worth=MANAGER_HOUR,
    )  # fmt: skip
    CostLine.objects.bulk_create(
        CostLine(
            provider_id=study.provider_id, scenario=scenario, name=_(name), assumed=True,
            amount=round(amount, 2), behaviour=behaviour, posts=posts,
        )
        for name, amount, behaviour, posts in _lines(study, kind, sizing, hours)
    )  # fmt: skip
    return scenario


def _hours(study: Study, sizing: Sizing) -> float:
    rows = rows_of(study, int(sizing.terms["weekdays"]))
    return sum(row.once for row in rows) / 60


def _lines(
    study: Study, kind: str, sizing: Sizing, hours: float
) -> list[tuple[str, float, str, float]]:
    """Return name, amount, behaviour and posts of each line that is proposed."""
    ways = {one["way"]: one for one in sizing.formula["ways"]}
    apart, shared = ways["apart"], ways.get("chain_2", ways["together"])
    sites = len(sizing.basis["sites"])
    an_hour = SALARY * LOADED / HOURS_A_POST
    if kind == Kind.OUTSOURCED:
        return [
            (FEE, hours * FEE_AN_HOUR, Behaviour.VARIABLE, 0.0),
            (FIXED_FEE, FEE_FIXED, Behaviour.FIXED, 0.0),
            (STEERED, STEERING, Behaviour.FIXED, 0.0),
            (MOVING, SET_UP, Behaviour.ONCE, 0.0),
            (LEAVING, 0.0, Behaviour.ONCE, 0.0),
        ]
    posts = float(apart["posts"] if kind == Kind.DEDICATED else shared["posts"]) or 0.5
    salaries = posts * SALARY * LOADED
    found = [(SALARIES, salaries, Behaviour.POSTS, posts)]
    found += [(name, posts * each, Behaviour.POSTS, posts) for name, each in A_POST.items()]
    found.append((STAFF, MANAGED * salaries, Behaviour.FIXED, 0.0))
    if kind == Kind.DEDICATED:
        return found
    known = shared["pairs"] * float(sizing.terms["first_hours"] or 0) * an_hour
    return [
        *found,
        (TRAVEL, TRAVEL_A_SITE * sites, Behaviour.FIXED, 0.0),
        (KNOWING, known, Behaviour.ONCE, 0.0),
        (MOVING, SET_UP, Behaviour.ONCE, 0.0),
    ]


@dataclass(frozen=True)
class Told:
    """A scenario beside the others; `cost` holds friction as a line that follows the volume."""

    scenario: CostScenario
    lines: list[CostLine]
    cost: engine.Cost
    friction: float  # euros a year
    friction_hours: float


def side_by_side(study: Study, scenarios: list[CostScenario]) -> list[Told]:
    """Return the scenarios at 70, 100 and 130 % of the volume; ask them with their lines."""
    lost = friction_hours(study)
    told = []
    for scenario in scenarios:
        lines = sorted(scenario.lines.all(), key=lambda line: line.pk)
        hours = lost * scenario.friction_left / 100
        friction = engine.quality_cost(hours, scenario.hour_cost)
        asked = _asked(scenario, lines)
        if friction:
            extra = engine.Line("friction", friction, engine.Behaviour.VARIABLE)
            asked = replace(asked, lines=(*asked.lines, extra))
        told.append(Told(scenario, lines, engine.compared([asked])[0], friction, hours))
    return told


def friction_hours(study: Study) -> float:
    """Return the hours lost a year to waiting, rework and work done twice."""
    return sum(row.friction for row in rows_of(study, 254)) / 60


def _asked(scenario: CostScenario, lines: list[CostLine]) -> engine.Scenario:
    return engine.Scenario(
        scenario.kind,
        tuple(
            engine.Line(
                line.name, line.amount, engine.Behaviour(line.behaviour), line.posts, line.step
            )
            for line in lines
        ),
        scenario.hours,
        scenario.hours_returned,
        scenario.hour_worth,
    )


def add_line(scenario: CostScenario, fields: Mapping[str, Any], *, by: Person) -> CostLine:
    """Return a line added to a scenario. Raises `NotPiloting`, `NotInThisPhase`."""
    scenario.study.check_changeable(by)
    line = CostLine.objects.create(provider_id=scenario.provider_id, scenario=scenario, **fields)
    organisation.record(scenario.study, "cost_added", by, scenario=scenario.kind, line=line.name)
    return line

"""What a study found, gathered once and set as documents: one a site, one for the group, the costs.

Nobody is recognisable: roles that fewer than three people hold are told together, and the words of
confidential tasks (class C3) stay out. Of a site nothing is told of another one.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext_noop

from relais.engine import inventory
from relais.engine.inventory import Counted, Value
from relais.lib.later import later
from relais.lib.tenancy import tenant
from relais.people import organisation
from relais.people.models import Confidentiality, Person, Site

from . import costing, surveys
from .models import CostScenario, InventoryLine, Irritant, Report, Restitution, Study
from .sizing import rows_of

MAKE = "relais.study.tasks.make_restitution"
FEWEST = 3
MOST_TASKS, MOST_SHOWN = 40, 12
BROKE_OFF = gettext_noop("Making the documents broke off on a fault of Relais's own. Try again.")
Kind, State = Report.Kind, Restitution.State


# Making -------------------------------------------------------------------------------------------


def begin(study: Study, *, by: Person) -> Restitution:
    """Have a new edition made by a worker; the former ones stay. Raises `NotPiloting`, …"""
    study.check_changeable(by)
    Study.objects.select_for_update().get(pk=study.pk)
    last = study.restitutions.aggregate(last=Max("number"))["last"] or 0
    made = Restitution.objects.create(
        provider_id=study.provider_id, study=study, number=last + 1, made_by=by
    )
    organisation.record(study, "restitution_begun", by, number=made.number)
    later(
        MAKE, lock=f"restitution:{study.pk}", provider_id=study.provider_id,
        restitution_id=made.pk,
    )  # fmt: skip
    return made


def run(provider: int, pk: int) -> None:
    """Gather the figures, draw the charts, set the documents, and keep them; once."""
    from . import restitution_charts, restitution_documents

    with tenant(provider):
        mine = Restitution.objects.filter(pk=pk, state=State.MAKING)
        edition = mine.select_related("study__company", "study__pilot").first()
        if edition is None:
            return
        told = gathered(edition.study)
    try:
        for report in told:
            report.restitution = edition
            report.charts = restitution_charts.drawn(report.kind, report.figures)
            for language in ("fr", "en"):
                made = restitution_documents.made(report, language, at=edition.made_at)
                setattr(report, f"pdf_{language}", made)
                setattr(report, f"digest_{language}", hashlib.sha256(made).hexdigest())
    except Exception:
        with tenant(provider):
            mine.update(problem=BROKE_OFF)
        raise
    with tenant(provider):
        if mine.select_for_update().exists():
            Report.objects.bulk_create(told)
            mine.update(state=State.READY, problem="")


def current(study: Study) -> Restitution | None:
    """Return the last edition that is ready."""
    return study.restitutions.filter(state=State.READY).first()


def missing(study: Study) -> Iterable[str]:
    """Yield what stands against deciding: sites that have not validated, unless passed over."""
    from django.utils.translation import gettext as _

    edition = current(study)
    if edition is None:
        yield _("Make the restitution, for each site to validate.")
        return
    waiting = [
        report.site.name
        for report in edition.reports.filter(kind=Kind.SITE)
        .select_related("site")
        .defer("figures", "charts", "pdf_fr", "pdf_en")
        if not report.is_settled and report.site is not None
    ]
    if waiting:
        yield _("Not validated yet: %(sites)s. Wait for them, or say why you do not.") % {
            "sites": ", ".join(waiting)
        }


# Gathering ----------------------------------------------------------------------------------------


def gathered(study: Study) -> list[Report]:
    """Return the reports of a study with their figures, not kept yet."""
    rows = rows_of(study, 254)
    lines = {str(line.pk): line for line in InventoryLine.objects.filter(study=study)}
    scopes = list(study.scopes.select_related("site").order_by("site__name_key", "pk"))
    sites = [scope.site for scope in scopes]
    names = {str(site.pk): site.name for site in sites}
    held = _holders(study, lines.values())
    hurts, brakes = _irritants(study), _brakes(study)
    found = []
    for scope in scopes:
        own = [row for row in rows if row.line.site == str(scope.site_id)]
        figures = _shared(study, own, names, held, lines) | {
            "paid": scope.paid_hours,
            "tasks": _tasks(own, lines),
            "doubles": _doubles(rows, lines, names, only=str(scope.site_id)),
            "irritants": [one for one in hurts if one["site"] in (scope.site_id, None)],
            "brakes": [one for one in brakes if one["site"] == scope.site_id],
        }
        found.append(_report(study, Kind.SITE, figures, scope.site))
    group = _shared(study, rows, names, held, lines) | {
        "sites": _by_site(rows, names),
        "map": _map(rows),
        "doubles": _doubles(rows, lines, names),
        "irritants": hurts,
        "brakes": brakes,
        "sizing": _sizing(study),
        "names": names,
    }
    found.append(_report(study, Kind.GROUP, group))
    if costs := _costs(study):
        found.append(_report(study, Kind.COSTS, costs))
    return found


def _report(study: Study, kind: str, figures: dict[str, Any], site: Site | None = None) -> Report:
    about = {
        "study": study.name, "company": study.company.name, "pilot": study.pilot.name,
        "purpose": study.purpose, "site_name": site.name if site else "",
    }  # fmt: skip
    return Report(provider_id=study.provider_id, kind=kind, site=site, figures=about | figures)


def _shared(
    study: Study,
    rows: Sequence[Counted],
    names: Mapping[str, str],
    held: Mapping[str, int],
    lines: Mapping[str, InventoryLine],
) -> dict[str, Any]:
    sums = inventory.total(rows)
    return {
        "hours": sums.minutes / 60,
        "once": sums.once / 60,
        "lines": sums.lines,
        "measured": sums.measured,
        "waiting": sums.waiting / 60,
        "rework": sums.rework / 60,
        "double": sums.double / 60,
        "months": [minutes / 60 for minutes in sums.by_month],
        "values": {value.value: sums.by_value[value] / 60 for value in Value},
        "families": _summed((row.line.family, row.minutes / 60) for row in rows),
        "roles": roles(rows, held),
    }


def roles(rows: Sequence[Counted], held: Mapping[str, int]) -> list[list[Any]]:
    """Return hours by role, the most first; roles that too few people hold are told together.

    So are, with them, the least of the others if what is together would be one role alone.
    """
    hours = _summed((row.line.role.strip(), row.minutes / 60) for row in rows)
    shown = {
        role: n for role, n in hours.items() if role and held.get(role.casefold(), 0) >= FEWEST
    }
    rest = [role for role in hours if role not in shown]
    # One small role alone under "others" would be told as plainly as by its name.
    if shown and len([role for role in rest if role]) == 1:
        shown.pop(min(shown, key=lambda role: shown[role]))
    others = sum(n for role, n in hours.items() if role not in shown)
    table: list[list[Any]] = [[role, n] for role, n in shown.items()]
    table.sort(key=lambda one: -one[1])
    return [*table, ["", others]] if others else table


def _holders(study: Study, lines: Iterable[InventoryLine]) -> dict[str, int]:
    """Return how many people hold a role at least, by the role as it is compared."""
    found: dict[str, int] = defaultdict(int)
    for role in study.participants.values_list("role", flat=True):
        found[role.strip().casefold()] += 1
    for line in lines:
        key = line.doer_role.strip().casefold()
        found[key] = max(found[key], line.able or 0)
    return found


def _summed(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for key, value in pairs:
        found[key] += value
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def _by_site(rows: Sequence[Counted], names: Mapping[str, str]) -> list[dict[str, Any]]:
    sums = inventory.by(rows, "site")
    return [
        {
            "name": name, "hours": told.minutes / 60, "once": told.once / 60,
            "friction": told.friction / 60, "lines": told.lines,
            "values": {value.value: told.by_value[value] / 60 for value in Value},
        }
        for key, name in names.items()
        for told in [sums.get((key,)) or inventory.total([])]
    ]  # fmt: skip


def _map(rows: Sequence[Counted]) -> list[list[Any]]:
    return [
        [site, family, told.minutes / 60]
        for (site, family), told in inventory.by(rows, "site", "family").items()
    ]


def _tasks(rows: Sequence[Counted], lines: Mapping[str, InventoryLine]) -> list[list[Any]]:
    """Return task, hours and evidence of a site, the most first; C3 without its words."""
    kept = sorted(rows, key=lambda row: (-row.minutes, row.line.key))
    told = [
        [lines[row.line.key].task, row.line.family, row.minutes / 60, row.line.evidence.value]
        for row in kept
        if row.line.secrecy < Confidentiality.EXECUTIVE
    ]
    secret = sum(row.minutes for row in rows if row.line.secrecy >= Confidentiality.EXECUTIVE) / 60
    rest = sum(one[2] for one in told[MOST_TASKS:])
    told = told[:MOST_TASKS]
    told += [["", "rest", rest, ""]] if rest else []
    return [*told, ["", "secret", secret, ""]] if secret else told


def _doubles(
    rows: Sequence[Counted],
    lines: Mapping[str, InventoryLine],
    names: Mapping[str, str],
    only: str = "",
) -> list[dict[str, Any]]:
    """Return the work done at several places; of one site its own words, and how many others."""
    groups: dict[str, list[Counted]] = defaultdict(list)
    for row in rows:
        if row.line.same_as and row.line.secrecy < Confidentiality.EXECUTIVE:
            groups[row.line.same_as].append(row)
    found = []
    for group in groups.values():
        here = [row for row in group if not only or row.line.site == only]
        places = {row.line.site for row in group}
        if not here or len(places) < 2:
            continue
        most = max(here, key=lambda row: row.minutes)
        found.append(
            {
                "task": lines[most.line.key].task,
                "sites": [] if only else sorted(names[site] for site in places if site in names),
                "others": len(places) - 1,
                "hours": sum(row.minutes for row in here) / 60,
                "double": sum(row.double for row in here) / 60,
            }
        )
    return sorted(found, key=lambda one: -one["double"])[:MOST_SHOWN]


def _irritants(study: Study) -> list[dict[str, Any]]:
    open_ = Irritant.objects.filter(study=study, into=None).exclude(
        state__in=(Irritant.State.LIFTED, Irritant.State.LEFT)
    )
    found = {row.pk: row for row in open_}
    ranked = inventory.pareto([row.counted for row in found.values()])
    return [
        {
            "text": found[int(each.irritant.key)].process, "score": each.score,
            "hours": each.irritant.hours, "treat": each.treat,
            "site": found[int(each.irritant.key)].site_id,
        }
        for each in ranked
        if each.score > 0
    ][:MOST_SHOWN]  # fmt: skip


def _brakes(study: Study) -> list[dict[str, Any]]:
    return [
        {
            "site": row.site.pk, "name": row.site.name,
            "cells": [[brake, mean] for brake, mean, _act in row.cells
                      if mean is not None and row.answers >= FEWEST],
        }
        for row in surveys.heat(study)
    ]  # fmt: skip


def _sizing(study: Study) -> dict[str, Any] | None:
    last = study.sizings.first()
    if last is None:
        return None
    return {
        "number": last.number, "formula": last.formula, "lived": last.lived, "basis": last.basis,
        "terms": last.terms,
    }  # fmt: skip


def _costs(study: Study) -> dict[str, Any] | None:
    scenarios = list(CostScenario.objects.filter(study=study).prefetch_related("lines"))
    if not scenarios:
        return None
    told = costing.side_by_side(study, scenarios)
    return {
        "scenarios": [
            {
                "kind": one.scenario.kind, "yearly": list(one.cost.yearly),
                "fixed": one.cost.fixed, "variable": one.cost.variable,
                "fixed_share": one.cost.fixed_share, "once": one.cost.once,
                "per_hour": one.cost.per_hour, "friction": one.friction,
                "friction_hours": one.friction_hours, "returned": one.cost.returned,
                "net": one.cost.net,
                "lines": [[line.name, line.amount, line.behaviour, line.assumed]
                          for line in one.lines],
            }
            for one in told
        ]
    }  # fmt: skip

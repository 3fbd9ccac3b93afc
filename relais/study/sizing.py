"""How many people a study's work takes: terms made into figures at once, then lived by a worker.

The inventory says how much there is; where the desk knows the weeks of these sites, it says how far
they stray and whether they have their peaks together. Class C3 stays out of what the desk tells.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Sum
from django.db.models.functions import TruncWeek
from django.utils import timezone
from django.utils.translation import gettext_noop

from relais.desk.models import Ticket
from relais.engine import capacity_formula as formula
from relais.engine import erlang
from relais.engine.inventory import Counted, counted
from relais.lib.later import later
from relais.lib.tenancy import tenant
from relais.people.models import Confidentiality, Person

from .errors import NothingToSize
from .models import InventoryLine, Sizing, Study

LIVE = "relais.study.tasks.live_sizing"
State = Sizing.State
# A worker that has said nothing for so long has died: it may be begun anew.
SILENT = timedelta(seconds=90)
TELL_EVERY = 1.0
LOOKED_BACK = timedelta(weeks=52)
ROUNDS = (4, 10)
# How many people are told of in the table of absences, besides what the ways need.
NEEDS = (1, 2, 3, 5, 8)
BROKE_OFF = gettext_noop("Simulating broke off on a fault of Relais's own. Begin it again.")
UNKEEPABLE = gettext_noop(
    "No number of people keeps these deadlines: give more time, or ask for a smaller share in time."
)

# What is taken as given, and where it comes from; every one can be changed (domain C.3 and C.5).
TERMS: dict[str, float | None] = {
    # A year of one person: days, hours, and shares in per cent.
    "weekdays": 254, "leave": 25, "extra_leave": 0, "sickness": 5.8, "training": 3,
    "hours_a_day": 7, "rituals": 1.5, "practical": 85,
    # What is promised.
    "service": 90, "presence_hours": 28, "step": 0.5, "away": 15, "covered": 95,
    # Knowing a site beyond one's own.
    "first_hours": 16, "upkeep_hours": 2, "years": 3,
    # None: as the requests say, else the usual figure.
    "correlation": None, "spread": None,
    # Deadlines: shares of the requests in per cent, open hours.
    "urgent_share": 18, "normal_share": 52,
    "urgent_hours": 2, "normal_hours": 10, "later_hours": 30,
    "replications": 20,
    # The telephone; None: there is none.
    "calls": None, "call_minutes": 8, "answer_minutes": 2, "answered": 80,
}  # fmt: skip


def complete(terms: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the terms with what is usual where nothing was said."""
    return {**TERMS, **{name: terms[name] for name in TERMS if name in terms}}


def year_of(terms: Mapping[str, Any]) -> formula.Year:
    """Return what a year of one person is made of."""
    return formula.Year(
        int(terms["weekdays"]), terms["leave"], terms["extra_leave"], terms["sickness"] / 100,
        terms["training"], terms["hours_a_day"], terms["rituals"], terms["practical"] / 100,
    )  # fmt: skip


def comparison(terms: Mapping[str, Any]) -> formula.Terms:
    """Return the terms of the comparison as the engine takes them."""
    return formula.Terms(
        terms["service"] / 100, terms["presence_hours"], terms["step"], terms["away"] / 100,
        terms["covered"] / 100, terms["first_hours"], terms["upkeep_hours"], terms["years"],
        year_of(terms),
    )  # fmt: skip


# Making -------------------------------------------------------------------------------------------


def make(
    study: Study, terms: Mapping[str, Any], *, by: Person, note: str = "", seed: int = 1
) -> Sizing:
    """Return a new sizing of a study, by formula. Raises `NotPiloting`, `NothingToSize`."""
    study.check_lead(by)
    given = complete(terms)
    # One after the other: each has its number.
    Study.objects.select_for_update().get(pk=study.pk)
    basis = inputs(study, given)
    last = study.sizings.aggregate(last=Max("number"))["last"] or 0
    return Sizing.objects.create(
        provider_id=study.provider_id, study=study, number=last + 1, note=note, terms=given,
        basis=basis, digest=digest(given, basis, seed), seed=seed, made_by=by,
        formula=by_formula(basis, given),
    )  # fmt: skip


def digest(terms: Mapping[str, Any], basis: Mapping[str, Any], seed: int) -> str:
    """Return what tells whether two sizings rest on the same: SHA-256 of terms, basis and seed."""
    told = json.dumps([terms, basis, seed], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()


def is_stale(sizing: Sizing) -> bool:
    """Return whether the inventory says something else by now."""
    try:
        now = inputs(sizing.study, sizing.terms)
    except NothingToSize:
        return True
    return digest(sizing.terms, now, sizing.seed) != sizing.digest


def rows_of(study: Study, working_days: int) -> list[Counted]:
    """Return the study's complete lines as the engine counts them."""
    lines = InventoryLine.objects.filter(study=study).select_related("site").order_by("pk")
    return counted([line.as_counted() for line in lines if line.is_complete], working_days)


def inputs(study: Study, terms: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a sizing starts from, as values. Raises `NothingToSize`."""
    from relais.engine.capacity_study import basis

    days = int(terms["weekdays"])
    rows = rows_of(study, days)
    if not any(row.minutes and not row.double for row in rows):
        raise NothingToSize()
    start = basis(rows, days, _lived(study, timezone.now()))
    told = {
        "sites": list(start.sites), "families": list(start.families),
        "weekly": [[round(each, 6) for each in row] for row in start.weekly],
        "minutes": [round(each, 6) for each in start.minutes],
        "spread": [round(each, 6) for each in start.spread],
        "means": [round(load.mean, 6) for load in start.loads],
        "sds": [round(load.sd, 6) for load in start.loads],
        "correlation": asdict(start.correlation),
    }  # fmt: skip
    if terms["spread"] is not None:
        told["sds"] = [round(mean * terms["spread"] / 100, 6) for mean in told["means"]]
    if terms["correlation"] is not None:
        rho = terms["correlation"] / 100
        told["correlation"] = {"mean": rho, "low": rho, "high": rho, "weeks": 0, "assumed": True}
    return told


def _lived(study: Study, now: datetime) -> dict[str, list[float]]:
    """Return the hours of requests at each site of the study, week by whole week."""
    monday = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    monday -= timedelta(days=monday.weekday())
    found = (
        Ticket.objects.filter(
            site__in=study.scopes.values("site"),
            received_at__gte=monday - LOOKED_BACK,
            received_at__lt=monday,
            confidentiality__lt=Confidentiality.EXECUTIVE,
        )
        .order_by()
        .annotate(week=TruncWeek("received_at"))
        .values_list("site", "week")
        .annotate(minutes=Sum("service__standard_minutes"))
    )
    hours = {(site, week): minutes / 60 for site, week, minutes in found if minutes}
    known = sorted({week for _site, week in hours})
    if not known:
        return {}
    count = round((monday - known[0]).days / 7)
    weeks = [known[0] + timedelta(days=7 * n) for n in range(count)]
    days = {(site, week.date()): each for (site, week), each in hours.items()}
    return {
        str(site): [round(days.get((site, week.date()), 0.0), 3) for week in weeks]
        for site in {site for site, _week in hours}
    }


# By formula ---------------------------------------------------------------------------------------


def loads_of(basis: Mapping[str, Any]) -> list[formula.Load]:
    """Return the hours a week of each site."""
    return [
        formula.Load(site, mean, sd)
        for site, mean, sd in zip(basis["sites"], basis["means"], basis["sds"], strict=True)
    ]


def by_formula(basis: Mapping[str, Any], terms: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a pencil finds: one person's year, the ways side by side, absences, calls."""
    loads, asked = loads_of(basis), comparison(terms)
    rho = basis["correlation"]["mean"]
    staffed = formula.staffings(loads, rho, asked)
    base = staffed[0]
    ways = []
    for each in staffed:
        told: dict[str, Any] = asdict(each) | {"gain": None}
        if each is not base:
            gain = formula.gain(base, each, rho, asked, len(loads))
            told["gain"] = asdict(gain) | {"share": 1 - each.hours / base.hours}
        ways.append(told)
    alike = formula.staffings(loads, 1.0, asked)
    worst = formula.gain(alike[0], alike[-1], 1.0, asked, len(loads))
    needs = sorted({*NEEDS, *(int(-(-each["posts"] // 1)) for each in ways)} - {0})
    return {
        "year": asdict(formula.person_year(asked.year)),
        "z": formula.quantile(asked.service),
        "ways": ways,
        "same_peaks": {"net": worst.net, "loses": worst.loses, "posts": alike[-1].posts},
        "standby": [
            [n, formula.present(n, asked.absence, asked.covered)] for n in needs if n <= 60
        ],
        "phone": phone(terms, len(loads)),
    }


def phone(terms: Mapping[str, Any], sites: int) -> dict[str, Any] | None:
    """Return the people for the telephone alone: sites apart and in one line (Erlang C)."""
    calls = terms["calls"]
    if not calls:
        return None
    minutes, within, share = (
        terms["call_minutes"], terms["answer_minutes"], terms["answered"] / 100,
    )  # fmt: skip
    each = erlang.agents_to_answer(calls, minutes, within, share)
    joined = erlang.agents_to_answer(calls * sites, minutes, within, share)
    return {
        "sites": sites, "each": each, "apart": each * sites, "together": joined,
        "waits_apart": erlang.waits(each, calls * minutes / 60),
        "waits_together": erlang.waits(joined, calls * sites * minutes / 60),
    }  # fmt: skip


# By living it -------------------------------------------------------------------------------------


def begin(sizing: Sizing, *, by: Person) -> None:
    """Have it simulated by a worker. Raises what `Sizing.live` raises."""
    sizing.live(by=by, again=is_silent(sizing))
    later(
        LIVE, lock=f"sizing:{sizing.provider_id}", provider_id=sizing.provider_id,
        sizing_id=sizing.pk, version=sizing.version,
    )  # fmt: skip


def is_silent(sizing: Sizing) -> bool:
    """Return whether a worker that had begun has told nothing for long."""
    told = sizing.told_at
    return sizing.state == State.RUNNING and told is not None and timezone.now() - told > SILENT


class Stopped(Exception):
    """Somebody wants no more of it."""


def run(provider: int, pk: int, version: int) -> None:
    """Simulate and keep what came of it; may run twice, the second time for nothing."""
    from relais.engine.capacity_study import Unkeepable

    from . import sizing_charts

    with tenant(provider):
        mine = Sizing.objects.filter(pk=pk, state=State.RUNNING, version=version)
        sizing = mine.select_related("study").first()
        if sizing is None:
            return
        mine.update(begun_at=timezone.now(), told_at=timezone.now())
    watch = _Watch(provider, sizing)
    ended: dict[str, Any] = {"state": State.LIVED}
    try:
        for told in lived(sizing.basis, sizing.terms, sizing.seed, watch):
            watch.best = told
            watch.tell()
    except Stopped:
        if not watch.best:
            ended = {"state": State.TOLD}
    except Unkeepable:
        ended = {"state": State.LIVED if watch.best else State.TOLD, "problem": UNKEEPABLE}
    except Exception:
        with tenant(provider):
            mine.update(state=State.TOLD, version=version + 1, problem=BROKE_OFF)
        raise
    if watch.best:
        ended |= {"lived": watch.best, "charts": sizing_charts.drawn(watch.best)}
    with tenant(provider):
        mine.update(version=version + 1, told_at=timezone.now(), done=watch.done, **ended)


def lived(basis: Mapping[str, Any], terms: Mapping[str, Any], seed: int, told: Any = None) -> Any:
    """Yield what is known after each round of drawn weeks, as values."""
    import numpy as np

    from relais.engine import capacity_study
    from relais.engine.capacity_scene import Team

    start = capacity_study.Basis(
        tuple(basis["sites"]), tuple(basis["families"]),
        tuple(tuple(row) for row in basis["weekly"]), tuple(basis["minutes"]),
        tuple(basis["spread"]), tuple(loads_of(basis)), formula.Correlation(**basis["correlation"]),
    )  # fmt: skip
    urgent, normal = terms["urgent_share"] / 100, terms["normal_share"] / 100
    demand = capacity_study.demand(
        start,
        targets=tuple(60.0 * terms[f"{each}_hours"] for each in ("urgent", "normal", "later")),
        shares=(urgent, normal, 1 - urgent - normal),
    )
    asked = comparison(terms)
    yearly = asked.first_hours / asked.years + 12 * asked.upkeep_hours
    a_head = asked.presence_hours * formula.person_year(asked.year).days / 5
    scene = capacity_study.Scene(
        demand,
        Team(shift=60 * asked.presence_hours / 5, absence=asked.absence),
        asked.service,
        lambda key: np.random.default_rng(key),
        a_pair=yearly / a_head,
        told=told or (lambda _done: None),
    )
    count = int(terms["replications"])
    seeds = [1000 * seed + n for n in range(count)]
    for one in scene.rounds(seeds, (*ROUNDS, count)):
        yield _round(one)


def _round(one: Any) -> dict[str, Any]:
    ways = []
    for each in one.ways:
        heads, beside = each.lived, each.difference
        ways.append(
            {
                "way": each.way.value, "heads": heads.value, "half": heads.half,
                "whole": heads.whole, "curve": [list(point) for point in heads.curve],
                "formula": each.formula.value if each.formula else None,
                "gaps": [gap.value for gap in each.gaps],
                "difference": asdict(beside) if beside else None,
            }
        )  # fmt: skip
    return {
        "replications": one.replications, "share": one.ways[0].lived.share, "ways": ways,
        "teams": [team.whole for team in one.teams],
    }  # fmt: skip


class _Watch:
    """Tells how far it is about once a second, and ends it when asked."""

    def __init__(self, provider: int, sizing: Sizing) -> None:
        self.provider, self.sizing = provider, sizing
        self.best: dict[str, Any] = {}
        self.done, self.at = 0, time.monotonic()

    def __call__(self, done: int) -> None:
        self.done = done
        if time.monotonic() - self.at >= TELL_EVERY:
            self.at = time.monotonic()
            self.tell()

    def tell(self) -> None:
        with tenant(self.provider):
            mine = Sizing.objects.filter(
                pk=self.sizing.pk, state=State.RUNNING, version=self.sizing.version
            )
            more = {"lived": self.best} if self.best else {}
            mine.update(told_at=timezone.now(), done=self.done, **more)
            stop = mine.values_list("stop_asked", flat=True).first()
        if stop is None or stop:
            raise Stopped

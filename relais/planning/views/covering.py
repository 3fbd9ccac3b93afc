"""Continuity by facts: matrix, dependencies, what ifs, impacts, drills, accesses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from relais.desk.views.dispatch_rules import kept
from relais.desk.views.files import in_words
from relais.desk.views.lead import lead_only
from relais.lib.problem import Problem
from relais.people.models import Cover, SystemAccess
from relais.planning import breaking_glass, covering, drilling, executives
from relais.planning.continuity_forms import DrillForm, EmergencyForm, ImpactForm
from relais.planning.models import Drill, DrillAction, EmergencyAccess, Impact

from .handovers import typed_text
from .tabs import TABS

SOON = timedelta(days=30)
MOST_MORE = 300
# Fewer hours than this would be shown as none.
SHOWN = 0.05


@login_required
@require_safe
def matrix(request: HttpRequest) -> HttpResponse:
    """Show what each site asks for, how many are able by proof, and on whom work hangs alone."""
    lead_only(request)
    ground = covering.read()
    asked = request.GET.get("standing", "")
    lines = [
        (line, covering.family_name(line.work), covering.WORDS[line.standing],
         covering.TONES[line.standing])
        for line in ground.lines
        if asked in ("", line.standing)
    ]  # fmt: skip
    context = {
        "lines": lines,
        "coverage": ground.coverage,
        "left_out": ground.left_out,
        "dependencies": ground.dependencies(),
        "flows": covering.flows(ground),
        "deciders": covering.deciders(),
        "standings": covering.WORDS.items(),
        "asked": asked,
        "tabs": TABS,
    }
    return render(request, "planning/matrix.html", context)


@login_required
@require_safe
def matrix_executives(request: HttpRequest) -> HttpResponse:
    """Show who could serve each executive: by position, by proof, and who of them knows her."""
    lead_only(request)
    lines = [
        (line, covering.WORDS[line.standing], covering.TONES[line.standing],
         [(label, line.at(key)) for key, label in Cover.Position.choices])
        for line in executives.read(covering.read())
    ]  # fmt: skip
    context = {"lines": lines, "tabs": TABS, "tab": "matrix"}
    return render(request, "planning/matrix_executives.html", context)


@login_required
@require_safe
def what_if(request: HttpRequest) -> HttpResponse:
    """Show what a person, a site or a system missing, or more work, would leave undelivered."""
    lead_only(request)
    ground = covering.read()
    case = {name: _key(request.GET.get(name, "")) for name in ("person", "site", "system")}
    more = min(_key(request.GET.get("more", "")) or 0, MOST_MORE)
    context: dict[str, Any] = {
        "people": sorted(ground.names.values(), key=lambda one: (one.name, one.pk)),
        "sites": sorted(
            {line.site.pk: line.site for line in ground.lines}.values(), key=lambda one: one.name
        ),
        "systems": ground.systems.values(),
        "case": case,
        "more": more,
        "tabs": TABS,
    }
    if more or any(case.values()):
        told = {name: [key] if key else [] for name, key in case.items()}
        outcome = covering.imagine(
            ground, people=told["person"], sites=told["site"], systems=told["system"],
            more=more / 100,
        )  # fmt: skip
        context |= told_of(ground, outcome)
    return render(request, "planning/what_if.html", context)


def told_of(ground: covering.Ground, outcome: covering.Outcome) -> dict[str, Any]:
    """Return an outcome with names."""
    usual, case = outcome.usual, outcome.case
    missing = sorted(case.missing.items(), key=lambda one: (ground.items[one[0]].priority, -one[1]))
    sites = {line.site.pk: line.site for line in ground.lines}
    return {
        "outcome": outcome,
        "priorities": [
            (number, usual.by_priority.get(number, 1.0), share)
            for number, share in case.by_priority.items()
        ],
        "missing": [
            (ground.title(key), hours, ground.items[key])
            for key, hours in missing
            if hours >= SHOWN
        ],
        "hit": [sites[key].name for key in outcome.sites],
        "full": [ground.names[key].name for key in outcome.overloaded],
        "training": [
            (ground.names[one.person].name, ground.title(one.item), one.saves)
            for one in outcome.training
        ],
    }


def _key(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def impacts(request: HttpRequest) -> HttpResponse:
    """Show the impact analysis, and write a line of it."""
    lead_only(request)
    form = ImpactForm(request.POST if request.method == "POST" else None, request.access)

    def keep(sent: dict[str, Any]) -> object:
        return Impact.write(sent.pop("service"), sent.pop("site"), by=request.person, **sent)

    if (status := kept(form, keep)) == 302:
        messages.success(request, _("Saved."))
        return redirect("impacts")
    rows = request.access.see(Impact).select_related("service", "site")
    context = {"form": form, "rows": rows[:500], "tabs": TABS}
    return render(request, "planning/impacts.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def drills(request: HttpRequest) -> HttpResponse:
    """Show the exercises, and plan one."""
    lead_only(request)
    form = DrillForm(request.POST if request.method == "POST" else None, request.access)

    def keep(sent: dict[str, Any]) -> object:
        return Drill.plan(sent["person"], sent["day"], kind=sent["kind"], by=request.person)

    if (status := kept(form, keep)) == 302:
        messages.success(request, _("The drill is planned."))
        return redirect("drills")
    rows = request.access.see(Drill).select_related("person", "planned_by")
    rows = rows.prefetch_related("actions__done_by")
    context = {"form": form, "rows": rows[:100], "today": timezone.localdate(), "tabs": TABS}
    return render(request, "planning/drills.html", context, status=status)


@login_required
@require_POST
def drill_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Score a drill by what was delivered, with what was seen and what is to be done."""
    lead_only(request)
    row = get_object_or_404(request.access.see(Drill).select_related("person__provider"), pk=pk)
    try:
        due, found = drilling.measured(row)
        row.close(
            by=request.person, due=due, kept=found, note=typed_text(request, "note"),
            actions=typed_text(request, "actions").splitlines()[:20],
        )  # fmt: skip
        messages.success(request, _("The drill is scored."))
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("drills")


@login_required
@require_POST
def drill_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a drill go."""
    lead_only(request)
    try:
        get_object_or_404(request.access.see(Drill), pk=pk).drop(by=request.person)
        messages.success(request, _("Removed."))
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("drills")


@login_required
@require_POST
def drill_action_done(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that an action is done."""
    lead_only(request)
    get_object_or_404(request.access.see(DrillAction), pk=pk).done(by=request.person)
    messages.success(request, _("Noted."))
    return redirect("drills")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def emergencies(request: HttpRequest) -> HttpResponse:
    """Show accesses that end or were not tried, and break the glass for one."""
    if request.access.is_client or not request.access.is_staff:
        raise Http404
    runs = request.access.runs_pool
    if request.method == "POST" and not runs:
        raise Http404
    form = EmergencyForm(request.POST if request.method == "POST" else None, request.access)

    def keep(sent: dict[str, Any]) -> object:
        return breaking_glass.open_access(
            sent["system"], sent["person"], sent["why"], by=request.person
        )

    if (status := kept(form, keep)) == 302:
        messages.success(request, _("Open for 24 hours: both leads are told."))
        return redirect("emergencies")
    now, today = timezone.now(), timezone.localdate()
    rows = request.access.see(SystemAccess).filter(ended_at=None)
    told = [(row, row.state_on(today)) for row in rows.select_related("system__company", "person")]
    opened = request.access.see(EmergencyAccess).select_related(
        "system__company", "person", "opened_by"
    )
    context = {
        "form": form if runs else None,
        "stale": [one for one in told if one[1] in ("untested", "stale")],
        "ending": [
            row for row, state in told
            if state != "ended" and row.ends_on is not None and row.ends_on <= today + SOON
        ],
        "opened": [(row, row.is_open(now)) for row in opened[:100]],
        "own": not runs,
        "tabs": TABS,
    }  # fmt: skip
    return render(request, "planning/emergencies.html", context, status=status)


@login_required
@require_POST
def emergency_close(request: HttpRequest, pk: int) -> HttpResponse:
    """End an emergency access."""
    lead_only(request)
    rows = request.access.see(EmergencyAccess).select_related("system")
    get_object_or_404(rows, pk=pk).close(by=request.person)
    messages.success(request, _("Removed."))
    return redirect("emergencies")

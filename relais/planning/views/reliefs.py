"""Who is away, who stands in, what moved: declared, taken back, given back."""

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

from relais.desk.models import Letter, Ticket
from relais.desk.views.files import in_words
from relais.desk.views.lead import lead_only
from relais.lib.problem import Problem
from relais.people.models import Person, Role
from relais.people.pool_forms import team, zone_of
from relais.planning import declaring, reassuring, sharing, standing_in
from relais.planning.continuity_errors import NotAsSeen
from relais.planning.models import Handover, Relief, ReliefMove, ReliefSite
from relais.planning.relief_forms import PeriodForm

from .tabs import TABS

# How long what is over stays on the first page.
RECENT = timedelta(days=30)


@login_required
@require_safe
def continuity(request: HttpRequest) -> HttpResponse:
    """Show who is away now and soon, who stands in, and what is over."""
    lead_only(request)
    rows = request.access.see(Relief).select_related("person", "absence")
    rows = rows.prefetch_related("sites__site", "sites__backup")
    since = timezone.now() - RECENT
    context = {
        "live": rows.filter(state=Relief.State.DECLARED).order_by("starts_at", "id")[:100],
        "over": rows.exclude(state=Relief.State.DECLARED).filter(ends_at__gte=since)[:30],
        "team": team(request.access),
        "now": timezone.now(),
        "tabs": TABS,
    }
    return render(request, "planning/continuity.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def declare(request: HttpRequest) -> HttpResponse:
    """Foresee what somebody's absence changes, and declare it."""
    lead_only(request)
    asked = request.POST.get("person") or request.GET.get("person", "")
    chosen = [one for one in team(request.access) if str(one.pk) == asked]
    if not chosen:
        return redirect("continuity")
    return _declared(request, chosen[0])


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def away(request: HttpRequest) -> HttpResponse:
    """Let an assistant say that she is away tomorrow."""
    if request.access.is_client or not request.access.has(Role.Kind.ASSISTANT):
        raise Http404
    return _declared(request, request.person)


def _declared(request: HttpRequest, person: Person) -> HttpResponse:
    form = PeriodForm(_typed(request), zone=zone_of(request.access, person))
    context: dict[str, Any] = {"form": form, "someone": person, "tabs": TABS}
    context["own"] = not request.access.runs_pool
    status = 200
    if form.is_bound and form.is_valid() and form.starts_at and form.ends_at:
        try:
            if request.method == "POST":
                relief = _confirm(request, form, person)
                messages.success(request, _("The absence is declared."))
                return redirect("relief", relief.pk)
        except NotAsSeen as problem:
            messages.warning(request, in_words(problem))
            status = 409
        except Problem as problem:
            form.add_error(None, in_words(problem))
            status = 409 if request.method == "POST" else 422
        if not form.errors:
            _foresee(request, form, person, context)
    if form.is_bound and form.errors and status == 200:
        status = 422
    return render(request, "planning/declare.html", context, status=status)


def _typed(request: HttpRequest) -> Any:
    if request.method == "POST":
        return request.POST
    return request.GET if "starts" in request.GET else None


def _foresee(
    request: HttpRequest, form: PeriodForm, person: Person, context: dict[str, Any]
) -> None:
    try:
        assert form.starts_at is not None and form.ends_at is not None
        proposal = declaring.foresee(person, form.starts_at, form.ends_at)
    except Problem as problem:
        form.add_error(None, in_words(problem))
        return
    seen = seen_of(request, [share.ticket.pk for share in proposal.shares.lines])
    context |= {
        "proposal": proposal,
        "may": declaring.may_declare(request.person, person, proposal.starts, timezone.now()),
        "sites": [(line, _others(line)) for line in proposal.sites],
        "tells": reassuring.shown(proposal.tells, seen),
    }
    for how in ("moves", "begun", "stays", "nobody"):
        context[how] = [one for one in proposal.shares.of(how) if one.ticket.pk in seen]
    if context["begun"]:
        context["takers"] = _takers(request, proposal)


def _others(line: standing_in.SiteLine) -> list[tuple[standing_in.Candidate, list[str]]]:
    return [(one, standing_in.sentences(one.told())) for one in line.candidates]


def _takers(request: HttpRequest, proposal: declaring.Proposal) -> list[Person]:
    people = {one.person.pk: one.person for line in proposal.sites for one in line.candidates}
    return sorted(people.values(), key=lambda one: (one.name, one.pk))


def seen_of(request: HttpRequest, keys: list[int]) -> set[int]:
    """Return which of these requests this person may read."""
    return set(request.access.see(Ticket).filter(pk__in=keys).values_list("pk", flat=True))


def _confirm(request: HttpRequest, form: PeriodForm, person: Person) -> Relief:
    sent = request.POST
    assert form.starts_at is not None and form.ends_at is not None
    return declaring.declare(
        person,
        kind=form.cleaned_data["kind"],
        starts=form.starts_at,
        ends=form.ends_at,
        by=request.person,
        mark=sent.get("mark") or None,
        backups=_chosen(sent, "backup-") if request.access.runs_pool else None,
        handed=_chosen(sent, "hand-") if "mark" in sent else None,
        tell=_keys(sent.getlist("tell")) if request.access.runs_pool and "mark" in sent else None,
    )


def _chosen(sent: Any, prefix: str) -> dict[int, int | None]:
    """Return what was chosen in fields of that name: a key, or nobody."""
    found: dict[int, int | None] = {}
    for name in sent:
        key = name.removeprefix(prefix)
        if name.startswith(prefix) and key.isdecimal() and len(key) < 19:
            value = sent.get(name, "")
            found[int(key)] = int(value) if value.isdecimal() and len(value) < 19 else None
    return found


def _keys(values: list[str]) -> list[int]:
    return [int(value) for value in values if value.isdecimal() and len(value) < 19]


@login_required
@require_safe
def relief(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one absence as the service lives it: to the lead, and to whom it concerns."""
    found = _relief(request, pk)
    moves = request.access.see(ReliefMove).filter(relief=found)
    context: dict[str, Any] = {
        "relief": found,
        "own": not request.access.runs_pool,
        "sites": [
            (line, standing_in.sentences(line.facts) if line.backup_id else [])
            for line in request.access.see(ReliefSite)
            .filter(relief=found)
            .select_related("site", "backup")
        ],
        "moves": moves.select_related("ticket__site", "ticket__service", "to"),
        "told": _letters(request, found),
        "notes": request.access.see(Handover)
        .filter(relief=found)
        .exclude(state=Handover.State.VOID)
        .select_related("receiver"),
        "now": timezone.now(),
        "tabs": TABS,
    }
    if found.is_on:
        shares = sharing.of(found.person, found.starts_at, timezone.now())
        seen = seen_of(request, [share.ticket.pk for share in shares.lines])
        context["left"] = [one for one in shares.lines if one.ticket.pk in seen]
    return render(request, "planning/relief.html", context)


def _letters(request: HttpRequest, found: Relief) -> list[Letter]:
    if not request.access.runs_pool:
        return []
    mine = request.access.see(Letter).filter(key__startswith=f"relief:{found.pk}:")
    return list(mine.order_by("id")[:100])


def _relief(request: HttpRequest, pk: int) -> Relief:
    rows = request.access.see(Relief).select_related("person", "absence", "declared_by", "ended_by")
    return get_object_or_404(rows, pk=pk)


@login_required
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an absence back while nothing of it has been begun."""
    found = _relief(request, pk)
    try:
        declaring.undo(found, by=request.person)
        messages.success(request, _("The absence is taken back: all is as before."))
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("relief", pk)


@login_required
@require_POST
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that she is back: what nobody has begun is hers again."""
    found = _relief(request, pk)
    try:
        bring = _keys(request.POST.getlist("bring"))
        declaring.give_back(found, by=request.person, bring=bring)
        messages.success(request, _("Welcome back: the note below says what was done."))
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("relief", pk)


@login_required
@require_POST
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand over one thing that she has begun."""
    found = _relief(request, pk)
    if not found.is_on:
        raise Http404
    key, to = request.POST.get("ticket", ""), request.POST.get("to", "")
    held = request.access.see(Ticket).filter(holder=found.person_id)
    ticket = get_object_or_404(held, pk=key if key.isdecimal() and len(key) < 19 else 0)
    person = standing_in.colleague(request.access, to)
    if person is None:
        raise Http404
    try:
        declaring.hand_over(found, ticket, person, by=request.person)
        messages.success(request, _("Handed over to %(person)s.") % {"person": person.name})
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("relief", pk)

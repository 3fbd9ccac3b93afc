"""Rosters: drafts, solving and its progress, changes by hand, comparison, publishing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from relais.desk.views.files import in_words
from relais.desk.views.lead import lead_only
from relais.lib.problem import Problem
from relais.people import organisation
from relais.people.models import Person, Site, Skill
from relais.planning import publishing, roster_words, rostering
from relais.planning.models import Roster, ShiftKind
from relais.planning.roster_forms import KindForm, RosterForm
from relais.planning.shift_forms import next_monday
from relais.planning.words import day_text
from relais.planning.working_time import pool_zone

SHOWN = 12
State = Roster.State


def _roster(request: HttpRequest, pk: int) -> Roster:
    lead_only(request)
    seen = request.access.see(Roster).select_related("made_by", "published_by", "mends")
    return get_object_or_404(seen, pk=pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def rosters(request: HttpRequest) -> HttpResponse:
    """Show the rosters so far, and begin a draft."""
    lead_only(request)
    first = next_monday(timezone.localdate())
    initial = {"starts_on": first, "name": _("Roster from %(day)s") % {"day": day_text(first)}}
    form = RosterForm(request.POST or None, access=request.access, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            return redirect("roster", rostering.draft(form.wanted(), by=request.person, name=_).pk)
        except Problem as problem:
            form.add_error(None, in_words(problem))
    rows = request.access.see(Roster).defer("basis", "pins", "former")
    context = {"form": form, "rosters": rows.select_related("made_by")[:50]}
    return render(request, "planning/rosters.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def roster(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a roster: its grid of a week, what each rule costs, what is broken; or how far it is."""
    return _page(request, _roster(request, pk))


def _page(request: HttpRequest, one: Roster, template: str = "planning/roster.html") -> Any:
    context = {"roster": one, "silent": rostering.is_silent(one)}
    if one.state == State.SOLVING:
        context |= _progress(one)
    else:
        context |= _board(request, one)
    return render(request, template, context)


def _progress(one: Roster) -> dict[str, Any]:
    return {"per_cent": round(100 * rostering.spent(one, timezone.now()))}


def _board(request: HttpRequest, one: Roster) -> dict[str, Any]:
    access, told = request.access, roster_words.told(one)
    week = _number(request.GET.get("w") or request.POST.get("w"), one.weeks)
    known = access.see(Person).filter(pk__in=[int(key) for key in one.rows])
    people = list(known.order_by("name_key", "pk"))
    names = roster_words.Names(people, access.see(Site), access.see(Skill))
    kinds = list(access.see(ShiftKind))
    numbers = range(7 * week, 7 * week + 7)
    lines = []
    for person in people:
        row = one.rows[str(person.pk)]
        lines.append(
            {
                "person": person,
                "minutes": told.minutes.get(person.pk, 0.0),
                "cells": [
                    {
                        "day": n,
                        "date": one.day(n),
                        "code": row[n],
                        "pinned": one.is_pinned(person.pk, n),
                        "changed": n in told.changed.get(person.pk, ()),
                    }
                    for n in numbers
                ],
            }
        )
    worst = roster_words.worst(told, SHOWN)
    return {
        "told": told,
        "lines": lines,
        "days": [one.day(n) for n in numbers],
        "week": week,
        "weeks": range(one.weeks),
        "kinds": [kind for kind in kinds if kind.active or _used(one, kind.code)],
        "rules": [
            (label, told.by_rule[rule])
            for rule, label in roster_words.RULES.items()
            if told.by_rule.get(rule)
        ],
        "broken": [roster_words.sentence(one, fault, names) for fault in told.broken[:SHOWN]],
        "short": [roster_words.shortfall(one, each, names) for each in worst],
        "short_more": max(0, len(told.shortfalls) - SHOWN),
        "others": access.see(Roster).filter(starts_on=one.starts_on).exclude(pk=one.pk)[:10],
    }


def _used(one: Roster, code: str) -> bool:
    return any(code in row for row in one.rows.values())


def _number(text: str | None, below: int) -> int:
    found = int(text) if text and text.isdecimal() and len(text) < 9 else 0
    return found if found < below else 0


@login_required
@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Serve how far the worker is; once it is done, lead to the page."""
    one = _roster(request, pk)
    if one.state != State.SOLVING:
        done = HttpResponse(status=200)
        done["HX-Redirect"] = reverse("roster", args=[pk])
        return done
    context = {"roster": one, "silent": rostering.is_silent(one), **_progress(one)}
    return render(request, "planning/_roster_progress.html", context)


def _did(request: HttpRequest, pk: int, said: str, do: Any) -> HttpResponse:
    try:
        do()
    except Problem as problem:
        messages.error(request, in_words(problem))
    else:
        if said:
            messages.success(request, said)
    return redirect("roster", pk)


@login_required
@require_POST
def solve(request: HttpRequest, pk: int) -> HttpResponse:
    """Have it solved in the background."""
    one = _roster(request, pk)
    return _did(request, pk, "", lambda: rostering.begin(one))


@login_required
@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop solving with the best so far."""
    one = _roster(request, pk)
    said = _("It stops in a moment, with the best so far.")
    return _did(request, pk, said, lambda: rostering.stop(one))


@login_required
@require_POST
def place(request: HttpRequest, pk: int) -> HttpResponse:
    """Give somebody a kind of shift on a day, exchange two days, or let solving decide again.

    `person` and `day` say whose day; `kind` what she has then; or `to_person` and `to_day` with
    which day it is exchanged; or `unpin`. `version`: the roster as it was read.
    """
    one = _roster(request, pk)
    posted = request.POST
    one.version = _whole(posted.get("version"))
    at = (_whole(posted.get("person")), _whole(posted.get("day")))
    try:
        _known(request, one, at)
        if "unpin" in posted:
            one.unpin(*at)
        elif "to_person" in posted:
            to = (_whole(posted.get("to_person")), _whole(posted.get("to_day")))
            _known(request, one, to)
            one.swap(at, to)
        else:
            code = posted.get("kind", "")
            if code and not request.access.see(ShiftKind).filter(code=code).exists():
                raise Http404
            one.place(*at, code)
    except Problem as problem:
        if not request.htmx:
            messages.error(request, in_words(problem))
            return redirect("roster", pk)
        # The grid as it stands now, with the reason above it.
        fresh = _roster(request, pk)
        context = {"roster": fresh, "refused": in_words(problem), **_board(request, fresh)}
        return render(request, "planning/_roster_board.html", context)
    if request.htmx:
        return _page(request, _roster(request, pk), "planning/_roster_board.html")
    return redirect(f"{reverse('roster', args=[pk])}?w={at[1] // 7}")


def _known(request: HttpRequest, one: Roster, at: tuple[int, int]) -> None:
    """Raise "not found" for a day that is none, or a person who is not in the roster."""
    person, day = at
    if not 0 <= day < one.days or str(person) not in one.rows:
        raise Http404


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 18 else -1


@login_required
@require_POST
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Make it the pool's shifts."""
    one = _roster(request, pk)
    one.version = _whole(request.POST.get("version"))
    try:
        zone = pool_zone(request.person.provider)
        count = publishing.publish(one, by=request.person, zone=zone)
    except Problem as problem:
        messages.error(request, in_words(problem))
    else:
        said = ngettext("%(n)s shift is published.", "%(n)s shifts are published.", count)
        messages.success(request, said % {"n": count})
    return redirect("roster", pk)


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a published roster back: what stood before stands again."""
    one = _roster(request, pk)
    said = _("Taken back: what stood before stands again.")
    return _did(request, pk, said, lambda: publishing.withdraw(one, by=request.person))


@login_required
@require_POST
def mend(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a draft that changes a published roster as little as absences ask, and solve it."""
    one = _roster(request, pk)
    try:
        made = rostering.mend(one, _("%(name)s, mended") % {"name": one.name}, by=request.person)
        rostering.begin(made)
    except Problem as problem:
        messages.error(request, in_words(problem))
        return redirect("roster", pk)
    return redirect("roster", made.pk)


@login_required
@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a draft away."""
    if not rostering.discard(_roster(request, pk)):
        raise Http404
    messages.success(request, _("The draft is thrown away."))
    return redirect("rosters")


@login_required
@require_safe
def compare(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Show two drafts side by side."""
    pair = [_roster(request, pk), _roster(request, other)]
    both = [roster_words.told(one) for one in pair]
    people = request.access.see(Person).filter(pk__in={key for told in both for key in told.rows})
    context = {
        "pair": pair,
        "both": both,
        "rules": [
            (label, [told.by_rule.get(rule, 0.0) for told in both])
            for rule, label in roster_words.RULES.items()
            if any(told.by_rule.get(rule) for told in both)
        ],
        "people": [
            (person, [told.minutes.get(person.pk, 0.0) for told in both])
            for person in people.order_by("name_key", "pk")
        ],
        "differ": roster_words.beside(*both),
    }
    return render(request, "planning/roster_compare.html", context)


# Kinds of shift -----------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def kinds(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Show the kinds of shift, and enter or change one."""
    lead_only(request)
    seen = request.access.see(ShiftKind)
    row = get_object_or_404(seen, pk=pk) if pk else ShiftKind()
    form = KindForm(request.POST or None, instance=row)
    if form.is_bound and form.is_valid():
        kept = organisation.kept(form, by=request.person)
        if kept is not None:
            messages.success(request, _("Saved."))
            return redirect("shift_kinds")
    context = {"form": form, "kinds": seen.order_by("starts", "ends", "pk"), "row": row}
    return render(request, "planning/shift_kinds.html", context, status=422 if form.errors else 200)

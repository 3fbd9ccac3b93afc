"""Planning facts: the week of the pool, shifts, patterns of shifts, on-site days, wishes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from relais.desk.views.files import in_words
from relais.desk.views.lead import lead_only
from relais.lib.problem import Problem
from relais.people import organisation
from relais.people.models import OnSiteDay, Person, Role, Shift, Wish
from relais.people.views.form_page import draw
from relais.planning import shifts as flow
from relais.planning import week as weeks
from relais.planning.shift_forms import (
    MoveForm,
    OnSiteForm,
    OnSiteMoveForm,
    PatternForm,
    ShiftForm,
    WishForm,
    next_monday,
    reach,
)
from relais.planning.words import day_text
from relais.planning.working_time import Word, person_zone, pool_zone, sentence


def asked_week(request: HttpRequest) -> date:
    """Return the Monday of the week that the address asks for, else of this one."""
    try:
        day = date.fromisoformat(request.GET.get("week", ""))
    except ValueError:
        day = timezone.localdate()
    first, last = reach()
    return weeks.monday_of(day if first <= day <= last else timezone.localdate())


def _crumbs() -> list[tuple[str, Any]]:
    return [(reverse("shifts"), _("Shifts"))]


def _back(day: date) -> str:
    return f"{reverse('shifts')}?week={weeks.monday_of(day).isoformat()}"


def _told(request: HttpRequest, word: Word) -> None:
    for said in word.sentences:
        messages.warning(request, said)


@login_required
@require_safe
def shifts(request: HttpRequest) -> HttpResponse:
    """Show the pool's week: published shifts, usual hours, absences, sites, wishes."""
    lead_only(request)
    monday = asked_week(request)
    lines = weeks.of_pool(request.access, monday, pool_zone(request.person.provider))
    context = {
        "lines": lines,
        "days": [monday + timedelta(days=n) for n in range(7)],
        "monday": monday,
        "before": (monday - timedelta(days=7)).isoformat(),
        "after": (monday + timedelta(days=7)).isoformat(),
    }
    return render(request, "planning/shifts.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def shift_new(request: HttpRequest) -> HttpResponse:
    """Write a shift of somebody."""
    lead_only(request)
    initial = {name: request.GET.get(name) for name in ("person", "day") if request.GET.get(name)}
    form = ShiftForm(request.POST or None, access=request.access, initial=initial)
    if form.is_bound and form.is_valid():
        person, pattern = form.cleaned_data["person"], form.pattern()
        spans = [span for each in pattern.spans(person_zone(person)).values() for span in each]
        try:
            _rows, word = flow.write(person, spans, by=request.person)
        except Problem as problem:
            form.add_error(None, in_words(problem))
        else:
            messages.success(request, _("The shift is written."))
            _told(request, word)
            return redirect(_back(form.cleaned_data["day"]))
    lead = _("It holds at once: dispatch goes by it that day, not by the calendar.")
    return draw(
        request, form, title=_("New shift"), back=reverse("shifts"), crumbs=_crumbs(), lead=lead
    )


def _shift(request: HttpRequest, pk: int) -> Shift:
    lead_only(request)
    return get_object_or_404(request.access.see(Shift).select_related("person"), pk=pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def shift_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a shift other hours."""
    shift = _shift(request, pk)
    zone = person_zone(shift.person)
    begin, end = (at.astimezone(zone) for at in (shift.period.lower, shift.period.upper))
    initial = {"day": begin.date(), "starts": begin.time(), "ends": end.time()}
    form = MoveForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        span = flow.on(given["day"], given["starts"], given["ends"], zone)
        try:
            word = flow.move(shift, span, by=request.person)
        except Problem as problem:
            form.add_error(None, in_words(problem))
        else:
            messages.success(request, _("The shift is moved."))
            _told(request, word)
            return redirect(_back(given["day"]))
    context = {
        "form": form,
        "shift": shift,
        "described": flow.described(shift, zone),
        "back": _back(begin.date()),
    }
    status = 422 if form.errors else 200
    return render(request, "planning/shift.html", context, status=status)


@login_required
@require_POST
def shift_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a shift away, or all of its series from it on."""
    shift = _shift(request, pk)
    rows = [shift]
    if "series" in request.POST and shift.series is not None:
        series = request.access.see(Shift).filter(series=shift.series).select_related("person")
        rows = list(series.filter(period__startswith__gte=shift.period.lower))
    try:
        count, word = flow.remove(rows, by=request.person)
    except Problem as problem:
        messages.error(request, in_words(problem))
    else:
        said = ngettext("%(n)s shift removed.", "%(n)s shifts removed.", count) % {"n": count}
        messages.success(request, said)
        _told(request, word)
    return redirect(_back(timezone.localtime(shift.period.lower).date()))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def shift_pattern(request: HttpRequest) -> HttpResponse:
    """Write the same hours on some weekdays of some weeks: shown first, written on a second word.

    The second word writes what was shown, but for days that were taken meanwhile.
    """
    lead_only(request)
    first = next_monday(timezone.localdate())
    initial = {
        "weekdays": [1, 2, 3, 4, 5], "first": first, "last": first + timedelta(days=25),
        "person": request.GET.get("person"),
    }  # fmt: skip
    form = PatternForm(request.POST or None, access=request.access, initial=initial)
    preview = None
    if form.is_bound and form.is_valid():
        person, pattern = form.cleaned_data["person"], form.pattern()
        zone = person_zone(person)
        try:
            if "confirm" in request.POST:
                rows, preview = flow.write_pattern(person, pattern, zone, by=request.person)
                count = len(rows)
                said = ngettext("%(n)s shift written.", "%(n)s shifts written.", count)
                messages.success(request, said % {"n": count})
                _told(request, preview.word)
                return redirect(_back(pattern.first))
            preview = flow.foreseen(person, pattern, zone)
        except Problem as problem:
            form.add_error(None, in_words(problem))
    context = {"form": form, "preview": _shown(preview) if preview else None}
    return render(
        request, "planning/shift_pattern.html", context, status=422 if form.errors else 200
    )


def _shown(preview: flow.Preview) -> dict[str, Any]:
    return {
        "count": len(preview.spans),
        "days": len({begin.date() for begin, _end in preview.spans}),
        "left_out": [(day_text(day), why) for day, why in preview.left_out],
        "stops": [sentence(one) for one in preview.word.stops],
        "warns": preview.word.sentences,
    }


# On-site days -------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def on_site_days(request: HttpRequest) -> HttpResponse:
    """Show the days on which somebody is at a site, and write one or a series."""
    lead_only(request)
    initial = {"person": request.GET.get("person"), "day": request.GET.get("day")}
    form = OnSiteForm(request.POST or None, access=request.access, initial=initial)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            rows = flow.be_on_site(
                given["person"], given["site"], given["day"], given["until"], by=request.person
            )
        except Problem as problem:
            form.add_error(None, in_words(problem))
        else:
            said = ngettext("%(n)s day written.", "%(n)s days written.", len(rows))
            messages.success(request, said % {"n": len(rows)})
            return redirect("on_site_days")
    days = request.access.see(OnSiteDay).filter(day__gte=timezone.localdate())
    context = {"form": form, "days": days.select_related("person", "site")[:200]}
    status = 422 if form.errors else 200
    return render(request, "planning/on_site_days.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def on_site_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Have somebody be at a site on another day, or at another site."""
    lead_only(request)
    row = get_object_or_404(request.access.see(OnSiteDay).select_related("person", "site"), pk=pk)
    initial = {"site": row.site, "day": row.day, "seen": row.day.isoformat()}
    form = OnSiteMoveForm(request.POST or None, access=request.access, initial=initial)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            flow.move_on_site(
                row, given["day"], given["site"], by=request.person, seen=given["seen"]
            )
        except Problem as problem:
            form.add_error(None, in_words(problem))
        else:
            messages.success(request, _("The on-site day is moved."))
            return redirect(_origin(request))
    return draw(
        request, form, title=_("On-site day of %(name)s") % {"name": row.person.name},
        back=reverse("on_site_days"), lead=f"{row.site.name} · {day_text(row.day)}",
        crumbs=[*_crumbs(), (reverse("on_site_days"), _("On-site days"))],
    )  # fmt: skip


def _origin(request: HttpRequest) -> str:
    """Return the page on which the day was dragged, or the list."""
    back = request.POST.get("back", "")
    ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if ours else reverse("on_site_days")


@login_required
@require_POST
def on_site_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an on-site day away, or all of its series from it on."""
    lead_only(request)
    seen = request.access.see(OnSiteDay).select_related("person")
    one = get_object_or_404(seen, pk=pk)
    rows = [one]
    if "series" in request.POST and one.series is not None:
        rows = list(seen.filter(series=one.series, day__gte=one.day))
    count = flow.leave_site(rows, by=request.person)
    said = ngettext("%(n)s day removed.", "%(n)s days removed.", count) % {"n": count}
    messages.success(request, said)
    return redirect("on_site_days")


# Wishes -------------------------------------------------------------------------------------------


def _assistant(request: HttpRequest) -> Person:
    access = request.access
    if access is None or access.is_client or not access.has(Role.Kind.ASSISTANT):
        raise Http404
    person: Person = access.person
    return person


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def wishes(request: HttpRequest) -> HttpResponse:
    """Show an assistant her next shifts and what she wishes, and take a wish."""
    person = _assistant(request)
    form = WishForm(request.POST or None, instance=Wish(person=person))
    if form.is_bound and form.is_valid() and organisation.kept(form, by=person) is not None:
        messages.success(request, _("Noted: the next roster looks at it."))
        return redirect("my_wishes")
    monday = weeks.monday_of(timezone.localdate())
    zone = person_zone(person)
    context = {
        "form": form,
        "wishes": request.access.see(Wish).filter(person=person),
        "weeks": [
            weeks.of_people(request.access, [person], monday + timedelta(days=7 * n), zone)[0]
            for n in range(2)
        ],
    }
    return render(request, "planning/wishes.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def wish_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own wish back."""
    person = _assistant(request)
    wish = get_object_or_404(request.access.see(Wish).filter(person=person), pk=pk)
    organisation.record(person, "wish_removed", person, wish=str(wish))
    wish.delete()
    messages.success(request, _("Removed."))
    return redirect("my_wishes")

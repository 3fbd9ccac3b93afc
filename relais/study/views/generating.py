"""From study to service: what will be made, made, taken back, started; how it turned out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from relais.desk.views.dispatch_rules import kept
from relais.desk.views.files import in_words
from relais.lib.problem import Problem
from relais.people.models import Person
from relais.people.pool_forms import team
from relais.study import generating, turned_out
from relais.study.generating_plan import rows_of
from relais.study.models import Generated, Origin, Post, Study, Wave

from .choice import page, study_of

SOON = timedelta(days=42)
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
MOST_LINES = 200


class StartForm(forms.Form):
    """From when on the first wave is thought of."""

    starts_on = forms.DateField(label=gettext_lazy("first wave from"), widget=DAY)


class WaveForm(forms.Form):
    """What a wave is called, when it begins, and what must be true by then."""

    name = forms.CharField(label=gettext_lazy("name"), max_length=120)
    starts_on = forms.DateField(label=gettext_lazy("begins on"), widget=DAY)
    conditions = forms.CharField(
        label=gettext_lazy("conditions to start"), max_length=2000, required=False,
        widget=forms.Textarea(attrs={"rows": 6}), help_text=gettext_lazy("One a line."),
    )  # fmt: skip
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)


@login_required
@require_safe
def service(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what the study would become, or has become, thing by thing with its lines."""
    study = study_of(request, pk, lead=True)
    first = timezone.localdate() + SOON
    form = StartForm(request.GET if "starts_on" in request.GET else None, {"starts_on": first})
    form.fields["starts_on"].initial = first
    day = form.cleaned_data["starts_on"] if form.is_bound and form.is_valid() else first
    generation = generating.standing(study)
    if generation is not None:
        day = generation.starts_on
    try:
        plan = generating.preview(study, day, by=request.person)
    except Problem as problem:
        form.add_error("starts_on", in_words(problem)) if form.is_bound else None
        plan = generating.preview(study, first, by=request.person)
    things = [] if generation is None else list(generation.things.all())
    links = {one.key: _address(one.kind, row) for one, row in _with_rows(things)}
    keys = {one.key: one.pk for one in things}
    context = {
        "form": form,
        "day": day,
        "plan": plan,
        "generation": generation,
        "groups": [
            (label, [(it, links.get(it.key, ""), keys.get(it.key)) for it in plan.of(kind)])
            for kind, label in Generated.Kind.choices
            if plan.of(kind)
        ],
        "fresh": len(plan.fresh),
        "makes": request.access.runs_pool,
    }
    return page(request, study, "service", context, 422 if form.errors else 200)


def _with_rows(things: list[Generated]) -> list[tuple[Generated, Any]]:
    rows = rows_of(things)
    return [(one, rows.get(one.key)) for one in things]


def _address(kind: str, row: Any) -> str:
    """Return where a thing is opened, an empty text where it has no page of its own."""
    if row is None:
        return ""
    if kind == Generated.Kind.SERVICE:
        return reverse("service", args=[row.code])
    if kind == Generated.Kind.PROCEDURE:
        return reverse("procedure", args=[row.pk])
    if kind == Generated.Kind.AGREEMENT:
        return reverse("agreement_version", args=[row.agreement_id, row.number])
    if kind in (Generated.Kind.POST, Generated.Kind.WAVE):
        return reverse("waves", args=[row.study_id])
    return ""


@login_required
@require_POST
def generate(request: HttpRequest, pk: int) -> HttpResponse:
    """Make it all, in one go."""
    study = study_of(request, pk, lead=True)
    form = StartForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose the first day of the first wave."))
        return redirect("study_service", pk)
    try:
        made = generating.generate(study, form.cleaned_data["starts_on"], by=request.person)
        things = made.things.filter(made=True).count()
        messages.success(
            request,
            _("Made: %(count)d things, each linked to its lines. It can be taken back while "
              "nobody has worked on it.") % {"count": things},
        )  # fmt: skip
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("study_service", pk)


@login_required
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take everything back."""
    study = study_of(request, pk, lead=True)
    try:
        generating.undo(study, by=request.person)
        messages.success(request, _("Taken back: drafts are withdrawn, waves and posts dropped."))
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("study_service", pk)


@login_required
@require_safe
def origins(request: HttpRequest, pk: int, key: int) -> HttpResponse:
    """Show the lines that one generated thing came from."""
    study = study_of(request, pk, lead=True)
    rows = request.access.see(Generated).filter(generation__study=study)
    thing = get_object_or_404(rows, pk=key)
    lines = request.access.see(Origin).filter(generated=thing).select_related("line__site")
    context = {
        "thing": thing, "origins": lines[:MOST_LINES], "address": _address(thing.kind, thing.row)
    }  # fmt: skip
    return page(request, study, "origins", context)


@login_required
@require_safe
def came_from(request: HttpRequest, thing: str, key: int) -> HttpResponse:
    """Return the part of a thing's own page that says which studies and lines it came from."""
    label = {"service": "offer.Service", "procedure": "offer.Procedure"}.get(thing, "")
    label = label or {"agreement": "offer.AgreementVersion"}.get(thing, "")
    if not label or not request.access.is_staff:
        raise Http404
    rows = request.access.see(Origin).filter(
        generated__thing=label, generated__thing_id=key, generated__generation__undone_at=None
    )
    rows = rows.select_related("generated__generation__study", "line__site")
    return render(request, "study/_came_from.html", {"origins": rows[:MOST_LINES]})


# Waves and posts ----------------------------------------------------------------------------------


@login_required
@require_safe
def waves(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the waves; to who leads the study also the posts, and who may hold them."""
    study = study_of(request, pk)
    leads = study.may_lead(request.person)
    rows = request.access.see(Wave).filter(study=study).exclude(state="dropped")
    posts = request.access.see(Post).filter(study=study, dropped=False) if leads else []
    context: dict[str, Any] = {
        "rows": [
            (wave, wave.missing() if leads and wave.state == "planned" else [])
            for wave in _with_study(rows, study)
        ],
        "posts": posts.select_related("site", "person", "proposed") if leads else [],
        "pool": team(request.access) if leads else [],
        "today": timezone.localdate(),
        "makes": request.access.runs_pool,
    }
    return page(request, study, "waves", context)


def _with_study(rows: Any, study: Study) -> list[Wave]:
    found = list(rows.prefetch_related("sites__site"))
    for wave in found:
        wave.study = study
    return found


def _wave(request: HttpRequest, pk: int, key: int) -> Wave:
    study = study_of(request, pk, lead=True)
    wave: Wave = get_object_or_404(request.access.see(Wave).filter(study=study), pk=key)
    wave.study = study
    return wave


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def wave_edit(request: HttpRequest, pk: int, key: int) -> HttpResponse:
    """Change a wave that has not started."""
    wave = _wave(request, pk, key)
    first = {
        "name": wave.name, "starts_on": wave.starts_on, "conditions": wave.conditions,
        "seen": wave.version,
    }  # fmt: skip
    form = WaveForm(request.POST if request.method == "POST" else None, initial=first)

    def keep(sent: dict[str, Any]) -> object:
        return wave.edit(by=request.person, seen=sent.pop("seen"), **sent)

    if (status := kept(form, keep)) == 302:
        messages.success(request, _("Saved."))
        return redirect("waves", pk)
    return page(request, wave.study, "wave_edit", {"form": form, "wave": wave}, status)


@login_required
@require_POST
def wave_start(request: HttpRequest, pk: int, key: int) -> HttpResponse:
    """Begin at the sites of a wave: its services are offered from now on."""
    wave = _wave(request, pk, key)
    try:
        opened = generating.start_wave(wave, by=request.person)
        messages.success(
            request, _("Started. Services offered from now on: %(n)d.") % {"n": len(opened)}
        )
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("waves", pk)


@login_required
@require_POST
def wave_steady(request: HttpRequest, pk: int, key: int) -> HttpResponse:
    """Say that a wave runs steadily: the next one may start."""
    try:
        _wave(request, pk, key).steady(by=request.person)
        messages.success(request, _("Noted."))
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("waves", pk)


@login_required
@require_POST
def post_fill(request: HttpRequest, pk: int, key: int) -> HttpResponse:
    """Name who holds a post."""
    study = study_of(request, pk, lead=True)
    rows = request.access.see(Post).filter(study=study, dropped=False)
    post = get_object_or_404(rows.select_related("study", "site"), pk=key)
    sent = request.POST.get("person", "")
    chosen = int(sent) if sent.isdecimal() and len(sent) < 19 else 0
    person = get_object_or_404(request.access.see(Person), pk=chosen)
    try:
        post.fill(person, by=request.person)
        messages.success(request, _("%(name)s holds this post.") % {"name": person.name})
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("waves", pk)


@login_required
@require_safe
def as_it_turned_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was foreseen beside what the desk saw, three and six months on."""
    study = study_of(request, pk, lead=True)
    return page(request, study, "turned_out", {"rows": turned_out.rows(study)})

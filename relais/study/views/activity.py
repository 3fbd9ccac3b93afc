"""The pilot's side of activity logs: the categories, what comes out by role and site."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from relais.desk.views.files import in_words
from relais.lib.problem import Problem
from relais.people.models import Site
from relais.people.views.doors import signed_in
from relais.study import activity_logs as flow
from relais.study.models import ActivityCategory, Study
from relais.study.workshop_forms import CategoryForm

from .frame import framed, led_study
from .workshop import changeable, done


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def activity(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what the logs say together, of three persons at least; take one category more."""
    study = led_study(request, pk)
    changeable(request, study)
    typed = request.POST if request.method == "POST" else None
    form = CategoryForm(typed)
    if typed is not None:
        if form.is_valid() and flow.add_category(study, form.cleaned_data, by=request.person):
            messages.success(request, _("The category is there for everybody."))
            return redirect("activity", pk)
        if form.is_valid():
            form.add_error("name_fr", _("There is a category of this name already."))
    context = _context(request, study) | {"form": form}
    status = 200 if typed is None else 422
    return framed(request, study, "activity", "study/activity.html", context, status)


def _context(request: HttpRequest, study: Study) -> dict[str, object]:
    categories = {row.pk: row for row in request.access.see(ActivityCategory).filter(study=study)}
    found = flow.groups(study)
    keys = {key for group in found for key in group.sites}
    sites = dict(request.access.see(Site).filter(pk__in=keys).values_list("pk", "name"))
    language = get_language() or "fr"
    rows = [
        (
            flow.place_text(group, sites), group, flow.by_value(group, categories),
            sorted(
                ((categories[key].called(language), minutes / 60, minutes / (group.whole or 1))
                 for key, minutes in group.by_category.items()),
                key=lambda line: -line[1],
            ),
        )
        for group in found
    ]  # fmt: skip
    return {
        "categories": categories.values(),
        "rows": rows,
        "fewest": flow.FEWEST_PERSONS,
        "counts": flow.counts(study),
    }


@signed_in
@require_POST
def activity_prepare(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin with the categories that most studies use."""
    study = led_study(request, pk)
    said = _("The categories are there: make them your own before the first log.")
    done(request, lambda: flow.prepare(study, by=request.person), said)
    return redirect("activity", pk)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def activity_category(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a category, for all at once."""
    row = get_object_or_404(
        request.access.see(ActivityCategory).select_related("study__company"), pk=pk
    )
    study = led_study(request, row.study_id)
    changeable(request, study)
    typed = request.POST if request.method == "POST" else None
    form = CategoryForm(typed, initial={name: getattr(row, name) for name in CategoryForm().fields})
    if typed is not None and form.is_valid():
        if flow.edit_category(row, form.cleaned_data, by=request.person):
            messages.success(request, _("Kept."))
            return redirect("activity", study.pk)
        form.add_error("name_fr", _("There is a category of this name already."))
    context = {"row": row, "form": form}
    status = 200 if typed is None else 422
    return framed(request, study, "activity", "study/activity_category.html", context, status)


@signed_in
@require_POST
def activity_observe(request: HttpRequest, pk: int) -> HttpResponse:
    """Write what the logs say into the inventory, as lines observed."""
    study = led_study(request, pk)
    try:
        new, changed = flow.observe(study, by=request.person)
    except Problem as problem:
        messages.error(request, in_words(problem))
    else:
        said = ngettext("%(new)s line observed is new.", "%(new)s lines observed are new.", new) % {
            "new": new
        }
        more = ngettext(
            "%(changed)s is brought up to date.", "%(changed)s are brought up to date.", changed
        ) % {"changed": changed}
        messages.success(request, f"{said} {more}" if changed else said)
    return redirect("activity", pk)

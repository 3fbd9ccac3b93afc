"""The one page for typing: a form, kept through organisation.keep, refused with the reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from relais.lib.kept_form import KeptForm
from relais.lib.problem import Problem
from relais.people import organisation

from . import foreseen

Crumbs = list[tuple[str, Any]]


def form_page(
    request: HttpRequest,
    form: KeptForm,
    *,
    title: Any,
    back: str,
    crumbs: Crumbs,
    done: Callable[[Any], str | None] | None = None,
    after: Callable[[Any], None] | None = None,
    lead: Any = "",
    button: Any = "",
) -> HttpResponse:
    """Return the page of `form`; once it is kept, call `after` and go to `done` (else `back`)."""
    if request.method == "POST" and form.is_valid():
        if asked := _asked(form, request, back):
            return asked
        row = organisation.kept(form, by=request.person, after=after) if form.is_valid() else None
        if row is not None:
            messages.success(request, _("Saved."))
            return redirect((done(row) if done else None) or back)
    return draw(request, form, title=title, back=back, crumbs=crumbs, lead=lead, button=button)


def _asked(form: KeptForm, request: HttpRequest, back: str) -> HttpResponse | None:
    """Return the page that asks before a place goes by other hours: deadlines may move."""
    place = form.instance
    if place.pk is None or not organisation.changes_hours(place._meta.label, form.changes):
        return None
    try:
        return foreseen.of_place(request, place, form.save, back)
    except ValidationError as error:
        form.add_error(None, error)
        return None


def draw(
    request: HttpRequest,
    form: forms.BaseForm,
    *,
    title: Any,
    back: str,
    crumbs: Crumbs,
    lead: Any = "",
    button: Any = "",
) -> HttpResponse:
    """Return the page of a form, with 422 when it was refused."""
    context = {
        "form": form,
        "title": title,
        "back": back,
        "crumbs": crumbs,
        "lead": lead,
        "button": button or _("Save"),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "people/organisation/form.html", context, status=status)


def archive_page(request: HttpRequest, thing: Any, *, back: str, crumbs: Crumbs) -> HttpResponse:
    """Ask before archiving; on POST archive, or say what hangs on the thing still."""
    if request.method == "POST":
        try:
            with transaction.atomic():
                organisation.archive(thing, by=request.person, at=timezone.now())
        except Problem as problem:
            messages.error(request, organisation.said(problem))
        else:
            messages.success(request, _("%(name)s is archived.") % {"name": thing})
        return redirect(back)
    context = {
        "thing": thing,
        "hindrances": organisation.hindrances(thing),
        "back": back,
        "crumbs": crumbs,
    }
    return render(request, "people/organisation/archive.html", context)


def restored(request: HttpRequest, thing: Any, *, back: str) -> HttpResponse:
    """Take an archived thing into use again and go back to its page."""
    organisation.restore(thing, by=request.person)
    messages.success(request, _("%(name)s is in use again.") % {"name": thing})
    return redirect(back)

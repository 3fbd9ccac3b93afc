"""The pages of preference sheets: one's own and those whom one serves; written, confirmed."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from relais.offer import sheets
from relais.offer.errors import Refused
from relais.offer.models import PreferenceSheet, SheetVersion
from relais.offer.preference_forms import SheetForm, authority_of, limit_rows
from relais.people.models import Person
from relais.people.organisation import said

from .catalogue import refuse


@login_required
@require_safe
def my_preferences(request: HttpRequest) -> HttpResponse:
    """Show my own sheet, or how to begin it."""
    if not request.access.is_client or not request.access.roles:
        raise Http404
    return _shown(request, request.person)


@login_required
@require_safe
def preferences(request: HttpRequest) -> HttpResponse:
    """List the sheets that this person may read, and whose is not written yet."""
    access = request.access
    if not (access.led_company_ids or access.covered_site_ids):
        raise Http404
    rows, without = sheets.listed(access)
    context = {"rows": rows, "without": without}
    return render(request, "offer/preferences.html", context)


def _executive(request: HttpRequest, pk: int) -> Person:
    """Return whose sheet may be read or begun here; anybody else does not exist."""
    access = request.access
    rows = access.see(Person).exclude(company=None).select_related("site", "company")
    found = get_object_or_404(rows, pk=pk)
    seen = access.see(PreferenceSheet).filter(person=found).exists()
    if not seen and not sheets.may_write(access, found):
        raise Http404
    return found


@login_required
@require_safe
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Show somebody's sheet as this person may read it."""
    return _shown(request, _executive(request, pk))


def _shown(request: HttpRequest, executive: Person) -> HttpResponse:
    access = request.access
    found = access.see(PreferenceSheet).filter(person=executive).first()
    shown = sheets.shown(access, found) if found else None
    versions = access.see(SheetVersion).filter(sheet=found).select_related("written_by")
    context = {
        "executive": executive,
        "shown": shown,
        "versions": versions.order_by("-number")[:20] if found else [],
        "mine": executive.pk == request.person.pk,
        "may_write": sheets.may_write(access, executive),
    }
    return render(request, "offer/sheet.html", context)


@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a new version of a sheet."""
    executive = _executive(request, pk)
    access = request.access
    if not sheets.may_write(access, executive):
        raise Http404
    found = access.see(PreferenceSheet).filter(person=executive).first()
    rows = access.see(SheetVersion).filter(sheet=found).order_by("-number")
    last = rows.first() if found else None
    data = request.POST if request.method == "POST" else None
    form, limits = SheetForm(access, found, last, data), limit_rows(last, data)
    if data is not None and form.is_valid() and limits.is_valid():
        content = form.content()
        if not form.errors and _written(request, executive, form, limits, content):
            return redirect("preference_sheet", pk)
    context = {"form": form, "limits": limits, "executive": executive}
    context["mine"] = executive.pk == request.person.pk
    status = 422 if data is not None else 200
    return render(request, "offer/sheet_edit.html", context, status=status)


def _written(request, executive, form, limits, content) -> bool:  # type: ignore[no-untyped-def]
    """Return whether the sheet is kept as typed; else the form says why."""
    told = form.cleaned_data
    try:
        made = PreferenceSheet.write(
            executive,
            by=request.person,
            content=content,
            authority=authority_of(limits),
            reserved=told["reserved"],
            note=told["note"],
            seen=told["seen"],
        )
    except Refused as refusal:
        refuse(form, refusal)
        return False
    if made.confirmed_by_exec_at:
        messages.success(request, _("Your sheet is kept; whoever serves you sees it at once."))
    else:
        text = _("Kept. %(name)s is asked to read it back and confirm.")
        messages.success(request, text % {"name": executive.name})
    return True


@login_required
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that the sheet is right: for the executive alone."""
    if pk != request.person.pk:
        raise Http404
    rows = request.access.see(SheetVersion).filter(sheet__person=pk).select_related("sheet")
    number = request.POST.get("number", "")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise Http404
    version = get_object_or_404(rows, number=int(number))
    try:
        version.confirm(by=request.person)
        messages.success(request, _("Confirmed, thank you."))
    except Refused as refusal:
        messages.error(request, said(refusal))
    return redirect("my_preferences")

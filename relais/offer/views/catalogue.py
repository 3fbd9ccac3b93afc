"""The catalogue's pages: what is offered, how a site differs, who changed what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from relais.offer import keeping, questions, variants
from relais.offer.catalogue_forms import (
    PlaceForm,
    ServiceForm,
    VariantForm,
    question_rows,
    step_rows,
)
from relais.offer.differences import Difference, label, of_service, value_of
from relais.offer.errors import Refused, Unsound
from relais.offer.models import Service, ServiceVariant
from relais.people.models import Company, Site
from relais.people.organisation import said

LARGEST = 2**63


@dataclass(frozen=True)
class Variation:
    """A variant as the page shows it."""

    variant: ServiceVariant
    place: str
    lines: list[Difference]

    @property
    def key(self) -> str:
        """Return how the address of its editor names the place."""
        one = self.variant
        return f"site-{one.site_id}" if one.site_id else f"company-{one.company_id}"


@login_required
@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """Show what is offered, family by family; to whom keeps it, with what is not offered now."""
    access = request.access
    rows = access.see(Service)
    if not access.roles:
        raise Http404
    kept = access.runs_pool
    rows = rows.select_related("procedure") if access.is_staff else rows
    shown = rows if kept else rows.offered()
    words = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    services = [one for one in shown if _speaks(one, words)]
    families = [
        (named, found)
        for value, named in Service.Family.choices
        if (found := [one for one in services if one.family == value])
    ]
    offered = {one.pk for one in rows.offered()} if kept else set()
    context = {"families": families, "kept": kept, "offered": offered, "words": words}
    template = "offer/catalogue.html" if access.is_staff else "offer/catalogue_client.html"
    return render(request, template, context)


def _speaks(service: Service, words: str) -> bool:
    text = " ".join((service.name, service.description, service.words)).casefold()
    return all(word in text for word in words.casefold().split())


@login_required
@require_safe
def service(request: HttpRequest, code: str) -> HttpResponse:
    """Show one service: to a client what is asked, handed over and expected; to staff the rest."""
    found = _seen(request, code)
    access = request.access
    context: dict[str, Any] = {
        "service": found,
        "asked": questions.read(found.questions),
        "kept": access.runs_pool,
        "may_ask": found in access.see(Service).offered(channel=Service.Channel.FORM),
    }
    if access.is_client:
        site = request.person.site
        there = variants.at_site(found, site) if site else found
        context |= {"service": there, "asked": questions.read(there.questions)}
        return render(request, "offer/service_client.html", context)
    rows = access.see(ServiceVariant).filter(service=found, active=True)
    context |= {
        "skills": [skill.name_fr for skill in found.skills.all()],
        "channels": [str(Service.Channel(one).label) for one in found.channels],
        "variations": [_variation(found, one) for one in rows.select_related("company", "site")],
    }
    return render(request, "offer/service.html", context)


def _seen(request: HttpRequest, code: str) -> Service:
    rows = request.access.see(Service)
    if not request.access.runs_pool:
        rows = rows.offered()
    return get_object_or_404(rows.select_related("procedure"), code=code)


def _kept(request: HttpRequest, code: str) -> Service:
    if not request.access.runs_pool:
        raise Http404
    return _seen(request, code)


def _variation(service: Service, variant: ServiceVariant) -> Variation:
    there = variants.applied(service, variant.differs)
    lines = [
        Difference(label(name), value_of(service, name), value_of(there, name))
        for name in keeping.VARIABLE
        if name in variant.differs
    ]
    version = service.procedure.in_force() if service.procedure else None
    steps = {
        each["key"]: each.get("action_fr", "")
        for each in (version.content.get("steps", []) if version else [])
    }
    for change in variant.steps:
        told = (change.get("step") or {}).get("action_fr", "")
        was = steps.get(change["key"], change["key"])
        if change["op"] == "add":
            lines.append(Difference(_("Step added after “%(step)s”") % {"step": was}, "—", told))
        else:
            lines.append(
                Difference(_("Step"), was, told if change["op"] == "replace" else _("left out"))
            )
    place = str(variant.site or _("All of %(company)s") % {"company": variant.company.name})
    return Variation(variant, place, lines)


# Writing ------------------------------------------------------------------------------------------


@login_required
def service_new(request: HttpRequest) -> HttpResponse:
    """Begin a service."""
    if not request.access.runs_pool:
        raise Http404
    return _editor(request, None)


@login_required
def service_edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change a service and the fields of its form."""
    return _editor(request, _kept(request, code))


def _editor(request: HttpRequest, found: Service | None) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = ServiceForm(request.access, found, data)
    rows = question_rows(found, data)
    if data is not None and form.is_valid() and rows.is_valid():
        given = form.given()
        given["questions"] = [told for row in rows if (told := row.facts())]
        try:
            if found is None:
                found_now = Service.open(by=request.person, **given)
            else:
                found.expect(form.cleaned_data["seen"])
                found.edit(by=request.person, **given)
                found_now = found
        except Refused as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("service", found_now.code)
    context = {"form": form, "rows": rows, "service": found}
    status = 422 if data is not None else 200
    return render(request, "offer/service_edit.html", context, status=status)


def refuse(form: forms.BaseForm, refusal: Refused) -> None:
    """Say on the form what was refused, at its field where it has one."""
    if not isinstance(refusal, Unsound):
        form.add_error(None, said(refusal))
        return
    for field, text in refusal.faults:
        form.add_error(field if field in form.fields else None, text)


@login_required
@require_safe
def service_history(request: HttpRequest, code: str) -> HttpResponse:
    """Tell who changed what in a service, when."""
    found = _kept(request, code)
    events = of_service(request.access, found)
    return render(request, "offer/service_history.html", {"service": found, "events": events})


# Variants -----------------------------------------------------------------------------------------


@login_required
def variant_new(request: HttpRequest, code: str) -> HttpResponse:
    """Choose where a service is done otherwise."""
    found = _kept(request, code)
    form = PlaceForm(request.access, request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect("variant_edit", code, form.cleaned_data["place"])
    status = 422 if form.is_bound else 200
    return render(
        request, "offer/variant_new.html", {"form": form, "service": found}, status=status
    )


@login_required
def variant_edit(request: HttpRequest, code: str, place: str) -> HttpResponse:
    """Say what differs at a place; what is as in the group is not kept."""
    found, where = _kept(request, code), _place(request, place)
    site = where if isinstance(where, Site) else None
    variant = (
        request.access.see(ServiceVariant)
        .filter(service=found, company=where.company if site else where, site=site)
        .first()
    )
    data = request.POST if request.method == "POST" else None
    form, rows = VariantForm(found, variant, data), step_rows(found, variant, data)
    if data is not None and form.is_valid() and rows.is_valid():
        steps = [told for number, row in enumerate(rows, 1) if (told := row.facts(number))]
        differs = form.differs()
        if variant and variant.active and "questions" in variant.differs:
            differs["questions"] = variant.differs["questions"]
        try:
            ServiceVariant.vary(
                found,
                where,
                by=request.person,
                differs=differs,
                steps=steps,
                note=form.cleaned_data["note"],
                seen=form.cleaned_data["seen"],
            )
        except Refused as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("Saved: only what differs is kept."))
            return redirect("service", code)
    context = {"form": form, "rows": rows, "service": found, "place": where, "variant": variant}
    status = 422 if data is not None else 200
    return render(request, "offer/variant_edit.html", context, status=status)


def _place(request: HttpRequest, place: str) -> Company | Site:
    kind, _dash, key = place.partition("-")
    if kind not in ("company", "site") or not key.isascii() or not key.isdecimal():
        raise Http404
    if not 0 < int(key) < LARGEST:
        raise Http404
    if kind == "site":
        return get_object_or_404(request.access.see(Site).select_related("company"), pk=int(key))
    return get_object_or_404(request.access.see(Company), pk=int(key))


@login_required
@require_POST
def variant_end(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Go back to the group's standard at a place."""
    found = _kept(request, code)
    rows = request.access.see(ServiceVariant).filter(service=found, active=True)
    variant = get_object_or_404(rows, pk=pk)
    try:
        variant.end(by=request.person)
        messages.success(request, _("The group standard holds there again."))
    except Refused as refusal:
        messages.error(request, said(refusal))
    return redirect("service", code)

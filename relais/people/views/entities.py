"""Legal entities (SIREN) and their establishments (SIRET): lists, page, typing, archive."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from relais.lib.listing import Column, Empty, Linked, Listing, answer
from relais.people import organisation
from relais.people.access import Access
from relais.people.identifiers import (
    shown_siren,
    shown_siret,
)
from relais.people.models import Company, Establishment, LegalEntity, Site
from relais.people.place_forms import EntityForm, EstablishmentForm

from . import companies
from .companies import archived_note, in_use, number_of
from .doors import organiser, seen, signed_in
from .form_page import archive_page, form_page, restored


def entities_listing(access: Access) -> Listing:
    """Return the list of legal entities as this person reads it."""
    sites = access.see(Site).filter(archived_at=None)
    places = access.see(Establishment).filter(archived_at=None)
    columns = (
        Column(
            "name",
            gettext_lazy("Legal entity"),
            lambda e: e.name,
            "name_key",
            url=lambda e: reverse("entity", args=[e.pk]),
            note=archived_note,
        ),
        Column("siren", "SIREN", lambda e: shown_siren(e.siren), "siren"),
        Column("company", gettext_lazy("Company"), lambda e: e.company.name, "company__name_key"),
        Column("sites", gettext_lazy("Sites"), lambda e: e.site_count, number=True),
        Column(
            "establishments",
            gettext_lazy("Establishments"),
            lambda e: e.establishment_count,
            number=True,
        ),
    )
    return Listing(
        name="entities",
        title=gettext_lazy("Legal entities"),
        columns=columns,
        search=("name_key", "company__name_key"),
        filters=(in_use(), _company_filter(access, "company")),
        prepare=lambda rows: rows.select_related("company").annotate(
            site_count=number_of(sites, "entity"), establishment_count=number_of(places, "entity")
        ),
        empty=_empty(access, _("No legal entity yet.")),
    )


def establishments_listing(access: Access) -> Listing:
    """Return the list of establishments as this person reads it."""
    columns = (
        Column(
            "siret",
            "SIRET",
            lambda e: shown_siret(e.siret),
            "siret",
            url=lambda e: (
                reverse("establishment_edit", args=[e.pk]) if access.may_organise() else None
            ),
            note=archived_note,
        ),
        Column(
            "entity",
            gettext_lazy("Legal entity"),
            lambda e: e.entity.name,
            "entity__name_key",
            url=lambda e: reverse("entity", args=[e.entity_id]),
        ),
        Column(
            "company",
            gettext_lazy("Company"),
            lambda e: e.entity.company.name,
            "entity__company__name_key",
        ),
        Column(
            "site",
            gettext_lazy("Site"),
            lambda e: e.site.name if e.site else "",
            "site__name_key",
            note=lambda e: e.site.city if e.site and e.site.city != e.site.name else "",
        ),
    )
    return Listing(
        name="establishments",
        title=gettext_lazy("Establishments"),
        columns=columns,
        search=("siret", "entity__name_key", "site__name_key"),
        filters=(in_use(), _company_filter(access, "entity__company")),
        order="siret",
        prepare=lambda rows: rows.select_related("entity__company", "site"),
        empty=_empty(access, _("No establishment yet.")),
    )


def _company_filter(access: Access, field: str) -> Linked:
    return Linked(
        "company",
        gettext_lazy("Company"),
        lambda pk: access.see(Company).filter(pk=pk).first(),
        field,
    )


def _empty(access: Access, title: str) -> Empty:
    if not access.may_organise():
        return Empty(title)
    return Empty(
        title,
        _("Entities and their establishments belong to a company: open one and add them there."),
        reverse("companies"),
        _("Client companies"),
    )


@signed_in
def entities(request: HttpRequest) -> HttpResponse:
    """Show the legal entities."""
    access = request.access
    rows = access.see(LegalEntity)
    return answer(request, entities_listing(access), rows, "people/entities/list.html")


@signed_in
def establishments(request: HttpRequest) -> HttpResponse:
    """Show the establishments."""
    access = request.access
    rows = access.see(Establishment)
    return answer(request, establishments_listing(access), rows, "people/entities/list.html")


@signed_in
def entity(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a legal entity with its establishments and sites."""
    access = request.access
    found = seen(request, LegalEntity._default_manager.select_related("company", "calendar"), pk)
    context = {
        "entity": found,
        "siren": shown_siren(found.siren),
        "establishments": access.see(Establishment)
        .filter(entity=found, archived_at=None)
        .select_related("site")[:500],
        "sites": access.see(Site).filter(entity=found, archived_at=None)[:500],
        "history": organisation.history(access, found),
    }
    return render(request, "people/entities/page.html", context)


def crumbs(entity: LegalEntity) -> list[tuple[str, Any]]:
    """Return the way back to a legal entity."""
    return companies.crumbs(
        companies.crumb(entity.company), (reverse("entity", args=[entity.pk]), entity.name)
    )


@organiser
def new(request: HttpRequest, company_pk: int) -> HttpResponse:
    """Enter a legal entity of a company."""
    company = seen(request, Company, company_pk)
    form = EntityForm(
        request.POST or None, instance=LegalEntity(company=company), access=request.access
    )
    return form_page(
        request,
        form,
        title=_("New legal entity of %(name)s") % {"name": company},
        back=reverse("company", args=[company_pk]),
        crumbs=companies.crumbs(companies.crumb(company)),
        done=lambda row: reverse("entity", args=[row.pk]),
    )


@organiser
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a legal entity."""
    found = seen(request, LegalEntity, pk)
    form = EntityForm(request.POST or None, instance=found, access=request.access)
    return form_page(
        request,
        form,
        title=_("Edit %(name)s") % {"name": found},
        back=reverse("entity", args=[pk]),
        crumbs=crumbs(found),
    )


@organiser
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a legal entity out of use."""
    found = seen(request, LegalEntity, pk)
    return archive_page(request, found, back=reverse("entity", args=[pk]), crumbs=crumbs(found))


@require_POST
@organiser
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a legal entity into use again."""
    return restored(request, seen(request, LegalEntity, pk), back=reverse("entity", args=[pk]))


@organiser
def establishment_new(request: HttpRequest, entity_pk: int) -> HttpResponse:
    """Enter an establishment of a legal entity."""
    found = seen(request, LegalEntity, entity_pk)
    form = EstablishmentForm(
        request.POST or None, instance=Establishment(entity=found), access=request.access
    )
    return form_page(
        request,
        form,
        title=_("New establishment of %(name)s") % {"name": found},
        back=reverse("entity", args=[entity_pk]),
        crumbs=crumbs(found),
    )


@organiser
def establishment_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an establishment."""
    found = seen(request, Establishment, pk)
    form = EstablishmentForm(request.POST or None, instance=found, access=request.access)
    return form_page(
        request,
        form,
        title=_("Edit %(name)s") % {"name": shown_siret(found.siret)},
        back=reverse("entity", args=[found.entity_id]),
        crumbs=crumbs(found.entity),
    )


@organiser
def establishment_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an establishment out of use."""
    found = seen(request, Establishment, pk)
    back = reverse("entity", args=[found.entity_id])
    return archive_page(request, found, back=back, crumbs=crumbs(found.entity))


@require_POST
@organiser
def establishment_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an establishment into use again."""
    found = seen(request, Establishment, pk)
    return restored(request, found, back=reverse("entity", args=[found.entity_id]))

"""The API of places: companies, legal entities, establishments, sites.

It stands here, above people, because a place that goes by other hours moves deadlines: the change
can be asked for as a preview, and is refused when deadlines would never come.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status

from relais.lib.api_types import Fault, Key, Line, Moment, PartOf, PathKey
from relais.lib.kept_form import KeptForm
from relais.lib.text import french_key
from relais.people import organisation
from relais.people.access import Access
from relais.people.api import NamedOut, access_of
from relais.people.kept_api import REFUSALS, MarkIn, Names, checked, held, kept, one, organising
from relais.people.models import Company, Establishment, LegalEntity, Site
from relais.people.place_forms import CompanyForm, EntityForm, EstablishmentForm, SiteForm

from . import recalculation
from .calendars_api import PreviewOut, previewed, refused

router = Router(tags=["places"])


class PlaceOut(Schema):
    id: int
    name: str
    archived_at: Moment | None


class CompanyOut(PlaceOut):
    calendar: NamedOut | None


class CompanyDetail(CompanyOut):
    """`seen`: what to send with a change; empty for whoever changes nothing here."""

    seen: str


class EntityOut(PlaceOut):
    company: NamedOut | None
    siren: str
    calendar: NamedOut | None


class EntityDetail(EntityOut):
    seen: str


class SiteDetail(PlaceOut):
    company: NamedOut | None
    entity: NamedOut | None
    code: str
    street: str
    postcode: str
    city: str
    country: str
    time_zone: str
    holiday_zone: str
    calendar: NamedOut | None
    seen: str


class EstablishmentOut(Schema):
    id: int
    siret: str
    entity: NamedOut | None
    site: NamedOut | None
    archived_at: Moment | None


class EstablishmentDetail(EstablishmentOut):
    seen: str


class CompanyPage(Schema):
    items: list[CompanyOut]
    next: str | None


class EntityPage(Schema):
    items: list[EntityOut]
    next: str | None


class EstablishmentPage(Schema):
    items: list[EstablishmentOut]
    next: str | None


class CompanyIn(MarkIn):
    name: Line | None = None
    calendar: Key | None = None


class EntityIn(MarkIn):
    """A legal entity; its SIREN with or without spaces."""

    name: Line | None = None
    siren: Line | None = None
    calendar: Key | None = None


class EstablishmentIn(MarkIn):
    """An establishment; its SIRET begins with the SIREN of its entity."""

    siret: Line | None = None
    site: Key | None = None


class SiteIn(MarkIn):
    name: Line | None = None
    code: Line | None = None
    entity: Key | None = None
    street: Line | None = None
    postcode: Line | None = None
    city: Line | None = None
    country: Line | None = None
    time_zone: Line | None = None
    holiday_zone: Line | None = None
    calendar: Key | None = None


class Looking(Schema):
    """`preview`: only tell which deadlines would move, should the place go by other hours."""

    preview: bool = False
    page: int = Field(1, ge=1, le=100_000)


class CompanyEdit(CompanyIn, Looking):
    pass


class EntityEdit(EntityIn, Looking):
    pass


class SiteEdit(SiteIn, Looking):
    pass


class CompanyChanged(CompanyDetail):
    """The company as it stands; with `preview` nothing was changed."""

    preview: PreviewOut | None


class EntityChanged(EntityDetail):
    preview: PreviewOut | None


class SiteChanged(SiteDetail):
    preview: PreviewOut | None


class Which(Schema):
    """`archived`: those out of use instead of those in use."""

    q: Line = ""
    company: Key | None = None
    archived: bool = False

    def of(self, rows: Any, key: str, company: str) -> Any:
        """Return the rows that are wanted, found by the words of `key`."""
        rows = rows.exclude(archived_at=None) if self.archived else rows.filter(archived_at=None)
        if self.company:
            rows = rows.filter(**{company: self.company})
        return rows.filter(**{f"{key}__contains": french_key(self.q)}) if self.q else rows


# Companies ----------------------------------------------------------------------------------------


@router.get("/companies", response=CompanyPage)
def companies(request: HttpRequest, part: Query[PartOf], which: Query[Which]) -> dict[str, Any]:
    access = access_of(request)
    cut = part.cut(which.of(access.see(Company), "name_key", "pk"))
    return cut | {"items": _companies(access, cut["items"])}


@router.get("/companies/{key}", response={200: CompanyDetail, 404: Fault})
def company(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = access_of(request)
    return _company_detail(access, one(access, Company, key))


@router.post("/companies", response={201: CompanyDetail, **REFUSALS})
def new_company(request: HttpRequest, sent: CompanyIn) -> Status:
    access = organising(request)
    made = kept(checked(lambda data: CompanyForm(data, access=access), sent), by=access.person)
    return Status(201, _company_detail(access, made))


@router.post("/companies/{key}/edit", response={200: CompanyChanged, **REFUSALS})
def edit_company(request: HttpRequest, key: PathKey, sent: CompanyEdit) -> dict[str, Any]:
    access = organising(request)
    found = held(access, Company, key)
    told = _edit(access, lambda data: CompanyForm(data, instance=found, access=access), sent)
    return _company_detail(access, one(access, Company, key)) | {"preview": told}


def _companies(access: Access, rows: list[Company]) -> list[dict[str, Any]]:
    names = Names(access, rows, "calendar")
    return [_place(each) | names.of(each) for each in rows]


def _company_detail(access: Access, found: Company) -> dict[str, Any]:
    return _companies(access, [found])[0] | {"seen": _seen(access, CompanyForm, found)}


# Legal entities -----------------------------------------------------------------------------------


@router.get("/entities", response=EntityPage)
def entities(request: HttpRequest, part: Query[PartOf], which: Query[Which]) -> dict[str, Any]:
    access = access_of(request)
    cut = part.cut(which.of(access.see(LegalEntity), "name_key", "company"))
    return cut | {"items": _entities(access, cut["items"])}


@router.get("/entities/{key}", response={200: EntityDetail, 404: Fault})
def entity(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = access_of(request)
    return _entity_detail(access, one(access, LegalEntity, key))


@router.post("/companies/{key}/entities", response={201: EntityDetail, **REFUSALS})
def new_entity(request: HttpRequest, key: PathKey, sent: EntityIn) -> Status:
    access = organising(request)
    company = held(access, Company, key)

    def form(data: Any) -> EntityForm:
        return EntityForm(data, instance=LegalEntity(company=company), access=access)

    return Status(201, _entity_detail(access, kept(checked(form, sent), by=access.person)))


@router.post("/entities/{key}/edit", response={200: EntityChanged, **REFUSALS})
def edit_entity(request: HttpRequest, key: PathKey, sent: EntityEdit) -> dict[str, Any]:
    access = organising(request)
    found = held(access, LegalEntity, key)
    told = _edit(access, lambda data: EntityForm(data, instance=found, access=access), sent)
    return _entity_detail(access, one(access, LegalEntity, key)) | {"preview": told}


def _entities(access: Access, rows: list[LegalEntity]) -> list[dict[str, Any]]:
    names = Names(access, rows, "company", "calendar")
    return [_place(each) | {"siren": each.siren} | names.of(each) for each in rows]


def _entity_detail(access: Access, found: LegalEntity) -> dict[str, Any]:
    return _entities(access, [found])[0] | {"seen": _seen(access, EntityForm, found)}


# Establishments -----------------------------------------------------------------------------------


@router.get("/establishments", response=EstablishmentPage)
def establishments(
    request: HttpRequest, part: Query[PartOf], which: Query[Which]
) -> dict[str, Any]:
    access = access_of(request)
    cut = part.cut(which.of(access.see(Establishment), "siret", "entity__company"))
    return cut | {"items": _establishments(access, cut["items"])}


@router.get("/establishments/{key}", response={200: EstablishmentDetail, 404: Fault})
def establishment(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = access_of(request)
    return _establishment_detail(access, one(access, Establishment, key))


@router.post("/entities/{key}/establishments", response={201: EstablishmentDetail, **REFUSALS})
def new_establishment(request: HttpRequest, key: PathKey, sent: EstablishmentIn) -> Status:
    access = organising(request)
    entity = held(access, LegalEntity, key)

    def form(data: Any) -> EstablishmentForm:
        return EstablishmentForm(data, instance=Establishment(entity=entity), access=access)

    return Status(201, _establishment_detail(access, kept(checked(form, sent), by=access.person)))


@router.post("/establishments/{key}/edit", response={200: EstablishmentDetail, **REFUSALS})
def edit_establishment(request: HttpRequest, key: PathKey, sent: EstablishmentIn) -> dict[str, Any]:
    access = organising(request)
    found = held(access, Establishment, key)
    form = checked(lambda data: EstablishmentForm(data, instance=found, access=access), sent)
    return _establishment_detail(access, kept(form, by=access.person))


def _establishments(access: Access, rows: list[Establishment]) -> list[dict[str, Any]]:
    names, plain = Names(access, rows, "entity", "site"), ("siret", "archived_at")
    return [
        {"id": each.pk, **{name: getattr(each, name) for name in plain}, **names.of(each)}
        for each in rows
    ]


def _establishment_detail(access: Access, found: Establishment) -> dict[str, Any]:
    told = _establishments(access, [found])[0]
    return told | {"seen": _seen(access, EstablishmentForm, found)}


# Sites --------------------------------------------------------------------------------------------


@router.get("/sites/{key}", response={200: SiteDetail, 404: Fault})
def site(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = access_of(request)
    return _site(access, one(access, Site, key))


@router.post("/companies/{key}/sites", response={201: SiteDetail, **REFUSALS})
def new_site(request: HttpRequest, key: PathKey, sent: SiteIn) -> Status:
    access = organising(request)
    company = held(access, Company, key)

    def form(data: Any) -> SiteForm:
        return SiteForm(data, instance=Site(company=company), access=access)

    return Status(201, _site(access, kept(checked(form, sent), by=access.person)))


@router.post("/sites/{key}/edit", response={200: SiteChanged, **REFUSALS})
def edit_site(request: HttpRequest, key: PathKey, sent: SiteEdit) -> dict[str, Any]:
    access = organising(request)
    found = held(access, Site, key)
    told = _edit(access, lambda data: SiteForm(data, instance=found, access=access), sent)
    return _site(access, one(access, Site, key)) | {"preview": told}


def _site(access: Access, found: Site) -> dict[str, Any]:
    plain = ("code", "street", "postcode", "city", "country", "time_zone", "holiday_zone")
    return (
        _place(found)
        | {name: getattr(found, name) for name in plain}
        | Names(access, [found], "company", "entity", "calendar").of(found)
        | {"seen": _seen(access, SiteForm, found)}
    )


# Out of use, and back -----------------------------------------------------------------------------


def _ways_out(path: str, model: Any, answer: Any, told: Callable[[Access, Any], Any]) -> None:
    """Add the calls that take a place out of use and back."""

    def archive(request: HttpRequest, key: PathKey) -> dict[str, Any]:
        access = organising(request)
        organisation.archive(held(access, model, key), by=access.person, at=timezone.now())
        return told(access, one(access, model, key))

    def restore(request: HttpRequest, key: PathKey) -> dict[str, Any]:
        access = organising(request)
        organisation.restore(held(access, model, key), by=access.person)
        return told(access, one(access, model, key))

    for verb in (archive, restore):
        router.post(
            f"/{path}/{{key}}/{verb.__name__}",
            response={200: answer, **REFUSALS},
            operation_id=f"{verb.__name__}_{path}",
            summary=verb.__name__.capitalize(),
        )(verb)


_ways_out("companies", Company, CompanyDetail, _company_detail)
_ways_out("entities", LegalEntity, EntityDetail, _entity_detail)
_ways_out("establishments", Establishment, EstablishmentDetail, _establishment_detail)
_ways_out("sites", Site, SiteDetail, _site)


# How it is done -----------------------------------------------------------------------------------


def _edit(access: Access, make: Callable[[Any], KeptForm], sent: Any) -> PreviewOut | None:
    """Keep the form, or with `preview` only tell which deadlines would move."""
    form = checked(make, sent)
    told = None
    if organisation.changes_hours(form.instance._meta.label, form.changes):
        try:
            told = recalculation.preview_place(access, form.instance, form.save)
        except IntegrityError:
            told = None  # the form says which field the database refuses
        except ValidationError as fault:
            raise refused(fault) from None
    if sent.preview:
        return previewed(access, told or recalculation.NOTHING_MOVES, sent.page)
    kept(form, by=access.person)
    return None


def _place(found: Any) -> dict[str, Any]:
    return {"id": found.pk, "name": found.name, "archived_at": found.archived_at}


def _seen(access: Access, form: Any, found: Any) -> str:
    """Return the mark of the row as its form knows it, for whoever may change it."""
    if not access.may_organise():
        return ""
    return str(form(instance=found, access=access).initial["seen"])

"""The API of people and places: what this person may see of them, and nothing else."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from relais.lib.api_types import Line, PartOf
from relais.lib.text import french_key
from relais.lib.told import Told

from .access import Access
from .models import Person, Site

router = Router(tags=["people"])


class NamedOut(Told):
    """Something that has a name."""

    id: int
    name: str


class SiteOut(Schema):
    """A site, as everybody who may see it sees it."""

    id: int
    name: str
    code: str
    city: str
    country: str
    time_zone: str
    company: NamedOut


class SitePage(Schema):
    items: list[SiteOut]
    next: str | None


class PersonOut(Schema):
    """A person, as a colleague's card shows one."""

    id: int
    name: str
    email: str
    phone: str
    job: str
    company: NamedOut | None
    site: NamedOut | None


class PersonPage(Schema):
    items: list[PersonOut]
    next: str | None


class MeOut(Schema):
    """The person signed in, and what she is."""

    id: int
    name: str
    email: str
    language: str
    company: NamedOut | None
    site: NamedOut | None
    roles: list[str]
    is_client: bool


def access_of(request: HttpRequest) -> Access:
    """Return what the caller may see; the door lets nobody in without it."""
    access: Access = request.access  # type: ignore[attr-defined]
    return access


@router.get("/me", response=MeOut)
def me(request: HttpRequest) -> dict[str, Any]:
    access = access_of(request)
    person = access.person
    return {
        "id": person.pk,
        "name": person.name,
        "email": person.email,
        "language": person.language,
        "company": person.company,
        "site": person.site,
        "roles": sorted(access.kinds),
        "is_client": access.is_client,
    }


@router.get("/sites", response=SitePage)
def sites(request: HttpRequest, part: Query[PartOf], q: Line = "") -> dict[str, Any]:
    seen = access_of(request).see(Site).filter(archived_at=None).select_related("company")
    return part.cut(seen.filter(name_key__contains=french_key(q)) if q else seen)


@router.get("/persons", response=PersonPage)
def persons(request: HttpRequest, part: Query[PartOf], q: Line = "") -> dict[str, Any]:
    seen = access_of(request).see(Person).filter(archived_at=None)
    seen = seen.select_related("company", "site")
    return part.cut(seen.filter(name_key__contains=french_key(q)) if q else seen)

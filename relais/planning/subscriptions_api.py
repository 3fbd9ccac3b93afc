"""The API of calendar addresses: list mine, make one (anew), revoke it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from ninja import Router, Schema, Status

from relais.lib.api_types import Fault, FieldFaults, Key, Moment, PathKey
from relais.people.api import NamedOut, access_of
from relais.people.models import Site

from . import subscribing
from .models import CalendarLink

router = Router(tags=["planning"])


class CalendarLinkOut(Schema):
    """An address that stands; `site` is empty for one's own days."""

    id: int
    person: NamedOut
    site: NamedOut | None
    made_at: Moment
    seen_at: Moment | None


class CalendarLinksOut(Schema):
    items: list[CalendarLinkOut]


class CalendarLinkIn(Schema):
    """Which calendar: a site's, or one's own."""

    site: Key | None = None


class CalendarLinkMadeOut(CalendarLinkOut):
    """`address` is told this once. The one that stood before opens nothing any more."""

    address: str


def _out(link: CalendarLink) -> dict[str, Any]:
    named = {"id": link.site_id, "name": link.site.name} if link.site else None
    return {
        "id": link.pk,
        "person": {"id": link.person_id, "name": link.person.name},
        "site": named,
        "made_at": link.made_at,
        "seen_at": link.seen_at,
    }


@router.get("/calendar_links", response=CalendarLinksOut, operation_id="calendar_links")
def links(request: HttpRequest) -> dict[str, Any]:
    rows = access_of(request).see(CalendarLink).filter(revoked_at=None)
    return {"items": [_out(link) for link in rows.select_related("person", "site")[:500]]}


@router.post(
    "/calendar_links",
    response={201: CalendarLinkMadeOut, 404: Fault, 422: FieldFaults},
    operation_id="make_calendar_link",
)
def make(request: HttpRequest, wanted: CalendarLinkIn) -> Status[dict[str, Any]]:
    access = access_of(request)
    site = None
    if wanted.site is not None:
        site = access.see(Site).filter(archived_at=None, pk=wanted.site).first()
        if site is None:
            raise Http404
    link, secret = CalendarLink.make(access.person, site)
    return Status(201, _out(link) | {"address": subscribing.address_of(secret)})


@router.post(
    "/calendar_links/{key}/revoke",
    response={200: CalendarLinkOut, 404: Fault, 422: FieldFaults},
    operation_id="revoke_calendar_link",
)
def revoke(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    rows = access_of(request).see(CalendarLink).select_related("person", "site")
    link = rows.filter(pk=key).first()
    if link is None:
        raise Http404
    link.revoke()
    return _out(link)

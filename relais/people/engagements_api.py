"""The API of engagements: the mode of a company, and the persons who steer."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema, Status

from relais.lib.api_types import Fault, Key, Line, PathKey

from . import organisation
from .access import Access
from .api import NamedOut, access_of
from .kept_api import REFUSALS, MarkIn, Names, checked, held, kept, one, organising
from .models import Company, Engagement
from .person_forms import EndForm, EngagementForm
from .persons_api import EndIn

router = Router(tags=["engagements"])
MODES = list(Engagement.Mode.values)
LEADS = ("client_lead", "client_deputy", "provider_lead", "provider_deputy")


class EngagementIn(MarkIn):
    """A mode, the two leads and their deputies: persons of the company, and of the staff."""

    mode: Annotated[Line, Field(examples=MODES)] | None = None
    started_on: date | None = None
    client_lead: Key | None = None
    client_deputy: Key | None = None
    provider_lead: Key | None = None
    provider_deputy: Key | None = None


class EngagementOut(Schema):
    """An engagement. `seen`: what to send with a change; empty for whoever changes nothing."""

    id: int
    company: NamedOut | None
    mode: str
    started_on: date
    ended_on: date | None
    client_lead: NamedOut | None
    client_deputy: NamedOut | None
    provider_lead: NamedOut | None
    provider_deputy: NamedOut | None
    client_may_assign: bool
    seen: str


@router.get("/companies/{key}/engagements", response={200: list[EngagementOut], 404: Fault})
def engagements(request: HttpRequest, key: PathKey) -> list[dict[str, Any]]:
    access = access_of(request)
    rows = list(access.see(Engagement).filter(company=one(access, Company, key))[:50])
    names = Names(access, rows, "company", *LEADS)
    return [_engagement(access, each, names) for each in rows]


@router.post("/companies/{key}/engagements", response={201: EngagementOut, **REFUSALS})
def start_engagement(request: HttpRequest, key: PathKey, sent: EngagementIn) -> Status:
    access = organising(request)
    fresh = Engagement(company=held(access, Company, key), started_on=timezone.localdate())
    return Status(201, _keep(access, fresh, sent))


@router.post("/engagements/{key}/edit", response={200: EngagementOut, **REFUSALS})
def edit_engagement(request: HttpRequest, key: PathKey, sent: EngagementIn) -> dict[str, Any]:
    access = organising(request)
    return _keep(access, held(access, Engagement.objects.filter(ended_on=None), key), sent)


@router.post("/engagements/{key}/end", response={200: EngagementOut, **REFUSALS})
def end_engagement(request: HttpRequest, key: PathKey, sent: EndIn) -> dict[str, Any]:
    access = organising(request)
    found = held(access, Engagement.objects.filter(ended_on=None), key)
    today = timezone.localdate()
    form = checked(lambda data: EndForm(data, start=found.started_on, latest=today), sent)
    organisation.end_engagement(found, by=access.person, on=form.cleaned_data["on"])
    return _told(access, one(access, Engagement, key))


def _keep(access: Access, engagement: Engagement, sent: EngagementIn) -> dict[str, Any]:
    by = access.person
    form = checked(lambda data: EngagementForm(data, instance=engagement, access=access), sent)
    made = kept(form, by=by, after=lambda row: organisation.enable_leads(row, by=by))
    return _told(access, made)


def _told(access: Access, found: Engagement) -> dict[str, Any]:
    return _engagement(access, found, Names(access, [found], "company", *LEADS))


def _engagement(access: Access, found: Engagement, names: Names) -> dict[str, Any]:
    plain = ("mode", "started_on", "ended_on", "client_may_assign")
    seen = ""
    if access.may_organise():
        seen = str(EngagementForm(instance=found, access=access).initial["seen"])
    return (
        {"id": found.pk, "seen": seen}
        | {name: getattr(found, name) for name in plain}
        | names.of(found)
    )

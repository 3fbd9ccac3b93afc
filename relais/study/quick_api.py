"""The API of the quick start: the four steps of the pages."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from ninja import Field, Router, Schema, Status

from relais.lib.api_types import Fault, FieldFaults, Key, Line, PathKey
from relais.people.access import Access
from relais.people.api import access_of
from relais.people.kept_api import one
from relais.people.models import Company, Site

from . import quick, quick_starting
from .models import Study

router = Router(tags=["study"])
REFUSALS = {403: Fault, 404: Fault, 409: Fault, 422: FieldFaults}
Name = Annotated[Line, Field(max_length=100)]
Level = Literal[1, 2, 3, 4, 5]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]


class BeginIn(Schema):
    """A company known here, or the name of a new one; one to three sites."""

    company: Key | None = None
    name: Name = ""
    sites: Annotated[list[Name], Field(max_length=3)] = []


class BegunOut(Schema):
    id: int
    name: str


class CountIn(Schema):
    service: Key
    site: Key
    a_week: Annotated[float, Field(ge=0, le=1000)]


class WorkIn(Schema):
    counts: Annotated[list[CountIn], Field(max_length=500)]


class WorkOut(Schema):
    lines: int
    hours_a_week: float


class AnswersIn(Schema):
    secrecy: Level
    presence: Level


class FinishIn(Schema):
    starts_on: Day


class FinishedOut(Schema):
    """The trace of the choice, and the generation of the draft offer."""

    choice: int
    generation: int


class QuickNamedIn(Schema):
    """Somebody at the client; who has this address there already is taken as she is."""

    first_name: Name = ""
    last_name: Name = ""
    email: Annotated[Line, Field(max_length=254)]


class QuickStartIn(Schema):
    """`lead` may be left out where an engagement is in force; without `asker` the lead asks."""

    site: Key
    lead: QuickNamedIn | None = None
    asker: QuickNamedIn | None = None


class QuickStepOut(Schema):
    """One thing between the draft offer and the first request."""

    label: str
    done: bool
    left: str


@router.post("/quick-starts", response={201: BegunOut, **REFUSALS})
def begin(request: HttpRequest, sent: BeginIn) -> Status:
    access = _leading(request)
    company = one(access, Company, sent.company) if sent.company else None
    made = quick.begin(company, sent.name, sent.sites, by=access.person)
    return Status(201, {"id": made.pk, "name": made.name})


@router.post("/quick-starts/{key}/work", response={200: WorkOut, **REFUSALS})
def work(request: HttpRequest, key: PathKey, sent: WorkIn) -> Any:
    study = _study(request, key)
    counts = {(each.service, each.site): each.a_week for each in sent.counts}
    lines = quick.note(study, counts, by=access_of(request).person)
    return {"lines": lines, "hours_a_week": quick.hours(study)}


@router.post("/quick-starts/{key}/answers", response={204: None, **REFUSALS})
def answers(request: HttpRequest, key: PathKey, sent: AnswersIn) -> Status:
    study = _study(request, key)
    quick.answer(study, sent.secrecy, sent.presence, by=access_of(request).person)
    return Status(204, None)


@router.post("/quick-starts/{key}/finish", response={200: FinishedOut, **REFUSALS})
def finish(request: HttpRequest, key: PathKey, sent: FinishIn) -> Any:
    study = _study(request, key)
    choice, generation = quick.finish(study, sent.starts_on, by=access_of(request).person)
    return {"choice": choice.number, "generation": generation.pk}


@router.post("/quick-starts/{key}/start", response={200: list[QuickStepOut], **REFUSALS})
def start(request: HttpRequest, key: PathKey, sent: QuickStartIn) -> Any:
    study, access = _study(request, key), access_of(request)
    lead, asker = _named(sent.lead), _named(sent.asker)
    quick_starting.start(study, lead, asker, one(access, Site, sent.site), by=access.person)
    return quick_starting.steps(study, access)


@router.get("/quick-starts/{key}/steps", response={200: list[QuickStepOut], 404: Fault})
def steps(request: HttpRequest, key: PathKey) -> Any:
    return quick_starting.steps(_study(request, key), access_of(request))


def _named(sent: QuickNamedIn | None) -> quick_starting.Named | None:
    return quick_starting.Named(**sent.dict()) if sent else None


def _leading(request: HttpRequest) -> Access:
    access = access_of(request)
    if not access.runs_pool:
        raise Http404
    return access


def _study(request: HttpRequest, key: int) -> Study:
    return one(_leading(request), Study, key)

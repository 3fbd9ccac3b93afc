"""The API of studies: their frame, sites, participants and phases. Results tell no person."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status
from ninja.errors import ValidationError

from relais.lib.api_types import Fault, Key, Line, PartOf, PathKey, Said, Text
from relais.people import organisation
from relais.people.access import Access
from relais.people.api import NamedOut, access_of
from relais.people.kept_api import REFUSALS, MarkIn, Names, checked, kept, named, one
from relais.people.models import Site

from . import counting, interviews, scoping
from .errors import ChangedMeanwhile
from .models import InventoryLine, Participant, Study, StudySite
from .study_forms import ParticipantForm, StudyForm, default_told
from .tabs import reads

router = Router(tags=["studies"])


class StudyOut(Schema):
    """A study. `missing`: what the next phase asks for; told to who leads it."""

    id: int
    company: NamedOut | None
    name: str
    purpose: str
    families: list[str]
    starts_on: date
    ends_on: date
    pilot: NamedOut | None
    sponsor: NamedOut | None
    told: str
    promised: bool
    phase: str
    version: int
    missing: list[str]
    seen: str


class StudyPage(Schema):
    items: list[StudyOut]
    next: str | None


class StudyIn(Schema):
    """A new study; every site of the company is in it until some are taken out."""

    company: Key
    name: Line
    purpose: Text = ""
    starts_on: date
    ends_on: date
    pilot: Key


class StudyEditIn(MarkIn):
    """What is left out stands."""

    name: Line | None = None
    purpose: Text | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    pilot: Key | None = None
    sponsor: Key | None = None
    families: list[Line] | None = None
    told: Text | None = None
    promised: bool | None = None


class StudyVersionIn(Schema):
    """`version`: as it was read; changed since: refused (409)."""

    version: int | None = None


class BackIn(StudyVersionIn):
    why: Said


class StudySiteOut(Schema):
    """Hours of a site beside those paid there. `ratio` is good from 0.85 to 1.05."""

    site: NamedOut | None
    lines: int
    hours: float
    hours_once: float
    friction_hours: float
    paid_hours: float | None
    ratio: float | None
    verdict: Literal["good", "low", "high", "unknown"]
    gap_reason: str


class StudySiteIn(Schema):
    site: Key
    paid_hours: Annotated[float, Field(ge=0, le=1_000_000)] | None = None
    gap_reason: Line = ""


class StudySitesIn(Schema):
    """All the sites of the study: those left out are taken off."""

    sites: Annotated[list[StudySiteIn], Field(max_length=500)]


class ParticipantOut(Schema):
    id: int
    person: NamedOut | None
    name: str
    role: str
    site: NamedOut | None


class ParticipantPage(Schema):
    items: list[ParticipantOut]
    next: str | None


class ParticipantIn(Schema):
    """Either `person`, or a `name`; `role` as results are told."""

    person: Key | None = None
    name: Line = ""
    email: Line = ""
    role: Line
    site: Key | None = None


class RemovedParticipantOut(Schema):
    removed: int


def study_of(request: HttpRequest, key: int) -> Study:
    """Return a study that the caller sees, else "not found"."""
    return one(access_of(request), Study, key)


def led_study(request: HttpRequest, key: int) -> Study:
    """Return a study that the caller leads, else "not found"."""
    study = study_of(request, key)
    if not study.may_lead(access_of(request).person):
        raise Http404
    return study


@router.get("/studies", response={200: StudyPage, 404: Fault})
def studies(request: HttpRequest, part: Query[PartOf]) -> dict[str, Any]:
    access = access_of(request)
    cut = part.cut(access.see(Study).order_by("id"))
    names = Names(access, cut["items"], "company", "pilot", "sponsor")
    return cut | {"items": [_study(access, row, names) for row in cut["items"]]}


@router.get("/studies/{key}", response={200: StudyOut, 404: Fault})
def study(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    return _told(access_of(request), study_of(request, key))


@router.post("/studies", response={201: StudyOut, **REFUSALS})
def new_study(request: HttpRequest, sent: StudyIn) -> Status:
    access = access_of(request)
    if not access.runs_pool:
        raise Http404
    made = Study(made_by=access.person, told=default_told(), provider=access.person.provider)
    form = checked(lambda data: StudyForm(data, instance=made, access=access), sent)
    return Status(201, _told(access, kept(form, by=access.person, after=scoping.first_scope)))


@router.post("/studies/{key}/edit", response={200: StudyOut, **REFUSALS})
def edit_study(request: HttpRequest, key: PathKey, sent: StudyEditIn) -> dict[str, Any]:
    access, row = access_of(request), led_study(request, key)
    form = checked(lambda data: StudyForm(data, instance=row, access=access), sent)
    return _told(access, kept(form, by=access.person))


@router.post("/studies/{key}/begin", response={200: StudyOut, **REFUSALS})
def begin_study(request: HttpRequest, key: PathKey, sent: StudyVersionIn) -> dict[str, Any]:
    return _turned(request, key, sent, "begin")


@router.post("/studies/{key}/tell", response={200: StudyOut, **REFUSALS})
def tell_study(request: HttpRequest, key: PathKey, sent: StudyVersionIn) -> dict[str, Any]:
    return _turned(request, key, sent, "tell")


@router.post("/studies/{key}/decide", response={200: StudyOut, **REFUSALS})
def decide_study(request: HttpRequest, key: PathKey, sent: StudyVersionIn) -> dict[str, Any]:
    return _turned(request, key, sent, "decide")


@router.post("/studies/{key}/close", response={200: StudyOut, **REFUSALS})
def close_study(request: HttpRequest, key: PathKey, sent: StudyVersionIn) -> dict[str, Any]:
    return _turned(request, key, sent, "close")


@router.post("/studies/{key}/go_back", response={200: StudyOut, **REFUSALS})
def go_back_study(request: HttpRequest, key: PathKey, sent: BackIn) -> dict[str, Any]:
    access, row = access_of(request), led_study(request, key)
    as_read(row, sent.version)
    row.go_back(sent.why, by=access.person)
    return _told(access, row)


@router.get("/studies/{key}/sites", response={200: list[StudySiteOut], 404: Fault})
def study_sites(request: HttpRequest, key: PathKey) -> list[dict[str, Any]]:
    access, row = access_of(request), study_of(request, key)
    if not reads(access, row):
        raise Http404
    return _sites(access, row)


@router.post("/studies/{key}/sites", response={200: list[StudySiteOut], **REFUSALS})
def set_study_sites(request: HttpRequest, key: PathKey, sent: StudySitesIn) -> list[dict[str, Any]]:
    access, row = access_of(request), led_study(request, key)
    wanted = {
        each.site: {"paid_hours": each.paid_hours, "gap_reason": each.gap_reason}
        for each in sent.sites
    }
    known = access.see(Site).filter(company=row.company_id, pk__in=wanted)
    if known.count() != len(wanted):
        raise _fault("sites", _("Choose sites of this company."))
    held = row.lines.exclude(site__in=wanted).values_list("site__name", flat=True)
    if left := sorted(set(held)):
        text = _("This site has lines in the inventory: remove them first.")
        raise _fault("sites", f"{left[0]}: {text}")
    scoping.set_scope(row, wanted, by=access.person)
    return _sites(access, row)


@router.get("/studies/{key}/participants", response={200: ParticipantPage, 404: Fault})
def participants(request: HttpRequest, key: PathKey, part: Query[PartOf]) -> dict[str, Any]:
    access, row = access_of(request), study_of(request, key)
    cut = part.cut(access.see(Participant).filter(study=row).order_by("id"))
    names = Names(access, cut["items"], "person", "site")
    return cut | {"items": [_participant(each) | names.of(each) for each in cut["items"]]}


@router.post("/studies/{key}/participants", response={201: ParticipantOut, **REFUSALS})
def new_participant(request: HttpRequest, key: PathKey, sent: ParticipantIn) -> Status:
    access, row = access_of(request), led_study(request, key)
    blank = Participant(study=row, provider_id=row.provider_id)
    form = checked(lambda data: ParticipantForm(data, instance=blank, access=access), sent)
    made = kept(form, by=access.person)
    return Status(201, _participant(made) | Names(access, [made], "person", "site").of(made))


@router.post("/study_participants/{key}/remove", response={200: RemovedParticipantOut, **REFUSALS})
def remove_participant(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = access_of(request)
    row = one(access, Participant.objects.select_related("study"), key)
    if not row.study.may_lead(access.person):
        raise Http404
    organisation.record(row.study, "participant_removed", access.person, role=row.role)
    row.delete()
    return {"removed": 1}


def as_read(row: Any, version: int | None) -> None:
    """Raise `ChangedMeanwhile` when the row is no longer as the caller read it."""
    if version is not None and version != row.version:
        raise ChangedMeanwhile()


def _turned(request: HttpRequest, key: int, sent: StudyVersionIn, verb: str) -> dict[str, Any]:
    access, row = access_of(request), led_study(request, key)
    as_read(row, sent.version)
    getattr(row, verb)(by=access.person)
    return _told(access, row)


def _fault(field: str, text: str) -> ValidationError:
    return ValidationError([{"loc": ("body", field), "msg": text}])


def _told(access: Access, row: Study) -> dict[str, Any]:
    return _study(access, row, Names(access, [row], "company", "pilot", "sponsor"))


def _study(access: Access, row: Study, names: Names) -> dict[str, Any]:
    plain = (
        "name", "purpose", "families", "starts_on", "ends_on", "told", "promised", "phase",
        "version",
    )  # fmt: skip
    leads = row.may_lead(access.person)
    seen = str(StudyForm(instance=row, access=access).initial["seen"]) if leads else ""
    told = {"id": row.pk, "missing": row.missing() if leads else [], "seen": seen}
    return told | {name: getattr(row, name) for name in plain} | names.of(row)


def _sites(access: Access, row: Study) -> list[dict[str, Any]]:
    seen = set(access.see(StudySite).filter(study=row).values_list("site", flat=True))
    return [
        {
            "site": named(each.site), "lines": each.total.lines, "hours": each.total.hours,
            "hours_once": each.total.once / 60, "friction_hours": each.total.friction / 60,
            "paid_hours": each.scope.paid_hours, "ratio": each.coverage.ratio,
            "verdict": each.coverage.verdict, "gap_reason": each.scope.gap_reason,
        }
        for each in counting.by_site(row, counting.count_study(row))
        if each.scope.site_id in seen
    ]  # fmt: skip


def _participant(row: Participant) -> dict[str, Any]:
    return {"id": row.pk, "name": row.name, "role": row.role}


class MyLineOut(Schema):
    """A task that I told of; once validated it is told without my name."""

    task: str
    site: str
    validated: bool


class MyPartOut(Schema):
    """What is asked of me in a study, and what I gave: nobody else reads it so."""

    asks: list[str]
    interview_sent: bool
    barriers_answered: bool
    days_noted: int
    lines: list[MyLineOut]


@router.get("/studies/{key}/mine", response={200: MyPartOut, 404: Fault})
def mine(request: HttpRequest, key: PathKey) -> Any:
    access = access_of(request)
    rows = access.see(Participant).filter(study=key, person=access.person)
    me = rows.select_related("study").first()
    if me is None:
        raise Http404
    gave = interviews.hers(me)
    lines = access.see(InventoryLine).filter(author=me).select_related("site").order_by("pk")
    return {
        "asks": interviews.asked_of(me),
        "interview_sent": gave["sent"],
        "barriers_answered": gave["answered"],
        "days_noted": gave["days"],
        "lines": [
            {"task": one.task, "site": one.site.name, "validated": one.validated_at is not None}
            for one in lines[:200]
        ],
    }

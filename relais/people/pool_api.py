"""The API of the pool: what assistants can do, when they are away, which sites they serve.

Internal to the provider: a client finds neither calls nor fields of it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status

from relais.lib.api_types import Fault, Key, Line, Moment, PartOf, PathKey

from . import cover, organisation
from .access import Access
from .api import NamedOut, access_of
from .kept_api import REFUSALS, MarkIn, Names, checked, held, kept, named, one, organising
from .models import (
    Absence,
    AssistantProfile,
    Clearance,
    Cover,
    LanguageLevel,
    Person,
    Site,
    Skill,
    SkillLevel,
)
from .person_forms import EndForm
from .persons_api import EndIn
from .pool_forms import (
    AbsenceForm,
    ClearanceForm,
    CoverForm,
    LanguageForm,
    ProfileForm,
    SkillForm,
    zone_of,
)

router = Router(tags=["pool"])
MOST = 500


class SkillOut(Schema):
    id: int
    code: str
    name_fr: str
    name_en: str


class SkillLevelOut(Schema):
    id: int
    skill: NamedOut | None
    level: int


class LanguageOut(Schema):
    id: int
    language: str
    level: str


class ClearanceOut(Schema):
    id: int
    company: NamedOut | None
    reason: str
    starts_on: date
    ends_on: date | None


class AbsenceOut(Schema):
    """An absence: its class, never a reason."""

    id: int
    kind: str
    starts: Moment
    ends: Moment


class CoverOut(Schema):
    site: NamedOut | None
    person: NamedOut | None
    position: str


class AssistantOut(Schema):
    person: NamedOut | None
    contract_hours: Decimal
    calendar: NamedOut | None
    clearance: int
    capacity: int | None


class AssistantPage(Schema):
    items: list[AssistantOut]
    next: str | None


class ProfileOut(AssistantOut):
    """What an assistant can do. `seen`: what to send with a change of the profile."""

    skills: list[SkillLevelOut]
    languages: list[LanguageOut]
    clearances: list[ClearanceOut]
    absences: list[AbsenceOut]
    covers: list[CoverOut]
    seen: str


class ProfileIn(MarkIn):
    contract_hours: Annotated[Decimal, Field(max_digits=6, decimal_places=2)] | None = None
    calendar: Key | None = None
    clearance: Literal[0, 1, 2, 3] | None = None
    capacity: Annotated[int, Field(ge=1, le=200)] | None = None


class SkillIn(MarkIn):
    """A skill that is known, or a new one by its name; 1 with help, 2 alone, 3 trains others."""

    skill: Key | None = None
    new_name: Line | None = None
    level: Literal[1, 2, 3] = 2


class LanguageIn(MarkIn):
    language: Annotated[Line, Field(examples=["en"])]
    level: Literal["A2", "B1", "B2", "C1", "C2"] = "B2"


class ClearanceIn(MarkIn):
    """The named right to a company's C3 matters: for a reason, from a day on."""

    company: Key
    reason: Line
    starts_on: date | None = None
    ends_on: date | None = None


class AbsenceIn(MarkIn):
    starts: Moment
    ends: Moment
    kind: Literal["leave", "training", "other"] = "other"


class CoverIn(Schema):
    """An empty position takes the person off; a lead who gives way becomes a backup."""

    person: Key
    position: Literal["lead", "backup", "float", ""]


# Assistants ---------------------------------------------------------------------------------------


@router.get("/assistants", response={200: AssistantPage, 404: Fault})
def assistants(request: HttpRequest, part: Query[PartOf]) -> dict[str, Any]:
    access = organising(request)
    rows = access.see(AssistantProfile).filter(person__archived_at=None).order_by("id")
    cut = part.cut(rows)
    names = Names(access, cut["items"], "person", "calendar")
    return cut | {"items": [_assistant(each) | names.of(each) for each in cut["items"]]}


@router.get("/skills", response={200: list[SkillOut], 404: Fault})
def skills(request: HttpRequest) -> Any:
    access = access_of(request)
    if access.is_client:
        raise Http404
    return access.see(Skill)[:MOST]


@router.get("/persons/{key}/profile", response={200: ProfileOut, 404: Fault})
def profile(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = access_of(request)
    rows = access.see(AssistantProfile).filter(person=one(access, Person, key))
    found = rows.first()
    if found is None:
        raise Http404
    return _profile(access, found)


@router.post("/persons/{key}/profile", response={200: ProfileOut, **REFUSALS})
def edit_profile(request: HttpRequest, key: PathKey, sent: ProfileIn) -> dict[str, Any]:
    access, person = _staff(request, key)
    found = access.see(AssistantProfile).filter(person=person).first()
    mine = found or AssistantProfile(person=person)
    form = checked(lambda data: ProfileForm(data, instance=mine, access=access), sent)
    return _profile(access, kept(form, by=access.person))


@router.post("/persons/{key}/skills", response={201: ProfileOut, **REFUSALS})
def add_skill(request: HttpRequest, key: PathKey, sent: SkillIn) -> Status:
    access, person = _staff(request, key)
    found = _profile_of(access, person)
    fresh = SkillLevel(profile=found, provider_id=person.provider_id)
    form = checked(lambda data: SkillForm(data, instance=fresh, access=access), sent)
    kept(form, by=access.person)
    return Status(201, _profile(access, found))


@router.post("/persons/{key}/languages", response={201: ProfileOut, **REFUSALS})
def add_language(request: HttpRequest, key: PathKey, sent: LanguageIn) -> Status:
    access, person = _staff(request, key)
    found = _profile_of(access, person)
    fresh = LanguageLevel(profile=found)
    form = checked(lambda data: LanguageForm(data, instance=fresh, access=access), sent)
    kept(form, by=access.person)
    return Status(201, _profile(access, found))


@router.post("/persons/{key}/clearances", response={201: ClearanceOut, **REFUSALS})
def add_clearance(request: HttpRequest, key: PathKey, sent: ClearanceIn) -> Status:
    access, person = _staff(request, key)
    fresh = Clearance(person=person, granted_by=access.person, starts_on=timezone.localdate())
    form = checked(lambda data: ClearanceForm(data, instance=fresh, access=access), sent)
    return Status(201, _clearance(kept(form, by=access.person)))


@router.post("/persons/{key}/absences", response={201: AbsenceOut, **REFUSALS})
def add_absence(request: HttpRequest, key: PathKey, sent: AbsenceIn) -> Status:
    access, person = _staff(request, key)
    zone = zone_of(access, person)
    typed = sent.model_copy(
        update={name: _on_the_wall(getattr(sent, name), zone) for name in ("starts", "ends")}
    )

    def form(data: Any) -> AbsenceForm:
        return AbsenceForm(data, instance=Absence(person=person), zone=zone)

    by = access.person
    made = kept(
        checked(form, typed), by=by, after=lambda absence: cover.took_absence(absence, by=by)
    )
    return Status(201, _absence(made))


@router.post("/skills/{key}/remove", response={200: ProfileOut, **REFUSALS})
def remove_skill(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = organising(request)
    found = held(access, SkillLevel, key)
    organisation.take_off(found, by=access.person)
    return _profile(access, found.profile)


@router.post("/languages/{key}/remove", response={200: ProfileOut, **REFUSALS})
def remove_language(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = organising(request)
    found = held(access, LanguageLevel, key)
    organisation.take_off(found, by=access.person)
    return _profile(access, found.profile)


@router.post("/clearances/{key}/end", response={200: ClearanceOut, **REFUSALS})
def end_clearance(request: HttpRequest, key: PathKey, sent: EndIn) -> dict[str, Any]:
    access = organising(request)
    found = held(access, Clearance, key)
    form = checked(lambda data: EndForm(data, start=found.starts_on), sent)
    organisation.end_clearance(found, by=access.person, on=form.cleaned_data["on"])
    return _clearance(found)


@router.post("/absences/{key}/remove", response={200: AbsenceOut, **REFUSALS})
def remove_absence(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = organising(request)
    found = held(access, Absence, key)
    told = _absence(found)
    cover.take_back_absence(found, by=access.person)
    return told


# Who serves a site --------------------------------------------------------------------------------


@router.get("/sites/{key}/cover", response={200: list[CoverOut], 404: Fault})
def site_cover(request: HttpRequest, key: PathKey) -> list[dict[str, Any]]:
    access = access_of(request)
    if access.is_client:
        raise Http404
    return _covers(access, access.see(Cover).filter(site=one(access, Site, key)))


@router.post("/sites/{key}/cover", response={200: list[CoverOut], **REFUSALS})
def set_cover(request: HttpRequest, key: PathKey, sent: CoverIn) -> list[dict[str, Any]]:
    access = organising(request)
    site = held(access, Site.objects.filter(archived_at=None), key)
    said = checked(lambda data: CoverForm(data, access=access), sent).cleaned_data
    cover.set_cover(site, said["person"], said["position"], by=access.person)
    return _covers(access, access.see(Cover).filter(site=site))


# How rows become answers --------------------------------------------------------------------------


def _staff(request: HttpRequest, key: int) -> tuple[Access, Person]:
    access = organising(request)
    return access, held(access, Person.objects.filter(company=None), key)


def _profile_of(access: Access, person: Person) -> AssistantProfile:
    found = access.see(AssistantProfile).filter(person=person).first()
    if found is None:
        raise Http404
    return found


def _on_the_wall(at: datetime, zone: str) -> datetime:
    """Return what the clock on the wall shows there, as the form takes it."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _assistant(found: AssistantProfile) -> dict[str, Any]:
    return {name: getattr(found, name) for name in ("contract_hours", "clearance", "capacity")}


def _profile(access: Access, found: AssistantProfile) -> dict[str, Any]:
    of_profile, of_person = {"profile": found}, {"person": found.person_id}
    levels = access.see(SkillLevel).filter(**of_profile).select_related("skill")
    clearances = access.see(Clearance).filter(**of_person).select_related("company")
    absences = access.see(Absence).filter(**of_person, period__endswith__gt=timezone.now())
    seen = ""
    if access.may_organise():
        seen = str(ProfileForm(instance=found, access=access).initial["seen"])
    return (
        _assistant(found)
        | Names(access, [found], "person", "calendar").of(found)
        | {
            "skills": [{"id": x.pk, "skill": named(x.skill), "level": x.level} for x in levels],
            "languages": list(
                access.see(LanguageLevel).filter(**of_profile).values("id", "language", "level")
            ),
            "clearances": [_clearance(each) for each in clearances],
            "absences": [_absence(each) for each in absences],
            "covers": _covers(access, access.see(Cover).filter(**of_person)),
            "seen": seen,
        }
    )


def _clearance(found: Clearance) -> dict[str, Any]:
    plain = ("reason", "starts_on", "ends_on")
    told = {name: getattr(found, name) for name in plain}
    return {"id": found.pk, "company": named(found.company), **told}


def _absence(found: Absence) -> dict[str, Any]:
    first, last = (at.astimezone(UTC) for at in (found.period.lower, found.period.upper))
    return {"id": found.pk, "kind": found.kind, "starts": first, "ends": last}


def _covers(access: Access, rows: Any) -> list[dict[str, Any]]:
    rows = list(rows[:MOST])
    names = Names(access, rows, "site", "person")
    return [{"position": each.position} | names.of(each) for each in rows]

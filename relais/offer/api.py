"""The API of agreements: what is promised to this person's company, and the verbs of drafts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from ninja import Field, Router, Schema, Status

from relais.lib.api_types import Fault, FieldFaults, Key, Line, Moment, PathKey, Said, Text
from relais.people.access import Access
from relais.people.api import NamedOut, access_of
from relais.people.models import Company

from . import reading
from .models import Agreement, AgreementVersion
from .terms import MOST_SILENCE, CreditTerms, Scope, TargetTerms

router = Router(tags=["agreements"])
REFUSALS = {404: Fault, 403: Fault, 409: Fault, 422: FieldFaults}
Amount = Decimal
Place = Key | None


class ScopeIn(Schema):
    """A site or an entity, or neither: the whole company; a family, or all."""

    entity: Place = None
    site: Place = None
    family: Line = ""


class TargetIn(Schema):
    """Hours of opening or working days, for a service or a family, and a priority."""

    kind: Line
    service: Key | None = None
    family: Line = ""
    priority: int | None = Field(None, ge=1, le=4)
    hours: Amount | None = Field(None, max_digits=6, decimal_places=2)
    days: int | None = Field(None, ge=0, le=1000)
    statistic: Line = "pct_within"
    expected: Amount = Field(Decimal(92), max_digits=7, decimal_places=2)
    target: Amount = Field(Decimal(96), max_digits=7, decimal_places=2)
    critical: Amount = Field(Decimal(85), max_digits=7, decimal_places=2)
    window: Line = "month"
    smallest_sample: int = Field(20, ge=1, le=1_000_000)
    weight: Amount = Field(Decimal(0), max_digits=4, decimal_places=3)


class CreditsIn(Schema):
    """What is put at risk; the fee in euros a month, shares in percent."""

    monthly_fee: Amount = Field(max_digits=12, decimal_places=2)
    pool_pct: Amount = Field(Decimal(10), max_digits=5, decimal_places=2)
    rule: Line = "linear"
    cap_pct: Amount = Field(Decimal(100), max_digits=5, decimal_places=2)
    repeat_from: int = Field(3, ge=2, le=100)
    repeat_by: Amount = Field(Decimal("1.5"), max_digits=4, decimal_places=2)
    earn_back_months: int = Field(3, ge=0, le=12)


class TermsIn(Schema):
    """Fields left out stay as they are. `revision`: as it was read; else refused (409)."""

    revision: Key | None = None
    effective_from: date | None = None
    ends_on: date | None = None
    note: Text | None = None
    remind_after_days: int | None = Field(None, ge=1, le=MOST_SILENCE)
    close_after_days: int | None = Field(None, ge=1, le=MOST_SILENCE)
    approval_pauses: bool = True
    scopes: list[ScopeIn] | None = None
    targets: list[TargetIn] | None = None
    exclusions: list[Line] | None = None
    obligations: list[Line] | None = None
    credits: CreditsIn | None = None


class SeenIn(Schema):
    revision: Key | None = None


class SignIn(SeenIn):
    side: Line


class WithdrawIn(SeenIn):
    reason: Line = ""


class OpenIn(Schema):
    company: Key
    name: Annotated[Said, Field(max_length=200)]


class VersionLine(Schema):
    id: int
    number: int
    standing: str
    effective_from: date | None
    ends_on: date | None


class AgreementOut(Schema):
    id: int
    name: str
    company: NamedOut
    versions: list[VersionLine]


class VersionOut(VersionLine):
    """A version. `credits` is empty for whoever has no business with the money."""

    agreement: NamedOut
    revision: int
    note: str
    remind_after_days: int | None
    close_after_days: int | None
    approval_pauses: bool
    scopes: list[ScopeIn]
    targets: list[TargetIn]
    exclusions: list[str]
    obligations: list[str]
    credits: CreditsIn | None
    client_signed_at: Moment | None
    provider_signed_at: Moment | None


@router.get("/agreements", response=list[AgreementOut])
def agreements(request: HttpRequest) -> list[AgreementOut]:
    access = access_of(request)
    return [_agreement(access, each) for each in _agreements(access)]


@router.get("/agreements/{key}", response={200: AgreementOut, 404: Fault})
def agreement(request: HttpRequest, key: PathKey) -> AgreementOut:
    access = access_of(request)
    return _agreement(access, _one(_agreements(access), key))


@router.get("/agreement_versions/{key}", response={200: VersionOut, 404: Fault})
def version(request: HttpRequest, key: PathKey) -> VersionOut:
    access = access_of(request)
    return _version(access, _one(_versions(access), key))


@router.post("/agreements", response={201: VersionOut, **REFUSALS})
def open_agreement(request: HttpRequest, sent: OpenIn) -> Status:
    access = access_of(request)
    made = Agreement.open(_one(access.see(Company), sent.company), sent.name, by=access.person)
    return Status(201, _version(access, made))


@router.post("/agreements/{key}/draft_from", response={201: VersionOut, **REFUSALS})
def draft_from(request: HttpRequest, key: PathKey) -> Status:
    access = access_of(request)
    made = AgreementVersion.draft_from(_one(_agreements(access), key), by=access.person)
    return Status(201, _version(access, made))


@router.post("/agreement_versions/{key}/edit", response={200: VersionOut, **REFUSALS})
def edit(request: HttpRequest, key: PathKey, sent: TermsIn) -> VersionOut:
    access, found = _found(request, key, sent.revision)
    given: dict[str, Any] = {
        name: getattr(sent, name) for name in sent.model_fields_set - {"revision"}
    }
    for name, kind in (("scopes", Scope), ("targets", TargetTerms)):
        if name in given:
            given[name] = tuple(kind(**each.dict()) for each in given[name] or ())
    for name in ("exclusions", "obligations"):
        if name in given:
            given[name] = tuple(given[name] or ())
    if given.get("credits"):
        given["credits"] = CreditTerms(**given["credits"].dict())
    if "note" in given:
        given["note"] = given["note"] or ""
    found.edit(by=access.person, **given)
    return _version(access, found)


@router.post("/agreement_versions/{key}/sign", response={200: VersionOut, **REFUSALS})
def sign(request: HttpRequest, key: PathKey, sent: SignIn) -> VersionOut:
    access, found = _found(request, key, sent.revision)
    found.sign(by=access.person, side=sent.side)
    return _version(access, found)


@router.post("/agreement_versions/{key}/retract", response={200: VersionOut, **REFUSALS})
def retract(request: HttpRequest, key: PathKey, sent: SeenIn) -> VersionOut:
    access, found = _found(request, key, sent.revision)
    found.retract(by=access.person)
    return _version(access, found)


@router.post("/agreement_versions/{key}/withdraw", response={200: VersionOut, **REFUSALS})
def withdraw(request: HttpRequest, key: PathKey, sent: WithdrawIn) -> VersionOut:
    access, found = _found(request, key, sent.revision)
    found.withdraw(sent.reason, by=access.person)
    return _version(access, found)


# How rows become answers ----------------------------------------------------------------------


def _agreements(access: Access) -> QuerySet[Agreement]:
    return access.see(Agreement).select_related("company")


def _versions(access: Access) -> QuerySet[AgreementVersion]:
    return access.see(AgreementVersion).select_related("agreement__company")


def _found(request: HttpRequest, key: int, revision: int | None) -> tuple[Access, AgreementVersion]:
    access = access_of(request)
    found: AgreementVersion = _one(_versions(access), key)
    found.expect(revision)
    return access, found


def _one(rows: QuerySet[Any], key: int) -> Any:
    found = rows.filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _line(found: AgreementVersion) -> dict[str, Any]:
    return {
        "id": found.pk,
        "number": found.number,
        "standing": found.standing().value,
        "effective_from": found.effective_from,
        "ends_on": found.ends_on,
    }


def _agreement(access: Access, found: Agreement) -> AgreementOut:
    return AgreementOut(
        id=found.pk,
        name=found.name,
        company=NamedOut(id=found.company_id, name=found.company.name),
        versions=[VersionLine(**_line(each)) for each in _versions(access).filter(agreement=found)],
    )


def _version(access: Access, found: AgreementVersion) -> VersionOut:
    told = reading.terms_for(access, found)
    return VersionOut(
        **_line(found),
        agreement=NamedOut(id=found.agreement_id, name=found.agreement.name),
        revision=found.revision,
        note=found.note,
        remind_after_days=told.remind_after_days,
        close_after_days=told.close_after_days,
        approval_pauses=told.approval_pauses,
        scopes=[ScopeIn(**_fields(each)) for each in told.scopes],
        targets=[TargetIn(**_fields(each)) for each in told.targets],
        exclusions=list(told.exclusions),
        obligations=list(told.obligations),
        credits=CreditsIn(**_fields(told.credits)) if told.credits else None,
        client_signed_at=found.client_signed_at,
        provider_signed_at=found.provider_signed_at,
    )


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}

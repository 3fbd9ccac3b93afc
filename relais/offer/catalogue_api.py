"""The API of the catalogue and of procedures: read and change."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from ninja import Field, Path, Router, Schema, Status
from pydantic import StringConstraints

from relais.engine.procedure import Content
from relais.lib.api_types import Fault, FieldFaults, Key, Line, PathKey, Said, Text
from relais.people.access import Access
from relais.people.api import NamedOut, access_of
from relais.people.models import Company, Person, Site, Skill

from . import questions, variants
from .models import (
    Procedure,
    ProcedureVersion,
    Service,
    ServiceVariant,
)

router = Router(tags=["catalogue"])
REFUSALS = {404: Fault, 403: Fault, 409: Fault, 422: FieldFaults}
Code = Annotated[str, StringConstraints(pattern=r"^[-a-zA-Z0-9_]{1,60}$")]
Minutes = Annotated[int, Field(ge=1, le=100_000)]
Tool = Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9_-]{0,39})?$")]
Hours = Annotated[Decimal, Field(max_digits=6, decimal_places=2, ge=Decimal("0.25"))]
Amount = Annotated[Decimal, Field(max_digits=12, decimal_places=2, ge=0)]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]
Family = Literal[
    "agenda", "reporting", "contracts", "invoicing", "coordination", "front_desk", "travel", "hr",
    "facilities", "governance", "documents", "projects", "other",
]  # fmt: skip


class ChoiceIn(Schema):
    value: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    fr: Line
    en: Line = ""


class QuestionIn(Schema):
    """A field of the request form: text, long, date, choice, amount, number, person or yes_no."""

    key: Line
    kind: Line
    label_fr: Line
    label_en: Line = ""
    help_fr: Line = ""
    help_en: Line = ""
    required: bool = False
    choices: list[ChoiceIn] = []


class CatalogueOut(Schema):
    """A service as its client reads it, as it is done where she or he sits."""

    view: Literal["client"] = "client"
    id: int
    code: str
    family: str
    name: str
    description: str
    deliverable: str
    acceptance: list[str]
    unit: str
    questions: list[QuestionIn]
    approval_by: str
    approval_above: Decimal | None
    priority: int
    confidentiality: int


class StaffCatalogueOut(CatalogueOut):
    """A service as the provider keeps it. `version`: send it back with a change."""

    view: Literal["staff"] = "staff"  # type: ignore[assignment]
    version: int
    active: bool
    active_from: date | None
    active_until: date | None
    standard_minutes: int
    p90_minutes: int
    readiness: int
    skill_level: int
    tool: str
    automatable: str
    sla_class: str
    response_hours: Decimal
    delivery_hours: Decimal
    channels: list[str]
    skills: list[str]
    procedure: int | None


class ServiceIn(Schema):
    """Fields left out stay as they are. `version`: as it was read; else refused (409)."""

    version: Key | None = None
    family: Family | None = None
    name_fr: Annotated[str, StringConstraints(max_length=120)] | None = None
    name_en: Annotated[str, StringConstraints(max_length=120)] | None = None
    words: Text | None = None
    description_fr: Text | None = None
    description_en: Text | None = None
    deliverable_fr: Text | None = None
    deliverable_en: Text | None = None
    acceptance_fr: Text | None = None
    acceptance_en: Text | None = None
    unit_fr: Annotated[str, StringConstraints(max_length=120)] | None = None
    unit_en: Annotated[str, StringConstraints(max_length=120)] | None = None
    questions: list[QuestionIn] | None = None
    standard_minutes: Minutes | None = None
    p90_minutes: Minutes | None = None
    readiness: Literal[0, 1, 2, 3, 4, 5] | None = None
    skill_level: Literal[1, 2, 3] | None = None
    tool: Tool | None = None
    automatable: Literal["auto", "assisted", "human"] | None = None
    confidentiality: Literal[0, 1, 2, 3] | None = None
    priority: Literal[1, 2, 3, 4] | None = None
    sla_class: Literal["express", "standard", "extended"] | None = None
    response_hours: Hours | None = None
    delivery_hours: Hours | None = None
    approval_by: Literal["none", "manager", "referent", "executive"] | None = None
    approval_above: Amount | None = None
    channels: list[Literal["form", "mail", "phone", "api"]] | None = None
    skills: list[Key] | None = None
    procedure: Key | None = None
    active: bool | None = None
    active_from: Day | None = None
    active_until: Day | None = None


class NewServiceIn(ServiceIn):
    code: Code


class VaryIn(Schema):
    """What differs at a site, or at a whole company. `version`: of the variant read, 0 for none."""

    company: Key | None = None
    site: Key | None = None
    differs: dict[str, Any] = {}
    steps: list[dict[str, Any]] = []
    note: Text = ""
    version: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None


class VariantOut(Schema):
    id: int
    version: int
    company: NamedOut
    site: NamedOut | None
    differs: dict[str, Any]
    steps: list[dict[str, Any]]
    note: str
    active: bool


class ProcedureOut(Schema):
    id: int
    code: str
    title: str
    owner: str | None
    version_in_force: int | None


class ProcedureVersionLine(Schema):
    id: int
    number: int
    state: str
    effective_from: date | None
    review_by: date | None


class ProcedureVersionOut(ProcedureVersionLine):
    procedure: NamedOut
    revision: int
    note: str
    major: bool
    content: dict[str, Any]


class ProcedureStepIn(Schema):
    key: Line
    action_fr: Text
    action_en: Text = ""
    tool: Line = ""
    role: Line = ""
    minutes: Annotated[int, Field(ge=0, le=2400)] = 0
    control_fr: Line = ""
    control_en: Line = ""
    mandatory: bool = False
    pictured_on: Line = ""


class RescueIn(Schema):
    symptom_fr: Text
    action_fr: Text
    escalation_fr: Text = ""
    symptom_en: Text = ""
    action_en: Text = ""
    escalation_en: Text = ""


class ToolIn(Schema):
    name: Line
    access: Line = ""


class ContentIn(Schema):
    trigger_fr: Text = ""
    trigger_en: Text = ""
    inputs_fr: Text = ""
    inputs_en: Text = ""
    outputs_fr: Text = ""
    outputs_en: Text = ""
    acceptance_fr: Text = ""
    acceptance_en: Text = ""
    checks_fr: Text = ""
    checks_en: Text = ""
    steps: list[ProcedureStepIn] = []
    rescues: list[RescueIn] = []
    tools: list[ToolIn] = []


class DraftIn(Schema):
    """`revision`: as it was read; else refused (409)."""

    revision: Key | None = None
    content: ContentIn | None = None
    note: Text | None = None
    major: bool | None = None
    review_by: Day | None = None


class NewProcedureIn(Schema):
    code: Code
    title_fr: Annotated[Said, Field(max_length=200)]
    title_en: Line = ""
    owner: Key | None = None


class PublishIn(Schema):
    revision: Key | None = None
    effective_from: Day | None = None


class ReviewIn(Schema):
    review_by: Day


class WithdrawProcedureIn(Schema):
    reason: Line = ""


# The catalogue ------------------------------------------------------------------------------------


@router.get("/catalogue", response=list[StaffCatalogueOut | CatalogueOut])
def catalogue(request: HttpRequest) -> list[Schema]:
    access = access_of(request)
    rows = access.see(Service)
    if not access.runs_pool:
        rows = rows.offered()
    if not access.is_client:
        rows = rows.prefetch_related("skills")
    return [_service(access, each) for each in _there(access, rows)]


@router.post("/catalogue", response={201: StaffCatalogueOut, **REFUSALS})
def service_open(request: HttpRequest, sent: NewServiceIn) -> Status:
    access = keeps(request)
    made = Service.open(by=access.person, code=sent.code, **_given(access, sent))
    return Status(201, _service(access, made))


@router.get("/catalogue/{code}", response={200: StaffCatalogueOut | CatalogueOut, 404: Fault})
def service_alone(request: HttpRequest, code: Annotated[Code, Path()]) -> Schema:
    access = access_of(request)
    rows = access.see(Service)
    rows = (rows if access.runs_pool else rows.offered()).filter(code=code)
    found = _there(access, rows)
    if not found:
        raise Http404
    return _service(access, found[0])


@router.post("/catalogue/{code}/edit", response={200: StaffCatalogueOut, **REFUSALS})
def service_edit(request: HttpRequest, code: Annotated[Code, Path()], sent: ServiceIn) -> Schema:
    access = keeps(request)
    found: Service = one(access.see(Service), code=code)
    found.expect(sent.version)
    found.edit(by=access.person, **_given(access, sent))
    return _service(access, found)


@router.get("/catalogue/{code}/variants", response={200: list[VariantOut], 404: Fault})
def service_variants(request: HttpRequest, code: Annotated[Code, Path()]) -> list[VariantOut]:
    access = access_of(request)
    found = one(access.see(Service), code=code)
    rows = access.see(ServiceVariant).filter(service=found, active=True)
    return [_variant(access, each) for each in rows.select_related("company", "site")]


@router.post("/catalogue/{code}/vary", response={200: VariantOut, **REFUSALS})
def service_vary(request: HttpRequest, code: Annotated[Code, Path()], sent: VaryIn) -> VariantOut:
    access = keeps(request)
    found = one(access.see(Service), code=code)
    place: Company | Site
    if sent.site:
        place = one(access.see(Site).select_related("company"), pk=sent.site)
    else:
        place = one(access.see(Company), pk=sent.company or 0)
    made = ServiceVariant.vary(
        found,
        place,
        by=access.person,
        differs=sent.differs,
        steps=sent.steps,
        note=sent.note,
        seen=sent.version,
    )
    return _variant(access, made)


@router.post("/variants/{key}/end", response={200: VariantOut, **REFUSALS})
def variant_end(request: HttpRequest, key: PathKey) -> VariantOut:
    access = keeps(request)
    rows = access.see(ServiceVariant).filter(active=True)
    found: ServiceVariant = one(rows.select_related("service", "company", "site"), pk=key)
    found.end(by=access.person)
    return _variant(access, found)


# Procedures ---------------------------------------------------------------------------------------


@router.get("/procedures", response=list[ProcedureOut])
def procedures(request: HttpRequest) -> list[ProcedureOut]:
    rows = access_of(request).see(Procedure).select_related("owner")
    return [ProcedureOut(**procedure_line(each)) for each in rows]


@router.post("/procedures", response={201: ProcedureVersionOut, **REFUSALS})
def procedure_open(request: HttpRequest, sent: NewProcedureIn) -> Status:
    access = keeps(request)
    owner = one(access.see(Person), pk=sent.owner) if sent.owner else None
    made = Procedure.open(
        code=sent.code,
        title_fr=sent.title_fr,
        title_en=sent.title_en,
        owner=owner,
        by=access.person,
    )
    return Status(201, version_out(made))


@router.post("/procedures/{key}/draft_from", response={201: ProcedureVersionOut, **REFUSALS})
def procedure_draft(request: HttpRequest, key: PathKey) -> Status:
    access = keeps(request)
    found = one(access.see(Procedure), pk=key)
    return Status(201, version_out(ProcedureVersion.draft_from(found, by=access.person)))


@router.get("/procedure_versions/{key}", response={200: ProcedureVersionOut, 404: Fault})
def procedure_version(request: HttpRequest, key: PathKey) -> ProcedureVersionOut:
    access = access_of(request)
    rows = access.see(ProcedureVersion).select_related("procedure")
    if not access.runs_pool:
        rows = rows.filter(state=ProcedureVersion.State.PUBLISHED)
    return version_out(one(rows, pk=key))


@router.post("/procedure_versions/{key}/edit", response={200: ProcedureVersionOut, **REFUSALS})
def procedure_edit(request: HttpRequest, key: PathKey, sent: DraftIn) -> ProcedureVersionOut:
    access, found = draft_of(request, key, sent.revision)
    given: dict[str, Any] = {
        name: getattr(sent, name) for name in sent.model_fields_set - {"revision", "content"}
    }
    given = {name: value for name, value in given.items() if value is not None}
    content = Content.of(sent.content.dict()) if sent.content else None
    found.edit(by=access.person, content=content, **given)
    return version_out(found)


@router.post("/procedure_versions/{key}/publish", response={200: ProcedureVersionOut, **REFUSALS})
def procedure_publish(request: HttpRequest, key: PathKey, sent: PublishIn) -> ProcedureVersionOut:
    access, found = draft_of(request, key, sent.revision)
    found.publish(by=access.person, effective_from=sent.effective_from)
    return version_out(found)


@router.post("/procedure_versions/{key}/withdraw", response={200: ProcedureVersionOut, **REFUSALS})
def procedure_withdraw(
    request: HttpRequest, key: PathKey, sent: WithdrawProcedureIn
) -> ProcedureVersionOut:
    access, found = draft_of(request, key, None)
    found.withdraw(sent.reason, by=access.person)
    return version_out(found)


@router.post("/procedure_versions/{key}/review", response={200: ProcedureVersionOut, **REFUSALS})
def procedure_review(request: HttpRequest, key: PathKey, sent: ReviewIn) -> ProcedureVersionOut:
    access, found = draft_of(request, key, None)
    found.review(sent.review_by, by=access.person)
    return version_out(found)


@router.post(
    "/procedure_versions/{key}/acknowledge", response={200: ProcedureVersionOut, **REFUSALS}
)
def procedure_acknowledge(request: HttpRequest, key: PathKey) -> ProcedureVersionOut:
    access = access_of(request)
    rows = access.see(ProcedureVersion).select_related("procedure")
    found: ProcedureVersion = one(rows.filter(state="published"), pk=key)
    found.acknowledge(by=access.person)
    return version_out(found)


# How rows become answers --------------------------------------------------------------------------


def keeps(request: HttpRequest) -> Access:
    """Return the caller's rights; whoever does not keep the catalogue finds nothing to change."""
    access = access_of(request)
    if not access.runs_pool:
        raise Http404
    return access


def draft_of(
    request: HttpRequest, key: int, revision: int | None
) -> tuple[Access, ProcedureVersion]:
    access = keeps(request)
    found: ProcedureVersion = one(
        access.see(ProcedureVersion).select_related("procedure__owner"), pk=key
    )
    found.expect(revision)
    return access, found


def procedure_line(found: Procedure) -> dict[str, Any]:
    in_force = found.in_force()
    return {
        "id": found.pk,
        "code": found.code,
        "title": found.title,
        "owner": found.owner.name if found.owner else None,
        "version_in_force": in_force.pk if in_force else None,
    }


def one(rows: Any, **where: Any) -> Any:
    found = rows.filter(**where).first()
    if found is None:
        raise Http404
    return found


def _given(access: Access, sent: ServiceIn) -> dict[str, Any]:
    """Return the fields sent, as the verbs take them."""
    given: dict[str, Any] = {
        name: getattr(sent, name) for name in sent.model_fields_set - {"version", "code"}
    }
    empty = ("approval_above", "procedure", "active_from", "active_until")
    given = {name: value for name, value in given.items() if value is not None or name in empty}
    if given.get("procedure"):
        given["procedure"] = one(access.see(Procedure), pk=given["procedure"])
    if "skills" in given:
        skills = list(access.see(Skill).filter(pk__in=given["skills"]))
        if len(skills) < len(set(given["skills"])):
            raise Http404
        given["skills"] = skills
    if "questions" in given:
        given["questions"] = [each.dict() for each in given["questions"]]
    return given


def _there(access: Access, rows: Any) -> list[Service]:
    """Return the services as they are done where this client sits; the standard to the others."""
    site = access.person.site if access.is_client else None
    if site is None:
        return list(rows)
    lines = access.see(ServiceVariant).filter(active=True, company=site.company_id)
    own = [line for line in lines if line.site_id in (None, site.pk)]
    own.sort(key=lambda line: line.site_id is not None)
    found = []
    for service in rows:
        for line in own:
            if line.service_id == service.pk:
                service = variants.applied(service, line.differs)
        found.append(service)
    return found


def _service(access: Access, found: Service) -> Schema:
    told: dict[str, Any] = {
        "id": found.pk,
        "code": found.code,
        "family": found.family,
        "name": found.name,
        "description": found.description,
        "deliverable": found.deliverable,
        "acceptance": found.acceptance,
        "unit": found.unit,
        "questions": [question.facts() for question in questions.read(found.questions)],
        "approval_by": found.approval_by,
        "approval_above": found.approval_above,
        "priority": found.priority,
        "confidentiality": found.confidentiality,
    }
    if access.is_client:
        return CatalogueOut(**told)
    names = (
        "version", "active", "active_from", "active_until", "standard_minutes", "p90_minutes",
        "readiness", "automatable", "sla_class", "response_hours", "delivery_hours", "channels",
        "skill_level", "tool",
    )  # fmt: skip
    return StaffCatalogueOut(
        **told,
        **{name: getattr(found, name) for name in names},
        skills=[skill.code for skill in found.skills.all()],
        procedure=found.procedure_id,
    )


def _variant(access: Access, found: ServiceVariant) -> VariantOut:
    site = found.site
    return VariantOut(
        id=found.pk,
        version=found.version,
        company=NamedOut(id=found.company_id, name=found.company.name),
        site=NamedOut(id=site.pk, name=site.name) if site else None,
        differs=found.differs,
        # How the work is done is the provider's own affair.
        steps=[] if access.is_client else found.steps,
        note="" if access.is_client else found.note,
        active=found.active,
    )


def version_out(found: ProcedureVersion) -> ProcedureVersionOut:
    return ProcedureVersionOut(
        id=found.pk,
        number=found.number,
        state=found.state,
        effective_from=found.effective_from,
        review_by=found.review_by,
        procedure=NamedOut(id=found.procedure_id, name=found.procedure.title),
        revision=found.revision,
        note=found.note,
        major=found.major,
        content=found.content,
    )

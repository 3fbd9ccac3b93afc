"""The API of the restitution: editions, reports with their figures, documents, answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from ninja import Field, Path, Router, Schema, Status

from relais.lib.api_types import Fault, Moment, PathKey, Text
from relais.people.access import Access
from relais.people.api import access_of
from relais.people.kept_api import REFUSALS, one

from . import restitution as flow
from . import restitution_words as words
from .costing_rules import may_cost
from .models import Report, Restitution, Study
from .sizing_rules import may_read_reports

router = Router(tags=["studies"])
HEAVY = ("figures", "charts", "pdf_fr", "pdf_en")
PDF = {"description": "The document", "content": {"application/pdf": {"schema": {}}}}
FORBIDDEN = {403: Fault, **REFUSALS}


class StudyReportOut(Schema):
    """A document. `digest`: SHA-256 of the French and of the English one."""

    id: int
    version: int
    kind: str
    site: int | None
    name: str
    state: str
    word: str
    answered_at: Moment | None
    excuse: str
    digest: dict[str, str]


class EditionOut(Schema):
    """The last edition that is ready; `making`: whether a newer one is being made."""

    number: int | None
    made_at: Moment | None
    making: bool
    reports: list[StudyReportOut]


class PartOut(Schema):
    """A part of a report: what it shows in a sentence, its table, and its chart's name."""

    name: str
    title: str
    text: str
    head: list[str]
    rows: list[list[str]]
    chart: str
    note: str


class ReportDetail(StudyReportOut):
    title: str
    sections: list[PartOut]


class ReportChartOut(Schema):
    """A drawing (SVG), in the reader's language."""

    name: str
    svg: str


class AnswerIn(Schema):
    """`word`: needed to contest. `version`: as it was read; changed since: refused (409)."""

    word: Annotated[Text, Field(max_length=1000)] = ""
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class PassOverIn(Schema):
    reason: Annotated[Text, Field(max_length=1000)]


class MakingOut(Schema):
    number: int


def _report(access: Access, key: int, *defer: str) -> Report:
    rows = Report.objects.select_related("site", "restitution__study").defer(*defer)
    return one(access, rows, key)


@router.get("/studies/{key}/restitution", response={200: EditionOut, 404: Fault})
def restitution(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = access_of(request)
    study = one(access, Study, key)
    if not (may_read_reports(access, study) or may_cost(access, study)):
        raise Http404
    edition = flow.current(study)
    rows = access.see(Report).filter(restitution=edition).select_related("site").defer(*HEAVY)
    last = study.restitutions.first()
    return {
        "number": edition.number if edition else None,
        "made_at": edition.made_at if edition else None,
        "making": bool(last and last.state == Restitution.State.MAKING),
        "reports": [_row(each) for each in rows.order_by("pk")] if edition else [],
    }


@router.post("/studies/{key}/restitution", response={202: MakingOut, **REFUSALS})
def make_restitution(request: HttpRequest, key: PathKey) -> Status:
    access = access_of(request)
    study = one(access, Study, key)
    if not study.may_lead(access.person):
        raise Http404
    return Status(202, {"number": flow.begin(study, by=access.person).number})


@router.get("/study_reports/{key}", response={200: ReportDetail, 404: Fault})
def study_report(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    found = _report(access_of(request), key, "charts", "pdf_fr", "pdf_en")
    parts = words.sections(found.kind, found.figures)
    names = ("name", "title", "text", "head", "rows", "chart", "note")
    return _row(found) | {
        "title": words.title(found.kind, found.figures),
        "sections": [{name: getattr(part, name) for name in names} for part in parts],
    }


@router.get("/study_reports/{key}/charts/{name}", response={200: ReportChartOut, 404: Fault})
def study_report_chart(request: HttpRequest, key: PathKey, name: str) -> dict[str, Any]:
    found = _report(access_of(request), key, "figures", "pdf_fr", "pdf_en")
    svg = found.charts.get(name, {}).get((get_language() or "fr")[:2])
    if not svg:
        raise Http404
    return {"name": name, "svg": svg}


@router.get(
    "/study_reports/{key}/documents/{language}",
    response={404: Fault},
    openapi_extra={"responses": {200: PDF}},
)
def study_report_document(
    request: HttpRequest, key: PathKey, language: Annotated[Literal["fr", "en"], Path()]
) -> HttpResponse:
    found = _report(access_of(request), key, "figures", "charts")
    return HttpResponse(bytes(getattr(found, f"pdf_{language}")), content_type="application/pdf")


@router.post("/study_reports/{key}/validate", response={200: StudyReportOut, **FORBIDDEN})
def validate_report(request: HttpRequest, key: PathKey, sent: AnswerIn) -> dict[str, Any]:
    return _answered(request, key, sent, "validate")


@router.post("/study_reports/{key}/contest", response={200: StudyReportOut, **FORBIDDEN})
def contest_report(request: HttpRequest, key: PathKey, sent: AnswerIn) -> dict[str, Any]:
    return _answered(request, key, sent, "contest")


@router.post("/study_reports/{key}/pass_over", response={200: StudyReportOut, **FORBIDDEN})
def pass_over_report(request: HttpRequest, key: PathKey, sent: PassOverIn) -> dict[str, Any]:
    access = access_of(request)
    found = _report(access, key, *HEAVY)
    if not found.study.may_lead(access.person):
        raise Http404
    found.pass_over(sent.reason, by=access.person)
    return _row(found)


def _answered(request: HttpRequest, key: int, sent: AnswerIn, verb: str) -> dict[str, Any]:
    access = access_of(request)
    found = _report(access, key, *HEAVY)
    found.version = sent.version or found.version
    getattr(found, verb)(sent.word, by=access.person)
    return _row(found)


def _row(found: Report) -> dict[str, Any]:
    plain = ("version", "kind", "state", "word", "answered_at", "excuse")
    return {name: getattr(found, name) for name in plain} | {
        "id": found.pk, "site": found.site_id, "name": str(found),
        "digest": {"fr": found.digest_fr, "en": found.digest_en},
    }  # fmt: skip

"""The API of service reviews: months counted, closed, restated; their words and documents."""

from __future__ import annotations

import base64
from datetime import UTC, date
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.utils.translation import get_language
from ninja import Field, Query, Router, Schema, Status
from pydantic import AfterValidator

from relais.lib.api_types import (
    Fault,
    FieldFaults,
    Key,
    Line,
    Moment,
    PartOf,
    PathKey,
    Said,
)
from relais.lib.later import later
from relais.people.access import Access
from relais.people.api import NamedOut, access_of
from relais.people.models import Company

from . import closing, review_letters, review_sheets
from .models import Commentary, Review, ReviewItem
from .models.review import HEAVY, side_of
from .reading import Reading, changes_of
from .review_documents import PDF, SVG
from .review_forms import owners
from .verdicts import Judged
from .views.reviews import readers_only, seen_of

router = Router(tags=["reviews"])
REFUSALS = {403: Fault, 404: Fault, 409: Fault, 422: FieldFaults}


def _month(text: str) -> str:
    day = date.fromisoformat(f"{text}-01")
    if not 2000 <= day.year <= 2199:
        raise ValueError("give a month between 2000 and 2199")
    return text


OneMonth = Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$"), AfterValidator(_month)]


class ReviewOut(Schema):
    id: int
    client: NamedOut
    month: str
    state: str
    version: int
    as_of: Moment | None
    closed_at: Moment | None
    seal: str


class ReviewFigureOut(Schema):
    """A figure: `value`, `low` and `high` are exact; `why` tells why nothing may be concluded."""

    key: str
    cut: list[list[str]]
    value: str | None
    low: str | None
    high: str | None
    n: int
    own_n: int
    left_out: int
    why: str
    months: list[str]


class ReviewPromiseOut(Schema):
    agreement: int
    kind: str
    service: int | None
    family: str
    priority: int | None
    statistic: str
    expected: str
    target: str
    critical: str
    reached: str | None
    counted: int
    left_out: int
    level: str


class CommentaryOut(Schema):
    side: str
    number: int
    text: str
    by: NamedOut
    at: Moment


class ReviewItemOut(Schema):
    id: int
    kind: str
    text: str
    owner: NamedOut | None
    due_on: date | None
    state: str


class RestatedOut(Schema):
    """A figure that differs: requests of each cause by key, those that this person sees."""

    name: str
    cut: str
    before: str
    now: str
    causes: str
    requests: list[str]


class RestatementOut(Schema):
    number: int
    made_at: Moment
    seal: str
    figures: list[RestatedOut]


class ReviewWholeOut(ReviewOut):
    headline: str
    figures: list[ReviewFigureOut]
    own_figures: list[ReviewFigureOut]
    promises: list[ReviewPromiseOut]
    commentaries: list[CommentaryOut]
    items: list[ReviewItemOut]
    restatements: list[RestatementOut]
    documents: list[str]
    subscribed: bool


class ReviewPage(Schema):
    items: list[ReviewOut]
    next: str | None


class ReviewOpenIn(Schema):
    client: Key
    month: OneMonth


class CloseMonthIn(Schema):
    month: OneMonth


class ClosingsOut(Schema):
    asked: int


class ReviewCommentIn(Schema):
    """`seen`: the number of the version that was read; what changed meanwhile is refused."""

    text: Annotated[Said, Field(max_length=20_000)]
    seen: Annotated[int, Field(ge=0, le=30_000)] | None = None


class ReviewItemIn(Schema):
    kind: Literal["action", "decision"]
    text: Annotated[Said, Field(max_length=500)]
    owner: Key | None = None
    due_on: date | None = None


class ReviewSubscribeIn(Schema):
    stop: bool = False


class ReviewDocumentOut(Schema):
    """A document: PDF in base64, a drawing (SVG) as it is."""

    kind: str
    language: str
    content: str


class ReviewLinesOut(Schema):
    """The lines behind the figures: the heads first."""

    rows: list[list[str | float | int | None]]


class ReviewFrozenOut(Schema):
    """The figures as closed: canonical JSON, whose SHA-256 is `digest`."""

    digest: str
    figures: str


@router.get("/reviews", response={200: ReviewPage, 404: Fault})
def reviews(request: HttpRequest, part: Query[PartOf]) -> dict[str, Any]:
    readers_only(request)
    rows = access_of(request).see(Review).select_related("company").defer(*HEAVY, "summary")
    cut = part.cut(rows.order_by("-id"))
    return cut | {"items": [_told(one) for one in cut["items"]]}


@router.post("/reviews", response={201: ReviewOut, **REFUSALS})
def review_open(request: HttpRequest, sent: ReviewOpenIn) -> Status:
    access = access_of(request)
    readers_only(request)
    company = access.see(Company).select_related("calendar").filter(pk=sent.client).first()
    if company is None:
        raise Http404
    made = Review.open(company, date.fromisoformat(f"{sent.month}-01"), by=access.person)
    if made.is_open:
        closing.prepare(made, by=access.person)
    return Status(201, _told(made))


@router.post("/reviews/close_month", response={200: ClosingsOut, **REFUSALS})
def reviews_close_month(request: HttpRequest, sent: CloseMonthIn) -> dict[str, int]:
    access = access_of(request)
    if not access.runs_pool:
        raise Http404
    month = date.fromisoformat(f"{sent.month}-01")
    return {"asked": closing.ask_all(month, by=access.person)}


@router.get("/reviews/{key}", response={200: ReviewWholeOut, 404: Fault})
def review(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = access_of(request)
    return _whole(access, _one(access, key))


@router.post("/reviews/{key}/count", response={200: ReviewOut, **REFUSALS})
def review_count(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = access_of(request)
    found = _one(access, key)
    closing.prepare(found, by=access.person)
    return _told(found)


@router.post("/reviews/{key}/close", response={200: ReviewOut, **REFUSALS})
def review_close(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = access_of(request)
    found = _one(access, key)
    closing.close(found, by=access.person)
    return _told(found)


@router.post("/reviews/{key}/restate", response={200: list[RestatementOut], **REFUSALS})
def review_restate(request: HttpRequest, key: PathKey) -> list[dict[str, Any]]:
    access = access_of(request)
    found = _one(access, key)
    closing.restate(found, by=access.person)
    return _restatements(access, found)


@router.post("/reviews/{key}/comment", response={200: CommentaryOut, **REFUSALS})
def review_comment(request: HttpRequest, key: PathKey, sent: ReviewCommentIn) -> dict[str, Any]:
    access = access_of(request)
    made = Commentary.write(_one(access, key), sent.text, by=access.person, seen=sent.seen)
    return _commentary(made)


@router.post("/reviews/{key}/items", response={201: ReviewItemOut, **REFUSALS})
def review_item_add(request: HttpRequest, key: PathKey, sent: ReviewItemIn) -> Status:
    access = access_of(request)
    found = _one(access, key)
    owner = None
    if sent.owner is not None:
        owner = owners(access, found).filter(pk=sent.owner).first()
        if owner is None:
            raise Http404
    made = ReviewItem.add(
        found, sent.kind, sent.text, by=access.person, owner=owner, due_on=sent.due_on
    )
    return Status(201, _item(made))


@router.post("/review_items/{key}/finish", response={200: ReviewItemOut, **REFUSALS})
def review_item_finish(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = access_of(request)
    found = _item_of(access, key)
    found.finish(by=access.person)
    return _item(found)


@router.post("/review_items/{key}/drop", response={200: ReviewItemOut, **REFUSALS})
def review_item_drop(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = access_of(request)
    found = _item_of(access, key)
    found.drop(by=access.person)
    return _item(found)


@router.post("/reviews/{key}/subscribe", response={204: None, **REFUSALS})
def review_subscribe(request: HttpRequest, key: PathKey, sent: ReviewSubscribeIn) -> Status:
    access = access_of(request)
    found = _one(access, key)
    act = review_letters.unsubscribe if sent.stop else review_letters.subscribe
    act(found.company, by=access.person)
    return Status(204, None)


@router.post("/reviews/{key}/make_documents", response={204: None, **REFUSALS})
def review_documents_make(request: HttpRequest, key: PathKey) -> Status:
    access = access_of(request)
    found = _one(access, key)
    if not side_of(found.company, access.person) or found.is_open:
        raise Http404
    later(closing.DOCUMENTS, provider_id=found.provider_id, review_id=found.pk)
    return Status(204, None)


@router.get("/reviews/{key}/documents/{kind}", response={200: ReviewDocumentOut, 404: Fault})
def review_document(
    request: HttpRequest, key: PathKey, kind: Line, language: Literal["fr", "en"] | None = None
) -> dict[str, str]:
    found = _one(access_of(request), key)
    chosen = language or (get_language() or "fr")[:2]
    made = found.documents.filter(kind=kind, language=chosen).first()
    if made is None or kind not in (*PDF, *SVG):
        raise Http404
    data = bytes(made.content)
    text = data.decode() if kind in SVG else base64.b64encode(data).decode()
    return {"kind": kind, "language": chosen, "content": text}


@router.get("/reviews/{key}/lines", response={200: ReviewLinesOut, 404: Fault})
def review_lines(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = access_of(request)
    found = _one(access, key)
    if found.as_of is None:
        raise Http404
    rows = review_sheets.rows(Reading(found, inside=access.runs_pool), access)
    plain = (str, int, float, type(None))
    return {"rows": [[x if isinstance(x, plain) else str(x) for x in row] for row in rows]}


@router.get("/reviews/{key}/frozen", response={200: ReviewFrozenOut, 404: Fault})
def review_frozen(request: HttpRequest, key: PathKey) -> dict[str, str]:
    found = _one(access_of(request), key)
    if found.is_open:
        raise Http404
    return {"digest": found.digest, "figures": bytes(found.figures).decode()}


# How rows become answers --------------------------------------------------------------------------


def _one(access: Access, key: int) -> Review:
    rows = access.see(Review).select_related("company__calendar", "provider")
    found = rows.filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _item_of(access: Access, key: int) -> ReviewItem:
    rows = access.see(ReviewItem).select_related("review__company", "owner")
    found = rows.filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _told(found: Review) -> dict[str, Any]:
    return {
        "id": found.pk,
        "client": NamedOut(id=found.company_id, name=found.company.name),
        "month": found.key,
        "state": found.state,
        "version": found.version,
        "as_of": found.as_of.astimezone(UTC) if found.as_of else None,
        "closed_at": found.closed_at.astimezone(UTC) if found.closed_at else None,
        "seal": found.seal,
    }


def _figure(each: Any) -> dict[str, Any]:
    return {
        "key": each.key, "cut": [list(one) for one in each.cut], "n": each.n,
        "value": None if each.value is None else str(each.value),
        "low": None if each.low is None else str(each.low),
        "high": None if each.high is None else str(each.high),
        "own_n": each.own_n, "left_out": each.excluded, "why": str(each.why),
        "months": list(each.periods),
    }  # fmt: skip


def _promise(each: Judged) -> dict[str, Any]:
    target, verdict = each.target, each.verdict
    return {
        "agreement": each.agreement, "kind": target.kind, "service": target.service,
        "family": target.family, "priority": target.priority, "statistic": target.statistic,
        "expected": str(target.expected), "target": str(target.target),
        "critical": str(target.critical), "counted": verdict.counted,
        "reached": None if verdict.value is None else str(verdict.value),
        "left_out": verdict.excluded, "level": str(verdict.level),
    }  # fmt: skip


def _commentary(each: Commentary) -> dict[str, Any]:
    return {
        "side": each.side, "number": each.number, "text": each.text,
        "by": NamedOut(id=each.by_id, name=each.by.name), "at": each.at.astimezone(UTC),
    }  # fmt: skip


def _item(each: ReviewItem) -> dict[str, Any]:
    return {
        "id": each.pk, "kind": each.kind, "text": each.text, "due_on": each.due_on,
        "owner": NamedOut(id=each.owner.pk, name=each.owner.name) if each.owner else None,
        "state": each.state,
    }  # fmt: skip


def _restatements(access: Access, found: Review) -> list[dict[str, Any]]:
    reading = Reading(found, inside=access.runs_pool)
    return [
        {
            "number": each["number"], "made_at": each["made_at"].astimezone(UTC),
            "seal": each["seal"],
            "figures": [
                {**line, "requests": [reference for _key, reference in line["requests"]]}
                for line in each["lines"]
            ],
        }
        for each in changes_of(reading, seen_of(access, found))
    ]  # fmt: skip


def _whole(access: Access, found: Review) -> dict[str, Any]:
    reading = Reading(found, inside=access.runs_pool)
    made = found.documents.filter(language=(get_language() or "fr")[:2])
    return _told(found) | {
        "headline": reading.headline if reading.figures else "",
        "figures": [_figure(each) for each in reading.figures],
        "own_figures": [_figure(each) for each in reading.frozen.kept_inside]
        if access.runs_pool
        else [],
        "promises": [_promise(each) for each in reading.judged],
        "commentaries": [_commentary(each) for each in reading.commentaries.values()],
        "items": [_item(each) for each in reading.items],
        "restatements": _restatements(access, found),
        "documents": sorted(made.values_list("kind", flat=True)),
        "subscribed": review_letters.is_subscribed(found.company, access.person),
    }

"""The API of credits: statements, their lines, and what both referents leave out."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from ninja import Field, Query, Router, Schema, Status

from relais.lib.api_types import Fault, FieldFaults, Line, Moment, PartOf, PathKey, Said
from relais.people.access import Access
from relais.people.api import NamedOut, access_of

from . import closing, credit_words
from .models import CreditLine, CreditStatement, Exclusion
from .views.credits import HEAVY, bills, ticket_of
from .views.reviews import readers_only

router = Router(tags=["credits"])
REFUSALS = {403: Fault, 404: Fault, 409: Fault, 422: FieldFaults}


class CreditLineOut(Schema):
    """Amounts in cents before tax; `due` is what counts: as settled, else as computed."""

    id: int
    kind: str
    label: str
    metric: str
    month: str
    actual: str | None
    expected: str | None
    multiplier: str
    repeat: str
    amount: int
    credited: int
    due: int
    state: str
    word: str
    settlement: str


class StatementOut(Schema):
    id: int
    client: NamedOut
    month: str
    agreement: str
    state: str
    version: int
    number: str | None
    fee: int
    pool: int
    total: int
    lines: list[CreditLineOut]


class StatementPage(Schema):
    items: list[StatementOut]
    next: str | None


class CreditNoteLine(Schema):
    key: str
    label: str
    kind: str
    month: str
    cents: int
    state: str


class CreditNoteOut(Schema):
    """What billing takes over. The tax is billing's: `vat` is null."""

    number: str | None
    state: str
    month: str
    client: str
    agreement: str
    issued_at: Moment | None
    currency: str
    vat: None
    total_cents: int
    lines: list[CreditNoteLine]


class IssueIn(Schema):
    version: Annotated[int, Field(ge=1, le=2_000_000_000)] | None = None


class CreditWordIn(Schema):
    word: Annotated[Said, Field(max_length=1000)]


class SettleLineIn(Schema):
    """`amount` in cents."""

    amount: Annotated[int, Field(ge=-(10**11), le=10**11)]
    settlement: Annotated[Said, Field(max_length=1000)]


class ExclusionIn(Schema):
    """`reference` as people call the request: R-000142."""

    reference: Line
    of: Literal["delivery", "first_response"] = "delivery"
    reason: Annotated[Said, Field(max_length=300)]
    evidence: Annotated[Said, Field(max_length=4000)]


class AgreeIn(Schema):
    word: Annotated[Line, Field(max_length=300)] = ""


class ExclusionOut(Schema):
    id: int
    ticket: int
    reference: str
    client: NamedOut
    of: str
    reason: str
    evidence: str
    state: str
    side: str
    proposed_by: NamedOut
    proposed_at: Moment
    decided_by: NamedOut | None
    decided_at: Moment | None
    word: str


class ExclusionPage(Schema):
    items: list[ExclusionOut]
    next: str | None


@router.get("/credit_statements", response={200: StatementPage, 404: Fault})
def statements(request: HttpRequest, part: Query[PartOf]) -> dict[str, Any]:
    access = access_of(request)
    if not bills(access):
        raise Http404
    cut = part.cut(_rows(access).prefetch_related("lines").order_by("-id"))
    return cut | {"items": [_told(one) for one in cut["items"]]}


@router.get("/credit_statements/{key}", response={200: StatementOut, 404: Fault})
def statement(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    return _told(_one(access_of(request), key))


@router.get("/credit_statements/{key}/note", response={200: CreditNoteOut, 404: Fault})
def statement_note(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    told = credit_words.for_billing(_one(access_of(request), key))
    return told | {"issued_at": _utc(told["issued_at"])}


@router.post("/credit_statements/{key}/issue", response={200: StatementOut, **REFUSALS})
def statement_issue(request: HttpRequest, key: PathKey, sent: IssueIn) -> dict[str, Any]:
    access = access_of(request)
    found = _one(access, key)
    found.version = sent.version or found.version
    found.issue(by=access.person)
    return _told(found)


@router.post("/credit_lines/{key}/dispute", response={200: StatementOut, **REFUSALS})
def line_dispute(request: HttpRequest, key: PathKey, sent: CreditWordIn) -> dict[str, Any]:
    access = access_of(request)
    line = _line(access, key)
    line.dispute(sent.word, by=access.person)
    return _told(_one(access, line.statement_id))


@router.post("/credit_lines/{key}/settle", response={200: StatementOut, **REFUSALS})
def line_settle(request: HttpRequest, key: PathKey, sent: SettleLineIn) -> dict[str, Any]:
    access = access_of(request)
    line = _line(access, key)
    line.settle(Decimal(sent.amount) / 100, sent.settlement, by=access.person)
    return _told(_one(access, line.statement_id))


@router.get("/exclusions", response={200: ExclusionPage, 404: Fault})
def exclusions(request: HttpRequest, part: Query[PartOf]) -> dict[str, Any]:
    readers_only(request)
    cut = part.cut(_excluded(access_of(request)).order_by("-id"))
    return cut | {"items": [_exclusion(one) for one in cut["items"]]}


@router.post("/exclusions", response={201: ExclusionOut, **REFUSALS})
def exclusion_propose(request: HttpRequest, sent: ExclusionIn) -> Status:
    access = access_of(request)
    readers_only(request)
    ticket = ticket_of(access, sent.reference)
    made = Exclusion.propose(ticket, sent.of, sent.reason, sent.evidence, by=access.person)
    return Status(201, _exclusion(made))


@router.post("/exclusions/{key}/agree", response={200: ExclusionOut, **REFUSALS})
def exclusion_agree(request: HttpRequest, key: PathKey, sent: AgreeIn) -> dict[str, Any]:
    access = access_of(request)
    found = _exclusion_of(access, key)
    closing.leave_out(found, by=access.person, word=sent.word)
    return _exclusion(found)


@router.post("/exclusions/{key}/refuse", response={200: ExclusionOut, **REFUSALS})
def exclusion_refuse(request: HttpRequest, key: PathKey, sent: CreditWordIn) -> dict[str, Any]:
    access = access_of(request)
    found = _exclusion_of(access, key)
    found.refuse(sent.word, by=access.person)
    return _exclusion(found)


@router.post("/exclusions/{key}/withdraw", response={200: ExclusionOut, **REFUSALS})
def exclusion_withdraw(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = access_of(request)
    found = _exclusion_of(access, key)
    found.withdraw(by=access.person)
    return _exclusion(found)


# How rows become answers --------------------------------------------------------------------------


def _utc(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at else None


def _rows(access: Access) -> Any:
    rows = access.see(CreditStatement).select_related(
        "review__company", "agreement_version__agreement"
    )
    return rows.defer(*HEAVY)


def _one(access: Access, key: int) -> CreditStatement:
    found: CreditStatement | None = _rows(access).filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _line(access: Access, key: int) -> CreditLine:
    rows = access.see(CreditLine).select_related("statement__review__company", "disputed_by")
    found = rows.filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _excluded(access: Access) -> Any:
    return access.see(Exclusion).select_related("ticket", "company", "proposed_by", "decided_by")


def _exclusion_of(access: Access, key: int) -> Exclusion:
    found: Exclusion | None = _excluded(access).filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _told(found: CreditStatement) -> dict[str, Any]:
    cents = credit_words.cents
    return {
        "id": found.pk,
        "client": NamedOut(id=found.review.company_id, name=found.review.company.name),
        "month": found.review.key,
        "agreement": str(found.agreement_version),
        "state": found.state,
        "version": found.version,
        "number": found.label or None,
        "fee": cents(found.fee),
        "pool": cents(found.pool),
        "total": cents(found.total),
        "lines": [
            {
                "id": each["row"].pk, "kind": each["row"].kind, "label": each["name"],
                "metric": each["row"].metric, "month": f"{each['row'].month:%Y-%m}",
                "actual": None if each["row"].actual is None else str(each["row"].actual),
                "expected": None if each["row"].expected is None else str(each["row"].expected),
                "multiplier": str(each["row"].multiplier), "repeat": str(each["row"].repeat),
                "amount": cents(each["row"].amount), "credited": cents(each["row"].credited),
                "due": cents(each["row"].due), "state": each["row"].state,
                "word": each["row"].word, "settlement": each["row"].settlement,
            }
            for each in credit_words.lines(found)
        ],
    }  # fmt: skip


def _exclusion(found: Exclusion) -> dict[str, Any]:
    return {
        "id": found.pk, "ticket": found.ticket_id, "reference": found.ticket.reference,
        "client": NamedOut(id=found.company_id, name=found.company.name), "of": found.of,
        "reason": found.reason, "evidence": found.evidence, "state": found.state,
        "side": found.side,
        "proposed_by": NamedOut(id=found.proposed_by_id, name=found.proposed_by.name),
        "proposed_at": _utc(found.proposed_at),
        "decided_by": NamedOut(id=found.decided_by.pk, name=found.decided_by.name)
        if found.decided_by
        else None,
        "decided_at": _utc(found.decided_at), "word": found.word,
    }  # fmt: skip

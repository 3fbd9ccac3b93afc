"""The API of what clients use: packages, statements, contested lines. Each reads its own."""

from __future__ import annotations

from datetime import UTC, date
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from relais.desk.models import Ticket
from relais.lib.api_types import Fault, FieldFaults, Key, Line, Moment, PathKey, Said
from relais.people.access import Access
from relais.people.api import NamedOut, access_of
from relais.people.models import Company, Role

from . import usage
from .checks import month_of
from .figures import zone_of
from .models import UsageDispute, UsagePlan
from .models.usage_plan import MOST_CENTS

router = Router(tags=["usage"])
REFUSALS = {403: Fault, 404: Fault, 409: Fault, 422: FieldFaults}
Month = Annotated[str, Field(pattern=r"^(19[7-9]\d|20\d\d|21\d\d)-(0[1-9]|1[0-2])$")]
Units = Annotated[Decimal, Field(ge=0, le=1_000_000, max_digits=10, decimal_places=2)]
Cents = Annotated[int, Field(ge=0, le=MOST_CENTS)]
Why = Annotated[Said, Field(max_length=2000)]


class PackageOut(Schema):
    """A version of a package. Amounts are in cents; `carried_months` null: for ever."""

    id: int
    number: int
    starts_on: date
    ends_on: date | None
    unit: str
    included: float
    price_cents: int
    rounding_minutes: int
    carried_months: int | None
    carried_percent: float | None
    carried_units: float | None
    overage: str
    over_cents: int
    urgent_times: float
    alerts: list[int]
    points: dict[str, float]
    held: list[str]


class ClientUsageOut(Schema):
    company: NamedOut
    package: PackageOut | None


class ClientUsagesOut(Schema):
    items: list[ClientUsageOut]


class UsageLotOut(Schema):
    """Units left of a month, usable until the end of `until` (null: for ever)."""

    month: date
    units: float
    until: date | None


class UsageShareOut(Schema):
    place: str
    units: float
    cents: int


class UsageDisputeOut(Schema):
    id: int
    ticket: int
    month: date
    state: str
    version: int
    reason: str
    by: NamedOut
    answer: str


class UsageLineOut(Schema):
    """A request of the month: minutes noted on it, or units; never who worked."""

    ticket: int
    reference: str
    at: Moment
    amount: int
    units: float
    over: float
    dispute: UsageDisputeOut | None


class UsageForecastOut(Schema):
    used: float
    over: float
    carried: float
    lost: float


class UsageStatementOut(Schema):
    """A month, in units of its package. `others`: requests that you do not read, together."""

    month: date
    package: PackageOut
    brought: list[UsageLotOut]
    included: float
    available: float
    used: float
    left: float
    over: float
    lapsed: float
    carried: list[UsageLotOut]
    disputed: float
    fee_cents: int
    over_cents: int
    later_cents: int
    disputed_cents: int
    reached: list[int]
    forecast: UsageForecastOut | None
    sites: list[UsageShareOut]
    entities: list[UsageShareOut]
    lines: list[UsageLineOut]
    others: float


class PackageIn(Schema):
    """The package that holds from a day on. `number`: the version read (0: there is none)."""

    starts_on: date
    unit: Literal["hours", "requests", "points", "flat"]
    included: Units
    price_cents: Cents = 0
    rounding_minutes: Annotated[int, Field(ge=1, le=480)] = 1
    carried_months: Annotated[int, Field(ge=0, le=120)] | None = 0
    carried_percent: (
        Annotated[Decimal, Field(ge=0, le=1000, max_digits=6, decimal_places=2)] | None
    ) = None
    carried_units: Units | None = None
    overage: Literal["notice", "rate", "next", "stop"] = "notice"
    over_cents: Cents = 0
    urgent_times: Annotated[Decimal, Field(ge=1, le=10, max_digits=4, decimal_places=2)] = Decimal(
        1
    )
    alerts: Annotated[list[Annotated[int, Field(ge=1, le=1000)]], Field(max_length=20)] = []
    points: dict[Annotated[Line, Field(max_length=60)], Annotated[float, Field(ge=0, le=1000)]] = {}
    number: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None


class PackageEndIn(Schema):
    day: date


class PackageHoldIn(Schema):
    month: Month


class UsageDisputeIn(Schema):
    ticket: Key
    month: Month
    reason: Why


class DisputeWordIn(Schema):
    text: Why
    version: Key | None = None


class DisputeSettledIn(Schema):
    upheld: bool
    version: Key | None = None


class DisputeVersionIn(Schema):
    version: Key | None = None


@router.get("/usage", response={200: ClientUsagesOut, 404: Fault})
def usages(request: HttpRequest) -> dict[str, Any]:
    """List the clients with the package that holds this month."""
    access = _reader(request)
    plans: dict[int, list[UsagePlan]] = {}
    for plan in access.see(UsagePlan).order_by("number"):
        plans.setdefault(plan.company_id, []).append(plan)
    companies = access.see(Company).filter(archived_at=None).order_by("name_key")
    if access.is_client:
        companies = companies.filter(pk__in=access.steered_company_ids)
    month = timezone.localdate().replace(day=1)
    items = []
    for company in companies:
        held = usage.plan_in(plans.get(company.pk, ()), month)
        items.append({"company": _named(company), "package": _package(held) if held else None})
    return {"items": items}


@router.get("/usage/{key}", response={200: UsageStatementOut, **REFUSALS})
def usage_statement(request: HttpRequest, key: PathKey, month: Month | None = None) -> Any:
    """Return a month's statement (this month's, if none is named)."""
    access = _reader(request)
    company = _company(access, key)
    this = month_of(timezone.now(), zone_of(company))
    asked = _month(month) if month else this
    if asked > this:
        raise Http404
    return _statement(usage.statement(access, company, asked))


@router.post("/usage/{key}/package", response={200: PackageOut, **REFUSALS})
def agree_on_package(request: HttpRequest, key: PathKey, sent: PackageIn) -> dict[str, Any]:
    access = _reader(request)
    company = _company(access, key)
    terms = sent.model_dump(exclude={"starts_on", "number"})
    return _package(
        UsagePlan.agree(company, sent.starts_on, by=access.person, seen=sent.number, **terms)
    )


@router.post("/usage_packages/{key}/end", response={200: PackageOut, **REFUSALS})
def end_package(request: HttpRequest, key: PathKey, sent: PackageEndIn) -> dict[str, Any]:
    access = _reader(request)
    plan: UsagePlan = _found(access.see(UsagePlan), key)
    plan.end(sent.day, by=access.person)
    return _package(plan)


@router.post("/usage_packages/{key}/hold", response={200: PackageOut, **REFUSALS})
def hold_package(request: HttpRequest, key: PathKey, sent: PackageHoldIn) -> dict[str, Any]:
    """Suspend a package for a month."""
    access = _reader(request)
    plan: UsagePlan = _found(access.see(UsagePlan), key)
    plan.hold(_month(sent.month), by=access.person)
    return _package(plan)


@router.post("/usage_packages/{key}/release", response={200: PackageOut, **REFUSALS})
def release_package(request: HttpRequest, key: PathKey, sent: PackageHoldIn) -> dict[str, Any]:
    """Take the suspension of a month back."""
    access = _reader(request)
    plan: UsagePlan = _found(access.see(UsagePlan), key)
    plan.release(_month(sent.month), by=access.person)
    return _package(plan)


@router.post("/usage/{key}/dispute", response={200: UsageDisputeOut, **REFUSALS})
def dispute_line(request: HttpRequest, key: PathKey, sent: UsageDisputeIn) -> dict[str, Any]:
    access = _reader(request)
    company, ticket = _company(access, key), _found(access.see(Ticket), sent.ticket)
    month = _month(sent.month)
    return _dispute(usage.dispute(company, ticket, month, sent.reason, by=access.person))


@router.post("/usage_disputes/{key}/answer", response={200: UsageDisputeOut, **REFUSALS})
def answer_dispute(request: HttpRequest, key: PathKey, sent: DisputeWordIn) -> dict[str, Any]:
    access, row = _contested(request, key)
    row.answer(sent.text, by=access.person, seen=sent.version)
    return _dispute(row)


@router.post("/usage_disputes/{key}/settle", response={200: UsageDisputeOut, **REFUSALS})
def settle_dispute(request: HttpRequest, key: PathKey, sent: DisputeSettledIn) -> dict[str, Any]:
    access, row = _contested(request, key)
    row.settle(upheld=sent.upheld, by=access.person, seen=sent.version)
    return _dispute(row)


@router.post("/usage_disputes/{key}/withdraw", response={200: UsageDisputeOut, **REFUSALS})
def withdraw_dispute(request: HttpRequest, key: PathKey, sent: DisputeVersionIn) -> dict[str, Any]:
    access, row = _contested(request, key)
    row.withdraw(by=access.person, seen=sent.version)
    return _dispute(row)


def _reader(request: HttpRequest) -> Access:
    access = access_of(request)
    steers = access.is_client and bool(access.steered_company_ids)
    pays = not access.is_client and (access.runs_pool or access.has(Role.Kind.BILLING))
    if not steers and not pays:
        raise Http404
    return access


def _company(access: Access, key: int) -> Company:
    rows = access.see(Company).select_related("calendar")
    if access.is_client:
        rows = rows.filter(pk__in=access.steered_company_ids)
    found: Company = _found(rows, key)
    return found


def _contested(request: HttpRequest, key: int) -> tuple[Access, UsageDispute]:
    access = _reader(request)
    rows = access.see(UsageDispute).select_related("company", "ticket", "by")
    return access, _found(rows, key)


def _found(rows: Any, key: int) -> Any:
    found = rows.filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _month(text: str) -> date:
    return date(int(text[:4]), int(text[5:]), 1)


def _named(row: Any) -> NamedOut:
    return NamedOut(id=row.pk, name=str(row))


def _package(plan: UsagePlan) -> dict[str, Any]:
    names = ("starts_on", "ends_on", "number", "held", *UsagePlan.TERMS)
    return {"id": plan.pk} | {name: getattr(plan, name) for name in names}


def _dispute(row: UsageDispute) -> dict[str, Any]:
    return {
        "id": row.pk, "ticket": row.ticket_id, "month": row.month, "state": row.state,
        "version": row.version, "reason": row.reason, "by": _named(row.by),
        "answer": row.answer_text,
    }  # fmt: skip


def _lots(rows: list[Any]) -> list[dict[str, Any]]:
    return [{"month": month, "units": units, "until": until} for month, units, until in rows]


def _statement(told: usage.Told) -> dict[str, Any]:
    ahead = told.forecast
    made = told.made
    return {
        "month": told.month, "package": _package(told.plan), "brought": _lots(told.brought),
        "carried": _lots(told.carried), "left": told.left, "others": told.others,
        **{
            name: told.figures[name]
            for name in ("included", "available", "used", "over", "lapsed", "disputed")
        },
        "fee_cents": made.fee_cents, "over_cents": made.over_cents,
        "later_cents": made.later_cents, "disputed_cents": made.disputed_cents,
        "reached": [alert.percent for alert in made.alerts],
        "forecast": ahead and {
            name: usage.shown(getattr(ahead, name)) for name in ("used", "over", "carried", "lost")
        },
        "sites": [vars(one) for one in told.sites],
        "entities": [vars(one) for one in told.entities],
        "lines": [
            {
                "ticket": one.ticket.pk, "reference": one.ticket.reference,
                "at": one.at.astimezone(UTC), "amount": one.amount, "units": one.units,
                "over": one.over, "dispute": _dispute(one.dispute) if one.dispute else None,
            }
            for one in told.lines
        ],
    }  # fmt: skip

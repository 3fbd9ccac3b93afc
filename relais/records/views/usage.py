"""Pages of what clients use: packages, each month's statement, lines that are contested."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from relais.desk.models import Ticket
from relais.desk.views.files import in_words
from relais.lib.problem import Problem
from relais.lib.sheet import send_sheet
from relais.people.access import Access
from relais.people.models import Company, Role
from relais.records import usage
from relais.records.checks import month_of
from relais.records.figures import zone_of
from relais.records.models import UsageDispute, UsagePlan
from relais.records.usage_errors import NoPackage
from relais.records.usage_forms import PackageForm, terms_of

from .quality import seen, typed


def may_read(access: Access) -> bool:
    """Return whether packages are this person's business: the leads', billing's, who steers."""
    if access.is_client:
        return bool(access.steered_company_ids)
    return access.runs_pool or access.has(Role.Kind.BILLING)


def readable(access: Access, key: int) -> Company:
    """Return a company whose package this person may read, or "not found"."""
    rows = access.see(Company).select_related("calendar")
    if not may_read(access) or (access.is_client and key not in access.steered_company_ids):
        raise Http404
    found: Company = get_object_or_404(rows, pk=key)
    return found


def month_in(text: str) -> date | None:
    """Return the first day of a month such as 2026-11; None for anything else."""
    year, _dash, number = text.partition("-")
    if len(text) != 7 or not (year + number).isascii() or not (year + number).isdecimal():
        return None
    return (
        date(int(year), int(number), 1)
        if 1970 <= int(year) <= 2199 and 1 <= int(number) <= 12
        else None
    )


@login_required
@require_safe
def usages(request: HttpRequest) -> HttpResponse:
    """List the clients with their package this month; to a client, lead to its own statement."""
    access = request.access
    if not may_read(access):
        raise Http404
    if access.is_client:
        return _statement(request, readable(access, min(access.steered_company_ids)))
    plans: dict[int, list[UsagePlan]] = {}
    for plan in access.see(UsagePlan).order_by("number"):
        plans.setdefault(plan.company_id, []).append(plan)
    rows = []
    for company in access.see(Company).filter(archived_at=None).order_by("name_key"):
        month = timezone.localdate().replace(day=1)
        rows.append((company, usage.plan_in(plans.get(company.pk, ()), month)))
    context = {"rows": rows, "runs": access.runs_pool}
    return render(request, "records/usages.html", context)


@login_required
@require_safe
def usage_statement(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a month of a client: brought forward, used, left, what would be lost, line by line."""
    return _statement(request, readable(request.access, pk))


def _statement(
    request: HttpRequest, company: Company, status: int = 200, **more: Any
) -> HttpResponse:
    access = request.access
    this = month_of(timezone.now(), zone_of(company))
    sent = request.POST if request.method == "POST" else request.GET
    month = month_in(sent.get("month", "")) or this
    if month > this:
        raise Http404
    plans = usage.plans_of(company)
    context: dict[str, Any] = {
        "company": company,
        "month": month,
        "months": _months(plans, this),
        "runs": access.runs_pool,
        "pays": not access.is_client,
        "contests": _contests(access, company),
    }
    try:
        told = usage.statement(access, company, month)
    except NoPackage:
        return render(request, "records/no_package.html", context | more, status=status)
    kind = request.GET.get("export", "")
    if kind in ("csv", "xlsx"):
        name = f"usage-{month:%Y-%m}"
        return send_sheet(sheet(told), kind, name, _("Usage"))
    context |= {"told": told, "terms": terms_of(told.plan), "ahead": _ahead(told)}
    return render(request, "records/usage.html", context | more, status=status)


def _contests(access: Access, company: Company) -> bool:
    engagement = company.engagement
    return (
        access.is_client and engagement is not None and access.person.pk in engagement.client_side
    )


def _months(plans: list[UsagePlan], this: date) -> list[date]:
    """Return the months to choose from, the last first, at most three years of them."""
    first = plans[0].starts_on.replace(day=1) if plans else this
    found = [this]
    while found[-1] > first and len(found) < 36:
        last = found[-1]
        found.append(date(last.year - (last.month == 1), (last.month - 2) % 12 + 1, 1))
    return found


def _ahead(told: usage.Told) -> dict[str, Decimal] | None:
    if told.forecast is None:
        return None
    names = ("used", "over", "carried", "lost")
    return {name: usage.shown(getattr(told.forecast, name)) for name in names}


def sheet(told: usage.Told) -> Iterable[list[Any]]:
    """Return the lines of a statement with their heads; who worked is in none of them."""
    yield [
        _("Request"), _("Subject"), _("Site"), _("Date"), _("Minutes or units"), _("Counted"),
        _("Beyond the package"), _("Contested"),
    ]  # fmt: skip
    for one in told.lines:
        yield [
            one.ticket.reference, one.ticket.subject, one.ticket.site.name,
            timezone.localtime(one.at).date(), one.amount, one.units, one.over,
            one.dispute.get_state_display() if one.dispute else "",
        ]  # fmt: skip
    if told.others:
        yield ["", _("Other requests"), "", None, None, told.others, None, ""]


# The package --------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def usage_package(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree on a package, or on its next version."""
    access = request.access
    company = readable(access, pk)
    if not access.runs_pool:
        raise Http404
    plans = list(access.see(UsagePlan).filter(company=company).select_related("made_by"))
    held = plans[0] if plans else None
    form = PackageForm(request.POST or None, access, held, _first_day(company, held))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            day, number = form.cleaned_data["starts_on"], form.cleaned_data["seen"]
            try:
                UsagePlan.agree(company, day, by=request.person, seen=number, **form.terms)
                messages.success(request, _("The package is agreed."))
                return redirect("usage_statement", pk)
            except Problem as problem:
                form.add_error(None, in_words(problem))
    this = timezone.localdate().replace(day=1)
    suspended = [month_in(one) for one in held.held] if held else []
    context = {
        "company": company, "form": form, "plans": plans, "held": held,
        "suspended": [(one, one >= this) for one in suspended if one],
    }  # fmt: skip
    return render(request, "records/package.html", context, status=status)


def _first_day(company: Company, held: UsagePlan | None) -> date:
    today = timezone.localdate()
    if held is None:
        engagement = company.engagement
        return max(engagement.started_on, date(today.year, 1, 1)) if engagement else today
    return date(today.year + today.month // 12, today.month % 12 + 1, 1)


@login_required
@require_POST
def usage_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a package."""
    plan, day = _plan(request, pk), typed(request, "day")
    try:
        on = date.fromisoformat(day)
    except ValueError:
        on = date.min
    return _agreed(request, plan, lambda: plan.end(on, by=request.person))


@login_required
@require_POST
def usage_hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Suspend a package for a month."""
    plan = _plan(request, pk)
    month = month_in(typed(request, "month")) or date.min
    return _agreed(request, plan, lambda: plan.hold(month, by=request.person))


@login_required
@require_POST
def usage_release(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the suspension of a month back."""
    plan = _plan(request, pk)
    month = month_in(typed(request, "month")) or date.min
    return _agreed(request, plan, lambda: plan.release(month, by=request.person))


def _plan(request: HttpRequest, pk: int) -> UsagePlan:
    if not request.access.runs_pool:
        raise Http404
    found: UsagePlan = get_object_or_404(request.access.see(UsagePlan), pk=pk)
    return found


def _agreed(request: HttpRequest, plan: UsagePlan, verb: Callable[[], object]) -> HttpResponse:
    try:
        verb()
        messages.success(request, _("Noted."))
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("usage_package", plan.company_id)


# Contested lines ----------------------------------------------------------------------------------


@login_required
@require_POST
def usage_dispute(request: HttpRequest, pk: int) -> HttpResponse:
    """Contest a line: the client's referent, with a reason."""
    company = readable(request.access, pk)
    key = typed(request, "ticket")
    if not key.isdecimal() or len(key) > 18:
        raise Http404
    ticket = get_object_or_404(request.access.see(Ticket), pk=key)
    month = month_in(typed(request, "month"))
    if month is None:
        raise Http404
    reason = typed(request, "text")
    try:
        usage.dispute(company, ticket, month, reason, by=request.person)
    except Problem as problem:
        said = {"error": in_words(problem), "typed": reason, "of": ticket.pk}
        return _statement(request, company, 422, **said)
    messages.success(request, _("The line is contested: what it costs beyond the package waits."))
    return _back(company.pk, month)


@login_required
@require_POST
def dispute_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer a contested line."""
    row, text = _dispute(request, pk), typed(request, "text")
    return _said(request, row, lambda: row.answer(text, by=request.person, seen=seen(request)))


@login_required
@require_POST
def dispute_settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Settle a contested line: not counted, or counted after all."""
    row, said = _dispute(request, pk), typed(request, "upheld")
    if said not in ("0", "1"):
        # Nobody charges a client by leaving an answer out.
        messages.error(request, _("Say whether the line counts."))
        return _back(row.company_id, row.month)
    upheld = said == "1"
    return _said(
        request, row, lambda: row.settle(upheld=upheld, by=request.person, seen=seen(request))
    )


@login_required
@require_POST
def dispute_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a contested line back."""
    row = _dispute(request, pk)
    return _said(request, row, lambda: row.withdraw(by=request.person, seen=seen(request)))


def _dispute(request: HttpRequest, pk: int) -> UsageDispute:
    rows = request.access.see(UsageDispute).select_related("company__calendar", "ticket")
    found: UsageDispute = get_object_or_404(rows, pk=pk)
    return found


def _said(request: HttpRequest, row: UsageDispute, verb: Callable[[], object]) -> HttpResponse:
    try:
        verb()
        messages.success(request, _("Noted."))
    except Problem as problem:
        messages.error(request, in_words(problem))
    return _back(row.company_id, row.month)


def _back(company: int, month: date) -> HttpResponse:
    response = redirect("usage_statement", company)
    response["Location"] += f"?month={month:%Y-%m}"
    return response

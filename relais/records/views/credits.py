"""Credits of a month, and what both referents agree to leave out of the targets."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from relais.desk.errors import BadValue
from relais.desk.models import Ticket
from relais.desk.views.files import in_words
from relais.lib.problem import Problem
from relais.lib.sheet import send_sheet
from relais.people.access import Access
from relais.people.models import Role
from relais.records import closing, credit_words, crediting
from relais.records.models import CreditLine, CreditStatement, Exclusion
from relais.records.models.review import side_of
from relais.records.review_errors import NotWithRequest
from relais.records.review_forms import ExclusionForm

from .reviews import readers_only, reads

SHOWN = 200
MOST = Decimal(10**10)
_REFERENCE = re.compile(r"\s*(?:R-?)?0*(\d{1,15})\s*", re.IGNORECASE)


def bills(access: Access) -> bool:
    """Return whether issued statements are this person's affair."""
    return reads(access) or (access.sees_whole_pool and access.has(Role.Kind.BILLING))


# Statements ---------------------------------------------------------------------------------------


@login_required
@require_safe
def statements(request: HttpRequest) -> HttpResponse:
    """List the statements of credits."""
    if not bills(request.access):
        raise Http404
    rows = request.access.see(CreditStatement).select_related("review__company")
    rows = rows.prefetch_related("lines").defer(*HEAVY)
    told = [(each, credit_words.euros(each.total)) for each in rows[:SHOWN]]
    context = {"statements": told, "reads": reads(request.access)}
    return render(request, "records/statements.html", context)


HEAVY = ("review__figures", "review__inside", "review__verdicts", "review__summary")


def _statement(request: HttpRequest, pk: int) -> CreditStatement:
    rows = request.access.see(CreditStatement).select_related(
        "review__company", "agreement_version__agreement", "issued_by"
    )
    found: CreditStatement = get_object_or_404(rows.defer(*HEAVY), pk=pk)
    return found


@login_required
@require_safe
def statement(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a statement line by line, with what is disputed and how it was settled."""
    return _statement_page(request, _statement(request, pk))


def _statement_page(
    request: HttpRequest, found: CreditStatement, status: int = 200, **more: Any
) -> HttpResponse:
    side = side_of(found.review.company, request.person)
    told = credit_words.lines(found)
    for line in told:
        raised = line["row"].disputed_by
        line["may_settle"] = bool(side) and raised is not None and side != side_of(
            found.review.company, raised
        )  # fmt: skip
    context = {
        "statement": found, "lines": told, "sentence": credit_words.sentence(found), "side": side,
        "total": credit_words.euros(found.total), "leads": request.access.runs_pool,
        "reads": reads(request.access), "pool": credit_words.euros(found.pool),
        "fee": credit_words.euros(found.fee),
        "is_overtaken": crediting.is_overtaken(found),
        "is_draft": found.state == CreditStatement.State.DRAFT,
    }  # fmt: skip
    return render(request, "records/statement.html", context | more, status=status)


@login_required
@require_POST
def statement_issue(request: HttpRequest, pk: int) -> HttpResponse:
    """Issue a statement: it gets its number and stands."""
    found = _statement(request, pk)
    seen = request.POST.get("version", "")
    if seen.isdecimal() and len(seen) < 10:
        found.version = int(seen)
    return _done(request, "statement", pk, lambda: found.issue(by=request.person), _("Issued."))


@login_required
@require_safe
def statement_note(request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
    """Serve the data of the credit note for billing, as CSV or JSON."""
    found = _statement(request, pk)
    if kind not in ("csv", "json"):
        raise Http404
    if kind == "csv":
        return send_sheet(credit_words.note_rows(found), "csv", found.label or "credit", "")
    text = json.dumps(credit_words.for_billing(found), cls=DjangoJSONEncoder, ensure_ascii=False)
    return HttpResponse(text, content_type="application/json")


def _line(request: HttpRequest, pk: int) -> CreditLine:
    rows = request.access.see(CreditLine).select_related(
        "statement__review__company", "disputed_by"
    )
    found: CreditLine = get_object_or_404(
        rows.defer(*(f"statement__{name}" for name in HEAVY)), pk=pk
    )
    return found


@login_required
@require_POST
def line_dispute(request: HttpRequest, pk: int) -> HttpResponse:
    """Dispute a line, with a word."""
    line, word = _line(request, pk), _typed(request, "word")
    done = _("The line is in dispute: the other side settles it.")
    return _on_line(request, line, lambda: line.dispute(word, by=request.person), done, word=word)


@login_required
@require_POST
def line_settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Settle a line in dispute at an amount."""
    line, said = _line(request, pk), _typed(request, "settlement")
    typed = _typed(request, "amount")

    def settle() -> None:
        try:
            amount = euros_in(typed)
        except InvalidOperation:
            mend = _("give a number of euros, such as 377.14")
            raise BadValue(field=_("Amount"), mend=mend) from None
        line.settle(amount, said, by=request.person)

    return _on_line(request, line, settle, _("Settled."), amount=typed, settlement=said)


def _on_line(
    request: HttpRequest, line: CreditLine, verb: Callable[[], object], done: str, **typed: str
) -> HttpResponse:
    """Do it; where it is refused, show the statement with the mend and what was typed."""
    try:
        verb()
    except Problem as problem:
        found = _statement(request, line.statement_id)
        more = {"error": in_words(problem), "of": line.pk, "typed": typed}
        return _statement_page(request, found, 422, **more)
    messages.success(request, done)
    return redirect("statement", line.statement_id)


def euros_in(text: str) -> Decimal:
    """Return an amount as people of either language type it. Raises `InvalidOperation`."""
    bare = re.sub(r"[\s€]", "", text)
    mark = max(bare.rfind(","), bare.rfind("."))
    if mark >= 0 and "," in bare and "." in bare:
        bare = re.sub(r"[.,]", "", bare[:mark]) + "." + bare[mark + 1 :]
    amount = Decimal(bare.replace(",", "."))
    if not amount.is_finite() or abs(amount) > MOST:
        raise InvalidOperation
    return amount


# Exclusions ---------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def exclusions(request: HttpRequest) -> HttpResponse:
    """List what was left out or is asked for, and ask for another."""
    readers_only(request)
    form = ExclusionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        clean = form.cleaned_data
        try:
            ticket = ticket_of(request.access, clean["reference"])
            Exclusion.propose(
                ticket, clean["of"], clean["reason"], clean["evidence"], by=request.person
            )
            messages.success(request, _("Asked: it counts once the other side agrees."))
            return redirect("exclusions")
        except Problem as problem:
            form.add_error(None, in_words(problem))
    rows = request.access.see(Exclusion).select_related(
        "ticket", "company", "proposed_by", "decided_by"
    )
    told = [_exclusion(each, request) for each in rows[:SHOWN]]
    context = {"exclusions": told, "form": form, "clauses": clauses(request.access)}
    return render(request, "records/exclusions.html", context, status=422 if form.errors else 200)


def _exclusion(row: Exclusion, request: HttpRequest) -> dict[str, Any]:
    return {
        "row": row, "may_decide": row.may_decide(request.person),
        "may_withdraw": row.may_withdraw(request.person),
    }  # fmt: skip


def clauses(access: Access) -> list[str]:
    """Return the reasons that agreements in force name, to be chosen from."""
    from relais.offer.models import AgreementClause

    rows = access.see(AgreementClause).filter(kind="exclusion", version__state="signed")
    return sorted(set(rows.order_by().values_list("text", flat=True)[:200]))[:50]


def ticket_of(access: Access, reference: str) -> Ticket:
    """Return the request that a reference names, among those that this person sees."""
    found = _REFERENCE.fullmatch(reference)
    rows = access.see(Ticket).select_related("company")
    ticket = rows.filter(pk=int(found[1])).first() if found else None
    if ticket is None:
        company = access.person.company
        raise NotWithRequest(what=company.name if company else _("your clients"))
    return ticket


def _one(request: HttpRequest, pk: int) -> Exclusion:
    rows = request.access.see(Exclusion).select_related("ticket", "company")
    found: Exclusion = get_object_or_404(rows, pk=pk)
    return found


@login_required
@require_POST
def exclusion_agree(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree to leave it out."""
    found, word = _one(request, pk), _typed(request, "word")
    done = _("Agreed: it does not count any more.")
    return _done(request, "exclusions", None,
                 lambda: closing.leave_out(found, by=request.person, word=word), done)  # fmt: skip


@login_required
@require_POST
def exclusion_refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Refuse, with a word."""
    found, word = _one(request, pk), _typed(request, "word")
    return _done(request, "exclusions", None,
                 lambda: found.refuse(word, by=request.person), _("Refused."))  # fmt: skip


@login_required
@require_POST
def exclusion_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the proposal back."""
    found = _one(request, pk)
    return _done(request, "exclusions", None,
                 lambda: found.withdraw(by=request.person), _("Taken back."))  # fmt: skip


def _typed(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\x00", "")


def _done(
    request: HttpRequest, page: str, pk: int | None, verb: Callable[[], object], said: str
) -> HttpResponse:
    try:
        verb()
        messages.success(request, said)
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect(page, *([pk] if pk is not None else []))

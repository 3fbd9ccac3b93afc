"""Service reviews: by month and client; one with its figures, words, restatements and documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from relais.desk.models import Ticket
from relais.desk.views.files import in_words
from relais.lib.later import later
from relais.lib.problem import Problem
from relais.lib.sheet import send_sheet
from relais.people.access import Access
from relais.people.access_reviews import read_by
from relais.records import closing, excluding, review_documents, review_letters, review_sheets
from relais.records.models import Commentary, CreditStatement, Exclusion, Review, ReviewItem
from relais.records.models.review import HEAVY, side_of
from relais.records.reading import Reading, changes_of
from relais.records.review_forms import CommentaryForm, ItemForm, MonthForm

SHOWN = 120


def reads(access: Access) -> bool:
    """Return whether reviews are this person's affair at all."""
    return access.runs_pool or bool(read_by(access))


def readers_only(request: HttpRequest) -> None:
    """Raise "not found" for anybody whose affair no review is."""
    if not reads(request.access):
        raise Http404


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def reviews(request: HttpRequest) -> HttpResponse:
    """List the reviews; prepare a month, or have it closed, of one client or of all."""
    readers_only(request)
    leads = request.access.runs_pool
    form = MonthForm(request.POST or None, access=request.access) if leads else None
    if request.method == "POST":
        if form is None:
            raise Http404
        if form.is_valid():
            try:
                return _prepared(request, form)
            except Problem as problem:
                form.add_error(None, in_words(problem))
    rows = request.access.see(Review).select_related("company").defer(*HEAVY, "summary", "names")
    found = list(rows[:SHOWN])
    context = {
        "reviews": found, "form": form, "waiting": [one for one in found if one.asked_at],
        "several": len({one.company_id for one in found}) > 1 or leads,
    }  # fmt: skip
    if request.headers.get("HX-Request") and request.method != "POST":
        return render(request, "records/_reviews.html", context)
    return render(request, "records/reviews.html", context,
                  status=422 if form is not None and form.errors else 200)  # fmt: skip


def _prepared(request: HttpRequest, form: MonthForm) -> HttpResponse:
    month, company = form.cleaned_data["month"], form.cleaned_data["company"]
    if "close" in request.POST and company is None:
        asked = closing.ask_all(month, by=request.person)
        text = ngettext("%(n)d month is being closed.", "%(n)d months are being closed.", asked)
        messages.success(request, text % {"n": asked})
        return redirect("reviews")
    if company is None:
        raise Problem(detail=_("Choose a client: a month is prepared with one of them."))
    review = Review.open(company, month, by=request.person)
    if "close" in request.POST:
        closing.close(review, by=request.person)
    elif review.is_open:
        closing.prepare(review, by=request.person)
    return redirect("review", review.pk)


@login_required
@require_safe
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one month: figures, words, promises, credits, restatements, documents."""
    return render(request, "records/review.html", _context(request, one(request, pk)))


def _context(request: HttpRequest, found: Review) -> dict[str, Any]:
    access = request.access
    reading = Reading(found, inside=access.runs_pool)
    side = side_of(found.company, request.person)
    made = found.documents.filter(language=(get_language() or "fr")[:2])
    kinds = set(made.values_list("kind", flat=True))
    return {
        "review": found, "reading": reading, "side": side, "leads": access.runs_pool,
        "over": timezone.now() >= closing.period_of(found.company, found.month).end,
        "restatements": changes_of(reading, seen_of(access, found)),
        "commentary_form": CommentaryForm.of(reading.commentaries.get(side)),
        "item_form": ItemForm(access=access, review=found) if side else None,
        "statements": access.see(CreditStatement).filter(review=found)
        .select_related("agreement_version__agreement").prefetch_related("lines"),
        "exclusions": access.see(Exclusion).filter(company=found.company_id).count(),
        "left_out": excluding.since_counted(
            access.see(Exclusion), found, closing.period_of(found.company, found.month)
        ).count(),
        "subscribed": review_letters.is_subscribed(found.company, request.person),
        "charts": {name: name in kinds for name in review_documents.SVG},
        "documents": [kind for kind in review_documents.PDF if kind in kinds],
    }  # fmt: skip


def seen_of(access: Access, found: Review) -> dict[str, str]:
    """Return the requests that restatements name, by reference: those that this reader sees."""
    keys = {
        int(key.partition("#")[0])
        for changes in found.restatements.values_list("changes", flat=True)
        for change in changes
        for name in ("added", "removed", "changed")
        for key in change[name]
        if key.partition("#")[0].isdecimal()
    }
    if not keys:
        return {}
    rows = access.see(Ticket).filter(pk__in=keys).only("id", "provider")
    return {str(ticket.pk): ticket.reference for ticket in rows}


def one(request: HttpRequest, pk: int) -> Review:
    """Return a review that this person may read."""
    rows = request.access.see(Review).select_related(
        "company__calendar", "provider", "closed_by", "asked_by"
    )
    found: Review = get_object_or_404(rows.defer("figures"), pk=pk)
    return found


# Verbs ----------------------------------------------------------------------------------------


def _done(
    request: HttpRequest, found: Review, verb: Callable[[], object], said: str
) -> HttpResponse:
    try:
        verb()
        messages.success(request, said)
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("review", found.pk)


@login_required
@require_POST
def review_count(request: HttpRequest, pk: int) -> HttpResponse:
    """Count a month in preparation anew."""
    found = one(request, pk)
    done = _("The figures are those known now.")
    return _done(request, found, lambda: closing.prepare(found, by=request.person), done)


@login_required
@require_POST
def review_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a month."""
    found = one(request, pk)
    done = _("The month is closed; its documents are being made.")
    return _done(request, found, lambda: closing.close(found, by=request.person), done)


@login_required
@require_POST
def review_restate(request: HttpRequest, pk: int) -> HttpResponse:
    """Count a closed month anew, and list what differs."""
    found = one(request, pk)
    try:
        made = closing.restate(found, by=request.person)
    except Problem as problem:
        messages.error(request, in_words(problem))
        return redirect("review", pk)
    if made is None:
        messages.success(request, _("Counted anew: every figure is the same."))
    else:
        messages.warning(request, _("Figures differ: the restatement is listed below."))
    return redirect("review", pk)


@login_required
@require_POST
def review_comment(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what one side says of the month."""
    found, form = one(request, pk), CommentaryForm(request.POST)
    if form.is_valid():
        clean = form.cleaned_data
        try:
            Commentary.write(found, clean["text"], by=request.person, seen=clean["seen"])
            messages.success(request, _("The commentary is kept."))
            return redirect("review", pk)
        except Problem as problem:
            form.add_error(None, in_words(problem))
    context = _context(request, found) | {"commentary_form": form}
    return render(request, "records/review.html", context, status=422)


@login_required
@require_POST
def review_item_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down an action or a decision."""
    found = one(request, pk)
    form = ItemForm(request.POST, access=request.access, review=found)
    if form.is_valid():
        clean = form.cleaned_data
        try:
            ReviewItem.add(
                found, clean["kind"], clean["text"], by=request.person, owner=clean["owner"],
                due_on=clean["due_on"],
            )  # fmt: skip
            messages.success(request, _("Written down."))
            return redirect("review", pk)
        except Problem as problem:
            form.add_error(None, in_words(problem))
    context = _context(request, found) | {"item_form": form}
    return render(request, "records/review.html", context, status=422)


def _item(request: HttpRequest, pk: int) -> ReviewItem:
    rows = request.access.see(ReviewItem).select_related("review__company")
    found: ReviewItem = get_object_or_404(rows.defer(*(f"review__{n}" for n in HEAVY)), pk=pk)
    return found


@login_required
@require_POST
def review_item_finish(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that an action is done."""
    item = _item(request, pk)
    return _done(request, item.review, lambda: item.finish(by=request.person), _("Done."))


@login_required
@require_POST
def review_item_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Let an action or a decision go."""
    item = _item(request, pk)
    return _done(request, item.review, lambda: item.drop(by=request.person), _("Dropped."))


@login_required
@require_POST
def review_subscribe(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the reviews of this client sent to oneself, or no more."""
    found = one(request, pk)
    if "stop" in request.POST:
        review_letters.unsubscribe(found.company, by=request.person)
        messages.success(request, _("You are no longer sent these reviews."))
    else:
        review_letters.subscribe(found.company, by=request.person)
        messages.success(request, _("You are written to when a month is closed."))
    return redirect("review", pk)


@login_required
@require_POST
def review_documents_make(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the documents made anew, with what was said and done since."""
    found = one(request, pk)
    if not side_of(found.company, request.person) or found.is_open:
        raise Http404
    later(closing.DOCUMENTS, provider_id=found.provider_id, review_id=found.pk)
    messages.success(request, _("The documents are being made."))
    return redirect("review", pk)


# Files --------------------------------------------------------------------------------------------


@login_required
@require_safe
def review_document(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Serve a document in the reader's language: a PDF, or one of its drawings."""
    found = one(request, pk)
    language = (get_language() or "fr")[:2]
    made = get_object_or_404(found.documents.all(), kind=kind, language=language)
    drawing = kind in review_documents.SVG
    answer = HttpResponse(
        bytes(made.content), content_type="image/svg+xml" if drawing else "application/pdf"
    )
    if not drawing:
        name = f"{slugify(found.company.name)}-{found.key}-{kind}.pdf"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@login_required
@require_safe
def review_lines(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Serve the lines behind every figure as a workbook."""
    found = one(request, pk)
    if found.as_of is None:
        raise Http404
    reading = Reading(found, inside=request.access.runs_pool)
    rows = review_sheets.rows(reading, request.access)
    name = f"{slugify(found.company.name)}-{found.key}"
    return send_sheet(rows, "xlsx", name, _("Lines"))


@login_required
@require_safe
def review_frozen(request: HttpRequest, pk: int) -> HttpResponse:
    """Serve the figures as they were closed, byte for byte: whoever wants may check the digest."""
    found = one(request, pk)
    if found.is_open:
        raise Http404
    answer = HttpResponse(bytes(found.figures), content_type="application/octet-stream")
    name = f"{slugify(found.company.name)}-{found.key}.json"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer

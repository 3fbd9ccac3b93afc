"""Pages of quality: what is to be checked, what was found, what was mended, and one's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from relais.desk.views.files import in_words
from relais.lib.listing import Choice, Column, Empty, Listing, answer
from relais.lib.problem import Problem
from relais.people.models import Role
from relais.records.models import CorrectiveAction, QualityCheck, QualityDraw, QualityGrid
from relais.records.models.check import LONGEST, checks_quality
from relais.records.quality_forms import PlanForm

TABS = (
    ("quality", _("To check")),
    ("quality_done", _("Checked")),
    ("quality_actions", _("Corrective actions")),
    ("quality_grid", _("Questions")),
)
State = QualityCheck.State
TONES = {"drawn": "warn", "open": "info", "finished": "good"}
ACTION_TONES = {"open": "warn", "done": "info", "verified": "good", "void": "neutral"}

REQUEST = Column(
    "ticket",
    _("Request"),
    lambda c: c.ticket.reference,
    url=lambda c: f"/quality/checks/{c.pk}/",
    note=lambda c: f"{c.ticket.subject} · {c.ticket.site.name}",
)
BY = Column("assistant", _("Delivered by"), lambda c: c.assistant.name, sort="assistant__name_key")
WHEN = Column(
    "delivered", _("Delivered"), lambda c: timezone.localtime(c.delivered_at).date(),
    sort="delivered_at",
)  # fmt: skip
PREPARE = ("ticket__site", "assistant", "checker", "grid")
TO_CHECK = Listing(
    name="checks",
    title=_("To check"),
    columns=(
        REQUEST,
        BY,
        WHEN,
        Column("why", _("Why picked"), lambda c: c.why),
        Column(
            "state", _("State"), lambda c: c.get_state_display(), tone=lambda c: TONES[c.state],
            note=lambda c: c.checker.name if c.checker else "",
        ),
    ),
    search=("ticket__subject_key", "assistant__name_key"),
    search_label=_("Subject or assistant"),
    filters=(
        Choice(
            "state", _("State"),
            lambda: (("", _("All")), *State.choices[:2]),
            lambda rows, value: rows.filter(state=value) if value else rows,
        ),
    ),
    order="delivered",
    prepare=lambda rows: rows.select_related(*PREPARE),
    empty=Empty(
        _("Nothing is to be checked"),
        _("Each month's sample is drawn by itself when the month is over; first requests at a new "
          "site and confidential ones come at once."),
        icon="shield-check",
    ),
)  # fmt: skip
CHECKED = Listing(
    name="checked",
    title=_("Checked"),
    columns=(
        REQUEST,
        BY,
        Column(
            "finished", _("Checked"), lambda c: timezone.localtime(c.finished_at).date(),
            sort="finished_at", note=lambda c: c.checker.name if c.checker else "",
        ),
        Column(
            "critical", _("Critical errors"), lambda c: c.critical, sort="critical",
            tone=lambda c: "bad" if c.critical else "good",
        ),
        Column("minor", _("Other errors"), lambda c: c.minor, sort="minor", number=True),
        Column("reply", _("Her answer"), lambda c: _t("Yes") if c.reply else ""),
    ),
    search=("ticket__subject_key", "assistant__name_key"),
    search_label=_("Subject or assistant"),
    filters=(
        Choice(
            "found", _("Found"),
            lambda: (("", _("All")), ("critical", _("Critical errors")), ("any", _("Any error"))),
            lambda rows, value: {
                "critical": rows.filter(critical__gt=0),
                "any": rows.filter(critical__gt=0) | rows.filter(minor__gt=0),
            }.get(value, rows),
        ),
    ),
    order="-finished",
    prepare=lambda rows: rows.select_related(*PREPARE),
    empty=Empty(_("Nothing was checked yet"), icon="shield-check"),
)  # fmt: skip
ACTIONS = Listing(
    name="actions",
    title=_("Corrective actions"),
    columns=(
        Column(
            "ticket", _("Request"), lambda a: a.check_made.ticket.reference,
            url=lambda a: f"/quality/actions/{a.pk}/",
            note=lambda a: a.root_cause[:120] or _t("Its cause is still to be found"),
        ),
        Column("owner", _("owner"), lambda a: a.owner.name, sort="owner__name_key"),
        Column(
            "due", _("due"), lambda a: timezone.localtime(a.due_at).date(), sort="due_at",
            note=lambda a: _t("Overdue") if a.is_overdue(timezone.now()) else "",
        ),
        Column(
            "state", _("State"), lambda a: a.get_state_display(),
            tone=lambda a: "bad" if a.is_overdue(timezone.now()) else ACTION_TONES[a.state],
        ),
    ),
    search=("check_made__ticket__subject_key", "owner__name_key"),
    search_label=_("Subject or owner"),
    filters=(
        Choice(
            "state", _("State"),
            lambda: (("", _("All")), ("late", _("Overdue")), *CorrectiveAction.State.choices),
            lambda rows, value: _in_state(rows, value),
        ),
    ),
    order="due",
    prepare=lambda rows: rows.select_related("check_made__ticket", "owner"),
    empty=Empty(
        _("No corrective action"),
        _("A critical error found by a check opens one, due within ten working days."),
        icon="circle-check",
    ),
)  # fmt: skip


def _in_state(rows: Any, value: str) -> Any:
    if value == "late":
        return rows.filter(state=CorrectiveAction.State.OPEN, due_at__lt=timezone.now())
    return rows.filter(state=value) if value else rows


def checkers_only(request: HttpRequest) -> None:
    """Raise "not found" for anybody who checks nothing."""
    if not checks_quality(request.access):
        raise Http404


@login_required
@require_safe
def quality(request: HttpRequest) -> HttpResponse:
    """List what is to be checked, the longest delivered first; to an assistant, what is her own."""
    if not checks_quality(request.access):
        return mine(request)
    rows = request.access.see(QualityCheck).exclude(state=State.FINISHED)
    context = {"tabs": TABS, "draw": request.access.see(QualityDraw).first()}
    return answer(request, TO_CHECK, rows, "records/checks.html", context)


@login_required
@require_safe
def quality_done(request: HttpRequest) -> HttpResponse:
    """List what was checked, the last first."""
    checkers_only(request)
    rows = request.access.see(QualityCheck).filter(state=State.FINISHED)
    return answer(request, CHECKED, rows, "records/checks.html", {"tabs": TABS})


@login_required
@require_safe
def quality_actions(request: HttpRequest) -> HttpResponse:
    """List the corrective actions, the first due first."""
    checkers_only(request)
    rows = request.access.see(CorrectiveAction)
    return answer(request, ACTIONS, rows, "records/checks.html", {"tabs": TABS})


@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Show an assistant what checks of her own work found, and the actions given to her."""
    access = request.access
    if access.is_client or not access.has(Role.Kind.ASSISTANT):
        raise Http404
    rows = access.see(QualityCheck).filter(assistant=access.person, state=State.FINISHED)
    rows = rows.select_related("ticket__site", "grid").order_by("-finished_at", "-id")
    actions = access.see(CorrectiveAction).filter(owner=access.person)
    context = {
        "checks": rows[:50],
        "actions": actions.filter(state=CorrectiveAction.State.OPEN).select_related(
            "check_made__ticket"
        ),
        "now": timezone.now(),
    }
    return render(request, "records/my_checks.html", context)


@login_required
@require_safe
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one check: its questions to be answered, or what was found."""
    return _page(request, _check(request, pk))


def _page(request: HttpRequest, row: QualityCheck, status: int = 200, **more: Any) -> HttpResponse:
    access = request.access
    action = access.see(CorrectiveAction).filter(check_made=row).first()
    context = {
        "check": row,
        "lines": row.lines,
        "checks": row.may_check(access.person),
        "hers": row.assistant_id == access.person.pk,
        "back": "quality",
        "action": action,
        "now": timezone.now(),
        "longest": LONGEST,
    }
    return render(request, "records/check.html", context | more, status=status)


@login_required
@require_POST
def check_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a check on."""
    row = _check(request, pk)
    return _done(request, row, lambda: row.open(by=request.person), "")


@login_required
@require_POST
def check_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what was answered, and finish the check if that was asked for."""
    row = _check(request, pk)
    asked = [one.key for one in row.questions]
    marks = {key: typed(request, f"mark-{key}") for key in asked}
    words = {key: typed(request, f"word-{key}") for key in asked}
    try:
        row.answer(marks, words, by=request.person, seen=seen(request))
        if "finish" in request.POST:
            row.finish(by=request.person)
    except Problem as problem:
        # Nothing typed is lost.
        row.answers = {key: {"mark": marks[key], "word": words[key]} for key in asked}
        return _page(request, row, 422, error=in_words(problem))
    messages.success(request, _t("The check is kept."))
    return redirect("quality_check", pk)


@login_required
@require_POST
def check_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a verdict back."""
    row, reason = _check(request, pk), typed(request, "text")
    done = _t("The verdict is taken back.")
    return _done(request, row, lambda: row.reopen(reason, by=request.person), done)


@login_required
@require_POST
def check_respond(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer what was found in one's own work."""
    row, text = _check(request, pk), typed(request, "text")
    done = _t("Your answer is kept.")
    return _done(request, row, lambda: row.respond(text, by=request.person), done)


def _done(
    request: HttpRequest, row: QualityCheck, verb: Callable[[], object], done: str
) -> HttpResponse:
    try:
        verb()
    except Problem as problem:
        return _page(request, row, 422, error=in_words(problem), typed=typed(request, "text"))
    if done:
        messages.success(request, done)
    return redirect("quality_check", row.pk)


def _check(request: HttpRequest, pk: int) -> QualityCheck:
    rows = request.access.see(QualityCheck).select_related(
        "ticket__site", "ticket__service", "assistant", "checker", "grid"
    )
    found: QualityCheck = get_object_or_404(rows, pk=pk)
    return found


def typed(request: HttpRequest, name: str) -> str:
    """Return what was typed, without what a database cannot hold."""
    return request.POST.get(name, "").replace("\x00", "")


def seen(request: HttpRequest) -> int | None:
    """Return the version that was read, if the page said it."""
    text = request.POST.get("seen", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


# Corrective actions -------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def action(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an action; say why the error happened, who mends it and which procedure."""
    row = _action(request, pk)
    form = PlanForm(request.POST if request.method == "POST" else None, request.access, row)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            sent = form.cleaned_data
            try:
                row.plan(
                    sent["root_cause"], sent["measure"], by=request.person, owner=sent["owner"],
                    procedure=sent["procedure"], seen=sent["seen"],
                )  # fmt: skip
                messages.success(request, _t("Saved."))
                return redirect("quality_action", pk)
            except Problem as problem:
                form.add_error(None, in_words(problem))
    return _action_page(request, row, status, form=form)


def _action_page(
    request: HttpRequest, row: CorrectiveAction, status: int = 200, **more: Any
) -> HttpResponse:
    checks = checks_quality(request.access)
    context = {
        "action": row,
        "form": PlanForm(None, request.access, row),
        "mend": row.mend() if row.state == CorrectiveAction.State.OPEN else row.mended_by,
        "overdue": row.is_overdue(timezone.now()),
        "works": checks or row.owner_id == request.person.pk,
        "verifies": checks and row.done_by_id != request.person.pk,
        "checks": checks,
    }
    return render(request, "records/action.html", context | more, status=status)


@login_required
@require_POST
def action_do(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that an action is done."""
    row = _action(request, pk)
    return _acted(request, row, lambda: row.do(by=request.person, seen=seen(request)))


@login_required
@require_POST
def action_verify(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that what was done mends it."""
    row = _action(request, pk)
    return _acted(request, row, lambda: row.verify(by=request.person, seen=seen(request)))


@login_required
@require_POST
def action_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Send an action back, with a reason."""
    row, reason = _action(request, pk), typed(request, "text")
    return _acted(request, row, lambda: row.reopen(reason, by=request.person, seen=seen(request)))


def _acted(request: HttpRequest, row: CorrectiveAction, verb: Callable[[], object]) -> HttpResponse:
    try:
        verb()
    except Problem as problem:
        return _action_page(request, row, 422, error=in_words(problem))
    messages.success(request, _t("Noted."))
    return redirect("quality_action", row.pk)


def _action(request: HttpRequest, pk: int) -> CorrectiveAction:
    rows = request.access.see(CorrectiveAction).select_related(
        "check_made__ticket__site", "check_made__grid", "owner", "procedure", "mended_by",
        "done_by", "verified_by",
    )  # fmt: skip
    found: CorrectiveAction = get_object_or_404(rows, pk=pk)
    return found


# The grid -----------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def grid(request: HttpRequest) -> HttpResponse:
    """Show what every check asks; the lead adds questions of her own, or switches them off."""
    checkers_only(request)
    held = request.access.see(QualityGrid).select_related("made_by").first()
    own = list(held.own) if held else []
    context: dict[str, Any] = {"held": held, "runs": request.access.runs_pool, "tabs": TABS}
    status = 200
    if request.method == "POST":
        own = [_question(request, one) for one in range(len(own) + 1)]
        try:
            QualityGrid.change(own, by=request.person, seen=seen(request) or 0)
            messages.success(request, _t("The next checks ask so."))
            return redirect("quality_grid")
        except Problem as problem:
            context["error"], status = in_words(problem), 422
    context |= {
        "own": own if status == 422 else [*own, {"on": True}],
        "common": _common(),
    }
    return render(request, "records/grid.html", context, status=status)


def _question(request: HttpRequest, place: int) -> dict[str, Any]:
    return {
        "key": typed(request, f"key-{place}"),
        "fr": typed(request, f"fr-{place}"),
        "en": typed(request, f"en-{place}"),
        "critical": f"critical-{place}" in request.POST,
        "on": f"on-{place}" in request.POST,
    }


def _common() -> list[tuple[Any, str]]:
    return [(one, words) for one, words, _mark, _word in QualityCheck().lines]

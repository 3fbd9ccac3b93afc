"""Mail: the mailboxes that are read, the server that sends, and every letter of the outbox."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from relais.desk import mail_settings
from relais.desk.mail_forms import MailboxForm, SendingForm, ServerForm
from relais.desk.models import Letter, Mailbox, SendingServer
from relais.lib.listing import Choice, Column, Empty, Listing, answer
from relais.lib.problem import Problem
from relais.people import organisation

from .lead import PERIODS, lead_only, since
from .tickets import in_words

State = Letter.State
TONES = {
    "well": "good",
    "waiting": "neutral",
    "off": "neutral",
    "failing": "bad",
    "silent": "warn",
}
HEALTH = {
    "well": pgettext_lazy("mailbox", "Works"),
    "waiting": pgettext_lazy("mailbox", "Not tried yet"),
    "off": pgettext_lazy("mailbox", "Switched off"),
    "failing": pgettext_lazy("mailbox", "Fails"),
    "silent": pgettext_lazy("mailbox", "Nobody reads it: is the mail process running?"),
}
LETTER_TONES = {
    State.SENT: "good",
    State.FAILED: "bad",
    State.RETURNED: "bad",
    State.DOUBT: "warn",
    State.WAITING: "info",
    State.SENDING: "info",
    State.WITHHELD: "neutral",
}
TO_SEE = (State.FAILED, State.RETURNED, State.DOUBT)


@login_required
@require_safe
def mail(request: HttpRequest) -> HttpResponse:
    """Show where mails come in and go out, and how well that works."""
    lead_only(request)
    now = timezone.now()
    boxes = list(request.access.see(Mailbox))
    sending = request.access.see(SendingServer).first()
    for server in [*boxes, *([sending] if sending else [])]:
        server.shown = HEALTH[server.health(now)]
        server.tone = TONES[server.health(now)]
        server.said = mail_settings.told_of(server.problem)
    counts = request.access.see(Letter).order_by().values_list("state").annotate(n=Count("pk"))
    known = dict(counts)
    letters = [
        (state, State(state).label, known[state], LETTER_TONES[state])
        for state in (State.WAITING, State.SENDING, *TO_SEE)
        if known.get(state)
    ]
    context = {"boxes": boxes, "sending": sending, "letters": letters}
    return render(request, "desk/mail.html", context)


@login_required
def mailbox_new(request: HttpRequest) -> HttpResponse:
    """Let another mailbox be read."""
    lead_only(request)
    box = Mailbox(provider_id=request.person.provider_id, port=993)
    return _edit(request, MailboxForm(request.POST or None, instance=box), _t("Read a mailbox"))


@login_required
def mailbox_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change how a mailbox is read."""
    lead_only(request)
    rows = request.access.see(Mailbox)
    box = get_object_or_404(rows.select_for_update() if request.method == "POST" else rows, pk=pk)
    return _edit(request, MailboxForm(request.POST or None, instance=box), box.address)


@login_required
def sending_edit(request: HttpRequest) -> HttpResponse:
    """Set up the server by which letters leave."""
    lead_only(request)
    server = request.access.see(SendingServer).first()
    server = server or SendingServer(
        provider_id=request.person.provider_id, port=465, sender=request.person.provider.inbox
    )
    boxes = request.access.see(Mailbox)
    form = SendingForm(request.POST or None, instance=server, boxes=boxes)
    return _edit(request, form, _t("Sending server"))


def _edit(request: HttpRequest, form: ServerForm, title: str) -> HttpResponse:
    """Return the page of the form: tried when that was pressed, kept when it was saved."""
    tried = None
    if request.method == "POST" and form.is_valid():
        if "try" in request.POST:
            box = form.instance
            is_box = isinstance(box, Mailbox)
            tried = mail_settings.try_mailbox(box) if is_box else mail_settings.try_sending(box)
        else:
            row = organisation.keep(form, by=request.person)
            if row is not None:
                messages.success(request, _t("Saved."))
                return redirect("mail")
    context = {"form": form, "title": title, "tried": tried}
    status = 422 if form.errors and form.is_bound else 200
    return render(request, "desk/mail_server.html", context, status=status)


# Letters ------------------------------------------------------------------------------------------


def _by_state(rows: Any, value: str) -> Any:
    if value == "see":
        return rows.filter(state__in=TO_SEE)
    return rows.filter(state=value) if value else rows


LETTERS = Listing(
    name="letters",
    title=_("Letters"),
    columns=(
        Column(
            "created",
            _("Written"),
            lambda x: x.created_at,
            sort="created_at",
            template="desk/_letter_at_cell.html",
        ),
        Column("to", _("To"), lambda x: x.to, sort="to", note=lambda x: x.shown_subject),
        Column(
            "ticket",
            _("Request"),
            lambda x: x.ticket.reference if x.ticket else "",
            url=lambda x: f"/tickets/{x.ticket_id}/" if x.ticket_id else None,
        ),
        Column(
            "state",
            _("State"),
            lambda x: x.get_state_display(),
            sort="state",
            tone=lambda x: LETTER_TONES[x.state],
            note=lambda x: x.error,
        ),
        Column("tries", _("Tries"), lambda x: x.attempts, number=True),
        Column("decide", _("To decide"), lambda x: "", template="desk/_letter_actions_cell.html"),
    ),
    search=("to",),
    search_label=_("Address"),
    filters=(
        Choice(
            "state",
            _("State"),
            lambda: [("", _t("All")), ("see", _t("To be seen to")), *State.choices],
            _by_state,
        ),
        Choice("period", _("Period"), lambda: PERIODS, lambda r, v: since(r, v, "created_at")),
    ),
    order="-created",
    prepare=lambda rows: rows.select_related("ticket").defer("body"),
    empty=Empty(
        _("No letter yet"), _("Every answer that leaves by mail is listed here, sent or not.")
    ),
)


@login_required
@require_safe
def letters(request: HttpRequest) -> HttpResponse:
    """List the letters: waiting, sent, failed and why."""
    lead_only(request)
    return answer(request, LETTERS, request.access.see(Letter))


def _find(request: HttpRequest, pk: int) -> Letter:
    lead_only(request)
    return get_object_or_404(request.access.see(Letter), pk=pk)


@login_required
@require_POST
def letter_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a letter (again)."""
    letter = _find(request, pk)
    return _done(request, lambda: letter.retry(by=request.person), _t("It is sent again."))


@login_required
@require_POST
def letter_arrived(request: HttpRequest, pk: int) -> HttpResponse:
    """Count a letter as sent."""
    letter = _find(request, pk)
    return _done(request, lambda: letter.arrived(by=request.person), _t("Counted as sent."))


def _done(request: HttpRequest, verb: Any, told: str) -> HttpResponse:
    try:
        verb()
    except Problem as problem:
        messages.error(request, in_words(problem))
    else:
        messages.success(request, told)
    return redirect(f"{request.POST.get('back') or ''}" if _own(request) else "letters")


def _own(request: HttpRequest) -> bool:
    """Return whether the form says which list of letters it was on."""
    return str(request.POST.get("back", "")).startswith("/mail/letters/")

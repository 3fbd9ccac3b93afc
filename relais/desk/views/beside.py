"""The verbs beside the thread: steering, approvals, commitments, time, feedback."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from relais.desk import calling, verb_forms
from relais.desk.models import (
    Approval,
    Arbitration,
    ClarityMark,
    Commitment,
    Rating,
    Ticket,
    TimeEntry,
)
from relais.lib.problem import Problem
from relais.people.models import Person

from .files import in_words
from .tickets import find, shown, version_of

Act = Callable[[Ticket, Person, dict[str, Any]], object]


def _verb(name: str, act: Act, done: Callable[[], str]) -> Callable[..., HttpResponse]:
    """Return the view of a verb with a form: refused, the page shows it as it was typed."""

    @login_required
    @require_POST
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        found = find(request, pk)
        kind = verb_forms.BY_VERB[name].kind
        form = kind(request.POST, ticket=found, access=request.access)
        _open_choices(form, name, request)
        status = 422
        if form.is_valid():
            try:
                if name in VERSIONED:
                    found.expect(version_of(request.POST))
                act(found, request.person, form.cleaned_data)
            except Problem as refusal:
                form.add_error(None, in_words(refusal))
                messages.error(request, in_words(refusal))
                status = 409
            else:
                messages.success(request, done())
                return redirect("ticket", pk)
        context = shown(request, find(request, pk), {name: form})
        context |= {"typed_verb": name, "conflict": True}
        return render(request, "desk/ticket.html", context, status=status)

    view.__name__ = name
    view.__doc__ = f"Do `{name}` to a ticket."
    return view


# These move the ticket's own row: what was read must still stand.
VERSIONED = {"reprioritise", "rescope", "reclassify", "postpone", "ask_approval",
             "hold", "unhold", "confirm", "pin", "unpin", "call_in"}  # fmt: skip


def _open_choices(form: verb_forms.VerbForm, name: str, request: HttpRequest) -> None:
    """Let a forbidden choice come through to the verb, which refuses it and keeps the attempt."""
    field = form.fields.get("priority") or form.fields.get("confidentiality")
    if field is not None:
        chosen = {"reprioritise": Ticket.Priority, "reclassify": verb_forms.Confidentiality}
        field.choices = chosen[name].choices


reprioritise = _verb(
    "reprioritise",
    lambda ticket, by, sent: ticket.reprioritise(sent["priority"], sent["reason"], by=by),
    lambda: _("The priority is changed; the deadlines that run follow it."),
)
rescope = _verb(
    "rescope",
    lambda ticket, by, sent: ticket.rescope(
        sent["reason"],
        by=by,
        service=sent["service"],
        site=sent["site"],
        wanted_by=sent["wanted_by"],
    ),
    lambda: _("The scope is changed; the deadlines stay."),
)
reclassify = _verb(
    "reclassify",
    lambda ticket, by, sent: ticket.reclassify(sent["confidentiality"], sent["reason"], by=by),
    lambda: _("The confidentiality is changed."),
)
postpone = _verb(
    "postpone",
    lambda ticket, by, sent: ticket.postpone(sent["wanted_by"], by=by),
    lambda: _("Your wish is noted."),
)
arbitrate = _verb(
    "arbitrate",
    lambda ticket, by, sent: Arbitration.ask(ticket, sent["other"], sent["question"], by=by),
    lambda: _("The client lead is asked to decide."),
)
ask_approval = _verb(
    "ask_approval",
    lambda ticket, by, sent: Approval.ask(ticket, sent["amount"], sent["text"], by=by),
    lambda: _("The amount is noted; above the ceiling, whoever approves it is told."),
)
promise = _verb(
    "promise",
    lambda ticket, by, sent: Commitment.promise(
        ticket, sent["kind"], sent["due_at"], sent["text"], by=by, beyond=sent["beyond"]
    ),
    lambda: _("The requester reads your commitment."),
)
mark_clarity = _verb(
    "mark_clarity",
    lambda ticket, by, sent: ClarityMark.mark(ticket, sent["missing"], sent["note"], by=by),
    lambda: _("Noted, thank you."),
)
rate = _verb(
    "rate",
    lambda ticket, by, sent: Rating.rate(
        ticket, sent["score"], sent["effort"], sent["comment"], by=by
    ),
    lambda: _("Thank you. You may change it for two weeks."),
)

hold = _verb(
    "hold",
    lambda ticket, by, sent: ticket.hold(sent["reason"], by=by, until=sent["until"]),
    lambda: _("Held: dispatch leaves it alone. Its deadlines go on."),
)
unhold = _verb(
    "unhold",
    lambda ticket, by, sent: ticket.unhold(by=by),
    lambda: _("Released: dispatch has it again."),
)
confirm = _verb(
    "confirm",
    lambda ticket, by, sent: ticket.confirm(sent["to"], sent["why"], by=by),
    lambda: _("Given."),
)
pin = _verb(
    "pin",
    lambda ticket, by, sent: ticket.pin(sent["to"], sent["why"], by=by),
    lambda: _("Reserved: nobody else gets it."),
)
unpin = _verb(
    "unpin",
    lambda ticket, by, sent: ticket.unpin(by=by),
    lambda: _("Anybody may have it again."),
)
call_in = _verb(
    "call_in",
    lambda ticket, by, sent: calling.call_in(ticket, sent["to"], by=by),
    lambda: _("She covers the site and has the request."),
)

VERBS = {
    view.__name__: view
    for view in (
        reprioritise,
        rescope,
        reclassify,
        postpone,
        arbitrate,
        ask_approval,
        promise,
        mark_clarity,
        rate,
        hold,
        unhold,
        confirm,
        pin,
        unpin,
        call_in,
    )
}


# Things of a ticket -------------------------------------------------------------------------------


def _of(request: HttpRequest, model: Any, pk: int) -> Any:
    return get_object_or_404(
        request.access.see(model).select_related("ticket__company", "ticket__site"), pk=pk
    )


def _do(request: HttpRequest, pk: int, act: Callable[[], object], done: str) -> HttpResponse:
    """Do one thing on a ticket and go back to it, with what stopped it if something did."""
    try:
        act()
    except Problem as refusal:
        messages.error(request, in_words(refusal))
        status = 409
        return render(request, "desk/ticket.html", shown(request, find(request, pk)), status=status)
    messages.success(request, done)
    return redirect("ticket", pk)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 7 else -1


@login_required
@require_POST
def keep(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that a commitment is done."""
    found = _of(request, Commitment, pk)
    return _do(request, found.ticket_id, lambda: found.keep(by=request.person), _("Noted."))


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a commitment back."""
    found = _of(request, Commitment, pk)
    reason = request.POST.get("reason", "").replace("\x00", "")
    return _do(
        request, found.ticket_id, lambda: found.withdraw(reason, by=request.person), _("Noted.")
    )


@login_required
@require_POST
def add_time(request: HttpRequest, pk: int) -> HttpResponse:
    """Note some minutes: one of the touches, or a number."""
    found = find(request, pk)
    if request.access.is_client:
        raise Http404
    minutes = _number(request.POST.get("minutes", ""))
    try:
        token = uuid.UUID(request.POST.get("token", ""))
    except ValueError:
        token = None
    return _do(
        request,
        pk,
        lambda: TimeEntry.add(found, minutes, by=request.person, token=token),
        _("%(minutes)s min noted.") % {"minutes": minutes},
    )


@login_required
@require_POST
def start_timer(request: HttpRequest, pk: int) -> HttpResponse:
    """Start my timer on a ticket."""
    found = find(request, pk)
    if request.access.is_client:
        raise Http404
    return _do(
        request, pk, lambda: TimeEntry.start(found, by=request.person), _("Your timer runs.")
    )


@login_required
@require_POST
def stop_timer(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop my timer."""
    found = _of(request, TimeEntry, pk)
    return _do(
        request,
        found.ticket_id,
        lambda: found.runs and found.stop(by=request.person),  # stopped already is stopped
        _("The timer is stopped."),
    )


@login_required
@require_POST
def correct_time(request: HttpRequest, pk: int) -> HttpResponse:
    """Set noted minutes right."""
    found = _of(request, TimeEntry, pk)
    minutes = _number(request.POST.get("minutes", ""))
    reason = request.POST.get("reason", "").replace("\x00", "")
    return _do(
        request,
        found.ticket_id,
        lambda: found.correct(minutes, reason, by=request.person),
        _("Set right."),
    )

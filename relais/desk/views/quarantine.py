"""Mails that could not be placed: each waits here for one decision of the lead."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from relais.desk import mailbox
from relais.desk.models import Message
from relais.lib.problem import Problem
from relais.people.models import Person

from .lead import lead_only
from .tickets import in_words

ASIDE = Message.Quarantine.SET_ASIDE
ON_PAGE = 20


@login_required
@require_safe
def quarantine(request: HttpRequest) -> HttpResponse:
    """Show the mails to place, the oldest first; `?aside=1`: those set aside."""
    lead_only(request)
    return _page(request)


def _page(request: HttpRequest, status: int = 200, **more: object) -> HttpResponse:
    aside = request.GET.get("aside") == "1"
    waiting = request.access.see(Message).filter(ticket=None).defer("raw")
    waiting = waiting.prefetch_related("files__file")
    waiting = waiting.filter(quarantine=ASIDE) if aside else waiting.exclude(quarantine=ASIDE)
    page = Paginator(waiting.order_by("at", "id"), ON_PAGE).get_page(request.GET.get("page"))
    suggest(request, page.object_list)
    context = {"page": page, "aside": aside, **more}
    return render(request, "desk/quarantine.html", context, status=status)


def suggest(request: HttpRequest, mails: Iterable[Message]) -> None:
    """Put on each mail whom it may be from: who has the address, or its local part elsewhere."""
    local = {m.sender_address.partition("@")[0].lower() for m in mails if m.sender_address}
    local -= {"", "contact", "info", "no-reply", "noreply", "postmaster", "mailer-daemon"}
    people = request.access.see(Person).exclude(company=None).filter(archived_at=None)
    known: dict[str, list[Person]] = {}
    if local:
        pattern = "^(" + "|".join(_escaped(word) for word in sorted(local)) + ")@"
        for person in people.filter(email__iregex=pattern)[:100]:
            known.setdefault(person.email.partition("@")[0].lower(), []).append(person)
    for mail in mails:
        mail.suggested = known.get(mail.sender_address.partition("@")[0].lower(), [])[:2]


def _escaped(word: str) -> str:
    return "".join(c if c.isalnum() else f"\\{c}" if c.isascii() else "." for c in word)


def _find(request: HttpRequest, pk: int) -> Message:
    lead_only(request)
    return get_object_or_404(request.access.see(Message).filter(ticket=None), pk=pk)


@login_required
@require_POST
def attach(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a request of the mail, in the name of a known person."""
    mail = _find(request, pk)
    people = request.access.see(Person).exclude(company=None).filter(archived_at=None)
    chosen, typed = request.POST.get("person", ""), request.POST.get("email", "").strip()
    if chosen.isdecimal() and len(chosen) < 19:
        person = people.filter(pk=chosen).first()
    else:
        person = people.filter(email__iexact=typed).first() if typed else None
    if person is None:
        messages.error(request, _("Nobody of your clients has the address “%s”.") % typed)
        return _page(request, 422, typed=typed, typed_for=pk)
    try:
        ticket = mailbox.admit(mail, person, by=request.person)
    except Problem as problem:
        messages.error(request, in_words(problem))
        return _page(request, 409, typed=typed, typed_for=pk)
    told = _("%(reference)s was made of it, asked by %(name)s.")
    messages.success(request, told % {"reference": ticket.reference, "name": person.name})
    return redirect("quarantine")


@login_required
@require_POST
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the mail aside: it is kept, and can still be placed."""
    mail = _find(request, pk)
    try:
        mailbox.set_aside(mail, by=request.person)
    except Problem as problem:
        messages.error(request, in_words(problem))
        return _page(request, 409)
    messages.success(request, _("Set aside. It is kept under “Set aside”, if that was a slip."))
    return redirect("quarantine")

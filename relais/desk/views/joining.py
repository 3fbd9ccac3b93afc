"""Beside one ticket: undo a slip, link, merge and part, and what may be the same."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from relais.desk import duplicates, filing, surroundings
from relais.desk.models import Link, Message, Ticket
from relais.lib.problem import Problem
from relais.offer.models import Service
from relais.people.models import Person

from . import files
from .files import in_words
from .lead import lead_only
from .tickets import SAME, find, lost, shown, text_of, version_of

_NUMBER = re.compile(r"(?:R-|/tickets/)?0*(\d{1,18})/?\s*$", re.IGNORECASE)
VERB_OF = {event: verb for verb, event in SAME.items()} | {"noted": "note"}


def _to_ticket(
    name: str, act: Callable[[HttpRequest, Ticket], tuple[str, int]]
) -> Callable[..., HttpResponse]:
    """Return the view of a verb; `act` says what was done, and which ticket is shown next."""

    @login_required
    @require_POST
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        found = find(request, pk)
        try:
            found.expect(version_of(request.POST))
            told, to = act(request, found)
        except Problem as refusal:
            return lost(request, pk, name, refusal)
        messages.success(request, told)
        return redirect("ticket", to)

    view.__name__ = name
    view.__doc__ = f"Do `{name}` to a ticket."
    return view


def other_of(request: HttpRequest, field: str) -> Ticket:
    """Return the ticket that was named by number, reference or address. Raises `NoSuchTicket`."""
    typed = request.POST.get(field, "").strip()
    number = _NUMBER.search(typed)
    found = request.access.see(Ticket).filter(pk=number[1]).first() if number else None
    if found is None:
        raise NoSuchTicket(typed=typed[:40])
    return found


class NoSuchTicket(Problem):
    """Nothing that this person sees has this number."""

    message = gettext_noop(
        "“%(typed)s” is no request that you can see: write its reference, such as R-000142."
    )


def _merge(request: HttpRequest, ticket: Ticket) -> tuple[str, int]:
    live = ticket.merge(other_of(request, "other"), by=request.person)
    told = _("%(first)s is handled within %(second)s from now on; its requester is told.")
    return told % {"first": ticket.reference, "second": live.reference}, live.pk


def _part(request: HttpRequest, ticket: Ticket) -> tuple[str, int]:
    live = ticket.part(by=request.person)
    told = _(
        "%(first)s is on its own again: its deadlines run as if it had never been merged. What was "
        "written meanwhile stays where it was written: her words here, the service’s answers with "
        "%(second)s, and a copy of them here."
    )
    return told % {"first": ticket.reference, "second": live.reference}, ticket.pk


def _link(request: HttpRequest, ticket: Ticket) -> tuple[str, int]:
    other = other_of(request, "other")
    ticket.link(other, request.POST.get("kind", ""), by=request.person)
    return _("Linked with %(reference)s.") % {"reference": other.reference}, ticket.pk


def _unlink(request: HttpRequest, ticket: Ticket) -> tuple[str, int]:
    key = request.POST.get("link", "")
    seen = request.access.see(Link).select_related("ticket", "other")
    if not key.isdecimal() or len(key) > 18:
        raise Http404
    ticket.unlink(get_object_or_404(seen, pk=key), by=request.person)
    return _("The link was removed."), ticket.pk


merge = _to_ticket("merge", _merge)
part = _to_ticket("part", _part)
link = _to_ticket("link", _link)
unlink = _to_ticket("unlink", _unlink)


@login_required
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's last verb back; the words typed for it stand in the box again."""
    found = find(request, pk)
    try:
        event = found.undo(by=request.person)
    except Problem as refusal:
        return lost(request, pk, "undo", refusal)
    # A merge is undone on the merged one, whichever side was shown.
    mended = event.ticket if event.kind != "absorbed" else found
    last = mended.events.filter(kind="undone").last()
    messages.success(request, surroundings.undone_in_words(last or event))
    mine = request.access.see(Message).filter(sender=request.person, withdrawn_at__isnull=False)
    word = mine.filter(pk=event.facts.get("message", 0)).first()
    if word is None or event.kind in ("merged", "absorbed"):
        return redirect("ticket", mended.pk)
    context = shown(request, find(request, pk))
    context |= {
        "typed": word.body,
        "typed_verb": VERB_OF.get(event.kind, ""),
        "kept_files": filing.again(word, by=request.person),
    }
    return render(request, "desk/ticket.html", context)


# What may be the same ---------------------------------------------------------------------------


@login_required
@require_safe
def alike(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the requests that may be the same as this one."""
    return _left(request, find(request, pk))


@login_required
@require_POST
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that another request is not the same; answer with what is left."""
    found = find(request, pk)
    try:
        duplicates.dismiss(found, other_of(request, "other"), by=request.person)
    except NoSuchTicket:  # a button names it, nobody types it
        raise Http404 from None
    if request.headers.get("HX-Request"):
        return _left(request, found)
    return redirect("ticket", pk)


def _left(request: HttpRequest, found: Ticket) -> HttpResponse:
    context = {
        "ticket": found,
        "suggestions": duplicates.of_ticket(request.access, found)[:3],
        "may_join": surroundings.rules.may("merge", found, request.person),
    }
    return render(request, "desk/_alike.html", context)


@login_required
@require_POST
def alike_at_entry(request: HttpRequest, code: str) -> HttpResponse:
    """Show, while somebody types a request, those that may be the same."""
    return _entry(request, code)


def _entry(request: HttpRequest, code: str, problem: str = "") -> HttpResponse:
    service = get_object_or_404(request.access.see(Service), code=code)
    person = _asker(request)
    subject, body = _words(request)
    site = request.POST.get("site", "")
    refused = not_same(request)
    found = []
    if person is not None and len(subject.strip()) > 3:
        found = duplicates.at_entry(
            request.access,
            company=person.company_id,
            subject=subject,
            body=body,
            service=service.pk,
            requester=person.pk,
            site=int(site) if site.isdecimal() and len(site) < 19 else person.site_id,
        )
    context = {
        "suggestions": [one for one in found if one.ticket.pk not in refused][:3],
        "not_same": refused,
        "code": code,
        "problem": problem,
    }
    return render(request, "desk/_alike_entry.html", context)


@login_required
@require_POST
def same(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Add what was typed for a new request to the one that asks for the same; go there."""
    found = find(request, pk)
    subject, body = _words(request)
    text = "\n\n".join(part for part in (subject.strip(), body.strip()) if part)
    try:
        found.carry(files.gathered(request))
        if request.access.is_client:
            found.reply(text, by=request.person)
        else:  # what was said on the telephone is no word of the service
            found.note(text, by=request.person)
    except Problem as refusal:
        return _entry(request, code, in_words(refusal))
    told = _("Added to %(reference)s: no second request was made.")
    messages.success(request, told % {"reference": found.reference})
    return HttpResponseClientRedirect(reverse("ticket", args=[found.pk]))


@login_required
@require_safe
def alike_to_mail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a mail of the quarantine may be about."""
    lead_only(request)
    mail = get_object_or_404(request.access.see(Message).filter(ticket=None), pk=pk)
    found = duplicates.of_mail(request.access, mail, mail.sender)[:3]
    return render(request, "desk/_alike_entry.html", {"suggestions": found})


def not_same(request: HttpRequest) -> list[int]:
    """Return the requests of which somebody said at entry that they are not the same."""
    keys = {key for key in request.POST.getlist("not_same") if key.isdecimal() and len(key) < 19}
    return sorted(map(int, keys))[:50]


def _words(request: HttpRequest) -> tuple[str, str]:
    subject, body = (text_of(request.POST, name) for name in ("subject", "body"))
    return subject[:300], body


def _asker(request: HttpRequest) -> Person | None:
    """Return who asks: the client herself, or whom staff writes it down for."""
    if request.access.is_client:
        return request.person
    typed = text_of(request.POST, "asked_by").strip()
    people = request.access.see(Person).exclude(company=None).filter(archived_at=None)
    return people.filter(email__iexact=typed).first() if typed else None

"""Mails that could not be placed: each waits here for one decision, which can be taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from relais.desk import placing
from relais.desk.models import Message
from relais.lib.problem import Problem
from relais.people.models import Person, Site

from .lead import lead_only
from .tickets import in_words

ON_PAGE = 20
MANY = ("contact", "info", "no-reply", "noreply", "postmaster", "mailer-daemon", "hello", "admin")
# Addresses of everybody: who shares them is nobody's colleague for that.
PUBLIC = {
    "gmail.com", "googlemail.com", "outlook.com", "outlook.fr", "hotmail.com", "hotmail.fr",
    "live.fr", "yahoo.com", "yahoo.fr", "orange.fr", "wanadoo.fr", "free.fr", "sfr.fr",
    "laposte.net", "icloud.com", "gmx.de", "gmx.net", "web.de", "proton.me", "protonmail.com",
}  # fmt: skip


@login_required
@require_safe
def quarantine(request: HttpRequest) -> HttpResponse:
    """Show the mails to place, the oldest first; `?aside=1`: those decided without a request."""
    lead_only(request)
    return _page(request)


def _page(request: HttpRequest, status: int = 200, **more: object) -> HttpResponse:
    aside = request.GET.get("aside") == "1"
    mails = request.access.see(Message).filter(ticket=None).defer("raw", "original")
    rows = mails.filter(quarantine__in=Message.DECIDED)
    if not aside:
        rows = mails.exclude(quarantine__in=Message.DECIDED)
    order = ("-decided_at", "-id") if aside else ("at", "id")
    rows = rows.prefetch_related("files__file")
    page = Paginator(rows.order_by(*order), ON_PAGE).get_page(request.GET.get("page"))
    suggest(request, page.object_list)
    context = {
        "page": page,
        "aside": aside,
        "done": _decided(request),
        "robots": 0 if aside else mails.filter(quarantine__in=placing.ROBOTS).count(),
        "sites": list(request.access.see(Site).filter(archived_at=None).select_related("company")),
        **more,
    }
    return render(request, "desk/quarantine.html", context, status=status)


def _decided(request: HttpRequest) -> Message | None:
    """Return the mail that was decided on a moment ago, to offer that it be taken back."""
    asked = request.GET.get("done", "")
    if not asked.isdecimal() or len(asked) > 18:
        return None
    mails = request.access.see(Message).exclude(held_as="").defer("raw")
    return mails.filter(pk=asked).select_related("ticket").first()


def suggest(request: HttpRequest, mails: Iterable[Message]) -> None:
    """Put on each mail whom it may be from, and at which sites people of its domain work.

    Who has the address that is spoken of, or its local part elsewhere; two questions in all.
    """
    mails = list(mails)
    spoken = {mail.pk: _spoken_of(mail) for mail in mails}
    addresses = {address for one in spoken.values() for address in one}
    known = _people(request, {address.partition("@")[0] for address in addresses} - {"", *MANY})
    domains = {address.rpartition("@")[2] for address in addresses} - {"", *PUBLIC}
    places = _places(request, domains)
    for mail in mails:
        found = [p for a in spoken[mail.pk] for p in known.get(a.partition("@")[0], [])]
        mail.suggested = list(dict.fromkeys(found))[:3]
        near = [s for a in spoken[mail.pk] for s in places.get(a.rpartition("@")[2], [])]
        mail.places = list(dict.fromkeys(near))[:3] if mail.sender_address else []
        first, _space, last = str(mail.reasons.get("name", "")).strip().partition(" ")
        mail.first, mail.last = (first, last) if last else ("", first)


def _spoken_of(mail: Message) -> list[str]:
    """Return the addresses that a mail speaks of: its sender's, and whose mail it passes on."""
    passed = mail.reasons.get("passed_on") or {}
    found = [mail.sender_address, str(passed.get("author", ""))]
    return [one.lower() for one in found if one]


def _people(request: HttpRequest, local: set[str]) -> dict[str, list[Person]]:
    found: dict[str, list[Person]] = {}
    if not local:
        return found
    pattern = "^(" + "|".join(_escaped(word) for word in sorted(local)) + ")@"
    people = request.access.see(Person).exclude(company=None).filter(archived_at=None)
    for person in people.filter(email__iregex=pattern)[:100]:
        found.setdefault(person.email.partition("@")[0].lower(), []).append(person)
    return found


def _places(request: HttpRequest, domains: set[str]) -> dict[str, list[Site]]:
    """Return the sites where people of each domain work, the one with most of them first."""
    found: dict[str, list[Site]] = {}
    if not domains:
        return found
    pattern = "@(" + "|".join(_escaped(word) for word in sorted(domains)) + ")$"
    people = request.access.see(Person).exclude(site=None).filter(archived_at=None)
    rows = (
        people.filter(email__iregex=pattern, site__archived_at=None)
        .values_list("email", "site_id")
        .annotate(n=Count("pk"))
        .order_by()[:2000]
    )
    counted: dict[tuple[str, int], int] = {}
    for email, site_id, n in rows:
        key = (email.rpartition("@")[2].lower(), site_id)
        counted[key] = counted.get(key, 0) + n
    sites = request.access.see(Site).select_related("company")
    by_key = sites.in_bulk({site_id for _domain, site_id in counted})
    for (domain, site_id), _n in sorted(counted.items(), key=lambda one: -one[1]):
        found.setdefault(domain, []).append(by_key[site_id])
    return found


def _escaped(word: str) -> str:
    return "".join(c if c.isalnum() else f"\\{c}" if c.isascii() else "." for c in word)


# Decisions ---------------------------------------------------------------------------------------


def _find(request: HttpRequest, pk: int) -> Message:
    lead_only(request)
    return get_object_or_404(request.access.see(Message).filter(ticket=None), pk=pk)


def _decide(request: HttpRequest, mail: Message, decision: Callable[[], Any]) -> HttpResponse:
    """Return to the list, where the decision can be taken back; or say what stands against it."""
    try:
        decision()
    except Problem as problem:
        messages.error(request, in_words(problem))
        return _page(request, 409, typed_for=mail.pk, typed=request.POST.get("email", ""))
    return redirect(f"{reverse('quarantine')}?done={mail.pk}")


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0


@login_required
@require_POST
def attach(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a request of the mail, in the name of a known person."""
    mail = _find(request, pk)
    people = request.access.see(Person).exclude(company=None).filter(archived_at=None)
    chosen, typed = request.POST.get("person", ""), request.POST.get("email", "").strip()
    if _number(chosen):
        person = people.filter(pk=chosen).first()
    else:
        person = people.filter(email__iexact=typed).first() if typed else None
    if person is None:
        messages.error(request, _("Nobody of your clients has the address “%s”.") % typed)
        return _page(request, 422, typed=typed, typed_for=pk)
    # Staff pass on for many: their own address is nobody else's.
    remember = mail.sender_id is None and bool(mail.sender_address)
    by = request.person
    return _decide(request, mail, lambda: placing.admit(mail, person, by=by, remember=remember))


@login_required
@require_POST
def create(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a person of the sender, at a site, and a request of the mail."""
    mail = _find(request, pk)
    sites = request.access.see(Site).filter(archived_at=None)
    site = sites.filter(pk=_number(request.POST.get("site", ""))).first()
    if site is None:
        messages.error(request, _("Choose the site where this person works."))
        return _page(request, 422, typed_for=pk)
    names = {
        "first_name": request.POST.get("first_name", "").strip(),
        "last_name": request.POST.get("last_name", "").strip(),
    }
    by = request.person
    return _decide(request, mail, lambda: placing.admit_new(mail, site=site, by=by, **names))


@login_required
@require_POST
def set_aside(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the mail aside: it is kept, and can still be placed."""
    mail = _find(request, pk)
    return _decide(request, mail, lambda: placing.set_aside(mail, by=request.person))


@login_required
@require_POST
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Take nothing from this address."""
    mail = _find(request, pk)
    return _decide(request, mail, lambda: placing.refuse(mail, by=request.person))


@login_required
@require_POST
def spam(request: HttpRequest, pk: int) -> HttpResponse:
    """Call it spam, and what else comes from there."""
    mail = _find(request, pk)
    return _decide(request, mail, lambda: placing.mark_spam(mail, by=request.person))


@login_required
@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a decision: the mail waits again."""
    lead_only(request)
    mail = get_object_or_404(request.access.see(Message).exclude(held_as=""), pk=pk)
    try:
        placing.take_back(mail, by=request.person)
    except Problem as problem:
        messages.error(request, in_words(problem))
        return redirect("quarantine")
    messages.success(request, _("Taken back: the mail waits again."))
    return redirect(f"{reverse('quarantine')}#mail-{pk}")


@login_required
@require_POST
def clear(request: HttpRequest) -> HttpResponse:
    """Set aside in one go what programs wrote."""
    lead_only(request)
    n = placing.clear_robots(by=request.person)
    told = ngettext(
        "%(n)s automatic mail was set aside.", "%(n)s automatic mails were set aside.", n
    )
    messages.success(request, told % {"n": n})
    return redirect("quarantine")

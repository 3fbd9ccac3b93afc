"""Subscriptions to calendars: the page of one's addresses, and the files that programs read."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from relais.lib.rates import MINUTE
from relais.people.models import Site
from relais.planning import subscribing
from relais.planning.models import CalendarLink


@require_safe
def calendar_feed(request: HttpRequest, secret: str) -> HttpResponse:
    """Answer a program: the file, "not modified", or that the address opens nothing."""
    place = request.META.get("REMOTE_ADDR", "")
    try:
        found = subscribing.answer(secret, place, timezone.now())
    except subscribing.TooOften as problem:
        said = HttpResponse(str(problem), status=429, content_type="text/plain; charset=utf-8")
        said.headers["Retry-After"] = str(MINUTE)
        return said
    if found is None:
        raise Http404
    etag, changed = quote_etag(found.mark), int(found.changed_at.timestamp())
    headers = {
        "ETag": etag,
        "Last-Modified": http_date(changed),
        "Cache-Control": "private, no-cache",
        "Content-Disposition": 'inline; filename="relais.ics"',
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
    }
    kind = "text/calendar; charset=utf-8"
    response = HttpResponse(found.body, content_type=kind, headers=headers)
    answered: HttpResponse = get_conditional_response(request, etag, changed, response)
    return answered


@login_required
@require_safe
def calendar_links(request: HttpRequest) -> HttpResponse:
    """Show to which calendars I can subscribe, and which addresses stand."""
    return render(request, "planning/links.html", _context(request))


@require_POST
@never_cache
@login_required
def calendar_link_make(request: HttpRequest) -> HttpResponse:
    """Make an address, or make it anew, and show it, this once."""
    site = wanted_site(request, request.POST.get("site", ""))
    link, secret = CalendarLink.make(request.person, site)
    context = {"link": link, "address": subscribing.address_of(secret)}
    return render(request, "planning/link_made.html", context)


@require_POST
@login_required
def calendar_link_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Close an address for good."""
    link = get_object_or_404(request.access.see(CalendarLink), pk=pk)
    if link.revoke():
        messages.success(request, _("The address opens nothing any more."))
    else:
        messages.info(request, _("This address was revoked before."))
    return redirect("calendar_links")


def wanted_site(request: HttpRequest, key: str) -> Site | None:
    """Return the site asked for, None for one's own days. Raises `Http404`."""
    if not key:
        return None
    if not key.isdecimal() or len(key) > 18:
        raise Http404
    found: Site = get_object_or_404(request.access.see(Site).filter(archived_at=None), pk=int(key))
    return found


def _context(request: HttpRequest) -> dict[str, Any]:
    access = request.access
    open_ones = access.see(CalendarLink).filter(revoked_at=None).select_related("person", "site")
    links = list(open_ones[:500])
    mine = {link.site_id: link for link in links if link.person_id == request.person.pk}
    sites = list(access.see(Site).filter(archived_at=None).order_by("name_key", "pk")[:200])
    return {
        "own": mine.get(None),
        "sites": [(site, mine.get(site.pk)) for site in sites],
        "others": [link for link in links if link.person_id != request.person.pk],
    }

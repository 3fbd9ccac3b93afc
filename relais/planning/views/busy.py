"""My calendars that are read here: enter one, read it again, remove it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from relais.planning import busy
from relais.planning.busy_forms import BusyForm
from relais.planning.models import BusySource


@login_required
def busy_sources(request: HttpRequest) -> HttpResponse:
    """Show my calendars that are read here, and take another one."""
    form = BusyForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        made = form.keep(request.person)
        if made is not None:
            told = ngettext(
                "“%(name)s” is read: %(n)d event.", "“%(name)s” is read: %(n)d events.", made.events
            )
            messages.success(request, told % {"name": made.name, "n": made.events})
            return redirect("busy_sources")
    sources = request.access.see(BusySource)
    context = {"sources": sources, "form": form}
    return render(request, "planning/busy.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def busy_read_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Read a calendar again, now."""
    source = get_object_or_404(request.access.see(BusySource).select_related("person"), pk=pk)
    if busy.read_again(source):
        messages.success(request, _("“%(name)s” was read again.") % {"name": source.name})
    else:
        source.refresh_from_db()
        messages.error(request, source.fault)
    return redirect("busy_sources")


@require_POST
@login_required
def busy_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a calendar and every time of it."""
    source = get_object_or_404(request.access.see(BusySource), pk=pk)
    name = source.name
    source.delete()
    messages.success(request, _("“%(name)s” is forgotten, with its times.") % {"name": name})
    return redirect("busy_sources")

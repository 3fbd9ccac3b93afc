"""Files of the threads: sent ahead of a form, taken back, shown or handed out."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from relais.desk import filing
from relais.desk.handing_out import served
from relais.desk.models import Attachment
from relais.lib.problem import Problem


def in_words(problem: Problem) -> str:
    """Return what is wrong in the reader's language."""
    return _(problem.message) % problem.values


@login_required
@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Keep one file as the person's draft; answer with its line for the form, or why not."""
    try:
        found = gathered(request)[-1:]
        if not found:
            raise filing.Empty(name="…")
    except Problem as problem:
        return HttpResponse(in_words(problem), status=422, content_type="text/plain; charset=utf-8")
    return render(request, "desk/_draft_file.html", {"file": found[0]}, status=201)


@login_required
@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own draft back."""
    mine = request.access.see(Attachment).filter(message=None, by=request.person)
    filing.drop(get_object_or_404(mine, pk=pk), by=request.person)
    return HttpResponse(status=204)


@login_required
@require_safe
def file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show or hand out a file that this person may see."""
    seen = request.access.see(Attachment).select_related("file")
    return served(request, get_object_or_404(seen, pk=pk))


def gathered(request: HttpRequest) -> list[Attachment]:
    """Return the files of a form: those sent ahead and those that come with it, as drafts.

    Raises what `filing.draft` raises; what was kept before is kept (see `still_there`).
    """
    kept = request.drafted = filing.drafts(request.POST.getlist("attached"), by=request.person)
    for sent in request.FILES.getlist("files"):
        kept.append(filing.draft(sent, by=request.person))
    for name in getattr(request, "too_long", ()):
        raise filing.TooLarge(name=name, limit=filing.settings.ATTACHMENT_MB)
    filing.check_number(kept)
    return kept


def still_there(request: HttpRequest) -> list[Attachment]:
    """Return the drafts of a form that was refused, to be shown in it again."""
    if not hasattr(request, "drafted"):
        return filing.drafts(request.POST.getlist("attached"), by=request.person)
    return list(request.drafted)

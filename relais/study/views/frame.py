"""What every page of a study shares: how the study is found, its tabs, and its heading."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from relais.study.models import Study
from relais.study.tabs import tabs_of


def study_of(request: HttpRequest, pk: int) -> Study:
    """Return a study that this person sees, else "not found"; with its people."""
    seen = request.access.see(Study).select_related("company", "pilot", "sponsor")
    return get_object_or_404(seen, pk=pk)


def led_study(request: HttpRequest, pk: int) -> Study:
    """Return a study that this person leads, else "not found"."""
    study = study_of(request, pk)
    if not study.may_lead(request.person):
        raise Http404
    return study


def framed(
    request: HttpRequest,
    study: Study,
    tab: str,
    template: str,
    context: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    """Return a page of a study under its tabs; `template` extends study/_study.html."""
    shared = {
        "study": study,
        "leads": study.may_lead(request.person),
        "tabs": tabs_of(request.access, study, tab),
    }
    return render(request, template, shared | context, status=status)

"""What the pages of the workshop share: which study, and who may read or lead it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest

from relais.desk.views.files import in_words
from relais.lib.problem import Problem
from relais.study.models import Study
from relais.study.reading import reads

from .frame import study_of


def read(request: HttpRequest, pk: int) -> Study:
    """Return a study whose workshop this person reads, else "not found"."""
    study = study_of(request, pk)
    if not reads(request.access, study):
        raise Http404
    return study


def changeable(request: HttpRequest, study: Study) -> bool:
    """Return whether this person may type into the study now; a POST of others is "not found"."""
    may = study.may_lead(request.person) and study.is_changeable
    if request.method == "POST" and not may:
        raise Http404
    return may


def done(request: HttpRequest, verb: Callable[[], Any], said: str) -> bool:
    """Do it and say so, or say why not; return whether it was done."""
    try:
        verb()
    except Problem as problem:
        messages.error(request, in_words(problem))
        return False
    messages.success(request, said)
    return True

"""Who comes in: the doors of the pages, and the things behind them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_required
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

M = TypeVar("M", bound=Model)
View = Callable[..., HttpResponse]


def signed_in(view: View) -> View:
    """Let in whoever has an account and a person; an account without a person finds nothing."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.access is None:
            raise Http404
        return view(request, *args, **kwargs)

    return login_required(guarded)


def organiser(view: View) -> View:
    """Let in whoever may change the organisation; for everybody else there is no such page."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.access.may_organise():
            raise Http404
        return view(request, *args, **kwargs)

    return signed_in(guarded)


def seen(request: HttpRequest, rows: type[M] | QuerySet[M], pk: int) -> M:
    """Return a row that this person may see, else "not found".

    Locked while it is being changed (POST): the second of two waits, and sees the first's work.
    """
    found = request.access.see(rows)
    if request.method == "POST":
        found = found.select_for_update(of=("self",))
    return get_object_or_404(found, pk=pk)

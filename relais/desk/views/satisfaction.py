"""Satisfaction by site and by service; by assistant only for who leads, never of a few answers."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_safe

from relais.desk import contentment
from relais.engine.satisfaction import SMALLEST


@login_required
@require_safe
def satisfaction(request: HttpRequest) -> HttpResponse:
    """Show a year's satisfaction and ease, with how sure one may be."""
    if not contentment.may_read(request.access):
        raise Http404
    told = contentment.of_year(request.access)
    groups = [(_t("By site"), told.sites), (_t("By service"), told.services)]
    if told.assistants is not None:
        groups.append((_t("By assistant"), told.assistants))
    context = {"whole": told.whole, "groups": groups, "smallest": SMALLEST, "words": told.words}
    return render(request, "desk/satisfaction.html", context)

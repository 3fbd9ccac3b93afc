"""The search, as a page and as the list under the search box."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from relais.people.finding import LONGEST_QUESTION, search_for

ON_PAGE, UNDER_BOX = 20, 5


@login_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Show what this person may find; to htmx, the list alone."""
    question = request.GET.get("q", "")[:LONGEST_QUESTION].strip()
    in_box = request.htmx and request.headers.get("HX-Target", "").endswith("search-hits")
    found = []
    if request.access is not None:
        found = search_for(request.access, question, at_most=UNDER_BOX if in_box else ON_PAGE)
    template = "people/_search_hits.html" if request.htmx else "people/search.html"
    return render(request, template, {"question": question, "groups": found, "in_box": in_box})

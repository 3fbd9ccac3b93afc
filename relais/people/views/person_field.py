"""A person typed by name or address: choices of twenty thousand help nobody."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from relais.people.models import Person
from relais.people.person_forms import by_words, label_of

from .doors import organiser

SUGGESTIONS = 10


@organiser
def suggest(request: HttpRequest) -> HttpResponse:
    """Return options for the line that is being typed: persons of a company, else of the staff."""
    text = request.GET.get(request.GET.get("field", "q"), "")
    company = request.GET.get("company", "")
    number = int(company) if company.isdecimal() and len(company) < 18 else None
    rows = request.access.see(Person).filter(company=number, archived_at=None)
    found = by_words(rows, text)[:SUGGESTIONS] if text.strip() else []
    return render(
        request, "people/persons/_options.html", {"options": [label_of(one) for one in found]}
    )

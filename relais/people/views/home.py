"""The first page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from relais.people.navigation import navigation


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Lead each person to the screen of her role: the first line of her menu."""
    links = navigation(request.access, request.path) if request.access else []
    if links:
        return redirect(links[0].url)
    return render(request, "people/home.html")

"""Parts of pages that htmx asks for."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url


class FragmentSignInMiddleware:
    """Turn a part's redirect to the sign-in into the page's: never a sign-in form in a table."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        where = response.headers.get("Location", "")
        if request.headers.get("HX-Request") and where.startswith(resolve_url(settings.LOGIN_URL)):
            return HttpResponse(status=204, headers={"HX-Redirect": where.split("?")[0]})
        return response

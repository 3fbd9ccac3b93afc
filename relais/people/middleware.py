"""What each request carries: the person's language, the person, her access, the shell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from relais.lib.problem_details import problem_details

from . import arriving
from .access import Access
from .models import Person
from .navigation import navigation


class LanguageMiddleware:
    """Speak the language of the account; of the cookie, else the browser's, before sign-in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            language = request.user.language
        else:
            language = translation.get_language_from_request(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


class PersonMiddleware:
    """Set `request.person` and `request.access`; an account without a person has neither."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.person = request.access = None
        if request.user.is_authenticated:
            key = getattr(request, "api_key", None)
            person = arriving.by_key(key) if key is not None else arriving.by_account(request.user)
            if person is not None:
                request.person, request.access = person, Access.of(person)
                with timezone.override(_zone_of(person)):
                    return self.get_response(request)
        return self.get_response(request)


class AdmissionMiddleware:
    """Show an account without a person, or a person without a role today, one page and no data."""

    OPEN = frozenset({"account_logout", "preferences", "invitation"})

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Return the page that says so, or nothing."""
        if not request.user.is_authenticated or request.resolver_match.url_name in self.OPEN:
            return None
        if request.access is not None and request.access.roles:
            return None
        request.access = None
        if request.path_info.startswith("/api/"):
            return problem_details(403, _("No role is in force: ask your pool lead for one."))
        return render(request, "people/no_access.html", status=403)


def _zone_of(person: Person) -> ZoneInfo:
    """Return the clocks a person lives by: her site's, else her provider's."""
    return ZoneInfo((person.site or person.provider).time_zone)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return what the page's frame needs: the person, her access and her menu."""
    access = getattr(request, "access", None)
    if access is None:
        return {}
    return {
        "person": request.person,
        "access": access,
        "navigation": navigation(access, request.path),
    }

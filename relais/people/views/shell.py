"""How one likes the pages: language and appearance, with or without an account."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from relais.people.models import User

YEAR = 365 * 24 * 3600


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep a language (on the account when there is one) or a theme, and lead back."""
    response = HttpResponseRedirect(_back(request))
    language = request.POST.get("language")
    if language in dict(settings.LANGUAGES):
        _keep(response, settings.LANGUAGE_COOKIE_NAME, language)
        if request.user.is_authenticated:
            User.objects.filter(pk=request.user.pk).update(language=language)
    theme = request.POST.get("theme")
    if theme in {"light", "dark"}:
        _keep(response, "theme", theme)
    elif theme == "auto":
        response.delete_cookie("theme", samesite="Lax")
    return response


def _keep(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=YEAR, secure=settings.SECURE, httponly=True, samesite="Lax"
    )


def _back(request: HttpRequest) -> str:
    """Return the page one came from: never another site's."""
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else "/"

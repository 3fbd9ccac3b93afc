"""The product as an app on a phone: its name, its worker, its page without a connection."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

WORKER = Path("static") / "service-worker.js"
COLOUR = "#0b5a6b"


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """Return what a phone needs to install the product."""
    icons = [
        {"src": static(f"img/app-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
        for size in (192, 512)
    ]
    told = {
        "id": "/",
        "name": "Relais",
        "short_name": "Relais",
        "description": _("Ask your executive assistants, and see where each request stands."),
        "lang": request.LANGUAGE_CODE,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "theme_color": COLOUR,
        "background_color": "#ffffff",
        "icons": [*icons, {**icons[-1], "purpose": "maskable"}],
        "shortcuts": [{"name": _("New request"), "url": "/requests/new/"}],
    }
    return JsonResponse(told, content_type="application/manifest+json")


@require_safe
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """Return the worker, from the root: it serves no page below its own address otherwise."""
    text = (Path(settings.BASE_DIR) / WORKER).read_text()
    return HttpResponse(text, content_type="text/javascript")


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Show the page that is kept for when there is no connection; it holds nobody's data."""
    return render(request, "people/offline.html")

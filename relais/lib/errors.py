"""The page of an error of ours: it names a reference that the log holds too."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.template import loader
from django.utils.translation import gettext as _


def server_error(request: HttpRequest) -> HttpResponse:
    """Return the page of an error; it asks nothing of the database, which may be the cause."""
    reference = getattr(request, "reference", "")
    try:
        page = loader.get_template("500.html").render({"reference": reference})
    except Exception:  # the page must stand when templates do not
        page = f"<h1>{_('Something went wrong')}</h1><p>{reference}</p>"
    return HttpResponseServerError(page)

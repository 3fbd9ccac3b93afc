"""Handing out the bytes of a file so that they can do no harm, whatever they are."""

from __future__ import annotations

from django.db.models import Prefetch
from django.http import (
    Http404,
    HttpRequest,
    HttpResponseBase,
    HttpResponseNotModified,
    StreamingHttpResponse,
)
from django.utils.http import content_disposition_header

from relais.people.access import Access

from . import filing
from .models import Attachment

# Whatever the bytes are: no script, no frame, no address of ours.
CAGED = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
# A browser shows no PDF in a sandbox; its viewer runs no script of the page's.
PDF = "default-src 'none'; object-src 'self'; plugin-types application/pdf"


def served(request: HttpRequest, found: Attachment, *, download: bool = False) -> HttpResponseBase:
    """Return the bytes of a file, caged. Raises Http404 when the store has them no more."""
    tag = f'"{found.file.digest}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified()
    try:
        content = filing.content(found)
    except FileNotFoundError:
        raise Http404 from None
    shown = found.is_shown and not download and "download" not in request.GET
    answer = StreamingHttpResponse(
        content, content_type=found.type if shown else "application/octet-stream"
    )
    name = content_disposition_header(as_attachment=not shown, filename=found.name)
    headers = {
        "Content-Length": str(found.file.size),
        "Content-Disposition": name or "attachment",
        "Content-Security-Policy": PDF if shown and not found.is_image else CAGED,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        # Asked for again each time, as rights end; the tag spares the bytes.
        "Cache-Control": "private, no-cache",
        "ETag": tag,
    }
    for header, value in headers.items():
        answer.headers[header] = value
    return answer


def files_of(access: Access) -> Prefetch:
    """Return the files of messages as this person sees them."""
    return Prefetch("files", access.see(Attachment).select_related("file"))

"""The stream by which open pages learn that something changed."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from relais.desk import live as changes


@login_required
@require_safe
def live(request: HttpRequest) -> HttpResponseBase:
    """Stream `changed` events for all that this person sees, or (`?ticket=`) for one ticket.

    `?since=` says when the page was asked for: what happened since is told at once.
    """
    asked = request.GET.get("ticket", "")
    only = int(asked) if asked.isdecimal() and len(asked) < 19 else None
    if len(changes.hub.streams) >= changes.MOST_STREAMS:
        return HttpResponse(status=204)  # the page polls
    person = request.person
    mark = request.headers.get("Last-Event-ID") or request.GET.get("since", "")
    stream = changes.watch(person.pk, person.provider_id, only, changes.moment_of(mark))
    answer = StreamingHttpResponse(stream, content_type="text/event-stream")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"
    return answer

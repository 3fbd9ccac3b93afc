"""Errors of the API as problem details (RFC 9457): one shape whoever refuses."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from django.http import JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

CONTENT_TYPE = "application/problem+json"
TITLES = {
    HTTPStatus.BAD_REQUEST: gettext_lazy("Unreadable request"),
    HTTPStatus.UNAUTHORIZED: gettext_lazy("Not signed in"),
    HTTPStatus.FORBIDDEN: gettext_lazy("Not allowed"),
    HTTPStatus.NOT_FOUND: gettext_lazy("Not found"),
    HTTPStatus.METHOD_NOT_ALLOWED: gettext_lazy("Not done this way"),
    HTTPStatus.CONFLICT: gettext_lazy("Not as it stands now"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: gettext_lazy("Too large"),
    HTTPStatus.UNPROCESSABLE_ENTITY: gettext_lazy("Something sent cannot be"),
    HTTPStatus.TOO_MANY_REQUESTS: gettext_lazy("Too many requests"),
}


def problem_details(
    status: int, detail: str = "", *, errors: Iterable[dict[str, Any]] = (), **headers: str
) -> JsonResponse:
    """Return the answer; `errors` are {"field": where it stands, "message": the mend}.

    `headers`: names with underscores for dashes.
    """
    title = str(TITLES.get(HTTPStatus(status), HTTPStatus(status).phrase))
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail or title,
        "errors": list(errors),
    }
    answer = JsonResponse(body, status=status, content_type=CONTENT_TYPE)
    for name, value in headers.items():
        answer.headers[name.replace("_", "-")] = value
    return answer


def field_faults(faults: Iterable[dict[str, Any]]) -> JsonResponse:
    """Return the answer to what a schema refused; `faults` as pydantic lists them."""
    errors = [
        {"field": ".".join(str(part) for part in fault["loc"][1:]), "message": fault["msg"]}
        for fault in faults
    ]
    named = ", ".join(dict.fromkeys(error["field"] for error in errors if error["field"]))
    text = _("Look at: %(fields)s.") % {"fields": named} if named else ""
    return problem_details(HTTPStatus.UNPROCESSABLE_ENTITY, text, errors=errors)

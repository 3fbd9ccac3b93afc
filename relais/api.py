"""The API: sign-in by session, every answer through what the person may see (OpenAPI 3.1)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja import NinjaAPI
from ninja.security import SessionAuth

from relais.desk import intake
from relais.desk.api import router as desk
from relais.desk.errors import NotNow, NotYours, Overtaken
from relais.lib.problem import Problem
from relais.offer import errors as agreements
from relais.offer.api import router as offer
from relais.people.api import router as people


class SignedIn(SessionAuth):
    """A session whose account belongs to a person."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        return getattr(request, "person", None)


api = NinjaAPI(
    title="Relais",
    version="1",
    description="Requests of a pool of executive assistants, as the person signed in may see them.",
    auth=SignedIn(),
    docs_url=None,
)
api.add_router("", people)
api.add_router("", offer)
api.add_router("", desk)

# Somebody else was first, or too late: the caller reads again. Not this person's to do. The rest
# names what was sent and the mend.
STATUS: tuple[tuple[type[Problem], int], ...] = (
    (NotNow, 409),
    (Overtaken, 409),
    (intake.TokenTaken, 409),
    (agreements.NotNow, 409),
    (agreements.Overtaken, 409),
    (agreements.DraftStands, 409),
    (NotYours, 403),
    (agreements.NotYours, 403),
    (Problem, 422),
)


@api.exception_handler(Problem)
def refused(request: HttpRequest, problem: Problem) -> HttpResponse:
    status = next(code for kind, code in STATUS if isinstance(problem, kind))
    detail = gettext(problem.message) % problem.values
    return api.create_response(request, {"detail": detail}, status=status)

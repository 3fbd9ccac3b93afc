"""The API: by session or by key, every answer through what the person may see (OpenAPI 3.1)."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.security import HttpBearer, SessionAuth

from relais.desk import intake, log_upload
from relais.desk.api import router as desk
from relais.desk.beside_api import router as beside
from relais.desk.calendars_api import router as calendars
from relais.desk.checklists_api import router as checklists
from relais.desk.dispatch_api import router as dispatch
from relais.desk.errors import CannotJoin, CannotUndo, NotNow, NotYours, Overtaken, TooLate
from relais.desk.files_api import router as files
from relais.desk.joining_api import router as joining
from relais.desk.logs_api import router as logs
from relais.desk.mail_api import router as mail
from relais.desk.overview_api import router as overview
from relais.desk.places_api import router as places
from relais.desk.quarantine_api import router as quarantine
from relais.desk.queue_api import router as queue
from relais.desk.recalculations_api import router as recalculations
from relais.desk.recurrences_api import router as recurrences
from relais.desk.replays_api import router as replays
from relais.desk.tools_api import router as tools
from relais.desk.tower_api import router as tower
from relais.desk.webhooks_api import router as webhooks
from relais.lib.problem import Problem
from relais.lib.problem_details import CONTENT_TYPE, field_faults, problem_details
from relais.offer import errors as agreements
from relais.offer.api import router as offer
from relais.offer.catalogue_api import router as catalogue
from relais.offer.hands_api import router as hands
from relais.offer.histories_api import router as histories
from relais.offer.procedures_api import router as procedures
from relais.offer.sheets_api import router as preferences
from relais.people import calendar_removal, kept_api, organisation, persons_api
from relais.people.api import router as people
from relais.people.calendar_changes import ChangedMeanwhile
from relais.people.engagements_api import router as engagements
from relais.people.importing import batches
from relais.people.imports_api import router as imports
from relais.people.keys import not_signed_in, scope_of
from relais.people.models.api_key import ScopeMissing
from relais.people.pool_api import router as pool
from relais.planning import errors as planning_errors
from relais.planning.busy_api import router as busy_times
from relais.planning.continuity_api import router as continuity
from relais.planning.coverage_api import router as coverage
from relais.planning.handovers_api import router as handovers
from relais.planning.meetings_api import router as meetings
from relais.planning.peaks_api import router as peaks
from relais.planning.reliefs_api import router as reliefs
from relais.planning.rosters_api import router as rosters
from relais.planning.shifts_api import router as shifts
from relais.planning.subscriptions_api import router as subscriptions
from relais.records.credits_api import router as credits
from relais.records.figures_api import router as monthly_figures
from relais.records.quality_api import router as quality
from relais.records.reviews_api import router as reviews
from relais.records.usage_api import router as usage
from relais.study import errors as study_errors
from relais.study import workshop_errors
from relais.study.asking_api import router as asking
from relais.study.choosing_api import router as model_choices
from relais.study.costs_api import router as study_costs
from relais.study.generating_api import router as generated
from relais.study.inventory_api import router as inventory_lines
from relais.study.irritants_api import router as irritants
from relais.study.quick_api import router as quick_starts
from relais.study.restitution_api import router as restitutions
from relais.study.sheets_api import router as study_sheets
from relais.study.sizing_api import router as sizings
from relais.study.studies_api import router as studies
from relais.study.surveys_api import router as surveys

DESCRIPTION = """\
Requests of a pool of executive assistants, as the person signed in may see them.

**Sign-in**: a key (`Authorization: Bearer …`, made on the page “API keys”) or the session of the
pages. **Lists** come in parts: send `next` back as `cursor`. **Sending twice**: with an
`Idempotency-Key` header, what is sent again within a day is answered again and done once.
**Errors** are problem details (RFC 9457). **Versions**: send the `version` that you read, and a
verb on what changed meanwhile is refused (409).
"""


# What every call may answer before its own work begins.
DOORS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 422: "Unprocessable Entity"}
FAULT = {"$ref": "#/components/schemas/Fault"}
ONCE = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": "Any text of your own, one for each thing done: sent again, it is done once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}


class Key(HttpBearer):
    """A key made on the page “API keys”, with scopes of its own."""

    def __init__(self, area: str) -> None:
        super().__init__()
        self.area = area

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Return the person of the key that the middleware let in. Raises `ScopeMissing`."""
        key = getattr(request, "api_key", None)
        if key is None:
            return None
        key.demand(scope_of(self.area, request.method or "GET"))
        return getattr(request, "person", None)


class SignedIn(SessionAuth):
    """A session whose account belongs to a person."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        return getattr(request, "person", None)


class RelaisAPI(NinjaAPI):
    """An API whose document tells of its errors what they are."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the document, put together once: it takes a second."""
        return self._described(path_prefix or self.get_root_path(path_params or {}))

    @cache  # noqa: B019  # there is one API, and it stays
    def _described(self, prefix: str) -> OpenAPISchema:
        """Return the document: errors as problem details, and those of the door at each call."""
        document = super().get_openapi_schema(path_prefix=prefix)
        for calls in document["paths"].values():
            for method, call in calls.items():
                answers = call["responses"]
                for status, meaning in DOORS.items():
                    answers.setdefault(status, {"description": meaning})
                if method != "get":
                    call.setdefault("parameters", []).append(ONCE)
                for status, answer in answers.items():
                    if int(status) >= 400:
                        answer["content"] = {CONTENT_TYPE: {"schema": FAULT}}
        return document


api = RelaisAPI(title="Relais", version="1", description=DESCRIPTION, docs_url=None)
AREAS = (
    ("people", people),
    ("people", places),
    ("people", engagements),
    ("people", pool),
    ("people", imports),
    ("people", calendars),
    ("agreements", offer),
    ("agreements", catalogue),
    ("agreements", procedures),
    ("agreements", histories),
    ("agreements", hands),
    ("people", preferences),
    ("requests", desk),
    ("requests", joining),
    ("requests", checklists),
    ("requests", queue),
    ("requests", beside),
    ("requests", dispatch),
    ("requests", tools),
    ("requests", recurrences),
    ("requests", files),
    ("requests", recalculations),
    ("requests", webhooks),
    ("requests", quarantine),
    ("requests", mail),
    ("requests", logs),
    ("requests", replays),
    ("requests", overview),
    ("requests", tower),
    ("planning", coverage),
    ("planning", busy_times),
    ("planning", meetings),
    ("planning", shifts),
    ("planning", rosters),
    ("planning", peaks),
    ("planning", reliefs),
    ("planning", continuity),
    ("planning", subscriptions),
    ("planning", handovers),
    ("reviews", reviews),
    ("reviews", credits),
    ("studies", model_choices),
    ("studies", generated),
    ("studies", quick_starts),
    ("studies", studies),
    ("studies", inventory_lines),
    ("studies", study_sheets),
    ("reviews", monthly_figures),
    ("studies", sizings),
    ("studies", study_costs),
    ("studies", restitutions),
    ("reviews", quality),
    ("studies", irritants),
    ("studies", surveys),
    ("studies", asking),
    ("reviews", usage),
)
for area, router in AREAS:
    api.add_router("", router, auth=[Key(area), SignedIn()])

# Somebody else was first, or too late: the caller reads again. Not this person's to do. The rest
# names what was sent and the mend.
STATUS: tuple[tuple[type[Problem], int], ...] = (
    (NotNow, 409),
    (Overtaken, 409),
    (ChangedMeanwhile, 409),
    (kept_api.ChangedMeanwhile, 409),
    (batches.NotReady, 409),
    (log_upload.NotReady, 409),
    (batches.WorldChanged, 409),
    (batches.NothingToDo, 409),
    (calendar_removal.CalendarInUse, 409),
    (organisation.StillOpenError, 409),
    (organisation.LastManagerError, 409),
    (persons_api.NoLongerOpen, 409),
    (intake.TokenTaken, 409),
    (agreements.NotNow, 409),
    (agreements.Overtaken, 409),
    (agreements.DraftStands, 409),
    (TooLate, 409),
    (CannotUndo, 409),
    (CannotJoin, 409),
    (planning_errors.ChangedMeanwhile, 409),
    (planning_errors.Doubled, 409),
    (planning_errors.NotInThisState, 409),
    (planning_errors.CannotWithdraw, 409),
    (workshop_errors.LogClosed, 409),
    (workshop_errors.NotNow, 409),
    (study_errors.ChangedMeanwhile, 409),
    (study_errors.NotInThisPhase, 409),
    (study_errors.NothingToUndo, 409),
    (study_errors.BeingTaken, 409),
    (study_errors.TakenAlready, 409),
    (study_errors.GateShut, 409),
    (study_errors.NotInThisState, 409),
    (study_errors.NotPiloting, 403),
    (study_errors.NotTheSites, 403),
    (NotYours, 403),
    (agreements.NotYours, 403),
    (ScopeMissing, 403),
    (Problem, 422),
)


@api.exception_handler(Problem)
def refused(request: HttpRequest, problem: Problem) -> HttpResponse:
    status = next(code for kind, code in STATUS if isinstance(problem, kind))
    errors = [{"field": field, "message": text} for field, text in getattr(problem, "faults", ())]
    return problem_details(status, gettext(problem.message) % problem.values, errors=errors)


@api.exception_handler(ValidationError)
def cannot_be(request: HttpRequest, fault: ValidationError) -> HttpResponse:
    return field_faults(fault.errors)


@api.exception_handler(Http404)
def not_found(request: HttpRequest, fault: Http404) -> HttpResponse:
    return problem_details(404)


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, fault: HttpError) -> HttpResponse:
    return problem_details(fault.status_code, str(fault))


@api.exception_handler(AuthenticationError)
def unknown(request: HttpRequest, fault: AuthenticationError) -> HttpResponse:
    return not_signed_in()

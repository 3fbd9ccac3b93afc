"""The API of asking: links, interviews by telephone, activity logs put together."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status
from ninja.errors import ValidationError

from relais.lib.api_types import Fault, Key, Line, Moment, PathKey, Text
from relais.people.api import access_of
from relais.people.kept_api import REFUSALS, checked, one, refusal
from relais.people.models import Site

from . import activity_logs, interviews
from .interview_forms import PAINS, TASKS, InterviewForm
from .irritants_api import led_study
from .models import ActivityCategory, Interview, StudyLink
from .surveys_api import led_participant
from .workshop_forms import AskForm, CategoryForm

router = Router(tags=["studies"])
Figure = Annotated[float, Field(ge=0, le=10_000)]
Own = Annotated[Text, Field(max_length=1000)]
Family = Literal[
    "agenda", "reporting", "contracts", "invoicing", "coordination", "front_desk", "travel", "hr",
    "facilities", "governance", "documents", "projects", "other",
]  # fmt: skip


class AskIn(Schema):
    """What is asked by the link, and in which language."""

    asks: Annotated[
        list[Literal["interview", "brakes", "activity"]], Field(min_length=1, max_length=3)
    ]
    language: Literal["fr", "en"] = "fr"


class StudyLinkOut(Schema):
    id: int
    asks: list[str]
    language: str
    expires_at: Moment
    seen: bool


class StudyLinkMadeOut(StudyLinkOut):
    """`address` is told this once; the link that stood before opens nothing any more."""

    address: str


class ParticipantAskedOut(Schema):
    """Somebody who is asked: what has come, never what of it."""

    participant: int
    name: str
    role: str
    link: StudyLinkOut | None
    interview: bool
    brakes: bool
    activity: bool


class TaskIn(Schema):
    task: Annotated[Line, Field(min_length=1)]
    count: Figure | None = None
    period: Literal["day", "week", "fortnight", "month", "quarter", "year", "event"] = "week"
    minutes: Figure | None = None
    family: Family = "other"


class PainIn(Schema):
    process: Annotated[Line, Field(min_length=1, max_length=150)]
    category: Literal[
        "waiting", "retyping", "double", "error", "lost", "unclear", "tool", "overload", "person",
        "approval",
    ] = "waiting"  # fmt: skip
    a_month: Figure | None = None
    minutes: Figure | None = None
    severity: Annotated[int, Field(ge=1, le=5)] = 3
    verbatim: Own = ""


class InterviewIn(Schema):
    """What somebody tells by telephone; `site` for who has none."""

    tasks: Annotated[list[TaskIn], Field(max_length=TASKS)] = []
    pains: Annotated[list[PainIn], Field(max_length=PAINS)] = []
    keep: Own = ""
    hand_over: Own = ""
    more: Own = ""
    site: Key | None = None


class InterviewOut(Schema):
    """`sent`: whether this sending counts; one that was sent before stands."""

    participant: int
    sent: bool
    answers: dict[str, Any]


class CategoryIn(Schema):
    name_fr: Annotated[Line, Field(min_length=1, max_length=60)]
    name_en: Annotated[Line, Field(max_length=60)] = ""
    value: Literal["VA", "ENVA", "NVA"] = "VA"
    family: Family = "other"
    hidden: bool = False


class CategoryOut(CategoryIn):
    id: int


class GroupOut(Schema):
    """The usual day of three persons at least, in hours by category; shares of the time."""

    roles: list[str]
    sites: list[str]
    persons: int
    pooled: bool
    hours: dict[str, float]
    value: dict[str, float]
    unplanned: float


class ActivityOut(Schema):
    asked: int
    enough: int
    categories: list[CategoryOut]
    groups: list[GroupOut]


class PreparedOut(Schema):
    new: int


class ObservedOut(Schema):
    new: int
    changed: int


def _link(link: StudyLink) -> dict[str, Any]:
    return {
        "id": link.pk,
        "asks": link.asks,
        "language": link.language,
        "expires_at": link.expires_at,
        "seen": link.seen_at is not None,
    }


@router.get("/studies/{key}/asked", response={200: list[ParticipantAskedOut], 404: Fault})
def study_asked(request: HttpRequest, key: PathKey) -> Any:
    study = led_study(request, key)
    return [
        {
            "participant": row.participant.pk,
            "name": row.participant.shown,
            "role": row.participant.role,
            "link": _link(row.link) if row.link and row.open else None,
            **row.came,
        }
        for row in interviews.followed(access_of(request), study, timezone.now())
    ]


@router.post("/study_participants/{key}/ask", response={201: StudyLinkMadeOut, **REFUSALS})
def ask_participant(request: HttpRequest, key: PathKey, sent: AskIn) -> Status:
    access, who = led_participant(request, key)
    form = checked(AskForm, sent)
    link, address = interviews.send(
        who, form.cleaned_data["asks"], language=sent.language, by=access.person
    )
    return Status(201, _link(link) | {"address": address})


@router.post("/study_links/{key}/revoke", response={200: StudyLinkOut, **REFUSALS})
def revoke_study_link(request: HttpRequest, key: PathKey) -> Any:
    access = access_of(request)
    link = one(access, StudyLink.objects.select_related("participant__study"), key)
    link.revoke(by=access.person)
    return _link(link)


@router.get("/study_participants/{key}/interview", response={200: InterviewOut, 404: Fault})
def participant_interview(request: HttpRequest, key: PathKey) -> Any:
    access, who = led_participant(request, key)
    rows = access.see(Interview).filter(participant=who).exclude(sent_at=None)
    found = rows.first()
    if found is None:
        raise Http404
    return {"participant": who.pk, "sent": True, "answers": found.answers}


@router.post("/study_participants/{key}/interview", response={200: InterviewOut, **REFUSALS})
def take_interview(request: HttpRequest, key: PathKey, sent: InterviewIn) -> Any:
    """Write down an interview held by telephone: once."""
    access, who = led_participant(request, key)
    who.study.check_changeable(access.person)
    form = InterviewForm(_as_typed(sent), who)
    if not form.is_valid():
        raise refusal(form)
    row = Interview.of(who)
    counts = interviews.take(row, form.answers(), site=form.site, by=access.person)
    row.refresh_from_db()
    return {"participant": who.pk, "sent": counts, "answers": row.answers}


def _as_typed(sent: InterviewIn) -> dict[str, Any]:
    """Return what was sent under the names of the page's form."""
    typed: dict[str, Any] = {name: getattr(sent, name) for name in ("keep", "hand_over", "more")}
    typed["site"] = sent.site
    for letter, rows in (("t", sent.tasks), ("p", sent.pains)):
        for n, row in enumerate(rows):
            typed |= {f"{letter}{n}-{name}": value for name, value in row.model_dump().items()}
    return typed


# Activity logs ------------------------------------------------------------------------------------


@router.get("/studies/{key}/activity", response={200: ActivityOut, 404: Fault})
def study_activity(request: HttpRequest, key: PathKey) -> Any:
    study, access = led_study(request, key), access_of(request)
    categories = {row.pk: row for row in access.see(ActivityCategory).filter(study=study)}
    groups = activity_logs.groups(study)
    keys = {key for group in groups for key in group.sites}
    sites = dict(access.see(Site).filter(pk__in=keys).values_list("pk", "name"))
    return {
        **activity_logs.counts(study),
        "categories": list(categories.values()),
        "groups": [
            {
                "roles": group.roles,
                "sites": [sites.get(key, "") for key in group.sites],
                "persons": group.persons,
                "pooled": group.pooled,
                "hours": {
                    categories[key].name_fr: minutes / 60
                    for key, minutes in group.by_category.items()
                },
                "value": activity_logs.by_value(group, categories),
                "unplanned": group.unplanned,
            }
            for group in groups
        ],
    }


@router.post("/studies/{key}/activity/prepare", response={200: PreparedOut, **REFUSALS})
def prepare_activity(request: HttpRequest, key: PathKey) -> Any:
    study = led_study(request, key)
    return {"new": activity_logs.prepare(study, by=access_of(request).person)}


@router.post("/studies/{key}/activity/observe", response={200: ObservedOut, **REFUSALS})
def observe_activity(request: HttpRequest, key: PathKey) -> Any:
    study = led_study(request, key)
    new, changed = activity_logs.observe(study, by=access_of(request).person)
    return {"new": new, "changed": changed}


@router.post("/studies/{key}/activity/categories", response={201: CategoryOut, **REFUSALS})
def add_activity_category(request: HttpRequest, key: PathKey, sent: CategoryIn) -> Status:
    study = led_study(request, key)
    form = checked(CategoryForm, sent)
    made = activity_logs.add_category(study, form.cleaned_data, by=access_of(request).person)
    if made is None:
        raise _taken()
    return Status(201, made)


@router.post("/activity_categories/{key}/edit", response={200: CategoryOut, **REFUSALS})
def edit_activity_category(request: HttpRequest, key: PathKey, sent: CategoryIn) -> Any:
    access = access_of(request)
    row = one(access, ActivityCategory.objects.select_related("study"), key)
    led_study(request, row.study_id)
    form = checked(CategoryForm, sent)
    if not activity_logs.edit_category(row, form.cleaned_data, by=access.person):
        raise _taken()
    row.refresh_from_db()
    return row


def _taken() -> ValidationError:
    text = _("There is a category of this name already.")
    return ValidationError([{"loc": ("body", "name_fr"), "msg": text}])

"""The API of rosters: drafts, solving, changes by hand, publishing. For whoever runs the pool."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status

from relais.desk.quarantine_api import leading
from relais.lib.api_types import Fault, Key, Line, Moment, PartOf, PathKey
from relais.people.access import Access
from relais.people.kept_api import REFUSALS, MarkIn, checked, kept, one
from relais.people.models import Person, Site, Skill

from . import publishing, roster_words, rostering
from .models import Roster, ShiftKind
from .roster_forms import KindForm, RosterForm
from .roster_problem import WEIGHTS
from .shifts_api import Hour
from .working_time import pool_zone

router = Router(tags=["planning"])
Points = Annotated[int, Field(ge=0, le=1000)]
Rule = Literal["under", "over", "cover", "lead", "skill", "wish", "change"]
Number = Annotated[int, Field(ge=0, le=400)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


class RosterOut(Schema):
    """A roster. `gap`: how much dearer it may be than the best, as a share of its cost."""

    id: int
    version: int
    name: str
    state: str
    starts_on: date
    ends_on: date
    source: str
    sites: list[int]
    shifts: int
    cost: float | None
    bound: float | None
    gap: float | None
    per_cent: int
    problem: str
    mends: int | None
    made_at: Moment
    published_at: Moment | None


class RosterPage(Schema):
    items: list[RosterOut]
    next: str | None


class RosterDetail(RosterOut):
    """`rows`: by person, a code a day (empty: free); `pins`: the days decided by hand."""

    rows: dict[str, list[str]]
    pins: dict[str, list[int]]
    by_rule: dict[str, float]
    broken: list[str]
    not_covered: list[str]
    broken_wishes: int
    changed_days: int
    minutes: dict[str, float]


class RosterIn(Schema):
    """`sites`: empty is every site that somebody covers; `weights`: points of a rule."""

    name: Line
    starts_on: date
    weeks: Annotated[int, Field(ge=1, le=8)] = 2
    source: Literal["forecast", "cover"] = "cover"
    sites: Annotated[list[Key], Field(max_length=500)] = []
    seconds: Annotated[int, Field(ge=1, le=900)] = 60
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1
    weights: dict[Rule, Points] = {}


class AsRead(Schema):
    """`version`: as it was read; if it changed since, the verb is refused (409)."""

    version: Version | None = None


class PlaceIn(AsRead):
    """`kind`: a code, or empty for a free day. Or `to_person` and `to_day`: exchange the days."""

    person: Key
    day: Number
    kind: Annotated[Line, Field(max_length=6)] = ""
    to_person: Key | None = None
    to_day: Number | None = None
    unpin: bool = False


class PublishedOut(Schema):
    shifts: int
    roster: RosterOut


class RostersComparedOut(Schema):
    """Two rosters by the same measures."""

    differ: int
    one: RosterDetail
    other: RosterDetail


class KindIn(MarkIn):
    """`active`: whether rosters use it from now on."""

    code: Annotated[Line, Field(max_length=6)]
    name: Annotated[Line, Field(max_length=60)]
    starts: Hour
    ends: Hour
    pause_from: Hour | None = None
    pause_until: Hour | None = None
    active: bool = True


class KindOut(Schema):
    id: int
    code: str
    name: str
    starts: str
    ends: str
    pause_from: str
    pause_until: str
    active: bool


@router.get("/rosters", response={200: RosterPage, 404: Fault})
def rosters(request: HttpRequest, part: Query[PartOf]) -> dict[str, Any]:
    cut = part.cut(leading(request).see(Roster).order_by("-id"))
    return cut | {"items": [_told(each) for each in cut["items"]]}


@router.post("/rosters", response={201: RosterDetail, **REFUSALS})
def new_roster(request: HttpRequest, sent: RosterIn) -> Status:
    access = leading(request)
    plain = sent.model_copy(update={"weights": None})
    form = checked(lambda data: RosterForm(data, access=access), plain)
    wanted = form.wanted()
    wanted["weights"] = {rule: n for rule, n in sent.weights.items() if n != WEIGHTS[rule]}
    made = rostering.draft(wanted, by=access.person, name=_)
    return Status(201, _detail(access, made))


@router.get("/rosters/{key}", response={200: RosterDetail, 404: Fault})
def roster(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = leading(request)
    return _detail(access, one(access, Roster, key))


@router.post("/rosters/{key}/solve", response={200: RosterOut, **REFUSALS})
def solve_roster(request: HttpRequest, key: PathKey, sent: AsRead) -> dict[str, Any]:
    found = _read(leading(request), key, sent)
    rostering.begin(found)
    return _told(found)


@router.post("/rosters/{key}/stop", response={200: RosterOut, **REFUSALS})
def stop_roster(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    found = one(leading(request), Roster, key)
    rostering.stop(found)
    return _told(found)


@router.post("/rosters/{key}/place", response={200: RosterDetail, **REFUSALS})
def place_in_roster(request: HttpRequest, key: PathKey, sent: PlaceIn) -> dict[str, Any]:
    access = leading(request)
    found = _read(access, key, sent)
    at = (sent.person, sent.day)
    _known(found, at)
    if sent.unpin:
        found.unpin(*at)
    elif sent.to_person is not None and sent.to_day is not None:
        to = (sent.to_person, sent.to_day)
        _known(found, to)
        found.swap(at, to)
    else:
        if sent.kind and not access.see(ShiftKind).filter(code=sent.kind).exists():
            raise Http404
        found.place(*at, sent.kind)
    return _detail(access, found)


@router.post("/rosters/{key}/publish", response={200: PublishedOut, **REFUSALS})
def publish_roster(request: HttpRequest, key: PathKey, sent: AsRead) -> dict[str, Any]:
    access = leading(request)
    found = _read(access, key, sent)
    count = publishing.publish(found, by=access.person, zone=pool_zone(access.person.provider))
    return {"shifts": count, "roster": _told(found)}


@router.post("/rosters/{key}/withdraw", response={200: PublishedOut, **REFUSALS})
def withdraw_roster(request: HttpRequest, key: PathKey, sent: AsRead) -> dict[str, Any]:
    access = leading(request)
    found = _read(access, key, sent)
    count = publishing.withdraw(found, by=access.person)
    return {"shifts": count, "roster": _told(found)}


@router.post("/rosters/{key}/mend", response={201: RosterOut, **REFUSALS})
def mend_roster(request: HttpRequest, key: PathKey) -> Status:
    access = leading(request)
    found = one(access, Roster, key)
    made = rostering.mend(found, _("%(name)s, mended") % {"name": found.name}, by=access.person)
    rostering.begin(made)
    return Status(201, _told(made))


@router.post("/rosters/{key}/discard", response={200: RosterOut, **REFUSALS})
def discard_roster(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = leading(request)
    found = one(access, Roster, key)
    told = _told(found)
    if not rostering.discard(found):
        raise Http404
    return told


@router.get("/rosters/{key}/compare/{other}", response={200: RostersComparedOut, 404: Fault})
def compare_rosters(request: HttpRequest, key: PathKey, other: PathKey) -> dict[str, Any]:
    access = leading(request)
    pair = [one(access, Roster, each) for each in (key, other)]
    differ = roster_words.beside(*(roster_words.told(each) for each in pair))
    return {"differ": differ, "one": _detail(access, pair[0]), "other": _detail(access, pair[1])}


def _read(access: Access, key: int, sent: AsRead) -> Roster:
    found = one(access, Roster, key)
    if sent.version is not None:
        found.version = sent.version
    return found


def _known(found: Roster, at: tuple[int, int]) -> None:
    if at[1] >= found.days or str(at[0]) not in found.rows:
        raise Http404


def _told(found: Roster) -> dict[str, Any]:
    plain = (
        "version", "name", "state", "starts_on", "ends_on", "source", "sites", "shifts", "cost",
        "bound", "gap", "problem", "made_at", "published_at",
    )  # fmt: skip
    told = {name: getattr(found, name) for name in plain}
    spent = rostering.spent(found, timezone.now()) if found.state == Roster.State.SOLVING else 0
    return told | {"id": found.pk, "mends": found.mends_id, "per_cent": round(100 * spent)}


def _detail(access: Access, found: Roster) -> dict[str, Any]:
    told = roster_words.told(found)
    people = access.see(Person).filter(pk__in=[int(key) for key in found.rows])
    names = roster_words.Names(people, access.see(Site), access.see(Skill))
    return _told(found) | {
        "rows": found.rows,
        "pins": found.pins,
        "by_rule": told.by_rule,
        "broken": [roster_words.sentence(found, each, names) for each in told.broken],
        "not_covered": [
            roster_words.shortfall(found, each, names) for each in roster_words.worst(told, 200)
        ],
        "broken_wishes": told.broken_wishes,
        "changed_days": told.changed_days,
        "minutes": {str(key): minutes for key, minutes in told.minutes.items()},
    }


# Kinds of shift -----------------------------------------------------------------------------------


@router.get("/shift_kinds", response={200: list[KindOut], 404: Fault})
def shift_kinds(request: HttpRequest) -> list[dict[str, Any]]:
    return [_kind(each) for each in leading(request).see(ShiftKind)[:200]]


@router.post("/shift_kinds", response={201: KindOut, **REFUSALS})
def new_shift_kind(request: HttpRequest, sent: KindIn) -> Status:
    access = leading(request)
    form = checked(lambda data: KindForm(data, instance=ShiftKind()), sent)
    return Status(201, _kind(kept(form, by=access.person)))


@router.post("/shift_kinds/{key}/edit", response={200: KindOut, **REFUSALS})
def edit_shift_kind(request: HttpRequest, key: PathKey, sent: KindIn) -> dict[str, Any]:
    access = leading(request)
    row = one(access, ShiftKind, key)
    return _kind(kept(checked(lambda data: KindForm(data, instance=row), sent), by=access.person))


def _kind(row: ShiftKind) -> dict[str, Any]:
    hours = ("starts", "ends", "pause_from", "pause_until")
    told = {name: getattr(row, name) for name in hours}
    return {
        "id": row.pk, "code": row.code, "name": row.name, "active": row.active,
        **{name: f"{at:%H:%M}" if at else "" for name, at in told.items()},
    }  # fmt: skip

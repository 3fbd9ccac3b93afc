"""The API of the pool's own times: read and put by those who run it, unknown to everybody else."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from ninja import Router, Schema

from relais.lib.api_types import Fault, FieldFaults, Line
from relais.people.access import Access
from relais.people.api import access_of

from .models import HandTarget
from .models.hand_target import PRIORITIES, field_of, mark

router = Router(tags=["agreements"])


class HandsIn(Schema):
    """Minutes of opening from given to taken, by priority; null drops one, what is left out stays.

    `seen`: as it was read; else refused (409).
    """

    all: int | None = None
    p1: int | None = None
    p2: int | None = None
    p3: int | None = None
    p4: int | None = None
    seen: Line | None = None


class HandsOut(Schema):
    """The minutes by priority; `all` for the priorities without a time of their own."""

    all: int | None
    p1: int | None
    p2: int | None
    p3: int | None
    p4: int | None
    seen: str


@router.get("/hand_targets", response={200: HandsOut, 404: Fault})
def hand_targets(request: HttpRequest) -> HandsOut:
    return _told(_access(request))


@router.post(
    "/hand_targets/put",
    response={200: HandsOut, 403: Fault, 404: Fault, 409: Fault, 422: FieldFaults},
)
def put(request: HttpRequest, sent: HandsIn) -> HandsOut:
    access = _access(request)
    wanted = {
        each: getattr(sent, field_of(each))
        for each in PRIORITIES
        if field_of(each) in sent.model_fields_set
    }
    HandTarget.put(wanted, by=access.person, seen=sent.seen)
    return _told(access)


def _access(request: HttpRequest) -> Access:
    access = access_of(request)
    if not access.runs_pool:
        raise Http404
    return access


def _told(access: Access) -> HandsOut:
    now = HandTarget.minutes_of(access.see(HandTarget))
    return HandsOut(**{field_of(each): now.get(each) for each in PRIORITIES}, seen=mark(now))

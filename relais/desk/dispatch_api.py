"""The API of how the pool dispatches: weights and limits. Internal to the provider."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import Field, Path, Query, Router, Schema, Status

from relais.lib.api_types import Fault, FieldFaults, Line, Moment, PartOf, Said
from relais.people.access import Access
from relais.people.api import NamedOut, access_of

from . import weighing
from .models import DispatchSetting

router = Router(tags=["dispatch"])
REFUSALS = {404: Fault, 403: Fault, 409: Fault, 422: FieldFaults}
Why = Annotated[Said, Field(max_length=300)]
Number = Annotated[int, Field(ge=0, le=2**31 - 1)]


class NumberOut(Schema):
    """One number: its value, what it means, its bounds."""

    name: str
    value: float
    label: str
    meaning: str
    least: float
    most: float


class SettingOut(Schema):
    """A version. `number` 0: nothing was set yet."""

    number: int
    numbers: list[NumberOut]
    why: str
    at: Moment | None
    by: NamedOut | None
    again: int | None


class SettingPage(Schema):
    items: list[SettingOut]
    next: str | None


class SettingIn(Schema):
    """Numbers left out stay as they are. `seen`: the version that was read."""

    values: Annotated[dict[Line, float], Field(max_length=40)]
    why: Why
    seen: Number | None = None


class PutBackIn(Schema):
    why: Why
    seen: Number | None = None


@router.get("/dispatch_settings", response={200: SettingPage, 404: Fault})
def dispatch_settings(request: HttpRequest, part: Query[PartOf]) -> dict[str, Any]:
    access = leading(request)
    rows = access.see(DispatchSetting).select_related("by").order_by("-number")
    cut = part.cut(rows)
    return cut | {"items": [setting(each) for each in cut["items"]]}


@router.get("/dispatch_settings/in_force", response={200: SettingOut, 404: Fault})
def setting_in_force(request: HttpRequest) -> SettingOut:
    access = leading(request)
    return setting(access.see(DispatchSetting).select_related("by").order_by("-number").first())


@router.post("/dispatch_settings", response={201: SettingOut, **REFUSALS})
def set_dispatch(request: HttpRequest, sent: SettingIn) -> Status:
    access = leading(request)
    made = DispatchSetting.set(dict(sent.values), sent.why, by=access.person, seen=sent.seen)
    return Status(201, setting(made))


@router.post("/dispatch_settings/{number}/put_back", response={201: SettingOut, **REFUSALS})
def put_setting_back(
    request: HttpRequest, number: Annotated[int, Path(ge=0, le=2**31 - 1)], sent: PutBackIn
) -> Status:
    access = leading(request)
    made = DispatchSetting.put_back(number, sent.why, by=access.person, seen=sent.seen)
    return Status(201, setting(made))


def leading(request: HttpRequest) -> Access:
    """Return what somebody who runs the pool may see; for anybody else there is no such call."""
    access = access_of(request)
    if not access.runs_pool:
        raise Http404
    return access


def setting(row: DispatchSetting | None) -> SettingOut:
    """Return a version as the API tells it."""
    values = weighing.complete(row.values if row else {})
    numbers = [
        NumberOut(
            name=each.name, value=values[each.name], label=str(each.label),
            meaning=str(each.meaning), least=each.least, most=each.most,
        )
        for each in weighing.NUMBERS
    ]  # fmt: skip
    if row is None:
        return SettingOut(number=0, numbers=numbers, why="", at=None, by=None, again=None)
    return SettingOut(
        number=row.number, numbers=numbers, why=row.why, at=row.at, again=row.again,
        by=NamedOut(id=row.by_id, name=row.by.name),
    )  # fmt: skip

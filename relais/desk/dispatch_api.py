"""The API of how the pool dispatches: weights, modes, pairings, the lead's word on a request.

Internal to the provider: a client finds neither calls nor fields of it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from ninja import Field, Path, Query, Router, Schema, Status

from relais.lib.api_types import Fault, FieldFaults, Key, Line, Moment, PartOf, PathKey, Said
from relais.offer.models import Service
from relais.people.access import Access
from relais.people.api import NamedOut, access_of
from relais.people.models import Person, Site

from . import calling, weighing
from .models import DispatchMode, DispatchSetting, Pairing, Ticket

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


class VersionIn(Schema):
    """`version`: as it was read; if it changed since, the verb is refused (409)."""

    version: Key | None = None


class HoldIn(VersionIn):
    why: Why
    until: Moment | None = None


class ConfirmProposalIn(VersionIn):
    """Without `to` whom dispatch proposed; somebody else asks for the reason."""

    to: Key | None = None
    why: Annotated[Line, Field(max_length=300)] = ""


class PinIn(VersionIn):
    to: Key
    why: Why


class CallInIn(VersionIn):
    to: Key


class DispatchedOut(Schema):
    """How a request stands with dispatch."""

    id: int
    version: int
    state: str
    holder: NamedOut | None
    held_why: str
    held_until: Moment | None
    proposed: NamedOut | None
    pinned: NamedOut | None


class ModeIn(Schema):
    """Empty `service` or `confidentiality`: every one."""

    mode: Literal["automatic", "assisted", "manual"]
    service: Key | None = None
    confidentiality: Literal[0, 1, 2, 3] | None = None


class ModeOut(Schema):
    id: int
    mode: str
    service: NamedOut | None
    confidentiality: int | None


class PairingIn(Schema):
    """Either a site or a requester."""

    person: Key
    why: Why
    site: Key | None = None
    requester: Key | None = None


class PairingOut(Schema):
    id: int
    person: NamedOut
    site: NamedOut | None
    requester: NamedOut | None
    why: str
    at: Moment
    ended_at: Moment | None


@router.post("/tickets/{key}/hold", response={200: DispatchedOut, **REFUSALS})
def hold(request: HttpRequest, key: PathKey, sent: HoldIn) -> DispatchedOut:
    ticket, by = _ticket(request, key, sent)
    ticket.hold(sent.why, by=by, until=sent.until)
    return _dispatched(ticket)


@router.post("/tickets/{key}/unhold", response={200: DispatchedOut, **REFUSALS})
def unhold(request: HttpRequest, key: PathKey, sent: VersionIn) -> DispatchedOut:
    ticket, by = _ticket(request, key, sent)
    ticket.unhold(by=by)
    return _dispatched(ticket)


@router.post("/tickets/{key}/confirm", response={200: DispatchedOut, **REFUSALS})
def confirm(request: HttpRequest, key: PathKey, sent: ConfirmProposalIn) -> DispatchedOut:
    ticket, by = _ticket(request, key, sent)
    ticket.confirm(_of(request, Person, sent.to), sent.why, by=by)
    return _dispatched(ticket)


@router.post("/tickets/{key}/pin", response={200: DispatchedOut, **REFUSALS})
def pin(request: HttpRequest, key: PathKey, sent: PinIn) -> DispatchedOut:
    ticket, by = _ticket(request, key, sent)
    ticket.pin(_of(request, Person, sent.to), sent.why, by=by)
    return _dispatched(ticket)


@router.post("/tickets/{key}/unpin", response={200: DispatchedOut, **REFUSALS})
def unpin(request: HttpRequest, key: PathKey, sent: VersionIn) -> DispatchedOut:
    ticket, by = _ticket(request, key, sent)
    ticket.unpin(by=by)
    return _dispatched(ticket)


@router.post("/tickets/{key}/call_in", response={200: DispatchedOut, **REFUSALS})
def call_in(request: HttpRequest, key: PathKey, sent: CallInIn) -> DispatchedOut:
    ticket, by = _ticket(request, key, sent)
    calling.call_in(ticket, _of(request, Person, sent.to), by=by)
    return _dispatched(ticket)


@router.get("/dispatch_modes", response={200: list[ModeOut], 404: Fault})
def dispatch_modes(request: HttpRequest) -> list[ModeOut]:
    rows = leading(request).see(DispatchMode).select_related("service")
    return [_mode(each) for each in rows]


@router.post("/dispatch_modes", response={200: ModeOut, **REFUSALS})
def set_mode(request: HttpRequest, sent: ModeIn) -> ModeOut:
    access = leading(request)
    service = _of(request, Service, sent.service)
    return _mode(
        DispatchMode.set(
            sent.mode, by=access.person, service=service, confidentiality=sent.confidentiality
        )
    )


@router.post("/dispatch_modes/{key}/drop", response={200: list[ModeOut], **REFUSALS})
def drop_mode(request: HttpRequest, key: PathKey) -> list[ModeOut]:
    access = leading(request)
    _of(request, DispatchMode, key).drop(by=access.person)
    return [_mode(each) for each in access.see(DispatchMode).select_related("service")]


@router.get("/pairings", response={200: list[PairingOut], 404: Fault})
def pairings(request: HttpRequest) -> list[PairingOut]:
    rows = leading(request).see(Pairing).filter(ended_at=None)
    return [_pairing(each) for each in rows.select_related("person", "site", "requester")]


@router.post("/pairings", response={200: PairingOut, **REFUSALS})
def lock_pairing(request: HttpRequest, sent: PairingIn) -> PairingOut:
    access = leading(request)
    return _pairing(
        Pairing.lock(
            _of(request, Person, sent.person), sent.why, by=access.person,
            site=_of(request, Site, sent.site), requester=_of(request, Person, sent.requester),
        )
    )  # fmt: skip


@router.post("/pairings/{key}/unlock", response={200: PairingOut, **REFUSALS})
def unlock_pairing(request: HttpRequest, key: PathKey) -> PairingOut:
    access = leading(request)
    found = _of(request, Pairing, key)
    found.unlock(by=access.person)
    found.refresh_from_db()
    return _pairing(found)


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


def _of(request: HttpRequest, model: Any, key: int | None) -> Any:
    """Return the row of a key, None without one; what is not seen does not exist."""
    if key is None:
        return None
    found = access_of(request).see(model).filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _ticket(request: HttpRequest, key: int, sent: VersionIn) -> tuple[Ticket, Person]:
    access = leading(request)
    found: Ticket = _of(request, Ticket, key)
    found.expect(sent.version)
    return found, access.person


def _named(one: Any) -> NamedOut | None:
    return NamedOut(id=one.pk, name=str(one)) if one is not None else None


def _dispatched(ticket: Ticket) -> DispatchedOut:
    return DispatchedOut(
        id=ticket.pk, version=ticket.version, state=ticket.state, held_why=ticket.held_why,
        held_until=ticket.held_until, holder=_named(ticket.holder),
        proposed=_named(ticket.proposed), pinned=_named(ticket.pinned),
    )  # fmt: skip


def _mode(row: DispatchMode) -> ModeOut:
    return ModeOut(
        id=row.pk, mode=row.mode, service=_named(row.service), confidentiality=row.confidentiality
    )


def _pairing(row: Pairing) -> PairingOut:
    return PairingOut(
        id=row.pk, person=NamedOut(id=row.person_id, name=row.person.name),
        site=_named(row.site), requester=_named(row.requester), why=row.why, at=row.at,
        ended_at=row.ended_at,
    )  # fmt: skip


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

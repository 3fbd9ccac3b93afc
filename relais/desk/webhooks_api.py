"""The API of webhooks: which programs are told what."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils.translation import gettext
from ninja import Field, Query, Router, Schema, Status
from ninja.errors import ValidationError

from relais.lib.api_types import Fault, Line, Moment, PartOf, PathKey, Said
from relais.people.api import NamedOut, access_of

from . import webhooks as flow
from .models import Event, Webhook, WebhookCall

router = Router(tags=["webhooks"])


class WebhookIn(Schema):
    """`kinds`: events that it is called for; none: all that its owner may see."""

    name: Annotated[Said, Field(max_length=80)]
    url: Annotated[Said, Field(max_length=500)]
    kinds: Annotated[list[Line], Field(max_length=50)] = []


class WebhookOut(Schema):
    id: int
    name: str
    url: str
    kinds: list[str]
    person: NamedOut
    made_at: Moment
    stopped_at: Moment | None
    stopped: str


class WebhookMade(WebhookOut):
    """`secret` is told this once: with it the receiver checks each call (Standard Webhooks)."""

    secret: str


class CallOut(Schema):
    """One call: without an event it was a trial. An event that is not yours to see has no kind."""

    id: int
    uid: UUID
    event: int | None
    kind: str
    outcome: str
    attempts: int
    status: int | None
    fault: str
    made_at: Moment
    ended_at: Moment | None


class CallPart(Schema):
    items: list[CallOut]
    next: str | None


class WebhookPart(Schema):
    items: list[WebhookOut]
    next: str | None


@router.get("/webhooks", response=WebhookPart)
def webhooks(request: HttpRequest, part: Query[PartOf]) -> dict[str, Any]:
    return part.cut(access_of(request).see(Webhook).select_related("person"))


@router.post("/webhooks", response={201: WebhookMade, 422: Fault})
def make_webhook(request: HttpRequest, sent: WebhookIn) -> Status:
    access = access_of(request)
    unknown = set(sent.kinds) - set(Event.Kind.values)
    if unknown:
        text = gettext("Unknown: %(kinds)s") % {"kinds": ", ".join(sorted(unknown))}
        raise ValidationError([{"loc": ("body", "kinds"), "msg": text}])
    flow.check_address(sent.url)
    made, secret = Webhook.make(access.person, name=sent.name, url=sent.url, kinds=sent.kinds)
    return Status(201, {**_told(made), "secret": secret})


@router.post("/webhooks/{key}/stop", response={200: WebhookOut, 404: Fault})
def stop_webhook(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    found = _found(request, key)
    found.stop()
    return _told(_found(request, key))


@router.post("/webhooks/{key}/restart", response={200: WebhookOut, 404: Fault})
def restart_webhook(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    found = _found(request, key)
    found.restart()
    return _told(_found(request, key))


@router.get("/webhooks/{key}/calls", response={200: CallPart, 404: Fault})
def webhook_calls(request: HttpRequest, key: PathKey, part: Query[PartOf]) -> dict[str, Any]:
    access = access_of(request)
    rows = access.see(WebhookCall).filter(webhook=_found(request, key)).order_by("-id")
    cut = part.cut(rows)
    # A lead reads the list of somebody's calls, not what they tell of class C3.
    events = {each.event_id for each in cut["items"]} - {None}
    seen = dict(access.see(Event).filter(pk__in=events).values_list("pk", "kind"))
    return cut | {"items": [_call(each, seen) for each in cut["items"]]}


@router.post("/webhooks/{key}/try_out", response={200: CallOut, 404: Fault})
def try_webhook(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    return _call(flow.try_out(_found(request, key)), {})


@router.post("/webhook_calls/{key}/again", response={200: CallOut, 404: Fault})
def webhook_call_again(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = access_of(request)
    found = access.see(WebhookCall).filter(pk=key).first()
    if found is None:
        raise Http404
    found.again()
    found.refresh_from_db()
    seen = dict(access.see(Event).filter(pk=found.event_id).values_list("pk", "kind"))
    return _call(found, seen)


def _call(call: WebhookCall, seen: dict[int, str]) -> dict[str, Any]:
    plain = ("uid", "outcome", "attempts", "status", "fault", "made_at", "ended_at")
    told = {name: getattr(call, name) for name in plain}
    event = call.event_id if call.event_id in seen else None
    return told | {"id": call.pk, "event": event, "kind": seen.get(call.event_id or 0, "")}


def _found(request: HttpRequest, key: int) -> Webhook:
    found: Webhook | None = access_of(request).see(Webhook).filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _told(webhook: Webhook) -> dict[str, Any]:
    named = ("id", "name", "url", "kinds", "person", "made_at", "stopped_at", "stopped")
    return {name: getattr(webhook, name) for name in named}

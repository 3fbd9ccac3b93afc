"""The API of webhooks: which programs are told what."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.utils.translation import gettext
from ninja import Field, Query, Router, Schema, Status
from ninja.errors import ValidationError

from relais.lib.api_types import Fault, Line, Moment, PartOf, PathKey, Said
from relais.people.api import NamedOut, access_of

from . import webhooks as flow
from .models import Event, Webhook

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


def _found(request: HttpRequest, key: int) -> Webhook:
    found: Webhook | None = access_of(request).see(Webhook).filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _told(webhook: Webhook) -> dict[str, Any]:
    named = ("id", "name", "url", "kinds", "person", "made_at", "stopped_at", "stopped")
    return {name: getattr(webhook, name) for name in named}

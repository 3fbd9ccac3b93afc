"""Calling the webhooks: what their owners may see, signed, tried again, never two at a time.

A call is leased before it is sent, in a transaction of its own: a worker that dies meanwhile leaves
it due again, under the identifier by which the receiver knows a repetition.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import SplitResult, urlsplit

import urllib3
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from relais.lib.calling import LONGEST, Deadline, answered
from relais.lib.problem import Problem
from relais.lib.sealed import SealBroken
from relais.lib.tenancy import tenant
from relais.people.access import Access

from .models import Event, Webhook, WebhookCall
from .models.webhook import WAITS

LEASE = timedelta(minutes=2)
TIMEOUT = urllib3.Timeout(connect=5, read=10)
AT_ONCE = 200  # then another job goes on
PORTS = {"http": 80, "https": 443}
Outcome = WebhookCall.Outcome


class BadAddress(Problem):
    """The address of a webhook cannot be called."""

    message = _("Address: %(why)s")


@dataclass(frozen=True)
class Answer:
    """What the receiver said; without a status it said nothing, and `fault` tells why."""

    status: int | None
    fault: str = ""

    @property
    def took(self) -> bool:
        """Return whether the receiver has it now."""
        return self.status is not None and 200 <= self.status < 300


def check_address(url: str) -> None:
    """Raise `BadAddress` unless the address may be called: by TLS, and outside our own walls."""
    parts = _parts(url)
    inside = settings.WEBHOOKS_INSIDE
    if parts.scheme != "https" and not (inside and parts.scheme == "http"):
        raise BadAddress(why=_("it begins with https://"))
    if not parts.hostname or parts.username or parts.password:
        raise BadAddress(why=_("it names a host, without a user or password"))
    place_of(parts.hostname, port_of(url))


def _parts(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise BadAddress(why=_("it is written as no address is")) from None


def port_of(url: str) -> int:
    parts = _parts(url)
    try:
        return parts.port or PORTS[parts.scheme]
    except ValueError:
        raise BadAddress(why=_("its port is no number between 1 and 65535")) from None


def place_of(host: str, port: int) -> str:
    """Return the network address to call: the one that was checked, not a later answer."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError, OverflowError):
        raise BadAddress(why=_("its host is not found")) from None
    places = [str(one[4][0]) for one in found]
    if not settings.WEBHOOKS_INSIDE and not all(_is_outside(place) for place in places):
        raise BadAddress(why=_("its host lies inside a private network"))
    return places[0]


def _is_outside(place: str) -> bool:
    address = ipaddress.ip_address(place.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_global


def try_out(webhook: Webhook) -> WebhookCall:
    """Return a call that tells of nothing, to be sent now."""
    now = timezone.now()
    return WebhookCall.objects.create(
        provider_id=webhook.provider_id, webhook=webhook, due_at=now, made_at=now
    )


def providers_due() -> list[int]:
    """Return the providers of whose calls some are due; asked across providers."""
    due = WebhookCall.objects.filter(outcome=Outcome.WAITING, due_at__lte=timezone.now())
    return list(due.values_list("provider_id", flat=True).distinct())


def run(provider_id: int) -> int:
    """Return how many calls were sent: those due, the oldest first."""
    for sent in range(AT_ONCE):
        with tenant(provider_id):
            call = _lease(timezone.now())
            told = _told(call) if call else None
        if call is None:
            return sent
        answer = _send(call, told) if told else None
        with tenant(provider_id):
            _end(call, answer, timezone.now())
    return AT_ONCE


def _lease(now: datetime) -> WebhookCall | None:
    due = WebhookCall.objects.filter(
        outcome=Outcome.WAITING, due_at__lte=now, webhook__stopped_at=None
    )
    held = due.select_related("webhook__person", "event__ticket__site", "event__ticket__service")
    call = held.select_for_update(skip_locked=True, of=("self",)).order_by("due_at").first()
    if call is not None:
        call.attempts += 1
        call.due_at = now + LEASE
        call.save(update_fields=["attempts", "due_at"])
    return call


def _told(call: WebhookCall) -> bytes | None:
    """Return the text to send, or None: its owner may not see this."""
    if call.event is None:
        told: dict[str, Any] = {"type": "trial", "timestamp": _iso(call.made_at), "data": {}}
    else:
        access = Access(call.webhook.person)
        if not access.see(Event).filter(pk=call.event_id).exists():
            return None
        told = _facts(call.event)
    return json.dumps(told, ensure_ascii=False).encode()


def _facts(event: Event) -> dict[str, Any]:
    """Return what happened to which request; its texts are asked for by the API."""
    ticket = event.ticket
    return {
        "type": f"request.{event.kind}",
        "timestamp": _iso(event.at),
        "data": {
            "event": event.pk,
            "request": ticket.pk,
            "reference": ticket.reference,
            "state": event.facts.get("state", ticket.state),
            "version": event.facts.get("version", ticket.version),
            "site": {"id": ticket.site_id, "name": str(ticket.site)},
            "service": ticket.service.code,
        },
    }


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def signature(key: bytes, uid: str, moment: int, body: bytes) -> str:
    """Return the signature of Standard Webhooks, version 1: HMAC-SHA256 in base 64."""
    signed = hmac.new(key, f"{uid}.{moment}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(signed.digest()).decode()}"


def _send(call: WebhookCall, body: bytes) -> Answer:
    uid, moment = f"msg_{call.uid.hex}", int(timezone.now().timestamp())
    try:
        key = call.webhook.key
    except SealBroken:
        return Answer(None, "RELAIS_SECRET_KEY changed: make this webhook anew")
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Relais",
        "webhook-id": uid,
        "webhook-timestamp": str(moment),
        "webhook-signature": signature(key, uid, moment, body),
    }
    try:
        check_address(call.webhook.url)
        return _post(call.webhook.url, body, headers)
    except BadAddress as fault:
        return Answer(None, str(fault))
    except (urllib3.exceptions.HTTPError, ValueError) as fault:
        return Answer(None, type(fault).__name__)


def _post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """Send it to the address that was checked: the name is not asked for a second time."""
    host, port = str(urlsplit(url).hostname), port_of(url)
    place = place_of(host, port)
    # The answer's text is not wanted, however long it is; a redirection is no answer.
    with (
        Deadline(LONGEST) as deadline,
        answered(
            "POST",
            url,
            place,
            port,
            body=body,
            headers=headers,
            deadline=deadline,
            timeout=TIMEOUT,
        ) as answer,
    ):
        pass
    return Answer(answer.status, "" if 200 <= answer.status < 300 else f"HTTP {answer.status}")


def _end(call: WebhookCall, answer: Answer | None, now: datetime) -> None:
    """Write down how it went; without an answer there was nothing for its owner to know."""
    if answer is None:
        call.outcome, call.ended_at = Outcome.WITHHELD, now
    elif answer.took:
        call.outcome, call.ended_at, call.status, call.fault = Outcome.TOLD, now, answer.status, ""
    else:
        call.status, call.fault = answer.status, answer.fault[:300]
        if call.attempts > len(WAITS):
            call.outcome, call.ended_at = Outcome.GIVEN_UP, now
            call.webhook.stop(Webhook.Stopped.NO_ANSWER, at=now)
        else:
            call.due_at = now + WAITS[call.attempts - 1]
    call.save(update_fields=["outcome", "ended_at", "status", "fault", "due_at"])

"""The door of the API for programs: a key in place of a session, and each call done once.

A call with `Idempotency-Key` lays a row down before its work, in the same transaction: the same
call at the same moment waits for the first one's end and is answered what that one was.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from relais.lib.problem_details import problem_details
from relais.lib.tenancy import tenant

from .models import ApiKey, KeptAnswer
from .models.api_key import digest_of

API = "/api/"
SAFE = ("GET", "HEAD", "OPTIONS")
SHAPE = re.compile(r"relais_(\d{1,18})_[\w-]{43}")
KEPT = timedelta(days=1)
ONCE = re.compile(r"[!-~]{1,200}")

Answering = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True)
class Bearer:
    """Stands for the account where a key signs in: known to the walls, to no session."""

    tenant_id: int
    language: str
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False
    pk: None = None


def scope_of(area: str, method: str) -> str:
    """Return the scope that a call asks for."""
    return f"{area}:{'read' if method in SAFE else 'write'}"


def not_signed_in() -> HttpResponse:
    """Return the answer to who shows neither a key nor a session."""
    text = _("Send a key: “Authorization: Bearer relais_…”, or sign in.")
    return problem_details(401, text, WWW_Authenticate='Bearer realm="Relais"')


class ApiKeyMiddleware:
    """Let a key in where a session would be; a bad one is told so, whatever cookies come along."""

    def __init__(self, get_response: Answering) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        word, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if not request.path_info.startswith(API) or word.lower() != "bearer":
            return self.get_response(request)
        key = _find(secret.strip())
        if key is None:
            text = _("This key opens nothing: it is unknown, revoked or expired. Make a new one.")
            return problem_details(401, text, WWW_Authenticate='Bearer error="invalid_token"')
        request.api_key = key  # type: ignore[attr-defined]
        request.user = Bearer(key.provider_id, key.person.language)  # type: ignore[assignment]
        return self.get_response(request)


def _find(secret: str) -> ApiKey | None:
    """Return the key that this secret opens with."""
    shape = SHAPE.fullmatch(secret)
    if shape is None:
        return None
    now = timezone.now()
    with tenant(int(shape[1])):
        keys = ApiKey.objects.open(now).select_related("person")
        key = keys.filter(digest=digest_of(secret), person__archived_at=None).first()
        if key is not None:
            key.seen(now)
    return key


class OnceMiddleware:
    """Answer a call that comes again under its `Idempotency-Key` as the first time."""

    def __init__(self, get_response: Answering) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = request.headers.get("Idempotency-Key")
        person = getattr(request, "person", None)
        if (
            name is None
            or person is None
            or request.method in SAFE
            or not request.path_info.startswith(API)
        ):
            return self.get_response(request)
        if not ONCE.fullmatch(name):
            text = _("Idempotency-Key: 1 to 200 plain characters without a space.")
            return problem_details(400, text)
        digest = _digest(request)
        try:
            with transaction.atomic():
                mine = KeptAnswer.objects.create(
                    provider_id=person.provider_id, person=person, key=name, digest=digest
                )
        except IntegrityError:
            return _again(KeptAnswer.objects.get(person=person, key=name), digest)
        answer = self.get_response(request)
        if 200 <= answer.status_code < 300:
            mine.status, mine.body = answer.status_code, answer.content.decode()
            mine.content_type = answer.headers.get("Content-Type", "")
            mine.save()
        elif answer.status_code < 500:  # with a 500 the whole transaction goes
            mine.delete()
        return answer


def forget_answers() -> int:
    """Return how many kept answers were forgotten: those of calls that will not come again."""
    return KeptAnswer.objects.filter(at__lt=timezone.now() - KEPT).delete()[0]


def _again(kept: KeptAnswer, digest: str) -> HttpResponse:
    if kept.digest != digest or kept.status is None:
        text = _("This Idempotency-Key was used for another call: take a new one for each.")
        return problem_details(422, text)
    answer = HttpResponse(kept.body, status=kept.status, content_type=kept.content_type)
    answer.headers["Idempotency-Replayed"] = "true"
    return answer


def _digest(request: HttpRequest) -> str:
    """Return a mark of the call; of files, their length: their bytes stay where they stream."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if (request.content_type or "").startswith("multipart/"):
        digest.update(request.headers.get("Content-Length", "").encode())
    else:
        digest.update(request.body)
    return digest.hexdigest()

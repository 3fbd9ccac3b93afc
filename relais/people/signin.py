"""Signing in: what is ours in allauth's flows. Accounts come by invitation only."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from requests import RequestException

from relais.lib.sealed import seal, unseal
from relais.lib.tenancy import current_tenant, tenant

from . import letters
from .models import Person

logger = logging.getLogger("relais.signin")

SEEN_EVERY_SECONDS = 300


class AccountAdapter(DefaultAccountAdapter):
    """Accounts come by invitation; letters leave through the queue."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: nobody signs up unasked."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue the letter."""
        everywhere = {"request": self.request, "email": email, "current_site": None}
        letters.post(self.render_mail(template_prefix, email, everywhere | context))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Take a sign-in of the last minutes for the fresh proof that guarded pages ask for."""
        if not super().is_reauthentication_required(app=app, **kwargs):
            return False
        proofs = get_authentication_records(self.request, self.request.user)
        latest = max((proof["at"] for proof in proofs), default=0)
        return time.time() - latest > app_settings.REAUTHENTICATION_TIMEOUT

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Confirm a changed address, and let the person's own follow it: requests come from it."""
        user = email_address.user
        if user.provider_id is None:
            return bool(super().confirm_email(request, email_address))
        if current_tenant() not in (None, user.provider_id):
            messages.error(request, _("Sign out first: this link belongs to another account."))
            return False
        with tenant(user.provider_id):
            others = Person.objects.filter(email__iexact=email_address.email).exclude(user=user)
            if others.exists():
                # Said only now, to the one who reads this mailbox: nobody can try addresses.
                text = _("This address belongs to somebody else here. Ask your pool lead.")
                messages.error(request, text)
                return False
            confirmed = bool(super().confirm_email(request, email_address))
            if confirmed:
                Person.objects.filter(user=user).update(email=email_address.email)
            return confirmed


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """The firm's own sign-in (OpenID Connect) opens existing accounts; it makes none."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Return False: nobody signs up unasked."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let in only whom the firm vouches for by the confirmed address of an account."""
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            vouched = {a.email.lower() for a in sociallogin.email_addresses if a.verified}
            own = EmailAddress.objects.filter(user=request.user, verified=True)
            fits = vouched.intersection(own.values_list("email", flat=True))
        else:
            fits = sociallogin.is_existing and sociallogin.user.is_active
        if not fits:
            page = render(request, "socialaccount/refused.html", status=403)
            raise ImmediateHttpResponse(page)


class MFAAdapter(DefaultMFAAdapter):
    """Second factors lie sealed in the database."""

    def encrypt(self, text: str) -> str:
        """Return what is stored of a TOTP key or a seed of recovery codes."""
        return seal(text, purpose="second factor")

    def decrypt(self, encrypted_text: str) -> str:
        """Return the key again."""
        return unseal(encrypted_text, purpose="second factor")


class SessionsMiddleware:
    """Keep the list of sessions: when and from where each was last seen, to five minutes.

    allauth's own middleware writes at every request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.seen: dict[str, float] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = request.session.session_key
        if key and request.user.is_authenticated and self._is_due(key):
            # Two requests of one page note the session at once, or a third one ends it meanwhile.
            with contextlib.suppress(IntegrityError):
                UserSession.objects.create_from_request(request)
        return self.get_response(request)

    def _is_due(self, key: str) -> bool:
        now = time.monotonic()
        if now - self.seen.get(key, -SEEN_EVERY_SECONDS) < SEEN_EVERY_SECONDS:
            return False
        if len(self.seen) > 10_000:
            self.seen.clear()
        self.seen[key] = now
        return True


class FirmAwayMiddleware:
    """Say on a page that the firm's sign-in does not answer: allauth lets that through as a 500."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        """Return the page, and note what happened."""
        asked = getattr(request.resolver_match, "url_name", None) or ""
        if not isinstance(problem, RequestException) or not asked.startswith("openid_connect_"):
            return None
        logger.warning("The firm's sign-in does not answer", exc_info=problem)
        return render(request, "socialaccount/authentication_error.html", status=424)

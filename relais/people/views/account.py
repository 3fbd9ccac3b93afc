"""My account: what others see of me, my language, and what guards my sign-in."""

from __future__ import annotations

import re

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.internal.flows.sessions import end_other_sessions
from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_POST

from relais.people.models import User


class AccountForm(forms.ModelForm):
    """What a person may change of her own account by herself."""

    class Meta:
        model = User
        fields = ("language",)


@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Show my account and change its language."""
    form = AccountForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        type(request.person).objects.filter(pk=request.person.pk).update(
            language=form.cleaned_data["language"]
        )
        with override(form.cleaned_data["language"]):
            messages.success(request, _("Saved."))
        return redirect("account")
    context = {"form": form, "roles": request.access.roles}
    return render(request, "people/account.html", context)


@login_required
def security(request: HttpRequest) -> HttpResponse:
    """Show what guards my sign-in: password, second factors, passkeys, sessions."""
    factors = Authenticator.objects.filter(user=request.user)
    kinds = Authenticator.Type
    by_kind = {kind: [f for f in factors if f.type == kind] for kind in kinds}
    recovery = by_kind[kinds.RECOVERY_CODES]
    context = {
        "totp": by_kind[kinds.TOTP],
        "passkeys": by_kind[kinds.WEBAUTHN],
        "recovery": recovery,
        "codes_left": len(recovery[0].wrap().get_unused_codes()) if recovery else 0,
        "sessions": _sessions(request),
        "firm_name": settings.OIDC_NAME,
        "firm_accounts": SocialAccount.objects.filter(user=request.user),
    }
    return render(request, "people/security.html", context)


@require_POST
@login_required
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign one of my other devices out."""
    get_object_or_404(UserSession, pk=pk, user=request.user).end()
    messages.success(request, _("That device is signed out."))
    return redirect("security")


@require_POST
@login_required
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Sign me out everywhere but here."""
    end_other_sessions(request, request.user)
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("security")


@require_POST
@login_required
def disconnect_firm(request: HttpRequest, pk: int) -> HttpResponse:
    """Cut the firm's sign-in off my account, unless nothing else would open it."""
    connection = get_object_or_404(SocialAccount, pk=pk, user=request.user)
    passkeys = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.WEBAUTHN)
    if request.user.has_usable_password() or passkeys.exists():
        connection.delete()
        messages.success(request, _("Disconnected."))
    else:
        messages.error(request, _("Set a password or add a passkey first: nothing else is left."))
    return redirect("security")


def _sessions(request: HttpRequest) -> list[UserSession]:
    sessions = UserSession.objects.purge_and_list(request.user)
    for session in sessions:
        session.device = device_of(session.user_agent)
    return sorted(sessions, key=lambda s: (s.is_current(), s.last_seen_at), reverse=True)


# The order counts: Edge and Opera call themselves Chrome too, and Chrome calls itself Safari.
BROWSERS = [
    (r"Edg", "Edge"),
    (r"OPR/", "Opera"),
    (r"Firefox|FxiOS", "Firefox"),
    (r"Chrome|CriOS", "Chrome"),
    (r"Safari", "Safari"),
]
SYSTEMS = [
    (r"iPhone|iPad", "iOS"),
    (r"Android", "Android"),
    (r"Windows", "Windows"),
    (r"Mac OS", "macOS"),
    (r"Linux|X11", "Linux"),
]


def device_of(agent: str) -> str:
    """Return what a browser calls itself, in two words: "Firefox, Windows"."""
    found = [
        next((name for pattern, name in names if re.search(pattern, agent)), "")
        for names in (BROWSERS, SYSTEMS)
    ]
    return ", ".join(filter(None, found)) or _("Unknown device")

"""Passkeys and other second factors: how one is added, and how all are forgotten."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from allauth.usersessions.models import UserSession
from django.utils.translation import gettext as _


class AddPasskeyForm(AddWebAuthnForm):
    """A key that opens the account by itself, unless one unticks that."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name")
        passwordless = self.fields["passwordless"]
        passwordless.initial = True
        passwordless.label = _("It opens my account by itself")
        passwordless.help_text = _(
            "Leave this ticked, unless it is an old security key that only completes a password."
        )


def forget_second_factors(email: str) -> int:
    """Return how many second factors the account had; they are gone, and its sessions have ended.

    For whoever runs the installation, once the person was recognised in another way.
    """
    factors = Authenticator.objects.filter(user__email__iexact=email.strip())
    for session in UserSession.objects.filter(user__email__iexact=email.strip()):
        session.end()
    return factors.delete()[0]

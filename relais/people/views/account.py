"""My account: what others see of me, my language, and what guards my sign-in."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import override

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
        "sessions": UserSession.objects.purge_and_list(request.user),
        "firm_name": settings.OIDC_NAME,
        "firm_accounts": SocialAccount.objects.filter(user=request.user),
    }
    return render(request, "people/security.html", context)

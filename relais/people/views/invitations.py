"""Inviting people, and what the invited see."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.password_validation import validate_password
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from relais.people import invitations as flow
from relais.people.models import Invitation, Person, User
from relais.people.models.invitation import InvitationSpentError

PAGE = 50


class AcceptForm(forms.Form):
    """A password, twice; nothing when a passkey is to follow."""

    password1 = forms.CharField(
        label=gettext_lazy("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy(
            "At least 10 characters; neither common, nor digits only, nor like your address."
        ),
    )
    password2 = forms.CharField(
        label=gettext_lazy("The same password again"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: object, email: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.user = User(email=email)

    def clean_password1(self) -> str:
        """Return a password that is neither short, common, nor like the address."""
        password = self.cleaned_data["password1"]
        validate_password(password, self.user)
        return password

    def clean(self) -> None:
        """Refuse two different passwords."""
        first, second = self.cleaned_data.get("password1"), self.cleaned_data.get("password2")
        if first and second and first != second:
            self.add_error("password2", _("The two passwords differ."))


@sensitive_post_parameters()
@never_cache
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Open an account with the secret of a letter, set its password, and lead in."""
    if request.user.is_authenticated:
        return render(request, "people/invitation_signed_in.html", status=409)
    found = flow.find(secret)
    if found is None:
        return render(request, "people/invitation_spent.html", status=404)
    with override(found.person.language):
        request.LANGUAGE_CODE = found.person.language
        if found.state != Invitation.State.WAITING:
            return _spent(request, found)
        by_passkey = "passkey" in request.POST
        form = AcceptForm(request.POST if request.method == "POST" else None, email=found.email)
        if request.method == "POST" and (by_passkey or form.is_valid()):
            password = None if by_passkey else form.cleaned_data["password1"]
            return _accept(request, found, password)
        return render(request, "people/invitation.html", {"invitation": found, "form": form})


def _spent(request: HttpRequest, found: Invitation) -> HttpResponse:
    return render(request, "people/invitation_spent.html", {"invitation": found}, status=410)


def _accept(request: HttpRequest, found: Invitation, password: str | None) -> HttpResponse:
    try:
        user = flow.accept(found, password=password)
    except InvitationSpentError:
        return _spent(request, found)
    except flow.InvitationRefused as refusal:
        text = _(refusal.message) % refusal.values
        return render(request, "people/invitation_spent.html", {"reason": text}, status=409)
    # The letter proved the mailbox: what follows (a passkey) asks for no second proof.
    record_authentication(request, user, "invitation")
    next_url = reverse("mfa_add_webauthn") if password is None else reverse("home")
    get_adapter(request).stash_verified_email(request, found.email)
    return perform_login(request, user, redirect_url=next_url)


@require_GET
@login_required
def invitations(request: HttpRequest) -> HttpResponse:
    """Show who was invited and where each invitation stands."""
    if not request.access.may_invite():
        raise Http404
    rows = request.access.see(Invitation).select_related("person__company", "sent_by")
    wanted = request.GET.get("state", "")
    now = timezone.now()
    if wanted == Invitation.State.WAITING:
        rows = rows.open().filter(expires_at__gt=now)
    elif wanted == Invitation.State.EXPIRED:
        rows = rows.open().filter(expires_at__lte=now)
    elif wanted == Invitation.State.ACCEPTED:
        rows = rows.exclude(accepted_at=None)
    elif wanted == Invitation.State.REVOKED:
        rows = rows.exclude(revoked_at=None)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "states": Invitation.State, "wanted": wanted}
    return render(request, "people/invitations.html", context)


@require_POST
@login_required
def invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Invite one person."""
    person = _person_to_invite(request, pk)
    try:
        sent = flow.invite_once(person, by=request.person)
    except flow.InvitationRefused as refusal:
        messages.error(request, _(refusal.message) % refusal.values)
    else:
        text = _("The invitation is on its way to %(email)s.") % {"email": sent.email}
        messages.success(request, text)
    return _back(request)


@require_POST
@login_required
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a new letter; the former one opens nothing any more."""
    former = _invitation_of(request, pk)
    try:
        sent, _link = flow.invite(former.person, by=request.person)
    except flow.InvitationRefused as refusal:
        messages.error(request, _(refusal.message) % refusal.values)
    else:
        text = _("A new invitation is on its way to %(email)s; the former one opens nothing.")
        messages.success(request, text % {"email": sent.email})
    return _back(request)


@require_POST
@login_required
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an invitation back."""
    try:
        _invitation_of(request, pk).revoke()
    except InvitationSpentError:
        messages.error(request, _("This invitation is no longer open."))
    else:
        messages.success(request, _("The invitation is revoked."))
    return _back(request)


def _person_to_invite(request: HttpRequest, pk: int) -> Person:
    if not request.access.may_invite():
        raise Http404
    return get_object_or_404(request.access.see(Person), pk=pk)


def _invitation_of(request: HttpRequest, pk: int) -> Invitation:
    if not request.access.may_invite():
        raise Http404
    return get_object_or_404(request.access.see(Invitation), pk=pk)


def _back(request: HttpRequest) -> HttpResponse:
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        return redirect(target)
    return redirect("invitations")

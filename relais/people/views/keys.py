"""Keys of the API: make one, see what it may do, revoke it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from relais.people.access import Access
from relais.people.models import ApiKey, Person

SCOPES = [
    ("requests:read", gettext_lazy("Read requests and services")),
    ("requests:write", gettext_lazy("Make requests and act on them")),
    ("people:read", gettext_lazy("Read sites and persons")),
    ("people:write", gettext_lazy("Change sites, persons and calendars")),
    ("agreements:read", gettext_lazy("Read agreements")),
    ("agreements:write", gettext_lazy("Draft, change and sign agreements")),
    ("planning:read", gettext_lazy("Read the planning")),
    ("planning:write", gettext_lazy("Change the planning")),
    ("studies:read", gettext_lazy("Read diagnostics")),
    ("studies:write", gettext_lazy("Change diagnostics")),
    ("reviews:read", gettext_lazy("Read service reviews and credits")),
    ("reviews:write", gettext_lazy("Close months, comment, agree on credits")),
]
LIVES = [
    (30, gettext_lazy("30 days")),
    (90, gettext_lazy("90 days")),
    (365, gettext_lazy("one year")),
]


class KeyForm(forms.Form):
    """What a key is for, whose it is, and how far it reaches."""

    name = forms.CharField(
        label=gettext_lazy("What is it for?"),
        max_length=80,
        help_text=gettext_lazy("The program that will use it, such as “Accounting software”."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What may it do?"),
        choices=SCOPES,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Never more than its owner may, and only what is ticked. To write includes to read."
        ),
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("How long is it valid?"), choices=LIVES, coerce=int, initial=90
    )
    person = forms.ModelChoiceField(
        label=gettext_lazy("Whose key is it?"),
        queryset=None,
        required=False,
        empty_label=gettext_lazy("Mine"),
        help_text=gettext_lazy(
            "An integration is entered as a person without an account, with roles of its own; "
            "whoever has an account makes her keys herself."
        ),
    )

    def __init__(self, access: Access, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if access.runs_pool:
            without = access.see(Person).filter(user=None, archived_at=None)
            self.fields["person"].queryset = without.filter(roles__isnull=False).distinct()
        else:
            del self.fields["person"]


@require_GET
@login_required
def keys(request: HttpRequest) -> HttpResponse:
    """Show my keys; to whoever runs the pool, everybody's."""
    return _page(request, KeyForm(_access(request)))


@require_POST
@never_cache
@login_required
def make(request: HttpRequest) -> HttpResponse:
    """Make a key and show its secret, this once."""
    form = KeyForm(_access(request), request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    wanted = form.cleaned_data
    made, secret = ApiKey.make(
        wanted.get("person") or request.person,
        name=wanted["name"],
        scopes=wanted["scopes"],
        days=wanted["days"],
        by=request.person,
    )
    return render(request, "people/key_made.html", {"key": made, "secret": secret})


@require_POST
@login_required
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a key for good."""
    key = get_object_or_404(_access(request).see(ApiKey), pk=pk)
    if key.revoke():
        messages.success(request, _("“%(name)s” opens nothing any more.") % {"name": key.name})
    else:
        messages.info(request, _("“%(name)s” was revoked before.") % {"name": key.name})
    return redirect("keys")


def _access(request: HttpRequest) -> Access:
    access: Access | None = request.access
    if access is None:
        raise Http404
    return access


def _page(request: HttpRequest, form: KeyForm, status: int = 200) -> HttpResponse:
    rows = list(_access(request).see(ApiKey).select_related("person", "made_by")[:500])
    now, labels = timezone.now(), dict(SCOPES)
    for key in rows:
        key.open = key.is_open(now)
        key.may = [labels[scope] for scope in key.scopes if scope in labels]
    rows.sort(key=lambda key: not key.open)
    return render(request, "people/keys.html", {"keys": rows, "form": form}, status=status)

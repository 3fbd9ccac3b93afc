"""Webhooks: which programs are told what, how each call went, and a trial."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from relais.desk import webhooks as flow
from relais.desk.models import Event, Webhook, WebhookCall
from relais.people.access import Access

SHOWN = 100


def kinds_for(access: Access) -> list[tuple[str, Any]]:
    """Return the kinds of events of which this person may be told."""
    hidden = Event.INTERNAL if access.is_client else ()
    return [(kind.value, kind.label) for kind in Event.Kind if kind not in hidden]


class WebhookForm(forms.Form):
    """Where to call, and for what."""

    name = forms.CharField(label=gettext_lazy("What is it for?"), max_length=80)
    url = forms.URLField(
        label=gettext_lazy("Address"),
        max_length=500,
        assume_scheme="https",
        help_text=gettext_lazy("It begins with https:// and answers from the open internet."),
    )
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("For which events?"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None ticked: for all of them."),
    )

    def __init__(self, access: Access, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kinds"].choices = kinds_for(access)

    def clean_url(self) -> str:
        """Return an address that may be called."""
        url: str = self.cleaned_data["url"]
        try:
            flow.check_address(url)
        except flow.BadAddress as fault:
            raise forms.ValidationError(_(str(fault.values["why"]))) from None
        return url


@require_GET
@login_required
def webhooks(request: HttpRequest) -> HttpResponse:
    """Show my webhooks; to whoever runs the pool, everybody's."""
    return _page(request, WebhookForm(request.access))


@require_POST
@never_cache
@login_required
def make(request: HttpRequest) -> HttpResponse:
    """Make a webhook and show its secret, this once."""
    form = WebhookForm(request.access, request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    made, secret = Webhook.make(request.person, **form.cleaned_data)
    return render(request, "desk/webhook_made.html", {"webhook": made, "secret": secret})


@require_GET
@login_required
def webhook(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one webhook and how its last calls went."""
    found = _found(request, pk)
    calls = request.access.see(WebhookCall).filter(webhook=found).select_related("event__ticket")
    shown = list(calls[:SHOWN])
    # A lead reads the list of somebody's calls, not what they tell of class C3.
    mine = request.access.see(Event).filter(pk__in=[call.event_id for call in shown])
    seen = set(mine.values_list("pk", flat=True))
    for call in shown:
        call.is_seen = call.event_id in seen
    labels = dict(kinds_for(request.access))
    context = {
        "webhook": found,
        "calls": shown,
        "kinds": [labels[kind] for kind in found.kinds if kind in labels],
    }
    return render(request, "desk/webhook.html", context)


@require_POST
@login_required
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Call no more."""
    found = _found(request, pk)
    if found.stop():
        messages.success(request, _("“%(name)s” is called no more.") % {"name": found})
    return redirect("webhook", pk)


@require_POST
@login_required
def restart(request: HttpRequest, pk: int) -> HttpResponse:
    """Call again, for what happens from now on."""
    found = _found(request, pk)
    if found.restart():
        messages.success(request, _("“%(name)s” is called again.") % {"name": found})
    return redirect("webhook", pk)


@require_POST
@login_required
def try_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a trial."""
    flow.try_out(_found(request, pk))
    messages.success(request, _("A trial is on its way: look below in a moment."))
    return redirect("webhook", pk)


@require_POST
@login_required
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send one call once more."""
    call = get_object_or_404(request.access.see(WebhookCall), pk=pk)
    if call.again():
        messages.success(request, _("It is sent once more."))
    return redirect("webhook", call.webhook_id)


def _found(request: HttpRequest, pk: int) -> Webhook:
    return get_object_or_404(request.access.see(Webhook).select_related("person"), pk=pk)


def _page(request: HttpRequest, form: WebhookForm, status: int = 200) -> HttpResponse:
    rows = request.access.see(Webhook).select_related("person")[:SHOWN]
    return render(request, "desk/webhooks.html", {"webhooks": rows, "form": form}, status=status)

"""How the pool dispatches, for lead and management: what counts for how much, and limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from relais.desk import weighing
from relais.desk.models import DispatchMode, DispatchSetting, Pairing
from relais.lib.problem import Problem
from relais.offer.models import Service
from relais.people.access import Access
from relais.people.models import Confidentiality, Person, Site
from relais.people.pool_forms import team

from .files import in_words
from .lead import lead_only

HISTORY = 20
TABS = (
    ("dispatch_settings", gettext_lazy("Weights and limits")),
    ("dispatch_modes", gettext_lazy("Modes")),
    ("pairings", gettext_lazy("Reserved pairings")),
    ("accesses", gettext_lazy("Accesses to tools")),
)


class SettingForm(forms.Form):
    """Every number with what it means, and why it is changed."""

    why = forms.CharField(label=gettext_lazy("Why this change?"), max_length=300)
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, data: Any, values: dict[str, float], number: int) -> None:
        super().__init__(data, initial={"seen": number})
        for each in weighing.NUMBERS:
            kind = forms.IntegerField if each.whole else forms.FloatField
            self.fields[each.name] = kind(
                label=each.label,
                help_text=each.meaning,
                initial=int(values[each.name]) if each.whole else values[each.name],
                min_value=each.least,
                max_value=each.most,
                widget=forms.NumberInput(attrs={"step": "1" if each.whole else "any"}),
            )
        self.order_fields(["seen", *(each.name for each in weighing.NUMBERS), "why"])


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Show what dispatch weighs, its history, and set a new version."""
    lead_only(request)
    rows = list(request.access.see(DispatchSetting).select_related("by")[: HISTORY + 1])
    last = rows[0] if rows else None
    values = weighing.complete(last.values if last else {})
    number = last.number if last else 0
    form = SettingForm(request.POST or None, values, number)
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            sent = dict(form.cleaned_data)
            why, seen = sent.pop("why"), sent.pop("seen")
            try:
                made = DispatchSetting.set(sent, why, by=request.person, seen=seen)
            except Problem as refusal:
                form.add_error(None, in_words(refusal))
                status = 409
            else:
                messages.success(
                    request, _("Version %(n)s holds from now on.") % {"n": made.number}
                )
                return redirect("dispatch_settings")
    context = {"form": form, "number": number, "history": _history(rows[:HISTORY])}
    context["tabs"] = TABS
    return render(request, "desk/dispatch_settings.html", context, status=status)


@login_required
@require_POST
def put_back(request: HttpRequest, number: int) -> HttpResponse:
    """Let an older version hold again, as a new one."""
    lead_only(request)
    why = _("Version %(n)s put back") % {"n": number}
    try:
        DispatchSetting.put_back(number, why, by=request.person)
    except Problem as refusal:
        messages.error(request, in_words(refusal))
    else:
        messages.success(request, _("Version %(n)s holds again.") % {"n": number})
    return redirect("dispatch_settings")


def _history(rows: list[DispatchSetting]) -> list[dict[str, Any]]:
    """Return the versions, the newest first, each with what it changed."""
    told = []
    for place, row in enumerate(rows):
        before = weighing.complete(rows[place + 1].values if place + 1 < len(rows) else {})
        now = weighing.complete(row.values)
        lines = [
            (each.label, f"{before[each.name]:g}", f"{now[each.name]:g}")
            for each in weighing.NUMBERS
            if before[each.name] != now[each.name]
        ]
        told.append({"row": row, "lines": lines, "current": place == 0})
    return told


# Modes and pairings -------------------------------------------------------------------------------


class ModeForm(forms.Form):
    """How requests of a service, of a class, or of both are given."""

    service = forms.ModelChoiceField(
        None, label=gettext_lazy("Service"), required=False, empty_label=gettext_lazy("Every one")
    )
    confidentiality = forms.TypedChoiceField(
        label=gettext_lazy("confidentiality"), required=False, coerce=int, empty_value=None
    )
    mode = forms.ChoiceField(label=gettext_lazy("mode"), choices=DispatchMode.Mode.choices)

    def __init__(self, data: Any, access: Access) -> None:
        super().__init__(data)
        self.fields["service"].queryset = access.see(Service).filter(active=True)
        every = ("", _("Every one"))
        self.fields["confidentiality"].choices = [every, *Confidentiality.choices]


class PairingForm(forms.Form):
    """Somebody reserved for a site or for a requester."""

    person = forms.ModelChoiceField(None, label=gettext_lazy("Assistant"))
    site = forms.ModelChoiceField(None, label=gettext_lazy("Site"), required=False)
    requester = forms.ModelChoiceField(None, label=gettext_lazy("Requester"), required=False)
    why = forms.CharField(label=gettext_lazy("Reason"), max_length=300)

    def __init__(self, data: Any, access: Access) -> None:
        super().__init__(data)
        people = access.see(Person).filter(archived_at=None)
        keys = [person.pk for person in team(access)]
        self.fields["person"].queryset = people.filter(pk__in=keys)
        self.fields["requester"].queryset = people.exclude(company=None)
        self.fields["site"].queryset = access.see(Site).filter(archived_at=None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def modes(request: HttpRequest) -> HttpResponse:
    """Show who gives which requests, and say it."""
    lead_only(request)
    form = ModeForm(request.POST or None, request.access)

    def keep(sent: dict[str, Any]) -> object:
        return DispatchMode.set(sent.pop("mode"), by=request.person, **sent)

    if (status := kept(form, keep)) == 302:
        messages.success(request, _("Set."))
        return redirect("dispatch_modes")
    rows = request.access.see(DispatchMode).select_related("service", "by")
    context = {"form": form, "rows": rows, "tabs": TABS}
    return render(request, "desk/dispatch_modes.html", context, status=status)


@login_required
@require_POST
def mode_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a line of the modes away."""
    lead_only(request)
    get_object_or_404(request.access.see(DispatchMode), pk=pk).drop(by=request.person)
    messages.success(request, _("Removed."))
    return redirect("dispatch_modes")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def pairings(request: HttpRequest) -> HttpResponse:
    """Show who is reserved for which site or requester, and lock a pairing."""
    lead_only(request)
    form = PairingForm(request.POST or None, request.access)

    def keep(sent: dict[str, Any]) -> object:
        return Pairing.lock(sent.pop("person"), sent.pop("why"), by=request.person, **sent)

    if (status := kept(form, keep)) == 302:
        messages.success(request, _("Locked."))
        return redirect("pairings")
    rows = request.access.see(Pairing).filter(ended_at=None)
    rows = rows.select_related("person", "site", "requester", "by")
    context = {"form": form, "rows": rows, "tabs": TABS}
    return render(request, "desk/pairings.html", context, status=status)


@login_required
@require_POST
def unlock(request: HttpRequest, pk: int) -> HttpResponse:
    """End a pairing."""
    lead_only(request)
    get_object_or_404(request.access.see(Pairing), pk=pk).unlock(by=request.person)
    messages.success(request, _("Unlocked."))
    return redirect("pairings")


def kept(form: forms.Form, keep: Callable[[dict[str, Any]], object]) -> int:
    """Return 302 once what was typed is kept, 200 when nothing was typed, else why not."""
    if not form.is_bound:
        return 200
    if not form.is_valid():
        return 422
    try:
        keep(dict(form.cleaned_data))
    except Problem as refusal:
        form.add_error(None, in_words(refusal))
        return 422
    return 302

"""How the pool dispatches, for lead and management: what counts for how much, and limits."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from relais.desk import weighing
from relais.desk.models import DispatchSetting
from relais.lib.problem import Problem

from .files import in_words
from .lead import lead_only

HISTORY = 20
TABS = (("dispatch_settings", gettext_lazy("Weights and limits")),)


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

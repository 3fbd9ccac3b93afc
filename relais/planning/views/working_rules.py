"""The limits of working time: what holds, and a new version of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from relais.desk import weighing
from relais.desk.models import DispatchSetting
from relais.desk.views.dispatch_rules import kept
from relais.desk.views.lead import lead_only

SHOWN = (weighing.BY_NAME["day_minutes"], weighing.BY_NAME["week_minutes"], *weighing.WORKTIME)


class WorkingTimeForm(forms.Form):
    """Every limit with the law it comes from, and why it is changed."""

    why = forms.CharField(label=gettext_lazy("Why this change?"), max_length=300)
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, data: Any, values: dict[str, float], number: int) -> None:
        super().__init__(data, initial={"seen": number})
        for each in SHOWN:
            self.fields[each.name] = forms.IntegerField(
                label=each.label,
                help_text=each.meaning,
                initial=int(values[each.name]),
                min_value=int(each.least),
                max_value=int(each.most),
            )
        self.order_fields(["seen", *(each.name for each in SHOWN), "why"])


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def working_rules(request: HttpRequest) -> HttpResponse:
    """Show the limits of working time, and set others."""
    lead_only(request)
    last = request.access.see(DispatchSetting).first()
    number = last.number if last else 0
    form = WorkingTimeForm(
        request.POST or None, weighing.complete(last.values if last else {}), number
    )

    def keep(sent: dict[str, Any]) -> object:
        why, seen = sent.pop("why"), sent.pop("seen")
        return DispatchSetting.set(sent, why, by=request.person, seen=seen)

    if (status := kept(form, keep)) == 302:
        messages.success(request, _("Set."))
        return redirect("working_rules")
    context = {"form": form, "number": number}
    return render(request, "planning/working_rules.html", context, status=status)

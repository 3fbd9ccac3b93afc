"""How fast the pool wants to take in hand what it is given: a page for those who run it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from relais.offer.errors import Overtaken, Refused, Unsound
from relais.offer.models import HandTarget, Priority
from relais.offer.models.hand_target import HANDS_PUT, MOST_MINUTES, PRIORITIES, field_of, mark
from relais.people.models import OrganisationChange
from relais.people.organisation import said
from relais.people.views.form_page import draw


class HandsForm(forms.Form):
    """The minutes by priority; the model says what may stand."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for priority in PRIORITIES:
            label = Priority(priority).label if priority else gettext_lazy("Every priority")
            field = forms.IntegerField(
                label=label, required=False, widget=forms.NumberInput({"min": 1, "step": 1})
            )
            field.widget.attrs["max"] = MOST_MINUTES
            self.fields[field_of(priority)] = field
        self.fields["all"].help_text = gettext_lazy(
            "For the priorities without a time of their own."
        )

    @property
    def wanted(self) -> dict[int | None, int | None]:
        """Return the minutes as typed."""
        return {each: self.cleaned_data[field_of(each)] for each in PRIORITIES}


@login_required
def hand_targets(request: HttpRequest) -> HttpResponse:
    """Set the minutes of opening from being given a request to taking it."""
    if not request.access.runs_pool:
        raise Http404
    now = HandTarget.minutes_of(request.access.see(HandTarget))
    initial = {field_of(key): each for key, each in now.items()} | {"seen": mark(now)}
    form = HandsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid() and _put(request, form):
        messages.success(request, _("Saved."))
        return redirect("hand_targets")
    return draw(
        request,
        form,
        title=_("Time to take a request in hand"),
        back=reverse("tower"),
        crumbs=[(reverse("tower"), _("Control tower"))],
        lead=_lead(request),
    )


def _put(request: HttpRequest, form: HandsForm) -> bool:
    """Return whether the times are kept as typed; else the form says what is to be mended."""
    try:
        HandTarget.put(form.wanted, by=request.person, seen=form.cleaned_data["seen"])
    except Unsound as refusal:
        for field, text in refusal.faults:
            form.add_error(field, text)
    except Overtaken as refusal:
        now = mark(HandTarget.minutes_of(request.access.see(HandTarget)))
        form.data = form.data.copy()
        form.data["seen"] = now
        form.add_error(None, said(refusal))
    except Refused as refusal:
        form.add_error(None, said(refusal))
    return not form.errors


def _lead(request: HttpRequest) -> str:
    """Return what the page is for, and who set the times last."""
    text = _(
        "Minutes of opening hours from being given a request to taking it. A clock of the pool's "
        "own: no client sees it. Clocks that run already keep theirs."
    )
    rows = request.access.see(OrganisationChange).select_related("by")
    last = rows.filter(subject="people.Provider", kind=HANDS_PUT).first()
    if last is None or last.by is None:
        return text
    day = date_format(timezone.localtime(last.at), "DATETIME_FORMAT")
    told = _("Last changed by %(who)s, %(when)s.") % {"who": last.by.name, "when": day}
    return f"{text} {told}"

"""The pages of the steering wall: attempts that were refused, wishes to be decided."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from relais.desk import rules
from relais.desk.models import Arbitration, SteeringAttempt, Ticket
from relais.lib.listing import Choice, Column, Empty, Listing, answer
from relais.lib.problem import Problem
from relais.people.models import Confidentiality

from .files import in_words
from .tickets import version_of


def leads_only(request: HttpRequest) -> None:
    """Raise "not found" for anybody who steers nothing."""
    access = request.access
    if not (access.runs_pool or (access.is_client and access.steered_company_ids)):
        raise Http404


def wish(attempt: SteeringAttempt) -> str:
    """Return what was asked for, in words."""
    asked = attempt.asked
    if "words" in asked:
        return _t("“%(words)s”") % {"words": asked["words"]}
    if "priority" in asked and asked["priority"] in Ticket.Priority.values:
        return str(Ticket.Priority(asked["priority"]).label)
    if "confidentiality" in asked and asked["confidentiality"] in Confidentiality.values:
        return str(Confidentiality(asked["confidentiality"]).label)
    names = {"service": _t("Service"), "site": _t("Site"), "wanted_by": _t("Wanted by")}
    return ", ".join(str(names[name]) for name in asked if name in names)


ATTEMPTS = Listing(
    name="attempts",
    title=_("Refused attempts to steer"),
    columns=(
        Column("at", _("When"), lambda a: a.at, sort="at", template="desk/_at_cell.html"),
        Column("by", _("Who"), lambda a: a.by.name, sort="by__name_key"),
        Column("verb", _("Wish"), lambda a: a.get_verb_display(), note=wish),
        Column(
            "ticket",
            _("Request"),
            lambda a: a.ticket.reference if a.ticket else "",
            url=lambda a: f"/tickets/{a.ticket_id}/" if a.ticket_id else None,
            note=lambda a: a.ticket.subject if a.ticket else "",
        ),
        Column("way", _("Way"), lambda a: a.get_way_display(), tone=lambda a: "neutral"),
    ),
    search=("by__name_key",),
    search_label=_("Name"),
    filters=(
        Choice(
            "way",
            _("Way"),
            lambda: (("", _("All")), *SteeringAttempt.Way.choices),
            lambda rows, value: rows.filter(way=value) if value else rows,
        ),
    ),
    order="-at",
    prepare=lambda rows: rows.select_related("by", "ticket"),
    empty=Empty(
        _("Nobody has tried"),
        _("Who changes a priority or a scope without being one of the two leads is listed here."),
        icon="shield-check",
    ),
)


@login_required
@require_safe
def attempts(request: HttpRequest) -> HttpResponse:
    """List the attempts that were refused."""
    leads_only(request)
    return answer(request, ATTEMPTS, request.access.see(SteeringAttempt))


ARBITRATIONS = Listing(
    name="arbitrations",
    title=_("Arbitrations"),
    columns=(
        Column("at", _("When"), lambda a: a.asked_at, sort="asked_at",
               template="desk/_asked_cell.html"),
        Column(
            "question",
            _("What contradicts what"),
            lambda a: " / ".join(one.reference for one in a.tickets),
            url=lambda a: f"/arbitrations/{a.pk}/",
            note=lambda a: a.question[:140],
        ),
        Column("state", _("State"), lambda a: a.get_state_display(), sort="state",
               tone=lambda a: "warn" if a.state == "open" else "good"),
        Column("choice", _("Decision"), lambda a: a.get_choice_display() if a.choice else "",
               note=lambda a: a.reason),
    ),
    search=("question",),
    search_label=_("Words of the question"),
    filters=(
        Choice(
            "state",
            _("State"),
            lambda: (("", _("All")), *Arbitration.State.choices),
            lambda rows, value: rows.filter(state=value) if value else rows,
        ),
    ),
    order="-at",
    prepare=lambda rows: rows.select_related("ticket", "other"),
    empty=Empty(
        _("Nothing to decide"),
        _("When two managers want opposite things, the client lead decides here."),
        icon="git-branch",
    ),
)  # fmt: skip


@login_required
@require_safe
def arbitrations(request: HttpRequest) -> HttpResponse:
    """List the wishes that contradict each other."""
    leads_only(request)
    return answer(request, ARBITRATIONS, request.access.see(Arbitration))


class DecideForm(forms.Form):
    """A decision, its reason, and the priorities that follow from it."""

    choice = forms.ChoiceField(label=_("Decision"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Both managers read it."),
    )  # fmt: skip

    def __init__(self, *args: Any, arbitration: Arbitration, **more: Any) -> None:
        super().__init__(*args, **more)
        choices = list(Arbitration.Choice.choices)
        names = {"first": arbitration.ticket, "other": arbitration.other}
        self.fields["choice"].choices = [
            (value, _t("%(reference)s comes first") % {"reference": names[value].reference}
             if names.get(value) else label)
            for value, label in choices
            if value != "other" or arbitration.other
        ]  # fmt: skip
        for one in arbitration.tickets:
            self.fields[f"priority_{one.pk}"] = forms.TypedChoiceField(
                label=_t("Priority of %(reference)s") % {"reference": one.reference},
                coerce=int,
                choices=Ticket.Priority.choices,
                initial=one.priority,
                required=False,
                empty_value=one.priority,
            )

    def priorities(self) -> dict[int, int]:
        """Return the priorities wished, by key of request."""
        return {
            int(name.removeprefix("priority_")): value
            for name, value in self.cleaned_data.items()
            if name.startswith("priority_")
        }


def _found(request: HttpRequest, pk: int) -> Arbitration:
    related = request.access.see(Arbitration).select_related(
        "company", "ticket__requester", "ticket__site", "ticket__company", "ticket__service",
        "other__requester", "other__site", "other__company", "other__service",
        "asked_by", "decided_by",
    )  # fmt: skip
    return get_object_or_404(related, pk=pk)


@login_required
@require_safe
def arbitration(request: HttpRequest, pk: int) -> HttpResponse:
    """Show two wishes side by side; to who decides, the form."""
    found = _found(request, pk)
    return _draw(request, found, DecideForm(arbitration=found))


@login_required
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide between two wishes."""
    found = _found(request, pk)
    form = DecideForm(request.POST, arbitration=found)
    status = 422
    if form.is_valid():
        clean = form.cleaned_data
        try:
            found.expect(version_of(request.POST))
            found.decide(
                clean["choice"], clean["reason"].replace("\x00", ""), by=request.person,
                priorities=form.priorities(),
            )  # fmt: skip
        except Problem as problem:
            form.add_error(None, in_words(problem))
            status = 409
        else:
            messages.success(request, _t("Decided. Both requests tell it, with your reason."))
            return redirect("arbitration", pk)
    return _draw(request, _found(request, pk), form, status)


def _draw(
    request: HttpRequest, found: Arbitration, form: DecideForm, status: int = 200
) -> HttpResponse:
    may = found.state == "open" and found.may_decide(request.person)
    context = {"arbitration": found, "form": form if may else None, "tickets": found.tickets}
    context["steers"] = rules.may("reprioritise", found.ticket, request.person)
    return render(request, "desk/arbitration.html", context, status=status)

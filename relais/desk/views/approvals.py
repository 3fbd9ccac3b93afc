"""Amounts to approve and who does so in one's place. A link in a mail only ever opens a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from relais.desk.models import Approval, Delegation, Ticket
from relais.lib.problem import Problem
from relais.people.models import Person

from .files import in_words
from .tickets import version_of


def _person_field(label: Any) -> forms.ModelChoiceField:
    return forms.ModelChoiceField(None, label=label)


class PassOnForm(forms.Form):
    """To whom one approval is passed on, and why."""

    to = _person_field(_("To whom?"))
    reason = forms.CharField(label=_("Reason"), max_length=300)

    def __init__(self, *args: Any, people: QuerySet[Person], **more: Any) -> None:
        super().__init__(*args, auto_id="pass-%s", **more)
        self.fields["to"].queryset = people


class DelegationForm(forms.Form):
    """Who approves in one's place, for which days, up to which amount."""

    to = _person_field(_("Who approves in your place?"))
    starts_on = forms.DateField(
        label=capfirst(_("from")), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    ends_on = forms.DateField(
        label=capfirst(_("until")),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    ceiling = forms.DecimalField(
        label=capfirst(_("up to (€)")), required=False, min_value=0, max_digits=12,
        decimal_places=2,
        help_text=_("Empty: as much as you."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("Leave, travel, usual share of work…")
    )

    def __init__(self, *args: Any, people: QuerySet[Person], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["to"].queryset = people


def _colleagues(request: HttpRequest) -> QuerySet[Person]:
    seen = request.access.see(Person).filter(company=request.person.company_id, archived_at=None)
    return seen.exclude(pk=request.person.pk).exclude(company=None)


@login_required
@require_safe
def approvals(request: HttpRequest) -> HttpResponse:
    """Show what waits for me, what was decided lately, and delegations."""
    access = request.access
    rows = access.see(Approval).select_related(
        "ticket__site", "ticket__requester", "approver", "decided_by"
    )
    waiting = rows.filter(state=Approval.State.ASKED, ticket__state__in=Ticket.AT_WORK)
    waiting = list(waiting.order_by("asked_at")[:100])
    mine = _mine(request.person, waiting)
    decided = rows.filter(state__in=[Approval.State.APPROVED, Approval.State.REFUSED])
    context = {
        "mine": mine,
        "others": [one for one in waiting if one not in mine],
        "decided": decided.order_by("-decided_at")[:20],
        "delegations": _delegations(request),
        "may_delegate": access.is_client and bool(access.roles),
    }
    return render(request, "desk/approvals.html", context)


def _mine(person: Person, waiting: list[Approval]) -> list[Approval]:
    """Return those that this person may decide: one query whatever their number."""
    held = Delegation.held_by(person, timezone.localdate())

    def fits(one: Approval) -> bool:
        return one.approver_id == person.pk or any(
            each.giver_id == one.approver_id and each.allows(one.amount) for each in held
        )

    return [one for one in waiting if fits(one)]


def _delegations(request: HttpRequest) -> list[Delegation]:
    seen = request.access.see(Delegation).filter(ended_at=None, ends_on__gte=timezone.localdate())
    return list(seen.select_related("giver", "receiver").order_by("starts_on", "pk")[:100])


def _found(request: HttpRequest, pk: int) -> Approval:
    related = request.access.see(Approval).select_related(
        "ticket__site", "ticket__company", "ticket__service", "ticket__requester", "approver",
        "asked_by", "decided_by", "delegation__giver",
    )  # fmt: skip
    return get_object_or_404(related, pk=pk)


@login_required
@require_safe
def approval(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one amount; to who decides, the buttons."""
    return _draw(request, _found(request, pk))


def _draw(request: HttpRequest, found: Approval, *, status: int = 200, **more: Any) -> HttpResponse:
    may = found.is_open and found.may_decide(request.person)
    mine = found.is_open and found.approver_id == request.person.pk
    context = {
        "approval": found,
        "ticket": found.ticket,
        "reads": request.access.see(Ticket).filter(pk=found.ticket_id).exists(),
        "may": may,
        "pass_on": PassOnForm(people=_colleagues(request)) if mine else None,
        **more,
    }
    return render(request, "desk/approval.html", context, status=status)


def _decision(name: str, act: Callable[..., None], done: Callable[[], str]) -> Any:
    @login_required
    @require_POST
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        found = _found(request, pk)
        reason = request.POST.get("reason", "").replace("\x00", "")[:2000]
        try:
            found.expect(version_of(request.POST))
            act(found, reason, by=request.person)
        except Problem as problem:
            messages.error(request, in_words(problem))
            return _draw(request, _found(request, pk), status=409, reason=reason)
        messages.success(request, done())
        return redirect("approvals")

    view.__name__ = name
    view.__doc__ = f"Do `{name}` to an amount."
    return view


approve = _decision("approve", Approval.approve, lambda: _t("Approved; the service goes on."))
refuse = _decision("refuse", Approval.refuse, lambda: _t("Refused; the service is told why."))


@login_required
@require_POST
def delegate(request: HttpRequest, pk: int) -> HttpResponse:
    """Pass one approval on to a colleague."""
    found = _found(request, pk)
    form = PassOnForm(request.POST, people=_colleagues(request))
    if form.is_valid():
        clean = form.cleaned_data
        try:
            found.delegate(clean["to"], clean["reason"].replace("\x00", ""), by=request.person)
        except Problem as problem:
            form.add_error(None, in_words(problem))
        else:
            messages.success(request, _t("Passed on to %(name)s.") % {"name": clean["to"]})
            return redirect("approvals")
    return _draw(request, _found(request, pk), status=422, pass_on=form)


@login_required
def new_delegation(request: HttpRequest) -> HttpResponse:
    """Let a colleague approve in my place for some days."""
    access = request.access
    if not (access.is_client and access.roles):
        raise Http404
    form = DelegationForm(
        request.POST or None,
        people=_colleagues(request),
        initial={"starts_on": timezone.localdate()},
    )
    if request.method == "POST" and form.is_valid():
        clean = form.cleaned_data
        try:
            Delegation.give(
                clean["to"],
                by=request.person,
                starts_on=clean["starts_on"],
                ends_on=clean["ends_on"],
                ceiling=clean["ceiling"],
                reason=clean["reason"].replace("\x00", ""),
            )
        except Problem as problem:
            form.add_error(None, in_words(problem))
        else:
            messages.success(
                request, _t("%(name)s approves in your place.") % {"name": clean["to"]}
            )
            return redirect("approvals")
    status = 422 if form.errors else 200
    return render(request, "desk/new_delegation.html", {"form": form}, status=status)


@login_required
@require_POST
def end_delegation(request: HttpRequest, pk: int) -> HttpResponse:
    """End a delegation before its day."""
    found = get_object_or_404(
        request.access.see(Delegation).select_related("company", "giver", "receiver"), pk=pk
    )
    try:
        found.end(by=request.person)
    except Problem as problem:
        messages.error(request, in_words(problem))
    else:
        messages.success(request, _t("Ended."))
    return redirect("approvals")

"""What is done with a version: written, compared, signed, withdrawn."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from relais.offer import history, reading, signing
from relais.offer.agreement_forms import DraftForm, with_row_added, without_row
from relais.offer.errors import Overtaken, Refused, Unsound
from relais.offer.models import AgreementVersion
from relais.people.organisation import said

from .agreements import own_version, seen_version, version_url

LISTS = ("scopes", "targets")


# Writing --------------------------------------------------------------------------------------


@login_required
def edit(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Edit a draft; the buttons of a list only help to type its lines."""
    version = own_version(request, pk, number)
    if version.state != "draft":
        messages.error(request, _("A version that is no draft does not change: begin a new one."))
        return redirect(version_url(version))
    if request.method != "POST":
        return _editor(request, version, DraftForm(request.access, version))
    if "save" not in request.POST:
        form = DraftForm(request.access, version, _with_lines(request))
        _stay(request, form)
        return _editor(request, version, form, part=bool(request.htmx))
    form = DraftForm(request.access, version, request.POST)
    if form.is_valid() and _save(request, version, form):
        messages.success(request, _("The draft is kept."))
        return redirect(version_url(version))
    return _editor(request, version, form, status=422)


def _with_lines(request: HttpRequest) -> Any:
    """Return what was typed with a line more or less, as the button says."""
    data = request.POST
    for name in LISTS:
        row = data.get(f"remove-{name}", "")
        if f"add-{name}" in data:
            data = with_row_added(data, name)
        elif row.isascii() and row.isdecimal() and len(row) < 4:
            data = without_row(data, name, int(row))
    return data


def _stay(request: HttpRequest, form: DraftForm) -> None:
    """Keep the keyboard where it was: on the new line, or on the line that moved up."""
    for name in LISTS:
        rows = getattr(form, name).forms
        if f"add-{name}" in request.POST and rows:
            first = next(iter(rows[-1].fields.values()))
            first.widget.attrs["autofocus"] = True
        elif removed := request.POST.get(f"remove-{name}", ""):
            at = int(removed) if removed.isascii() and removed.isdecimal() else 0
            form.focus, form.focus_at = name, min(at, len(rows) - 1)


def _save(request: HttpRequest, version: AgreementVersion, form: DraftForm) -> bool:
    """Return whether the draft is kept as typed; else the form says what is to be mended."""
    told = form.terms()
    if told == version.terms():
        return True
    try:
        version.expect(form.seen)
        version.edit(by=request.person, **{name: getattr(told, name) for name in told.__slots__})
    except Unsound as refusal:
        form.refuse(refusal.faults)
    except Overtaken as refusal:
        now = own_version(request, version.agreement_id, version.number)
        form.overtaken(
            said(refusal)
            + " "
            + _("What you typed stands below: save again if it shall replace the other text."),
            now,
        )
    except Refused as refusal:
        form.errors.append(said(refusal))
    return not form.is_refused


def _editor(
    request: HttpRequest,
    version: AgreementVersion,
    form: DraftForm,
    *,
    part: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {"version": version, "agreement": version.agreement, "form": form}
    template = "offer/_draft.html" if part else "offer/edit.html"
    return render(request, template, context, status=status)


# Comparing ------------------------------------------------------------------------------------


@login_required
@require_safe
def compare_page(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Show what changes from the version before to this one, row by row."""
    version = seen_version(request, pk, number)
    before = history.followed(request.access, version)
    context = {
        "agreement": version.agreement,
        "version": version,
        "before": before,
        "changes": history.changed_since(request.access, before, version),
    }
    return render(request, "offer/compare.html", context)


# Signing and withdrawing ----------------------------------------------------------------------


class SignForm(forms.Form):
    """The one thing to confirm, and the revision that was read."""

    agreed = forms.BooleanField(
        label=gettext_lazy("I have read this version and sign it for my side."),
        error_messages={"required": gettext_lazy("Tick this to sign.")},
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)


@login_required
def sign(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Sign for one's own side, after having been shown what changes."""
    version = seen_version(request, pk, number)
    side = signing.side_of(version.agreement, request.person)
    if not side:
        raise Http404
    if version.state != "draft" or getattr(version, f"{side}_signed_at"):
        if getattr(version, f"{side}_signer_id") == request.person.pk:
            messages.info(request, _("You have signed this version."))
        else:
            messages.info(request, _("Nothing is left to be signed for your side."))
        return redirect(version_url(version))
    form = SignForm(request.POST or None, initial={"seen": version.revision})
    if request.method == "POST" and form.is_valid():
        try:
            version.expect(form.cleaned_data["seen"])
            version.sign(by=request.person, side=side)
        except Unsound as refusal:
            form.add_error(None, [text for _field, text in refusal.faults])
        except Overtaken as refusal:
            form = SignForm(initial={"seen": _now(request, version).revision})
            messages.error(request, said(refusal))
        except Refused as refusal:
            form.add_error(None, said(refusal))
        else:
            messages.success(request, _signed_text(version))
            return redirect(version_url(version))
    before = history.followed(request.access, version)
    context = {
        "agreement": version.agreement,
        "version": version,
        "form": form,
        "side": side,
        "before": before,
        "changes": history.changed_since(request.access, before, version),
        "signatures": reading.signatures(version, request.person),
    }
    status = 200 if not form.is_bound else 422
    return render(request, "offer/sign.html", context, status=status)


def _now(request: HttpRequest, version: AgreementVersion) -> AgreementVersion:
    return seen_version(request, version.agreement_id, version.number)


def _signed_text(version: AgreementVersion) -> str:
    if version.state == "signed":
        return _("Both sides have signed: the version holds from its date.")
    return _("Signed. The version holds once the other side has signed too.")


class SeenForm(forms.Form):
    """The revision that was read."""

    seen = forms.IntegerField(min_value=1, max_value=2**31 - 1)


@login_required
@require_POST
def retract(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Take one's own signature back before the other side signs."""
    version = seen_version(request, pk, number)
    form = SeenForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Read the version again, then take your signature back."))
        return redirect(version_url(version))
    try:
        version.expect(form.cleaned_data["seen"])
        version.retract(by=request.person)
    except Refused as refusal:
        messages.error(request, said(refusal))
    else:
        messages.success(request, _("Your signature is taken back: the version is a draft again."))
    return redirect(version_url(version))


class WithdrawForm(forms.Form):
    """Why a draft is dropped."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500)
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)


@login_required
def withdraw(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Drop a draft, after asking."""
    version = own_version(request, pk, number)
    if version.state != "draft":
        if version.state == "signed":
            messages.error(request, _("What both sides signed is replaced, not withdrawn."))
        return redirect(version_url(version))
    form = WithdrawForm(request.POST or None, initial={"seen": version.revision})
    if request.method == "POST" and form.is_valid():
        try:
            version.expect(form.cleaned_data["seen"])
            version.withdraw(form.cleaned_data["reason"], by=request.person)
        except Overtaken as refusal:
            form.data = form.data.copy()
            form.data["seen"] = str(_now(request, version).revision)
            form.add_error(None, said(refusal))
        except Refused as refusal:
            form.add_error(None, said(refusal))
        else:
            messages.success(request, _("The draft is withdrawn."))
            return redirect("agreement", version.agreement_id)
    context = {"agreement": version.agreement, "version": version, "form": form}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "offer/withdraw.html", context, status=status)

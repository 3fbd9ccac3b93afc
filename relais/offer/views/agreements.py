"""The pages of agreements: the list, the text in plain words, its history, new drafts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef, Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from relais.lib.listing import Choice, Column, Empty, Linked, Listing, answer
from relais.offer import history, opening, reading
from relais.offer.agreement_forms import NewAgreementForm
from relais.offer.errors import DraftStands, Refused
from relais.offer.models import Agreement, AgreementEvent, AgreementVersion
from relais.people.models import Company
from relais.people.organisation import said


def seen_agreement(request: HttpRequest, pk: int) -> Agreement:
    """Return the agreement if this person may read it; else it does not exist."""
    rows = request.access.see(Agreement).select_related("company")
    return get_object_or_404(rows, pk=pk)


def seen_version(request: HttpRequest, pk: int, number: int) -> AgreementVersion:
    """Return the version if this person may read it; else it does not exist."""
    rows = request.access.see(AgreementVersion).select_related(
        "agreement__company", "client_signer", "provider_signer", "author"
    )
    if not 0 < number < 2**31:
        raise Http404
    return get_object_or_404(rows, agreement=seen_agreement(request, pk), number=number)


def own_version(request: HttpRequest, pk: int, number: int) -> AgreementVersion:
    """Return the version if this person may write it; else it does not exist."""
    if not request.access.runs_pool:
        raise Http404
    return seen_version(request, pk, number)


def version_url(version: AgreementVersion, name: str = "agreement_version") -> str:
    """Return the address of a version's page."""
    return reverse(name, args=[version.agreement_id, version.number])


# The list -------------------------------------------------------------------------------------


def _main(agreement: Agreement) -> AgreementVersion | None:
    """Return the version that says how the agreement stands: in force, else the newest."""
    rows = agreement.seen_versions
    live = [one for one in rows if one.state != "withdrawn"] or rows
    in_force = [one for one in rows if one.standing() == "in_force"]
    return (in_force or live or [None])[0]


def _standing(agreement: Agreement) -> str:
    version = _main(agreement)
    return version.standing().label if version else ""


def _tone(agreement: Agreement) -> str:
    version = _main(agreement)
    return reading.TONES[version.standing()] if version else "neutral"


def _since(agreement: Agreement) -> Any:
    version = _main(agreement)
    return version.effective_from if version else None


def _next(agreement: Agreement) -> str:
    """Return what comes after the version in force: a draft, or one signed for a later day."""
    shown = _main(agreement)
    for version in agreement.seen_versions:
        standing = version.standing()
        if version != shown and standing in ("draft", "half_signed", "to_come"):
            return f"{reading.title_of(version)} · {standing.label}"
    return ""


def _stands(rows: Any, value: str) -> Any:
    of = AgreementVersion._default_manager.filter(agreement=OuterRef("pk"))
    in_force = Exists(of.filter(state="signed", period__contains=timezone.localdate()))
    if value == "in_force":
        return rows.filter(in_force)
    if value == "draft":
        return rows.filter(Exists(of.filter(state="draft")))
    return rows.exclude(in_force) if value == "none" else rows


NAME = Column(
    "name",
    gettext_lazy("Agreement"),
    lambda row: row.name,
    sort="name_key",
    url=lambda row: reverse("agreement", args=[row.pk]),
)
COMPANY = Column(
    "company",
    gettext_lazy("Client company"),
    lambda row: row.company.name,
    sort="company__name_key",
)
STANDS = (
    Column("state", gettext_lazy("State"), _standing, tone=_tone),
    Column("since", gettext_lazy("In force from"), _since),
    Column("next", pgettext_lazy("agreement", "What comes next"), _next),
)
BY_STATE = Choice(
    "state",
    gettext_lazy("State"),
    lambda: [
        ("", _("All")),
        ("in_force", _("In force")),
        ("draft", _("With a draft")),
        ("none", _("None in force")),
    ],
    _stands,
)
LISTING = Listing(
    name="agreements",
    title=gettext_lazy("Agreements"),
    search_label=gettext_lazy("Name of the agreement or of the company"),
    search=("name_key", "company__name_key"),
    columns=(NAME, COMPANY, *STANDS),
    order="company",
    empty=Empty(
        gettext_lazy("No agreement yet."),
        gettext_lazy("An agreement says what is promised, and stands in versions that both sign."),
        icon="heart-handshake",
    ),
)


def _listing(request: HttpRequest) -> Listing:
    """Return the list for this person; drafts are a filter for those who write them only."""
    seen = request.access.see(AgreementVersion).order_by("-number")

    def prepare(rows: Any) -> Any:
        return rows.select_related("company").prefetch_related(
            Prefetch("versions", seen, to_attr="seen_versions")
        )

    if request.access.is_client:
        return replace(LISTING, columns=(NAME, *STANDS), order="name", prepare=prepare)
    companies = request.access.see(Company)
    linked = Linked(
        "company",
        gettext_lazy("Client company"),
        lambda pk: companies.filter(pk=pk).first(),
        "company",
    )
    filters = (BY_STATE, linked) if request.access.runs_pool else (linked,)
    return replace(LISTING, filters=filters, prepare=prepare)


@login_required
@require_safe
def agreements(request: HttpRequest) -> HttpResponse:
    """List the agreements; a client who has one only reads it at once."""
    rows = request.access.see(Agreement)
    if request.access.is_client and not request.GET:
        only = list(rows.values_list("pk", flat=True)[:2])
        if len(only) == 1:
            return redirect("agreement", only[0])
    return answer(request, _listing(request), rows, "offer/agreements.html")


# The text -------------------------------------------------------------------------------------


@login_required
@require_safe
def agreement(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the agreement as it stands today: the version in force, else the next one."""
    shown = seen_agreement(request, pk)
    shown.seen_versions = list(_versions(request, shown))
    version = _main(shown)
    if version is None:
        raise Http404
    return _text(request, version)


@login_required
@require_safe
def agreement_version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Show what one version says."""
    return _text(request, seen_version(request, pk, number))


def _versions(request: HttpRequest, shown: Agreement) -> Any:
    return (
        request.access.see(AgreementVersion)
        .filter(agreement=shown)
        .select_related("agreement__company", "client_signer", "provider_signer", "author")
        .order_by("-number")
    )


def _text(request: HttpRequest, version: AgreementVersion) -> HttpResponse:
    access = request.access
    names = reading.Names.of(access, version.agreement)
    told = reading.terms_for(access, version)
    versions = list(_versions(request, version.agreement))
    groups = reading.groups(told, names)
    places = opening.hours(access, version.agreement.company, told.scopes)
    context = {
        "agreement": version.agreement,
        "version": version,
        "standing": version.standing(),
        "tone": reading.TONES[version.standing()],
        "places": [place for scope in told.scopes if (place := names.place(scope))],
        "groups": groups,
        "measures": reading.measures(groups),
        "weights": reading.weights(groups),
        "hours": places,
        "example": opening.example(told, places, timezone.now()),
        "told": told,
        "silence_lines": [*reading.silence_lines(told), *reading.approval_lines(told)],
        "credit_lines": reading.credit_lines(told.credits),
        "signatures": reading.signatures(version, request.person),
        "versions": [(one, one.standing(), reading.TONES[one.standing()]) for one in versions],
        "draft": next((one for one in versions if one.state == "draft"), None),
        "may_write": access.runs_pool,
        "reads_history": access.see(AgreementEvent).filter(version=version).exists(),
        "compared_with": history.followed(request.access, version),
    }
    return render(request, "offer/agreement.html", context)


# History --------------------------------------------------------------------------------------


@login_required
@require_safe
def agreement_history(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell who changed what, when: to those who steer it."""
    shown = seen_agreement(request, pk)
    events = history.of_agreement(request.access, shown)
    if not events:
        raise Http404
    return render(request, "offer/history.html", {"agreement": shown, "events": events})


# New ones -------------------------------------------------------------------------------------


@login_required
def agreement_new(request: HttpRequest) -> HttpResponse:
    """Begin an agreement: for whom, and its name; the text comes next."""
    if not request.access.runs_pool:
        raise Http404
    companies = request.access.see(Company).filter(archived_at=None)
    initial = {"company": request.GET.get("company", "")}
    form = NewAgreementForm(request.POST or None, companies=companies, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            draft = Agreement.open(data["company"], data["name"], by=request.person)
        except Refused as refusal:
            form.add_error("name", said(refusal))
        else:
            messages.success(request, _("The draft is begun. Now say what is promised."))
            return redirect(version_url(draft, "agreement_edit"))
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "offer/new.html", {"form": form}, status=status)


@login_required
@require_POST
def agreement_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a new version: a copy of the one in force. A second click finds the first's draft."""
    shown = seen_agreement(request, pk)
    if not request.access.runs_pool:
        raise Http404
    try:
        draft = AgreementVersion.draft_from(shown, by=request.person)
    except DraftStands as refusal:
        messages.info(request, said(refusal))
        draft = shown.draft
    return redirect(version_url(draft, "agreement_edit"))

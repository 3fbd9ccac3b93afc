"""The manager's screens: ask for something, see where it stands, know what the service promises."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from relais.desk import beside, board, duplicates, duty, intake, rules, telling
from relais.desk.models import Ticket
from relais.lib.listing import is_part
from relais.lib.problem import Problem
from relais.offer import awaiting, promises, question_forms, questions, variants
from relais.offer.models import Service
from relais.people import calendars
from relais.people.models import Company, Person, Site

from . import files
from .files import in_words

FAMILY_ICONS = {
    "agenda": "calendar-event",
    "reporting": "chart-bar",
    "contracts": "file-text",
    "invoicing": "file-spreadsheet",
    "coordination": "users-group",
    "front_desk": "phone",
    "travel": "map-pin",
    "hr": "users",
    "facilities": "building",
    "governance": "building-skyscraper",
    "documents": "folder",
    "projects": "star",
    "other": "message-circle",
}


class RequestForm(forms.Form):
    """What a request needs: a subject is enough."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    subject = forms.CharField(label=_("What do you need, in one line?"), max_length=300)
    body = forms.CharField(
        label=_("Details"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Names, dates, constraints: whatever helps to do it right the first time."),
    )
    wanted_by = forms.DateTimeField(
        label=_("Wanted by"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M"],
        help_text=_("Only if there is a real date; the promised deadline holds anyway."),
    )
    site = forms.ModelChoiceField(None, label=_("For the site"))

    def __init__(self, *args: Any, sites: QuerySet[Site] | None, **more: Any) -> None:
        super().__init__(*args, **more)
        if sites is None:
            del self.fields["site"]
        else:
            self.fields["site"].queryset = sites


class HeardForm(RequestForm):
    """The same, written down by staff for somebody who called or stood at the door."""

    asked_by = forms.EmailField(
        label=_("Asked by (e-mail)"),
        help_text=_("The person’s address as it is known here; her site follows from it."),
    )
    field_order = ("asked_by", "subject", "body", "wanted_by")

    def __init__(self, *args: Any, people: QuerySet[Person], **more: Any) -> None:
        super().__init__(*args, sites=None, **more)
        self.people = people

    def clean_asked_by(self) -> Person:
        """Return the person of this address, if she is seen."""
        found = self.people.filter(email__iexact=self.cleaned_data["asked_by"]).first()
        if found is None:
            raise forms.ValidationError(_t("Nobody of your clients has this address."))
        return found


def asks(request: HttpRequest) -> bool:
    """Return whether this person may ask for anything at all."""
    access = request.access
    return access.has(*rules.ASKING) if access.is_client else access.is_staff


@login_required
@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    """Show where each of my requests stands."""
    if not request.access.is_client:
        return redirect("tickets")
    context = {"mine": board.mine(request.access), "zone": _zone(request)}
    part = is_part(request, "requests-live")
    if not part:
        context["to_sign"] = awaiting.to_sign(request.access)
    return render(request, "desk/_requests_live.html" if part else "desk/requests.html", context)


@login_required
@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """Show what can be asked for: the first touch of a new request."""
    if not asks(request):
        raise Http404
    offered = request.access.see(Service).offered(channel=Service.Channel.FORM)
    anything = next((one for one in offered if one.family == Service.Family.OTHER), None)
    context = {"services": by_family(offered), "anything": anything}
    return render(request, "desk/services.html", context)


def by_family(services: Iterable[Service]) -> list[tuple[str, str, list[Service]]]:
    """Return the services family by family: label, icon, services. "Other" comes last."""
    found: dict[str, list[Service]] = {}
    for service in services:
        found.setdefault(service.family, []).append(service)
    order = [family for family in Service.Family.values if family in found]
    labels = dict(Service.Family.choices)
    return [(str(labels[f]), FAMILY_ICONS.get(f, "message-circle"), found[f]) for f in order]


@login_required
def new_request(request: HttpRequest, code: str) -> HttpResponse:
    """Take the subject and the details, and send: the second touch and the third."""
    if not asks(request):
        raise Http404
    offered = request.access.see(Service).offered(channel=Service.Channel.FORM)
    service = get_object_or_404(offered, code=code)
    form = _form(request)
    asked = _asked(request, form, service)
    if request.method == "POST" and _answered(form, asked):
        ticket = _send(request, form, service, asked)
        if ticket is not None:
            _tell_apart(request, ticket)
            told = _t("Sent: %(reference)s. You will find it below, with its deadline.")
            messages.success(request, told % {"reference": ticket.reference})
            mine = request.access.is_client
            done = reverse("requests") if mine else reverse("ticket", args=[ticket.pk])
            if "X-Outbox" in request.headers:  # a page that waits for a connection sends it
                return JsonResponse({"url": done, "reference": ticket.reference}, status=201)
            return redirect(done)
    context = {"form": form, "service": service, "promise": _promise(request, service)}
    if request.access.is_client:
        context["hint"] = beside.hint(request.access, service.pk)
    if request.method == "POST":
        context["kept_files"] = files.still_there(request)
    return render(request, "desk/new_request.html", context, status=422 if form.errors else 200)


def _form(request: HttpRequest) -> RequestForm:
    """Return the form that fits: a client asks for herself, staff writes down who asked."""
    start: dict[str, Any] = {"token": uuid.uuid4()}
    if not request.access.is_client:
        clients = request.access.see(Person).exclude(company=None).filter(archived_at=None)
        start["asked_by"] = request.GET.get("for", "")
        return HeardForm(request.POST or None, people=clients, initial=start)
    access, sites = request.access, _sites(request)
    start["site"] = request.person.site_id or sites.first()
    form = RequestForm(request.POST or None, sites=sites, initial=start)
    if len(access.own_site_ids) == 1 and not access.steered_company_ids:
        form.fields["site"].widget = forms.HiddenInput()
    return form


def _asked(request: HttpRequest, form: RequestForm, service: Service) -> list[questions.Question]:
    """Return what the service asks where this person sits, its fields added to the form."""
    site = request.person.site
    there = variants.at_site(service, site) if site else service
    asked = questions.read(there.questions)
    people: list[str] = []
    if any(question.kind == "person" for question in asked):
        seen = request.access.see(Person).filter(archived_at=None)
        people = [person.name for person in seen[:MOST_SUGGESTED]]
    names = question_forms.add_fields(form, asked, people)
    order = [name for name in form.fields if name not in (*names, "wanted_by", "site")]
    form.order_fields([*order, *names, "wanted_by", "site"])
    return asked


MOST_SUGGESTED = 200


def _answered(form: RequestForm, asked: list[questions.Question]) -> bool:
    """Return whether all that was typed can stand."""
    if form.is_valid():
        question_forms.answers_of(form, asked)
    return not form.errors


def _send(
    request: HttpRequest, form: RequestForm, service: Service, asked: list[questions.Question]
) -> Ticket | None:
    """Return the ticket; None, with the reason on the form, when it cannot be taken."""
    clean = form.cleaned_data
    requester = clean.get("asked_by") or request.person
    try:
        return intake.receive(
            requester=requester,
            site=clean.get("site"),
            service=service,
            subject=clean["subject"].replace("\x00", ""),
            body=clean["body"].replace("\x00", ""),
            channel=Ticket.Channel.FORM if requester == request.person else Ticket.Channel.PHONE,
            by=request.person,
            wanted_by=clean["wanted_by"],
            external_ref=f"form:{clean['token']}",
            files=files.gathered(request),
            answers=question_forms.answers_of(form, asked),
        )
    except Problem as problem:
        form.add_error(None, in_words(problem))
        return None


def _tell_apart(request: HttpRequest, ticket: Ticket) -> None:
    """Keep what was said while typing: these are not the same."""
    keys = request.POST.getlist("not_same")[:50]
    keys = [key for key in keys if key.isdecimal() and len(key) < 19]
    for other in request.access.see(Ticket).filter(pk__in=keys) if keys else ():
        if request.access.see(Ticket).filter(pk=ticket.pk).exists():
            duplicates.dismiss(ticket, other, by=request.person)


def _sites(request: HttpRequest) -> QuerySet[Site]:
    """Return the sites for which this client may ask."""
    access = request.access
    seen = access.see(Site).filter(archived_at=None)
    if not access.steered_company_ids:
        seen = seen.filter(pk__in=access.own_site_ids)
    return seen.order_by("name_key", "pk")


def _zone(request: HttpRequest) -> str:
    person = request.person
    return (person.site or person.provider).time_zone


def _promise(request: HttpRequest, service: Service) -> datetime | None:
    """Return when this would be done if it were asked for now, as the agreement in force has it.

    None if nobody can say.
    """
    site, now = request.person.site, timezone.now()
    if site is None:
        return None
    usual = variants.at_site(service, site).priority
    promise = promises.promised(site, service, usual, now)["delivery"]
    try:
        hours = calendars.of_site(site).timetable
        if promise.days is not None:
            return hours.add_days(now, promise.days)
        return hours.add(now, timedelta(seconds=promise.seconds or 0))
    except (calendars.NoCalendar, ValueError):
        return None


# My service --------------------------------------------------------------------------------------


@login_required
@require_safe
def my_service(request: HttpRequest) -> HttpResponse:
    """Show opening hours today, who answers, and what is promised."""
    access = request.access
    if not access.is_client:
        raise Http404
    site = request.person.site
    company = get_object_or_404(access.see(Company), pk=request.person.company_id)
    engagement = company.engagement
    now = timezone.now()
    context = {
        "site": site,
        "today": telling.opening_today(site, now) if site else None,
        "is_open": telling.is_open(site, now),
        "zone": _zone(request),
        "local": now.astimezone(ZoneInfo(_zone(request))),
        "engagement": engagement,
        "answering": duty.answering(site, now) if site and engagement else [],
        "services": by_family(access.see(Service).offered()),
        "inbox": request.person.provider.inbox,
    }
    return render(request, "desk/my_service.html", context)

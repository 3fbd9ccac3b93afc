"""The engagement of a company: its mode, what that allows, and the two leads who steer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from relais.people import organisation
from relais.people.models import Company, Engagement
from relais.people.person_forms import EndForm, EngagementForm

from . import companies
from .doors import organiser, seen
from .form_page import draw, form_page


@organiser
def start(request: HttpRequest, company_pk: int) -> HttpResponse:
    """Start the engagement of a company."""
    company = seen(request, Company, company_pk)
    fresh = Engagement(company=company, started_on=timezone.localdate())
    return _form(request, fresh, _("Engagement with %(name)s") % {"name": company})


@organiser
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the mode or the leads of an engagement in force."""
    found = seen(request, _in_force(), pk)
    return _form(request, found, _("Edit the engagement with %(name)s") % {"name": found.company})


def _in_force() -> Any:
    return Engagement._default_manager.filter(ended_on=None)


def _form(request: HttpRequest, engagement: Engagement, title: str) -> HttpResponse:
    company = engagement.company
    return form_page(
        request,
        EngagementForm(request.POST or None, instance=engagement, access=request.access),
        title=title,
        back=reverse("company", args=[company.pk]),
        crumbs=companies.crumbs(companies.crumb(company)),
        after=lambda row: organisation.enable_leads(row, by=request.person),
        lead=_(
            "The mode decides what the client may do. Only the leads change priority and scope."
        ),
    )


@organiser
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End an engagement."""
    found = seen(request, _in_force(), pk)
    back = reverse("company", args=[found.company_id])
    form = EndForm(request.POST or None, start=found.started_on, latest=timezone.localdate())
    if request.method == "POST" and form.is_valid():
        organisation.end_engagement(found, by=request.person, on=form.cleaned_data["on"])
        messages.success(request, _("The engagement is ended."))
        return redirect(back)
    return draw(
        request,
        form,
        title=_("End the engagement with %(name)s") % {"name": found.company},
        back=back,
        crumbs=companies.crumbs(companies.crumb(found.company)),
        lead=_("Afterwards nobody steers: no request can be given another priority or scope."),
        button=_("End the engagement"),
    )

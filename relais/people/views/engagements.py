"""The engagement of a company: its mode, what that allows, and the two leads who steer."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from relais.lib.kept_form import KeptForm, QuickSelect
from relais.people import organisation
from relais.people.access import Access
from relais.people.models import Company, Engagement, Person, Role

from . import companies
from .doors import organiser, seen
from .form_page import draw, form_page
from .person_field import PersonField

Mode = Engagement.Mode


class Meaning(NamedTuple):
    """What a mode is, and what it allows the client to do (domain G.3)."""

    text: Any
    allows: Any


_STRICT = gettext_lazy(
    "The client asks the service for a deliverable with a deadline. It never chooses the person, "
    "never orders a person's day, and sees neither hours nor leave."
)
_DIRECT = gettext_lazy(
    "The client may name the person who does the work. It still sees neither leave nor workload."
)
MEANINGS = {
    Mode.PROVIDER: Meaning(
        gettext_lazy(
            "The provider sells results and organises its own staff: the strict mode, which keeps "
            "clear of unlawful lending of labour."
        ),
        _STRICT,
    ),
    Mode.GROUP: Meaning(
        gettext_lazy(
            "A shared service inside a group, under a written agreement: services are real and "
            "traced per entity, month by month."
        ),
        _STRICT,
    ),
    Mode.TIME_SHARE: Meaning(
        gettext_lazy(
            "A time-share employer lends qualified staff: two contracts a mission, and the user "
            "company directs the work."
        ),
        _DIRECT,
    ),
    Mode.EMPLOYERS: Meaning(
        gettext_lazy(
            "The members of an employers' association share its staff and direct the work."
        ),
        _DIRECT,
    ),
    Mode.INTERNAL: Meaning(
        gettext_lazy("Pool and requesters belong to one legal entity: one employer."), _DIRECT
    ),
}


def meaning(engagement: Engagement) -> Meaning:
    """Return what the mode of an engagement means, in plain words."""
    return MEANINGS[Mode(engagement.mode)]


class EngagementForm(KeptForm):
    """The mode, the two leads and their deputies."""

    class Meta:
        model = Engagement
        fields = [
            "mode",
            "started_on",
            "client_lead",
            "client_deputy",
            "provider_lead",
            "provider_deputy",
        ]
        widgets = {
            "mode": forms.RadioSelect,
            "started_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "provider_lead": QuickSelect,
            "provider_deputy": QuickSelect,
        }

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        company = self.instance.company
        self.fields["mode"].choices = [
            (mode.value, f"{mode.label}. {MEANINGS[mode].text} {MEANINGS[mode].allows}")
            for mode in Mode
        ]
        for name in ("client_lead", "client_deputy"):
            field = self.fields[name]
            self.fields[name] = PersonField(
                rows=access.see(Person).filter(company=company),
                company=company.pk,
                label=field.label,
                required=field.required,
                help_text=_("A person of %(name)s: name or e-mail address.") % {"name": company},
            )
        on_staff = (
            access.see(Person)
            .filter(
                company=None,
                archived_at=None,
                roles__in=access.see(Role).in_force().filter(kind__in=Role.STAFF),
            )
            .distinct()
        )
        for name in ("provider_lead", "provider_deputy"):
            self.fields[name].queryset = on_staff
        self.fields["provider_lead"].help_text = _(
            "The one person of the staff who speaks for the service."
        )

    def clean(self) -> dict[str, Any] | None:
        """Refuse a deputy who is the lead, beside the field where one mends it."""
        cleaned = super().clean()
        for side in ("client", "provider"):
            lead = self.cleaned_data.get(f"{side}_lead")
            if lead is not None and lead == self.cleaned_data.get(f"{side}_deputy"):
                self.add_error(f"{side}_deputy", _("A deputy is somebody else than the lead."))
        return cleaned


class EndForm(forms.Form):
    """The last day of something."""

    on = forms.DateField(
        label=gettext_lazy("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, start: Any = None, latest: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.start, self.latest = start, latest
        self.fields["on"].initial = timezone.localdate

    def clean_on(self) -> Any:
        """Return a day that is not before the first one."""
        day = self.cleaned_data["on"]
        if self.start is not None and day < self.start:
            raise forms.ValidationError(_("The last day comes before the first."), code="order")
        if self.latest is not None and day > self.latest:
            raise forms.ValidationError(
                _("This day is still to come: end it when it is over."), code="future"
            )
        return day


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

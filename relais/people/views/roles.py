"""The roles of a person: given on a scope for a time, and ended."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from relais.lib.kept_form import KeptForm, QuickSelect
from relais.lib.problem import Problem
from relais.people import organisation
from relais.people.access import Access
from relais.people.models import LegalEntity, Person, Role, Site

from .doors import organiser, seen
from .engagements import EndForm
from .form_page import draw, form_page
from .persons import crumbs

DATE = {"type": "date"}


class RoleForm(KeptForm):
    """What a person is for whom: the kinds and the places that fit the person's side."""

    class Meta:
        model = Role
        fields = ["kind", "entity", "site", "starts_on", "ends_on"]
        widgets = {
            "entity": QuickSelect,
            "site": QuickSelect,
            "starts_on": forms.DateInput(attrs=DATE, format="%Y-%m-%d"),
            "ends_on": forms.DateInput(attrs=DATE, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person = self.instance.person
        kinds = [k for k in Role.Kind if (k in Role.STAFF) != person.is_client]
        self.fields["kind"].choices = [(k.value, k.label) for k in kinds if access.may_grant(k)]
        self.fields["starts_on"].help_text = _("Empty: always.")
        self.fields["ends_on"].help_text = _("Empty: until further notice.")
        if not person.is_client:
            del self.fields["entity"], self.fields["site"]
            return
        whole = _("The whole company")
        for name, model in (("entity", LegalEntity), ("site", Site)):
            rows = access.see(model).filter(company=person.company_id, archived_at=None)
            self.fields[name].queryset = rows
            self.fields[name].empty_label = whole

    def clean(self) -> dict[str, Any] | None:
        """Refuse a site of another entity, and a last day before the first."""
        cleaned = super().clean()
        entity, site = self.cleaned_data.get("entity"), self.cleaned_data.get("site")
        if entity is not None and site is not None and site.entity_id != entity.pk:
            self.add_error(
                "site", _("%(site)s does not belong to this legal entity.") % {"site": site}
            )
        if self.cleaned_data.get("kind") == Role.Kind.SITE_LEAD and not (entity or site):
            self.add_error("site", _("A site lead leads a site: choose it."))
        first, last = self.cleaned_data.get("starts_on"), self.cleaned_data.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("The role ends before it starts."))
        return cleaned


@organiser
def add(request: HttpRequest, person_pk: int) -> HttpResponse:
    """Give a person a role."""
    person = seen(request, Person, person_pk)
    if person.archived_at is not None:
        raise Http404
    fresh = Role(person=person, company_id=person.company_id, starts_on=timezone.localdate())
    return form_page(
        request,
        RoleForm(request.POST or None, instance=fresh, access=request.access),
        title=_("New role of %(name)s") % {"name": person},
        back=reverse("person", args=[person_pk]),
        crumbs=crumbs(person),
        after=lambda role: organisation.role_given(role, by=request.person),
    )


@organiser
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a role."""
    role = seen(request, Role, pk)
    if not request.access.may_grant(role.kind):
        raise Http404
    back = reverse("person", args=[role.person_id])
    form = EndForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            organisation.end_role(role, by=request.person, on=form.cleaned_data["on"])
        except Problem as problem:
            form.add_error(None, organisation.said(problem))
        else:
            messages.success(request, _("The role is ended."))
            return redirect(back)
    return draw(
        request,
        form,
        title=_("End the role %(role)s of %(name)s")
        % {"role": role.get_kind_display(), "name": role.person},
        back=back,
        crumbs=crumbs(role.person),
        lead=_("The role is held up to this day, included. Roles that begin later are removed."),
        button=_("End the role"),
    )

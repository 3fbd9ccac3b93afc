"""The roles of a person: given on a scope for a time, and ended."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from relais.lib.problem import Problem
from relais.people import organisation
from relais.people.models import Person, Role
from relais.people.person_forms import EndForm, RoleForm

from .doors import organiser, seen
from .form_page import draw, form_page
from .persons import crumbs


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

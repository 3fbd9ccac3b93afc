"""The register of the clients' tools and of who may get into them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from relais.people import accesses as register
from relais.people.access import Access
from relais.people.models import Company, Person, Site, System, SystemAccess
from relais.people.models.system import code_of_a_tool
from relais.people.pool_forms import team

from .dispatch_rules import TABS, kept
from .lead import lead_only

DAY = {"type": "date"}
TONES = {"good": "good", "stale": "warn", "untested": "warn", "ended": "neutral"}


class SystemForm(forms.Form):
    """A tool of a company, or of one of its sites."""

    company = forms.ModelChoiceField(None, label=gettext_lazy("Company"))
    site = forms.ModelChoiceField(
        None,
        label=gettext_lazy("Site"),
        required=False,
        help_text=gettext_lazy("Empty: the same for all sites of the company."),
    )
    code = forms.CharField(
        label=gettext_lazy("kind of tool"),
        max_length=40,
        validators=[code_of_a_tool],
        help_text=gettext_lazy("What services ask for: “invoicing”, “erp”, “travel”…"),
    )
    name = forms.CharField(label=gettext_lazy("name"), max_length=120)

    def __init__(self, data: Any, access: Access) -> None:
        super().__init__(data, prefix="tool" if data is None or "tool-code" in data else None)
        self.fields["company"].queryset = access.see(Company).filter(archived_at=None)
        self.fields["site"].queryset = access.see(Site).filter(archived_at=None)

    def clean(self) -> dict[str, Any]:
        """Refuse a site of another company."""
        found = super().clean() or {}
        site, company = found.get("site"), found.get("company")
        if site is not None and company is not None and site.company_id != company.pk:
            self.add_error("site", _("This site belongs to another company."))
        return found


class AccessForm(forms.Form):
    """Somebody's access to a tool."""

    system = forms.ModelChoiceField(None, label=gettext_lazy("tool"))
    person = forms.ModelChoiceField(None, label=gettext_lazy("Assistant"))
    tested_on = forms.DateField(
        label=gettext_lazy("last tried with success"),
        required=False,
        widget=forms.DateInput(attrs=DAY),
    )
    ends_on = forms.DateField(
        label=gettext_lazy("ends on"), required=False, widget=forms.DateInput(attrs=DAY)
    )

    def __init__(self, data: Any, access: Access) -> None:
        super().__init__(data)
        keys = [person.pk for person in team(access)]
        self.fields["system"].queryset = access.see(System)
        self.fields["person"].queryset = access.see(Person).filter(pk__in=keys)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def accesses(request: HttpRequest) -> HttpResponse:
    """Show the register, and enter a tool or an access."""
    lead_only(request)
    typed = request.POST if request.method == "POST" else None
    about_tool = typed is not None and "tool-code" in typed
    tool = SystemForm(typed if about_tool else None, request.access)
    given = AccessForm(typed if typed is not None and not about_tool else None, request.access)

    def keep(sent: dict[str, Any]) -> object:
        if about_tool:
            return register.enter(
                sent["company"], sent["code"], sent["name"], site=sent["site"], by=request.person
            )
        system, person = sent.pop("system"), sent.pop("person")
        return register.give(system, person, by=request.person, **sent)

    if (status := kept(tool if about_tool else given, keep)) == 302:
        messages.success(request, _("Saved."))
        return redirect("accesses")
    today = timezone.localdate()
    rows = request.access.see(SystemAccess).filter(ended_at=None)
    rows = rows.select_related("system__company", "system__site", "person").order_by(
        "system__company", "system", "person"
    )
    lines = [(row, row.state_on(today), TONES[row.state_on(today)]) for row in rows[:500]]
    systems = request.access.see(System).select_related("company", "site")[:500]
    context = {"tool": tool, "form": given, "lines": lines, "systems": systems, "tabs": TABS}
    return render(request, "desk/accesses.html", context, status=status)


@login_required
@require_POST
def tried(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that an access was tried with success today."""
    lead_only(request)
    register.tried(_access(request, pk), by=request.person)
    messages.success(request, _("Noted."))
    return redirect("accesses")


@login_required
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an access away."""
    lead_only(request)
    register.end(_access(request, pk), by=request.person)
    messages.success(request, _("Removed."))
    return redirect("accesses")


def _access(request: HttpRequest, pk: int) -> SystemAccess:
    rows = request.access.see(SystemAccess).select_related("system", "person")
    return get_object_or_404(rows, pk=pk)

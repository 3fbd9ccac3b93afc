"""What is typed of a study: what it looks at, who is told what, who takes part."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.lib.kept_form import KeptForm, QuickSelect
from relais.offer.models import Service
from relais.people.access import Access
from relais.people.models import Company, Person, Role, Site

from .models import Participant, Study, StudySite

DAY = {"type": "date"}


def default_told() -> str:
    """Return the usual word on who learns what, to be changed before the study begins."""
    return _t(
        "Everybody who is asked knows why, and what is not measured. Answers stay with the pilot; "
        "results are told by site and role: each site reads its own and validates it, the sponsor "
        "and the client lead read all of them. Nobody is evaluated."
    )


def pilots(access: Access) -> Any:
    """Return those who may pilot: the provider's staff of today."""
    roles = access.see(Role).in_force().filter(kind__in=Role.STAFF)
    rows = access.see(Person).filter(archived_at=None, company=None)
    return rows.filter(pk__in=roles.order_by().values("person")).order_by("name_key", "id")


class StudyForm(KeptForm):
    """A study: whose, what for, when, who leads it; then what begins it."""

    families = forms.MultipleChoiceField(
        label=_("Families of work"),
        choices=Service.Family.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: every family."),
    )

    class Meta:
        model = Study
        fields = [
            "company", "name", "purpose", "starts_on", "ends_on", "pilot", "sponsor", "families",
            "told", "promised",
        ]  # fmt: skip
        widgets = {
            "company": QuickSelect, "pilot": QuickSelect, "sponsor": QuickSelect,
            "starts_on": forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
            "ends_on": forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
            "purpose": forms.Textarea(attrs={"rows": 3}),
            "told": forms.Textarea(attrs={"rows": 5}),
        }  # fmt: skip
        help_texts = {
            "told": _("Read by everybody who takes part."),
            "promised": _("Results on people are told by site and role only."),
        }

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pilot"].queryset = pilots(access)
        if self.instance.pk is None:
            self.fields["company"].queryset = access.see(Company).filter(archived_at=None)
            self.fields["company"].help_text = format_html(
                '{} <a href="{}">{}</a>', _t("Not in the list?"), reverse("company_new"),
                _t("Add the company with its sites first"),
            )  # fmt: skip
            for name in ("sponsor", "families", "told", "promised"):
                del self.fields[name]
            return
        del self.fields["company"]
        people = access.see(Person).filter(company=self.instance.company_id)
        kept = Q(archived_at=None) | Q(pk=self.instance.sponsor_id)
        self.fields["sponsor"].queryset = people.filter(kept)
        self.fields["sponsor"].empty_label = _t("Nobody yet")


class ScopeForm(forms.Form):
    """Which sites a study looks at, and the hours that are paid there."""

    def __init__(self, *args: Any, study: Study, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.study = study
        self.known = {row.site_id: row for row in StudySite.objects.filter(study=study)}
        sites = access.see(Site).filter(company=study.company_id)
        self.sites = list(sites.filter(Q(archived_at=None) | Q(pk__in=self.known)))
        for site in self.sites:
            row = self.known.get(site.pk)
            self.fields[f"in_{site.pk}"] = forms.BooleanField(
                label=site.name, required=False, initial=row is not None
            )
            self.fields[f"paid_{site.pk}"] = forms.FloatField(
                label=_t("Paid hours a year"), required=False, min_value=0, max_value=1_000_000,
                initial=row.paid_hours if row else None,
            )  # fmt: skip
            self.fields[f"gap_{site.pk}"] = forms.CharField(
                label=_t("Why the gap stands"), required=False, max_length=300,
                initial=row.gap_reason if row else "",
            )  # fmt: skip

    @property
    def rows(self) -> list[tuple[Site, Any, Any, Any]]:
        """Return the fields of each site, as the page draws them."""
        return [
            (site, self[f"in_{site.pk}"], self[f"paid_{site.pk}"], self[f"gap_{site.pk}"])
            for site in self.sites
        ]

    def clean(self) -> dict[str, Any] | None:
        """Refuse to leave a site out whose lines stand."""
        cleaned = super().clean()
        held = set(self.study.lines.order_by().values_list("site", flat=True).distinct())
        for site in self.sites:
            if site.pk in held and not self.cleaned_data.get(f"in_{site.pk}"):
                self.add_error(
                    f"in_{site.pk}", _t("This site has lines in the inventory: remove them first.")
                )
        return cleaned

    def wanted(self) -> dict[int, dict[str, Any]]:
        """Return the sites that are chosen, by key, with what is said of each."""
        given = self.cleaned_data
        return {
            site.pk: {"paid_hours": given[f"paid_{site.pk}"], "gap_reason": given[f"gap_{site.pk}"]}
            for site in self.sites
            if given[f"in_{site.pk}"]
        }


class ParticipantForm(KeptForm):
    """Somebody who is asked: a person of the client, or a typed name."""

    class Meta:
        model = Participant
        fields = ["person", "name", "email", "role", "site"]
        widgets = {"person": QuickSelect, "site": QuickSelect}
        help_texts = {
            "name": _("Only for somebody who is not in the list above."),
            "role": _("As results are told: “assistant”, “site manager”…"),
        }

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        study = self.instance.study
        people = access.see(Person).filter(company=study.company_id, archived_at=None)
        self.fields["person"].queryset = people
        self.fields["person"].empty_label = _t("Somebody else")
        scopes = study.scopes.order_by().values("site")
        self.fields["site"].queryset = access.see(Site).filter(pk__in=scopes)
        self.fields["site"].empty_label = _t("All sites")

    def clean(self) -> dict[str, Any] | None:
        """Ask for a person or a name, not both; take the person's site where none is chosen."""
        cleaned = super().clean()
        given = self.cleaned_data
        person = given.get("person")
        if person is None and not (given.get("name") or "").strip():
            self.add_error("name", _t("Choose a person, or type a name."))
        if person is not None:
            given["name"] = ""
            known = {site.pk for site in self.fields["site"].queryset}
            if given.get("site") is None and person.site_id in known:
                given["site"] = person.site
        return cleaned

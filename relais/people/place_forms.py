"""What is typed of places: companies, legal entities, establishments, sites."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from babel import Locale
from django import forms
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from relais.lib.kept_form import KeptForm, QuickSelect, SuggestInput
from relais.lib.text import french_key

from . import holidays
from .access import Access
from .identifiers import clean_siren, clean_siret, shown_siren, validate_siren, validate_siret
from .models import Calendar, Company, Establishment, LegalEntity, Site

COMMON_ZONES = ("Europe/Paris", "Indian/Reunion", "America/Guadeloupe", "America/Martinique")


class CompanyForm(KeptForm):
    """What is typed of a company."""

    class Meta:
        model = Company
        fields = ["name", "calendar"]

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        calendars = access.see(Calendar).filter(company=self.instance.pk)
        if self.instance.pk is None or not calendars.exists():
            del self.fields["calendar"]  # a new company has none of its own yet
        else:
            self.fields["calendar"].queryset = calendars
            self.fields["calendar"].help_text = _("Holds for sites without one of their own.")


class EntityForm(KeptForm):
    """What is typed of a legal entity; the SIREN with or without spaces."""

    siren = forms.CharField(
        label="SIREN",
        required=False,
        max_length=40,
        help_text=gettext_lazy("Nine digits; spaces do not matter."),
    )

    class Meta:
        model = LegalEntity
        fields = ["name", "siren", "calendar"]
        widgets = {"calendar": QuickSelect}

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        calendars = access.see(Calendar).filter(company=self.instance.company_id)
        self.fields["calendar"].queryset = calendars
        self.fields["calendar"].empty_label = _("The calendar of the company")

    def clean_siren(self) -> str:
        """Return nine digits, or nothing."""
        number = clean_siren(self.cleaned_data["siren"])
        if number:
            validate_siren(number)
        return number


class EstablishmentForm(KeptForm):
    """What is typed of an establishment; its SIRET begins with the entity's SIREN."""

    siret = forms.CharField(
        label="SIRET",
        max_length=40,
        help_text=gettext_lazy("Fourteen digits; spaces do not matter."),
    )

    class Meta:
        model = Establishment
        fields = ["siret", "site"]
        widgets = {"site": QuickSelect}

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = access.see(Site).filter(company=self.instance.entity.company_id, archived_at=None)
        self.fields["site"].queryset = sites

    def clean_siret(self) -> str:
        """Return fourteen digits that begin with the entity's SIREN."""
        number = clean_siret(self.cleaned_data["siret"])
        validate_siret(number)
        siren = self.instance.entity.siren
        if siren and not number.startswith(siren):
            raise forms.ValidationError(
                _("A SIRET of %(name)s begins with its SIREN %(siren)s: check both numbers.")
                % {"name": self.instance.entity, "siren": shown_siren(siren)},
                code="other_siren",
            )
        return number


def country_names() -> dict[str, str]:
    """Return the countries by their code, in the reader's language."""
    names = Locale((get_language() or "fr")[:2]).territories
    return {code: name for code, name in names.items() if len(code) == 2 and code.isalpha()}


class SiteForm(KeptForm):
    """What is typed of a site."""

    country = forms.ChoiceField(label=gettext_lazy("Country"), widget=QuickSelect)
    holiday_zone = forms.ChoiceField(
        label=gettext_lazy("Holiday zone"), widget=QuickSelect, required=False
    )

    class Meta:
        model = Site
        fields = [
            "name",
            "code",
            "entity",
            "street",
            "postcode",
            "city",
            "country",
            "time_zone",
            "holiday_zone",
            "calendar",
        ]
        widgets = {
            "entity": QuickSelect,
            "calendar": QuickSelect,
            "time_zone": SuggestInput(
                options=lambda: [*COMMON_ZONES, *sorted(available_timezones() - {*COMMON_ZONES})]
            ),
        }

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        company = self.instance.company
        countries = sorted(country_names().items(), key=lambda pair: french_key(pair[1]))
        self.fields["country"].choices = countries
        self.fields["country"].initial = "FR"
        zones = [("", holidays.name_of("")), *holidays.choices()]
        self.fields["holiday_zone"].choices = zones
        self.fields["holiday_zone"].initial = "FR"
        self.fields["entity"].queryset = access.see(LegalEntity).filter(
            company=company, archived_at=None
        )
        self.fields["calendar"].queryset = access.see(Calendar).filter(company=company)
        self.fields["calendar"].empty_label = _("The calendar of the entity, or of the company")
        self.fields["code"].help_text = _("The company's own mark of the site, if it has one.")

    def clean_time_zone(self) -> str:
        """Return the zone without the spaces of pasted text."""
        return self.cleaned_data["time_zone"].strip()

"""What is typed of continuity: impacts, drills, emergency accesses."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from relais.offer.models import Service
from relais.people.access import Access
from relais.people.models import Person, Site, System
from relais.people.pool_forms import team

from .models import Drill, Impact
from .models.impact import HORIZONS, WORST

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ImpactForm(forms.Form):
    """How much it hurts when a service is missing at a site, and by when it is there again."""

    service = forms.ModelChoiceField(None, label=gettext_lazy("service"))
    site = forms.ModelChoiceField(None, label=gettext_lazy("site"))
    resume_hours = forms.IntegerField(
        label=gettext_lazy("there again within (hours)"), min_value=0, max_value=2000, initial=24
    )
    minimum = forms.CharField(label=gettext_lazy("minimum level"), max_length=300, required=False)
    depends_on = forms.CharField(label=gettext_lazy("depends on"), max_length=300, required=False)

    def __init__(self, data: Any, access: Access) -> None:
        super().__init__(data)
        self.fields["service"].queryset = access.see(Service).filter(active=True)
        self.fields["site"].queryset = access.see(Site).filter(archived_at=None)
        for name in HORIZONS:
            self.fields[name] = forms.IntegerField(
                label=Impact._meta.get_field(name).verbose_name, min_value=0, max_value=WORST,
                initial=0, required=False,
            )  # fmt: skip
        self.order_fields(["service", "site", *HORIZONS])

    def clean(self) -> dict[str, Any]:
        """Take an impact that was left empty for none."""
        found = super().clean() or {}
        return found | {name: found.get(name) or 0 for name in HORIZONS}


class DrillForm(forms.Form):
    """Who is held to be missing, when, and how seriously."""

    person = forms.ModelChoiceField(None, label=gettext_lazy("held to be missing"))
    day = forms.DateField(label=gettext_lazy("day"), widget=DAY)
    kind = forms.ChoiceField(label=gettext_lazy("kind"), choices=Drill.Kind.choices)

    def __init__(self, data: Any, access: Access) -> None:
        super().__init__(data)
        keys = [person.pk for person in team(access)]
        self.fields["person"].queryset = access.see(Person).filter(pk__in=keys)


class EmergencyForm(forms.Form):
    """Who gets into which tool for a day, and why."""

    system = forms.ModelChoiceField(None, label=gettext_lazy("tool"))
    person = forms.ModelChoiceField(None, label=gettext_lazy("Assistant"))
    why = forms.CharField(label=gettext_lazy("reason"), max_length=300)

    def __init__(self, data: Any, access: Access) -> None:
        super().__init__(data)
        keys = [person.pk for person in team(access)]
        self.fields["system"].queryset = access.see(System)
        self.fields["person"].queryset = access.see(Person).filter(pk__in=keys)

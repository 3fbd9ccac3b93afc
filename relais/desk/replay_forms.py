"""What a lead asks of a replay: which past, how the pool would differ, other weights."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from relais.engine.matching import Weights
from relais.people.access import Access
from relais.people.models import Company

from .models import Ticket
from .replaying import Wanted

USUAL = Weights()
FIRST_YEAR, LAST_YEAR = 1990, 2100
# Other weights under a name: what they stress, four times as much.
PRESETS: dict[str, tuple[Any, dict[str, float]]] = {
    "": (_("None"), {}),
    "familiar": (_("Knowing the site counts four times as much"), {"stranger": 4 * USUAL.stranger}),
    "urgent": (_("What is urgent counts four times as much"), {"urgency": 4 * USUAL.urgency}),
    "fair": (_("An even share counts four times as much"), {"fairness": 4 * USUAL.fairness}),
}


class ReplayForm(forms.Form):
    """Which past, and what would differ."""

    company = forms.ModelChoiceField(
        Company._default_manager.none(),
        label=_("Log of"),
        required=False,
        empty_label=_("Our own requests"),
    )
    starts_on = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    ends_on = forms.DateField(
        label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    people = forms.IntegerField(
        label=_("People more, or fewer with a minus"),
        min_value=-200,
        max_value=200,
        initial=0,
        required=False,
    )
    all_sites = forms.BooleanField(label=_("Everybody covers every site"), required=False)
    all_kinds = forms.BooleanField(label=_("Everybody knows every kind of work"), required=False)
    other = forms.ChoiceField(
        label=_("Relais with other weights beside"),
        required=False,
        choices=[(code, words) for code, (words, _weights) in PRESETS.items()],
    )

    def __init__(self, data: Any, *, access: Access) -> None:
        super().__init__(data)
        logged = Ticket.objects.filter(channel=Ticket.Channel.LOG).order_by()
        companies = access.see(Company).filter(pk__in=logged.values("company").distinct())
        field = self.fields["company"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = companies.order_by("name")

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it begins, or lies out of every calendar."""
        found: dict[str, Any] = super().clean() or {}
        for name in ("starts_on", "ends_on"):
            if (day := found.get(name)) and not FIRST_YEAR <= day.year <= LAST_YEAR:
                self.add_error(name, _("Choose a day of the years 1990 to 2100."))
        starts, ends = found.get("starts_on"), found.get("ends_on")
        if starts and ends and ends < starts:
            self.add_error("ends_on", _("The period ends before it begins."))
        return found

    def wanted(self) -> Wanted:
        """Return what is asked for."""
        given = self.cleaned_data
        return Wanted(
            given["company"], given["starts_on"], given["ends_on"], given["people"] or 0,
            given["all_sites"], given["all_kinds"], PRESETS[given["other"]][1],
        )  # fmt: skip

"""What is typed of sizings, costs and answers to a report."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.engine.capacity_formula import person_year

from .models import CostLine, CostScenario
from .sizing import TERMS, year_of

# Name, label, least, most. Those that may be left empty are in OPTIONAL.
FIELDS = (
    ("service", _("Service level: share of weeks and of deadlines kept (%)"), 50, 99.5),
    ("weekdays", _("Weekdays of the year that are no holiday"), 200, 262),
    ("leave", _("Paid leave (days)"), 0, 80),
    ("extra_leave", _("Further days off, RTT (days)"), 0, 40),
    ("sickness", _("Sickness and other absences (%)"), 0, 60),
    ("training", _("Training (days)"), 0, 60),
    ("hours_a_day", _("Hours a day"), 1, 12),
    ("rituals", _("Meetings of the pool (hours a week)"), 0, 30),
    ("practical", _("Practical capacity (%)"), 10, 100),
    ("presence_hours", _("Productive hours in a week of presence"), 5, 40),
    ("step", _("Step of a post (0.5: halves)"), 0.1, 1),
    ("away", _("Days away, leave included (%)"), 0, 60),
    ("covered", _("Days on which those needed are there (%)"), 50, 99.9),
    ("first_hours", _("Hours to get to know a site, once"), 0, 400),
    ("upkeep_hours", _("Hours to stay in the know, a month and site"), 0, 80),
    ("years", _("Years over which the first hours are spread"), 1, 10),
    ("correlation", _("How far sites move together (%), if you know it"), 0, 100),
    ("spread", _("How far weeks stray from the mean (%), if you know it"), 0, 200),
    ("urgent_share", _("Urgent requests (%)"), 0, 100),
    ("normal_share", _("Usual requests (%); the rest may wait"), 0, 100),
    ("urgent_hours", _("Urgent: open hours until due"), 1, 20),
    ("normal_hours", _("Usual: open hours until due"), 1, 80),
    ("later_hours", _("May wait: open hours until due"), 1, 200),
    ("replications", _("Replications of the simulation"), 4, 60),
    ("calls", _("Calls an hour at each site, if there is a telephone line"), 0.1, 500),
    ("call_minutes", _("Minutes a call"), 0.5, 60),
    ("answer_minutes", _("To be answered within (minutes)"), 0.1, 60),
    ("answered", _("Calls answered in that time (%)"), 10, 99.5),
)
OPTIONAL = {"correlation", "spread", "calls"}
WHOLE = {"weekdays", "replications"}
HINTS = {
    "correlation": _("Empty: estimated from the requests of these sites, or 20 % if too few."),
    "spread": _("Empty: from the lines, or from the requests of these sites."),
    "sickness": _("France 2024: 5.8 %; call centres 9.8 %."),
    "practical": _("What is left once waits and small breaks are taken off."),
}


class TermsForm(forms.Form):
    """What a sizing takes as given."""

    note = forms.CharField(label=_("What is tried"), max_length=200, required=False)

    def __init__(self, data: Any, terms: dict[str, Any] | None = None) -> None:
        super().__init__(data)
        given = terms or TERMS
        for name, label, least, most in FIELDS:
            kind = forms.IntegerField if name in WHOLE else forms.FloatField
            self.fields[name] = kind(
                label=label,
                min_value=least,
                max_value=most,
                required=name not in OPTIONAL,
                initial=given.get(name),
                help_text=HINTS.get(name, ""),
            )
            if name not in WHOLE:
                self.fields[name].widget.attrs["step"] = "any"

    def clean(self) -> dict[str, Any]:
        """Refuse shares that are more than the whole, and a year of which nothing is left."""
        given: dict[str, Any] = super().clean() or {}
        urgent, normal = given.get("urgent_share"), given.get("normal_share")
        if urgent is not None and normal is not None and urgent + normal > 100:
            self.add_error("normal_share", _t("Urgent and usual together: at most 100 %."))
        if not self.errors:
            try:
                person_year(year_of(given))
            except ValueError:
                self.add_error("leave", _t("Nothing is left of the year: fewer days or hours off."))
        return given

    def terms(self) -> dict[str, Any]:
        """Return the terms that were typed."""
        return {name: self.cleaned_data[name] for name in TERMS}


def _bounded(form: forms.ModelForm) -> None:  # type: ignore[type-arg]
    """Have each field refuse what its column refuses: the form itself checks no row."""
    for name in form.Meta.fields:  # type: ignore[attr-defined]
        column = form._meta.model._meta.get_field(name)
        form.fields[name].validators.extend(column.validators)


class ScenarioForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a scenario rests on."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = CostScenario
        fields = ("hours", "hour_cost", "friction_left", "hours_returned", "hour_worth")

    def __init__(self, data: Any, scenario: CostScenario) -> None:
        super().__init__(data, instance=scenario, initial={"version": scenario.version})
        _bounded(self)

    def _post_clean(self) -> None:
        # The verb writes, not the form: what was read stays as it was until then.
        return

    def wanted(self) -> dict[str, Any]:
        """Return the fields to change."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class CostLineForm(forms.ModelForm):  # type: ignore[type-arg]
    """One line of a scenario."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = CostLine
        fields = ("name", "amount", "behaviour", "posts", "step")

    def __init__(self, data: Any, line: CostLine | None = None) -> None:
        super().__init__(data, instance=line, initial={"version": line.version if line else None})
        _bounded(self)
        self.fields["posts"].help_text = _("Only by posts: how many posts this amount pays.")
        self.fields["posts"].required = self.fields["step"].required = False

    def clean(self) -> dict[str, Any]:
        """Refuse posts that say not how many."""
        given: dict[str, Any] = super().clean() or {}
        if given.get("behaviour") == "posts" and not given.get("posts"):
            self.add_error("posts", _t("By posts: say how many posts this amount pays."))
        return given

    def _post_clean(self) -> None:
        return

    def wanted(self) -> dict[str, Any]:
        """Return the fields to change."""
        given = {name: self.cleaned_data[name] for name in self.Meta.fields}
        return given | {"posts": given["posts"] or 0.0, "step": given["step"] or 0.5}

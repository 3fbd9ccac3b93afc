"""What is typed in the workshop: pain points, measures, actions, categories, who is asked what."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.forms import model_to_dict
from django.utils.translation import gettext_lazy as _

from relais.people.access import Access
from relais.people.models import Person, Site

from .models import ActivityCategory, ChangeAction, InventoryLine, Irritant, IrritantMeasure, Study
from .models.brake import HIGH, LOW, QUESTIONS, Brake
from .models.interview import Ask
from .models.irritant import FIGURES, MONTHS
from .models.maturity import HIGH as TOP
from .models.maturity import Item

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def sites_of(access: Access, study: Study) -> Any:
    """Return the sites that a study looks at."""
    return access.see(Site).filter(study_scopes__study=study).order_by("name_key", "pk")


def owners_of(access: Access, study: Study) -> Any:
    """Return who may own what is to be done: the client's people, and who steers for it here."""
    named = {study.pilot_id}
    if (engagement := study.company.engagement) is not None:
        named |= {engagement.provider_lead_id, engagement.provider_deputy_id}
    rows = access.see(Person).filter(archived_at=None)
    return rows.filter(Q(company=study.company_id) | Q(pk__in=named - {None}))


class IrritantForm(forms.ModelForm):
    """One pain point, as it is said in the room."""

    class Meta:
        model = Irritant
        fields = (
            "process", "site", "category", *FIGURES, "verbatim", "role", "said_by", "cause",
            "quick_win", "owner",
        )  # fmt: skip
        widgets = {"verbatim": forms.Textarea(attrs={"rows": 2})}

    def __init__(
        self, data: Any, access: Access, study: Study, irritant: Irritant | None = None
    ) -> None:
        # Never the row itself: a form would change it before its verb is asked.
        super().__init__(data, initial=model_to_dict(irritant) if irritant else None)
        self.fields["site"].queryset = sites_of(access, study)
        self.fields["site"].empty_label = str(_("Every site"))
        self.fields["said_by"].queryset = study.participants.select_related("person")
        self.fields["owner"].queryset = owners_of(access, study)
        if irritant is not None and irritant.figures_stand:
            for name in FIGURES:
                self.fields[name].disabled = True


class MeasureForm(forms.ModelForm):
    """What it costs some months after."""

    month = forms.TypedChoiceField(
        label=_("months after"), choices=[(n, n) for n in MONTHS], coerce=int
    )

    class Meta:
        model = IrritantMeasure
        fields = ("month", *FIGURES)

    @property
    def figures(self) -> dict[str, Any]:
        """Return the figures of a valid form."""
        return {name: self.cleaned_data[name] for name in FIGURES}


class ActionForm(forms.ModelForm):
    """One action of the change plan."""

    class Meta:
        model = ChangeAction
        fields = ("what", "site", "owner", "due_on")
        widgets = {"due_on": DAY}

    def __init__(
        self, data: Any, access: Access, study: Study, action: ChangeAction | None = None
    ) -> None:
        super().__init__(data, initial=model_to_dict(action) if action else None)
        self.fields["site"].queryset = sites_of(access, study)
        self.fields["owner"].queryset = owners_of(access, study)


class LinesForm(forms.Form):
    """The lines of the inventory on which a pain point weighs."""

    lines = forms.ModelMultipleChoiceField(
        None, label=_("Tasks it weighs on"), required=False,
        widget=forms.SelectMultiple(attrs={"size": 8, "class": "form-select"}),
    )  # fmt: skip

    def __init__(self, data: Any, access: Access, irritant: Irritant) -> None:
        super().__init__(data, initial={"lines": [link.line_id for link in irritant.links.all()]})
        rows = access.see(InventoryLine).filter(study=irritant.study_id)
        if irritant.site_id:
            rows = rows.filter(site=irritant.site_id)
        self.fields["lines"].queryset = rows.order_by("task", "pk")


class Scale(forms.RadioSelect):
    """A row of numbers to choose one of."""

    template_name = "study/_scale.html"


def _scale(label: Any, low: int, high: int) -> forms.TypedChoiceField:
    steps = [(n, str(n)) for n in range(low, high + 1)]
    return forms.TypedChoiceField(label=label, choices=steps, coerce=int, widget=Scale)


class BrakesForm(forms.Form):
    """Eight statements, from 1 (not at all) to 5 (entirely)."""

    def __init__(self, data: Any, sites: Any = None, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        if sites is not None:
            self.fields["site"] = forms.ModelChoiceField(sites, label=_("Your site"))
        for brake in Brake:
            self.fields[brake.value] = _scale(QUESTIONS[brake], LOW, HIGH)

    @property
    def levels(self) -> dict[str, int]:
        """Return the answers of a valid form."""
        return {brake.value: self.cleaned_data[brake.value] for brake in Brake}


class MaturityForm(forms.Form):
    """Ten items, from 0 (not at all) to 4 (everywhere, every day)."""

    def __init__(self, data: Any, access: Access, study: Study, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self.fields["site"] = forms.ModelChoiceField(
            sites_of(access, study), label=_("site"), required=False,
            empty_label=str(_("The whole company")),
        )  # fmt: skip
        for item in Item:
            self.fields[item.value] = _scale(item.label, 0, TOP)
        self.fields["note"] = forms.CharField(label=_("note"), max_length=300, required=False)

    @property
    def levels(self) -> dict[str, int]:
        """Return the answers of a valid form."""
        return {item.value: self.cleaned_data[item.value] for item in Item}


class CategoryForm(forms.ModelForm):
    """One category, for all who keep a log."""

    class Meta:
        model = ActivityCategory
        fields = ("name_fr", "name_en", "value", "family", "hidden")


class AskForm(forms.Form):
    """What somebody is asked by a link, and in which language."""

    asks = forms.MultipleChoiceField(
        label=_("What is asked"), choices=Ask.choices, widget=forms.CheckboxSelectMultiple
    )
    language = forms.ChoiceField(
        label=_("language"), choices=[("fr", "Français"), ("en", "English")]
    )

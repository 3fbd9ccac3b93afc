"""What is typed of a choice of models: offers, weights, corrections, derogations."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from relais.engine import choice as engine
from relais.engine import choice_words
from relais.offer.models import Service
from relais.people.models import Site

from . import choosing_rules
from .choosing import language
from .models import ModelOffer, Study

FIELDS = (
    "name", "model", "price", "quality", "references", "reversibility", "referent",
    "trained_backup", "non_disclosure", "hosted_in_eu", "access_register", "named_persons",
    "low_price_explained",
)  # fmt: skip
WHY = {"max_length": 300, "label": _("Why?")}


class ModelOfferForm(forms.ModelForm):  # type: ignore[type-arg]
    """One offer: what it costs and what it promises."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = ModelOffer
        fields = FIELDS

    def __init__(self, data: Any, offer: ModelOffer | None = None) -> None:
        super().__init__(data, instance=offer, initial={"seen": offer.version if offer else None})

    def _post_clean(self) -> None:
        # The verb writes, not the form: what was read stays as it was until then.
        return


class WeightsForm(forms.Form):
    """Points of a hundred or so for each criterion, and why."""

    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, data: Any, values: dict[str, float], number: int) -> None:
        super().__init__(data, initial={"seen": number})
        for each in engine.Criterion:
            self.fields[each.value] = forms.FloatField(
                label=choice_words.phrase(each.value, language()).capitalize(),
                min_value=0,
                max_value=100,
                initial=values[each.value],
                widget=forms.NumberInput(attrs={"step": "any"}),
            )
        self.fields["why"] = forms.CharField(**WHY)


class CorrectionForm(forms.Form):
    """A figure of a cell that a person knows better; empty: back to what the lines say."""

    field = forms.ChoiceField(label=_("Figure"), choices=())
    value = forms.FloatField(
        label=_("What counts"),
        required=False,
        help_text=_("A level from 1 to 5; 1 or 0 for yes or no. Empty: back to what is computed."),
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    why = forms.CharField(**WHY)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["field"].choices = list(choosing_rules.FIGURES.items())


class DerogationForm(forms.Form):
    """Which guardrail is to be lifted, where, and why."""

    guardrail = forms.ChoiceField(label=_("Guardrail"), choices=())
    site = forms.ModelChoiceField(None, label=_("Site"), required=False, empty_label=_("All sites"))
    family = forms.ChoiceField(label=_("Family"), required=False, choices=())
    offer = forms.ModelChoiceField(
        None, label=_("Offer"), required=False, empty_label=_("All offers")
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, data: Any, study: Study, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.fields["guardrail"].choices = [
            (code, f"{code} – {choice_words.phrase(code, language())}") for code in engine.CODES
        ]
        self.fields["site"].queryset = Site.objects.filter(study_scopes__study=study)
        self.fields["family"].choices = [("", _("All families")), *Service.Family.choices]
        self.fields["offer"].queryset = ModelOffer.objects.filter(study=study, withdrawn_at=None)

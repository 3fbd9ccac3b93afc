"""What is typed of rosters and kinds of shift."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.lib.kept_form import KeptForm
from relais.people.access import Access
from relais.people.models import Site

from .models import Roster, ShiftKind
from .roster_problem import WEIGHTS
from .shift_forms import check_hours, day_field, hour_field

LABELS = {
    "under": _("Points: one too few for the requests"),
    "over": _("Points: one too many"),
    "cover": _("Points: an open site without anybody"),
    "lead": _("Points: a site without its lead for a day"),
    "skill": _("Points: one too few with a skill"),
    "wish": _("Points: a wish that is not met"),
    "change": _("Points: a published day changed"),
}


class RosterForm(forms.ModelForm):
    """What a roster is made for: when, where, from which demand, by which weights."""

    starts_on = day_field(_("From the week of"))
    sites = forms.ModelMultipleChoiceField(
        label=_("Sites"),
        queryset=None,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: every site that somebody covers."),
    )

    class Meta:
        model = Roster
        fields = ["name", "starts_on", "weeks", "source", "seconds", "seed"]

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sites"].queryset = access.see(Site).filter(archived_at=None)
        for rule, points in WEIGHTS.items():
            self.fields[f"w_{rule}"] = forms.IntegerField(
                label=LABELS[rule], initial=points, min_value=0, max_value=1000, required=False
            )

        self.order_fields(["name", "starts_on", "weeks", "source", "sites"])

    def clean(self) -> dict[str, Any] | None:
        """Refuse a roster whose last day has passed: nothing of it could be published."""
        cleaned = super().clean()
        first, weeks = (self.cleaned_data.get(name) for name in ("starts_on", "weeks"))
        if first and weeks:
            last = first + timedelta(days=7 * weeks - 1 - first.weekday())
            if last < timezone.localdate():
                self.add_error("starts_on", _t("The last day of this roster has passed."))
        return cleaned

    def wanted(self) -> dict[str, Any]:
        """Return the fields of the draft."""
        given = dict(self.cleaned_data)
        weights = {rule: given.pop(f"w_{rule}") for rule in WEIGHTS}
        return given | {
            "sites": [site.pk for site in given["sites"]],
            "weights": {
                rule: points
                for rule, points in weights.items()
                if points is not None and points != WEIGHTS[rule]
            },
        }


class KindForm(KeptForm):
    """Hours of a kind of shift."""

    starts = hour_field(_("From"))
    ends = hour_field(_("Until"))
    pause_from = hour_field(_("Break from"), required=False)
    pause_until = hour_field(_("Break until"), required=False)

    class Meta:
        model = ShiftKind
        fields = ["code", "name", "starts", "ends", "pause_from", "pause_until", "active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["code"].widget.attrs["readonly"] = True

    def clean_code(self) -> str:
        """Refuse another code: rosters are written in it."""
        code: str = self.cleaned_data["code"]
        was = self.before["code"]
        if self.instance.pk and code != was:
            raise forms.ValidationError(
                _t("The code stays “%(code)s”: rosters are written in it.") % {"code": was}
            )
        return code

    def clean(self) -> dict[str, Any] | None:
        """Refuse hours that do not follow one another."""
        cleaned = super().clean()
        check_hours(self)
        return cleaned

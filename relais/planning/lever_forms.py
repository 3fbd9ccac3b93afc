"""What is sent to pull a lever; the same for the page and the API."""

from __future__ import annotations

from django import forms

from .models import Lever
from .peaks import WEEKS


class LeverForm(forms.Form):
    """A lever that the outlook offers, for a site, from a week on."""

    site = forms.IntegerField(min_value=1, max_value=2**62)
    week = forms.DateField()
    code = forms.ChoiceField(choices=Lever.Code.choices)
    weeks = forms.IntegerField(min_value=1, max_value=WEEKS, required=False)
    note = forms.CharField(max_length=300, required=False)

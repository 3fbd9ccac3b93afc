"""What is typed of checks and their actions: nothing typed is lost."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from relais.offer.models import Procedure
from relais.people.access import Access
from relais.people.models import Person, Role

from .models import CorrectiveAction

WORDS = forms.Textarea(attrs={"rows": 3, "maxlength": 2000})


class PlanForm(forms.Form):
    """Why an error happened, what is done about it, by whom, and which procedure is mended."""

    root_cause = forms.CharField(
        label=gettext_lazy("root cause"), max_length=2000, widget=WORDS, strip=True
    )
    measure = forms.CharField(
        label=gettext_lazy("what is done about it"), max_length=2000, widget=WORDS, required=False
    )
    owner = forms.ModelChoiceField(None, label=gettext_lazy("owner"))
    procedure = forms.ModelChoiceField(
        None, label=gettext_lazy("procedure to mend"), required=False
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)

    def __init__(self, data: Any, access: Access, action: CorrectiveAction) -> None:
        first = {
            "root_cause": action.root_cause, "measure": action.measure, "owner": action.owner_id,
            "procedure": action.procedure_id, "seen": action.version,
        }  # fmt: skip
        super().__init__(data, initial=first)
        self.fields["owner"].queryset = staff(access)
        self.fields["procedure"].queryset = access.see(Procedure)


def staff(access: Access) -> Any:
    """Return who may own an action: whoever works for the provider."""
    held = Role.objects.in_force().filter(kind__in=Role.STAFF)
    rows = access.see(Person).filter(company=None, archived_at=None)
    return rows.filter(pk__in=held.values("person"))

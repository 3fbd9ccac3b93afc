"""What is typed into a review; the same for every page."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from relais.people.access import Access
from relais.people.models import Company, Person

from .closing import month_before
from .models import Commentary, Exclusion, Review, ReviewItem
from .review_words import month_text

MONTHS_BACK = 24


def months(today: date | None = None) -> list[tuple[str, str]]:
    """Return the months that are over, the newest first, as a form offers them."""
    found, month = [], month_before(today or timezone.localdate())
    for _each in range(MONTHS_BACK):
        found.append((f"{month:%Y-%m}", month_text(month)))
        month = month_before(month)
    return found


class MonthForm(forms.Form):
    """Which month, and of which client; none: of all of them."""

    month = forms.ChoiceField(label=_("Month"))
    company = forms.ModelChoiceField(
        None, label=_("Client"), required=False, empty_label=_("Every client")
    )

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["month"].choices = months()
        rows = access.see(Company).filter(archived_at=None)
        self.fields["company"].queryset = rows

    def clean_month(self) -> date:
        """Return its first day."""
        return date.fromisoformat(f"{self.cleaned_data['month']}-01")


class CommentaryForm(forms.Form):
    """What one side says of the month."""

    text = forms.CharField(
        label=_("Commentary"), max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("What explains the figures and what follows from it. Each version is kept."),
    )  # fmt: skip
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    @classmethod
    def of(cls, said: Commentary | None) -> CommentaryForm:
        """Return the form with what stands."""
        return cls(initial={"text": said.text if said else "", "seen": said.number if said else 0})


class ItemForm(forms.Form):
    """An action or a decision."""

    kind = forms.ChoiceField(label=_("Kind"), choices=ReviewItem.Kind.choices)
    text = forms.CharField(label=_("What"), max_length=500)
    owner = forms.ModelChoiceField(None, label=_("By whom"), required=False)
    due_on = forms.DateField(
        label=_("Until"), required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip

    def __init__(self, *args: Any, access: Access, review: Review, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners(access, review)


def owners(access: Access, review: Review) -> Any:
    """Return who may be given an action: the client's people that are seen, and the two leads."""
    engagement = review.company.engagement
    leads = [engagement.provider_lead_id, engagement.client_lead_id] if engagement else []
    seen = access.see(Person).filter(archived_at=None, company=review.company_id)
    if not access.is_client:
        seen = seen | access.see(Person).filter(archived_at=None, company=None)
    return (seen | Person.objects.filter(pk__in=leads)).distinct()


class ExclusionForm(forms.Form):
    """A promise of a request to be left out, and why the other side should agree."""

    reference = forms.CharField(
        label=_("Request"), max_length=20, help_text=_("Its reference, such as R-000142.")
    )
    of = forms.ChoiceField(label=_("Promise"), choices=Exclusion.Of.choices)
    reason = forms.CharField(
        label=_("Reason"), max_length=300,
        help_text=_("One of those that the agreement names, in its words."),
    )  # fmt: skip
    evidence = forms.CharField(
        label=_("Evidence"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What shows it: a message, a date, a file and where it is kept."),
    )  # fmt: skip
